/* Pictures of mail: PNG, and PGM and PPM as scanners' tools write them, as shades of grey. */
#ifndef PSD_VERIFY_PICTURE_H
#define PSD_VERIFY_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "verify/decode.h"

typedef struct psd_scan {
  uint8_t *grey; /* width * height bytes, row after row: 0 black, 255 white */
  unsigned width, height;
} psd_scan;

/* Bytes by which a picture is told from anything else. */
#define PSD_PICTURE_HEAD 8U
/* True if a file of a kind that can be read begins with these bytes. */
bool psd_scan_begins(const uint8_t *bytes, size_t length);

/* Reads the picture a file begins with, colours and transparency (over white) turned to grey. One larger than the
 * limits in decode.h is refused by what its head says, before memory is taken for it. False, and in `words` why; else
 * to be freed. */
bool psd_scan_read(FILE *in, psd_scan *picture, char *words, size_t room);
void psd_scan_free(psd_scan *picture);

#endif
