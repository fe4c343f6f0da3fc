/* What the value of an object may be: every rule at its edges. */
#include "check.h"
#include "expect.h"
#include "sample.h"

#include <stdio.h>
#include <string.h>

static rig r;

/* A blank card whose personaliser is there, with everything secured. */
static void begin(void) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
}

static void end(void) {
  rig_destroy(&r);
}

static void put(psd_object_id id, const char *value, uint16_t expected) {
  uint8_t bytes[2048];
  uint8_t wire[2200];
  uint8_t command[2100];
  size_t length = psd_check_hex(value, bytes, sizeof bytes);
  uint32_t tag = psd_objects[id].tag;
  psd_apdu apdu = {.cla = 0x00,
                   .ins = 0xDA,
                   .p1 = (uint8_t)(tag >> 8),
                   .p2 = (uint8_t)tag,
                   .data = length > 0 ? bytes : NULL,
                   .nc = length};
  psd_buffer out = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&out, &apdu);
  uint16_t status = rig_send(&r, wire, rig_wrap_bytes(&r, command, out.length, wire, sizeof wire));
  rig_unwrap(&r, status);
  if (status != expected)
    fprintf(stderr, "\n    %s = %s: %04X\n", psd_objects[id].name, value, status);
  CU_ASSERT_EQUAL(status, expected);
}

static void accept(psd_object_id id, const char *value) {
  put(id, value, PSD_SW_OK);
}

static void refuse(psd_object_id id, const char *value) {
  put(id, value, PSD_SW_WRONG_DATA);
}

/* One byte less and one more than the table allows, and what it allows. */
static void lengths(void) {
  begin();
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *object = &psd_objects[i];
    const char *sample = sample_value((psd_object_id)i);
    if ((object->write & PSD_SCP) == 0)
      continue;
    CU_ASSERT_PTR_NOT_NULL_FATAL(sample);
    uint8_t value[SAMPLE_MAX] = {0};
    size_t length = psd_check_hex(sample, value, sizeof value - 1);
    CU_ASSERT_TRUE(length >= object->least && length <= object->most);
    char hex[1000];
    size_t digits = 0;
    for (size_t k = 0; k <= object->most; k++)
      digits += (size_t)snprintf(hex + digits, sizeof hex - digits, "%02X", k < length ? value[k] : 0x31);
    refuse((psd_object_id)i, hex);
    hex[2 * (object->least - 1)] = '\0';
    refuse((psd_object_id)i, hex);
    accept((psd_object_id)i, sample);
  }
  end();
}

static void identity(void) {
  begin();
  accept(PSD_OBJECT_DEVICE_ID, "2020 7E7E FFFFFFFF");
  refuse(PSD_OBJECT_DEVICE_ID, "1F20 5331 00000001");
  refuse(PSD_OBJECT_DEVICE_ID, "5042 537F 00000001");
  refuse(PSD_OBJECT_DEVICE_ID, "5042 8031 00000001");
  expect_secure(&r, "00CADF2000", "20207E7E FFFFFFFF 9000");
  end();
}

static void funds(void) {
  begin();
  accept(PSD_OBJECT_FUNDS, "00 0000000000000000");
  accept(PSD_OBJECT_FUNDS, "01 0000000000000000");
  accept(PSD_OBJECT_FUNDS, "02 0000000000000001");
  accept(PSD_OBJECT_FUNDS, "02 FFFFFFFFFFFFFFFF");
  refuse(PSD_OBJECT_FUNDS, "02 0000000000000000"); /* a current account has a limit */
  refuse(PSD_OBJECT_FUNDS, "00 0000000000000001"); /* the others have none */
  refuse(PSD_OBJECT_FUNDS, "01 0000000000000001");
  refuse(PSD_OBJECT_FUNDS, "03 0000000000000000");
  refuse(PSD_OBJECT_FUNDS, "FF 0000000000000000");
  expect_secure(&r, "00CADF2500", "02 FFFFFFFFFFFFFFFF 9000");
  end();
}

#define NONE "0000000000000000"
#define ONE "0000000000000001"
#define TWO "0000000000000002"
#define MOST "FFFFFFFFFFFFFFFF"

static void limits(void) {
#define POSTAGE "0000000000FFFFFF" /* what an indicium has room for: three bytes, and four for the register */
#define REGISTER "00000000FFFFFFFF"
  begin();
  accept(PSD_OBJECT_LIMITS, NONE ONE NONE NONE NONE); /* the least there is: one mill, no refills */
  accept(PSD_OBJECT_LIMITS, ONE ONE ONE ONE ONE);
  accept(PSD_OBJECT_LIMITS, POSTAGE POSTAGE REGISTER REGISTER REGISTER);
  refuse(PSD_OBJECT_LIMITS, NONE "0000000001000000" TWO ONE TWO);
  refuse(PSD_OBJECT_LIMITS, NONE ONE "0000000100000000" ONE TWO);
  refuse(PSD_OBJECT_LIMITS, MOST MOST MOST MOST MOST);
  refuse(PSD_OBJECT_LIMITS, NONE NONE TWO ONE TWO); /* no postage at all */
  refuse(PSD_OBJECT_LIMITS, TWO ONE TWO ONE TWO);   /* minimum above maximum */
  refuse(PSD_OBJECT_LIMITS, ONE TWO TWO TWO ONE);   /* refills likewise */
  refuse(PSD_OBJECT_LIMITS, ONE TWO ONE ONE TWO);   /* a refill larger than the register may be */
  expect_secure(&r, "00CADF2600", POSTAGE POSTAGE REGISTER REGISTER REGISTER "9000");
  end();
}

static void watchdog(void) {
  begin();
  accept(PSD_OBJECT_WATCHDOG, NONE "00000001 00000001");
  accept(PSD_OBJECT_WATCHDOG, MOST "FFFFFFFF FFFFFFFF"); /* when it was inspected is not the personaliser's to say */
  refuse(PSD_OBJECT_WATCHDOG, NONE "00000000 00000001");
  refuse(PSD_OBJECT_WATCHDOG, NONE "00000002 00000001");
  expect_secure(&r, "00CADF2800", NONE "FFFFFFFF FFFFFFFF 9000");
  end();
}

static void policy(void) {
  begin();
  accept(PSD_OBJECT_PIN_POLICY, "01 01 04");
  accept(PSD_OBJECT_PIN_POLICY, "0F 0F 10");
  refuse(PSD_OBJECT_PIN_POLICY, "00 01 04");
  refuse(PSD_OBJECT_PIN_POLICY, "10 01 04");
  refuse(PSD_OBJECT_PIN_POLICY, "01 00 04");
  refuse(PSD_OBJECT_PIN_POLICY, "01 10 04");
  refuse(PSD_OBJECT_PIN_POLICY, "01 01 03");
  refuse(PSD_OBJECT_PIN_POLICY, "01 01 11");
  expect_secure(&r, "00CADF2B00", "0F0F10 9000");
  end();
}

static void pin_and_puk(void) {
  static const psd_object_id both[] = {PSD_OBJECT_USER_PIN, PSD_OBJECT_USER_PUK};
  for (size_t i = 0; i < 2; i++) {
    begin();
    accept(both[i], "20202020");
    accept(both[i], "7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E7E");
    accept(both[i], "31323334FFFFFFFF");
    refuse(both[i], "313233FF");
    refuse(both[i], "FFFFFFFF");
    refuse(both[i], "3132331F");
    refuse(both[i], "3132337F");
    refuse(both[i], "31FF3334");
    end();
  }
}

static void device_key(void) {
  begin();
#define SECRET "0000000000000000000000000000000000000000000000000000000000000001"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
  accept(PSD_OBJECT_DEVICE_KEY, "00 0000" SECRET);
  accept(PSD_OBJECT_DEVICE_KEY, "01 03E7" SECRET);
  refuse(PSD_OBJECT_DEVICE_KEY, "02 0000" SECRET); /* no such scheme */
  refuse(PSD_OBJECT_DEVICE_KEY, "01 03E8" SECRET); /* there are 1000 keys */
  refuse(PSD_OBJECT_DEVICE_KEY, "00 0000" ZERO);
  expect_secure(&r, "00CADF3500", "6982");
  end();
}

#define HALF "01000000000000000000000000000000"

static void token_keys(void) {
  static const psd_object_id both[] = {PSD_OBJECT_VENDOR_TOKEN_KEY, PSD_OBJECT_POSTAL_TOKEN_KEY};
  for (size_t i = 0; i < 2; i++) {
    begin();
    accept(both[i], "00000000 0000 02 00" SECRET);
    accept(both[i], "FFFFFFFF 03E7 08 00" SECRET);
    refuse(both[i], "00000001 0000 01 00" SECRET);
    refuse(both[i], "00000001 0000 09 00" SECRET);
    refuse(both[i], "00000001 03E8 05 00" SECRET);
    refuse(both[i], "00000001 0000 05 00" ZERO);
    refuse(both[i], "00000001 0000 05 02" SECRET);                                  /* no such order */
    accept(both[i], "00000001 0000 05 01" HALF "00000000000000000000000000000000"); /* K_meter has 16 bytes */
    refuse(both[i], "00000001 0000 05 01" HALF "00000000000000000000000000000001");
    refuse(both[i], "00000001 0000 05 01" SECRET);
    refuse(both[i], "00000001 0000 05 01" ZERO);
    refuse(both[i], "0000 05" SECRET); /* as it was once */
    end();
  }
}

static void public_keys(void) {
  static const psd_object_id all[] = {PSD_OBJECT_VENDOR_KEY, PSD_OBJECT_CA_KEY, PSD_OBJECT_RATE_KEY};
  for (size_t i = 0; i < 3; i++) {
    begin();
    char value[160];
    CU_ASSERT_FATAL(strlen(sample_value(all[i])) < sizeof value);
    memcpy(value, sample_value(all[i]), strlen(sample_value(all[i])) + 1);
    accept(all[i], value);
    char *last = value + strlen(value) - 1;
    *last = *last == '0' ? '1' : '0'; /* beside the curve */
    refuse(all[i], value);
    refuse(all[i], "00000001 04" ZERO ZERO);
    refuse(all[i], "00000001 04 FFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF" ZERO); /* p itself */
    refuse(all[i], "00000001 00" ZERO ZERO);
    refuse(all[i], "00000001 02" SECRET ZERO); /* compressed */
    end();
  }
}

static void clock_values(void) {
  begin();
  refuse(PSD_OBJECT_CLOCK, NONE "01");
  refuse(PSD_OBJECT_CLOCK, ONE "00"); /* written means set */
  refuse(PSD_OBJECT_CLOCK, ONE "02");
  refuse(PSD_OBJECT_CLOCK, "8000000000000000 01");
  accept(PSD_OBJECT_CLOCK, ONE "01");
  accept(PSD_OBJECT_CLOCK, ONE "01"); /* the same second */
  accept(PSD_OBJECT_CLOCK, "7FFFFFFFFFFFFFFF 01");
  refuse(PSD_OBJECT_CLOCK, "7FFFFFFFFFFFFFFE 01"); /* back */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every object has the lengths of its row", lengths},
      {"identity: printable characters", identity},
      {"register configuration: three modes, a limit for the current account alone", funds},
      {"limits: minimum to maximum, a refill no larger than the register, all within an indicium", limits},
      {"watchdog: warns before it locks", watchdog},
      {"PIN policy: 1 to 15 tries, 4 to 16 characters", policy},
      {"PIN and PUK: 4 to 16 printable characters", pin_and_puk},
      {"K3: two schemes, 1000 keys, not zero", device_key},
      {"token keys: 2 to 8 digits, 1000 keys, not zero", token_keys},
      {"public keys: points of the curve, uncompressed", public_keys},
      {"clock: forward only", clock_values},
  };
  return psd_check_run("object values", tests, PSD_CHECK_COUNT(tests));
}
