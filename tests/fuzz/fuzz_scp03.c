/* Behind secure messaging: commands whose MAC and cipher are right and whose content is the fuzzer's.
 *
 * Input: two bytes for the start (stage_take), one for how the first channel is opened, then steps: a byte for what is
 * done (`step_kind` in its low bits, how in the others), its parameters, and a length and so many bytes of data. */
#include "fuzz.h"
#include "host.h"

#include <string.h>

enum step_kind {
  STEP_SECURED,    /* any command: INS, P1, P2, data */
  STEP_STORE_DATA, /* the next block: data */
  STEP_PUT_KEY,    /* a well-formed key set: version, sizes and keys from the data */
  STEP_CLEAR,      /* a command not secured at all */
  STEP_OPEN,       /* a new channel: how */
  STEP_DAMAGED,    /* as STEP_SECURED, and one byte of it is damaged */
  STEP_RESET,
  STEP_CUT, /* operations until power fails, kind of cut */
};
#define STEP_KINDS 8U

enum step_flags { FLAG_GP = 0x08, FLAG_CHAINED = 0x10, FLAG_EXTENDED = 0x20, FLAG_WANTS = 0x40, FLAG_LAST = 0x80 };

#define LONG_DATA 0xFFU /* in place of a length: two bytes of length follow */
#define DATA_MOST 2100U

static host h;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  stage_open();
  return 0;
}

static uint8_t *take_data(psd_cursor *input, size_t *length) {
  size_t wanted = fuzz_u8(input);
  if (wanted == LONG_DATA)
    wanted = fuzz_u16(input);
  return fuzz_take(input, wanted < DATA_MOST ? wanted : DATA_MOST, length);
}

static host_plan take_plan(psd_cursor *input, uint8_t step) {
  host_plan plan = {.cla = (step & FLAG_GP) != 0 ? 0x80 : 0x00,
                    .extended = (step & FLAG_EXTENDED) != 0,
                    .wants = (step & FLAG_WANTS) != 0};
  if ((step & FLAG_CHAINED) != 0)
    plan.cla |= 0x10;
  plan.ins = fuzz_u8(input);
  plan.p1 = fuzz_u8(input);
  plan.p2 = fuzz_u8(input);
  return plan;
}

static void open_channel(rig *r, uint8_t how) {
  static const uint8_t levels[] = {0x01, 0x03, 0x11, 0x13, 0x33};
  uint8_t level = levels[how % sizeof levels];
  uint8_t mac_size = (how & 0x80) != 0 ? 16 : 8;
  host_open(&h, r, level, mac_size);
}

static void send_secured(rig *r, psd_cursor *input, const host_plan *plan) {
  size_t length = 0;
  uint8_t *data = take_data(input, &length);
  bool was_open = r->card->scp.phase == PSD_SCP_OPEN;
  uint16_t status = host_send(&h, r, plan, data, length);
  /* What was damaged does nothing, and ends the channel, unless the card had refused it before it looked. */
  FUZZ_ASSERT(plan->damage == 0 || (status != PSD_SW_OK && status >> 8 != 0x61));
  FUZZ_ASSERT(was_open || status != PSD_SW_OK);
  free(data);
}

static void store_data(rig *r, psd_cursor *input, uint8_t step) {
  host_plan plan = {.cla = 0x80, .ins = 0xE2, .p1 = 0x10, .p2 = (uint8_t)r->card->scp.block};
  plan.p1 |= step & FLAG_LAST;
  if ((step & FLAG_CHAINED) != 0)
    plan.cla |= 0x10;
  send_secured(r, input, &plan);
}

static void put_key(rig *r, psd_cursor *input) {
  static const uint8_t sizes[] = {16, 24, 32};
  uint8_t data[256];
  uint8_t key[32];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  host_plan plan = {.cla = 0x80, .ins = 0xD8, .p1 = 0, .p2 = 0x81, .wants = true};
  psd_put_u8(&out, fuzz_u8(input));
  size_t size = sizes[fuzz_u8(input) % sizeof sizes];
  memset(key, fuzz_u8(input), sizeof key);
  for (unsigned i = 0; i < 3; i++)
    host_put_key(r, &out, key, size);
  uint8_t damage = fuzz_u8(input);
  if (damage > 0) /* of the data, under a MAC that is right */
    data[damage % out.length] ^= damage;
  host_send(&h, r, &plan, data, out.length);
}

static void send_clear(rig *r, psd_cursor *input) {
  size_t length = 0;
  uint8_t *command = take_data(input, &length);
  uint16_t status = stage_send(r, command, length);
  FUZZ_ASSERT(length >= 4 || status == PSD_SW_WRONG_LENGTH);
  free(command);
}

static void arm_cut(rig *r, psd_cursor *input) {
  r->ram.cut_in = fuzz_u8(input);
  r->ram.cut = (psd_nvm_ram_cut)(fuzz_u8(input) % PSD_NVM_RAM_CUTS);
  r->ram.seed = r->ram.cut_in;
}

static void select_psd(rig *r) {
  static const uint8_t command[] = {0x00, 0xA4, 0x04, 0x0C, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01};
  stage_send(r, command, sizeof command);
}

static void reset(rig *r) {
  psd_nvm_ram_power_on(&r->ram);
  psd_card_reset(r->card);
  select_psd(r);
}

static void run_step(rig *r, psd_cursor *input) {
  uint8_t step = fuzz_u8(input);
  host_plan plan;
  switch (step % STEP_KINDS) {
  case STEP_SECURED:
  case STEP_DAMAGED:
    plan = take_plan(input, step);
    if (step % STEP_KINDS == STEP_DAMAGED)
      plan.damage = (uint8_t)(fuzz_u8(input) | 1U);
    send_secured(r, input, &plan);
    break;
  case STEP_STORE_DATA:
    store_data(r, input, step);
    break;
  case STEP_PUT_KEY:
    put_key(r, input);
    break;
  case STEP_CLEAR:
    send_clear(r, input);
    break;
  case STEP_OPEN:
    open_channel(r, fuzz_u8(input));
    break;
  case STEP_CUT:
    arm_cut(r, input);
    break;
  default:
    reset(r);
    break;
  }
  if (r->ram.off)
    reset(r);
  stage_check(r, true);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  stage_start start = stage_take(&input);
  start.selected = true;
  rig *r = stage_enter(&start);
  h = (host){.key_size = 16, .mac_size = 8};
  open_channel(r, fuzz_u8(&input));
  while (input.left > 0)
    run_step(r, &input);
  stage_close(r);
  return 0;
}
