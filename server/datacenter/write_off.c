/* A meter that does not come back: its money is accounted for without it. */
#include "authority/authority.h"
#include "datacenter/rules.h"

/* What is open is not heard of any more: funds that are reserved go back, those that were withdrawn are the account's.
 */
static psd_db_result end_open(psd_db *db, psd_meter_row *row, uint64_t time) {
  psd_op room, *op = NULL;
  psd_db_result result = psd_dc_open_op(db, row, &room, &op);
  if (result != PSD_DB_DONE || op == NULL)
    return result;
  return psd_dc_finish(db, row, op, op->state == PSD_OP_RESERVED ? PSD_OP_RELEASED : PSD_OP_CLOSED, time, NULL, 0);
}

/* Whoever restores one that was revoked by mistake has a meter that moves no funds until it is unlocked. */
static psd_db_result take_out(psd_db *db, psd_meter_row *row, uint64_t time) {
  row->withdrawn = true;
  row->lock = PSD_METER_LOCKED;
  psd_db_result result = psd_db_alarm_clear(db, row->device.device);
  if (result == PSD_DB_DONE)
    result = psd_db_evidence_accept(db, row->device.device, time);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_revoke(db, row->device.device, PSD_REVOCATION_CESSATION, time);
  if (result == PSD_DB_DONE)
    result = psd_ca_revoke_device(db, row->device.device, PSD_REASON_CESSATION, PSD_CA_OPERATOR, time, NULL);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_update(db, row);
  return result == PSD_DB_DONE ? psd_db_device_set_revoked(db, row->device.device, true) : result;
}

psd_db_result psd_dc_write_off(psd_db *db, const uint8_t device[8], uint64_t time) {
  psd_meter_row row;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result == PSD_DB_DONE && (row.device.account == 0 || row.withdrawn))
    return PSD_DB_REFUSED;
  if (result == PSD_DB_DONE)
    result = end_open(db, &row, time);
  for (psd_group group = PSD_GROUP_POSTAGE; result == PSD_DB_DONE && group <= PSD_GROUP_CERTIFICATE; group++)
    result = psd_dc_adjust(db, &row, group, 0, time, "written off");
  return result == PSD_DB_DONE ? take_out(db, &row, time) : result;
}
