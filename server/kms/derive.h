/* Keys that follow from a master key and what they are for: HKDF-Expand (RFC 5869) under the master. */
#ifndef PSD_KMS_DERIVE_H
#define PSD_KMS_DERIVE_H

#include "crypto/tokens.h"
#include "kms/keyring.h"

#define PSD_KMS_SET_SIZE 1000U            /* keys of the 1000-key system */
#define PSD_KMS_TRANSPORT_VERSION 1U      /* key version number of transport keys (SCP03) */
#define PSD_KMS_TRANSPORT_SIZE (3U * 32U) /* K-ENC, K-MAC, K-DEK */

/* DEVICE_ID as it is sent: vendor, model, serial number. */
typedef struct psd_kms_device {
  uint8_t bytes[PSD_SIZE_DEVICE_ID];
} psd_kms_device;
psd_kms_device psd_kms_device_of(const uint8_t vendor[2], const uint8_t model[2], uint64_t serial);

bool psd_kms_shared_key(const psd_kms_key *master, const psd_kms_device *device, uint8_t key[32]);
bool psd_kms_transport_keys(const psd_kms_key *master, const psd_kms_device *device,
                            uint8_t keys[PSD_KMS_TRANSPORT_SIZE]);
bool psd_kms_column_key(const psd_kms_key *master, uint8_t column, uint8_t key[32]);
/* The certificate communications key (VM 256) of one direction: `label` is PSD_COMMUNICATIONS_REQUEST or _GRANT, K3
 * what WRAPPED_K4 has. */
bool psd_kms_communications_key(const uint8_t k3[PSD_AES_KEY], const char *label, const psd_kms_device *device,
                                uint8_t key[PSD_AES_KEY]);
/* The key in the 1000-key set with that pointer, 0 to 999. */
bool psd_kms_set_key(const psd_kms_key *master, uint16_t pointer, uint8_t key[32]);
/* K_pred: the key of a domain's 1000 with that pointer, from the master of the set (docs/evidence.md). */
bool psd_kms_token_set_key(const psd_kms_key *master, uint64_t pointer, uint8_t key[PSD_TOKEN_SET_KEY]);
/* The pointer of a PSD, computed from its number. */
bool psd_kms_set_pointer(const psd_kms_device *device, uint16_t *pointer);

#endif
