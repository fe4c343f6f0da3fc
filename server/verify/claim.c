/* An indicium, taken apart (docs/evidence.md, "Profiles"). */
#include <string.h>

#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"
#include "verify/site.h"

static bool not_one(psd_piece_verdict *verdict, const char *why) {
  psd_find(verdict, PSD_CHECK_FORM, PSD_CHECK_FAILED, "%s", why);
  return false;
}

static bool take_category(psd_claim *claim, psd_piece_verdict *verdict) {
  uint64_t kind = claim->fields.category >> PSD_CATEGORY_KIND;
  claim->kind = (psd_evidence_kind)kind;
  claim->row = claim->fields.category & PSD_ROW_UNRATED;
  if (kind < PSD_EVIDENCE_KINDS)
    return true;
  psd_find(verdict, PSD_CHECK_FORM, PSD_CHECK_FAILED, "kind %u is none", (unsigned)kind);
  return false;
}

static bool take_full(const uint8_t *bytes, size_t length, psd_claim *claim, psd_piece_verdict *verdict) {
  uint64_t day;
  const psd_indicium *fields = &claim->fields;
  (void)psd_parse_message(bytes, PSD_SIZE_INDICIUM, PSD_MESSAGE_INDICIUM, &claim->fields);
  const psd_profile_row *profile = psd_profile_of(fields->algorithm);
  if (profile == NULL || profile->id == PSD_PROFILE_COMPACT)
    return not_one(verdict, "its algorithm is none");
  if (profile->size != length)
    return not_one(verdict, "its length is not that of its algorithm");
  if (!psd_printable(fields->vendor, sizeof fields->vendor) || !psd_printable(fields->model, sizeof fields->model))
    return not_one(verdict, "vendor and model are no text");
  if (!psd_day_of_date(fields->date, &day)) {
    psd_find(verdict, PSD_CHECK_FORM, PSD_CHECK_FAILED, "there is no date %lu", (unsigned long)fields->date);
    return false;
  }
  claim->profile = profile->id;
  return take_category(claim, verdict);
}

static bool take_compact(const uint8_t *bytes, psd_claim *claim, psd_piece_verdict *verdict) {
  psd_compact_indicium compact;
  (void)psd_parse_message(bytes, PSD_SIZE_COMPACT_INDICIUM, PSD_MESSAGE_COMPACT_INDICIUM, &compact);
  claim->profile = PSD_PROFILE_COMPACT;
  claim->fields = (psd_indicium){.version = compact.version,
                                 .algorithm = PSD_PROFILE_COMPACT,
                                 .serial = compact.serial,
                                 .postage = compact.postage,
                                 .piece_count = compact.piece_count,
                                 .category = compact.category};
  if (!psd_maker_words(compact.maker, claim->fields.vendor, claim->fields.model)) {
    psd_find(verdict, PSD_CHECK_FORM, PSD_CHECK_FAILED, "maker %u is none", (unsigned)compact.maker);
    return false;
  }
  return take_category(claim, verdict);
}

bool psd_claim_read(const uint8_t *bytes, size_t length, psd_claim *claim, psd_piece_verdict *verdict) {
  const psd_profile_row *compact = psd_profile_of(PSD_PROFILE_COMPACT);
  *verdict = (psd_piece_verdict){.accepted = false};
  *claim = (psd_claim){.length = 0};
  if (length == 0 || length > PSD_INDICIUM_MAX)
    return not_one(verdict, "no indicium has so many bytes");
  memcpy(claim->bytes, bytes, length);
  claim->length = length;
  bool taken;
  if (bytes[0] == PSD_COMPACT_VERSION && length == compact->size)
    taken = take_compact(bytes, claim, verdict);
  else if (bytes[0] == PSD_COMPACT_VERSION || (bytes[0] == PSD_INDICIUM_VERSION && length < PSD_SIZE_INDICIUM))
    return not_one(verdict, "it is cut off, or too long");
  else if (bytes[0] == PSD_INDICIUM_VERSION)
    taken = take_full(bytes, length, claim, verdict);
  else if (bytes[0] == PSD_COMPACT_LITE)
    return not_one(verdict, "version FF is postage of a real post, which is not judged here");
  else
    return not_one(verdict, "its version is none of ours");
  if (taken)
    psd_find(verdict, PSD_CHECK_FORM, PSD_CHECK_PASSED, "%s", psd_profile_of(claim->profile)->name);
  return taken;
}

void psd_claim_device(const psd_claim *claim, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  psd_device_id id = {.serial = claim->fields.serial};
  psd_buffer out = psd_buffer_over(device, PSD_SIZE_DEVICE_ID);
  memcpy(id.vendor, claim->fields.vendor, sizeof id.vendor);
  memcpy(id.model, claim->fields.model, sizeof id.model);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &id);
}
