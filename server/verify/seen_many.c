/* A few statements for all: every one of them is a journey to PostgreSQL and back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/text.h"
#include "verify/seen_internal.h"

#define ARRAYS 5U
#define NUMBER_ROOM 22U /* a number of 64 bits, its sign and a comma */
#define FIND_NUMBERS 3U
#define BESIDE_NUMBERS 5U

typedef struct arrays {
  psd_seen_piece *pieces;
  size_t count;
  char *text[ARRAYS]; /* device, piece, digest, ascending, postage: "{1,2,3}" */
  uint8_t *rows;      /* what a statement answers */
} arrays;

static int64_t number_of(const psd_seen_piece *piece, size_t array) {
  const int64_t numbers[ARRAYS] = {piece->device, piece->piece, piece->digest, piece->ascending, piece->postage};
  return numbers[array];
}

static bool fill(arrays *all, size_t array) {
  size_t room = all->count * NUMBER_ROOM + 3U;
  all->text[array] = malloc(room);
  if (all->text[array] == NULL)
    return false;
  psd_text text = psd_text_over(all->text[array], room);
  for (size_t i = 0; i < all->count; i++)
    psd_say(&text, "%c%" PRId64, i == 0 ? '{' : ',', number_of(&all->pieces[i], array));
  psd_say(&text, "}");
  return true;
}

/* The next row's piece, whose number in the array comes first; NULL at the end, or where it makes no sense. */
static psd_seen_piece *next_row(arrays *all, psd_cursor *from, int64_t *numbers, size_t count) {
  uint64_t place = from->left > 0 ? psd_take_uint(from, 8) : 0;
  for (size_t i = 0; i < count; i++)
    numbers[i] = from->left > 0 ? (int64_t)psd_take_uint(from, 8) : PSD_SEEN_NONE;
  return place >= 1 && place <= all->count && !from->failed ? &all->pieces[place - 1] : NULL;
}

static psd_db_result take_found(psd_db *db, psd_sql sql, void *row) {
  arrays *all = row;
  size_t length = 0;
  int64_t numbers[FIND_NUMBERS - 1U];
  psd_db_result result = psd_column_block(db, sql, 0, all->rows, all->count * FIND_NUMBERS * 8U, &length);
  psd_cursor from = psd_cursor_over(all->rows, result == PSD_DB_DONE ? length : 0);
  for (psd_seen_piece *piece; (piece = next_row(all, &from, numbers, FIND_NUMBERS - 1U)) != NULL;) {
    piece->again = true;
    piece->first = numbers[0];
    piece->original = numbers[1];
  }
  return result == PSD_DB_DONE && !psd_cursor_done(&from) ? psd_damaged(db, sql) : result;
}

static psd_db_result take_beside(psd_db *db, psd_sql sql, void *row) {
  arrays *all = row;
  size_t length = 0;
  int64_t numbers[BESIDE_NUMBERS - 1U];
  psd_db_result result = psd_column_block(db, sql, 0, all->rows, all->count * BESIDE_NUMBERS * 8U, &length);
  psd_cursor from = psd_cursor_over(all->rows, result == PSD_DB_DONE ? length : 0);
  for (psd_seen_piece *piece; (piece = next_row(all, &from, numbers, BESIDE_NUMBERS - 1U)) != NULL;) {
    piece->below = numbers[0];
    piece->below_ascending = numbers[1];
    piece->above = numbers[2];
    piece->above_before = numbers[3];
  }
  return result == PSD_DB_DONE && !psd_cursor_done(&from) ? psd_damaged(db, sql) : result;
}

static bool has_compact(const arrays *all) {
  for (size_t i = 0; i < all->count; i++)
    if (all->pieces[i].ascending == PSD_SEEN_NONE)
      return true;
  return false;
}

static psd_db_result add_compact(psd_db *db, const arrays *all, int64_t now) {
  psd_value values[] = {psd_value_text(all->text[0]), psd_value_text(all->text[1]), psd_value_text(all->text[2]),
                        psd_value_text(all->text[3]), psd_value_number(now)};
  return psd_sql_run(db, PSD_SQL_SEEN_ADD_COMPACT_MANY, values, 5, NULL);
}

static psd_db_result run(psd_db *db, arrays *all, int64_t now) {
  psd_value values[ARRAYS + 1U];
  for (size_t i = 0; i < ARRAYS; i++)
    values[i] = psd_value_text(all->text[i]);
  values[ARRAYS] = psd_value_number(now);
  psd_db_result result = psd_sql_row(db, PSD_SQL_SEEN_FIND_MANY, values, 2, take_found, all);
  if (result == PSD_DB_DONE)
    result = psd_sql_run(db, PSD_SQL_SEEN_ADD_MANY, values, ARRAYS + 1U, NULL);
  if (result == PSD_DB_DONE && has_compact(all))
    result = add_compact(db, all, now);
  if (result == PSD_DB_DONE)
    result = psd_sql_row(db, PSD_SQL_SEEN_BESIDE_MANY, values, 2, take_beside, all);
  return result;
}

psd_db_result psd_seen_many(psd_db *db, psd_seen_piece *pieces, size_t count, int64_t now) {
  arrays all = {.pieces = pieces, .count = count, .rows = malloc(count * BESIDE_NUMBERS * 8U)};
  bool ready = all.rows != NULL;
  for (size_t i = 0; i < ARRAYS; i++)
    ready = ready && fill(&all, i);
  psd_db_result result = PSD_DB_FAILED;
  if (ready)
    result = run(db, &all, now);
  else
    psd_db_say(&db->words, "no memory");
  for (size_t i = 0; i < ARRAYS; i++)
    free(all.text[i]);
  free(all.rows);
  return result;
}
