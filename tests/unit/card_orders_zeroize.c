/* ZEROIZE: every key goes, registers and log stay. */
#include "certificate/slot.h"
#include "check.h"
#include "iso7816/pin.h"
#include "issuer.h"
#include "meter/transport_keys.h"
#include "orders.h"
#include "sample.h"

#include <stdlib.h>
#include <string.h>

#define SECRETS_MOST 40U
#define PIECE 8U
#define SLOT_SECRET 64U

static rig r;
static meter m;
static EVP_PKEY *authority;

/* What may be nowhere in the memory after it. */
static struct {
  uint8_t bytes[SECRETS_MOST][PSD_STORE_VALUE_MAX];
  size_t length[SECRETS_MOST];
  size_t count;
} secrets;

static void remember(const void *bytes, size_t length) {
  CU_ASSERT_FATAL(secrets.count < SECRETS_MOST && length <= PSD_STORE_VALUE_MAX && length >= 16);
  memcpy(secrets.bytes[secrets.count], bytes, length);
  secrets.length[secrets.count++] = length;
}

/* The last bytes of the value of a record: of one with a layout, the key. */
static void remember_record(uint16_t record, size_t size) {
  uint8_t value[PSD_STORE_VALUE_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r.card->store, record, value, sizeof value, &length), PSD_STORE_OK);
  CU_ASSERT_FATAL(length >= size);
  remember(value + length - size, size);
}

static bool holds(const uint8_t *memory, size_t size, const uint8_t *bytes, size_t length) {
  for (size_t at = 0; at + length <= size; at++)
    if (memory[at] == bytes[0] && memcmp(memory + at, bytes, length) == 0)
      return true;
  return false;
}

/* How many of the secrets have left something: PIECE bytes of them in a row, for values are spread over pages. */
static unsigned found_in_memory(void) {
  unsigned found = 0;
  size_t size = psd_nvm_ram_size(&r.ram);
  uint8_t *memory = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  psd_nvm_ram_save(&r.ram, memory);
  for (size_t s = 0; s < secrets.count; s++) {
    bool there = false;
    for (size_t at = 0; at + PIECE <= secrets.length[s] && !there; at += PIECE)
      there = holds(memory, size, secrets.bytes[s] + at, PIECE);
    found += there;
  }
  free(memory);
  return found;
}

/* A DSA pair, as if the card had made it. */
static void load_dsa_pair(void) {
  uint8_t bytes[PSD_SIZE_DSA_KEY];
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(0x91 + 29 * i);
  rig_put_object(&r, PSD_OBJECT_DSA_KEY, bytes, sizeof bytes);
  const psd_store_put put = {.record = PSD_RECORD_DSA, .length = PSD_DSA_SECRET, .value = bytes + 7};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
}

/* A user's secret in every slot, and one that an agent has enciphered for somebody. */
static void load_slots(void) {
  psd_store_put puts[PSD_USER_SLOTS + 1U];
  uint8_t values[PSD_USER_SLOTS + 1U][SLOT_SECRET];
  for (uint8_t i = 0; i <= PSD_USER_SLOTS; i++) {
    for (size_t k = 0; k < SLOT_SECRET; k++)
      values[i][k] = (uint8_t)(i * 71 + k * (2U * i + 1U) + (k >> 3) * 11);
    uint16_t record = i == 0 ? PSD_RECORD_SERVICE_KEY : psd_slot_record_of(PSD_SLOT_SECRET, i);
    puts[i] = (psd_store_put){.record = record, .length = SLOT_SECRET, .value = values[i]};
  }
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, puts, PSD_USER_SLOTS + 1U), PSD_STORE_OK);
}

/* Every object of the table that is a key, a PIN and a PUK, both key pairs, the keys of users. */
static void load_everything(void) {
  if (authority == NULL)
    authority = issuer_key("P-256");
  issuer_equip(&m, authority);
  load_dsa_pair();
  load_slots();
  for (size_t i = 0; i < psd_key_count; i++) {
    uint8_t value[SAMPLE_MAX];
    psd_object_id id = psd_keys[i].object;
    const char *sample = sample_value(id);
    if (psd_store_length(&r.card->store, (uint16_t)(PSD_RECORD_OBJECT + id)) < 0 && sample != NULL)
      rig_put_object(&r, id, value, psd_check_hex(sample, value, sizeof value));
  }
  secrets.count = 0;
  for (size_t i = 0; i < psd_key_count; i++)
    remember_record((uint16_t)(PSD_RECORD_OBJECT + psd_keys[i].object), 32);
  remember_record(PSD_RECORD_KEY_PAIR, PSD_P256_SECRET);
  remember_record(PSD_RECORD_DSA, PSD_DSA_SECRET);
  for (uint8_t slot = 1; slot <= PSD_USER_SLOTS; slot++)
    remember_record(psd_slot_record_of(PSD_SLOT_SECRET, slot), SLOT_SECRET);
  remember_record(PSD_RECORD_SERVICE_KEY, SLOT_SECRET);
  remember_record(PSD_RECORD_PIN, 32);
  remember_record(PSD_RECORD_PUK, 32);
  psd_transport_keys keys;
  CU_ASSERT_TRUE_FATAL(psd_transport_keys_read(r.card, &keys));
  remember(keys.enc, 16);
  remember(keys.mac, 16);
  remember(keys.dek, 16);
}

/* Withdrawn from service: nothing is left in it. */
static void begin(psd_state state) {
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  load_everything();
  CU_ASSERT_EQUAL(found_in_memory(), secrets.count); /* the search finds what is there */
  psd_core core = r.card->core;
  core.head.state = state;
  core.postage.descending = 0;
  core.postage.control_total = core.postage.ascending;
  provider_core(&m, &core);
}

static uint16_t zeroize(uint32_t number) {
  return provider_order(&m, PSD_COMMAND_ZEROIZE, 0, number, NULL, 0);
}

/* What a zeroized card still says, and what not. */
static void zeroized(uint64_t ascending, uint8_t fault) {
  static const char *const told[] = {"00CADF2000", "00CADF2300", "00CADF2400",
                                     "00CADF2500", "00CADF2E00", "00CADF3F00"};
  static const char *const gone[] = {"00CADF3400", "00CADF3800", "00CADF3900", "00CADF3C00",
                                     "00CADF3E00", "00CADF4400", "80CA00E000"};
  psd_registers registers = {0};
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_ZEROIZED);
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2200"), PSD_SW_OK);
  CU_ASSERT(r.length == 2 && r.response[0] == PSD_STATE_ZEROIZED && r.response[1] == fault);
  for (size_t i = 0; i < PSD_CHECK_COUNT(told); i++)
    CU_ASSERT_EQUAL(rig_hex(&r, told[i]), PSD_SW_OK);
  for (size_t i = 0; i < PSD_CHECK_COUNT(gone); i++)
    CU_ASSERT_EQUAL(rig_hex(&r, gone[i]), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF3A00"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "0000 0000", "keys");
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2C00"), PSD_SW_OK);
  psd_check_bytes(r.response, r.length, "00000000", "PIN and PUK");
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF2300"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_REGISTERS, &registers));
  CU_ASSERT_EQUAL(registers.ascending, ascending);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF025C00 00") >> 8, 0x61); /* everything that may be read, at once */
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  CU_ASSERT(record.event == PSD_EVENT_STATE_CHANGED && record.state == PSD_STATE_ZEROIZED);
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(rig_hex(&r, "8050000008 0102030405060708 00"), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_SHARED), PSD_SW_CONDITIONS);
}

static void every_key_goes(void) {
  begin(PSD_STATE_WITHDRAWN);
  uint64_t ascending = r.card->core.postage.ascending;
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_OK); /* the answer came in a record */
  CU_ASSERT_EQUAL(found_in_memory(), 0);
  zeroized(ascending, PSD_FAULT_NONE);
  uint64_t operations = r.ram.operations;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(r.ram.operations, operations); /* there is nothing left to erase */
  zeroized(ascending, PSD_FAULT_NONE);
  CU_ASSERT_EQUAL(r.card->core.order.number, 1);
  meter_bench_end(&m);
}

/* Of the session nothing is left but the answer; of secure channel and PIN nothing either. */
static void no_key_stays_in_ram(void) {
  static const psd_session none;
  static const psd_scp closed;
  begin(PSD_STATE_WITHDRAWN);
  r.card->channels[0].pin_verified = true;
  memset(r.card->scp.s_enc, 0x5A, sizeof r.card->scp.s_enc);
  r.card->scp.phase = PSD_SCP_OPEN;
  r.card->scp.channel = 1; /* on the session's own it would have ended with its first command */
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(memcmp(&r.card->session, &none, sizeof none), 0);
  CU_ASSERT_EQUAL(memcmp(&r.card->scp, &closed, sizeof closed), 0);
  CU_ASSERT_FALSE(r.card->channels[0].pin_verified);
  CU_ASSERT_EQUAL(meter_envelope(&m, secrets.bytes[0], 32), PSD_SW_CONDITIONS);
  const uint8_t *ram = (const uint8_t *)r.card;
  for (size_t s = 0; s < secrets.count; s++)
    for (size_t at = 0; at + PIECE <= secrets.length[s]; at += PIECE)
      CU_ASSERT_FALSE(holds(ram, psd_card_size(), secrets.bytes[s] + at, PIECE));
  meter_bench_end(&m);
}

/* In whichever group they are. */
static void not_with_funds(void) {
  begin(PSD_STATE_WITHDRAWN);
  psd_core core = r.card->core;
  core.postage.descending = 1;
  core.postage.control_total++;
  provider_core(&m, &core);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_CONDITIONS);
  core.postage.descending--;
  core.postage.control_total--;
  core.certificate = (psd_registers){.descending = 1, .control_total = 1};
  provider_core(&m, &core);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
  CU_ASSERT_EQUAL(found_in_memory(), secrets.count);
  core.certificate = (psd_registers){0};
  provider_core(&m, &core);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(found_in_memory(), 0);
  meter_bench_end(&m);
}

static void not_in_service(void) {
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(provider_order(&m, PSD_COMMAND_DISABLE, 0, 1, NULL, 0), PSD_SW_OK);
  CU_ASSERT_EQUAL(zeroize(2), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(found_in_memory(), secrets.count);
  meter_bench_end(&m);
}

/* Registers that do not balance are what is wrong with it: they stay as they were found, and are told for ever. */
static void faulted_by_its_registers(void) {
  begin(PSD_STATE_OPERATIONAL);
  psd_core core = r.card->core;
  core.postage.descending = 4711;
  provider_core(&m, &core);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_FAULTED);
  CU_ASSERT_EQUAL(provider_order(&m, PSD_COMMAND_SET_LICENCE, 0, 1, "12345678", 8), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(found_in_memory(), 0);
  CU_ASSERT_EQUAL(memcmp(&r.card->core.postage, &core.postage, sizeof core.postage), 0);
  zeroized(core.postage.ascending, PSD_FAULT_REGISTERS);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(memcmp(&r.card->core.postage, &core.postage, sizeof core.postage), 0);
  zeroized(core.postage.ascending, PSD_FAULT_REGISTERS);
  meter_bench_end(&m);
}

/* A fault that no reset would find again: what is there was right, and is gone for good. */
static void faulted_for_now(void) {
  begin(PSD_STATE_OPERATIONAL);
  uint64_t ascending = r.card->core.postage.ascending;
  psd_card_set_fault(r.card, PSD_FAULT_ALGORITHM);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_OK);
  CU_ASSERT_EQUAL(found_in_memory(), 0);
  zeroized(ascending, PSD_FAULT_ALGORITHM);
  psd_card_reset(r.card);
  zeroized(ascending, PSD_FAULT_NONE);
  meter_bench_end(&m);
}

/* Its memory cannot be read: there is no K3 with which an order would be authentic. */
static void faulted_by_its_memory(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.card->store.open = false;
  psd_card_set_fault(r.card, PSD_FAULT_MEMORY);
  CU_ASSERT_EQUAL(zeroize(1), PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_EQUAL(found_in_memory(), secrets.count);
  meter_bench_end(&m);
}

/* The power goes at every operation on the memory: the card is what it was, or zeroized; and once it has come back and
 * says that it is zeroized, no key is in its memory. */
static void power_goes(void) {
  rig_copy ready;
  unsigned before = 0, after = 0;
  begin(PSD_STATE_WITHDRAWN);
  meter server = m;
  rig_save(&r, &ready);
  for (uint64_t cut = 1;; cut++) {
    rig_restore(&r, &ready);
    m = server;
    r.ram.cut_in = cut;
    uint8_t record[64];
    uint8_t command[64];
    psd_buffer out = psd_buffer_over(command, sizeof command);
    uint8_t data[PSD_SIZE_ORDER];
    psd_buffer order = psd_buffer_over(data, sizeof data);
    provider_put_order(&m, PSD_COMMAND_ZEROIZE, 0, 1, NULL, 0, &order);
    psd_put_apdu(&out, &(psd_apdu){.cla = 0x80, .ins = 0x56, .data = data, .nc = order.length});
    char text[2 * sizeof command + 1];
    for (size_t i = 0; i < out.length; i++)
      (void)snprintf(text + 2 * i, 3, "%02X", command[i]);
    meter_envelope(&m, record, meter_record(&m, text, record, sizeof record));
    bool done = r.ram.cut_in > 0; /* it was not reached */
    psd_nvm_ram_power_on(&r.ram);
    psd_card_reset(r.card);
    if (psd_card_state(r.card) == PSD_STATE_ZEROIZED) {
      CU_ASSERT_EQUAL(found_in_memory(), 0);
      after++;
    } else {
      CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_WITHDRAWN);
      before++;
    }
    if (done)
      break;
  }
  CU_ASSERT(before > 0 && after > 10);
  rig_forget(&ready);
  meter_bench_end(&m);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every key leaves the memory", every_key_goes},
      {"no key stays in RAM", no_key_stays_in_ram},
      {"not while funds are left", not_with_funds},
      {"not in service", not_in_service},
      {"of a card whose registers do not balance", faulted_by_its_registers},
      {"of a card that is faulted for now", faulted_for_now},
      {"not of a card whose memory cannot be read", faulted_by_its_memory},
      {"power goes", power_goes},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("orders: zeroize", tests, PSD_CHECK_COUNT(tests));
  EVP_PKEY_free(authority);
  return status;
}
