/* psd-server evidence import: what was seen on mail, a line a piece (US 5,280,531).
 *
 * A file is read twice: nothing is taken from one that has a bad line. */
#include "admin/evidence.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 4U

/* Cuts a line at its commas; how many columns it has. */
static size_t split(char *line, char *columns[COLUMNS]) {
  size_t count = 0;
  line[strcspn(line, "\r\n")] = '\0';
  for (char *at = line; at != NULL; count++) {
    char *comma = strchr(at, ',');
    if (count < COLUMNS)
      columns[count] = at;
    if (comma != NULL)
      *comma++ = '\0';
    at = comma;
  }
  return count;
}

static bool take_piece(const char *words, uint32_t *piece) {
  uint64_t number = 0;
  size_t i = 0;
  for (; words[i] >= '0' && words[i] <= '9' && i < 10; i++)
    number = number * 10 + (uint64_t)(words[i] - '0');
  *piece = (uint32_t)number;
  return i > 0 && words[i] == '\0' && number >= 1 && number <= UINT32_MAX;
}

const char *psd_admin_evidence_parse(char *line, psd_evidence *evidence) {
  char *columns[COLUMNS];
  size_t count = split(line, columns);
  *evidence = (psd_evidence){.seen = 0};
  if (count != COLUMNS && count != COLUMNS - 1)
    return "it has not the columns PSD,PIECE,AMOUNT,ASCENDING";
  if (!psd_admin_device_parse(columns[0], evidence->device))
    return "the first column is no PSD, as PS D1 0000002A";
  if (!take_piece(columns[1], &evidence->piece))
    return "the second column is no number of a piece, from 1 on";
  if (!psd_admin_amount(columns[2], &evidence->amount))
    return "the third column is no amount, as 0.55";
  if (count == COLUMNS && columns[3][0] != '\0' && !psd_amount_parse(columns[3], &evidence->ascending))
    return "the fourth column is no amount, as 120.55, nor empty";
  return NULL;
}

/* "psd,piece,amount,ascending", or anything that has no digit: a heading. */
static bool is_heading(const char *line) {
  return strpbrk(line, "0123456789") == NULL && strchr(line, ',') != NULL;
}

/* The next line that says something; false at the end. `why` is what is wrong with it, or NULL. */
static bool next(psd_admin_import *at, psd_evidence *evidence, const char **why) {
  char line[PSD_ADMIN_EVIDENCE_LINE];
  while (fgets(line, sizeof line, at->in) != NULL) {
    bool whole = strchr(line, '\n') != NULL || feof(at->in);
    at->line++;
    if (!whole) {
      int rest = 0;
      while (rest != '\n' && rest != EOF)
        rest = fgetc(at->in);
    }
    if ((at->line == 1 && is_heading(line)) || line[strspn(line, " \t\r\n")] == '\0')
      continue;
    *why = whole ? psd_admin_evidence_parse(line, evidence) : "it is too long";
    return true;
  }
  return false;
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
