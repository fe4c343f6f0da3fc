/* The inside of the data center: what several rules need. */
#ifndef PSD_DATACENTER_RULES_H
#define PSD_DATACENTER_RULES_H

#include "datacenter/datacenter.h"

/* The book of a register group: METER or SERVICES. */
psd_book psd_dc_group_book(const uint8_t device[8], psd_group group);
/* A movement that cannot fail unless the ledger is broken: REFUSED then. */
psd_db_result psd_dc_must_move(psd_db *db, const psd_movement *movement);
/* Brings the ledger of a register group to `expected`: an ADJUST movement between bank and meter, none if it is there.
 * Only `row` is changed. */
psd_db_result psd_dc_adjust(psd_db *db, psd_meter_row *row, psd_group group, int64_t expected, uint64_t time,
                            const char *reference);
/* The movement that an operation makes: its amount, PSD and number. */
psd_movement psd_dc_movement_of(const psd_op *op, psd_movement_kind kind, psd_book from, psd_book to, uint64_t time);
/* A PSD's number `sequence` is known now. With its first one its books are opened. Only `row` is changed: update it. */
psd_db_result psd_dc_note(psd_db *db, psd_meter_row *row, uint32_t sequence);
/* Ends the open operation: SETTLED, RELEASED or CLOSED, with its movement. `row` and `op` are changed with it. */
psd_db_result psd_dc_finish(psd_db *db, psd_meter_row *row, psd_op *op, psd_op_state state, uint64_t time,
                            const uint8_t *receipt, size_t length);
/* What an account has left: balance and credit. */
psd_db_result psd_dc_available(psd_db *db, int64_t account, uint64_t *available);

/* Certificates of its users that are held are good again, if neither a revocation nor an alarm is left. */
psd_db_result psd_dc_let_go(psd_db *db, const psd_meter_row *row);
/* A refill was settled that left `descending` in the registers of `group`, which have this mode: what was due for
 * revocations is collected, if that group pays for services. */
psd_db_result psd_dc_collected(psd_db *db, const psd_op *op, uint64_t mode, uint64_t descending);

/* Writes an alarm, holds the certificates of its users, locks the meter, and orders DISABLE if it was not locked by one
 * already. `row` is written too. */
psd_db_result psd_dc_alarm(psd_db *db, psd_meter_row *row, psd_alarm_reason reason, uint64_t time, const char *words);

/* The same, and the signal BALANCE. */
psd_db_result psd_dc_contradiction(psd_db *db, psd_meter_row *row, psd_alarm_reason reason, uint64_t time,
                                   const char *words, psd_signal *signal);

/* Puts an order, or takes back one that has no content and is not carried out yet. */
psd_db_result psd_dc_put_order(psd_db *db, psd_meter_row *row, unsigned action, const void *content, size_t length,
                               uint64_t time);
psd_db_result psd_dc_drop_order(psd_db *db, psd_meter_row *row, unsigned action);

/* The last audit; false without one. */
bool psd_dc_last_audit(const psd_meter_row *row, psd_audit *audit);
/* Its registers are of another mode than at the last audit: that was decided when it was personalised. */
bool psd_dc_other_mode(const psd_meter_row *row, const psd_audit *audit);
/* It has carried out DISABLE, nobody has opened it since, and it is in operation: what it was then was put back. */
bool psd_dc_runs_locked(const psd_meter_row *row, const psd_audit *audit);
/* The open operation; `*open` is NULL for none. */
psd_db_result psd_dc_open_op(psd_db *db, const psd_meter_row *row, psd_op *room, psd_op **open);
/* The operation that a request begins, in this state. `request` has at most PSD_FUNDS_REQUEST_MAX bytes. */
psd_op psd_dc_begun(const psd_meter_row *row, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                    psd_op_state state, uint64_t time);
/* Both were begun with the very same bytes. */
bool psd_dc_same_request(const psd_op *op, const psd_op *other);
/* What the ledger would have to say if the last audit, and what was moved since, are right. REFUSED if no ledger could
 * say it. In current-account mode what it has, but for a card that shows less. */
psd_db_result psd_dc_expected(psd_db *db, const psd_meter_row *row, const psd_op *op, const psd_audit *audit,
                              int64_t expected[2]);

/* Who made a signed statement. */
#define PSD_DC_DEVICE(parsed, device) psd_dc_device((parsed)->vendor, (parsed)->model, (parsed)->serial, device)
void psd_dc_device(const uint8_t vendor[2], const uint8_t model[2], uint64_t serial, uint8_t device[8]);
/* The meter that made it; NONE if there is one, or STATE. */
#define PSD_DC_SIGNER(db, parsed, row, signal)                                                                         \
  psd_dc_signer(db, (parsed)->vendor, (parsed)->model, (parsed)->serial, row, signal)
psd_db_result psd_dc_signer(psd_db *db, const uint8_t vendor[2], const uint8_t model[2], uint64_t serial,
                            psd_meter_row *row, psd_signal *signal);

#endif
