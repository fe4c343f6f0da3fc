/* Tables of days, in files for verification sites. The log is told first: keys that left are in it, whatever happens to
 * the file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kms/commands.h"
#include "kms/day_table.h"
#include "kms/file.h"
#include "kms/notice.h"
#include "psd/program/progress.h"
#include "psd/spec/calendar.h"

#define NAME_MAX_BYTES 60U

/* Where tables are made, and where they go. */
typedef struct desk {
  const psd_kms_options *options;
  psd_kms *kms;
  const psd_kms_archive *archive;
  int folder;
  uint64_t written;
  psd_progress progress;
  char *why;
} desk;

static bool refuse(const desk *at, const char *words) {
  (void)snprintf(at->why, PSD_KMS_WHY_MAX, "%s", words);
  return false;
}

static bool note(const desk *at, const psd_kms_key *set, const psd_kms_day *day, const psd_kms_day_table *table) {
  psd_kms_events events = {.count = 0};
  psd_kms_event event = {.event = PSD_KMS_EVENT_DAY_EXPORTED,
                         .time = day->made,
                         .kind = PSD_KMS_TOKEN,
                         .key = set->identifier,
                         .from = set->state,
                         .to = set->state,
                         .sequence = day->date};
  return psd_hash(&(psd_part){table->bytes, table->length}, 1, event.digest) && psd_kms_note(&events, &event) &&
         psd_kms_record_events(at->kms, &events);
}

static bool write_file(const desk *at, const psd_kms_key *set, const psd_kms_day *day, const psd_kms_day_table *table) {
  char name[NAME_MAX_BYTES];
  (void)snprintf(name, sizeof name, "%s-%lu-%lu%s.day", psd_token_domain_name(day->domain),
                 (unsigned long)set->identifier, (unsigned long)day->date,
                 day->order == PSD_TOKEN_BY_METER ? "-meter" : "");
  if (psd_kms_file_replace(at->folder, name, table->bytes, table->length, true))
    return true;
  (void)snprintf(at->why, PSD_KMS_WHY_MAX, "%.80s/%s: %.40s", at->options->out, name, strerror(errno));
  return false;
}

static bool write_table(desk *at, const psd_kms_key *set, psd_token_order order, uint32_t date) {
  psd_kms_day_table table;
  const psd_keyring *ring = psd_kms_keys(at->kms);
  const psd_kms_day day = {.domain = ring->domain, .order = order, .date = date, .made = psd_kms_now()};
  const psd_kms_key *signer = psd_keyring_active(ring, PSD_KMS_TABLE);
  if (signer == NULL)
    return refuse(at, "there is no key of kind table: psd-kms rotate makes one");
  if (!psd_kms_day_make(at->archive, set, signer, &day, &table))
    return refuse(at, "the table cannot be made");
  bool done =
      (note(at, set, &day, &table) || refuse(at, "the log cannot be written")) && write_file(at, set, &day, &table);
  psd_kms_day_free(&table);
  at->written += done ? 1U : 0U;
  return done;
}

/* Until the log has it nobody else changes keys, archive or log. A set that was retired meanwhile has no table, nor has
 * an order in which no meter's key was made. */
static bool write_alone(desk *at, uint32_t identifier, psd_token_order order, uint32_t date) {
  at->archive = psd_kms_archive_begin(at->kms, at->why);
  if (at->archive == NULL)
    return false;
  const psd_kms_key *set = psd_keyring_opening(psd_kms_keys(at->kms), PSD_KMS_TOKEN, identifier);
  bool any = set != NULL && (order == PSD_TOKEN_BY_DAY || psd_kms_day_meters(at->archive, identifier) > 0);
  bool done = !any || write_table(at, set, order, date);
  psd_kms_archive_end(at->kms);
  return done;
}

static bool write_orders(desk *at, uint32_t set, uint32_t date) {
  for (unsigned order = 0; order < PSD_TOKEN_ORDERS; order++)
    if ((!at->options->order_said || at->options->order == order) &&
        !write_alone(at, set, (psd_token_order)order, date))
      return false;
  return true;
}

static bool write_sets(desk *at, uint32_t date) {
  /* Keys are never removed, but the ring may be another each time. */
  for (size_t i = 0; i < psd_kms_keys(at->kms)->count; i++) {
    const psd_kms_key *set = &psd_kms_keys(at->kms)->keys[i];
    if (set->kind == PSD_KMS_TOKEN && (at->options->set == 0 || at->options->set == set->identifier) &&
        !write_orders(at, set->identifier, date))
      return false;
  }
  return true;
}

static bool write_days(desk *at) {
  uint64_t first = 0, days = at->options->days != 0 ? at->options->days : 1U;
  (void)psd_day_of_date(at->options->date, &first);
  if (first + days - 1U > PSD_LAST_DAY)
    return refuse(at, "there is no day after 9999-12-31");
  at->progress = psd_progress_begin("days", days);
  bool done = true;
  for (uint64_t i = 0; i < days && done; i++) {
    done = write_sets(at, psd_date_of_day(first + i));
    psd_progress_show(&at->progress, i + 1U);
  }
  psd_progress_end(&at->progress);
  return done;
}

static bool check_set(const desk *at) {
  if (at->options->set == 0 || psd_keyring_opening(psd_kms_keys(at->kms), PSD_KMS_TOKEN, at->options->set) != NULL)
    return true;
  return refuse(at, "this is no set of token keys that is still accepted: psd-kms keys lists them");
}

static bool open_folder(desk *at) {
  at->folder = psd_kms_folder_make(at->options->out);
  if (at->folder >= 0)
    return true;
  (void)snprintf(at->why, PSD_KMS_WHY_MAX, "%.120s: %.60s", at->options->out,
                 errno == EPERM ? "others may read or write it: chmod 700 it" : strerror(errno));
  return false;
}

int psd_kms_command_day(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  desk at = {.options = options, .kms = psd_kms_command_open(options), .folder = -1, .why = why};
  if (at.kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = check_set(&at) && open_folder(&at) && write_days(&at);
  if (done && at.written == 0)
    done = refuse(&at, "no meter's key was made in this order: there is no table to write");
  if (at.folder >= 0)
    (void)close(at.folder);
  psd_kms_close(at.kms);
  if (!done)
    return psd_kms_command_refused(why);
  (void)printf("%llu table%s written to %s: secret, and worth nothing on another day\n", (unsigned long long)at.written,
               at.written == 1 ? "" : "s", options->out);
  return PSD_EXIT_DONE;
}
