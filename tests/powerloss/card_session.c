/* Power loss in the session with the meter server: while an audit is completed and K1 replaced; and while the card
 * makes its own key pair. */
#include "card_scene.h"
#include "card_server.h"
#include "check.h"

#include <string.h>

#define LOGGED (PICTURE_LOG | PICTURE_REACHED)
#define LATER 100U /* seconds by which the audit's time is ahead of the card's clock */

static uint16_t complete(rig *r) {
  uint8_t m4[PSD_M4_SIZE];
  server_follow(r);
  server.result.time = RIG_TIME + LATER;
  server.result.warn_after = 1000000;
  server.result.lock_after = 2000000;
  meter_make_m4(&server, m4);
  return meter_result(&server, m4, sizeof m4);
}

static uint16_t rotate(rig *r) {
  uint8_t order[PSD_SIZE_VENDOR_KEY_ORDER];
  uint8_t command[5 + sizeof order] = {0x80, 0x54, 0x00, 0x00, sizeof order};
  uint8_t secret[PSD_P256_SECRET] = {0};
  uint8_t point[PSD_P256_POINT];
  secret[0] = 1;
  server_follow(r);
  CU_ASSERT_TRUE_FATAL(psd_p256_public(secret, point));
  meter_order(server.k3, 100, point, order);
  memcpy(command + 5, order, sizeof order);
  return meter_command_bytes(&server, command, sizeof command);
}

static void an_audit_is_completed_or_not(void) {
  static const scene scenes[] = {{.name = "audit result, first",
                                  .state = PSD_STATE_AUTHORIZED,
                                  .set = server_keys,
                                  .prepare = server_audited,
                                  .command = complete,
                                  .answer = 0x9000,
                                  .changes = PICTURE_STATE | PICTURE_SETTINGS | LOGGED},
                                 {.name = "audit result",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = server_keys,
                                  .brief = true,
                                  .prepare = server_audited,
                                  .command = complete,
                                  .answer = 0x9000,
                                  .changes = PICTURE_SETTINGS | LOGGED}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    scene_play(&scenes[i]);
  scene_report();
}

static void vendor_key_is_replaced_as_a_whole(void) {
  static const scene scenes[] = {{.name = "ROTATE KEY",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = server_keys,
                                  .brief = true,
                                  .prepare = server_opened,
                                  .command = rotate,
                                  .answer = 0x9000,
                                  .changes = PICTURE_OBJECTS | LOGGED}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    scene_play(&scenes[i]);
  scene_report();
}

static uint16_t open_channel(rig *r) {
  return rig_open_channel(r, PSD_SCP_CMAC | PSD_SCP_CENC);
}

static uint16_t generate(rig *r) {
  return rig_secure(r, "0047800000");
}

static uint16_t generate_dsa(rig *r) {
  return rig_secure(r, "0047800100");
}

static void with_a_pair(rig *r) {
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(open_channel(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(generate(r), PSD_SW_OK);
}

static void both_pairs(rig *r) {
  with_a_pair(r);
  CU_ASSERT_EQUAL_FATAL(generate_dsa(r), PSD_SW_OK);
}

static void a_key_pair_is_made_or_not(void) {
  static const scene making = {.name = "GENERATE ASYMMETRIC KEY PAIR",
                               .state = PSD_STATE_MANUFACTURED,
                               .brief = true,
                               .prepare = open_channel,
                               .command = generate,
                               .answer = 0x9000,
                               .changes = PICTURE_OBJECTS | PICTURE_KEY_PAIR | PICTURE_WRITTEN | PICTURE_LOG,
                               .prepared = {STEP_SESSION_COUNTED}};
  scene_play(&making);
  scene dsa = making;
  dsa.name = "GENERATE ASYMMETRIC KEY PAIR, DSA";
  dsa.set = with_a_pair;
  dsa.command = generate_dsa;
  dsa.once = true;
  scene_play(&dsa);
  scene again = making; /* the DSA pair goes with the pair that vouched for it */
  again.name = "GENERATE ASYMMETRIC KEY PAIR, another one";
  again.set = both_pairs;
  again.once = true;
  again.changes = PICTURE_OBJECTS | PICTURE_KEY_PAIR | PICTURE_LOG;
  scene_play(&again);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"an audit is completed or it is not", an_audit_is_completed_or_not},
      {"K1 is replaced or it is not", vendor_key_is_replaced_as_a_whole},
      {"a key pair is made or it is not", a_key_pair_is_made_or_not},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: session", tests, PSD_CHECK_COUNT(tests));
}
