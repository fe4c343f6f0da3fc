#include "rig.h"

#include "check.h"
#include "iso7816/pin.h"
#include "meter/change.h"

#include <stdlib.h>
#include <string.h>

#define PAGE 64U
#define BLOCK 4096U
#define BLOCKS 16U

static uint64_t next_random(uint64_t *state) { /* splitmix64 */
  uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
  z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
  return z ^ (z >> 31);
}

static bool entropy(void *device, uint8_t *data, size_t length) {
  rig *r = device;
  if (r->entropy_fail_in > 0 && --r->entropy_fail_in == 0) {
    r->entropy_fail_in = 1;
    return false;
  }
  for (size_t i = 0; i < length; i++)
    data[i] = r->entropy_stuck ? 0x5A : (uint8_t)(next_random(&r->entropy_state) >> 32);
  return true;
}

static uint64_t seconds(void *device) {
  return ((rig *)device)->seconds;
}

psd_ports rig_ports(rig *r) {
  return (psd_ports){.nvm = psd_nvm_ram_port(&r->ram), .entropy = {r, entropy}, .oscillator = {r, seconds}};
}

psd_card_birth rig_birth(void) {
  return staged_birth();
}

void rig_create_erased(rig *r) {
  memset(r, 0, sizeof *r);
  r->seconds = RIG_TIME;
  r->entropy_state = 1;
  CU_ASSERT_FATAL(psd_nvm_ram_create(&r->ram, PAGE, BLOCK, BLOCKS));
  void *memory = malloc(psd_card_size());
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  psd_ports ports = rig_ports(r);
  r->card = psd_card_init(memory, &ports);
}

void rig_create(rig *r) {
  rig_create_erased(r);
  psd_card_birth birth = rig_birth();
  CU_ASSERT_TRUE_FATAL(psd_card_manufacture(r->card, &birth));
  psd_card_power_on(r->card);
}

void rig_destroy(rig *r) {
  psd_card_power_off(r->card);
  free(r->card);
  psd_nvm_ram_destroy(&r->ram);
}

uint16_t rig_send(rig *r, const void *command, size_t length) {
  uint8_t *exact = malloc(length > 0 ? length : 1); /* one byte too many is seen by the sanitizer */
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  if (length > 0)
    memcpy(exact, command, length);
  size_t answer = psd_card_transmit(r->card, exact, length, r->response);
  free(exact);
  CU_ASSERT_FATAL(answer >= 2 && answer <= sizeof r->response);
  r->length = answer - 2;
  return (uint16_t)(r->response[r->length] << 8 | r->response[r->length + 1]);
}

uint16_t rig_hex(rig *r, const char *command) {
  static uint8_t bytes[PSD_APDU_MAX + 16];
  return rig_send(r, bytes, psd_check_hex(command, bytes, sizeof bytes));
}

uint16_t rig_whole(rig *r, const char *command) {
  uint8_t whole[sizeof r->response];
  size_t length = 0;
  uint16_t status = rig_hex(r, command);
  for (;;) {
    CU_ASSERT_FATAL(r->length <= sizeof whole - length);
    memcpy(whole + length, r->response, r->length);
    length += r->length;
    if ((status & 0xFF00) != PSD_SW_MORE_DATA)
      break;
    uint8_t more[] = {0x00, 0xC0, 0x00, 0x00, (uint8_t)status};
    status = rig_send(r, more, sizeof more);
  }
  memcpy(r->response, whole, length);
  r->length = length;
  return status;
}

uint16_t rig_select(rig *r) {
  return rig_hex(r, "00A4040005 F050534401 00");
}

uint16_t rig_verify(rig *r, const char *pin) {
  uint8_t command[5 + PSD_PIN_MAX] = {0x00, 0x20, 0x00, 0x81, (uint8_t)strlen(pin)};
  memcpy(command + 5, pin, strlen(pin));
  return rig_send(r, command, 5 + strlen(pin));
}

void rig_set_core(rig *r, const psd_core *core) {
  CU_ASSERT_TRUE_FATAL(staged_core(r->card, core, false));
}

void rig_enter(rig *r, psd_state state) {
  CU_ASSERT_TRUE_FATAL(staged_enter(r->card, state));
}

static void put_record(rig *r, uint16_t record, const void *value, size_t length) {
  psd_change change;
  psd_change_begin(&change, r->card);
  psd_change_put(&change, record, value, length);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, r->card), PSD_SW_OK);
}

void rig_put_object(rig *r, psd_object_id id, const void *value, size_t length) {
  put_record(r, (uint16_t)(PSD_RECORD_OBJECT + id), value, length);
}

void rig_set_keys(rig *r, const psd_transport_keys *keys) {
  uint8_t encoded[PSD_SIZE_TRANSPORT_KEYS];
  psd_buffer buffer = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&buffer, PSD_MESSAGE_TRANSPORT_KEYS, keys);
  CU_ASSERT_FALSE_FATAL(buffer.overflow);
  put_record(r, PSD_RECORD_TRANSPORT, encoded, sizeof encoded);
  psd_card_reset(r->card);
}

void rig_save(const rig *r, rig_copy *copy) {
  copy->bench = *r;
  copy->card = malloc(psd_card_size());
  copy->memory = malloc(psd_nvm_ram_size(&r->ram));
  CU_ASSERT_FATAL(copy->card != NULL && copy->memory != NULL);
  memcpy(copy->card, r->card, psd_card_size());
  psd_nvm_ram_save(&r->ram, copy->memory);
}

void rig_restore(rig *r, const rig_copy *copy) {
  memcpy(r->card, copy->card, psd_card_size());
  psd_nvm_ram_load(&r->ram, copy->memory);
  psd_nvm_ram ram = r->ram;
  psd_card *card = r->card;
  *r = copy->bench;
  r->ram = ram;
  r->card = card;
}

void rig_forget(rig_copy *copy) {
  free(copy->card);
  free(copy->memory);
}

/* Eight of the bytes in a row: a value may go on in another page (docs/store.md). */
bool rig_memory_holds(const rig *r, const uint8_t *bytes, size_t length) {
  const size_t part = 8;
  size_t size = psd_nvm_ram_size(&r->ram);
  uint8_t *memory = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  psd_nvm_ram_save(&r->ram, memory);
  bool found = false;
  for (size_t from = 0; from + part <= length && !found; from += part)
    for (size_t i = 0; i + part <= size && !found; i++)
      found = memcmp(memory + i, bytes + from, part) == 0;
  free(memory);
  return found;
}
