/* The command line, from inside. */
#ifndef PSD_KMS_OPTIONS_INTERNAL_H
#define PSD_KMS_OPTIONS_INTERNAL_H

#include "kms/options.h"

/* Writes the line, and returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool psd_kms_options_refuse(char wrong[PSD_KMS_WRONG_MAX], const char *format, ...);
/* The name of an option, as it is written behind "--". */
const char *psd_kms_option_name(unsigned option);
/* Takes the value of an option. */
bool psd_kms_option_take(psd_kms_options *options, unsigned option, const char *value, char *wrong);
/* Takes the words that stand beside the options, as the command wants them. */
bool psd_kms_options_words(psd_kms_options *options, int count, char **words, char *wrong);

#endif
