/* Where the passphrase comes from: a file, the service manager's credentials, the terminal. */
#ifndef PSD_KMS_PASSPHRASE_H
#define PSD_KMS_PASSPHRASE_H

#include "kms/vault.h"

typedef struct psd_kms_passphrase {
  char text[PSD_KMS_PASSPHRASE_MAX + 2U];
  size_t length;
} psd_kms_passphrase;

/* Reads it from `file`, or, with NULL, from $CREDENTIALS_DIRECTORY/psd-kms-passphrase, or else from the terminal, where
 * a new one is asked for twice. One line feed at its end does not count. False with the reason. The caller wipes it. */
bool psd_kms_ask_passphrase(const char *file, bool new, psd_kms_passphrase *passphrase, char why[PSD_KMS_WHY_MAX]);
/* The passphrase that takes the place of another: from `file`, or, with NULL, from the terminal. */
bool psd_kms_ask_new_passphrase(const char *file, psd_kms_passphrase *passphrase, char why[PSD_KMS_WHY_MAX]);
psd_part psd_kms_passphrase_part(const psd_kms_passphrase *passphrase);

#endif
