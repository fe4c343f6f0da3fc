/* psd-server ca list, show, ocsp: certificates of users, of postmarks, of agents. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/ca.h"
#include "crypto/x509.h"

static const char *by_words(psd_ca_by by) {
  static const char *const names[] = {"", "holder", "operator", "inspection", "timeout", "unpaid"};
  return (size_t)by < sizeof names / sizeof names[0] ? names[by] : "?";
}

/* Where the command is that destroys the key. */
static const char *command_words(const psd_ca_certificate *certificate) {
  if (certificate->revoked == 0 || certificate->reason == PSD_REASON_HOLD)
    return "";
  if (certificate->confirmed != 0 && certificate->paid == PSD_CONFIRMED_DUE && certificate->due == 0)
    return "payment was due, and is collected";
  if (certificate->confirmed != 0)
    return psd_confirmed_row((uint64_t)certificate->paid)->words;
  return certificate->refused != 0 ? "the meter has no such key" : "waits for the meter";
}

static const char *state_of(const psd_ca_certificate *certificate, uint64_t now) {
  if (certificate->revoked != 0)
    return certificate->reason == PSD_REASON_HOLD ? "on hold" : "revoked";
  return now >= certificate->until ? "expired" : "good";
}

static void json_of(psd_json *json, const psd_ca_certificate *certificate) {
  char device[PSD_ADMIN_DEVICE_WORDS];
  psd_json_number(json, "serial", certificate->number);
  psd_json_string(json, "psd", psd_admin_device_words(certificate->device, device));
  psd_json_number(json, "slot", certificate->slot);
  psd_json_string(json, "purpose", psd_purpose_row(certificate->purpose)->name);
  psd_json_string(json, "name", certificate->name);
  psd_json_string(json, "state", state_of(certificate, (uint64_t)time(NULL)));
  psd_admin_json_time(json, "from", "from_seconds", certificate->from);
  psd_admin_json_time(json, "until", "until_seconds", certificate->until);
  if (certificate->revoked == 0)
    return;
  psd_admin_json_time(json, "revoked", "revoked_seconds", certificate->revoked);
  psd_json_string(json, "reason", psd_reason_row((uint64_t)certificate->reason)->name);
  psd_json_string(json, "by", by_words(certificate->by));
  psd_json_number(json, "command", certificate->command);
  psd_json_string(json, "command_state", command_words(certificate));
  psd_json_number(json, "confirmed_seconds", certificate->confirmed);
  psd_json_number(json, "due", certificate->due);
}

typedef struct certificate_show {
  const psd_admin *admin;
  psd_json *json;
  uint64_t now;
} certificate_show;

static bool show_certificate(void *context, const psd_ca_certificate *certificate) {
  const certificate_show *at = context;
  char device[PSD_ADMIN_DEVICE_WORDS], until[PSD_ADMIN_TIME_WORDS];
  if (at->admin->json) {
    psd_json_object(at->json, NULL);
    json_of(at->json, certificate);
    psd_json_end_object(at->json);
    return true;
  }
  printf("%10" PRIu32 " %-14s %4u %-8s %-8s %-23s ", certificate->number,
         psd_admin_device_words(certificate->device, device), certificate->slot,
         psd_purpose_row(certificate->purpose)->name, state_of(certificate, at->now),
         psd_admin_time(certificate->until, until));
  psd_admin_cell(certificate->name, certificate->revoked != 0 ? 24 : 0);
  if (certificate->revoked != 0)
    printf("%s by %s%s%s", psd_reason_row((uint64_t)certificate->reason)->name, by_words(certificate->by),
           command_words(certificate)[0] != '\0' ? "; " : "", command_words(certificate));
  puts("");
  return true;
}

static const char headings[] =
    "    SERIAL PSD            SLOT PURPOSE  STATE    VALID UNTIL             NAME                     REVOKED";

static psd_db_result list_all(psd_admin *admin, psd_json *json) {
  certificate_show at = {admin, json, (uint64_t)time(NULL)};
  return psd_ca_certificate_list(admin->db, NULL, false, show_certificate, &at);
}

static int list_of_device(psd_admin *admin) {
  psd_admin_device named;
  psd_json json = psd_json_on(stdout);
  certificate_show at = {admin, &json, (uint64_t)time(NULL)};
  int status = psd_admin_open_device(admin, admin->argc, &named);
  if (status != PSD_EXIT_DONE)
    return status;
  if (admin->json)
    psd_json_array(&json, NULL);
  else
    puts(headings);
  psd_db_result result = psd_ca_certificate_list(admin->db, named.device, false, show_certificate, &at);
  if (admin->json)
    psd_json_end_array(&json);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "certificate", "");
}

int psd_admin_ca_list(psd_admin *admin) {
  return admin->argc > 0 ? list_of_device(admin) : psd_admin_list(admin, headings, "certificate", list_all);
}

static void words_of(const psd_ca_certificate *certificate, const char *pem) {
  char words[PSD_ADMIN_DEVICE_WORDS + PSD_ADMIN_TIME_WORDS + PSD_AMOUNT_WORDS];
  (void)snprintf(words, sizeof words, "%" PRIu32, certificate->number);
  psd_admin_line("serial number", words);
  psd_admin_line("PSD", psd_admin_device_words(certificate->device, words));
  (void)snprintf(words, sizeof words, "%u", certificate->slot);
  psd_admin_line("slot", words);
  psd_admin_line("purpose", psd_purpose_row(certificate->purpose)->words);
  psd_admin_line("name", certificate->name);
  psd_admin_line("state", state_of(certificate, (uint64_t)time(NULL)));
  psd_admin_line("valid from", psd_admin_time(certificate->from, words));
  psd_admin_line("valid until", psd_admin_time(certificate->until, words));
  if (certificate->revoked != 0) {
    psd_admin_line("revoked", psd_admin_time(certificate->revoked, words));
    psd_admin_line("reason", psd_reason_row((uint64_t)certificate->reason)->words);
    psd_admin_line("by", by_words(certificate->by));
    psd_admin_line("command", command_words(certificate));
    psd_admin_line("payment due", psd_amount_words(words, certificate->due));
  }
  fputs(pem, stdout);
}

int psd_admin_ca_show(psd_admin *admin) {
  psd_ca_certificate certificate;
  char pem[PSD_X509_PEM_MAX];
  uint64_t number = 0;
  int status = psd_admin_open_number(admin, UINT32_MAX, &number);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_ca_certificate_get(admin->db, (uint32_t)number, &certificate);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "certificate", admin->argv[0]);
  if (!psd_x509_pem((psd_part){certificate.der, certificate.length}, pem))
    return psd_admin_refuse("certificate %s in the database is none: it is damaged, or was altered; restore it from a "
                            "backup",
                            admin->argv[0]);
  if (!admin->json) {
    words_of(&certificate, pem);
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  json_of(&json, &certificate);
  psd_json_string(&json, "pem", pem);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

static void status_json(uint64_t number, const psd_ca_entry *entry, bool known) {
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "serial", number);
  psd_json_string(&json, "status", !known ? "unknown" : entry->revoked != 0 ? "revoked" : "good");
  if (known && entry->revoked != 0) {
    psd_admin_json_time(&json, "revoked", "revoked_seconds", entry->revoked);
    psd_json_string(&json, "reason", psd_reason_row((uint64_t)entry->reason)->name);
  }
  psd_json_end_object(&json);
}

/* RFC 6960, 2.2: good, revoked, unknown. */
int psd_admin_ca_ocsp(psd_admin *admin) {
  psd_ca_entry entry = {.number = 0};
  char time[PSD_ADMIN_TIME_WORDS];
  uint64_t number = 0;
  int status = psd_admin_open_number(admin, UINT32_MAX, &number);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_ca_status(admin->db, (uint32_t)number, &entry);
  if (result != PSD_DB_DONE && result != PSD_DB_ABSENT)
    return psd_admin_failed(admin, result, "certificate", admin->argv[0]);
  if (admin->json)
    status_json(number, &entry, result == PSD_DB_DONE);
  else if (result == PSD_DB_ABSENT)
    printf("%" PRIu64 ": unknown\n", number);
  else if (entry.revoked == 0)
    printf("%" PRIu64 ": good\n", number);
  else
    printf("%" PRIu64 ": revoked %s, %s\n", number, psd_admin_time(entry.revoked, time),
           psd_reason_row((uint64_t)entry.reason)->name);
  return PSD_EXIT_DONE;
}
