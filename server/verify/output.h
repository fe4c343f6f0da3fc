/* Files that appear whole: written beside their place, and put into it at the end. */
#ifndef PSD_VERIFY_OUTPUT_H
#define PSD_VERIFY_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct psd_output {
  const char *path;
  char *temporary; /* NULL at standard output and at devices */
  FILE *file;      /* NULL while nothing is open */
} psd_output;

/* Opens a file beside `path`; "-" is standard output, and devices and pipes are written to as they are. False with
 * errno. */
bool psd_output_open(psd_output *output, const char *path);
/* Puts it into its place, on the disk. False with errno if something could not be written; nothing is there then. */
bool psd_output_end(psd_output *output);
/* Takes it away again; for one that is not open as well. */
void psd_output_drop(psd_output *output);

#endif
