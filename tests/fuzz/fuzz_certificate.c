/* Certificates on arbitrary bytes: what psd_certificate_parse takes has one way to be written, so that what was found,
 * written again, is the same; and it is no certificate with a byte more or less.
 *
 * Input: a certificate. */
#include "certificate/der.h"
#include "certificate/x509.h"
#include "fuzz.h"

#include <string.h>

#define LAST_TIME UINT64_C(253402300799) /* 9999-12-31 23:59:59 */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return psd_crypto_init() ? 0 : 1;
}

static bool inside(psd_cursor part, psd_cursor whole) {
  return part.left == 0 || (part.at >= whole.at && part.at + part.left <= whole.at + whole.left);
}

static void check_places(const psd_certificate *certificate, psd_cursor der) {
  FUZZ_ASSERT(inside(certificate->text, der) && inside(certificate->signature, der));
  FUZZ_ASSERT(inside(certificate->issuer, certificate->text) && inside(certificate->subject, certificate->text));
  FUZZ_ASSERT(inside(certificate->serial, certificate->text) && inside(certificate->public_info, certificate->text));
  FUZZ_ASSERT(inside(certificate->key_identifier, certificate->text) && inside(certificate->credit, certificate->text));
  FUZZ_ASSERT(inside(certificate->permitted, certificate->text));
  FUZZ_ASSERT(inside(psd_certificate_name_part(certificate->subject, PSD_OID_COMMON_NAME), certificate->subject));
  FUZZ_ASSERT(inside(psd_certificate_name_part(certificate->issuer, PSD_OID_ORGANIZATION), certificate->issuer));
}

static void check_number(const psd_certificate *certificate) {
  uint8_t again[16];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_der_put_number(&out, certificate->number);
  if (certificate->number > 0)
    FUZZ_ASSERT(psd_der_same(psd_cursor_over(again, out.length), certificate->serial));
  else
    FUZZ_ASSERT(certificate->serial.left > 10);
}

static void check_key(const psd_certificate *certificate) {
  uint8_t again[512];
  psd_buffer out = psd_buffer_over(again, sizeof again);
  psd_key key = {.algorithm = certificate->algorithm};
  FUZZ_ASSERT((certificate->point != NULL) == (certificate->algorithm == PSD_ALGORITHM_P256));
  if (certificate->algorithm == PSD_ALGORITHM_P256) {
    key.public_length = PSD_P256_POINT;
    memcpy(key.public, certificate->point, PSD_P256_POINT);
  } else if (certificate->algorithm == PSD_ALGORITHM_RSA2048) {
    const psd_rsa_public *rsa = &certificate->rsa;
    FUZZ_ASSERT(psd_rsa_public_valid(rsa));
    if (rsa->modulus_length > PSD_KEY_PUBLIC_MAX || rsa->exponent != PSD_KEY_EXPONENT)
      return;
    key.public_length = rsa->modulus_length;
    memcpy(key.public, rsa->modulus, rsa->modulus_length);
  } else {
    return;
  }
  psd_key_put_public(&out, &key);
  FUZZ_ASSERT(psd_certificate_is_of(certificate, &key));
  FUZZ_ASSERT(psd_der_same(psd_cursor_over(again, out.length), certificate->public_info));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  psd_certificate certificate, other;
  size_t length = 0;
  uint8_t *der = fuzz_take(&input, input.left, &length);
  const psd_cursor whole = psd_cursor_over(der, length);
  if (psd_certificate_parse(whole, &certificate)) {
    check_places(&certificate, whole);
    check_number(&certificate);
    check_key(&certificate);
    FUZZ_ASSERT(certificate.from <= LAST_TIME && certificate.until <= LAST_TIME);
    FUZZ_ASSERT(certificate.authority || !certificate.ends);
    FUZZ_ASSERT(!psd_certificate_parse(psd_cursor_over(der, length - 1), &other));
    FUZZ_ASSERT(!psd_certificate_parse(psd_cursor_over(der + 1, length - 1), &other));
  }
  free(der);
  return 0;
}
