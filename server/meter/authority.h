/* The authority's desk in an open session (VM figures 5, 6 and 8; docs/server.md, "The authority").
 *
 * Nothing of it is remembered by the process beyond the session: what was decided stands in the database, and a request
 * that comes again is answered with the same. */
#ifndef PSD_METER_AUTHORITY_H
#define PSD_METER_AUTHORITY_H

#include "meter/session.h"

/* True for the Host's operations that are answered here: CERTIFY, NEWS, REVOKE, CONFIRM, CREDIT. */
bool psd_meter_authority_takes(uint64_t operation);
/* One of them, in an open session in which nothing else is under way. The Host is answered, or the session ended, later
 * or at once. */
void psd_meter_take_authority(psd_meter_session *session, psd_host_operation operation, const psd_cursor *content);

/* The action REVOKE: what waits for the card is brought to it, one command after the other, and its confirmations are
 * entered (622). Then, or when one cannot be, psd_meter_actions_end. */
void psd_meter_bring_revocations(psd_meter_session *session);

/* Frees what the session has under way; nothing if there is none. */
void psd_meter_authority_free(psd_meter_session *session);

#endif
