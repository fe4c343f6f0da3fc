/* psd-verify batch: many pieces, and where what was found of them goes. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "verify/batch.h"
#include "verify/commands.h"
#include "verify/output.h"

typedef struct outputs {
  psd_output json, csv, evidence;
  psd_json writer;
} outputs;

static bool open_one(psd_output *output, const char *path) {
  if (path == NULL || psd_output_open(output, path))
    return true;
  (void)psd_verify_refused("%s cannot be written: %s", path, strerror(errno));
  return false;
}

static bool open_all(const psd_verify_options *options, outputs *all, psd_report *report) {
  if (!open_one(&all->json, options->json_file) || !open_one(&all->csv, options->csv) ||
      !open_one(&all->evidence, options->evidence_csv))
    return false;
  bool taken = all->json.file == stdout || all->csv.file == stdout || all->evidence.file == stdout;
  report->words = taken ? NULL : stdout;
  report->csv = all->csv.file;
  report->evidence = all->evidence.file;
  if (all->json.file != NULL) {
    all->writer = psd_json_on(all->json.file);
    report->json = &all->writer;
  }
  return true;
}

static void drop_all(outputs *all) {
  psd_output_drop(&all->json);
  psd_output_drop(&all->csv);
  psd_output_drop(&all->evidence);
}

static int end_one(psd_output *output) {
  if (psd_output_end(output))
    return PSD_EXIT_DONE;
  return psd_verify_refused("%s could not be written: %s; the pieces are remembered all the same", output->path,
                            strerror(errno));
}

static int end_all(outputs *all) {
  int json = end_one(&all->json), csv = end_one(&all->csv), evidence = end_one(&all->evidence);
  return json != PSD_EXIT_DONE ? json : csv != PSD_EXIT_DONE ? csv : evidence;
}

/* Why it ended before its end, and how it goes on. */
static int tell_end(const psd_batch_outcome *outcome) {
  uint64_t left = outcome->total > outcome->inputs ? outcome->total - outcome->inputs : 0;
  int status = PSD_EXIT_REFUSED;
  if (outcome->end == PSD_BATCH_DONE || (outcome->end == PSD_BATCH_INTERRUPTED && outcome->total != 0 && left == 0))
    return PSD_EXIT_DONE;
  if (outcome->end == PSD_BATCH_NO_DATABASE) {
    (void)psd_verify_refused("%s", outcome->words);
    status = PSD_EXIT_UNREACHABLE;
  } else if (outcome->end == PSD_BATCH_NO_MEMORY) {
    (void)psd_verify_refused("no memory, or no threads");
  }
  if (outcome->total != 0)
    (void)psd_verify_refused("stopped with %" PRIu64 " of %" PRIu64 " lines and files left: --skip %" PRIu64
                             " goes on from there",
                             left, outcome->total, outcome->inputs);
  else
    (void)psd_verify_refused("stopped after %" PRIu64 " lines and files; how many are left is not known",
                             outcome->inputs);
  return status;
}

static const char *end_name(psd_batch_end end) {
  static const char *const names[] = {[PSD_BATCH_DONE] = "done",
                                      [PSD_BATCH_INTERRUPTED] = "interrupted",
                                      [PSD_BATCH_NO_DATABASE] = "no database",
                                      [PSD_BATCH_NO_MEMORY] = "no memory"};
  return names[end];
}

static void json_summary(psd_json *json, const psd_report *report, const psd_batch_outcome *outcome) {
  psd_json_end_array(json);
  psd_json_object(json, "summary");
  psd_json_tally(json, &report->tally, outcome->milliseconds);
  psd_json_string(json, "end", end_name(outcome->end));
  psd_json_number(json, "inputs", outcome->inputs);
  if (outcome->total != 0)
    psd_json_number(json, "inputs_total", outcome->total);
  psd_json_end_object(json);
  psd_json_end_object(json);
}

static int run(const psd_verify_options *options, const psd_site *site, psd_seen *seen, outputs *all) {
  psd_report report = {.words = NULL};
  psd_batch_outcome outcome;
  if (!open_all(options, all, &report))
    return PSD_EXIT_REFUSED;
  const psd_batch batch = {.site = site,
                           .seen = seen,
                           .paths = options->paths,
                           .path_count = options->path_count,
                           .skip = options->skip,
                           .threads = options->threads,
                           .now = psd_verify_now(),
                           .report = &report};
  psd_report_begin(&report);
  if (report.json != NULL) {
    psd_json_object(report.json, NULL);
    psd_json_array(report.json, "pieces");
  }
  psd_batch_run(&batch, &outcome);
  if (report.json != NULL)
    json_summary(report.json, &report, &outcome);
  int written = end_all(all);
  if (report.words != NULL)
    psd_show_tally(report.words, &report.tally, outcome.milliseconds);
  if (outcome.others > 0)
    (void)fprintf(stderr, "psd-verify: files left out: %" PRIu64 "; pictures end in .png, .pgm, .ppm or .pnm\n",
                  outcome.others);
  int status = tell_end(&outcome);
  status = status == PSD_EXIT_DONE ? written : status;
  return status == PSD_EXIT_DONE && report.tally.accepted < report.tally.pieces ? PSD_EXIT_REFUSED : status;
}

int psd_verify_command_batch(const psd_verify_options *options) {
  outputs all = {.json = {.path = NULL}};
  psd_seen *seen = NULL;
  psd_site *site = psd_verify_open_site(options);
  if (site == NULL)
    return PSD_EXIT_REFUSED;
  int status = psd_verify_open_seen(options, &seen);
  if (status == PSD_EXIT_DONE)
    status = run(options, site, seen, &all);
  drop_all(&all);
  psd_seen_close(seen);
  psd_site_close(site);
  return status;
}
