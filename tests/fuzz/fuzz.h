/* What every fuzz target shares. A target takes arbitrary bytes, and ends the process where something is wrong. */
#ifndef PSD_FUZZ_H
#define PSD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "psd/spec/cursor.h"

/* Called once before the first input, and for every input. The engine gives each input in memory of exactly its size.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Holds in every build, unlike assert. */
#define FUZZ_ASSERT(condition)                                                                                         \
  do {                                                                                                                 \
    if (!(condition)) {                                                                                                \
      (void)fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #condition);                              \
      abort();                                                                                                         \
    }                                                                                                                  \
  } while (0)

/* The next byte of an input; 0 at its end. */
static inline uint8_t fuzz_u8(psd_cursor *input) {
  return input->left > 0 ? psd_take_u8(input) : 0;
}

static inline uint16_t fuzz_u16(psd_cursor *input) {
  uint8_t high = fuzz_u8(input);
  return (uint16_t)(high << 8 | fuzz_u8(input));
}

/* The next `length` bytes, or as many as are left, in memory of exactly that size: one byte too many is seen by the
 * sanitizer. The caller frees it. */
uint8_t *fuzz_take(psd_cursor *input, size_t length, size_t *taken);

#endif
