/* One function an operation. It takes its request, the whole of it, from `body` and puts its answer into `out`; what it
 * returns instead of PSD_SIGNAL_NONE is why it refuses. */
#ifndef PSD_KMS_OPERATIONS_H
#define PSD_KMS_OPERATIONS_H

#include "kms/service.h"

typedef psd_signal psd_kms_operation(psd_kms_service *service, psd_cursor *body, psd_buffer *out);

psd_kms_operation psd_kms_unwrap, psd_kms_verify_audit, psd_kms_order_key, psd_kms_give_column, psd_kms_manufacture_psd,
    psd_kms_endorse_psd, psd_kms_give_vendor_keys;

/* Puts RSA_KEY and the modulus of the active RSA key. False if there is none. */
bool psd_kms_put_rsa(const psd_keyring *keys, psd_buffer *out);

#endif
