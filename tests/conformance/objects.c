/* Every data object in every state at every access level, read by GET DATA and written by PUT DATA. */
#include "bench.h"
#include "check.h"

#include <stdio.h>

static psd_apdu get(const psd_object *object) {
  return (psd_apdu){.ins = 0xCA, .p1 = (uint8_t)(object->tag >> 8), .p2 = (uint8_t)object->tag, .ne = 256};
}

static void check_read(const psd_object *object, psd_state state, bench_access access) {
  bench_enter(state, access);
  psd_apdu apdu = get(object);
  unsigned status = bench_send(access, &apdu);
  if ((object->read & bench_claims(access)) == 0)
    bench_report(object->name, state, access, PSD_SW_SECURITY_STATUS, status);
  else if ((object->read_states & PSD_STATE_BIT(state)) == 0)
    bench_report(object->name, state, access, PSD_SW_CONDITIONS, status);
  else if (status != PSD_SW_REFERENCE_NOT_FOUND) /* never loaded */
    bench_report(object->name, state, access, PSD_SW_OK, status);
}

/* A value that the object's format refuses: all bits set; no time at all for the watchdog. */
static psd_apdu put(const psd_object *object) {
  static uint8_t value[PSD_CARD_DATA_MAX];
  for (size_t i = 0; i < object->most; i++)
    value[i] = object->id == PSD_OBJECT_WATCHDOG ? 0x00 : 0xFF;
  psd_apdu apdu = get(object);
  apdu.ins = 0xDA;
  apdu.ne = 0;
  apdu.data = value;
  apdu.nc = object->most;
  return apdu;
}

static unsigned expected_write(const psd_object *object, psd_state state, bench_access access) {
  const psd_command *row = &psd_commands[PSD_COMMAND_PUT_DATA];
  psd_access_set claims = bench_claims(access);
  if ((row->states & PSD_STATE_BIT(state)) == 0)
    return PSD_SW_CONDITIONS;
  if ((row->access & claims) == 0 || (object->write & claims) == 0)
    return PSD_SW_SECURITY_STATUS;
  if ((object->write_states & PSD_STATE_BIT(state)) == 0)
    return PSD_SW_CONDITIONS;
  return PSD_SW_WRONG_DATA;
}

static void check_write(const psd_object *object, psd_state state, bench_access access) {
  bench_enter(state, access);
  psd_apdu apdu = put(object);
  bench_report(object->name, state, access, expected_write(object, state, access), bench_send(access, &apdu));
}

static void every_object(void (*check)(const psd_object *, psd_state, bench_access)) {
  unsigned cells = 0;
  bench_open();
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++)
    for (size_t s = 0; s < psd_state_count; s++)
      for (bench_access access = BENCH_NOBODY; access < BENCH_ACCESS_COUNT; access++) {
        check(&psd_objects[i], psd_states[s].state, access);
        cells++;
      }
  bench_close();
  printf("%u cells ", cells);
  CU_ASSERT(cells == PSD_OBJECT_COUNT * psd_state_count * BENCH_ACCESS_COUNT);
}

static void reading(void) {
  every_object(check_read);
}

static void writing(void) {
  every_object(check_write);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"GET DATA of every object in every state at every access level", reading},
      {"PUT DATA of every object in every state at every access level", writing},
  };
  return psd_check_run("conformance: objects", tests, PSD_CHECK_COUNT(tests));
}
