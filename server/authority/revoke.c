/* Revocation, by the holder or forced (figure 6): the list has it at once, the card in its next session. */
#include "authority/desk.h"

static bool sensible(psd_reason reason, psd_ca_by by, uint64_t time) {
  return psd_reason_row((uint64_t)reason)->name != NULL && by >= PSD_CA_HOLDER && by <= PSD_CA_UNPAID &&
         (by != PSD_CA_HOLDER || reason != PSD_REASON_HOLD) && time > 0 && time <= INT64_MAX;
}

psd_db_result psd_ca_revoke(psd_db *db, uint32_t number, psd_reason reason, psd_ca_by by, psd_proof_bytes request,
                            uint64_t time) {
  psd_ca_certificate certificate;
  uint64_t requests = 0;
  if (!sensible(reason, by, time))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_ca_certificate_get(db, number, &certificate);
  psd_value values[] = {psd_value_number(number), psd_value_number((int64_t)reason), psd_value_number((int64_t)by),
                        psd_value_number((int64_t)time)};
  bool ended = certificate.revoked != 0 && certificate.reason != PSD_REASON_HOLD;
  if (result != PSD_DB_DONE || ended)
    return result;
  result = psd_sql_run(db, PSD_SQL_USER_CERTIFICATE_REVOKE, values, 4, NULL);
  if (result == PSD_DB_DONE && request.length != 0)
    result = psd_desk_papers(db, number, PSD_PAPER_REQUEST, &requests);
  if (result != PSD_DB_DONE || request.length == 0 || requests != 0)
    return result;
  return psd_desk_keep(db, number, PSD_PAPER_REQUEST, request, time);
}

psd_db_result psd_ca_revoke_device(psd_db *db, const uint8_t device[8], psd_reason reason, psd_ca_by by, uint64_t time,
                                   uint64_t *count) {
  int64_t key = 0;
  if (count != NULL)
    *count = 0;
  if (!sensible(reason, by, time))
    return PSD_DB_REFUSED;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE; /* nobody's: none */
  psd_value values[] = {psd_value_number(key), psd_value_number((int64_t)reason), psd_value_number((int64_t)by),
                        psd_value_number((int64_t)time)};
  return psd_sql_run(db, PSD_SQL_USER_CERTIFICATE_REVOKE_DEVICE, values, 4, count);
}

psd_db_result psd_ca_release(psd_db *db, const uint8_t device[8]) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_DONE;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_run(db, PSD_SQL_USER_CERTIFICATE_RELEASE, values, 1, NULL);
}
