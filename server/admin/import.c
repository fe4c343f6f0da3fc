/* psd-server evidence import: the two passes over a file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/evidence.h"
#include "psd/program/progress.h"

#define BATCH 1000U   /* lines of one transaction */
#define BAD_SHOWN 20U /* bad lines that are named */

typedef struct tally {
  uint64_t fresh, copies, contradictions;
} tally;

typedef struct batch {
  psd_evidence lines[BATCH];
  size_t count;
  tally tally; /* of this batch */
} batch;

/* Standard input cannot be read twice: it is laid down first. */
static FILE *keep(FILE *from) {
  char block[4096];
  size_t got;
  FILE *kept = tmpfile();
  while (kept != NULL && (got = fread(block, 1, sizeof block, from)) > 0) {
    if (fwrite(block, 1, got, kept) != got) {
      (void)fclose(kept);
      return NULL;
    }
  }
  if (kept != NULL)
    rewind(kept);
  return kept;
}

static int open_file(psd_admin_import *at, const char *path) {
  at->in = strcmp(path, "-") == 0 ? keep(stdin) : fopen(path, "r");
  return at->in != NULL ? PSD_EXIT_DONE : psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
}

/* The first pass: how many lines are good, and what is wrong with the others. */
static psd_db_result look(psd_admin_import *at, uint64_t *good, uint64_t *bad) {
  psd_evidence evidence;
  const char *why = NULL;
  bool end = false;
  for (*good = *bad = 0;;) {
    psd_db_result result = psd_admin_evidence_next(at, &evidence, &end, &why);
    if (result != PSD_DB_DONE || end)
      return result;
    if (why == NULL)
      ++*good;
    else if (++*bad <= BAD_SHOWN)
      (void)psd_admin_refuse("line %" PRIu64 ": %s", at->line, why);
  }
}

static psd_db_result add_batch(psd_admin *admin, void *context) {
  batch *chunk = context;
  chunk->tally = (tally){.fresh = 0};
  for (size_t i = 0; i < chunk->count; i++) {
    psd_db_result result = psd_db_evidence_add(admin->db, &chunk->lines[i]);
    if (result == PSD_DB_DONE)
      chunk->tally.fresh++;
    else if (result == PSD_DB_EXISTS)
      chunk->tally.copies++;
    else if (result == PSD_DB_REFUSED)
      chunk->tally.contradictions++;
    else
      return result;
  }
  return PSD_DB_DONE;
}

static psd_db_result fill(psd_admin_import *at, batch *chunk, bool *end) {
  const char *why = NULL;
  psd_db_result result = PSD_DB_DONE;
  for (chunk->count = 0; result == PSD_DB_DONE && !*end && chunk->count < BATCH;) {
    result = psd_admin_evidence_next(at, &chunk->lines[chunk->count], end, &why);
    chunk->count += result == PSD_DB_DONE && !*end && why == NULL ? 1 : 0;
  }
  return result;
}

/* The second pass. `at->line` is the last line that was taken. */
static psd_db_result take(psd_admin_import *at, batch *chunk, uint64_t good, tally *all) {
  psd_progress progress = psd_progress_begin("pieces", good);
  psd_db_result result = PSD_DB_DONE;
  uint64_t taken = 0, line = 0;
  for (bool end = false; result == PSD_DB_DONE && !end;) {
    result = fill(at, chunk, &end);
    if (result == PSD_DB_DONE)
      result = psd_admin_change(at->admin, add_batch, chunk);
    if (result != PSD_DB_DONE)
      break;
    all->fresh += chunk->tally.fresh;
    all->copies += chunk->tally.copies;
    all->contradictions += chunk->tally.contradictions;
    line = at->line;
    psd_progress_show(&progress, taken += chunk->count);
  }
  psd_progress_end(&progress);
  at->line = line;
  return result;
}

static int tell(const psd_admin *admin, const tally *all, uint64_t bad) {
  if (!admin->json) {
    printf("%" PRIu64 " new, %" PRIu64 " seen before, %" PRIu64 " contradict what was seen before, %" PRIu64
           " bad lines left out\n",
           all->fresh, all->copies, all->contradictions, bad);
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "new", all->fresh);
  psd_json_number(&json, "seen_before", all->copies);
  psd_json_number(&json, "contradictions", all->contradictions);
  psd_json_number(&json, "bad", bad);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

static int take_all(psd_admin_import *at, uint64_t good, uint64_t bad) {
  tally all = {.fresh = 0};
  batch *chunk = malloc(sizeof *chunk);
  if (chunk == NULL)
    return psd_admin_refuse("no memory");
  rewind(at->in);
  at->line = 0;
  psd_db_result result = take(at, chunk, good, &all);
  free(chunk);
  if (result == PSD_DB_DONE)
    return tell(at->admin, &all, bad);
  (void)psd_admin_refuse("the lines up to line %" PRIu64 " are taken: import only what follows again", at->line);
  return psd_admin_failed(at->admin, result, "PSD", "");
}

static int import(psd_admin_import *at) {
  uint64_t good = 0, bad = 0;
  psd_db_result result = look(at, &good, &bad);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(at->admin, result, "PSD", "");
  if (ferror(at->in))
    return psd_admin_refuse("%s cannot be read", at->admin->argv[0]);
  if (bad != 0 && (at->admin->given & PSD_ADMIN_SKIP_BAD) == 0)
    return psd_admin_refuse("%" PRIu64 " bad line%s: nothing was taken; --skip-bad takes the others", bad,
                            bad == 1 ? "" : "s");
  return take_all(at, good, bad);
}

int psd_admin_evidence_import(psd_admin *admin) {
  psd_admin_import at = {.admin = admin};
  int status = psd_admin_open(admin, false);
  if (status == PSD_EXIT_DONE)
    status = open_file(&at, admin->argv[0]);
  if (status != PSD_EXIT_DONE)
    return status;
  status = import(&at);
  (void)fclose(at.in);
  return status;
}
