/* psd-verify info: what the site's folder has, and what is missing. */
#include <inttypes.h>
#include <openssl/x509.h>
#include <stdio.h>

#include "psd/program/json.h"
#include "psd/spec/calendar.h"
#include "verify/certificate.h"
#include "verify/commands.h"

#define NAME_ROOM 256U

static const char *authority_name(const psd_authority *authority, char words[NAME_ROOM]) {
  words[0] = '\0';
  (void)X509_NAME_oneline(X509_get_subject_name(authority->certificate), words, NAME_ROOM);
  return words;
}

/* Elsewhere a certificate is looked at closely when a piece names it. */
static void judge_all(const psd_site *site) {
  for (size_t i = 0; i < site->certificate_count; i++)
    psd_certificate_judge(site, &site->certificates[i]);
}

static size_t revoked_count(const psd_site *site) {
  size_t count = 0;
  for (size_t i = 0; i < site->certificate_count; i++)
    count += site->certificates[i].revoked ? 1 : 0;
  return count;
}

static size_t untrusted_count(const psd_site *site) {
  size_t count = 0;
  for (size_t i = 0; i < site->certificate_count; i++)
    count += site->certificates[i].trusted ? 0 : 1;
  return count;
}

static bool in_force_today(const psd_site *site) {
  for (size_t i = 0; i < site->rates_count; i++)
    if (psd_rates_in_force(&site->rates[i].rates, psd_date_of_day(site->today)))
      return true;
  return false;
}

static bool has_day(const psd_site *site, uint64_t domain, uint64_t date) {
  for (size_t i = 0; i < site->day_count; i++)
    if (site->days[i].head.domain == domain && site->days[i].head.date == date)
      return true;
  return false;
}

/* What is missing
 * ----------------------------------------------------------------------------------------------------*/

#define MISSING_MOST 12U
typedef struct missing {
  const char *words[MISSING_MOST];
  size_t count;
} missing;

static void miss(missing *all, bool there, const char *words) {
  if (!there && all->count < MISSING_MOST)
    all->words[all->count++] = words;
}

static missing look(const psd_site *site) {
  const uint64_t today = psd_date_of_day(site->today);
  missing all = {.count = 0};
  bool lists = true;
  for (size_t i = 0; i < site->authority_count; i++)
    lists = lists && site->authorities[i].list != NULL;
  miss(&all, site->authority_count > 0, "no CA: no certificate is trusted");
  miss(&all, site->certificate_count > 0, "no certificates of PSDs: no signature can be checked");
  miss(&all, lists, "a CA without a list of revoked certificates: revocation is unknown");
  miss(&all, site->rates_count > 0, "no rate tables: rates are unknown");
  miss(&all, site->rates_count == 0 || in_force_today(site), "no rate table in force today");
  miss(&all, has_day(site, PSD_TOKENS_VENDOR, today), "no vendor's table of today: the vendor's tokens are unknown");
  miss(&all, has_day(site, PSD_TOKENS_POSTAL, today),
       "no post's table of today: postal tokens and compact indicia are unknown");
  miss(&all, site->total_count > 0, "no totals of meters: control totals are unknown");
  return all;
}

/* As words
 * ---------------------------------------------------------------------------------------------------------------*/

static void show_authorities(const psd_site *site) {
  char name[NAME_ROOM], time[PSD_TIME_WORDS];
  (void)printf("CAs                %zu\n", site->authority_count);
  for (size_t i = 0; i < site->authority_count; i++) {
    const psd_authority *authority = &site->authorities[i];
    (void)printf("  %s\n", authority_name(authority, name));
    if (authority->list == NULL) {
      (void)puts("    no list of revoked certificates");
      continue;
    }
    (void)printf("    revoked: list of %s", psd_time_words(time, authority->list_from));
    if (authority->list_next != 0)
      (void)printf(", the next by %s", psd_time_words(time, authority->list_next));
    (void)putchar('\n');
  }
}

static void show_rates(const psd_site *site) {
  char from[PSD_DAY_WORDS], until[PSD_DAY_WORDS];
  uint64_t end = 0;
  (void)printf("rate tables        %zu\n", site->rates_count);
  for (size_t i = 0; i < site->rates_count; i++) {
    const psd_known_rates *known = &site->rates[i];
    const psd_rate_table *head = &known->rates.head;
    bool counted = psd_day_of_date(head->expiry, &end) && end > 0;
    (void)printf("  %.2s version %" PRIu64 ", %s to %s, hash %02X%02X%02X%02X\n", (const char *)head->country,
                 head->version, psd_date_words(from, head->effective),
                 psd_date_words(until, counted ? psd_date_of_day(end - 1) : head->expiry), known->hash[0],
                 known->hash[1], known->hash[2], known->hash[3]);
  }
}

static void show_days(const psd_site *site) {
  char date[PSD_DAY_WORDS];
  (void)printf("tables of a day    %zu\n", site->day_count);
  for (size_t i = 0; i < site->day_count; i++) {
    const psd_day_table *head = &site->days[i].head;
    (void)printf("  %s, %s, set %" PRIu64 ", %" PRIu64 " %s\n", psd_date_words(date, head->date),
                 psd_token_domain_name(head->domain), head->set, head->count,
                 head->order == PSD_TOKEN_BY_DAY ? "pointers" : "meters");
  }
}

static void show(const psd_site *site) {
  const missing all = look(site);
  show_authorities(site);
  (void)printf("certificates       %zu, %zu revoked, %zu not trusted\n", site->certificate_count, revoked_count(site),
               untrusted_count(site));
  (void)printf("DSA keys           %zu\n", site->dsa_count);
  show_rates(site);
  show_days(site);
  (void)printf("totals of meters   %zu\n", site->total_count);
  for (size_t i = 0; i < all.count; i++)
    (void)printf("missing: %s\n", all.words[i]);
  const char *note;
  for (size_t i = 0; (note = psd_site_note(site, i)) != NULL; i++)
    (void)printf("note: %s\n", note);
}

/* As JSON
 * ----------------------------------------------------------------------------------------------------------------*/

static void json_authorities(psd_json *json, const psd_site *site) {
  char words[NAME_ROOM];
  psd_json_array(json, "authorities");
  for (size_t i = 0; i < site->authority_count; i++) {
    const psd_authority *authority = &site->authorities[i];
    psd_json_object(json, NULL);
    psd_json_string(json, "name", authority_name(authority, words));
    psd_json_bool(json, "list", authority->list != NULL);
    if (authority->list != NULL) {
      psd_json_number(json, "list_from", authority->list_from);
      psd_json_number(json, "list_next", authority->list_next);
    }
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void json_rates(psd_json *json, const psd_site *site) {
  char words[PSD_DAY_WORDS];
  psd_json_array(json, "rate_tables");
  for (size_t i = 0; i < site->rates_count; i++) {
    const psd_rate_table *head = &site->rates[i].rates.head;
    psd_json_object(json, NULL);
    psd_json_text(json, "country", head->country, sizeof head->country);
    psd_json_number(json, "version", head->version);
    psd_json_string(json, "effective", psd_date_words(words, head->effective));
    psd_json_string(json, "expiry", psd_date_words(words, head->expiry));
    psd_json_hex(json, "hash", site->rates[i].hash, PSD_RATES_HASH);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void json_days(psd_json *json, const psd_site *site) {
  char words[PSD_DAY_WORDS];
  psd_json_array(json, "days");
  for (size_t i = 0; i < site->day_count; i++) {
    const psd_day_table *head = &site->days[i].head;
    psd_json_object(json, NULL);
    psd_json_string(json, "date", psd_date_words(words, head->date));
    psd_json_string(json, "domain", psd_token_domain_name(head->domain));
    psd_json_number(json, "order", head->order);
    psd_json_number(json, "set", head->set);
    psd_json_number(json, "keys", head->count);
    psd_json_end_object(json);
  }
  psd_json_end_array(json);
}

static void json_all(const psd_site *site) {
  const missing all = look(site);
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  json_authorities(&json, site);
  psd_json_number(&json, "certificates", site->certificate_count);
  psd_json_number(&json, "revoked", revoked_count(site));
  psd_json_number(&json, "untrusted", untrusted_count(site));
  psd_json_number(&json, "dsa_keys", site->dsa_count);
  json_rates(&json, site);
  json_days(&json, site);
  psd_json_number(&json, "totals", site->total_count);
  psd_json_array(&json, "missing");
  for (size_t i = 0; i < all.count; i++)
    psd_json_string(&json, NULL, all.words[i]);
  psd_json_end_array(&json);
  psd_json_array(&json, "notes");
  const char *note;
  for (size_t i = 0; (note = psd_site_note(site, i)) != NULL; i++)
    psd_json_string(&json, NULL, note);
  psd_json_end_array(&json);
  psd_json_end_object(&json);
}

int psd_verify_command_info(const psd_verify_options *options) {
  psd_site *site = psd_verify_open_site(options);
  if (site == NULL)
    return PSD_EXIT_REFUSED;
  judge_all(site);
  if (options->json)
    json_all(site);
  else
    show(site);
  psd_site_close(site);
  return PSD_EXIT_DONE;
}
