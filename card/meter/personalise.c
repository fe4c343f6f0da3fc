/* STORE DATA and PUT KEY: how a blank card becomes a meter (GlobalPlatform Card Specification 2.3.1, 11.8 and 11.11).
 */
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/transport_keys.h"
#include "psd/spec/tlv.h"

#include <string.h>

/* 11.11.2.1: P1 bit 8, last block; bits 5 and 4, format of the data: BER-TLV. */
#define LAST_BLOCK 0x80U
#define FORMAT_BER_TLV 0x10U

static bool mandatory_there(const psd_core *core) {
  for (size_t i = 0; i < psd_mandatory_count; i++)
    if ((core->head.written & (UINT64_C(1) << psd_mandatory[i])) == 0)
      return false;
  return true;
}

static uint16_t collect_objects(psd_card *card, const psd_request *request, psd_object_change *change, uint32_t *tag) {
  psd_cursor data = psd_cursor_over(request->apdu.data, request->apdu.nc);
  psd_tlv tlv;
  while (psd_take_tlv(&data, &tlv)) {
    const psd_object *object = psd_object_of(tlv.tag);
    uint16_t status =
        object != NULL ? psd_object_write(card, request, object, tlv.value, change) : PSD_SW_REFERENCE_NOT_FOUND;
    if (status != PSD_SW_OK)
      return status;
    *tag = tlv.tag;
  }
  return psd_cursor_done(&data) ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

/* Everything of one block, in one commit; the last block closes the card's first state in the same commit. */
static uint16_t store_block(psd_card *card, const psd_request *request, psd_object_change *change, bool last) {
  uint32_t tag = 0;
  psd_change_begin(&change->change, card);
  uint16_t status = collect_objects(card, request, change, &tag);
  if (status != PSD_SW_OK)
    return status;
  psd_core *next = &change->change.next;
  if (last && !mandatory_there(next))
    return PSD_SW_CONDITIONS;
  if (last) {
    next->head.state = PSD_STATE_INITIALIZED;
    next->watchdog.inspected = psd_clock_in(card, next);
    psd_change_log(&change->change, card, PSD_EVENT_STATE_CHANGED, 0, 0);
  } else {
    psd_change_log(&change->change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)tag, 0);
  }
  return psd_object_commit(card, change);
}

uint16_t psd_handle_store_data(psd_card *card, const psd_request *request, psd_buffer *out) {
  (void)out;
  bool last = (request->apdu.p1 & LAST_BLOCK) != 0;
  if ((request->apdu.p1 & (uint8_t)~LAST_BLOCK) != FORMAT_BER_TLV || request->apdu.p2 != (uint8_t)card->scp.block)
    return PSD_SW_WRONG_P1P2;
  if (!last && request->apdu.nc == 0)
    return PSD_SW_WRONG_LENGTH;
  psd_object_change change;
  memset(&change, 0, sizeof change);
  uint16_t status = store_block(card, request, &change, last);
  psd_wipe(&change, sizeof change);
  if (status == PSD_SW_OK)
    card->scp.block = last ? 0 : (uint16_t)(card->scp.block + 1);
  return status;
}

/* PUT KEY, 11.8: version, then three key data fields: type 88 (AES), length, [length in clear,] key under K-DEK, length
 * and value of the key check value. */
#define KEY_TYPE_AES 0x88U
#define KCV_SIZE 3U

static bool take_key(psd_cursor *data, const psd_transport_keys *current, uint8_t key[32], uint64_t *size,
                     uint8_t kcv[KCV_SIZE]) {
  uint8_t type = psd_take_u8(data);
  size_t length = psd_take_u8(data);
  if (length % PSD_AES_BLOCK == 1) { /* Amendment D, 7.2: the length in clear goes first */
    *size = psd_take_u8(data);
    length--;
  } else {
    *size = length;
  }
  const uint8_t *secret = psd_take(data, length);
  uint8_t kcv_length = psd_take_u8(data);
  const uint8_t *check = psd_take(data, KCV_SIZE);
  if (data->failed || type != KEY_TYPE_AES || kcv_length != KCV_SIZE || (*size != 16 && *size != 24 && *size != 32) ||
      length != (*size + PSD_AES_BLOCK - 1) / PSD_AES_BLOCK * PSD_AES_BLOCK)
    return false;
  static const uint8_t iv[PSD_AES_BLOCK] = {0};
  static const uint8_t ones[PSD_AES_BLOCK] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  uint8_t block[PSD_AES_BLOCK];
  bool ok = psd_aes_cbc_decrypt(current->dek, current->size, iv, secret, length, key) &&
            psd_aes_block(key, *size, ones, block) && psd_equal(block, check, KCV_SIZE);
  memset(key + *size, 0, 32 - *size);
  memcpy(kcv, block, KCV_SIZE);
  return ok;
}

static uint16_t parse_key_set(const psd_apdu *apdu, const psd_transport_keys *current, psd_transport_keys *next,
                              uint8_t kcvs[3][KCV_SIZE]) {
  psd_cursor data = psd_cursor_over(apdu->data, apdu->nc);
  uint64_t sizes[3];
  *next = (psd_transport_keys){.version = psd_take_u8(&data), .sequence = 0};
  if (next->version < 1 || next->version > 127 || !take_key(&data, current, next->enc, &sizes[0], kcvs[0]) ||
      !take_key(&data, current, next->mac, &sizes[1], kcvs[1]) ||
      !take_key(&data, current, next->dek, &sizes[2], kcvs[2]) || !psd_cursor_done(&data) || sizes[0] != sizes[1] ||
      sizes[0] != sizes[2])
    return PSD_SW_WRONG_DATA;
  next->size = sizes[0];
  /* Challenges follow from K-ENC and the counter: with the same K-ENC a counter that began anew would make sessions
   * that were recorded good again. */
  if (psd_equal(next->enc, current->enc, sizeof next->enc))
    next->sequence = current->sequence;
  return PSD_SW_OK;
}

static uint16_t replace_keys(psd_card *card, const psd_transport_keys *next) {
  uint8_t encoded[PSD_SIZE_TRANSPORT_KEYS];
  psd_transport_keys_encode(next, encoded);
  psd_change change;
  psd_change_begin(&change, card);
  psd_change_put(&change, PSD_RECORD_TRANSPORT, encoded, sizeof encoded);
  psd_change_log(&change, card, PSD_EVENT_KEYS_PUT, (uint16_t)next->version, 0);
  uint16_t status = psd_change_commit(&change, card);
  psd_wipe(encoded, sizeof encoded);
  /* The old keys leave the device too. Where that fails they stay in flash that nothing refers to. */
  if (status == PSD_SW_OK && psd_store_scrub(&card->store) != PSD_STORE_OK)
    psd_card_reload(card);
  return status;
}

uint16_t psd_handle_put_key(psd_card *card, const psd_request *request, psd_buffer *out) {
  psd_transport_keys current;
  psd_transport_keys next = {0};
  uint8_t kcvs[3][KCV_SIZE];
  uint16_t status = PSD_SW_MEMORY_FAILURE;
  if (psd_transport_keys_read(card, &current)) {
    /* P1 names the set to replace, or 0 to add one: this card keeps one set, the newest. */
    if (request->apdu.p1 != 0 && request->apdu.p1 != current.version)
      status = PSD_SW_REFERENCE_NOT_FOUND;
    else
      status = parse_key_set(&request->apdu, &current, &next, kcvs);
    if (status == PSD_SW_OK)
      status = replace_keys(card, &next);
  }
  if (status == PSD_SW_OK) {
    psd_put_u8(out, (uint8_t)next.version);
    psd_put(out, kcvs, sizeof kcvs);
  }
  psd_wipe(&current, sizeof current);
  psd_wipe(&next, sizeof next);
  return status;
}
