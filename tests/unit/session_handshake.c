/* The whole handshake, in every suite and variant, against the meter server of support/meter.h. */
#include "check.h"
#include "meter.h"

#include <string.h>

static void handshake(psd_suite suite, bool forward) {
  rig r;
  meter m;
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, forward);
  meter_open(&m, suite);
  CU_ASSERT_EQUAL(m.head.forward, suite == PSD_SUITE_P256 && forward);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2000"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "5042533100C0FFEE", "identity");
  meter_bench_end(&m);
}

static void p256_forward(void) {
  handshake(PSD_SUITE_P256, true);
}

static void p256_without(void) {
  handshake(PSD_SUITE_P256, false);
}

static void rsa(void) {
  handshake(PSD_SUITE_RSA, true);
}

static void shared(void) {
  handshake(PSD_SUITE_SHARED, true);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"p256 with forward secrecy", p256_forward},
      {"p256 without it", p256_without},
      {"rsa", rsa},
      {"shared", shared},
  };
  return psd_check_run("handshake", tests, PSD_CHECK_COUNT(tests));
}
