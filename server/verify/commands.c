/* What the commands share; and which command takes which options. */
#include "verify/commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS 512U
#define SEEN "/seen.db"
/* The date where mail is accepted may be a day ahead of UTC. */
#define AHEAD 1U

int psd_verify_refused(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)fputs("psd-verify: ", stderr);
  (void)vfprintf(stderr, format, arguments);
  (void)fputc('\n', stderr);
  va_end(arguments);
  return PSD_EXIT_REFUSED;
}

static void tell_notes(const psd_site *site) {
  const char *note;
  for (size_t i = 0; (note = psd_site_note(site, i)) != NULL; i++)
    (void)fprintf(stderr, "psd-verify: note: %s\n", note);
}

psd_site *psd_verify_open_site(const psd_verify_options *options) {
  char words[WORDS] = "";
  const psd_verify_policy policy = {.now = psd_verify_now(), .days = options->days, .ahead = AHEAD};
  psd_site *site = psd_site_open(options->site, &policy, words, sizeof words);
  if (site == NULL)
    (void)psd_verify_refused("%s", words);
  else if (options->command->run != psd_verify_command_info) /* which tells them among the rest */
    tell_notes(site);
  return site;
}

int psd_verify_open_seen(const psd_verify_options *options, psd_seen **seen) {
  char words[WORDS] = "";
  *seen = NULL;
  if (options->no_remember)
    return PSD_EXIT_DONE;
  size_t room = strlen("sqlite:") + strlen(options->site) + sizeof SEEN;
  char *url = malloc(room);
  if (url == NULL)
    return psd_verify_refused("no memory");
  (void)snprintf(url, room, "sqlite:%s" SEEN, options->site);
  *seen = psd_seen_open(options->db != NULL ? options->db : url, words, sizeof words);
  free(url);
  if (*seen != NULL)
    return PSD_EXIT_DONE;
  (void)psd_verify_refused("%s", words);
  return PSD_EXIT_UNREACHABLE;
}

#define BIT(option) (1U << PSD_VERIFY_OPTION_##option)
#define SITE (BIT(SITE) | BIT(DAYS))
#define REMEMBERING (BIT(DB) | BIT(NO_REMEMBER))
#define FACTS (BIT(ADDRESSEE) | BIT(VENDOR_TOKEN) | BIT(POSTAL_TOKEN))
#define PIECE (BIT(METER) | BIT(DATE) | BIT(POSTAGE) | BIT(PIECE))

const psd_verify_command psd_verify_commands[] = {
    {"indicium", SITE | REMEMBERING | FACTS | BIT(JSON), 0, true, psd_verify_command_indicium},
    {"batch", SITE | REMEMBERING | BIT(JSON_FILE) | BIT(CSV) | BIT(EVIDENCE_CSV) | BIT(SKIP) | BIT(THREADS), 0, true,
     psd_verify_command_batch},
    {"token", SITE | FACTS | PIECE | BIT(JSON), PIECE, false, psd_verify_command_token},
    {"info", BIT(SITE) | BIT(JSON), 0, false, psd_verify_command_info},
};
const size_t psd_verify_command_count = sizeof psd_verify_commands / sizeof psd_verify_commands[0];
