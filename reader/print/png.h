/* What cairo leaves out of a PNG: how large its dots are. */
#ifndef PSD_PRINT_PNG_H
#define PSD_PRINT_PNG_H

#include "print/file.h"

/* A PNG on its way to a file. */
typedef struct psd_png_stream {
  psd_whole_file *file; /* the caller's */
  unsigned dpi;
  size_t passed; /* bytes so far, as long as that matters */
} psd_png_stream;

/* Passes bytes of the PNG on, in pieces of any length, and puts a pHYs chunk behind the first chunk. */
bool psd_png_write(psd_png_stream *png, const uint8_t *data, size_t length);

#endif
