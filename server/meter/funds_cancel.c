/* Cancellation (docs/funds.md): the card says so, the key management system verifies it, and the account gets it back.
 */
#include "meter/funds_internal.h"
#include "psd/spec/status.h"

/* The card has cancelled it, and it could not be given back: why it was cancelled, or else why not. */
static void leave(psd_meter_session *session, psd_signal otherwise) {
  psd_signal why = session->funds->signal;
  psd_meter_funds_refuse(session, why != PSD_SIGNAL_NONE ? why : otherwise, true);
}

static void on_released(void *owner, psd_meter_job *job) {
  psd_meter_session *session = owner;
  psd_signal signal = psd_meter_funds_stored(session, job);
  if (signal != PSD_SIGNAL_NONE)
    leave(session, signal);
  else if (session->funds->asked == PSD_HOST_DONE)
    psd_meter_funds_finish(session);
  else
    psd_meter_funds_refuse(session, session->funds->signal, false);
}

static void on_received(void *owner, const psd_meter_answer *answer) {
  psd_meter_session *session = owner;
  session->call = NULL;
  if (answer->type == PSD_FRAME_KMS_RECEIVED && answer->length == 0) {
    psd_meter_funds_store(session, PSD_METER_JOB_RELEASE, on_released);
    return;
  }
  if (answer->type == PSD_FRAME_KMS_REFUSED && answer->signal == PSD_SIGNAL_SIGNATURE)
    psd_meter_funds_alarm(session, "the signature of the receipt of a cancellation does not verify");
  leave(session, PSD_SIGNAL_KMS);
}

static void on_cancelled(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length) {
  const psd_meter_funds *at = session->funds;
  if (status != PSD_SW_OK) { /* it may be credited: to say that nothing was moved would be untrue */
    psd_meter_funds_leave(session, at->signal != PSD_SIGNAL_NONE ? at->signal : PSD_SIGNAL_STATE);
    return;
  }
  if (!psd_meter_funds_take_receipt(session, PSD_OPERATION_LOAD_CANCELLED, data, length)) {
    psd_meter_funds_contradicted(session, "a receipt of a cancellation that is none");
    return;
  }
  uint8_t body[PSD_SIZE_WRAPPED_K4 + sizeof at->receipt];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_put(&buffer, session->row.device.wrapped_k4, sizeof session->row.device.wrapped_k4);
  psd_put(&buffer, at->receipt, at->receipt_length);
  psd_meter_funds_ask(session, PSD_FRAME_KMS_RECEIPT, body, buffer.length, on_received);
}

void psd_meter_funds_cancel(psd_meter_session *session, psd_signal signal) {
  uint8_t number[4];
  psd_buffer buffer = psd_buffer_over(number, sizeof number);
  session->funds->signal = signal;
  psd_put_uint(&buffer, session->funds->sequence, sizeof number);
  psd_meter_command_card(session, PSD_COMMAND_CANCEL_LOAD, 0, number, sizeof number, on_cancelled);
}
