/* Reading and writing the content of pages: what is left of them without their kinds. */
#ifndef PSD_STORE_PAGES_H
#define PSD_STORE_PAGES_H

#include "store/layout.h"

/* A few pages of the device in memory. */
typedef struct psd_store_view {
  const psd_nvm *nvm;
  uint32_t limit;      /* no page from this address on is read */
  uint32_t start, end; /* addresses of what `bytes` holds; equal if nothing */
  uint32_t used;       /* of `bytes`, ever */
  uint8_t bytes[PSD_STORE_PAGE_MAX];
} psd_store_view;

/* A view of the pages before address `limit`. */
void psd_store_view_start(psd_store_view *view, const psd_nvm *nvm, uint32_t limit);

/* Wipes it: pages hold keys. */
void psd_store_view_stop(psd_store_view *view);

/* The page at `address` (of a whole page), valid until the next call; NULL if the device failed. */
const uint8_t *psd_store_view_page(psd_store_view *view, uint32_t address);

/* Content, byte after byte across pages. */
typedef struct psd_store_reader {
  psd_store_view *view;
  uint32_t address;  /* of the next byte of content */
  uint32_t checksum; /* over what was read; may be set at any time */
} psd_store_reader;

/* Reads `length` bytes to `out`, or only takes their checksum if that is NULL. Returns false if the device failed. */
bool psd_store_reader_take(psd_store_reader *reader, void *out, uint32_t length);

/* Puts content into pages and programs them. A failure is remembered: only psd_store_writer_flush need be asked. */
typedef struct psd_store_writer {
  const psd_nvm *nvm;
  uint32_t address;    /* on the device, of the first byte in `bytes` */
  uint32_t fill;       /* bytes in `bytes`, kinds included */
  uint32_t checksum;   /* over the content; may be set at any time */
  psd_store_kind kind; /* of the next page that is begun */
  bool failed;
  uint8_t bytes[PSD_STORE_PAGE_MAX];
} psd_store_writer;

void psd_store_writer_start(psd_store_writer *writer, const psd_nvm *nvm, uint32_t address);

/* Wipes it. */
void psd_store_writer_stop(psd_store_writer *writer);

void psd_store_writer_add(psd_store_writer *writer, const void *data, uint32_t length);

/* The address at which the next byte of content will stand. */
uint32_t psd_store_writer_position(const psd_store_writer *writer);

/* Fills up the last page with erased bytes, programs what is left, and returns false if anything failed so far. What is
 * added next begins a page. */
bool psd_store_writer_flush(psd_store_writer *writer);

#endif
