#include "psd/reader/personalize.h"

#include "psd/spec/tlv.h"

#include <openssl/crypto.h>

/* Data of one STORE DATA. Enciphered and with its MAC, in mode S8 or S16, it still fits a short command: cards and
 * readers without extended lengths take it too. */
#define BLOCK_MAX 207U
/* The longest object and its tag and length. */
#define OBJECT_MAX 80U
/* Mode S8: every card of SCP03 has it. */
#define CHALLENGE_SIZE 8U

/* Appends one object of the profile. */
static void put_object(const psd_profile *profile, psd_object_id id, uint64_t now, psd_buffer *out) {
  uint8_t bytes[OBJECT_MAX];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_clock clock = profile->clock;
  psd_watchdog watchdog = profile->watchdog;
  clock.now = profile->clock_now ? now : clock.now;
  watchdog.inspected = (profile->objects & (UINT32_C(1) << PSD_OBJECT_CLOCK)) != 0 ? clock.now : now;
  const struct {
    psd_object_id id;
    const void *message;
  } messages[] = {
      {PSD_OBJECT_DEVICE_ID, &profile->device_id},
      {PSD_OBJECT_FUNDS, &profile->funds},
      {PSD_OBJECT_LIMITS, &profile->limits},
      {PSD_OBJECT_CLOCK, &clock},
      {PSD_OBJECT_WATCHDOG, &watchdog},
      {PSD_OBJECT_PIN_POLICY, &profile->pin_policy},
      {PSD_OBJECT_VENDOR_KEY, &profile->vendor_key},
      {PSD_OBJECT_DEVICE_KEY, &profile->device_key},
      {PSD_OBJECT_VENDOR_TOKEN_KEY, &profile->vendor_token_key},
      {PSD_OBJECT_POSTAL_TOKEN_KEY, &profile->postal_token_key},
      {PSD_OBJECT_CA_KEY, &profile->ca_key},
      {PSD_OBJECT_RATE_KEY, &profile->rate_key},
  };
  for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
    if (messages[i].id == id)
      psd_put_message(&value, (psd_message_id)psd_objects[id].format, messages[i].message);
  if (id == PSD_OBJECT_USER_PIN)
    psd_put(&value, profile->pin.bytes, profile->pin.length);
  if (id == PSD_OBJECT_USER_PUK)
    psd_put(&value, profile->puk.bytes, profile->puk.length);
  psd_put_tlv(out, psd_objects[id].tag, value.data, value.length);
  out->overflow = out->overflow || value.overflow;
  OPENSSL_cleanse(bytes, sizeof bytes);
}

/* The objects go in the order of the table: the card needs the PIN policy before the PIN. */
static psd_result store_objects(psd_host *host, const psd_profile *profile, uint64_t now) {
  uint8_t bytes[BLOCK_MAX];
  uint8_t one[OBJECT_MAX];
  psd_buffer block = psd_buffer_over(bytes, sizeof bytes);
  uint8_t number = 0;
  psd_result result = PSD_OK;
  for (unsigned id = 0; id < PSD_OBJECT_COUNT && result == PSD_OK; id++) {
    if ((profile->objects & (UINT32_C(1) << id)) == 0)
      continue;
    psd_buffer object = psd_buffer_over(one, sizeof one);
    put_object(profile, (psd_object_id)id, now, &object);
    if (object.overflow)
      result = psd_host_fail(host, PSD_BAD_INPUT, "%s has a value that does not fit", psd_objects[id].words);
    if (result == PSD_OK && object.length > block.capacity - block.length) {
      result = psd_host_store_data(host, false, number++, block.data, block.length);
      block = psd_buffer_over(bytes, sizeof bytes);
    }
    psd_put(&block, object.data, object.length);
  }
  if (result == PSD_OK)
    result = psd_host_store_data(host, true, number, block.data, block.length);
  OPENSSL_cleanse(bytes, sizeof bytes);
  OPENSSL_cleanse(one, sizeof one);
  return result;
}

static psd_result run(psd_host *host, const psd_host_keys *keys, const psd_profile *profile, uint64_t now) {
  psd_result result = psd_host_select_psd(host, NULL);
  if (result == PSD_OK)
    result = psd_host_secure(host, keys, PSD_LEVEL_ALL, CHALLENGE_SIZE);
  if (result == PSD_OK && profile->objects != 0)
    result = store_objects(host, profile, now);
  if (result == PSD_OK && profile->replace_keys)
    result = psd_host_replace_keys(host, keys, &profile->new_keys);
  if (result == PSD_OK)
    result = psd_host_select_psd(host, NULL); /* which ends the secure channel at both ends */
  return result;
}

psd_result psd_personalize(psd_host *host, const psd_host_keys *keys, const psd_profile *profile, uint64_t now) {
  psd_result result = psd_host_begin(host);
  return result == PSD_OK ? psd_host_end(host, run(host, keys, profile, now)) : result;
}
