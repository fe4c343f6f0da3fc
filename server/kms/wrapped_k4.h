/* K4 under K_KMS, as it lies in the meter server's database (WRAPPED_K4). */
#ifndef PSD_KMS_WRAPPED_K4_H
#define PSD_KMS_WRAPPED_K4_H

#include "kms/derive.h"

/* Wraps K4 for a PSD under the active K_KMS. */
bool psd_kms_wrap_k4(const psd_keyring *keys, const psd_kms_device *device, const psd_k4 *k4,
                     uint8_t wrapped[PSD_SIZE_WRAPPED_K4]);
/* Unwraps it: false if it is damaged, of another PSD, or under a K_KMS that is no longer accepted. The caller wipes
 * `k4` when it is done with it; on failure that has been done. */
bool psd_kms_unwrap_k4(const psd_keyring *keys, const psd_kms_device *device, const uint8_t *wrapped, psd_k4 *k4);
/* True if the PSD has a key pair of its own. */
bool psd_kms_k4_has_pair(const psd_k4 *k4);

#endif
