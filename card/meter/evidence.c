#include "meter/evidence.h"

#include "meter/certificate.h"
#include "meter/clock.h"
#include "meter/objects.h"
#include "meter/token.h"
#include "psd/spec/calendar.h"

#include <string.h>

uint16_t psd_evidence_last(const psd_card *card, psd_buffer *out) {
  return psd_record_read(card, PSD_RECORD_EVIDENCE, out);
}

/* An object that a card may do without. */
static bool optional(uint16_t status) {
  return status == PSD_SW_OK || status == PSD_SW_REFERENCE_NOT_FOUND;
}

static uint16_t know_certificate(const psd_card *card, uint64_t *number) {
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length = 0;
  *number = 0;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_CERTIFICATE, der, sizeof der, &length);
  if (status == PSD_SW_OK && !psd_certificate_number(psd_cursor_over(der, length), number))
    *number = 0;
  return status;
}

uint16_t psd_evidence_know(psd_card *card) {
  psd_evidence_self self = {.known = true};
  if (card->self.known)
    return PSD_SW_OK;
  uint16_t licence = psd_object_fetch(card, PSD_OBJECT_LICENCE, &self.licence);
  self.licensed = licence == PSD_SW_OK;
  bool ok = optional(licence) && psd_evidence_policy_fetch(card, &self.policy) == PSD_SW_OK &&
            optional(know_certificate(card, &self.certificate)) &&
            psd_object_fetch(card, PSD_OBJECT_DEVICE_ID, &self.identity) == PSD_SW_OK;
  if (!ok)
    return PSD_SW_MEMORY_FAILURE;
  card->self = self;
  return PSD_SW_OK;
}

uint16_t psd_evidence_today(const psd_card *card, uint32_t *date, uint64_t *day) {
  uint64_t now = psd_clock_now(card);
  *date = psd_local_date(now, card->self.policy.offset);
  return now > 0 && psd_day_of_date(*date, day) && card->self.licensed ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

void psd_evidence_begin(psd_evidence_step *step, const psd_card *card, psd_evidence_kind kind, uint64_t profile) {
  psd_change_begin(&step->change, card);
  step->head = (psd_evidence_head){.kind = kind, .profile = profile};
  step->rate = (psd_indicium_rate){.row = PSD_ROW_UNRATED};
  memset(step->addressee, 0, sizeof step->addressee);
}

static uint16_t put_answer(psd_card *card, psd_evidence_step *step, psd_buffer *answer) {
  const psd_registers *registers = &step->change.next.postage;
  psd_evidence_head *head = &step->head;
  head->time = psd_clock_now(card);
  head->ascending = registers->ascending;
  head->descending = registers->descending;
  head->piece_count = registers->piece_count;
  psd_token_input input = {.serial = card->self.identity.serial,
                           .postage = head->postage,
                           .date = head->date,
                           .piece_count = head->piece_count};
  memcpy(input.vendor, card->self.identity.vendor, sizeof input.vendor);
  memcpy(input.model, card->self.identity.model, sizeof input.model);
  memcpy(input.addressee, step->addressee, sizeof input.addressee);
  uint16_t status = psd_tokens_make(card, &input, head);
  if (status != PSD_SW_OK)
    return status;
  psd_put_message(answer, PSD_MESSAGE_EVIDENCE_HEAD, head);
  return psd_indicium_put(card, head, &step->rate, answer);
}

uint16_t psd_evidence_make(psd_card *card, psd_evidence_step *step, psd_buffer *out) {
  psd_buffer answer = psd_buffer_over(step->answer, sizeof step->answer);
  step->change.next.postage.piece_count++;
  uint16_t status = put_answer(card, step, &answer);
  if (status != PSD_SW_OK)
    return status;
  psd_change_put(&step->change, PSD_RECORD_EVIDENCE, step->answer, answer.length);
  psd_change_log(&step->change, card, PSD_EVENT_EVIDENCED, psd_indicium_category(step->head.kind, &step->rate),
                 step->head.postage);
  status = psd_change_commit(&step->change, card);
  if (status == PSD_SW_OK)
    psd_put(out, step->answer, answer.length);
  return status;
}
