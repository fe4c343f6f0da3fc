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

/* The seed's step 200: the call, until the server has greeted. */
static int call(psd_meeting *meeting) {
  psd_link *link = NULL;
  psd_error error;
  uint64_t since = now_us();
  psd_result result = psd_link_open(PSD_PEER_METER, meeting->cli->server, LIMIT_MS, &link, &error);
  if (result == PSD_OK)
    result = psd_call_open(link, &meeting->call, &error);
  if (result != PSD_OK)
    return psd_cli_failed(meeting->cli, &error);
  psd_show_step(meeting, PSD_STEP_CALL, now_us() - since);
  return PSD_EXIT_DONE;
}

/* Steps 204 and 206. The password was asked for before, so that no server waits for a person to type. */
static int stretch(psd_meeting *meeting, const psd_password *password, uint8_t verifier[PSD_VERIFIER]) {
  psd_error error;
  psd_result result = psd_call_stretch(psd_call_greeting(meeting->call), meeting->cli->user, password->bytes,
                                       password->length, verifier, &error);
  return result == PSD_OK ? PSD_EXIT_DONE : psd_cli_failed(meeting->cli, &error);
}

static int sign_on(psd_meeting *meeting) {
  psd_refusal refusal;
  psd_sign_on_options options = {.user = meeting->cli->user,
                                 .verifier = meeting->verifiers[0],
                                 .suite = meeting->cli->suite,
                                 .taker = psd_show_step,
                                 .context = meeting};
  if (psd_session_open(meeting->call, meeting->cli->host, &options, &meeting->session, &refusal) == PSD_OK) {
    meeting->suite = psd_session_suite(meeting->session);
    return PSD_EXIT_DONE;
  }
  psd_show_refusal(meeting, &refusal);
  return psd_cli_refused(meeting->cli, &refusal);
}

/* Everything up to the open session. */
static int meet(psd_meeting *meeting, const psd_password *passwords, size_t count) {
  int status = call(meeting);
  uint64_t since = now_us();
  for (size_t i = 0; i < count && status == PSD_EXIT_DONE; i++)
    status = stretch(meeting, &passwords[i], meeting->verifiers[i]);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_show_step(meeting, PSD_STEP_ASK_USER, PSD_STEP_WITH_NEXT);
  psd_show_step(meeting, PSD_STEP_ENTER_USER, now_us() - since);
  return sign_on(meeting);
}

/* What a verb does in the session; NULL for nothing. */
typedef psd_result in_session(psd_meeting *meeting, psd_refusal *refusal);

static int act(psd_meeting *meeting, in_session *action) {
  psd_refusal refusal;
  psd_result result = action != NULL ? action(meeting, &refusal) : PSD_OK;
  if (result == PSD_OK)
    result = psd_session_done(meeting->session, &refusal);
  if (result == PSD_OK)
    return PSD_EXIT_DONE;
  psd_show_refusal(meeting, &refusal);
  return psd_cli_refused(meeting->cli, &refusal);
}

static int run(psd_cli *cli, const psd_password *passwords, size_t count, in_session *action, const char *done) {
  psd_meeting meeting = {.cli = cli};
  int status = psd_cli_enter(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_show_begin(&meeting);
  status = meet(&meeting, passwords, count);
  if (status == PSD_EXIT_DONE)
    status = act(&meeting, action);
  psd_session_close(meeting.session);
  psd_call_close(meeting.call);
  OPENSSL_cleanse(meeting.verifiers, sizeof meeting.verifiers);
  psd_result shown = status == PSD_EXIT_DONE ? psd_show_end(&meeting, done) : PSD_OK;
  psd_show_close(&meeting);
  int left = psd_cli_leave(cli, shown);
  return status != PSD_EXIT_DONE ? status : left;
}

static int ask_and_run(psd_cli *cli, const psd_question *questions, size_t count, in_session *action,
                       const char *done) {
  psd_password passwords[2];
  psd_error error;
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
