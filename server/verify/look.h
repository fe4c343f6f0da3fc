/* From a line of a list, or a file, to what was found of the pieces in it. */
#ifndef PSD_VERIFY_LOOK_H
#define PSD_VERIFY_LOOK_H

#include <stdio.h>

#include "verify/verify.h"

/* Where a piece comes from. */
typedef struct psd_origin {
  const char *path;
  uint64_t line;   /* of a list; else 0 */
  unsigned symbol; /* of a picture, from 1 on; 0 where there is only one, or none */
} psd_origin;

/* Three lists of the same length: claims and verdicts as psd_seen_add takes them. */
typedef struct psd_findings {
  psd_claim *claims;
  psd_piece_verdict *verdicts;
  psd_origin *origins;
  size_t count, capacity;
  bool failed; /* memory was short: something is missing */
} psd_findings;

void psd_findings_free(psd_findings *findings);
/* Makes room for so many: what is added one by one grows by and by. */
void psd_findings_expect(psd_findings *findings, size_t count);
/* Room for one more, cleared but for its origin; its number in `at`. False, and `failed`, without memory. */
bool psd_findings_add(psd_findings *findings, const psd_origin *origin, size_t *at);
/* One more of which nothing but this is known. */
void psd_findings_refuse(psd_findings *findings, const psd_origin *origin, psd_check check, const char *why);

/* A line of a list, text[length] included, which is taken apart in place. What it adds ends with psd_seen_add. */
void psd_look_at_line(const psd_site *site, char *text, size_t length, const psd_origin *origin,
                      psd_findings *findings);
/* A file: a picture, of which each symbol is a piece, or an indicium as bytes or as hexadecimal digits. `facts` may be
 * NULL. */
void psd_look_at_file(const psd_site *site, FILE *in, const psd_piece_facts *facts, const psd_origin *origin,
                      psd_findings *findings);

/* What a file is, by how it begins. */
typedef enum psd_file_kind { PSD_FILE_PICTURE, PSD_FILE_INDICIUM, PSD_FILE_TEXT, PSD_FILE_OTHER } psd_file_kind;
#define PSD_FILE_HEAD 256U
psd_file_kind psd_file_kind_of(const uint8_t *bytes, size_t length);

#endif
