/* Where in a picture something is printed that may be a symbol: zxing-cpp 1.4 looks for a Data Matrix on the middle
 * lines of a picture only, so each such place has to be shown to it alone. */
#ifndef PSD_VERIFY_REGIONS_H
#define PSD_VERIFY_REGIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PSD_REGIONS_MOST 256U

/* Pixels; the whole lies in the picture. */
typedef struct psd_region {
  unsigned left, top, width, height;
} psd_region;

typedef struct psd_regions {
  psd_region list[PSD_REGIONS_MOST]; /* the largest first */
  size_t count;
} psd_regions;

/* Finds what hangs together of the ink of a picture, with a margin around it. What is too small or too long for a
 * symbol is left out, and the smallest if there are too many. False if memory is short. */
bool psd_regions_find(const uint8_t *grey, unsigned width, unsigned height, size_t stride, psd_regions *regions);

#ifdef __cplusplus
}
#endif

#endif
