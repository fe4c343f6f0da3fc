/* CREATE INDICIUM: evidence of postage for one piece, and the kinds that cost nothing. */
#include "iso7816/handlers.h"
#include "meter/evidence.h"
#include "psd/spec/calendar.h"

#include <string.h>

/* A wish on its way through the checks. */
typedef struct piece {
  psd_evidence_kind kind;
  psd_indicium_wish wish;
  uint32_t date; /* of mailing */
} piece;

/* What this kind has no use for is 0, and only what exists is named. */
static bool fields_valid(const piece *of) {
  const psd_indicium_wish *wish = &of->wish;
  uint64_t day;
  bool unrated = wish->mail_class == 0 && wish->zone == 0 && wish->grams == 0;
  bool delivered = wish->destination <= PSD_DESTINATION_MOST;
  if (wish->date != 0 && !psd_day_of_date(wish->date, &day))
    return false;
  switch (of->kind) {
  case PSD_EVIDENCE_POSTAGE:
    return delivered;
  case PSD_EVIDENCE_REDATE:
    return unrated && wish->postage == 0;
  case PSD_EVIDENCE_CORRECTION:
    return unrated && wish->postage > 0 && delivered;
  default:
    return unrated && wish->postage == 0 && wish->destination == 0;
  }
}

/* The date of mailing: never one that is over, and not too far ahead. */
static uint16_t set_date(const psd_card *card, piece *of) {
  uint32_t today;
  uint64_t first, day;
  uint16_t status = psd_evidence_today(card, &today, &first);
  if (status != PSD_SW_OK)
    return status;
  of->date = of->wish.date != 0 ? (uint32_t)of->wish.date : today;
  bool near = psd_day_of_date(of->date, &day) && day >= first && day - first <= card->self.policy.ahead;
  return near ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

static bool within_limits(const psd_limits *limits, const piece *of) {
  return of->wish.postage <= limits->maximum_postage &&
         (of->kind != PSD_EVIDENCE_POSTAGE || of->wish.postage >= limits->minimum_postage);
}

/* Each piece is dated anew once, in the order of their numbers: one number tells which were. */
static bool date_anew(psd_core *next, uint64_t number) {
  if (number <= next->evidence.redated || number > next->postage.piece_count)
    return false;
  next->evidence.redated = number;
  return true;
}

/* False if funds or, in current-account mode, the credit do not suffice. */
static bool debit(psd_core *next, uint64_t postage) {
  psd_registers *registers = &next->postage;
  if (postage > UINT64_MAX - registers->ascending)
    return false;
  registers->ascending += postage;
  if (next->funds.mode == PSD_FUNDS_ACCOUNT)
    return psd_core_balanced(next);
  if (postage > registers->descending)
    return false;
  registers->descending -= postage;
  return true;
}

/* What changes the card's state; the registers are then as the piece leaves them. */
static uint16_t account_for(psd_core *next, const piece *of) {
  if (!within_limits(&next->limits, of))
    return PSD_SW_WRONG_DATA;
  if (of->kind == PSD_EVIDENCE_REDATE && !date_anew(next, of->wish.destination))
    return PSD_SW_CONDITIONS;
  return debit(next, of->wish.postage) && psd_indicium_fits(&next->postage) ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

/* Everything that is looked at before anything is done, in the order of docs/evidence.md. */
static uint16_t prepare(psd_card *card, piece *of, psd_evidence_step *step) {
  uint16_t status = psd_evidence_know(card);
  if (status == PSD_SW_OK)
    status = psd_indicium_ready(card, of->wish.profile);
  if (status == PSD_SW_OK && !fields_valid(of))
    status = PSD_SW_WRONG_DATA;
  if (status == PSD_SW_OK)
    status = set_date(card, of);
  if (status != PSD_SW_OK)
    return status;
  psd_evidence_begin(step, card, of->kind, of->wish.profile);
  if (of->kind == PSD_EVIDENCE_POSTAGE)
    status = psd_evidence_rate(card, &of->wish, of->date, &step->rate);
  return status == PSD_SW_OK ? account_for(&step->change.next, of) : status;
}

uint16_t psd_handle_create_indicium(psd_card *card, const psd_request *request, psd_buffer *out) {
  piece of = {.kind = (psd_evidence_kind)request->apdu.p1};
  psd_evidence_step step;
  if (of.kind > PSD_EVIDENCE_TEST)
    return PSD_SW_WRONG_P1P2;
  if (!psd_parse_message(request->apdu.data, request->apdu.nc, PSD_MESSAGE_INDICIUM_WISH, &of.wish))
    return PSD_SW_WRONG_DATA;
  uint16_t status = prepare(card, &of, &step);
  if (status != PSD_SW_OK)
    return status;
  step.head.date = of.date;
  step.head.mail_class = of.wish.mail_class;
  step.head.postage = of.wish.postage;
  step.head.destination = of.wish.destination;
  memcpy(step.addressee, of.wish.addressee, sizeof step.addressee);
  return psd_evidence_make(card, &step, out);
}
