/* The archive: which records a log may have after which, every transition tried; and that it grows. */
#include <string.h>

#include "kms_support.h"

#define SET 10U

static bench on;

static psd_kms_record record_of(psd_kms_event_id event, psd_kms_state from, psd_kms_state to, uint64_t serial) {
  psd_kms_record record = {.event = event, .kind = PSD_KMS_METER, .key = SET, .from = from, .to = to, .time = 7};
  record.serial = serial;
  record.sequence = psd_kms_token_detail(0, 5, 17);
  memcpy(record.vendor, "PS", 2);
  memcpy(record.model, "D1", 2);
  return record;
}

static bool takes(const psd_kms_record *record) {
  const char *flaw = NULL;
  uint32_t before = psd_kms_archive_flaws(on.archive);
  CU_ASSERT_FATAL(psd_kms_archive_take(on.archive, record, &flaw));
  CU_ASSERT_EQUAL(psd_kms_archive_flaws(on.archive) - before, flaw != NULL ? 1 : 0);
  return flaw == NULL;
}

static bool tell(psd_kms_event_id event, psd_kms_state from, psd_kms_state to, uint64_t serial) {
  const psd_kms_record record = record_of(event, from, to, serial);
  return takes(&record);
}

static psd_kms_state state_of(uint64_t serial) {
  psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial);
  const psd_kms_token *token = psd_kms_archive_token(on.archive, &device, SET);
  return token != NULL ? token->state : PSD_KMS_STATE_NONE;
}

/* Takes a new PSD's token key to a state, by the records there are for it. */
static void bring_to(uint64_t serial, psd_kms_state state) {
  if (state == PSD_KMS_STATE_NONE)
    return;
  CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE, serial));
  if (state == PSD_KMS_STATE_ACTIVE)
    return;
  CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_INSTALLED, serial));
  if (state == PSD_KMS_STATE_REGISTERED)
    CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_INSTALLED, state, serial));
  if (state == PSD_KMS_STATE_OBSOLETE)
    CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_STATE_INSTALLED, state, serial));
  if (state == PSD_KMS_STATE_COMPROMISED)
    CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_INSTALLED, state, serial));
  CU_ASSERT_EQUAL(state_of(serial), state);
}

/* All there are (docs/kms.md, "Token keys"). */
static const struct {
  psd_kms_event_id event;
  psd_kms_state from, to;
} legal[] = {
    {PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_INSTALLED},
    {PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED},
    {PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_REGISTERED},
    {PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_REGISTERED},
    {PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_OBSOLETE},
    {PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_OBSOLETE},
    {PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_COMPROMISED},
    {PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_COMPROMISED},
    {PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_COMPROMISED},
    {PSD_KMS_EVENT_TOKEN_REFUSED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED},
    {PSD_KMS_EVENT_TOKEN_REFUSED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_REGISTERED},
    {PSD_KMS_EVENT_TOKEN_CLEARED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED},
    {PSD_KMS_EVENT_TOKEN_CLEARED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_REGISTERED},
};

static bool is_legal(psd_kms_state state, psd_kms_event_id event, psd_kms_state from, psd_kms_state to) {
  if (state == PSD_KMS_STATE_NONE)
    return event == PSD_KMS_EVENT_TOKEN_MADE && from == PSD_KMS_STATE_GENERATED && to == PSD_KMS_STATE_ACTIVE;
  for (size_t i = 0; i < PSD_CHECK_COUNT(legal); i++)
    if (legal[i].event == event && legal[i].from == from && legal[i].to == to)
      return state == from;
  return false;
}

/* From every state every event with every pair of states: 7 x 6 x 49 PSDs. What is not legal changes nothing. */
static void every_transition(void) {
  static const psd_kms_event_id events[] = {PSD_KMS_EVENT_TOKEN_MADE,     PSD_KMS_EVENT_TOKEN_REGISTERED,
                                            PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_EVENT_TOKEN_COMPROMISED,
                                            PSD_KMS_EVENT_TOKEN_REFUSED,  PSD_KMS_EVENT_TOKEN_CLEARED};
  static const psd_kms_state states[] = {PSD_KMS_STATE_NONE,       PSD_KMS_STATE_ACTIVE,   PSD_KMS_STATE_INSTALLED,
                                         PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_OBSOLETE, PSD_KMS_STATE_COMPROMISED};
  uint64_t serial = 0;
  bench_open(&on, PSD_ROLE_METER, false);
  for (size_t s = 0; s < PSD_CHECK_COUNT(states); s++)
    for (size_t e = 0; e < PSD_CHECK_COUNT(events); e++)
      for (unsigned pair = 0; pair < 49; pair++) {
        psd_kms_state from = (psd_kms_state)(pair / 7), to = (psd_kms_state)(pair % 7);
        bring_to(++serial, states[s]);
        bool wanted = is_legal(states[s], events[e], from, to);
        CU_ASSERT_EQUAL(tell(events[e], from, to, serial), wanted);
        CU_ASSERT_EQUAL(state_of(serial), wanted ? to : states[s]);
      }
  bench_close(&on);
}

static void tries(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  bring_to(1, PSD_KMS_STATE_INSTALLED);
  for (unsigned round = 0; round < 2; round++) {
    for (unsigned i = 0; i < PSD_KMS_REGISTRATION_TRIES; i++)
      CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_REFUSED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED, 1));
    CU_ASSERT(!tell(PSD_KMS_EVENT_TOKEN_REFUSED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED, 1));
    CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_CLEARED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_INSTALLED, 1));
  }
  bench_close(&on);
}

/* Of sets that are none, are not active any more, or not accepted. */
static void sets(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  psd_kms_record record = record_of(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE, 1);
  static const uint64_t none[] = {0, 1, 9, 11, 14, PSD_KMS_KEYS_MAX, PSD_KMS_KEYS_MAX + 1U, UINT32_MAX};
  for (size_t i = 0; i < PSD_CHECK_COUNT(none); i++) {
    record.key = none[i];
    CU_ASSERT(!takes(&record));
  }
  record.key = SET;
  record.kind = PSD_KMS_TOKEN;
  CU_ASSERT(!takes(&record));
  record.kind = PSD_KMS_METER;
  CU_ASSERT(takes(&record));
  bring_to(2, PSD_KMS_STATE_INSTALLED);
  bring_to(3, PSD_KMS_STATE_REGISTERED);
  CU_ASSERT_EQUAL(bench_rotate(&on, PSD_KMS_TOKEN), 14);
  CU_ASSERT(!tell(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_INSTALLED, 1)); /* not active */
  CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_INSTALLED, PSD_KMS_STATE_REGISTERED, 2));
  bench_move(&on, SET, PSD_KMS_STATE_COMPROMISED);
  CU_ASSERT(!tell(PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_REGISTERED, 3));
  CU_ASSERT(tell(PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_REGISTERED, PSD_KMS_STATE_COMPROMISED, 3));
  bench_close(&on);
}

/* The keys of the system itself, rate tables, and events that are none. */
static void others(void) {
  psd_kms_record record = {.event = PSD_KMS_EVENT_GENERATED, .kind = PSD_KMS_CA, .key = 14};
  bench_open(&on, PSD_ROLE_METER, false);
  record.to = PSD_KMS_STATE_ACTIVE;
  CU_ASSERT(!takes(&record)); /* no key begins so */
  record.to = PSD_KMS_STATE_GENERATED;
  record.key = 15;
  CU_ASSERT(!takes(&record)); /* out of turn */
  record.key = 14;
  record.kind = PSD_KMS_DEVICE;
  CU_ASSERT(!takes(&record)); /* none has such keys */
  record.kind = PSD_KMS_CA;
  CU_ASSERT(takes(&record));
  record = (psd_kms_record){.event = PSD_KMS_EVENT_MOVED, .kind = PSD_KMS_CA, .key = 14};
  for (unsigned pair = 0; pair < 49; pair++) {
    record.from = pair / 7;
    record.to = pair % 7;
    if (record.from != PSD_KMS_STATE_GENERATED)
      CU_ASSERT(!takes(&record)); /* it is not in this state */
  }
  record.from = PSD_KMS_STATE_GENERATED;
  record.to = PSD_KMS_STATE_OBSOLETE;
  CU_ASSERT(!takes(&record));
  record.kind = PSD_KMS_RATE;
  record.to = PSD_KMS_STATE_ACTIVE;
  CU_ASSERT(!takes(&record));
  record = (psd_kms_record){.event = PSD_KMS_EVENT_RATES_SIGNED, .key = 8, .sequence = 5, .vendor = "US"};
  CU_ASSERT(takes(&record));
  record.digest[31] = 1;
  CU_ASSERT(!takes(&record));
  record.sequence = 6;
  record.vendor[0] = ' ';
  CU_ASSERT(!takes(&record));
  record = (psd_kms_record){.event = PSD_KMS_EVENT_DAY_EXPORTED, .key = SET};
  CU_ASSERT(takes(&record));
  record.key = 8;
  CU_ASSERT(!takes(&record));
  record = (psd_kms_record){.event = PSD_KMS_EVENT_REVOKED, .key = 7};
  CU_ASSERT(takes(&record));
  bench_move(&on, 7, PSD_KMS_STATE_COMPROMISED);
  CU_ASSERT(!takes(&record));
  record = (psd_kms_record){.event = 99};
  CU_ASSERT(!takes(&record));
  record =
      (psd_kms_record){.event = PSD_KMS_EVENT_ENDORSED, .from = PSD_KMS_STATE_OBSOLETE, .to = PSD_KMS_STATE_ACTIVE};
  CU_ASSERT(!takes(&record));
  bench_close(&on);
}

#define MANY 200000U

/* Serial numbers all over the place, none twice. */
static uint64_t serial_of(uint64_t i) {
  return i * 2654435761U & UINT32_MAX;
}

/* As many PSDs as a fleet has: each is found, in one set and not in another. */
static void fleet(void) {
  size_t taken = 0, found = 0;
  bench_open(&on, PSD_ROLE_METER, false);
  for (uint64_t i = 0; i < MANY; i++) {
    const char *flaw;
    psd_kms_record record =
        record_of(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE, serial_of(i));
    taken += psd_kms_archive_take(on.archive, &record, &flaw) && flaw == NULL ? 1U : 0U;
  }
  for (uint64_t i = 0; i < MANY; i++) {
    psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial_of(i));
    const psd_kms_token *token = psd_kms_archive_token(on.archive, &device, SET);
    found += token == psd_kms_archive_at(on.archive, (size_t)i) && token->pointer == 17 && token->digits == 5 &&
                     psd_kms_archive_token(on.archive, &device, SET + 1U) == NULL
                 ? 1U
                 : 0U;
  }
  CU_ASSERT(taken == MANY && found == MANY && psd_kms_archive_count(on.archive) == MANY);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"from every state every event", every_transition},
      {"ten wrong tokens, and ten more once cleared", tries},
      {"sets that are none, or not accepted", sets},
      {"keys, rate tables, other events", others},
      {"a fleet of 200 000", fleet},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms archive", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
