/* Non-volatile memory in a file: a flash with the state of one card.
 *
 * The file is a header of PSD_NVM_FILE_HEADER bytes and the image of the flash behind it. The header, most significant
 * byte first: "PSDNVM", version (2 bytes), page size, block size, number of blocks (4 bytes each), zeros up to byte 64,
 * then how often each block was erased (4 bytes each). One process at a time has it: the file is locked (flock) while
 * it is open.
 *
 * Functions that can fail write one line to `message`, room for PSD_NVM_FILE_MESSAGE bytes: what is wrong and what to
 * do, to be read behind the file's name. */
#ifndef PSD_PORT_NVM_FILE_H
#define PSD_PORT_NVM_FILE_H

#include "psd/ports.h"

#define PSD_NVM_FILE_VERSION 1U
#define PSD_NVM_FILE_HEADER 4096U
#define PSD_NVM_FILE_MESSAGE 160U

/* Geometry of a new file. Pages are small, since every commit takes whole ones; a block is the page of most file
 * systems; a bank, half of all, holds 126 KiB of records and some 500 commits of 100 bytes between hand-overs. */
#define PSD_NVM_FILE_PAGE 64U
#define PSD_NVM_FILE_BLOCK 4096U
#define PSD_NVM_FILE_BLOCKS 64U
#define PSD_NVM_FILE_BLOCKS_MAX 1008U /* that the header has room for */

typedef struct psd_nvm_file {
  int descriptor; /* -1 if closed */
  bool durable;   /* whether syncing reaches the medium */
  int error;      /* errno of the first write or sync that failed, 0 if none did; from then on every call fails */
  uint32_t page_size, block_size, block_count;
  char *path; /* until it is published: the name it is to have, and the one it has */
  char *temporary;
} psd_nvm_file;

/* Makes an erased memory under a temporary name beside `path`, open and locked, readable by its owner alone. It gets
 * its name by psd_nvm_file_publish, when what belongs into it is there: an init that is cut short leaves nothing at
 * `path`. */
bool psd_nvm_file_create(psd_nvm_file *file, const char *path, bool durable, char *message);

/* Makes it durable and gives it its name. An existing file is never overwritten. */
bool psd_nvm_file_publish(psd_nvm_file *file, char *message);

/* Opens and locks a published file. With `durable` false, what was synced survives the end of the process but maybe not
 * that of the machine. */
bool psd_nvm_file_open(psd_nvm_file *file, const char *path, bool durable, char *message);

/* Closes it and lets go of the lock; removes what was never published. May be called twice. */
void psd_nvm_file_close(psd_nvm_file *file);

/* The port; `file` must outlive it and stay where it is. */
psd_nvm psd_nvm_file_port(psd_nvm_file *file);

/* How often block `block` was erased; false if there is no such block or it cannot be read. */
bool psd_nvm_file_wear(const psd_nvm_file *file, uint32_t block, uint32_t *erases);

#endif
