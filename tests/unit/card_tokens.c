/* Digital tokens (docs/evidence.md, "Digital tokens"), each worked out anew here with OpenSSL's AES-CMAC. */
#include "check.h"
#include "meter/token.h"
#include "rig.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define VENDOR PSD_OBJECT_VENDOR_TOKEN_KEY
#define POSTAL PSD_OBJECT_POSTAL_TOKEN_KEY

static rig r;

/* PB S1 00C0FFEE, the card on the bench. */
static const uint8_t device[] = {'P', 'B', 'S', '1', 0x00, 0xC0, 0xFF, 0xEE};

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
}

static void end(void) {
  rig_destroy(&r);
}

/* CMAC(key, label || data), straight from OpenSSL. */
static void cmac(const uint8_t *key, size_t key_length, const char *label, const void *data, size_t length,
                 uint8_t mac[16]) {
  char cipher[] = "AES-256-CBC";
  if (key_length == 16)
    memcpy(cipher, "AES-128", 7);
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
                                   OSSL_PARAM_construct_end()};
  EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(algorithm);
  size_t got = 0;
  CU_ASSERT_FATAL(EVP_MAC_init(context, key, key_length, parameters) == 1 &&
                  EVP_MAC_update(context, (const uint8_t *)label, strlen(label)) == 1 &&
                  EVP_MAC_update(context, data, length) == 1 && EVP_MAC_final(context, mac, &got, 16) == 1);
  CU_ASSERT_EQUAL(got, 16);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(algorithm);
}

/* RFC 4493, 4: the key of its examples, 16 bytes; so that what checks the card was checked itself. */
static void published_mac(void) {
  uint8_t key[16], message[16], mac[16];
  psd_check_hex("2b7e1516 28aed2a6 abf71588 09cf4f3c", key, sizeof key);
  psd_check_hex("6bc1bee2 2e409f96 e93d7e11 7393172a", message, sizeof message);
  cmac(key, sizeof key, "", message, sizeof message, mac);
  psd_check_bytes(mac, sizeof mac, "070a16b4 6b4d4144 f79bdd9d d04a287c", "example 2");
  const psd_piece piece = {message, sizeof message};
  CU_ASSERT(psd_aes_cmac(key, sizeof key, &piece, 1, mac));
  psd_check_bytes(mac, sizeof mac, "070a16b4 6b4d4144 f79bdd9d d04a287c", "example 2");
}

static psd_token_key key_of(uint32_t set, uint8_t digits, psd_token_order order) {
  psd_token_key key = {.set = set, .pointer = 123, .digits = digits, .order = order};
  for (size_t i = 0; i < (order == PSD_TOKEN_BY_METER ? 16U : 32U); i++)
    key.key[i] = (uint8_t)(set + 29 * i);
  return key;
}

static void give(psd_object_id id, psd_token_key key) {
  uint8_t encoded[PSD_SIZE_TOKEN_KEY];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_TOKEN_KEY, &key);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(&r, id, encoded, sizeof encoded);
}

static void take_away(psd_object_id id) {
  const psd_store_put put = {.record = (uint16_t)(PSD_RECORD_OBJECT + id)};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
}

/* K_final of a date. */
static void final_key(const psd_token_key *key, uint32_t date, uint8_t final[16]) {
  const uint8_t day[] = {(uint8_t)(date >> 24), (uint8_t)(date >> 16), (uint8_t)(date >> 8), (uint8_t)date};
  uint8_t of_day[16];
  if (key->order == PSD_TOKEN_BY_METER) {
    cmac(key->key, 16, "psd token day", day, 4, final);
    return;
  }
  cmac(key->key, 32, "psd token day", day, 4, of_day);
  cmac(of_day, 16, "psd token meter", device, sizeof device, final);
}

/* The first 8 bytes as a number, its last decimal digits. */
static uint64_t digits_of(const uint8_t mac[16], unsigned digits) {
  uint64_t number = 0, modulus = 1;
  for (size_t i = 0; i < 8; i++)
    number = number << 8 | mac[i];
  for (unsigned i = 0; i < digits; i++)
    modulus *= 10;
  return number % modulus;
}

static psd_token_input input_of(uint64_t postage, uint32_t date, uint32_t piece) {
  psd_token_input input = {.serial = RIG_SERIAL, .postage = postage, .date = date, .piece_count = piece};
  memcpy(input.vendor, "PB", 2);
  memcpy(input.model, "S1", 2);
  memcpy(input.addressee, "addressee", 8);
  return input;
}

static uint64_t expected(const psd_token_key *key, const psd_token_input *input) {
  uint8_t final[16], mac[16], data[32];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put(&out, device, sizeof device);
  psd_put_uint(&out, input->postage, 8);
  psd_put_uint(&out, input->date, 4);
  psd_put_uint(&out, input->piece_count, 4);
  psd_put(&out, input->addressee, 8);
  CU_ASSERT_EQUAL(out.length, sizeof data);
  final_key(key, (uint32_t)input->date, final);
  cmac(final, sizeof final, "psd token", data, sizeof data, mac);
  return digits_of(mac, (unsigned)key->digits);
}

static psd_evidence_head made(const psd_token_input *input) {
  psd_evidence_head head = {.postage = 77, .vendor_digits = 99, .postal_token = 99};
  CU_ASSERT_EQUAL_FATAL(psd_tokens_make(r.card, input, &head), PSD_SW_OK);
  CU_ASSERT_EQUAL(head.postage, 77);
  return head;
}

/* Every number of digits in both orders, enough pieces that zeroes lead. */
static void tokens_are_what_anybody_computes(void) {
  unsigned leading = 0;
  begin();
  for (unsigned order = 0; order < PSD_TOKEN_ORDERS; order++)
    for (uint8_t digits = PSD_TOKEN_DIGITS_LEAST; digits <= PSD_TOKEN_DIGITS_MOST; digits++) {
      const psd_token_key vendor = key_of(11, digits, (psd_token_order)order);
      const psd_token_key postal = key_of(5000, (uint8_t)(10 - digits), (psd_token_order)(1 - order));
      uint64_t least = 1;
      for (uint8_t i = 1; i < digits; i++)
        least *= 10;
      give(VENDOR, vendor);
      give(POSTAL, postal);
      for (uint32_t piece = 1; piece <= 40; piece++) {
        psd_token_input input = input_of(730 + piece, 20260101 + piece % 3, piece);
        psd_evidence_head head = made(&input);
        CU_ASSERT_EQUAL(head.vendor_token, expected(&vendor, &input));
        CU_ASSERT_EQUAL(head.postal_token, expected(&postal, &input));
        CU_ASSERT(head.vendor_digits == digits && head.postal_digits == 10U - digits);
        CU_ASSERT(head.vendor_token < 10 * least);
        leading += head.vendor_token < least;
      }
    }
  CU_ASSERT(leading > 20);
  end();
}

/* Whatever a token is over, the other one is another. */
static void everything_counts(void) {
  begin();
  give(VENDOR, key_of(1, 8, PSD_TOKEN_BY_DAY));
  const psd_token_input first = input_of(730, 20260101, 5);
  uint64_t token = made(&first).vendor_token;
  CU_ASSERT_EQUAL(made(&first).vendor_token, token);
  psd_token_input other[5];
  for (size_t i = 0; i < PSD_CHECK_COUNT(other); i++)
    other[i] = first;
  other[0].postage++;
  other[1].date++;
  other[2].piece_count++;
  other[3].addressee[7] ^= 1;
  other[4].serial++;
  for (size_t i = 0; i < PSD_CHECK_COUNT(other); i++)
    CU_ASSERT_NOT_EQUAL(made(&other[i]).vendor_token, token);
  give(VENDOR, key_of(2, 8, PSD_TOKEN_BY_DAY));
  CU_ASSERT_NOT_EQUAL(made(&first).vendor_token, token);
  end();
}

static void domains_without_a_key(void) {
  const psd_token_input input = input_of(730, 20260101, 5);
  begin();
  psd_evidence_head head = made(&input);
  CU_ASSERT(head.vendor_digits == 0 && head.vendor_token == 0 && head.postal_digits == 0 && head.postal_token == 0);
  give(POSTAL, key_of(9, 5, PSD_TOKEN_BY_DAY));
  head = made(&input);
  CU_ASSERT(head.vendor_digits == 0 && head.vendor_token == 0 && head.postal_digits == 5);
  give(VENDOR, key_of(9, 6, PSD_TOKEN_BY_METER));
  take_away(POSTAL);
  head = made(&input);
  CU_ASSERT(head.vendor_digits == 6 && head.postal_digits == 0 && head.postal_token == 0);
  end();
}

static void compact_indicia(void) {
  static const uint8_t data[PSD_SIZE_COMPACT_INDICIUM] = {0xFE, 1, 2, 3, 4, 17};
  uint8_t mac[PSD_COMPACT_MAC], final[16], compact[16], whole[32];
  begin();
  give(VENDOR, key_of(9, 6, PSD_TOKEN_BY_DAY)); /* of no use here */
  CU_ASSERT_EQUAL(psd_tokens_compact(r.card, 20260101, data, mac), PSD_SW_REFERENCE_NOT_FOUND);
  for (unsigned order = 0; order < PSD_TOKEN_ORDERS; order++)
    for (uint32_t date = 20260101; date < 20260104; date++) {
      const psd_token_key key = key_of(3, 5, (psd_token_order)order);
      unsigned length = 0;
      give(POSTAL, key);
      CU_ASSERT_EQUAL(psd_tokens_compact(r.card, date, data, mac), PSD_SW_OK);
      final_key(&key, date, final);
      cmac(final, sizeof final, "psd compact", "", 0, compact);
      CU_ASSERT_PTR_NOT_NULL(HMAC(EVP_sha256(), compact, 16, data, sizeof data, whole, &length));
      CU_ASSERT(length == 32 && memcmp(mac, whole, sizeof mac) == 0);
    }
  end();
}

static void registration(void) {
  psd_registration over = {.serial = RIG_SERIAL, .zip = 90210, .licence = 4711};
  memcpy(over.vendor, "PB", 2);
  memcpy(over.model, "S1", 2);
  static const uint8_t data[] = {'P', 'B', 'S', '1', 0, 0xC0, 0xFF, 0xEE, 0, 1, 0x60, 0x62, 0, 0, 0x12, 0x67};
  const psd_token_key keys[] = {key_of(70000, 5, PSD_TOKEN_BY_DAY), key_of(8, 2, PSD_TOKEN_BY_METER)};
  psd_registration_tokens tokens = {.vendor_set = 99};
  uint8_t final[16], mac[16];
  begin();
  CU_ASSERT_EQUAL(psd_tokens_registration(r.card, &over, &tokens), PSD_SW_OK);
  CU_ASSERT(tokens.vendor_set == 0 && tokens.vendor_token == 0 && tokens.postal_set == 0 && tokens.postal_token == 0);
  CU_ASSERT(tokens.zip == 90210 && tokens.licence == 4711);
  give(VENDOR, keys[0]);
  give(POSTAL, keys[1]);
  CU_ASSERT_EQUAL(psd_tokens_registration(r.card, &over, &tokens), PSD_SW_OK);
  for (size_t i = 0; i < 2; i++) {
    final_key(&keys[i], 0, final);
    cmac(final, sizeof final, "psd token registration", data, sizeof data, mac);
    CU_ASSERT_EQUAL(i == 0 ? tokens.vendor_token : tokens.postal_token,
                    digits_of(mac, 8)); /* 8, whatever the key says */
    CU_ASSERT_EQUAL(i == 0 ? tokens.vendor_set : tokens.postal_set, keys[i].set);
  }
  end();
}

static void what_fits_no_field(void) {
  psd_evidence_head head = {.vendor_digits = 4};
  psd_token_input input = input_of(730, 20260101, 5);
  psd_registration over = {.zip = UINT64_C(0x100000000)};
  psd_registration_tokens tokens;
  begin();
  give(VENDOR, key_of(1, 8, PSD_TOKEN_BY_DAY));
  input.piece_count = UINT64_C(0x100000000);
  CU_ASSERT_EQUAL(psd_tokens_make(r.card, &input, &head), PSD_SW_INTERNAL);
  CU_ASSERT_EQUAL(head.vendor_digits, 4);
  CU_ASSERT_EQUAL(psd_tokens_registration(r.card, &over, &tokens), PSD_SW_INTERNAL);
  end();
}

static void memory_fails(void) {
  static const psd_object_id domains[] = {VENDOR, POSTAL};
  const psd_token_input input = input_of(730, 20260101, 5);
  const psd_registration over = {.zip = 1};
  static const uint8_t data[PSD_SIZE_COMPACT_INDICIUM] = {0};
  for (size_t i = 0; i < 2; i++) {
    psd_evidence_head head = {.vendor_digits = 4};
    psd_registration_tokens tokens;
    uint8_t mac[PSD_COMPACT_MAC];
    begin();
    give(VENDOR, key_of(1, 8, PSD_TOKEN_BY_DAY));
    give(POSTAL, key_of(1, 8, PSD_TOKEN_BY_DAY));
    rig_put_object(&r, domains[i], "short", 5);
    CU_ASSERT_EQUAL(psd_tokens_make(r.card, &input, &head), PSD_SW_MEMORY_FAILURE);
    CU_ASSERT_EQUAL(head.vendor_digits, 4);
    CU_ASSERT_EQUAL(psd_tokens_registration(r.card, &over, &tokens), PSD_SW_MEMORY_FAILURE);
    CU_ASSERT_EQUAL(psd_tokens_compact(r.card, 20260101, data, mac),
                    domains[i] == POSTAL ? PSD_SW_MEMORY_FAILURE : PSD_SW_OK);
    take_away(PSD_OBJECT_DEVICE_ID);
    CU_ASSERT_NOT_EQUAL(psd_tokens_compact(r.card, 20260101, data, mac), PSD_SW_OK);
    end();
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 4493, example 2", published_mac},
      {"both orders, 2 to 8 digits", tokens_are_what_anybody_computes},
      {"a token depends on everything it is over", everything_counts},
      {"a domain without a key", domains_without_a_key},
      {"compact indicia", compact_indicia},
      {"registration", registration},
      {"numbers that fit no field", what_fits_no_field},
      {"memory that does not hold what it should", memory_fails},
  };
  return psd_check_run("tokens", tests, PSD_CHECK_COUNT(tests));
}
