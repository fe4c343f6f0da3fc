/* A key management system's folder: sealed keys and log, and the changes of both that go together.
 *
 * Functions that can be refused write one line a person understands into `why`. */
#ifndef PSD_KMS_VAULT_H
#define PSD_KMS_VAULT_H

#include "kms/archive.h"
#include "kms/log.h"
#include "kms/sealed_keys.h"

typedef struct psd_kms psd_kms;

/* How a key management system begins. */
typedef struct psd_kms_birth {
  unsigned rsa_bits;       /* 0: no RSA key pair; 2048 or 3072 */
  psd_token_domain domain; /* 0: the vendor's */
  unsigned cost;           /* of scrypt: PSD_KMS_COST */
  uint64_t now;            /* seconds since 1970-01-01 UTC */
} psd_kms_birth;

/* False, and why, if there are keys in the folder at `path`: asked before somebody thinks of a passphrase. */
bool psd_kms_may_create(const char *path, char why[PSD_KMS_WHY_MAX]);
/* Makes folder, keys and log. Refused where there are keys already. */
bool psd_kms_create(const char *path, psd_part passphrase, const psd_kms_birth *birth, char why[PSD_KMS_WHY_MAX]);

/* False, and why, if the folder was made by an earlier psd-kms, whose files this one does not read. */
bool psd_kms_folder_current(int folder, char why[PSD_KMS_WHY_MAX]);

/* Opens keys and log, checks that they belong together, and ends a change that was cut off. NULL when refused. Free
 * with psd_kms_close; NULL is fine. */
psd_kms *psd_kms_open(const char *path, psd_part passphrase, char why[PSD_KMS_WHY_MAX]);
void psd_kms_close(psd_kms *kms);

/* The keys; they stay the vault's, and valid until the next change or reload. */
const psd_keyring *psd_kms_keys(const psd_kms *kms);
/* The folder's descriptor, which stays the vault's. */
int psd_kms_folder(const psd_kms *kms);
/* Reads the keys anew, with the store key that is in memory. The old ones stay when it is refused. */
bool psd_kms_reload(psd_kms *kms, char why[PSD_KMS_WHY_MAX]);

/* Locks the log and brings the archive up to date with it, and the keys if another process has changed them: until
 * psd_kms_archive_end nobody else writes to either. NULL, and nothing is locked, if they cannot be read. */
const psd_kms_archive *psd_kms_archive_begin(psd_kms *kms, char why[PSD_KMS_WHY_MAX]);
void psd_kms_archive_end(psd_kms *kms);
/* While it is locked: the number that the next record will have. */
uint32_t psd_kms_next_record(const psd_kms *kms);

/* Writes events to the log and waits until they are on the disk; `events` is empty then, and the log not locked. */
bool psd_kms_record_events(psd_kms *kms, psd_kms_events *events);

/* Makes a key of that kind active in place of the one that is, which becomes installed. */
bool psd_kms_replace_key(psd_kms *kms, psd_kms_kind kind, unsigned rsa_bits, uint64_t now, char why[PSD_KMS_WHY_MAX]);
/* Takes a key to another state. One that is active and compromised is replaced in the same change. */
bool psd_kms_set_state(psd_kms *kms, uint32_t identifier, psd_kms_state state, uint64_t now, char why[PSD_KMS_WHY_MAX]);
bool psd_kms_set_passphrase(psd_kms *kms, psd_part passphrase, unsigned cost, uint64_t now, char why[PSD_KMS_WHY_MAX]);

#define PSD_KMS_PASSPHRASE_MIN 8U
#define PSD_KMS_PASSPHRASE_MAX 1024U
/* Whether a passphrase is fit to seal keys: NULL, or what is wrong with it. */
const char *psd_kms_passphrase_flaw(psd_part passphrase);

#endif
