#include "port/entropy_os.h"

#include <errno.h>
#include <sys/random.h>

static bool os_read(void *device, uint8_t *data, size_t length) {
  (void)device;
  while (length > 0) {
    ssize_t got = getrandom(data, length, 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    data += got;
    length -= (size_t)got;
  }
  return true;
}

psd_entropy psd_entropy_os(void) {
  return (psd_entropy){.device = NULL, .read = os_read};
}
