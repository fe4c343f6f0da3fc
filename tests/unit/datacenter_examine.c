/* What an audit shows beside the ledger: every row of docs/funds.md, "What was cut off", in the three register modes.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "datacenter/datacenter.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"

/* The ledger has 1000 in postage and 400 for certificates; the amount of every operation is 100. */
#define POSTAGE 1000
#define SERVICES 400
#define AMOUNT 100

typedef enum known { NOTHING, REFILL, WITHDRAWAL } known;

typedef struct examined {
  const char *words;
  uint32_t last; /* sequence number that the server knows */
  known open;    /* what it has open under that number */
  psd_operation_state operation;
  uint32_t sequence;
  int change; /* what the card's group has more than the ledger */
  psd_finding found;
} examined;

static const examined cases[] = {
    {"new", 0, NOTHING, PSD_OPERATION_NONE, 0, 0, PSD_FOUND_AGREEMENT},
    {"new, with funds from nowhere", 0, NOTHING, PSD_OPERATION_NONE, 0, 1, PSD_FOUND_IMBALANCE},
    {"new, with less", 0, NOTHING, PSD_OPERATION_NONE, 0, -1, PSD_FOUND_IMBALANCE},
    {"wiped", 5, NOTHING, PSD_OPERATION_NONE, 0, 0, PSD_FOUND_RESTORED},

    {"loading, reserved", 5, REFILL, PSD_OPERATION_LOADING, 5, 0, PSD_FOUND_LOADING},
    {"loading, reserved, funds moved", 5, REFILL, PSD_OPERATION_LOADING, 5, AMOUNT, PSD_FOUND_IMBALANCE},
    {"loading, not known", 5, NOTHING, PSD_OPERATION_LOADING, 6, 0, PSD_FOUND_ABANDONED},
    {"loading, the first, not known", 0, NOTHING, PSD_OPERATION_LOADING, 1, 0, PSD_FOUND_ABANDONED},
    {"loading, not known, funds moved", 5, NOTHING, PSD_OPERATION_LOADING, 6, 1, PSD_FOUND_IMBALANCE},
    {"loading what is finished", 5, NOTHING, PSD_OPERATION_LOADING, 5, 0, PSD_FOUND_RESTORED},
    {"loading another while one is reserved", 5, REFILL, PSD_OPERATION_LOADING, 6, 0, PSD_FOUND_IMBALANCE},

    {"loaded, reserved", 5, REFILL, PSD_OPERATION_LOADED, 5, AMOUNT, PSD_FOUND_CREDITED},
    {"loaded, reserved, not credited", 5, REFILL, PSD_OPERATION_LOADED, 5, 0, PSD_FOUND_IMBALANCE},
    {"loaded, reserved, credited twice", 5, REFILL, PSD_OPERATION_LOADED, 5, 2 * AMOUNT, PSD_FOUND_IMBALANCE},
    {"loaded, settled", 5, NOTHING, PSD_OPERATION_LOADED, 5, 0, PSD_FOUND_AGREEMENT},
    {"loaded, settled, credited again", 5, NOTHING, PSD_OPERATION_LOADED, 5, AMOUNT, PSD_FOUND_IMBALANCE},
    {"loaded, never reserved", 5, NOTHING, PSD_OPERATION_LOADED, 6, AMOUNT, PSD_FOUND_IMBALANCE},
    {"loaded, never reserved, balanced", 5, NOTHING, PSD_OPERATION_LOADED, 6, 0, PSD_FOUND_IMBALANCE},
    {"loaded the one before", 5, REFILL, PSD_OPERATION_LOADED, 4, 0, PSD_FOUND_RESTORED},

    {"cancelled, reserved", 5, REFILL, PSD_OPERATION_LOAD_CANCELLED, 5, 0, PSD_FOUND_CANCELLED},
    {"cancelled, reserved, credited", 5, REFILL, PSD_OPERATION_LOAD_CANCELLED, 5, AMOUNT, PSD_FOUND_IMBALANCE},
    {"cancelled, known", 5, NOTHING, PSD_OPERATION_LOAD_CANCELLED, 5, 0, PSD_FOUND_AGREEMENT},
    {"cancelled, not known", 5, NOTHING, PSD_OPERATION_LOAD_CANCELLED, 6, 0, PSD_FOUND_AGREEMENT},
    {"cancelled, funds moved", 5, NOTHING, PSD_OPERATION_LOAD_CANCELLED, 6, -1, PSD_FOUND_IMBALANCE},
    {"cancelled before", 5, NOTHING, PSD_OPERATION_LOAD_CANCELLED, 4, 0, PSD_FOUND_RESTORED},

    {"withdrawing, not credited", 5, NOTHING, PSD_OPERATION_WITHDRAWING, 6, -AMOUNT, PSD_FOUND_WITHDRAWING},
    {"withdrawing, nothing debited", 5, NOTHING, PSD_OPERATION_WITHDRAWING, 6, 0, PSD_FOUND_IMBALANCE},
    {"withdrawing, credited", 5, WITHDRAWAL, PSD_OPERATION_WITHDRAWING, 5, 0, PSD_FOUND_WITHDRAWING},
    {"withdrawing, credited, debited twice", 5, WITHDRAWAL, PSD_OPERATION_WITHDRAWING, 5, -AMOUNT, PSD_FOUND_IMBALANCE},
    {"withdrawing what is closed", 5, NOTHING, PSD_OPERATION_WITHDRAWING, 5, 0, PSD_FOUND_RESTORED},
    {"withdrawing while a refill is reserved", 5, REFILL, PSD_OPERATION_WITHDRAWING, 5, 0, PSD_FOUND_IMBALANCE},
    {"withdrawn, credited", 5, WITHDRAWAL, PSD_OPERATION_WITHDRAWN, 5, 0, PSD_FOUND_CLOSED},
    {"withdrawn, credited, funds are still there", 5, WITHDRAWAL, PSD_OPERATION_WITHDRAWN, 5, AMOUNT,
     PSD_FOUND_IMBALANCE},
    {"withdrawn, closed", 5, NOTHING, PSD_OPERATION_WITHDRAWN, 5, 0, PSD_FOUND_AGREEMENT},
    {"withdrawn, never authorized", 5, NOTHING, PSD_OPERATION_WITHDRAWN, 6, -AMOUNT, PSD_FOUND_IMBALANCE},
    {"withdrawn before", 5, WITHDRAWAL, PSD_OPERATION_WITHDRAWN, 4, 0, PSD_FOUND_RESTORED},
    {"no such operation", 5, NOTHING, (psd_operation_state)9, 5, 0, PSD_FOUND_IMBALANCE},
};

static psd_meter_row row_of(uint32_t last, bool merged) {
  return (psd_meter_row){
      .device.account = 1, .device.user = 1, .sequence = last, .control_total = {POSTAGE, merged ? 0 : SERVICES}};
}

static psd_op op_of(known open, uint32_t sequence, psd_group group) {
  return (psd_op){.sequence = sequence,
                  .state = open == REFILL ? PSD_OP_RESERVED : PSD_OP_CREDITED,
                  .group = group,
                  .amount = AMOUNT,
                  .account = 1};
}

static psd_audit audit_for(const examined *one, bool merged, psd_group group) {
  uint64_t change = (uint64_t)one->change;
  return (psd_audit){.mode = merged ? PSD_FUNDS_MERGED : PSD_FUNDS_SEPARATE,
                     .operation = one->operation,
                     .group = group,
                     .sequence = one->sequence,
                     .operation_amount = one->operation == PSD_OPERATION_NONE ? 0 : AMOUNT,
                     .control_total = POSTAGE + (group == PSD_GROUP_POSTAGE ? change : 0),
                     .certificate_control_total =
                         (merged ? 0 : SERVICES) + (group == PSD_GROUP_CERTIFICATE ? change : 0)};
}

static void examine_all(bool merged, psd_group group) {
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const examined *one = &cases[i];
    psd_meter_row row = row_of(one->last, merged);
    psd_op op = op_of(one->open, one->last, group);
    psd_audit audit = audit_for(one, merged, group);
    psd_finding found = psd_dc_examine(&row, one->open == NOTHING ? NULL : &op, &audit);
    if (found != one->found)
      fprintf(stderr, "%s: found %d and not %d\n", one->words, (int)found, (int)one->found);
    CU_ASSERT_EQUAL(found, one->found);
    row.device.account = 0;
    CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_AGREEMENT);
  }
}

static void test_separate(void) {
  examine_all(false, PSD_GROUP_POSTAGE);
  examine_all(false, PSD_GROUP_CERTIFICATE);
}

static void test_merged(void) {
  examine_all(true, PSD_GROUP_POSTAGE);
}

/* The amount or the group is not that of the reservation, though the totals would be right. */
static void test_another_operation(void) {
  psd_meter_row row = row_of(5, false);
  psd_op op = op_of(REFILL, 5, PSD_GROUP_POSTAGE);
  psd_audit audit = audit_for(&(examined){.operation = PSD_OPERATION_LOADED, .sequence = 5, .change = AMOUNT}, false,
                              PSD_GROUP_POSTAGE);
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_CREDITED);
  audit.operation_amount--;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_IMBALANCE);
  audit.operation_amount++;
  audit.group = PSD_GROUP_CERTIFICATE;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_IMBALANCE);
  audit.group = 7;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_IMBALANCE);
  audit.operation = PSD_OPERATION_WITHDRAWING;
  audit.sequence = 6;
  audit.control_total = POSTAGE;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
}

/* Figures at the ends of what can be told. */
static void test_extremes(void) {
  psd_meter_row row = row_of(5, false);
  psd_audit audit = {.mode = PSD_FUNDS_SEPARATE,
                     .operation = PSD_OPERATION_WITHDRAWING,
                     .sequence = 6,
                     .operation_amount = UINT64_MAX,
                     .control_total = POSTAGE + 1,
                     .certificate_control_total = SERVICES};
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
  audit.control_total = UINT64_MAX;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
  row.control_total[0] = INT64_MAX;
  psd_op op = op_of(REFILL, 5, PSD_GROUP_POSTAGE);
  op.amount = audit.operation_amount = INT64_MAX;
  audit.operation = PSD_OPERATION_LOADED;
  audit.sequence = 5;
  audit.control_total = UINT64_MAX - 1;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_CREDITED);
}

/* What was spent cannot be withdrawn, nor be more than there ever was. */
static void test_overspent(void) {
  psd_meter_row row = row_of(5, false);
  psd_audit audit = audit_for(&(examined){.operation = PSD_OPERATION_WITHDRAWING, .sequence = 6, .change = -AMOUNT},
                              false, PSD_GROUP_POSTAGE);
  audit.ascending = POSTAGE - AMOUNT;
  audit.certificate_ascending = SERVICES;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_WITHDRAWING);
  audit.ascending++;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
  audit.ascending--;
  audit.certificate_ascending++;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
}

/* Every figure that never goes down. */
static void test_behind(void) {
  psd_audit last = {.mode = PSD_FUNDS_SEPARATE,
                    .operation = PSD_OPERATION_LOADED,
                    .sequence = 5,
                    .control_total = POSTAGE,
                    .certificate_control_total = SERVICES,
                    .ascending = 50,
                    .certificate_ascending = 50,
                    .piece_count = 50,
                    .certificate_count = 50,
                    .refill = 5,
                    .orders = 50,
                    .time = 50,
                    .log_count = 50};
  psd_meter_row row = row_of(5, false);
  psd_buffer out = psd_buffer_over(row.device.audit, sizeof row.device.audit);
  psd_put_message(&out, PSD_MESSAGE_AUDIT, &last);
  row.device.inspected = 1;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &last), PSD_FOUND_AGREEMENT); /* the very same once more */
  psd_audit now = last;
  uint64_t *const figures[] = {&now.ascending,   &now.certificate_ascending,
                               &now.piece_count, &now.certificate_count,
                               &now.refill,      &now.orders,
                               &now.time,        &now.log_count};
  for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
    (*figures[i])--;
    CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &now), PSD_FOUND_RESTORED);
    *figures[i] += 2;
    CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &now), PSD_FOUND_AGREEMENT);
    (*figures[i])--;
  }
  now.log_hash[31] ^= 1; /* as many records, and others */
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &now), PSD_FOUND_RESTORED);
}

static void test_runs_locked(void) {
  psd_meter_row row = {.device.account = 1, .lock = PSD_METER_LOCKED, .due = PSD_ACTION_DISABLE};
  psd_audit audit = {.state = PSD_STATE_OPERATIONAL};
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_AGREEMENT); /* it is not told yet */
  row.due = 0;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_RESTORED);
  audit.state = PSD_STATE_INSPECTION_DUE;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_RESTORED);
  audit.state = PSD_STATE_LOCKED;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_AGREEMENT);
}

static void test_current_account(void) {
  psd_meter_row row = {.device.account = 1, .control_total = {300, 0}};
  psd_audit audit = {.mode = PSD_FUNDS_ACCOUNT, .ascending = 250, .certificate_ascending = 50};
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_AGREEMENT);
  audit.ascending++;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_CHARGE);
  audit.ascending -= 2;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_RESTORED);
  audit.ascending = UINT64_MAX;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
  audit.ascending = 250;
  audit.control_total = 1;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
}

/* The end of its service is an operation of nothing. */
static void test_current_account_ends(void) {
  psd_meter_row row = {.device.account = 1, .control_total = {300, 0}};
  psd_audit audit = {
      .mode = PSD_FUNDS_ACCOUNT, .ascending = 300, .operation = PSD_OPERATION_WITHDRAWING, .sequence = 1};
  psd_op op = {.state = PSD_OP_CREDITED, .sequence = 1, .final = true};
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_WITHDRAWING);
  audit.operation_amount = 1;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_IMBALANCE);
  audit.operation_amount = 0;
  row.sequence = row.open_sequence = 1;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_WITHDRAWING);
  audit.ascending = 301; /* printed in between: first that is charged */
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_CHARGE);
  row.control_total[0] = 301;
  audit.operation = PSD_OPERATION_WITHDRAWN;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, &op, &audit), PSD_FOUND_CLOSED);
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_AGREEMENT);
  audit.operation = PSD_OPERATION_WITHDRAWING;
  CU_ASSERT_EQUAL(psd_dc_examine(&row, NULL, &audit), PSD_FOUND_RESTORED);
}

static const psd_check_test tests[] = {
    {"what was cut off, separate registers", test_separate},
    {"what was cut off, merged registers", test_merged},
    {"another operation than the one reserved", test_another_operation},
    {"figures at their ends", test_extremes},
    {"more spent than there ever was", test_overspent},
    {"a card behind its last audit was put back", test_behind},
    {"a card that was locked and is in operation was put back", test_runs_locked},
    {"current account: charged by the ascending registers", test_current_account},
    {"current account: how its service ends", test_current_account_ends},
};

int main(void) {
  return psd_check_run("data center", tests, PSD_CHECK_COUNT(tests));
}
