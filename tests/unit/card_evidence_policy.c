/* EVIDENCE_POLICY: what personalisation may set (docs/evidence.md, "Profiles"). */
#include "check.h"
#include "rig.h"

#include <stdio.h>

static rig r;

static uint16_t put(const char *value) {
  char command[64];
  CU_ASSERT_FATAL(snprintf(command, sizeof command, "00DADF41 06 %s", value) > 0);
  return rig_secure(&r, command);
}

static void begin(void) {
  rig_create(&r);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, "00CADF4100"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, PSD_SCP_CMAC | PSD_SCP_CENC), PSD_SW_OK);
}

/* Country, profiles, days ahead, local time. */
static void what_is_taken(void) {
  static const char *const values[] = {"5553 02 1E 05A0", "4141 0E 00 0000", "5A5A 08 01 0B40", "4445 04 1E 0001"};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(values); i++) {
    CU_ASSERT_EQUAL(put(values[i]), PSD_SW_OK);
    CU_ASSERT_EQUAL(rig_secure(&r, "00CADF4100"), PSD_SW_OK);
    psd_check_bytes(r.response, r.length, values[i], "policy");
  }
  rig_destroy(&r);
}

static void what_is_not(void) {
  static const char *const values[] = {
      "5573 02 1E 05A0", "7553 02 1E 05A0", "4053 02 1E 05A0", "555B 02 1E 05A0", /* no capitals */
      "5553 00 1E 05A0", "5553 01 1E 05A0", "5553 12 1E 05A0", "5553 82 1E 05A0", /* no profile, and no such */
      "5553 02 1F 05A0", "5553 02 FF 05A0",                                       /* too far ahead */
      "5553 02 1E 0B41", "5553 02 1E FFFF",                                       /* beyond a day */
  };
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(values); i++)
    CU_ASSERT_EQUAL(put(values[i]), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(rig_secure(&r, "00DADF41 05 5553021E05"), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(rig_secure(&r, "00CADF4100"), PSD_SW_REFERENCE_NOT_FOUND);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"policies that are taken", what_is_taken},
      {"policies that are not", what_is_not},
  };
  return psd_check_run("EVIDENCE_POLICY", tests, PSD_CHECK_COUNT(tests));
}
