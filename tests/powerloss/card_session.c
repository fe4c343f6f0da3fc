/* Power loss in the session with the meter server: while an audit is completed and K1 replaced; and while the card
 * makes its own key pair. */
#include "card_scene.h"
#include "check.h"
#include "meter.h"

#include <string.h>

#define LOGGED (PICTURE_LOG | PICTURE_REACHED)
#define LATER 100U /* seconds by which the audit's time is ahead of the card's clock */

static meter server;

/* A card with its keys, and the meter server that knows them. */
static void keys_there(rig *r) {
  meter_destroy(&server);
  meter_create(&server, r, true);
}

/* The meter server of the session that the card is in: tests go back to a card as it was, and the server goes with it.
 */
static void follow(rig *r) {
  const psd_session *session = &r->card->session;
  server.r = r;
  memcpy(server.to_card.expanded, session->to_card.key, PSD_AES_KEY);
  memcpy(server.to_card.expanded + PSD_AES_KEY, session->to_card.vector, PSD_GCM_NONCE);
  server.to_card.sequence = session->to_card.sequence;
  memcpy(server.to_server.expanded, session->to_server.key, PSD_AES_KEY);
  memcpy(server.to_server.expanded + PSD_AES_KEY, session->to_server.vector, PSD_GCM_NONCE);
  server.to_server.sequence = session->to_server.sequence;
  memcpy(server.result.audit, session->audit, sizeof server.result.audit);
}

/* Up to the audit response; the memory is read, and not written. */
static uint16_t audited(rig *r) {
  uint8_t m2[PSD_M2_SIZE];
  server.r = r;
  uint16_t status = meter_sign_on(&server, PSD_SUITE_SHARED);
  if (status != PSD_SW_OK)
    return status;
  meter_make_m2(&server, m2);
  status = meter_answer(&server, m2, sizeof m2);
  return status == PSD_SW_OK ? meter_audit(&server) : status;
}

static uint16_t complete(rig *r) {
  uint8_t m4[PSD_M4_SIZE];
  follow(r);
  server.result.time = RIG_TIME + LATER;
  server.result.warn_after = 1000000;
  server.result.lock_after = 2000000;
  meter_make_m4(&server, m4);
  return meter_result(&server, m4, sizeof m4);
}

/* A session as it is after its audit, without the commit of that. */
static uint16_t opened(rig *r) {
  uint16_t status = audited(r);
  if (status == PSD_SW_OK)
    r->card->session.phase = PSD_SESSION_OPEN;
  return status;
}

static uint16_t rotate(rig *r) {
  uint8_t order[PSD_SIZE_VENDOR_KEY_ORDER];
  uint8_t command[5 + sizeof order] = {0x80, 0x54, 0x00, 0x00, sizeof order};
  uint8_t secret[PSD_P256_SECRET] = {0};
  uint8_t point[PSD_P256_POINT];
  secret[0] = 1;
  follow(r);
  CU_ASSERT_TRUE_FATAL(psd_p256_public(secret, point));
  meter_order(server.k3, 100, point, order);
  memcpy(command + 5, order, sizeof order);
  return meter_command_bytes(&server, command, sizeof command);
}

static void an_audit_is_completed_or_not(void) {
  static const scene scenes[] = {{.name = "audit result, first",
                                  .state = PSD_STATE_AUTHORIZED,
                                  .set = keys_there,
                                  .prepare = audited,
                                  .command = complete,
                                  .answer = 0x9000,
                                  .changes = PICTURE_STATE | PICTURE_SETTINGS | LOGGED},
                                 {.name = "audit result",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .set = keys_there,
                                  .brief = true,
                                  .prepare = audited,
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
                                  .set = keys_there,
                                  .brief = true,
                                  .prepare = opened,
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
