/* Power loss while objects are written: by the user with PUT DATA, and by the personaliser with STORE DATA and PUT DATA
 * through the secure channel. */
#include "card_scene.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

#define LEVEL (PSD_SCP_CMAC | PSD_SCP_CENC)
#define LOGGED (PICTURE_LOG | PICTURE_REACHED)
/* The base point of the curve P-256 (SEC 2, 2.4.2): a public key as good as any. */
#define POINT                                                                                                          \
  "046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C2964FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315E"   \
  "CECBB6406837BF51F5"
#define SECRET "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC0"

/* Objects of personalisation, as BER-TLV. */
#define FUNDS "DF2509 00 0000000000000000"
#define ACCOUNT "DF2509 02 00000000000F4240"
#define LIMITS "DF2628 000000000000000A 000000000001869A 00000000000F4240 00000000000003E8 000000000007A120"
#define CLOCK                                                                                                          \
  "DF2709 000000006955B97F 01" /* a year before the bench's clock would be backwards: this is a second before */
#define WATCHDOG "DF2810 0000000000000000 0076A700 009E3400"
#define POLICY "DF2B03 050806"
#define IDENTITY "DF2008 5053 4431 00000007"
#define VENDOR_KEY "DF3445 00000001" POINT
#define DEVICE_KEY "DF3523 00 0000" SECRET
#define VENDOR_TOKEN "DF3628 00000001 0001 05 00" SECRET
#define POSTAL_TOKEN "DF3728 00000002 0002 05 00" SECRET
#define CA_KEY "DF3845 00000002" POINT
#define RATE_KEY "DF3945 00000003" POINT
#define SESSION_POLICY "DF3B02 07 01"
#define EVIDENCE_POLICY "DF4106 5553 0C 1E 05A0"
/* 2048 bits, odd, the highest bit set. */
#define BYTES_64 SECRET SECRET
#define MODULUS BYTES_64 BYTES_64 BYTES_64 SECRET "A1A2A3A4A5A6A7A8A9AAABACADAEAFB0B1B2B3B4B5B6B7B8B9BABBBCBDBEBFC1"
#define VENDOR_RSA_KEY "DF3C820108 00000004 00010001" MODULUS
#define SHARED_KEY "DF3D24 00000005" SECRET
#define PIN "DF3206 313233343536"
#define PUK "DF3308 3837363534333231"

static uint16_t open_channel(rig *r) {
  return rig_open_channel(r, LEVEL);
}

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

/* PUT DATA. */

static uint16_t put_label(rig *r) {
  return rig_hex(r, "00DADF31 05 48656C6C6F");
}

static uint16_t put_longest_label_in_chain(rig *r) {
  uint16_t status = rig_hex(r, "10DADF31 20 4142434445464748494A4B4C4D4E4F50 4142434445464748494A4B4C4D4E4F50");
  return status != PSD_SW_OK
             ? status
             : rig_hex(r, "00DADF31 20 6162636465666768696A6B6C6D6E6F70 6162636465666768696A6B6C6D6E6F70");
}

static uint16_t put_label_odd(rig *r) {
  return rig_hex(r, "00DB3FFF 08 DF3105 776F726C64");
}

static uint16_t empty_label(rig *r) {
  return rig_hex(r, "00DADF31");
}

static void label_there(rig *r) {
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(verify(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(put_label_odd(r), PSD_SW_OK);
}

/* The next record of the log takes the place of the oldest. */
static void log_full(rig *r) {
  for (unsigned i = 0; i < PSD_LOG_RECORDS + 2; i++)
    label_there(r);
}

static uint16_t put_limits_secured(rig *r) {
  return rig_secure(r, "00DB3FFF2B" LIMITS);
}

static void put_data_is_whole(void) {
  static const scene user[] = {
      {.name = "PUT DATA, short", .command = put_label, .changes = PICTURE_WRITTEN | PICTURE_OBJECTS | LOGGED},
      {.name = "PUT DATA, the longest in a chain",
       .command = put_longest_label_in_chain,
       .changes = PICTURE_WRITTEN | PICTURE_OBJECTS | LOGGED},
      {.name = "PUT DATA, odd, over another value",
       .set = label_there,
       .command = put_label,
       .changes = PICTURE_OBJECTS | LOGGED},
      {.name = "PUT DATA, with a log that is full",
       .set = log_full,
       .brief = true,
       .command = put_label,
       .changes = PICTURE_OBJECTS | LOGGED},
      {.name = "PUT DATA, made empty", .set = label_there, .command = empty_label, .changes = PICTURE_OBJECTS | LOGGED},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(user); i++) {
    scene s = user[i];
    s.state = PSD_STATE_OPERATIONAL;
    s.prepare = verify;
    s.answer = PSD_SW_OK;
    s.prepared[0] = STEP_PIN_COUNTED;
    s.prepared[1] = STEP_PIN_FULL;
    scene_play(&s);
  }
  static const scene personaliser = {.name = "PUT DATA, personaliser",
                                     .state = PSD_STATE_MANUFACTURED,
                                     .prepare = open_channel,
                                     .command = put_limits_secured,
                                     .answer = 0x9000,
                                     .changes = PICTURE_SETTINGS | PICTURE_WRITTEN | PICTURE_LOG,
                                     .prepared = {STEP_SESSION_COUNTED}};
  scene_play(&personaliser);
  scene_report();
}

/* STORE DATA: `block` is what the scene under way stores. */
static const char *block;
static uint8_t block_p1;

static uint16_t store(rig *r) {
  uint8_t data[PSD_CARD_DATA_MAX];
  uint8_t plain[PSD_CARD_DATA_MAX];
  static uint8_t wrapped[PSD_CARD_DATA_MAX + 64];
  psd_buffer command = psd_buffer_over(plain, sizeof plain);
  size_t length = psd_check_hex(block, data, sizeof data);
  const uint8_t header[] = {0x80, 0xE2, block_p1, 0x00};
  psd_put(&command, header, sizeof header);
  if (length > 0) {
    psd_put_u8(&command, 0); /* extended: all of it in one command */
    psd_put_uint(&command, length, 2);
    psd_put(&command, data, length);
  }
  CU_ASSERT_FALSE_FATAL(command.overflow);
  return rig_send(r, wrapped, rig_wrap_bytes(r, command.data, command.length, wrapped, sizeof wrapped));
}

static scene storing(const char *name, const char *objects, unsigned changes) {
  block = objects;
  block_p1 = 0x10;
  return (scene){.name = name,
                 .state = PSD_STATE_MANUFACTURED,
                 .prepare = open_channel,
                 .command = store,
                 .answer = PSD_SW_OK,
                 .changes = changes,
                 .prepared = {STEP_SESSION_COUNTED}};
}

static void every_object_is_whole(void) {
  static const struct {
    const char *name, *object;
    unsigned changes;
  } kinds[] = {
      {"FUNDS", FUNDS, PICTURE_WRITTEN},
      {"FUNDS, current account", ACCOUNT, PICTURE_WRITTEN | PICTURE_SETTINGS},
      {"LIMITS", LIMITS, PICTURE_WRITTEN | PICTURE_SETTINGS},
      {"CLOCK", CLOCK, PICTURE_WRITTEN | PICTURE_SETTINGS | PICTURE_REACHED},
      {"WATCHDOG", WATCHDOG, PICTURE_WRITTEN | PICTURE_SETTINGS},
      {"PIN POLICY", POLICY, PICTURE_WRITTEN | PICTURE_SETTINGS},
      {"DEVICE ID", IDENTITY, PICTURE_OBJECTS},
      {"VENDOR KEY", VENDOR_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"DEVICE KEY", DEVICE_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"VENDOR TOKEN KEY", VENDOR_TOKEN, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"POSTAL TOKEN KEY", POSTAL_TOKEN, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"CA KEY", CA_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"RATE KEY", RATE_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"SESSION POLICY", SESSION_POLICY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"EVIDENCE POLICY", EVIDENCE_POLICY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"VENDOR RSA KEY", VENDOR_RSA_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"SHARED KEY", SHARED_KEY, PICTURE_WRITTEN | PICTURE_OBJECTS},
      {"USER PIN", PIN, PICTURE_WRITTEN | PICTURE_PIN_VALUE | PICTURE_PIN_TRIES},
      {"USER PUK", PUK, PICTURE_WRITTEN | PICTURE_PUK_VALUE | PICTURE_PUK_TRIES},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(kinds); i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "STORE DATA, %s", kinds[i].name);
    scene s = storing(name, kinds[i].object, kinds[i].changes | PICTURE_LOG);
    s.brief = true;
    scene_play(&s);
  }
  scene_report();
}

#define ALL_BUT_IDENTITY                                                                                               \
  FUNDS LIMITS CLOCK WATCHDOG POLICY VENDOR_KEY DEVICE_KEY VENDOR_TOKEN POSTAL_TOKEN CA_KEY RATE_KEY SESSION_POLICY    \
      EVIDENCE_POLICY SHARED_KEY PIN PUK
#define ALL_CHANGES                                                                                                    \
  (PICTURE_WRITTEN | PICTURE_SETTINGS | PICTURE_OBJECTS | PICTURE_PIN_VALUE | PICTURE_PIN_TRIES | PICTURE_PUK_VALUE |  \
   PICTURE_PUK_TRIES | LOGGED)

static void all_but_the_end(rig *r) {
  block = ALL_BUT_IDENTITY;
  block_p1 = 0x10;
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(open_channel(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(store(r), PSD_SW_OK);
  block = "";
  block_p1 = 0x90;
}

static void blocks_are_whole(void) {
  const scene many = storing("STORE DATA, many objects", ALL_BUT_IDENTITY, ALL_CHANGES);
  scene_play(&many);
  scene last = storing("STORE DATA, last block with everything", ALL_BUT_IDENTITY, ALL_CHANGES | PICTURE_STATE);
  block_p1 = 0x90;
  scene_play(&last);
  last = storing("STORE DATA, last block with nothing", "", PICTURE_STATE | PICTURE_SETTINGS | LOGGED);
  last.set = all_but_the_end;
  scene_play(&last);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"PUT DATA is all or nothing", put_data_is_whole},
      {"STORE DATA of every object is all or nothing", every_object_is_whole},
      {"a block of STORE DATA is all or nothing, the last one with the end of the state", blocks_are_whole},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: objects", tests, PSD_CHECK_COUNT(tests));
}
