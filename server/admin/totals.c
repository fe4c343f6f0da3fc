#include "admin/totals.h"

#include <inttypes.h>

#include "admin/meter.h"
#include "psd/program/progress.h"
#include "psd/spec/objects.h"

typedef struct totals {
  psd_admin *admin;
  FILE *out;
  const uint8_t *device;
  int64_t total; /* of the meter that is written */
  uint64_t meters;
  psd_db_result result;
  psd_progress progress;
} totals;

static void write_row(const totals *at, const char *total, uint64_t since) {
  const uint8_t *device = at->device;
  fprintf(at->out, "%.2s,%.2s,%02X%02X%02X%02X,%s,%" PRIu64 "\n", (const char *)device, (const char *)device + 2,
          device[4], device[5], device[6], device[7], total, since);
}

static void write_total(const totals *at, int64_t total, uint64_t since) {
  char words[PSD_AMOUNT_WORDS];
  write_row(at, psd_amount_words(words, (uint64_t)total), since);
}

/* The schema lets no meter's book go below zero. */
static bool add_movement(void *context, const psd_movement *movement) {
  totals *at = context;
  bool in = movement->to.kind == PSD_BOOK_METER;
  at->total += in ? (int64_t)movement->amount : -(int64_t)movement->amount;
  write_total(at, at->total, movement->time);
  return true;
}

/* Nobody knows whether the card has it: it has not said. */
static psd_db_result write_reserved(const totals *at, const psd_meter_row *row) {
  psd_op op;
  if (row->open_sequence == 0)
    return PSD_DB_DONE;
  psd_db_result result = psd_db_op_find(at->admin->db, row->device.device, row->open_sequence, &op);
  if (result == PSD_DB_DONE && op.state == PSD_OP_RESERVED && op.group == PSD_GROUP_POSTAGE)
    write_total(at, at->total + (int64_t)op.amount, op.time);
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

static bool write_meter(void *context, const psd_meter_row *row) {
  totals *at = context;
  psd_audit audit;
  at->device = row->device.device;
  at->total = 0;
  psd_progress_show(&at->progress, ++at->meters);
  if (psd_admin_audit_of(row, &audit) && audit.mode == PSD_FUNDS_ACCOUNT) {
    write_row(at, "", 0);
    return true;
  }
  write_total(at, 0, 0);
  at->result =
      psd_db_movement_list(at->admin->db, psd_book_of_device(PSD_BOOK_METER, row->device.device), 0, add_movement, at);
  if (at->result == PSD_DB_DONE)
    at->result = write_reserved(at, row);
  return at->result == PSD_DB_DONE && !ferror(at->out);
}

psd_db_result psd_admin_write_totals(psd_admin *admin, FILE *out, uint64_t *meters) {
  totals at = {.admin = admin, .out = out};
  uint64_t count = 0;
  psd_db_result result = psd_admin_count_meters(admin, &count);
  at.progress = psd_progress_begin("meters", count);
  fputs("vendor,model,serial,control_total,since\n", out);
  if (result == PSD_DB_DONE)
    result = psd_db_meter_list(admin->db, 0, write_meter, &at);
  psd_progress_end(&at.progress);
  *meters = at.meters;
  return result == PSD_DB_DONE ? at.result : result;
}
