#include "kms/signature.h"

#include "kms/operations.h"
#include "kms/wrapped_k4.h"

#define ECDSA_SIZE 64U

/* Bytes of a signature of that kind; 0 where there is none. */
static size_t signature_size(uint64_t kind, const psd_kms_classic *classic) {
  switch (kind) {
  case PSD_SIGNATURE_HMAC:
    return PSD_AUTHENTICATION;
  case PSD_SIGNATURE_ECDSA:
    return ECDSA_SIZE;
  case PSD_SIGNATURE_TDES:
    return classic != NULL ? PSD_TDES_MAC : 0;
  default:
    return 0;
  }
}

bool psd_kms_take_signature(psd_cursor *body, const psd_kms_classic *classic, psd_kms_statement *statement) {
  size_t size = signature_size(statement->kind, classic);
  if (size == 0 || body->left != size)
    return false;
  statement->signature = (psd_part){psd_take(body, size), size};
  return psd_cursor_done(body);
}

bool psd_kms_signature_holds(const psd_kms_statement *statement, const psd_kms_classic *classic, const psd_k4 *k4) {
  uint8_t mac[PSD_AUTHENTICATION];
  const psd_part parts[] = {statement->label, statement->message};
  bool pair = psd_kms_k4_has_pair(k4);
  /* A PSD that has a key pair signs with it in every suite: K3 alone does not pass for it. */
  if (pair != (statement->kind == PSD_SIGNATURE_ECDSA))
    return false;
  if (pair)
    return psd_point_verify(k4->point, parts, 2, statement->signature.data);
  bool holds = statement->kind == PSD_SIGNATURE_TDES ? classic->sign(k4->key, statement->message, mac)
                                                     : psd_hmac(k4->key, sizeof k4->key, parts, 2, mac);
  holds = holds && psd_secret_equal(mac, statement->signature.data, statement->signature.length);
  /* The right signature of what was never signed is nobody's to know. */
  psd_secret_wipe(mac, sizeof mac);
  return holds;
}
