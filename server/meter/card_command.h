/* Commands of the provider to the card of an open session, one at a time: each goes in a CARD_DATA record, and the card
 * answers with another (docs/handshake.md, "Session data"). */
#ifndef PSD_METER_CARD_COMMAND_H
#define PSD_METER_CARD_COMMAND_H

#include "meter/session.h"
#include "psd/spec/commands.h"

/* The card's answer: its status word, and `length` bytes of data, valid during the call. */
typedef void psd_meter_card_answered(psd_meter_session *session, uint16_t status, const uint8_t *data, size_t length);

/* Sends a command of this row (commands.def) with `length` bytes of data, at most the row's `most`; what it answers is
 * asked for where the row has an answer. `answered` is called once, later and never inside, unless the session ends
 * before; a card that does not answer in --handshake-timeout ends it. The session is refused if the command cannot be
 * made. The card must not owe an answer already. */
void psd_meter_command_card(psd_meter_session *session, psd_command_id id, uint8_t p1, const void *data, size_t length,
                            psd_meter_card_answered *answered);

#endif
