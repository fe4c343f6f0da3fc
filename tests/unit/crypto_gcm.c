/* AES-GCM against NIST's examples, and HPKE against RFC 9180 and the vectors its authors published beside it. */
#include "check.h"
#include "crypto/internal.h"
#include "crypto_support.h"
#include "hpke_vectors.h"

typedef struct gcm_case {
  const char *name, *key, *nonce, *aad, *plain, *sealed;
} gcm_case;

#define KEY_128 "feffe9928665731c6d6a8f9467308308"
#define KEY_192 "feffe9928665731c6d6a8f9467308308feffe9928665731c"
#define KEY_256 "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"
#define NONCE "cafebabefacedbaddecaf888"
#define AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define PLAIN_60                                                                                                       \
  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                                                   \
  "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"

/* McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, as NIST published it. */
static const gcm_case cases[] = {
    {"test case 1", "00000000000000000000000000000000", "000000000000000000000000", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"test case 2", "00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
    {"test case 3", KEY_128, NONCE, "", PLAIN_60 "1aafd255",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
     "4d5c2af327cd64a62cf35abd2ba6fab4"},
    {"test case 4", KEY_128, NONCE, AAD, PLAIN_60,
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
     "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"test case 10", KEY_192, NONCE, AAD, PLAIN_60,
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
     "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710"
     "2519498e80f1478f37ba55bd6d27618c"},
    {"test case 13", "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {"test case 14", "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"test case 15", KEY_256, NONCE, "", PLAIN_60 "1aafd255",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
     "b094dac5d93471bdec1a502270e3cc6c"},
    {"test case 16", KEY_256, NONCE, AAD, PLAIN_60,
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
     "76fc6ece0f4e1768cddf8853bb2d551b"},
};

static void examples(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const gcm_case *test = &cases[i];
    uint8_t key[32], nonce[PSD_GCM_NONCE], aad[20], plain[64], out[80];
    size_t key_length = psd_check_hex(test->key, key, sizeof key);
    psd_check_hex(test->nonce, nonce, sizeof nonce);
    const psd_piece piece = {aad, psd_check_hex(test->aad, aad, sizeof aad)};
    size_t length = psd_check_hex(test->plain, plain, sizeof plain);
    CU_ASSERT(psd_aes_gcm_seal(key, key_length, nonce, &piece, 1, plain, length, out));
    psd_check_bytes(out, length + 16, test->sealed, test->name);
    CU_ASSERT(psd_aes_gcm_open(key, key_length, nonce, &piece, 1, out, length + 16, out));
    psd_check_bytes(out, length, test->plain, test->name);
  }
}

static void pieces_are_as_if_joined(void) {
  uint8_t key[32] = {7}, nonce[PSD_GCM_NONCE] = {1}, aad[40], whole[56], parts[56];
  memset(aad, 0x3C, sizeof aad);
  const psd_piece one = {aad, sizeof aad};
  CU_ASSERT(psd_aes_gcm_seal(key, 32, nonce, &one, 1, aad, sizeof aad, whole));
  for (size_t first = 0; first <= sizeof aad; first++) {
    const psd_piece pieces[] = {{aad, first}, {NULL, 0}, {aad + first, sizeof aad - first}};
    CU_ASSERT(psd_aes_gcm_seal(key, 32, nonce, pieces, 3, aad, sizeof aad, parts));
    CU_ASSERT_EQUAL(memcmp(whole, parts, sizeof whole), 0);
  }
}

/* Every length up to some blocks, and a counter whose lowest byte runs over. */
static void every_length(void) {
  static uint8_t text[5000], sealed[5016], out[5000];
  uint8_t key[32] = {9}, nonce[PSD_GCM_NONCE] = {2};
  for (size_t i = 0; i < sizeof text; i++)
    text[i] = (uint8_t)(i * 31);
  for (size_t length = 0; length <= sizeof text; length += length < 70 ? 1 : 493) {
    CU_ASSERT(psd_aes_gcm_seal(key, 32, nonce, NULL, 0, text, length, sealed));
    CU_ASSERT(psd_aes_gcm_open(key, 32, nonce, NULL, 0, sealed, length + 16, out));
    CU_ASSERT_EQUAL(memcmp(out, text, length), 0);
  }
}

static void every_flipped_bit_is_seen(void) {
  struct {
    uint8_t key[32], nonce[PSD_GCM_NONCE], aad[20], sealed[20 + 16];
  } message;
  uint8_t out[20];
  memset(&message, 0x11, sizeof message);
  const psd_piece aad = {message.aad, sizeof message.aad};
  CU_ASSERT(psd_aes_gcm_seal(message.key, 32, message.nonce, &aad, 1, message.sealed, 20, message.sealed));
  uint8_t *bytes = (uint8_t *)&message;
  for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
    memset(out, 1, sizeof out);
    bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    CU_ASSERT(!psd_aes_gcm_open(message.key, 32, message.nonce, &aad, 1, message.sealed, 36, out));
    CU_ASSERT(all_zero(out, sizeof out));
    bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
  }
  for (size_t length = 0; length < 36; length++)
    CU_ASSERT(!psd_aes_gcm_open(message.key, 32, message.nonce, &aad, 1, message.sealed, length, out));
  CU_ASSERT(psd_aes_gcm_open(message.key, 32, message.nonce, &aad, 1, message.sealed, 36, out));
}

static void key_lengths(void) {
  uint8_t key[33] = {0}, nonce[PSD_GCM_NONCE] = {0}, out[24];
  for (size_t length = 0; length <= sizeof key; length++) {
    memset(out, 1, sizeof out);
    bool ok = psd_aes_gcm_seal(key, length, nonce, NULL, 0, key, 8, out);
    CU_ASSERT_EQUAL(ok, length == 16 || length == 24 || length == 32);
    CU_ASSERT(ok || all_zero(out, sizeof out));
  }
}

static void hpke_vectors(void) {
  static const char info[] = PSD_HPKE_VECTOR_INFO, text[] = PSD_HPKE_VECTOR_TEXT;
  for (size_t i = 0; i < PSD_CHECK_COUNT(psd_hpke_vectors); i++) {
    const psd_hpke_vector *test = &psd_hpke_vectors[i];
    uint8_t secret[PSD_P256_SECRET], enc[PSD_P256_POINT], recipient[PSD_P256_POINT], point[PSD_P256_POINT];
    uint8_t out[sizeof text - 1 + 16];
    psd_check_hex(test->secret, secret, sizeof secret);
    psd_check_hex(test->enc, enc, sizeof enc);
    psd_check_hex(test->recipient, recipient, sizeof recipient);
    CU_ASSERT(psd_p256_public(secret, point));
    psd_check_bytes(point, sizeof point, test->enc, test->name);
    const psd_hpke_sender sender = {secret, enc, recipient, {info, sizeof info - 1}};
    const psd_piece aad[2] = {{"Count", 5}, {"-0", 2}};
    const psd_piece plain = {text, sizeof text - 1};
    CU_ASSERT(psd_hpke_seal_with(test->key_length, &sender, aad, plain, out));
    psd_check_bytes(out, sizeof out, test->sealed, test->name);
    memset(out, 1, sizeof out);
    CU_ASSERT(psd_hpke_seal(&sender, aad, plain, out));
    CU_ASSERT_EQUAL(psd_kat_same(out, sizeof out, test->sealed), test->key_length == 32);
  }
}

static void hpke_refuses(void) {
  uint8_t secret[PSD_P256_SECRET] = {0}, point[PSD_P256_POINT], bad[PSD_P256_POINT], out[20];
  secret[31] = 5;
  CU_ASSERT(psd_p256_public(secret, point));
  memcpy(bad, point, sizeof bad);
  bad[64] ^= 1;
  const psd_piece aad[2] = {{NULL, 0}, {NULL, 0}}, plain = {"text", 4};
  const psd_hpke_sender off_curve = {secret, point, bad, {NULL, 0}};
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_hpke_seal(&off_curve, aad, plain, out));
  CU_ASSERT(all_zero(out, sizeof out));
  const psd_hpke_sender sender = {secret, point, point, {NULL, 0}};
  CU_ASSERT(!psd_hpke_seal_with(24, &sender, aad, plain, out));
  CU_ASSERT(psd_hpke_seal(&sender, aad, plain, out));
}

static void ephemeral_pairs(void) {
  psd_drbg drbg;
  uint8_t secret[PSD_P256_SECRET], other[PSD_P256_SECRET], point[PSD_P256_POINT], again[PSD_P256_POINT];
  CU_ASSERT_FATAL(start_drbg(&drbg, 3));
  CU_ASSERT(psd_p256_ephemeral(&drbg, secret, point));
  CU_ASSERT(psd_p256_public(secret, again));
  CU_ASSERT_EQUAL(memcmp(point, again, sizeof point), 0);
  CU_ASSERT(psd_p256_ephemeral(&drbg, other, again));
  CU_ASSERT_NOT_EQUAL(memcmp(secret, other, sizeof secret), 0);
  psd_drbg_stop(&drbg);
  CU_ASSERT(!psd_p256_ephemeral(&drbg, secret, point));
  CU_ASSERT(all_zero(secret, sizeof secret) && all_zero(point, sizeof point));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"NIST's examples of AES-GCM, opened in place", examples},
      {"additional data in pieces are as if joined", pieces_are_as_if_joined},
      {"every length, and a counter that runs over a byte", every_length},
      {"GCM opens nothing with a flipped bit, and leaves no plain text", every_flipped_bit_is_seen},
      {"keys of other lengths are refused", key_lengths},
      {"HPKE: RFC 9180, A.3.1, and test-vectors.json", hpke_vectors},
      {"HPKE refuses a recipient that is no point", hpke_refuses},
      {"ephemeral key pairs", ephemeral_pairs},
  };
  return psd_check_run("crypto gcm", tests, PSD_CHECK_COUNT(tests));
}
