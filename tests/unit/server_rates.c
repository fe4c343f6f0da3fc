/* Rate tables on their way to a PSD, in the session that follows an audit; and certificates, which are kept first. */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "datacenter/rates.h"
#include "psd/spec/calendar.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/status.h"

#define DAY 86400U

/* The date of a day that is so many days from today; below 0 it has gone by. */
static uint32_t day(const bench *at, int from_now) {
  return psd_date_of_day((uint64_t)((int64_t)(at->time / DAY) + from_now));
}

/* A table in force from one day to another, as large as one can be if wanted; its signature is no matter here. */
static void publish(const bench *at, uint32_t version, int from, int until, bool large) {
  uint8_t bytes[PSD_RATES_SIGNED_MAX] = {0};
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  unsigned rows = large ? (PSD_RATES_MAX - PSD_SIZE_RATE_TABLE - PSD_SIZE_SERVICE_RATES) / PSD_SIZE_RATE_ROW : 1;
  psd_rate_table head = {.magic = "PSDR",
                         .format = 1,
                         .country = "US",
                         .version = version,
                         .effective = day(at, from),
                         .expiry = day(at, until),
                         .origin = PSD_RATES_NO_ORIGIN,
                         .rows = rows};
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &(psd_service_rates){.certificate = 1});
  for (unsigned i = 1; i <= rows; i++)
    psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &(psd_rate_row){.mail_class = 1, .grams = i, .postage = version});
  CU_ASSERT_EQUAL(psd_db_begin(at->db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_publish_rates(at->db, bytes, out.length + PSD_RATES_SIGNATURE, at->time), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(at->db), PSD_DB_DONE);
}

static void open_in_service(bench *at, bool pair) {
  bench_open_registered(at, pair);
  at->card.audit.state = PSD_STATE_OPERATIONAL;
}

/* The version of the table that was sent to the card; 0 if what was sent is none. */
static uint32_t take_rates(bench *at, size_t *length) {
  uint8_t command[PAPER_RECORD];
  psd_rates rates;
  const bench_frame *got = bench_expect(at, PSD_FRAME_CARD_DATA);
  *length = paper_command(&at->card, got->body, got->length, command);
  psd_cursor bytes = psd_cursor_over(command, *length);
  uint32_t head = psd_take_u32(&bytes);
  size_t size = psd_take_u8(&bytes);
  size = size != 0 ? size : psd_take_u16(&bytes); /* extended: an LOAD RATES has no Le */
  if (head != 0x803E0000U || size != bytes.left || size <= PSD_RATES_SIGNATURE ||
      !psd_rates_open(bytes.at, size - PSD_RATES_SIGNATURE, &rates))
    return 0;
  return (uint32_t)rates.head.version;
}

static unsigned announced(bench *at) {
  bench_open_session(at, PSD_SUITE_SHARED);
  return (unsigned)at->card.result.actions;
}

/* The one in force first, then the next; and no more after that. */
static void test_in_force_and_next(void) {
  bench at;
  size_t length = 0;
  open_in_service(&at, false);
  publish(&at, 1, -100, -50, false); /* expired */
  publish(&at, 2, -50, 100, false);  /* replaced by 3 */
  publish(&at, 3, -20, 100, true);
  publish(&at, 4, 60, 200, false); /* comes into force after 5 */
  publish(&at, 5, 30, 200, false);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
  bench_ask(&at, PSD_HOST_DONE, NULL, 0);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 3);
  /* With its tag it fits one ENVELOPE, which takes 2048 bytes. */
  CU_ASSERT(length > 2000 && length + PSD_GCM_TAG <= 2048);
  CU_ASSERT_EQUAL(bench_meter(&at).rates, 0);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_meter(&at).rates, 3);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 5);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_answer(&at, PSD_HOST_DONE), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).rates, 5);
  bench_sign_off(&at);
  CU_ASSERT_EQUAL(announced(&at), 0);
  bench_sign_off(&at);
  /* 5 is not replaced by 6 before it has come into force. */
  publish(&at, 6, 90, 200, false);
  CU_ASSERT_EQUAL(announced(&at), 0);
  bench_sign_off(&at);
  at.time += 31 * DAY;
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 6);
  bench_close(&at);
}

/* 6985: the card has it, or a higher one, and nobody has to send it again. */
static void test_there_already(void) {
  bench at;
  size_t length = 0;
  open_in_service(&at, false);
  publish(&at, 7, -1, 100, false);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 7);
  bench_card_says(&at, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_TRUE(bench_meter(&at).rates == 7 && bench_meter(&at).rates_refused == 0);
  bench_sign_off(&at);
  CU_ASSERT_EQUAL(announced(&at), 0);
  bench_close(&at);
}

/* What the card refuses ends nothing, and is not sent again; a later version is. */
static void test_refused(void) {
  static const uint16_t refusals[] = {PSD_SW_VERIFICATION_FAILED, PSD_SW_WRONG_DATA, PSD_SW_REFERENCE_NOT_FOUND,
                                      PSD_SW_INS_UNSUPPORTED};
  for (size_t i = 0; i < PSD_CHECK_COUNT(refusals); i++) {
    bench at;
    size_t length = 0;
    open_in_service(&at, false);
    publish(&at, 1, -1, 100, false);
    bench_put_order(&at, PSD_ACTION_ENABLE, "", 0);
    CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES | PSD_ACTION_ENABLE);
    CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
    bench_card_says(&at, refusals[i]);
    CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x3A);
    bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_TRUE(bench_meter(&at).rates == 0 && bench_meter(&at).rates_refused == 1);
    bench_sign_off(&at);
    CU_ASSERT_EQUAL(announced(&at), 0);
    bench_sign_off(&at);
    publish(&at, 2, -1, 100, false);
    CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
    CU_ASSERT_EQUAL(take_rates(&at, &length), 2);
    bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_meter(&at).rates, 2);
    bench_close(&at);
  }
}

/* A memory that failed is tried again, but not in this session. */
static void test_tried_again(void) {
  bench at;
  size_t length = 0;
  open_in_service(&at, false);
  publish(&at, 1, -1, 100, false);
  for (unsigned again = 0; again < 3; again++) {
    CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
    CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
    bench_card_says(&at, PSD_SW_MEMORY_FAILURE);
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_TRUE(bench_meter(&at).rates == 0 && bench_meter(&at).rates_refused == 0);
    bench_sign_off(&at);
  }
  bench_close(&at);
}

/* The line breaks with a table on it: it comes again, and the card says the same to it. */
static void test_lost(void) {
  bench at;
  size_t length = 0;
  open_in_service(&at, false);
  publish(&at, 1, -1, 100, false);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
  bench_hang_up(&at);
  bench_call(&at);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_RATES);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_meter(&at).rates, 1);
  bench_close(&at);
}

/* Out of service, expired, or not in force for a long time. */
static void test_not_sent(void) {
  static const struct {
    psd_state state;
    bool sent;
  } cases[] = {{PSD_STATE_INITIALIZED, true}, {PSD_STATE_AUTHORIZED, true}, {PSD_STATE_INSPECTION_DUE, true},
               {PSD_STATE_LOCKED, true},      {PSD_STATE_WITHDRAWN, false}, {PSD_STATE_FAULTED, false}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    bench at;
    bench_open_registered(&at, false);
    at.card.audit.state = cases[i].state;
    publish(&at, 1, -10, 1, false);
    CU_ASSERT_EQUAL(announced(&at) & PSD_ACTION_RATES, cases[i].sent ? PSD_ACTION_RATES : 0);
    bench_hang_up(&at);
    at.time += DAY; /* the day on which it expires */
    bench_call(&at);
    CU_ASSERT_EQUAL(announced(&at) & PSD_ACTION_RATES, 0);
    bench_close(&at);
  }
}

/* A PSD that is nobody's is told of none; with its registration they come. */
static void test_registered(void) {
  bench at;
  size_t length = 0;
  bench_open(&at);
  at.card.audit.state = PSD_STATE_INITIALIZED;
  publish(&at, 1, -1, 100, false);
  CU_ASSERT_EQUAL(announced(&at), 0);
  bench_ask(&at, PSD_HOST_REGISTER, NULL, 0);
  CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_answer(&at, PSD_HOST_REGISTER), 0);
  CU_ASSERT_EQUAL(bench_meter(&at).rates, 1);
  bench_close(&at);
}

/* Another server was faster. */
static void test_brought_elsewhere(void) {
  bench at;
  uint8_t device[8];
  open_in_service(&at, false);
  paper_device(&at.card, device);
  publish(&at, 1, -1, 100, false);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(psd_db_rates_delivered(at.db, device, 1), PSD_DB_DONE);
  bench_send_audit(&at);
  (void)bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_close(&at);
}

/* The database fails before the table, or after it: the session goes on, and the table comes again. */
static void test_database_fails(void) {
  for (unsigned after = 0; after < 2; after++) {
    bench at;
    size_t length = 0;
    open_in_service(&at, false);
    publish(&at, 1, -1, 100, false);
    bench_sign_on(&at, PSD_SUITE_SHARED);
    uint8_t m3[PSD_M3_MAX];
    bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
    CU_ASSERT_TRUE(bench_answer_call(&at) && bench_do_job(&at));
    const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
    CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.card, m4->body, m4->length));
    if (after != 0) {
      bench_pump(&at);
      CU_ASSERT_EQUAL(take_rates(&at, &length), 1);
    }
    at.database_fails = PSD_DB_FAILED;
    if (after != 0)
      bench_card_says(&at, PSD_SW_OK);
    CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_FALSE(at.closed);
    bench_close(&at);
  }
}

typedef struct seen {
  unsigned count, revoked;
  psd_certificate_row last;
} seen;

static bool see(void *context, const psd_certificate_row *row) {
  seen *at = context;
  at->count++;
  at->revoked += row->revoked != 0 ? 1 : 0;
  at->last = *row;
  return true;
}

static seen certificates(const bench *at) {
  seen found = {.count = 0};
  CU_ASSERT_EQUAL(psd_db_certificate_list(at->db, false, see, &found), PSD_DB_DONE);
  return found;
}

/* The certificate is on the disk before the card has it. */
static void test_certificate_kept(void) {
  bench at;
  const uint8_t licence[PSD_SIZE_LICENCE] = {0, 0, 0xD7, 0x51};
  bench_open_registered(&at, true);
  bench_put_order(&at, PSD_ACTION_AUTHORIZE, licence, sizeof licence);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_AUTHORIZE);
  paper_order order = bench_take_order(&at);
  seen found = certificates(&at);
  CU_ASSERT_TRUE(found.count == 1 && found.last.number == 1 && found.last.from == at.time);
  CU_ASSERT_EQUAL(found.last.until, at.time + at.settings.certificate_days * DAY);
  CU_ASSERT_EQUAL_FATAL(order.length, PSD_SIZE_LICENCE + found.last.length);
  CU_ASSERT_EQUAL(memcmp(order.content + PSD_SIZE_LICENCE, found.last.der, found.last.length), 0);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_meter(&at).certificate_until, found.last.until);
  bench_close(&at);
}

/* A certificate that cannot be kept is not handed out: the order waits on. */
static void test_certificate_not_kept(void) {
  bench at;
  const uint8_t licence[PSD_SIZE_LICENCE] = {0, 0, 0xD7, 0x51};
  bench_open_registered(&at, true);
  bench_put_order(&at, PSD_ACTION_AUTHORIZE, licence, sizeof licence);
  bench_sign_on(&at, PSD_SUITE_SHARED);
  uint8_t m3[PSD_M3_MAX];
  bench_send(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
  CU_ASSERT_TRUE(bench_answer_call(&at) && bench_do_job(&at) && bench_do_job(&at) && bench_answer_call(&at));
  const bench_frame *m4 = bench_expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.card, m4->body, m4->length));
  at.database_fails = PSD_DB_FAILED;
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0); /* no command for the card before it */
  at.database_fails = PSD_DB_DONE;
  CU_ASSERT_EQUAL(bench_meter(&at).due, PSD_ACTION_AUTHORIZE);
  bench_close(&at);
}

/* With the keys the certificates go. */
static void test_zeroized(void) {
  bench at;
  bench_open_registered(&at, true);
  at.card.audit.state = PSD_STATE_OPERATIONAL;
  bench_put_order(&at, PSD_ACTION_CERTIFICATE, "", 0);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_CERTIFICATE);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x52);
  bench_card_says(&at, PSD_SW_OK);
  CU_ASSERT_EQUAL(bench_request(&at, PSD_HOST_DONE, NULL, 0), 0);
  bench_sign_off(&at);
  at.card.audit.state = PSD_STATE_WITHDRAWN;
  bench_put_order(&at, PSD_ACTION_ZEROIZE, "", 0);
  CU_ASSERT_EQUAL(announced(&at), PSD_ACTION_ZEROIZE);
  CU_ASSERT_EQUAL(bench_take_order(&at).ins, 0x56);
  CU_ASSERT_EQUAL(certificates(&at).revoked, 0);
  bench_card_says(&at, PSD_SW_OK);
  seen found = certificates(&at);
  CU_ASSERT_TRUE(found.count == 1 && found.revoked == 1 && found.last.reason == PSD_REVOCATION_CESSATION);
  bench_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the table in force, then the next", test_in_force_and_next},
      {"a card that has it already", test_there_already},
      {"a card that refuses it is not asked again", test_refused},
      {"a card that cannot keep it now", test_tried_again},
      {"the line breaks with a table on it", test_lost},
      {"to whom and when it is not sent", test_not_sent},
      {"with the registration", test_registered},
      {"a table that another server has brought", test_brought_elsewhere},
      {"the database fails before the table, or after it", test_database_fails},
      {"a certificate is kept before the card has it", test_certificate_kept},
      {"one that cannot be kept is not handed out", test_certificate_not_kept},
      {"certificates of a PSD that was zeroized", test_zeroized},
  };
  return psd_check_run("server rates and certificates", tests, PSD_CHECK_COUNT(tests));
}
