/* The session with a meter server that psd audit, register, password, refill, withdraw and recover have in common. */
#include "session.h"

#include "patience.h"

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

/* What the open session has recovered; of several sessions the last that did. */
static void note_recovered(psd_meeting *meeting) {
  const psd_funds_result *recovered = psd_session_recovered(meeting->session);
  if (recovered->operation != PSD_OPERATION_NONE)
    meeting->recovered = *recovered;
}

psd_result psd_meeting_sign_on(psd_meeting *meeting) {
  psd_sign_on_options options = {.user = meeting->cli->user,
                                 .verifier = meeting->verifiers[0],
                                 .suite = meeting->cli->suite,
                                 .taker = psd_show_step,
                                 .context = meeting};
  psd_result result =
      psd_session_open(meeting->call, meeting->cli->host, &options, &meeting->session, &meeting->refusal);
  if (result != PSD_OK)
    return result;
  meeting->suite = psd_session_suite(meeting->session);
  meeting->actions |= (unsigned)psd_session_result(meeting->session)->actions;
  note_recovered(meeting);
  return PSD_OK;
}

psd_result psd_meeting_done(psd_meeting *meeting, psd_refusal *refusal) {
  psd_result result = psd_session_done(meeting->session, refusal);
  note_recovered(meeting);
  return result;
}

psd_result psd_meeting_card(psd_meeting *meeting, psd_result result, psd_refusal *refusal) {
  if (result != PSD_OK)
    *refusal = (psd_refusal){.error = *psd_host_error(meeting->cli->host), .who = PSD_BY_CARD};
  return result;
}

psd_result psd_meeting_read(psd_meeting *meeting, psd_object_id object, void *value, psd_refusal *refusal) {
  return psd_meeting_card(meeting, psd_host_get_object(meeting->cli->host, object, value), refusal);
}

/* Money that was moved stays moved, whatever becomes of the goodbye. */
static psd_result say_goodbye(psd_meeting *meeting) {
  psd_refusal refusal;
  psd_result result = psd_meeting_done(meeting, &refusal);
  if (result == PSD_OK || meeting->errand->money)
    return PSD_OK;
  meeting->refusal = refusal;
  return result;
}

/* A refill that was credited, and whose receipt was lost, the audit itself has settled: nothing was announced, and so
 * nobody has asked yet. */
static psd_result ask_what_was_settled(psd_meeting *meeting) {
  psd_result result = psd_meeting_done(meeting, &meeting->refusal);
  return result == PSD_REFUSED && psd_call_is_open(meeting->call) ? PSD_OK : result;
}

static psd_result converse(psd_meeting *meeting, const psd_password *passwords, size_t count) {
  psd_result result = call(meeting);
  if (result == PSD_OK)
    result = stretch(meeting, passwords, count);
  if (result == PSD_OK)
    result = psd_meeting_sign_on(meeting);
  if (result == PSD_OK && meeting->errand->money && meeting->actions == 0)
    result = ask_what_was_settled(meeting);
  if (result == PSD_OK && meeting->errand->act != NULL)
    result = meeting->errand->act(meeting, &meeting->refusal);
  if (result == PSD_OK)
    result = say_goodbye(meeting);
  psd_session_close(meeting->session);
  psd_call_close(meeting->call);
  OPENSSL_cleanse(meeting->verifiers, sizeof meeting->verifiers);
  return result;
}

static int run(psd_cli *cli, const psd_errand *errand, const psd_password *passwords, size_t count) {
  psd_meeting meeting = {.cli = cli, .errand = errand};
  psd_patience patience;
  int status = psd_cli_enter(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_show_begin(&meeting);
  psd_patience_begin(&patience, !errand->steps, errand->money);
  psd_result met = converse(&meeting, passwords, count);
  psd_patience_end(&patience);
  psd_result shown = PSD_OK;
  if (met == PSD_OK)
    shown = psd_show_end(&meeting);
  else
    psd_show_refusal(&meeting);
  psd_show_close(&meeting);
  status = psd_cli_leave(cli, shown);
  return met == PSD_OK ? status : psd_cli_refused(cli, &meeting.refusal);
}

int psd_meet(psd_cli *cli, const psd_errand *errand, size_t count) {
  static const psd_question questions[] = {{"password", false}, {"new password", true}};
  psd_password passwords[2];
  psd_error error;
  if (strchr(cli->server, ':') == NULL)
    return psd_cli_usage(cli, "--server is HOST:PORT here, such as 127.0.0.1:7816");
  if (psd_ask_passwords(cli->password_file, questions, count, passwords, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = run(cli, errand, passwords, count);
  OPENSSL_cleanse(passwords, sizeof passwords);
  return status;
}
