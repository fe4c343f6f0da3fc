/* Ledger and last audit, with what was moved since. */
#include "datacenter/rules.h"
#include "psd/spec/objects.h"

bool psd_dc_last_audit(const psd_meter_row *row, psd_audit *audit) {
  return row->device.inspected != 0 &&
         psd_parse_message(row->device.audit, sizeof row->device.audit, PSD_MESSAGE_AUDIT, audit);
}

bool psd_dc_other_mode(const psd_meter_row *row, const psd_audit *audit) {
  psd_audit last;
  return psd_dc_last_audit(row, &last) && audit->mode != last.mode;
}

/* The first operation that the audit cannot have known the end of. */
static uint64_t first_since(const psd_meter_row *row, const psd_audit *audit) {
  if (audit->operation == PSD_OPERATION_LOADING && audit->sequence <= row->audited_sequence)
    return audit->sequence;
  return (uint64_t)row->audited_sequence + 1;
}

/* Adds `by` to one control total; REFUSED for what no book can have. */
static psd_db_result shift(int64_t *total, uint64_t amount, bool up) {
  if (amount > INT64_MAX || (up && *total > INT64_MAX - (int64_t)amount) || (!up && *total < (int64_t)amount))
    return PSD_DB_REFUSED;
  *total += up ? (int64_t)amount : -(int64_t)amount;
  return PSD_DB_DONE;
}

/* What the audit says of an operation that the ledger has not, or has already, moved. */
static psd_db_result consider(const psd_meter_row *row, const psd_op *op, const psd_audit *audit, int64_t expected[2]) {
  if (audit->group > PSD_GROUP_CERTIFICATE)
    return PSD_DB_REFUSED;
  if (audit->operation == PSD_OPERATION_WITHDRAWING && audit->sequence > row->audited_sequence)
    return shift(&expected[audit->group], audit->operation_amount, true);
  if (op != NULL && op->state == PSD_OP_RESERVED && audit->operation == PSD_OPERATION_LOADED &&
      audit->sequence == op->sequence)
    return shift(&expected[op->group], op->amount, false);
  return PSD_DB_DONE;
}

static psd_db_result charged(const psd_meter_row *row, const psd_audit *audit, int64_t expected[2]) {
  uint64_t spent = audit->ascending + audit->certificate_ascending;
  if (spent < audit->ascending)
    return PSD_DB_REFUSED;
  expected[0] = spent < (uint64_t)row->control_total[0] ? (int64_t)spent : row->control_total[0];
  expected[1] = 0;
  return PSD_DB_DONE;
}

psd_db_result psd_dc_expected(psd_db *db, const psd_meter_row *row, const psd_op *op, const psd_audit *audit,
                              int64_t expected[2]) {
  const uint64_t told[2] = {audit->control_total, audit->certificate_control_total};
  uint64_t since = first_since(row, audit);
  int64_t moved[2] = {0, 0};
  if (audit->mode == PSD_FUNDS_ACCOUNT)
    return charged(row, audit, expected);
  if (told[0] > PSD_DC_MOST || told[1] > PSD_DC_MOST)
    return PSD_DB_REFUSED;
  expected[0] = (int64_t)told[0];
  expected[1] = (int64_t)told[1];
  psd_db_result result = consider(row, op, audit, expected);
  if (result == PSD_DB_DONE && since <= row->sequence)
    result = psd_db_op_moved(db, row->device.device, (uint32_t)since, moved);
  for (unsigned group = 0; result == PSD_DB_DONE && group < 2; group++)
    result = shift(&expected[group], (uint64_t)(moved[group] < 0 ? -moved[group] : moved[group]), moved[group] >= 0);
  return result;
}
