/* Certificates of PSDs, and what becomes of them with the PSD. */
#include "authority/authority.h"
#include "datacenter/rules.h"

psd_db_result psd_dc_certified(psd_db *db, const psd_certificate_row *certificate, uint64_t time) {
  psd_meter_row row;
  psd_db_result result = psd_db_meter_find(db, certificate->device, &row);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_add(db, certificate);
  /* Serial numbers are nobody else's: it was added before, and that was not heard. */
  if (result == PSD_DB_EXISTS)
    return PSD_DB_DONE;
  if (result != PSD_DB_DONE || !row.device.revoked)
    return result;
  return psd_db_certificate_revoke(db, certificate->device,
                                   row.withdrawn ? PSD_REVOCATION_CESSATION : PSD_REVOCATION_HOLD, time);
}

psd_db_result psd_dc_revoke(psd_db *db, const uint8_t device[8], uint64_t time) {
  psd_db_result result = psd_db_device_set_revoked(db, device, true);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_revoke(db, device, PSD_REVOCATION_HOLD, time);
  return result == PSD_DB_DONE ? psd_ca_revoke_device(db, device, PSD_REASON_HOLD, PSD_CA_OPERATOR, time, NULL)
                               : result;
}

psd_db_result psd_dc_restore(psd_db *db, const uint8_t device[8]) {
  psd_meter_row row;
  psd_db_result result = psd_db_device_set_revoked(db, device, false);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_release(db, device);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_find(db, device, &row);
  return result == PSD_DB_DONE ? psd_dc_let_go(db, &row) : result;
}

psd_db_result psd_dc_let_go(psd_db *db, const psd_meter_row *row) {
  if (row->device.revoked || row->lock == PSD_METER_ALARMED)
    return PSD_DB_DONE;
  return psd_ca_release(db, row->device.device);
}
