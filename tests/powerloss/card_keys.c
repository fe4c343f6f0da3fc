/* Power loss while secure channels are opened and their keys replaced. */
#include "card_scene.h"
#include "check.h"
#include "meter/transport_keys.h"

#include <string.h>

#define LEVEL (PSD_SCP_CMAC | PSD_SCP_CENC)
#define NEW_VERSION 2U
#define NEW_SIZE 32U
#define PUT_KEY_PAGES 8U /* keys, core and log record with their frame, and the mark */

static psd_card_birth new_keys(void) {
  psd_card_birth keys = rig_birth();
  keys.key_version = NEW_VERSION;
  keys.key_size = NEW_SIZE;
  memset(keys.enc, 0xE1, NEW_SIZE);
  memset(keys.mac, 0xE2, NEW_SIZE);
  memset(keys.dek, 0xE3, NEW_SIZE);
  return keys;
}

/* The keys that the card has: it has either set, and says which. */
static psd_card_birth keys_of(rig *r) {
  psd_key_status status = {0};
  if (rig_hex(r, "00CADF3A00") == PSD_SW_OK)
    CU_ASSERT_TRUE(psd_parse_message(r->response, r->length, PSD_MESSAGE_KEY_STATUS, &status));
  return status.transport_version == NEW_VERSION ? new_keys() : rig_birth();
}

static uint16_t begin(rig *r) {
  const psd_card_birth keys = keys_of(r);
  return rig_begin_channel(r, &keys, 8, 0);
}

static uint16_t authenticate(rig *r) {
  return rig_authenticate(r, LEVEL);
}

static uint16_t open_channel(rig *r) {
  uint16_t status = begin(r);
  return status == PSD_SW_OK ? authenticate(r) : status;
}

static void add_key(psd_buffer *out, const psd_card_birth *under, const uint8_t key[NEW_SIZE]) {
  static const uint8_t zero[PSD_AES_BLOCK] = {0};
  static const uint8_t ones[PSD_AES_BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  uint8_t secret[NEW_SIZE];
  uint8_t check[PSD_AES_BLOCK];
  CU_ASSERT_TRUE_FATAL(psd_aes_cbc_encrypt(under->dek, under->key_size, zero, key, NEW_SIZE, secret) &&
                       psd_aes_block(key, NEW_SIZE, ones, check));
  const uint8_t head[] = {0x88, NEW_SIZE + 1U, NEW_SIZE};
  psd_put(out, head, sizeof head);
  psd_put(out, secret, sizeof secret);
  psd_put_u8(out, 3);
  psd_put(out, check, 3);
}

static uint16_t put_keys(rig *r) {
  uint8_t plain[256];
  static uint8_t wrapped[512];
  psd_transport_keys now = {0};
  const psd_card_birth keys = new_keys();
  if (!psd_transport_keys_read(r->card, &now))
    return PSD_SW_MEMORY_FAILURE;
  const psd_card_birth under = now.version == NEW_VERSION ? keys : rig_birth();
  psd_buffer command = psd_buffer_over(plain, sizeof plain);
  const uint8_t header[] = {0x80, 0xD8, 0x00, 0x81, 1 + 3 * (NEW_SIZE + 7), NEW_VERSION};
  psd_put(&command, header, sizeof header);
  add_key(&command, &under, keys.enc);
  add_key(&command, &under, keys.mac);
  add_key(&command, &under, keys.dek);
  psd_put_u8(&command, 0);
  CU_ASSERT_FALSE_FATAL(command.overflow);
  return rig_send(r, wrapped, rig_wrap_bytes(r, command.data, command.length, wrapped, sizeof wrapped));
}

/* 6.2.2.1 of Amendment D: a challenge of the card that was used is never given again. */
static void a_session_is_counted(void) {
  static const scene scenes[] = {{.name = "EXTERNAL AUTHENTICATE",
                                  .state = PSD_STATE_MANUFACTURED,
                                  .prepare = begin,
                                  .command = authenticate,
                                  .answer = 0x9000,
                                  .changes = PICTURE_SEQUENCE},
                                 {.name = "EXTERNAL AUTHENTICATE, in service",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .prepare = begin,
                                  .command = authenticate,
                                  .answer = 0x9000,
                                  .changes = PICTURE_SEQUENCE}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    scene_play(&scenes[i]);
  scene_report();
}

static void keys_are_replaced_as_a_whole(void) {
  static const scene scenes[] = {{.name = "PUT KEY",
                                  .state = PSD_STATE_MANUFACTURED,
                                  .prepare = open_channel,
                                  .command = put_keys,
                                  .answer = 0x9000,
                                  .pages = PUT_KEY_PAGES,
                                  .changes = PICTURE_KEYS | PICTURE_SEQUENCE | PICTURE_LOG,
                                  .prepared = {STEP_SESSION_COUNTED}},
                                 {.name = "PUT KEY, in service",
                                  .state = PSD_STATE_OPERATIONAL,
                                  .prepare = open_channel,
                                  .command = put_keys,
                                  .answer = 0x9000,
                                  .pages = PUT_KEY_PAGES,
                                  .changes = PICTURE_KEYS | PICTURE_SEQUENCE | PICTURE_LOG | PICTURE_REACHED,
                                  .prepared = {STEP_SESSION_COUNTED}}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    scene_play(&scenes[i]);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"EXTERNAL AUTHENTICATE counts its session or does not open it", a_session_is_counted},
      {"PUT KEY is all or nothing", keys_are_replaced_as_a_whole},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: secure channel", tests, PSD_CHECK_COUNT(tests));
}
