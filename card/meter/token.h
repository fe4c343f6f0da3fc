/* Digital tokens and the keys below a token key (docs/evidence.md, "Digital tokens"). Keys are derived for each
 * token anew, which takes a few microseconds, and wiped: none is kept in RAM. */
#ifndef PSD_METER_TOKEN_H
#define PSD_METER_TOKEN_H

#include "context.h"
#include "psd/spec/evidence.h"

/* Fills digits and token of both domains in the head of an evidence; 0 and 0 where the card has no key. 9000; 6581;
 * 6400 if the algorithm failed; 6F00 for a value that its field cannot hold. */
uint16_t psd_tokens_make(psd_card *card, const psd_token_input *input, psd_evidence_head *head);
/* The 6 bytes that authenticate a compact indicium, under the postal key of its date of mailing. 9000; 6A88 without the
 * key; 6581; 6400. */
uint16_t psd_tokens_compact(psd_card *card, uint64_t date, const uint8_t data[PSD_SIZE_COMPACT_INDICIUM],
                            uint8_t mac[PSD_COMPACT_MAC]);
/* Fills set and token of both domains, and ZIP and licence number; 0 and 0 for a domain without key. The status as
 * of psd_tokens_make. */
uint16_t psd_tokens_registration(psd_card *card, const psd_registration *registration, psd_registration_tokens *tokens);

#endif
