/* What X.509 and CMS say of a key: algorithm, SubjectPublicKeyInfo, identifier. */
#include "certificate/der.h"
#include "certificate/key.h"

void psd_key_put_algorithm(psd_buffer *out, psd_algorithm algorithm) {
  bool rsa = algorithm == PSD_ALGORITHM_RSA2048; /* RFC 4055, 5: with NULL; RFC 5758, 3.2: without */
  psd_der_put_algorithm(out, rsa ? PSD_OID_RSA_SHA256 : PSD_OID_ECDSA_SHA256, rsa);
}

/* RFC 5480, 2.1.1: the named curve. RFC 3279, 2.3.1: NULL. */
void psd_key_put_kind(psd_buffer *out, psd_algorithm algorithm) {
  if (algorithm == PSD_ALGORITHM_RSA2048) {
    psd_der_put_algorithm(out, PSD_OID_RSA_ENCRYPTION, true);
    return;
  }
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_EC_PUBLIC_KEY);
  psd_der_put_oid(out, PSD_OID_PRIME256V1);
  psd_close_tlv(out, opened);
}

/* The content of the BIT STRING: the point, or RSAPublicKey (RFC 8017, A.1.1). */
static void put_bits(psd_buffer *out, const psd_key *key) {
  if (key->algorithm == PSD_ALGORITHM_P256) {
    psd_put(out, key->public, key->public_length);
    return;
  }
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_integer(out, PSD_DER_INTEGER, key->public, key->public_length);
  psd_der_put_number(out, PSD_KEY_EXPONENT);
  psd_close_tlv(out, opened);
}

#define BITS_MAX (PSD_KEY_PUBLIC_MAX + 32U)

void psd_key_put_public(psd_buffer *out, const psd_key *key) {
  uint8_t bytes[BITS_MAX];
  psd_buffer bits = psd_buffer_over(bytes, sizeof bytes);
  put_bits(&bits, key);
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_key_put_kind(out, key->algorithm);
  psd_der_put_bits(out, bytes, bits.length);
  psd_close_tlv(out, opened);
}

void psd_key_put_identifier(psd_buffer *out, const psd_key *key) {
  uint8_t bytes[BITS_MAX], digest[PSD_SHA256_SIZE];
  psd_buffer bits = psd_buffer_over(bytes, sizeof bytes);
  put_bits(&bits, key);
  if (psd_sha256(bytes, bits.length, digest))
    psd_put(out, digest, PSD_KEY_IDENTIFIER);
  else
    out->overflow = true;
}
