#include "card_picture.h"

#include "check.h"
#include "iso7816/pin.h"
#include "meter/transport_keys.h"
#include "psd/spec/rates.h"

#include <stdio.h>
#include <string.h>

static const char *const known_pins[] = {RIG_PIN, RIG_PUK, "777777", "88888888", "000000", "00000000"};

static void take_pin(const psd_card *card, uint16_t number, picture_pin *pin) {
  psd_pin_record record;
  psd_store_result result = psd_pin_read(card, number, &record);
  if (result == PSD_STORE_ABSENT)
    return;
  CU_ASSERT_EQUAL_FATAL(result, PSD_STORE_OK);
  pin->there = 1;
  pin->tries = record.tries;
  pin->value[0] = '?';
  for (size_t i = 0; i < sizeof known_pins / sizeof known_pins[0]; i++) {
    uint8_t digest[PSD_SHA256_SIZE];
    CU_ASSERT_TRUE_FATAL(
        psd_hmac_sha256(record.salt, sizeof record.salt, known_pins[i], strlen(known_pins[i]), digest));
    if (memcmp(digest, record.digest, sizeof digest) == 0)
      (void)snprintf(pin->value, sizeof pin->value, "%s", known_pins[i]);
  }
}

static void take_record(const psd_card *card, uint16_t number, picture *of) {
  uint8_t value[PSD_STORE_VALUE_MAX];
  size_t length = 0;
  of->length[number] = psd_store_length(&card->store, number);
  if (of->length[number] < 0)
    return;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&card->store, number, value, sizeof value, &length), PSD_STORE_OK);
  CU_ASSERT_EQUAL_FATAL(length, (size_t)of->length[number]);
  /* What has a salt in it, or was decoded, is compared by its meaning. */
  if (number != PSD_RECORD_PIN && number != PSD_RECORD_PUK && number != PSD_RECORD_CORE &&
      number != PSD_RECORD_TRANSPORT)
    of->checksum[number] = psd_crc32(0, value, length);
}

static uint16_t log_slot(uint64_t index) {
  return (uint16_t)(PSD_RECORD_LOG + (index - 1) % PSD_LOG_RECORDS);
}

/* Every record is where the head says, none is there that it does not know of, and while none was overwritten the
 * hashes chain from the first to the last. */
static bool log_holds(const psd_card *card) {
  const psd_log_head *head = &card->core.log;
  bool whole = head->count <= PSD_LOG_RECORDS;
  uint8_t hash[PSD_SHA256_SIZE] = {0};
  uint8_t record[PSD_SIZE_LOG_RECORD];
  psd_log_record fields;
  size_t length = 0;
  for (uint64_t i = whole ? 1 : head->count - PSD_LOG_RECORDS + 1; i <= head->count; i++)
    if (psd_store_read(&card->store, log_slot(i), record, sizeof record, &length) != PSD_STORE_OK ||
        !psd_parse_message(record, length, PSD_MESSAGE_LOG_RECORD, &fields) || fields.index != i ||
        !psd_sha256_two(hash, sizeof hash, record, sizeof record, hash))
      return false;
  bool beyond = head->count < PSD_LOG_RECORDS && psd_store_length(&card->store, log_slot(head->count + 1)) >= 0;
  return head->count > 0 && !beyond && (!whole || memcmp(hash, head->hash, sizeof hash) == 0);
}

/* No debit without its evidence, and no evidence without its debit. */
static bool evidence_holds(const psd_card *card) {
  uint8_t answer[PSD_EVIDENCE_MAX];
  size_t length = 0;
  psd_evidence_head head;
  const psd_registers *registers = &card->core.postage;
  psd_store_result result = psd_store_read(&card->store, PSD_RECORD_EVIDENCE, answer, sizeof answer, &length);
  if (result == PSD_STORE_ABSENT)
    return true;
  psd_cursor from = psd_cursor_over(answer, length);
  return result == PSD_STORE_OK && psd_take_message(&from, PSD_MESSAGE_EVIDENCE_HEAD, &head) &&
         head.ascending == registers->ascending && head.piece_count == registers->piece_count;
}

/* What the core says of a rate table is what its record holds; without a table there is no record. */
static bool table_holds(const psd_card *card, psd_object_id id, const psd_rates_state *state) {
  uint8_t table[PSD_RATES_MAX + PSD_RATES_SIGNATURE], hash[PSD_SHA256_SIZE];
  psd_rates rates;
  size_t length = 0;
  psd_store_result result =
      psd_store_read(&card->store, (uint16_t)(PSD_RECORD_OBJECT + id), table, sizeof table, &length);
  if (state->version == 0)
    return result == PSD_STORE_ABSENT;
  return result == PSD_STORE_OK && length > PSD_RATES_SIGNATURE &&
         psd_rates_open(table, length - PSD_RATES_SIGNATURE, &rates) && rates.head.version == state->version &&
         rates.head.effective == state->effective && rates.head.expiry == state->expiry &&
         psd_sha256(table, length - PSD_RATES_SIGNATURE, hash) && memcmp(hash, state->hash, sizeof state->hash) == 0;
}

static bool rates_hold(const psd_card *card) {
  return table_holds(card, PSD_OBJECT_RATE_TABLE, &card->core.rates[0]) &&
         table_holds(card, PSD_OBJECT_NEXT_RATE_TABLE, &card->core.rates[1]);
}

/* What was served has its answer, and the piece of it was counted. */
static bool services_hold(const psd_card *card) {
  bool served = psd_store_length(&card->store, PSD_RECORD_SERVICE) >= 0;
  return served == (psd_store_length(&card->store, PSD_RECORD_SERVICE_ANSWER) >= 0) &&
         (!served || card->core.certificate.piece_count > 0);
}

void picture_take(rig *r, picture *of) {
  const psd_card *card = r->card;
  memset(of, 0, sizeof *of);
  of->blank = card->fault == PSD_FAULT_BLANK;
  if (of->blank)
    return;
  CU_ASSERT_EQUAL_FATAL(card->fault, PSD_FAULT_NONE);
  CU_ASSERT_TRUE_FATAL(psd_core_balanced(&card->core));
  CU_ASSERT_TRUE_FATAL(log_holds(card));
  CU_ASSERT_TRUE_FATAL(evidence_holds(card));
  CU_ASSERT_TRUE_FATAL(rates_hold(card));
  CU_ASSERT_TRUE_FATAL(services_hold(card));
  of->core = card->core;
  for (uint16_t i = 0; i < PSD_STORE_RECORDS_MAX; i++)
    take_record(card, i, of);
  take_pin(card, PSD_RECORD_PIN, &of->pin);
  take_pin(card, PSD_RECORD_PUK, &of->puk);
  /* A card that was zeroized has none, and nothing else that opens anything. */
  CU_ASSERT_EQUAL_FATAL(of->length[PSD_RECORD_TRANSPORT] < 0, card->core.head.state == PSD_STATE_ZEROIZED);
  if (of->length[PSD_RECORD_TRANSPORT] >= 0)
    CU_ASSERT_TRUE_FATAL(psd_transport_keys_read(card, &of->keys));
}

static unsigned if_differs(const void *a, const void *b, size_t size, unsigned part) {
  return memcmp(a, b, size) != 0 ? part : 0;
}

#define DIFFERS(member, part) if_differs(&a->member, &b->member, sizeof a->member, part)

/* Version and hash tell tables apart; between the fields there may be bytes that mean nothing. */
static unsigned rates_difference(const psd_core *a, const psd_core *b) {
  return DIFFERS(rates[0].version, PICTURE_RATES) | DIFFERS(rates[0].hash, PICTURE_RATES) |
         DIFFERS(rates[1].version, PICTURE_RATES) | DIFFERS(rates[1].hash, PICTURE_RATES);
}

static unsigned log_difference(const psd_log_head *a, const psd_log_head *b) {
  uint64_t more = a->count < b->count ? b->count - a->count : a->count - b->count;
  if (memcmp(a, b, sizeof *a) == 0)
    return 0;
  return more == 1 ? PICTURE_LOG : more == 2 ? PICTURE_LOG | PICTURE_LOG_TWO : PICTURE_FORBIDDEN;
}

static unsigned core_difference(const psd_core *a, const psd_core *b) {
  unsigned parts = DIFFERS(head.state, PICTURE_STATE) | DIFFERS(head.written, PICTURE_WRITTEN) |
                   DIFFERS(funds, PICTURE_SETTINGS) | DIFFERS(limits, PICTURE_SETTINGS) |
                   DIFFERS(watchdog, PICTURE_SETTINGS) | DIFFERS(pins, PICTURE_SETTINGS) |
                   DIFFERS(clock.offset, PICTURE_SETTINGS) | DIFFERS(clock.set, PICTURE_SETTINGS) |
                   DIFFERS(clock.reached, PICTURE_REACHED) | DIFFERS(head.layout, PICTURE_FORBIDDEN) |
                   DIFFERS(postage, PICTURE_FUNDS) | DIFFERS(certificate, PICTURE_FUNDS) |
                   DIFFERS(refill, PICTURE_FUNDS) | DIFFERS(operation, PICTURE_FUNDS) | DIFFERS(order, PICTURE_ORDER) |
                   DIFFERS(evidence, PICTURE_EVIDENCE) | rates_difference(a, b);
  return parts | DIFFERS(services, PICTURE_SERVICES) | log_difference(&a->log, &b->log);
}

/* Stored objects may change; a log record may only come behind the end of the shorter of both logs. */
static unsigned record_difference(const picture *a, const picture *b, uint16_t number) {
  if (a->length[number] == b->length[number] && a->checksum[number] == b->checksum[number])
    return 0;
  uint64_t end = a->core.log.count < b->core.log.count ? a->core.log.count : b->core.log.count;
  if (number == log_slot(end + 1))
    return PICTURE_LOG;
  if (number == log_slot(end + 2))
    return PICTURE_LOG_TWO;
  if (number >= PSD_RECORD_SLOT || (number >= PSD_RECORD_SERVICE && number <= PSD_RECORD_SERVICE_KEY))
    return PICTURE_SERVICES;
  if (number >= PSD_RECORD_OBJECT && number < PSD_RECORD_OBJECT + PSD_OBJECT_COUNT)
    return PICTURE_OBJECTS;
  return number == PSD_RECORD_PIN         ? PICTURE_PIN_VALUE
         : number == PSD_RECORD_PUK       ? PICTURE_PUK_VALUE
         : number == PSD_RECORD_KEY_PAIR  ? PICTURE_KEY_PAIR
         : number == PSD_RECORD_DSA       ? PICTURE_KEY_PAIR
         : number == PSD_RECORD_EVIDENCE  ? PICTURE_EVIDENCE
         : number == PSD_RECORD_FUNDS     ? PICTURE_FUNDS
         : number == PSD_RECORD_TRANSPORT ? PICTURE_KEYS
                                          : PICTURE_FORBIDDEN;
}

unsigned picture_difference(const picture *a, const picture *b) {
  if (a->blank || b->blank)
    return a->blank == b->blank ? 0 : PICTURE_BLANK;
  psd_transport_keys keys = b->keys;
  keys.sequence = a->keys.sequence;
  unsigned parts = core_difference(&a->core, &b->core) | DIFFERS(pin.tries, PICTURE_PIN_TRIES) |
                   DIFFERS(pin.value, PICTURE_PIN_VALUE) | DIFFERS(pin.there, PICTURE_PIN_VALUE) |
                   DIFFERS(puk.tries, PICTURE_PUK_TRIES) | DIFFERS(puk.value, PICTURE_PUK_VALUE) |
                   DIFFERS(puk.there, PICTURE_PUK_VALUE) | DIFFERS(keys.sequence, PICTURE_SEQUENCE) |
                   if_differs(&a->keys, &keys, sizeof keys, PICTURE_KEYS);
  for (uint16_t i = 0; i < PSD_STORE_RECORDS_MAX; i++)
    parts |= record_difference(a, b, i);
  return parts;
}

bool picture_same(const picture *a, const picture *b) {
  return picture_difference(a, b) == 0;
}

static bool tells(rig *r, const char *command, psd_message_id id, void *value) {
  return rig_hex(r, command) == PSD_SW_OK && psd_parse_message(r->response, r->length, id, value);
}

bool picture_told(rig *r, const picture *of) {
  psd_life_cycle life;
  psd_pin_status pins;
  psd_key_status keys;
  psd_log_head log;
  if (rig_select(r) != PSD_SW_OK)
    return false;
  return tells(r, "00CADF2200", PSD_MESSAGE_LIFE_CYCLE, &life) && life.state == of->core.head.state &&
         life.fault == PSD_FAULT_NONE && tells(r, "00CADF2C00", PSD_MESSAGE_PIN_STATUS, &pins) &&
         pins.pin_set == of->pin.there && pins.pin_tries == of->pin.tries && pins.puk_set == of->puk.there &&
         pins.puk_tries == of->puk.tries && tells(r, "00CADF3A00", PSD_MESSAGE_KEY_STATUS, &keys) &&
         keys.transport_version == of->keys.version && keys.transport_size == of->keys.size &&
         tells(r, "00CADF2E00", PSD_MESSAGE_LOG_HEAD, &log) && memcmp(&log, &of->core.log, sizeof log) == 0;
}

void picture_ask(rig *r, picture_answers *answers) {
  rig_select(r);
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    uint32_t tag = psd_objects[i].tag;
    const uint8_t command[] = {0x00, 0xCA, (uint8_t)(tag >> 8), (uint8_t)tag, 0x00};
    answers->given[i] = rig_send(r, command, sizeof command) == PSD_SW_OK;
    answers->checksum[i] = psd_crc32(0, r->response, r->length);
  }
}

static bool same_answer(const picture_answers *a, const picture_answers *b, size_t i) {
  return b->given[i] && a->checksum[i] == b->checksum[i];
}

bool picture_answers_true(rig *r, const picture_answers *before, const picture_answers *after) {
  picture_answers now;
  picture_ask(r, &now);
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    bool of_itself = i == PSD_OBJECT_LIFE_CYCLE || i == PSD_OBJECT_SELF_TEST;
    if (now.given[i] && !of_itself && !same_answer(&now, before, i) && !same_answer(&now, after, i)) {
      fprintf(stderr, "\n  wrong value of %s", psd_objects[i].name);
      return false;
    }
  }
  return true;
}
