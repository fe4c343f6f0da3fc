/* psd-server evidence import: what was seen on mail, a line a piece (US 5,280,531).
 *
 * A file is read twice: nothing is taken from one that has a bad line. */
#include "admin/evidence.h"

#include <stdio.h>
#include <string.h>

#include "admin/columns.h"

#define COLUMNS 4U

const char *psd_admin_evidence_parse(char *line, psd_evidence *evidence) {
  char *columns[COLUMNS];
  size_t count = psd_admin_columns(line, columns, COLUMNS);
  *evidence = (psd_evidence){.seen = 0};
  if (count != COLUMNS && count != COLUMNS - 1)
    return "it has not the columns PSD,PIECE,AMOUNT,ASCENDING";
  if (!psd_admin_device_parse(columns[0], evidence->device))
    return "the first column is no PSD, as PS D1 0000002A";
  if (!psd_admin_count_of(columns[1], &evidence->piece))
    return "the second column is no number of a piece, from 1 on";
  if (!psd_admin_amount(columns[2], &evidence->amount))
    return "the third column is no amount, as 0.55";
  if (count == COLUMNS && columns[3][0] != '\0' && !psd_admin_amount(columns[3], &evidence->ascending))
    return "the fourth column is no amount, as 120.55, nor empty";
  return NULL;
}

/* The next line that says something; false at the end. `why` is what is wrong with it, or NULL. */
static bool next(psd_admin_import *at, psd_evidence *evidence, const char **why) {
  char line[PSD_ADMIN_LINE];
  bool whole = true;
  if (!psd_admin_next_line(at->in, &at->line, line, &whole))
    return false;
  *why = whole ? psd_admin_evidence_parse(line, evidence) : "it is too long, or no text";
  return true;
}

/* Evidence of a PSD that nobody made is no evidence: it is told. */
static psd_db_result check_device(psd_admin_import *at, const psd_evidence *evidence, const char **why) {
  psd_device_row row;
  if (!at->asked || memcmp(at->device, evidence->device, sizeof at->device) != 0) {
    psd_db_result result = psd_db_device_find(at->admin->db, evidence->device, &row);
    if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
      return result;
    memcpy(at->device, evidence->device, sizeof at->device);
    at->known = result == PSD_DB_DONE;
    at->asked = true;
  }
  if (!at->known)
    *why = "there is no such PSD";
  return PSD_DB_DONE;
}

psd_db_result psd_admin_evidence_next(psd_admin_import *at, psd_evidence *evidence, bool *end, const char **why) {
  *why = NULL;
  *end = !next(at, evidence, why);
  return *end || *why != NULL ? PSD_DB_DONE : check_device(at, evidence, why);
}
