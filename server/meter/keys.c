#include "meter/keys.h"

#include <string.h>

static psd_part part_of(const void *data, size_t length) {
  return (psd_part){data, length};
}

bool psd_meter_context(const uint8_t greeting[PSD_SIZE_GREETING], uint32_t ordinal, uint8_t context[PSD_CONTEXT_SIZE]) {
  uint8_t number[4];
  psd_buffer buffer = psd_buffer_over(number, sizeof number);
  psd_put_uint(&buffer, ordinal, sizeof number);
  psd_part parts[] = {
      {PSD_CALL_LABEL, sizeof PSD_CALL_LABEL - 1}, {greeting, PSD_SIZE_GREETING}, {number, sizeof number}};
  return psd_hash(parts, 3, context);
}

/* Whether a wrapped K_S of this length is one of the suite. */
static bool fits_suite(uint64_t suite, size_t length) {
  switch (suite) {
  case PSD_SUITE_P256:
    return length == PSD_WRAPPED_P256;
  case PSD_SUITE_SHARED:
    return length == PSD_WRAPPED_SHARED;
  default: /* the moduli of RSA-2048 and RSA-3072; of suites that are not there any length will do */
    return length == 256 || length == PSD_WRAPPED_MAX || psd_suite_of((unsigned)suite) == NULL;
  }
}

bool psd_meter_sign_on_parse(const uint8_t *m1, size_t length, psd_meter_sign_on *sign_on) {
  psd_cursor cursor = psd_cursor_over(m1, length);
  *sign_on = (psd_meter_sign_on){.m1 = m1, .length = length};
  if (length > PSD_SIGN_ON_MAX || !psd_take_message(&cursor, PSD_MESSAGE_SIGN_ON, &sign_on->head) ||
      cursor.left < PSD_SEALED_USER)
    return false;
  sign_on->wrapped_length = cursor.left - PSD_SEALED_USER;
  sign_on->wrapped = psd_take(&cursor, sign_on->wrapped_length);
  sign_on->sealed = psd_take(&cursor, PSD_SEALED_USER);
  return sign_on->head.protocol == PSD_PROTOCOL && sign_on->head.forward <= 1 &&
         fits_suite(sign_on->head.suite, sign_on->wrapped_length);
}

/* Expand(prk, label || tail, 44), split into key and vector. */
static bool expand(uint64_t suite, const uint8_t prk[PSD_HASH], psd_key_label label, psd_part tail,
                   psd_meter_traffic *traffic) {
  uint8_t info[64], out[PSD_TRAFFIC_KEY];
  psd_buffer buffer = psd_buffer_over(info, sizeof info);
  const char *text = psd_key_label_text(label);
  psd_put(&buffer, text, strlen(text));
  psd_put(&buffer, tail.data, tail.length);
  *traffic = (psd_meter_traffic){.cipher = psd_cipher_of(suite)};
  if (buffer.overflow || traffic->cipher == NULL || !psd_hkdf_expand(prk, info, buffer.length, out, sizeof out))
    return false;
  memcpy(traffic->key, out, PSD_AES_KEY);
  memcpy(traffic->vector, out + PSD_AES_KEY, PSD_GCM_NONCE);
  psd_secret_wipe(out, sizeof out);
  return true;
}

bool psd_meter_open_user(const psd_meter_sign_on *sign_on, const uint8_t context[PSD_CONTEXT_SIZE],
                         const uint8_t session_key[PSD_SESSION_KEY], psd_user *user) {
  uint8_t text[PSD_SIZE_USER], bound[PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE + PSD_WRAPPED_MAX];
  psd_meter_traffic key;
  psd_buffer aad = psd_buffer_over(bound, sizeof bound);
  psd_put(&aad, sign_on->m1, PSD_SIZE_SIGN_ON);
  psd_put(&aad, context, PSD_CONTEXT_SIZE);
  psd_put(&aad, sign_on->wrapped, sign_on->wrapped_length);
  bool done = expand(sign_on->head.suite, session_key, PSD_KEY_LABEL_USER, part_of(context, PSD_CONTEXT_SIZE), &key) &&
              key.cipher->open(key.key, key.vector, part_of(bound, aad.length), sign_on->sealed, PSD_SIZE_USER,
                               sign_on->sealed + PSD_SIZE_USER, text) &&
              psd_parse_message(text, sizeof text, PSD_MESSAGE_USER, user);
  psd_secret_wipe(&key, sizeof key);
  psd_secret_wipe(text, sizeof text);
  if (!done)
    psd_secret_wipe(user, sizeof *user);
  return done;
}

bool psd_meter_keys_derive(psd_meter_keys *keys, uint64_t suite, const uint8_t th1[PSD_HASH],
                           const uint8_t response[PSD_SIZE_SIGN_ON_RESPONSE],
                           const uint8_t session_key[PSD_SESSION_KEY], const uint8_t *shared) {
  uint8_t th[PSD_HASH], secret[PSD_SESSION_KEY + 32];
  psd_part parts[] = {{th1, PSD_HASH}, {response, PSD_SIZE_SIGN_ON_RESPONSE}};
  psd_buffer joined = psd_buffer_over(secret, sizeof secret);
  psd_put(&joined, session_key, PSD_SESSION_KEY);
  psd_put(&joined, shared, shared == NULL ? 0 : 32);
  *keys = (psd_meter_keys){.suite = suite};
  bool done = psd_hash(parts, 2, th) && psd_hkdf_extract(th, sizeof th, secret, joined.length, keys->prk) &&
              expand(keys->suite, keys->prk, PSD_KEY_LABEL_CARD_TO_SERVER, part_of(NULL, 0), &keys->from_card) &&
              expand(keys->suite, keys->prk, PSD_KEY_LABEL_SERVER_TO_CARD, part_of(NULL, 0), &keys->to_card);
  psd_secret_wipe(secret, sizeof secret);
  if (!done)
    psd_secret_wipe(keys, sizeof *keys);
  return done;
}

bool psd_meter_keys_host(psd_meter_keys *keys) {
  if (!keys->host)
    keys->host = expand(keys->suite, keys->prk, PSD_KEY_LABEL_HOST_TO_SERVER, part_of(NULL, 0), &keys->from_host) &&
                 expand(keys->suite, keys->prk, PSD_KEY_LABEL_SERVER_TO_HOST, part_of(NULL, 0), &keys->to_host);
  return keys->host;
}

/* The nonce of the next record: the sequence number xor the last 8 bytes of the vector. */
static void next_nonce(psd_meter_traffic *traffic, uint8_t nonce[PSD_GCM_NONCE]) {
  memcpy(nonce, traffic->vector, PSD_GCM_NONCE);
  for (size_t i = 0; i < 8; i++)
    nonce[PSD_GCM_NONCE - 1 - i] ^= (uint8_t)(traffic->sequence >> (8 * i));
  traffic->sequence++;
}

bool psd_meter_seal(psd_meter_traffic *traffic, psd_frame_type type, psd_part head, const void *text, size_t length,
                    uint8_t *out) {
  uint8_t nonce[PSD_GCM_NONCE], bound[1 + PSD_SIZE_SIGN_ON_RESPONSE];
  psd_buffer aad = psd_buffer_over(bound, sizeof bound);
  psd_put_u8(&aad, (uint8_t)type);
  psd_put(&aad, head.data, head.length);
  next_nonce(traffic, nonce);
  return !aad.overflow &&
         traffic->cipher->seal(traffic->key, nonce, part_of(bound, aad.length), text, length, out, out + length);
}

bool psd_meter_open(psd_meter_traffic *traffic, psd_frame_type type, const uint8_t *record, size_t length,
                    uint8_t *out) {
  uint8_t nonce[PSD_GCM_NONCE], bound = (uint8_t)type;
  if (length < PSD_GCM_TAG)
    return false;
  size_t text = length - PSD_GCM_TAG;
  next_nonce(traffic, nonce);
  return traffic->cipher->open(traffic->key, nonce, part_of(&bound, 1), record, text, record + text, out);
}
