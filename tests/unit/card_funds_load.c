/* INITIALIZE LOAD, CREDIT, CANCEL LOAD: a refill as it goes, its limits, its repetitions and its end (docs/funds.md).
 */
#include "check.h"
#include "provider.h"

#include <string.h>

#define LOAD PSD_COMMAND_INITIALIZE_LOAD
#define CREDIT PSD_COMMAND_CREDIT
#define POSTAGE PSD_GROUP_POSTAGE

static rig r;
static meter m;

static void begin(void) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
}

static void end(void) {
  meter_bench_end(&m);
}

/* Refused, and nothing is changed. */
static void refused(psd_group group, uint64_t amount, bool final, uint16_t status) {
  provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, group, amount, final), status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
}

static psd_funds_request started(uint64_t amount) {
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, LOAD, POSTAGE, amount, false), PSD_SW_OK);
  return provider_request(&m);
}

static psd_funds_receipt credited(const psd_funds_request *request) {
  const psd_funds_authorization authorization = provider_authorization(&m, request);
  CU_ASSERT_EQUAL_FATAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK);
  return provider_receipt(&m);
}

static bool registers_are(const psd_registers *registers, uint64_t ascending, uint64_t descending) {
  return registers->ascending == ascending && registers->descending == descending &&
         registers->control_total == ascending + descending;
}

static void operation_is(psd_operation_state state, uint64_t sequence, uint64_t amount) {
  psd_operation operation = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF3F00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_OPERATION, &operation));
  CU_ASSERT(operation.operation == state && operation.sequence == sequence && operation.amount == amount);
}

static void request_tells(const psd_funds_request *request) {
  CU_ASSERT(request->operation == PSD_OPERATION_LOADING && request->group == 0 && request->final == 0);
  CU_ASSERT(memcmp(request->vendor, "PB", 2) == 0 && memcmp(request->model, "S1", 2) == 0);
  CU_ASSERT(request->serial == RIG_SERIAL && request->sequence == 1 && request->amount == 5000);
  CU_ASSERT(request->ascending == 1000 && request->descending == 9000 && request->control_total == 10000);
  CU_ASSERT(request->piece_count == 2 && request->time == RIG_TIME + 5);
  CU_ASSERT_EQUAL(memcmp(request->nonce, "nonce of server", sizeof request->nonce), 0);
}

static void a_refill(void) {
  begin();
  operation_is(PSD_OPERATION_NONE, 0, 0);
  r.seconds += 5;
  const psd_funds_request request = started(5000);
  request_tells(&request);
  psd_log_record logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_LOAD_STARTED && logged.amount == 5000 && logged.descending == 9000);
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 9000));
  operation_is(PSD_OPERATION_LOADING, 1, 5000);
  r.seconds += 7;
  const psd_funds_receipt receipt = credited(&request);
  CU_ASSERT(receipt.operation == PSD_OPERATION_LOADED && receipt.group == 0 && receipt.serial == RIG_SERIAL);
  CU_ASSERT(receipt.sequence == 1 && receipt.amount == 5000 && receipt.piece_count == 2);
  CU_ASSERT(receipt.ascending == 1000 && receipt.descending == 14000 && receipt.control_total == 15000);
  CU_ASSERT_EQUAL(receipt.time, RIG_TIME + 12);
  logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_LOADED && logged.amount == 5000 && logged.descending == 14000);
  psd_card_reset(r.card); /* it is durable */
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 14000));
  CU_ASSERT(r.card->core.refill.sequence == 1 && r.card->core.refill.amount == 5000);
  CU_ASSERT_EQUAL(r.card->core.watchdog.inspected, RIG_TIME + 12);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  operation_is(PSD_OPERATION_LOADED, 1, 5000);
  end();
}

static void audits_tell_it(void) {
  begin();
  psd_core core = r.card->core;
  core.order.number = 77;
  provider_core(&m, &core);
  CU_ASSERT(m.audit.spec == 2 && m.audit.operation == PSD_OPERATION_NONE && m.audit.sequence == 0);
  started(5000);
  meter_open(&m, PSD_SUITE_P256);
  CU_ASSERT(m.audit.operation == PSD_OPERATION_LOADING && m.audit.group == 0 && m.audit.sequence == 1);
  CU_ASSERT(m.audit.operation_amount == 5000 && m.audit.refill == 0 && m.audit.credit_limit == 0);
  CU_ASSERT_EQUAL(m.audit.orders, 77);
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, LOAD, POSTAGE, 1, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  credited(&request);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT(m.audit.operation == PSD_OPERATION_LOADED && m.audit.refill == 1 && m.audit.refill_amount == 5000);
  CU_ASSERT_EQUAL(m.audit.control_total, 15000);
  end();
}

/* Minimum 1000, maximum 500000 a refill; 9000 are there of at most 1000000. */
static void limits_have_edges(void) {
  begin();
  refused(POSTAGE, 0, false, PSD_SW_WRONG_DATA);
  refused(POSTAGE, 999, false, PSD_SW_WRONG_DATA);
  refused(POSTAGE, 500001, false, PSD_SW_WRONG_DATA);
  refused(POSTAGE, UINT64_MAX, false, PSD_SW_WRONG_DATA);
  refused(POSTAGE, 1000, true, PSD_SW_WRONG_DATA); /* a refill ends no service */
  psd_funds_request request = started(1000);
  credited(&request);
  request = started(500000);
  credited(&request);
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 510000));
  refused(POSTAGE, 490001, false, PSD_SW_WRONG_DATA);
  request = started(490000);
  credited(&request);
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 1000000));
  refused(POSTAGE, 1000, false, PSD_SW_WRONG_DATA);
  psd_core core = r.card->core;
  core.limits.maximum_descending = 500000; /* below what is there */
  core.limits.minimum_refill = 0;
  provider_core(&m, &core);
  refused(POSTAGE, 1, false, PSD_SW_WRONG_DATA);
  refused(POSTAGE, 0, false, PSD_SW_WRONG_DATA); /* zero, whatever the minimum */
  end();
}

static void sums_do_not_wrap(void) {
  begin();
  psd_core core = r.card->core;
  core.postage =
      (psd_registers){.ascending = UINT64_MAX - 10000, .descending = 9000, .control_total = UINT64_MAX - 1000};
  provider_core(&m, &core);
  refused(POSTAGE, 1001, false, PSD_SW_WRONG_DATA);
  const psd_funds_request request = started(1000);
  const psd_funds_receipt receipt = credited(&request);
  CU_ASSERT(receipt.descending == 10000 && receipt.control_total == UINT64_MAX);
  refused(POSTAGE, 1000, false, PSD_SW_WRONG_DATA);
  end();
}

static void sequence_numbers_end(void) {
  begin();
  psd_core core = r.card->core;
  core.operation = (psd_operation){.operation = PSD_OPERATION_LOADED, .sequence = UINT32_MAX - 1};
  provider_core(&m, &core);
  const psd_funds_request request = started(1000);
  CU_ASSERT_EQUAL(request.sequence, UINT32_MAX);
  credited(&request);
  refused(POSTAGE, 1000, false, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(provider_start(&m, PSD_COMMAND_INITIALIZE_WITHDRAWAL, POSTAGE, 1000, false), PSD_SW_CONDITIONS);
  end();
}

/* The same bytes, and nothing written: in this session, in the next, and from GET LAST. */
static void same_again(psd_command_id id, uint8_t p1, const void *data, size_t length) {
  static uint8_t first[PSD_FUNDS_REQUEST_MAX];
  size_t first_length = r.length;
  CU_ASSERT_FATAL(first_length > 0 && first_length <= sizeof first);
  memcpy(first, r.response, first_length);
  for (unsigned session = 0; session < 2; session++) {
    r.seconds += 100;
    const provider_mark mark = provider_look(&m);
    CU_ASSERT_EQUAL(provider_send(&m, id, p1, data, length), PSD_SW_OK);
    CU_ASSERT(r.length == first_length && memcmp(r.response, first, first_length) == 0);
    CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_OK);
    CU_ASSERT(r.length == first_length && memcmp(r.response, first, first_length) == 0);
    CU_ASSERT_TRUE(provider_untouched(&m, &mark));
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
    meter_open(&m, PSD_SUITE_SHARED);
  }
  memcpy(r.response, first, first_length);
  r.length = first_length;
}

static void repetitions(void) {
  uint8_t start[PSD_SIZE_FUNDS_START] = {0};
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  static const uint8_t second[] = {0, 0, 0, 2};
  begin();
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_REFERENCE_NOT_FOUND);
  psd_funds_request request = started(5000);
  same_again(LOAD, 0, start, sizeof start); /* whatever it is asked for */
  same_again(LOAD, 1, start, sizeof start);
  psd_funds_authorization authorization = provider_authorization(&m, &request);
  provider_authenticate(&m, &authorization, authorized);
  CU_ASSERT_EQUAL(provider_send(&m, CREDIT, 0, authorized, sizeof authorized), PSD_SW_OK);
  same_again(CREDIT, 0, authorized, sizeof authorized);
  r.seconds += 86400; /* expired meanwhile, or made anew: it was taken */
  CU_ASSERT_EQUAL(provider_send(&m, CREDIT, 0, authorized, sizeof authorized), PSD_SW_OK);
  same_again(CREDIT, 0, authorized, sizeof authorized);
  authorization.expiry += 7;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 14000));
  request = started(6000);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_OK);
  same_again(PSD_COMMAND_CANCEL_LOAD, 0, second, sizeof second);
  end();
}

static void a_cancellation(void) {
  begin();
  CU_ASSERT_EQUAL(provider_cancel(&m, 0), PSD_SW_CONDITIONS); /* nothing was started */
  psd_funds_request request = started(5000);
  const psd_funds_authorization authorization = provider_authorization(&m, &request);
  provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_cancel(&m, 0), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_OK);
  const psd_funds_receipt receipt = provider_receipt(&m);
  CU_ASSERT(receipt.operation == PSD_OPERATION_LOAD_CANCELLED && receipt.sequence == 1 && receipt.amount == 5000);
  CU_ASSERT(receipt.descending == 9000 && receipt.control_total == 10000);
  const psd_log_record logged = provider_newest(&m);
  CU_ASSERT(logged.event == PSD_EVENT_LOAD_CANCELLED && logged.amount == 5000 && logged.descending == 9000);
  mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS); /* the number is burned */
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  CU_ASSERT_EQUAL(r.card->core.refill.sequence, 0);
  request = started(5000); /* the same wish once more is another number */
  CU_ASSERT_EQUAL(request.sequence, 2);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_WRONG_DATA);
  credited(&request);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_CONDITIONS);
  end();
}

static void a_limit_lowered_meanwhile(void) {
  begin();
  psd_funds_request request = started(5000);
  psd_funds_authorization authorization = provider_authorization(&m, &request);
  psd_core core = r.card->core;
  core.limits.maximum_descending = 13999;
  core.limits.maximum_refill = 4000;
  provider_core(&m, &core);
  provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_OK);
  core = r.card->core;
  core.limits.maximum_descending = 14000;
  provider_core(&m, &core);
  request = started(4000);
  core = r.card->core;
  core.limits.maximum_descending = 13000; /* to the mill; less a refill than the minimum is now */
  core.limits.minimum_refill = 4500;
  provider_core(&m, &core);
  credited(&request);
  CU_ASSERT_TRUE(registers_are(&r.card->core.postage, 1000, 13000));
  end();
}

/* What cannot be signed or logged is not done. */
static void what_stands_in_the_way(void) {
  begin();
  const psd_funds_request request = started(1000);
  const psd_funds_authorization authorization = provider_authorization(&m, &request);
  r.card->core.log.count = UINT32_MAX;
  const provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &authorization), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(provider_cancel(&m, 1), PSD_SW_EXECUTION_ERROR);
  r.ram.fail_read_in = 1;
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_TRUE(r.length == 0 && provider_untouched(&m, &mark));
  end();
  begin();
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_KEY};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  refused(POSTAGE, 1000, false, PSD_SW_REFERENCE_NOT_FOUND); /* without K3 */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill, step by step", a_refill},
      {"audits tell where it stands", audits_tell_it},
      {"limits, and one beyond each", limits_have_edges},
      {"sums do not wrap around", sums_do_not_wrap},
      {"sequence numbers end", sequence_numbers_end},
      {"a repetition is answered with the same bytes", repetitions},
      {"a cancelled refill is never credited", a_cancellation},
      {"a limit that was lowered meanwhile", a_limit_lowered_meanwhile},
      {"what cannot be signed or logged is not done", what_stands_in_the_way},
  };
  return psd_check_run("funds: refill", tests, PSD_CHECK_COUNT(tests));
}
