/* The meter server's part in refill, withdrawal and cancellation, and in what was cut off of them (docs/funds.md).
 *
 * Nothing of it is remembered by the process beyond the session: what is begun stands in the database and on the card,
 * and what is lost in between is found by the next audit, by whichever server makes it. */
#ifndef PSD_METER_FUNDS_H
#define PSD_METER_FUNDS_H

#include "datacenter/datacenter.h"
#include "meter/session.h"

/* Requests of the Host in an open session in which nothing else is under way; `content` is what should be a FUNDS_WISH.
 * The Host is answered, or the session ended, later or at once. */
void psd_meter_take_refill(psd_meter_session *session, const psd_cursor *content);
void psd_meter_take_withdraw(psd_meter_session *session, const psd_cursor *content);

/* Finishes or cancels what the audit of this session has found (session->audit, session->row): LOADING, ABANDONED,
 * WITHDRAWING; nothing for another finding. Then calls `done`, at once or later, but not if the session has ended.
 * What came of it is session->recovered; where it cannot be done now session->unfinished is set, and funds are refused
 * until the next audit. */
void psd_meter_recover(psd_meter_session *session, psd_finding finding, void (*done)(psd_meter_session *session));

/* Wipes and frees what the session has of an operation that is under way; nothing if there is none. */
void psd_meter_funds_free(psd_meter_session *session);

#endif
