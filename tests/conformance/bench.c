#include "bench.h"

#include "check.h"

#include <stdio.h>
#include <string.h>

static rig bench;
static rig_copy fresh;

void bench_open(void) {
  rig_create(&bench);
  rig_enter(&bench, PSD_STATE_OPERATIONAL);
  rig_save(&bench, &fresh);
}

void bench_close(void) {
  rig_forget(&fresh);
  rig_destroy(&bench);
}

/* The state is set where the card looks for it when a command comes: access was granted before, in a state that allows
 * it, so that access can be tested in states in which nobody could gain it any more. */
static void force(psd_state state) {
  psd_card *card = bench.card;
  if (state == PSD_STATE_FAULTED)
    card->fault = PSD_FAULT_REGISTERS;
  else if (state == PSD_STATE_INSPECTION_DUE)
    bench.seconds += card->core.watchdog.warn_after;
  else
    card->core.head.state = state;
  CU_ASSERT_EQUAL_FATAL(psd_card_state(card), state);
}

void bench_enter(psd_state state, bench_access access) {
  rig_restore(&bench, &fresh);
  CU_ASSERT_EQUAL_FATAL(rig_select(&bench), PSD_SW_OK);
  if (access == BENCH_USER)
    CU_ASSERT_EQUAL_FATAL(rig_verify(&bench, RIG_PIN), PSD_SW_OK);
  if (access == BENCH_PERSONALISER)
    CU_ASSERT_EQUAL_FATAL(rig_open_channel(&bench, 0x33), PSD_SW_OK);
  force(state);
}

uint16_t bench_send(bench_access access, const psd_apdu *apdu) {
  static uint8_t command[PSD_CARD_DATA_MAX + 16];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&out, apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  if (access != BENCH_PERSONALISER)
    return rig_send(&bench, command, out.length);
  static char text[2 * sizeof command + 1];
  for (size_t i = 0; i < out.length; i++)
    (void)snprintf(text + 2 * i, 3, "%02X", command[i]);
  return rig_secure(&bench, text);
}

psd_access_set bench_claims(bench_access access) {
  static const psd_access_set claims[BENCH_ACCESS_COUNT] = {PSD_ALWAYS, PSD_ALWAYS | PSD_PIN, PSD_ALWAYS | PSD_SCP};
  return claims[access];
}

void bench_report(const char *what, psd_state state, bench_access access, unsigned wanted, unsigned got) {
  static const char *const who[BENCH_ACCESS_COUNT] = {"nobody", "user", "personaliser"};
  if (wanted != got)
    fprintf(stderr, "%s in %s as %s: wanted %04X, got %04X\n", what, psd_state_of(state)->name, who[access], wanted,
            got);
  CU_ASSERT_EQUAL(got, wanted);
}
