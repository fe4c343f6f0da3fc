#include "meter/jobs_authority.h"

#include <string.h>

#include "meter/desk.h"

/* What follows the answer: what was made, if it was, or why the request was rejected (516, 806). Only a request that
 * was accepted and has nothing made yet goes on. */
static psd_db_result answer(psd_meter_desk *desk, uint64_t status, const uint8_t *made, size_t length,
                            const char *why) {
  bool rejected = status == PSD_AUTHORITY_REJECTED;
  desk->item.status = status;
  desk->over = status != PSD_AUTHORITY_ACCEPTED || length > 0;
  desk->der_length = rejected ? strlen(why) : length;
  memcpy(desk->der, rejected ? (const uint8_t *)why : made, desk->der_length);
  return PSD_DB_DONE;
}

/* Where a request stands. */
static psd_db_result answer_request(psd_meter_desk *desk, psd_db_result result) {
  const psd_ca_request *request = &desk->request;
  if (result != PSD_DB_DONE)
    return result;
  return answer(desk, request->status, request->grant, request->grant_length, request->why);
}

static psd_db_result requested(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  return answer_request(desk, psd_ca_requested(db, &desk->request, desk->vetting, job->name));
}

static psd_db_result news(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  return answer_request(desk, psd_ca_request_find(db, job->device, desk->request.number, &desk->request));
}

/* Another server may have been faster: the grant that is kept is the one that counts. */
static psd_db_result issued(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_ca_request *request = &desk->request;
  psd_db_result result = psd_ca_request_get(db, request->id, request);
  if (result == PSD_DB_DONE && request->status == PSD_AUTHORITY_ACCEPTED && request->grant_length == 0) {
    result = psd_ca_issued(db, request->id, desk->made, desk->made_length, job->now);
    memcpy(request->grant, desk->made, desk->made_length);
    request->grant_length = desk->made_length;
  }
  return answer_request(desk, result);
}

/* Looks for the certificate whose key has signed a revocation request. */
typedef struct search {
  psd_meter_desk *desk;
  bool found;
} search;

static bool look(void *user, const psd_ca_certificate *certificate) {
  search *at = user;
  psd_meter_desk *desk = at->desk;
  char why[PSD_PROOF_WHY_MAX] = "";
  at->found = psd_proof_check_request((psd_proof_bytes){desk->content, desk->length},
                                      (psd_proof_bytes){certificate->der, certificate->length}, &desk->confirmation,
                                      why) == PSD_PROOF_HOLDS &&
              desk->confirmation.certificate == certificate->number;
  if (at->found)
    desk->certificate = *certificate;
  return !at->found;
}

/* 604, 606: a request that no key of this PSD's has signed, or that is about something else, is refused. One that holds
 * counts from now on: the list has it, whatever becomes of this session. */
static psd_db_result revoke(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  search at = {.desk = desk};
  psd_db_result result = psd_ca_certificate_list(db, job->device, false, look, &at);
  if (result != PSD_DB_DONE)
    return result;
  if (!at.found || memcmp(desk->confirmation.device, job->device, sizeof job->device) != 0) {
    desk->signal = PSD_SIGNAL_SIGNATURE;
    return PSD_DB_DONE;
  }
  const uint32_t number = desk->certificate.number;
  result = psd_ca_revoke(db, number, desk->confirmation.reason, PSD_CA_HOLDER,
                         (psd_proof_bytes){desk->content, desk->length}, job->now);
  if (result == PSD_DB_DONE)
    result = psd_ca_command_of(db, job->device, number, &desk->certificate, desk->revocation, sizeof desk->revocation,
                               &desk->revocation_length);
  desk->item.number = desk->certificate.command;
  return result;
}

static psd_db_result command(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_db_result result = psd_ca_command_next(db, job->device, &desk->certificate, desk->revocation,
                                             sizeof desk->revocation, &desk->revocation_length);
  desk->over = result == PSD_DB_ABSENT;
  desk->item.number = desk->certificate.command;
  desk->item.status = PSD_AUTHORITY_ACCEPTED;
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

/* 608: what the card confirms must answer it. */
static psd_db_result commanded(const psd_meter_job *job, psd_db *db) {
  const psd_meter_desk *desk = job->desk;
  return psd_ca_commanded(db, desk->certificate.number, (psd_proof_bytes){desk->der, desk->der_length}, job->now);
}

static psd_db_result refused(const psd_meter_job *job, psd_db *db) {
  const psd_meter_desk *desk = job->desk;
  return psd_ca_command_refused(db, desk->certificate.number, desk->renumber, job->now);
}

static psd_db_result confirmed(const psd_meter_job *job, psd_db *db) {
  const psd_meter_desk *desk = job->desk;
  return psd_ca_confirmed(db, &desk->confirmation, (psd_proof_bytes){desk->content, desk->length}, job->now);
}

/* The same for a line of credit: what follows is its certificate. */
static psd_db_result answer_credit(psd_meter_desk *desk, psd_db_result result) {
  const psd_credit_row *line = &desk->line;
  if (result != PSD_DB_DONE)
    return result;
  desk->item.number = (uint64_t)line->id;
  return answer(desk, line->status, line->der, line->length, line->why);
}

/* The holder's certificate, which must be good: it is of this PSD, a user's, valid and not revoked. */
static psd_db_result find_holder(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_ca_certificate *holder = &desk->certificate;
  psd_db_result result = psd_ca_certificate_get(db, desk->line.holder, holder);
  if (result == PSD_DB_DONE &&
      (memcmp(holder->device, job->device, sizeof job->device) != 0 || holder->purpose != PSD_PURPOSE_USER ||
       holder->revoked != 0 || job->now < holder->from || holder->until <= job->now))
    desk->signal = PSD_SIGNAL_STATE;
  return result;
}

/* Nor may the certificate be revoked with which the meter postmarked (802). */
static psd_db_result check_postmark(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_ca_certificate postmark;
  psd_db_result result = psd_ca_certificate_get(db, desk->postmark, &postmark);
  if (result == PSD_DB_DONE &&
      (memcmp(postmark.device, job->device, sizeof job->device) != 0 || postmark.purpose != PSD_PURPOSE_POSTMARK ||
       (postmark.revoked != 0 && postmark.revoked <= desk->postmarked)))
    desk->signal = PSD_SIGNAL_STATE;
  return result;
}

static psd_db_result applied(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_db_result result = find_holder(job, db);
  if (result == PSD_DB_DONE && desk->signal == PSD_SIGNAL_NONE)
    result = check_postmark(job, db);
  if (result != PSD_DB_DONE || desk->signal != PSD_SIGNAL_NONE)
    return result;
  return answer_credit(desk,
                       psd_credit_applied(db, &desk->line, (psd_proof_bytes){desk->content, desk->length}, desk->most));
}

/* What was approved meanwhile is certified with what was sent then. Number 0 is this PSD's last application. */
static psd_db_result credit_news(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  psd_db_result result = desk->line.id != 0 ? psd_credit_get(db, desk->line.id, &desk->line)
                                            : psd_credit_last(db, job->device, &desk->line);
  if (result == PSD_DB_DONE && memcmp(desk->line.device, job->device, sizeof job->device) != 0)
    return PSD_DB_ABSENT; /* another's: to this PSD there is none */
  result = answer_credit(desk, result);
  if (result != PSD_DB_DONE || desk->over)
    return result;
  result = psd_credit_papers(db, desk->line.id, desk->content, sizeof desk->content, &desk->length);
  return result == PSD_DB_DONE ? find_holder(job, db) : result;
}

static psd_db_result credited(const psd_meter_job *job, psd_db *db) {
  psd_meter_desk *desk = job->desk;
  const psd_proof_bytes der = {desk->made, desk->made_length};
  psd_credit_row *line = &desk->line;
  psd_db_result result = psd_credit_get(db, line->id, line);
  if (result == PSD_DB_DONE && line->status == PSD_AUTHORITY_ACCEPTED && line->length == 0) {
    result = psd_credit_issued(db, line->id, der, desk->from, desk->until, job->now);
    memcpy(line->der, der.data, der.length);
    line->length = der.length;
  }
  return answer_credit(desk, result);
}

static psd_db_result run(psd_meter_job *job, psd_db *db) {
  switch (job->kind) {
  case PSD_METER_JOB_CA_REQUESTED:
    return requested(job, db);
  case PSD_METER_JOB_CA_NEWS:
    return news(job, db);
  case PSD_METER_JOB_CA_ISSUED:
    return issued(job, db);
  case PSD_METER_JOB_CA_REVOKE:
    return revoke(job, db);
  case PSD_METER_JOB_CA_COMMAND:
    return command(job, db);
  case PSD_METER_JOB_CA_COMMANDED:
    return commanded(job, db);
  case PSD_METER_JOB_CA_REFUSED:
    return refused(job, db);
  case PSD_METER_JOB_CA_CONFIRMED:
    return confirmed(job, db);
  case PSD_METER_JOB_CREDIT_APPLIED:
    return applied(job, db);
  case PSD_METER_JOB_CREDIT_NEWS:
    return credit_news(job, db);
  default:
    return credited(job, db);
  }
}

psd_db_result psd_meter_job_run_authority(psd_meter_job *job, psd_db *db) {
  job->desk->signal = PSD_SIGNAL_NONE; /* it may be the second try */
  job->desk->over = false;
  return run(job, db);
}

psd_db_result psd_meter_job_sweep(psd_meter_job *job, psd_db *db) {
  return psd_ca_sweep(db, job->overdue, job->unpaid, job->now, &job->count);
}
