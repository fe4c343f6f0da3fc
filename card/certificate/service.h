/* What every service that is charged goes through (VM 308-312, 358-362, 404, 504, 618, 904; docs/certificates.md, "What
 * is charged"): seen before, paid for, committed together with what it changes and with its answer. */
#ifndef PSD_CERTIFICATE_SERVICE_H
#define PSD_CERTIFICATE_SERVICE_H

#include "certificate/slot.h"
#include "meter/change.h"

typedef struct psd_service_step {
  psd_change change;
  psd_service service;
  uint8_t slot; /* 0 for none */
  uint64_t price;
  bool again; /* it was carried out before: its answer is in `out`, and nothing is to be done */
  uint8_t record[PSD_SIZE_SERVICE_RECORD];
} psd_service_step;

/* Begins: finds out whether the command came before (then `again`, and the answer is appended), the price, and whether
 * the funds suffice for it and for `besides` (a service whose price must be there too; 0 for none); debits
 * `change.next`, counts the piece. 9000; 6985 without the funds, while payment is due, or without a set clock; 6A88
 * without a table of rates; 6581. */
uint16_t psd_service_begin(psd_card *card, const psd_request *request, psd_service service, psd_service besides,
                           psd_service_step *step, psd_buffer *out);
/* The first half of it alone, for REVOKE CERTIFICATE, which is never refused for want of funds: the change is begun,
 * and `again` known; nothing is debited or counted, and the price is 0. 9000; 6581; 6400. */
uint16_t psd_service_recall(psd_card *card, const psd_request *request, psd_service service, psd_service_step *step,
                            psd_buffer *out);
/* Ends: stores what was appended to `out` since `start` as the answer, logs (REVOKED for a revocation, SERVED for
 * others), commits. 9000; 6A84 for an answer too long; as psd_change_commit. With anything but 9000 what was appended
 * is gone. `more` (may be empty) is kept for GET LAST P1 03. */
uint16_t psd_service_end(psd_card *card, psd_service_step *step, psd_buffer *out, size_t start, psd_piece more);

/* The price of a service today. 9000; 6A88 without a table; 6581. */
uint16_t psd_service_price_today(const psd_card *card, psd_service service, uint64_t *price);
/* Debits `next`, in the group that pays. False, and nothing is changed, if funds or credit do not suffice. */
bool psd_service_debit(psd_core *next, uint64_t price);
/* Counts a piece of the certificate group (248). False, and nothing is changed, at the end of its range. */
bool psd_service_count(psd_core *next);
/* Collects what is due, as far as the group that pays has it; returns how much. For commits that bring funds. */
uint64_t psd_service_collect(psd_core *next);
/* The same for a change that brings funds: collects, and logs DUE_PAID if there was anything. Its own log record, with
 * the registers before, must be there already. */
void psd_service_collect_due(psd_change *change, const psd_card *card);
/* The group that pays. */
psd_group psd_service_group(const psd_core *core);

#endif
