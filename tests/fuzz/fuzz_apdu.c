/* Sequences of commands on a whole card, in any state, with resets, power cuts and failing ports between them.
 *
 * Input: two bytes for the start (stage_take), then steps. A step is a byte 00 to EF and a command of that many bytes,
 * or one of the codes below with its own bytes behind it. */
#include "fuzz.h"
#include "stage.h"

#include <string.h>

enum step {
  STEP_SHORT_MOST = 0xEF,
  STEP_LONG = 0xF0, /* length in two bytes, command */
  STEP_RESET = 0xF1,
  STEP_CUT = 0xF2,     /* operations until power fails, kind of cut: then the card is powered up again */
  STEP_MEMORY = 0xF3,  /* which operation fails, calls until then */
  STEP_ENTROPY = 0xF4, /* 0 works, 1 fails, 2 repeats itself */
  STEP_CLOCK = 0xF5,   /* seconds, four bytes; the first bit: backwards */
  STEP_POWER = 0xF6,   /* off and on */
  STEP_SESSION = 0xF7, /* the session with the meter server is open */
  STEP_RECORD = 0xF8,  /* length, command: it comes in a record of the session */
};

static bool sound; /* nothing was done that may make the card FAULTED */

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  stage_open();
  return 0;
}

/* The card is whole after a cut, whatever it was doing. */
static void power_up_after_cut(rig *r) {
  if (!r->ram.off)
    return;
  psd_nvm_ram_power_on(&r->ram);
  psd_card_reset(r->card);
}

static void send_step(rig *r, psd_cursor *input, size_t length) {
  size_t taken = 0;
  uint8_t *command = fuzz_take(input, length, &taken);
  stage_send(r, command, taken);
  free(command);
  power_up_after_cut(r);
  stage_check(r, sound);
}

static void send_record(rig *r, psd_cursor *input, size_t length) {
  size_t taken = 0;
  uint8_t *text = fuzz_take(input, length, &taken);
  stage_send_record(r, text, taken);
  free(text);
  power_up_after_cut(r);
  stage_check(r, sound);
}

static void arm_cut(rig *r, psd_cursor *input) {
  r->ram.cut_in = fuzz_u8(input);
  r->ram.cut = (psd_nvm_ram_cut)(fuzz_u8(input) % PSD_NVM_RAM_CUTS);
  r->ram.seed = r->ram.cut_in;
}

static void arm_failure(rig *r, psd_cursor *input) {
  uint64_t *const counts[] = {&r->ram.fail_read_in, &r->ram.fail_program_in, &r->ram.fail_erase_in,
                              &r->ram.fail_sync_in};
  size_t which = fuzz_u8(input) % (sizeof counts / sizeof counts[0]);
  *counts[which] = fuzz_u8(input);
  sound = false;
}

static void set_entropy(rig *r, psd_cursor *input) {
  uint8_t mode = fuzz_u8(input) % 3;
  r->entropy_fail_in = mode == 1 ? 1 : 0;
  r->entropy_stuck = mode == 2;
  if (mode != 0)
    r->card->drbg.calls = PSD_DRBG_RESEED; /* it is missed at once */
  sound = sound && mode == 0;
}

static void move_clock(rig *r, psd_cursor *input) {
  uint32_t seconds = (uint32_t)fuzz_u16(input) << 16;
  seconds |= fuzz_u16(input);
  bool backwards = (seconds & 0x80000000U) != 0;
  seconds &= 0x7FFFFFFFU;
  r->seconds = backwards ? r->seconds - seconds : r->seconds + seconds;
}

/* A power cut that comes while the card is powered up is the end of this power-up too. */
static void reset(rig *r, bool cold) {
  if (cold)
    psd_card_power_off(r->card);
  psd_card_reset(r->card);
  power_up_after_cut(r);
  stage_check(r, sound);
}

static void run_step(rig *r, psd_cursor *input) {
  uint8_t step = fuzz_u8(input);
  if (step <= STEP_SHORT_MOST) {
    send_step(r, input, step);
    return;
  }
  switch (step) {
  case STEP_LONG:
    send_step(r, input, fuzz_u16(input));
    break;
  case STEP_CUT:
    arm_cut(r, input);
    break;
  case STEP_MEMORY:
    arm_failure(r, input);
    break;
  case STEP_ENTROPY:
    set_entropy(r, input);
    break;
  case STEP_CLOCK:
    move_clock(r, input);
    break;
  case STEP_SESSION:
    stage_open_session(r);
    break;
  case STEP_RECORD:
    send_record(r, input, fuzz_u8(input));
    break;
  default:
    reset(r, step == STEP_POWER);
    break;
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  stage_start start = stage_take(&input);
  rig *r = stage_enter(&start);
  sound = true;
  while (input.left > 0)
    run_step(r, &input);
  stage_close(r);
  return 0;
}
