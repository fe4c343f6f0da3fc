/* A card on the bench that takes rate tables: loading them, and looking at what came of it. */
#ifndef PSD_RATES_BENCH_H
#define PSD_RATES_BENCH_H

#include "rates_card.h"

#define DAY UINT64_C(86400)
#define NOON (RIG_TIME + DAY / 2) /* of 2026-01-01 */

extern rig r;
extern psd_pair *issuer; /* whose key the card knows */

/* A table as it was signed. */
typedef struct table {
  uint8_t bytes[PSD_CARD_DATA_MAX];
  size_t length;
} table;

/* A card in operation, at noon of 2026-01-01, with the issuer's key; the PSD selected and the PIN verified. */
void begin(void);
void end(void);
table make(rates_wish wish);
uint16_t load(const table *of);
/* Makes and loads one that counts from `effective` to the day before `expiry`. */
uint16_t load_new(uint32_t version, uint32_t effective, uint32_t expiry);
/* Refused, and nothing was written or changed. */
void refused(const table *of, uint16_t status);
void refused_new(uint32_t version, uint32_t effective, uint32_t expiry, uint16_t status);
/* Asserts the versions of the two tables the card has, of which 0 is none. */
void holds(uint32_t current, uint32_t next);
/* The version whose service rates the card gives; 0 if it has none for today. */
uint64_t in_force(void);
/* The newest record of the log. */
psd_log_record newest(void);
/* Replaces EVIDENCE_POLICY. */
void policy(const psd_evidence_policy *value);

/* A letter of 28 g. */
#define LETTER ((psd_indicium_wish){.mail_class = PSD_CLASS_OF_FIRST, .grams = 28})
/* The postage of a piece; 0 with `refusal`, if it is not 0. */
uint64_t price(psd_indicium_wish wish, uint32_t date, uint32_t zip, uint16_t refusal);

#endif
