/* How operations with funds end: for the Host, in the log, and for what comes after them in the session. */
#include "meter/funds_internal.h"

static void log_end(psd_meter_session *session, psd_meter_level level, const char *event, psd_signal signal) {
  const psd_meter_funds *at = session->funds;
  psd_json *line = psd_meter_session_line(session, level, event);
  if (line == NULL)
    return;
  const psd_operation_row *operation = psd_operation_of((unsigned)at->ended.operation);
  if (at->receipt_length != 0 && operation != NULL)
    psd_json_string(line, "operation", operation->name);
  psd_json_number(line, "group", at->group);
  psd_json_number(line, "sequence", at->sequence);
  psd_json_number(line, "amount", at->amount);
  if (signal != PSD_SIGNAL_NONE)
    psd_json_string(line, "signal", psd_signal_of(signal)->name);
  psd_meter_log_end(session->service->log);
}

/* Nothing is under way any more: on with what was, or with what the Host will ask for. */
static void close_funds(psd_meter_session *session) {
  session->line->deadline(session->connection, session->service->settings->idle_timeout);
  psd_meter_funds_free(session);
}

static void answer(psd_meter_session *session, psd_host_operation asked, psd_signal signal,
                   const psd_funds_result *result) {
  close_funds(session);
  psd_meter_answer_host(session, asked, signal, result);
  if (session->stopping)
    psd_meter_session_stop(session);
}

static void go_on(psd_meter_session *session) {
  void (*done)(psd_meter_session *) = session->funds->done;
  close_funds(session);
  if (session->stopping)
    psd_meter_session_stop(session);
  else
    done(session);
}

void psd_meter_funds_finish(psd_meter_session *session) {
  const psd_meter_funds *at = session->funds;
  const psd_funds_receipt *ended = &at->ended;
  psd_funds_result result = {.operation = ended->operation,
                             .group = ended->group,
                             .sequence = ended->sequence,
                             .amount = ended->amount,
                             .ascending = ended->ascending,
                             .descending = ended->descending,
                             .control_total = ended->control_total,
                             .available = at->available};
  if (at->asked == PSD_HOST_DONE) {
    log_end(session, PSD_METER_INFO, "recovered", at->signal);
    session->recovered = result;
    go_on(session);
    return;
  }
  log_end(session, PSD_METER_INFO, at->asked == PSD_HOST_REFILL ? "refilled" : "withdrawn", PSD_SIGNAL_NONE);
  answer(session, at->asked, PSD_SIGNAL_NONE, &result);
}

void psd_meter_funds_refuse(psd_meter_session *session, psd_signal signal, bool unfinished) {
  psd_host_operation asked = session->funds->asked;
  bool cancelled = session->funds->ended.operation == PSD_OPERATION_LOAD_CANCELLED;
  session->unfinished = session->unfinished || unfinished;
  if (asked == PSD_HOST_DONE) {
    log_end(session, PSD_METER_WARNING, "not recovered", signal);
    go_on(session);
    return;
  }
  log_end(session, unfinished ? PSD_METER_WARNING : PSD_METER_INFO,
          unfinished  ? "not finished"
          : cancelled ? "cancelled"
                      : "funds refused",
          signal);
  answer(session, asked, signal, NULL);
}

void psd_meter_funds_leave(psd_meter_session *session, psd_signal signal) {
  if (session->funds->asked == PSD_HOST_DONE) {
    psd_meter_funds_refuse(session, signal, true);
    return;
  }
  bool outage = signal == PSD_SIGNAL_KMS || signal == PSD_SIGNAL_DATABASE;
  log_end(session, PSD_METER_WARNING, "not finished", signal);
  psd_meter_refuse(session, signal, outage ? PSD_METER_WAIT_OUTAGE : 0);
}

static void on_alarmed(void *owner, psd_meter_job *job) {
  psd_meter_service *service = owner;
  if (job->result != PSD_DB_DONE)
    psd_meter_log_say(service->log, PSD_METER_ERROR, "the database does not take an alarm", job->words);
}

/* The session goes on or ends meanwhile: nothing of it waits for the database. */
void psd_meter_funds_alarm(psd_meter_session *session, const char *words) {
  psd_meter_service *service = session->service;
  psd_meter_job *job = psd_meter_session_job(session, PSD_METER_JOB_ALARM);
  psd_meter_log_alarm(session, words);
  session->row.lock = PSD_METER_ALARMED;
  if (job != NULL) {
    job->alarm = words;
    job->done = on_alarmed;
    job->owner = service;
  }
  if (job != NULL && service->calls->submit(service, job))
    return;
  psd_meter_job_free(job);
  psd_meter_log_say(service->log, PSD_METER_ERROR, "the database does not take an alarm", words);
}

void psd_meter_funds_contradicted(psd_meter_session *session, const char *words) {
  psd_meter_funds_alarm(session, words);
  psd_meter_funds_leave(session, PSD_SIGNAL_MESSAGE);
}
