/* The parser of signed data (card/certificate/cms.h), on what OpenSSL has made and on what nobody should. */
#include "certificate/cms.h"

#include "certificate/der.h"
#include "certificate/revocation.h"
#include "certificate/tst.h"
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

static services s;
static uint64_t number;
static const uint8_t zeroes[PSD_SHA256_SIZE];

static void begin(void) {
  services_begin(&s);
  number = services_slot(&s, SERVICES_USER).certificate;
}

static psd_cursor cursor_of(const services_bytes *bytes) {
  return psd_cursor_over(bytes->data, bytes->length);
}

static bool parses(const services_bytes *bytes) {
  psd_cms_parts parts;
  return psd_cms_parse(cursor_of(bytes), &parts);
}

/* RFC 5652, 5.4: the digest of the content, where nothing else is signed. */
static void without_attributes(void) {
  begin();
  uint8_t digest[PSD_SHA256_SIZE], expected[PSD_SHA256_SIZE];
  psd_cms_parts parts;
  const services_bytes made = services_make_command(&s, &(services_command){.certificate = number});
  CU_ASSERT_TRUE_FATAL(psd_cms_parse(cursor_of(&made), &parts));
  CU_ASSERT_TRUE(parts.type == PSD_OID_REVOCATION_COMMAND && parts.attached && parts.content.left > 0);
  CU_ASSERT_TRUE(parts.attributes.left == 0 && parts.certificate.left == 0 && parts.certificate_hash.left == 0);
  CU_ASSERT_EQUAL(parts.signed_with, PSD_ALGORITHM_P256);
  (void)SHA256(parts.content.at, parts.content.left, expected);
  CU_ASSERT_TRUE(psd_cms_signed_digest(&parts, NULL, digest));
  CU_ASSERT_EQUAL(memcmp(digest, expected, sizeof digest), 0);
  CU_ASSERT_FALSE(psd_cms_signed_digest(&parts, zeroes, digest)); /* its content is here */
  services_end(&s);
}

/* RFC 5652, 5.4: the attributes, with the tag of a set; they name the content. */
static void with_attributes(void) {
  begin();
  uint8_t digest[PSD_SHA256_SIZE], expected[PSD_SHA256_SIZE], set[PSD_CMS_ATTRIBUTES_MAX];
  psd_cms_parts parts;
  const services_bytes made = services_make_command(&s, &(services_command){.certificate = number, .attributes = true});
  CU_ASSERT_TRUE_FATAL(psd_cms_parse(cursor_of(&made), &parts));
  psd_buffer out = psd_buffer_over(set, sizeof set);
  psd_put_tlv(&out, PSD_DER_SET, parts.attributes.at, parts.attributes.left);
  (void)SHA256(set, out.length, expected);
  CU_ASSERT_TRUE(psd_cms_signed_digest(&parts, NULL, digest));
  CU_ASSERT_EQUAL(memcmp(digest, expected, sizeof digest), 0);
  parts.message_digest[0] ^= 1;
  CU_ASSERT_FALSE(psd_cms_signed_digest(&parts, NULL, digest));
  services_end(&s);
}

static void detached(void) {
  begin();
  uint8_t digest[PSD_SHA256_SIZE], other[PSD_SHA256_SIZE] = {1};
  psd_cms_parts parts;
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, false, PSD_DIGEST_SHA256, zeroes), PSD_SW_OK);
  const services_bytes made = services_keep(&s);
  CU_ASSERT_TRUE_FATAL(psd_cms_parse(cursor_of(&made), &parts));
  CU_ASSERT_TRUE(parts.type == PSD_OID_DATA && !parts.attached && parts.content.left == 0);
  CU_ASSERT_EQUAL(parts.certificate_hash.left, PSD_SHA256_SIZE);
  CU_ASSERT_TRUE(psd_cms_signed_digest(&parts, zeroes, digest));
  CU_ASSERT_FALSE(psd_cms_signed_digest(&parts, other, digest));
  CU_ASSERT_FALSE(psd_cms_signed_digest(&parts, NULL, digest)); /* its content is not here */
  services_end(&s);
}

/* What OpenSSL would take, and the card does not: another digest, two signers, key identifiers, unknown attributes. */
static services_bytes sign_as(const EVP_MD *md, unsigned flags, unsigned signers, bool unsigned_attribute) {
  services_bytes made = {.length = 0};
  BIO *bio = BIO_new_mem_buf("x", 1);
  const unsigned all = CMS_BINARY | CMS_PARTIAL | CMS_NOCERTS | flags;
  CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, all);
  CMS_SignerInfo *signer = NULL;
  for (unsigned i = 0; i < signers; i++)
    signer = CMS_add1_signer(cms, s.a.certificate, s.a.key, md, all);
  CU_ASSERT_PTR_NOT_NULL_FATAL(signer);
  CU_ASSERT_FATAL(CMS_set_detached(cms, 0) == 1 && CMS_final(cms, bio, NULL, all) == 1);
  if (unsigned_attribute)
    CU_ASSERT_EQUAL(
        CMS_unsigned_add1_attr_by_NID(signer, NID_pkcs9_unstructuredName, V_ASN1_PRINTABLESTRING, "note", 4), 1);
  uint8_t *at = made.data;
  int length = i2d_CMS_ContentInfo(cms, NULL);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= sizeof made.data);
  made.length = (size_t)i2d_CMS_ContentInfo(cms, &at);
  CMS_ContentInfo_free(cms);
  BIO_free(bio);
  return made;
}

static void other_forms(void) {
  begin();
  const unsigned plain = CMS_NOSMIMECAP;
  services_bytes made = sign_as(EVP_sha256(), plain, 1, false);
  CU_ASSERT_TRUE(parses(&made));
  made = sign_as(EVP_sha384(), plain, 1, false);
  CU_ASSERT_FALSE(parses(&made));
  made = sign_as(EVP_sha256(), plain, 2, false);
  CU_ASSERT_FALSE(parses(&made));
  made = sign_as(EVP_sha256(), 0, 1, false); /* smimeCapabilities */
  CU_ASSERT_FALSE(parses(&made));
  made = sign_as(EVP_sha256(), plain | CMS_USE_KEYID, 1, false);
  CU_ASSERT_FALSE(parses(&made));
  made = sign_as(EVP_sha256(), plain, 1, true);
  CU_ASSERT_FALSE(parses(&made));
  services_end(&s);
}

/* A second certificate may go along; what is none may not. */
static void certificates(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, true, PSD_DIGEST_SHA256, zeroes), PSD_SW_OK);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_EQUAL_FATAL(CMS_add1_cert(cms, s.device), 1);
  services_bytes made = {.length = 0};
  uint8_t *at = made.data;
  made.length = (size_t)i2d_CMS_ContentInfo(cms, &at);
  CU_ASSERT_TRUE(parses(&made));
  CMS_ContentInfo_free(cms);
  services_end(&s);
}

/* Nothing but the whole is one. */
static void cut_off(void) {
  begin();
  const services_bytes made = services_make_command(&s, &(services_command){.certificate = number, .attributes = true});
  for (size_t length = 1; length < made.length; length++) {
    uint8_t *exact = malloc(length); /* of its size: one byte too many is seen by the sanitizer */
    if (exact == NULL)
      abort();
    memcpy(exact, made.data, length);
    psd_cms_parts parts;
    CU_ASSERT_FALSE(psd_cms_parse(psd_cursor_over(exact, length), &parts));
    free(exact);
  }
  services_end(&s);
}

/* TSTInfo: the numbers at the ends of their ranges come back as they were written. */
static void stamps(void) {
  static const uint64_t tariffs[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX};
  for (size_t i = 0; i < sizeof tariffs / sizeof tariffs[0]; i++) {
    uint8_t bytes[PSD_TST_MAX], nonce[PSD_NONCE_MAX] = {0x7F};
    psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
    psd_tst tst = {.tariff = tariffs[i],
                   .imprint = {.function = psd_digest_of(PSD_DIGEST_SHA512), .digest = {0xA5}},
                   .number = UINT64_MAX,
                   .time = UINT64_C(253402300799), /* 9999-12-31 23:59:59 */
                   .nonce = psd_cursor_over(nonce, i % 2 == 0 ? sizeof nonce : 0)};
    psd_tst again = {.tariff = 0};
    psd_tst_put(&out, &tst);
    CU_ASSERT_TRUE(!out.overflow && psd_tst_parse(psd_cursor_over(bytes, out.length), &again));
    CU_ASSERT_TRUE(again.tariff == tst.tariff && again.number == tst.number && again.time == tst.time);
    CU_ASSERT_TRUE(again.nonce.left == tst.nonce.left && again.imprint.function == tst.imprint.function);
    CU_ASSERT_EQUAL(memcmp(again.imprint.digest, tst.imprint.digest, PSD_DIGEST_MAX), 0);
    for (size_t length = 0; length < out.length; length++)
      CU_ASSERT_FALSE(psd_tst_parse(psd_cursor_over(bytes, length), &again));
  }
}

/* X.690, 8.19: the version of a tariff has one form, and 32 bits. */
static void tariffs(void) {
  static const struct {
    size_t length;
    uint8_t arc[6];
  } wrong[] = {{0, {0}},
               {1, {0x80}},
               {2, {0x80, 0x01}},
               {2, {0x81, 0x81}},
               {2, {0x01, 0x01}},
               {5, {0x90, 0x80, 0x80, 0x80, 0x00}},
               {6, {0x81, 0x80, 0x80, 0x80, 0x80, 0x00}}};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    uint8_t bytes[PSD_TST_MAX], right[PSD_TST_MAX];
    psd_buffer out = psd_buffer_over(right, sizeof right), other = psd_buffer_over(bytes, sizeof bytes);
    psd_tst tst = {.tariff = 1, .imprint = {.function = psd_digest_of(PSD_DIGEST_SHA256)}, .time = RIG_TIME}, again;
    psd_tst_put(&out, &tst);
    const psd_oid *id = &psd_oids[PSD_OID_TARIFF];
    const size_t behind = 2 + 3 + 2 + id->size + 1; /* heads, version, policy */
    size_t whole = psd_open_tlv(&other, PSD_DER_SEQUENCE);
    psd_der_put_number(&other, 1);
    size_t policy = psd_open_tlv(&other, PSD_DER_OID);
    psd_put(&other, id->bytes, id->size);
    psd_put(&other, wrong[i].arc, wrong[i].length);
    psd_close_tlv(&other, policy);
    psd_put(&other, right + behind, out.length - behind);
    psd_close_tlv(&other, whole);
    CU_ASSERT_TRUE(psd_tst_parse(psd_cursor_over(right, out.length), &again));
    CU_ASSERT_FALSE(psd_tst_parse(psd_cursor_over(bytes, other.length), &again));
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 5652, 5.4: without signed attributes", without_attributes},
      {"RFC 5652, 5.4: with signed attributes", with_attributes},
      {"detached", detached},
      {"what is not ours", other_forms},
      {"more certificates than one", certificates},
      {"cut off anywhere", cut_off},
      {"TSTInfo comes back as it was written", stamps},
      {"X.690, 8.19: the tariff", tariffs},
  };
  return psd_check_run("signed data", tests, PSD_CHECK_COUNT(tests));
}
