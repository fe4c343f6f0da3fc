/* Postage seen on mail (money.h, US 5,280,531). */
#include "store/database.h"
#include "store/money.h"

psd_db_result psd_db_evidence_add(psd_db *db, const psd_evidence *evidence) {
  int64_t device = 0;
  if (!psd_device_number(evidence->device, &device))
    return PSD_DB_ABSENT;
  if (evidence->amount > INT64_MAX || evidence->ascending > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(device), psd_value_number(evidence->piece),
                        psd_value_number((int64_t)evidence->amount), psd_value_number((int64_t)evidence->ascending)};
  psd_db_result result = psd_sql_change(db, PSD_SQL_EVIDENCE_ADD, values, 4);
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_sql_change(db, PSD_SQL_EVIDENCE_AGAIN, values, 4);
  if (result != PSD_DB_ABSENT)
    return result == PSD_DB_DONE ? PSD_DB_EXISTS : result;
  result = psd_sql_change(db, PSD_SQL_EVIDENCE_CONTRADICTS, values, 2);
  return result == PSD_DB_DONE ? PSD_DB_REFUSED : result;
}

/* amount, copies, contradictions, highest_ascending, pieces, highest_piece, and the first four as accepted */
static psd_db_result take_sum(psd_db *db, psd_sql sql, void *row) {
  *(psd_evidence_sum *)row = (psd_evidence_sum){
      .amount = (uint64_t)psd_column_number(db, sql, 0),
      .copies = (uint64_t)psd_column_number(db, sql, 1),
      .contradictions = (uint64_t)psd_column_number(db, sql, 2),
      .highest_ascending = (uint64_t)psd_column_number(db, sql, 3),
      .pieces = (uint64_t)psd_column_number(db, sql, 4),
      .highest_piece = (uint32_t)psd_column_number(db, sql, 5),
      .accepted = {.amount = (uint64_t)psd_column_number(db, sql, 6),
                   .copies = (uint64_t)psd_column_number(db, sql, 7),
                   .contradictions = (uint64_t)psd_column_number(db, sql, 8),
                   .highest_ascending = (uint64_t)psd_column_number(db, sql, 9)},
  };
  return PSD_DB_DONE;
}

psd_db_result psd_db_evidence_sum(psd_db *db, const uint8_t device[8], psd_evidence_sum *seen) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key)};
  return psd_sql_row(db, PSD_SQL_EVIDENCE_SUM, values, 1, take_sum, seen);
}

psd_db_result psd_db_evidence_accept(psd_db *db, const uint8_t device[8], uint64_t time) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  if (time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_value values[] = {psd_value_number(key), psd_value_number((int64_t)time)};
  return psd_sql_change(db, PSD_SQL_EVIDENCE_ACCEPT, values, 2);
}
