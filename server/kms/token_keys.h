/* Keys of digital tokens, from the master of a set down to one PSD and day (docs/evidence.md, "Digital tokens"). */
#ifndef PSD_KMS_TOKEN_KEYS_H
#define PSD_KMS_TOKEN_KEYS_H

#include "kms/archive.h"

/* What a PSD is given: TOKEN_KEY of the set, for an order and a number of digits. The caller wipes it. */
bool psd_kms_make_token_key(const psd_kms_key *set, const psd_kms_device *device, uint64_t order, uint64_t digits,
                            psd_token_key *made);
/* K_final of a PSD on a date, by the order that the archive has. */
bool psd_kms_token_final(const psd_kms_key *set, const psd_kms_token *token, uint64_t date,
                         uint8_t final[PSD_TOKEN_KEY_SIZE]);

#endif
