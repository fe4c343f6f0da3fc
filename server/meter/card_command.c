#include "meter/card_command.h"

#include "meter/session_internal.h"
#include "psd/spec/apdu.h"

/* CLA of a command on the basic channel: the record is the card's own business, and has none. */
static uint8_t class_byte(const psd_command *row) {
  return row->class == PSD_CLASS_GP ? 0x80 : 0x00;
}

void psd_meter_command_card(psd_meter_session *session, psd_command_id id, uint8_t p1, const void *data, size_t length,
                            psd_meter_card_answered *answered) {
  const psd_command *row = &psd_commands[id];
  uint8_t command[PSD_METER_RECORD_TEXT], record[sizeof command + PSD_GCM_TAG];
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  psd_apdu apdu = {.cla = class_byte(row), .ins = row->ins, .p1 = p1, .p2 = row->p2.value, .data = data, .nc = length};
  if ((row->cases & (length == 0 ? PSD_C2 : PSD_C4)) != 0)
    apdu.ne = length > UINT8_MAX ? PSD_NE_ALL : PSD_NE_SHORT; /* what is long is answered at length */
  psd_put_apdu(&buffer, &apdu);
  bool sealed = !buffer.overflow && psd_meter_seal(&session->keys.to_card, PSD_FRAME_CARD_DATA, (psd_part){NULL, 0},
                                                   command, buffer.length, record);
  psd_secret_wipe(command, buffer.overflow ? sizeof command : buffer.length);
  if (!sealed) {
    psd_meter_refuse(session, PSD_SIGNAL_INTERNAL, 0);
    return;
  }
  session->ordered = answered;
  session->line->deadline(session->connection, session->service->settings->handshake_timeout);
  psd_meter_send(session, PSD_FRAME_CARD_DATA, record, buffer.length + PSD_GCM_TAG);
}

void psd_meter_take_card_data(psd_meter_session *session, const uint8_t *body, size_t length) {
  uint8_t text[PSD_METER_RECORD_TEXT];
  psd_meter_card_answered *answered = session->ordered;
  if (session->state != PSD_METER_OPEN || answered == NULL) {
    psd_meter_refuse(session, PSD_SIGNAL_ORDER, 0);
    return;
  }
  if (length < 2 + PSD_GCM_TAG || length > sizeof text + PSD_GCM_TAG ||
      !psd_meter_open(&session->keys.from_card, PSD_FRAME_CARD_DATA, body, length, text)) {
    psd_meter_refuse(session, PSD_SIGNAL_RECORD, 0);
    return;
  }
  size_t data = length - PSD_GCM_TAG - 2;
  uint16_t status = (uint16_t)(text[data] << 8 | text[data + 1]);
  session->ordered = NULL;
  answered(session, status, text, data);
}
