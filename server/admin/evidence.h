/* A file of what was seen on mail, and how it is read. */
#ifndef PSD_SERVER_ADMIN_EVIDENCE_H
#define PSD_SERVER_ADMIN_EVIDENCE_H

#include <stdio.h>

#include "admin/command.h"

typedef struct psd_admin_import {
  psd_admin *admin;
  FILE *in; /* can be rewound */
  uint64_t line;
  /* The last PSD that was looked up: files go by PSD more often than not. */
  uint8_t device[8];
  bool asked, known;
} psd_admin_import;

/* Takes a line "PSD,PIECE,AMOUNT,ASCENDING" apart, in place; ASCENDING may be left out. NULL, or what is wrong. */
const char *psd_admin_evidence_parse(char *line, psd_evidence *evidence);
/* The next line; `end` at the end of the file. `why` gets what is wrong with the line, or NULL; headings and empty
 * lines are passed over. */
psd_db_result psd_admin_evidence_next(psd_admin_import *at, psd_evidence *evidence, bool *end, const char **why);

#endif
