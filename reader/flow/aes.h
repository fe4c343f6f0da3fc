/* AES as SCP03 uses it, over OpenSSL. Keys of 16, 24 or 32 bytes. Each returns false when OpenSSL fails; outputs are
 * then wiped. */
#ifndef PSD_READER_AES_H
#define PSD_READER_AES_H

#include "psd/spec/cursor.h"

#define PSD_HOST_BLOCK 16U

/* One block. */
bool psd_host_aes_block(const uint8_t *key, size_t key_size, const uint8_t in[PSD_HOST_BLOCK],
                        uint8_t out[PSD_HOST_BLOCK]);
/* CBC without padding, `length` a multiple of 16, at most 65536; in place allowed. */
bool psd_host_aes_cbc(bool encrypt, const uint8_t *key, size_t key_size, const uint8_t iv[PSD_HOST_BLOCK],
                      const uint8_t *in, size_t length, uint8_t *out);
/* CMAC (SP 800-38B) over several pieces, as if joined. */
bool psd_host_cmac(const uint8_t *key, size_t key_size, const psd_cursor *pieces, size_t count,
                   uint8_t mac[PSD_HOST_BLOCK]);

#endif
