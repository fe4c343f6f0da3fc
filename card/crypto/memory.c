/* Bytes: wiping, comparing, checksums. */
#include <string.h>

#include "crypto/internal.h"

/* Called through a volatile pointer, so that the compiler cannot know it is memset and drop a store nobody reads. */
static void *(*const volatile fill)(void *, int, size_t) = memset;

void psd_wipe(void *data, size_t length) {
  if (length != 0)
    fill(data, 0, length);
}

bool psd_equal(const void *a, const void *b, size_t length) {
  const uint8_t *left = a;
  const uint8_t *right = b;
  volatile uint8_t difference = 0;
  for (size_t i = 0; i < length; i++)
    difference = difference | (left[i] ^ right[i]);
  return difference == 0;
}

uint32_t psd_crc32(uint32_t crc, const void *data, size_t length) {
  if (length == 0)
    return crc;
  /* libtomcrypt keeps the register of the algorithm, which is the complement of the checksum. */
  crc32_state state = {.crc = ~crc & 0xFFFFFFFFU};
  crc32_update(&state, data, length);
  return (uint32_t)(~state.crc & 0xFFFFFFFFU);
}
