/* SIGN MESSAGE (VM 302 to 316; docs/certificates.md, "Figures 3"): what it signs, and when it does not. */
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

static const char message[] = "The quick brown fox jumps over the lazy dog.";
#define LENGTH (sizeof message - 1)

static services s;
static uint8_t digest[PSD_SHA256_SIZE];

static void begin(void) {
  (void)SHA256((const uint8_t *)message, LENGTH, digest);
  services_begin(&s);
}

static uint16_t sign(uint8_t slot, bool enclosed) {
  return services_sign(&s, slot, enclosed, PSD_DIGEST_SHA256, digest);
}

static void refused(uint8_t slot, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(sign(slot, true), status);
  CU_ASSERT_EQUAL(s.r->length, 0);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
}

static void check_holds(uint8_t slot) {
  X509 *signer = authority_installed(&s.a, slot);
  for (int enclosed = 0; enclosed <= 1; enclosed++) {
    CU_ASSERT_EQUAL_FATAL(sign(slot, enclosed), PSD_SW_OK);
    CMS_ContentInfo *cms = look_cms(&s);
    CU_ASSERT_TRUE(look_holds(cms, enclosed ? NULL : signer, s.a.certificate, s.r->seconds, message, LENGTH));
    CU_ASSERT_FALSE(look_holds(cms, enclosed ? NULL : signer, s.a.certificate, s.r->seconds, message, LENGTH - 1));
    STACK_OF(X509) *certificates = CMS_get1_certs(cms);
    CU_ASSERT_EQUAL(sk_X509_num(certificates), enclosed ? 1 : -1);
    sk_X509_pop_free(certificates, X509_free);
    CMS_ContentInfo_free(cms);
  }
  X509_free(signer);
}

static void holds(void) {
  begin();
  services_add_rsa(&s);
  check_holds(SERVICES_USER);
  check_holds(SERVICES_RSA_USER);
  services_end(&s);
}

static ASN1_STRING *attribute(const CMS_SignerInfo *signer, const char *dotted, int type) {
  ASN1_OBJECT *id = OBJ_txt2obj(dotted, 1);
  int at = CMS_signed_get_attr_by_OBJ(signer, id, -1);
  ASN1_OBJECT_free(id);
  CU_ASSERT_FATAL(at >= 0);
  ASN1_STRING *value = X509_ATTRIBUTE_get0_data(CMS_signed_get_attr(signer, at), 0, type, NULL);
  CU_ASSERT_PTR_NOT_NULL_FATAL(value);
  return value;
}

/* RFC 5652, 11.3, and MeteredUse: the secure clock, the piece count and the price. */
static void check_attributes(const CMS_SignerInfo *signer, uint64_t number) {
  CU_ASSERT_EQUAL(CMS_signed_get_attr_count(signer), 5);
  const ASN1_STRING *use = attribute(signer, psd_oids[PSD_OID_METERED_USE].dotted, V_ASN1_SEQUENCE);
  const uint8_t *at = ASN1_STRING_get0_data(use);
  look_content content = {.of = d2i_ASN1_SEQUENCE_ANY(NULL, &at, ASN1_STRING_length(use))};
  CU_ASSERT_FATAL(content.of != NULL && look_count(&content) == 3);
  CU_ASSERT_TRUE(look_octets(&content, 0, "PSD1\x00\xC0\xFF\xEE", PSD_SIZE_DEVICE_ID));
  CU_ASSERT_EQUAL(look_number(&content, 1), number);
  CU_ASSERT_EQUAL(look_number(&content, 2), SERVICES_SIGNING);
  look_close(&content);
  const ASN1_STRING *time = attribute(signer, "1.2.840.113549.1.9.5", V_ASN1_UTCTIME);
  CU_ASSERT_EQUAL(ASN1_STRING_length(time), 13);
  CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(time), "260101000000Z", 13), 0);
}

static void attributes(void) {
  begin();
  const psd_core before = s.r->card->core;
  CU_ASSERT_EQUAL_FATAL(sign(SERVICES_USER, true), PSD_SW_OK);
  const psd_core *core = &s.r->card->core;
  CU_ASSERT_EQUAL(core->certificate.piece_count, before.certificate.piece_count + 1);
  CU_ASSERT_EQUAL(core->certificate.descending, before.certificate.descending - SERVICES_SIGNING);
  CU_ASSERT_EQUAL(core->certificate.ascending, before.certificate.ascending + SERVICES_SIGNING);
  CU_ASSERT_EQUAL(services_slot(&s, SERVICES_USER).uses, 1);
  CMS_ContentInfo *cms = look_cms(&s);
  STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
  CU_ASSERT_EQUAL_FATAL(sk_CMS_SignerInfo_num(signers), 1);
  check_attributes(sk_CMS_SignerInfo_value(signers, 0), core->certificate.piece_count);
  CMS_ContentInfo_free(cms);
  services_end(&s);
}

/* VM 230, 304: the digest is worked out on the card. */
static void hashed(void) {
  begin();
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_sign(&s, SERVICES_USER, true, 0, NULL), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
  CU_ASSERT_EQUAL_FATAL(services_hash(&s, message, LENGTH), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(services_sign(&s, SERVICES_USER, true, 0, NULL), PSD_SW_OK);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_TRUE(look_holds(cms, NULL, s.a.certificate, s.r->seconds, message, LENGTH));
  CMS_ContentInfo_free(cms);
  services_end(&s);
}

/* 308: funds suffice to the mill, or (310) nothing happens. */
static void funds_308(void) {
  begin();
  authority_funds(&s.a, SERVICES_SIGNING - 1);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  authority_funds(&s.a, SERVICES_SIGNING);
  CU_ASSERT_EQUAL(sign(SERVICES_USER, true), PSD_SW_OK);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, 0);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  services_end(&s);
}

/* 308, merged registers (250, 244): the postage registers pay. */
static void merged_308(void) {
  begin();
  psd_core core = s.r->card->core;
  core.funds.mode = PSD_FUNDS_MERGED;
  core.certificate = (psd_registers){.piece_count = core.certificate.piece_count};
  core.postage.control_total = core.postage.ascending + SERVICES_SIGNING;
  core.postage.descending = SERVICES_SIGNING;
  authority_core(&s.a, &core);
  CU_ASSERT_EQUAL(sign(SERVICES_USER, true), PSD_SW_OK);
  CU_ASSERT_EQUAL(s.r->card->core.postage.descending, 0);
  CU_ASSERT_EQUAL(s.r->card->core.postage.piece_count, core.postage.piece_count);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.piece_count, core.certificate.piece_count + 1);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  services_end(&s);
}

/* While a payment is due nothing is charged, and so nothing done. */
static void due(void) {
  begin();
  psd_core core = s.r->card->core;
  core.services.due = 1;
  authority_core(&s.a, &core);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  services_end(&s);
}

/* The same command again is answered as it was, and charged once; with another number it is another. */
static void repeated(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(sign(SERVICES_USER, true), PSD_SW_OK);
  const services_bytes first = services_keep(&s);
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, &first) && services_untouched(&s, &mark));
  psd_card_reset(s.r->card);
  services_enter(&s);
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, &first));
  CU_ASSERT_EQUAL(sign(SERVICES_USER, true), PSD_SW_OK);
  CU_ASSERT_FALSE(services_same(&s, &first));
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, mark.core.certificate.descending - SERVICES_SIGNING);
  services_end(&s);
}

/* A key is used in its slot, for its purpose, while it is active. */
static void slots(void) {
  begin();
  refused(0, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS + 1, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS, PSD_SW_REFERENCE_NOT_FOUND);
  refused(SERVICES_POSTMARK, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &(authority_wish){.slot = 5}), PSD_SW_OK);
  refused(5, PSD_SW_CONDITIONS); /* asked for, and not paid for: 520 */
  services_end(&s);
}

/* The validity of the certificate, to the second: both ends belong to it (RFC 5280, 4.1.2.5). */
static void validity(void) {
  begin();
  const psd_slot valid = services_slot(&s, SERVICES_USER);
  const uint64_t now = s.r->seconds;
  psd_slot slot = valid;
  slot.until = now - 1;
  services_put_slot(&s, &slot);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  slot.until = now;
  services_put_slot(&s, &slot);
  CU_ASSERT_EQUAL(sign(SERVICES_USER, true), PSD_SW_OK);
  slot = valid;
  slot.from = now + 1;
  services_put_slot(&s, &slot);
  refused(SERVICES_USER, PSD_SW_CONDITIONS);
  slot.from = now;
  services_put_slot(&s, &slot);
  CU_ASSERT_EQUAL(sign(SERVICES_USER, true), PSD_SW_OK);
  services_end(&s);
}

/* Every state but active. */
static void states(void) {
  begin();
  psd_slot slot = services_slot(&s, SERVICES_USER);
  for (psd_slot_state state = PSD_SLOT_EMPTY; state <= PSD_SLOT_REVOKED; state++) {
    slot.state = state;
    services_put_slot(&s, &slot);
    if (state != PSD_SLOT_ACTIVE)
      refused(SERVICES_USER, state == PSD_SLOT_EMPTY ? PSD_SW_REFERENCE_NOT_FOUND : PSD_SW_CONDITIONS);
  }
  services_end(&s);
}

static void parameters(void) {
  begin();
  uint8_t data[PSD_SIZE_SIGN_WISH + PSD_SHA256_SIZE + 1] = {1, 2, 3, 4, 5, 6, 7, 8, PSD_DIGEST_SHA256};
  const size_t whole = PSD_SIZE_SIGN_WISH + PSD_SHA256_SIZE;
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 2, data, whole), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 1, data, whole - 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 1, data, whole + 1), PSD_SW_WRONG_LENGTH);
  data[8] = PSD_DIGEST_SHA384;
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 1, data, whole), PSD_SW_WRONG_DATA);
  data[8] = 0;
  CU_ASSERT_EQUAL_FATAL(services_hash(&s, message, LENGTH), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 1, data, PSD_SIZE_SIGN_WISH + 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_SIGN_MESSAGE, 1, 1, data, PSD_SIZE_SIGN_WISH), PSD_SW_OK);
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 5652: a detached signature that OpenSSL finds right, P-256 and RSA", holds},
      {"its attributes are the card's: secure clock, piece count, charge", attributes},
      {"304: the digest that the card has worked out", hashed},
      {"308, 310: the registers have the price, or nothing happens", funds_308},
      {"308: merged, the postage registers pay", merged_308},
      {"nothing is signed while a payment is due", due},
      {"the same command again: the same bytes, charged once", repeated},
      {"slots that are none, empty, of another purpose, not paid for", slots},
      {"a certificate that is not valid today", validity},
      {"a key that is not active", states},
      {"parameters and lengths", parameters},
  };
  return psd_check_run("SIGN MESSAGE", tests, PSD_CHECK_COUNT(tests));
}
