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

char *psd_verify_database(const psd_verify_options *options) {
  const char *chosen = options->db;
  size_t room = chosen != NULL ? strlen(chosen) + 1 : strlen("sqlite:") + strlen(options->site) + sizeof SEEN;
  char *url = malloc(room);
  if (url != NULL && chosen != NULL)
    (void)snprintf(url, room, "%s", chosen);
  else if (url != NULL)
    (void)snprintf(url, room, "sqlite:%s" SEEN, options->site);
  return url;
}

void psd_verify_database_free(char *url) {
  free(url);
}

int psd_verify_open_seen(const psd_verify_options *options, psd_seen **seen) {
  char words[WORDS] = "";
  *seen = NULL;
  if (options->no_remember)
    return PSD_EXIT_DONE;
  char *url = psd_verify_database(options);
  if (url == NULL)
    return psd_verify_refused("no memory");
  *seen = psd_seen_open(url, words, sizeof words);
  psd_verify_database_free(url);
  if (*seen != NULL)
    return PSD_EXIT_DONE;
  (void)psd_verify_refused("%s", words);
  return PSD_EXIT_UNREACHABLE;
}

#define BIT(option) (1U << PSD_VERIFY_OPTION_##option)
#define FOLDER (BIT(SITE) | BIT(DAYS))
#define REMEMBERING (BIT(DB) | BIT(NO_REMEMBER))
#define TRUST (BIT(SITE) | BIT(ROOT) | BIT(CHAIN) | BIT(CRL))
#define MANY PSD_VERIFY_MANY
#define FACTS (BIT(ADDRESSEE) | BIT(VENDOR_TOKEN) | BIT(POSTAL_TOKEN))
#define PIECE (BIT(METER) | BIT(DATE) | BIT(POSTAGE) | BIT(PIECE))

const psd_verify_command psd_verify_commands[] = {
    {"indicium", FOLDER | REMEMBERING | FACTS | BIT(JSON), 0, MANY, false, psd_verify_command_indicium},
    {"batch", FOLDER | REMEMBERING | BIT(JSON_FILE) | BIT(CSV) | BIT(EVIDENCE_CSV) | BIT(SKIP) | BIT(THREADS), 0, MANY,
     false, psd_verify_command_batch},
    {"token", FOLDER | FACTS | PIECE | BIT(JSON), PIECE, 0, false, psd_verify_command_token},
    {"postmark", TRUST | BIT(JSON), 0, 2, true, psd_verify_command_postmark},
    {"signature", TRUST | BIT(JSON), 0, 2, true, psd_verify_command_signature},
    {"payment", TRUST | REMEMBERING | BIT(PAYEE) | BIT(JSON), 0, MANY, true, psd_verify_command_payment},
    {"info", BIT(SITE) | BIT(JSON), 0, 0, false, psd_verify_command_info},
};
const size_t psd_verify_command_count = sizeof psd_verify_commands / sizeof psd_verify_commands[0];
