#include "meter/authority_internal.h"

#include <stdlib.h>
#include <string.h>

#include "meter/actions.h"
#include "psd/spec/status.h"

#define COMMAND (psd_commands[PSD_COMMAND_REVOKE_CERTIFICATE].name)

static const psd_meter_desk_row *const rows[] = {&psd_meter_desk_certify, &psd_meter_desk_news, &psd_meter_desk_revoke,
                                                 &psd_meter_desk_confirm, &psd_meter_desk_credit};

static const psd_meter_desk_row *row_of(uint64_t operation) {
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i]->operation == operation)
      return rows[i];
  return NULL;
}

bool psd_meter_authority_takes(uint64_t operation) {
  return row_of(operation) != NULL;
}

void psd_meter_authority_free(psd_meter_session *session) {
  if (session->authority == NULL)
    return;
  free(session->authority->desk);
  free(session->authority);
  session->authority = NULL;
}

/* It is over: the session waits for its Host again. */
static void leave(psd_meter_session *session) {
  psd_meter_authority_free(session);
  session->line->deadline(session->connection, session->service->settings->idle_timeout);
}

void psd_meter_desk_say(psd_meter_session *session, const char *words) {
  psd_json *line = psd_meter_session_line(session, PSD_METER_WARNING, session->authority->row->event);
  if (line == NULL)
    return;
  psd_json_string(line, "words", words);
  psd_meter_log_end(session->service->log);
}

static void log_end(psd_meter_session *session, psd_signal signal) {
  const psd_meter_authority *at = session->authority;
  psd_json *line = psd_meter_session_line(session, PSD_METER_INFO, at->row->event);
  if (line == NULL)
    return;
  if (signal != PSD_SIGNAL_NONE)
    psd_json_string(line, "signal", psd_signal_of(signal)->name);
  if (at->desk != NULL && signal == PSD_SIGNAL_NONE) {
    psd_json_number(line, "number", at->desk->item.number);
    psd_json_string(line, "status", psd_authority_status_row(at->desk->item.status)->name);
  }
  psd_meter_log_end(session->service->log);
}

/* Who is waited for has as long as in a handshake. */
static void await_others(psd_meter_session *session) {
  session->line->deadline(session->connection, session->service->settings->handshake_timeout);
}

static void submit(psd_meter_session *session, psd_meter_job_kind kind, void (*done)(void *owner, psd_meter_job *job)) {
  await_others(session);
  psd_meter_job *job = psd_meter_session_job(session, kind);
  if (job != NULL) {
    job->desk = session->authority->desk;
    session->authority->desk = NULL;
  }
  (void)psd_meter_submit(session, job, done);
}

/* What the authority has revoked by itself: the next one, or the end of the action. */
static void end_forced(psd_meter_session *session, psd_signal signal) {
  bool again = signal == PSD_SIGNAL_NONE && !session->authority->desk->over;
  leave(session);
  if (again)
    psd_meter_bring_revocations(session);
  else
    psd_meter_actions_end(session, COMMAND, signal == PSD_SIGNAL_NONE ? NULL : psd_signal_of(signal)->words, 0);
}

/* It is over: the Host is answered. */
static void end(psd_meter_session *session, psd_signal signal) {
  psd_meter_authority *at = session->authority;
  uint8_t bytes[PSD_SIZE_AUTHORITY_ITEM + PSD_METER_DESK_ITEM];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  log_end(session, signal);
  if (at->row->operation == PSD_HOST_DONE) {
    end_forced(session, signal);
    return;
  }
  if (signal == PSD_SIGNAL_NONE && at->row->operation != PSD_HOST_CONFIRM) {
    psd_put_message(&content, PSD_MESSAGE_AUTHORITY_ITEM, &at->desk->item);
    psd_put(&content, at->desk->der, at->desk->der_length);
  }
  psd_host_operation operation = at->row->operation;
  leave(session);
  psd_meter_answer_host_with(session, operation, signal, (psd_part){content.data, content.length});
}

static void take_step(psd_meter_session *session);

/* A step is done: the next, or the end. */
static void go_on(psd_meter_session *session, psd_signal signal) {
  psd_meter_authority *at = session->authority;
  at->step++;
  if (signal != PSD_SIGNAL_NONE || at->desk->over || at->step == at->row->count)
    end(session, signal);
  else
    take_step(session);
}

static psd_signal verdict(const psd_meter_job *job) {
  switch (job->result) {
  case PSD_DB_DONE:
    return job->desk->signal;
  case PSD_DB_ABSENT:
  case PSD_DB_EXISTS:
  case PSD_DB_REFUSED:
    return PSD_SIGNAL_REQUEST;
  default:
    return PSD_SIGNAL_DATABASE;
  }
}

static void on_job(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = verdict(job);
  session->job = NULL;
  session->authority->desk = job->desk;
  job->desk = NULL;
  if (signal == PSD_SIGNAL_DATABASE)
    psd_meter_log_say(session->service->log, PSD_METER_ERROR, "database", job->words);
  go_on(session, signal);
}

/* What the key management system refuses: what is wrong with what the Host or the PSD has sent is said so. */
static psd_signal refusal(const psd_meter_answer *answer) {
  switch (answer->type == PSD_FRAME_KMS_REFUSED ? answer->signal : PSD_SIGNAL_KMS) {
  case PSD_SIGNAL_REQUEST:
  case PSD_SIGNAL_SIGNATURE:
  case PSD_SIGNAL_DEVICE_KEY:
  case PSD_SIGNAL_LIMIT:
    return answer->signal;
  case PSD_SIGNAL_MESSAGE: /* the bytes were the Host's */
    return PSD_SIGNAL_REQUEST;
  default: /* down, in the wrong role, or of another mind about the protocol */
    return PSD_SIGNAL_KMS;
  }
}

static void on_answer(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_meter_authority *at = session->authority;
  const psd_meter_desk_step *step = &at->row->steps[at->step];
  session->call = NULL;
  if (answer->type == step->answer)
    go_on(session, step->take(session, at->desk, (psd_proof_bytes){answer->body, answer->length}));
  else
    go_on(session, refusal(answer));
}

/* That is kept. One that it will never take is no reason not to bring the next; one that comes again does so in another
 * session, so that no card is asked without end. */
static void on_refused(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  bool next = job->result == PSD_DB_DONE && !job->desk->renumber;
  session->job = NULL;
  leave(session);
  if (next)
    psd_meter_bring_revocations(session);
  else
    psd_meter_actions_end(session, COMMAND, "the card refuses it for now", 0);
}

/* 614. A memory that failed, or a card that is in no state for it, may take it in the next session. */
static void refuse_command(psd_meter_session *session, uint16_t status) {
  bool never = status == PSD_SW_WRONG_DATA || status == PSD_SW_VERIFICATION_FAILED;
  psd_meter_desk_say(session, "the card refuses the command");
  if (!never && status != PSD_SW_CONDITIONS) {
    leave(session);
    psd_meter_actions_end(session, COMMAND, "the card refuses it for now", status);
    return;
  }
  session->authority->desk->renumber = !never;
  submit(session, PSD_METER_JOB_CA_REFUSED, on_refused);
}

static void on_card(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  psd_meter_authority *at = session->authority;
  const psd_meter_desk_step *step = &at->row->steps[at->step];
  if (status == PSD_SW_OK)
    go_on(session, step->take(session, at->desk, (psd_proof_bytes){data, length}));
  else
    refuse_command(session, status);
}

static void take_step(psd_meter_session *session) {
  psd_meter_authority *at = session->authority;
  const psd_meter_desk_step *step = &at->row->steps[at->step];
  uint8_t bytes[PSD_METER_DESK_MAX + PSD_CERTIFICATE_MAX];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  if (step->command) {
    psd_meter_command_card(session, PSD_COMMAND_REVOKE_CERTIFICATE, 0, at->desk->der, at->desk->der_length, on_card);
    return;
  }
  if (step->ask == 0) {
    submit(session, step->job, on_job);
    return;
  }
  psd_signal signal = step->put(session, at->desk, &body);
  if (signal == PSD_SIGNAL_NONE && body.overflow)
    signal = PSD_SIGNAL_REQUEST;
  await_others(session);
  if (signal != PSD_SIGNAL_NONE)
    end(session, signal);
  else
    psd_meter_consult(session, step->ask, body.data, body.length, on_answer);
}

/* The desk; false, and the session is refused, without memory. */
static bool open_desk(psd_meter_session *session, const psd_meter_desk_row *row) {
  const psd_meter_settings *settings = session->service->settings;
  psd_meter_authority *at = session->authority = calloc(1, sizeof *at);
  if (at != NULL)
    at->desk = calloc(1, sizeof *at->desk);
  if (at == NULL || at->desk == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return false;
  }
  at->row = row;
  at->desk->vetting = (psd_ca_vetting)settings->vetting;
  at->desk->most = settings->credit_most;
  return true;
}

/* What speaks against it before anybody is asked. A revocation is never late: a locked meter may have one too. */
static psd_signal hindrance(const psd_meter_session *session, const psd_meter_desk_row *row) {
  if (!session->registered)
    return PSD_SIGNAL_NOT_REGISTERED;
  if (row->locked)
    return PSD_SIGNAL_NONE;
  if (session->row.lock != PSD_METER_FREE)
    return PSD_SIGNAL_LOCKED;
  return session->row.withdrawn ? PSD_SIGNAL_STATE : PSD_SIGNAL_NONE;
}

/* Two rows answer NEWS: which one, its content says. */
static const psd_meter_desk_row *choose(const psd_meter_desk_row *row, const psd_cursor *content) {
  psd_news_wish wish;
  bool credit = row->operation == PSD_HOST_NEWS &&
                psd_parse_message(content->at, content->left, PSD_MESSAGE_NEWS_WISH, &wish) &&
                wish.kind == PSD_AUTHORITY_CREDIT;
  return credit ? &psd_meter_desk_credit_news : row;
}

void psd_meter_take_authority(psd_meter_session *session, psd_host_operation operation, const psd_cursor *content) {
  const psd_meter_desk_row *row = row_of(operation);
  psd_signal signal = row == NULL ? PSD_SIGNAL_REQUEST : hindrance(session, row);
  if (signal == PSD_SIGNAL_NONE && (content->left == 0 || content->left > PSD_METER_DESK_MAX))
    signal = PSD_SIGNAL_REQUEST;
  if (signal != PSD_SIGNAL_NONE) {
    psd_meter_answer_host(session, operation, signal, NULL);
    return;
  }
  row = choose(row, content);
  if (!open_desk(session, row))
    return;
  psd_meter_desk *desk = session->authority->desk;
  memcpy(desk->content, content->at, content->left);
  desk->length = content->left;
  signal = row->begin(session, desk);
  if (signal != PSD_SIGNAL_NONE)
    end(session, signal);
  else
    take_step(session);
}

/* The first step is a job. */
void psd_meter_bring_revocations(psd_meter_session *session) {
  if (open_desk(session, &psd_meter_desk_forced))
    submit(session, psd_meter_desk_forced.steps[0].job, on_job);
}
