/* Why a card has refused evidence. Its status word says little; what it knows of itself says the rest. The order is
 * that in which the card looks (docs/evidence.md). */
#include "../command/host_state.h"
#include "evidence.h"
#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"
#include "psd/spec/lifecycle.h"
#include "psd/spec/status.h"

#include <string.h>

#define STATE(NAME) (1U << PSD_STATE_##NAME)

/* What was asked, of whom. */
typedef struct asked {
  psd_host *host;
  const psd_host_meter *meter;
  psd_evidence_kind kind;
  const psd_indicium_wish *wish;
} asked;

static const char *way_out(uint64_t state) {
  switch (state) {
  case PSD_STATE_MANUFACTURED:
    return ": personalise it first";
  case PSD_STATE_INITIALIZED:
  case PSD_STATE_AUTHORIZED:
    return ": psd register puts it into operation";
  case PSD_STATE_LOCKED:
    return ": psd audit opens it if the inspection is overdue; otherwise ask the provider";
  default:
    return "";
  }
}

bool psd_host_meter_say_state(psd_text *text, const psd_host_meter *meter, unsigned more) {
  const psd_state_row *row = psd_state_of((unsigned)meter->life.state);
  unsigned open = STATE(OPERATIONAL) | STATE(INSPECTION_DUE) | more;
  if (row == NULL || (open >> meter->life.state & 1U) != 0)
    return false;
  psd_say(text, "the meter is %s%s", row->words, way_out(meter->life.state));
  return true;
}

static void say_profiles(psd_text *text, uint64_t profiles) {
  const char *before = "";
  for (unsigned i = 0; i < 8; i++) {
    const psd_profile_row *row = psd_profile_of(i);
    if (row == NULL || (profiles >> i & 1U) == 0)
      continue;
    psd_say(text, "%s%s", before, row->name);
    before = ", ";
  }
}

/* 6A81. */
static bool say_profile(const asked *of, psd_text *text) {
  const psd_profile_row *row = psd_profile_of(of->wish->profile);
  bool makes = row != NULL && (of->meter->policy.profiles >> of->wish->profile & 1U) != 0;
  if (makes && of->kind == PSD_EVIDENCE_WITHDRAWAL && row->id == PSD_PROFILE_COMPACT)
    psd_say(text, "the compact profile has no place for the proof of a withdrawal: choose dsa or p256");
  if (makes)
    return text->length > 0;
  psd_say(text, "the card does not make profile %s: it makes ", row != NULL ? row->name : "of this number");
  say_profiles(text, of->meter->policy.profiles);
  return true;
}

static bool lacks_certificate(const asked *of) {
  uint8_t bytes[2048];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_data(of->host, psd_objects[PSD_OBJECT_CERTIFICATE].tag, &value);
  return result == PSD_REFUSED && psd_host_status(of->host) == PSD_SW_REFERENCE_NOT_FOUND;
}

/* 6A88. */
static bool say_missing(const asked *of, psd_text *text) {
  psd_object_id key = psd_profile_key(of->wish->profile);
  bool compact = of->wish->profile == PSD_PROFILE_COMPACT;
  if (!psd_host_meter_has_key(of->meter, key))
    psd_say(text, "the card was given no %s: it cannot make profile %s",
            key == PSD_OBJECT_DEVICE_PUBLIC ? "key pair"
            : key == PSD_OBJECT_DSA_KEY     ? "DSA key"
                                            : "postal token key",
            psd_profile_of(of->wish->profile)->name);
  else if (compact && (psd_maker_of(of->meter->device.vendor, of->meter->device.model) == 0 ||
                       of->meter->device.serial > 0xFFFFFFU))
    psd_say(text, "the compact profile has no room for this vendor, model or serial number: choose another profile");
  else if (!compact && lacks_certificate(of))
    psd_say(text, "the card has no certificate yet: its provider gives it one in a session (psd audit)");
  else if (of->kind == PSD_EVIDENCE_POSTAGE)
    psd_say(text, "the card has no rate table for that day: run psd rates update");
  return text->length > 0;
}

static bool say_redate(const asked *of, psd_text *text) {
  uint64_t last = of->meter->registers.piece_count, wanted = of->wish->destination;
  if (of->kind != PSD_EVIDENCE_REDATE)
    return false;
  if (wanted == 0 || wanted > last)
    psd_say(text, "there is no piece %llu: the last one has number %llu", (unsigned long long)wanted,
            (unsigned long long)last);
  else
    psd_say(text, "piece %llu, or a later one, was dated anew already: each can be once, in their order",
            (unsigned long long)wanted);
  return true;
}

static bool say_funds(const asked *of, psd_text *text) {
  char left[PSD_AMOUNT_WORDS], cost[PSD_AMOUNT_WORDS];
  uint64_t available = psd_host_meter_available(of->meter);
  bool account = of->meter->funds.mode == PSD_FUNDS_ACCOUNT;
  if (available >= of->wish->postage)
    return false;
  psd_say(text, "%s: %s are left, the piece costs %s%s",
          account ? "the credit does not suffice" : "funds do not suffice", psd_amount_words(left, available),
          psd_amount_words(cost, of->wish->postage), account ? "" : "; psd refill buys more");
  return true;
}

/* 6985. */
static bool say_conditions(const asked *of, psd_text *text) {
  bool withdrawal = of->kind == PSD_EVIDENCE_WITHDRAWAL;
  if (psd_host_meter_say_state(text, of->meter, withdrawal ? STATE(LOCKED) | STATE(WITHDRAWN) : 0))
    return true;
  if (of->meter->clock.set == 0)
    psd_say(text, "the card's clock was never set: its provider sets it in a session (psd audit)");
  else if (withdrawal)
    psd_say(text, "the last operation with funds is no withdrawal, or other evidence was made since its proof");
  else if (!say_redate(of, text) && !say_funds(of, text))
    psd_say(text, "the meter's registers have become too large for an indicium: ask the provider");
  return true;
}

static bool say_day(const asked *of, psd_text *text) {
  uint64_t day = 0, today = 0, date = of->wish->date;
  if (date == 0 || !psd_day_of_date(of->meter->today, &today))
    return false;
  if (!psd_day_of_date(date, &day)) {
    psd_say(text, "there is no such date of mailing");
  } else if (day < today || day - today > of->meter->policy.ahead) {
    psd_say(text, "the date of mailing may be from ");
    psd_say_date(text, of->meter->today);
    psd_say(text, " to ");
    psd_say_date(text, psd_date_of_day(today + of->meter->policy.ahead));
    psd_say(text, ", and is ");
    psd_say_date(text, date);
  }
  return text->length > 0;
}

/* 6A80. */
static bool say_data(const asked *of, psd_text *text) {
  const psd_limits *limits = &of->meter->limits;
  uint64_t postage = of->wish->postage;
  bool rated = of->kind == PSD_EVIDENCE_POSTAGE;
  char cost[PSD_AMOUNT_WORDS], least[PSD_AMOUNT_WORDS], most[PSD_AMOUNT_WORDS];
  if (say_day(of, text))
    return true;
  if (postage > limits->maximum_postage || (rated && postage < limits->minimum_postage)) {
    psd_say(text, "the piece costs %s, and the meter's limits for one are %s to %s", psd_amount_words(cost, postage),
            psd_amount_words(least, rated ? limits->minimum_postage : 0),
            psd_amount_words(most, limits->maximum_postage));
    return true;
  }
  if (of->kind == PSD_EVIDENCE_CORRECTION && (postage == 0 || postage > PSD_POSTAGE_MOST)) {
    psd_say(text, "a postage correction is above zero and at most %s", psd_amount_words(most, PSD_POSTAGE_MOST));
    return true;
  }
  return false;
}

static bool say_reason(const asked *of, uint16_t status, psd_text *text) {
  switch (status) {
  case PSD_SW_FUNCTION_UNSUPPORTED:
    return say_profile(of, text);
  case PSD_SW_REFERENCE_NOT_FOUND:
    return say_missing(of, text);
  case PSD_SW_CONDITIONS:
    return say_conditions(of, text);
  case PSD_SW_WRONG_DATA:
    return say_data(of, text);
  default:
    return false;
  }
}

/* With a reason the status word has nothing to add: the error has none then. */
psd_result psd_piece_explain(psd_host *host, const psd_host_meter *meter, psd_evidence_kind kind,
                             const psd_indicium_wish *wish) {
  const asked of = {.host = host, .meter = meter, .kind = kind, .wish = wish};
  const psd_error before = *psd_host_error(host);
  char words[PSD_ERROR_WORDS];
  psd_text text = psd_text_over(words, sizeof words);
  if (say_reason(&of, before.status, &text))
    return psd_host_fail(host, PSD_REFUSED, "%s", words);
  host->error = before; /* looking for a reason may have failed in its turn */
  return PSD_REFUSED;
}
