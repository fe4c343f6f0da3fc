/* LOAD RATES, and what the card looks up in the tables it has. */
#include "meter/rates.h"

#include "iso7816/handlers.h"
#include "meter/change.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/signature.h"
#include "psd/spec/calendar.h"

#include <string.h>

#define RECORD_MAX (PSD_RATES_MAX + PSD_RATES_SIGNATURE)

/* The places of psd_core.rates. */
enum { CURRENT, NEXT };

/* A table on its way into the card. */
typedef struct loading {
  psd_piece whole; /* with its signature, as it is kept */
  psd_piece table; /* without */
  const uint8_t *signature;
  psd_rates rates;
  psd_rates_state state;
} loading;

/* Local time says which day it is (EVIDENCE_POLICY). */
static uint32_t today(const psd_card *card, const psd_evidence_policy *policy) {
  return psd_local_date(psd_clock_now(card), policy->offset);
}

static uint16_t parse(loading *l, const psd_evidence_policy *policy) {
  const psd_rate_table *head = &l->rates.head;
  uint8_t hash[PSD_SHA256_SIZE];
  if (!psd_rates_open(l->table.data, l->table.length, &l->rates) ||
      memcmp(head->country, policy->country, sizeof head->country) != 0)
    return PSD_SW_WRONG_DATA;
  if (!psd_sha256(l->table.data, l->table.length, hash))
    return PSD_SW_EXECUTION_ERROR;
  l->state = (psd_rates_state){.version = head->version, .effective = head->effective, .expiry = head->expiry};
  memcpy(l->state.hash, hash, sizeof l->state.hash);
  return PSD_SW_OK;
}

/* Of the tables that were signed no two have the same version, so that a few bytes of the hash tell them apart. */
static bool held(const psd_core *core, const psd_rates_state *state) {
  for (size_t i = CURRENT; i <= NEXT; i++)
    if (core->rates[i].version == state->version && memcmp(core->rates[i].hash, state->hash, sizeof state->hash) == 0)
      return true;
  return false;
}

/* 6985 for a table that has come too late. */
static uint16_t check_order(const psd_card *card, const psd_rates_state *state, uint32_t date) {
  const psd_rates_state *rates = card->core.rates;
  return card->core.clock.set == 1 && state->version > rates[CURRENT].version && state->version > rates[NEXT].version &&
                 date < state->expiry
             ? PSD_SW_OK
             : PSD_SW_CONDITIONS;
}

static void put(psd_change *change, psd_object_id id, psd_piece table) {
  change->next.head.written |= UINT64_C(1) << id;
  psd_change_put(change, (uint16_t)(PSD_RECORD_OBJECT + id), table.data, table.length);
}

/* In force today: the first there is, and the only one. */
static uint16_t become_current(psd_card *card, const loading *l) {
  psd_change change;
  psd_change_begin(&change, card);
  put(&change, PSD_OBJECT_RATE_TABLE, l->whole);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_NEXT_RATE_TABLE, NULL, 0);
  change.next.rates[CURRENT] = l->state;
  change.next.rates[NEXT] = (psd_rates_state){0};
  psd_change_log(&change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)psd_objects[PSD_OBJECT_RATE_TABLE].tag, 0);
  return psd_change_commit(&change, card);
}

/* In force later: in place of what was next; had that come into force meanwhile, it moves up. */
static uint16_t become_next(psd_card *card, const loading *l, uint32_t date) {
  uint8_t moved[RECORD_MAX];
  psd_change change;
  psd_change_begin(&change, card);
  psd_rates_state *rates = change.next.rates;
  if (rates[NEXT].version > 0 && rates[NEXT].effective <= date) {
    size_t length = 0;
    uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_NEXT_RATE_TABLE, moved, sizeof moved, &length);
    if (status != PSD_SW_OK)
      return PSD_SW_MEMORY_FAILURE;
    put(&change, PSD_OBJECT_RATE_TABLE, (psd_piece){moved, length});
    rates[CURRENT] = rates[NEXT];
  }
  put(&change, PSD_OBJECT_NEXT_RATE_TABLE, l->whole);
  rates[NEXT] = l->state;
  psd_change_log(&change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)psd_objects[PSD_OBJECT_NEXT_RATE_TABLE].tag, 0);
  return psd_change_commit(&change, card);
}

uint16_t psd_handle_load_rates(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  const psd_apdu *apdu = &request->apdu;
  psd_evidence_policy policy;
  size_t length = apdu->nc - PSD_RATES_SIGNATURE; /* the row of commands.def asks for more than a signature */
  loading l = {.whole = {apdu->data, apdu->nc}, .table = {apdu->data, length}, .signature = apdu->data + length};
  uint16_t status = psd_issuer_check(card, PSD_OBJECT_RATE_KEY, PSD_RATES_LABEL, l.table, l.signature);
  if (status == PSD_SW_OK)
    status = psd_evidence_policy_fetch(card, &policy);
  if (status == PSD_SW_OK)
    status = parse(&l, &policy);
  if (status != PSD_SW_OK || held(&card->core, &l.state))
    return status;
  uint32_t date = today(card, &policy);
  status = check_order(card, &l.state, date);
  if (status != PSD_SW_OK)
    return status;
  return l.state.effective <= date ? become_current(card, &l) : become_next(card, &l, date);
}

/* What is known of the table that counts on a date, or NULL. */
static const psd_rates_state *state_on(const psd_card *card, uint32_t date) {
  const psd_rates_state *next = &card->core.rates[NEXT];
  const psd_rates_state *state = next->version > 0 && date >= next->effective ? next : &card->core.rates[CURRENT];
  return state->version > 0 && date >= state->effective && date < state->expiry ? state : NULL;
}

/* That table, taken apart; `bytes` holds it. */
static uint16_t open_for(const psd_card *card, uint32_t date, uint8_t bytes[RECORD_MAX], psd_rates *rates,
                         const psd_rates_state **state) {
  *state = state_on(card, date);
  if (*state == NULL)
    return PSD_SW_REFERENCE_NOT_FOUND;
  size_t length = 0;
  psd_object_id id = *state == &card->core.rates[NEXT] ? PSD_OBJECT_NEXT_RATE_TABLE : PSD_OBJECT_RATE_TABLE;
  if (psd_object_fetch_bytes(card, id, bytes, RECORD_MAX, &length) != PSD_SW_OK || length < PSD_RATES_SIGNATURE ||
      !psd_rates_reopen(bytes, length - PSD_RATES_SIGNATURE, rates))
    return PSD_SW_MEMORY_FAILURE;
  return PSD_SW_OK;
}

uint16_t psd_rates_price(psd_card *card, const psd_indicium_wish *wish, uint32_t date, uint32_t zip, psd_rate_row *row,
                         uint64_t *number, uint8_t hash[PSD_RATES_HASH]) {
  uint8_t bytes[RECORD_MAX];
  psd_rates rates;
  const psd_rates_state *state;
  uint16_t status = open_for(card, date, bytes, &rates, &state);
  if (status != PSD_SW_OK)
    return status;
  if (psd_rates_find(&rates, wish->mail_class, wish->zone, wish->grams, zip, wish->destination, row, number) !=
      PSD_RATED)
    return PSD_SW_WRONG_DATA;
  memcpy(hash, state->hash, PSD_RATES_HASH);
  return PSD_SW_OK;
}

uint16_t psd_rates_services(const psd_card *card, psd_service_rates *services) {
  uint8_t bytes[RECORD_MAX];
  psd_evidence_policy policy;
  psd_rates rates;
  const psd_rates_state *state;
  uint16_t status = psd_evidence_policy_fetch(card, &policy);
  if (status == PSD_SW_OK)
    status = open_for(card, today(card, &policy), bytes, &rates, &state);
  if (status == PSD_SW_OK)
    *services = rates.services;
  return status;
}

uint16_t psd_rates_version(const psd_card *card, uint64_t *version) {
  psd_evidence_policy policy;
  uint16_t status = psd_evidence_policy_fetch(card, &policy);
  if (status != PSD_SW_OK)
    return status;
  const psd_rates_state *state = state_on(card, today(card, &policy));
  *version = state != NULL ? state->version : 0;
  return state != NULL ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND;
}
