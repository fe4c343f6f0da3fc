/* What the commands of the authority and the creditor share. */
#ifndef PSD_SERVER_ADMIN_CA_H
#define PSD_SERVER_ADMIN_CA_H

#include "admin/command.h"

/* Opens the database and reads the number of the first argument. */
int psd_admin_open_number(psd_admin *admin, uint64_t most, uint64_t *number);
/* "AB12…" */
#define PSD_ADMIN_FINGERPRINT 65U
bool psd_admin_fingerprint(const uint8_t *der, size_t length, char words[PSD_ADMIN_FINGERPRINT]);
/* "root", "CA", "creditor" */
const char *psd_admin_authority_name(psd_ca_kind kind);
/* Fetches the authority's certificates, checks that they belong together, and keeps them. Returns PSD_EXIT_DONE, or the
 * exit status after telling why. The database is open. */
int psd_admin_fetch_authorities(psd_admin *admin);
/* A list of what is revoked, signed by the key management system; DER, to be freed. */
int psd_admin_sign_list(psd_admin *admin, uint8_t **der, size_t *length, size_t *count);
/* Writes it as a file: PEM, or DER where the name ends in .der. */
int psd_admin_write_list(const char *folder, const char *name, const uint8_t *der, size_t length);

#endif
