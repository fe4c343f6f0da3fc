/* One order of the provider: it waits in the database, gets a number, is composed, authenticated by the key management
 * system, carried out by the card, and does not wait any more (docs/funds.md). An order that fails on that way stays
 * where it is and is tried again in the next session: it stops neither the others nor this session. */
#include <stdlib.h>
#include <string.h>

#include "meter/actions.h"
#include "psd/spec/status.h"

#define DAY 86400U

/* The row of the command that carries out the order, and its P1; NULL if there is none. */
static const psd_command *command_of(const psd_meter_session *session, uint8_t *p1) {
  uint8_t ins = 0;
  return psd_dc_command(session->actions->errand->action, &ins, p1) ? psd_command_of(PSD_CLASS_GP, ins) : NULL;
}

/* The order is over; `words` say why it stays, NULL if it was carried out. */
static void end(psd_meter_session *session, const char *words, uint16_t status) {
  uint8_t p1 = 0;
  const psd_command *command = command_of(session, &p1);
  psd_meter_actions_end(session, command == NULL ? "" : command->name, words, status);
}

/* Hands the errand to a job, which brings it back. */
static void submit(psd_meter_session *session, psd_meter_job_kind kind, void (*done)(void *owner, psd_meter_job *job)) {
  psd_meter_job *job = psd_meter_session_job(session, kind);
  if (job != NULL) {
    job->errand = session->actions->errand;
    session->actions->errand = NULL;
  }
  (void)psd_meter_submit(session, job, done);
}

/* Takes the errand back, and the PSD's row as it is now. False if the job has done nothing. */
static bool take_back(psd_meter_session *session, psd_meter_job *job) {
  session->job = NULL;
  session->actions->errand = job->errand;
  job->errand = NULL;
  if (job->result == PSD_DB_DONE)
    session->row = job->row;
  return job->result == PSD_DB_DONE;
}

static void on_done(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  bool done = take_back(session, job);
  end(session, done ? NULL : "it was carried out, but the database does not take that", 0);
}

static void on_taken(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  (void)data;
  (void)length;
  if (status == PSD_SW_OK)
    submit(session, PSD_METER_JOB_ORDER_DONE, on_done);
  else
    end(session, "the card refuses it", status);
}

static void on_ordered(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_meter_actions *actions = session->actions;
  uint8_t p1 = 0;
  const psd_command *command = command_of(session, &p1);
  psd_buffer data = {.data = actions->data, .length = actions->length, .capacity = sizeof actions->data};
  session->call = NULL;
  if (answer->type != PSD_FRAME_KMS_ORDERED || answer->length != PSD_SIZE_ORDER) {
    end(session, "the key management system does not authorize it", 0);
    return;
  }
  psd_put(&data, answer->body, answer->length);
  psd_meter_command_card(session, command->id, p1, data.data, data.length, on_taken);
}

static void authenticate(psd_meter_session *session) {
  const psd_meter_actions *actions = session->actions;
  uint8_t bytes[PSD_SIZE_KMS_ORDER + PSD_SIZE_WRAPPED_K4 + PSD_ORDER_CONTENT_MAX], p1 = 0;
  const psd_command *command = command_of(session, &p1);
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_kms_order head = {.p1 = p1, .serial = session->audit.serial, .number = actions->errand->number};
  if (command == NULL) {
    end(session, "no command carries it out", 0);
    return;
  }
  head.ins = command->ins;
  memcpy(head.vendor, session->audit.vendor, sizeof head.vendor);
  memcpy(head.model, session->audit.model, sizeof head.model);
  psd_put_message(&body, PSD_MESSAGE_KMS_ORDER, &head);
  psd_put(&body, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_put(&body, actions->data, actions->length);
  psd_meter_consult(session, PSD_FRAME_KMS_ORDER, body.data, body.length, on_ordered);
}

/* Nobody can check what a PSD signs without its certificate: it is kept before the PSD has it. */
static void on_kept(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  if (take_back(session, job)) {
    authenticate(session);
    return;
  }
  psd_meter_log_say(session->service->log, PSD_METER_WARNING, "database", job->words);
  end(session, "the database does not keep the certificate", 0);
}

/* LICENCE || certificate, or the certificate alone. */
static void on_certified(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_meter_actions *actions = session->actions;
  session->call = NULL;
  if (answer->type != PSD_FRAME_KMS_CERTIFIED || answer->length == 0 || answer->length > PSD_CERTIFICATE_MAX ||
      actions->length + answer->length > PSD_ORDER_CONTENT_MAX) {
    end(session, "the key management system gives no certificate", 0);
    return;
  }
  memcpy(actions->data + actions->length, answer->body, answer->length);
  actions->length += answer->length;
  memcpy(actions->errand->der, answer->body, answer->length);
  actions->errand->der_length = answer->length;
  submit(session, PSD_METER_JOB_CERTIFIED, on_kept);
}

/* What the PSD is licensed with: by this order, by an earlier one, or as it has told itself. */
static psd_licence licence_of(const psd_meter_session *session) {
  const psd_meter_actions *actions = session->actions;
  psd_licence licence = {.zip = session->row.zip, .number = session->row.licence};
  if (actions->errand->action == PSD_ACTION_AUTHORIZE)
    (void)psd_parse_message(actions->data, actions->length, PSD_MESSAGE_LICENCE, &licence);
  else if (licence.zip == 0)
    licence = (psd_licence){.zip = session->audit.zip, .number = session->audit.licence};
  return licence;
}

static void certify(psd_meter_session *session) {
  psd_meter_errand *errand = session->actions->errand;
  uint8_t bytes[PSD_SIZE_KMS_CERTIFY + PSD_SIZE_WRAPPED_K4];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_licence licence = licence_of(session);
  uint64_t now = session->service->calls->time(session->service);
  errand->from = now;
  errand->until = now + session->service->settings->certificate_days * DAY;
  psd_kms_certify head = {.serial = session->audit.serial,
                          .number = errand->certificate,
                          .zip = licence.zip,
                          .licence = licence.number,
                          .from = now,
                          .until = errand->until,
                          .ca_key = session->row.ca_key};
  memcpy(head.vendor, session->audit.vendor, sizeof head.vendor);
  memcpy(head.model, session->audit.model, sizeof head.model);
  psd_put_message(&body, PSD_MESSAGE_KMS_CERTIFY, &head);
  psd_put(&body, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_meter_consult(session, PSD_FRAME_KMS_CERTIFY, body.data, body.length, on_certified);
}

/* What the card is given. A clock that is to be set is set to now, however long the order has waited. */
static void take_content(psd_meter_session *session, const psd_order_row *order) {
  psd_meter_actions *actions = session->actions;
  memcpy(actions->data, order->content, order->length);
  actions->length = order->length;
  if (order->action != PSD_ACTION_CLOCK)
    return;
  psd_buffer clock = psd_buffer_over(actions->data, sizeof actions->data);
  psd_put_message(&clock, PSD_MESSAGE_CLOCK,
                  &(psd_clock){.now = session->service->calls->time(session->service), .set = 1});
  actions->length = clock.length;
}

static void on_next(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  bool there = take_back(session, job);
  const psd_meter_errand *errand = session->actions->errand;
  if (!there && job->result == PSD_DB_ABSENT) {
    psd_meter_actions_go_on(session);
    return;
  }
  if (!there) {
    psd_meter_log_say(session->service->log, PSD_METER_WARNING, "database", job->words);
    end(session, "the database does not give it", 0);
    return;
  }
  take_content(session, &errand->order);
  if (errand->certificate != 0)
    certify(session);
  else if (errand->action == PSD_ACTION_CERTIFICATE)
    submit(session, PSD_METER_JOB_ORDER_DONE, on_done); /* a PSD without a key pair has nothing to certify */
  else
    authenticate(session);
}

void psd_meter_bring_order(psd_meter_session *session, unsigned action) {
  psd_meter_errand *errand = calloc(1, sizeof *errand);
  if (errand == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  errand->action = action;
  errand->told = (uint32_t)session->audit.orders;
  errand->pair = session->audit.type == PSD_SIGNATURE_ECDSA;
  errand->renews = action == PSD_ACTION_CERTIFICATE && session->actions->renews;
  session->actions->errand = errand;
  submit(session, PSD_METER_JOB_ORDER_NEXT, on_next);
}
