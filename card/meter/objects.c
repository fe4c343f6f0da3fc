#include "meter/objects.h"

#include "certificate/slot.h"
#include "iso7816/pin.h"
#include "meter/clock.h"
#include "meter/rates.h"
#include "meter/transport_keys.h"
#include "psd/spec/session.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define CARD_MAJOR 0U
#define CARD_MINOR 1U
#define SPEC_VERSION 2U
/* Bytes of the longest object with a layout that is kept in a record. */
#define FETCHED_MAX PSD_SIZE_VENDOR_KEY

uint16_t psd_record_fetch(const psd_card *card, uint16_t record, void *bytes, size_t capacity, size_t *length) {
  switch (psd_store_read(&card->store, record, bytes, capacity, length)) {
  case PSD_STORE_OK:
    return PSD_SW_OK;
  case PSD_STORE_ABSENT:
    return PSD_SW_REFERENCE_NOT_FOUND;
  default:
    return PSD_SW_MEMORY_FAILURE;
  }
}

uint16_t psd_object_fetch_bytes(const psd_card *card, psd_object_id id, void *bytes, size_t capacity, size_t *length) {
  return psd_record_fetch(card, (uint16_t)(PSD_RECORD_OBJECT + id), bytes, capacity, length);
}

uint16_t psd_object_fetch(const psd_card *card, psd_object_id id, void *value) {
  if (id == PSD_OBJECT_SERVICE_RATES)
    return psd_rates_services(card, value);
  uint8_t encoded[FETCHED_MAX];
  size_t length = 0;
  uint16_t status = psd_object_fetch_bytes(card, id, encoded, sizeof encoded, &length);
  if (status == PSD_SW_OK && !psd_parse_message(encoded, length, (psd_message_id)psd_objects[id].format, value))
    status = PSD_SW_MEMORY_FAILURE;
  psd_wipe(encoded, sizeof encoded);
  return status;
}

uint16_t psd_session_policy_fetch(const psd_card *card, psd_session_policy *policy) {
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_SESSION_POLICY, policy);
  if (status != PSD_SW_REFERENCE_NOT_FOUND)
    return status;
  *policy = (psd_session_policy){.suites = PSD_SUITE_P256, .forward = 1};
  return PSD_SW_OK;
}

uint16_t psd_evidence_policy_fetch(const psd_card *card, psd_evidence_policy *policy) {
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_EVIDENCE_POLICY, policy);
  if (status != PSD_SW_REFERENCE_NOT_FOUND)
    return status;
  *policy = (psd_evidence_policy)PSD_EVIDENCE_POLICY_DEFAULT;
  return PSD_SW_OK;
}

uint16_t psd_certificate_policy_fetch(const psd_card *card, psd_certificate_policy *policy) {
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_CERTIFICATE_POLICY, policy);
  if (status != PSD_SW_REFERENCE_NOT_FOUND)
    return status;
  *policy = (psd_certificate_policy){0};
  return PSD_SW_OK;
}

psd_version psd_card_version(void) {
  psd_version version = {.card_major = CARD_MAJOR, .card_minor = CARD_MINOR, .spec = SPEC_VERSION};
  memcpy(version.math, psd_crypto_math(), sizeof version.math);
  return version;
}

bool psd_record_kept(const psd_card *card, uint16_t record) {
  return psd_store_length(&card->store, record) >= 0;
}

uint16_t psd_record_read(const psd_card *card, uint16_t record, psd_buffer *out) {
  int32_t length = psd_store_length(&card->store, record);
  if (length < 0)
    return PSD_SW_REFERENCE_NOT_FOUND;
  uint8_t *room = psd_put_room(out, (size_t)length);
  size_t read = 0;
  if (room == NULL)
    return PSD_SW_NO_SPACE;
  return psd_store_read(&card->store, record, room, (size_t)length, &read) == PSD_STORE_OK ? PSD_SW_OK
                                                                                           : PSD_SW_MEMORY_FAILURE;
}

static void read_version(psd_buffer *out) {
  const psd_version version = psd_card_version();
  psd_put_message(out, PSD_MESSAGE_VERSION, &version);
}

static uint16_t read_clock(const psd_card *card, psd_buffer *out) {
  if (!card->store.open)
    return PSD_SW_MEMORY_FAILURE;
  psd_clock clock = {.now = psd_clock_now(card), .set = card->core.clock.set};
  psd_put_message(out, PSD_MESSAGE_CLOCK, &clock);
  return PSD_SW_OK;
}

static uint16_t read_pin_status(const psd_card *card, psd_buffer *out) {
  psd_pin_record pin = {0};
  psd_pin_record puk = {0};
  psd_store_result pin_result = psd_pin_read(card, PSD_RECORD_PIN, &pin);
  psd_store_result puk_result = psd_pin_read(card, PSD_RECORD_PUK, &puk);
  psd_pin_status status = {.pin_tries = pin.tries,
                           .puk_tries = puk.tries,
                           .pin_set = pin_result == PSD_STORE_OK,
                           .puk_set = puk_result == PSD_STORE_OK};
  psd_wipe(&pin, sizeof pin);
  psd_wipe(&puk, sizeof puk);
  if ((pin_result != PSD_STORE_OK && pin_result != PSD_STORE_ABSENT) ||
      (puk_result != PSD_STORE_OK && puk_result != PSD_STORE_ABSENT))
    return PSD_SW_MEMORY_FAILURE;
  psd_put_message(out, PSD_MESSAGE_PIN_STATUS, &status);
  return PSD_SW_OK;
}

static uint16_t read_service_rates(const psd_card *card, psd_buffer *out) {
  psd_service_rates rates;
  uint16_t status = card->store.open ? psd_rates_services(card, &rates) : PSD_SW_MEMORY_FAILURE;
  if (status == PSD_SW_OK)
    psd_put_message(out, PSD_MESSAGE_SERVICE_RATES, &rates);
  return status;
}

static uint16_t read_slots(const psd_card *card, psd_buffer *out) {
  if (!card->store.open)
    return PSD_SW_MEMORY_FAILURE;
  for (uint8_t number = 1; number <= PSD_USER_SLOTS; number++) {
    psd_slot slot;
    uint16_t status = psd_slot_read(card, number, &slot);
    if (status == PSD_SW_OK)
      psd_put_message(out, PSD_MESSAGE_SLOT, &slot);
    else if (status != PSD_SW_REFERENCE_NOT_FOUND)
      return status;
  }
  return PSD_SW_OK;
}

/* A zeroized card has none: 6A88, and zeroes. */
static uint16_t read_transport_keys(const psd_card *card, psd_transport_keys *keys) {
  *keys = (psd_transport_keys){0};
  if (card->store.open && !psd_record_kept(card, PSD_RECORD_TRANSPORT))
    return PSD_SW_REFERENCE_NOT_FOUND;
  return psd_transport_keys_read(card, keys) ? PSD_SW_OK : PSD_SW_MEMORY_FAILURE;
}

static uint16_t read_key_status(const psd_card *card, psd_buffer *out) {
  psd_transport_keys transport;
  if (read_transport_keys(card, &transport) == PSD_SW_MEMORY_FAILURE)
    return PSD_SW_MEMORY_FAILURE;
  psd_key_status status = {.transport_version = transport.version, .transport_size = transport.size};
  psd_wipe(&transport, sizeof transport);
  for (size_t i = 0; i < psd_key_count; i++)
    if (psd_record_kept(card, (uint16_t)(PSD_RECORD_OBJECT + psd_keys[i].object)))
      status.loaded |= UINT64_C(1) << i;
  psd_put_message(out, PSD_MESSAGE_KEY_STATUS, &status);
  return PSD_SW_OK;
}

/* GlobalPlatform Card Specification 2.3.1, H.2: the card follows GlobalPlatform 2.3.1 and offers SCP03, i = 70. The
 * answer is the data object itself, tag and all (11.3.3.1). */
static void read_card_data(psd_buffer *out) {
  static const uint8_t data[] = {0x66, 0x26, 0x73, 0x24, 0x06, 0x07, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x01, 0x60,
                                 0x0C, 0x06, 0x0A, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x02, 0x02, 0x03, 0x01, 0x64,
                                 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xFC, 0x6B, 0x04, 0x03, 0x70};
  psd_put(out, data, sizeof data);
}

/* 11.3.3.1, table 11-29: identifier, version, type 88 (AES) and length of each of the three keys. */
static uint16_t read_key_information(const psd_card *card, psd_buffer *out) {
  psd_transport_keys keys;
  uint16_t status = read_transport_keys(card, &keys);
  if (status != PSD_SW_OK)
    return status;
  size_t opened = psd_open_tlv(out, 0xE0);
  for (uint8_t identifier = 1; identifier <= 3; identifier++) {
    const uint8_t key[] = {identifier, (uint8_t)keys.version, 0x88, (uint8_t)keys.size};
    psd_put_tlv(out, 0xC0, key, sizeof key);
  }
  psd_close_tlv(out, opened);
  psd_wipe(&keys, sizeof keys);
  return PSD_SW_OK;
}

/* Objects that are worked out when they are read. False for one that is not. */
static bool read_computed(const psd_card *card, const psd_object *object, psd_buffer *out, uint16_t *status) {
  *status = PSD_SW_OK;
  if (object->id == PSD_OBJECT_VERSION) {
    read_version(out);
  } else if (object->id == PSD_OBJECT_LIFE_CYCLE) {
    psd_life_cycle life = {.state = psd_card_state(card), .fault = card->fault};
    psd_put_message(out, PSD_MESSAGE_LIFE_CYCLE, &life);
  } else if (object->id == PSD_OBJECT_CLOCK) {
    *status = read_clock(card, out);
  } else if (object->id == PSD_OBJECT_SELF_TEST) {
    psd_self_test result = {.run = card->kats_run, .failed = card->kats_failed};
    psd_put_message(out, PSD_MESSAGE_SELF_TEST, &result);
  } else if (object->id == PSD_OBJECT_AID) {
    psd_put(out, PSD_AID_PSD, PSD_AID_PSD_SIZE);
  } else if (object->id == PSD_OBJECT_CARD_DATA) {
    read_card_data(out);
  } else if (object->id == PSD_OBJECT_PIN_STATUS) {
    *status = read_pin_status(card, out);
  } else if (object->id == PSD_OBJECT_KEY_STATUS) {
    *status = read_key_status(card, out);
  } else if (object->id == PSD_OBJECT_SERVICE_RATES) {
    *status = read_service_rates(card, out);
  } else if (object->id == PSD_OBJECT_SLOTS) {
    *status = read_slots(card, out);
  } else if (object->id == PSD_OBJECT_KEY_INFORMATION) {
    *status = read_key_information(card, out);
  } else {
    return false;
  }
  return true;
}

uint16_t psd_object_read(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out) {
  if ((object->read & request->granted) == 0)
    return PSD_SW_SECURITY_STATUS;
  if ((object->read_states & PSD_STATE_BIT(psd_card_state(card))) == 0)
    return PSD_SW_CONDITIONS;
  uint16_t status;
  if (read_computed(card, object, out, &status))
    return status;
  const void *kept = psd_core_object(&card->core, object->id);
  if (kept == NULL)
    return psd_record_read(card, (uint16_t)(PSD_RECORD_OBJECT + object->id), out);
  if (!card->store.open)
    return PSD_SW_MEMORY_FAILURE;
  psd_put_message(out, (psd_message_id)object->format, kept);
  return PSD_SW_OK;
}

uint16_t psd_object_read_tlv(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out) {
  size_t before = out->length;
  bool whole = object->id == PSD_OBJECT_CARD_DATA || object->id == PSD_OBJECT_KEY_INFORMATION;
  size_t opened = whole ? 0 : psd_open_tlv(out, object->tag);
  uint16_t status = psd_object_read(card, request, object, out);
  if (status != PSD_SW_OK)
    out->length = before;
  else if (!whole)
    psd_close_tlv(out, opened);
  return status;
}
