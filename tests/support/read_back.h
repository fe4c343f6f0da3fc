/* Symbols in a scan, read by decoders that nobody here wrote: zxing-cpp, and libdmtx for Data Matrix. */
#ifndef PSD_TEST_READ_BACK_H
#define PSD_TEST_READ_BACK_H

#include "scan.h"

#define PSD_READ_BACK_MOST 256U

typedef struct psd_read_back {
  unsigned count; /* symbols found; of the last: */
  uint8_t bytes[PSD_READ_BACK_MOST];
  size_t length;
  char symbology[16]; /* "DataMatrix" or "PDF417" */
} psd_read_back;

/* Every symbol in the scan. False if the decoder could not look. */
bool psd_read_zxing(const psd_scan *scan, psd_read_back *found);
/* The first Data Matrix. False if there is none, or it took longer than 10 seconds. */
bool psd_read_dmtx(const psd_scan *scan, psd_read_back *found);

#endif
