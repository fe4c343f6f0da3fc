/* The commands of psd-kms. Each returns an exit status. */
#ifndef PSD_KMS_COMMANDS_H
#define PSD_KMS_COMMANDS_H

#include "kms/options.h"
#include "kms/vault.h"

int psd_kms_command_init(const psd_kms_options *options);
int psd_kms_command_run(const psd_kms_options *options);
int psd_kms_command_keys(const psd_kms_options *options);
int psd_kms_command_rotate(const psd_kms_options *options);
int psd_kms_command_register(const psd_kms_options *options);
int psd_kms_command_retire(const psd_kms_options *options);
int psd_kms_command_compromise(const psd_kms_options *options);
int psd_kms_command_export(const psd_kms_options *options);
int psd_kms_command_ca(const psd_kms_options *options);
int psd_kms_command_crl(const psd_kms_options *options);
int psd_kms_command_transport(const psd_kms_options *options);
int psd_kms_command_tokens(const psd_kms_options *options);
int psd_kms_command_day(const psd_kms_options *options);
int psd_kms_command_log(const psd_kms_options *options);
int psd_kms_command_passphrase(const psd_kms_options *options);

/* Asks for the passphrase and opens the folder; NULL, and a line on standard error, when refused. */
psd_kms *psd_kms_command_open(const psd_kms_options *options);
/* One line on standard error; returns PSD_EXIT_REFUSED. */
int psd_kms_command_refused(const char *why);

/* The log's public key in a file, as psd-kms export --kind log prints it; false, and why. */
bool psd_kms_command_log_key(const char *path, uint8_t point[PSD_POINT], char why[PSD_KMS_WHY_MAX]);
/* The CA key that --key names, or, for 0, the active one; NULL, and why, if there is none to sign with. */
const psd_kms_key *psd_kms_command_ca_key(const psd_keyring *ring, uint32_t identifier, char why[PSD_KMS_WHY_MAX]);
/* Looks at the archive of every record of a log (tokens audit). */
int psd_kms_command_audit(const psd_kms_options *options);

#endif
