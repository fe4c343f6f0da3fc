/* psd-verify indicium and token: one piece, in full. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify/commands.h"
#include "verify/report.h"

/* A file, and no folder or device: reading those is for a batch, or for nobody. */
static FILE *open_file(const char *path, const char **why) {
  struct stat status;
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  *why = strerror(errno);
  if (file < 0)
    return NULL;
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode)) {
    FILE *in = fdopen(file, "rb");
    if (in != NULL)
      return in;
    *why = strerror(errno);
  } else {
    *why = S_ISDIR(status.st_mode) ? "it is a folder: psd-verify batch takes those" : "it is no file";
  }
  (void)close(file);
  return NULL;
}

static void look(const psd_site *site, const psd_verify_options *options, psd_findings *findings) {
  for (size_t i = 0; i < options->path_count; i++) {
    const psd_origin origin = {.path = options->paths[i]};
    const char *why;
    FILE *in = open_file(options->paths[i], &why);
    if (in == NULL) {
      psd_findings_refuse(findings, &origin, PSD_CHECK_SYMBOL, why);
      continue;
    }
    psd_look_at_file(site, in, &options->facts, &origin, findings);
    (void)fclose(in);
  }
}

/* The pieces, in the order in which they were named. */
static int remember(psd_seen *seen, psd_findings *findings) {
  char words[256] = "";
  if (seen != NULL) {
    if (psd_seen_add(seen, findings->claims, findings->verdicts, findings->count, psd_verify_now(), words,
                     sizeof words))
      return PSD_EXIT_DONE;
    (void)psd_verify_refused("%s", words);
    return PSD_EXIT_UNREACHABLE;
  }
  for (size_t i = 0; i < findings->count; i++) {
    psd_find(&findings->verdicts[i], PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, "not looked for: nothing is remembered");
    psd_verdict_end(&findings->verdicts[i]);
  }
  return PSD_EXIT_DONE;
}

static int tell(const psd_site *site, const psd_verify_options *options, const psd_findings *findings) {
  psd_json json = psd_json_on(stdout);
  bool accepted = true;
  if (options->json)
    psd_json_array(&json, NULL);
  for (size_t i = 0; i < findings->count; i++) {
    const psd_piece_verdict *verdict = &findings->verdicts[i];
    if (options->json)
      psd_json_piece(&json, site, &findings->origins[i], &findings->claims[i], verdict);
    else
      psd_show_piece(site, &findings->origins[i], &findings->claims[i], verdict);
    if (!options->json && i + 1 < findings->count)
      (void)putchar('\n');
    accepted = accepted && verdict->accepted;
  }
  if (options->json)
    psd_json_end_array(&json);
  return accepted ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}

int psd_verify_command_indicium(const psd_verify_options *options) {
  psd_findings findings = {.count = 0};
  psd_seen *seen = NULL;
  psd_site *site = psd_verify_open_site(options);
  if (site == NULL)
    return PSD_EXIT_REFUSED;
  int status = psd_verify_open_seen(options, &seen);
  if (status == PSD_EXIT_DONE) {
    look(site, options, &findings);
    status = findings.failed ? psd_verify_refused("no memory") : remember(seen, &findings);
  }
  if (status == PSD_EXIT_DONE)
    status = tell(site, options, &findings);
  psd_findings_free(&findings);
  psd_seen_close(seen);
  psd_site_close(site);
  return status;
}

/* A token has no signature beside it: nothing may have failed, and the tokens were found right. */
static bool token_holds(const psd_piece_verdict *verdict) {
  for (unsigned i = 0; i < PSD_CHECK_COUNT; i++)
    if (verdict->checks[i].result == PSD_CHECK_FAILED)
      return false;
  return verdict->checks[PSD_CHECK_TOKENS].result == PSD_CHECK_PASSED;
}

int psd_verify_command_token(const psd_verify_options *options) {
  psd_piece_verdict verdict;
  psd_site *site = psd_verify_open_site(options);
  if (site == NULL)
    return PSD_EXIT_REFUSED;
  psd_site_judge_token(site, &options->token, &options->facts, &verdict);
  psd_site_close(site);
  verdict.accepted = token_holds(&verdict);
  psd_check reason = psd_piece_reason(&verdict);
  if (verdict.checks[reason].result != PSD_CHECK_FAILED)
    reason = PSD_CHECK_TOKENS;
  if (options->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_checks(&json, &verdict, reason);
    psd_json_end_object(&json);
  } else {
    psd_show_checks(&verdict);
    if (verdict.accepted)
      (void)puts("accepted");
    else
      (void)printf("refused: %s: %s\n", psd_check_name(reason), verdict.checks[reason].words);
  }
  return verdict.accepted ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
}
