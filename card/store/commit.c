#include <string.h>

#include "crypto/crypto.h"
#include "store/bank.h"

/* What a change amounts to. */
typedef struct change_plan {
  uint32_t change; /* bytes of its puts */
  uint32_t whole;  /* bytes of the puts of all records that live after it */
  uint16_t live;   /* how many these are */
  bool touched[PSD_STORE_RECORDS_MAX];
} change_plan;

static uint32_t put_size(const psd_store_put *put) {
  return PSD_STORE_PUT_SIZE + (put->value == NULL ? 0U : put->length);
}

static bool make_plan(const psd_store *store, const psd_store_put *puts, size_t count, change_plan *plan) {
  *plan = (change_plan){.change = 0};
  for (size_t i = 0; i < count; i++) {
    const psd_store_put *put = &puts[i];
    if (put->record >= PSD_STORE_RECORDS_MAX || plan->touched[put->record] ||
        (put->value != NULL && put->length > PSD_STORE_VALUE_MAX))
      return false;
    plan->touched[put->record] = true;
    plan->change += put_size(put);
    if (put->value != NULL) {
      plan->whole += put_size(put);
      plan->live++;
    }
  }
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX; record++) {
    if (!plan->touched[record] && store->index[record].address != 0) {
      plan->whole += PSD_STORE_PUT_SIZE + store->index[record].length;
      plan->live++;
    }
  }
  return true;
}

static void add_head(psd_store_writer *writer, const psd_store_head *head) {
  uint8_t bytes[PSD_STORE_HEAD_SIZE];
  psd_store_encode_head(bytes, head);
  psd_store_writer_add(writer, bytes, sizeof bytes);
}

/* Writes one put and takes it into the index: a commit that fails later closes the store. */
static void add_put(psd_store *store, psd_store_writer *writer, const psd_store_put *put) {
  uint8_t bytes[PSD_STORE_PUT_SIZE];
  uint16_t length = put->value == NULL ? 0 : put->length;
  uint32_t checksum = psd_store_encode_put(bytes, put->record, put->value == NULL ? PSD_STORE_REMOVED : length);
  if (length > 0)
    checksum = psd_crc32(checksum, put->value, length);
  psd_store_set32(bytes + PSD_STORE_PUT_CHECKSUM, checksum);
  uint32_t address = psd_store_writer_position(writer);
  psd_store_writer_add(writer, bytes, sizeof bytes);
  psd_store_writer_add(writer, put->value, length);
  store->index[put->record] = (psd_store_entry){.address = put->value == NULL ? 0 : address, .length = length};
}

/* Ends head and puts; false if anything of it failed. `*checksum` is for the mark. */
static bool add_seal(psd_store_writer *writer, uint32_t *checksum) {
  uint8_t seal[PSD_STORE_SEAL_SIZE];
  *checksum = writer->checksum;
  psd_store_set32(seal, *checksum);
  psd_store_writer_add(writer, seal, sizeof seal);
  return psd_store_writer_flush(writer);
}

static bool program_mark(const psd_nvm *nvm, uint32_t address, const psd_store_head *head, uint32_t checksum) {
  uint8_t page[PSD_STORE_PAGE_MAX];
  psd_store_mark mark = {
      .generation = head->generation, .sequence = head->sequence, .length = head->length, .checksum = checksum};
  psd_store_encode_mark(page, nvm, &mark);
  return nvm->program(nvm->device, address, page, nvm->page_size) && nvm->sync(nvm->device);
}

/* Adds the change to the log. */
static psd_store_result append(psd_store *store, const psd_store_put *puts, size_t count, const change_plan *plan) {
  const psd_nvm *nvm = &store->nvm;
  psd_store_head head = {.generation = store->generation,
                         .sequence = store->sequence + 1U,
                         .length = plan->change,
                         .count = (uint16_t)count};
  psd_store_writer writer;
  psd_store_writer_start(&writer, nvm, store->tail);
  add_head(&writer, &head);
  for (size_t i = 0; i < count; i++)
    add_put(store, &writer, &puts[i]);
  uint32_t checksum = 0;
  /* Two syncs: the mark says that what is before it was durable. */
  bool ok =
      add_seal(&writer, &checksum) && nvm->sync(nvm->device) && program_mark(nvm, writer.address, &head, checksum);
  psd_store_writer_stop(&writer);
  store->sequence = head.sequence;
  store->tail = writer.address + nvm->page_size;
  return ok ? PSD_STORE_OK : PSD_STORE_IO;
}

/* Copies a record with the checksum it has, so that a value that rotted is found and never gets a new one. */
static psd_store_result copy_record(psd_store *store, psd_store_view *view, psd_store_writer *writer, uint16_t record) {
  psd_store_entry *entry = &store->index[record];
  psd_store_reader reader = {.view = view, .address = entry->address};
  uint8_t bytes[PSD_STORE_PAGE_MIN];
  uint32_t address = psd_store_writer_position(writer);
  if (!psd_store_reader_take(&reader, bytes, PSD_STORE_PUT_SIZE))
    return PSD_STORE_IO;
  uint32_t expected = psd_store_get32(bytes + PSD_STORE_PUT_CHECKSUM);
  reader.checksum = psd_store_encode_put(bytes, record, entry->length);
  psd_store_writer_add(writer, bytes, PSD_STORE_PUT_SIZE);
  psd_store_result result = PSD_STORE_OK;
  for (uint32_t left = entry->length; left > 0 && result == PSD_STORE_OK;) {
    uint32_t some = left < sizeof bytes ? left : (uint32_t)sizeof bytes;
    if (psd_store_reader_take(&reader, bytes, some))
      psd_store_writer_add(writer, bytes, some);
    else
      result = PSD_STORE_IO;
    left -= some;
  }
  psd_wipe(bytes, sizeof bytes);
  if (result == PSD_STORE_OK && reader.checksum != expected)
    result = PSD_STORE_CORRUPT;
  entry->address = address;
  return result;
}

/* Writes all that lives after the change to the other bank, as its first transaction. Nothing of it counts before that
 * bank has a header, so that one sync for all of it is enough. */
static psd_store_result write_bank(psd_store *store, psd_store_view *view, const psd_store_put *puts, size_t count,
                                   const change_plan *plan) {
  const psd_nvm *nvm = &store->nvm;
  psd_store_head head = {.generation = store->generation,
                         .sequence = PSD_STORE_FIRST_SEQUENCE,
                         .length = plan->whole,
                         .count = plan->live};
  psd_store_writer writer;
  psd_store_writer_start(&writer, nvm, psd_store_log_start(nvm, store->bank));
  add_head(&writer, &head);
  psd_store_result result = PSD_STORE_OK;
  for (uint16_t record = 0; record < PSD_STORE_RECORDS_MAX && result == PSD_STORE_OK; record++)
    if (!plan->touched[record] && store->index[record].address != 0)
      result = copy_record(store, view, &writer, record);
  for (size_t i = 0; i < count; i++) {
    if (puts[i].value != NULL)
      add_put(store, &writer, &puts[i]);
    else
      store->index[puts[i].record] = (psd_store_entry){.address = 0};
  }
  uint32_t checksum = 0;
  if (result == PSD_STORE_OK && !(add_seal(&writer, &checksum) && program_mark(nvm, writer.address, &head, checksum)))
    result = PSD_STORE_IO;
  psd_store_writer_stop(&writer);
  store->sequence = head.sequence;
  store->tail = writer.address + nvm->page_size;
  return result;
}

/* Hands over to the other bank, with the change. The old bank stays in force until the new one has its header. */
static psd_store_result compact(psd_store *store, const psd_store_put *puts, size_t count, const change_plan *plan) {
  const psd_nvm *nvm = &store->nvm;
  uint32_t old = store->bank;
  store->bank = 1U - old;
  store->generation++;
  psd_store_view view;
  psd_store_view_start(&view, nvm, psd_store_bank_start(nvm, 2));
  psd_store_result result = PSD_STORE_IO;
  if (psd_store_bank_erase(nvm, store->bank))
    result = write_bank(store, &view, puts, count, plan);
  if (result == PSD_STORE_OK &&
      !(psd_store_bank_begin(nvm, store->bank, store->generation) && psd_store_bank_retire(nvm, &view, old)))
    result = PSD_STORE_IO;
  psd_store_view_stop(&view);
  store->stale = false;
  return result;
}

static bool fits(const psd_store *store, uint32_t length, uint32_t start) {
  return psd_store_transaction_size(&store->nvm, length) <= psd_store_log_end(&store->nvm, store->bank) - start;
}

psd_store_result psd_store_commit(psd_store *store, const psd_store_put *puts, size_t count) {
  change_plan plan;
  if (!store->open || !make_plan(store, puts, count, &plan))
    return PSD_STORE_ARGUMENT;
  if (count == 0 && (!store->stale || store->sequence < PSD_STORE_FIRST_SEQUENCE))
    return PSD_STORE_OK;
  bool add = !store->stale && fits(store, plan.change, store->tail);
  if (!add && !fits(store, plan.whole, psd_store_log_start(&store->nvm, store->bank)))
    return PSD_STORE_FULL;
  psd_store_result result = add ? append(store, puts, count, &plan) : compact(store, puts, count, &plan);
  store->open = result == PSD_STORE_OK;
  return result;
}

/* Whether the bank in force holds nothing but what lives. */
static bool is_compact(const psd_store *store) {
  return store->sequence < PSD_STORE_FIRST_SEQUENCE || (store->sequence == PSD_STORE_FIRST_SEQUENCE && !store->stale);
}

psd_store_result psd_store_scrub(psd_store *store) {
  change_plan plan;
  if (!store->open || !make_plan(store, NULL, 0, &plan))
    return PSD_STORE_ARGUMENT;
  const psd_nvm *nvm = &store->nvm;
  psd_store_result result = is_compact(store) ? PSD_STORE_OK : compact(store, NULL, 0, &plan);
  if (result == PSD_STORE_OK) {
    psd_store_view view;
    psd_store_view_start(&view, nvm, psd_store_bank_start(nvm, 2));
    uint32_t other = 1U - store->bank;
    bool failed = false;
    bool erased = psd_store_is_range_erased(&view, psd_store_bank_start(nvm, other),
                                            psd_store_bank_start(nvm, other + 1U), &failed);
    psd_store_view_stop(&view);
    if (failed || (!erased && !(psd_store_bank_erase(nvm, other) && nvm->sync(nvm->device))))
      result = PSD_STORE_IO;
  }
  store->open = result == PSD_STORE_OK;
  return result;
}
