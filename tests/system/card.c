#include "system_card.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "rig.h"

struct world_card {
  rig bench;
};

static void put(rig *r, psd_object_id id, psd_message_id layout, const void *value) {
  uint8_t bytes[256];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, layout, value);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(r, id, bytes, out.length);
}

static void load_keys(rig *r, const psd_kms_manufactured *made, const psd_device_id *identity) {
  psd_vendor_key k1 = {.identifier = made->vendor_key};
  psd_device_key k3 = {.scheme = made->scheme, .pointer = made->pointer};
  psd_shared_key shared = {.identifier = made->shared_key};
  psd_session_policy policy = {.suites = PSD_SUITE_P256 | PSD_SUITE_SHARED, .forward = 1};
  memcpy(k1.point, made->vendor_point, sizeof k1.point);
  memcpy(k3.key, made->key, sizeof k3.key);
  memcpy(shared.key, made->shared, sizeof shared.key);
  put(r, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, identity);
  put(r, PSD_OBJECT_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &k1);
  put(r, PSD_OBJECT_DEVICE_KEY, PSD_MESSAGE_DEVICE_KEY, &k3);
  put(r, PSD_OBJECT_SHARED_KEY, PSD_MESSAGE_SHARED_KEY, &shared);
  put(r, PSD_OBJECT_SESSION_POLICY, PSD_MESSAGE_SESSION_POLICY, &policy);
}

world_card *world_card_new(const psd_kms_manufactured *made, const psd_device_id *identity) {
  world_card *card = calloc(1, sizeof *card);
  CU_ASSERT_PTR_NOT_NULL_FATAL(card);
  rig_create(&card->bench);
  rig_enter(&card->bench, PSD_STATE_INITIALIZED);
  psd_core core = card->bench.card->core;
  memset(&core.postage, 0, sizeof core.postage);
  rig_set_core(&card->bench, &core);
  card->bench.entropy_state = (uint64_t)identity->serial << 16;
  load_keys(&card->bench, made, identity);
  return card;
}

void world_card_free(world_card *card) {
  if (card == NULL)
    return;
  rig_destroy(&card->bench);
  free(card);
}

uint8_t *world_card_image(const world_card *card) {
  uint8_t *image = malloc(psd_nvm_ram_size(&card->bench.ram));
  CU_ASSERT_PTR_NOT_NULL_FATAL(image);
  psd_nvm_ram_save(&card->bench.ram, image);
  return image;
}

world_card *world_card_of(const uint8_t *image) {
  world_card *card = calloc(1, sizeof *card);
  CU_ASSERT_PTR_NOT_NULL_FATAL(card);
  rig_create_erased(&card->bench);
  world_card_load(card, image);
  return card;
}

void world_card_load(world_card *card, const uint8_t *image) {
  psd_card_power_off(card->bench.card);
  psd_nvm_ram_load(&card->bench.ram, image);
  psd_card_power_on(card->bench.card);
}

psd_card *world_card_psd(world_card *card) {
  return card->bench.card;
}

void world_card_clock(world_card *card, uint64_t seconds) {
  card->bench.seconds = seconds;
}

void world_card_chance(world_card *card, uint64_t seed) {
  card->bench.entropy_state = seed;
}

void world_card_purse(const world_card *card, world_purse *purse) {
  const psd_core *core = &card->bench.card->core;
  *purse = (world_purse){.state = psd_card_state(card->bench.card),
                         .ascending = core->postage.ascending,
                         .descending = core->postage.descending,
                         .control_total = core->postage.control_total,
                         .sequence = (uint32_t)core->operation.sequence,
                         .operation = (psd_operation_state)core->operation.operation,
                         .amount = core->operation.amount,
                         .orders = (uint32_t)core->order.number};
}

void world_card_cut(world_card *card, unsigned operation, unsigned how) {
  card->bench.ram.operations = 0;
  card->bench.ram.cut_in = operation;
  card->bench.ram.cut = (psd_nvm_ram_cut)how;
}

unsigned world_card_operations(const world_card *card) {
  return (unsigned)card->bench.ram.operations;
}

bool world_card_cut_off(const world_card *card) {
  const psd_nvm_ram *ram = &card->bench.ram;
  return ram->off || (ram->cut == PSD_NVM_RAM_KILL && ram->operations > 0 && ram->cut_in == 0);
}

void world_card_power(world_card *card) {
  psd_card_power_off(card->bench.card);
  psd_nvm_ram_power_on(&card->bench.ram);
  psd_card_power_on(card->bench.card);
}
