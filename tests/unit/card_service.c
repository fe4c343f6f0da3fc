/* What every service that is charged goes through: price, funds, one commit, and its repetition (VM 308, 358;
 * docs/certificates.md, "What is charged"). The service itself is made up here. */
#include "certificate/service.h"
#include "check.h"
#include "evidence.h"

#include <string.h>

#define PRICE 10U /* of a postmark, in the table of the bench */
#define ACTIVATION 200U
#define REQUEST 101U
#define SLOT 3U
#define ENVELOPE "an enciphered key"

static rig r;
static uint8_t answer[PSD_CARD_DATA_MAX];
static size_t answered;
static unsigned made; /* answers that were made up */

static psd_registers group_of(uint64_t ascending, uint64_t descending) {
  return (psd_registers){
      .ascending = ascending, .descending = descending, .control_total = ascending + descending, .piece_count = 7};
}

static void enter(const psd_core *core) {
  rig_set_core(&r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

/* A card with this much in the certificate group, and postage besides. */
static void begin(uint64_t descending) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.certificate = group_of(500, descending);
  enter(&core);
}

static psd_request request_of(const char *data) {
  return (psd_request){.row = &psd_commands[PSD_COMMAND_SIGN_MESSAGE],
                       .apdu = {.p1 = SLOT, .p2 = 1, .data = (const uint8_t *)data, .nc = strlen(data)},
                       .channel = &r.card->channels[0]};
}

/* The whole of it; each time that something is made it is another answer. */
static uint16_t serve_as(psd_service service, psd_service besides, const char *data, psd_piece more) {
  psd_buffer out = psd_buffer_over(answer, sizeof answer);
  const psd_request request = request_of(data);
  psd_service_step step;
  uint16_t status = psd_service_begin(r.card, &request, service, besides, &step, &out);
  if (status == PSD_SW_OK && !step.again) {
    psd_put(&out, "answer", 6);
    psd_put_u8(&out, (uint8_t)++made);
    status = psd_service_end(r.card, &step, &out, 0, more);
  }
  answered = out.length;
  return status;
}

static uint16_t serve(const char *data) {
  return serve_as(PSD_SERVICE_POSTMARK, (psd_service)0, data, (psd_piece){NULL, 0});
}

/* Refused whole: nothing is answered, changed or written. */
static void refused_as(psd_service service, psd_service besides, uint16_t status) {
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(serve_as(service, besides, "refused", (psd_piece){NULL, 0}), status);
  CU_ASSERT(answered == 0 && r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
}

static void refused(uint16_t status) {
  refused_as(PSD_SERVICE_POSTMARK, (psd_service)0, status);
}

static psd_log_record newest(unsigned back) {
  psd_log_record record = {0};
  uint8_t bytes[PSD_SIZE_LOG_RECORD];
  size_t length = 0;
  uint16_t number = (uint16_t)(PSD_RECORD_LOG + (r.card->core.log.count - 1 - back) % PSD_LOG_RECORDS);
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r.card->store, number, bytes, sizeof bytes, &length), PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(bytes, length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

static bool last_is(unsigned p1, const char *data, size_t length) {
  const uint8_t command[] = {0x80, 0x58, (uint8_t)p1, 0x00, 0x00};
  return rig_send(&r, command, sizeof command) == PSD_SW_OK && r.length == length &&
         memcmp(r.response, data, length) == 0;
}

/* 308 and 358, yes: registers, count, log and answer in one commit. */
static void charged(void) {
  begin(PRICE);
  uint64_t records = r.card->core.log.count;
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  psd_card_reset(r.card); /* it is durable */
  const psd_registers *group = &r.card->core.certificate;
  CU_ASSERT(group->ascending == 500 + PRICE && group->descending == 0 && group->control_total == 500 + PRICE);
  CU_ASSERT(group->piece_count == 8 && r.card->core.postage.descending == 9000);
  psd_log_record logged = newest(0);
  CU_ASSERT(r.card->core.log.count == records + 1 && logged.event == PSD_EVENT_SERVED && logged.amount == PRICE);
  CU_ASSERT_EQUAL(logged.detail, SLOT << 8 | PSD_SERVICE_POSTMARK);
  CU_ASSERT(logged.ascending == 500 + PRICE && logged.descending == 0);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  CU_ASSERT_TRUE(last_is(PSD_LAST_SERVICE, (const char *)answer, answered));
  rig_destroy(&r);
}

/* 308 and 358, no (310, 360). */
static void without_funds(void) {
  begin(PRICE - 1);
  refused(PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058020000"), PSD_SW_REFERENCE_NOT_FOUND);
  rig_destroy(&r);
}

static void merged(void) {
  begin(0);
  psd_core core = r.card->core;
  core.funds.mode = PSD_FUNDS_MERGED;
  core.certificate = (psd_registers){.piece_count = 4};
  core.postage = group_of(1000, 2 * PRICE - 1);
  enter(&core);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  CU_ASSERT(r.card->core.postage.ascending == 1000 + PRICE && r.card->core.postage.descending == PRICE - 1);
  CU_ASSERT(r.card->core.postage.piece_count == 7 && r.card->core.certificate.piece_count == 5);
  CU_ASSERT(r.card->core.certificate.ascending == 0 && newest(0).descending == PRICE - 1);
  refused(PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* The limit is over both groups. */
static void current_account(void) {
  begin(0);
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 1000};
  core.postage = (psd_registers){.ascending = 700, .piece_count = 1};
  core.certificate = (psd_registers){.ascending = 300 - PRICE, .piece_count = 4};
  enter(&core);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  CU_ASSERT(r.card->core.certificate.ascending == 300 && r.card->core.certificate.descending == 0);
  CU_ASSERT(r.card->core.certificate.piece_count == 5 && r.card->core.postage.ascending == 700);
  refused(PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

static void a_repetition_is_charged_once(void) {
  uint8_t first[sizeof answer];
  begin(1000);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  size_t length = answered;
  memcpy(first, answer, length);
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  CU_ASSERT(answered == length && memcmp(answer, first, length) == 0);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  CU_ASSERT(answered == length && memcmp(answer, first, length) == 0);
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
  CU_ASSERT_EQUAL(serve("b"), PSD_SW_OK);
  CU_ASSERT(memcmp(answer, first, length) != 0 && r.card->core.certificate.descending == 1000 - 2 * PRICE);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK); /* only the last is kept */
  CU_ASSERT_EQUAL(r.card->core.certificate.descending, 1000 - 3 * PRICE);
  rig_destroy(&r);
}

/* The same data with another INS, P1 or P2 is another command. */
static void what_tells_commands_apart(void) {
  begin(1000);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  for (int which = 0; which < 3; which++) {
    psd_request request = request_of("a");
    if (which == 0)
      request.row = &psd_commands[PSD_COMMAND_POSTMARK];
    else if (which == 1)
      request.apdu.p1++;
    else
      request.apdu.p2++;
    psd_buffer out = psd_buffer_over(answer, sizeof answer);
    psd_service_step step;
    CU_ASSERT_EQUAL(psd_service_recall(r.card, &request, PSD_SERVICE_POSTMARK, &step, &out), PSD_SW_OK);
    CU_ASSERT(!step.again && out.length == 0);
  }
  rig_destroy(&r);
}

/* 504: there must be funds for the activation too, which is paid for later. */
static void besides(void) {
  begin(REQUEST + ACTIVATION - 1);
  refused_as(PSD_SERVICE_REQUEST, PSD_SERVICE_ACTIVATION, PSD_SW_CONDITIONS);
  psd_core core = r.card->core;
  core.certificate = group_of(0, REQUEST + ACTIVATION);
  enter(&core);
  CU_ASSERT_EQUAL(serve_as(PSD_SERVICE_REQUEST, PSD_SERVICE_ACTIVATION, "a", (psd_piece){NULL, 0}), PSD_SW_OK);
  CU_ASSERT(r.card->core.certificate.descending == ACTIVATION && r.card->core.certificate.ascending == REQUEST);
  rig_destroy(&r);
}

/* VM 620: nothing is done while a revocation is not paid for; what was done before is answered all the same. */
static void while_payment_is_due(void) {
  begin(1000);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  psd_core core = r.card->core;
  core.services.due = 1;
  enter(&core);
  refused(PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  core.services.due = 0;
  enter(&core);
  CU_ASSERT_EQUAL(serve("b"), PSD_SW_OK);
  rig_destroy(&r);
}

static void clock_and_table(void) {
  begin(1000);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  r.seconds += UINT64_C(31) * 86400; /* the table's last day was January 31 */
  refused(PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  r.seconds -= UINT64_C(31) * 86400;
  psd_core core = r.card->core;
  core.clock = (psd_clock_state){0};
  enter(&core);
  refused(PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* 248: what costs nothing is counted, and as long as there are numbers. */
static void at_no_price(void) {
  begin(0);
  CU_ASSERT_EQUAL(serve_as((psd_service)0, (psd_service)0, "a", (psd_piece){NULL, 0}), PSD_SW_OK);
  CU_ASSERT(r.card->core.certificate.piece_count == 8 && r.card->core.certificate.ascending == 500);
  psd_core core = r.card->core;
  core.certificate.piece_count = UINT32_MAX;
  enter(&core);
  refused_as((psd_service)0, (psd_service)0, PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

static void what_goes_with_it(void) {
  const psd_piece more = {ENVELOPE, sizeof ENVELOPE - 1};
  begin(1000);
  CU_ASSERT_EQUAL(serve_as(PSD_SERVICE_AGENT, (psd_service)0, "a", more), PSD_SW_OK);
  CU_ASSERT_TRUE(last_is(PSD_LAST_KEY, ENVELOPE, sizeof ENVELOPE - 1));
  CU_ASSERT_EQUAL(serve("b"), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058030000"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_TRUE(last_is(PSD_LAST_SERVICE, (const char *)answer, answered));
  rig_destroy(&r);
}

/* An answer that has no room is not committed, nor is one that the memory does not take. */
static void an_end_that_fails(void) {
  begin(1000);
  const psd_core core = r.card->core;
  const psd_request request = request_of("a");
  psd_service_step step;
  uint8_t bytes[8] = "head";
  psd_buffer out = {.data = bytes, .capacity = sizeof bytes, .length = 4};
  CU_ASSERT_EQUAL_FATAL(psd_service_begin(r.card, &request, PSD_SERVICE_POSTMARK, (psd_service)0, &step, &out),
                        PSD_SW_OK);
  psd_put(&out, "too long", 8);
  CU_ASSERT_EQUAL(psd_service_end(r.card, &step, &out, 4, (psd_piece){NULL, 0}), PSD_SW_NO_SPACE);
  CU_ASSERT(out.length == 4 && !out.overflow && memcmp(&core, &r.card->core, sizeof core) == 0);
  CU_ASSERT_EQUAL_FATAL(psd_service_begin(r.card, &request, PSD_SERVICE_POSTMARK, (psd_service)0, &step, &out),
                        PSD_SW_OK);
  step.change.next.certificate.control_total++; /* registers that do not balance */
  CU_ASSERT_EQUAL(psd_service_end(r.card, &step, &out, 4, (psd_piece){NULL, 0}), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT(out.length == 4 && memcmp(&core, &r.card->core, sizeof core) == 0);
  CU_ASSERT_EQUAL(serve("a"), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.certificate.descending, 1000 - PRICE);
  rig_destroy(&r);
}

/* What is collected: as much as the group that pays has. */
static void collection(void) {
  static const struct {
    psd_funds_mode mode;
    uint64_t due, has, limit, collected;
  } cases[] = {
      {PSD_FUNDS_SEPARATE, 300, 1000, 0, 300},  {PSD_FUNDS_SEPARATE, 300, 299, 0, 299},
      {PSD_FUNDS_SEPARATE, 300, 0, 0, 0},       {PSD_FUNDS_SEPARATE, 0, 1000, 0, 0},
      {PSD_FUNDS_MERGED, 300, 300, 0, 300},     {PSD_FUNDS_ACCOUNT, 300, 700, 1000, 300},
      {PSD_FUNDS_ACCOUNT, 300, 900, 1000, 100}, {PSD_FUNDS_ACCOUNT, 300, 1000, 1000, 0},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    bool account = cases[i].mode == PSD_FUNDS_ACCOUNT, own = cases[i].mode == PSD_FUNDS_SEPARATE;
    psd_core core;
    psd_core_blank(&core);
    core.funds = (psd_funds){.mode = cases[i].mode, .credit_limit = cases[i].limit};
    core.services.due = cases[i].due;
    const psd_registers used = {.ascending = cases[i].has}, loaded = group_of(0, cases[i].has);
    *psd_core_group(&core, own ? PSD_GROUP_CERTIFICATE : PSD_GROUP_POSTAGE) = account ? used : loaded;
    CU_ASSERT_EQUAL(psd_service_collect(&core), cases[i].collected);
    CU_ASSERT_EQUAL(core.services.due, cases[i].due - cases[i].collected);
    CU_ASSERT_TRUE(psd_core_balanced(&core));
    CU_ASSERT_EQUAL(psd_core_group(&core, psd_service_group(&core))->ascending, cases[i].collected);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"308, 358: funds suffice: debited, counted, logged and answered in one", charged},
      {"308, 358: without funds it is refused, whole", without_funds},
      {"merged: from the postage registers", merged},
      {"current account: within the limit over both groups", current_account},
      {"the same command once more is answered, and charged once", a_repetition_is_charged_once},
      {"another INS, P1 or P2 is another command", what_tells_commands_apart},
      {"504: request and activation together", besides},
      {"620: nothing is done while payment is due", while_payment_is_due},
      {"a clock and a table of rates", clock_and_table},
      {"248: every piece is counted", at_no_price},
      {"an enciphered key is kept until the next service", what_goes_with_it},
      {"an end that fails changes nothing", an_end_that_fails},
      {"what is due is collected as far as there are funds", collection},
  };
  return psd_check_run("services", tests, PSD_CHECK_COUNT(tests));
}
