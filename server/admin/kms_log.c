#include "admin/kms_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/columns.h"

#define COLUMNS 4U

static const char *parse(char *line, psd_admin_authorization *row) {
  char *columns[COLUMNS];
  *row = (psd_admin_authorization){.wrong = NULL};
  if (psd_admin_columns(line, columns, COLUMNS) != COLUMNS)
    return "it has not the columns PSD,NUMBER,EVENT,AMOUNT";
  row->refill = strcmp(columns[2], "authorized") == 0;
  if (!psd_admin_device_parse(columns[0], row->device))
    return "the first column is no PSD, as PS D1 0000002A";
  if (!psd_admin_count_of(columns[1], &row->number))
    return "the second column is no number of an operation, from 1 on";
  if (!row->refill && strcmp(columns[2], "withdrawn") != 0)
    return "the third column is neither authorized nor withdrawn";
  return psd_amount_parse(columns[3], &row->amount) ? NULL : "the fourth column is no amount, as 50.00";
}

static bool add(psd_admin_kms_log *log, const psd_admin_authorization *row) {
  if (log->count == log->room) {
    size_t room = log->room == 0 ? 256 : 2 * log->room;
    psd_admin_authorization *rows = realloc(log->rows, room * sizeof *rows);
    if (rows == NULL)
      return false;
    log->rows = rows;
    log->room = room;
  }
  log->rows[log->count++] = *row;
  return true;
}

static int read_lines(FILE *in, psd_admin_kms_log *log) {
  char line[PSD_ADMIN_LINE];
  uint64_t number = 0;
  for (bool whole = true; psd_admin_next_line(in, &number, line, &whole);) {
    psd_admin_authorization row;
    const char *why = whole ? parse(line, &row) : "it is too long, or no text";
    if (why != NULL)
      return psd_admin_refuse("line %" PRIu64 " of the key management system's log: %s; psd-kms log --movements prints "
                              "it",
                              number, why);
    if (!add(log, &row))
      return psd_admin_refuse("no memory");
  }
  return ferror(in) ? psd_admin_refuse("the key management system's log cannot be read") : PSD_EXIT_DONE;
}

static int by_number(const void *a, const void *b) {
  const psd_admin_authorization *one = a, *other = b;
  int order = memcmp(one->device, other->device, sizeof one->device);
  if (order != 0)
    return order;
  return one->number == other->number ? 0 : one->number < other->number ? -1 : 1;
}

int psd_admin_kms_log_read(const char *path, psd_admin_kms_log *log) {
  *log = (psd_admin_kms_log){.rows = NULL};
  FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
  if (in == NULL)
    return psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  int status = read_lines(in, log);
  if (in != stdin)
    (void)fclose(in);
  if (log->count > 0)
    qsort(log->rows, log->count, sizeof log->rows[0], by_number);
  return status;
}

void psd_admin_kms_log_free(psd_admin_kms_log *log) {
  free(log->rows);
  *log = (psd_admin_kms_log){.rows = NULL};
}

static bool is_refill(const psd_op *op) {
  return op->state == PSD_OP_RESERVED || op->state == PSD_OP_SETTLED || op->state == PSD_OP_RELEASED;
}

static psd_db_result find(psd_db *db, psd_admin_authorization *row) {
  psd_op op;
  psd_db_result result = psd_db_op_find(db, row->device, row->number, &op);
  if (result == PSD_DB_ABSENT)
    row->wrong = "is not in the ledger";
  else if (result == PSD_DB_DONE && (is_refill(&op) != row->refill || op.amount != row->amount))
    row->wrong = "is another in the ledger";
  return result == PSD_DB_ABSENT ? PSD_DB_DONE : result;
}

/* One PSD's lines. */
typedef struct passage {
  psd_admin_kms_log *log;
  size_t first, last;
  bool full;
} passage;

static bool take_op(void *user, const psd_op *op) {
  passage *at = user;
  psd_admin_authorization row = {.number = op->sequence, .refill = true, .amount = op->amount};
  const psd_admin_authorization *rows = at->log->rows;
  memcpy(row.device, op->device, sizeof row.device);
  if (op->state != PSD_OP_SETTLED || op->sequence > rows[at->last].number ||
      bsearch(&row, rows + at->first, at->last - at->first + 1, sizeof rows[0], by_number) != NULL)
    return true;
  row.wrong = "is settled in the ledger and was never authorized";
  at->full = !add(at->log, &row);
  return !at->full;
}

static psd_db_result compare_settled(psd_db *db, psd_admin_kms_log *log, size_t count) {
  psd_db_result result = PSD_DB_DONE;
  for (passage at = {.log = log}; result == PSD_DB_DONE && at.first < count; at.first = at.last + 1) {
    at.last = at.first;
    while (at.last + 1 < count && memcmp(log->rows[at.last + 1].device, log->rows[at.first].device, 8) == 0)
      at.last++;
    uint8_t device[8];
    memcpy(device, log->rows[at.first].device, sizeof device);
    result = psd_db_op_list(db, device, take_op, &at);
    if (at.full)
      result = PSD_DB_FAILED;
  }
  return result;
}

psd_db_result psd_admin_kms_log_compare(psd_db *db, psd_admin_kms_log *log) {
  psd_db_result result = PSD_DB_DONE;
  size_t count = log->count;
  for (size_t i = 0; result == PSD_DB_DONE && i < count; i++)
    result = find(db, &log->rows[i]);
  if (result == PSD_DB_DONE)
    result = compare_settled(db, log, count);
  for (size_t i = 0; i < log->count; i++)
    log->wrong += log->rows[i].wrong != NULL ? 1 : 0;
  return result;
}

static void show_row(const psd_admin_authorization *row, psd_json *json) {
  char device[PSD_ADMIN_DEVICE_WORDS], amount[PSD_AMOUNT_WORDS];
  const char *kind = row->refill ? "refill" : "withdrawal";
  (void)psd_admin_device_words(row->device, device);
  if (json == NULL) {
    printf("%s: %s %" PRIu32 " of %s %s\n", device, kind, row->number, psd_amount_words(amount, row->amount),
           row->wrong);
    return;
  }
  psd_json_object(json, NULL);
  psd_json_string(json, "psd", device);
  psd_json_string(json, "operation", kind);
  psd_json_number(json, "sequence", row->number);
  psd_json_number(json, "amount", row->amount);
  psd_json_string(json, "wrong", row->wrong);
  psd_json_end_object(json);
}

void psd_admin_kms_log_show(const psd_admin_kms_log *log, psd_json *json) {
  if (json != NULL)
    psd_json_array(json, "authorizations");
  for (size_t i = 0; i < log->count; i++)
    if (log->rows[i].wrong != NULL)
      show_row(&log->rows[i], json);
  if (json != NULL)
    psd_json_end_array(json);
}
