/* The provider's orders on their way from the database to the card, in the session that follows an audit. */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/status.h"

#define ZIP 55121U
#define LICENCE 4711U

/* Each action, with the bytes that wait, by its own command. */
static void test_each_order(void) {
  static const struct {
    unsigned action;
    uint8_t ins, p1;
    size_t length;
  } cases[] = {{PSD_ACTION_AUTHORIZE, 0x30, 0, PSD_SIZE_LICENCE},
               {PSD_ACTION_LICENCE, 0x38, 0, PSD_SIZE_LICENCE},
               {PSD_ACTION_LIMITS, 0x32, 0, PSD_SIZE_LIMITS},
               {PSD_ACTION_WATCHDOG, 0x34, 0, PSD_SIZE_WATCHDOG},
               {PSD_ACTION_CLOCK, 0x36, 0, PSD_SIZE_CLOCK},
               {PSD_ACTION_DISABLE, 0x3C, 0, 0},
               {PSD_ACTION_ENABLE, 0x3A, 0, 0},
               {PSD_ACTION_ZEROIZE, 0x56, 0, 0},
               {PSD_ACTION_CREDIT_LIMIT, 0x32, 1, 8}};
  const uint8_t content[128] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    bench_open_registered(&at, false);
    bench_put_order(&at, cases[i].action, content, cases[i].length);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.card.result.actions, cases[i].action);
    bench_ask(&at, PSD_HOST_DONE, NULL, 0);
    paper_order order = bench_take_order(&at);
    CU_ASSERT_TRUE(order.ins == cases[i].ins && order.p1 == cases[i].p1 && order.number == 1);
    CU_ASSERT_EQUAL_FATAL(order.length, cases[i].length);
    if (cases[i].action != PSD_ACTION_CLOCK)
      CU_ASSERT_EQUAL(memcmp(order.content, content, order.length), 0);
    CU_ASSERT_EQUAL(at.taken, at.sent_count);
    CU_ASSERT_EQUAL(bench_meter(&at).due, cases[i].action);
    bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_answer(&at, PSD_HOST_DONE), 0);
    CU_ASSERT_EQUAL(bench_meter(&at).due, 0);
    bench_sign_off(&at);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.card.result.actions, 0);
    bench_close(&at);
  }
}

/* The clock is set to the time at which the order goes. */
static void test_clock(void) {
  bench at;
  psd_clock clock = {.now = 1, .set = 1};
  uint8_t content[PSD_SIZE_CLOCK];
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  psd_put_message(&buffer, PSD_MESSAGE_CLOCK, &clock);
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_CLOCK, content, sizeof content);
  at.time += 1000;
  bench_open_session(&at, PSD_SUITE_SHARED);
  paper_order order = bench_take_order(&at);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(order.content, order.length, PSD_MESSAGE_CLOCK, &clock));
  CU_ASSERT_TRUE(clock.now == at.time && clock.set == 1);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_meter(&at).due, 0);
  bench_close(&at);
}

/* One that the card refuses stays, holds nothing up, and comes once a session. */
static void test_refused_by_the_card(void) {
  bench at;
  const uint8_t content[PSD_SIZE_LIMITS] = {0};
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_CLOCK, content, PSD_SIZE_CLOCK);
  bench_put_order(&at, PSD_ACTION_LIMITS, content, PSD_SIZE_LIMITS);
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_LIMITS | PSD_ACTION_CLOCK);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x32);
  bench_card_says(&at, PSD_SW_WRONG_DATA);
  paper_order order = bench_take_order(&at);
  CU_ASSERT_TRUE(order.ins == 0x36 && order.number == 2);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).due, PSD_ACTION_LIMITS);
  bench_sign_off(&at);
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_LIMITS);
  order = bench_take_order(&at);
  CU_ASSERT_TRUE(order.ins == 0x32 && order.number == 3);
  bench_close(&at);
}

/* The line breaks with an order on it, which the card may have taken or not: it comes again, with another number. */
static void test_lost(void) {
  for (unsigned taken = 0; taken < 2; taken++) {
    bench at;
    const uint8_t content[PSD_SIZE_CLOCK] = {1};
    bench_open_registered(&at, false);
    bench_put_order(&at, PSD_ACTION_CLOCK, content, sizeof content);
    bench_open_session(&at, PSD_SUITE_SHARED);
    at.card.audit.orders = taken * bench_take_order(&at).number;
    bench_hang_up(&at);
    bench_call(&at);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_CLOCK);
    CU_ASSERT_EQUAL(bench_take_order(&at).number, 2);
    bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_meter(&at).due, 0);
    bench_close(&at);
  }
}

/* The PSD knows of more orders than the database: its number is what counts. */
static void test_number_of_the_card(void) {
  bench at;
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  at.card.audit.orders = 41;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_take_order(&at).number, 42);
  CU_ASSERT_EQUAL(bench_meter(&at).orders, 42);
  bench_close(&at);
}

static void test_no_number_left(void) {
  bench at;
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  at.card.audit.orders = UINT32_MAX;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).due, PSD_ACTION_ENABLE);
  bench_close(&at);
}

/* Orders first, the new K1 last. */
static void test_rotation_comes_last(void) {
  bench at;
  uint8_t command[PAPER_RECORD];
  bench_open_registered(&at, false);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  at.service.vendor_key = PAPER_NEXT;
  bench_open_session(&at, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_ENABLE | PSD_ACTION_ROTATE);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3A);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  bench_card_says(&at, PSD_SW_OK);
  const bench_frame *got = bench_expect(&at, PSD_FRAME_CARD_DATA);
  CU_ASSERT_EQUAL(paper_command(&at.card, got->body, got->length, command), 5 + PSD_SIZE_VENDOR_KEY_ORDER);
  CU_ASSERT_EQUAL(command[1], 0x54);
  bench_close(&at);
}

/* One that came after the PSD was looked up was not announced: it waits for the next session. */
static void test_not_announced(void) {
  bench at;
  bench_open_registered(&at, false);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  bench_send_audit(&at);
  const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.card, m4->body, m4->length));
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_close(&at);
}

/* Another server was faster: nothing comes, and the Host hears that all is over. */
static void test_carried_out_elsewhere(void) {
  bench at;
  psd_order_row order;
  uint8_t device[8];
  bench_open_registered(&at, false);
  paper_device(&at.card, device);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(psd_db_order_next(at.db, device, PSD_ACTION_ENABLE, &order), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_order_done(at.db, &order), PSD_DB_DONE);
  bench_send_audit(&at);
  (void)bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_close(&at);
}

/* What was announced comes first; the Host may only say that it waits for its end, once; or sign off. */
static void test_order_of_requests(void) {
  bench at;
  for (unsigned way = 0; way < 3; way++) {
    bench_open_registered(&at, false);
    bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
    bench_open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3A);
    if (way == 0)
      bench_ask(&at, PSD_HOST_REGISTER, NULL, 0);
    if (way == 1) {
      bench_ask(&at, PSD_HOST_DONE, NULL, 0);
      bench_ask(&at, PSD_HOST_DONE, NULL, 0);
    }
    if (way < 2)
      (void)bench_expect_end(&at, PSD_SIGNAL_ORDER, 0);
    else {
      bench_sign_off(&at);
      CU_ASSERT_FALSE(at.closed);
      bench_open_session(&at, PSD_SUITE_SHARED);
      CU_ASSERT_EQUAL(bench_take_order(&at).number, 2);
    }
    bench_close(&at);
  }
}

/* Whoever registers a PSD gets it with what its account's meters are authorized with. */
static void test_default_licence(void) {
  bench at;
  psd_licence licence;
  bench_open(&at);
  CU_ASSERT_EQUAL(psd_db_account_set_licence(at.db, "1", ZIP, LICENCE), PSD_DB_DONE);
  at.card.audit.state = PSD_STATE_INITIALIZED;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  bench_ask(&at, PSD_HOST_REGISTER, NULL, 0);
  paper_order order = bench_take_order(&at);
  CU_ASSERT_TRUE(order.ins == 0x30 && order.length == PSD_SIZE_LICENCE);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(order.content, order.length, PSD_MESSAGE_LICENCE, &licence));
  CU_ASSERT_TRUE(licence.zip == ZIP && licence.number == LICENCE);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_answer(&at, PSD_HOST_REGISTER), 0);
  CU_ASSERT_EQUAL(bench_row(&at).user, bench_user(&at, "anna"));
  CU_ASSERT_TRUE(bench_meter(&at).zip == ZIP && bench_meter(&at).licence == LICENCE && bench_meter(&at).due == 0);
  bench_close(&at);
}

/* A PSD that is nobody's is given nothing; what waits comes when it is somebody's. */
static void test_unregistered(void) {
  bench at;
  bench_open(&at);
  bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
  at.service.vendor_key = PAPER_NEXT;
  bench_open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_ask(&at, PSD_HOST_REGISTER, NULL, 0);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3A);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_answer(&at, PSD_HOST_REGISTER), 0);
  bench_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"each order", test_each_order},
      {"the clock is set to the time at which it is", test_clock},
      {"an order that the card refuses", test_refused_by_the_card},
      {"the line breaks before or after the card has taken it", test_lost},
      {"the PSD knows of more orders than the database", test_number_of_the_card},
      {"numbers have an end", test_no_number_left},
      {"a new K1 comes last", test_rotation_comes_last},
      {"an order that was not announced", test_not_announced},
      {"an order that another server has brought", test_carried_out_elsewhere},
      {"what the Host may say meanwhile", test_order_of_requests},
      {"the account's licence comes with the registration", test_default_licence},
      {"a PSD that is nobody's", test_unregistered},
  };
  return psd_check_run("server orders", tests, PSD_CHECK_COUNT(tests));
}
