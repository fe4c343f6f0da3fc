/* ACCEPT CREDIT (VM 810, 812; docs/certificates.md, "Figures 7, 8 and 9"). */
#include "certificate/slot.h"
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

static services s;

static X509 *x509_of(const services_bytes *der) {
  const uint8_t *at = der->data;
  X509 *certificate = d2i_X509(NULL, &at, (long)der->length);
  CU_ASSERT_FATAL(certificate != NULL && at == der->data + der->length);
  return certificate;
}

static void refused(uint8_t slot, const services_bytes *certificate, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_accept(&s, slot, services_piece(certificate)), status);
  CU_ASSERT_TRUE(s.r->length == 0 && services_untouched(&s, &mark));
}

static void refused_with(services_credit wanted, uint16_t status) {
  const services_bytes certificate = services_make_credit(&s, &wanted);
  refused(wanted.slot != 0 ? wanted.slot : SERVICES_USER, &certificate, status);
}

/* 812: amount 0, the whole line remains, sequence 0, and nothing before it. */
static void check_first(const services_bytes *line, uint8_t slot) {
  static const uint8_t zeroes[PSD_SHA256_SIZE];
  uint8_t hash[PSD_SHA256_SIZE];
  (void)SHA256(line->data, line->length, hash);
  X509 *certificate = x509_of(line);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_TRUE(look_holds(cms, NULL, s.creditor_certificate, s.r->seconds, NULL, 0));
  look_content content = look_open(cms, PSD_OID_PAYMENT);
  CU_ASSERT_EQUAL_FATAL(look_count(&content), 12);
  CU_ASSERT_EQUAL(look_number(&content, 0), 1);
  CU_ASSERT_TRUE(look_name(&content, 1, X509_get_subject_name(certificate)));
  CU_ASSERT_EQUAL(look_number(&content, 2), services_slot(&s, slot).certificate);
  CU_ASSERT_TRUE(look_octets(&content, 3, "PSD1\x00\xC0\xFF\xEE", PSD_SIZE_DEVICE_ID));
  CU_ASSERT_TRUE(look_octets(&content, 4, hash, sizeof hash));
  CU_ASSERT_EQUAL(look_number(&content, 5), 0);
  CU_ASSERT_EQUAL(look_number(&content, 6), SERVICES_LINE);
  CU_ASSERT_TRUE(look_text(&content, 7, ""));
  CU_ASSERT_EQUAL(look_time(&content, 8), s.r->seconds);
  CU_ASSERT_EQUAL(look_time(&content, 9), services_credit_state(&s, slot).until);
  CU_ASSERT_EQUAL(look_number(&content, 10), 0);
  CU_ASSERT_TRUE(look_octets(&content, 11, zeroes, sizeof zeroes));
  look_close(&content);
  CMS_ContentInfo_free(cms);
  X509_free(certificate);
}

static void check_state(const services_bytes *line, uint8_t slot, const services_bytes *first) {
  uint8_t hash[PSD_SHA256_SIZE];
  const psd_credit_state state = services_credit_state(&s, slot);
  (void)SHA256(line->data, line->length, hash);
  CU_ASSERT_TRUE(state.slot == slot && state.amount == SERVICES_LINE && state.remaining == SERVICES_LINE);
  CU_ASSERT_TRUE(state.sequence == 0 && memcmp(state.hash, hash, sizeof hash) == 0);
  (void)SHA256(first->data, first->length, hash);
  CU_ASSERT_EQUAL(memcmp(state.previous, hash, sizeof hash), 0);
  CU_ASSERT_EQUAL_FATAL(authority_send(s.r, PSD_COMMAND_READ_CERTIFICATE, slot, PSD_READ_PAYMENT, NULL, 0), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, first));
  CU_ASSERT_EQUAL_FATAL(authority_send(s.r, PSD_COMMAND_READ_CERTIFICATE, slot, PSD_READ_CREDIT, NULL, 0), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, line));
}

static void accepted_812(void) {
  services_begin(&s);
  services_add_rsa(&s);
  for (uint8_t slot = SERVICES_USER; slot <= SERVICES_RSA_USER; slot += SERVICES_RSA_USER - SERVICES_USER) {
    const psd_core before = s.r->card->core;
    const services_bytes line = services_make_credit(&s, &(services_credit){.slot = slot});
    CU_ASSERT_EQUAL_FATAL(services_accept(&s, slot, services_piece(&line)), PSD_SW_OK);
    const services_bytes first = services_keep(&s);
    check_first(&line, slot);
    check_state(&line, slot, &first);
    CU_ASSERT_EQUAL(s.r->card->core.log.count, before.log.count + 1);
    psd_core expected = before;
    expected.log = s.r->card->core.log;
    CU_ASSERT_TRUE(services_core_is(&s, &expected)); /* free */
  }
  services_end(&s);
}

/* 810: for this key, this device, this certificate, valid today, and a line of credit at all. */
static void fitting_810(void) {
  services_begin(&s);
  EVP_PKEY *other = EVP_EC_gen("P-256");
  const int64_t quarter = INT64_C(90) * 86400;
  refused_with((services_credit){.subject = other}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.serial = 1}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.certificate = 1}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.no_line = true}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.from = 86400 + 1}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.until = -quarter - 1}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.number = UINT64_C(1) << 32}, PSD_SW_WRONG_DATA);
  refused_with((services_credit){.padding = 900}, PSD_SW_WRONG_DATA); /* longer than the card keeps */
  services_bytes line = services_make_credit(&s, &(services_credit){.from = 86400, .until = -quarter});
  refused(SERVICES_POSTMARK, &line, PSD_SW_CONDITIONS);
  refused(0, &line, PSD_SW_WRONG_P1P2);
  refused(PSD_USER_SLOTS, &line, PSD_SW_REFERENCE_NOT_FOUND);
  line.data[line.length++] = 0;
  refused(SERVICES_USER, &line, PSD_SW_WRONG_DATA);
  line.length--;
  CU_ASSERT_EQUAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK); /* to the second */
  EVP_PKEY_free(other);
  services_end(&s);
}

/* Whoever has signed it: that is for those to look at who are paid. */
static void whoever_signed(void) {
  services_begin(&s);
  services_bytes line = services_make_credit(&s, &(services_credit){.number = 9000});
  line.data[line.length - 1] ^= 1;
  CU_ASSERT_EQUAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  services_end(&s);
}

/* A newer certificate takes the place of the one there is; an older one does not, nor another of the same number. */
static void newer(void) {
  services_begin(&s);
  const services_bytes first = services_make_credit(&s, &(services_credit){.number = 9001});
  const services_bytes same = services_make_credit(&s, &(services_credit){.number = 9001, .amount = 5});
  const services_bytes older = services_make_credit(&s, &(services_credit){.number = 9000});
  const services_bytes next = services_make_credit(&s, &(services_credit){.number = 9002, .amount = 7000});
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&first)), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(services_pay(&s, SERVICES_USER, 100, 0, "Merchant"), PSD_SW_OK);
  refused(SERVICES_USER, &same, PSD_SW_CONDITIONS);
  refused(SERVICES_USER, &older, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&next)), PSD_SW_OK);
  const psd_credit_state state = services_credit_state(&s, SERVICES_USER);
  CU_ASSERT_TRUE(state.certificate == 9002 && state.remaining == 7000 && state.sequence == 0);
  refused(SERVICES_USER, &first, PSD_SW_CONDITIONS);
  services_end(&s);
}

/* The same certificate again gives back nothing that was spent. */
static void again(void) {
  services_begin(&s);
  const services_bytes line = services_make_credit(&s, &(services_credit){.number = 9001});
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  const services_bytes first = services_keep(&s);
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK); /* another call */
  CU_ASSERT_TRUE(services_same(&s, &first) && services_untouched(&s, &mark));
  CU_ASSERT_EQUAL_FATAL(services_pay(&s, SERVICES_USER, 100, 0, "Merchant"), PSD_SW_OK);
  refused(SERVICES_USER, &line, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(services_credit_state(&s, SERVICES_USER).remaining, SERVICES_LINE - 100);
  services_end(&s);
}

/* True if it was taken; then the longest payment can be made from it. */
static bool payable(uint8_t slot, services_credit wanted) {
  char payee[PSD_PAYEE_MAX + 1];
  memset(payee, 'm', PSD_PAYEE_MAX);
  payee[PSD_PAYEE_MAX] = '\0';
  wanted.slot = slot;
  wanted.amount = UINT64_MAX;
  const services_bytes line = services_make_credit(&s, &wanted);
  uint16_t status = services_accept(&s, slot, services_piece(&line));
  if (status == PSD_SW_OK) {
    CU_ASSERT_EQUAL(services_pay(&s, slot, UINT64_MAX / 2, 0, payee), PSD_SW_OK);
  } else {
    CU_ASSERT(status == PSD_SW_NO_SPACE || status == PSD_SW_WRONG_DATA);
  }
  return status == PSD_SW_OK;
}

/* A line of credit with which no payment would fit an answer is not taken; what is taken can be paid from. */
static void longest(void) {
  unsigned taken = 0, tried = 0;
  services_begin(&s);
  services_add_rsa(&s);
  for (unsigned padding = 3; padding < 650; padding += 23, tried++)
    taken += payable(SERVICES_RSA_USER, (services_credit){.padding = padding});
  CU_ASSERT(taken > 0 && taken < tried);
  services_end(&s);
}

/* The same of one whose holder has a long name, which every payment repeats. */
static void longest_name(void) {
  unsigned taken = 0, tried = 0;
  services_begin(&s);
  for (unsigned name = 200; name < 500; name += 9, tried++)
    taken += payable(SERVICES_USER, (services_credit){.name = name});
  CU_ASSERT(taken > 0 && taken < tried);
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"812: the first payment certificate, P-256 and RSA", accepted_812},
      {"810: what a line of credit must be", fitting_810},
      {"the signature under it is not looked at", whoever_signed},
      {"a newer one takes its place", newer},
      {"the same one again", again},
      {"one that is too long to be paid from", longest},
      {"a holder whose name is", longest_name},
  };
  return psd_check_run("ACCEPT CREDIT", tests, PSD_CHECK_COUNT(tests));
}
