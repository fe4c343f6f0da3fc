/* GENERATE ASYMMETRIC KEY PAIR (ISO/IEC 7816-8:2004, 5.1): the PSD's own P-256 pair, with which it signs its audits in
 * K3's place. The secret is born here and no command reads it. */
#include "iso7816/handlers.h"
#include "meter/change.h"
#include "meter/objects.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define GENERATE 0x80U
#define READ 0x81U

/* Replaces a pair that was made before, and has its secret leave the device. */
static uint16_t keep(psd_card *card, const uint8_t secret[PSD_P256_SECRET], const uint8_t point[PSD_P256_POINT]) {
  bool replaced = psd_store_length(&card->store, PSD_RECORD_KEY_PAIR) >= 0;
  psd_change change;
  psd_change_begin(&change, card);
  change.next.head.written |= UINT64_C(1) << PSD_OBJECT_DEVICE_PUBLIC;
  psd_change_put(&change, PSD_RECORD_KEY_PAIR, secret, PSD_P256_SECRET);
  psd_change_put(&change, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_PUBLIC, point, PSD_P256_POINT);
  psd_change_log(&change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)psd_objects[PSD_OBJECT_DEVICE_PUBLIC].tag, 0);
  uint16_t status = psd_change_commit(&change, card);
  if (status == PSD_SW_OK && replaced && psd_store_scrub(&card->store) != PSD_STORE_OK)
    psd_card_reload(card);
  return status;
}

static uint16_t generate(psd_card *card, const psd_request *request, uint8_t point[PSD_P256_POINT]) {
  uint8_t secret[PSD_P256_SECRET];
  if (psd_card_state(card) != PSD_STATE_MANUFACTURED)
    return PSD_SW_CONDITIONS;
  if ((request->granted & PSD_SCP) == 0)
    return PSD_SW_SECURITY_STATUS;
  if (!psd_card_ready_for(card, PSD_KAT_P256_SIGN) || !psd_card_ready_for(card, PSD_KAT_P256_VERIFY))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = PSD_SW_EXECUTION_ERROR;
  if (psd_p256_generate(&card->drbg, secret, point))
    status = keep(card, secret, point);
  else
    psd_card_set_fault(card, card->drbg.ready ? PSD_FAULT_ALGORITHM : PSD_FAULT_RANDOM);
  psd_wipe(secret, sizeof secret);
  return status;
}

static uint16_t read_point(const psd_card *card, uint8_t point[PSD_P256_POINT]) {
  size_t length = 0;
  return psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_PUBLIC, point, PSD_P256_POINT, &length);
}

uint16_t psd_handle_generate_key_pair(psd_card *card, const psd_request *request, psd_buffer *out) {
  uint8_t point[PSD_P256_POINT];
  uint16_t status = PSD_SW_WRONG_P1P2;
  if (request->apdu.p1 == GENERATE)
    status = generate(card, request, point);
  else if (request->apdu.p1 == READ)
    status = read_point(card, point);
  if (status != PSD_SW_OK)
    return status;
  size_t opened = psd_open_tlv(out, 0x7F49);
  psd_put_tlv(out, 0x86, point, sizeof point);
  psd_close_tlv(out, opened);
  return PSD_SW_OK;
}
