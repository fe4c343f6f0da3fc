#include "profile.h"

#include "psd/spec/tlv.h"

#include <openssl/crypto.h>

/* Data of one STORE DATA. Enciphered and with its MAC, in mode S8 or S16, it still fits a short command: cards and
 * readers without extended lengths take it too. */
#define BLOCK_MAX 207U
/* The longest object, K1 in its RSA form, and its tag and length. One that is longer than a block goes alone, in a
 * command of extended length. */
#define OBJECT_MAX (PSD_SIZE_RSA_KEY + 384U + 5U)
/* Mode S8: every card of SCP03 has it. */
#define CHALLENGE_SIZE 8U

/* Appends one object of the profile. */
static void put_object(const psd_profile *profile, psd_object_id id, uint64_t now, psd_buffer *out) {
  uint8_t bytes[OBJECT_MAX];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  psd_clock clock = profile->clock;
  psd_watchdog watchdog = profile->watchdog;
  clock.now = profile->clock_now ? now : clock.now;
  watchdog.inspected = (profile->objects & PSD_OBJECT_BIT(PSD_OBJECT_CLOCK)) != 0 ? clock.now : now;
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
      {PSD_OBJECT_SESSION_POLICY, &profile->session_policy},
      {PSD_OBJECT_SHARED_KEY, &profile->shared_key},
      {PSD_OBJECT_EVIDENCE_POLICY, &profile->evidence_policy},
      {PSD_OBJECT_CERTIFICATE_POLICY, &profile->certificate_policy},
  };
  for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
    if (messages[i].id == id)
      psd_put_message(&value, (psd_message_id)psd_objects[id].format, messages[i].message);
  if (id == PSD_OBJECT_USER_PIN)
    psd_put(&value, profile->pin.bytes, profile->pin.length);
  if (id == PSD_OBJECT_USER_PUK)
    psd_put(&value, profile->puk.bytes, profile->puk.length);
  if (id == PSD_OBJECT_VENDOR_RSA_KEY) {
    psd_put_message(&value, PSD_MESSAGE_RSA_KEY, &profile->vendor_rsa_key);
    psd_put(&value, profile->modulus, profile->modulus_length);
  }
  psd_put_tlv(out, psd_objects[id].tag, value.data, value.length);
  out->overflow = out->overflow || value.overflow;
  OPENSSL_cleanse(bytes, sizeof bytes);
}

/* The block that is being filled, and its number. */
typedef struct block_maker {
  psd_host *host;
  psd_buffer data;
  uint8_t number;
} block_maker;

/* Appends what is to stay together, `object`; the block before goes to the card when there is no room for it. */
static psd_result append(block_maker *block, const psd_buffer *object) {
  psd_result result = PSD_OK;
  if (object->overflow)
    return psd_host_fail(block->host, PSD_BAD_INPUT, "the profile has a value that does not fit");
  if (block->data.length > 0 && block->data.length + object->length > BLOCK_MAX) {
    result = psd_host_store_data(block->host, false, block->number++, block->data.data, block->data.length);
    block->data.length = 0;
  }
  psd_put(&block->data, object->data, object->length);
  return result;
}

static bool is_secret(unsigned id) {
  return id == PSD_OBJECT_USER_PIN || id == PSD_OBJECT_USER_PUK;
}

/* The objects go in the order of the table, but for PIN and PUK: those go with the last block, for once a card has them
 * it takes no PIN policy any more, and a personalisation that was cut short could not be repeated. */
static psd_result append_all(block_maker *block, const psd_profile *profile, uint64_t now) {
  uint8_t one[OBJECT_MAX];
  psd_result result = PSD_OK;
  for (unsigned id = 0; id < PSD_OBJECT_COUNT && result == PSD_OK; id++) {
    psd_buffer object = psd_buffer_over(one, sizeof one);
    if (!psd_profile_has(profile, (psd_object_id)id) || is_secret(id))
      continue;
    put_object(profile, (psd_object_id)id, now, &object);
    result = append(block, &object);
  }
  psd_buffer secrets = psd_buffer_over(one, sizeof one);
  for (unsigned id = 0; id < PSD_OBJECT_COUNT; id++)
    if (psd_profile_has(profile, (psd_object_id)id) && is_secret(id))
      put_object(profile, (psd_object_id)id, now, &secrets);
  if (result == PSD_OK)
    result = append(block, &secrets);
  OPENSSL_cleanse(one, sizeof one);
  return result;
}

psd_result psd_store_profile(psd_host *host, const psd_profile *profile, uint64_t now, psd_before_last *before,
                             const void *context) {
  uint8_t bytes[OBJECT_MAX];
  block_maker block = {.host = host, .data = psd_buffer_over(bytes, sizeof bytes)};
  psd_result result = append_all(&block, profile, now);
  if (result == PSD_OK && before != NULL)
    result = before(context, host);
  if (result == PSD_OK)
    result = psd_host_store_data(host, true, block.number, block.data.data, block.data.length);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return result;
}

static psd_result run(psd_host *host, const psd_host_keys *keys, const psd_profile *profile, uint64_t now) {
  psd_result result = psd_host_select_psd(host, NULL);
  if (result == PSD_OK)
    result = psd_host_secure(host, keys, PSD_LEVEL_ALL, CHALLENGE_SIZE);
  if (result == PSD_OK && profile->objects != 0)
    result = psd_store_profile(host, profile, now, NULL, NULL);
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
