/* What is printed: an indicium as a picture, at true size (docs/printing.md). Everything says SPECIMEN.
 *
 * A library of its own, psd_print, so that libpsdreader needs neither libzint nor cairo. Nothing is kept between calls:
 * several threads may print at once. */
#ifndef PSD_READER_PRINT_H
#define PSD_READER_PRINT_H

#include "psd/reader.h"
#include "psd/spec/evidence.h"

/* Data Matrix is ECC 200 (ISO/IEC 16022), PDF417 has 8 columns and error correction level 5 (ISO/IEC 15438). */
typedef enum psd_symbology { PSD_SYMBOL_DATA_MATRIX, PSD_SYMBOL_PDF417 } psd_symbology;
typedef enum psd_picture { PSD_PICTURE_PNG, PSD_PICTURE_SVG, PSD_PICTURE_PDF } psd_picture;

#define PSD_PRINT_DPI_LEAST 150U
#define PSD_PRINT_DPI_MOST 1200U
/* Lines of an address on an envelope, blank ones not counted. */
#define PSD_PRINT_ADDRESS_LINES 6U

/* What to print. Everything it points to is the caller's, and is needed for the length of the call.
 *
 * Texts are UTF-8, NULL or "" for nothing. Lines end with "\n" or "\r\n"; tabs and, in `place`, line ends are printed
 * as blanks; other control characters and bytes that are no UTF-8 are refused. A text that is too long for its place is
 * made smaller; a line of `place` or an address, if that does not do, is cut and ends with "...". */
typedef struct psd_print_job {
  psd_evidence_head head;
  const uint8_t *indicium; /* `length` bytes, which the symbol carries as they are */
  size_t length;           /* of a profile of evidence.def, the one `head` names */
  psd_device_id device;
  const char *place;     /* "SPRINGFIELD IL 62701", or the ZIP alone */
  const char *sender;    /* lines of the address, at most PSD_PRINT_ADDRESS_LINES; for an envelope */
  const char *addressee; /* the same */
  psd_symbology symbology;
  bool envelope; /* a whole envelope, number 10 (241.3 x 104.8 mm), with FIM; else the stamp alone */
  unsigned dpi;  /* of a PNG, 150 to 1200; of no meaning for the others */
} psd_print_job;

/* ".png", ".svg" or ".pdf" (in either case) at the end of a file's name; false for another, and for NULL. */
bool psd_picture_of(const char *path, psd_picture *picture);

/* Looks at what of the job is known before there is evidence, the texts and the dpi, so that nothing is paid for what
 * cannot be printed then. PSD_BAD_INPUT, and `error` (not NULL) has one line, if psd_print would refuse it. */
psd_result psd_print_check(const psd_print_job *job, psd_picture picture, psd_error *error);

/* Writes the picture to `path`, which appears whole or not at all; a file that is there is replaced. It may be read by
 * everybody, as far as the umask allows. PSD_BAD_INPUT for what cannot be printed, PSD_REFUSED where the file cannot be
 * written, PSD_SYSTEM where memory, libzint or cairo failed; `error` (not NULL) has one line then. */
psd_result psd_print(const psd_print_job *job, psd_picture picture, const char *path, psd_error *error);

#endif
