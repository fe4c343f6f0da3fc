#include "ledger.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datacenter/datacenter.h"
#include "measure.h"

#define AMOUNT 1000U /* mills */

struct ledger {
  psd_db *db;
  const stock *psds;
  size_t next; /* the PSD whose turn it is */
};

ledger *ledger_open(const char *url, const stock *psds) {
  ledger *of = calloc(1, sizeof *of);
  bench_need(of != NULL, "memory");
  of->db = stock_database(url);
  of->psds = psds;
  return of;
}

void ledger_close(ledger *of) {
  psd_db_close(of->db);
  free(of);
}

static soft_psd *psd_at(const ledger *of, size_t at) {
  return stock_psd(of->psds, SOFT_ECDSA, at);
}

/* The signature is the key management system's to verify, and here it is noughts. */
static void reserve(const ledger *of, soft_psd *psd) {
  uint8_t bytes[PSD_SIZE_FUNDS_REQUEST + PSD_HASH] = {0};
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_signal signal = PSD_SIGNAL_NONE;
  uint64_t available = 0;
  psd->operation.sequence++;
  psd_funds_request request = {.type = PSD_SIGNATURE_HMAC,
                               .operation = PSD_OPERATION_LOADING,
                               .serial = psd->id.serial,
                               .sequence = psd->operation.sequence,
                               .amount = AMOUNT,
                               .descending = psd->control_total,
                               .control_total = psd->control_total};
  memcpy(request.vendor, psd->id.vendor, sizeof request.vendor);
  memcpy(request.model, psd->id.model, sizeof request.model);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_REQUEST, &request);
  bench_need(psd_dc_reserve(of->db, &request, bytes, sizeof bytes, (uint64_t)time(NULL), &signal, &available) ==
                     PSD_DB_DONE &&
                 signal == PSD_SIGNAL_NONE,
             "reservation");
}

static void settle(const ledger *of, soft_psd *psd) {
  uint8_t bytes[PSD_SIZE_FUNDS_RECEIPT + PSD_HASH] = {0};
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_signal signal = PSD_SIGNAL_NONE;
  uint64_t available = 0;
  psd->control_total += AMOUNT;
  psd_funds_receipt receipt = {.type = PSD_SIGNATURE_HMAC,
                               .operation = PSD_OPERATION_LOADED,
                               .serial = psd->id.serial,
                               .sequence = psd->operation.sequence,
                               .amount = AMOUNT,
                               .descending = psd->control_total,
                               .control_total = psd->control_total};
  memcpy(receipt.vendor, psd->id.vendor, sizeof receipt.vendor);
  memcpy(receipt.model, psd->id.model, sizeof receipt.model);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_RECEIPT, &receipt);
  bench_need(psd_dc_settle(of->db, &receipt, bytes, sizeof bytes, (uint64_t)time(NULL), &signal, &available) ==
                     PSD_DB_DONE &&
                 signal == PSD_SIGNAL_NONE,
             "settlement");
}

static void run_group(const ledger *of, size_t group, void (*one)(const ledger *of, soft_psd *psd)) {
  bench_need(psd_db_begin(of->db, true) == PSD_DB_DONE, "transaction");
  for (size_t i = 0; i < group; i++)
    one(of, psd_at(of, of->next + i));
  bench_need(psd_db_commit(of->db) == PSD_DB_DONE, "transaction");
}

double ledger_measure(ledger *of, size_t group, unsigned milliseconds) {
  uint64_t begin = bench_now(), end = begin + milliseconds * UINT64_C(1000000), now = begin;
  size_t count = 0;
  bench_need(group <= of->psds->count / 2, "PSD for each of a group");
  for (; now < end; now = bench_now()) {
    run_group(of, group, reserve);
    run_group(of, group, settle);
    of->next += group;
    count += group;
  }
  return (double)count * 1e9 / (double)(now - begin);
}
