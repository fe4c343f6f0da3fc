#include "stage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "measure.h"
#include "meter/change.h"
#include "port/clock_os.h"
#include "port/entropy_os.h"
#include "port/nvm_file.h"
#include "psd/spec/calendar.h"
#include "psd/spec/rates.h"
#include "staged.h"

#define DAY 86400
#define FUNDS UINT64_C(4000000000) /* mills: for more pieces than are made */
/* The memory of a state file is as large. */
#define BLOCKS 16U
#define BLOCK 4096U
#define PAGE 64U

const uint8_t stage_select[STAGE_SELECT_LENGTH] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01};
const uint8_t stage_verify[STAGE_VERIFY_LENGTH] = {0x00, 0x20, 0x00, 0x81, 0x06, '1', '2', '3', '4', '5', '6'};

/* Objects on their way into one commit. */
typedef struct load {
  psd_change change;
  uint8_t bytes[1024];
  psd_buffer memory;
} load;

static void put(load *of, psd_object_id id, psd_message_id layout, const void *value) {
  size_t start = of->memory.length;
  psd_put_message(&of->memory, layout, value);
  psd_change_put(&of->change, (uint16_t)(PSD_RECORD_OBJECT + id), of->memory.data + start, of->memory.length - start);
}

/* Both domains'. */
static void put_tokens(load *of) {
  psd_token_key key = {.set = 1, .pointer = 7, .digits = 5, .order = PSD_TOKEN_BY_DAY};
  memset(key.key, 0x5A, sizeof key.key);
  put(of, PSD_OBJECT_VENDOR_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &key);
  memset(key.key, 0xA5, sizeof key.key);
  put(of, PSD_OBJECT_POSTAL_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, &key);
}

static void put_identity(load *of) {
  static const uint8_t certificate[] = {0x30, 0x0A, 0x30, 0x08, 0xA0, 0x03,
                                        0x02, 0x01, 0x02, 0x02, 0x01, STAGE_CERTIFICATE};
  const psd_device_id identity = {.vendor = "PS", .model = "D1", .serial = 7};
  const psd_licence licence = {.zip = 90210, .number = 1};
  const psd_evidence_policy policy = {.country = "US",
                                      .profiles =
                                          1U << PSD_PROFILE_DSA | 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT,
                                      .ahead = PSD_DATE_AHEAD_MOST,
                                      .offset = PSD_OFFSET_UTC};
  put(of, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &identity);
  put(of, PSD_OBJECT_LICENCE, PSD_MESSAGE_LICENCE, &licence);
  put(of, PSD_OBJECT_EVIDENCE_POLICY, PSD_MESSAGE_EVIDENCE_POLICY, &policy);
  psd_change_put(&of->change, PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE, certificate, sizeof certificate);
}

/* Letters up to 500 g, in force from yesterday on. The card looks at a table's signature when it is loaded, and it is
 * not loaded here. */
static void put_rates(load *of) {
  const uint64_t today = (uint64_t)time(NULL) / DAY;
  const psd_rate_table head = {.magic = "PSDR",
                               .format = 1,
                               .country = "US",
                               .version = 1,
                               .effective = psd_date_of_day(today - 1),
                               .expiry = psd_date_of_day(today + 60),
                               .origin = PSD_RATES_NO_ORIGIN,
                               .rows = 17};
  const psd_service_rates services = {.certificate = 1};
  size_t start = of->memory.length;
  psd_put_message(&of->memory, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&of->memory, PSD_MESSAGE_SERVICE_RATES, &services);
  for (uint64_t i = 0; i < head.rows; i++) {
    const psd_rate_row row = {
        .mail_class = PSD_CLASS_OF_FIRST, .grams = 28 + 28 * i, .postage = STAGE_POSTAGE + 290 * i};
    psd_put_message(&of->memory, PSD_MESSAGE_RATE_ROW, &row);
  }
  memset(psd_put_room(&of->memory, PSD_RATES_SIGNATURE), 0, PSD_RATES_SIGNATURE);
  psd_change_put(&of->change, PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE, of->memory.data + start,
                 of->memory.length - start);
  of->change.next.rates[0] = (psd_rates_state){.version = 1, .effective = head.effective, .expiry = head.expiry};
}

static void load_all(psd_card *card) {
  uint8_t p256[PSD_P256_SECRET], point[PSD_P256_POINT], dsa[PSD_DSA_SECRET], y[PSD_DSA_PUBLIC];
  load of;
  of.memory = psd_buffer_over(of.bytes, sizeof of.bytes);
  bench_need(psd_p256_generate(&card->drbg, p256, point) && psd_dsa_generate(&card->drbg, dsa, y), "key pairs");
  psd_change_begin(&of.change, card);
  put_identity(&of);
  put_tokens(&of);
  put_rates(&of);
  psd_change_put(&of.change, PSD_RECORD_KEY_PAIR, p256, sizeof p256);
  psd_change_put(&of.change, PSD_RECORD_DSA, dsa, sizeof dsa);
  psd_change_core(&of.change);
  bench_need(!of.memory.overflow && psd_change_commit(&of.change, card) == PSD_SW_OK, "keys and tables in the card");
}

void stage_check(const char *what, const uint8_t *answer, size_t length) {
  if (length < 2 || answer[length - 2] != 0x90 || answer[length - 1] != 0x00)
    bench_die("%s: the card answers %02X%02X", what, length < 2 ? 0 : answer[length - 2],
              length < 2 ? 0 : answer[length - 1]);
}

static void transmit(psd_card *card, const char *what, const uint8_t *command, size_t length) {
  uint8_t answer[PSD_CARD_RESPONSE_MAX];
  stage_check(what, answer, psd_card_transmit(card, command, length, answer));
}

/* In operation, with funds. */
static void serve(psd_card *card) {
  psd_card_power_on(card);
  bench_need(staged_enter(card, PSD_STATE_OPERATIONAL), "card in operation");
  psd_core core = card->core;
  core.postage = (psd_registers){.descending = FUNDS, .control_total = FUNDS};
  core.limits.maximum_descending = FUNDS;
  bench_need(staged_core(card, &core, false), "funds");
  load_all(card);
  transmit(card, "SELECT", stage_select, sizeof stage_select);
  transmit(card, "VERIFY", stage_verify, sizeof stage_verify);
}

void stage_in_ram(stage_ram *ram) {
  const psd_card_birth birth = staged_birth();
  void *memory = malloc(psd_card_size());
  bench_need(memory != NULL && psd_nvm_ram_create(&ram->memory, PAGE, BLOCK, BLOCKS), "memory");
  const psd_ports ports = {
      .nvm = psd_nvm_ram_port(&ram->memory), .entropy = psd_entropy_os(), .oscillator = psd_clock_os()};
  ram->card = psd_card_init(memory, &ports);
  bench_need(psd_card_manufacture(ram->card, &birth), "card");
  serve(ram->card);
}

void stage_end(stage_ram *ram) {
  psd_card_power_off(ram->card);
  free(ram->card);
  psd_nvm_ram_destroy(&ram->memory);
}

psd_holder *stage_in_file(const char *path, bool sync) {
  char why[PSD_HOLDER_WHY_MAX] = "";
  const psd_card_birth birth = staged_birth();
  psd_holder *holder = psd_holder_create(path, &birth, why) ? psd_holder_open(path, sync, why) : NULL;
  bench_need(holder != NULL, why);
  serve(psd_holder_card(holder));
  return holder;
}

size_t stage_letter(psd_profile_id profile, uint8_t command[STAGE_COMMAND]) {
  psd_buffer out = psd_buffer_over(command, STAGE_COMMAND);
  const psd_indicium_wish wish = {
      .profile = profile, .mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = STAGE_POSTAGE};
  psd_put(&out, (const uint8_t[]){0x80, 0x5A, PSD_EVIDENCE_POSTAGE, 0x00, PSD_SIZE_INDICIUM_WISH}, 5);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM_WISH, &wish);
  psd_put_u8(&out, 0);
  return out.length;
}
