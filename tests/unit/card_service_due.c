/* A payment due for a revocation (VM 620) is collected with the next funds: CREDIT, and a higher credit limit. */
#include "check.h"
#include "provider.h"

#include <string.h>

#define LOAD PSD_COMMAND_INITIALIZE_LOAD

static rig r;
static meter m;

static void enter(psd_funds funds, psd_registers postage, psd_registers certificate, uint64_t due) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.funds = funds;
  core.postage = postage;
  core.certificate = certificate;
  core.services.due = due;
  provider_core(&m, &core);
}

static void end(void) {
  meter_bench_end(&m);
}

static psd_registers group_of(uint64_t ascending, uint64_t descending) {
  return (psd_registers){.ascending = ascending, .descending = descending, .control_total = ascending + descending};
}

static psd_funds_authorization authorized(psd_group group, uint64_t amount) {
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, LOAD, group, amount, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  return provider_authorization(&m, &request);
}

static psd_funds_receipt credited(psd_group group, uint64_t amount) {
  const psd_funds_authorization authorization = authorized(group, amount);
  CU_ASSERT_EQUAL_FATAL(provider_finish(&m, PSD_COMMAND_CREDIT, &authorization), PSD_SW_OK);
  return provider_receipt(&m);
}

static psd_log_record record(unsigned back) {
  psd_log_record found = {0};
  uint8_t bytes[PSD_SIZE_LOG_RECORD];
  size_t length = 0;
  uint16_t number = (uint16_t)(PSD_RECORD_LOG + (r.card->core.log.count - 1 - back) % PSD_LOG_RECORDS);
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r.card->store, number, bytes, sizeof bytes, &length), PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(bytes, length, PSD_MESSAGE_LOG_RECORD, &found));
  return found;
}

/* The receipt tells the registers as they are then; the control total is that of the refill. */
static void a_refill_pays(void) {
  enter((psd_funds){0}, group_of(0, 0), group_of(50, 0), 300);
  const psd_funds_receipt receipt = credited(PSD_GROUP_CERTIFICATE, 1000);
  CU_ASSERT(receipt.ascending == 350 && receipt.descending == 700 && receipt.control_total == 1050);
  psd_log_record loaded = record(1), paid = record(0);
  CU_ASSERT(loaded.event == PSD_EVENT_LOADED && loaded.amount == 1000 && loaded.descending == 1000);
  CU_ASSERT(paid.event == PSD_EVENT_DUE_PAID && paid.amount == 300 && paid.descending == 700 && paid.ascending == 350);
  CU_ASSERT_EQUAL(paid.detail, PSD_GROUP_CERTIFICATE);
  psd_card_reset(r.card);
  CU_ASSERT(r.card->core.services.due == 0 && r.card->core.certificate.descending == 700);
  end();
}

static void a_refill_pays_in_part(void) {
  enter((psd_funds){0}, group_of(0, 0), group_of(0, 0), 2500);
  CU_ASSERT_EQUAL(credited(PSD_GROUP_CERTIFICATE, 1000).descending, 0);
  CU_ASSERT(r.card->core.services.due == 1500 && record(0).amount == 1000);
  CU_ASSERT_EQUAL(credited(PSD_GROUP_CERTIFICATE, 2000).descending, 500);
  CU_ASSERT(r.card->core.services.due == 0 && record(0).amount == 1500);
  CU_ASSERT_EQUAL(credited(PSD_GROUP_CERTIFICATE, 1000).descending, 1500);
  CU_ASSERT_EQUAL(record(0).event, PSD_EVENT_LOADED); /* nothing is due any more */
  end();
}

static void the_other_group_does_not(void) {
  enter((psd_funds){0}, group_of(0, 0), group_of(0, 0), 300);
  CU_ASSERT_EQUAL(credited(PSD_GROUP_POSTAGE, 1000).descending, 1000);
  CU_ASSERT(r.card->core.services.due == 300 && record(0).event == PSD_EVENT_LOADED);
  end();
}

static void merged(void) {
  enter((psd_funds){.mode = PSD_FUNDS_MERGED}, group_of(10, 0), (psd_registers){0}, 300);
  CU_ASSERT_EQUAL(credited(PSD_GROUP_POSTAGE, 1000).descending, 700);
  CU_ASSERT(r.card->core.services.due == 0 && record(0).detail == PSD_GROUP_POSTAGE);
  end();
}

static void a_repetition_collects_once(void) {
  uint8_t receipt[PSD_CARD_DATA_MAX];
  enter((psd_funds){0}, group_of(0, 0), group_of(0, 0), 1500);
  const psd_funds_authorization authorization = authorized(PSD_GROUP_CERTIFICATE, 1000);
  CU_ASSERT_EQUAL_FATAL(provider_finish(&m, PSD_COMMAND_CREDIT, &authorization), PSD_SW_OK);
  size_t length = r.length;
  memcpy(receipt, r.response, length);
  provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_finish(&m, PSD_COMMAND_CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT(r.length == length && memcmp(receipt, r.response, length) == 0);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  CU_ASSERT_EQUAL(r.card->core.services.due, 500);
  end();
}

static uint16_t credit_limit(uint32_t number, uint64_t limit) {
  uint8_t content[PSD_SIZE_CREDIT_LINE];
  const psd_credit_line line = {.credit_limit = limit};
  psd_buffer out = psd_buffer_over(content, sizeof content);
  psd_put_message(&out, PSD_MESSAGE_CREDIT_LINE, &line);
  return provider_order(&m, PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, number, content, sizeof content);
}

static void a_higher_credit_limit_pays(void) {
  const psd_funds funds = {.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 1000};
  const psd_registers postage = {.ascending = 600}, certificate = {.ascending = 400};
  enter(funds, postage, certificate, 300);
  CU_ASSERT_EQUAL(credit_limit(1, 1100), PSD_SW_OK);
  CU_ASSERT(r.card->core.services.due == 200 && r.card->core.certificate.ascending == 500);
  CU_ASSERT(record(1).event == PSD_EVENT_OBJECT_WRITTEN && record(0).event == PSD_EVENT_DUE_PAID);
  CU_ASSERT_EQUAL(record(0).amount, 100);
  CU_ASSERT_EQUAL(credit_limit(2, 5000), PSD_SW_OK);
  CU_ASSERT(r.card->core.services.due == 0 && r.card->core.certificate.ascending == 700);
  CU_ASSERT_EQUAL(credit_limit(2, 5000), PSD_SW_OK); /* the very order once more */
  CU_ASSERT(r.card->core.certificate.ascending == 700 && r.card->core.funds.credit_limit == 5000);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill pays what is due, in the same commit", a_refill_pays},
      {"a refill too small pays in part", a_refill_pays_in_part},
      {"separate: a refill of postage pays nothing", the_other_group_does_not},
      {"merged: a refill of postage pays", merged},
      {"the same authorization once more collects nothing more", a_repetition_collects_once},
      {"current account: a higher credit limit pays", a_higher_credit_limit_pays},
  };
  return psd_check_run("payment due", tests, PSD_CHECK_COUNT(tests));
}
