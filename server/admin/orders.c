/* psd-server meter lock, unlock, move, limits, watchdog, credit-limit, clock, zeroize: what the next session brings a
 * meter. */
#include <stdio.h>
#include <time.h>

#include "admin/meter.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"

#define DAY 86400U

/* An order and for whom; for LOCK and the like the content is empty. */
typedef struct order {
  psd_admin_device named;
  psd_meter_row row;
  unsigned action;
  uint8_t content[PSD_ORDER_CONTENT_MAX];
  size_t length;
} order;

static uint64_t now(void) {
  return (uint64_t)time(NULL);
}

/* Does `work`; what is refused is told in `words`. */
static int carry_out(psd_admin *admin, order *at, psd_admin_work *work, const char *done, const char *words) {
  psd_db_result result = psd_admin_change(admin, work, at);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("%s: %s", at->named.words, words);
  return result == PSD_DB_DONE ? psd_admin_done(admin, done) : psd_admin_failed(admin, result, "PSD", at->named.words);
}

/* The same for a command without more arguments than the PSD. */
static int begin_and(psd_admin *admin, psd_admin_work *work, const char *done, const char *words) {
  order at;
  int status = psd_admin_open_meter(admin, admin->argc, &at.named, &at.row);
  return status != PSD_EXIT_DONE ? status : carry_out(admin, &at, work, done, words);
}

static psd_db_result lock(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_dc_lock(admin->db, at->named.device, now());
}

int psd_admin_meter_lock(psd_admin *admin) {
  return begin_and(admin, lock, "locked: no funds are moved, and its next session locks the meter",
                   "cannot be locked: it is out of service");
}

static psd_db_result unlock(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_dc_unlock(admin->db, at->named.device, (admin->given & PSD_ADMIN_ACCEPT) != 0, now());
}

int psd_admin_meter_unlock(psd_admin *admin) {
  return begin_and(admin, unlock, "unlocked: its next session unlocks the meter",
                   "its registers and the ledger do not agree (psd-server meter show, reconcile): --accept takes the "
                   "registers for right, but not of a card that was put back, which is to be written off");
}

static psd_db_result write_off(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_dc_write_off(admin->db, at->named.device, now());
}

int psd_admin_meter_write_off(psd_admin *admin) {
  return begin_and(admin, write_off, "written off: what was reserved is the account's again, the rest the bank's",
                   "it is nobody's, or out of service already: psd-server meter revoke refuses it");
}

static psd_db_result accept(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_db_evidence_accept(admin->db, at->named.device, now());
}

int psd_admin_evidence_accept(psd_admin *admin) {
  return begin_and(admin, accept, "accepted: reconcile tells of what is seen from now on", "cannot be accepted");
}

static psd_db_result move(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_dc_move(admin->db, at->named.device, admin->zip, admin->licence, now());
}

int psd_admin_meter_move(psd_admin *admin) {
  return begin_and(admin, move, "moved: its next session brings ZIP, licence and a certificate",
                   "cannot be moved: it is out of service");
}

static psd_db_result put_order(psd_admin *admin, void *context) {
  const order *at = context;
  return psd_dc_order(admin->db, at->named.device, at->action, at->content, at->length, now());
}

/* Orders the layout `id` with `value` for the PSD that the first `count` arguments name. */
static int order_message(psd_admin *admin, int count, unsigned action, psd_message_id id, const void *value) {
  order at = {.action = action};
  psd_buffer content = psd_buffer_over(at.content, sizeof at.content);
  psd_put_message(&content, id, value);
  at.length = content.length;
  int status = psd_admin_open_meter(admin, count, &at.named, &at.row);
  return status != PSD_EXIT_DONE ? status
                                 : carry_out(admin, &at, put_order, "ordered for its next session",
                                             "cannot be ordered: it is out of service");
}

int psd_admin_meter_limits(psd_admin *admin) {
  const psd_limits *limits = &admin->limits;
  if (limits->minimum_postage > limits->maximum_postage)
    return psd_admin_usage(admin, "--minimum-postage is above --maximum-postage");
  if (limits->minimum_refill > limits->maximum_refill)
    return psd_admin_usage(admin, "--minimum-refill is above --maximum-refill");
  return order_message(admin, admin->argc, PSD_ACTION_LIMITS, PSD_MESSAGE_LIMITS, limits);
}

int psd_admin_meter_watchdog(psd_admin *admin) {
  const psd_watchdog watchdog = {.warn_after = (uint64_t)admin->warn * DAY, .lock_after = (uint64_t)admin->lock * DAY};
  if (admin->warn > admin->lock)
    return psd_admin_usage(admin, "--warn comes after --lock");
  return order_message(admin, admin->argc, PSD_ACTION_WATCHDOG, PSD_MESSAGE_WATCHDOG, &watchdog);
}

/* The server tells the time when it hands the order out: the one in here only says that there is one. */
int psd_admin_meter_clock(psd_admin *admin) {
  const psd_clock clock = {.now = now(), .set = 1};
  return order_message(admin, admin->argc, PSD_ACTION_CLOCK, PSD_MESSAGE_CLOCK, &clock);
}

int psd_admin_meter_credit_limit(psd_admin *admin) {
  order at = {.action = PSD_ACTION_CREDIT_LIMIT};
  psd_credit_line line = {.credit_limit = 0};
  psd_audit audit;
  psd_buffer content = psd_buffer_over(at.content, sizeof at.content);
  int status = psd_admin_take_amount(admin, admin->argv[admin->argc - 1], &line.credit_limit);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_put_message(&content, PSD_MESSAGE_CREDIT_LINE, &line);
  at.length = content.length;
  status = psd_admin_open_meter(admin, admin->argc - 1, &at.named, &at.row);
  if (status != PSD_EXIT_DONE)
    return status;
  if (psd_admin_audit_of(&at.row, &audit) && audit.mode != PSD_FUNDS_ACCOUNT)
    return psd_admin_refuse("%s is no current-account meter: it takes refills", at.named.words);
  return carry_out(admin, &at, put_order, "ordered for its next session", "cannot be ordered: it is out of service");
}

int psd_admin_meter_zeroize(psd_admin *admin) {
  order at = {.action = PSD_ACTION_ZEROIZE};
  psd_audit audit;
  int status = psd_admin_open_meter(admin, admin->argc, &at.named, &at.row);
  if (status != PSD_EXIT_DONE)
    return status;
  bool over = at.row.withdrawn || (psd_admin_audit_of(&at.row, &audit) &&
                                   (audit.state == PSD_STATE_WITHDRAWN || audit.state == PSD_STATE_FAULTED));
  if (!over)
    return psd_admin_refuse("%s is in service: a meter is zeroized after its last withdrawal, or faulted",
                            at.named.words);
  return carry_out(admin, &at, put_order, "its next session erases its keys", "cannot be ordered");
}
