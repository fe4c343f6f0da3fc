/* From a blank card to a meter, on the real card. */
#include "psd/reader/card.h"
#include "psd/spec/status.h"
#include "reader_support.h"

#include <string.h>

#define NOW (RIG_TIME + 5)

static psd_profile profile_of(const char *text) {
  sandbox box;
  psd_profile profile;
  psd_error warning, error = {0};
  sandbox_create(&box);
  psd_result result = psd_profile_read(sandbox_write(&box, "profile", text), &profile, &warning, &error);
  if (result != PSD_OK)
    fprintf(stderr, "%s\n", error.words);
  CU_ASSERT_EQUAL_FATAL(result, PSD_OK);
  CU_ASSERT_STRING_EQUAL(warning.words, "");
  sandbox_destroy(&box);
  return profile;
}

static uint64_t state_of(rig *r) {
  psd_life_cycle life = {0};
  psd_host *host = support_host(r);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_LIFE_CYCLE, &life), PSD_OK);
  psd_host_close(host);
  return life.state;
}

static psd_result personalize(rig *r, const psd_host_keys *keys, const psd_profile *profile, psd_error *error) {
  psd_host *host = support_host(r);
  psd_result result = psd_personalize(host, keys, profile, NOW);
  *error = *psd_host_error(host);
  psd_host_close(host);
  return result;
}

static void check_object(psd_host *host, psd_object_id id, const char *expected) {
  uint8_t bytes[256];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  CU_ASSERT_EQUAL(psd_host_get_data(host, psd_objects[id].tag, &value), PSD_OK);
  psd_check_bytes(bytes, value.length, expected, psd_objects[id].name);
}

static void check_meter(psd_host *host) {
  psd_life_cycle life;
  psd_clock clock;
  psd_watchdog watchdog;
  psd_key_status keys;
  CU_ASSERT_EQUAL_FATAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_LIFE_CYCLE, &life), PSD_OK);
  CU_ASSERT_EQUAL(life.state, PSD_STATE_INITIALIZED);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_CLOCK, &clock), PSD_OK);
  CU_ASSERT_EQUAL(clock.now, NOW);
  CU_ASSERT_EQUAL(clock.set, 1);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_WATCHDOG, &watchdog), PSD_OK);
  CU_ASSERT_EQUAL(watchdog.inspected, NOW);
  CU_ASSERT_EQUAL(watchdog.warn_after, 90 * 86400);
  CU_ASSERT_EQUAL(watchdog.lock_after, 120 * 86400);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_KEY_STATUS, &keys), PSD_OK);
  CU_ASSERT_EQUAL(keys.loaded, 0x3F);
  check_object(host, PSD_OBJECT_DEVICE_ID, "50533031 0000002A");
  check_object(host, PSD_OBJECT_FUNDS, "00 0000000000000000");
  check_object(host, PSD_OBJECT_LIMITS,
               "0000000000000001 0000000000018696 0000000000989680 00000000000003E8 00000000004C4B40");
  check_object(host, PSD_OBJECT_PIN_POLICY, "03 0A 05");
  char key[160];
  (void)snprintf(key, sizeof key, "00000007 %s", support_point);
  check_object(host, PSD_OBJECT_VENDOR_KEY, key);
  (void)snprintf(key, sizeof key, "FFFFFFFF %s", support_point);
  check_object(host, PSD_OBJECT_RATE_KEY, key);
}

static void whole_card(void) {
  rig r;
  psd_error error;
  rig_create(&r);
  psd_profile profile = profile_of(support_profile);
  psd_host_keys keys = support_keys();
  CU_ASSERT_EQUAL(personalize(&r, &keys, &profile, &error), PSD_OK);
  psd_host *host = support_host(&r);
  check_meter(host);
  psd_secret pin = {.bytes = "12345", .length = 5};
  CU_ASSERT_EQUAL(psd_host_verify(host, &pin), PSD_OK);
  psd_host_close(host);
  /* A second time is refused and changes nothing. */
  CU_ASSERT_EQUAL(personalize(&r, &keys, &profile, &error), PSD_REFUSED);
  CU_ASSERT_EQUAL(error.status, PSD_SW_CONDITIONS);
  psd_profile_wipe(&profile);
  rig_destroy(&r);
}

static void wrong_keys(void) {
  rig r;
  psd_error error;
  rig_create(&r);
  psd_profile profile = profile_of(support_profile);
  psd_host_keys keys = support_keys();
  keys.mac[15] ^= 1;
  CU_ASSERT_EQUAL(personalize(&r, &keys, &profile, &error), PSD_REFUSED);
  CU_ASSERT_EQUAL(error.status, 0);
  keys = support_keys();
  keys.version = 9;
  CU_ASSERT_NOT_EQUAL(personalize(&r, &keys, &profile, &error), PSD_OK);
  CU_ASSERT_EQUAL(state_of(&r), PSD_STATE_MANUFACTURED);
  psd_profile_wipe(&profile);
  rig_destroy(&r);
}

static psd_host_keys new_keys(size_t size, uint8_t version) {
  psd_host_keys keys = {.version = version, .size = size};
  for (uint8_t i = 0; i < size; i++) {
    keys.enc[i] = (uint8_t)(version + i);
    keys.mac[i] = (uint8_t)(0x80 + version + i);
    keys.dek[i] = (uint8_t)(0xF0 - version - i);
  }
  return keys;
}

/* Keys of every size replace keys of every size; a profile without objects does that alone. */
static void replaced_keys(void) {
  rig r;
  psd_error error;
  rig_create(&r);
  psd_profile profile = profile_of(support_profile);
  psd_host_keys current = support_keys();
  profile.replace_keys = true;
  for (uint8_t version = 2; version < 11; version++) {
    static const uint8_t sizes[] = {24, 16, 32, 24, 32, 16, 16, 32, 32};
    profile.new_keys = new_keys(sizes[version - 2], version);
    CU_ASSERT_EQUAL_FATAL(personalize(&r, &current, &profile, &error), PSD_OK);
    CU_ASSERT_NOT_EQUAL(personalize(&r, &current, &profile, &error), PSD_OK);
    current = profile.new_keys;
    profile.objects = 0;
  }
  CU_ASSERT_EQUAL(state_of(&r), PSD_STATE_INITIALIZED);
  psd_profile_wipe(&profile);
  rig_destroy(&r);
}

/* Every level and both modes, with commands that have data, answers, both or none. */
static void every_channel(void) {
  static const psd_security_level levels[] = {PSD_LEVEL_C_MAC, PSD_LEVEL_C_MAC_C_ENC, PSD_LEVEL_C_MAC_R_MAC,
                                              PSD_LEVEL_C_MAC_C_ENC_R_MAC, PSD_LEVEL_ALL};
  psd_host_keys keys = support_keys();
  rig r;
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  psd_host *host = support_host(&r);
  for (size_t i = 0; i < 10; i++) {
    psd_registers registers;
    uint8_t list[64];
    psd_buffer out = psd_buffer_over(list, sizeof list);
    psd_secret pin = {.bytes = RIG_PIN, .length = 6};
    psd_secret wrong = {.bytes = "000000", .length = 6};
    static const psd_object_id funds[] = {PSD_OBJECT_FUNDS, PSD_OBJECT_REFILL};
    CU_ASSERT_EQUAL_FATAL(psd_host_select_psd(host, NULL), PSD_OK);
    CU_ASSERT_EQUAL_FATAL(psd_host_secure(host, &keys, levels[i / 2], i % 2 == 0 ? 8 : 16), PSD_OK);
    CU_ASSERT_EQUAL(psd_host_pin_verified(host), PSD_REFUSED);
    CU_ASSERT_EQUAL(psd_host_verify(host, &wrong), PSD_REFUSED);
    CU_ASSERT_EQUAL(psd_host_status(host), 0x63C2);
    CU_ASSERT_EQUAL(psd_host_verify(host, &pin), PSD_OK);
    CU_ASSERT_EQUAL(psd_host_pin_verified(host), PSD_OK);
    CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_POSTAGE_REGISTERS, &registers), PSD_OK);
    CU_ASSERT_EQUAL(registers.control_total, 10000);
    CU_ASSERT_EQUAL(psd_host_get_data(host, 0xDF7F, &out), PSD_REFUSED);
    CU_ASSERT_EQUAL(psd_host_get_data_list(host, funds, 2, &out), PSD_OK);
    CU_ASSERT_EQUAL(out.length, 3 + 9 + 3 + 12);
  }
  psd_host_close(host);
  rig_destroy(&r);
}

/* What an evil reader does to the answer number `at` that carries data or a MAC. */
typedef struct mischief {
  unsigned at, seen;
  enum { FLIP, CUT, GROW, REPLACE } what;
  bool done;
} mischief;

static void meddle(void *context, const uint8_t *command, size_t length, uint8_t *answer, size_t *answer_length,
                   size_t capacity) {
  mischief *evil = context;
  (void)command;
  (void)length;
  if (*answer_length <= 2 || evil->seen++ != evil->at)
    return;
  evil->done = true;
  switch (evil->what) {
  case FLIP:
    answer[(*answer_length - 2) * 3 / 4] ^= 0x40; /* of INITIALIZE UPDATE: in the cryptogram */
    break;
  case CUT:
    memmove(answer + *answer_length - 3, answer + *answer_length - 2, 2);
    --*answer_length;
    break;
  case GROW:
    CU_ASSERT_FATAL(*answer_length < capacity);
    memmove(answer + *answer_length - 1, answer + *answer_length - 2, 2);
    ++*answer_length;
    break;
  case REPLACE: /* an answer of its own: done */
    answer[0] = 0x90;
    answer[1] = 0x00;
    *answer_length = 2;
    break;
  }
}

/* However an answer is altered on its way, the host notices, and a card that left MANUFACTURED had everything. */
static void evil_reader(void) {
  psd_host_keys keys = support_keys();
  psd_profile profile = profile_of(support_profile);
  for (unsigned i = 0; i < 4 * 16; i++) {
    rig r;
    psd_transport *transport = NULL;
    psd_host *host = NULL;
    psd_error error;
    mischief evil = {.at = i / 4, .what = i % 4};
    rig_create(&r);
    CU_ASSERT_EQUAL_FATAL(psd_transport_card(r.card, &transport, &error), PSD_OK);
    CU_ASSERT_EQUAL_FATAL(psd_host_open(support_evil(transport, meddle, &evil), &host, &error), PSD_OK);
    psd_result result = psd_personalize(host, &keys, &profile, NOW);
    CU_ASSERT_EQUAL(result == PSD_OK, !evil.done);
    psd_host_close(host);
    rig_destroy(&r);
  }
  psd_profile_wipe(&profile);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a blank card becomes a meter", whole_card},
      {"wrong transport keys are refused and change nothing", wrong_keys},
      {"transport keys are replaced", replaced_keys},
      {"every security level and mode", every_channel},
      {"an evil reader is found out", evil_reader},
  };
  return psd_check_run("reader: personalisation", tests, PSD_CHECK_COUNT(tests));
}
