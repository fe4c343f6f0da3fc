#include "meter/actions.h"

#include <stdlib.h>
#include <string.h>

#include "meter/authority.h"
#include "meter/funds.h"
#include "psd/spec/status.h"

#define DAY 86400U
/* What waits in the table of orders: all but what the server begins by itself. */
#define ORDERS (~(unsigned)(PSD_ACTION_RECOVER | PSD_ACTION_RATES | PSD_ACTION_ROTATE))

/* A certificate that ends soon, or nobody knows when; AUTHORIZE brings one anyway. */
static bool ends_soon(const psd_meter_session *session, uint64_t time) {
  const psd_meter_row *row = &session->row;
  static const uint8_t none[sizeof session->audit.certificate];
  if (session->audit.type != PSD_SIGNATURE_ECDSA || (row->due & PSD_ACTION_AUTHORIZE) != 0 ||
      (PSD_IN_SERVICE & 1U << session->audit.state) == 0)
    return false;
  if (row->certificate_until == 0)
    return memcmp(session->audit.certificate, none, sizeof none) != 0;
  return row->certificate_until <= time + session->service->settings->renew_before * DAY;
}

/* A PSD out of service takes none. */
static unsigned rates_due(const psd_meter_session *session) {
  bool takes = session->rates_wait && (PSD_IN_SERVICE & 1U << session->audit.state) != 0;
  return takes ? PSD_ACTION_RATES : 0;
}

unsigned psd_meter_actions_wanted(const psd_meter_session *session, psd_finding finding, uint64_t time) {
  unsigned actions = (session->row.due & ORDERS) | rates_due(session);
  if (psd_dc_recoverable(finding))
    actions |= PSD_ACTION_RECOVER;
  /* The first alarm orders it; while it stands, the order waits until it was carried out. */
  if (psd_dc_alarming(finding) && session->row.lock != PSD_METER_ALARMED)
    actions |= PSD_ACTION_DISABLE;
  if (ends_soon(session, time))
    actions |= PSD_ACTION_CERTIFICATE;
  if (session->audit.vendor_key < session->service->vendor_key)
    actions |= PSD_ACTION_ROTATE;
  return actions;
}

void psd_meter_actions_begin(psd_meter_session *session, unsigned actions, psd_finding finding) {
  if (actions == 0)
    return;
  session->actions = calloc(1, sizeof *session->actions);
  if (session->actions == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->actions->left = actions;
  session->actions->finding = finding;
  session->actions->renews = (actions & ~session->row.due & PSD_ACTION_CERTIFICATE) != 0;
  psd_meter_actions_go_on(session);
}

void psd_meter_actions_begin_due(psd_meter_session *session) {
  psd_meter_actions_begin(session, (session->row.due & ORDERS) | rates_due(session), PSD_FOUND_AGREEMENT);
}

static void answer(psd_meter_session *session, uint64_t operation) {
  psd_funds_result recovered = session->recovered;
  bool tells = operation == PSD_HOST_DONE && recovered.operation != PSD_OPERATION_NONE;
  if (tells)
    session->recovered = (psd_funds_result){.operation = PSD_OPERATION_NONE};
  psd_meter_answer_host(session, operation, PSD_SIGNAL_NONE, tells ? &recovered : NULL);
}

void psd_meter_actions_await(psd_meter_session *session, psd_host_operation operation) {
  if (session->state != PSD_METER_OPEN)
    return;
  if (session->actions != NULL)
    session->actions->awaited = operation;
  else
    answer(session, operation);
}

void psd_meter_actions_drop(psd_meter_session *session) {
  if (session->actions != NULL)
    free(session->actions->errand);
  free(session->actions);
  session->actions = NULL;
}

void psd_meter_actions_end(psd_meter_session *session, const char *what, const char *words, uint16_t status) {
  psd_json *line = psd_meter_session_line(session, words == NULL ? PSD_METER_INFO : PSD_METER_WARNING, "order");
  if (line != NULL) {
    psd_json_string(line, "command", what);
    if (words != NULL)
      psd_json_string(line, "words", words);
    if (status != 0 && status != PSD_SW_OK)
      psd_json_hex(line, "status", (const uint8_t[]){(uint8_t)(status >> 8), (uint8_t)status}, 2);
    psd_meter_log_end(session->service->log);
  }
  psd_meter_actions_go_on(session);
}

/* The database learns of the key by the next audit, which the card signs. */
static void on_rotation_taken(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  (void)data;
  (void)length;
  psd_meter_actions_end(session, psd_commands[PSD_COMMAND_ROTATE_KEY].name,
                        status == PSD_SW_OK ? NULL : "the card refuses it", status);
}

/* The new K1 is the card's own business: only a record of the card's keys carries it. */
static void on_rotated(void *owner, const psd_meter_answer *answered) {
  psd_meter_session *session = owner;
  session->call = NULL;
  if (answered->type == PSD_FRAME_KMS_ROTATED && answered->length == PSD_SIZE_VENDOR_KEY_ORDER)
    psd_meter_command_card(session, PSD_COMMAND_ROTATE_KEY, 0, answered->body, answered->length, on_rotation_taken);
  else
    psd_meter_actions_end(session, psd_commands[PSD_COMMAND_ROTATE_KEY].name,
                          "the key management system gives no new key", 0);
}

static void rotate(psd_meter_session *session) {
  uint8_t bytes[PSD_SIZE_KMS_ROTATE];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_put(&body, session->device, sizeof session->device);
  psd_put(&body, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_meter_consult(session, PSD_FRAME_KMS_ROTATE, body.data, body.length, on_rotated);
}

/* All is over: who has waited for it hears so. */
static void finish(psd_meter_session *session) {
  uint64_t awaited = session->actions->awaited;
  psd_meter_actions_drop(session);
  if (awaited != 0)
    answer(session, awaited);
}

void psd_meter_actions_go_on(psd_meter_session *session) {
  psd_meter_actions *actions = session->actions;
  free(actions->errand);
  actions->errand = NULL;
  unsigned orders = actions->left & (ORDERS | PSD_ACTION_RATES), first = orders & (~orders + 1U);
  if ((actions->left & PSD_ACTION_RECOVER) != 0) {
    actions->left &= ~(unsigned)PSD_ACTION_RECOVER;
    psd_meter_recover(session, actions->finding, psd_meter_actions_go_on);
  } else if (first != 0) {
    actions->left &= ~first;
    if (first == PSD_ACTION_RATES)
      psd_meter_bring_rates(session);
    else if (first == PSD_ACTION_REVOKE)
      psd_meter_bring_revocations(session);
    else
      psd_meter_bring_order(session, first);
  } else if ((actions->left & PSD_ACTION_ROTATE) != 0) {
    actions->left = 0;
    rotate(session);
  } else
    finish(session);
}
