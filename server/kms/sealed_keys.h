/* The keys as they lie on the disk (docs/kms.md): the body under the store key, the store key under the passphrase. So
 * a process that has the store key can read them anew after the passphrase was changed. */
#ifndef PSD_KMS_SEALED_KEYS_H
#define PSD_KMS_SEALED_KEYS_H

#include "kms/log_event.h"

/* Bytes of sealed keys: every key a ring has room for, some of them RSA. */
#define PSD_KMS_SEALED_MAX 262144U
#define PSD_KMS_STORE_KEY 32U
/* scrypt: 2^16 KiB of memory. */
#define PSD_KMS_COST 16U

/* Where the log stood when the keys were written, and what that change adds to it. */
typedef struct psd_kms_anchor {
  uint32_t count;
  uint8_t hash[PSD_HASH];
  psd_kms_record records[PSD_KMS_EVENTS_MAX]; /* index and previous are not kept */
  size_t record_count;
} psd_kms_anchor;

/* Wraps a store key under a passphrase; `seal` then has everything but the body's part. */
bool psd_kms_seal_key(psd_part passphrase, unsigned cost, const uint8_t key[PSD_KMS_STORE_KEY], psd_kms_seal *seal);
/* Reads the head; false if these are no sealed keys. */
bool psd_kms_seal_head(const uint8_t *data, size_t length, psd_kms_seal *seal);
/* True if these are sealed keys of an earlier form, whose log has other records too. */
bool psd_kms_seal_older(const uint8_t *data, size_t length);
/* The store key; false for a wrong passphrase or a damaged head. */
bool psd_kms_open_key(psd_part passphrase, const psd_kms_seal *seal, uint8_t key[PSD_KMS_STORE_KEY]);

/* Seals ring and anchor into `out`. */
bool psd_kms_seal_keys(const psd_kms_seal *seal, const uint8_t key[PSD_KMS_STORE_KEY], const psd_keyring *ring,
                       const psd_kms_anchor *anchor, psd_buffer *out);
/* Opens what psd_kms_seal_keys has made into an empty ring. False if a single bit is not as it was. */
bool psd_kms_open_keys(const uint8_t *data, size_t length, const uint8_t key[PSD_KMS_STORE_KEY], psd_keyring *ring,
                       psd_kms_anchor *anchor);

#endif
