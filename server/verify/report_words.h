/* Words for what a claim has, as every report writes them. */
#ifndef PSD_VERIFY_REPORT_WORDS_H
#define PSD_VERIFY_REPORT_WORDS_H

#include "verify/look.h"

#define PSD_WORDS_ROOM 64U
#define PSD_ORIGIN_ROOM 1024U

/* "mail.csv:17", "scan.png", "scan.png, symbol 2"; what could work on a terminal is taken out of the name. */
const char *psd_origin_words(const psd_origin *origin, char words[PSD_ORIGIN_ROOM]);
/* "PS D1 00C0FFEE" */
const char *psd_claim_device_words(const psd_claim *claim, char words[PSD_WORDS_ROOM]);
/* "2026-11-22"; empty where it is not known. */
const char *psd_claim_date_words(const psd_claim *claim, char words[PSD_WORDS_ROOM]);
/* "First-Class letter, zone 4, up to 28 g", from the rate table that the claim names; "not rated", or that the table is
 * not known. */
const char *psd_claim_rate_words(const psd_site *site, const psd_claim *claim, char words[PSD_WORDS_ROOM]);
/* The row of the rate table that a claim names; false if there is none, or the site has not the table. */
bool psd_claim_rate_row(const psd_site *site, const psd_claim *claim, psd_rate_row *row);

#endif
