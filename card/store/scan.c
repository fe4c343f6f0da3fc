#include "store/scan.h"

/* A transaction as it was found; docs/store.md has the table of what follows from it. */
typedef struct transaction {
  psd_store_head head;
  psd_store_mark mark;
  psd_store_page_state mark_state;
  uint32_t mark_page; /* its address */
  uint32_t checksum;  /* over head and puts, as they are now */
  bool sealed;        /* the checksum behind the puts says the same */
} transaction;

/* Nothing may be left behind the last transaction but what a power cut made. With `torn` that may be pages of a
 * transaction whose head was lost: only its mark would say that it was durable, and no torn page has a valid one. */
static psd_store_result check_rest(psd_store *store, psd_store_view *view, uint32_t address, bool torn) {
  uint32_t end = psd_store_log_end(&store->nvm, store->bank);
  for (; address < end; address += store->nvm.page_size) {
    psd_store_mark mark;
    const uint8_t *page = psd_store_view_page(view, address);
    if (page == NULL)
      return PSD_STORE_IO;
    psd_store_page_state state = psd_store_decode_mark(page, &store->nvm, &mark);
    if (state == PSD_STORE_PAGE_ERASED)
      continue;
    if (state == PSD_STORE_PAGE_VALID || !torn)
      return PSD_STORE_CORRUPT;
    store->stale = true;
  }
  return PSD_STORE_OK;
}

/* Whether the head, which holds, is that of the transaction that comes next, and has room in the bank. */
static bool head_fits(const psd_store *store, const psd_store_head *head) {
  uint32_t room = psd_store_log_end(&store->nvm, store->bank) - store->tail;
  return head->generation == store->generation && head->sequence == store->sequence + 1U && head->length < room &&
         psd_store_transaction_size(&store->nvm, head->length) <= room;
}

static psd_store_result read_transaction(const psd_store *store, psd_store_view *view, transaction *found) {
  psd_store_reader reader = {.view = view, .address = store->tail + 1U};
  if (!psd_store_reader_take(&reader, NULL, PSD_STORE_HEAD_SIZE + found->head.length))
    return PSD_STORE_IO;
  found->checksum = reader.checksum;
  uint8_t seal[PSD_STORE_SEAL_SIZE];
  if (!psd_store_reader_take(&reader, seal, sizeof seal))
    return PSD_STORE_IO;
  found->sealed = psd_store_get32(seal) == found->checksum;
  found->mark_page = store->tail + psd_store_body_size(&store->nvm, found->head.length);
  const uint8_t *page = psd_store_view_page(view, found->mark_page);
  if (page == NULL)
    return PSD_STORE_IO;
  found->mark_state = psd_store_decode_mark(page, &store->nvm, &found->mark);
  return PSD_STORE_OK;
}

static bool mark_agrees(const transaction *found) {
  return found->mark.generation == found->head.generation && found->mark.sequence == found->head.sequence &&
         found->mark.length == found->head.length && found->mark.checksum == found->checksum;
}

/* Whether the transaction is committed; PSD_STORE_ABSENT if it never was. */
static psd_store_result judge(psd_store *store, const transaction *found) {
  if (found->mark_state == PSD_STORE_PAGE_VALID) {
    store->stale = store->stale || !found->sealed;
    return mark_agrees(found) ? PSD_STORE_OK : PSD_STORE_CORRUPT;
  }
  store->stale = true;
  if (found->sealed)
    return PSD_STORE_OK;
  return found->mark_state == PSD_STORE_PAGE_ERASED ? PSD_STORE_ABSENT : PSD_STORE_CORRUPT;
}

/* Takes the puts of a committed transaction into the index. */
static psd_store_result take_puts(psd_store *store, psd_store_view *view, const psd_store_head *head) {
  uint32_t address = psd_store_advance(&store->nvm, store->tail + 1U, PSD_STORE_HEAD_SIZE);
  uint32_t left = head->length;
  for (uint32_t i = 0; i < head->count; i++) {
    uint8_t put[PSD_STORE_PUT_SIZE];
    psd_store_reader reader = {.view = view, .address = address};
    if (left < sizeof put)
      return PSD_STORE_CORRUPT;
    if (!psd_store_reader_take(&reader, put, sizeof put))
      return PSD_STORE_IO;
    uint16_t record = psd_store_get16(put);
    uint16_t length = psd_store_get16(put + 2);
    bool removed = length == PSD_STORE_REMOVED;
    uint32_t size = sizeof put + (removed ? 0U : length);
    if (record >= PSD_STORE_RECORDS_MAX || size > left || (!removed && length > PSD_STORE_VALUE_MAX))
      return PSD_STORE_CORRUPT;
    store->index[record] = (psd_store_entry){.address = removed ? 0 : address, .length = removed ? 0 : length};
    address = psd_store_advance(&store->nvm, address, size);
    left -= size;
  }
  return left == 0 ? PSD_STORE_OK : PSD_STORE_CORRUPT;
}

/* One step along the log; `*more` is whether another may follow. */
static psd_store_result scan_next(psd_store *store, psd_store_view *view, bool *more) {
  *more = false;
  transaction found;
  const uint8_t *page = psd_store_view_page(view, store->tail);
  if (page == NULL)
    return PSD_STORE_IO;
  if (psd_store_decode_head(page, &store->nvm, &found.head) != PSD_STORE_PAGE_VALID)
    return check_rest(store, view, store->tail, true);
  if (!head_fits(store, &found.head))
    return PSD_STORE_CORRUPT;
  psd_store_result result = read_transaction(store, view, &found);
  if (result == PSD_STORE_OK)
    result = judge(store, &found);
  if (result == PSD_STORE_ABSENT)
    return check_rest(store, view, found.mark_page, false);
  if (result == PSD_STORE_OK)
    result = take_puts(store, view, &found.head);
  if (result != PSD_STORE_OK)
    return result;
  store->sequence = found.head.sequence;
  store->tail = found.mark_page + store->nvm.page_size;
  *more = store->tail < psd_store_log_end(&store->nvm, store->bank);
  return PSD_STORE_OK;
}

psd_store_result psd_store_scan(psd_store *store, psd_store_view *view) {
  store->sequence = PSD_STORE_FIRST_SEQUENCE - 1U;
  store->tail = psd_store_log_start(&store->nvm, store->bank);
  bool more = true;
  psd_store_result result = PSD_STORE_OK;
  while (more && result == PSD_STORE_OK)
    result = scan_next(store, view, &more);
  return result;
}
