/* Power loss while a card is made, and while it records that it found a fault. */
#include "card_kat.h"
#include "card_scene.h"
#include "check.h"

/* As a status word: making a card is no command, but is acknowledged like one. */
static uint16_t manufacture(rig *r) {
  const psd_card_birth birth = rig_birth();
  psd_card_power_off(r->card);
  bool made = psd_card_manufacture(r->card, &birth);
  return made ? PSD_SW_OK : PSD_SW_MEMORY_FAILURE;
}

static void a_card_is_made_or_not(void) {
  static const scene making = {
      .name = "manufacture", .erased = true, .command = manufacture, .answer = 0x9000, .changes = PICTURE_BLANK};
  scene_play(&making);
  scene_report();
}

static uint16_t self_test(rig *r) {
  return rig_hex(r, "8010000000");
}

/* The fault itself is not stored: a card that is powered up looks again. */
static void a_fault_is_logged_or_not(void) {
  static const scene scenes[] = {{.name = "SELF TEST, fault",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .faults = true,
                                  .command = self_test,
                                  .answer = 0x9000,
                                  .changes = PICTURE_LOG | PICTURE_REACHED},
                                 {.name = "SELF TEST, fault, before personalisation",
                                  .state = PSD_STATE_MANUFACTURED,
                                  .faults = true,
                                  .command = self_test,
                                  .answer = 0x9000,
                                  .changes = PICTURE_LOG}};
  card_kat_break(PSD_KAT_RSA_SIGN); /* none of those that are run at power-up */
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    scene_play(&scenes[i]);
  card_kat_break(PSD_KAT_COUNT);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"a card is made or it is not", a_card_is_made_or_not},
      {"a fault that SELF TEST found is logged or it is not", a_fault_is_logged_or_not},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: a card's life", tests, PSD_CHECK_COUNT(tests));
}
