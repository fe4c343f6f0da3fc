#include "session_bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "meter/batch.h"

const uint8_t bench_right[32] = {1}, bench_wrong[32] = {2}, bench_another[32] = {3};

/* A request that the key management system has not answered. */
struct psd_meter_call {
  psd_frame_type type;
  uint8_t body[PAPER_RECORD];
  size_t length;
  psd_meter_answered *answered;
  void *owner;
};

static bench *of(psd_meter_service *service) {
  return (bench *)(void *)service;
}

static psd_meter_call *ask(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                           psd_meter_answered *answered, void *owner) {
  bench *at = of(service);
  if (at->no_kms)
    return NULL;
  psd_meter_call *call = calloc(1, sizeof *call);
  CU_ASSERT_FATAL(call != NULL && length <= sizeof call->body && at->call_count < BENCH_CALLS);
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
  CU_ASSERT_TRUE_FATAL(at->sent_count < BENCH_FRAMES && !at->closed);
  bench_frame *to = &at->sent[at->sent_count++];
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

static psd_frame_type answer_with(bench *at, const psd_meter_call *call, uint8_t body[PAPER_RECORD], size_t *length) {
  psd_frame_type type =
      at->kms == NULL ? (psd_frame_type)0 : at->kms(at, call->type, call->body, call->length, body, length);
  return type != 0 ? type : paper_kms(&at->card, call->type, call->body, call->length, body, length);
}

bool bench_answer_call(bench *at) {
  uint8_t body[PAPER_RECORD];
  psd_meter_answer answer = {.body = body};
  if (at->call_count == 0)
    return false;
  psd_meter_call *call = at->calls[--at->call_count];
  psd_signal refused = call->type == at->kms_refuses_type ? PSD_SIGNAL_REQUEST : at->kms_refuses;
  if (refused != PSD_SIGNAL_NONE)
    answer.type = PSD_FRAME_KMS_REFUSED;
  else
    answer.type = answer_with(at, call, body, &answer.length);
  if (answer.type == PSD_FRAME_KMS_REFUSED)
    answer.signal = refused != PSD_SIGNAL_NONE ? refused : (psd_signal)body[0];
  call->answered(call->owner, &answer);
  free(call);
  return true;
}

bool bench_do_job(bench *at) {
  psd_meter_job *job = at->job;
  psd_meter_jobs alone;
  if (job == NULL)
    return false;
  at->job = NULL;
  psd_meter_jobs_empty(&alone);
  psd_meter_jobs_append(&alone, job);
  for (bool write = job->writes;; write = true) {
    psd_meter_jobs_run(&alone, at->db, write);
    at->writes += write;
    if (write || !job->writes || job->result != PSD_DB_DONE)
      break;
  }
  if (at->database_fails != PSD_DB_DONE)
    job->result = at->database_fails;
  if (job->done != NULL)
    job->done(job->owner, job);
  psd_meter_job_free(job);
  return true;
}

void bench_pump(bench *at) {
  while (bench_answer_call(at) || bench_do_job(at))
    continue;
}

static void enrol(bench *at) {
  uint8_t device[8], key[32] = {9};
  at->db = psd_db_open(at->file, true, (char[200]){0}, 200);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->db);
  psd_db_set_key(at->db, key);
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(at->db, "1", "Anna's", &at->account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(at->db, "anna", at->account, bench_right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(at->db, "bert", at->account, bench_right), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(at->db, device, at->card.wrapped_k4, PAPER_KEY, BENCH_CA), PSD_DB_DONE);
}

int64_t bench_user(const bench *at, const char *name) {
  psd_user_row row;
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(at->db, name, &row), PSD_DB_DONE);
  return row.id;
}

psd_device_row bench_row(const bench *at) {
  psd_device_row row;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_find(at->db, device, &row), PSD_DB_DONE);
  return row;
}

void bench_give_to(const bench *at, const char *name) {
  psd_user_row user;
  uint8_t device[8];
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(at->db, name, &user), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_register(at->db, device, user.id, user.account), PSD_DB_DONE);
}

const bench_frame *bench_expect(bench *at, psd_frame_type type) {
  CU_ASSERT_TRUE_FATAL(at->taken < at->sent_count);
  const bench_frame *got = &at->sent[at->taken++];
  CU_ASSERT_EQUAL_FATAL(got->type, type);
  return got;
}

void bench_call(bench *at) {
  at->sent_count = at->taken = at->call_count = 0;
  at->closed = false;
  at->session = psd_meter_session_new(&at->service, &line, at, 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->session);
  CU_ASSERT_EQUAL(at->deadline, at->settings.sign_on_timeout);
  const bench_frame *greeting = bench_expect(at, PSD_FRAME_GREETING);
  CU_ASSERT_EQUAL_FATAL(greeting->length, PSD_SIZE_GREETING);
  memcpy(at->card.greeting, greeting->body, PSD_SIZE_GREETING);
  at->card.ordinal = 0;
}

void bench_open(bench *at) {
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
  paper_create(&at->card, BENCH_SERIAL);
  enrol(at);
  bench_call(at);
}

void bench_hang_up(bench *at) {
  psd_meter_session_free(at->session);
  CU_ASSERT_EQUAL(at->call_count, 0);
  if (at->job != NULL)
    CU_ASSERT_PTR_NULL(at->job->done);
  psd_meter_job_free(at->job);
  at->job = NULL;
}

void bench_close(bench *at) {
  char path[80];
  static const char *const ends[] = {"", "-wal", "-shm"};
  bench_hang_up(at);
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

void bench_send(bench *at, psd_frame_type type, const void *body, size_t length) {
  uint8_t *exactly = malloc(length + (length == 0));
  CU_ASSERT_PTR_NOT_NULL_FATAL(exactly);
  if (exactly != NULL && length > 0)
    memcpy(exactly, body, length);
  psd_meter_session_frame(at->session, type, exactly, length);
  free(exactly);
}

uint64_t bench_expect_end(bench *at, psd_signal signal, unsigned step) {
  psd_error_signal message;
  const bench_frame *got = bench_expect(at, PSD_FRAME_ERROR_SIGNAL);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(got->body, got->length, PSD_MESSAGE_ERROR_SIGNAL, &message));
  CU_ASSERT_EQUAL(message.signal, signal);
  CU_ASSERT_EQUAL(message.step, step);
  CU_ASSERT_TRUE(at->closed);
  CU_ASSERT_EQUAL(at->taken, at->sent_count);
  return message.wait;
}

void bench_sign_on_as(bench *at, psd_suite suite, bool forward, const char *name, const uint8_t verifier[32]) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, suite, forward, name, verifier, m1);
  bench_send(at, PSD_FRAME_SIGN_ON, m1, length);
  bench_pump(at);
}

void bench_sign_on(bench *at, psd_suite suite) {
  bench_sign_on_as(at, suite, suite == PSD_SUITE_P256, "anna", bench_right);
  const bench_frame *m2 = bench_expect(at, PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at->card, m2->body, m2->length));
  CU_ASSERT_EQUAL(at->card.terms.time, at->time);
}

void bench_send_audit(bench *at) {
  uint8_t m3[PSD_M3_MAX];
  size_t length = paper_audit(&at->card, m3);
  bench_send(at, PSD_FRAME_AUDIT_RESPONSE, m3, length);
  bench_pump(at);
}

void bench_open_session(bench *at, psd_suite suite) {
  bench_sign_on(at, suite);
  bench_send_audit(at);
  const bench_frame *m4 = bench_expect(at, PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at->card, m4->body, m4->length));
}

void bench_sign_off(bench *at) {
  bench_send(at, PSD_FRAME_SIGN_OFF, NULL, 0);
  at->card.ordinal++;
  at->sent_count = at->taken = 0;
}

void bench_ask(bench *at, psd_host_operation operation, const void *content, size_t length) {
  uint8_t record[PAPER_RECORD];
  size_t sealed = paper_request(&at->card, operation, content, length, record);
  bench_send(at, PSD_FRAME_HOST_DATA, record, sealed);
  bench_pump(at);
}

int bench_answer(bench *at, psd_host_operation operation) {
  const bench_frame *got = bench_expect(at, PSD_FRAME_HOST_DATA);
  return paper_answer(&at->card, operation, got->body, got->length);
}

int bench_request(bench *at, psd_host_operation operation, const void *content, size_t length) {
  bench_ask(at, operation, content, length);
  return bench_answer(at, operation);
}
