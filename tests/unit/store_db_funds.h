/* Meters with funds on the bench of store_db.h: what a card would say, and what the data center makes of it. */
#ifndef STORE_DB_FUNDS_H
#define STORE_DB_FUNDS_H

#include "datacenter/datacenter.h"
#include "store_db.h"

#define NOW 1800000000U

/* Account "1000", of user "alice", with `amount` mills; its identifier. */
int64_t with_account(psd_db *db, uint64_t amount);
/* A PSD that is alice's. */
void meter_put(psd_db *db, uint32_t serial);
psd_meter_row meter_of(psd_db *db, uint32_t serial);
int64_t balance_of(psd_db *db, psd_book_kind kind, int64_t owner);
int64_t balance_of_meter(psd_db *db, psd_book_kind kind, uint32_t serial);
/* The sum of all books is zero. */
bool zero_sum(psd_db *db);

/* What a card says, signed with bytes that differ for each `nonce`. The control total is as the message has it. */
typedef struct funds_said {
  psd_funds_request request;
  psd_funds_receipt receipt;
  uint8_t bytes[PSD_FUNDS_REQUEST_MAX];
  size_t length;
} funds_said;
funds_said request_of(psd_operation_state operation, uint32_t serial, uint32_t sequence, uint64_t amount,
                      uint64_t control_total);
funds_said receipt_of(psd_operation_state operation, uint32_t serial, uint32_t sequence, uint64_t amount,
                      uint64_t control_total);

/* Each in a transaction of its own; the signal, and the test fails for a result that is not DONE. */
psd_signal reserve(psd_db *db, const funds_said *said);
psd_signal settle(psd_db *db, const funds_said *said);
psd_signal release(psd_db *db, const funds_said *said);
psd_signal withdrawn(psd_db *db, const funds_said *said);
psd_signal closed(psd_db *db, const funds_said *said);
psd_finding audited(psd_db *db, const psd_audit *audit);
/* An audit of a card in separate mode; change it. */
psd_audit card_audit(uint32_t serial, psd_operation_state operation, uint32_t sequence, uint64_t amount,
                     uint64_t control_total);

#endif
