/* AES-CMAC by the vectors of RFC 4493 and SP 800-38B, and tokens (docs/evidence.md, "Digital tokens") as OpenSSL's own
 * CMAC makes them, which is none of ours. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <threads.h>

#include "check.h"
#include "crypto/tokens.h"

static const uint8_t device[8] = {'P', 'S', 'D', '1', 0, 0, 0x12, 0x34};

/* CMAC(key, label || data), by EVP_MAC. */
static void other_cmac(const uint8_t *key, size_t key_length, const char *label, const void *data, size_t length,
                       uint8_t mac[16]) {
  size_t made = 0;
  char name[] = "AES-128-CBC";
  memcpy(name + 4, key_length == 16 ? "128" : "256", 3);
  OSSL_PARAM cipher[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0), OSSL_PARAM_construct_end()};
  EVP_MAC *cmac = EVP_MAC_fetch(NULL, "CMAC", NULL);
  EVP_MAC_CTX *context = EVP_MAC_CTX_new(cmac);
  CU_ASSERT_FATAL(EVP_MAC_init(context, key, key_length, cipher) == 1);
  CU_ASSERT(EVP_MAC_update(context, (const uint8_t *)label, strlen(label)) == 1);
  CU_ASSERT(length == 0 || EVP_MAC_update(context, data, length) == 1);
  CU_ASSERT(EVP_MAC_final(context, mac, &made, 16) == 1 && made == 16);
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(cmac);
}

/* RFC 4493, 4, and SP 800-38B, D.3: the same four messages. */
static void vectors(void) {
  static const struct {
    const char *key;
    size_t length;
    const char *mac;
  } cases[] = {
      {"2b7e151628aed2a6abf7158809cf4f3c", 0, "bb1d6929e95937287fa37d129b756746"},
      {"2b7e151628aed2a6abf7158809cf4f3c", 16, "070a16b46b4d4144f79bdd9dd04a287c"},
      {"2b7e151628aed2a6abf7158809cf4f3c", 40, "dfa66747de9ae63030ca32611497c827"},
      {"2b7e151628aed2a6abf7158809cf4f3c", 64, "51f0bebf7e3b9d92fc49741779363cfe"},
      {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 0, "028962f61b7bf89efc6b551f4667d983"},
      {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 16, "28a7023f452e8f82bd4bf28d8c37c35c"},
      {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 40, "aaf3d8f1de5640c232f5b169b9c911e6"},
      {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", 64, "e1992190549f6ed5696a2c056c315410"}};
  uint8_t message[64], key[32], mac[16];
  (void)psd_check_hex("6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51"
                      "30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710",
                      message, sizeof message);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    size_t key_length = psd_check_hex(cases[i].key, key, sizeof key);
    CU_ASSERT(psd_cmac(key, key_length, &(psd_part){message, cases[i].length}, 1, mac));
    psd_check_bytes(mac, sizeof mac, cases[i].mac, "CMAC");
  }
}

/* Every length there may be, in two parts cut anywhere, under both lengths of key. */
static void lengths(void) {
  uint8_t message[PSD_CMAC_MAX + 1], key[32], mac[16], wanted[16];
  for (size_t i = 0; i < sizeof message; i++)
    message[i] = (uint8_t)(7 * i + 1);
  for (size_t i = 0; i < sizeof key; i++)
    key[i] = (uint8_t)(200 - i);
  for (size_t length = 0; length <= PSD_CMAC_MAX; length++) {
    const psd_part parts[] = {{message, length / 3}, {message + length / 3, length - length / 3}};
    for (size_t key_length = 16; key_length <= 32; key_length += 16) {
      other_cmac(key, key_length, "", message, length, wanted);
      CU_ASSERT(psd_cmac(key, key_length, parts, 2, mac));
      CU_ASSERT_EQUAL(memcmp(mac, wanted, 16), 0);
    }
  }
  static const uint8_t wiped[16] = {0};
  CU_ASSERT(!psd_cmac(key, 16, &(psd_part){message, sizeof message}, 1, mac)); /* longer than it takes */
  CU_ASSERT_EQUAL(memcmp(mac, wiped, 16), 0);
  CU_ASSERT(!psd_cmac(key, 24, &(psd_part){message, 16}, 1, mac)); /* no such key */
}

/* K_final of both orders, from a key of the set. */
static void final_keys(uint8_t by_day[16], uint8_t by_meter[16], uint32_t date) {
  uint8_t set_key[32], upper[16], wanted[16], bytes[4];
  for (size_t i = 0; i < 4; i++)
    bytes[i] = (uint8_t)(date >> (24 - 8 * i));
  memset(set_key, 0x5A, sizeof set_key);
  CU_ASSERT(psd_token_day_key(set_key, date, upper));
  other_cmac(set_key, 32, "psd token day", bytes, 4, wanted);
  CU_ASSERT_EQUAL(memcmp(upper, wanted, 16), 0);
  CU_ASSERT(psd_token_final_key(PSD_TOKEN_BY_DAY, upper, device, date, by_day));
  other_cmac(upper, 16, "psd token meter", device, 8, wanted);
  CU_ASSERT_EQUAL(memcmp(by_day, wanted, 16), 0);
  CU_ASSERT(psd_token_meter_key(set_key, device, upper));
  other_cmac(set_key, 32, "psd token meter", device, 8, wanted);
  CU_ASSERT_EQUAL(memcmp(upper, wanted, 16), 0);
  CU_ASSERT(psd_token_final_key(PSD_TOKEN_BY_METER, upper, device, date, by_meter));
  other_cmac(upper, 16, "psd token day", bytes, 4, wanted);
  CU_ASSERT_EQUAL(memcmp(by_meter, wanted, 16), 0);
}

static psd_token_input input_of(void) {
  psd_token_input input = {.serial = 0x1234, .postage = 730, .date = 20261122, .piece_count = 99};
  memcpy(input.vendor, "PS", 2);
  memcpy(input.model, "D1", 2);
  memset(input.addressee, 0xAD, sizeof input.addressee);
  return input;
}

/* The first 8 bytes of a MAC as a number, modulo 10^digits. */
static uint32_t decimal(const uint8_t mac[16], unsigned digits) {
  uint64_t number = 0, modulus = 1;
  for (size_t i = 0; i < 8; i++)
    number = number << 8 | mac[i];
  for (unsigned i = 0; i < digits; i++)
    modulus *= 10;
  return (uint32_t)(number % modulus);
}

static void tokens(void) {
  uint8_t key[16], other[16], mac[16];
  uint32_t token, last;
  final_keys(key, other, 20261122);
  CU_ASSERT_NOT_EQUAL(memcmp(key, other, 16), 0);
  psd_token_input input = input_of();
  static const uint8_t bytes[] = {'P', 'S', 'D',  '1',  0,    0,    0x12, 0x34, 0,    0,   0,
                                  0,   0,   0,    0x02, 0xDA, 0x01, 0x35, 0x29, 0x02, 0,   0,
                                  0,   99,  0xAD, 0xAD, 0xAD, 0xAD, 0xAD, 0xAD, 0xAD, 0xAD};
  other_cmac(key, 16, "psd token", bytes, sizeof bytes, mac);
  for (unsigned digits = 2; digits <= 8; digits++) {
    CU_ASSERT(psd_token_make(key, &input, digits, &token));
    CU_ASSERT_EQUAL(token, decimal(mac, digits));
  }
  CU_ASSERT(!psd_token_make(key, &input, 1, &token));
  CU_ASSERT(!psd_token_make(key, &input, 9, &token));
  /* Each field counts. */
  CU_ASSERT(psd_token_make(key, &input, 8, &last));
  uint8_t *const fields[] = {input.vendor, input.model, input.addressee};
  uint64_t *const numbers[] = {&input.serial, &input.postage, &input.date, &input.piece_count};
  for (size_t i = 0; i < PSD_CHECK_COUNT(fields); i++) {
    fields[i][1] ^= 1;
    CU_ASSERT(psd_token_make(key, &input, 8, &token));
    CU_ASSERT_NOT_EQUAL(token, last);
    fields[i][1] ^= 1;
  }
  for (size_t i = 0; i < PSD_CHECK_COUNT(numbers); i++) {
    *numbers[i] ^= 1;
    CU_ASSERT(psd_token_make(key, &input, 8, &token));
    CU_ASSERT_NOT_EQUAL(token, last);
    *numbers[i] ^= 1;
  }
}

static void proofs(void) {
  uint8_t key[16], other[16], mac[16], whole[32], data[PSD_SIZE_COMPACT_INDICIUM], compact[PSD_COMPACT_MAC];
  uint32_t token;
  unsigned length = 0;
  final_keys(key, other, 0);
  psd_registration registration = {.serial = 0x1234, .zip = 90210, .licence = 42};
  memcpy(registration.vendor, "PS", 2);
  memcpy(registration.model, "D1", 2);
  static const uint8_t bytes[] = {'P', 'S', 'D', '1', 0, 0, 0x12, 0x34, 0, 0x01, 0x60, 0x62, 0, 0, 0, 42};
  other_cmac(key, 16, "psd token registration", bytes, sizeof bytes, mac);
  CU_ASSERT(psd_token_registration(key, &registration, &token));
  CU_ASSERT_EQUAL(token, decimal(mac, 8));
  memset(data, 0xFE, sizeof data);
  other_cmac(key, 16, "psd compact", NULL, 0, mac);
  CU_ASSERT_PTR_NOT_NULL(HMAC(EVP_sha256(), mac, 16, data, sizeof data, whole, &length));
  CU_ASSERT(psd_token_compact(key, data, compact));
  CU_ASSERT_EQUAL(memcmp(compact, whole, sizeof compact), 0);
}

static void pointers(void) {
  bool seen[PSD_TOKEN_KEYS] = {false};
  unsigned different = 0;
  uint64_t pointer, known;
  uint8_t bytes[8], digest[32];
  memcpy(bytes, device, sizeof bytes);
  for (unsigned serial = 0; serial < 20000; serial++) {
    bytes[6] = (uint8_t)(serial >> 8);
    bytes[7] = (uint8_t)serial;
    CU_ASSERT_FATAL(psd_token_pointer(bytes, &pointer) && pointer < PSD_TOKEN_KEYS);
    different += seen[pointer] ? 0U : 1U;
    seen[pointer] = true;
  }
  CU_ASSERT_EQUAL(different, PSD_TOKEN_KEYS);
  uint8_t text[15 + 8] = "psd key pointer";
  memcpy(text + 15, device, 8);
  CU_ASSERT(EVP_Digest(text, sizeof text, digest, NULL, EVP_sha256(), NULL) == 1);
  known = 0;
  for (size_t i = 0; i < 8; i++)
    known = known << 8 | digest[i];
  CU_ASSERT(psd_token_pointer(device, &pointer) && pointer == known % 1000);
}

#define THREADS 4
#define ROUNDS 5000U

/* Each thread has contexts of its own: what they make is what one makes alone. */
static int work(void *wanted) {
  uint8_t key[16];
  uint32_t token, sum = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    psd_token_input input = input_of();
    memset(key, (int)(i & 0xFF), sizeof key);
    input.piece_count = i;
    if (!psd_token_make(key, &input, 5, &token))
      return 1;
    sum += token;
  }
  return sum == *(const uint32_t *)wanted ? 0 : 1;
}

static void threads(void) {
  uint8_t key[16];
  uint32_t token, sum = 0;
  for (unsigned i = 0; i < ROUNDS; i++) {
    psd_token_input input = input_of();
    memset(key, (int)(i & 0xFF), sizeof key);
    input.piece_count = i;
    CU_ASSERT_FATAL(psd_token_make(key, &input, 5, &token));
    sum += token;
  }
  thrd_t workers[THREADS];
  for (size_t i = 0; i < THREADS; i++)
    CU_ASSERT_EQUAL_FATAL(thrd_create(&workers[i], work, &sum), thrd_success);
  for (size_t i = 0; i < THREADS; i++) {
    int failed = 1;
    CU_ASSERT_EQUAL(thrd_join(workers[i], &failed), thrd_success);
    CU_ASSERT_EQUAL(failed, 0);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 4493 and SP 800-38B", vectors},
      {"messages of every length", lengths},
      {"tokens of 2 to 8 digits, over every field", tokens},
      {"registration tokens and the compact profile's HMAC", proofs},
      {"pointers: of SHA-256, and each of the 1000 is somebody's", pointers},
      {"several threads", threads},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("server tokens", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
