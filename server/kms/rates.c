/* Rate tables (docs/evidence.md, "Rate tables"): what cards will believe of prices is looked at here, and signed. */
#include <string.h>

#include "kms/operations.h"
#include "psd/spec/rates.h"

/* The version counts upwards, for each country; the very same table is signed again. */
static bool follows(const psd_kms_archive *archive, const psd_rates *rates, const uint8_t digest[PSD_HASH]) {
  const psd_kms_rates_row *last = psd_kms_archive_rates(archive, rates->head.country);
  return last != NULL && (rates->head.version > last->version ||
                          (rates->head.version == last->version && psd_secret_equal(digest, last->digest, PSD_HASH)));
}

static bool services_within(const psd_service_rates *services, uint64_t most) {
  const uint64_t prices[] = {services->certificate,  services->activation, services->signing,    services->postmark,
                             services->verification, services->agent,      services->revocation, services->payment};
  for (size_t i = 0; i < sizeof prices / sizeof prices[0]; i++)
    if (prices[i] > most)
      return false;
  return true;
}

static bool within(const psd_rates *rates, uint64_t most) {
  psd_rate_row row;
  for (uint64_t i = 0; i < rates->head.rows; i++)
    if (!psd_rates_row(rates, i, &row) || row.postage > most)
      return false;
  return services_within(&rates->services, most);
}

static bool sign(const psd_kms_key *key, psd_part table, psd_buffer *out) {
  const psd_part parts[] = {{PSD_RATES_LABEL, sizeof PSD_RATES_LABEL - 1U}, table};
  uint8_t *signature = psd_put_room(out, PSD_RATES_SIGNATURE);
  return signature != NULL && psd_pair_sign(key->pair, parts, 2, signature);
}

static bool note(psd_kms_service *service, const psd_kms_key *key, const psd_rates *rates,
                 const uint8_t digest[PSD_HASH]) {
  static const uint8_t none[2] = {' ', ' '};
  psd_kms_event event = {.event = PSD_KMS_EVENT_RATES_SIGNED,
                         .time = service->now(),
                         .kind = PSD_KMS_RATE,
                         .key = key->identifier,
                         .from = key->state,
                         .to = key->state,
                         .about_device = true, /* the country stands where its vendor would */
                         .device = psd_kms_device_of(rates->head.country, none, 0),
                         .sequence = (uint32_t)rates->head.version};
  memcpy(event.digest, digest, sizeof event.digest);
  return psd_kms_note(&service->events, &event);
}

psd_signal psd_kms_sign_rates(psd_kms_service *service, psd_cursor *body, psd_buffer *out) {
  psd_rates rates;
  uint8_t digest[PSD_HASH];
  const psd_part table = {body->at, body->left};
  const psd_kms_key *key = psd_keyring_active(service->keys, PSD_KMS_RATE);
  (void)psd_take(body, body->left);
  if (!psd_rates_open(table.data, table.length, &rates))
    return PSD_SIGNAL_MESSAGE;
  if (key == NULL || !psd_hash(&table, 1, digest))
    return PSD_SIGNAL_INTERNAL;
  if (!follows(service->archive, &rates, digest))
    return PSD_SIGNAL_REQUEST;
  if (!within(&rates, psd_kms_policy_of(service)->most))
    return PSD_SIGNAL_LIMIT;
  if (!sign(key, table, out))
    return PSD_SIGNAL_INTERNAL;
  return note(service, key, &rates, digest) ? PSD_SIGNAL_NONE : PSD_SIGNAL_BUSY;
}
