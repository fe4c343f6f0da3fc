/* psd audit, register, password: what is done in a session beside money. */
#include "session.h"

#include <string.h>

static void say_done(psd_meeting *meeting, const char *words) {
  if (meeting->cli->json)
    psd_json_string(&meeting->json, "done", words);
  else
    puts(words);
}

static psd_result look(psd_meeting *meeting, psd_refusal *refusal) {
  psd_life_cycle life = {.state = 0};
  psd_result result = psd_meeting_read(meeting, PSD_OBJECT_LIFE_CYCLE, &life, refusal);
  meeting->state = (psd_state)life.state;
  return result;
}

static bool waiting(psd_state state) {
  return state == PSD_STATE_INITIALIZED || state == PSD_STATE_AUTHORIZED;
}

/* The next session on the same call. */
static psd_result sign_on_again(psd_meeting *meeting, psd_refusal *refusal) {
  psd_result result = psd_meeting_done(meeting, refusal);
  if (result != PSD_OK)
    return result;
  psd_session_close(meeting->session);
  meeting->session = NULL;
  return psd_meeting_sign_on(meeting);
}

/* AUTHORIZE takes a new meter to AUTHORIZED, and its next completed audit puts it into operation (docs/funds.md): so it
 * is signed on once more, and for one that is authorized only once it has its user, twice. */
static psd_result put_into_operation(psd_meeting *meeting, psd_refusal *refusal) {
  psd_state before = 0;
  psd_result result = look(meeting, refusal);
  while (result == PSD_OK && waiting(meeting->state) && meeting->state != before) {
    before = meeting->state;
    result = sign_on_again(meeting, refusal);
    if (result == PSD_OK)
      result = look(meeting, refusal);
  }
  return result;
}

static psd_result do_register(psd_meeting *meeting, psd_refusal *refusal) {
  psd_error why;
  psd_result result = psd_session_register(meeting->session, refusal);
  if (result != PSD_OK)
    return result;
  result = put_into_operation(meeting, refusal);
  if (result == PSD_OK)
    return PSD_OK;
  why = refusal->error;
  (void)psd_error_set(&refusal->error, result, "the PSD is registered, but is not in operation yet: %.*s",
                      (int)(PSD_ERROR_WORDS - 64), why.words);
  refusal->error.status = why.status;
  return result;
}

static psd_result show_register(psd_meeting *meeting) {
  const psd_state_row *state = psd_state_of((unsigned)meeting->state);
  const char *words = state != NULL ? state->words : "in an unknown state";
  say_done(meeting, "PSD registered");
  if (meeting->cli->json)
    psd_json_string(&meeting->json, "state", state != NULL ? state->name : "UNKNOWN");
  else if (waiting(meeting->state))
    printf("It is not in operation yet: its provider has to authorize it, then sign on again (psd audit).\n");
  else
    printf("It is %s.\n", words);
  return PSD_OK;
}

static psd_result do_password(psd_meeting *meeting, psd_refusal *refusal) {
  return psd_session_new_password(meeting->session, meeting->verifiers[0], meeting->verifiers[1], refusal);
}

static psd_result show_password(psd_meeting *meeting) {
  say_done(meeting, "password changed");
  return PSD_OK;
}

int psd_run_audit(psd_cli *cli) {
  static const psd_errand errand = {.steps = true, .show = psd_show_card};
  return psd_meet(cli, &errand, 1);
}

int psd_run_register(psd_cli *cli) {
  static const psd_errand errand = {.act = do_register, .show = show_register};
  return psd_meet(cli, &errand, 1);
}

int psd_run_password(psd_cli *cli) {
  static const psd_errand errand = {.act = do_password, .show = show_password};
  return psd_meet(cli, &errand, 2);
}
