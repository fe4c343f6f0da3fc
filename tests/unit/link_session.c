/* The conversation of card, Host and server from the Host's side (EP steps 202 to 246): what goes where, what each step
 * refuses, and who is told. Card and server say what the test has them say. */
#include "flow/record.h"
#include "link_scene.h"

#include <string.h>
#include <sys/socket.h>

static void steps_in_order(void) {
  static const psd_step steps[] = {202, 208, 210, 212, 214, 216, 218, 222, 224, 228,
                                   230, 232, 234, 236, 240, 242, 244, 246, 0};
  static const char timed[] = "0110000110001100011";
  scene s;
  scene_open(&s, PSD_SUITE_P256 | PSD_SUITE_RSA);
  scene_all_well(&s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(&s), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(s.step_count, sizeof steps / sizeof steps[0]);
  for (size_t i = 0; i < s.step_count; i++) {
    CU_ASSERT_EQUAL(s.steps[i], steps[i]);
    CU_ASSERT_EQUAL(s.timed[i], timed[i] == '1');
  }
  scene_heard_m1_and_m3(&s);
  CU_ASSERT_EQUAL(psd_session_suite(s.session), PSD_SUITE_P256);
  CU_ASSERT_EQUAL(psd_session_time(s.session), 0x65000000);
  CU_ASSERT_EQUAL(psd_session_result(s.session)->serial, 0x2A);
  canned_heard_nothing(&s.server);
  scene_close(&s);
}

/* Several sign-ons on one call: SIGN_OFF between them, and another ordinal in the context. */
static void several_sign_ons(void) {
  scene s;
  uint8_t body[PSD_FRAME_BODY_MAX];
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(&s), PSD_OK);
  psd_session_close(s.session);
  scene_heard_m1_and_m3(&s);
  CU_ASSERT_EQUAL(canned_heard(&s.server, PSD_FRAME_SIGN_OFF, body), 0);
  s.texts = 0;
  CU_ASSERT_EQUAL(s.card.at, s.card.count);
  s.card.at = s.card.count = 0;
  scene_expect(&s, "00CADF3A00", "01200001 9000");
  scene_expect(&s, "00CADF3B00", "6A88"); /* no policy: p256 */
  scene_card_signs_on(&s, 1);
  scene_server_responds(&s);
  scene_card_opens(&s, SESSION);
  scene_card_audits(&s);
  scene_server_is_content(&s);
  scene_card_accepts(&s, "0000");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_OK);
  scene_close(&s);
}

/* EP step 220: the error signal reaches the user with its step. */
static void server_refuses(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_card_signs_on(&s, 0);
  canned_signal(&s.server, PSD_SIGNAL_USER, PSD_STEP_USER_VERIFIED, 30);
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_REFUSED);
  CU_ASSERT_PTR_NULL(s.session);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_SERVER);
  CU_ASSERT_EQUAL(s.refusal.step, 218);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_USER);
  CU_ASSERT_EQUAL(s.refusal.wait, 30);
  CU_ASSERT_PTR_NOT_NULL(strstr(s.refusal.error.words, "step 218: "));
  CU_ASSERT_FALSE(psd_call_is_open(s.call));
  scene_close(&s);
}

/* EP: "If the Host does not verify the sign-on response, an error signal is transmitted to the SOHO server." */
static void card_refuses_response(void) {
  scene s;
  uint8_t body[PSD_FRAME_BODY_MAX];
  scene_open(&s, PSD_SUITE_P256);
  scene_card_signs_on(&s, 0);
  scene_server_responds(&s);
  scene_expect(&s, scene_repeated(&s, 0x22, PSD_M2_SIZE - 16, "00820001 79" SESSION, "00"), "6300");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_CARD);
  CU_ASSERT_EQUAL(s.refusal.step, 224);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_RESPONSE);
  CU_ASSERT_EQUAL(s.refusal.error.status, 0x6300);
  (void)canned_heard(&s.server, PSD_FRAME_SIGN_ON, body);
  canned_heard_signal(&s.server, PSD_SIGNAL_RESPONSE, 224);
  canned_heard_nothing(&s.server);
  scene_close(&s);
}

/* The Host looks too: the session that the card has opened is the one that the server named. */
static void another_session(void) {
  scene s;
  uint8_t body[PSD_FRAME_BODY_MAX];
  scene_open(&s, PSD_SUITE_P256);
  scene_card_signs_on(&s, 0);
  scene_server_responds(&s);
  scene_card_opens(&s, "FF0102030405060708090A0B0C0D0E0F");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_HOST);
  (void)canned_heard(&s.server, PSD_FRAME_SIGN_ON, body);
  canned_heard_signal(&s.server, PSD_SIGNAL_RESPONSE, 224);
  scene_close(&s);
}

static void card_refuses_result(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_card_signs_on(&s, 0);
  scene_server_responds(&s);
  scene_card_opens(&s, SESSION);
  scene_card_audits(&s);
  scene_server_is_content(&s);
  scene_expect(&s, scene_repeated(&s, 0x44, PSD_M4_SIZE, "00820002 6A", "00"), "6300");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.step, 246);
  scene_heard_m1_and_m3(&s);
  canned_heard_signal(&s.server, PSD_SIGNAL_RESULT, 246);
  scene_close(&s);
}

/* A card that will not sign on: nothing was said, nothing is to be told. */
static void card_refuses_sign_on(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_expect(&s, scene_sign_on_command(&s, 0), "6985");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_CARD);
  CU_ASSERT_EQUAL(s.refusal.step, 208);
  canned_heard_nothing(&s.server);
  scene_close(&s);
}

/* Out of its turn, too short, too long: each is told, and ends the session. */
static void strange_messages(void) {
  static const struct {
    unsigned type;
    size_t length;
    psd_signal signal;
  } cases[] = {{PSD_FRAME_AUDIT_RESULT, PSD_M4_SIZE, PSD_SIGNAL_ORDER},
               {PSD_FRAME_CARD_DATA, 40, PSD_SIGNAL_ORDER},
               {PSD_FRAME_GREETING, PSD_SIZE_GREETING, PSD_SIGNAL_ORDER},
               {PSD_FRAME_SIGN_ON_RESPONSE, PSD_M2_SIZE - 1, PSD_SIGNAL_RESPONSE},
               {PSD_FRAME_SIGN_ON_RESPONSE, PSD_M2_SIZE + 1, PSD_SIGNAL_RESPONSE},
               {PSD_FRAME_SIGN_ON_RESPONSE, 0, PSD_SIGNAL_RESPONSE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scene s;
    uint8_t body[PSD_FRAME_BODY_MAX] = {0};
    scene_open(&s, PSD_SUITE_P256);
    scene_card_signs_on(&s, 0);
    canned_say(&s.server, cases[i].type, body, cases[i].length);
    CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_BAD_ANSWER);
    CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_HOST);
    CU_ASSERT_EQUAL(s.refusal.signal, cases[i].signal);
    CU_ASSERT_FALSE(psd_call_is_open(s.call));
    (void)canned_heard(&s.server, PSD_FRAME_SIGN_ON, body);
    CU_ASSERT_EQUAL(canned_heard(&s.server, PSD_FRAME_ERROR_SIGNAL, body), PSD_SIZE_ERROR_SIGNAL);
    CU_ASSERT_EQUAL(body[0], cases[i].signal);
    scene_close(&s);
  }
}

static void server_is_silent(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_card_signs_on(&s, 0);
  CU_ASSERT_EQUAL_FATAL(shutdown(s.server.fd, SHUT_WR), 0);
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_LOST);
  CU_ASSERT_EQUAL(s.refusal.step, 222);
  scene_close(&s);
}

/* What the audit result announces: the Host says that it is done, and until the server says so too, it hands each
 * command to the card and carries the answer back. */
static void new_vendor_key(void) {
  scene s;
  uint8_t body[PSD_FRAME_BODY_MAX];
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0001");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AABBCC");
  scene_server_answers(&s, 0, "0300", PSD_FRAME_HOST_DATA);
  scene_expect(&s, "00C20000 03 AABBCC 00", "DDEEFF 9000");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_OK);
  scene_heard_m1_and_m3(&s);
  scene_heard_request(&s, 0, "03");
  psd_check_bytes(body, canned_heard(&s.server, PSD_FRAME_CARD_DATA, body), "DDEEFF", "record");
  scene_close(&s);
}

/* The server could not make what it announced: the audit is completed all the same. */
static void no_vendor_key(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0001");
  scene_server_answers(&s, 0, "0300", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_OK);
  scene_heard_m1_and_m3(&s);
  scene_heard_request(&s, 0, "03");
  scene_close(&s);
}

/* A record that the card does not open ends the session. */
static void altered_command(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0001");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AABBCC");
  scene_expect(&s, "00C20000 03 AABBCC 00", "6300");
  CU_ASSERT_EQUAL(scene_sign_on(&s), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_RECORD);
  scene_heard_m1_and_m3(&s);
  scene_heard_request(&s, 0, "03");
  canned_heard_signal(&s.server, PSD_SIGNAL_RECORD, PSD_STEP_NONE);
  scene_close(&s);
}

static void requests(void) {
  scene s;
  uint8_t next[PSD_VERIFIER] = {0x5A};
  char expected[160];
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(&s), PSD_OK);
  scene_heard_m1_and_m3(&s);
  scene_server_answers(&s, 0, "0100", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_register(s.session, &s.refusal), PSD_OK);
  scene_heard_request(&s, 0, "01");
  scene_server_answers(&s, 1, "0206", PSD_FRAME_HOST_DATA); /* refused: and the session stays open */
  CU_ASSERT_EQUAL(psd_session_new_password(s.session, scene_verifier, next, &s.refusal), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_USER);
  (void)snprintf(expected, sizeof expected, "02 A5%062d 5A%062d", 0, 0);
  scene_heard_request(&s, 1, expected);
  scene_server_answers(&s, 2, "0300", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_done(s.session, &s.refusal), PSD_OK);
  scene_close(&s);
}

/* Repeated, reflected under another type, of another request, unreadable: no answer. */
static void false_answers(void) {
  static const struct {
    uint64_t sequence;
    const char *answer;
    unsigned type;
    psd_signal signal;
  } cases[] = {{1, "0100", PSD_FRAME_HOST_DATA, PSD_SIGNAL_RECORD},
               {0, "0100", PSD_FRAME_CARD_DATA, PSD_SIGNAL_RECORD},
               {0, "0300", PSD_FRAME_HOST_DATA, PSD_SIGNAL_MESSAGE},
               {0, "01", PSD_FRAME_HOST_DATA, PSD_SIGNAL_MESSAGE},
               {0, "010000", PSD_FRAME_HOST_DATA, PSD_SIGNAL_MESSAGE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scene s;
    scene_open(&s, PSD_SUITE_P256);
    scene_all_well(&s, "0000");
    CU_ASSERT_EQUAL_FATAL(scene_sign_on(&s), PSD_OK);
    scene_server_answers(&s, cases[i].sequence, cases[i].answer, cases[i].type);
    CU_ASSERT_EQUAL(psd_session_register(s.session, &s.refusal), PSD_BAD_ANSWER);
    scene_heard_m1_and_m3(&s);
    scene_heard_request(&s, 0, "01");
    canned_heard_signal(&s.server, cases[i].signal, PSD_STEP_NONE);
    CU_ASSERT_FALSE(psd_call_is_open(s.call));
    scene_close(&s);
  }
}

/* Commands for the card may come before the answer; not without end. */
static void relayed_meanwhile(void) {
  scene s;
  scene_open(&s, PSD_SUITE_P256);
  scene_all_well(&s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(&s), PSD_OK);
  s.card.at = s.card.count = 0;
  scene_expect(&s, "00C20000 01 AA 00", "BB 9000");
  s.card.again = true;
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AA");
  canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AA");
  scene_server_answers(&s, 0, "0100", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_register(s.session, &s.refusal), PSD_OK);
  CU_ASSERT_EQUAL(s.card.at, 2);
  for (unsigned i = 0; i < 40; i++)
    canned_say_hex(&s.server, PSD_FRAME_CARD_DATA, "AA");
  CU_ASSERT_EQUAL(psd_session_done(s.session, &s.refusal), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_ORDER);
  s.card.at = s.card.count;
  scene_close(&s);
}

static psd_result choose(unsigned offered, unsigned wanted, const char *loaded, const char *policy, scene *s) {
  psd_sign_on_options options = {.user = "anna", .verifier = scene_verifier, .suite = wanted};
  scene_open(s, offered);
  s->lines[0].answer = loaded;
  s->lines[1].answer = policy;
  s->host = script_host(&s->card);
  return psd_session_open(s->call, s->host, &options, &s->session, &s->refusal);
}

/* The best that server, policy and keys have in common; never another than the one that was asked for. */
static void suites(void) {
  static const struct {
    unsigned offered, wanted;
    const char *loaded, *policy;
    const char *p1; /* NULL: refused */
  } cases[] = {
      {7, 0, "01200001 9000", "0701 9000", "01"},
      {7, 0, "01200040 9000", "0701 9000", "02"},
      {7, 0, "01200080 9000", "0701 9000", "04"},
      {7, 0, "012000C1 9000", "0601 9000", "02"},
      {4, 0, "012000C1 9000", "0701 9000", "04"},
      {7, 4, "012000C1 9000", "0701 9000", "04"},
      {7, 0, "012000C1 9000", "6A88", "01"},
      {7, 0, "012000C0 9000", "6A88", NULL},
      {3, 4, "012000C1 9000", "0701 9000", NULL},
      {7, 4, "01200001 9000", "0701 9000", NULL},
      {7, 2, "012000C1 9000", "0501 9000", NULL},
      {0, 0, "012000C1 9000", "0701 9000", NULL},
      {8, 0, "012000C1 9000", "0F01 9000", NULL},
      {0x0F, 0, "01200040 9000", "0901 9000", NULL},
      {7, 8, "012000C1 9000", "0F01 9000", NULL},
      {0x0F, 8, "012000C1 9000", "0701 9000", NULL},
      {0x0F, 8, "01200040 9000", "0901 9000", PSD_CLASSIC ? "08" : NULL},
      {0xFF, 0x40, "012000C1 9000", "0701 9000", NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    scene s;
    char command[400], word[12];
    memset(&s, 0, sizeof s);
    if (cases[i].p1 == NULL) {
      CU_ASSERT_NOT_EQUAL(choose(cases[i].offered, cases[i].wanted, cases[i].loaded, cases[i].policy, &s), PSD_OK);
      CU_ASSERT_EQUAL(s.refusal.who, PSD_BY_HOST);
      canned_heard_nothing(&s.server);
      scene_close(&s);
      continue;
    }
    psd_sign_on_options options = {.user = "anna", .verifier = scene_verifier, .suite = cases[i].wanted};
    scene_open(&s, cases[i].offered);
    s.lines[0].answer = cases[i].loaded;
    s.lines[1].answer = cases[i].policy;
    (void)snprintf(word, sizeof word, "0086%s01", cases[i].p1);
    (void)snprintf(command, sizeof command, "%s%s", word, scene_sign_on_command(&s, 0) + 8);
    scene_expect(&s, command, "6985");
    s.host = script_host(&s.card);
    CU_ASSERT_EQUAL(psd_session_open(s.call, s.host, &options, &s.session, &s.refusal), PSD_REFUSED);
    CU_ASSERT_EQUAL(s.refusal.step, 208);
    scene_close(&s);
  }
  CU_ASSERT_EQUAL(psd_suites_in("p256"), 1);
  CU_ASSERT_EQUAL(psd_suites_in("shared,rsa,p256"), 7);
  CU_ASSERT_EQUAL(psd_suites_in(""), 0);
  CU_ASSERT_EQUAL(psd_suites_in("p256,"), 0);
  CU_ASSERT_EQUAL(psd_suites_in("p256 rsa"), 0);
  CU_ASSERT_EQUAL(psd_suites_in("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the steps, in their order", steps_in_order},
      {"several sign-ons on one call", several_sign_ons},
      {"the server refuses (step 220)", server_refuses},
      {"the card refuses the sign-on response (step 224)", card_refuses_response},
      {"card and server name different sessions", another_session},
      {"the card refuses the audit result", card_refuses_result},
      {"the card refuses to sign on", card_refuses_sign_on},
      {"messages that cannot be", strange_messages},
      {"a server that falls silent", server_is_silent},
      {"a new vendor key", new_vendor_key},
      {"an announced command that does not come", no_vendor_key},
      {"a command that the card does not open", altered_command},
      {"requests in the session", requests},
      {"answers that are not authentic", false_answers},
      {"commands for the card meanwhile", relayed_meanwhile},
      {"suites", suites},
  };
  return psd_check_run("reader: session", tests, PSD_CHECK_COUNT(tests));
}
