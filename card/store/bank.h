/* Which of the two banks is in force, and handing over from one to the other. */
#ifndef PSD_STORE_BANK_H
#define PSD_STORE_BANK_H

#include "store/pages.h"

typedef struct psd_store_bank {
  uint32_t number; /* 0 or 1 */
  uint32_t generation;
  bool stale; /* a header copy or the mark in the other bank is missing: hand over at the next commit */
} psd_store_bank;

/* Finds the bank in force. PSD_STORE_BLANK if neither bank has a header: psd_store_check_blank then tells blank from
 * damaged. PSD_STORE_VERSION, PSD_STORE_CORRUPT, PSD_STORE_IO as for psd_store_open. */
psd_store_result psd_store_bank_choose(const psd_nvm *nvm, psd_store_view *view, psd_store_bank *bank);

/* Memory without a header: PSD_STORE_BLANK if nothing in it says that there ever was a card, PSD_STORE_CORRUPT if
 * something does. */
psd_store_result psd_store_bank_check_blank(const psd_nvm *nvm, psd_store_view *view);

/* Whether all pages from `start` to before `end` are erased; false with `*failed` set if the device failed. */
bool psd_store_is_range_erased(psd_store_view *view, uint32_t start, uint32_t end, bool *failed);

/* Erases the bank, the block with its first header copy and its obsolete page last. Does not sync. */
bool psd_store_bank_erase(const psd_nvm *nvm, uint32_t bank);

/* Puts the bank in force: programs both header copies and syncs. Its log must be durable before. */
bool psd_store_bank_begin(const psd_nvm *nvm, uint32_t bank, uint32_t generation);

/* Marks the bank as one that has a successor, and syncs: see psd_store_bank_choose. */
bool psd_store_bank_retire(const psd_nvm *nvm, psd_store_view *view, uint32_t bank);

#endif
