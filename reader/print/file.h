/* A file that appears whole or not at all. */
#ifndef PSD_PRINT_FILE_H
#define PSD_PRINT_FILE_H

#include "psd/reader.h"

#include <stdio.h>

typedef struct psd_whole_file {
  const char *path; /* the caller's */
  char *temporary;  /* beside it */
  FILE *stream;     /* NULL once it was ended */
  int why;          /* errno of the first write that failed; 0 while none did */
} psd_whole_file;

/* Begins a file that is to be `path` (the caller's, needed until the end). PSD_REFUSED if none can be made there. After
 * PSD_OK it must be ended. */
psd_result psd_whole_file_begin(psd_whole_file *file, const char *path, psd_error *error);
/* False if it cannot be written, which is remembered. */
bool psd_whole_file_write(psd_whole_file *file, const void *data, size_t length);
/* `so_far` PSD_OK: makes it durable and puts it in its place, PSD_REFUSED if that fails. Otherwise, nothing is left of
 * it, and `so_far` is returned, but for a write that failed: that is told, and PSD_REFUSED. */
psd_result psd_whole_file_end(psd_whole_file *file, psd_result so_far, psd_error *error);
/* Nothing is left of one that was begun and not ended; of others, and of one that is all zeroes, nothing changes. */
void psd_whole_file_drop(psd_whole_file *file);
/* A file of `length` bytes: all of the above. PSD_REFUSED if it cannot be written. */
psd_result psd_whole_file_put(const char *path, const void *data, size_t length, psd_error *error);

#endif
