#include "store/bank.h"

/* What the header pages of one bank say. */
typedef struct bank_header {
  uint32_t generation;
  bool valid;    /* at least one copy holds */
  bool whole;    /* both do */
  bool other;    /* a copy holds, but is of another version or geometry */
  bool obsolete; /* the bank has a successor */
} bank_header;

static psd_store_result take_copy(bank_header *header, psd_store_page_state state, uint32_t generation) {
  if (state == PSD_STORE_PAGE_OTHER)
    header->other = true;
  if (state != PSD_STORE_PAGE_VALID)
    return PSD_STORE_OK;
  if (header->valid && header->generation != generation)
    return PSD_STORE_CORRUPT;
  header->whole = header->valid;
  header->valid = true;
  header->generation = generation;
  return PSD_STORE_OK;
}

static psd_store_result read_header(const psd_nvm *nvm, psd_store_view *view, uint32_t bank, bank_header *header) {
  *header = (bank_header){.generation = 0};
  for (unsigned copy = 0; copy < 2; copy++) {
    uint32_t generation = 0;
    const uint8_t *page = psd_store_view_page(view, psd_store_header_page(nvm, bank, copy));
    if (page == NULL)
      return PSD_STORE_IO;
    psd_store_page_state state = psd_store_decode_bank(page, nvm, &generation);
    psd_store_result result = take_copy(header, state, generation);
    if (result != PSD_STORE_OK)
      return result;
  }
  const uint8_t *page = psd_store_view_page(view, psd_store_obsolete_page(nvm, bank));
  if (page == NULL)
    return PSD_STORE_IO;
  header->obsolete = psd_store_is_obsolete(page, nvm->page_size);
  return PSD_STORE_OK;
}

/* Both headers hold: the successor is in force. */
static psd_store_result choose_newer(const bank_header headers[2], psd_store_bank *bank) {
  bank->number = headers[1].generation > headers[0].generation ? 1 : 0;
  const bank_header *newer = &headers[bank->number];
  const bank_header *older = &headers[1U - bank->number];
  /* Of the two only the older one has a successor that can be read. */
  if (newer->generation - older->generation != 1 || newer->obsolete)
    return PSD_STORE_CORRUPT;
  bank->generation = newer->generation;
  bank->stale = !newer->whole || !older->obsolete;
  return PSD_STORE_OK;
}

psd_store_result psd_store_bank_choose(const psd_nvm *nvm, psd_store_view *view, psd_store_bank *bank) {
  bank_header headers[2];
  for (uint32_t i = 0; i < 2; i++) {
    psd_store_result result = read_header(nvm, view, i, &headers[i]);
    if (result != PSD_STORE_OK)
      return result;
  }
  if (headers[0].other || headers[1].other)
    return PSD_STORE_VERSION;
  if (headers[0].valid && headers[1].valid)
    return choose_newer(headers, bank);
  if (!headers[0].valid && !headers[1].valid)
    return PSD_STORE_BLANK;
  bank->number = headers[1].valid ? 1 : 0;
  const bank_header *only = &headers[bank->number];
  /* It had a successor, which was in force and cannot be read any more: this one holds a state of the past. */
  if (only->obsolete)
    return PSD_STORE_CORRUPT;
  bank->generation = only->generation;
  bank->stale = !only->whole;
  return PSD_STORE_OK;
}

/* A format that power cut may leave pages of any content in the blocks where the headers go, for it programs and erases
 * nothing else; but never a mark. */
static bool may_be_half_formatted(const psd_nvm *nvm, uint32_t address) {
  uint32_t block = address / nvm->block_size;
  for (uint32_t bank = 0; bank < 2; bank++)
    for (unsigned copy = 0; copy < 2; copy++)
      if (psd_store_header_page(nvm, bank, copy) / nvm->block_size == block)
        return true;
  return false;
}

psd_store_result psd_store_bank_check_blank(const psd_nvm *nvm, psd_store_view *view) {
  uint32_t end = psd_store_bank_start(nvm, 2);
  for (uint32_t address = 0; address < end; address += nvm->page_size) {
    psd_store_mark mark;
    const uint8_t *page = psd_store_view_page(view, address);
    if (page == NULL)
      return PSD_STORE_IO;
    psd_store_page_state state = psd_store_decode_mark(page, nvm, &mark);
    if (state == PSD_STORE_PAGE_ERASED)
      continue;
    if (state == PSD_STORE_PAGE_VALID || !may_be_half_formatted(nvm, address))
      return PSD_STORE_CORRUPT;
  }
  return PSD_STORE_BLANK;
}

bool psd_store_is_range_erased(psd_store_view *view, uint32_t start, uint32_t end, bool *failed) {
  uint32_t size = view->nvm->page_size;
  *failed = false;
  for (uint32_t address = start; address < end; address += size) {
    const uint8_t *page = psd_store_view_page(view, address);
    if (page == NULL) {
      *failed = true;
      return false;
    }
    if (!psd_store_is_erased(page, size))
      return false;
  }
  return true;
}

bool psd_store_bank_erase(const psd_nvm *nvm, uint32_t bank) {
  uint32_t blocks = nvm->block_count / 2;
  for (uint32_t i = blocks; i > 0; i--)
    if (!nvm->erase(nvm->device, bank * blocks + i - 1U))
      return false;
  return true;
}

bool psd_store_bank_begin(const psd_nvm *nvm, uint32_t bank, uint32_t generation) {
  uint8_t page[PSD_STORE_PAGE_MAX];
  psd_store_encode_bank(page, nvm, generation);
  for (unsigned copy = 0; copy < 2; copy++)
    if (!nvm->program(nvm->device, psd_store_header_page(nvm, bank, copy), page, nvm->page_size))
      return false;
  return nvm->sync(nvm->device);
}

bool psd_store_bank_retire(const psd_nvm *nvm, psd_store_view *view, uint32_t bank) {
  uint32_t address = psd_store_obsolete_page(nvm, bank);
  const uint8_t *found = psd_store_view_page(view, address);
  if (found == NULL)
    return false;
  /* A bit that rotted keeps the page from being programmed; a bank that is gone cannot come back either. */
  if (!psd_store_is_erased(found, nvm->page_size))
    return psd_store_bank_erase(nvm, bank) && nvm->sync(nvm->device);
  uint8_t page[PSD_STORE_PAGE_MAX];
  psd_store_encode_obsolete(page, nvm);
  return nvm->program(nvm->device, address, page, nvm->page_size) && nvm->sync(nvm->device);
}
