/* INITIALIZE WITHDRAWAL, COMPLETE WITHDRAWAL: the card debits first; a final one ends the service (docs/funds.md). And
 * the register groups as each mode has them. */
#include "check.h"
#include "provider.h"

#include <string.h>

#define LOAD PSD_COMMAND_INITIALIZE_LOAD
#define WITHDRAW PSD_COMMAND_INITIALIZE_WITHDRAWAL
#define COMPLETE PSD_COMMAND_COMPLETE_WITHDRAWAL
#define POSTAGE PSD_GROUP_POSTAGE
#define CERTIFICATE PSD_GROUP_CERTIFICATE

static rig r;
static meter m;

static void begin(void) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
}

static void begin_as(uint64_t mode, psd_registers postage, psd_registers certificate) {
  begin();
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = mode, .credit_limit = mode == PSD_FUNDS_ACCOUNT ? 100000 : 0};
  core.postage = postage;
  core.certificate = certificate;
  provider_core(&m, &core);
}

static void end(void) {
  meter_bench_end(&m);
}

static psd_registers group_of(uint64_t ascending, uint64_t descending) {
  return (psd_registers){
      .ascending = ascending, .descending = descending, .control_total = ascending + descending, .piece_count = 3};
}

static bool group_is(const psd_registers *registers, uint64_t ascending, uint64_t descending) {
  const psd_registers wanted = group_of(ascending, descending);
  return registers->ascending == wanted.ascending && registers->descending == wanted.descending &&
         registers->control_total == wanted.control_total;
}

/* Refused, and nothing is changed. */
static void refused(psd_command_id id, psd_group group, uint64_t amount, bool final, uint16_t status) {
  const provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_start(&m, id, group, amount, final), status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
}

static psd_funds_authorization withdrawn(psd_group group, uint64_t amount, bool final) {
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, WITHDRAW, group, amount, final), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  CU_ASSERT(request.operation == PSD_OPERATION_WITHDRAWING && request.group == group && request.final == final);
  CU_ASSERT_EQUAL(request.amount, amount);
  return provider_authorization(&m, &request);
}

static psd_funds_receipt completed(const psd_funds_authorization *authorization) {
  CU_ASSERT_EQUAL_FATAL(provider_finish(&m, COMPLETE, authorization), PSD_SW_OK);
  const psd_funds_receipt receipt = provider_receipt(&m);
  CU_ASSERT(receipt.operation == PSD_OPERATION_WITHDRAWN && receipt.sequence == authorization->sequence);
  return receipt;
}

static void a_withdrawal(void) {
  begin();
  const psd_funds_authorization authorization = withdrawn(POSTAGE, 4000, false);
  CU_ASSERT(authorization.sequence == 1 && authorization.control_total == 6000);
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 5000)); /* debited, before anybody answered */
  psd_log_record logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_WITHDRAWN && logged.amount == 4000 && logged.descending == 5000);
  refused(LOAD, POSTAGE, 1000, false, PSD_SW_CONDITIONS);     /* one at a time */
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_CONDITIONS); /* and no way back */
  const psd_funds_receipt receipt = completed(&authorization);
  CU_ASSERT(receipt.amount == 4000 && receipt.ascending == 1000 && receipt.descending == 5000);
  CU_ASSERT(receipt.control_total == 6000 && receipt.group == POSTAGE);
  logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_ACKNOWLEDGED && logged.amount == 4000 && logged.descending == 5000);
  psd_card_reset(r.card);
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 5000));
  CU_ASSERT_EQUAL(r.card->core.operation.operation, PSD_OPERATION_WITHDRAWN);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  end();
}

static void amounts_have_edges(void) {
  begin();
  refused(WITHDRAW, POSTAGE, 0, false, PSD_SW_WRONG_DATA);
  refused(WITHDRAW, POSTAGE, 9001, false, PSD_SW_WRONG_DATA);
  refused(WITHDRAW, POSTAGE, UINT64_MAX, false, PSD_SW_WRONG_DATA);
  psd_funds_authorization authorization = withdrawn(POSTAGE, 1, false); /* below the least refill: no matter */
  completed(&authorization);
  authorization = withdrawn(POSTAGE, 8999, false);
  CU_ASSERT_EQUAL(authorization.sequence, 2);
  completed(&authorization);
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 0));
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  refused(WITHDRAW, POSTAGE, 1, false, PSD_SW_WRONG_DATA);
  uint8_t start[PSD_SIZE_FUNDS_START] = {0};
  start[7] = 1;
  start[8] = 2; /* neither final nor not */
  CU_ASSERT_EQUAL(provider_send(&m, WITHDRAW, 0, start, sizeof start), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(provider_send(&m, LOAD, 0, start, sizeof start), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(provider_send(&m, WITHDRAW, 0, start, sizeof start - 1), PSD_SW_WRONG_LENGTH);
  end();
}

static void same_again(psd_command_id id, const void *data, size_t length) {
  static uint8_t first[PSD_FUNDS_REQUEST_MAX];
  size_t first_length = r.length;
  CU_ASSERT_FATAL(first_length > 0 && first_length <= sizeof first);
  memcpy(first, r.response, first_length);
  r.seconds += 100;
  const provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_send(&m, id, 0, data, length), PSD_SW_OK);
  CU_ASSERT(r.length == first_length && memcmp(r.response, first, first_length) == 0);
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_OK);
  CU_ASSERT(r.length == first_length && memcmp(r.response, first, first_length) == 0);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
}

static void repetitions(void) {
  uint8_t start[PSD_SIZE_FUNDS_START] = {0};
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  begin();
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, WITHDRAW, POSTAGE, 4000, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  same_again(WITHDRAW, start, sizeof start);
  const psd_funds_authorization authorization = provider_authorization(&m, &request);
  provider_authenticate(&m, &authorization, authorized);
  CU_ASSERT_EQUAL(provider_send(&m, COMPLETE, 0, authorized, sizeof authorized), PSD_SW_OK);
  same_again(COMPLETE, authorized, sizeof authorized);
  r.seconds += 86400;
  same_again(COMPLETE, authorized, sizeof authorized);
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 5000));
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, POSTAGE, 1000, false), PSD_SW_OK);
  refused(WITHDRAW, POSTAGE, 1000, false, PSD_SW_CONDITIONS); /* a refill is not finished */
  CU_ASSERT_EQUAL(provider_send(&m, COMPLETE, 0, authorized, sizeof authorized), PSD_SW_CONDITIONS);
  end();
}

static void a_final_one_takes_everything(void) {
  begin_as(PSD_FUNDS_SEPARATE, group_of(1000, 9000), group_of(10, 20));
  refused(WITHDRAW, POSTAGE, 9000, true, PSD_SW_CONDITIONS); /* something is left in the other group */
  psd_funds_authorization authorization = withdrawn(CERTIFICATE, 20, false);
  completed(&authorization);
  refused(WITHDRAW, POSTAGE, 8999, true, PSD_SW_CONDITIONS);
  refused(WITHDRAW, POSTAGE, 9001, true, PSD_SW_CONDITIONS);
  refused(WITHDRAW, POSTAGE, 0, true, PSD_SW_CONDITIONS);
  authorization = withdrawn(POSTAGE, 9000, true);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  completed(&authorization);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  const psd_log_record logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_STATE_CHANGED && logged.state == PSD_STATE_WITHDRAWN && logged.amount == 9000);
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 0)); /* what was used stays to be seen */
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  provider_authenticate(&m, &authorization, authorized);
  CU_ASSERT_EQUAL(provider_send(&m, COMPLETE, 0, authorized, sizeof authorized), PSD_SW_OK);
  same_again(COMPLETE, authorized, sizeof authorized);
  refused(LOAD, POSTAGE, 1000, false, PSD_SW_CONDITIONS);
  refused(WITHDRAW, POSTAGE, 0, true, PSD_SW_CONDITIONS);
  end();
}

static void a_final_one_of_nothing(void) {
  begin_as(PSD_FUNDS_MERGED, group_of(1000, 0), group_of(0, 0));
  const psd_funds_authorization authorization = withdrawn(POSTAGE, 0, true);
  CU_ASSERT_EQUAL(authorization.control_total, 1000);
  completed(&authorization);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  end();
}

static void separate_groups(void) {
  begin_as(PSD_FUNDS_SEPARATE, group_of(1000, 9000), group_of(10, 20));
  refused(LOAD, (psd_group)2, 1000, false, PSD_SW_WRONG_P1P2);
  refused(WITHDRAW, (psd_group)255, 1000, false, PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, LOAD, CERTIFICATE, 5000, false), PSD_SW_OK);
  psd_funds_request request = provider_request(&m);
  CU_ASSERT(request.group == CERTIFICATE && request.ascending == 10 && request.descending == 20);
  CU_ASSERT(request.control_total == 30 && request.piece_count == 3);
  psd_funds_authorization authorization = provider_authorization(&m, &request);
  CU_ASSERT_EQUAL(provider_finish(&m, PSD_COMMAND_CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT_TRUE(group_is(&r.card->core.certificate, 10, 5020));
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 9000));
  psd_log_record logged = provider_newest(&m); /* with the registers of its group */
  CU_ASSERT(logged.event == PSD_EVENT_LOADED && logged.detail == CERTIFICATE && logged.ascending == 10);
  CU_ASSERT_EQUAL(logged.descending, 5020);
  authorization = withdrawn(CERTIFICATE, 5019, false);
  completed(&authorization);
  CU_ASSERT_TRUE(group_is(&r.card->core.certificate, 10, 1));
  CU_ASSERT_TRUE(group_is(&r.card->core.postage, 1000, 9000));
  end();
}

static void merged_groups(void) {
  begin_as(PSD_FUNDS_MERGED, group_of(1000, 9000), group_of(0, 0));
  refused(LOAD, CERTIFICATE, 1000, false, PSD_SW_WRONG_P1P2);
  refused(WITHDRAW, CERTIFICATE, 0, true, PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, POSTAGE, 1000, false), PSD_SW_OK);
  end();
}

/* No funds go in or come out; the service ends as any other's. */
static void current_account(void) {
  const psd_registers postage = {.ascending = 700}, certificate = {.ascending = 300};
  begin_as(PSD_FUNDS_ACCOUNT, postage, certificate);
  CU_ASSERT_EQUAL(m.audit.credit_limit, 100000);
  for (psd_group group = POSTAGE; group <= CERTIFICATE; group++) {
    refused(LOAD, group, 1000, false, PSD_SW_CONDITIONS);
    refused(WITHDRAW, group, 0, false, PSD_SW_CONDITIONS);
    refused(WITHDRAW, group, 1, false, PSD_SW_CONDITIONS);
    refused(WITHDRAW, group, 1, true, PSD_SW_CONDITIONS);
    refused(LOAD, group, 0, true, PSD_SW_WRONG_DATA);
  }
  refused(LOAD, (psd_group)2, 1000, false, PSD_SW_WRONG_P1P2);
  psd_funds_authorization authorization = withdrawn(POSTAGE, 0, true);
  CU_ASSERT_EQUAL(authorization.control_total, 0);
  const psd_funds_receipt receipt = completed(&authorization);
  CU_ASSERT(receipt.ascending == 700 && receipt.descending == 0 && receipt.control_total == 0);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  CU_ASSERT(r.card->core.postage.ascending == 700 && r.card->core.certificate.ascending == 300);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a withdrawal, step by step", a_withdrawal},
      {"amounts, and one beyond each", amounts_have_edges},
      {"a repetition is answered with the same bytes", repetitions},
      {"a final withdrawal takes everything, and ends the service", a_final_one_takes_everything},
      {"it may be of nothing", a_final_one_of_nothing},
      {"separate groups have their own funds", separate_groups},
      {"merged groups have one", merged_groups},
      {"a current account has none, and ends all the same", current_account},
  };
  return psd_check_run("funds: withdrawal", tests, PSD_CHECK_COUNT(tests));
}
