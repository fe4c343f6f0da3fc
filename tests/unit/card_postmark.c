/* POSTMARK (VM figure 3; RFC 3161; docs/certificates.md, "Figures 3"). */
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <openssl/ts.h>
#include <string.h>

static const char message[] = "The quick brown fox jumps over the lazy dog.";
#define LENGTH (sizeof message - 1)
static const psd_piece no_nonce = {NULL, 0};

static services s;
static uint8_t digest[PSD_SHA256_SIZE];

static void begin(void) {
  (void)SHA256((const uint8_t *)message, LENGTH, digest);
  services_begin(&s);
}

static uint16_t stamp(uint8_t slot, bool enclosed, psd_piece nonce) {
  return services_stamp(&s, slot, enclosed, PSD_DIGEST_SHA256, digest, nonce);
}

static void refused(uint8_t slot, psd_piece nonce, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(stamp(slot, true, nonce), status);
  CU_ASSERT_EQUAL(s.r->length, 0);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
}

static void check_stamps(uint8_t slot) {
  static const uint8_t nonce[] = {0x00, 0xC0, 0xFF, 0xEE};
  X509 *signer = authority_installed(&s.a, slot);
  for (int enclosed = 0; enclosed <= 1; enclosed++) {
    X509 *known = enclosed ? NULL : signer;
    CU_ASSERT_EQUAL_FATAL(stamp(slot, enclosed, (psd_piece){nonce, sizeof nonce}), PSD_SW_OK);
    services_bytes token = services_keep(&s);
    CU_ASSERT_TRUE(look_stamp(&s, &token, known, message, LENGTH, "0xC0FFEE"));
    CU_ASSERT_FALSE(look_stamp(&s, &token, known, message, LENGTH, "0xC0FFEF"));
    CU_ASSERT_FALSE(look_stamp(&s, &token, known, message, LENGTH - 1, "0xC0FFEE"));
    CMS_ContentInfo *cms = look_cms(&s);
    CU_ASSERT_TRUE(look_holds(cms, known, s.a.certificate, s.r->seconds, NULL, 0));
    CMS_ContentInfo_free(cms);
    CU_ASSERT_EQUAL_FATAL(stamp(slot, enclosed, no_nonce), PSD_SW_OK);
    token = services_keep(&s);
    CU_ASSERT_TRUE(look_stamp(&s, &token, known, message, LENGTH, NULL));
  }
  X509_free(signer);
}

static void stamps(void) {
  begin();
  services_add_rsa(&s);
  check_stamps(SERVICES_POSTMARK);
  check_stamps(SERVICES_RSA_POSTMARK);
  services_end(&s);
}

static TS_TST_INFO *info_of(const services_bytes *token) {
  const uint8_t *at = token->data;
  PKCS7 *pkcs7 = d2i_PKCS7(NULL, &at, (long)token->length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pkcs7);
  TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(pkcs7);
  CU_ASSERT_PTR_NOT_NULL_FATAL(info);
  PKCS7_free(pkcs7);
  return info;
}

/* RFC 3161, 2.4.2, field for field. */
static void check_info(uint64_t number, const char *time, const char *policy) {
  const services_bytes token = services_keep(&s);
  char dotted[80];
  TS_TST_INFO *info = info_of(&token);
  CU_ASSERT_EQUAL(TS_TST_INFO_get_version(info), 1);
  (void)OBJ_obj2txt(dotted, sizeof dotted, TS_TST_INFO_get_policy_id(info), 1);
  CU_ASSERT_STRING_EQUAL(dotted, policy);
  CU_ASSERT_EQUAL(ASN1_INTEGER_get(TS_TST_INFO_get_serial(info)), (long)number);
  const ASN1_STRING *made = (const ASN1_STRING *)TS_TST_INFO_get_time(info);
  CU_ASSERT_EQUAL((size_t)ASN1_STRING_length(made), strlen(time));
  CU_ASSERT_EQUAL(memcmp(ASN1_STRING_get0_data(made), time, strlen(time)), 0);
  CU_ASSERT_PTR_NULL(TS_TST_INFO_get_accuracy(info));
  CU_ASSERT_EQUAL(TS_TST_INFO_get_ordering(info), 0);
  CU_ASSERT_PTR_NULL(TS_TST_INFO_get_tsa(info));
  CU_ASSERT_EQUAL(TS_TST_INFO_get_ext_count(info), 0);
  TS_TST_INFO_free(info);
}

/* 306: the time is the secure clock's, the number counts, the policy is the tariff in force. */
static void assembled_306(void) {
  begin();
  for (uint64_t number = 1; number <= 200; number += number < 3 ? 1 : 197) {
    psd_core core = s.r->card->core;
    core.services.postmarks = number - 1;
    authority_core(&s.a, &core);
    CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
    check_info(number, "20260101000000Z", "1.3.6.1.4.1.32473.7816.3.1");
    CU_ASSERT_EQUAL(s.r->card->core.services.postmarks, number);
  }
  authority_wait(&s.a, 86399);
  CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  check_info(201, "20260101235959Z", "1.3.6.1.4.1.32473.7816.3.1");
  services_end(&s);
}

/* The other hash functions, and the digest that HASH has worked out (304). */
static void functions(void) {
  uint8_t wide[PSD_DIGEST_MAX];
  memset(wide, 0x5A, sizeof wide);
  begin();
  for (psd_digest function = PSD_DIGEST_SHA256; function <= PSD_DIGEST_SHA512; function++) {
    CU_ASSERT_EQUAL_FATAL(services_stamp(&s, SERVICES_POSTMARK, true, function, wide, no_nonce), PSD_SW_OK);
    const services_bytes token = services_keep(&s);
    TS_TST_INFO *info = info_of(&token);
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    char dotted[80];
    const ASN1_OBJECT *id = NULL;
    X509_ALGOR_get0(&id, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    (void)OBJ_obj2txt(dotted, sizeof dotted, id, 1);
    CU_ASSERT_STRING_EQUAL(dotted, psd_oids[psd_digest_of(function)->oid].dotted);
    CU_ASSERT_EQUAL(ASN1_STRING_length(TS_MSG_IMPRINT_get_msg(imprint)), psd_digest_of(function)->size);
    TS_TST_INFO_free(info);
    CMS_ContentInfo *cms = look_cms(&s);
    CU_ASSERT_TRUE(look_holds(cms, NULL, s.a.certificate, s.r->seconds, NULL, 0));
    CMS_ContentInfo_free(cms);
  }
  CU_ASSERT_EQUAL_FATAL(services_hash(&s, message, LENGTH), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(services_stamp(&s, SERVICES_POSTMARK, true, 0, NULL, no_nonce), PSD_SW_OK);
  const services_bytes token = services_keep(&s);
  CU_ASSERT_TRUE(look_stamp(&s, &token, NULL, message, LENGTH, NULL));
  services_end(&s);
}

/* X.690, 8.3.2: a nonce is the content of an INTEGER, and there is one way to write each. */
static void nonces(void) {
  static const uint8_t right[][3] = {{0x00}, {0x7F}, {0x80}, {0xFF}, {0x00, 0x80}, {0xFF, 0x7F}, {0x01, 0x00, 0x00}};
  static const size_t lengths[] = {1, 1, 1, 1, 2, 2, 3};
  static const uint8_t wrong[][2] = {{0x00, 0x7F}, {0xFF, 0x80}, {0x00, 0x00}, {0xFF, 0xFF}};
  uint8_t longest[PSD_NONCE_MAX + 1] = {0x01};
  begin();
  for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
    CU_ASSERT_EQUAL(stamp(SERVICES_POSTMARK, true, (psd_piece){right[i], lengths[i]}), PSD_SW_OK);
    const services_bytes token = services_keep(&s);
    TS_TST_INFO *info = info_of(&token);
    uint8_t *der = NULL;
    CU_ASSERT_EQUAL(i2d_ASN1_INTEGER(TS_TST_INFO_get_nonce(info), &der), (int)lengths[i] + 2);
    CU_ASSERT_EQUAL(memcmp(der + 2, right[i], lengths[i]), 0);
    OPENSSL_free(der);
    TS_TST_INFO_free(info);
  }
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    refused(SERVICES_POSTMARK, (psd_piece){wrong[i], 2}, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(stamp(SERVICES_POSTMARK, true, (psd_piece){longest, PSD_NONCE_MAX}), PSD_SW_OK);
  refused(SERVICES_POSTMARK, (psd_piece){longest, PSD_NONCE_MAX + 1}, PSD_SW_WRONG_DATA);
  services_end(&s);
}

/* The longest of all: SHA-512, a long nonce, the highest numbers, RSA, a certificate as long as may be. */
static void longest(void) {
  uint8_t wide[PSD_DIGEST_MAX] = {0}, nonce[PSD_NONCE_MAX] = {0x7F}, grant[AUTHORITY_ANSWER_MAX];
  begin();
  CU_ASSERT_EQUAL_FATAL(authority_import(&s.a, 5, PSD_PURPOSE_POSTMARK, PSD_ALGORITHM_RSA2048), PSD_SW_OK);
  const authority_wish wish = {
      .slot = 5, .kept = true, .purpose = PSD_PURPOSE_POSTMARK, .algorithm = PSD_ALGORITHM_RSA2048};
  size_t padding = 0, length = 0;
  do { /* as long as the card takes it */
    CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &wish), PSD_SW_OK);
    padding += length == 0 ? 400 : PSD_GRANT_MAX - length;
    length = authority_answer(&s.a, &(authority_fault){.padding = (unsigned)padding}, grant);
  } while (length != PSD_GRANT_MAX && padding < AUTHORITY_ANSWER_MAX);
  CU_ASSERT_EQUAL_FATAL(authority_install(&s.a, 5, grant, length), PSD_SW_OK);
  psd_core core = s.r->card->core;
  core.services.postmarks = UINT64_MAX - 1;
  authority_core(&s.a, &core);
  CU_ASSERT_EQUAL(services_stamp(&s, 5, true, PSD_DIGEST_SHA512, wide, (psd_piece){nonce, sizeof nonce}), PSD_SW_OK);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_TRUE(look_holds(cms, NULL, s.a.certificate, s.r->seconds, NULL, 0));
  CMS_ContentInfo_free(cms);
  refused(SERVICES_POSTMARK, no_nonce, PSD_SW_CONDITIONS); /* no number is left */
  services_end(&s);
}

/* 308, 310, 312. */
static void funds_308(void) {
  begin();
  authority_funds(&s.a, SERVICES_STAMPING - 1);
  refused(SERVICES_POSTMARK, no_nonce, PSD_SW_CONDITIONS);
  authority_funds(&s.a, SERVICES_STAMPING);
  CU_ASSERT_EQUAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, 0);
  refused(SERVICES_POSTMARK, no_nonce, PSD_SW_CONDITIONS);
  services_end(&s);
}

static void repeated(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  const services_bytes first = services_keep(&s);
  const services_mark mark = services_look(&s);
  authority_wait(&s.a, 60); /* what was stamped is stamped: its time stays */
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, &first) && services_untouched(&s, &mark));
  services_end(&s);
}

/* The clock is the card's: an oscillator that goes back moves no postmark, and a card without a clock makes none. */
static void clocks(void) {
  begin();
  s.r->seconds += 1000;
  CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  check_info(1, "20260101001640Z", "1.3.6.1.4.1.32473.7816.3.1");
  s.r->seconds -= 900;
  CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  check_info(2, "20260101001640Z", "1.3.6.1.4.1.32473.7816.3.1");
  psd_card_reset(s.r->card);
  services_enter(&s);
  CU_ASSERT_EQUAL_FATAL(stamp(SERVICES_POSTMARK, true, no_nonce), PSD_SW_OK);
  check_info(3, "20260101001640Z", "1.3.6.1.4.1.32473.7816.3.1");
  psd_core core = s.r->card->core;
  core.clock = (psd_clock_state){0};
  authority_core(&s.a, &core);
  refused(SERVICES_POSTMARK, no_nonce, PSD_SW_CONDITIONS);
  services_end(&s);
}

static void slots(void) {
  begin();
  refused(0, no_nonce, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS + 1, no_nonce, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS, no_nonce, PSD_SW_REFERENCE_NOT_FOUND);
  refused(SERVICES_USER, no_nonce, PSD_SW_CONDITIONS);
  const authority_wish wish = {.slot = 5, .purpose = PSD_PURPOSE_POSTMARK};
  CU_ASSERT_EQUAL_FATAL(authority_ask(&s.a, &wish), PSD_SW_OK);
  refused(5, no_nonce, PSD_SW_CONDITIONS); /* asked for, and not paid for: 520 */
  services_end(&s);
}

/* Without a rate table in force there is no tariff, and no price. */
static void no_table(void) {
  begin();
  s.r->seconds += UINT64_C(31) * 86400;
  refused(SERVICES_POSTMARK, no_nonce, PSD_SW_REFERENCE_NOT_FOUND);
  services_end(&s);
}

static void parameters(void) {
  begin();
  uint8_t data[PSD_SIZE_POSTMARK_WISH + PSD_SHA256_SIZE + 1] = {1, 2, 3, 4, 5, 6, 7, 8, PSD_DIGEST_SHA256};
  const size_t whole = PSD_SIZE_POSTMARK_WISH + PSD_SHA256_SIZE;
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_POSTMARK, 2, 2, data, whole), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_POSTMARK, 2, 1, data, whole - 1), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_POSTMARK, 2, 1, data, whole + 1), PSD_SW_WRONG_DATA);
  data[9] = 2; /* a nonce of two bytes, of which one is there */
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_POSTMARK, 2, 1, data, whole + 1), PSD_SW_WRONG_DATA);
  data[8] = PSD_DIGEST_SHA512 + 1;
  CU_ASSERT_EQUAL(services_send(&s, PSD_COMMAND_POSTMARK, 2, 1, data, whole), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 3161: a token that OpenSSL finds right, P-256 and RSA, with and without certificate and nonce", stamps},
      {"306: time, number and tariff are the card's", assembled_306},
      {"304: every hash function, and what the card has worked out", functions},
      {"a nonce is an INTEGER", nonces},
      {"the longest token there is fits an answer", longest},
      {"308, 310: the registers have the price, or nothing happens", funds_308},
      {"the same command again: the same bytes, charged once", repeated},
      {"a clock that is moved back, or was never set", clocks},
      {"slots that are none, empty, of another purpose, not paid for", slots},
      {"no rate table in force", no_table},
      {"parameters and lengths", parameters},
  };
  return psd_check_run("POSTMARK", tests, PSD_CHECK_COUNT(tests));
}
