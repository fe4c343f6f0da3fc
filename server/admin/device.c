/* psd-server psd and psd-server keys: the PSDs. */
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "psd/spec/chars.h"
#include "psd/spec/describe.h"

#define WORDS 24U

/* "PS D1 0000002A", in one argument or three. */
static int take_device(const psd_admin *admin, uint8_t device[8], char words[WORDS]) {
  psd_text text = psd_text_over(words, WORDS);
  for (int i = 0; i < admin->argc; i++)
    psd_say(&text, "%s%s", i == 0 ? "" : " ", admin->argv[i]);
  bool good = strlen(words) == 14 && words[2] == ' ' && words[5] == ' ' && psd_printable(words, 6) &&
              psd_hex_bytes(words + 6, 8, device + 4, 4) == 4;
  memcpy(device, words, 2);
  memcpy(device + 2, words + 3, 2);
  return good ? PSD_EXIT_DONE
              : psd_admin_usage(admin, "a PSD is named by vendor, model and serial number: PS D1 0000002A");
}

static const char *words_of(const uint8_t device[8], char words[WORDS]) {
  psd_text text = psd_text_over(words, WORDS);
  psd_say_text(&text, device, 2);
  psd_say(&text, " ");
  psd_say_text(&text, device + 2, 2);
  psd_say(&text, " %02X%02X%02X%02X", device[4], device[5], device[6], device[7]);
  return words;
}

static int set_revoked(psd_admin *admin, bool revoked) {
  uint8_t device[8];
  char words[WORDS];
  int status = take_device(admin, device, words);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_device_set_revoked(admin->db, device, revoked);
  return result == PSD_DB_DONE ? psd_admin_done(admin, revoked ? "PSD revoked" : "PSD restored")
                               : psd_admin_failed(admin, result, "PSD", words);
}

int psd_admin_psd_revoke(psd_admin *admin) {
  return set_revoked(admin, true);
}

int psd_admin_psd_restore(psd_admin *admin) {
  return set_revoked(admin, false);
}

/* A PSD, and whose it is. */
typedef struct owned {
  char name[33], account[33];
} owned;

static psd_db_result owner_of(psd_admin *admin, const psd_device_row *row, owned *owner) {
  *owner = (owned){.name = ""};
  return row->user == 0 ? PSD_DB_DONE : psd_db_user_name(admin->db, row->user, owner->name, owner->account);
}

static void json_of(psd_json *json, const psd_device_row *row, const owned *owner) {
  char words[PSD_ADMIN_TIME], device[WORDS];
  psd_json_string(json, "psd", words_of(row->device, device));
  psd_json_string(json, "user", owner->name);
  psd_json_string(json, "account", owner->account);
  psd_json_bool(json, "revoked", row->revoked);
  psd_json_number(json, "vendor_key", row->vendor_key);
  psd_json_string(json, "inspected", psd_admin_time(row->inspected, words));
  psd_json_number(json, "inspected_seconds", row->inspected);
}

static void line_of(const psd_device_row *row, const owned *owner) {
  char words[PSD_ADMIN_TIME], device[WORDS];
  psd_admin_cell(words_of(row->device, device), 14);
  psd_admin_cell(row->revoked ? "revoked" : owner->name[0] != '\0' ? "registered" : "new", 10);
  printf("%10u ", (unsigned)row->vendor_key);
  psd_admin_cell(psd_admin_time(row->inspected, words), 23);
  psd_admin_cell(owner->account, 16);
  psd_admin_cell(owner->name, 0);
  puts("");
}

typedef struct device_show {
  psd_admin *admin;
  psd_json *json;
  psd_db_result result;
} device_show;

static bool show_device(void *context, const psd_device_row *row) {
  device_show *show = context;
  owned owner;
  show->result = owner_of(show->admin, row, &owner);
  if (show->result != PSD_DB_DONE)
    return false;
  if (!show->admin->json) {
    line_of(row, &owner);
    return true;
  }
  psd_json_object(show->json, NULL);
  json_of(show->json, row, &owner);
  psd_json_end_object(show->json);
  return true;
}

static psd_db_result list_devices(psd_admin *admin, psd_json *json) {
  device_show show = {.admin = admin, .json = json};
  psd_db_result result = psd_db_device_list(admin->db, show_device, &show);
  return result == PSD_DB_DONE ? show.result : result;
}

int psd_admin_psd_list(psd_admin *admin) {
  return psd_admin_list(admin, "PSD            STATE      VENDOR KEY LAST AUDIT              ACCOUNT          USER",
                        "PSD", list_devices);
}

/* A field of the last audit: numbers as such, the rest in the words of a trace. */
static void audit_field(psd_json *json, const psd_field *field, const uint8_t *bytes) {
  char memory[256];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_cursor cursor = psd_cursor_over(bytes, field->size);
  psd_say_field(&text, field, bytes);
  if (json == NULL)
    printf("  %-42s %s\n", field->words, memory);
  else if (field->kind == PSD_KIND_BYTES)
    psd_json_hex(json, field->name, bytes, field->size);
  else if (field->kind == PSD_KIND_TEXT || field->kind == PSD_KIND_SERIAL || field->kind == PSD_KIND_STATE ||
           field->kind == PSD_KIND_FAULT || field->kind == PSD_KIND_MODE)
    psd_json_string(json, field->name, memory);
  else
    psd_json_number(json, field->name, psd_take_uint(&cursor, field->size));
}

static void show_audit(psd_json *json, const psd_device_row *row) {
  const psd_message *layout = &psd_messages[PSD_MESSAGE_AUDIT];
  psd_cursor cursor = psd_cursor_over(row->audit, sizeof row->audit);
  if (row->inspected == 0)
    return;
  if (json != NULL)
    psd_json_object(json, "audit");
  else
    puts("last audit");
  for (size_t i = 0; i < layout->field_count; i++)
    audit_field(json, &layout->fields[i], psd_take(&cursor, layout->fields[i].size));
  if (json != NULL)
    psd_json_end_object(json);
}

static void show_people(const psd_device_row *row, const owned *owner) {
  char words[PSD_ADMIN_TIME], device[WORDS];
  printf("%-20s %s\n", "PSD", words_of(row->device, device));
  printf("%-20s ", "registered to");
  psd_admin_cell(owner->name[0] != '\0' ? owner->name : "nobody", 0);
  printf("\n%-20s ", "account");
  psd_admin_cell(owner->account[0] != '\0' ? owner->account : "none", 0);
  printf("\n%-20s %s\n", "revoked", row->revoked ? "yes" : "no");
  printf("%-20s %u\n", "vendor key K1", (unsigned)row->vendor_key);
  printf("%-20s %s\n", "inspected", psd_admin_time(row->inspected, words));
  show_audit(NULL, row);
}

int psd_admin_psd_show(psd_admin *admin) {
  uint8_t device[8];
  char words[WORDS];
  psd_device_row row;
  owned owner = {.name = ""};
  int status = take_device(admin, device, words);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_device_find(admin->db, device, &row);
  if (result == PSD_DB_DONE)
    result = owner_of(admin, &row, &owner);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "PSD", words);
  if (!admin->json) {
    show_people(&row, &owner);
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  json_of(&json, &row, &owner);
  show_audit(&json, &row);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

static bool show_key(void *context, uint32_t vendor_key, uint64_t devices) {
  device_show *show = context;
  if (!show->admin->json) {
    printf("%10u %10llu\n", (unsigned)vendor_key, (unsigned long long)devices);
    return true;
  }
  psd_json_object(show->json, NULL);
  psd_json_number(show->json, "vendor_key", vendor_key);
  psd_json_number(show->json, "psds", devices);
  psd_json_end_object(show->json);
  return true;
}

static psd_db_result list_keys(psd_admin *admin, psd_json *json) {
  device_show show = {.admin = admin, .json = json};
  return psd_db_vendor_keys(admin->db, show_key, &show);
}

int psd_admin_keys(psd_admin *admin) {
  return psd_admin_list(admin, "VENDOR KEY       PSDS", "vendor key", list_keys);
}
