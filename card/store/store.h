/* Transactional records over the NVM port.
 *
 * A record is a number and up to PSD_STORE_VALUE_MAX bytes. A commit replaces, adds or removes several records at once:
 * after a power cut anywhere inside it, the next psd_store_open finds all of the change or none of it. docs/store.md
 * describes the bytes on the device and why every cut is safe. */
#ifndef PSD_STORE_H
#define PSD_STORE_H

#include "psd/ports.h"

#define PSD_STORE_VALUE_MAX 2048U
#define PSD_STORE_RECORDS_MAX 192U /* record numbers go from 0 to this, less one */

typedef enum psd_store_result {
  PSD_STORE_OK = 0,
  PSD_STORE_BLANK,    /* no card was ever made here: nothing was ever committed */
  PSD_STORE_VERSION,  /* made by a store of another version or geometry */
  PSD_STORE_CORRUPT,  /* something that was committed cannot be read back: nothing is guessed */
  PSD_STORE_IO,       /* the NVM port reported a failure */
  PSD_STORE_FULL,     /* the live records and this change do not fit */
  PSD_STORE_ABSENT,   /* no such record */
  PSD_STORE_ARGUMENT, /* a record number or length out of range, an unfit geometry, or a store that is not open */
} psd_store_result;

typedef struct psd_store_entry {
  uint32_t address; /* of the put that made it so; 0 for no such record */
  uint16_t length;
} psd_store_entry;

typedef struct psd_store {
  psd_nvm nvm;
  psd_store_entry index[PSD_STORE_RECORDS_MAX];
  uint32_t generation; /* of the bank in use: counts the hand-overs from bank to bank */
  uint32_t sequence;   /* of the last commit in that bank */
  uint32_t bank;       /* 0 or 1 */
  uint32_t tail;       /* address of the next free page */
  bool open;
  bool stale; /* something at the log's end or in a header is not whole: the next commit goes to the other bank */
} psd_store;

/* One line of a change. `value` stays the caller's and is read by psd_store_commit only; NULL removes the record. */
typedef struct psd_store_put {
  uint16_t record;
  uint16_t length;
  const void *value;
} psd_store_put;

/* Recovers the store from `nvm`, which is copied, in time bounded by the size of one bank. Never programs or erases;
 * syncs if the last commit was interrupted, so that what is now found will be found again. Pages must have 64 to 512
 * bytes and a bank, which is half of the blocks, at least eight of them: PSD_STORE_ARGUMENT otherwise. On any result
 * but PSD_STORE_OK the store is not open. */
psd_store_result psd_store_open(psd_store *store, const psd_nvm *nvm);

/* Makes an empty store on memory that psd_store_open finds PSD_STORE_BLANK, and opens it; PSD_STORE_ARGUMENT if it is
 * not. The memory stays PSD_STORE_BLANK until the first commit: both together happen wholly or not at all, and can be
 * tried again. */
psd_store_result psd_store_format(psd_store *store, const psd_nvm *nvm);

/* Commits `count` puts in one transaction and syncs. On any result but PSD_STORE_OK the caller must call psd_store_open
 * again to learn which of the two states holds; PSD_STORE_FULL and PSD_STORE_ARGUMENT leave the old one and the store
 * open. No record may appear twice; removing one that is not there is allowed. With no puts it mends a `stale` store
 * and does nothing to any other. */
psd_store_result psd_store_commit(psd_store *store, const psd_store_put *puts, size_t count);

/* Erases every value that was replaced or removed: until then they stay in the memory, out of reach of this interface.
 * Does nothing if there are none. For keys that must be gone: after a power cut, call it again. Results as for
 * psd_store_commit. */
psd_store_result psd_store_scrub(psd_store *store);

/* Copies record `record` to `value`, room for `capacity` bytes, its length to `*length`. PSD_STORE_ARGUMENT if it does
 * not fit; PSD_STORE_CORRUPT if its checksum no longer holds, and `value` is wiped then. */
psd_store_result psd_store_read(const psd_store *store, uint16_t record, void *value, size_t capacity, size_t *length);

/* Length of record `record`, or -1 if there is none. */
int32_t psd_store_length(const psd_store *store, uint16_t record);

#endif
