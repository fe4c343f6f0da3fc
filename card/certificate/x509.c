#include "certificate/x509.h"

#include "certificate/der.h"
#include "certificate/x509_parts.h"

#include <string.h>

#define VERSION 0xA0U    /* [0] EXPLICIT */
#define EXTENSIONS 0xA3U /* [3] EXPLICIT */
#define VERSION_3 2U
#define SERIAL_MAX 20U /* RFC 5280, 4.1.2.2 */

/* RFC 5280, 4.1.2.1: version 1 is not written, and has no extensions. */
static bool take_version(psd_cursor *text, bool *third) {
  psd_cursor value;
  uint64_t version;
  *third = psd_der_next_is(text, VERSION);
  if (!*third)
    return true;
  return psd_der_take(text, VERSION, &value) && psd_der_take_number(&value, PSD_DER_INTEGER, &version) &&
         version == VERSION_3 && psd_cursor_done(&value);
}

static bool take_serial(psd_cursor *text, psd_certificate *certificate) {
  uint8_t number[SERIAL_MAX];
  psd_cursor ahead = *text;
  if (!psd_der_take_whole(text, PSD_DER_INTEGER, &certificate->serial) ||
      !psd_der_take_integer(&ahead, number, sizeof number))
    return false;
  psd_cursor value = psd_cursor_over(number, sizeof number);
  uint64_t above = psd_take_uint(&value, 8) | psd_take_u32(&value);
  certificate->number = above == 0 ? psd_take_uint(&value, 8) : 0;
  return true;
}

/* AlgorithmIdentifier as psd_key_put_algorithm writes it, or 0 for another. */
static psd_algorithm signing_algorithm(psd_cursor identifier) {
  static const psd_algorithm known[] = {PSD_ALGORITHM_P256, PSD_ALGORITHM_RSA2048};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    uint8_t bytes[32];
    psd_buffer wanted = psd_buffer_over(bytes, sizeof bytes);
    psd_key_put_algorithm(&wanted, known[i]);
    if (psd_der_same(identifier, psd_cursor_over(bytes, wanted.length)))
      return known[i];
  }
  return (psd_algorithm)0;
}

static bool take_validity(psd_cursor *text, psd_certificate *certificate) {
  psd_cursor validity;
  return psd_der_take(text, PSD_DER_SEQUENCE, &validity) && psd_der_take_time(&validity, &certificate->from) &&
         psd_der_take_time(&validity, &certificate->until) && psd_cursor_done(&validity);
}

static bool take_name(psd_cursor *text, psd_cursor *name) {
  return psd_der_take_whole(text, PSD_DER_SEQUENCE, name) && psd_certificate_name_valid(*name);
}

/* RFC 5480, 2: id-ecPublicKey on the named curve P-256, the point uncompressed. */
static void find_point(psd_cursor parameters, psd_cursor bits, psd_certificate *certificate) {
  if (!psd_der_take_oid(&parameters, PSD_OID_PRIME256V1) || !psd_cursor_done(&parameters) ||
      bits.left != PSD_P256_POINT || bits.at[0] != 0x04)
    return;
  certificate->algorithm = PSD_ALGORITHM_P256;
  certificate->point = bits.at;
}

/* RFC 3279, 2.3.1: NULL, and RSAPublicKey. */
static void find_modulus(psd_cursor parameters, psd_cursor bits, psd_certificate *certificate) {
  psd_cursor none, numbers;
  uint64_t exponent;
  psd_rsa_public *rsa = &certificate->rsa;
  bool ok = psd_der_take_last(&parameters, PSD_DER_NULL, &none) && none.left == 0 &&
            psd_der_take_last(&bits, PSD_DER_SEQUENCE, &numbers) &&
            psd_der_take_integer(&numbers, rsa->modulus, sizeof rsa->modulus) &&
            psd_der_take_number(&numbers, PSD_DER_INTEGER, &exponent) && psd_cursor_done(&numbers);
  if (!ok || exponent > UINT32_MAX)
    return;
  size_t zeroes = 0;
  while (rsa->modulus[zeroes] == 0)
    zeroes++;
  rsa->modulus_length = sizeof rsa->modulus - zeroes;
  memmove(rsa->modulus, rsa->modulus + zeroes, rsa->modulus_length);
  rsa->exponent = (uint32_t)exponent;
  if (psd_rsa_public_valid(rsa))
    certificate->algorithm = PSD_ALGORITHM_RSA2048;
}

/* RFC 5280, 4.1.2.7: a key of any kind; what the card can reckon with is taken out. */
static bool take_key(psd_cursor *text, psd_certificate *certificate) {
  psd_cursor parts, algorithm, kind, bits;
  psd_cursor ahead = *text;
  if (!psd_der_take_whole(text, PSD_DER_SEQUENCE, &certificate->public_info) ||
      !psd_der_take(&ahead, PSD_DER_SEQUENCE, &parts) || !psd_der_take(&parts, PSD_DER_SEQUENCE, &algorithm) ||
      !psd_der_take(&algorithm, PSD_DER_OID, &kind) || !psd_der_take_bits(&parts, &bits) || !psd_cursor_done(&parts))
    return false;
  if (psd_der_is_oid(kind, PSD_OID_EC_PUBLIC_KEY))
    find_point(algorithm, bits, certificate);
  else if (psd_der_is_oid(kind, PSD_OID_RSA_ENCRYPTION))
    find_modulus(algorithm, bits, certificate);
  return true;
}

/* RFC 5280, 4.1.2: what tbsCertificate has, in its order. Unique identifiers (4.1.2.8) nobody writes any more. */
static bool parse_text(psd_cursor text, psd_certificate *certificate, psd_cursor *algorithm) {
  psd_cursor extensions;
  bool third;
  bool ok = take_version(&text, &third) && take_serial(&text, certificate) &&
            psd_der_take_whole(&text, PSD_DER_SEQUENCE, algorithm) && take_name(&text, &certificate->issuer) &&
            take_validity(&text, certificate) && take_name(&text, &certificate->subject) &&
            take_key(&text, certificate);
  if (!ok || text.left == 0)
    return ok;
  return third && psd_der_take_last(&text, EXTENSIONS, &extensions) &&
         psd_certificate_extensions(extensions, certificate);
}

bool psd_certificate_parse(psd_cursor der, psd_certificate *certificate) {
  psd_cursor parts, text, inner, outer;
  memset(certificate, 0, sizeof *certificate);
  certificate->certifies = certificate->signs = true; /* until keyUsage says otherwise */
  if (!psd_der_take_last(&der, PSD_DER_SEQUENCE, &parts))
    return false;
  psd_cursor ahead = parts;
  if (!psd_der_take_whole(&parts, PSD_DER_SEQUENCE, &certificate->text) ||
      !psd_der_take(&ahead, PSD_DER_SEQUENCE, &text) || !parse_text(text, certificate, &inner) ||
      !psd_der_take_whole(&parts, PSD_DER_SEQUENCE, &outer) || !psd_der_same(inner, outer)) /* 4.1.1.2 */
    return false;
  certificate->signed_with = signing_algorithm(outer);
  return psd_der_take_bits(&parts, &certificate->signature) && psd_cursor_done(&parts);
}
