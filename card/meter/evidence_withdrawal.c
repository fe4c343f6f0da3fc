/* WITHDRAWAL INDICIUM: proves that funds left the meter. Good for no mail. */
#include "iso7816/handlers.h"
#include "meter/evidence.h"

#define DESTINATION_BYTES 5U

static bool is_withdrawal(const psd_operation *last) {
  return last->operation == PSD_OPERATION_WITHDRAWING || last->operation == PSD_OPERATION_WITHDRAWN;
}

/* The same bytes, if it is still the last evidence and the profile that is asked for; 6985 otherwise. */
static uint16_t again(const psd_card *card, uint64_t profile, psd_buffer *out) {
  psd_evidence_head head;
  size_t start = out->length;
  uint16_t status = psd_evidence_last(card, out);
  if (status != PSD_SW_OK)
    return status;
  psd_cursor last = psd_cursor_over(out->data + start, out->length - start);
  bool same = psd_take_message(&last, PSD_MESSAGE_EVIDENCE_HEAD, &head) && head.kind == PSD_EVIDENCE_WITHDRAWAL &&
              head.profile == profile;
  if (!same)
    out->length = start;
  return same ? PSD_SW_OK : PSD_SW_CONDITIONS;
}

static uint16_t prove(psd_card *card, uint64_t profile, uint32_t today, psd_buffer *out) {
  const psd_operation *last = &card->core.operation;
  psd_evidence_step step;
  if (last->amount >> (8U * DESTINATION_BYTES) != 0 || !psd_indicium_fits(&card->core.postage))
    return PSD_SW_CONDITIONS;
  psd_evidence_begin(&step, card, PSD_EVIDENCE_WITHDRAWAL, profile);
  step.change.next.evidence.withdrawal = last->sequence;
  step.head.date = today;
  step.head.destination = last->amount;
  return psd_evidence_make(card, &step, out);
}

uint16_t psd_handle_withdrawal_indicium(psd_card *card, const psd_request *request, psd_buffer *out) {
  const psd_operation *last = &card->core.operation;
  uint64_t profile = request->apdu.p1;
  uint32_t today;
  uint64_t day;
  if (profile == PSD_PROFILE_COMPACT) /* it has no place for the amount */
    return PSD_SW_FUNCTION_UNSUPPORTED;
  uint16_t status = psd_evidence_know(card);
  if (status == PSD_SW_OK)
    status = psd_indicium_ready(card, profile);
  if (status == PSD_SW_OK)
    status = is_withdrawal(last) ? psd_evidence_today(card, &today, &day) : PSD_SW_CONDITIONS;
  if (status != PSD_SW_OK)
    return status;
  return last->sequence == card->core.evidence.withdrawal ? again(card, profile, out)
                                                          : prove(card, profile, today, out);
}
