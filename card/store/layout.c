#include "store/layout.h"

#include <string.h>

#include "crypto/crypto.h"

#define MAGIC_SIZE 6U
static const uint8_t magic[MAGIC_SIZE] = {'P', 'S', 'D', 'L', 'O', 'G'};

/* Later formats keep these: they are what tells a store of another version from damage. */
#define BANK_FORMAT (1U + MAGIC_SIZE)
#define BANK_PAGE (BANK_FORMAT + 2U)
#define BANK_BLOCK (BANK_PAGE + 4U)
#define BANK_COUNT (BANK_BLOCK + 4U)
#define BANK_GENERATION (BANK_COUNT + 4U)
#define BANK_CHECKSUM (BANK_GENERATION + 4U)

#define OBSOLETE_BITS 8U  /* of the four in every byte that say that a bank has a successor */
#define MARK_CHECKSUM 17U /* of the mark itself, behind kind and four numbers */
#define HEAD_CHECKSUM 14U /* of the head itself, in what follows the kind */

bool psd_store_geometry_ok(const psd_nvm *nvm) {
  if (nvm->page_size < PSD_STORE_PAGE_MIN || nvm->page_size > PSD_STORE_PAGE_MAX)
    return false;
  if ((nvm->page_size & (nvm->page_size - 1U)) != 0)
    return false;
  if (nvm->block_size < nvm->page_size || nvm->block_size % nvm->page_size != 0)
    return false;
  if (nvm->block_count < 2 || nvm->block_count % 2 != 0 || nvm->block_count > UINT32_MAX / nvm->block_size)
    return false;
  return nvm->block_size / nvm->page_size * (nvm->block_count / 2) >= PSD_STORE_BANK_PAGES_MIN;
}

uint32_t psd_store_bank_start(const psd_nvm *nvm, uint32_t bank) {
  return nvm->block_count / 2 * bank * nvm->block_size;
}

/* The copies lie at the two ends of the bank, so that no single block holds both unless a bank is one block. */
uint32_t psd_store_header_page(const psd_nvm *nvm, uint32_t bank, unsigned copy) {
  return copy == 0 ? psd_store_bank_start(nvm, bank) : psd_store_log_end(nvm, bank);
}

uint32_t psd_store_obsolete_page(const psd_nvm *nvm, uint32_t bank) {
  return psd_store_bank_start(nvm, bank) + nvm->page_size;
}

uint32_t psd_store_log_start(const psd_nvm *nvm, uint32_t bank) {
  return psd_store_bank_start(nvm, bank) + 2U * nvm->page_size;
}

uint32_t psd_store_log_end(const psd_nvm *nvm, uint32_t bank) {
  return psd_store_bank_start(nvm, bank + 1U) - nvm->page_size;
}

uint32_t psd_store_advance(const psd_nvm *nvm, uint32_t address, uint32_t count) {
  uint32_t page = address / nvm->page_size;
  uint32_t content = nvm->page_size - 1U;
  uint32_t offset = address % nvm->page_size - 1U + count;
  return (page + offset / content) * nvm->page_size + 1U + offset % content;
}

uint32_t psd_store_body_size(const psd_nvm *nvm, uint32_t length) {
  uint32_t content = nvm->page_size - 1U;
  uint32_t pages = (PSD_STORE_HEAD_SIZE + length + PSD_STORE_SEAL_SIZE + content - 1U) / content;
  return pages * nvm->page_size;
}

uint32_t psd_store_transaction_size(const psd_nvm *nvm, uint32_t length) {
  return psd_store_body_size(nvm, length) + nvm->page_size;
}

bool psd_store_is_erased(const uint8_t *page, size_t size) {
  return page[0] == 0xFF && memcmp(page, page + 1, size - 1U) == 0;
}

void psd_store_encode_bank(uint8_t *page, const psd_nvm *nvm, uint32_t generation) {
  memset(page, 0xFF, nvm->page_size);
  page[0] = PSD_STORE_KIND_BANK;
  memcpy(page + 1, magic, sizeof magic);
  psd_store_set16(page + BANK_FORMAT, PSD_STORE_FORMAT);
  psd_store_set32(page + BANK_PAGE, nvm->page_size);
  psd_store_set32(page + BANK_BLOCK, nvm->block_size);
  psd_store_set32(page + BANK_COUNT, nvm->block_count);
  psd_store_set32(page + BANK_GENERATION, generation);
  psd_store_set32(page + BANK_CHECKSUM, psd_crc32(0, page, BANK_CHECKSUM));
}

psd_store_page_state psd_store_decode_bank(const uint8_t *page, const psd_nvm *nvm, uint32_t *generation) {
  if (psd_store_is_erased(page, nvm->page_size))
    return PSD_STORE_PAGE_ERASED;
  if (page[0] != PSD_STORE_KIND_BANK || memcmp(page + 1, magic, sizeof magic) != 0 ||
      psd_store_get32(page + BANK_CHECKSUM) != psd_crc32(0, page, BANK_CHECKSUM))
    return PSD_STORE_PAGE_BAD;
  if (psd_store_get16(page + BANK_FORMAT) != PSD_STORE_FORMAT || psd_store_get32(page + BANK_PAGE) != nvm->page_size ||
      psd_store_get32(page + BANK_BLOCK) != nvm->block_size || psd_store_get32(page + BANK_COUNT) != nvm->block_count)
    return PSD_STORE_PAGE_OTHER;
  *generation = psd_store_get32(page + BANK_GENERATION);
  return PSD_STORE_PAGE_VALID;
}

void psd_store_encode_obsolete(uint8_t *page, const psd_nvm *nvm) {
  memset(page, PSD_STORE_KIND_OBSOLETE, nvm->page_size);
}

bool psd_store_is_obsolete(const uint8_t *page, size_t size) {
  unsigned programmed = 0;
  for (size_t i = 0; i < size; i++)
    for (uint8_t bits = (uint8_t)~page[i]; bits != 0; bits &= (uint8_t)(bits - 1U))
      programmed++;
  return programmed >= OBSOLETE_BITS;
}

void psd_store_encode_mark(uint8_t *page, const psd_nvm *nvm, const psd_store_mark *mark) {
  memset(page, 0xFF, nvm->page_size);
  page[0] = PSD_STORE_KIND_MARK;
  psd_store_set32(page + 1, mark->generation);
  psd_store_set32(page + 5, mark->sequence);
  psd_store_set32(page + 9, mark->length);
  psd_store_set32(page + 13, mark->checksum);
  psd_store_set32(page + MARK_CHECKSUM, psd_crc32(0, page, MARK_CHECKSUM));
}

psd_store_page_state psd_store_decode_mark(const uint8_t *page, const psd_nvm *nvm, psd_store_mark *mark) {
  if (psd_store_is_erased(page, nvm->page_size))
    return PSD_STORE_PAGE_ERASED;
  if (page[0] != PSD_STORE_KIND_MARK || psd_store_get32(page + MARK_CHECKSUM) != psd_crc32(0, page, MARK_CHECKSUM))
    return PSD_STORE_PAGE_BAD;
  mark->generation = psd_store_get32(page + 1);
  mark->sequence = psd_store_get32(page + 5);
  mark->length = psd_store_get32(page + 9);
  mark->checksum = psd_store_get32(page + 13);
  return PSD_STORE_PAGE_VALID;
}

void psd_store_encode_head(uint8_t head[PSD_STORE_HEAD_SIZE], const psd_store_head *fields) {
  psd_store_set32(head, fields->generation);
  psd_store_set32(head + 4, fields->sequence);
  psd_store_set32(head + 8, fields->length);
  psd_store_set16(head + 12, fields->count);
  psd_store_set32(head + HEAD_CHECKSUM, psd_crc32(0, head, HEAD_CHECKSUM));
}

uint32_t psd_store_encode_put(uint8_t put[PSD_STORE_PUT_SIZE], uint16_t record, uint16_t length) {
  psd_store_set16(put, record);
  psd_store_set16(put + 2, length);
  return psd_crc32(0, put, PSD_STORE_PUT_CHECKSUM);
}

psd_store_page_state psd_store_decode_head(const uint8_t *page, const psd_nvm *nvm, psd_store_head *head) {
  if (psd_store_is_erased(page, nvm->page_size))
    return PSD_STORE_PAGE_ERASED;
  const uint8_t *from = page + 1;
  if (page[0] != PSD_STORE_KIND_HEAD || psd_store_get32(from + HEAD_CHECKSUM) != psd_crc32(0, from, HEAD_CHECKSUM))
    return PSD_STORE_PAGE_BAD;
  head->generation = psd_store_get32(from);
  head->sequence = psd_store_get32(from + 4);
  head->length = psd_store_get32(from + 8);
  head->count = psd_store_get16(from + 12);
  return PSD_STORE_PAGE_VALID;
}
