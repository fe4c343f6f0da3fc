/* The indicium itself (docs/evidence.md, "Profiles"): its bytes and what authenticates them. */
#ifndef PSD_METER_INDICIUM_H
#define PSD_METER_INDICIUM_H

#include "context.h"
#include "psd/spec/rates.h"

/* Where the postage of a piece is from. */
typedef struct psd_indicium_rate {
  uint64_t row;                 /* number of the row, or PSD_ROW_UNRATED */
  uint8_t hash[PSD_RATES_HASH]; /* of the table; zeroes where it is not rated */
} psd_indicium_rate;

/* Kind and row in the 16 bits that an indicium has for them. */
uint16_t psd_indicium_category(uint64_t kind, const psd_indicium_rate *rate);
/* Whether the card makes the profile. 9000; 6A81 for one that its policy does not have; 6A88 if it lacks the key, the
 * certificate or the maker's byte for it. card->self must be known. */
uint16_t psd_indicium_ready(const psd_card *card, uint64_t profile);
/* True if the registers and the number of one more piece fit the fields of an indicium. */
bool psd_indicium_fits(const psd_registers *registers);
/* Appends the indicium of the profile in `head`, over what that says. 9000; 6A88 without the key; 6581; 6400, and
 * FAULTED if it was the generator or an algorithm that failed; 6F00 for a value that its field cannot hold. */
uint16_t psd_indicium_put(psd_card *card, const psd_evidence_head *head, const psd_indicium_rate *rate,
                          psd_buffer *out);

#endif
