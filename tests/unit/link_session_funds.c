/* Money in a session from the Host's side (docs/funds.md): what is asked, which answers are to what was asked, and what
 * an earlier session had left behind. */
#include "flow/record.h"
#include "link_scene.h"

#include <string.h>
#include <sys/socket.h>

#define AMOUNT 50000U

/* FUNDS_RESULT behind a HOST_ANSWER. */
typedef struct told {
  unsigned answered, signal, operation, group, sequence;
  uint64_t amount, ascending, descending, control_total, available;
} told;

static const told refilled = {4, 0, PSD_OPERATION_LOADED, 0, 7, AMOUNT, 1000, 59000, 60000, 950000};
static const told withdrawn = {5, 0, PSD_OPERATION_WITHDRAWN, 0, 8, AMOUNT, 1000, 9000, 10000, 1000000};

/* Room for one in hexadecimal. */
#define TOLD_MAX 128
static const char *hex_of(const told *of, char hex[TOLD_MAX]) {
  const uint64_t amounts[] = {of->amount, of->ascending, of->descending, of->control_total, of->available};
  int length =
      snprintf(hex, TOLD_MAX, "%02X%02X%02X%02X%08X", of->answered, of->signal, of->operation, of->group, of->sequence);
  for (size_t i = 0; i < PSD_CHECK_COUNT(amounts); i++)
    length += snprintf(hex + length, (size_t)(TOLD_MAX - length), "%016llX", (unsigned long long)amounts[i]);
  return hex;
}

static void say(scene *s, uint64_t sequence, const told *of) {
  char hex[TOLD_MAX];
  scene_server_answers(s, sequence, hex_of(of, hex), PSD_FRAME_HOST_DATA);
}

static void open_session(scene *s) {
  scene_open(s, PSD_SUITE_P256);
  scene_all_well(s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(s), PSD_OK);
  scene_heard_m1_and_m3(s);
}

/* What the server says to the card goes through the Host before the answer; the answer says what is where. */
static void refill(void) {
  scene s;
  psd_funds_result result;
  uint8_t body[PSD_FRAME_BODY_MAX];
  open_session(&s);
  scene_expect(&s, "00C20000 03 AABBCC 00", "DDEEFF 9000");
  scene_expect(&s, "00C20000 02 ABCD 00", "EF 9000");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AABBCC");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "ABCD");
  say(&s, 0, &refilled);
  CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal), PSD_OK);
  scene_heard_request(&s, 0, "04 00 000000000000C350 00");
  psd_check_bytes(body, canned_heard(&s.server, PSD_FRAME_CARD_DATA, body), "DDEEFF", "first record");
  psd_check_bytes(body, canned_heard(&s.server, PSD_FRAME_CARD_DATA, body), "EF", "second record");
  CU_ASSERT_EQUAL(result.sequence, 7);
  CU_ASSERT_EQUAL(result.descending, 59000);
  CU_ASSERT_EQUAL(result.available, 950000);
  CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, PSD_OPERATION_NONE);
  canned_heard_nothing(&s.server);
  scene_close(&s);
}

/* VM 620: what was due for a revocation is paid first, and the descending register has less than the refill brought. */
static void refill_that_pays_what_is_due(void) {
  scene s;
  psd_funds_result result;
  told collected = refilled;
  open_session(&s);
  collected.ascending = 12000;
  collected.descending = AMOUNT - 2000;
  collected.control_total = AMOUNT + 10000;
  say(&s, 0, &collected);
  CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal), PSD_OK);
  CU_ASSERT_EQUAL(result.descending, AMOUNT - 2000);
  scene_close(&s);
}

static void withdrawal(void) {
  scene s;
  psd_funds_result result;
  told all = withdrawn, nothing = withdrawn;
  open_session(&s);
  say(&s, 0, &withdrawn);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, PSD_GROUP_POSTAGE, AMOUNT, false, &result, &s.refusal), PSD_OK);
  scene_heard_request(&s, 0, "05 00 000000000000C350 00");
  CU_ASSERT_EQUAL(result.control_total, 10000);
  all.group = PSD_GROUP_CERTIFICATE;
  all.descending = 0;
  all.control_total = all.ascending;
  say(&s, 1, &all);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, PSD_GROUP_CERTIFICATE, AMOUNT, true, &result, &s.refusal), PSD_OK);
  scene_heard_request(&s, 1, "05 01 000000000000C350 01");
  nothing.amount = nothing.descending = 0;
  nothing.control_total = nothing.ascending;
  say(&s, 2, &nothing);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, PSD_GROUP_POSTAGE, 0, true, &result, &s.refusal), PSD_OK);
  scene_heard_request(&s, 2, "05 00 0000000000000000 01");
  scene_close(&s);
}

/* Each of the reasons there are leaves the session open, and the next request goes through. */
static void refusals(void) {
  static const psd_signal signals[] = {PSD_SIGNAL_FUNDS,      PSD_SIGNAL_SUSPENDED, PSD_SIGNAL_LIMIT,
                                       PSD_SIGNAL_UNFINISHED, PSD_SIGNAL_STATE,     PSD_SIGNAL_LOCKED,
                                       PSD_SIGNAL_BALANCE,    PSD_SIGNAL_KMS,       PSD_SIGNAL_DATABASE};
  scene s;
  psd_funds_result result;
  uint64_t sequence = 0;
  open_session(&s);
  for (size_t i = 0; i < PSD_CHECK_COUNT(signals); i++, sequence++) {
    char answer[8];
    (void)snprintf(answer, sizeof answer, "04%02X", (unsigned)signals[i]);
    scene_server_answers(&s, sequence, answer, PSD_FRAME_HOST_DATA);
    CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal), PSD_REFUSED);
    CU_ASSERT_EQUAL(s.refusal.signal, signals[i]);
    CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_SERVER);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.refusal.error.words, psd_signal_of((unsigned)signals[i])->words));
    CU_ASSERT_EQUAL(result.operation, PSD_OPERATION_NONE);
    CU_ASSERT_TRUE(psd_call_is_open(s.call));
    scene_heard_request(&s, sequence, "04 00 000000000000C350 00");
  }
  told again = withdrawn;
  say(&s, sequence, &again);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, PSD_GROUP_POSTAGE, AMOUNT, false, &result, &s.refusal), PSD_OK);
  scene_heard_request(&s, sequence, "05 00 000000000000C350 00");
  scene_close(&s);
}

/* Nothing is asked for that makes no sense. */
static void senseless(void) {
  scene s;
  psd_funds_result result;
  open_session(&s);
  CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, 0, &result, &s.refusal), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_session_refill(s.session, (psd_group)2, AMOUNT, &result, &s.refusal), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, PSD_GROUP_POSTAGE, 0, false, &result, &s.refusal), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_session_withdraw(s.session, (psd_group)2, AMOUNT, true, &result, &s.refusal), PSD_BAD_INPUT);
  CU_ASSERT_NOT_EQUAL(s.refusal.error.words[0], '\0');
  CU_ASSERT_TRUE(psd_call_is_open(s.call));
  canned_heard_nothing(&s.server);
  scene_close(&s);
}

/* An answer that is not to this request: the server hears of it, and the call ends. */
static void check_false_answer(const char *answer, bool refill_it, bool final, const char *request) {
  scene s;
  psd_funds_result result;
  open_session(&s);
  scene_server_answers(&s, 0, answer, PSD_FRAME_HOST_DATA);
  psd_result ended = refill_it ? psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal)
                               : psd_session_withdraw(s.session, PSD_GROUP_POSTAGE, AMOUNT, final, &result, &s.refusal);
  CU_ASSERT_EQUAL(ended, PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_HOST);
  CU_ASSERT_FALSE(psd_call_is_open(s.call));
  scene_heard_request(&s, 0, request);
  canned_heard_signal(&s.server, PSD_SIGNAL_MESSAGE, PSD_STEP_NONE);
  scene_close(&s);
}

static void false_refills(void) {
  static const char request[] = "04 00 000000000000C350 00";
  told cases[12];
  char hex[TOLD_MAX];
  size_t count = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++)
    cases[i] = refilled;
  cases[count++].answered = 5;
  cases[count++].signal = PSD_SIGNAL_FUNDS; /* a refusal with a result */
  cases[count++].operation = PSD_OPERATION_LOADING;
  cases[count++].operation = PSD_OPERATION_LOAD_CANCELLED;
  cases[count++].operation = PSD_OPERATION_WITHDRAWN;
  cases[count++].operation = PSD_OPERATION_NONE;
  cases[count++].group = PSD_GROUP_CERTIFICATE;
  cases[count++].amount = AMOUNT + 1;
  cases[count++].control_total++;
  cases[count].ascending = UINT64_MAX; /* a sum that overflows to what is named */
  cases[count].descending = 60001;
  cases[count++].control_total = 60000;
  cases[count].ascending = 500; /* less than what was credited */
  cases[count].descending = AMOUNT - 501;
  cases[count].control_total = AMOUNT - 1;
  count++;
  for (size_t i = 0; i < count; i++)
    check_false_answer(hex_of(&cases[i], hex), true, false, request);
  check_false_answer("0400", true, false, request); /* done, and not a word of what */
  (void)hex_of(&refilled, hex);
  size_t length = strlen(hex);
  hex[length - 2] = '\0'; /* a byte short */
  check_false_answer(hex, true, false, request);
  (void)hex_of(&refilled, hex);
  memcpy(hex + length, "00", 3); /* and one too many */
  check_false_answer(hex, true, false, request);
}

static void false_withdrawals(void) {
  static const char request[] = "05 00 000000000000C350 00", final[] = "05 00 000000000000C350 01";
  char hex[TOLD_MAX];
  told other = withdrawn;
  other.operation = PSD_OPERATION_WITHDRAWING;
  check_false_answer(hex_of(&other, hex), false, false, request);
  other.operation = PSD_OPERATION_LOADED;
  check_false_answer(hex_of(&other, hex), false, false, request);
  check_false_answer(hex_of(&withdrawn, hex), false, true, final); /* something is left in a final one */
  other = withdrawn;
  other.group = 2;
  check_false_answer(hex_of(&other, hex), false, false, request);
}

static psd_result sign_on_recovering(scene *s, const char *answer) {
  scene_open(s, PSD_SUITE_P256);
  scene_all_well(s, "0002");
  scene_server_answers(s, 0, answer, PSD_FRAME_HOST_DATA);
  psd_result result = scene_sign_on(s);
  scene_heard_m1_and_m3(s);
  scene_heard_request(s, 0, "03");
  return result;
}

/* What the audit result announced is over when the session is open, and what came of it is told. */
static void recovered(void) {
  static const unsigned ends[] = {PSD_OPERATION_LOADED, PSD_OPERATION_LOAD_CANCELLED, PSD_OPERATION_WITHDRAWN};
  for (size_t i = 0; i < PSD_CHECK_COUNT(ends); i++) {
    scene s;
    char hex[TOLD_MAX];
    told of = refilled;
    of.answered = 3;
    of.operation = ends[i];
    CU_ASSERT_EQUAL_FATAL(sign_on_recovering(&s, hex_of(&of, hex)), PSD_OK);
    CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, ends[i]);
    CU_ASSERT_EQUAL(psd_session_recovered(s.session)->amount, AMOUNT);
    CU_ASSERT_EQUAL(psd_session_recovered(s.session)->sequence, 7);
    scene_server_answers(&s, 1, "0300", PSD_FRAME_HOST_DATA); /* a second time there is nothing new, */
    CU_ASSERT_EQUAL(psd_session_done(s.session, &s.refusal), PSD_OK);
    CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, ends[i]); /* and what was is not forgotten */
    scene_heard_request(&s, 1, "03");
    scene_close(&s);
  }
}

/* Nothing to tell: no result, or one that says so. The server that cannot do it now does it the next time. */
static void nothing_recovered(void) {
  told none = {.answered = 3};
  char hex[TOLD_MAX];
  const char *const answers[] = {"0300", hex_of(&none, hex), "030C", "031A"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(answers); i++) {
    scene s;
    CU_ASSERT_EQUAL_FATAL(sign_on_recovering(&s, answers[i]), PSD_OK);
    CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, PSD_OPERATION_NONE);
    CU_ASSERT_TRUE(psd_call_is_open(s.call));
    scene_close(&s);
  }
}

/* A receipt that was lost: the audit settles it without a word to the card, and the Host hears of it when it asks. */
static void settled_by_the_audit(void) {
  scene s;
  told of = refilled;
  of.answered = 3;
  open_session(&s);
  CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, PSD_OPERATION_NONE);
  say(&s, 0, &of);
  CU_ASSERT_EQUAL(psd_session_done(s.session, &s.refusal), PSD_OK);
  CU_ASSERT_EQUAL(psd_session_recovered(s.session)->operation, PSD_OPERATION_LOADED);
  scene_heard_request(&s, 0, "03");
  scene_close(&s);
}

static void false_recoveries(void) {
  told cases[6];
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    cases[i] = refilled;
    cases[i].answered = 3;
  }
  cases[0].operation = PSD_OPERATION_LOADING;
  cases[1].operation = PSD_OPERATION_WITHDRAWING;
  cases[2].operation = 6;
  cases[3].group = 2;
  cases[4].control_total--;
  cases[5].signal = PSD_SIGNAL_KMS;
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    scene s;
    char hex[TOLD_MAX];
    CU_ASSERT_EQUAL(sign_on_recovering(&s, hex_of(&cases[i], hex)), PSD_BAD_ANSWER);
    CU_ASSERT_PTR_NULL(s.session);
    CU_ASSERT_FALSE(psd_call_is_open(s.call));
    canned_heard_signal(&s.server, PSD_SIGNAL_MESSAGE, PSD_STEP_NONE);
    scene_close(&s);
  }
}

/* The card does not open what the server sends it: the refill is cancelled or finished another time. */
static void card_refuses(void) {
  scene s;
  psd_funds_result result;
  open_session(&s);
  scene_expect(&s, "00C20000 03 AABBCC 00", "6300");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AABBCC");
  CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_CARD);
  CU_ASSERT_FALSE(psd_call_is_open(s.call));
  scene_heard_request(&s, 0, "04 00 000000000000C350 00");
  canned_heard_signal(&s.server, PSD_SIGNAL_RECORD, PSD_STEP_NONE);
  scene_close(&s);
}

static void server_is_gone(void) {
  scene s;
  psd_funds_result result;
  open_session(&s);
  CU_ASSERT_EQUAL_FATAL(shutdown(s.server.fd, SHUT_WR), 0);
  CU_ASSERT_EQUAL(psd_session_refill(s.session, PSD_GROUP_POSTAGE, AMOUNT, &result, &s.refusal), PSD_LOST);
  CU_ASSERT_EQUAL(result.operation, PSD_OPERATION_NONE);
  scene_close(&s);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill", refill},
      {"a refill that pays first what is due", refill_that_pays_what_is_due},
      {"a withdrawal; a final one, of nothing too", withdrawal},
      {"what the server refuses, and the session goes on", refusals},
      {"what makes no sense is not sent", senseless},
      {"answers that are to no such refill", false_refills},
      {"answers that are to no such withdrawal", false_withdrawals},
      {"what was left behind is finished", recovered},
      {"nothing was left behind, or cannot be finished now", nothing_recovered},
      {"settled by the audit alone", settled_by_the_audit},
      {"what cannot have been left behind", false_recoveries},
      {"the card does not take what the server sends", card_refuses},
      {"the server is gone", server_is_gone},
  };
  return psd_check_run("reader: funds in a session", tests, PSD_CHECK_COUNT(tests));
}
