/* psd-server meter revoke, restore, revoked: PSDs that are refused, and their certificates. */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/command.h"

typedef struct revocation {
  const psd_admin_device *named;
  bool revoked;
} revocation;

static psd_db_result change(psd_admin *admin, void *context) {
  const revocation *at = context;
  return at->revoked ? psd_dc_revoke(admin->db, at->named->device, (uint64_t)time(NULL))
                     : psd_dc_restore(admin->db, at->named->device);
}

static int set_revoked(psd_admin *admin, bool revoked) {
  psd_admin_device named;
  int status = psd_admin_open_device(admin, admin->argc, &named);
  if (status != PSD_EXIT_DONE)
    return status;
  revocation at = {&named, revoked};
  psd_db_result result = psd_admin_change(admin, change, &at);
  return result == PSD_DB_DONE ? psd_admin_done(admin, revoked ? "PSD revoked" : "PSD restored")
                               : psd_admin_failed(admin, result, "PSD", named.words);
}

int psd_admin_meter_revoke(psd_admin *admin) {
  return set_revoked(admin, true);
}

int psd_admin_meter_restore(psd_admin *admin) {
  return set_revoked(admin, false);
}

/* As RFC 5280, 5.3.1 names it. */
static const char *reason_name(psd_revocation reason) {
  return reason == PSD_REVOCATION_HOLD ? "certificateHold" : "cessationOfOperation";
}

typedef struct revoked_list {
  psd_admin *admin;
  psd_json *json;
} revoked_list;

static bool show_revoked(void *context, const psd_certificate_row *row) {
  const revoked_list *at = context;
  char device[PSD_ADMIN_DEVICE_WORDS], revoked[PSD_ADMIN_TIME_WORDS];
  (void)psd_admin_device_words(row->device, device);
  if ((at->admin->given & PSD_ADMIN_CSV) != 0) {
    printf("%" PRIu32 ",%" PRIu64 ",%s\n", row->number, row->revoked, reason_name(row->reason));
  } else if (!at->admin->json) {
    printf("%10" PRIu32 " %-14s %-23s %s\n", row->number, device, psd_admin_time(row->revoked, revoked),
           reason_name(row->reason));
  } else {
    psd_json_object(at->json, NULL);
    psd_json_number(at->json, "serial", row->number);
    psd_json_string(at->json, "psd", device);
    psd_admin_json_time(at->json, "revoked", "revoked_seconds", row->revoked);
    psd_json_string(at->json, "reason", reason_name(row->reason));
    psd_json_end_object(at->json);
  }
  return true;
}

static psd_db_result list(psd_admin *admin, psd_json *json) {
  revoked_list at = {admin, json};
  return psd_db_certificate_list(admin->db, true, show_revoked, &at);
}

int psd_admin_meter_revoked(psd_admin *admin) {
  bool csv = (admin->given & PSD_ADMIN_CSV) != 0;
  if (csv && admin->json)
    return psd_admin_usage(admin, "meter revoked is shown either as --csv or as --json");
  return psd_admin_list(admin, csv ? "serial,time,reason" : "    SERIAL PSD            REVOKED                 REASON",
                        "certificate", list);
}
