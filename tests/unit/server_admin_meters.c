/* PSDs, as the operator sees them and orders for them. */
#include <stdio.h>
#include <string.h>

#include "admin_support.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"

/* PS D1 0000002A is alice's and was audited, PS D1 0000002B is new, and so is AB D1 0000002B. */
static void put_devices(void) {
  const uint8_t device_2b[8] = {'P', 'S', 'D', '1', 0, 0, 0, 0x2B}, other[8] = {'A', 'B', 'D', '1', 0, 0, 0, 0x2B};
  const uint8_t wrapped[PSD_SIZE_WRAPPED_K4] = {0};
  add_meter();
  audit_meter(&said_first);
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_device_add(db, device_2b, wrapped, 6, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, other, wrapped, 6, 0), PSD_DB_DONE);
  close_store(db);
}

static int begin_with_devices(void) {
  int process = begin();
  put_devices();
  return process;
}

/* What waits for 0000002A: the content of one action, and the bits of all. */
static unsigned due(unsigned action, uint8_t content[PSD_ORDER_CONTENT_MAX], size_t *length) {
  psd_meter_row row;
  psd_order_row order;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_meter_find(db, device_2a, &row), PSD_DB_DONE);
  *length = 0;
  if (psd_db_order_next(db, device_2a, action, &order) == PSD_DB_DONE && order.action == action) {
    memcpy(content, order.content, order.length);
    *length = order.length;
  }
  close_store(db);
  return row.due;
}

static bool ordered(unsigned action, psd_message_id id, void *value) {
  uint8_t content[PSD_ORDER_CONTENT_MAX];
  size_t length = 0;
  return due(action, content, &length) == action && psd_parse_message(content, length, id, value);
}

static void test_listed(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "PS D1 0000002A 1000         OPERATIONAL    free              12.34          7.66          0.00 "
                     "     - 2027-01-15 08:00:00 UTC alice"));
  CU_ASSERT(has(out, "PS D1 0000002B              -              free                  -             -"));
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "--account", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "0000002A") && strstr(out, "0000002B") == NULL);
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "--account", "9", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"psd\": \"PS D1 0000002A\",\n    \"user\": \"alice\",\n    \"account\": \"1000\""));
  CU_ASSERT(has(out, "\"state\": \"OPERATIONAL\",\n    \"ascending\": 12340,\n    \"descending\": 7660"));
  CU_ASSERT_EQUAL(ADMIN("keys", "DB"), 0);
  CU_ASSERT(has(out, "VENDOR KEY       PSDS\n         7          1\n         6          2\n"));
  CU_ASSERT_EQUAL(ADMIN("keys", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"vendor_key\": 7,\n    \"psds\": 1"));
  kms_end(process);
}

static void test_shown(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "PS D1 0000002a", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "registered to        alice") && has(out, "ascending register") && has(out, "12.34"));
  CU_ASSERT(has(out, "alarms               none\n") && strstr(out, " \n") == NULL);
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "PS", "D1", "0000002A", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"audit\": {") && has(out, "\"ascending\": 12340") && has(out, "\"serial\": \"0000002A\""));
  CU_ASSERT(has(out, "\"operations\": [],\n  \"alarms\": []\n}"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "AB", "D1", "0000002B", "DB", "KMS", "--json"), 0);
  CU_ASSERT(strstr(out, "audit") == NULL && has(out, "\"user\": \"\""));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "PS", "D1", "0000002C", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "there is no PSD PS D1 0000002C: see psd-server meter list"));
  kms_end(process);
}

static void test_named_by_serial(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002a", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "PS D1 0000002A"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002B", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "several PSDs have the serial number 0000002B"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002C", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "there is no PSD 0000002C"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "2A", "DB", "KMS"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "D1", "0000002A", "DB", "KMS"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002G", "DB", "KMS"), 2);
  CU_ASSERT(has(err, "a PSD is named by"));
  kms_end(process);
}

static void test_revoked(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "PS", "D1", "0000002C", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "PS", "D1", "0000002B", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"revoked\": true,\n    \"vendor_key\": 6"));
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "PS D1 0000002B              -              revoked"));
  CU_ASSERT_EQUAL(ADMIN("meter", "restore", "PS", "D1", "0000002B", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "\"revoked\": true"));
  kms_end(process);
}

static void test_locked(void) {
  int process = begin_with_devices();
  uint8_t content[PSD_ORDER_CONTENT_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL(ADMIN("meter", "lock", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(due(PSD_ACTION_DISABLE, content, &length), PSD_ACTION_DISABLE);
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "lock                 locked") && has(out, "next session         the meter is locked"));
  /* The audit says 20.00, the ledger nothing. */
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "DB"), 1);
  CU_ASSERT(has(err, "PS D1 0000002A: its registers and the ledger do not agree") && has(err, "--accept"));
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0);
  CU_ASSERT_EQUAL(due(PSD_ACTION_ENABLE, content, &length), PSD_ACTION_ENABLE);
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "OPERATIONAL    free              12.34          7.66         20.00"));
  CU_ASSERT_EQUAL(ADMIN("meter", "lock", "0000002C", "DB"), 1);
  kms_end(process);
}

static void test_moved(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "move", "0000002A", "--zip", "10001", "--licence", "9", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "10001, licence 9") && has(out, "another ZIP or licence number follows"));
  CU_ASSERT_EQUAL(ADMIN("meter", "move", "0000002A", "--zip", "10001", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "move", "0000002A", "--zip", "x", "--licence", "9", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "move", "0000002C", "--zip", "10001", "--licence", "9", "DB"), 1);
  kms_end(process);
}

#define LIMITS "--maximum-postage", "100", "--maximum-descending", "5000", "--minimum-refill", "10"

static void test_limits(void) {
  int process = begin_with_devices();
  psd_limits limits;
  CU_ASSERT_EQUAL(
      ADMIN("meter", "limits", "0000002A", "--minimum-postage", "0.005", LIMITS, "--maximum-refill", "1000", "DB"), 0);
  CU_ASSERT(ordered(PSD_ACTION_LIMITS, PSD_MESSAGE_LIMITS, &limits));
  CU_ASSERT(limits.minimum_postage == 5 && limits.maximum_postage == 100000 && limits.maximum_descending == 5000000);
  CU_ASSERT(limits.minimum_refill == 10000 && limits.maximum_refill == 1000000);
  CU_ASSERT_EQUAL(ADMIN("meter", "limits", "0000002A", LIMITS, "--maximum-refill", "1000", "DB"), 2);
  CU_ASSERT(has(err, "needs --minimum-postage"));
  CU_ASSERT_EQUAL(
      ADMIN("meter", "limits", "0000002A", "--minimum-postage", "101", LIMITS, "--maximum-refill", "1000", "DB"), 2);
  CU_ASSERT(has(err, "--minimum-postage is above"));
  CU_ASSERT_EQUAL(
      ADMIN("meter", "limits", "0000002A", "--minimum-postage", "1", LIMITS, "--maximum-refill", "9.99", "DB"), 2);
  CU_ASSERT(has(err, "--minimum-refill is above"));
  CU_ASSERT_EQUAL(
      ADMIN("meter", "limits", "0000002A", "--minimum-postage", "a", LIMITS, "--maximum-refill", "1000", "DB"), 2);
  CU_ASSERT(has(err, "--minimum-postage is an amount"));
  kms_end(process);
}

static void test_watchdog(void) {
  int process = begin_with_devices();
  psd_watchdog watchdog;
  CU_ASSERT_EQUAL(ADMIN("meter", "watchdog", "PS", "D1", "0000002A", "--warn", "90", "--lock", "120", "DB"), 0);
  CU_ASSERT(ordered(PSD_ACTION_WATCHDOG, PSD_MESSAGE_WATCHDOG, &watchdog));
  CU_ASSERT(watchdog.warn_after == 90U * 86400U && watchdog.lock_after == 120U * 86400U);
  CU_ASSERT_EQUAL(ADMIN("meter", "watchdog", "0000002A", "--warn", "121", "--lock", "120", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "watchdog", "0000002A", "--warn", "0", "--lock", "120", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "watchdog", "0000002A", "--warn", "1", "--lock", "49711", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "watchdog", "0000002A", "--warn", "1", "DB"), 2);
  kms_end(process);
}

static void test_clock(void) {
  int process = begin_with_devices();
  psd_clock clock;
  CU_ASSERT_EQUAL(ADMIN("meter", "clock", "0000002A", "DB"), 0);
  CU_ASSERT(ordered(PSD_ACTION_CLOCK, PSD_MESSAGE_CLOCK, &clock) && clock.set == 1);
  kms_end(process);
}

static void test_credit_limit(void) {
  int process = begin_with_devices();
  psd_audit account = said_first;
  psd_credit_line line;
  CU_ASSERT_EQUAL(ADMIN("meter", "credit-limit", "0000002A", "500", "DB"), 1);
  CU_ASSERT(has(err, "no current-account meter"));
  account.mode = PSD_FUNDS_ACCOUNT;
  audit_meter(&account);
  CU_ASSERT_EQUAL(ADMIN("meter", "credit-limit", "PS", "D1", "0000002A", "500", "DB", "--json"), 0);
  CU_ASSERT(has(out, "{\n  \"done\": \"ordered for its next session\"\n}"));
  CU_ASSERT(ordered(PSD_ACTION_CREDIT_LIMIT, PSD_MESSAGE_CREDIT_LINE, &line) && line.credit_limit == 500000);
  CU_ASSERT_EQUAL(ADMIN("meter", "credit-limit", "0000002A", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "credit-limit", "0000002A", "5.0005", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "credit-limit", "0000002A", "0", "DB"), 2);
  kms_end(process);
}

static void test_zeroize(void) {
  int process = begin_with_devices();
  uint8_t content[PSD_ORDER_CONTENT_MAX];
  size_t length = 0;
  psd_audit withdrawn = said_first;
  CU_ASSERT_EQUAL(ADMIN("meter", "zeroize", "0000002A", "DB"), 1);
  CU_ASSERT(has(err, "in service"));
  CU_ASSERT_EQUAL(due(PSD_ACTION_ZEROIZE, content, &length), 0);
  withdrawn.state = PSD_STATE_WITHDRAWN;
  audit_meter(&withdrawn);
  CU_ASSERT_EQUAL(ADMIN("meter", "zeroize", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(due(PSD_ACTION_ZEROIZE, content, &length), PSD_ACTION_ZEROIZE);
  kms_end(process);
}

static void raise_alarm(void) {
  psd_alarm alarm = {.time = 1800000100, .reason = PSD_ALARM_RECEIPT, .words = "receipt 1"};
  memcpy(alarm.device, device_2a, sizeof alarm.device);
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_alarm_add(db, &alarm), PSD_DB_DONE);
  close_store(db);
}

static void test_operations(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill();
  raise_alarm();
  CU_ASSERT_EQUAL(ADMIN("meter", "operations", "0000002A", "DB"), 0);
  CU_ASSERT(has(out, "1 refill          postage               30.00 reserved  2027-01-15 08:00:00 UTC"));
  CU_ASSERT_EQUAL(ADMIN("meter", "operations", "0000002A", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"sequence\": 1,\n      \"operation\": \"refill\"") && has(out, "\"state\": \"reserved\""));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "open operation       1") && has(out, "2027-01-15 08:01:40 UTC ALARM   a signed statement that"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"open_sequence\": 1") && has(out, "\"words\": \"receipt 1\""));
  kms_end(process);
}

static void test_written_off(void) {
  int process = begin_with_devices();
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill();
  CU_ASSERT_EQUAL(ADMIN("meter", "write-off", "0000002A", "DB"), 0);
  CU_ASSERT(has(out, "written off: "));
  CU_ASSERT_EQUAL(ADMIN("account", "show", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "30.00"));
  CU_ASSERT_EQUAL(ADMIN("meter", "statement", "0000002A", "DB"), 0);
  CU_ASSERT(has(out, "written off") && has(out, "closing                           0.00"));
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "revoked"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("meter", "write-off", "0000002A", "DB"), 1);
  CU_ASSERT(has(err, "out of service already"));
  kms_end(process);
}

static const psd_check_test tests[] = {
    {"PSDs are listed, and counted by vendor key", test_listed},
    {"one is shown, with its last audit", test_shown},
    {"a serial number alone names the only PSD that has it", test_named_by_serial},
    {"PSDs are revoked and restored", test_revoked},
    {"a meter is locked; it is unlocked when registers and ledger agree, or are made to", test_locked},
    {"a meter is moved", test_moved},
    {"limits are ordered, all of them, none against another", test_limits},
    {"times of inspection are ordered in days", test_watchdog},
    {"the clock is ordered", test_clock},
    {"a credit limit is for current-account meters", test_credit_limit},
    {"only what is out of service is zeroized", test_zeroize},
    {"operations and alarms are shown", test_operations},
    {"one that does not come back is written off", test_written_off},
};

int main(void) {
  return admin_tests("psd-server's operator: meters", tests, PSD_CHECK_COUNT(tests));
}
