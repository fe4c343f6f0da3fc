/* psd-server meter show, meter operations: all that is known of one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/meter.h"
#include "psd/spec/describe.h"

const char *psd_admin_op_state(psd_op_state state) {
  static const char *const names[] = {"?", "reserved", "settled", "released", "credited", "closed"};
  return (size_t)state < sizeof names / sizeof names[0] ? names[state] : "?";
}

const char *psd_admin_group_name(psd_group group) {
  return group == PSD_GROUP_POSTAGE ? "postage" : "certificates";
}

static bool is_refill(const psd_op *op) {
  return op->state == PSD_OP_RESERVED || op->state == PSD_OP_SETTLED || op->state == PSD_OP_RELEASED;
}

static const char *op_kind(const psd_op *op) {
  return is_refill(op) ? "refill" : op->final ? "last withdrawal" : "withdrawal";
}

static bool show_op(void *context, const psd_op *op) {
  psd_json *json = context;
  char begun[PSD_ADMIN_TIME_WORDS], changed[PSD_ADMIN_TIME_WORDS], amount[PSD_AMOUNT_WORDS];
  if (json == NULL) {
    printf("%10" PRIu32 " %-15s %-12s %14s %-9s %-23s %s\n", op->sequence, op_kind(op), psd_admin_group_name(op->group),
           psd_amount_words(amount, op->amount), psd_admin_op_state(op->state), psd_admin_time(op->time, begun),
           psd_admin_time(op->changed, changed));
    return true;
  }
  psd_json_object(json, NULL);
  psd_json_number(json, "sequence", op->sequence);
  psd_json_string(json, "operation", is_refill(op) ? "refill" : "withdrawal");
  psd_json_string(json, "group", psd_admin_group_name(op->group));
  psd_json_bool(json, "final", op->final);
  psd_json_number(json, "amount", op->amount);
  psd_json_string(json, "state", psd_admin_op_state(op->state));
  psd_admin_json_time(json, "begun", "begun_seconds", op->time);
  psd_admin_json_time(json, "changed", "changed_seconds", op->changed);
  psd_json_end_object(json);
  return true;
}

static psd_db_result show_operations(const psd_admin *admin, psd_json *json, const psd_meter_row *row) {
  if (json != NULL)
    psd_json_array(json, "operations");
  else
    puts(
        "    NUMBER OPERATION       GROUP                AMOUNT STATE     BEGUN                   IN THIS STATE SINCE");
  psd_db_result result = psd_db_op_list(admin->db, row->device.device, show_op, json);
  if (json != NULL)
    psd_json_end_array(json);
  return result;
}

int psd_admin_meter_operations(psd_admin *admin) {
  psd_admin_device named;
  psd_meter_row row;
  int status = psd_admin_open_meter(admin, admin->argc, &named, &row);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_json json = psd_json_on(stdout);
  if (admin->json) {
    psd_json_object(&json, NULL);
    psd_json_string(&json, "psd", named.words);
  }
  psd_db_result result = show_operations(admin, admin->json ? &json : NULL, &row);
  if (admin->json)
    psd_json_end_object(&json);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "PSD", named.words);
}

static const char *alarm_reason(psd_alarm_reason reason) {
  static const char *const words[] = {"?", "the card is behind what was seen", "ledger and control total do not agree",
                                      "another request with a sequence number that was used",
                                      "a signed statement that does not verify"};
  return (size_t)reason < sizeof words / sizeof words[0] ? words[reason] : "?";
}

typedef struct alarm_show {
  psd_json *json;
  bool any;
} alarm_show;

static bool show_alarm(void *context, const psd_alarm *alarm) {
  alarm_show *show = context;
  psd_json *json = show->json;
  char time[PSD_ADMIN_TIME_WORDS];
  if (json == NULL) {
    if (!show->any)
      puts("alarms");
    show->any = true;
    printf("  %-23s %-7s %s: ", psd_admin_time(alarm->time, time), alarm->cleared ? "cleared" : "ALARM",
           alarm_reason(alarm->reason));
    psd_admin_cell(alarm->words, 0);
    puts("");
    return true;
  }
  psd_json_object(json, NULL);
  psd_admin_json_time(json, "time", "time_seconds", alarm->time);
  psd_json_bool(json, "cleared", alarm->cleared);
  psd_json_string(json, "reason", alarm_reason(alarm->reason));
  psd_json_string(json, "words", alarm->words);
  psd_json_end_object(json);
  return true;
}

static psd_db_result show_alarms(const psd_admin *admin, psd_json *json, const psd_meter_row *row) {
  if (json != NULL)
    psd_json_array(json, "alarms");
  alarm_show show = {.json = json};
  psd_db_result result = psd_db_alarm_list(admin->db, row->device.device, true, show_alarm, &show);
  if (json != NULL)
    psd_json_end_array(json);
  else if (result == PSD_DB_DONE && !show.any)
    psd_admin_line("alarms", "none");
  return result;
}

/* A field of the last audit: numbers as such, the rest in the words of a trace. */
static void audit_field(psd_json *json, const psd_field *field, const uint8_t *bytes) {
  char memory[256];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_cursor cursor = psd_cursor_over(bytes, field->size);
  psd_say_field(&text, field, bytes);
  if (json == NULL)
    printf("  %-56s %s\n", psd_field_words(field), memory);
  else if (field->kind == PSD_KIND_BYTES)
    psd_json_hex(json, psd_field_name(field), bytes, field->size);
  else if (field->kind == PSD_KIND_TEXT || field->kind == PSD_KIND_SERIAL || field->kind == PSD_KIND_STATE ||
           field->kind == PSD_KIND_FAULT || field->kind == PSD_KIND_MODE)
    psd_json_string(json, psd_field_name(field), memory);
  else
    psd_json_number(json, psd_field_name(field), psd_take_uint(&cursor, field->size));
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

static void show_due(unsigned due) {
  if (due == 0)
    psd_admin_line("next session", "nothing is due");
  for (size_t i = 0; i < psd_action_count; i++)
    if ((due & psd_actions[i].action) != 0)
      psd_admin_line("next session", psd_actions[i].words);
}

static void show_rates(const psd_meter_row *row) {
  char words[64] = "none";
  if (row->rates != 0)
    (void)snprintf(words, sizeof words, "version %" PRIu32, row->rates);
  size_t length = strlen(words);
  if (row->rates_refused > row->rates)
    (void)snprintf(words + length, sizeof words - length, "; %" PRIu32 " refused", row->rates_refused);
  psd_admin_line("rates", words);
}

static void show_lines(const psd_meter_row *row, const psd_admin_owner *owner) {
  char words[PSD_ADMIN_DEVICE_WORDS], time[PSD_ADMIN_TIME_WORDS], money[PSD_ADMIN_MONEY];
  psd_admin_line("PSD", psd_admin_device_words(row->device.device, words));
  psd_admin_line("registered to", owner->name[0] != '\0' ? owner->name : "nobody");
  psd_admin_line("account", owner->account[0] != '\0' ? owner->account : "none");
  psd_admin_line("lock", psd_admin_lock_words(row));
  if (row->zip != 0)
    printf("%-20s %05u, licence %u\n", "ZIP", (unsigned)row->zip, (unsigned)row->licence);
  printf("%-20s %u\n", "vendor key K1", (unsigned)row->device.vendor_key);
  psd_admin_line("certificate until", psd_admin_time(row->certificate_until, time));
  show_rates(row);
  psd_admin_line("ledger, postage", psd_admin_money(row->control_total[PSD_GROUP_POSTAGE], money));
  psd_admin_line("ledger, certificates", psd_admin_money(row->control_total[PSD_GROUP_CERTIFICATE], money));
  if (row->open_sequence != 0)
    printf("%-20s %" PRIu32 "\n", "open operation", row->open_sequence);
  show_due(row->due);
  psd_admin_line("inspected", psd_admin_time(row->device.inspected, time));
}

static psd_db_result show_all(const psd_admin *admin, psd_json *json, const psd_meter_row *row,
                              const psd_admin_owner *owner) {
  if (json != NULL) {
    psd_json_object(json, NULL);
    psd_admin_json_meter(json, row, owner);
  } else {
    show_lines(row, owner);
  }
  show_audit(json, &row->device);
  psd_db_result result = show_operations(admin, json, row);
  if (result == PSD_DB_DONE)
    result = show_alarms(admin, json, row);
  if (json != NULL)
    psd_json_end_object(json);
  return result;
}

int psd_admin_meter_show(psd_admin *admin) {
  psd_admin_device named;
  psd_admin_owner owner;
  psd_meter_row row;
  int status = psd_admin_open_meter(admin, admin->argc, &named, &row);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_json json = psd_json_on(stdout);
  psd_db_result result = psd_admin_owner_of(admin, &row.device, &owner);
  if (result == PSD_DB_DONE)
    result = show_all(admin, admin->json ? &json : NULL, &row, &owner);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "PSD", named.words);
}
