/* Whole reads and writes of a state file, and numbers in its header. */
#ifndef PSD_PORT_FILE_IO_H
#define PSD_PORT_FILE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PSD_FILE_WEAR 64U /* where the erase counts start */

/* All of these go on after a signal or a short transfer, return false on failure and leave the reason in errno. */
bool psd_file_read(int descriptor, void *data, size_t length, off_t offset);
bool psd_file_write(int descriptor, const void *data, size_t length, off_t offset);
/* Writes `length` bytes of `value`. */
bool psd_file_fill(int descriptor, uint8_t value, size_t length, off_t offset);
/* fdatasync(2). */
bool psd_file_sync(int descriptor);

static inline uint32_t psd_file_get32(const uint8_t *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static inline void psd_file_set32(uint8_t *to, uint32_t value) {
  for (unsigned i = 0; i < 4; i++)
    to[i] = (uint8_t)(value >> (24U - 8U * i));
}

#endif
