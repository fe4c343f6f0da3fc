/* Every command in every state at every access level. What is expected follows from the row alone. */
#include "bench.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

#define PSD_COMMAND(NAME, name, application, class, ins, p1, p2, cases, least, most, flags, states, access, handler)   \
#handler,
static const char *const handler_names[PSD_COMMAND_COUNT] = {
#include "commands.def"
};
#undef PSD_COMMAND

/* The shortest command that the row's parameters and lengths allow. */
static psd_apdu probe(const psd_command *row) {
  static const uint8_t zeroes[256];
  psd_apdu apdu = {.cla = row->class == PSD_CLASS_GP ? 0x80 : 0x00, .ins = row->ins, .ne = 256};
  apdu.p1 = row->p1.any ? 0 : row->p1.value;
  apdu.p2 = row->p2.any ? 0 : row->p2.value;
  if ((row->cases & (PSD_C1 | PSD_C2)) == 0) {
    apdu.nc = row->least;
    apdu.data = zeroes;
  }
  return apdu;
}

/* Commands that secure messaging treats apart: what they fetch was secured already, or they open or end the channel. */
static bool outside_the_channel(const psd_command *row) {
  return row->id == PSD_COMMAND_GET_RESPONSE || row->id == PSD_COMMAND_EXTERNAL_AUTHENTICATE ||
         row->id == PSD_COMMAND_SELECT || row->id == PSD_COMMAND_INITIALIZE_UPDATE;
}

/* The row admits the command: then its handler speaks, and it may have reasons of its own. */
static void check_admitted(const psd_command *row, psd_state state, bench_access access, unsigned status) {
  static const psd_command_id refuse_themselves[] = {
      PSD_COMMAND_GET_RESPONSE,          /* 6985: nothing waits */
      PSD_COMMAND_EXTERNAL_AUTHENTICATE, /* 6985: nothing was begun */
  };
  if (strcmp(handler_names[row->id], "none") == 0) {
    bench_report(row->name, state, access, PSD_SW_FUNCTION_UNSUPPORTED, status);
    return;
  }
  for (size_t i = 0; i < sizeof refuse_themselves / sizeof refuse_themselves[0]; i++)
    if (refuse_themselves[i] == row->id)
      return;
  if (status == PSD_SW_CONDITIONS || status == PSD_SW_SECURITY_STATUS)
    bench_report(row->name, state, access, PSD_SW_OK, status);
}

static void check_cell(const psd_command *row, psd_state state, bench_access access) {
  bench_enter(state, access);
  psd_apdu apdu = probe(row);
  unsigned status = bench_send(access, &apdu);
  if ((row->states & PSD_STATE_BIT(state)) == 0)
    bench_report(row->name, state, access, PSD_SW_CONDITIONS, status);
  else if ((row->access & bench_claims(access)) == 0)
    bench_report(row->name, state, access, PSD_SW_SECURITY_STATUS, status);
  else
    check_admitted(row, state, access, status);
}

static void every_command_state_and_access(void) {
  unsigned cells = 0;
  bench_open();
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++)
    for (size_t s = 0; s < psd_state_count; s++)
      for (bench_access access = BENCH_NOBODY; access < BENCH_ACCESS_COUNT; access++) {
        if (access == BENCH_PERSONALISER && outside_the_channel(&psd_commands[i]))
          continue;
        check_cell(&psd_commands[i], psd_states[s].state, access);
        cells++;
      }
  bench_close();
  printf("%u cells ", cells);
  CU_ASSERT(cells > PSD_COMMAND_COUNT * psd_state_count);
}

/* A command that fails leaves the card as it was, and the table decides before the data are looked at. */
static void parameters_come_before_state(void) {
  bench_open();
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    if (row->p2.any || outside_the_channel(row))
      continue;
    bench_enter(PSD_STATE_ZEROIZED, BENCH_NOBODY);
    psd_apdu apdu = probe(row);
    apdu.p2 ^= 0x01;
    bench_report(row->name, PSD_STATE_ZEROIZED, BENCH_NOBODY, PSD_SW_WRONG_P1P2, bench_send(BENCH_NOBODY, &apdu));
  }
  bench_close();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every command in every state at every access level answers as its row says", every_command_state_and_access},
      {"6A86 for parameters the row does not know, in whatever state", parameters_come_before_state},
  };
  return psd_check_run("conformance: commands", tests, PSD_CHECK_COUNT(tests));
}
