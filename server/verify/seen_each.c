/* Statement by statement: SQLite answers each in microseconds. */
#include "verify/seen_internal.h"

static psd_db_result take_first(psd_db *db, psd_sql sql, void *row) {
  psd_seen_piece *piece = row;
  piece->again = true;
  piece->first = psd_column_number(db, sql, 0);
  piece->original = psd_column_number(db, sql, 1);
  return PSD_DB_DONE;
}

static psd_db_result add(psd_db *db, psd_seen_piece *piece, int64_t now) {
  const psd_value values[] = {
      psd_value_number(piece->device), psd_value_number(piece->piece),     psd_value_number(now),
      psd_value_number(piece->digest), psd_value_number(piece->ascending), psd_value_number(piece->postage)};
  bool compact = piece->ascending == PSD_SEEN_NONE;
  psd_db_result result = compact ? psd_sql_change(db, PSD_SQL_SEEN_ADD_COMPACT, values, 4)
                                 : psd_sql_change(db, PSD_SQL_SEEN_ADD, values, 6);
  return result == PSD_DB_ABSENT ? psd_sql_row(db, PSD_SQL_SEEN_FIND, values, 2, take_first, piece) : result;
}

static psd_db_result take_pair(psd_db *db, psd_sql sql, void *row) {
  int64_t *pair = row;
  pair[0] = psd_column_number(db, sql, 0);
  pair[1] = psd_column_number(db, sql, 1);
  return PSD_DB_DONE;
}

static psd_db_result look_beside(psd_db *db, psd_seen_piece *piece) {
  const psd_value values[] = {psd_value_number(piece->device), psd_value_number(piece->piece)};
  int64_t below[] = {PSD_SEEN_NONE, PSD_SEEN_NONE}, above[] = {PSD_SEEN_NONE, PSD_SEEN_NONE};
  psd_db_result result = psd_sql_row(db, PSD_SQL_SEEN_BELOW, values, 2, take_pair, below);
  if (result == PSD_DB_DONE || result == PSD_DB_ABSENT)
    result = psd_sql_row(db, PSD_SQL_SEEN_ABOVE, values, 2, take_pair, above);
  piece->below = below[0];
  piece->below_ascending = below[1];
  piece->above = above[0];
  piece->above_before = above[1];
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_db_result psd_seen_each(psd_db *db, psd_seen_piece *pieces, size_t count, int64_t now) {
  psd_db_result result = PSD_DB_DONE;
  for (size_t i = 0; i < count && result == PSD_DB_DONE; i++)
    result = add(db, &pieces[i], now);
  for (size_t i = 0; i < count && result == PSD_DB_DONE; i++)
    if (!pieces[i].again && pieces[i].ascending != PSD_SEEN_NONE)
      result = look_beside(db, &pieces[i]);
  return result;
}
