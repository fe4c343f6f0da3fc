/* The bytes on the device (docs/store.md): where the pages of a bank lie and what is in them. Numbers are most
 * significant byte first. */
#ifndef PSD_STORE_LAYOUT_H
#define PSD_STORE_LAYOUT_H

#include "store/store.h"

#define PSD_STORE_FORMAT 1U
#define PSD_STORE_PAGE_MIN 64U
#define PSD_STORE_PAGE_MAX 512U
#define PSD_STORE_BANK_PAGES_MIN 8U

#define PSD_STORE_PUT_SIZE 8U       /* record, length and checksum before each value */
#define PSD_STORE_PUT_CHECKSUM 4U   /* where the checksum, over record, length and value, stands in it */
#define PSD_STORE_SEAL_SIZE 4U      /* checksum behind the last put of a transaction */
#define PSD_STORE_HEAD_SIZE 18U     /* at the start of a transaction */
#define PSD_STORE_REMOVED 0xFFFFU   /* in place of a length: the record is gone */
#define PSD_STORE_FIRST_SEQUENCE 1U /* of the first transaction of a bank */
#define PSD_STORE_FIRST_GENERATION 1U

/* The first byte of every programmed page. Any two of them, and each of them and FF, differ in at least four bits; and
 * since all have four bits clear, a page that is programmed only in part never shows another page's kind. Values of the
 * host never stand in this place: no value can pass for a page of another kind. */
typedef enum psd_store_kind {
  PSD_STORE_KIND_BANK = 0x0F,
  PSD_STORE_KIND_OBSOLETE = 0x33,
  PSD_STORE_KIND_HEAD = 0x55,
  PSD_STORE_KIND_BODY = 0x5A,
  PSD_STORE_KIND_MARK = 0x69,
} psd_store_kind;

typedef enum psd_store_page_state {
  PSD_STORE_PAGE_ERASED,
  PSD_STORE_PAGE_VALID,
  PSD_STORE_PAGE_OTHER, /* a bank header that holds, of another version or geometry */
  PSD_STORE_PAGE_BAD,   /* anything else */
} psd_store_page_state;

/* First page of a transaction, after the kind. */
typedef struct psd_store_head {
  uint32_t generation;
  uint32_t sequence;
  uint32_t length; /* of the puts that follow, bytes */
  uint16_t count;  /* of the puts */
} psd_store_head;

/* Page behind a transaction: its head and body were durable before this page was programmed. */
typedef struct psd_store_mark {
  uint32_t generation;
  uint32_t sequence;
  uint32_t length;
  uint32_t checksum; /* of head and puts */
} psd_store_mark;

static inline uint16_t psd_store_get16(const uint8_t *from) {
  return (uint16_t)(from[0] << 8 | from[1]);
}

static inline uint32_t psd_store_get32(const uint8_t *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void psd_store_set16(uint8_t *to, uint16_t value) {
  to[0] = (uint8_t)(value >> 8);
  to[1] = (uint8_t)value;
}

static inline void psd_store_set32(uint8_t *to, uint32_t value) {
  psd_store_set16(to, (uint16_t)(value >> 16));
  psd_store_set16(to + 2, (uint16_t)value);
}

/* Whether the store can work on memory of this geometry: see psd_store_open. */
bool psd_store_geometry_ok(const psd_nvm *nvm);

/* Addresses, all of whole pages. The log of a bank is [start, end). */
uint32_t psd_store_bank_start(const psd_nvm *nvm, uint32_t bank);
uint32_t psd_store_header_page(const psd_nvm *nvm, uint32_t bank, unsigned copy);
uint32_t psd_store_obsolete_page(const psd_nvm *nvm, uint32_t bank);
uint32_t psd_store_log_start(const psd_nvm *nvm, uint32_t bank);
uint32_t psd_store_log_end(const psd_nvm *nvm, uint32_t bank);

/* The address `count` bytes of content behind `address`, which is of a byte of content: kinds are stepped over. */
uint32_t psd_store_advance(const psd_nvm *nvm, uint32_t address, uint32_t count);

/* Bytes on the device of a transaction with `length` bytes of puts, its mark left out and included. */
uint32_t psd_store_body_size(const psd_nvm *nvm, uint32_t length);
uint32_t psd_store_transaction_size(const psd_nvm *nvm, uint32_t length);

bool psd_store_is_erased(const uint8_t *page, size_t size);

/* Each writes the whole page, kind and erased rest included. */
void psd_store_encode_bank(uint8_t *page, const psd_nvm *nvm, uint32_t generation);
void psd_store_encode_obsolete(uint8_t *page, const psd_nvm *nvm);
void psd_store_encode_mark(uint8_t *page, const psd_nvm *nvm, const psd_store_mark *mark);
/* The head is a part of its page: `head` is what follows the kind. */
void psd_store_encode_head(uint8_t head[PSD_STORE_HEAD_SIZE], const psd_store_head *fields);

/* The first PSD_STORE_PUT_CHECKSUM bytes of a put; returns the checksum so far, which the value's goes on from. */
uint32_t psd_store_encode_put(uint8_t put[PSD_STORE_PUT_SIZE], uint16_t record, uint16_t length);

/* Whether the page was ever programmed with psd_store_encode_obsolete, even in part: a few bits that rotted do not make
 * it so, and a few that rotted do not undo it. */
bool psd_store_is_obsolete(const uint8_t *page, size_t size);

/* Each looks at a whole page and fills in what it found if that is PSD_STORE_PAGE_VALID. */
psd_store_page_state psd_store_decode_bank(const uint8_t *page, const psd_nvm *nvm, uint32_t *generation);
psd_store_page_state psd_store_decode_mark(const uint8_t *page, const psd_nvm *nvm, psd_store_mark *mark);
psd_store_page_state psd_store_decode_head(const uint8_t *page, const psd_nvm *nvm, psd_store_head *head);

#endif
