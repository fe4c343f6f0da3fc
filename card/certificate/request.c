/* REQUEST CERTIFICATE (VM figure 5, 502-512): makes a key on the card or takes the one that is there, signs a PKCS#10
 * with it, and seals that for the authority. The key and its price are one commit. */
#include "certificate/communications.h"
#include "certificate/der.h"
#include "certificate/key.h"
#include "certificate/pkcs10.h"
#include "certificate/service.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"

#include <string.h>

/* The command, and what comes of it until it is committed. */
typedef struct certificate_order {
  psd_certificate_wish wish;
  psd_cursor organization, name;
  bool kept; /* P2: the key that is there */
  psd_service_step step;
  psd_slot slot;
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_key key;
} certificate_order;

static bool text_fits(psd_cursor text) {
  return psd_der_text_valid(text.at, text.left, PSD_NAME_MAX);
}

/* An agent signs for an organization: its certificate has one, and those that it issues. */
static bool wish_valid(const certificate_order *order) {
  const psd_certificate_wish *wish = &order->wish;
  bool organization = order->organization.left > 0;
  return psd_key_purpose_valid(wish->purpose) && psd_key_algorithm_valid(wish->algorithm) && text_fits(order->name) &&
         (organization ? text_fits(order->organization) : wish->purpose != PSD_PURPOSE_AGENT);
}

static uint16_t parse(const psd_request *request, certificate_order *order) {
  const psd_apdu *apdu = &request->apdu;
  psd_cursor from = psd_cursor_over(apdu->data, apdu->nc);
  if (!psd_slot_valid(apdu->p1) || apdu->p2 > PSD_REQUEST_KEPT_KEY)
    return PSD_SW_WRONG_P1P2;
  order->kept = apdu->p2 == PSD_REQUEST_KEPT_KEY;
  psd_take_message(&from, PSD_MESSAGE_CERTIFICATE_WISH, &order->wish);
  size_t organization = (size_t)order->wish.organization, name = (size_t)order->wish.name;
  order->organization = psd_cursor_over(psd_take(&from, organization), organization);
  order->name = psd_cursor_over(psd_take(&from, name), name);
  return psd_cursor_done(&from) && wish_valid(order) ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

/* P2 00: a new key in an empty slot. */
static uint16_t make_key(psd_card *card, uint8_t number, certificate_order *order) {
  uint16_t status = psd_slot_read(card, number, &order->slot);
  if (status != PSD_SW_REFERENCE_NOT_FOUND)
    return status == PSD_SW_OK ? PSD_SW_CONDITIONS : status;
  memset(&order->slot, 0, sizeof order->slot);
  order->slot = (psd_slot){.slot = number,
                           .purpose = order->wish.purpose,
                           .algorithm = order->wish.algorithm,
                           .state = PSD_SLOT_REQUESTED,
                           .made = psd_clock_now(card)};
  return psd_key_generate(card, (psd_algorithm)order->wish.algorithm, &order->key);
}

/* P2 01: the key that is there, with or without a certificate. What it is for was said when it was made. */
static uint16_t take_key(const psd_card *card, uint8_t number, certificate_order *order) {
  psd_slot *slot = &order->slot;
  uint16_t status = psd_slot_read(card, number, slot);
  if (status != PSD_SW_OK)
    return status;
  if (slot->state == PSD_SLOT_REVOKED)
    return PSD_SW_CONDITIONS;
  if (slot->purpose != order->wish.purpose || slot->algorithm != order->wish.algorithm)
    return PSD_SW_WRONG_DATA;
  if (slot->state != PSD_SLOT_ACTIVE) /* while a renewal waits, the certificate there is counts */
    slot->state = PSD_SLOT_REQUESTED;
  return psd_key_fetch(card, number, &order->key);
}

/* The number of this request; those before it are void. */
static uint16_t number_request(certificate_order *order) {
  psd_certificate_state *services = &order->step.change.next.services;
  if (services->requests == UINT32_MAX)
    return PSD_SW_CONDITIONS;
  order->slot.request = ++services->requests;
  return PSD_SW_OK;
}

static uint16_t put_head(psd_card *card, const certificate_order *order, uint8_t nonce[PSD_GCM_NONCE],
                         psd_buffer *out) {
  psd_device_id identity;
  uint16_t status = psd_communications_identity(card, &identity);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_drbg_read(&card->drbg, nonce, PSD_GCM_NONCE)) {
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
    return PSD_SW_EXECUTION_ERROR;
  }
  psd_certificate_request head = {.serial = identity.serial,
                                  .slot = order->slot.slot,
                                  .purpose = order->slot.purpose,
                                  .algorithm = order->slot.algorithm,
                                  .renewal = order->slot.certificate != 0,
                                  .number = order->slot.request,
                                  .time = psd_clock_now(card)};
  memcpy(head.vendor, identity.vendor, sizeof head.vendor);
  memcpy(head.model, identity.model, sizeof head.model);
  memcpy(head.nonce, nonce, sizeof head.nonce);
  psd_put_message(out, PSD_MESSAGE_CERTIFICATE_REQUEST, &head);
  return PSD_SW_OK;
}

/* VM 512: the PKCS#10 under the certificate communications key; the head is in clear, and cannot be another one. */
static uint16_t put_sealed(psd_card *card, const certificate_order *order, psd_buffer *out) {
  uint8_t nonce[PSD_GCM_NONCE], key[PSD_COMMUNICATIONS_KEY], text[PSD_PKCS10_MAX];
  psd_buffer request = psd_buffer_over(text, sizeof text);
  size_t start = out->length;
  uint16_t status = psd_pkcs10_put(card, &order->key, order->organization, order->name, &request);
  if (status == PSD_SW_OK)
    status = put_head(card, order, nonce, out);
  const psd_piece head = {out->data + start, out->length - start};
  uint8_t *sealed = psd_put_room(out, request.length + PSD_GCM_TAG_SIZE);
  if (status == PSD_SW_OK)
    status = psd_communications_key(card, PSD_COMMUNICATIONS_REQUEST, key);
  if (status == PSD_SW_OK && sealed == NULL)
    status = PSD_SW_NO_SPACE;
  if (status == PSD_SW_OK && !psd_aes_gcm_seal(key, sizeof key, nonce, &head, 1, text, request.length, sealed))
    status = PSD_SW_EXECUTION_ERROR;
  psd_wipe(key, sizeof key);
  return status;
}

/* What the slot holds from now on. */
static void put_slot(const psd_card *card, certificate_order *order) {
  psd_change *change = &order->step.change;
  uint8_t number = (uint8_t)order->slot.slot;
  psd_slot_put(change, &order->slot, order->encoded);
  if (order->kept)
    return;
  psd_change_put(change, psd_slot_record_of(PSD_SLOT_SECRET, number), order->key.secret, order->key.secret_length);
  psd_change_put(change, psd_slot_record_of(PSD_SLOT_PUBLIC, number), order->key.public, order->key.public_length);
  psd_change_log(change, card, PSD_EVENT_KEY_MADE, (uint16_t)(number << 8), 0);
}

/* VM 504 before anything else: the request, and the activation that it leads to. */
static uint16_t carry_out(psd_card *card, const psd_request *request, certificate_order *order, psd_buffer *out) {
  size_t start = out->length;
  uint8_t number = request->apdu.p1;
  uint16_t status = psd_service_begin(card, request, PSD_SERVICE_REQUEST, PSD_SERVICE_ACTIVATION, &order->step, out);
  if (status != PSD_SW_OK || order->step.again)
    return status;
  if (!psd_communications_confirmable(card))
    return PSD_SW_REFERENCE_NOT_FOUND;
  status = order->kept ? take_key(card, number, order) : make_key(card, number, order);
  if (status == PSD_SW_OK)
    status = number_request(order);
  if (status == PSD_SW_OK)
    status = put_sealed(card, order, out);
  if (status != PSD_SW_OK)
    return status;
  put_slot(card, order);
  return psd_service_end(card, &order->step, out, start, (psd_piece){NULL, 0});
}

uint16_t psd_handle_request_certificate(psd_card *card, const psd_request *request, psd_buffer *out) {
  certificate_order order;
  uint16_t status = parse(request, &order);
  if (status == PSD_SW_OK)
    status = carry_out(card, request, &order, out);
  psd_wipe(&order.key, sizeof order.key);
  return status;
}
