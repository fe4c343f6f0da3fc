/* The system's randomness and clock. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "check.h"
#include "port/clock_os.h"
#include "port/entropy_os.h"

static void entropy_fills_what_is_asked_for(void) {
  static uint8_t bytes[5000];
  psd_entropy entropy = psd_entropy_os();
  CU_ASSERT(entropy.read(entropy.device, bytes, sizeof bytes));
  unsigned count[256] = {0};
  for (size_t i = 0; i < sizeof bytes; i++)
    count[bytes[i]]++;
  for (size_t i = 0; i < 256; i++)
    CU_ASSERT(count[i] < 100); /* 20 on average */
  uint8_t untouched = 0x5A;
  CU_ASSERT(entropy.read(entropy.device, &untouched, 0) && untouched == 0x5A);
}

static void entropy_that_fails_says_so(void) {
  psd_entropy entropy = psd_entropy_os();
  /* Memory that may not be written to: the kernel refuses. */
  void *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CU_ASSERT_FATAL(page != MAP_FAILED);
  CU_ASSERT(!entropy.read(entropy.device, page, 32));
  CU_ASSERT(munmap(page, 4096) == 0);
}

static void the_clock_tells_the_time(void) {
  psd_oscillator clock = psd_clock_os();
  time_t before = time(NULL);
  uint64_t now = clock.seconds(clock.device);
  time_t after = time(NULL);
  CU_ASSERT(now >= (uint64_t)before && now <= (uint64_t)after + 1U);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"entropy fills what is asked for", entropy_fills_what_is_asked_for},
      {"entropy that fails says so", entropy_that_fails_says_so},
      {"the clock tells the time", the_clock_tells_the_time},
  };
  return psd_check_run("the system's ports", tests, PSD_CHECK_COUNT(tests));
}
