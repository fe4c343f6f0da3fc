#include "store_db_funds.h"

#include <string.h>

int64_t with_account(psd_db *db, uint64_t amount) {
  int64_t account = with_user(db, "alice", 1).account;
  if (amount > 0)
    CU_ASSERT_EQUAL_FATAL(psd_dc_deposit(db, account, amount, "", NOW), PSD_DB_DONE);
  return account;
}

void meter_put(psd_db *db, uint32_t serial) {
  uint8_t device[8];
  psd_user_row user;
  device_named(serial, device);
  CU_ASSERT_EQUAL_FATAL(device_add(db, serial), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_register(db, device, user.id, user.account), PSD_DB_DONE);
}

psd_meter_row meter_of(psd_db *db, uint32_t serial) {
  uint8_t device[8];
  psd_meter_row row;
  memset(&row, 0, sizeof row);
  device_named(serial, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_find(db, device, &row), PSD_DB_DONE);
  return row;
}

int64_t balance_of(psd_db *db, psd_book_kind kind, int64_t owner) {
  int64_t balance = 0, least = 0;
  psd_db_result result = psd_db_book_find(db, (psd_book){kind, owner}, &balance, &least);
  CU_ASSERT_FATAL(result == PSD_DB_DONE || result == PSD_DB_ABSENT);
  return balance;
}

int64_t balance_of_meter(psd_db *db, psd_book_kind kind, uint32_t serial) {
  uint8_t device[8];
  device_named(serial, device);
  return balance_of(db, kind, psd_book_of_device(kind, device).owner);
}

bool zero_sum(psd_db *db) {
  int64_t sum = 1;
  uint64_t movements = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_ledger_sum(db, &sum, &movements), PSD_DB_DONE);
  return sum == 0;
}

/* The message, and a signature that is none of a key's. */
static void put(funds_said *said, psd_message_id id, const void *message) {
  psd_buffer out = psd_buffer_over(said->bytes, sizeof said->bytes);
  psd_put_message(&out, id, message);
  memset(psd_put_room(&out, 32), 0x5A, 32);
  CU_ASSERT_FATAL(!out.overflow);
  said->length = out.length;
}

funds_said request_of(psd_operation_state operation, uint32_t serial, uint32_t sequence, uint64_t amount,
                      uint64_t control_total) {
  funds_said said = {.request = {.type = PSD_SIGNATURE_HMAC,
                                 .operation = operation,
                                 .vendor = "PS",
                                 .model = "D1",
                                 .serial = serial,
                                 .sequence = sequence,
                                 .amount = amount,
                                 .descending = control_total,
                                 .control_total = control_total,
                                 .time = NOW}};
  put(&said, PSD_MESSAGE_FUNDS_REQUEST, &said.request);
  return said;
}

funds_said receipt_of(psd_operation_state operation, uint32_t serial, uint32_t sequence, uint64_t amount,
                      uint64_t control_total) {
  funds_said said = {.receipt = {.type = PSD_SIGNATURE_HMAC,
                                 .operation = operation,
                                 .vendor = "PS",
                                 .model = "D1",
                                 .serial = serial,
                                 .sequence = sequence,
                                 .amount = amount,
                                 .descending = control_total,
                                 .control_total = control_total,
                                 .time = NOW}};
  put(&said, PSD_MESSAGE_FUNDS_RECEIPT, &said.receipt);
  return said;
}

psd_signal reserve(psd_db *db, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  uint64_t available = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_reserve(db, &said->request, said->bytes, said->length, NOW, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return signal;
}

psd_signal settle(psd_db *db, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  uint64_t available = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_settle(db, &said->receipt, said->bytes, said->length, NOW, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return signal;
}

psd_signal release(psd_db *db, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  uint64_t available = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_release(db, &said->receipt, said->bytes, said->length, NOW, &signal, &available), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return signal;
}

psd_signal withdrawn(psd_db *db, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  uint64_t available = 0;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_withdrawn(db, &said->request, said->bytes, said->length, NOW, &signal, &available),
                  PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return signal;
}

psd_signal closed(psd_db *db, const funds_said *said) {
  psd_signal signal = PSD_SIGNAL_INTERNAL;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_closed(db, &said->receipt, said->bytes, said->length, NOW, &signal), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return signal;
}

psd_finding audited(psd_db *db, const psd_audit *audit) {
  uint8_t bytes[PSD_SIZE_AUDIT];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_finding finding = PSD_FOUND_AGREEMENT;
  psd_meter_row row;
  psd_put_message(&out, PSD_MESSAGE_AUDIT, audit);
  CU_ASSERT_FATAL(!out.overflow);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_audited(db, bytes, NOW, &finding, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return finding;
}

psd_audit card_audit(uint32_t serial, psd_operation_state operation, uint32_t sequence, uint64_t amount,
                     uint64_t control_total) {
  return (psd_audit){.type = PSD_SIGNATURE_HMAC,
                     .vendor = "PS",
                     .model = "D1",
                     .serial = serial,
                     .descending = control_total,
                     .control_total = control_total,
                     .operation = operation,
                     .sequence = sequence,
                     .operation_amount = amount,
                     .time = NOW,
                     .vendor_key = 1};
}
