/* psd-server rates list, show, export. */
#include "admin/rates.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "admin/columns.h"
#include "admin/file.h"
#include "admin/rates_file.h"
#include "crypto/evp.h"
#include "datacenter/rates.h"

#define DATE_WORDS 16U
#define HASH_WORDS (2U * PSD_RATES_HASH + 1U)

static const char *date_words(uint64_t date, char words[DATE_WORDS]) {
  (void)snprintf(words, DATE_WORDS, "%04u-%02u-%02u", (unsigned)(date / 10000 % 10000), (unsigned)(date / 100 % 100),
                 (unsigned)(date % 100));
  return words;
}

bool psd_rates_view_open(const uint8_t *table, size_t length, uint64_t published, psd_rates_view *view) {
  *view = (psd_rates_view){.table = table, .length = length, .published = published};
  return psd_rates_open(table, length, &view->rates);
}

/* Of one that was published: without its signature. */
static bool open_row(const psd_published_rates *row, psd_rates_view *view) {
  return row->length > PSD_RATES_SIGNATURE &&
         psd_rates_view_open(row->bytes, row->length - PSD_RATES_SIGNATURE, row->published, view);
}

/* What evidence names it by. */
static const char *hash_words(const psd_rates_view *view, char words[HASH_WORDS]) {
  uint8_t digest[PSD_HASH] = {0};
  (void)psd_hash(&(psd_part){view->table, view->length}, 1, digest);
  (void)snprintf(words, HASH_WORDS, "%02X%02X%02X%02X", digest[0], digest[1], digest[2], digest[3]);
  return words;
}

void psd_admin_show_rates(const psd_rates_view *view) {
  char hash[HASH_WORDS], time[PSD_ADMIN_TIME_WORDS];
  printf("# hash %s, %zu of %u bytes, %s%s\n", hash_words(view, hash), view->length, PSD_RATES_MAX,
         view->published != 0 ? "published " : "not published yet",
         view->published != 0 ? psd_admin_time(view->published, time) : "");
  psd_admin_rates_write(stdout, &view->rates);
}

static void json_of_services(psd_json *json, const psd_service_rates *services) {
  const psd_message *layout = &psd_messages[PSD_MESSAGE_SERVICE_RATES];
  psd_json_object(json, "services");
  for (size_t i = 0; i < layout->field_count; i++) {
    const psd_field *field = &layout->fields[i];
    psd_json_number(json, psd_field_name(field),
                    *(const uint64_t *)(const void *)((const char *)services + field->offset));
  }
  psd_json_end_object(json);
}

static void json_of_zones(psd_json *json, psd_cursor zones) {
  psd_zone_row row;
  psd_json_array(json, "zones");
  while (zones.left > 0 && psd_take_message(&zones, PSD_MESSAGE_ZONE_ROW, &row)) {
    psd_json_object(json, NULL);
    psd_json_number(json, "first", row.first);
    psd_json_number(json, "last", row.last);
    psd_json_number(json, "zone", row.zone);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void json_of_rows(psd_json *json, psd_cursor rows) {
  psd_rate_row row;
  psd_json_array(json, "rates");
  while (rows.left > 0 && psd_take_message(&rows, PSD_MESSAGE_RATE_ROW, &row)) {
    psd_json_object(json, NULL);
    psd_json_string(json, "class", psd_mail_class_name(row.mail_class));
    psd_json_number(json, "zone", row.zone);
    psd_json_number(json, "grams", row.grams);
    psd_json_number(json, "postage", row.postage);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

/* The members that a list has of each as well. */
static void json_of_head(psd_json *json, const psd_rates_view *view) {
  const psd_rate_table *head = &view->rates.head;
  char date[DATE_WORDS], hash[HASH_WORDS];
  psd_json_number(json, "version", head->version);
  psd_json_text(json, "country", head->country, sizeof head->country);
  psd_json_string(json, "effective", date_words(head->effective, date));
  psd_json_string(json, "expires", date_words(head->expiry, date));
  psd_json_string(json, "hash", hash_words(view, hash));
  psd_json_number(json, "bytes", view->length);
  psd_admin_json_time(json, "published", "published_seconds", view->published);
}

void psd_admin_json_rates(psd_json *json, const psd_rates_view *view) {
  psd_json_object(json, NULL);
  json_of_head(json, view);
  if (view->rates.head.zones > 0)
    psd_json_number(json, "origin", view->rates.head.origin);
  json_of_services(json, &view->rates.services);
  json_of_zones(json, view->rates.zones);
  json_of_rows(json, view->rates.rows);
  psd_json_end_object(json);
}

static int damaged(uint32_t version) {
  return psd_admin_refuse("version %" PRIu32
                          " in the database is no rate table: it is damaged, or was altered; restore "
                          "it from a backup",
                          version);
}

/* The table behind `argument`, and taken apart. */
static int find(psd_admin *admin, const char *argument, psd_published_rates *row, psd_rates_view *view) {
  uint32_t version = 0;
  if (!psd_admin_count_of(argument, &version))
    return psd_admin_usage(admin, "a version is a number from 1 on");
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_rates_find(admin->db, version, row);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "version", argument);
  return open_row(row, view) ? PSD_EXIT_DONE : damaged(version);
}

int psd_admin_rates_show(psd_admin *admin) {
  psd_published_rates row = {0};
  psd_rates_view view = {0};
  psd_json json = psd_json_on(stdout);
  int status = find(admin, admin->argv[0], &row, &view);
  if (status != PSD_EXIT_DONE)
    return status;
  if (admin->json)
    psd_admin_json_rates(&json, &view);
  else
    psd_admin_show_rates(&view);
  return PSD_EXIT_DONE;
}

int psd_admin_rates_export(psd_admin *admin) {
  psd_published_rates row = {0};
  psd_rates_view view = {0};
  psd_admin_file file;
  int status = find(admin, admin->argv[0], &row, &view);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_file_begin(&file, NULL, admin->argv[1], 0644);
  if (status != PSD_EXIT_DONE)
    return status;
  (void)fwrite(row.bytes, 1, row.length, file.out);
  status = psd_admin_file_end(&file, true);
  return status == PSD_EXIT_DONE ? psd_admin_done(admin, "written") : status;
}

typedef struct rates_list {
  psd_admin *admin;
  psd_json *json;
  uint32_t today, current, next; /* versions; 0 for none */
  psd_db_result result;
} rates_list;

/* What becomes of it, for a meter that has none. */
static const char *state_of(const rates_list *at, const psd_published_rates *row) {
  if (row->version == at->current)
    return "in force";
  if (row->version == at->next)
    return "next";
  if (row->expiry <= at->today)
    return "expired";
  return row->effective > at->today && row->version > at->current ? "later" : "replaced";
}

static void say(const rates_list *at, const psd_published_rates *row, const psd_rates_view *view, uint64_t meters) {
  char effective[DATE_WORDS], expiry[DATE_WORDS], hash[HASH_WORDS], published[PSD_ADMIN_TIME_WORDS];
  if (!at->admin->json) {
    printf("%10" PRIu32 " %-7s %-9s %-10s %-10s %-8s %5zu %10" PRIu64 " %s\n", row->version, row->country,
           state_of(at, row), date_words(row->effective, effective), date_words(row->expiry, expiry),
           hash_words(view, hash), view->length, meters, psd_admin_time(row->published, published));
    return;
  }
  psd_json_object(at->json, NULL);
  json_of_head(at->json, view);
  psd_json_string(at->json, "state", state_of(at, row));
  psd_json_number(at->json, "meters", meters);
  psd_json_end_object(at->json);
}

static bool show_one(void *context, const psd_published_rates *row) {
  rates_list *at = context;
  psd_rates_view view;
  uint64_t meters = 0;
  at->result = psd_db_rates_holders(at->admin->db, row->version, &meters);
  if (at->result != PSD_DB_DONE)
    return false;
  if (open_row(row, &view))
    say(at, row, &view, meters);
  else
    (void)damaged(row->version);
  return true;
}

static psd_db_result list(psd_admin *admin, psd_json *json) {
  rates_list at = {.admin = admin, .json = json, .today = psd_dc_today((uint64_t)time(NULL))};
  psd_published_rates row;
  psd_db_result result = psd_db_rates_current(admin->db, at.today, &row);
  if (result == PSD_DB_DONE)
    at.current = row.version;
  if (result == PSD_DB_DONE || result == PSD_DB_ABSENT)
    result = psd_db_rates_next(admin->db, at.today, at.current, &row);
  if (result == PSD_DB_DONE)
    at.next = row.version;
  if (result == PSD_DB_DONE || result == PSD_DB_ABSENT)
    result = psd_db_rates_list(admin->db, show_one, &at);
  return result == PSD_DB_DONE ? at.result : result;
}

int psd_admin_rates_list(psd_admin *admin) {
  return psd_admin_list(admin, "   VERSION COUNTRY STATE     EFFECTIVE  EXPIRES    HASH     BYTES     METERS PUBLISHED",
                        "rate table", list);
}
