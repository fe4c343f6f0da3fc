#include "port/file_io.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 4096U

bool psd_file_read(int descriptor, void *data, size_t length, off_t offset) {
  uint8_t *to = data;
  while (length > 0) {
    ssize_t got = pread(descriptor, to, length, offset);
    if (got < 0 && errno == EINTR)
      continue;
    if (got == 0)
      errno = EIO; /* the file ends here */
    if (got <= 0)
      return false;
    to += got;
    length -= (size_t)got;
    offset += got;
  }
  return true;
}

bool psd_file_write(int descriptor, const void *data, size_t length, off_t offset) {
  const uint8_t *from = data;
  while (length > 0) {
    ssize_t put = pwrite(descriptor, from, length, offset);
    if (put < 0 && errno == EINTR)
      continue;
    if (put == 0)
      errno = ENOSPC;
    if (put <= 0)
      return false;
    from += put;
    length -= (size_t)put;
    offset += put;
  }
  return true;
}

bool psd_file_fill(int descriptor, uint8_t value, size_t length, off_t offset) {
  uint8_t bytes[CHUNK];
  memset(bytes, value, sizeof bytes);
  while (length > 0) {
    size_t some = length < sizeof bytes ? length : sizeof bytes;
    if (!psd_file_write(descriptor, bytes, some, offset))
      return false;
    length -= some;
    offset += (off_t)some;
  }
  return true;
}

bool psd_file_sync(int descriptor) {
  int result = 0;
  do
    result = fdatasync(descriptor);
  while (result != 0 && errno == EINTR);
  return result == 0;
}
