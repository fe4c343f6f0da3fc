/* The certificate of a PSD, taken apart: what OpenSSL makes, cut short, altered, and of every other kind. */
#include "check.h"
#include "issuer.h"
#include "meter/certificate.h"
#include "psd/spec/tlv.h"

#include <stdlib.h>
#include <string.h>

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
    certificate->text.data = bytes + ((const uint8_t *)certificate->text.data - exact);
    certificate->point = bytes + (certificate->point - exact);
  }
  free(exact);
  return ok;
}

static bool verifies(const psd_certificate *certificate) {
  uint8_t digest[PSD_SHA256_SIZE], key[PSD_POINT];
  issuer_point(authority, key);
  return psd_sha256(certificate->text.data, certificate->text.length, digest) &&
         psd_p256_verify(key, digest, sizeof digest, certificate->signature);
}

/* Often enough for numbers r and s of 31, 32 and 33 bytes. */
static void what_openssl_makes(void) {
  make_keys();
  static const issuer_wish wishes[] = {
      {.digest = NULL}, {.no_extensions = true}, {.first_version = true}, {.long_name = 1000}};
  for (size_t i = 0; i < 64; i++) {
    psd_certificate certificate;
    make(&wishes[i % PSD_CHECK_COUNT(wishes)]);
    CU_ASSERT_TRUE_FATAL(parse(der, length, &certificate));
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

static void of_other_kinds(void) {
  EVP_PKEY *p384 = issuer_key("P-384");
  EVP_PKEY *p224 = issuer_key("P-224");
  EVP_PKEY *rsa = issuer_key("RSA");
  const issuer_wish wishes[] = {{.subject = p384},   {.subject = p224},  {.subject = rsa},     {.authority = p384},
                                {.authority = p224}, {.authority = rsa}, {.digest = "SHA384"}, {.digest = "SHA512"}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(wishes); i++) {
    psd_certificate certificate;
    make(&wishes[i]);
    /* Curve of the authority: the parts are there, and with the key that the card knows nothing verifies. */
    if (parse(der, length, &certificate))
      CU_ASSERT(wishes[i].authority == p224 && !verifies(&certificate));
  }
  EVP_PKEY_free(p384);
  EVP_PKEY_free(p224);
  EVP_PKEY_free(rsa);
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
  CU_ASSERT_FALSE(parse(der, length, &certificate));
  EVP_PKEY_free(rsa);
}

/* A certificate by hand: tbsCertificate { serial number, algorithm, three empty names, key }, algorithm, signature. */
static bool by_hand(const char *signature, const char *after_key) {
  uint8_t bytes[512], bits[128], tail[64];
  size_t bits_length = psd_check_hex(signature, bits, sizeof bits);
  size_t tail_length = psd_check_hex(after_key, tail, sizeof tail);
  uint8_t head[64];
  size_t head_length = psd_check_hex("020101 300A06082A8648CE3D040302 3000 3000 3000", head, sizeof head);
  static const uint8_t key[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
                                0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  psd_certificate certificate;
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  size_t whole = psd_open_tlv(&out, 0x30);
  size_t text = psd_open_tlv(&out, 0x30);
  psd_put(&out, head, head_length);
  psd_put(&out, key, sizeof key);
  psd_put(&out, point, sizeof point);
  psd_put(&out, tail, tail_length);
  psd_close_tlv(&out, text);
  psd_put(&out, head + 3, 12);
  psd_put_tlv(&out, 0x03, bits, bits_length);
  psd_close_tlv(&out, whole);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return parse(bytes, out.length, &certificate);
}

/* X.690: of each signature but one way to write it. */
static void signatures_in_der(void) {
  static const char *const right[] = {"00 3006 020101 020101", "00 3008 02020080 02020080",
                                      "00 3008 02020100 02027F80"};
  static const char *const wrong[] = {
      "",                             /* no bits */
      "01 3006 020101 020101",        /* bits that do not count */
      "00 3106 020101 020101",        /* another list */
      "00 3006 020101 020101 00",     /* something behind it */
      "00 3009 020101 020101 020101", /* three numbers */
      "00 3003 020101",               /* one */
      "00 3006 020100 020101",        /* zero */
      "00 3006 020101 020100",        /* zero */
      "00 3006 020181 020101",        /* below zero */
      "00 3007 02020001 020101",      /* a byte too many */
      "00 3005 0200 020101",          /* no byte */
      "00 3006 030101 020101",        /* no number */
      "00 308106 020101 020101",      /* a length in more bytes than it takes */
      "00 3080 020101 020101 0000",   /* no length */
  };
  CU_ASSERT_TRUE(by_hand(right[0], ""));
  CU_ASSERT_TRUE(by_hand(right[1], ""));
  CU_ASSERT_TRUE(by_hand(right[2], ""));
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_FALSE(by_hand(wrong[i], ""));
}

/* Numbers of 32 bytes, the second with a zero before it; and one of 33. */
static void long_numbers_in_der(void) {
#define ONES_31 "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
  CU_ASSERT_TRUE(by_hand("00 3045 02207F" ONES_31 " 022100FF" ONES_31, ""));
  CU_ASSERT_FALSE(by_hand("00 3026 02217FFF" ONES_31 " 020101", ""));
  CU_ASSERT_FALSE(by_hand("00 3026 020101 02217FFF" ONES_31, ""));
}

static void behind_the_key(void) {
  static const char signature[] = "00 3006 020101 020101";
  CU_ASSERT_TRUE(by_hand(signature, "A3023000"));
  CU_ASSERT_FALSE(by_hand(signature, "A3023000 00"));
  CU_ASSERT_FALSE(by_hand(signature, "A3023000 A3023000"));
  CU_ASSERT_FALSE(by_hand(signature, "81020000"));
  CU_ASSERT_FALSE(by_hand(signature, "A303300000FF"));
  CU_ASSERT_FALSE(by_hand(signature, "A304"));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what OpenSSL makes", what_openssl_makes},
      {"its number fits 4 bytes, or it has none for evidence", the_number},
      {"every truncation is refused", every_truncation},
      {"no bit may be another one", every_bit},
      {"certificates of other kinds are refused", of_other_kinds},
      {"the key is where it belongs", the_key_is_not_searched_for},
      {"the signature has one form", signatures_in_der},
      {"numbers of 32 bytes, and of more", long_numbers_in_der},
      {"behind the key there are extensions alone", behind_the_key},
  };
  if (!psd_evp_start() || !psd_crypto_init())
    return 1;
  int status = psd_check_run("certificate", tests, PSD_CHECK_COUNT(tests));
  EVP_PKEY_free(authority);
  psd_evp_stop();
  return status;
}
