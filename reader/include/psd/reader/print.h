/* What is printed: an indicium as a picture, at true size. Everything says SPECIMEN. */
#ifndef PSD_READER_PRINT_H
#define PSD_READER_PRINT_H

#include "psd/reader/host.h"
#include "psd/spec/evidence.h"

typedef enum psd_symbology { PSD_SYMBOL_DATA_MATRIX, PSD_SYMBOL_PDF417 } psd_symbology;
typedef enum psd_picture { PSD_PICTURE_PNG, PSD_PICTURE_SVG, PSD_PICTURE_PDF } psd_picture;

/* What to print. Texts are the caller's; NULL for nothing. */
typedef struct psd_print_job {
  psd_evidence_head head;
  const uint8_t *indicium; /* `length` bytes, which the symbol carries as they are */
  size_t length;
  psd_device_id device;
  const char *place;     /* "SPRINGFIELD IL 62701", or the ZIP alone */
  const char *sender;    /* lines of the address, for an envelope */
  const char *addressee; /* the same */
  psd_symbology symbology;
  bool envelope; /* a whole envelope, number 10 (241.3 x 104.8 mm), with FIM; else the stamp alone */
  unsigned dpi;  /* of a PNG, 150 to 1200 */
} psd_print_job;

/* ".png", ".svg" or ".pdf" at the end of a file's name; false for another. */
bool psd_picture_of(const char *path, psd_picture *picture);
/* Writes the picture to `path`, which appears whole or not at all. PSD_BAD_INPUT for what cannot be printed,
 * PSD_REFUSED where the file cannot be written. */
psd_result psd_print(const psd_print_job *job, psd_picture picture, const char *path, psd_error *error);

#endif
