/* Rate tables on their way to a PSD (docs/server.md, "Rate tables"): the key management system has signed them once for
 * all, so that they need neither number nor authentication. What the PSD refuses is remembered, and not sent again. */
#include "meter/actions.h"
#include "psd/spec/status.h"

static void end(psd_meter_session *session, const char *words, uint16_t status) {
  psd_meter_actions_end(session, psd_commands[PSD_COMMAND_LOAD_RATES].name, words, status);
}

/* The one in force is followed by the next, if that waits too. */
static void on_noted(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  uint16_t status = session->actions->status;
  bool refused = job->rates_refused, noted = job->result == PSD_DB_DONE;
  session->job = NULL;
  if (noted) {
    session->row = job->row;
    session->actions->left |= PSD_ACTION_RATES;
  }
  if (refused)
    end(session, "the card refuses the rate table: it is sent no more, a later one is", status);
  else
    end(session, noted ? NULL : "it was carried out, but the database does not take that", 0);
}

/* A memory that failed may take it in the next session. */
static bool may_come_again(uint16_t status) {
  return status == PSD_SW_MEMORY_FAILURE || status == PSD_SW_EXECUTION_ERROR || status == PSD_SW_INTERNAL;
}

/* 6985: the card has this version or a higher one already, or it has expired by its clock. */
static void on_loaded(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  (void)data;
  (void)length;
  if (may_come_again(status)) {
    end(session, "the card cannot keep it now", status);
    return;
  }
  psd_meter_job *job = psd_meter_session_job(session, PSD_METER_JOB_RATES_DONE);
  session->actions->status = status;
  if (job != NULL) {
    job->rates_version = session->actions->rates;
    job->rates_refused = status != PSD_SW_OK && status != PSD_SW_CONDITIONS;
  }
  (void)psd_meter_submit(session, job, on_noted);
}

static void on_next(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  session->job = NULL;
  if (job->result == PSD_DB_ABSENT) {
    psd_meter_actions_go_on(session);
    return;
  }
  if (job->result != PSD_DB_DONE) {
    psd_meter_log_say(session->service->log, PSD_METER_WARNING, "database", job->words);
    end(session, "the database does not give it", 0);
    return;
  }
  session->actions->rates = job->rates->version;
  psd_meter_command_card(session, PSD_COMMAND_LOAD_RATES, 0, job->rates->bytes, job->rates->length, on_loaded);
}

void psd_meter_bring_rates(psd_meter_session *session) {
  (void)psd_meter_submit(session, psd_meter_session_job(session, PSD_METER_JOB_RATES_NEXT), on_next);
}
