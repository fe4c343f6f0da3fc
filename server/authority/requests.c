/* Requests for certificates, as they lie in the database. */
#include <string.h>

#include "authority/desk.h"

/* The columns of REQUEST_GET. */
static psd_db_result take_texts(psd_db *db, psd_sql sql, psd_ca_request *request) {
  psd_db_result result = psd_desk_words(db, sql, 12, request->organization, sizeof request->organization);
  if (result == PSD_DB_DONE)
    result = psd_desk_words(db, sql, 13, request->name, sizeof request->name);
  if (result == PSD_DB_DONE)
    result = psd_desk_words(db, sql, 14, request->why, sizeof request->why);
  return result;
}

static psd_db_result take_request(psd_db *db, psd_sql sql, void *row) {
  psd_ca_request *request = row;
  memset(request, 0, sizeof *request);
  request->id = psd_column_number(db, sql, 0);
  psd_device_of(psd_column_number(db, sql, 1), request->device);
  request->number = (uint32_t)psd_column_number(db, sql, 2);
  request->slot = (uint8_t)psd_column_number(db, sql, 3);
  request->purpose = (uint8_t)psd_column_number(db, sql, 4);
  request->algorithm = (uint8_t)psd_column_number(db, sql, 5);
  request->renewal = psd_column_flag(db, sql, 6);
  request->user_id = psd_column_number(db, sql, 7);
  request->time = (uint64_t)psd_column_number(db, sql, 8);
  request->decided = (uint64_t)psd_column_number(db, sql, 9);
  request->status = (psd_authority_status)psd_column_number(db, sql, 10);
  request->certificate = (uint32_t)psd_column_number(db, sql, 11);
  psd_db_result result = take_texts(db, sql, request);
  if (result == PSD_DB_DONE)
    result = psd_column_block(db, sql, 15, request->sealed, sizeof request->sealed, &request->sealed_length);
  if (result == PSD_DB_DONE)
    result = psd_column_block(db, sql, 16, request->grant, sizeof request->grant, &request->grant_length);
  return result;
}

psd_db_result psd_ca_request_find(psd_db *db, const uint8_t device[8], uint32_t number, psd_ca_request *request) {
  int64_t key = 0;
  if (!psd_device_number(device, &key))
    return PSD_DB_ABSENT;
  psd_value values[] = {psd_value_number(key), psd_value_number(number)};
  return psd_sql_row(db, PSD_SQL_REQUEST_FIND, values, 2, take_request, request);
}

psd_db_result psd_ca_request_get(psd_db *db, int64_t id, psd_ca_request *request) {
  psd_value values[] = {psd_value_number(id)};
  return psd_sql_row(db, PSD_SQL_REQUEST_GET, values, 1, take_request, request);
}

typedef struct request_visit {
  psd_ca_request_visitor *visit;
  void *user;
} request_visit;

static int64_t request_key(const void *row) {
  return ((const psd_ca_request *)row)->id;
}

static bool visit_request(void *context, const void *row) {
  const request_visit *visit = context;
  return visit->visit(visit->user, row);
}

psd_db_result psd_ca_request_list(psd_db *db, bool open_only, psd_ca_request_visitor *visit, void *user) {
  psd_listing listing = {open_only ? PSD_SQL_REQUEST_LIST_OPEN : PSD_SQL_REQUEST_LIST,
                         sizeof(psd_ca_request),
                         0,
                         take_request,
                         request_key,
                         visit_request};
  request_visit context = {visit, user};
  return psd_sql_list(db, &listing, &context);
}
