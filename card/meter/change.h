/* A change of what the card remembers: collected first, committed in one store transaction, then true in RAM. */
#ifndef PSD_METER_CHANGE_H
#define PSD_METER_CHANGE_H

#include "context.h"
#include "psd/spec/session.h"

/* Everything that STORE DATA may bring in one block, or ZEROIZE removes, the core and a log record. */
#define PSD_CHANGE_PUTS 28U
/* Log records of one change: what was done and, with it, that a payment due was collected. */
#define PSD_CHANGE_RECORDS 2U

typedef struct psd_change {
  psd_core next; /* the core as it shall be */
  psd_store_put puts[PSD_CHANGE_PUTS];
  size_t count;
  uint8_t core[PSD_CORE_SIZE];
  uint8_t log[PSD_CHANGE_RECORDS][PSD_SIZE_LOG_RECORD];
  size_t logged; /* records in `log` */
  bool core_put, failed;
} psd_change;

/* Begins with the card as it is. */
void psd_change_begin(psd_change *change, const psd_card *card);
/* Adds a record; `value` must stay until the commit. NULL removes the record. */
void psd_change_put(psd_change *change, uint16_t record, const void *value, size_t length);
/* The core changes: `next` is committed too, with the clock's progress. */
void psd_change_core(psd_change *change);
/* One record for the transaction log, with the state and registers of `next`: call it after they are set. At most
 * PSD_CHANGE_RECORDS a change. */
void psd_change_log(psd_change *change, const psd_card *card, psd_event event, uint16_t detail, uint64_t amount);
/* The same for an operation with funds: with the registers of its group, which is the detail. */
void psd_change_log_funds(psd_change *change, const psd_card *card, psd_event event, psd_group group, uint64_t amount);
/* The same for a service, with the registers of the group that pays. */
void psd_change_log_service(psd_change *change, const psd_card *card, psd_event event, psd_group group, uint16_t detail,
                            uint64_t amount);
/* Checks the registers' invariant and the life cycle, and commits. 9000; 6581 if memory failed (the card then looks at
 * its store again and holds either the old or the new state); 6A84 if there is no room; 6400 if the registers would not
 * balance, lifecycle.def knows no such transition, or a value does not fit its field. */
uint16_t psd_change_commit(psd_change *change, psd_card *card);

#endif
