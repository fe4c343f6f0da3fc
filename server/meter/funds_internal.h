/* The inside of funds.h: an operation that is under way in a session, and its steps. */
#ifndef PSD_METER_FUNDS_INTERNAL_H
#define PSD_METER_FUNDS_INTERNAL_H

#include "meter/funds.h"
#include "meter/session_internal.h"

struct psd_meter_funds {
  psd_host_operation asked;                 /* REFILL, WITHDRAW; DONE for what the audit has found */
  void (*done)(psd_meter_session *session); /* after what the audit has found */
  uint64_t group, amount, final, sequence;
  uint8_t nonce[16];
  uint8_t request[PSD_FUNDS_REQUEST_MAX]; /* S1 and its signature; length 0 before */
  size_t request_length;
  uint64_t control_total, time; /* of S1 */
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  uint8_t receipt[PSD_FUNDS_RECEIPT_MAX]; /* S3 and its signature */
  size_t receipt_length;
  psd_funds_receipt ended; /* its content */
  uint64_t available;      /* what the account has left */
  psd_signal signal;       /* why it is cancelled; NONE where that is what is wanted */
};

/* What a funds job does when it is done. */
typedef void psd_meter_funds_done(void *owner, psd_meter_job *job);

/* S1: the bytes and their content go into session->funds if they are a request of this PSD in this state; false
 * otherwise. */
bool psd_meter_funds_take_request(psd_meter_session *session, psd_operation_state state, const uint8_t *data,
                                  size_t length, psd_funds_request *request);
/* S3, in the same way, if it is about the operation that is under way and ends it so. */
bool psd_meter_funds_take_receipt(psd_meter_session *session, psd_operation_state state, const uint8_t *data,
                                  size_t length);

/* Begins one. False, and the session is refused, without memory. */
bool psd_meter_funds_begin(psd_meter_session *session, psd_host_operation asked);
/* Has the card start what was asked for: INITIALIZE LOAD or INITIALIZE WITHDRAWAL. */
void psd_meter_funds_start(psd_meter_session *session, psd_command_id id, psd_meter_card_answered *answered);
/* What the card's first answer is: S1 of what was asked, or of what an earlier session asked just so. Otherwise false,
 * and the Host is answered or the session ended. */
bool psd_meter_funds_started(psd_meter_session *session, psd_operation_state state, uint16_t status,
                             const uint8_t *data, size_t length);
/* Asks the key management system; `answered` is called with a refusal, at once, if nobody can be asked. */
void psd_meter_funds_ask(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                         psd_meter_answered *answered);
/* Asks it to authorize S1. */
void psd_meter_funds_authorize(psd_meter_session *session, psd_meter_answered *answered);
/* Takes the authorization over; false if it was refused: *signal is why. */
bool psd_meter_funds_authorized(psd_meter_session *session, const psd_meter_answer *answer, psd_signal *signal);
/* Hands the database S1 (RESERVE, WITHDRAWN) or S3, or asks it for S1 (OPERATION). */
void psd_meter_funds_store(psd_meter_session *session, psd_meter_job_kind kind, psd_meter_funds_done *done);
/* What the database or the rules have against it: NONE, or the signal. An alarm that was raised locks the session's
 * row of the PSD as well. */
psd_signal psd_meter_funds_stored(psd_meter_session *session, const psd_meter_job *job);
/* The PSD has signed what does not verify, or said what cannot be: a warning in the log, and an alarm that locks the
 * meter. `words` stay where they are. */
void psd_meter_funds_alarm(psd_meter_session *session, const char *words);

/* The ends. It is over, and durable: */
void psd_meter_funds_finish(psd_meter_session *session);
/* nothing was moved, or the next audit will tell (`unfinished`): the session stays open; */
void psd_meter_funds_refuse(psd_meter_session *session, psd_signal signal, bool unfinished);
/* the card has moved what the ledger has not, so that no answer would be true: the session ends; after an audit it
 * stays, without funds. */
void psd_meter_funds_leave(psd_meter_session *session, psd_signal signal);
/* The same where the card has said what cannot be: an alarm. */
void psd_meter_funds_contradicted(psd_meter_session *session, const char *words);

/* Cancels on the card, has the receipt verified, and gives back what was reserved. */
void psd_meter_funds_cancel(psd_meter_session *session, psd_signal signal);
/* A refill or withdrawal from its beginning, */
void psd_meter_refill(psd_meter_session *session);
void psd_meter_withdraw(psd_meter_session *session);
/* and one that was begun in an earlier session. */
void psd_meter_resume_refill(psd_meter_session *session);
void psd_meter_resume_withdrawal(psd_meter_session *session);

#endif
