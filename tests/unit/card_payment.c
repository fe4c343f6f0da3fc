/* PAY (VM figure 9): the decision 904 both ways, the chain, and what nobody can make of it. */
#include "certificate/slot.h"
#include "check.h"
#include "services_look.h"

#include <openssl/sha.h>
#include <string.h>

static services s;
static services_bytes line;

static void begin(void) {
  services_begin(&s);
  line = services_make_credit(&s, &(services_credit){.number = 9001});
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
}

static uint16_t pay(uint64_t amount, uint64_t expiry, const char *payee) {
  return services_pay(&s, SERVICES_USER, amount, expiry, payee);
}

static void refused(uint64_t amount, uint64_t expiry, const char *payee, uint16_t status) {
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(pay(amount, expiry, payee), status);
  CU_ASSERT_TRUE(s.r->length == 0 && services_untouched(&s, &mark));
}

/* The payment in the last answer, and how it hangs on the one before. */
static void check_payment(uint64_t amount, uint64_t remaining, uint64_t sequence, const char *payee, uint64_t expiry,
                          const services_bytes *previous) {
  uint8_t credit[PSD_SHA256_SIZE], before[PSD_SHA256_SIZE];
  (void)SHA256(line.data, line.length, credit);
  (void)SHA256(previous->data, previous->length, before);
  CMS_ContentInfo *cms = look_cms(&s);
  CU_ASSERT_TRUE(look_holds(cms, NULL, s.creditor_certificate, s.r->seconds, NULL, 0));
  look_content content = look_open(cms, PSD_OID_PAYMENT);
  CU_ASSERT_EQUAL_FATAL(look_count(&content), 12);
  CU_ASSERT_TRUE(look_octets(&content, 4, credit, sizeof credit));
  CU_ASSERT_EQUAL(look_number(&content, 5), amount);
  CU_ASSERT_EQUAL(look_number(&content, 6), remaining);
  CU_ASSERT_TRUE(look_text(&content, 7, payee));
  CU_ASSERT_EQUAL(look_time(&content, 8), s.r->seconds);
  CU_ASSERT_EQUAL(look_time(&content, 9), expiry);
  CU_ASSERT_EQUAL(look_number(&content, 10), sequence);
  CU_ASSERT_TRUE(look_octets(&content, 11, before, sizeof before));
  look_close(&content);
  CMS_ContentInfo_free(cms);
}

static services_bytes read_payment(void) {
  CU_ASSERT_EQUAL_FATAL(authority_send(s.r, PSD_COMMAND_READ_CERTIFICATE, SERVICES_USER, PSD_READ_PAYMENT, NULL, 0),
                        PSD_SW_OK);
  return services_keep(&s);
}

/* 908, 910: the amount is subtracted, and each payment names the one before. */
static void chain_910(void) {
  begin();
  const uint64_t until = services_credit_state(&s, SERVICES_USER).until;
  services_bytes previous = read_payment();
  uint64_t remaining = SERVICES_LINE, funds = s.r->card->core.certificate.descending;
  for (uint64_t sequence = 1; sequence <= 3; sequence++) {
    uint64_t expiry = sequence == 2 ? s.r->seconds + 1 : 0;
    CU_ASSERT_EQUAL_FATAL(pay(1000 * sequence, expiry, "M\xC3\xBCller & Co"), PSD_SW_OK);
    remaining -= 1000 * sequence;
    funds -= SERVICES_PAYING;
    check_payment(1000 * sequence, remaining, sequence, "M\xC3\xBCller & Co", expiry != 0 ? expiry : until, &previous);
    previous = services_keep(&s);
    CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, funds);
    CU_ASSERT_EQUAL(services_credit_state(&s, SERVICES_USER).remaining, remaining);
    authority_wait(&s.a, 60);
  }
  services_end(&s);
}

/* 904: what remains suffices to the mill, or (906) nothing happens. */
static void credit_904(void) {
  begin();
  refused(SERVICES_LINE + 1, 0, "Merchant", PSD_SW_CONDITIONS);
  refused(UINT64_MAX, 0, "Merchant", PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(pay(SERVICES_LINE - 1, 0, "Merchant"), PSD_SW_OK);
  refused(2, 0, "Merchant", PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(pay(1, 0, "Merchant"), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_credit_state(&s, SERVICES_USER).remaining, 0);
  refused(1, 0, "Merchant", PSD_SW_CONDITIONS);
  services_end(&s);
}

/* The meter's own charge: without it there is no payment, whatever the line of credit has. */
static void funds_308(void) {
  begin();
  authority_funds(&s.a, SERVICES_PAYING - 1);
  refused(1, 0, "Merchant", PSD_SW_CONDITIONS);
  authority_funds(&s.a, SERVICES_PAYING);
  CU_ASSERT_EQUAL(pay(1, 0, "Merchant"), PSD_SW_OK);
  CU_ASSERT_EQUAL(s.r->card->core.certificate.descending, 0);
  services_end(&s);
}

/* Two payments from one state: the same command gives the same bytes, before and after power was lost; another command
 * takes the next number. No command takes a number twice. */
static void one_state(void) {
  begin();
  rig_copy before;
  rig_save(s.r, &before);
  CU_ASSERT_EQUAL_FATAL(pay(500, 0, "Merchant"), PSD_SW_OK);
  const services_bytes first = services_keep(&s);
  const services_mark mark = services_look(&s);
  for (int i = 0; i < 2; i++) {
    CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
    CU_ASSERT_TRUE(services_same(&s, &first) && services_untouched(&s, &mark));
  }
  psd_card_reset(s.r->card);
  services_enter(&s);
  CU_ASSERT_EQUAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_TRUE(services_same(&s, &first));
  const services_bytes kept = read_payment();
  CU_ASSERT_TRUE(kept.length == first.length && memcmp(kept.data, first.data, first.length) == 0);
  CU_ASSERT_EQUAL_FATAL(pay(500, 0, "Merchant"), PSD_SW_OK); /* another call */
  check_payment(500, SERVICES_LINE - 1000, 2, "Merchant", services_credit_state(&s, SERVICES_USER).until, &first);
  CU_ASSERT_EQUAL(services_credit_state(&s, SERVICES_USER).sequence, 2);
  rig_restore(s.r, &before); /* power was lost before anything was done: the number is still to be had */
  CU_ASSERT_EQUAL_FATAL(services_again(&s), PSD_SW_OK);
  CU_ASSERT_EQUAL(services_credit_state(&s, SERVICES_USER).sequence, 1);
  rig_forget(&before);
  services_end(&s);
}

/* Payee and expiry are the payer's to say, within limits. */
static void terms(void) {
  begin();
  const uint64_t now = s.r->seconds, until = services_credit_state(&s, SERVICES_USER).until;
  char payee[PSD_PAYEE_MAX + 2];
  memset(payee, 'm', sizeof payee);
  payee[PSD_PAYEE_MAX + 1] = '\0';
  refused(1, now, "Merchant", PSD_SW_WRONG_DATA);
  refused(1, until + 1, "Merchant", PSD_SW_WRONG_DATA);
  refused(1, UINT64_MAX, "Merchant", PSD_SW_WRONG_DATA);
  refused(0, 0, "Merchant", PSD_SW_WRONG_DATA);
  refused(1, 0, "", PSD_SW_WRONG_LENGTH);
  refused(1, 0, payee, PSD_SW_WRONG_LENGTH);
  refused(1, 0, "Mer\nchant", PSD_SW_WRONG_DATA);
  refused(1, 0, "Mer\xC3", PSD_SW_WRONG_DATA);
  payee[PSD_PAYEE_MAX] = '\0';
  CU_ASSERT_EQUAL(pay(1, now + 1, payee), PSD_SW_OK);
  CU_ASSERT_EQUAL(pay(1, until, "M"), PSD_SW_OK);
  services_end(&s);
}

/* The line of credit is over, or not yet begun. */
static void line_validity(void) {
  begin();
  const int64_t quarter = INT64_C(90) * 86400;
  line = services_make_credit(&s, &(services_credit){.number = 9002, .until = 60 - quarter});
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  authority_wait(&s.a, 59);
  CU_ASSERT_EQUAL(pay(1, 0, "Merchant"), PSD_SW_OK);
  authority_wait(&s.a, 1);
  refused(1, 0, "Merchant", PSD_SW_WRONG_DATA); /* it can be settled no more */
  authority_wait(&s.a, 1);
  refused(1, 0, "Merchant", PSD_SW_CONDITIONS);
  services_end(&s);
}

/* A slot without a line of credit, of another purpose, revoked. */
static void slots(void) {
  begin();
  services_add_rsa(&s);
  const services_mark mark = services_look(&s);
  CU_ASSERT_EQUAL(services_pay(&s, SERVICES_RSA_USER, 1, 0, "Merchant"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(services_pay(&s, SERVICES_POSTMARK, 1, 0, "Merchant"), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(services_pay(&s, PSD_USER_SLOTS, 1, 0, "Merchant"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(services_pay(&s, 0, 1, 0, "Merchant"), PSD_SW_WRONG_P1P2);
  CU_ASSERT_TRUE(services_untouched(&s, &mark));
  const services_command wanted = {.certificate = services_slot(&s, SERVICES_USER).certificate};
  const services_bytes command = services_make_command(&s, &wanted);
  CU_ASSERT_EQUAL_FATAL(services_revoke(&s, services_piece(&command)), PSD_SW_OK);
  refused(1, 0, "Merchant", PSD_SW_CONDITIONS);
  services_end(&s);
}

/* While a payment is due for a revocation, none is made from a line of credit either. */
static void due(void) {
  begin();
  psd_core core = s.r->card->core;
  core.services.due = 1;
  authority_core(&s.a, &core);
  refused(1, 0, "Merchant", PSD_SW_CONDITIONS);
  services_end(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"908, 910: each payment names the one before", chain_910},
      {"904, 906: what remains suffices, or nothing happens", credit_904},
      {"the meter's own charge", funds_308},
      {"two payments from one state", one_state},
      {"payee, expiry and amount", terms},
      {"a line of credit that is over", line_validity},
      {"a slot that cannot pay", slots},
      {"nothing is paid while a payment is due", due},
  };
  return psd_check_run("PAY", tests, PSD_CHECK_COUNT(tests));
}
