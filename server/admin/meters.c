/* psd-server meter list, and psd-server keys. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/command.h"
#include "admin/meter.h"
#include "psd/spec/lifecycle.h"

static void json_of_due(psd_json *json, unsigned due) {
  psd_json_array(json, "due");
  for (size_t i = 0; i < psd_action_count; i++)
    if ((due & psd_actions[i].action) != 0)
      psd_json_string(json, NULL, psd_actions[i].name);
  psd_json_end_array(json);
}

void psd_admin_json_meter(psd_json *json, const psd_meter_row *row, const psd_admin_owner *owner) {
  char device[PSD_ADMIN_DEVICE_WORDS];
  psd_audit audit;
  psd_json_string(json, "psd", psd_admin_device_words(row->device.device, device));
  psd_json_string(json, "user", owner->name);
  psd_json_string(json, "account", owner->account);
  psd_json_bool(json, "revoked", row->device.revoked);
  psd_json_number(json, "vendor_key", row->device.vendor_key);
  psd_admin_json_time(json, "inspected", "inspected_seconds", row->device.inspected);
  psd_json_string(json, "lock", psd_admin_lock_words(row));
  if (psd_admin_audit_of(row, &audit)) {
    psd_json_string(json, "state", psd_admin_state_name(&audit));
    psd_json_number(json, "ascending", audit.ascending);
    psd_json_number(json, "descending", audit.descending);
    psd_json_number(json, "control_total", audit.control_total);
  }
  psd_json_signed(json, "ledger", row->control_total[PSD_GROUP_POSTAGE]);
  psd_json_signed(json, "ledger_certificates", row->control_total[PSD_GROUP_CERTIFICATE]);
  psd_json_number(json, "sequence", row->sequence);
  psd_json_number(json, "open_sequence", row->open_sequence);
  psd_json_number(json, "orders", row->orders);
  json_of_due(json, row->due);
  psd_json_number(json, "zip", row->zip);
  psd_json_number(json, "licence", row->licence);
  psd_admin_json_time(json, "certificate_until", "certificate_until_seconds", row->certificate_until);
  psd_json_number(json, "rates", row->rates);
  psd_json_number(json, "rates_refused", row->rates_refused > row->rates ? row->rates_refused : 0);
}

const char *psd_admin_state_name(const psd_audit *audit) {
  const psd_state_row *state = psd_state_of((unsigned)audit->state);
  return state != NULL ? state->name : "?";
}

static void say_due(unsigned due) {
  const char *between = "";
  for (size_t i = 0; i < psd_action_count; i++) {
    if ((due & psd_actions[i].action) == 0)
      continue;
    printf("%s%s", between, psd_actions[i].name);
    between = "+";
  }
}

static void line_of(const psd_meter_row *row, const psd_admin_owner *owner) {
  char device[PSD_ADMIN_DEVICE_WORDS], time[PSD_ADMIN_TIME_WORDS], ascending[PSD_AMOUNT_WORDS] = "-";
  char descending[PSD_AMOUNT_WORDS] = "-", ledger[PSD_ADMIN_MONEY], open[16] = "-";
  psd_audit audit;
  const char *state = "-";
  if (psd_admin_audit_of(row, &audit)) {
    state = psd_admin_state_name(&audit);
    (void)psd_amount_words(ascending, audit.ascending);
    (void)psd_amount_words(descending, audit.descending);
  }
  if (row->open_sequence != 0)
    (void)snprintf(open, sizeof open, "%" PRIu32, row->open_sequence);
  psd_admin_cell(psd_admin_device_words(row->device.device, device), 14);
  psd_admin_cell(owner->account, 12);
  printf("%-14s %-9s %13s %13s %13s %6s %-23s ", state, psd_admin_lock_words(row), ascending, descending,
         psd_admin_money(row->control_total[PSD_GROUP_POSTAGE], ledger), open,
         psd_admin_time(row->device.inspected, time));
  psd_admin_cell(owner->name, row->due != 0 ? 16 : 0);
  say_due(row->due);
  puts("");
}

static bool count_devices(void *total, uint32_t vendor_key, uint64_t devices) {
  (void)vendor_key;
  *(uint64_t *)total += devices;
  return true;
}

psd_db_result psd_admin_count_meters(psd_admin *admin, uint64_t *total) {
  *total = 0;
  return psd_db_vendor_keys(admin->db, count_devices, total);
}

typedef struct meter_show {
  psd_admin *admin;
  psd_json *json;
  psd_db_result result;
} meter_show;

static bool show_meter(void *context, const psd_meter_row *row) {
  meter_show *show = context;
  psd_admin_owner owner;
  show->result = psd_admin_owner_of(show->admin, &row->device, &owner);
  if (show->result != PSD_DB_DONE)
    return false;
  if (!show->admin->json) {
    line_of(row, &owner);
    return true;
  }
  psd_json_object(show->json, NULL);
  psd_admin_json_meter(show->json, row, &owner);
  psd_json_end_object(show->json);
  return true;
}

static psd_db_result list_meters(psd_admin *admin, psd_json *json) {
  meter_show show = {.admin = admin, .json = json};
  psd_account account = {.id = 0};
  psd_db_result result = PSD_DB_DONE;
  if (admin->account != NULL)
    result = psd_db_account_find(admin->db, admin->account, &account);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_list(admin->db, account.id, show_meter, &show);
  return result == PSD_DB_DONE ? show.result : result;
}

int psd_admin_meter_list(psd_admin *admin) {
  return psd_admin_list(admin,
                        "PSD            ACCOUNT      STATE          LOCK          ASCENDING    DESCENDING        LEDGER"
                        "   OPEN LAST AUDIT              USER             DUE",
                        admin->account != NULL ? "account" : "PSD", list_meters);
}

static bool show_key(void *context, uint32_t vendor_key, uint64_t devices) {
  meter_show *show = context;
  if (!show->admin->json) {
    printf("%10" PRIu32 " %10" PRIu64 "\n", vendor_key, devices);
    return true;
  }
  psd_json_object(show->json, NULL);
  psd_json_number(show->json, "vendor_key", vendor_key);
  psd_json_number(show->json, "psds", devices);
  psd_json_end_object(show->json);
  return true;
}

static psd_db_result list_keys(psd_admin *admin, psd_json *json) {
  meter_show show = {.admin = admin, .json = json};
  return psd_db_vendor_keys(admin->db, show_key, &show);
}

int psd_admin_keys(psd_admin *admin) {
  return psd_admin_list(admin, "VENDOR KEY       PSDS", "vendor key", list_keys);
}
