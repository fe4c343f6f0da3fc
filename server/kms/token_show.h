/* Token keys of PSDs as people and programs read them. */
#ifndef PSD_KMS_TOKEN_SHOW_H
#define PSD_KMS_TOKEN_SHOW_H

#include "kms/archive.h"
#include "psd/program/json.h"

/* One line on standard output; several, with everything that the archive has. */
void psd_kms_print_token(const psd_kms_token *token);
void psd_kms_print_token_whole(const psd_kms_token *token);
/* One object, in an array. */
void psd_kms_json_token(psd_json *out, const psd_kms_token *token);

#endif
