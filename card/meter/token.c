#include "meter/token.h"

#include "meter/objects.h"

#include <string.h>

#define MAC_SIZE PSD_AES_BLOCK

/* CMAC(key, label || data) */
static bool derive(const uint8_t *key, size_t key_length, const char *label, const void *data, size_t length,
                   uint8_t mac[MAC_SIZE]) {
  const psd_piece pieces[] = {{label, strlen(label)}, {data, length}};
  return psd_aes_cmac(key, key_length, pieces, 2, mac);
}

/* K_final of a date for DEVICE_ID, in the order of the key. */
static bool derive_final(const psd_token_key *key, uint64_t date, const uint8_t device[PSD_SIZE_DEVICE_ID],
                         uint8_t final[PSD_TOKEN_KEY_SIZE]) {
  uint8_t day[4], of_day[PSD_TOKEN_KEY_SIZE];
  psd_buffer out = psd_buffer_over(day, sizeof day);
  psd_put_uint(&out, date, sizeof day);
  if (key->order == PSD_TOKEN_BY_METER)
    return derive(key->key, PSD_TOKEN_KEY_SIZE, PSD_TOKEN_DAY_LABEL, day, sizeof day, final);
  bool ok = derive(key->key, sizeof key->key, PSD_TOKEN_DAY_LABEL, day, sizeof day, of_day) &&
            derive(of_day, sizeof of_day, PSD_TOKEN_METER_LABEL, device, PSD_SIZE_DEVICE_ID, final);
  psd_wipe(of_day, sizeof of_day);
  return ok;
}

/* CMAC(K_final of the date, label || data); `data` begins with DEVICE_ID. */
static bool authenticate(const psd_token_key *key, uint64_t date, const char *label, const uint8_t *data, size_t length,
                         uint8_t mac[MAC_SIZE]) {
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  bool ok = derive_final(key, date, data, final) && derive(final, sizeof final, label, data, length, mac);
  psd_wipe(final, sizeof final);
  return ok;
}

/* What the tokens of both domains are over; the data begins with DEVICE_ID. Without digits those of the keys count. */
typedef struct subject {
  uint64_t date, digits;
  const char *label;
  const uint8_t *data;
  size_t length;
} subject;

/* Zeroes for a domain without a key. */
typedef struct token {
  uint64_t set, digits, value;
} token;

static uint16_t make(psd_card *card, psd_object_id domain, const subject *of, token *made) {
  psd_token_key key;
  uint8_t mac[MAC_SIZE];
  *made = (token){0};
  uint16_t status = psd_object_fetch(card, domain, &key);
  if (status != PSD_SW_OK)
    return status == PSD_SW_REFERENCE_NOT_FOUND ? PSD_SW_OK : status;
  bool ok = authenticate(&key, of->date, of->label, of->data, of->length, mac);
  if (ok) {
    made->set = key.set;
    made->digits = of->digits != 0 ? of->digits : key.digits;
    made->value = psd_token_digits(mac, made->digits);
  }
  psd_wipe(&key, sizeof key);
  psd_wipe(mac, sizeof mac);
  return ok ? PSD_SW_OK : PSD_SW_EXECUTION_ERROR;
}

static uint16_t make_both(psd_card *card, const subject *of, token *vendor, token *postal) {
  uint16_t status = make(card, PSD_OBJECT_VENDOR_TOKEN_KEY, of, vendor);
  return status == PSD_SW_OK ? make(card, PSD_OBJECT_POSTAL_TOKEN_KEY, of, postal) : status;
}

uint16_t psd_tokens_make(psd_card *card, const psd_token_input *input, psd_evidence_head *head) {
  uint8_t data[PSD_SIZE_TOKEN_INPUT];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_message(&out, PSD_MESSAGE_TOKEN_INPUT, input);
  const subject of = {.date = input->date, .label = PSD_TOKEN_LABEL, .data = data, .length = sizeof data};
  token vendor, postal;
  uint16_t status = out.overflow ? PSD_SW_INTERNAL : make_both(card, &of, &vendor, &postal);
  if (status != PSD_SW_OK)
    return status;
  head->vendor_digits = vendor.digits;
  head->vendor_token = vendor.value;
  head->postal_digits = postal.digits;
  head->postal_token = postal.value;
  return PSD_SW_OK;
}

uint16_t psd_tokens_registration(psd_card *card, const psd_registration *registration,
                                 psd_registration_tokens *tokens) {
  uint8_t data[PSD_SIZE_REGISTRATION];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_message(&out, PSD_MESSAGE_REGISTRATION, registration);
  const subject of = {
      .digits = PSD_TOKEN_DIGITS_MOST, .label = PSD_TOKEN_REGISTRATION_LABEL, .data = data, .length = sizeof data};
  token vendor, postal;
  uint16_t status = out.overflow ? PSD_SW_INTERNAL : make_both(card, &of, &vendor, &postal);
  if (status != PSD_SW_OK)
    return status;
  *tokens = (psd_registration_tokens){.zip = registration->zip,
                                      .licence = registration->licence,
                                      .vendor_set = vendor.set,
                                      .vendor_token = vendor.value,
                                      .postal_set = postal.set,
                                      .postal_token = postal.value};
  return PSD_SW_OK;
}

/* HMAC-SHA-256 under CMAC(K_final, "psd compact") */
static bool authenticate_compact(const psd_token_key *key, uint64_t date, const uint8_t device[PSD_SIZE_DEVICE_ID],
                                 const uint8_t data[PSD_SIZE_COMPACT_INDICIUM], uint8_t mac[PSD_SHA256_SIZE]) {
  uint8_t final[PSD_TOKEN_KEY_SIZE], compact[MAC_SIZE];
  bool ok = derive_final(key, date, device, final) &&
            derive(final, sizeof final, PSD_TOKEN_COMPACT_LABEL, NULL, 0, compact) &&
            psd_hmac_sha256(compact, sizeof compact, data, PSD_SIZE_COMPACT_INDICIUM, mac);
  psd_wipe(final, sizeof final);
  psd_wipe(compact, sizeof compact);
  return ok;
}

uint16_t psd_tokens_compact(psd_card *card, uint64_t date, const uint8_t data[PSD_SIZE_COMPACT_INDICIUM],
                            uint8_t mac[PSD_COMPACT_MAC]) {
  uint8_t device[PSD_SIZE_DEVICE_ID], whole[PSD_SHA256_SIZE];
  psd_token_key key;
  size_t length = 0;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_ID, device, sizeof device, &length);
  if (status == PSD_SW_OK)
    status = psd_object_fetch(card, PSD_OBJECT_POSTAL_TOKEN_KEY, &key);
  if (status != PSD_SW_OK)
    return status;
  if (authenticate_compact(&key, date, device, data, whole))
    memcpy(mac, whole, PSD_COMPACT_MAC);
  else
    status = PSD_SW_EXECUTION_ERROR;
  psd_wipe(&key, sizeof key);
  psd_wipe(whole, sizeof whole);
  return status;
}
