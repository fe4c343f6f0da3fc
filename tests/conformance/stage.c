#include "stage.h"

#include "check.h"
#include "meter.h"
#include "psd/spec/status.h"
#include "rates_card.h"
#include "sample.h"

#include <stdio.h>
#include <string.h>

const stage_access stage_accesses[] = {
    {.name = "nobody"},
    {.name = "PIN", .pin = true},
    {.name = "C-MAC", .level = 0x01},
    {.name = "C-MAC|C-ENC", .level = 0x03},
    {.name = "C-MAC|C-ENC|R-MAC|R-ENC", .level = 0x33},
    {.name = "PIN and C-MAC|C-ENC|R-MAC|R-ENC", .pin = true, .level = 0x33},
    {.name = "in clear beside C-MAC", .level = 0x01, .in_clear = true},
    {.name = "provider", .session = true},
    {.name = "provider, and the PIN verified", .pin = true, .session = true},
};
const size_t stage_access_count = sizeof stage_accesses / sizeof stage_accesses[0];

/* The point of a key pair that the card has made: nobody writes it. */
static void load_key_pair(rig *r) {
  uint8_t secret[PSD_P256_SECRET] = {0};
  uint8_t point[PSD_P256_POINT];
  secret[PSD_P256_SECRET - 1] = 1;
  CU_ASSERT_TRUE_FATAL(psd_p256_public(secret, point));
  rig_put_object(r, PSD_OBJECT_DEVICE_PUBLIC, point, sizeof point);
}

/* One in force, and the next. */
static void load_rate_tables(rig *r) {
  static const rates_wish wishes[] = {{.version = 1, .effective = 20260101}, {.version = 2, .effective = 20260201}};
  uint8_t table[RATES_SIGNED_MAX];
  psd_pair *issuer = rates_issuer();
  rates_equip(r, issuer);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(r, RIG_PIN), PSD_SW_OK);
  for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++)
    CU_ASSERT_EQUAL_FATAL(rates_load(r, table, rates_make(&wishes[i], issuer, table)), PSD_SW_OK);
  psd_pair_free(issuer);
  psd_card_reset(r->card);
}

static void load_objects(rig *r) {
  static const uint8_t dsa_key[PSD_SIZE_DSA_KEY] = {0};
  load_key_pair(r);
  rig_put_object(r, PSD_OBJECT_DSA_KEY, dsa_key, sizeof dsa_key);
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    uint8_t value[SAMPLE_MAX];
    const char *sample = sample_value((psd_object_id)i);
    bool kept = psd_core_object(&r->card->core, (psd_object_id)i) != NULL || i == PSD_OBJECT_CLOCK ||
                i == PSD_OBJECT_USER_PIN || i == PSD_OBJECT_USER_PUK;
    if (sample != NULL && !kept)
      rig_put_object(r, (psd_object_id)i, value, psd_check_hex(sample, value, sizeof value));
  }
  load_rate_tables(r);
}

/* The meter server of the card on the bench. */
static meter server;
static meter server_before;

/* The state in memory and in RAM, without a reset. */
static void put_state(rig *r, psd_state state) {
  uint8_t encoded[PSD_CORE_SIZE];
  if (state == PSD_STATE_FAULTED) {
    psd_card_set_fault(r->card, PSD_FAULT_REGISTERS);
  } else if (state == PSD_STATE_INSPECTION_DUE) {
    r->seconds += r->card->core.watchdog.warn_after;
  } else {
    r->card->core.head.state = state;
    CU_ASSERT_TRUE_FATAL(psd_core_encode(&r->card->core, encoded));
    psd_store_put put = {.record = PSD_RECORD_CORE, .length = sizeof encoded, .value = encoded};
    CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r->card->store, &put, 1), PSD_STORE_OK);
  }
  CU_ASSERT_EQUAL_FATAL(psd_card_state(r->card), state);
}

void stage_enter(rig *r, psd_state state, const stage_access *access) {
  rig_create(r);
  rig_enter(r, PSD_STATE_OPERATIONAL);
  load_objects(r);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  if (access->pin)
    CU_ASSERT_EQUAL_FATAL(rig_verify(r, RIG_PIN), PSD_SW_OK);
  if (access->level != 0)
    CU_ASSERT_EQUAL_FATAL(rig_open_channel(r, access->level), PSD_SW_OK);
  if (access->session) {
    meter_create(&server, r, true);
    meter_open(&server, PSD_SUITE_SHARED);
  }
  put_state(r, state);
}

void stage_leave(rig *r) {
  rig_destroy(r);
  meter_destroy(&server);
  server.k2 = NULL;
}

void stage_save(void) {
  server_before = server;
}

void stage_restore(void) {
  server = server_before;
}

bool stage_has_records(psd_state state) {
  return (psd_commands[PSD_COMMAND_ENVELOPE].states & PSD_STATE_BIT(state)) != 0;
}

static bool goes_in_clear(const stage_access *access, const psd_command *row) {
  return access->level == 0 || access->in_clear || (row->flags & PSD_FLAG_CLEAR) != 0;
}

psd_access_set stage_granted(const stage_access *access, const psd_command *row) {
  unsigned set = PSD_ALWAYS;
  if (access->pin)
    set |= PSD_PIN;
  if (!goes_in_clear(access, row))
    set |= PSD_SCP;
  if (access->session)
    set = PSD_ALWAYS | PSD_PROVIDER;
  return (psd_access_set)set;
}

uint16_t stage_send(rig *r, const stage_access *access, const psd_command *row, const psd_apdu *apdu) {
  uint8_t command[1024];
  uint8_t wire[1200];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&out, apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  if (access->session)
    return stage_has_records(psd_card_state(r->card)) ? meter_command_bytes(&server, command, out.length)
                                                      : meter_envelope(&server, command, out.length);
  bool clear = goes_in_clear(access, row);
  uint16_t status = clear ? rig_send(r, command, out.length)
                          : rig_send(r, wire, rig_wrap_bytes(r, command, out.length, wire, sizeof wire));
  if ((status & 0xFF00) == PSD_SW_MORE_DATA) /* it is longer than Le: carried out all the same */
    return PSD_SW_OK;
  if (!clear)
    rig_unwrap(r, status);
  return status;
}

uint16_t stage_read_status(const psd_object *object, psd_state state, psd_access_set granted) {
  if ((object->read & granted) == 0)
    return PSD_SW_SECURITY_STATUS;
  return (object->read_states & PSD_STATE_BIT(state)) == 0 ? PSD_SW_CONDITIONS : PSD_SW_OK;
}

uint16_t stage_write_status(const psd_object *object, psd_state state, psd_access_set granted, uint8_t level) {
  bool secret = object->read == PSD_NEVER;
  if ((object->write & granted) == 0)
    return PSD_SW_SECURITY_STATUS;
  if ((object->write_states & PSD_STATE_BIT(state)) == 0)
    return PSD_SW_CONDITIONS;
  return secret && (level & 0x02) == 0 ? PSD_SW_SECURITY_STATUS : PSD_SW_OK;
}

bool stage_check(const char *what, psd_state state, const stage_access *access, uint16_t status, uint16_t expected) {
  if (status == expected)
    return true;
  fprintf(stderr, "%s, %s, %s: %04X where %04X is expected\n", what, psd_state_of((unsigned)state)->name, access->name,
          status, expected);
  return false;
}
