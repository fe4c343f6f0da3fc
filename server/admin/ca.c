/* psd-server ca requests, accept, reject: whether somebody is who he says (VM 514). */
#include "admin/ca.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

int psd_admin_open_number(psd_admin *admin, uint64_t most, uint64_t *number) {
  if (!psd_admin_number(admin->argv[0], most, number))
    return psd_admin_usage(admin, "%s is no number that psd-server %s list shows", admin->argv[0], admin->verb->group);
  return psd_admin_open(admin, false);
}

static const char *status_of(const psd_ca_request *request) {
  return request->grant_length != 0 ? "issued" : psd_authority_status_row((uint64_t)request->status)->name;
}

typedef struct request_show {
  const psd_admin *admin;
  psd_json *json;
} request_show;

static void request_json(psd_json *json, const psd_ca_request *request, const char *device) {
  psd_json_object(json, NULL);
  psd_json_number(json, "id", (uint64_t)request->id);
  psd_json_string(json, "psd", device);
  psd_json_number(json, "number", request->number);
  psd_json_number(json, "slot", request->slot);
  psd_json_string(json, "purpose", psd_purpose_row(request->purpose)->name);
  psd_json_string(json, "algorithm", psd_algorithm_row(request->algorithm)->name);
  psd_json_bool(json, "renewal", request->renewal);
  psd_json_string(json, "status", status_of(request));
  psd_admin_json_time(json, "time", "time_seconds", request->time);
  psd_admin_json_time(json, "decided", "decided_seconds", request->decided);
  psd_json_number(json, "certificate", request->certificate);
  psd_json_string(json, "name", request->name);
  psd_json_string(json, "organization", request->organization);
  psd_json_string(json, "why", request->why);
  psd_json_end_object(json);
}

static bool show_request(void *context, const psd_ca_request *request) {
  const request_show *at = context;
  char device[PSD_ADMIN_DEVICE_WORDS], time[PSD_ADMIN_TIME_WORDS];
  (void)psd_admin_device_words(request->device, device);
  if (at->admin->json) {
    request_json(at->json, request, device);
    return true;
  }
  printf("%6" PRId64 " %-14s %4u %-8s %-8s %-23s ", request->id, device, request->slot,
         psd_purpose_row(request->purpose)->name, status_of(request), psd_admin_time(request->time, time));
  psd_admin_cell(request->name, 24);
  psd_admin_cell(request->organization, request->why[0] != '\0' ? 24 : 0);
  psd_admin_cell(request->why, 0);
  puts("");
  return true;
}

static psd_db_result list_requests(psd_admin *admin, psd_json *json) {
  request_show at = {admin, json};
  return psd_ca_request_list(admin->db, (admin->given & PSD_ADMIN_ALL) == 0, show_request, &at);
}

int psd_admin_ca_requests(psd_admin *admin) {
  return psd_admin_list(
      admin,
      "    ID PSD            SLOT PURPOSE  STATUS   ASKED                   NAME                     ORGANIZATION",
      "request", list_requests);
}

typedef struct decision {
  uint64_t id;
} decision;

static psd_db_result accept(psd_admin *admin, void *context) {
  const decision *at = context;
  return psd_ca_accept(admin->db, (int64_t)at->id, (uint64_t)time(NULL));
}

static psd_db_result reject(psd_admin *admin, void *context) {
  const decision *at = context;
  return psd_ca_reject(admin->db, (int64_t)at->id, admin->reason, (uint64_t)time(NULL));
}

static int decide(psd_admin *admin, psd_admin_work *work, const char *done) {
  decision at = {0};
  int status = psd_admin_open_number(admin, INT64_MAX, &at.id);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, work, &at);
  if (result == PSD_DB_ABSENT)
    return psd_admin_refuse("there is no request %s: see psd-server ca requests", admin->argv[0]);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("request %s was decided before, or its meter is out of service: see psd-server ca requests "
                            "--all",
                            admin->argv[0]);
  return result == PSD_DB_DONE ? psd_admin_done(admin, done)
                               : psd_admin_failed(admin, result, "request", admin->argv[0]);
}

int psd_admin_ca_accept(psd_admin *admin) {
  return decide(admin, accept, "accepted: its holder gets the certificate when he asks for it");
}

int psd_admin_ca_reject(psd_admin *admin) {
  return decide(admin, reject, "rejected");
}
