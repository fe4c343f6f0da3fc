#include "stage.h"

#include "check.h"
#include "fuzz.h"
#include "meter/change.h"
#include "meter/session.h"
#include "psd/spec/evidence.h"
#include "stage_evidence.h"

#include <string.h>

#define STATES 9U
#define SIZES 3U
#define STARTS (STATES * SIZES * 2U)
#define SECRETS 9U
#define SECRET_SEEN 16U /* bytes in a row that are no coincidence */
#define NO_TEXT 0x80U
#define TIGHT_PAGES 8U
#define LE_ALL 256U

static rig bench;
static uint8_t *images[STARTS];
static uint8_t *cards[STARTS];
static psd_core began; /* the core at the start of this input */
static uint8_t secrets[SECRETS][32];
static uint8_t *response; /* of exactly the greatest size */

static uint8_t key_size_of(size_t index) {
  static const uint8_t sizes[SIZES] = {16, 24, 32};
  return sizes[index % SIZES];
}

static size_t index_of(const stage_start *start) {
  size_t size = start->key_size == 16 ? 0 : start->key_size == 24 ? 1 : 2;
  return (((size_t)start->state - 1) * SIZES + size) * 2 + (start->tight ? 1 : 0);
}

/* Bytes that no text holds: what a command brought in, and the card gives back, never passes for them. */
static void draw_secrets(void) {
  uint32_t state = 0x2545F491U;
  for (size_t i = 0; i < SECRETS; i++) {
    for (size_t j = 0; j < sizeof secrets[i]; j++) {
      state = state * 1664525U + 1013904223U;
      secrets[i][j] = (uint8_t)(NO_TEXT | state >> 24);
    }
  }
  secrets[7][0] = NO_TEXT; /* of a DSA pair: below the order */
}

static psd_card_birth birth_of(uint8_t key_size) {
  psd_card_birth birth = rig_birth();
  birth.key_size = key_size;
  memcpy(birth.enc, secrets[0], key_size);
  memcpy(birth.mac, secrets[1], key_size);
  memcpy(birth.dek, secrets[2], key_size);
  return birth;
}

/* Keys as personalisation would have loaded them. */
static void load_keys(void) {
  uint8_t device[PSD_SIZE_DEVICE_KEY];
  uint8_t token[PSD_SIZE_TOKEN_KEY];
  psd_device_key device_key = {.scheme = 0, .pointer = 0};
  psd_token_key token_key = {.pointer = 7, .digits = 5};
  uint8_t shared[PSD_SIZE_SHARED_KEY];
  psd_shared_key shared_key = {.identifier = 1};
  static const uint8_t policy[] = {PSD_SUITE_P256 | PSD_SUITE_SHARED, 1};
  uint8_t vendor_key[PSD_SIZE_VENDOR_KEY] = {0};
  uint8_t scalar[PSD_P256_SECRET] = {1};
  CU_ASSERT_TRUE_FATAL(psd_p256_public(scalar, vendor_key + 4));
  memcpy(shared_key.key, secrets[5], sizeof shared_key.key);
  psd_buffer shared_out = psd_buffer_over(shared, sizeof shared);
  psd_put_message(&shared_out, PSD_MESSAGE_SHARED_KEY, &shared_key);
  memcpy(device_key.key, secrets[3], sizeof device_key.key);
  memcpy(token_key.key, secrets[4], sizeof token_key.key);
  stage_load_evidence(bench.card, &(stage_secrets){secrets[8], secrets[6], secrets[7]});
  psd_buffer device_out = psd_buffer_over(device, sizeof device);
  psd_buffer token_out = psd_buffer_over(token, sizeof token);
  psd_put_message(&device_out, PSD_MESSAGE_DEVICE_KEY, &device_key);
  psd_put_message(&token_out, PSD_MESSAGE_TOKEN_KEY, &token_key);
  psd_change change;
  psd_change_begin(&change, bench.card);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_KEY, device, sizeof device);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_TOKEN_KEY, token, sizeof token);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_KEY, vendor_key, sizeof vendor_key);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_SHARED_KEY, shared, sizeof shared);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_SESSION_POLICY, policy, sizeof policy);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_LABEL, "front desk", 10);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, bench.card), PSD_SW_OK);
}

static uint32_t pages_left(const psd_store *store) {
  uint32_t end = bench.ram.block_size * (bench.ram.block_count / 2U) * (store->bank + 1U);
  return (end - store->tail) / bench.ram.page_size;
}

/* Commits nothing of note until few pages are left. */
static void fill_store(void) {
  psd_store *store = &bench.card->store;
  const psd_store_put none = {.record = PSD_STORE_RECORDS_MAX - 1U};
  while (pages_left(store) > TIGHT_PAGES)
    CU_ASSERT_EQUAL_FATAL(psd_store_commit(store, &none, 1), PSD_STORE_OK);
  psd_card_reset(bench.card);
}

static void make_start(const stage_start *start) {
  size_t at = index_of(start);
  rig_create_erased(&bench);
  psd_card_birth birth = birth_of(start->key_size);
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(bench.card, &birth));
  psd_card_power_on(bench.card);
  if (start->state != PSD_STATE_MANUFACTURED)
    load_keys();
  rig_enter(&bench, start->state);
  if (start->tight)
    fill_store();
  images[at] = malloc(psd_nvm_ram_size(&bench.ram));
  cards[at] = malloc(psd_card_size());
  CU_ASSERT_FATAL(images[at] != NULL && cards[at] != NULL);
  psd_nvm_ram_save(&bench.ram, images[at]);
  memcpy(cards[at], bench.card, psd_card_size());
  rig_destroy(&bench);
}

static void make_all(void) {
  draw_secrets();
  for (unsigned state = 1; state <= STATES; state++)
    for (size_t size = 0; size < SIZES; size++)
      for (unsigned tight = 0; tight < 2; tight++)
        make_start(&(stage_start){.state = (psd_state)state, .key_size = key_size_of(size), .tight = tight != 0});
  rig_create_erased(&bench);
}

void stage_open(void) {
  /* The rig asserts with CUnit, which asserts only inside a run. */
  static const psd_check_test prepare[] = {{"cards are made", make_all}};
  FUZZ_ASSERT(psd_check_run("stage", prepare, PSD_CHECK_COUNT(prepare)) == 0);
  response = malloc(PSD_CARD_RESPONSE_MAX);
  FUZZ_ASSERT(response != NULL);
}

stage_start stage_take(psd_cursor *input) {
  uint8_t state = fuzz_u8(input);
  uint8_t flags = fuzz_u8(input);
  return (stage_start){.state = (psd_state)(state % STATES + 1U),
                       .key_size = key_size_of(flags >> 4),
                       .selected = (flags & 1) != 0,
                       .verified = (flags & 2) != 0,
                       .tight = (flags & 4) != 0};
}

rig *stage_enter(const stage_start *start) {
  size_t at = index_of(start);
  psd_nvm_ram_load(&bench.ram, images[at]);
  bench.ram.violations = 0;
  bench.seconds = RIG_TIME;
  bench.entropy_state = 1;
  bench.entropy_fail_in = 0;
  bench.entropy_stuck = false;
  memcpy(bench.card, cards[at], psd_card_size());
  psd_channel *basic = &bench.card->channels[0];
  if (start->selected) {
    basic->application = PSD_APPLICATION_PSD;
    basic->directory = basic->file = PSD_FILE_PSD;
    basic->pin_verified = start->verified && start->state != PSD_STATE_MANUFACTURED;
  }
  began = bench.card->core;
  return &bench;
}

/* Byte by byte: a fuzzer that looks into memcmp would learn the secrets. */
static bool is_secret(const uint8_t *data, const uint8_t *secret) {
  size_t same = 0;
  while (same < SECRET_SEEN && data[same] == secret[same])
    same++;
  return same == SECRET_SEEN;
}

static bool holds_secret(const uint8_t *data, size_t length) {
  for (size_t i = 0; i + SECRET_SEEN <= length; i++)
    for (size_t j = 0; j < SECRETS; j++)
      if (is_secret(data + i, secrets[j]))
        return true;
  return false;
}

/* The most data that may come: Le, or 256 where it is missing; none with an error. */
static size_t most_data(const uint8_t *command, size_t length, uint16_t status) {
  psd_apdu apdu;
  unsigned sw1 = status >> 8;
  if (status != PSD_SW_OK && sw1 != 0x61 && sw1 != 0x62 && sw1 != 0x63)
    return 0;
  FUZZ_ASSERT(psd_parse_apdu(command, length, &apdu));
  return apdu.ne > 0 ? apdu.ne : LE_ALL;
}

uint16_t stage_send(rig *r, const uint8_t *command, size_t length) {
  size_t answered = psd_card_transmit(r->card, command, length, response);
  FUZZ_ASSERT(answered >= 2 && answered <= PSD_CARD_RESPONSE_MAX);
  memcpy(r->response, response, answered);
  r->length = answered - 2;
  uint16_t status = (uint16_t)(response[r->length] << 8 | response[r->length + 1]);
  FUZZ_ASSERT(psd_status_of(status) != NULL);
  FUZZ_ASSERT(status != PSD_SW_INTERNAL);
  FUZZ_ASSERT(r->length <= most_data(command, length, status));
  FUZZ_ASSERT(!holds_secret(response, answered));
  return status;
}

void stage_open_session(rig *r) {
  if (r->card->channels[0].application != PSD_APPLICATION_PSD)
    return;
  psd_session *session = &r->card->session;
  psd_session_end(r->card);
  session->phase = PSD_SESSION_OPEN; /* on the basic channel, its keys zeroes */
  session->suite = session->to_card.suite = session->to_server.suite = psd_session_suite_of(PSD_SUITE_P256);
}

/* What is sealed is looked into as well. */
void stage_send_record(rig *r, const uint8_t *text, size_t length) {
  static uint8_t command[7U + PSD_CARD_DATA_MAX + 2U];
  psd_session *session = &r->card->session;
  psd_traffic to_card = session->to_card, to_server = session->to_server;
  if (to_card.suite == NULL) /* without a session: a record of no session's */
    to_card.suite = psd_session_suite_of(PSD_SUITE_P256);
  if (length > PSD_CARD_DATA_MAX - PSD_GCM_TAG)
    return;
  size_t sealed = length + PSD_GCM_TAG;
  const uint8_t head[] = {0x00, 0xC2, 0x00, 0x00, 0x00, (uint8_t)(sealed >> 8), (uint8_t)sealed};
  memcpy(command, head, sizeof head);
  FUZZ_ASSERT(psd_session_seal(&to_card, PSD_FRAME_CARD_DATA, text, length, command + sizeof head));
  memset(command + sizeof head + sealed, 0, 2);
  bool open = session->phase == PSD_SESSION_OPEN;
  if (stage_send(r, command, sizeof head + sealed + 2U) != PSD_SW_OK) {
    FUZZ_ASSERT(session->phase == PSD_SESSION_NONE || !open);
    return;
  }
  FUZZ_ASSERT(open && psd_session_unseal(&to_server, PSD_FRAME_CARD_DATA, (psd_piece){NULL, 0}, r->response, r->length,
                                         r->response));
  r->length -= PSD_GCM_TAG;
  FUZZ_ASSERT(!holds_secret(r->response, r->length));
  FUZZ_ASSERT(psd_status_of((uint16_t)(r->response[r->length - 2] << 8 | r->response[r->length - 1])) != NULL);
}

static void check_channel(const psd_channel *channel) {
  FUZZ_ASSERT(channel->length <= sizeof channel->data && channel->taken <= channel->length);
  FUZZ_ASSERT(channel->open || (!channel->pin_verified && channel->length == 0));
  FUZZ_ASSERT(!channel->chaining || channel->use == PSD_BUFFER_CHAIN);
  FUZZ_ASSERT(channel->directory < PSD_FILE_COUNT && channel->file < PSD_FILE_COUNT);
  FUZZ_ASSERT(channel->application == PSD_APPLICATION_PSD || !channel->pin_verified);
}

/* Whatever was debited has its evidence, and whatever was evidenced was debited. */
static void check_evidence(const psd_card *card) {
  uint8_t answer[PSD_EVIDENCE_MAX];
  size_t length = 0;
  psd_evidence_head head;
  const psd_registers *registers = &card->core.postage;
  psd_store_result result = psd_store_read(&card->store, PSD_RECORD_EVIDENCE, answer, sizeof answer, &length);
  if (result == PSD_STORE_ABSENT)
    FUZZ_ASSERT(registers->ascending == began.postage.ascending);
  if (result != PSD_STORE_OK)
    return;
  psd_cursor from = psd_cursor_over(answer, length);
  FUZZ_ASSERT(psd_take_message(&from, PSD_MESSAGE_EVIDENCE_HEAD, &head));
  FUZZ_ASSERT(head.ascending == registers->ascending && head.piece_count == registers->piece_count);
}

void stage_check(const rig *r, bool sound) {
  const psd_card *card = r->card;
  FUZZ_ASSERT(r->ram.violations == 0);
  FUZZ_ASSERT(card->on && card->channels[0].open);
  for (size_t i = 0; i < PSD_CARD_CHANNELS; i++)
    check_channel(&card->channels[i]);
  if (!psd_core_balanced(&began)) /* it began FAULTED */
    return;
  FUZZ_ASSERT(psd_core_balanced(&card->core));
  FUZZ_ASSERT(!sound || card->fault == PSD_FAULT_NONE);
  if (card->fault != PSD_FAULT_NONE)
    return;
  check_evidence(card);
  FUZZ_ASSERT(card->core.postage.control_total == began.postage.control_total);
  FUZZ_ASSERT(card->core.certificate.control_total == began.certificate.control_total);
  FUZZ_ASSERT(card->core.log.count >= began.log.count && card->core.clock.reached >= began.clock.reached);
}

void stage_close(rig *r) {
  psd_nvm_ram_power_on(&r->ram);
  r->entropy_fail_in = 0;
  r->entropy_stuck = false;
  psd_card_reset(r->card);
  stage_check(r, true);
}
