/* Pictures as a scanner sees them: read from a PNG, turned, smeared, faded and dirty. */
#ifndef PSD_TEST_SCAN_H
#define PSD_TEST_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Grey, 0 black to 255 white; rows of `width` bytes, from the top. */
typedef struct psd_scan {
  uint8_t *grey; /* psd_scan_free */
  unsigned width, height;
} psd_scan;

/* Reads a PNG; what is transparent is white. False if there is none. */
bool psd_scan_read(const char *path, psd_scan *scan);
void psd_scan_free(psd_scan *scan);

/* Turns it against the clock, onto white paper that is large enough. */
void psd_scan_turn(psd_scan *scan, double degrees);
/* Each dot becomes the mean of the square of dots around it, `reach` of them each way. */
void psd_scan_blur(psd_scan *scan, unsigned reach);
/* What was black to white becomes `black` to `white`. */
void psd_scan_fade(psd_scan *scan, uint8_t black, uint8_t white);
/* Of a thousand dots so many become black or white; the same ones for the same seed. */
void psd_scan_pepper(psd_scan *scan, unsigned permille, uint32_t seed);

#endif
