/* What a PSD has signed: an audit response, a request for funds, a receipt. One way for all of them. */
#ifndef PSD_KMS_SIGNATURE_H
#define PSD_KMS_SIGNATURE_H

#include "kms/service.h"

typedef struct psd_kms_statement {
  psd_part label, message; /* signed as if joined */
  uint64_t kind;           /* psd_signature_kind, as the message says */
  psd_part signature;      /* of that kind's length */
} psd_kms_statement;

/* Takes the signature, all that is left of `body`; `kind` is set. False for a kind that is none, or another length.
 * Without `classic` (NULL), triple-DES is none. */
bool psd_kms_take_signature(psd_cursor *body, const psd_kms_classic *classic, psd_kms_statement *statement);

/* True if the PSD whose K4 this is has signed the statement: with its key pair if it has one, else with K3. */
bool psd_kms_signature_holds(const psd_kms_statement *statement, const psd_kms_classic *classic, const psd_k4 *k4);

#endif
