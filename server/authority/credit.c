/* Applications for credit and lines of credit, as they lie in the database. */
#include <string.h>

#include "authority/credit.h"

/* The columns of CREDIT_GET. */
static psd_db_result take_texts(psd_db *db, psd_sql sql, psd_credit_row *line) {
  psd_db_result result = psd_desk_words(db, sql, 15, line->name, sizeof line->name);
  if (result == PSD_DB_DONE)
    result = psd_desk_words(db, sql, 16, line->use, sizeof line->use);
  if (result == PSD_DB_DONE)
    result = psd_desk_words(db, sql, 17, line->why, sizeof line->why);
  if (result == PSD_DB_DONE)
    result = psd_column_bytes_or_null(db, sql, 18, line->hash, sizeof line->hash);
  if (result == PSD_DB_DONE)
    result = psd_column_block(db, sql, 19, line->der, sizeof line->der, &line->length);
  return result;
}

psd_db_result psd_desk_take_credit(psd_db *db, psd_sql sql, void *row) {
  psd_credit_row *line = row;
  memset(line, 0, sizeof *line);
  line->id = psd_column_number(db, sql, 0);
  psd_device_of(psd_column_number(db, sql, 1), line->device);
  line->account = psd_column_number(db, sql, 2);
  line->holder = (uint32_t)psd_column_number(db, sql, 3);
  line->asked = (uint64_t)psd_column_number(db, sql, 4);
  line->amount = (uint64_t)psd_column_number(db, sql, 5);
  line->time = (uint64_t)psd_column_number(db, sql, 6);
  line->decided = (uint64_t)psd_column_number(db, sql, 7);
  line->status = (psd_authority_status)psd_column_number(db, sql, 8);
  line->certificate = (uint32_t)psd_column_number(db, sql, 9);
  line->from = (uint64_t)psd_column_number(db, sql, 10);
  line->until = (uint64_t)psd_column_number(db, sql, 11);
  line->revoked = (uint64_t)psd_column_number(db, sql, 12);
  line->blocked = psd_column_flag(db, sql, 13);
  line->settled = (uint64_t)psd_column_number(db, sql, 14);
  return take_texts(db, sql, line);
}

psd_db_result psd_credit_get(psd_db *db, int64_t id, psd_credit_row *line) {
  psd_value values[] = {psd_value_number(id)};
  return psd_sql_row(db, PSD_SQL_CREDIT_GET, values, 1, psd_desk_take_credit, line);
}

psd_db_result psd_credit_last(psd_db *db, const uint8_t device[8], psd_credit_row *line) {
  int64_t number = 0;
  if (!psd_device_number(device, &number))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(number)};
  return psd_sql_row(db, PSD_SQL_CREDIT_LAST, values, 1, psd_desk_take_credit, line);
}

typedef struct papers {
  uint8_t content[PSD_CA_PAPER_MAX];
  size_t length;
} papers;

static psd_db_result take_papers(psd_db *db, psd_sql sql, void *row) {
  papers *at = row;
  return psd_column_block(db, sql, 0, at->content, sizeof at->content, &at->length);
}

psd_db_result psd_credit_papers(psd_db *db, int64_t id, uint8_t *application, size_t capacity, size_t *length) {
  papers at = {.length = 0};
  psd_value values[] = {psd_value_number(id)};
  psd_db_result result = psd_sql_row(db, PSD_SQL_CREDIT_PAPERS, values, 1, take_papers, &at);
  *length = at.length;
  if (result == PSD_DB_DONE && at.length > capacity)
    return PSD_DB_REFUSED;
  if (result == PSD_DB_DONE)
    memcpy(application, at.content, at.length);
  return result;
}

typedef struct credit_visit {
  psd_credit_visitor *visit;
  void *user;
} credit_visit;

static int64_t credit_key(const void *row) {
  return ((const psd_credit_row *)row)->id;
}

static bool visit_credit(void *context, const void *row) {
  const credit_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_credit_list(psd_db *db, bool open_only, psd_credit_visitor *visit, void *user) {
  psd_listing listing = {open_only ? PSD_SQL_CREDIT_LIST_OPEN : PSD_SQL_CREDIT_LIST,
                         sizeof(psd_credit_row),
                         0,
                         psd_desk_take_credit,
                         credit_key,
                         visit_credit};
  credit_visit context = {visit, user};
  return psd_sql_list(db, &listing, &context);
}
