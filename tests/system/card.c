#include "system_card.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "rig.h"

#define CREDIT_LIMIT 2000000U /* mills, in current-account mode */
#define READINGS 100000U      /* of entropy: more than there are */

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
  psd_token_key token = {.set = 1, .pointer = 7, .digits = 5};
  psd_session_policy policy = {.suites = PSD_SUITE_P256 | PSD_SUITE_SHARED, .forward = 1};
  memcpy(k1.point, made->vendor_point, sizeof k1.point);
  memcpy(k3.key, made->key, sizeof k3.key);
  memcpy(shared.key, made->shared, sizeof shared.key);
  memcpy(token.key, made->shared, sizeof token.key); /* any will do */
  put(r, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, identity);
  put(r, PSD_OBJECT_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &k1);
  put(r, PSD_OBJECT_DEVICE_KEY, PSD_MESSAGE_DEVICE_KEY, &k3);
  put(r, PSD_OBJECT_SHARED_KEY, PSD_MESSAGE_SHARED_KEY, &shared);
  put(r, PSD_OBJECT_SESSION_POLICY, PSD_MESSAGE_SESSION_POLICY, &policy);
  put(r, PSD_OBJECT_POSTAL_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &token);
}

/* As GENERATE ASYMMETRIC KEY PAIR leaves it; and the authority that will certify it. */
static void make_pair(rig *r, const psd_kms_manufactured *made, uint8_t *point) {
  uint8_t secret[PSD_P256_SECRET];
  psd_public_key authority = {.identifier = made->ca_key};
  memcpy(authority.point, made->ca_point, sizeof authority.point);
  CU_ASSERT_TRUE_FATAL(psd_p256_generate(&r->card->drbg, secret, point));
  const psd_store_put put_secret = {.record = PSD_RECORD_KEY_PAIR, .length = sizeof secret, .value = secret};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r->card->store, &put_secret, 1), PSD_STORE_OK);
  rig_put_object(r, PSD_OBJECT_DEVICE_PUBLIC, point, PSD_P256_POINT);
  put(r, PSD_OBJECT_CA_KEY, PSD_MESSAGE_PUBLIC_KEY, &authority);
}

world_card *world_card_new(const psd_kms_manufactured *made, const psd_device_id *identity, psd_funds_mode mode,
                           uint8_t *pair) {
  world_card *card = calloc(1, sizeof *card);
  CU_ASSERT_PTR_NOT_NULL_FATAL(card);
  rig_create(&card->bench);
  rig_enter(&card->bench, PSD_STATE_INITIALIZED);
  psd_core core = card->bench.card->core;
  memset(&core.postage, 0, sizeof core.postage);
  core.funds = (psd_funds){.mode = mode, .credit_limit = mode == PSD_FUNDS_ACCOUNT ? CREDIT_LIMIT : 0};
  rig_set_core(&card->bench, &core);
  card->bench.entropy_state = (uint64_t)identity->serial << 16;
  load_keys(&card->bench, made, identity);
  if (pair != NULL)
    make_pair(&card->bench, made, pair);
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
                         .mode = (psd_funds_mode)core->funds.mode,
                         .credit_limit = core->funds.credit_limit,
                         .limits = core->limits,
                         .groups = {core->postage, core->certificate},
                         .sequence = (uint32_t)core->operation.sequence,
                         .operation = (psd_operation_state)core->operation.operation,
                         .group = (psd_group)core->operation.group,
                         .amount = core->operation.amount,
                         .final = core->operation.final != 0,
                         .orders = (uint32_t)core->order.number};
}

bool world_card_serve(world_card *card, psd_group group, uint64_t amount) {
  psd_card *psd = card->bench.card;
  psd_core core = psd->core;
  psd_registers *registers = psd_core_group(&core, group);
  psd_state state = psd_card_state(psd);
  bool account = core.funds.mode == PSD_FUNDS_ACCOUNT;
  if ((state != PSD_STATE_OPERATIONAL && state != PSD_STATE_INSPECTION_DUE) || amount > INT64_MAX ||
      (!account && amount > registers->descending))
    return false;
  registers->ascending += amount;
  registers->piece_count++;
  if (!account)
    registers->descending -= amount;
  if (!psd_core_balanced(&core))
    return false;
  rig_set_core(&card->bench, &core);
  return true;
}

void world_card_plan(world_card *card, const fault_plan *plan) {
  rig *bench = &card->bench;
  bench->ram.operations = bench->ram.programs = bench->ram.syncs = 0;
  bench->ram.cut_in = plan->at[FAULT_CUT];
  bench->ram.cut = (psd_nvm_ram_cut)plan->how;
  bench->ram.fail_program_in = plan->at[FAULT_PROGRAM];
  bench->ram.fail_sync_in = plan->at[FAULT_SYNC];
  bench->entropy_fail_in = plan->at[FAULT_ENTROPY] != 0 ? plan->at[FAULT_ENTROPY] : READINGS;
  if (plan->at[FAULT_ENTROPY] == 0)
    return;
  psd_card_power_off(bench->card);
  psd_card_power_on(bench->card);
}

void world_card_counted(const world_card *card, const fault_plan *plan, fault_count *count) {
  const psd_nvm_ram *ram = &card->bench.ram;
  count->seen[FAULT_CUT] = (unsigned)ram->operations;
  count->seen[FAULT_PROGRAM] = (unsigned)ram->programs;
  count->seen[FAULT_SYNC] = (unsigned)ram->syncs;
  count->hit += ram->off || (ram->cut == PSD_NVM_RAM_KILL && ram->operations > 0 && ram->cut_in == 0);
  count->hit += plan->at[FAULT_PROGRAM] != 0 && ram->fail_program_in == 0;
  count->hit += plan->at[FAULT_SYNC] != 0 && ram->fail_sync_in == 0;
  count->hit += plan->at[FAULT_ENTROPY] != 0 && card->bench.entropy_fail_in == 1;
}

void world_card_power(world_card *card) {
  psd_card_power_off(card->bench.card);
  psd_nvm_ram_power_on(&card->bench.ram);
  card->bench.entropy_fail_in = 0;
  psd_card_power_on(card->bench.card);
}
