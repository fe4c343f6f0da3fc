/* Non-volatile memory in RAM: a strict flash whose power can be cut at any operation. For tests and simulations.
 *
 * An operation is the programming of one page, the erasing of one block, or a sync: the points at which power may fail.
 * To cut power at the third operation from now, half-way through it:
 *
 *     ram.cut_in = 3;
 *     ram.cut = PSD_NVM_RAM_HALF;
 *     … use the card …
 *     if (ram.off)               the cut was reached: everything failed from there on
 *       psd_nvm_ram_power_on(&ram);
 */
#ifndef PSD_PORT_NVM_RAM_H
#define PSD_PORT_NVM_RAM_H

#include "psd/ports.h"

/* What becomes of the operation at which power is cut, and of those before it that were not synced. */
typedef enum psd_nvm_ram_cut {
  PSD_NVM_RAM_CLEAN,   /* it is not done; all before it are */
  PSD_NVM_RAM_HALF,    /* the first half of its page or block is done; all before it are */
  PSD_NVM_RAM_REST,    /* the second half is done; all before it are */
  PSD_NVM_RAM_WEAK,    /* some of the bits that it changes are changed; all before it are done */
  PSD_NVM_RAM_NOISE,   /* its page or block holds anything; all before it are done */
  PSD_NVM_RAM_REORDER, /* it and each one since the last sync is done, not done, or leaves anything, on its own */
  PSD_NVM_RAM_KILL,    /* it is not done, but the power stays: those not synced may still be lost at the next cut */
} psd_nvm_ram_cut;
#define PSD_NVM_RAM_CUTS 7U

/* Operations since the last sync. */
typedef struct psd_nvm_ram_pending {
  uint32_t address;
  uint32_t length;
  size_t data; /* where its bytes start in `pending_data`; erasing has none */
  bool erase;
} psd_nvm_ram_pending;

typedef struct psd_nvm_ram {
  uint32_t page_size, block_size, block_count; /* as in psd_nvm */

  /* Set these at any time. Each counts down, and happens when it goes from 1 to 0. */
  uint64_t cut_in; /* operations until power is cut, this one included */
  psd_nvm_ram_cut cut;
  uint64_t seed;            /* of what the cut leaves to chance */
  uint64_t fail_read_in;    /* calls until one returns false without doing anything, this one included */
  uint64_t fail_program_in; /* pages, likewise: those before it in the same call are programmed */
  uint64_t fail_erase_in;
  uint64_t fail_sync_in;

  /* Read these at any time; set them to 0 to count from there. */
  uint64_t operations; /* programs + erases + syncs, those that were cut or failed included */
  uint64_t reads;      /* calls */
  uint64_t programs;   /* pages */
  uint64_t erases;     /* blocks */
  uint64_t syncs;
  uint64_t violations; /* calls that a flash cannot serve: unaligned, out of range, page not erased. Refused. */
  bool off;            /* power was cut: every call fails */

  /* One number a block. */
  uint32_t *wear;       /* how often it was erased */
  uint32_t *programmed; /* how many of its pages were ever programmed */

  /* The port's own. */
  uint8_t *bytes;   /* as they are read */
  uint8_t *durable; /* as of the last sync */
  psd_nvm_ram_pending *pending;
  size_t pending_count, pending_capacity;
  uint8_t *pending_data;
  size_t data_length, data_capacity;
} psd_nvm_ram;

/* Makes an erased memory; false if there is not enough of the real one. psd_nvm_ram_destroy frees it. */
bool psd_nvm_ram_create(psd_nvm_ram *ram, uint32_t page_size, uint32_t block_size, uint32_t block_count);
void psd_nvm_ram_destroy(psd_nvm_ram *ram);

/* The port; `ram` must outlive it and stay where it is. */
psd_nvm psd_nvm_ram_port(psd_nvm_ram *ram);

/* Restores power and takes back every cut and failure that was asked for. */
void psd_nvm_ram_power_on(psd_nvm_ram *ram);

/* Bytes of the memory, and of an image of it. */
size_t psd_nvm_ram_size(const psd_nvm_ram *ram);
/* Copies what is read now to `image`. */
void psd_nvm_ram_save(const psd_nvm_ram *ram, uint8_t *image);
/* Makes the memory that of `image`, durable, with power on. Wear is not touched. */
void psd_nvm_ram_load(psd_nvm_ram *ram, const uint8_t *image);
/* Makes `length` bytes at `address` rot to `data`, durably. Bits may go either way. */
void psd_nvm_ram_rot(psd_nvm_ram *ram, uint32_t address, const void *data, size_t length);
/* Flips bit `bit`, 0 to 7, of the byte at `address`. */
void psd_nvm_ram_flip(psd_nvm_ram *ram, uint32_t address, unsigned bit);

#endif
