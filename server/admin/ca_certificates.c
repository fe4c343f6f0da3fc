/* psd-server ca revoke, revoke-meter, sweep: revocation that the authority itself begins (figure 6, forced). */
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "admin/ca.h"

#define DAY 86400U

typedef struct revocation {
  uint64_t number, count;
  psd_admin_device named;
  psd_reason reason;
} revocation;

static uint64_t now(void) {
  return (uint64_t)time(NULL);
}

/* A hold belongs to a meter that is refused, and ends with it. */
static int take_reason(const psd_admin *admin, psd_reason *reason) {
  const psd_named *row = psd_reason_named(admin->reason);
  if (row == NULL || row->value == PSD_REASON_HOLD)
    return psd_admin_usage(admin, "--reason is unspecified, key-compromise, affiliation-changed, superseded, cessation "
                                  "or privilege-withdrawn");
  *reason = (psd_reason)row->value;
  return PSD_EXIT_DONE;
}

static psd_db_result revoke(psd_admin *admin, void *context) {
  const revocation *at = context;
  return psd_ca_revoke(admin->db, (uint32_t)at->number, at->reason, PSD_CA_OPERATOR, (psd_proof_bytes){NULL, 0}, now());
}

int psd_admin_ca_revoke(psd_admin *admin) {
  revocation at = {.count = 0};
  int status = take_reason(admin, &at.reason);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open_number(admin, UINT32_MAX, &at.number);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, revoke, &at);
  return result == PSD_DB_DONE ? psd_admin_done(admin, "revoked: its meter destroys the key in its next session")
                               : psd_admin_failed(admin, result, "certificate", admin->argv[0]);
}

static int tell(const psd_admin *admin, uint64_t count) {
  if (!admin->json) {
    printf("%" PRIu64 " certificate%s revoked\n", count, count == 1 ? "" : "s");
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_number(&json, "revoked", count);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

static psd_db_result revoke_meter(psd_admin *admin, void *context) {
  revocation *at = context;
  return psd_ca_revoke_device(admin->db, at->named.device, at->reason, PSD_CA_OPERATOR, now(), &at->count);
}

int psd_admin_ca_revoke_meter(psd_admin *admin) {
  revocation at = {.count = 0};
  psd_meter_row row;
  int status = take_reason(admin, &at.reason);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open_meter(admin, admin->argc, &at.named, &row);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, revoke_meter, &at);
  return result == PSD_DB_DONE ? tell(admin, at.count) : psd_admin_failed(admin, result, "PSD", at.named.words);
}

static psd_db_result sweep(psd_admin *admin, void *context) {
  revocation *at = context;
  uint64_t overdue = (admin->given & PSD_ADMIN_OVERDUE) != 0 ? (uint64_t)admin->overdue * DAY : UINT64_MAX;
  uint64_t unpaid = (admin->given & PSD_ADMIN_UNPAID) != 0 ? (uint64_t)admin->unpaid * DAY : UINT64_MAX;
  return psd_ca_sweep(admin->db, overdue, unpaid, now(), &at->count);
}

int psd_admin_ca_sweep(psd_admin *admin) {
  revocation at = {.count = 0};
  if ((admin->given & (PSD_ADMIN_OVERDUE | PSD_ADMIN_UNPAID)) == 0)
    return psd_admin_usage(admin, "ca sweep needs --overdue, --unpaid or both");
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, sweep, &at);
  return result == PSD_DB_DONE ? tell(admin, at.count) : psd_admin_failed(admin, result, "certificate", "");
}
