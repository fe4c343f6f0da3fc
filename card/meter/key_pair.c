/* GENERATE ASYMMETRIC KEY PAIR (ISO/IEC 7816-8:2004, 5.1): the PSD's own P-256 pair, with which it signs its audits in
 * K3's place, and its DSA pair, which the P-256 pair vouches for. Secrets are born here and no command reads them. */
#include "iso7816/handlers.h"
#include "meter/change.h"
#include "meter/objects.h"
#include "meter/signature.h"
#include "psd/spec/evidence.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define GENERATE 0x80U
#define READ 0x81U
/* P2: which of the two. */
#define PAIR_P256 0x00U
#define PAIR_DSA 0x01U

/* A pair that was just made, as it is kept. */
typedef struct pair {
  uint16_t record; /* of the secret */
  psd_object_id object;
  psd_piece secret, value;
} pair;

/* What the pair that is replaced has signed is nobody's word any more. */
static void remove_dsa(psd_change *change) {
  psd_change_put(change, PSD_RECORD_DSA, NULL, 0);
  psd_change_put(change, PSD_RECORD_OBJECT + PSD_OBJECT_DSA_KEY, NULL, 0);
}

/* Replaces a pair that was made before, and has its secret leave the device. */
static uint16_t keep(psd_card *card, const pair *made) {
  bool replaced = psd_record_kept(card, made->record);
  psd_change change;
  psd_change_begin(&change, card);
  change.next.head.written |= UINT64_C(1) << made->object;
  psd_change_put(&change, made->record, made->secret.data, made->secret.length);
  psd_change_put(&change, (uint16_t)(PSD_RECORD_OBJECT + made->object), made->value.data, made->value.length);
  if (made->record == PSD_RECORD_KEY_PAIR)
    remove_dsa(&change);
  psd_change_log(&change, card, PSD_EVENT_OBJECT_WRITTEN, (uint16_t)psd_objects[made->object].tag, 0);
  uint16_t status = psd_change_commit(&change, card);
  if (status == PSD_SW_OK && replaced && psd_store_scrub(&card->store) != PSD_STORE_OK)
    psd_card_reload(card);
  return status;
}

static uint16_t refused(psd_card *card) {
  psd_card_set_fault(card, card->drbg.ready ? PSD_FAULT_ALGORITHM : PSD_FAULT_RANDOM);
  return PSD_SW_EXECUTION_ERROR;
}

static uint16_t generate_p256(psd_card *card) {
  uint8_t secret[PSD_P256_SECRET], point[PSD_P256_POINT];
  const pair made = {PSD_RECORD_KEY_PAIR, PSD_OBJECT_DEVICE_PUBLIC, {secret, sizeof secret}, {point, sizeof point}};
  if (!psd_card_ready_for(card, PSD_KAT_P256_SIGN) || !psd_card_ready_for(card, PSD_KAT_P256_VERIFY))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = psd_p256_generate(&card->drbg, secret, point) ? keep(card, &made) : refused(card);
  psd_wipe(secret, sizeof secret);
  return status;
}

/* DSA_KEY: the P-256 pair signs label, DEVICE_ID and y. */
static uint16_t sign_dsa_key(psd_card *card, const uint8_t y[PSD_DSA_PUBLIC], psd_buffer *value) {
  uint8_t signed_bytes[PSD_SIZE_DEVICE_ID + PSD_DSA_PUBLIC];
  psd_signer signer;
  size_t length = 0;
  if (psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_ID, signed_bytes, PSD_SIZE_DEVICE_ID, &length) != PSD_SW_OK)
    return PSD_SW_MEMORY_FAILURE;
  memcpy(signed_bytes + PSD_SIZE_DEVICE_ID, y, PSD_DSA_PUBLIC);
  uint16_t status = psd_signer_fetch(card, &signer);
  psd_put(value, y, PSD_DSA_PUBLIC);
  if (status == PSD_SW_OK)
    status = psd_sign(card, &signer, PSD_DSA_KEY_LABEL, (psd_piece){signed_bytes, sizeof signed_bytes}, value);
  psd_wipe(&signer, sizeof signer);
  return status;
}

static uint16_t generate_dsa(psd_card *card) {
  uint8_t secret[PSD_DSA_SECRET], y[PSD_DSA_PUBLIC], encoded[PSD_SIZE_DSA_KEY];
  psd_buffer value = psd_buffer_over(encoded, sizeof encoded);
  const pair made = {PSD_RECORD_DSA, PSD_OBJECT_DSA_KEY, {secret, sizeof secret}, {encoded, sizeof encoded}};
  if (!psd_record_kept(card, PSD_RECORD_KEY_PAIR))
    return PSD_SW_CONDITIONS;
  if (!psd_card_ready_for(card, PSD_KAT_DSA))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = psd_dsa_generate(&card->drbg, secret, y) ? sign_dsa_key(card, y, &value) : refused(card);
  if (status == PSD_SW_OK)
    status = keep(card, &made);
  psd_wipe(secret, sizeof secret);
  return status;
}

static uint16_t generate(psd_card *card, const psd_request *request) {
  if (psd_card_state(card) != PSD_STATE_MANUFACTURED)
    return PSD_SW_CONDITIONS;
  if ((request->granted & PSD_SCP) == 0)
    return PSD_SW_SECURITY_STATUS;
  return request->apdu.p2 == PAIR_P256 ? generate_p256(card) : generate_dsa(card);
}

/* 7F49 { 86 point } or { 84 y }. */
static uint16_t put_public(const psd_card *card, const psd_request *request, psd_buffer *out) {
  bool p256 = request->apdu.p2 == PAIR_P256;
  uint8_t value[PSD_SIZE_DSA_KEY];
  size_t length = 0;
  uint16_t status =
      psd_object_fetch_bytes(card, p256 ? PSD_OBJECT_DEVICE_PUBLIC : PSD_OBJECT_DSA_KEY, value, sizeof value, &length);
  if (status != PSD_SW_OK)
    return status;
  size_t opened = psd_open_tlv(out, 0x7F49);
  psd_put_tlv(out, p256 ? 0x86 : 0x84, value, p256 ? length : PSD_DSA_PUBLIC);
  psd_close_tlv(out, opened);
  return PSD_SW_OK;
}

uint16_t psd_handle_generate_key_pair(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_apdu *apdu = &request->apdu;
  if ((apdu->p1 != GENERATE && apdu->p1 != READ) || (apdu->p2 != PAIR_P256 && apdu->p2 != PAIR_DSA))
    return PSD_SW_WRONG_P1P2;
  uint16_t status = apdu->p1 == GENERATE ? generate(card, request) : PSD_SW_OK;
  return status == PSD_SW_OK ? put_public(card, request, out) : status;
}
