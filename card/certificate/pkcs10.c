#include "certificate/pkcs10.h"

#include "certificate/der.h"
#include "certificate/x509.h"

#define ATTRIBUTES 0xA0U /* [0] IMPLICIT: a set, and it is empty */

/* RFC 2986, 4.1 */
static void put_info(psd_buffer *out, const psd_key *key, psd_cursor organization, psd_cursor name) {
  size_t info = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, 0); /* version 1 */
  psd_certificate_put_name(out, organization, name);
  psd_key_put_public(out, key);
  psd_put_tlv(out, ATTRIBUTES, NULL, 0);
  psd_close_tlv(out, info);
}

uint16_t psd_pkcs10_put(psd_card *card, const psd_key *key, psd_cursor organization, psd_cursor name, psd_buffer *out) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_KEY_SIGNATURE_MAX];
  size_t length = 0;
  size_t request = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_info(out, key, organization, name);
  if (out->overflow)
    return PSD_SW_NO_SPACE;
  if (!psd_sha256(out->data + request, out->length - request, digest))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = psd_key_sign(card, key, digest, signature, &length);
  psd_key_put_algorithm(out, key->algorithm);
  psd_der_put_bits(out, signature, length);
  psd_close_tlv(out, request);
  if (status != PSD_SW_OK)
    return status;
  return out->overflow ? PSD_SW_NO_SPACE : PSD_SW_OK;
}
