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
int psd_kms_command_transport(const psd_kms_options *options);
int psd_kms_command_log(const psd_kms_options *options);
int psd_kms_command_passphrase(const psd_kms_options *options);

/* Asks for the passphrase and opens the folder; NULL, and a line on standard error, when refused. */
psd_kms *psd_kms_command_open(const psd_kms_options *options);
/* One line on standard error; returns PSD_EXIT_REFUSED. */
int psd_kms_command_refused(const char *why);

#endif
