/* Movements and books, as the rules use them. */
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "datacenter/rules.h"
#include "psd/spec/objects.h"

void psd_dc_device(const uint8_t vendor[2], const uint8_t model[2], uint64_t serial, uint8_t device[8]) {
  psd_buffer out = psd_buffer_over(device, 8);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID,
                  &(psd_device_id){.vendor = {vendor[0], vendor[1]}, .model = {model[0], model[1]}, .serial = serial});
}

psd_db_result psd_dc_signer(psd_db *db, const uint8_t vendor[2], const uint8_t model[2], uint64_t serial,
                            psd_meter_row *row, psd_signal *signal) {
  uint8_t device[8];
  psd_dc_device(vendor, model, serial, device);
  psd_db_result result = psd_db_meter_find(db, device, row);
  *signal = result == PSD_DB_DONE ? PSD_SIGNAL_NONE : PSD_SIGNAL_STATE;
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

psd_book psd_dc_group_book(const uint8_t device[8], psd_group group) {
  return psd_book_of_device(group == PSD_GROUP_POSTAGE ? PSD_BOOK_METER : PSD_BOOK_SERVICES, device);
}

psd_db_result psd_dc_must_move(psd_db *db, const psd_movement *movement) {
  psd_db_result result = psd_db_move(db, movement);
  return result == PSD_DB_ABSENT || result == PSD_DB_EXISTS ? PSD_DB_REFUSED : result;
}

psd_db_result psd_dc_adjust(psd_db *db, psd_meter_row *row, psd_group group, int64_t expected, uint64_t time,
                            const char *reference) {
  const int64_t book = row->control_total[group];
  const bool up = expected > book;
  const psd_book bank = {PSD_BOOK_BANK, 0}, meter = psd_dc_group_book(row->device.device, group);
  psd_movement movement = {.kind = PSD_MOVE_ADJUST,
                           .time = time,
                           .amount = (uint64_t)(up ? expected - book : book - expected),
                           .from = up ? bank : meter,
                           .to = up ? meter : bank};
  memcpy(movement.device, row->device.device, sizeof movement.device);
  (void)snprintf(movement.reference, sizeof movement.reference, "%s", reference);
  if (expected == book)
    return PSD_DB_DONE;
  psd_db_result result = psd_db_book_open(db, meter, 0);
  if (result == PSD_DB_DONE)
    result = psd_dc_must_move(db, &movement);
  if (result == PSD_DB_DONE)
    row->control_total[group] = expected;
  return result;
}

psd_db_result psd_dc_note(psd_db *db, psd_meter_row *row, uint32_t sequence) {
  static const psd_book_kind kinds[] = {PSD_BOOK_RESERVED, PSD_BOOK_METER, PSD_BOOK_SERVICES};
  psd_db_result result = PSD_DB_DONE;
  if (row->sequence == 0)
    for (size_t i = 0; result == PSD_DB_DONE && i < sizeof kinds / sizeof kinds[0]; i++)
      result = psd_db_book_open(db, psd_book_of_device(kinds[i], row->device.device), 0);
  if (sequence > row->sequence)
    row->sequence = sequence;
  return result;
}

psd_movement psd_dc_movement_of(const psd_op *op, psd_movement_kind kind, psd_book from, psd_book to, uint64_t time) {
  psd_movement movement = {
      .kind = kind, .time = time, .amount = op->amount, .from = from, .to = to, .sequence = op->sequence};
  memcpy(movement.device, op->device, sizeof movement.device);
  return movement;
}

/* The movement that ends a refill: to the meter, or back. */
static psd_movement ending(const psd_op *op, psd_op_state state, uint64_t time) {
  const psd_book reserved = psd_book_of_device(PSD_BOOK_RESERVED, op->device);
  if (state == PSD_OP_SETTLED)
    return psd_dc_movement_of(op, PSD_MOVE_SETTLE, reserved, psd_dc_group_book(op->device, op->group), time);
  return psd_dc_movement_of(op, PSD_MOVE_RELEASE, reserved, (psd_book){PSD_BOOK_ACCOUNT, op->account}, time);
}

psd_db_result psd_dc_finish(psd_db *db, psd_meter_row *row, psd_op *op, psd_op_state state, uint64_t time,
                            const uint8_t *receipt, size_t length) {
  psd_db_result result = psd_db_op_change(db, op->device, op->sequence, op->state, state, time, receipt, length);
  if (result == PSD_DB_DONE && state != PSD_OP_CLOSED) {
    psd_movement movement = ending(op, state, time);
    result = psd_dc_must_move(db, &movement);
  }
  if (result != PSD_DB_DONE)
    return result;
  if (state == PSD_OP_SETTLED)
    row->control_total[op->group] += (int64_t)op->amount;
  bool over = state == PSD_OP_CLOSED && op->final;
  row->withdrawn = row->withdrawn || over;
  row->open_sequence = 0;
  op->state = state;
  /* Its users have nothing to sign with any more. */
  if (over)
    result = psd_ca_revoke_device(db, op->device, PSD_REASON_CESSATION, PSD_CA_INSPECTION, time, NULL);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, row) : result;
}

psd_db_result psd_dc_collected(psd_db *db, const psd_op *op, uint64_t mode, uint64_t descending) {
  psd_group pays = mode == PSD_FUNDS_MERGED ? PSD_GROUP_POSTAGE : PSD_GROUP_CERTIFICATE;
  return op->group == pays ? psd_ca_collected(db, op->device, op->amount, descending) : PSD_DB_DONE;
}

psd_db_result psd_dc_available(psd_db *db, int64_t account, uint64_t *available) {
  int64_t balance = 0, least = 0;
  psd_db_result result = psd_db_book_find(db, (psd_book){PSD_BOOK_ACCOUNT, account}, &balance, &least);
  *available = result == PSD_DB_DONE ? (uint64_t)balance - (uint64_t)least : 0;
  return result;
}

psd_db_result psd_dc_open_op(psd_db *db, const psd_meter_row *row, psd_op *room, psd_op **open) {
  *open = NULL;
  if (row->open_sequence == 0)
    return PSD_DB_DONE;
  psd_db_result result = psd_db_op_find(db, row->device.device, row->open_sequence, room);
  if (result == PSD_DB_DONE)
    *open = room;
  return result == PSD_DB_ABSENT ? PSD_DB_REFUSED : result;
}

psd_op psd_dc_begun(const psd_meter_row *row, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                    psd_op_state state, uint64_t time) {
  psd_op op = {.sequence = (uint32_t)parsed->sequence,
               .state = state,
               .group = (psd_group)parsed->group,
               .final = parsed->final != 0,
               .amount = parsed->amount,
               .account = row->device.account,
               .time = time,
               .changed = time,
               .request_length = length};
  memcpy(op.device, row->device.device, sizeof op.device);
  memcpy(op.request, request, length);
  return op;
}

bool psd_dc_same_request(const psd_op *op, const psd_op *other) {
  return op->request_length == other->request_length && memcmp(op->request, other->request, op->request_length) == 0;
}
