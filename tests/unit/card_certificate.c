/* Certificates, taken apart: what OpenSSL makes, cut short, altered, and of every other kind. */
#include "certificate/x509.h"
#include "check.h"
#include "issuer.h"
#include "meter/certificate.h"

#include <stdlib.h>
#include <string.h>

static rig bench;
static EVP_PKEY *authority;
static uint8_t point[PSD_POINT];
static uint8_t der[ISSUER_MAX];
static size_t length;

/* The keys that all of them are made with. */
static void make_keys(void) {
  authority = issuer_key("P-256");
  EVP_PKEY *subject = issuer_key("P-256");
  issuer_point(subject, point);
  EVP_PKEY_free(subject);
}

static void make(const issuer_wish *wish) {
  issuer_wish made = *wish;
  if (made.authority == NULL)
    made.authority = authority;
  if (made.subject == NULL)
    made.point = point;
  length = issuer_certify(&made, der);
}

/* From memory of exactly that many bytes. */
static bool parse(const uint8_t *bytes, size_t count, psd_certificate *certificate) {
  uint8_t *exact = malloc(count > 0 ? count : 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, bytes, count);
  bool ok = psd_certificate_parse(psd_cursor_over(exact, count), certificate);
  if (ok) { /* where its parts lie, in `der` */
    certificate->text.at = bytes + (certificate->text.at - exact);
    certificate->signature.at = bytes + (certificate->signature.at - exact);
    if (certificate->point != NULL)
      certificate->point = bytes + (certificate->point - exact);
  }
  free(exact);
  return ok;
}

static bool verifies(const psd_certificate *certificate) {
  uint8_t key[PSD_POINT];
  issuer_point(authority, key);
  const uint16_t status = psd_certificate_issued_by(bench.card, certificate, key);
  CU_ASSERT(status == PSD_SW_OK || status == PSD_SW_VERIFICATION_FAILED);
  return status == PSD_SW_OK;
}

/* Often enough for numbers r and s of 31, 32 and 33 bytes. */
static void what_openssl_makes(void) {
  rig_create(&bench);
  make_keys();
  static const issuer_wish wishes[] = {
      {.digest = NULL}, {.no_extensions = true}, {.first_version = true}, {.long_name = 1000}};
  for (size_t i = 0; i < 64; i++) {
    psd_certificate certificate;
    make(&wishes[i % PSD_CHECK_COUNT(wishes)]);
    CU_ASSERT_TRUE_FATAL(parse(der, length, &certificate));
    CU_ASSERT_EQUAL_FATAL(certificate.algorithm, PSD_ALGORITHM_P256);
    CU_ASSERT_EQUAL(memcmp(certificate.point, point, sizeof point), 0);
    CU_ASSERT_TRUE(verifies(&certificate));
  }
}

/* What evidence names it by: 4 bytes. */
static void the_number(void) {
  static const uint64_t numbers[] = {1, 0x7F, 0x80, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF};
  uint64_t number = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(numbers); i++) {
    for (unsigned version = 0; version < 2; version++) {
      make(&(issuer_wish){.number = numbers[i], .first_version = version == 0});
      CU_ASSERT_TRUE(psd_certificate_number(psd_cursor_over(der, length), &number));
      CU_ASSERT_EQUAL(number, numbers[i]);
    }
  }
  make(&(issuer_wish){.number = UINT64_C(0x100000000)});
  CU_ASSERT_FALSE(psd_certificate_number(psd_cursor_over(der, length), &number));
  make(&(issuer_wish){.number = UINT64_MAX});
  CU_ASSERT_FALSE(psd_certificate_number(psd_cursor_over(der, length), &number));
  for (size_t cut = 0; cut < length; cut++)
    CU_ASSERT_FALSE(psd_certificate_number(psd_cursor_over(der, cut), &number));
}

static void every_truncation(void) {
  psd_certificate certificate;
  make(&(issuer_wish){.digest = NULL});
  for (size_t cut = 0; cut < length; cut++)
    CU_ASSERT_FALSE(parse(der, cut, &certificate));
  der[length] = 0;
  CU_ASSERT_FALSE(parse(der, length + 1, &certificate));
}

/* With any bit another one it cannot be parsed, or is not signed. */
static void every_bit(void) {
  unsigned refused = 0, unsigned_now = 0;
  make(&(issuer_wish){.digest = NULL});
  for (size_t bit = 0; bit < 8 * length; bit++) {
    psd_certificate certificate;
    der[bit / 8] ^= (uint8_t)(1U << bit % 8);
    if (!parse(der, length, &certificate))
      refused++;
    else if (!verifies(&certificate))
      unsigned_now++;
    else
      CU_FAIL("an altered certificate verifies");
    der[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  CU_ASSERT(refused > 0 && unsigned_now > 0);
  CU_ASSERT_EQUAL(refused + unsigned_now, 8 * length);
}

/* Keys that the card can reckon with or not; and none that the authority's key has not signed. */
static void of_other_kinds(void) {
  EVP_PKEY *p384 = issuer_key("P-384"), *p224 = issuer_key("P-224"), *rsa = issuer_key("RSA"),
           *p256 = issuer_key("P-256");
  const struct {
    issuer_wish wish;
    unsigned algorithm, signed_with;
    bool verifies;
  } samples[] = {{{.subject = p384}, 0, PSD_ALGORITHM_P256, true},
                 {{.subject = p224}, 0, PSD_ALGORITHM_P256, true},
                 {{.subject = rsa}, PSD_ALGORITHM_RSA2048, PSD_ALGORITHM_P256, true},
                 {{.authority = p256}, PSD_ALGORITHM_P256, PSD_ALGORITHM_P256, false},
                 {{.authority = p384}, PSD_ALGORITHM_P256, PSD_ALGORITHM_P256, false},
                 {{.authority = p224}, PSD_ALGORITHM_P256, PSD_ALGORITHM_P256, false},
                 {{.authority = rsa}, PSD_ALGORITHM_P256, PSD_ALGORITHM_RSA2048, false},
                 {{.digest = "SHA384"}, PSD_ALGORITHM_P256, 0, false},
                 {{.digest = "SHA512"}, PSD_ALGORITHM_P256, 0, false}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    psd_certificate certificate;
    make(&samples[i].wish);
    CU_ASSERT_TRUE_FATAL(parse(der, length, &certificate));
    CU_ASSERT(certificate.algorithm == samples[i].algorithm && certificate.signed_with == samples[i].signed_with);
    CU_ASSERT_EQUAL(verifies(&certificate), samples[i].verifies);
  }
  EVP_PKEY_free(p256);
  EVP_PKEY_free(p384);
  EVP_PKEY_free(p224);
  EVP_PKEY_free(rsa);
}

/* Signed with RSA: under the key of the certificate above, and under no other. */
static void signed_with_rsa(void) {
  EVP_PKEY *rsa = issuer_key("RSA"), *other = issuer_key("RSA");
  uint8_t above[ISSUER_MAX], digest[PSD_SHA256_SIZE];
  psd_certificate signer, stranger, certificate;
  make(&(issuer_wish){.subject = rsa});
  memcpy(above, der, length);
  CU_ASSERT_TRUE_FATAL(psd_certificate_parse(psd_cursor_over(above, length), &signer));
  make(&(issuer_wish){.subject = other});
  CU_ASSERT_TRUE_FATAL(psd_certificate_parse(psd_cursor_over(der, length), &stranger));
  make(&(issuer_wish){.authority = rsa});
  CU_ASSERT_TRUE_FATAL(psd_certificate_parse(psd_cursor_over(der, length), &certificate));
  CU_ASSERT_TRUE(psd_sha256(certificate.text.at, certificate.text.left, digest));
  const psd_cursor signature = certificate.signature, cut = psd_cursor_over(signature.at, signature.left - 1);
  const psd_algorithm with = certificate.signed_with;
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &signer, with, digest, signature), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &signer, with, digest, cut), PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &stranger, with, digest, signature), PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &certificate, with, digest, signature),
                  PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &certificate, PSD_ALGORITHM_P256, digest, signature),
                  PSD_SW_VERIFICATION_FAILED);
  digest[0] ^= 1;
  CU_ASSERT_EQUAL(psd_certificate_verify(bench.card, &signer, with, digest, signature), PSD_SW_VERIFICATION_FAILED);
  EVP_PKEY_free(rsa);
  EVP_PKEY_free(other);
}

/* The key is where it belongs: one that lies in the subject's name, or in an extension, is none. */
static void the_key_is_not_searched_for(void) {
  static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
                                 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  EVP_PKEY *rsa = issuer_key("RSA");
  psd_certificate certificate;
  make(&(issuer_wish){.subject = rsa, .long_name = 200});
  size_t at = 0;
  while (at + 64 < length && memcmp(der + at, "xxxxxxxxxxxxxxxx", 16) != 0)
    at++;
  CU_ASSERT_FATAL(at + 64 < length);
  memcpy(der + at, head, sizeof head);
  CU_ASSERT_TRUE(parse(der, length, &certificate));
  CU_ASSERT(certificate.algorithm == PSD_ALGORITHM_RSA2048 && certificate.point == NULL);
  EVP_PKEY_free(rsa);
}

static uint16_t under(const psd_certificate *signer, const uint8_t *digest, const uint8_t *signature, size_t count) {
  return psd_certificate_verify(bench.card, signer, PSD_ALGORITHM_P256, digest, psd_cursor_over(signature, count));
}

/* A signature that holds, written in other ways: none of them does. */
static void one_way_to_write_it(void) {
  uint8_t above[ISSUER_MAX], digest[PSD_SHA256_SIZE], other[128];
  psd_certificate signer, certificate;
  make(&(issuer_wish){.subject = authority});
  memcpy(above, der, length);
  CU_ASSERT_TRUE_FATAL(psd_certificate_parse(psd_cursor_over(above, length), &signer));
  make(&(issuer_wish){.digest = NULL});
  CU_ASSERT_TRUE_FATAL(psd_certificate_parse(psd_cursor_over(der, length), &certificate));
  CU_ASSERT_TRUE(psd_sha256(certificate.text.at, certificate.text.left, digest));
  const uint8_t *bytes = certificate.signature.at;
  const size_t count = certificate.signature.left;
  CU_ASSERT_EQUAL(under(&signer, digest, bytes, count), PSD_SW_OK);
  for (size_t cut = 0; cut < count; cut++)
    CU_ASSERT_EQUAL(under(&signer, digest, bytes, cut), PSD_SW_VERIFICATION_FAILED);
  memcpy(other, bytes, count);
  other[count] = 0; /* something behind it */
  CU_ASSERT_EQUAL(under(&signer, digest, other, count + 1), PSD_SW_VERIFICATION_FAILED);
  memcpy(other + 3, bytes + 2, count - 2); /* a length in more bytes than it takes */
  other[1] = 0x81;
  other[2] = bytes[1];
  CU_ASSERT_EQUAL(under(&signer, digest, other, count + 1), PSD_SW_VERIFICATION_FAILED);
  memcpy(other + 5, bytes + 4, count - 4); /* a zero before r that nothing needs */
  other[1] = (uint8_t)(bytes[1] + 1);
  other[2] = bytes[2];
  other[3] = (uint8_t)(bytes[3] + 1);
  other[4] = 0;
  CU_ASSERT_EQUAL(under(&signer, digest, other, count + 1), PSD_SW_VERIFICATION_FAILED);
  memcpy(other, bytes, count); /* another list */
  other[0] = 0x31;
  CU_ASSERT_EQUAL(under(&signer, digest, other, count), PSD_SW_VERIFICATION_FAILED);
  rig_destroy(&bench);
}

/* The first attribute of its kind, wherever it stands. */
static void parts_of_names(void) {
  static const char two[] = "301C 310A 3008 0603550403 0C0141 310E 300C 060355040A 0C0542434445 46";
  uint8_t bytes[64];
  const size_t size = psd_check_hex(two, bytes, sizeof bytes);
  const psd_cursor name = psd_cursor_over(bytes, size);
  const psd_cursor o = psd_certificate_name_part(name, PSD_OID_ORGANIZATION);
  CU_ASSERT(o.left == 5 && memcmp(o.at, "BCDEF", 5) == 0);
  CU_ASSERT_EQUAL(psd_certificate_name_part(name, PSD_OID_COMMON_NAME).left, 1);
  CU_ASSERT_EQUAL(psd_certificate_name_part(name, PSD_OID_SUBJECT_KEY).left, 0);
  for (size_t cut = 0; cut < size; cut++)
    CU_ASSERT_EQUAL(psd_certificate_name_part(psd_cursor_over(bytes, cut), PSD_OID_ORGANIZATION).left, 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what OpenSSL makes", what_openssl_makes},
      {"its number fits 4 bytes, or it has none for evidence", the_number},
      {"every truncation is refused", every_truncation},
      {"no bit may be another one", every_bit},
      {"certificates of other kinds", of_other_kinds},
      {"those that are signed with RSA", signed_with_rsa},
      {"the key is where it belongs", the_key_is_not_searched_for},
      {"there is one way to write a signature", one_way_to_write_it},
      {"parts of names", parts_of_names},
  };
  if (!psd_evp_start() || !psd_crypto_init())
    return 1;
  int status = psd_check_run("certificate", tests, PSD_CHECK_COUNT(tests));
  EVP_PKEY_free(authority);
  psd_evp_stop();
  return status;
}
