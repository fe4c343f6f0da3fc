/* Signatures under certificates, and by the keys of certificates. */
#include "certificate/der.h"
#include "certificate/x509.h"
#include "meter/objects.h"

#define HALF (PSD_P256_SIGNATURE / 2U)

static uint16_t verdict(bool holds) {
  return holds ? PSD_SW_OK : PSD_SW_VERIFICATION_FAILED;
}

/* RFC 3279, 2.2.3: SEQUENCE { r, s }. */
static bool take_halves(psd_cursor signature, uint8_t halves[PSD_P256_SIGNATURE]) {
  psd_cursor numbers;
  return psd_der_take_last(&signature, PSD_DER_SEQUENCE, &numbers) && psd_der_take_integer(&numbers, halves, HALF) &&
         psd_der_take_integer(&numbers, halves + HALF, HALF) && psd_cursor_done(&numbers);
}

static uint16_t verify_p256(psd_card *card, const uint8_t point[PSD_P256_POINT], const uint8_t digest[PSD_SHA256_SIZE],
                            psd_cursor signature) {
  uint8_t halves[PSD_P256_SIGNATURE];
  if (!psd_card_ready_for(card, PSD_KAT_P256_VERIFY))
    return PSD_SW_EXECUTION_ERROR;
  return verdict(take_halves(signature, halves) && psd_p256_verify(point, digest, PSD_SHA256_SIZE, halves));
}

uint16_t psd_certificate_issued_by(psd_card *card, const psd_certificate *certificate,
                                   const uint8_t issuer[PSD_P256_POINT]) {
  uint8_t digest[PSD_SHA256_SIZE];
  if (certificate->signed_with != PSD_ALGORITHM_P256)
    return PSD_SW_VERIFICATION_FAILED;
  if (!psd_sha256(certificate->text.at, certificate->text.left, digest))
    return PSD_SW_EXECUTION_ERROR;
  return verify_p256(card, issuer, digest, certificate->signature);
}

uint16_t psd_certificate_by_authority(psd_card *card, const psd_certificate *certificate) {
  psd_public_key authority;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_CA_KEY, &authority);
  return status == PSD_SW_OK ? psd_certificate_issued_by(card, certificate, authority.point) : status;
}

uint16_t psd_certificate_verify(psd_card *card, const psd_certificate *signer, psd_algorithm signed_with,
                                const uint8_t digest[PSD_SHA256_SIZE], psd_cursor signature) {
  if (signer->algorithm != signed_with)
    return PSD_SW_VERIFICATION_FAILED;
  if (signed_with == PSD_ALGORITHM_P256)
    return verify_p256(card, signer->point, digest, signature);
  if (signed_with != PSD_ALGORITHM_RSA2048)
    return PSD_SW_VERIFICATION_FAILED;
  if (!psd_card_ready_for(card, PSD_KAT_RSA_VERIFY))
    return PSD_SW_EXECUTION_ERROR;
  return verdict(psd_rsa_pkcs1_verify(&signer->rsa, digest, signature.at, signature.left));
}

bool psd_certificate_is_of(const psd_certificate *certificate, const psd_key *key) {
  const psd_rsa_public *rsa = &certificate->rsa;
  const psd_cursor own = psd_cursor_over(key->public, key->public_length);
  if (certificate->algorithm != key->algorithm)
    return false;
  if (key->algorithm == PSD_ALGORITHM_P256)
    return psd_der_same(psd_cursor_over(certificate->point, PSD_P256_POINT), own);
  return rsa->exponent == PSD_KEY_EXPONENT && psd_der_same(psd_cursor_over(rsa->modulus, rsa->modulus_length), own);
}
