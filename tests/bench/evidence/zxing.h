/* zxing-cpp as it comes: one look at a picture as a whole. psd-verify looks until it finds no more. */
#ifndef PSD_BENCH_ZXING_H
#define PSD_BENCH_ZXING_H

#include "read_back.h"

#ifdef __cplusplus
extern "C" {
#endif

bool zxing_once(const psd_scan *scan, psd_read_back *found);

#ifdef __cplusplus
}
#endif

#endif
