/* Power loss while a PIN or PUK is tried, changed or unblocked: a try that was used up never comes back, and what was
 * changed is changed as a whole. */
#include "card_scene.h"
#include "check.h"

#include <string.h>

#define NEW_PIN "777777"
#define WRONG_PIN "000000"
#define WRONG_PUK "00000000"

/* A value padded to 16 bytes at `at`. */
static void pad(uint8_t *at, const char *value) {
  memset(at, 0xFF, 16);
  memcpy(at, value, strlen(value));
}

static uint16_t send_two(rig *r, uint8_t ins, const char *first, const char *second) {
  uint8_t command[5 + 32] = {0x00, ins, 0x00, 0x81, 0x20};
  pad(command + 5, first);
  pad(command + 5 + 16, second);
  return rig_send(r, command, sizeof command);
}

static uint16_t unblock(rig *r, const char *puk) {
  uint8_t command[5 + 16] = {0x00, 0x2C, 0x01, 0x81, 0x10};
  pad(command + 5, puk);
  return rig_send(r, command, sizeof command);
}

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

static uint16_t verify_wrong(rig *r) {
  return rig_verify(r, WRONG_PIN);
}

static uint16_t change(rig *r) {
  return send_two(r, 0x24, RIG_PIN, NEW_PIN);
}

static uint16_t change_wrong(rig *r) {
  return send_two(r, 0x24, WRONG_PIN, NEW_PIN);
}

static uint16_t unblock_new(rig *r) {
  return send_two(r, 0x2C, RIG_PUK, NEW_PIN);
}

static uint16_t unblock_new_wrong(rig *r) {
  return send_two(r, 0x2C, WRONG_PUK, NEW_PIN);
}

static uint16_t unblock_same(rig *r) {
  return unblock(r, RIG_PUK);
}

static uint16_t unblock_same_wrong(rig *r) {
  return unblock(r, WRONG_PUK);
}

static void use_up_pin(rig *r, unsigned tries) {
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  for (unsigned i = 0; i < tries; i++)
    CU_ASSERT_EQUAL_FATAL(verify_wrong(r) & 0xFFF0, PSD_SW_TRIES_LEFT);
}

static void one_wrong(rig *r) {
  use_up_pin(r, 1);
}

static void two_wrong(rig *r) {
  use_up_pin(r, 2);
}

static void pin_blocked(rig *r) {
  use_up_pin(r, 3);
}

static void one_puk_left(rig *r) {
  use_up_pin(r, 3);
  for (unsigned i = 0; i < 9; i++)
    CU_ASSERT_EQUAL_FATAL(unblock_same_wrong(r) & 0xFFF0, PSD_SW_TRIES_LEFT);
}

#define LOGGED (PICTURE_LOG | PICTURE_REACHED)

static void play(const scene *scenes, size_t count) {
  for (size_t i = 0; i < count; i++)
    scene_play(&scenes[i]);
  scene_report();
}

static void verify_counts_first(void) {
  static const scene scenes[] = {
      {.name = "VERIFY, right",
       .state = PSD_STATE_OPERATIONAL,
       .command = verify,
       .answer = 0x9000,
       .commanded = {STEP_PIN_COUNTED}},
      {.name = "VERIFY, right after a wrong one",
       .state = PSD_STATE_OPERATIONAL,
       .set = one_wrong,
       .command = verify,
       .answer = 0x9000,
       .changes = PICTURE_PIN_TRIES,
       .commanded = {STEP_PIN_COUNTED}},
      {.name = "VERIFY, wrong",
       .state = PSD_STATE_OPERATIONAL,
       .command = verify_wrong,
       .answer = 0x63C2,
       .changes = PICTURE_PIN_TRIES,
       .commanded = {STEP_PIN_COUNTED}},
      {.name = "VERIFY, the last try wrong",
       .state = PSD_STATE_OPERATIONAL,
       .set = two_wrong,
       .command = verify_wrong,
       .answer = 0x63C0,
       .changes = PICTURE_PIN_TRIES | LOGGED,
       .commanded = {STEP_PIN_COUNTED}},
  };
  play(scenes, PSD_CHECK_COUNT(scenes));
}

static void change_is_whole(void) {
  static const scene scenes[] = {
      {.name = "CHANGE REFERENCE DATA, right",
       .state = PSD_STATE_OPERATIONAL,
       .command = change,
       .answer = 0x9000,
       .changes = PICTURE_PIN_VALUE | LOGGED,
       .commanded = {STEP_PIN_COUNTED}},
      {.name = "CHANGE REFERENCE DATA, wrong",
       .state = PSD_STATE_OPERATIONAL,
       .command = change_wrong,
       .answer = 0x63C2,
       .changes = PICTURE_PIN_TRIES,
       .commanded = {STEP_PIN_COUNTED}},
      {.name = "CHANGE REFERENCE DATA, the last try wrong",
       .state = PSD_STATE_OPERATIONAL,
       .set = two_wrong,
       .command = change_wrong,
       .answer = 0x63C0,
       .changes = PICTURE_PIN_TRIES | LOGGED,
       .commanded = {STEP_PIN_COUNTED}},
  };
  play(scenes, PSD_CHECK_COUNT(scenes));
}

static void unblock_is_whole(void) {
  static const scene scenes[] = {
      {.name = "RESET RETRY COUNTER, PUK and new PIN",
       .state = PSD_STATE_OPERATIONAL,
       .set = pin_blocked,
       .command = unblock_new,
       .answer = 0x9000,
       .changes = PICTURE_PIN_TRIES | PICTURE_PIN_VALUE | LOGGED,
       .commanded = {STEP_PUK_COUNTED}},
      {.name = "RESET RETRY COUNTER, PUK alone",
       .state = PSD_STATE_OPERATIONAL,
       .set = pin_blocked,
       .command = unblock_same,
       .answer = 0x9000,
       .changes = PICTURE_PIN_TRIES | LOGGED,
       .commanded = {STEP_PUK_COUNTED}},
      {.name = "RESET RETRY COUNTER, wrong PUK and new PIN",
       .state = PSD_STATE_OPERATIONAL,
       .command = unblock_new_wrong,
       .answer = 0x63C9,
       .changes = PICTURE_PUK_TRIES,
       .commanded = {STEP_PUK_COUNTED}},
      {.name = "RESET RETRY COUNTER, the last try of the PUK wrong",
       .state = PSD_STATE_OPERATIONAL,
       .set = one_puk_left,
       .command = unblock_same_wrong,
       .answer = 0x63C0,
       .changes = PICTURE_PUK_TRIES | LOGGED,
       .commanded = {STEP_PUK_COUNTED}},
  };
  play(scenes, PSD_CHECK_COUNT(scenes));
}

/* Until a try is counted the right value and a wrong one are alike: whoever cuts the power in between learns nothing,
 * neither from the answer nor from the memory. */
static void nothing_shows_before_it_is_counted(void) {
  rig right;
  rig wrong;
  rig_create(&right);
  rig_enter(&right, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&right), PSD_SW_OK);
  rig_create(&wrong);
  rig_enter(&wrong, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&wrong), PSD_SW_OK);
  rig_copy right_copy;
  rig_copy wrong_copy;
  rig_save(&right, &right_copy);
  rig_save(&wrong, &wrong_copy);
  uint64_t n = 0;
  for (bool more = true; more;) {
    rig_restore(&right, &right_copy);
    rig_restore(&wrong, &wrong_copy);
    right.ram.cut_in = wrong.ram.cut_in = ++n;
    uint16_t judged = verify_wrong(&wrong);
    more = wrong.ram.off;
    if (more)
      CU_ASSERT_EQUAL(verify(&right), judged);
    if (more)
      CU_ASSERT_EQUAL(memcmp(right.ram.bytes, wrong.ram.bytes, psd_nvm_ram_size(&wrong.ram)), 0);
    CU_ASSERT(!more || judged == PSD_SW_MEMORY_FAILURE);
  }
  CU_ASSERT(n > 3); /* there was something to cut */
  rig_forget(&right_copy);
  rig_forget(&wrong_copy);
  rig_destroy(&right);
  rig_destroy(&wrong);
}

int main(int argc, char **argv) {
  scene_begin(argc, argv);
  static const psd_check_test tests[] = {
      {"VERIFY counts a try before it compares", verify_counts_first},
      {"CHANGE REFERENCE DATA is all or nothing", change_is_whole},
      {"RESET RETRY COUNTER is all or nothing", unblock_is_whole},
      {"nothing shows whether a guess was right before it is counted", nothing_shows_before_it_is_counted},
  };
  return psd_check_run("power loss: PIN and PUK", tests, PSD_CHECK_COUNT(tests));
}
