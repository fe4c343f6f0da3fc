/* REVOKE CERTIFICATE (VM 610 to 624): the authority ends a certificate, and the card confirms that its key is gone. */
#include "certificate/revocation.h"

#include "certificate/cms.h"
#include "certificate/service.h"
#include "iso7816/handlers.h"
#include "meter/clock.h"
#include "meter/objects.h"

#include <string.h>

/* A command on its way through the checks. */
typedef struct revoking {
  psd_cursor der; /* as it came */
  psd_revocation_command command;
  uint8_t device[PSD_SIZE_DEVICE_ID];
  psd_slot slot;
  bool done; /* what it asks for was done before */
} revoking;

/* The PSD's own word: key pair and certificate. */
typedef struct witness {
  psd_key key;
  uint8_t certificate[PSD_CERTIFICATE_MAX];
  size_t length;
} witness;

static uint16_t fetch_witness(const psd_card *card, witness *of) {
  of->key.secret_length = 0;
  uint16_t status =
      psd_object_fetch_bytes(card, PSD_OBJECT_CERTIFICATE, of->certificate, sizeof of->certificate, &of->length);
  return status == PSD_SW_OK ? psd_key_fetch_own(card, &of->key) : status;
}

/* VM 610, 612: by the CA whose key the card knows, whatever name it gives itself. Without signed attributes the content
 * itself is signed: it is looked at first, as nothing else that this key signs has its form. */
static uint16_t authenticate(psd_card *card, revoking *of) {
  psd_cms_parts parts;
  psd_public_key authority;
  uint8_t digest[PSD_SHA256_SIZE];
  if (!psd_cms_parse(of->der, &parts) || parts.type != PSD_OID_REVOCATION_COMMAND || !parts.attached ||
      !psd_revocation_parse_command(parts.content, &of->command))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_object_fetch(card, PSD_OBJECT_CA_KEY, &authority);
  if (status != PSD_SW_OK)
    return status;
  if (!psd_cms_signed_digest(&parts, NULL, digest))
    return PSD_SW_VERIFICATION_FAILED;
  const psd_certificate signer = {.algorithm = PSD_ALGORITHM_P256, .point = authority.point};
  return psd_certificate_verify(card, &signer, parts.signed_with, digest, parts.signature);
}

/* The slot with that certificate, in whatever state. */
static uint16_t find_slot(const psd_card *card, revoking *of) {
  const psd_revocation *head = &of->command.head;
  for (uint8_t number = 1; number <= PSD_USER_SLOTS; number++) {
    uint16_t status = psd_slot_read(card, number, &of->slot);
    if (status == PSD_SW_OK && head->certificate != 0 && of->slot.certificate == head->certificate)
      return PSD_SW_OK;
    if (status != PSD_SW_OK && status != PSD_SW_REFERENCE_NOT_FOUND)
      return status;
  }
  return PSD_SW_WRONG_DATA;
}

/* VM 612: for this device, and a certificate of its own. */
static uint16_t address(const psd_card *card, revoking *of) {
  const psd_revocation *head = &of->command.head;
  size_t length = 0;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_ID, of->device, sizeof of->device, &length);
  if (status != PSD_SW_OK)
    return status;
  if (memcmp(of->device, head->device, sizeof of->device) != 0)
    return PSD_SW_WRONG_DATA;
  return find_slot(card, of);
}

/* Commands are carried out in the order of their numbers, and each once. One for what is revoked already changes
 * nothing: whoever lost the confirmation gets it anew. */
static uint16_t judge_number(const psd_card *card, revoking *of) {
  uint64_t number = of->command.head.number, last = card->core.services.commands;
  of->done = of->slot.state == PSD_SLOT_REVOKED;
  bool may = number > last || (of->done && number == of->slot.command);
  return may && number <= UINT32_MAX && psd_clock_now(card) > 0 ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

/* VM 618: paid at once, or due. Without a table there is no price, and the certificate is revoked all the same. */
static uint16_t charge(const psd_card *card, const revoking *of, psd_service_step *step, psd_confirmed *status) {
  psd_core *next = &step->change.next;
  *status = PSD_CONFIRMED_FREE;
  if (!of->command.charge)
    return PSD_SW_OK;
  uint16_t priced = psd_service_price_today(card, PSD_SERVICE_REVOCATION, &step->price);
  if (priced != PSD_SW_OK)
    return priced == PSD_SW_REFERENCE_NOT_FOUND ? PSD_SW_OK : priced;
  *status = PSD_CONFIRMED_PAID;
  if (next->services.due > 0 || !psd_service_debit(next, step->price)) {
    if (step->price > UINT64_MAX - next->services.due)
      return PSD_SW_EXECUTION_ERROR;
    next->services.due += step->price;
    *status = PSD_CONFIRMED_DUE;
  }
  return psd_service_count(next) ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

/* VM 616: what the slot is from now on. */
static void revoke(const psd_card *card, revoking *of, psd_service_step *step, psd_confirmed status) {
  const psd_revocation *head = &of->command.head;
  step->slot = (uint8_t)of->slot.slot;
  step->change.next.services.commands = head->number;
  of->slot.state = PSD_SLOT_REVOKED;
  of->slot.request = 0;
  of->slot.revoked = psd_clock_now(card);
  of->slot.reason = head->reason;
  of->slot.command = head->number;
  of->slot.confirmed = status;
  of->slot.charge = step->price;
  psd_change_put(&step->change, psd_slot_record_of(PSD_SLOT_SECRET, step->slot), NULL, 0);
}

/* VM 620, 624. The PSD's certificate goes along where there is room for it. */
static uint16_t confirm(psd_card *card, const revoking *of, const witness *by, psd_buffer *out) {
  uint8_t bytes[PSD_REVOCATION_MAX];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_revocation_confirmation confirmation = {.head = {.certificate = of->slot.certificate,
                                                       .reason = of->slot.reason,
                                                       .time = of->slot.revoked,
                                                       .number = of->command.head.number},
                                              .status = (psd_confirmed)of->slot.confirmed,
                                              .amount = of->slot.charge};
  memcpy(confirmation.head.device, of->device, sizeof of->device);
  if (!psd_sha256(of->der.at, of->der.left, confirmation.command))
    return PSD_SW_EXECUTION_ERROR;
  psd_revocation_put_confirmation(&content, &confirmation);
  const psd_cms wanted = {.type = PSD_OID_REVOCATION_CONFIRMATION,
                          .content = {bytes, content.length},
                          .time = psd_clock_now(card),
                          .key = &by->key,
                          .certificate = psd_cursor_over(by->certificate, by->length),
                          .enclosed = by->length <= PSD_USER_CERTIFICATE_MAX};
  return content.overflow ? PSD_SW_INTERNAL : psd_cms_put(card, &wanted, out);
}

/* VM 616 to 624, in one commit. */
static uint16_t carry_out(psd_card *card, revoking *of, const witness *by, psd_service_step *step, psd_buffer *out) {
  size_t start = out->length;
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_confirmed paid;
  uint16_t status = charge(card, of, step, &paid);
  if (status != PSD_SW_OK)
    return status;
  revoke(card, of, step, paid);
  psd_slot_put(&step->change, &of->slot, encoded);
  status = confirm(card, of, by, out);
  return status == PSD_SW_OK ? psd_service_end(card, step, out, start, (psd_piece){NULL, 0}) : status;
}

/* What is destroyed must leave the memory, whether it was destroyed just now or power was cut before this. */
static uint16_t scrub(psd_card *card) {
  if (psd_store_scrub(&card->store) == PSD_STORE_OK)
    return PSD_SW_OK;
  psd_card_reload(card);
  return PSD_SW_MEMORY_FAILURE;
}

static uint16_t answer(psd_card *card, revoking *of, psd_service_step *step, psd_buffer *out) {
  witness by;
  uint16_t status = fetch_witness(card, &by);
  if (status == PSD_SW_OK)
    status = of->done ? confirm(card, of, &by, out) : carry_out(card, of, &by, step, out);
  psd_wipe(&by.key, sizeof by.key);
  return status == PSD_SW_OK ? scrub(card) : status;
}

uint16_t psd_handle_revoke_certificate(psd_card *card, const psd_request *request, psd_buffer *out) {
  revoking of = {.der = psd_cursor_over(request->apdu.data, request->apdu.nc)};
  psd_service_step step;
  uint16_t status = psd_service_recall(card, request, PSD_SERVICE_REVOCATION, &step, out);
  if (status != PSD_SW_OK || step.again)
    return status == PSD_SW_OK ? scrub(card) : status;
  status = authenticate(card, &of);
  if (status == PSD_SW_OK)
    status = address(card, &of);
  if (status == PSD_SW_OK)
    status = judge_number(card, &of);
  return status == PSD_SW_OK ? answer(card, &of, &step, out) : status;
}
