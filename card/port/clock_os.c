#include "port/clock_os.h"

#include <time.h>

static uint64_t os_seconds(void *device) {
  (void)device;
  struct timespec now = {.tv_sec = 0};
  if (clock_gettime(CLOCK_REALTIME, &now) != 0 || now.tv_sec < 0)
    return 0;
  return (uint64_t)now.tv_sec;
}

psd_oscillator psd_clock_os(void) {
  return (psd_oscillator){.device = NULL, .seconds = os_seconds};
}
