/* What a person, or a machine, is told of pieces. */
#ifndef PSD_VERIFY_REPORT_H
#define PSD_VERIFY_REPORT_H

#include <stdio.h>

#include "psd/program/json.h"
#include "verify/look.h"

/* What came of all pieces. */
typedef struct psd_verify_tally {
  uint64_t pieces, accepted;
  uint64_t refused[PSD_CHECK_COUNT]; /* by the first check that failed, or the signature that is unknown */
  uint64_t unknown[PSD_CHECK_COUNT]; /* accepted pieces of which this could not be looked at */
} psd_verify_tally;

/* Where each piece goes; a file that is NULL is not written. */
typedef struct psd_report {
  FILE *words;    /* a line for each that is refused */
  psd_json *json; /* an object for each */
  FILE *csv;      /* a line for each */
  FILE *evidence; /* DEVICE,PIECE,AMOUNT,ASCENDING of what a PSD has signed, as psd-server evidence import takes it */
  psd_verify_tally tally;
} psd_report;

/* The check for which a piece is refused. */
psd_check psd_piece_reason(const psd_piece_verdict *verdict);
/* True if the bytes are an indicium, so that the claim can be told. */
bool psd_claim_is_told(const psd_piece_verdict *verdict);

/* Headings of what has some. */
void psd_report_begin(const psd_report *report);
void psd_report_piece(psd_report *report, const psd_origin *origin, const psd_claim *claim,
                      const psd_piece_verdict *verdict);
/* Whoever waits at the other end sees it. */
void psd_report_flush(const psd_report *report);

/* All that is known of one piece, on standard output: what it claims, each check, the end. */
void psd_show_piece(const psd_site *site, const psd_origin *origin, const psd_claim *claim,
                    const psd_piece_verdict *verdict);
/* The same as an object. `site` may be NULL: then without what its rate is for. */
void psd_json_piece(psd_json *json, const psd_site *site, const psd_origin *origin, const psd_claim *claim,
                    const psd_piece_verdict *verdict);
/* The checks alone; as JSON with how they end, and for which reason. */
void psd_show_checks(const psd_piece_verdict *verdict);
void psd_json_checks(psd_json *json, const psd_piece_verdict *verdict, psd_check reason);

/* "accepted", then what was refused for which reason, and what is unknown. */
void psd_show_tally(FILE *out, const psd_verify_tally *tally, uint64_t milliseconds);
void psd_json_tally(psd_json *json, const psd_verify_tally *tally, uint64_t milliseconds);

#endif
