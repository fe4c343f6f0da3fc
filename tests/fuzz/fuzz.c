#include "fuzz.h"

#include <string.h>

uint8_t *fuzz_take(psd_cursor *input, size_t length, size_t *taken) {
  *taken = length < input->left ? length : input->left;
  uint8_t *bytes = malloc(*taken);
  FUZZ_ASSERT(bytes != NULL || *taken == 0);
  if (*taken > 0)
    memcpy(bytes, psd_take(input, *taken), *taken);
  return bytes;
}
