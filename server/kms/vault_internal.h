/* The inside of the vault: vault.c opens and makes it, change.c changes it. */
#ifndef PSD_KMS_VAULT_INTERNAL_H
#define PSD_KMS_VAULT_INTERNAL_H

#include "kms/vault.h"

#define PSD_KMS_KEYS_FILE "keys"

struct psd_kms {
  int folder;
  psd_kms_log log;
  psd_keyring *ring;
  psd_kms_seal seal; /* the head of the sealed keys: the store key under the passphrase */
  psd_kms_anchor anchor;
  psd_kms_archive *archive;
  psd_kms_tail seen; /* what of the log is in the archive */
  bool keys_due;     /* the log tells of a change of keys that was not read yet */
};

/* Writes the line, and returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool psd_kms_refuse(char why[PSD_KMS_WHY_MAX], const char *format, ...);

/* Reads the sealed keys of the folder into a new ring with `store_key`; with NULL, the passphrase gives it. */
psd_keyring *psd_kms_read_keys(psd_kms *kms, const uint8_t *store_key, psd_part passphrase, char why[PSD_KMS_WHY_MAX]);
/* Writes ring and events as one change; the log is locked and refreshed. */
bool psd_kms_commit(psd_kms *kms, psd_keyring *ring, const psd_kms_events *events, char why[PSD_KMS_WHY_MAX]);
/* The key that signs the log; NULL if the ring has none. */
const psd_pair *psd_kms_log_pair(const psd_keyring *ring);

#endif
