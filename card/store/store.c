#include "store/store.h"

#include "crypto/crypto.h"
#include "store/bank.h"
#include "store/scan.h"

/* What is on the device, into `store`; its `generation` is 0 if there is no bank in force. */
static psd_store_result recover(psd_store *store, psd_store_view *view) {
  const psd_nvm *nvm = &store->nvm;
  psd_store_bank bank = {.number = 0, .generation = 0};
  psd_store_result result = psd_store_bank_choose(nvm, view, &bank);
  if (result == PSD_STORE_BLANK)
    return psd_store_bank_check_blank(nvm, view);
  if (result != PSD_STORE_OK)
    return result;
  store->bank = bank.number;
  store->generation = bank.generation;
  store->stale = bank.stale;
  result = psd_store_scan(store, view);
  if (result != PSD_STORE_OK)
    return result;
  /* The first bank has its header before its first transaction, every later one after it. */
  if (store->sequence < PSD_STORE_FIRST_SEQUENCE)
    return store->generation == PSD_STORE_FIRST_GENERATION ? PSD_STORE_BLANK : PSD_STORE_CORRUPT;
  /* Some of what was found may not be durable, if it was the program that ended and not the power: what is now taken
   * for committed must be found again. */
  if (store->stale && !nvm->sync(nvm->device))
    return PSD_STORE_IO;
  return PSD_STORE_OK;
}

psd_store_result psd_store_open(psd_store *store, const psd_nvm *nvm) {
  *store = (psd_store){.nvm = *nvm};
  if (!psd_store_geometry_ok(nvm))
    return PSD_STORE_ARGUMENT;
  psd_store_view view;
  psd_store_view_start(&view, &store->nvm, psd_store_bank_start(&store->nvm, 2));
  psd_store_result result = recover(store, &view);
  psd_store_view_stop(&view);
  store->open = result == PSD_STORE_OK;
  return result;
}

/* Begins the first bank, in memory without a header. Only blocks that a format before this one left half-done are
 * erased, and they must stay so once there is a header: what they held might pass for an obsolete page. */
static psd_store_result begin(psd_store *store, psd_store_view *view) {
  const psd_nvm *nvm = &store->nvm;
  for (uint32_t block = 0; block < nvm->block_count; block++) {
    bool failed = false;
    uint32_t start = block * nvm->block_size;
    bool erased = psd_store_is_range_erased(view, start, start + nvm->block_size, &failed);
    if (failed || (!erased && !nvm->erase(nvm->device, block)))
      return PSD_STORE_IO;
  }
  if (!nvm->sync(nvm->device))
    return PSD_STORE_IO;
  store->bank = 0;
  store->generation = PSD_STORE_FIRST_GENERATION;
  store->sequence = PSD_STORE_FIRST_SEQUENCE - 1U;
  store->tail = psd_store_log_start(nvm, 0);
  return psd_store_bank_begin(nvm, 0, store->generation) ? PSD_STORE_OK : PSD_STORE_IO;
}

psd_store_result psd_store_format(psd_store *store, const psd_nvm *nvm) {
  *store = (psd_store){.nvm = *nvm};
  if (!psd_store_geometry_ok(nvm))
    return PSD_STORE_ARGUMENT;
  psd_store_view view;
  psd_store_view_start(&view, &store->nvm, psd_store_bank_start(&store->nvm, 2));
  psd_store_result result = recover(store, &view);
  if (result != PSD_STORE_BLANK)
    result = result == PSD_STORE_IO ? PSD_STORE_IO : PSD_STORE_ARGUMENT;
  else if (store->generation != PSD_STORE_FIRST_GENERATION)
    result = begin(store, &view);
  else /* a header without a commit: it serves, once it is durable */
    result = nvm->sync(nvm->device) ? PSD_STORE_OK : PSD_STORE_IO;
  psd_store_view_stop(&view);
  store->open = result == PSD_STORE_OK;
  return result;
}

static const psd_store_entry *find(const psd_store *store, uint16_t record) {
  if (!store->open || record >= PSD_STORE_RECORDS_MAX || store->index[record].address == 0)
    return NULL;
  return &store->index[record];
}

int32_t psd_store_length(const psd_store *store, uint16_t record) {
  const psd_store_entry *entry = find(store, record);
  return entry == NULL ? -1 : entry->length;
}

/* Reads the put at `entry` and checks it. */
static psd_store_result read_put(const psd_store *store, const psd_store_entry *entry, uint16_t record, void *value) {
  psd_store_view view;
  uint32_t last = psd_store_advance(&store->nvm, entry->address, PSD_STORE_PUT_SIZE + entry->length - 1U);
  psd_store_view_start(&view, &store->nvm, last - last % store->nvm.page_size + store->nvm.page_size);
  psd_store_reader reader = {.view = &view, .address = entry->address};
  uint8_t put[PSD_STORE_PUT_SIZE];
  psd_store_result result = PSD_STORE_IO;
  if (psd_store_reader_take(&reader, put, sizeof put)) {
    uint32_t expected = psd_store_get32(put + PSD_STORE_PUT_CHECKSUM);
    reader.checksum = psd_store_encode_put(put, record, entry->length);
    if (psd_store_reader_take(&reader, value, entry->length))
      result = reader.checksum == expected ? PSD_STORE_OK : PSD_STORE_CORRUPT;
  }
  psd_store_view_stop(&view);
  return result;
}

psd_store_result psd_store_read(const psd_store *store, uint16_t record, void *value, size_t capacity, size_t *length) {
  *length = 0;
  if (!store->open || record >= PSD_STORE_RECORDS_MAX)
    return PSD_STORE_ARGUMENT;
  const psd_store_entry *entry = find(store, record);
  if (entry == NULL)
    return PSD_STORE_ABSENT;
  if (entry->length > capacity)
    return PSD_STORE_ARGUMENT;
  psd_store_result result = read_put(store, entry, record, value);
  if (result == PSD_STORE_OK)
    *length = entry->length;
  else if (entry->length > 0)
    psd_wipe(value, entry->length);
  return result;
}
