/* What follows an audit (docs/server.md, "Orders"): what was cut off is finished, then come the orders that wait, rate
 * tables, a new certificate and a new K1. M4 has announced all of it, the Host relays it and asks when it is over. */
#ifndef PSD_METER_ACTIONS_H
#define PSD_METER_ACTIONS_H

#include "meter/session_internal.h"

/* Bytes of the longest data of an order. */
#define PSD_METER_ORDER_MAX (PSD_ORDER_CONTENT_MAX + PSD_SIZE_ORDER)

struct psd_meter_actions {
  unsigned left;            /* not begun: bits of PSD_ACTION */
  psd_finding finding;      /* what is to be recovered */
  bool renews;              /* a certificate is due without an order that waits */
  uint32_t rates;           /* version of the rate table that the card was given, */
  uint16_t status;          /* and what it said to it */
  uint32_t commanded;       /* number of the revocation command that the card was given last */
  uint64_t awaited;         /* the Host's request that is answered when all is over; 0 for none */
  psd_meter_errand *errand; /* the order that is on its way; NULL for none */
  uint8_t data[PSD_METER_ORDER_MAX];
  size_t length;
};

/* What is to be announced to a PSD that has told `session->audit` and of which the database has `session->row`. */
unsigned psd_meter_actions_wanted(const psd_meter_session *session, psd_finding finding, uint64_t time);
/* Begins with them, in an open session. */
void psd_meter_actions_begin(psd_meter_session *session, unsigned actions, psd_finding finding);
/* What waits for a PSD that has just been registered, rate tables too. */
void psd_meter_actions_begin_due(psd_meter_session *session);
/* The Host asks when it is over; it is answered then. */
void psd_meter_actions_await(psd_meter_session *session, psd_host_operation operation);
/* One is over, well or not: the next. */
void psd_meter_actions_go_on(psd_meter_session *session);
/* The session is over. */
void psd_meter_actions_drop(psd_meter_session *session);

/* An action is over: a line in the log, a warning with `words` unless they are NULL; and the next. `what` is the name
 * of a command. */
void psd_meter_actions_end(psd_meter_session *session, const char *what, const char *words, uint16_t status);

/* orders.c: the order for one action, from the database to the card and back. */
void psd_meter_bring_order(psd_meter_session *session, unsigned action);
/* rates.c: the rate table that is due, and the one after it. */
void psd_meter_bring_rates(psd_meter_session *session);

#endif
