/* The session on the meter server, frame by frame, against a card and a key management system on paper and a database
 * that is real. */
#include "meter/session.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "paper_card.h"

#define SERIAL 0x00C0FFEEU
#define FRAMES 16U
#define CALLS 8U

static const uint8_t right[32] = {1}, wrong[32] = {2}, another[32] = {3};

typedef struct frame {
  psd_frame_type type;
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length;
} frame;

/* A request that the key management system has not answered. */
struct psd_meter_call {
  psd_frame_type type;
  uint8_t body[1024];
  size_t length;
  psd_meter_answered *answered;
  void *owner;
};

/* A server of one session: what was sent, and who waits for what. */
typedef struct bench {
  psd_meter_service service;
  psd_meter_settings settings;
  psd_db *db;
  char file[64];
  psd_meter_session *session;
  paper_card card;
  frame sent[FRAMES];
  unsigned sent_count, taken;
  bool closed;
  size_t limit;
  uint64_t deadline, time;
  psd_meter_call *calls[CALLS];
  unsigned call_count, asked, forgotten;
  psd_meter_job *job;
  unsigned writes;
  /* Misfortune. */
  bool no_kms, no_database;
  psd_signal kms_refuses;
  psd_db_result database_fails;
} bench;

static bench *of(psd_meter_service *service) {
  return (bench *)(void *)service;
}

static psd_meter_call *ask(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                           psd_meter_answered *answered, void *owner) {
  bench *at = of(service);
  if (at->no_kms)
    return NULL;
  psd_meter_call *call = calloc(1, sizeof *call);
  CU_ASSERT_FATAL(call != NULL && length <= sizeof call->body && at->call_count < CALLS);
  *call = (psd_meter_call){.type = type, .length = length, .answered = answered, .owner = owner};
  memcpy(call->body, body, length);
  at->calls[at->call_count++] = call;
  at->asked++;
  return call;
}

static void forget(psd_meter_service *service, psd_meter_call *call) {
  bench *at = of(service);
  unsigned i = 0;
  while (i < at->call_count && at->calls[i] != call)
    i++;
  CU_ASSERT_FATAL(i < at->call_count);
  at->calls[i] = at->calls[--at->call_count];
  at->forgotten++;
  free(call);
}

static bool submit(psd_meter_service *service, psd_meter_job *job) {
  bench *at = of(service);
  if (at->no_database)
    return false;
  CU_ASSERT_PTR_NULL_FATAL(at->job);
  at->job = job;
  return true;
}

static uint64_t now(psd_meter_service *service) {
  return of(service)->time;
}

static const psd_meter_service_calls calls = {ask, forget, submit, now};

static void line_send(void *connection, psd_frame_type type, const psd_body *pieces, size_t count) {
  bench *at = connection;
  CU_ASSERT_TRUE_FATAL(at->sent_count < FRAMES && !at->closed);
  frame *to = &at->sent[at->sent_count++];
  to->type = type;
  to->length = 0;
  for (size_t i = 0; i < count; i++) {
    memcpy(to->body + to->length, pieces[i].data, pieces[i].length);
    to->length += pieces[i].length;
  }
}

static void line_close(void *connection) {
  ((bench *)connection)->closed = true;
}

static void line_limit(void *connection, size_t most) {
  ((bench *)connection)->limit = most;
}

static void line_deadline(void *connection, uint64_t seconds) {
  ((bench *)connection)->deadline = seconds;
}

static const psd_meter_line line = {line_send, line_close, line_limit, line_deadline};

/* What is asked of the key management system or the database is answered, until nothing is. */
static bool answer_call(bench *at) {
  uint8_t body[PAPER_RECORD];
  psd_meter_answer answer = {.body = body};
  if (at->call_count == 0)
    return false;
  psd_meter_call *call = at->calls[--at->call_count];
  if (at->kms_refuses != PSD_SIGNAL_NONE)
    answer.type = PSD_FRAME_KMS_REFUSED;
  else
    answer.type = paper_kms(&at->card, call->type, call->body, call->length, body, &answer.length);
  if (answer.type == PSD_FRAME_KMS_REFUSED)
    answer.signal = at->kms_refuses != PSD_SIGNAL_NONE ? at->kms_refuses : (psd_signal)body[0];
  call->answered(call->owner, &answer);
  free(call);
  return true;
}

static bool do_job(bench *at) {
  psd_meter_job *job = at->job;
  if (job == NULL)
    return false;
  at->job = NULL;
  for (bool write = job->writes;; write = true) {
    CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->db, write), PSD_DB_DONE);
    psd_meter_job_run(job, at->db, write);
    CU_ASSERT_EQUAL_FATAL(psd_db_commit(at->db), PSD_DB_DONE);
    at->writes += write;
    if (write || !job->writes)
      break;
  }
  if (at->database_fails != PSD_DB_DONE)
    job->result = at->database_fails;
  if (job->done != NULL)
    job->done(job->owner, job);
  psd_meter_job_free(job);
  return true;
}

static void pump(bench *at) {
  while (answer_call(at) || do_job(at))
    continue;
}

static void enrol(bench *at) {
  uint8_t device[8], key[32] = {9};
  int64_t account = 0;
  at->db = psd_db_open(at->file, true, (char[200]){0}, 200);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->db);
  psd_db_set_key(at->db, key);
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(at->db, "1", "Anna's", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(at->db, "anna", account, right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(at->db, "bert", account, right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(at->db, device, at->card.wrapped_k4, PAPER_KEY), PSD_DB_DONE);
}

static int64_t id_of(const bench *at, const char *name) {
  psd_user_row row;
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(at->db, name, &row), PSD_DB_DONE);
  return row.id;
}

static psd_device_row row_of(const bench *at) {
  psd_device_row row;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_find(at->db, device, &row), PSD_DB_DONE);
  return row;
}

static void give_to(const bench *at, const char *name) {
  psd_user_row user;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(at->db, name, &user), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_register(at->db, device, user.id, user.account), PSD_DB_DONE);
}

/* The next frame that was sent; it must be of this type. */
static const frame *expect(bench *at, psd_frame_type type) {
  CU_ASSERT_TRUE_FATAL(at->taken < at->sent_count);
  const frame *got = &at->sent[at->taken++];
  CU_ASSERT_EQUAL_FATAL(got->type, type);
  return got;
}

static void call_server(bench *at) {
  at->sent_count = at->taken = at->call_count = 0;
  at->closed = false;
  at->session = psd_meter_session_new(&at->service, &line, at, 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->session);
  CU_ASSERT_EQUAL(at->deadline, at->settings.sign_on_timeout);
  const frame *greeting = expect(at, PSD_FRAME_GREETING);
  CU_ASSERT_EQUAL_FATAL(greeting->length, PSD_SIZE_GREETING);
  memcpy(at->card.greeting, greeting->body, PSD_SIZE_GREETING);
  at->card.ordinal = 0;
}

static void open_bench(bench *at) {
  char words[PSD_METER_WORDS_MAX];
  char *const arguments[] = {(char[]){"run"}, (char[]){"--db=sqlite:none"}, (char[]){"--kms=none"},
                             (char[]){"--suites=p256,shared"}};
  memset(at, 0, sizeof *at);
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  CU_ASSERT_EQUAL_FATAL(psd_meter_settings_parse(4, arguments, &at->settings, words), PSD_METER_RUN);
  char folder[] = "/tmp/psd-session-XXXXXX";
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  (void)snprintf(at->file, sizeof at->file, "sqlite:%s/db", folder);
  at->service = (psd_meter_service){.calls = &calls, .settings = &at->settings, .vendor_key = PAPER_KEY};
  at->time = 1800000000;
  paper_create(&at->card, SERIAL);
  enrol(at);
  call_server(at);
}

static void hang_up(bench *at) {
  psd_meter_session_free(at->session);
  CU_ASSERT_EQUAL(at->call_count, 0);
  if (at->job != NULL)
    CU_ASSERT_PTR_NULL(at->job->done);
  psd_meter_job_free(at->job);
  at->job = NULL;
}

static void close_bench(bench *at) {
  char path[80];
  static const char *const ends[] = {"", "-wal", "-shm"};
  hang_up(at);
  psd_db_close(at->db);
  paper_destroy(&at->card);
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(path, sizeof path, "%s%s", at->file + strlen("sqlite:"), ends[i]);
    (void)unlink(path);
  }
  char *slash = strrchr(at->file, '/');
  *slash = '\0';
  (void)rmdir(at->file + strlen("sqlite:"));
}

static void send_frame(bench *at, psd_frame_type type, const void *body, size_t length) {
  uint8_t *exactly = malloc(length + (length == 0));
  CU_ASSERT_PTR_NOT_NULL_FATAL(exactly);
  if (length > 0)
    memcpy(exactly, body, length);
  psd_meter_session_frame(at->session, type, exactly, length);
  free(exactly);
}

/* The session must have ended with this signal at this step. Returns the wait. */
static uint64_t expect_end(bench *at, psd_signal signal, unsigned step) {
  psd_error_signal message;
  const frame *got = expect(at, PSD_FRAME_ERROR_SIGNAL);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(got->body, got->length, PSD_MESSAGE_ERROR_SIGNAL, &message));
  CU_ASSERT_EQUAL(message.signal, signal);
  CU_ASSERT_EQUAL(message.step, step);
  CU_ASSERT_TRUE(at->closed);
  CU_ASSERT_EQUAL(at->taken, at->sent_count);
  return message.wait;
}

/* M1, of which nobody has heard yet. */
static void send_sign_on(bench *at) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, PSD_SUITE_SHARED, false, "anna", right, m1);
  send_frame(at, PSD_FRAME_SIGN_ON, m1, length);
}

static void sign_on_as(bench *at, psd_suite suite, bool forward, const char *name, const uint8_t verifier[32]) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, suite, forward, name, verifier, m1);
  send_frame(at, PSD_FRAME_SIGN_ON, m1, length);
  pump(at);
}

/* Up to M2. */
static void sign_on(bench *at, psd_suite suite) {
  sign_on_as(at, suite, suite == PSD_SUITE_P256, "anna", right);
  const frame *m2 = expect(at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at->card, m2->body, m2->length));
  CU_ASSERT_EQUAL(at->card.terms.time, at->time);
}

static void send_audit(bench *at) {
  uint8_t m3[PSD_M3_MAX];
  size_t length = paper_audit(&at->card, m3);
  send_frame(at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
  pump(at);
}

/* Up to M4. */
static void open_session(bench *at, psd_suite suite) {
  sign_on(at, suite);
  send_audit(at);
  const frame *m4 = expect(at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at->card, m4->body, m4->length));
  CU_ASSERT_EQUAL(at->deadline, at->settings.idle_timeout);
}

static int ask_server(bench *at, psd_host_operation operation, const void *content, size_t length) {
  uint8_t record[PAPER_RECORD];
  size_t sealed = paper_request(&at->card, operation, content, length, record);
  send_frame(at, PSD_FRAME_HOST_DATA, record, sealed);
  pump(at);
  const frame *got = expect(at, PSD_FRAME_HOST_DATA);
  return paper_answer(&at->card, operation, got->body, got->length);
}

static void test_handshake(void) {
  static const psd_suite suites[] = {PSD_SUITE_P256, PSD_SUITE_SHARED};
  for (size_t i = 0; i < 2; i++) {
    bench at;
    open_bench(&at);
    give_to(&at, "anna");
    open_session(&at, suites[i]);
    CU_ASSERT_EQUAL(at.card.result.actions, 0);
    CU_ASSERT_EQUAL(at.card.result.time, at.time);
    CU_ASSERT_EQUAL(at.limit, PSD_METER_BODY_AFTER);
    CU_ASSERT_EQUAL(row_of(&at).inspected, at.time);
    CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_DONE, NULL, 0), 0);
    close_bench(&at);
  }
}

/* EP: several sessions on one connection; a sign-on is of no use a second time. */
static void test_sessions_in_a_row(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX];
  open_bench(&at);
  give_to(&at, "anna");
  for (unsigned i = 0; i < 3; i++) {
    open_session(&at, PSD_SUITE_P256);
    send_frame(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
    CU_ASSERT_EQUAL(at.limit, PSD_METER_BODY_BEFORE);
    at.card.ordinal++;
    at.sent_count = at.taken = 0;
  }
  size_t length = paper_sign_on(&at.card, PSD_SUITE_P256, true, "anna", right, m1);
  send_frame(&at, PSD_FRAME_SIGN_ON, m1, length);
  pump(&at);
  const frame *m2 = expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at.card, m2->body, m2->length));
  send_audit(&at);
  (void)expect(&at, PSD_FRAME_AUDIT_RESULT);
  send_frame(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
  send_frame(&at, PSD_FRAME_SIGN_ON, m1, length);
  pump(&at);
  (void)expect_end(&at, PSD_SIGNAL_SESSION_KEY, 214);
  close_bench(&at);
}

static void test_suites(void) {
  static const struct {
    uint8_t suite, forward;
    psd_signal signal;
  } cases[] = {{PSD_SUITE_P256, 0, PSD_SIGNAL_SUITE},
               {PSD_SUITE_SHARED, 1, PSD_SIGNAL_SUITE},
               {PSD_SUITE_CLASSIC, 0, PSD_SIGNAL_MESSAGE},
               {0x40, 0, PSD_SIGNAL_SUITE},
               {0, 0, PSD_SIGNAL_SUITE},
               {PSD_SUITE_P256, 2, PSD_SIGNAL_MESSAGE}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    uint8_t m1[PSD_SIGN_ON_MAX];
    open_bench(&at);
    psd_suite like = cases[i].suite == PSD_SUITE_SHARED ? PSD_SUITE_SHARED : PSD_SUITE_P256;
    size_t length = paper_sign_on(&at.card, like, true, "anna", right, m1);
    m1[1] = cases[i].suite;
    m1[2] = cases[i].forward;
    send_frame(&at, PSD_FRAME_SIGN_ON, m1, length);
    (void)expect_end(&at, cases[i].signal, cases[i].signal == PSD_SIGNAL_SUITE ? 212 : 210);
    CU_ASSERT_EQUAL(at.asked, 0);
    close_bench(&at);
  }
}

static void test_without_forward(void) {
  bench at;
  open_bench(&at);
  give_to(&at, "anna");
  at.settings.forward = 0;
  sign_on_as(&at, PSD_SUITE_P256, false, "anna", right);
  const frame *m2 = expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at.card, m2->body, m2->length));
  send_audit(&at);
  (void)expect(&at, PSD_FRAME_AUDIT_RESULT);
  close_bench(&at);
}

/* A suite that only the greeting of another time offered. */
static void test_suite_not_offered(void) {
  bench at;
  open_bench(&at);
  hang_up(&at);
  at.settings.suites = PSD_SUITE_P256;
  call_server(&at);
  sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_SUITE, 212);
  close_bench(&at);
}

/* Every bit of M1 counts. */
static void test_flipped_m1(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX];
  open_bench(&at);
  size_t length = paper_sign_on(&at.card, PSD_SUITE_SHARED, false, "anna", right, m1);
  for (size_t bit = 0; bit < 8 * length; bit++) {
    hang_up(&at);
    call_server(&at);
    length = paper_sign_on(&at.card, PSD_SUITE_SHARED, false, "anna", right, m1);
    m1[bit / 8] ^= (uint8_t)(1U << bit % 8);
    send_frame(&at, PSD_FRAME_SIGN_ON, m1, length);
    pump(&at);
    psd_signal signal = (psd_signal)expect(&at, PSD_FRAME_ERROR_SIGNAL)->body[0];
    size_t at_byte = bit / 8;
    if (at_byte >= 7)
      CU_ASSERT_EQUAL(signal,
                      at_byte >= PSD_SIZE_SIGN_ON + PSD_WRAPPED_SHARED ? PSD_SIGNAL_USER : PSD_SIGNAL_SESSION_KEY);
    CU_ASSERT_TRUE(at.closed);
  }
  close_bench(&at);
}

static void test_cut_m1(void) {
  bench at;
  uint8_t m1[PSD_SIGN_ON_MAX + 1] = {0};
  open_bench(&at);
  size_t length = paper_sign_on(&at.card, PSD_SUITE_P256, true, "anna", right, m1);
  for (size_t cut = 0; cut <= sizeof m1; cut++) {
    if (cut == length)
      continue;
    hang_up(&at);
    call_server(&at);
    send_frame(&at, PSD_FRAME_SIGN_ON, m1, cut);
    (void)expect_end(&at, PSD_SIGNAL_MESSAGE, 210);
  }
  CU_ASSERT_EQUAL(at.asked, 0);
  close_bench(&at);
}

static void try_password(bench *at, const char *name, const uint8_t verifier[32]) {
  hang_up(at);
  call_server(at);
  sign_on_as(at, PSD_SUITE_SHARED, false, name, verifier);
}

/* EP 218, 220: nobody can tell an unknown user from a wrong password; both lock alike. */
static void test_wrong_password(void) {
  static const char *const names[] = {"anna", "nobody"};
  static const unsigned waits[] = {0, 0, 0, 0, 1, 2, 4};
  for (size_t i = 0; i < 2; i++) {
    bench at;
    open_bench(&at);
    for (size_t tries = 0; tries < sizeof waits / sizeof waits[0]; tries++) {
      try_password(&at, names[i], wrong);
      CU_ASSERT_EQUAL(expect_end(&at, PSD_SIGNAL_USER, 218), waits[tries]);
      if (waits[tries] > 0) {
        /* While it is locked not even the right one does, and nothing is counted. */
        try_password(&at, names[i], right);
        CU_ASSERT_EQUAL(expect_end(&at, PSD_SIGNAL_USER, 218), waits[tries]);
      }
      at.time += waits[tries];
    }
    close_bench(&at);
  }
}

static void test_lock_has_an_end(void) {
  bench at;
  open_bench(&at);
  at.settings.lock_most = 10;
  uint64_t wait = 0;
  for (unsigned tries = 0; tries < 20; tries++) {
    try_password(&at, "anna", wrong);
    wait = expect_end(&at, PSD_SIGNAL_USER, 218);
    at.time += wait;
  }
  CU_ASSERT_EQUAL(wait, 10);
  close_bench(&at);
}

/* The counter goes back when a handshake completes, and not before. */
static void test_counter_is_cleared_by_m4(void) {
  bench at;
  psd_failures failures;
  open_bench(&at);
  give_to(&at, "anna");
  try_password(&at, "anna", wrong);
  (void)expect_end(&at, PSD_SIGNAL_USER, 218);
  hang_up(&at);
  call_server(&at);
  sign_on(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(psd_db_failures_get(at.db, "anna", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 1);
  send_audit(&at);
  (void)expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_EQUAL(psd_db_failures_get(at.db, "anna", &failures), PSD_DB_DONE);
  CU_ASSERT_EQUAL(failures.count, 0);
  close_bench(&at);
}

static void test_disabled_user(void) {
  bench at;
  open_bench(&at);
  CU_ASSERT_EQUAL(psd_db_user_set_disabled(at.db, "anna", true), PSD_DB_DONE);
  sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_USER, 218);
  close_bench(&at);
}

/* Names that no user has: no name at all, one that is no UTF-8. */
static void test_strange_names(void) {
  static const char *const names[] = {"", "\xFF", "a\xC3"};
  for (size_t i = 0; i < 3; i++) {
    bench at;
    open_bench(&at);
    sign_on_as(&at, PSD_SUITE_SHARED, false, names[i], right);
    (void)expect_end(&at, PSD_SIGNAL_USER, 218);
    close_bench(&at);
  }
}

/* EP 240: every bit of M3 counts. */
static void test_flipped_m3(void) {
  bench at;
  uint8_t m3[PSD_M3_MAX];
  open_bench(&at);
  const size_t length = PSD_SIZE_AUDIT + PSD_HASH + PSD_GCM_TAG;
  for (size_t bit = 0; bit < 8 * length; bit += 7) {
    hang_up(&at);
    call_server(&at);
    sign_on(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL_FATAL(paper_audit(&at.card, m3), length);
    m3[bit / 8] ^= (uint8_t)(1U << bit % 8);
    send_frame(&at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
    (void)expect_end(&at, PSD_SIGNAL_RECORD, 240);
  }
  close_bench(&at);
}

static void send_changed_audit(bench *at, size_t offset, uint8_t change) {
  uint8_t m3[PSD_M3_MAX], text[PSD_M3_MAX];
  psd_meter_keys keys = at->card.keys;
  size_t length = paper_audit(&at->card, m3);
  CU_ASSERT_TRUE_FATAL(psd_meter_open(&keys.from_card, PSD_FRAME_AUDIT_RESPONSE, m3, length, text));
  text[offset] ^= change;
  keys.from_card.sequence = 0;
  CU_ASSERT_TRUE_FATAL(
      psd_meter_seal(&keys.from_card, PSD_FRAME_AUDIT_RESPONSE, (psd_part){NULL, 0}, text, length - PSD_GCM_TAG, m3));
  send_frame(at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
  pump(at);
}

/* A card that lies: in whose name it speaks, of which session, with what signature. */
static void test_audit_of_another(void) {
  static const struct {
    size_t offset;
    psd_signal signal;
    unsigned step;
  } cases[] = {
      {0, PSD_SIGNAL_MESSAGE, 240},                   /* kind of signature */
      {8, PSD_SIGNAL_AUDIT, 240},                     /* serial number */
      {PSD_SIZE_AUDIT - 1, PSD_SIGNAL_AUDIT, 240},    /* transcript */
      {PSD_SIZE_AUDIT - 33, PSD_SIGNAL_AUDIT, 240},   /* nonce */
      {30, PSD_SIGNAL_SIGNATURE, 246},                /* a register */
      {PSD_SIZE_AUDIT + 5, PSD_SIGNAL_SIGNATURE, 246} /* the signature */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    open_bench(&at);
    sign_on(&at, PSD_SUITE_SHARED);
    send_changed_audit(&at, cases[i].offset, i == 0 ? PSD_SIGNATURE_HMAC ^ PSD_SIGNATURE_ECDSA : 1);
    (void)expect_end(&at, cases[i].signal, cases[i].step);
    CU_ASSERT_EQUAL(row_of(&at).inspected, 0);
    close_bench(&at);
  }
}

static void test_unknown_device(void) {
  bench at;
  open_bench(&at);
  at.card.device.serial = at.card.audit.serial = SERIAL + 1;
  sign_on(&at, PSD_SUITE_SHARED);
  send_audit(&at);
  (void)expect_end(&at, PSD_SIGNAL_DEVICE, 240);
  close_bench(&at);
}

static void test_revoked_device(void) {
  bench at;
  uint8_t device[8];
  open_bench(&at);
  paper_device(&at.card, device);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(at.db, device, true), PSD_DB_DONE);
  sign_on(&at, PSD_SUITE_SHARED);
  send_audit(&at);
  (void)expect_end(&at, PSD_SIGNAL_DEVICE, 240);
  close_bench(&at);
}

static void test_device_of_another(void) {
  bench at;
  open_bench(&at);
  give_to(&at, "bert");
  sign_on(&at, PSD_SUITE_SHARED);
  send_audit(&at);
  (void)expect_end(&at, PSD_SIGNAL_NOT_REGISTERED, 240);
  close_bench(&at);
}

static void test_wrong_wrapped_k4(void) {
  bench at;
  open_bench(&at);
  sign_on(&at, PSD_SUITE_SHARED);
  at.card.wrapped_k4[0] ^= 1;
  send_audit(&at);
  (void)expect_end(&at, PSD_SIGNAL_DEVICE_KEY, 244);
  close_bench(&at);
}

/* A PSD that is nobody's can be registered, and nothing else. */
static void test_registration(void) {
  bench at;
  psd_new_password passwords;
  uint8_t content[PSD_SIZE_NEW_PASSWORD];
  memcpy(passwords.verifier, right, 32);
  memcpy(passwords.next, another, 32);
  psd_buffer buffer = psd_buffer_over(content, sizeof content);
  psd_put_message(&buffer, PSD_MESSAGE_NEW_PASSWORD, &passwords);
  open_bench(&at);
  at.service.vendor_key = PAPER_NEXT;
  open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_REGISTER, NULL, 0), 0);
  CU_ASSERT_EQUAL(row_of(&at).user, id_of(&at, "anna"));
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_REGISTER, NULL, 0), 0);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_DONE, NULL, 0), 0);
  close_bench(&at);
}

/* Somebody else was faster. */
static void test_registration_too_late(void) {
  bench at;
  open_bench(&at);
  open_session(&at, PSD_SUITE_SHARED);
  give_to(&at, "bert");
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_REGISTER, NULL, 0), PSD_SIGNAL_NOT_REGISTERED);
  CU_ASSERT_EQUAL(row_of(&at).user, id_of(&at, "bert"));
  close_bench(&at);
}

static void test_new_password(void) {
  bench at;
  uint8_t content[64];
  open_bench(&at);
  give_to(&at, "anna");
  open_session(&at, PSD_SUITE_SHARED);
  memcpy(content, wrong, 32);
  memcpy(content + 32, another, 32);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), PSD_SIGNAL_USER);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_NEW_PASSWORD, content, 63), PSD_SIGNAL_REQUEST);
  memcpy(content, right, 32);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_NEW_PASSWORD, content, sizeof content), 0);
  try_password(&at, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_USER, 218);
  try_password(&at, "anna", another);
  (void)expect(&at, PSD_FRAME_SIGN_ON_RESPONSE);
  close_bench(&at);
}

static void test_strange_requests(void) {
  bench at;
  open_bench(&at);
  give_to(&at, "anna");
  open_session(&at, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(ask_server(&at, (psd_host_operation)77, NULL, 0), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_REGISTER, "x", 1), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_server(&at, PSD_HOST_DONE, "x", 1), PSD_SIGNAL_REQUEST);
  close_bench(&at);
}

/* A record that was heard is of no use, nor one of another direction. */
static void test_repeated_record(void) {
  bench at;
  uint8_t record[PAPER_RECORD];
  open_bench(&at);
  give_to(&at, "anna");
  open_session(&at, PSD_SUITE_SHARED);
  size_t length = paper_request(&at.card, PSD_HOST_DONE, NULL, 0, record);
  send_frame(&at, PSD_FRAME_HOST_DATA, record, length);
  const frame *answer = expect(&at, PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(paper_answer(&at.card, PSD_HOST_DONE, answer->body, answer->length), 0);
  send_frame(&at, PSD_FRAME_HOST_DATA, record, length);
  (void)expect_end(&at, PSD_SIGNAL_RECORD, 240);
  close_bench(&at);
}

/* The current K1 for a PSD that holds an older one: only after the audit, only inside a record for the card. */
static void test_rotation(void) {
  bench at;
  uint8_t command[PAPER_RECORD], record[PAPER_RECORD];
  open_bench(&at);
  give_to(&at, "anna");
  at.service.vendor_key = PAPER_NEXT;
  open_session(&at, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(at.card.result.actions, PSD_ACTION_ROTATE);
  const frame *order = expect(&at, PSD_FRAME_CARD_DATA);
  size_t length = paper_command(&at.card, order->body, order->length, command);
  CU_ASSERT_EQUAL_FATAL(length, 5 + PSD_SIZE_VENDOR_KEY_ORDER);
  psd_check_bytes(command, 9, "8054000065 00000008", "the order");
  /* The Host is done; the card is not. */
  length = paper_request(&at.card, PSD_HOST_DONE, NULL, 0, record);
  send_frame(&at, PSD_FRAME_HOST_DATA, record, length);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  length = paper_status(&at.card, 0x9000, record);
  send_frame(&at, PSD_FRAME_CARD_DATA, record, length);
  const frame *answer = expect(&at, PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(paper_answer(&at.card, PSD_HOST_DONE, answer->body, answer->length), 0);
  /* The server learns of it by the next audit. */
  at.card.audit.vendor_key = PAPER_NEXT;
  at.card.ordinal++;
  send_frame(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
  open_session(&at, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(at.card.result.actions, 0);
  CU_ASSERT_EQUAL(row_of(&at).vendor_key, PAPER_NEXT);
  close_bench(&at);
}

static void test_card_data_unasked(void) {
  bench at;
  uint8_t record[PAPER_RECORD];
  open_bench(&at);
  give_to(&at, "anna");
  open_session(&at, PSD_SUITE_SHARED);
  size_t length = paper_status(&at.card, 0x9000, record);
  send_frame(&at, PSD_FRAME_CARD_DATA, record, length);
  (void)expect_end(&at, PSD_SIGNAL_ORDER, 0);
  close_bench(&at);
}

/* An audit that says nothing new costs no write; after a while, and with news, it does. */
static void test_saves_news_only(void) {
  static const struct {
    unsigned after;
    bool piece, saved;
  } rounds[] = {{0, false, true}, {10, false, false}, {10, true, true}, {10, false, false}, {61, false, true}};
  bench at;
  open_bench(&at);
  give_to(&at, "anna");
  for (size_t i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
    unsigned before = at.writes;
    at.time += rounds[i].after;
    at.card.audit.piece_count += rounds[i].piece;
    at.card.audit.inspected = at.time;
    at.card.audit.log_count++;
    open_session(&at, PSD_SUITE_SHARED);
    CU_ASSERT_EQUAL(at.writes - before, rounds[i].saved);
    send_frame(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
    at.card.ordinal++;
    at.sent_count = at.taken = 0;
  }
  close_bench(&at);
}

/* M4 is not sent before the audit is on the disk, and not at all when it cannot be. */
static void test_database_fails(void) {
  bench at;
  open_bench(&at);
  at.database_fails = PSD_DB_BUSY;
  sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
  CU_ASSERT_EQUAL(expect_end(&at, PSD_SIGNAL_DATABASE, 216), 1);
  close_bench(&at);
  open_bench(&at);
  sign_on(&at, PSD_SUITE_SHARED);
  at.database_fails = PSD_DB_FAILED;
  send_audit(&at);
  (void)expect_end(&at, PSD_SIGNAL_DATABASE, 246);
  close_bench(&at);
  open_bench(&at);
  at.no_database = true;
  sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_DATABASE, 216);
  close_bench(&at);
}

/* EP 212, 242: nobody answers, or with what is no fault of the Host. */
static void test_kms_fails(void) {
  static const psd_signal refusals[] = {PSD_SIGNAL_KMS, PSD_SIGNAL_ROLE, PSD_SIGNAL_MESSAGE, PSD_SIGNAL_INTERNAL};
  bench at;
  for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
    open_bench(&at);
    at.kms_refuses = refusals[i];
    sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
    (void)expect_end(&at, PSD_SIGNAL_KMS, 212);
    close_bench(&at);
    open_bench(&at);
    sign_on(&at, PSD_SUITE_SHARED);
    at.kms_refuses = refusals[i];
    send_audit(&at);
    (void)expect_end(&at, PSD_SIGNAL_KMS, 242);
    close_bench(&at);
  }
  open_bench(&at);
  at.no_kms = true;
  sign_on_as(&at, PSD_SUITE_SHARED, false, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_KMS, 212);
  close_bench(&at);
}

static void test_old_vendor_key(void) {
  bench at;
  open_bench(&at);
  at.card.vendor_key = 3;
  sign_on_as(&at, PSD_SUITE_P256, true, "anna", right);
  (void)expect_end(&at, PSD_SIGNAL_VENDOR_KEY, 214);
  close_bench(&at);
}

/* Every frame in every state in which it has no business. */
static void test_order(void) {
  static const psd_frame_type types[] = {PSD_FRAME_SIGN_ON,   PSD_FRAME_AUDIT_RESPONSE, PSD_FRAME_HOST_DATA,
                                         PSD_FRAME_CARD_DATA, PSD_FRAME_SIGN_OFF,       PSD_FRAME_GREETING,
                                         PSD_FRAME_KMS_UNWRAP};
  uint8_t m3[PSD_M3_MAX];
  for (unsigned state = 0; state < 6; state++) {
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
      bench at;
      open_bench(&at);
      if (state == 1 || state == 2)
        send_sign_on(&at);
      if (state == 2)
        CU_ASSERT_TRUE(answer_call(&at));
      if (state > 2)
        sign_on(&at, PSD_SUITE_SHARED);
      if (state > 3)
        send_frame(&at, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.card, m3));
      if (state > 4)
        CU_ASSERT_TRUE(answer_call(&at));
      if ((types[i] == PSD_FRAME_SIGN_ON && state == 0) || (types[i] == PSD_FRAME_AUDIT_RESPONSE && state == 3)) {
        close_bench(&at);
        continue;
      }
      send_frame(&at, types[i], NULL, 0);
      bool none = types[i] == PSD_FRAME_GREETING || types[i] == PSD_FRAME_KMS_UNWRAP;
      psd_error_signal message;
      const frame *got = expect(&at, PSD_FRAME_ERROR_SIGNAL);
      CU_ASSERT_TRUE(psd_parse_message(got->body, got->length, PSD_MESSAGE_ERROR_SIGNAL, &message));
      CU_ASSERT_EQUAL(message.signal, none ? PSD_SIGNAL_MESSAGE : PSD_SIGNAL_ORDER);
      CU_ASSERT_TRUE(at.closed);
      send_frame(&at, PSD_FRAME_SIGN_OFF, NULL, 0);
      pump(&at);
      CU_ASSERT_EQUAL(at.sent_count, at.taken);
      close_bench(&at);
    }
  }
}

static void test_error_signal_of_the_host(void) {
  static const uint8_t signal[] = {PSD_SIGNAL_RESPONSE, 0, 224, 0, 0, 0, 0};
  bench at;
  open_bench(&at);
  sign_on(&at, PSD_SUITE_SHARED);
  send_frame(&at, PSD_FRAME_ERROR_SIGNAL, signal, sizeof signal);
  CU_ASSERT_TRUE(at.closed);
  CU_ASSERT_EQUAL(at.taken, at.sent_count);
  close_bench(&at);
}

static void test_timeouts(void) {
  bench at;
  open_bench(&at);
  psd_meter_session_timeout(at.session);
  (void)expect_end(&at, PSD_SIGNAL_TIMEOUT, 210);
  close_bench(&at);
  open_bench(&at);
  send_sign_on(&at);
  CU_ASSERT_EQUAL(at.deadline, at.settings.handshake_timeout);
  psd_meter_session_timeout(at.session);
  (void)expect_end(&at, PSD_SIGNAL_KMS, 212);
  CU_ASSERT_EQUAL(at.forgotten, 1);
  close_bench(&at);
  open_bench(&at);
  send_sign_on(&at);
  CU_ASSERT_TRUE(answer_call(&at));
  psd_meter_session_timeout(at.session);
  (void)expect_end(&at, PSD_SIGNAL_DATABASE, 216);
  pump(&at);
  close_bench(&at);
  open_bench(&at);
  sign_on(&at, PSD_SUITE_SHARED);
  psd_meter_session_timeout(at.session);
  (void)expect_end(&at, PSD_SIGNAL_TIMEOUT, 240);
  close_bench(&at);
}

/* A handshake that runs is finished; then the session ends. */
static void test_stop(void) {
  bench at;
  open_bench(&at);
  psd_meter_session_stop(at.session);
  CU_ASSERT_TRUE(expect_end(&at, PSD_SIGNAL_STOPPING, 200) > 0);
  close_bench(&at);
  open_bench(&at);
  give_to(&at, "anna");
  sign_on(&at, PSD_SUITE_SHARED);
  psd_meter_session_stop(at.session);
  CU_ASSERT_FALSE(at.closed);
  send_audit(&at);
  const frame *m4 = expect(&at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE(paper_take_m4(&at.card, m4->body, m4->length));
  (void)expect_end(&at, PSD_SIGNAL_STOPPING, 200);
  close_bench(&at);
}

/* The connection goes while others work for it. */
static void test_gone_meanwhile(void) {
  for (unsigned state = 0; state < 2; state++) {
    bench at;
    open_bench(&at);
    send_sign_on(&at);
    if (state == 1)
      CU_ASSERT_TRUE(answer_call(&at));
    close_bench(&at);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"EP 200 to 246", test_handshake},
      {"sessions in a row on one connection", test_sessions_in_a_row},
      {"suites that are not offered, and what is none", test_suites},
      {"p256 without forward secrecy, where that is allowed", test_without_forward},
      {"the suites are those of the greeting", test_suite_not_offered},
      {"M1 with one bit flipped", test_flipped_m1},
      {"M1 of every other length", test_cut_m1},
      {"EP 220: wrong passwords, and users who are not there", test_wrong_password},
      {"a lock has a longest time", test_lock_has_an_end},
      {"the counter is cleared by a completed handshake", test_counter_is_cleared_by_m4},
      {"a user who is disabled", test_disabled_user},
      {"names that are none", test_strange_names},
      {"EP 240: M3 with one bit flipped", test_flipped_m3},
      {"EP 240, 246: an audit of another session or PSD, or a wrong signature", test_audit_of_another},
      {"EP 240: a PSD that is not known", test_unknown_device},
      {"EP 240: a PSD that is revoked", test_revoked_device},
      {"EP 240: a PSD of another user", test_device_of_another},
      {"EP 244: a wrapped K4 that does not unwrap", test_wrong_wrapped_k4},
      {"a PSD that is nobody's is registered first", test_registration},
      {"a PSD that somebody else has registered meanwhile", test_registration_too_late},
      {"another password", test_new_password},
      {"requests that are none", test_strange_requests},
      {"a record a second time", test_repeated_record},
      {"a new K1 for the PSD", test_rotation},
      {"an answer of the card that nobody has asked for", test_card_data_unasked},
      {"an audit is saved when it has news", test_saves_news_only},
      {"the database does not answer", test_database_fails},
      {"EP 212, 242: the key management system does not answer", test_kms_fails},
      {"EP 214: a vendor key that is out of use", test_old_vendor_key},
      {"every frame out of its turn", test_order},
      {"the Host ends it", test_error_signal_of_the_host},
      {"nothing comes in time", test_timeouts},
      {"the server stops", test_stop},
      {"the connection goes while others work for it", test_gone_meanwhile},
  };
  return psd_check_run("server session", tests, PSD_CHECK_COUNT(tests));
}
