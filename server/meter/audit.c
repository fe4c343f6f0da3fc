/* From the audit response (M3) to the audit result (M4): EP steps 236 to 246. */
#include <stdio.h>
#include <string.h>

#include "meter/actions.h"
#include "meter/jobs_orders.h"

/* An audit that changes nothing is written down again after so many seconds. */
#define SAVE_EVERY 60U

static void on_verified(void *owner, const psd_meter_answer *answer);
static void on_saved(void *owner, psd_meter_job *job);

/* Bytes of a signature of that kind; 0 where there is none. The one of 1997 is good for nothing outside its suite. */
static size_t signature_size(uint64_t kind, uint64_t suite) {
  switch (kind) {
  case PSD_SIGNATURE_HMAC:
    return PSD_HASH;
  case PSD_SIGNATURE_ECDSA:
    return 64U;
  case PSD_SIGNATURE_TDES:
    return suite == PSD_SUITE_CLASSIC ? PSD_TDES_MAC : 0;
  default:
    return 0;
  }
}

/* EP 240: opens M3. What it is not, or PSD_SIGNAL_NONE. */
static psd_signal open_audit(psd_meter_session *session, const uint8_t *body, size_t length, psd_audit *audit) {
  psd_meter_handshake *at = session->handshake;
  if (length > PSD_M3_MAX ||
      !psd_meter_open(&session->keys.from_card, PSD_FRAME_AUDIT_RESPONSE, body, length, at->audit))
    return PSD_SIGNAL_RECORD;
  at->audit_length = length - PSD_GCM_TAG;
  if (at->audit_length < PSD_SIZE_AUDIT || !psd_parse_message(at->audit, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, audit))
    return PSD_SIGNAL_MESSAGE;
  size_t signature = signature_size(audit->type, at->sign_on.head.suite);
  return signature != 0 && at->audit_length == PSD_SIZE_AUDIT + signature ? PSD_SIGNAL_NONE : PSD_SIGNAL_MESSAGE;
}

/* EP 240: is it of this session, and of a PSD that this user may use? */
static psd_signal check_audit(const psd_meter_session *session, const psd_audit *audit) {
  const psd_meter_handshake *at = session->handshake;
  psd_device_id device;
  if (!psd_parse_message(session->device, sizeof session->device, PSD_MESSAGE_DEVICE_ID, &device))
    return PSD_SIGNAL_INTERNAL;
  if (!psd_secret_equal(audit->nonce, at->nonce, sizeof at->nonce) ||
      !psd_secret_equal(audit->transcript, at->th2, sizeof at->th2) ||
      memcmp(audit->vendor, device.vendor, sizeof device.vendor) != 0 ||
      memcmp(audit->model, device.model, sizeof device.model) != 0 || audit->serial != device.serial)
    return PSD_SIGNAL_AUDIT;
  if (!at->device_known || session->row.device.revoked)
    return PSD_SIGNAL_DEVICE;
  if (session->row.device.user != 0 && session->row.device.user != session->user)
    return PSD_SIGNAL_NOT_REGISTERED;
  return PSD_SIGNAL_NONE;
}

/* EP 242. */
static void ask_verify(psd_meter_session *session) {
  psd_meter_handshake *at = session->handshake;
  uint8_t body[PSD_SIZE_KMS_VERIFY + PSD_SIZE_WRAPPED_K4 + sizeof at->audit];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_kms_verify wishes = {.actions = at->actions, .time = at->time};
  psd_put_message(&buffer, PSD_MESSAGE_KMS_VERIFY, &wishes);
  psd_put(&buffer, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_put(&buffer, at->audit, at->audit_length);
  session->state = PSD_METER_VERIFYING;
  (void)psd_meter_ask(session, PSD_FRAME_KMS_VERIFY, body, buffer.length, on_verified);
}

void psd_meter_take_audit(psd_meter_session *session, const uint8_t *body, size_t length) {
  psd_audit audit;
  if (session->state != PSD_METER_RESPONDED) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  psd_meter_handshake *at = session->handshake;
  psd_signal signal = open_audit(session, body, length, &audit);
  if (signal == PSD_SIGNAL_NONE)
    signal = check_audit(session, &audit);
  if (signal != PSD_SIGNAL_NONE) {
    psd_meter_refuse(session, signal, 0);
    return;
  }
  session->audit = audit;
  session->registered = session->row.device.user != 0;
  at->time = session->service->calls->time(session->service);
  /* A PSD that is nobody's is given nothing but its registration. */
  if (session->registered) {
    at->finding = psd_dc_held(&session->row, psd_dc_examine(&session->row, at->op, &audit));
    at->actions = psd_meter_actions_wanted(session, at->finding, at->time);
  }
  ask_verify(session);
}

/* True if two audits differ in more than what differs every time: nonce, transcript, clock, and what the last audit
 * itself was to the PSD, an inspection and a record of its log. */
static bool news(const uint8_t one[PSD_SIZE_AUDIT], const uint8_t other[PSD_SIZE_AUDIT]) {
  psd_audit a, b;
  uint8_t left[PSD_SIZE_AUDIT], right[PSD_SIZE_AUDIT];
  if (!psd_parse_message(one, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &a) ||
      !psd_parse_message(other, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &b))
    return true;
  memcpy(b.nonce, a.nonce, sizeof a.nonce);
  memcpy(b.transcript, a.transcript, sizeof a.transcript);
  b.time = a.time;
  b.inspected = a.inspected;
  b.log_count = a.log_count;
  memcpy(b.log_hash, a.log_hash, sizeof a.log_hash);
  psd_buffer first = psd_buffer_over(left, sizeof left), second = psd_buffer_over(right, sizeof right);
  psd_put_message(&first, PSD_MESSAGE_AUDIT, &a);
  psd_put_message(&second, PSD_MESSAGE_AUDIT, &b);
  return memcmp(left, right, sizeof left) != 0;
}

static bool must_save(const psd_meter_session *session) {
  const psd_meter_handshake *at = session->handshake;
  const psd_device_row *row = &session->row.device;
  bool recent = row->inspected != 0 && at->time >= row->inspected && at->time - row->inspected <= SAVE_EVERY;
  return !recent || at->failures != 0 || at->finding != PSD_FOUND_AGREEMENT || news(at->audit, row->audit);
}

static void save(psd_meter_session *session) {
  const psd_meter_handshake *at = session->handshake;
  psd_meter_job *job = psd_meter_session_job(session, PSD_METER_JOB_AUDITED);
  session->state = PSD_METER_SAVING;
  if (job != NULL) {
    memcpy(job->audit, at->audit, sizeof job->audit);
    job->now = at->time;
    job->clear_failures = at->failures != 0;
    job->registered = session->registered;
    job->expected = at->finding;
  }
  (void)psd_meter_submit(session, job, on_saved);
}

static void log_open(psd_meter_session *session) {
  const psd_meter_handshake *at = session->handshake;
  psd_json *line = psd_meter_session_line(session, PSD_METER_INFO, "signed on");
  if (line == NULL)
    return;
  psd_json_string(line, "suite", psd_suite_of((unsigned)at->sign_on.head.suite)->name);
  psd_json_bool(line, "registered", session->registered);
  psd_meter_log_end(session->service->log);
}

/* M4: both sides are authenticated. */
static void complete(psd_meter_session *session) {
  psd_meter_handshake *at = session->handshake;
  uint8_t m4[PSD_M4_SIZE];
  if (!psd_meter_seal(&session->keys.to_card, PSD_FRAME_AUDIT_RESULT, (psd_part){NULL, 0}, at->result,
                      sizeof at->result, m4)) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->state = PSD_METER_OPEN;
  session->line->deadline(session->connection, session->service->settings->idle_timeout);
  psd_meter_send(session, PSD_FRAME_AUDIT_RESULT, m4, sizeof m4);
  log_open(session);
  if (session->stopping)
    psd_meter_session_stop(session);
  else
    psd_meter_actions_begin(session, at->actions, at->finding);
  psd_meter_handshake_free(session);
}

/* EP 246. */
static void on_verified(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  psd_meter_handshake *at = session->handshake;
  session->call = NULL;
  if (answer->type != PSD_FRAME_KMS_VERIFIED || answer->length != sizeof at->result) {
    psd_meter_refuse_kms(session, answer);
    return;
  }
  memcpy(at->result, answer->body, sizeof at->result);
  if (must_save(session))
    save(session);
  else
    complete(session);
}

/* What the audit has finished by itself is recovered like the rest: whoever asks for it once more is told. */
static void note_recovered(psd_meter_session *session, uint64_t available) {
  const psd_audit *audit = &session->audit;
  bool postage = audit->group == PSD_GROUP_POSTAGE;
  session->recovered =
      (psd_funds_result){.operation = audit->operation,
                         .group = audit->group,
                         .sequence = audit->sequence,
                         .amount = audit->operation_amount,
                         .ascending = postage ? audit->ascending : audit->certificate_ascending,
                         .descending = postage ? audit->descending : audit->certificate_descending,
                         .control_total = postage ? audit->control_total : audit->certificate_control_total,
                         .available = available};
}

static void on_saved(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  session->job = NULL;
  if (job->result != PSD_DB_DONE) {
    /* The ledger has moved since it was looked up: M4 would announce what is no longer so. */
    if (job->result == PSD_DB_REFUSED && job->finding != job->expected)
      (void)snprintf(job->words, sizeof job->words, "%s", "the ledger has changed since the PSD was looked up");
    psd_meter_refuse_database(session, job);
    return;
  }
  if (session->registered)
    session->row = job->row;
  if (psd_dc_alarming(job->finding))
    psd_meter_log_alarm(session, job->finding == PSD_FOUND_RESTORED
                                     ? "the PSD is behind what was seen of it"
                                     : "the PSD's registers and the ledger do not agree");
  if (psd_dc_ending(job->finding))
    note_recovered(session, job->funds.available);
  complete(session);
}
