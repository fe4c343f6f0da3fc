/* psd audit, register, password: the session with a meter server, shown step by step. */
#include "session.h"
#include "cli.h"

#include <openssl/crypto.h>
#include <string.h>
#include <time.h>

#define LIMIT_MS 30000U

static uint64_t now_us(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

/* A failure that is no refusal of the session's own. */
static psd_result failed(psd_meeting *meeting, psd_step step, const psd_error *error) {
  meeting->refusal = (psd_refusal){.error = *error, .who = PSD_BY_HOST, .step = step};
  return error->result;
}

/* The seed's step 200: the call, until the server has greeted. */
static psd_result call(psd_meeting *meeting) {
  psd_link *link = NULL;
  psd_error error;
  uint64_t since = now_us();
  psd_result result = psd_link_open(PSD_PEER_METER, meeting->cli->server, LIMIT_MS, &link, &error);
  if (result == PSD_OK)
    result = psd_call_open(link, &meeting->call, &error);
  if (result != PSD_OK)
    return failed(meeting, PSD_STEP_CALL, &error);
  psd_show_step(meeting, PSD_STEP_CALL, now_us() - since);
  return PSD_OK;
}

/* Steps 204 and 206. The passwords were asked for before, so that no server waits for a person to type. */
static psd_result stretch(psd_meeting *meeting, const psd_password *passwords, size_t count) {
  uint64_t since = now_us();
  for (size_t i = 0; i < count; i++) {
    psd_error error;
    psd_result result = psd_call_stretch(psd_call_greeting(meeting->call), meeting->cli->user, passwords[i].bytes,
                                         passwords[i].length, meeting->verifiers[i], &error);
    if (result != PSD_OK)
      return failed(meeting, PSD_STEP_ENTER_USER, &error);
  }
  psd_show_step(meeting, PSD_STEP_ASK_USER, PSD_STEP_WITH_NEXT);
  psd_show_step(meeting, PSD_STEP_ENTER_USER, now_us() - since);
  return PSD_OK;
}

static psd_result sign_on(psd_meeting *meeting) {
  psd_sign_on_options options = {.user = meeting->cli->user,
                                 .verifier = meeting->verifiers[0],
                                 .suite = meeting->cli->suite,
                                 .taker = psd_show_step,
                                 .context = meeting};
  psd_result result =
      psd_session_open(meeting->call, meeting->cli->host, &options, &meeting->session, &meeting->refusal);
  if (result == PSD_OK)
    meeting->suite = psd_session_suite(meeting->session);
  return result;
}

/* What a verb does in the session; NULL for nothing. */
typedef psd_result in_session(psd_meeting *meeting, psd_refusal *refusal);

static psd_result meet(psd_meeting *meeting, const psd_password *passwords, size_t count, in_session *action) {
  psd_result result = call(meeting);
  if (result == PSD_OK)
    result = stretch(meeting, passwords, count);
  if (result == PSD_OK)
    result = sign_on(meeting);
  if (result == PSD_OK && action != NULL)
    result = action(meeting, &meeting->refusal);
  if (result == PSD_OK)
    result = psd_session_done(meeting->session, &meeting->refusal);
  psd_session_close(meeting->session);
  psd_call_close(meeting->call);
  OPENSSL_cleanse(meeting->verifiers, sizeof meeting->verifiers);
  return result;
}

static int run(psd_cli *cli, const psd_password *passwords, size_t count, in_session *action, const char *done) {
  psd_meeting meeting = {.cli = cli, .done = done};
  int status = psd_cli_enter(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_show_begin(&meeting);
  psd_result met = meet(&meeting, passwords, count, action);
  psd_result shown = PSD_OK;
  if (met == PSD_OK)
    shown = psd_show_end(&meeting);
  else
    psd_show_refusal(&meeting);
  psd_show_close(&meeting);
  status = psd_cli_leave(cli, shown);
  return met == PSD_OK ? status : psd_cli_refused(cli, &meeting.refusal);
}

static int ask_and_run(psd_cli *cli, const psd_question *questions, size_t count, in_session *action,
                       const char *done) {
  psd_password passwords[2];
  psd_error error;
  if (strchr(cli->server, ':') == NULL)
    return psd_cli_usage(cli, "--server is HOST:PORT here, such as 127.0.0.1:7816");
  if (psd_ask_passwords(cli->password_file, questions, count, passwords, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = run(cli, passwords, count, action, done);
  OPENSSL_cleanse(passwords, sizeof passwords);
  return status;
}

static psd_result do_register(psd_meeting *meeting, psd_refusal *refusal) {
  return psd_session_register(meeting->session, refusal);
}

static psd_result do_password(psd_meeting *meeting, psd_refusal *refusal) {
  return psd_session_new_password(meeting->session, meeting->verifiers[0], meeting->verifiers[1], refusal);
}

static const psd_question password_questions[] = {{"password", false}, {"new password", true}};

int psd_run_audit(psd_cli *cli) {
  return ask_and_run(cli, password_questions, 1, NULL, NULL);
}

int psd_run_register(psd_cli *cli) {
  return ask_and_run(cli, password_questions, 1, do_register, "PSD registered");
}

int psd_run_password(psd_cli *cli) {
  return ask_and_run(cli, password_questions, 2, do_password, "password changed");
}
