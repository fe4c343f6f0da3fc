#include "meter/signature.h"

#include "meter/objects.h"
#include "meter/session.h"

#include <string.h>

uint16_t psd_signer_fetch(const psd_card *card, psd_signer *signer) {
  size_t length = 0;
  psd_store_result result =
      psd_store_read(&card->store, PSD_RECORD_KEY_PAIR, signer->secret, sizeof signer->secret, &length);
  signer->pair = result == PSD_STORE_OK;
  return result == PSD_STORE_OK || result == PSD_STORE_ABSENT ? PSD_SW_OK : PSD_SW_MEMORY_FAILURE;
}

psd_signature_kind psd_signer_kind(const psd_signer *signer) {
  return signer->pair ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC;
}

static bool sign_with_pair(psd_card *card, const psd_signer *signer, const char *label, psd_piece message,
                           uint8_t *signature) {
  uint8_t digest[PSD_SHA256_SIZE];
  bool ok = psd_card_ready_for(card, PSD_KAT_P256_SIGN) &&
            psd_sha256_two(label, strlen(label), message.data, message.length, digest) &&
            psd_p256_sign(&card->drbg, signer->secret, digest, sizeof digest, signature);
  if (!card->drbg.ready)
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
  return ok;
}

uint16_t psd_sign(psd_card *card, const psd_signer *signer, const char *label, psd_piece message, psd_buffer *out) {
  uint8_t *signature = psd_put_room(out, signer->pair ? PSD_P256_SIGNATURE : PSD_AUTHENTICATION);
  if (signature == NULL)
    return PSD_SW_INTERNAL;
  if (!signer->pair)
    return psd_session_authenticate(card, label, message, signature);
  return sign_with_pair(card, signer, label, message, signature) ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

uint16_t psd_issuer_check(psd_card *card, psd_object_id issuer, const char *label, psd_piece message,
                          const uint8_t signature[PSD_P256_SIGNATURE]) {
  psd_public_key key;
  uint8_t digest[PSD_SHA256_SIZE];
  uint16_t status = psd_object_fetch(card, issuer, &key);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_card_ready_for(card, PSD_KAT_P256_VERIFY) ||
      !psd_sha256_two(label, strlen(label), message.data, message.length, digest))
    return PSD_SW_EXECUTION_ERROR;
  return psd_p256_verify(key.point, digest, sizeof digest, signature) ? PSD_SW_OK : PSD_SW_VERIFICATION_FAILED;
}
