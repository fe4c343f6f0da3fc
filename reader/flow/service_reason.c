/* Why a card has refused a service. Its status word says little; what it knows of itself says the rest. */
#include "../command/host_state.h"
#include "evidence.h"
#include "psd/spec/amount.h"
#include "psd/spec/status.h"
#include "service.h"

#define STATE(NAME) (1U << PSD_STATE_##NAME)

/* An empty one where none was asked for. */
static const psd_slot *slot_of(const psd_desk *desk, const psd_asked *asked) {
  static const psd_slot none = {.state = PSD_SLOT_EMPTY};
  return asked->slot >= 1 && asked->slot <= PSD_USER_SLOTS ? &desk->services->slots[asked->slot - 1U] : &none;
}

/* The service's own price, and for a request that of the activation, which has to be there too (504). */
static uint64_t price_of(const psd_services *services, psd_service service) {
  uint64_t price = psd_service_price(&services->prices, service);
  uint64_t besides = service == PSD_SERVICE_REQUEST ? psd_service_price(&services->prices, PSD_SERVICE_ACTIVATION) : 0;
  return price > UINT64_MAX - besides ? UINT64_MAX : price + besides;
}

static bool say_due(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  char words[PSD_AMOUNT_WORDS];
  uint64_t due = desk->services->state.due;
  if (due == 0 || asked->service == 0 || asked->service == PSD_SERVICE_REVOCATION)
    return false;
  psd_say(text, "%s are due for a revocation: psd refill pays them, and nothing is served before",
          psd_amount_words(words, due));
  return true;
}

static const char *way_out(uint64_t state) {
  switch (state) {
  case PSD_SLOT_KEYED:
    return ": psd cert renew asks for one";
  case PSD_SLOT_REQUESTED:
    return ": psd cert install asks whether it is there";
  case PSD_SLOT_REVOKED:
    return ": psd cert delete empties it";
  default:
    return "";
  }
}

static bool say_slot(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  const psd_slot *slot = slot_of(desk, asked);
  if (slot->state == PSD_SLOT_EMPTY)
    return false;
  if (asked->purpose != 0 && slot->purpose != asked->purpose)
    psd_say(text, "slot %u is for %s keys, and %s needs one for %s", asked->slot,
            psd_purpose_row(slot->purpose)->name != NULL ? psd_purpose_row(slot->purpose)->name : "other", asked->what,
            psd_purpose_row(asked->purpose)->name);
  else if (asked->active && slot->state != PSD_SLOT_ACTIVE)
    psd_say(text, "slot %u is not active: %s%s", asked->slot,
            psd_slot_state_row(slot->state)->words != NULL ? psd_slot_state_row(slot->state)->words : "unknown",
            way_out(slot->state));
  return text->length > 0;
}

static bool say_validity(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  const psd_slot *slot = slot_of(desk, asked);
  uint64_t now = desk->services->meter.clock.now;
  if (!asked->active || slot->state != PSD_SLOT_ACTIVE)
    return false;
  if (now < slot->from || now > slot->until) {
    psd_say(text, "the certificate of slot %u %s ", asked->slot, now < slot->from ? "is valid from" : "expired");
    psd_say_time(text, now < slot->from ? slot->from : slot->until);
    psd_say(text, "%s", now < slot->from ? "" : ": psd cert renew asks for another");
  }
  return text->length > 0;
}

/* VM 308, 358, 404, 504, 904. */
static bool say_funds(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  char left[PSD_AMOUNT_WORDS], cost[PSD_AMOUNT_WORDS];
  const psd_services *services = desk->services;
  uint64_t available = psd_services_available(services);
  uint64_t price = services->rated ? price_of(services, asked->service) : 0;
  bool account = services->meter.funds.mode == PSD_FUNDS_ACCOUNT;
  bool separate = services->meter.funds.mode == PSD_FUNDS_SEPARATE;
  if (asked->service == 0 || asked->service == PSD_SERVICE_REVOCATION || available >= price)
    return false;
  psd_say(text, "%s: %s are left, %s costs %s%s%s", account ? "the credit does not suffice" : "funds do not suffice",
          psd_amount_words(left, available), asked->what, psd_amount_words(cost, price),
          account ? "" : "; psd refill buys more", separate ? " (--group certificate)" : "");
  return true;
}

/* 6985. */
static bool say_conditions(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  bool revocation = asked->service == PSD_SERVICE_REVOCATION;
  if (psd_host_meter_say_state(text, &desk->services->meter, revocation ? STATE(LOCKED) | STATE(WITHDRAWN) : 0))
    return true;
  if (say_due(desk, asked, text) || say_slot(desk, asked, text))
    return true;
  if (desk->services->meter.clock.set == 0) {
    psd_say(text, "the card's clock was never set: its provider sets it in a session (psd audit)");
    return true;
  }
  return say_validity(desk, asked, text) || say_funds(desk, asked, text);
}

static bool lacks_certificate(psd_host *host) {
  uint8_t bytes[2048];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_data(host, psd_objects[PSD_OBJECT_CERTIFICATE].tag, &value);
  return result == PSD_REFUSED && psd_host_status(host) == PSD_SW_REFERENCE_NOT_FOUND;
}

/* 6A88. */
static bool say_missing(const psd_desk *desk, const psd_asked *asked, psd_text *text) {
  const psd_slot *slot = slot_of(desk, asked);
  if (asked->active && asked->slot != 0 && slot->state == PSD_SLOT_EMPTY)
    psd_say(text, "slot %u has no key: psd cert request makes one", asked->slot);
  else if (!psd_host_meter_has_key(&desk->services->meter, PSD_OBJECT_DEVICE_PUBLIC))
    psd_say(text, "the PSD has no key pair of its own: it was made without (psd manufacture --key-pair)");
  else if (lacks_certificate(desk->host))
    psd_say(text, "the PSD has no certificate yet: its provider gives it one in a session (psd audit)");
  else if (asked->service != 0 && !desk->services->rated)
    psd_say(text, "the card has no rate table for today: run psd rates update");
  return text->length > 0;
}

static bool say_reason(const psd_desk *desk, const psd_asked *asked, uint16_t status, psd_text *text) {
  switch (status) {
  case PSD_SW_CONDITIONS:
    return say_conditions(desk, asked, text);
  case PSD_SW_REFERENCE_NOT_FOUND:
    return say_missing(desk, asked, text);
  case PSD_SW_WRONG_P1P2:
    psd_say(text, "a slot has a number from 1 to %u", PSD_USER_SLOTS);
    return true;
  default:
    return false;
  }
}

/* With a reason the status word has nothing to add: the error has none then. */
psd_result psd_service_explain(const psd_desk *desk, const psd_asked *asked) {
  const psd_error before = *psd_host_error(desk->host);
  char words[PSD_ERROR_WORDS];
  psd_text text = psd_text_over(words, sizeof words);
  if (say_reason(desk, asked, before.status, &text))
    return psd_host_fail(desk->host, PSD_REFUSED, "%s", words);
  desk->host->error = before; /* looking for a reason may have failed in its turn */
  return PSD_REFUSED;
}
