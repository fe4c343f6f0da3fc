/* Whether somebody is who he says (VM 514): by the users' register, or by the operator. */
#include <stdio.h>
#include <string.h>

#include "authority/desk.h"

static const char newer[] = "a newer request took its place";

/* The names asked for are his own, or his account's. */
static psd_db_result is_known(psd_db *db, const psd_ca_request *request, const char *user, bool *known) {
  char name[33], number[33];
  psd_account account;
  *known = false;
  if (user == NULL || request->user_id == 0)
    return PSD_DB_DONE;
  psd_db_result result = psd_db_user_name(db, request->user_id, name, number);
  if (result == PSD_DB_DONE && strcmp(name, user) != 0)
    return PSD_DB_DONE;
  if (result == PSD_DB_DONE)
    result = psd_db_account_find(db, number, &account);
  if (result == PSD_DB_DONE)
    *known = !account.suspended && (strcmp(request->name, name) == 0 || strcmp(request->name, account.name) == 0) &&
             (request->organization[0] == '\0' || strcmp(request->organization, account.name) == 0);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static bool sensible(const psd_ca_request *request) {
  return request->number != 0 && request->slot >= 1 && request->slot <= PSD_USER_SLOTS &&
         psd_purpose_row(request->purpose)->name != NULL && psd_algorithm_row(request->algorithm)->name != NULL &&
         request->time <= INT64_MAX && psd_name_valid(request->name, PSD_NAME_MAX) &&
         psd_desk_text_fits(request->organization, sizeof request->organization) &&
         request->sealed_length >= PSD_SIZE_CERTIFICATE_REQUEST && request->sealed_length <= sizeof request->sealed;
}

static psd_db_result add(psd_db *db, psd_ca_request *request) {
  int64_t device = 0;
  (void)psd_device_number(request->device, &device);
  psd_value values[] = {psd_value_number(device),
                        psd_value_number(request->number),
                        psd_value_number(request->slot),
                        psd_value_number(request->purpose),
                        psd_value_number(request->algorithm),
                        psd_value_number(request->renewal),
                        psd_value_number(request->user_id),
                        psd_value_number((int64_t)request->time),
                        psd_value_number((int64_t)request->decided),
                        psd_value_number((int64_t)request->status),
                        psd_value_number(request->certificate),
                        psd_value_text(request->organization),
                        psd_value_text(request->name),
                        psd_value_text(request->why),
                        psd_value_bytes(request->sealed, request->sealed_length)};
  return psd_sql_row(db, PSD_SQL_REQUEST_ADD, values, 15, psd_take_number, &request->id);
}

/* Newer requests of a slot make older ones void, in whatever order they come. */
static psd_db_result make_place(psd_db *db, psd_ca_request *request) {
  int64_t device = 0;
  uint64_t newest = 0;
  (void)psd_device_number(request->device, &device);
  psd_value values[] = {psd_value_number(device), psd_value_number(request->slot),
                        psd_value_number((int64_t)request->time), psd_value_text(newer)};
  psd_db_result result = psd_desk_number(db, PSD_SQL_REQUEST_NEWEST, values, 2, &newest);
  if (result == PSD_DB_DONE && newest < request->number)
    return psd_sql_run(db, PSD_SQL_REQUEST_VOID, values, 4, NULL);
  request->status = PSD_AUTHORITY_REJECTED;
  (void)snprintf(request->why, sizeof request->why, "%s", newer);
  return result;
}

/* 514, where nobody has to be asked. */
static psd_db_result vet(psd_db *db, psd_ca_request *request, psd_ca_vetting vetting, const char *user) {
  bool known = false;
  psd_db_result result = PSD_DB_DONE;
  if (request->status == PSD_AUTHORITY_PENDING && vetting == PSD_CA_BY_USER)
    result = is_known(db, request, user, &known);
  if (result == PSD_DB_DONE && known) {
    request->status = PSD_AUTHORITY_ACCEPTED;
    result = psd_db_certificate_number(db, &request->certificate);
  }
  if (request->status != PSD_AUTHORITY_PENDING)
    request->decided = request->time;
  return result;
}

static bool same(const psd_ca_request *one, const psd_ca_request *other) {
  return one->sealed_length == other->sealed_length && memcmp(one->sealed, other->sealed, one->sealed_length) == 0;
}

psd_db_result psd_ca_requested(psd_db *db, psd_ca_request *request, psd_ca_vetting vetting, const char *user) {
  psd_ca_request there;
  psd_meter_row meter;
  if (!sensible(request))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_ca_request_find(db, request->device, request->number, &there);
  if (result == PSD_DB_DONE && !same(request, &there))
    return PSD_DB_EXISTS;
  if (result == PSD_DB_DONE)
    *request = there;
  if (result != PSD_DB_ABSENT)
    return result;
  result = psd_desk_meter(db, request->device, &meter);
  request->status = PSD_AUTHORITY_PENDING;
  request->decided = 0;
  request->certificate = 0;
  request->grant_length = 0;
  request->why[0] = '\0';
  if (result == PSD_DB_DONE)
    result = make_place(db, request);
  if (result == PSD_DB_DONE)
    result = vet(db, request, vetting, user);
  return result == PSD_DB_DONE ? add(db, request) : result;
}

psd_db_result psd_ca_accept(psd_db *db, int64_t id, uint64_t time) {
  psd_ca_request request;
  psd_meter_row meter;
  uint32_t number = 0;
  psd_db_result result = psd_ca_request_get(db, id, &request);
  if (result == PSD_DB_DONE && (request.status != PSD_AUTHORITY_PENDING || time == 0 || time > INT64_MAX))
    return PSD_DB_REFUSED;
  if (result == PSD_DB_DONE)
    result = psd_desk_meter(db, request.device, &meter);
  if (result == PSD_DB_DONE)
    result = psd_db_certificate_number(db, &number);
  psd_value values[] = {psd_value_number(id), psd_value_number((int64_t)time), psd_value_number(number)};
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_REQUEST_ACCEPT, values, 3) : result;
}

psd_db_result psd_ca_reject(psd_db *db, int64_t id, const char *why, uint64_t time) {
  psd_ca_request request;
  psd_value values[] = {psd_value_number(id), psd_value_number((int64_t)time), psd_value_text(why)};
  if (!psd_name_valid(why, sizeof request.why - 1) || time == 0 || time > INT64_MAX)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_ca_request_get(db, id, &request);
  return result == PSD_DB_DONE ? psd_desk_change(db, PSD_SQL_REQUEST_REJECT, values, 3) : result;
}
