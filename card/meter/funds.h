/* Funds in and out (docs/funds.md): refills in funds_load.c, withdrawals in funds_withdrawal.c, what the card signs and
 * takes of them in funds_message.c.
 *
 * The core has one operation, the last. A step of it is one commit: registers, operation, a record of the log, and the
 * answer as it was signed, which is stored so that a repetition of the step is answered with the same bytes. */
#ifndef PSD_METER_FUNDS_H
#define PSD_METER_FUNDS_H

#include "meter/change.h"

typedef struct psd_funds_step {
  psd_change change;
  uint8_t answer[PSD_FUNDS_REQUEST_MAX]; /* the longer of both */
} psd_funds_step;

/* Appends the answer of the last step. 9000; 6A88 if there was none; 6581. */
uint16_t psd_funds_last(const psd_card *card, psd_buffer *out);

/* What a command that starts an operation asks for. 9000; 6A86 for a group that the registers' mode does not have; 6985
 * if an operation is not finished, when every sequence number was used, or, in current-account mode, of any that is not
 * final; 6A80 for a flag that is none. */
uint16_t psd_funds_take_start(const psd_card *card, const psd_apdu *apdu, psd_funds_start *start);
/* Begins the first step of the operation after the last: `next` has it, the registers are as they were. */
void psd_funds_begin(psd_funds_step *step, const psd_card *card, psd_operation_state state, psd_group group,
                     const psd_funds_start *start);
/* Begins another step of the last operation. */
void psd_funds_proceed(psd_funds_step *step, const psd_card *card, psd_operation_state state);

/* The authorization that `done` (LOADED or WITHDRAWN) takes. 9000 if it is that of the operation that is to be done, or
 * of the one that was (`again`). 6300 if it is not the key management system's; 6A80 if it is another operation's; 6985
 * if it has expired, or no operation waits for one. */
uint16_t psd_funds_take_authorization(psd_card *card, const psd_apdu *apdu, psd_operation_state done, bool *again);

/* Signs FUNDS_REQUEST with the server's nonce, or with NULL FUNDS_RECEIPT, over the operation and its registers as
 * `next` has them; commits; appends the answer. 9000, or as psd_change_commit and psd_sign. Registers and log record
 * must be set. */
uint16_t psd_funds_answer(psd_card *card, psd_funds_step *step, const uint8_t *nonce, psd_buffer *out);

#endif
