/* psd-server credit approve, reject, revoke, remit: whether credit is given (804), and what merchants get. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "admin/ca.h"

typedef struct decision {
  uint64_t id, amount;
} decision;

static uint64_t now(void) {
  return (uint64_t)time(NULL);
}

/* Without an amount, what was asked for. */
static psd_db_result approve(psd_admin *admin, void *context) {
  const decision *at = context;
  psd_credit_row line;
  psd_db_result result = psd_credit_get(admin->db, (int64_t)at->id, &line);
  if (result != PSD_DB_DONE)
    return result;
  return psd_credit_approve(admin->db, line.id, at->amount != 0 ? at->amount : line.asked, now());
}

static psd_db_result reject(psd_admin *admin, void *context) {
  const decision *at = context;
  return psd_credit_reject(admin->db, (int64_t)at->id, admin->reason, now());
}

static psd_db_result revoke(psd_admin *admin, void *context) {
  const decision *at = context;
  return psd_credit_revoke(admin->db, (int64_t)at->id, now());
}

static int decide(psd_admin *admin, decision *at, psd_admin_work *work, const char *done, const char *refusal) {
  int status = psd_admin_open_number(admin, INT64_MAX, &at->id);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, work, at);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("application %s %s: see psd-server credit show %s", admin->argv[0], refusal,
                            admin->argv[0]);
  return result == PSD_DB_DONE ? psd_admin_done(admin, done)
                               : psd_admin_failed(admin, result, "application", admin->argv[0]);
}

int psd_admin_credit_approve(psd_admin *admin) {
  decision at = {.amount = 0};
  int status = admin->argc == 2 ? psd_admin_take_amount(admin, admin->argv[1], &at.amount) : PSD_EXIT_DONE;
  return status != PSD_EXIT_DONE
             ? status
             : decide(admin, &at, approve, "approved: its holder gets the line of credit when he asks for it",
                      "was decided before, asks for less, or is signed with a certificate that is not good any more");
}

int psd_admin_credit_reject(psd_admin *admin) {
  decision at = {.amount = 0};
  return decide(admin, &at, reject, "rejected", "was decided before");
}

int psd_admin_credit_revoke(psd_admin *admin) {
  decision at = {.amount = 0};
  return decide(admin, &at, revoke, "revoked: nothing more of it is settled", "was never approved");
}

typedef struct remittance {
  uint64_t amount;
} remittance;

static psd_db_result remit(psd_admin *admin, void *context) {
  const remittance *at = context;
  return psd_credit_remit(admin->db, admin->argv[0], at->amount, admin->reference, now());
}

int psd_admin_credit_remit(psd_admin *admin) {
  remittance at = {0};
  int status = psd_admin_take_amount(admin, admin->argv[1], &at.amount);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, remit, &at);
  if (result == PSD_DB_EXISTS)
    return psd_admin_refuse("reference %s was used before for %s: nothing was moved", admin->reference, admin->argv[0]);
  if (result == PSD_DB_ABSENT)
    return psd_admin_refuse("%s has not so much to get: see psd-server credit payees", admin->argv[0]);
  return result == PSD_DB_DONE ? psd_admin_done(admin, "remitted")
                               : psd_admin_failed(admin, result, "payee", admin->argv[0]);
}
