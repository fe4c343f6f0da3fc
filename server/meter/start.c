/* What the meter server needs of the key management system beside handshakes: the column key, once; the current K1, now
 * and then. */
#include <string.h>

#include "crypto/evp.h"
#include "meter/server.h"

/* The only column key so far. */
#define COLUMN 1U
#define DAY 86400U
/* Seconds between two looks at what has grown old. */
#define CLEAN_EVERY 600U

static void check_ready(psd_meter_server *server) {
  if (server->phase == PSD_METER_STARTING && server->has_column && server->service.vendor_key != 0)
    psd_meter_ready(server);
}

/* Said once for each reason: the question is asked again twice a second. */
static void log_refusal(psd_meter_server *server, const char *what, const psd_meter_answer *answer) {
  if (server->refused == answer->signal)
    return;
  server->refused = answer->signal;
  psd_json *line = psd_meter_log_line(server->service.log, PSD_METER_WARNING, "key management system refused");
  if (line == NULL)
    return;
  const psd_signal_row *row = psd_signal_of(answer->signal);
  psd_json_string(line, "asked", what);
  psd_json_string(line, "signal", row == NULL ? "none" : row->name);
  psd_json_string(line, "words", row == NULL ? "no answer that fits" : row->words);
  if (answer->signal == PSD_SIGNAL_ROLE)
    psd_json_string(line, "advice", "start psd-kms with --role meter");
  psd_meter_log_end(server->service.log);
}

static void on_column(void *owner, const psd_meter_answer *answer) {
  psd_meter_server *server = owner;
  server->asks_column = false;
  if (answer->type != PSD_FRAME_KMS_COLUMN_KEY || answer->length != sizeof server->column) {
    log_refusal(server, "column key", answer);
    return;
  }
  server->refused = PSD_SIGNAL_NONE;
  memcpy(server->column, answer->body, sizeof server->column);
  server->has_column = true;
  check_ready(server);
}

static void on_vendor(void *owner, const psd_meter_answer *answer) {
  psd_meter_server *server = owner;
  psd_cursor cursor = psd_cursor_over(answer->body, answer->length);
  psd_vendor_key key;
  server->asks_vendor = false;
  if (answer->type != PSD_FRAME_KMS_VENDOR_KEY || !psd_take_message(&cursor, PSD_MESSAGE_VENDOR_KEY, &key)) {
    log_refusal(server, "vendor key", answer);
    return;
  }
  /* Of several systems one may not have heard of the newest yet. */
  if (key.identifier > server->service.vendor_key)
    server->service.vendor_key = (uint32_t)key.identifier;
  check_ready(server);
}

void psd_meter_ask_keys(void *owner) {
  psd_meter_server *server = owner;
  uint8_t column = COLUMN;
  if (!server->asks_vendor)
    server->asks_vendor = psd_meter_kms_ask(server->kms, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, on_vendor, server) != NULL;
  if (!server->asks_column && !server->has_column)
    server->asks_column =
        psd_meter_kms_ask(server->kms, PSD_FRAME_KMS_COLUMN, &column, sizeof column, on_column, server) != NULL;
}

static void submit(psd_meter_server *server, psd_meter_job *job) {
  if (job != NULL && !psd_meter_workers_submit(server->workers, job))
    psd_meter_job_free(job);
}

static psd_meter_job *job_at(psd_meter_job_kind kind, uint64_t now) {
  psd_meter_job *job = psd_meter_job_new(kind);
  if (job != NULL)
    job->now = now;
  return job;
}

static void on_swept(void *owner, psd_meter_job *job) {
  psd_meter_server *server = owner;
  if (job->result != PSD_DB_DONE) {
    psd_meter_log_say(server->service.log, PSD_METER_ERROR, "database", job->words);
    return;
  }
  psd_json *line = job->count == 0 ? NULL : psd_meter_log_line(server->service.log, PSD_METER_WARNING, "revoked");
  if (line == NULL)
    return;
  psd_json_number(line, "certificates", job->count);
  psd_json_string(line, "words", "their PSDs missed their inspection, or owe");
  psd_meter_log_end(server->service.log);
}

/* What is never to be would have to go back to 1970. */
static uint64_t days(uint64_t setting, uint64_t now) {
  return setting == 0 ? now : setting * DAY;
}

/* VM figure 6, forced revocation: of PSDs that nobody inspects, and of those that owe. */
static void sweep(psd_meter_server *server, uint64_t now) {
  const psd_meter_settings *settings = &server->settings;
  if (settings->revoke_overdue == 0 && settings->revoke_unpaid == 0)
    return;
  psd_meter_job *job = job_at(PSD_METER_JOB_SWEEP, now);
  if (job != NULL) {
    job->overdue = days(settings->revoke_overdue, now);
    job->unpaid = days(settings->revoke_unpaid, now);
    job->done = on_swept;
    job->owner = server;
  }
  submit(server, job);
}

/* What is to be done now and then. */
static void clean(psd_meter_server *server) {
  uint64_t now = server->service.calls->time(&server->service);
  if (server->workers == NULL || now - server->refreshed < CLEAN_EVERY)
    return;
  server->refreshed = now;
  submit(server, job_at(PSD_METER_JOB_PRUNE, now));
  sweep(server, now);
}

void psd_meter_on_refresh(uv_timer_t *timer) {
  psd_meter_server *server = timer->data;
  psd_meter_ask_keys(server);
  clean(server);
}
