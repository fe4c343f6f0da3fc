#include "meter/indicium.h"

#include "meter/objects.h"
#include "meter/signature.h"
#include "meter/token.h"

#include <string.h>

#define COMPACT_SERIAL_MOST 0xFFFFFFU

uint16_t psd_indicium_category(uint64_t kind, const psd_indicium_rate *rate) {
  return (uint16_t)(kind << PSD_CATEGORY_KIND | rate->row);
}

static uint8_t maker(const psd_evidence_self *self) {
  return self->identity.serial <= COMPACT_SERIAL_MOST ? psd_maker_of(self->identity.vendor, self->identity.model) : 0;
}

uint16_t psd_indicium_ready(const psd_card *card, uint64_t profile) {
  const psd_evidence_self *self = &card->self;
  if (psd_profile_of(profile) == NULL || (self->policy.profiles & UINT64_C(1) << profile) == 0)
    return PSD_SW_FUNCTION_UNSUPPORTED;
  bool ready = false;
  if (profile == PSD_PROFILE_COMPACT)
    ready = psd_record_kept(card, PSD_RECORD_OBJECT + PSD_OBJECT_POSTAL_TOKEN_KEY) && maker(self) != 0;
  else
    ready = self->certificate != 0 &&
            psd_record_kept(card, profile == PSD_PROFILE_DSA ? PSD_RECORD_DSA : PSD_RECORD_KEY_PAIR);
  return ready ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND;
}

bool psd_indicium_fits(const psd_registers *registers) {
  return registers->ascending <= PSD_ASCENDING_MOST && registers->descending <= PSD_DESCENDING_MOST &&
         registers->piece_count < UINT32_MAX;
}

static void put_text(const psd_evidence_self *self, const psd_evidence_head *head, const psd_indicium_rate *rate,
                     psd_buffer *out) {
  psd_indicium indicium = {.version = PSD_INDICIUM_VERSION,
                           .algorithm = head->profile,
                           .certificate = self->certificate,
                           .serial = self->identity.serial,
                           .ascending = head->ascending,
                           .postage = head->postage,
                           .date = head->date,
                           .zip = self->licence.zip,
                           .destination = head->destination,
                           .piece_count = head->piece_count,
                           .category = psd_indicium_category(head->kind, rate),
                           .descending = head->descending};
  memcpy(indicium.vendor, self->identity.vendor, sizeof indicium.vendor);
  memcpy(indicium.model, self->identity.model, sizeof indicium.model);
  memcpy(indicium.rates, rate->hash, sizeof indicium.rates);
  psd_put_message(out, PSD_MESSAGE_INDICIUM, &indicium);
}

static void put_compact(const psd_evidence_self *self, const psd_evidence_head *head, const psd_indicium_rate *rate,
                        psd_buffer *out) {
  psd_compact_indicium indicium = {.version = PSD_COMPACT_VERSION,
                                   .piece_count = head->piece_count,
                                   .maker = maker(self),
                                   .serial = self->identity.serial,
                                   .postage = head->postage,
                                   .category = psd_indicium_category(head->kind, rate)};
  psd_put_message(out, PSD_MESSAGE_COMPACT_INDICIUM, &indicium);
}

/* Over the text as it is: verifiers of others need no label. */
static uint16_t sign_with_pair(psd_card *card, psd_piece text, psd_buffer *out) {
  psd_signer signer;
  uint16_t status = psd_signer_fetch(card, &signer);
  if (status == PSD_SW_OK)
    status = signer.pair ? psd_sign(card, &signer, "", text, out) : PSD_SW_REFERENCE_NOT_FOUND;
  psd_wipe(&signer, sizeof signer);
  return status;
}

/* FIPS 186-4, 4.6: of the digest the leftmost 160 bits count. */
static uint16_t sign_with_dsa(psd_card *card, psd_piece text, psd_buffer *out) {
  uint8_t secret[PSD_DSA_SECRET], digest[PSD_SHA256_SIZE];
  uint8_t *signature = psd_put_room(out, PSD_DSA_SIGNATURE);
  size_t length = 0;
  if (signature == NULL)
    return PSD_SW_INTERNAL;
  if (psd_store_read(&card->store, PSD_RECORD_DSA, secret, sizeof secret, &length) != PSD_STORE_OK)
    return PSD_SW_MEMORY_FAILURE;
  bool ok = psd_card_ready_for(card, PSD_KAT_DSA) && psd_sha256(text.data, text.length, digest) &&
            psd_dsa_sign(&card->drbg, secret, digest, sizeof digest, signature);
  psd_wipe(secret, sizeof secret);
  if (!card->drbg.ready)
    psd_card_set_fault(card, PSD_FAULT_RANDOM);
  return ok ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

static uint16_t authenticate(psd_card *card, const psd_evidence_head *head, psd_piece text, psd_buffer *out) {
  if (head->profile == PSD_PROFILE_P256)
    return sign_with_pair(card, text, out);
  if (head->profile == PSD_PROFILE_DSA)
    return sign_with_dsa(card, text, out);
  uint8_t *mac = psd_put_room(out, PSD_COMPACT_MAC);
  return mac != NULL ? psd_tokens_compact(card, head->date, text.data, mac) : PSD_SW_INTERNAL;
}

uint16_t psd_indicium_put(psd_card *card, const psd_evidence_head *head, const psd_indicium_rate *rate,
                          psd_buffer *out) {
  size_t start = out->length;
  if (head->profile == PSD_PROFILE_COMPACT)
    put_compact(&card->self, head, rate, out);
  else
    put_text(&card->self, head, rate, out);
  if (out->overflow)
    return PSD_SW_INTERNAL;
  return authenticate(card, head, (psd_piece){out->data + start, out->length - start}, out);
}
