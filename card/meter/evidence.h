/* Evidence of postage (docs/evidence.md): CREATE INDICIUM in evidence_piece.c, WITHDRAWAL INDICIUM in
 * evidence_withdrawal.c, the indicium's own bytes in indicium.c.
 *
 * One commit debits, counts, signs and keeps: core, a record of the log and the answer, which is stored so that it can
 * be fetched again. */
#ifndef PSD_METER_EVIDENCE_H
#define PSD_METER_EVIDENCE_H

#include "meter/change.h"
#include "meter/indicium.h"

/* Evidence on its way. */
typedef struct psd_evidence_step {
  psd_change change;      /* `next` has the registers as they shall be, but for the piece count */
  psd_evidence_head head; /* kind, profile, date, class, postage and destination; psd_evidence_make adds the rest */
  psd_indicium_rate rate;
  uint8_t addressee[8];
  uint8_t answer[PSD_EVIDENCE_MAX];
} psd_evidence_step;

/* Appends the last evidence in the bytes of the first time. 9000; 6A88 before the first; 6581. */
uint16_t psd_evidence_last(const psd_card *card, psd_buffer *out);

/* Makes card->self known. 9000; 6581. */
uint16_t psd_evidence_know(psd_card *card);
/* The date where the card is, YYYYMMDD, and its day. 9000; 6985 if the clock was never set, or the card has no licence:
 * it knows neither when nor where. */
uint16_t psd_evidence_today(const psd_card *card, uint32_t *date, uint64_t *day);

/* Finds the rate of a postage on its date of mailing. Nobody's price is believed but that of the key management
 * system's table: 9000 if the wish has its postage; 6A80 if not, or there is no such rate; 6A88 if no table is in force
 * that day; 6581. */
uint16_t psd_evidence_rate(psd_card *card, const psd_indicium_wish *wish, uint32_t date, psd_indicium_rate *rate);

/* Begins with the card as it is, unrated. */
void psd_evidence_begin(psd_evidence_step *step, const psd_card *card, psd_evidence_kind kind, uint64_t profile);
/* Counts the piece, makes tokens and indicium, commits, appends the answer. 9000, or as psd_tokens_make,
 * psd_indicium_put and psd_change_commit: nothing was debited then, unless the end of the commit is unknown (6581). */
uint16_t psd_evidence_make(psd_card *card, psd_evidence_step *step, psd_buffer *out);

#endif
