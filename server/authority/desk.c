#include "authority/desk.h"

#include <string.h>

psd_db_result psd_desk_words(psd_db *db, psd_sql sql, int column, char *out, size_t room) {
  size_t length = 0;
  psd_db_result result = psd_column_block(db, sql, column, out, room - 1, &length);
  if (result == PSD_DB_DONE)
    out[length] = '\0';
  return result == PSD_DB_DONE && strlen(out) != length ? psd_damaged(db, sql) : result;
}

bool psd_desk_text_fits(const char *text, size_t room) {
  size_t length = strnlen(text, room);
  return length < room && (length == 0 || psd_name_valid(text, room - 1));
}

psd_db_result psd_desk_change(psd_db *db, psd_sql sql, const psd_value *values, size_t count) {
  psd_db_result result = psd_sql_change(db, sql, values, count);
  return result == PSD_DB_ABSENT ? PSD_DB_REFUSED : result;
}

psd_db_result psd_desk_number(psd_db *db, psd_sql sql, const psd_value *values, size_t count, uint64_t *number) {
  int64_t found = 0;
  psd_db_result result = psd_sql_row(db, sql, values, count, psd_take_number, &found);
  *number = (uint64_t)found;
  return result;
}

psd_db_result psd_desk_hash(psd_db *db, psd_proof_bytes bytes, uint8_t hash[32]) {
  return psd_hash(&(psd_part){bytes.data, bytes.length}, 1, hash) ? PSD_DB_DONE : psd_crypto_failed(db);
}

psd_db_result psd_desk_meter(psd_db *db, const uint8_t device[8], psd_meter_row *row) {
  psd_db_result result = psd_db_meter_find(db, device, row);
  if (result == PSD_DB_ABSENT)
    return PSD_DB_REFUSED;
  return result == PSD_DB_DONE && (row->device.revoked || row->withdrawn) ? PSD_DB_REFUSED : result;
}

psd_db_result psd_desk_papers(psd_db *db, uint32_t certificate, psd_desk_paper paper, uint64_t *count) {
  psd_value values[] = {psd_value_number(certificate), psd_value_number((int64_t)paper)};
  return psd_desk_number(db, PSD_SQL_PAPER_COUNT, values, 2, count);
}

psd_db_result psd_desk_keep(psd_db *db, uint32_t certificate, psd_desk_paper paper, psd_proof_bytes content,
                            uint64_t time) {
  uint8_t hash[32];
  uint64_t there = 0;
  if (content.length == 0 || content.length > PSD_CA_PAPER_MAX || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_desk_hash(db, content, hash);
  psd_value values[] = {psd_value_number(certificate), psd_value_number((int64_t)paper),
                        psd_value_bytes(hash, sizeof hash), psd_value_number((int64_t)time),
                        psd_value_bytes(content.data, content.length)};
  if (result == PSD_DB_DONE)
    result = psd_desk_number(db, PSD_SQL_PAPER_HAS, values, 3, &there);
  return result != PSD_DB_DONE || there != 0 ? result : psd_sql_run(db, PSD_SQL_PAPER_ADD, values, 5, NULL);
}
