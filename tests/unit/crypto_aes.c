/* AES against FIPS 197, SP 800-38A, 38B and 38C, and NIST's CAVP vectors for CCM (DVPT256.rsp). */
#include "check.h"
#include "crypto_support.h"

static const char *const keys[] = {
    "2b7e151628aed2a6abf7158809cf4f3c",
    "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
    "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
};
static const char message_text[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                   "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";

/* FIPS 197, C.1 to C.3. */
static void one_block(void) {
  static const char *const expected[] = {"69c4e0d86a7b0430d8cdb78070b4c55a", "dda97ca4864cdfe06eaf70a0ec0d7191",
                                         "8ea2b7ca516745bfeafc49904b496089"};
  uint8_t key[32], in[PSD_AES_BLOCK], out[PSD_AES_BLOCK];
  psd_check_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key, sizeof key);
  psd_check_hex("00112233445566778899aabbccddeeff", in, sizeof in);
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT(psd_aes_block(key, 16 + 8 * i, in, out));
    psd_check_bytes(out, sizeof out, expected[i], "FIPS 197");
  }
  for (size_t length = 0; length <= 32; length++)
    if (length != 16 && length != 24 && length != 32) {
      memset(out, 1, sizeof out);
      CU_ASSERT(!psd_aes_block(key, length, in, out));
      CU_ASSERT(all_zero(out, sizeof out));
    }
}

/* SP 800-38A, F.2.1 to F.2.6. */
static void cbc_examples(void) {
  static const char *const expected[] = {
      "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
      "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7",
      "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
      "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd",
      "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
      "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b",
  };
  uint8_t key[32], iv[PSD_AES_BLOCK], message[64], out[64];
  psd_check_hex("000102030405060708090a0b0c0d0e0f", iv, sizeof iv);
  psd_check_hex(message_text, message, sizeof message);
  for (size_t i = 0; i < 3; i++) {
    size_t key_length = psd_check_hex(keys[i], key, sizeof key);
    CU_ASSERT(psd_aes_cbc_encrypt(key, key_length, iv, message, sizeof message, out));
    psd_check_bytes(out, sizeof out, expected[i], "SP 800-38A encrypt");
    CU_ASSERT(psd_aes_cbc_decrypt(key, key_length, iv, out, sizeof out, out));
    psd_check_bytes(out, sizeof out, message_text, "SP 800-38A decrypt in place");
    CU_ASSERT(psd_aes_cbc_encrypt(key, key_length, iv, out, sizeof out, out));
    psd_check_bytes(out, sizeof out, expected[i], "SP 800-38A encrypt in place");
  }
}

static void cbc_refuses_odd_sizes(void) {
  uint8_t key[32] = {0}, iv[PSD_AES_BLOCK] = {0}, in[64] = {0}, out[64];
  for (size_t length = 0; length <= sizeof in; length++) {
    memset(out, 1, sizeof out);
    CU_ASSERT_EQUAL(psd_aes_cbc_encrypt(key, 16, iv, in, length, out), length % 16 == 0);
    CU_ASSERT(length % 16 == 0 || all_zero(out, length));
    CU_ASSERT_EQUAL(psd_aes_cbc_decrypt(key, 16, iv, in, length, out), length % 16 == 0);
  }
  CU_ASSERT(!psd_aes_cbc_encrypt(key, 15, iv, in, sizeof in, out));
  CU_ASSERT(!psd_aes_cbc_decrypt(key, 31, iv, in, sizeof in, out));
  CU_ASSERT(all_zero(out, sizeof out));
}

/* SP 800-38B, D.1 to D.3. */
static const struct {
  size_t length;
  const char *mac[3];
} cmac_cases[] = {
    {0, {"bb1d6929e95937287fa37d129b756746", "d17ddf46adaacde531cac483de7a9367", "028962f61b7bf89efc6b551f4667d983"}},
    {16, {"070a16b46b4d4144f79bdd9dd04a287c", "9e99a7bf31e710900662f65e617c5184", "28a7023f452e8f82bd4bf28d8c37c35c"}},
    {40, {"dfa66747de9ae63030ca32611497c827", "8a1de5be2eb31aad089a82e6ee908b0e", "aaf3d8f1de5640c232f5b169b9c911e6"}},
    {64, {"51f0bebf7e3b9d92fc49741779363cfe", "a1d5df0eed790f794d77589659f39a11", "e1992190549f6ed5696a2c056c315410"}},
};

static void cmac_examples(void) {
  uint8_t key[32], message[64], mac[PSD_AES_BLOCK];
  psd_check_hex(message_text, message, sizeof message);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cmac_cases); i++)
    for (size_t k = 0; k < 3; k++) {
      size_t key_length = psd_check_hex(keys[k], key, sizeof key);
      const psd_piece piece = {message, cmac_cases[i].length};
      CU_ASSERT(psd_aes_cmac(key, key_length, &piece, 1, mac));
      psd_check_bytes(mac, sizeof mac, cmac_cases[i].mac[k], "SP 800-38B");
    }
}

static void cmac_of_pieces_is_that_of_the_whole(void) {
  uint8_t key[16], message[64], mac[PSD_AES_BLOCK];
  psd_check_hex(message_text, message, sizeof message);
  psd_check_hex(keys[0], key, sizeof key);
  for (size_t first = 0; first <= 40; first++)
    for (size_t second = 0; first + second <= 40; second++) {
      const psd_piece pieces[] = {
          {message, first}, {NULL, 0}, {message + first, second}, {message + first + second, 40 - first - second}};
      CU_ASSERT(psd_aes_cmac(key, sizeof key, pieces, 4, mac));
      psd_check_bytes(mac, sizeof mac, cmac_cases[2].mac[0], "pieces");
    }
  CU_ASSERT(psd_aes_cmac(key, sizeof key, NULL, 0, mac));
  psd_check_bytes(mac, sizeof mac, cmac_cases[0].mac[0], "no piece");
  CU_ASSERT(!psd_aes_cmac(key, 20, NULL, 0, mac));
  CU_ASSERT(all_zero(mac, sizeof mac));
}

typedef struct ccm_case {
  const char *name, *key, *nonce;
  size_t aad_length; /* bytes 00, 01, ... FF, 00 ... */
  const char *plain, *cipher, *tag;
} ccm_case;

static const ccm_case ccm_cases[] = {
    {"SP 800-38C, example 1", "404142434445464748494a4b4c4d4e4f", "10111213141516", 8, "20212223", "7162015b",
     "4dac255d"},
    {"SP 800-38C, example 2", "404142434445464748494a4b4c4d4e4f", "1011121314151617", 16,
     "202122232425262728292a2b2c2d2e2f", "d2a1f0e051ea5f62081a7792073d593d", "1fc64fbfaccd"},
    {"SP 800-38C, example 3", "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b", 20,
     "202122232425262728292a2b2c2d2e2f3031323334353637", "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5",
     "484392fbc1b09951"},
    {"SP 800-38C, example 4", "404142434445464748494a4b4c4d4e4f", "101112131415161718191a1b1c", 65536,
     "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
     "69915dad1e84c6376a68c2967e4dab615ae0fd1faec44cc484828529463ccf72", "b4ac6bec93e8598e7f0dadbcea5b"},
    {"DVPT256, nothing, short tag", "eda32f751456e33195f1f499cf2dc7c97ea127b6d488f211ccc5126fbb24afa6",
     "a544218dadd3c1", 0, "", "", "469c90bb"},
    {"DVPT256, nothing, whole tag", "e1b8a927a95efe94656677b692662000278b441c79e879dd5c0ddc758bdc9ee8",
     "a544218dadd3c1", 0, "", "", "8207eb14d33855a52acceed17dbcbf6e"},
    {"DVPT256, 24 bytes", "af063639e66c284083c5cf72b70d8bc277f5978e80d9322d99f2fdc718cda569", "a544218dadd3c1", 0,
     "d3d5424e20fbec43ae495353ed830271515ab104f8860c98", "64a1341679972dc5869fcf69b19d5c5ea50aa0b5e985f5b7",
     "22aa8d59"},
};

static uint8_t aad[65536];

static void fill_aad(void) {
  for (size_t i = 0; i < sizeof aad; i++)
    aad[i] = (uint8_t)i;
}

static void ccm_examples(void) {
  fill_aad();
  for (size_t i = 0; i < PSD_CHECK_COUNT(ccm_cases); i++) {
    const ccm_case *test = &ccm_cases[i];
    uint8_t key[32], nonce[13], data[32], tag[16];
    size_t key_length = psd_check_hex(test->key, key, sizeof key);
    size_t nonce_length = psd_check_hex(test->nonce, nonce, sizeof nonce);
    size_t length = psd_check_hex(test->plain, data, sizeof data);
    size_t tag_length = strlen(test->tag) / 2;
    CU_ASSERT(psd_aes_ccm_seal(key, key_length, nonce, nonce_length, aad, test->aad_length, data, length, data, tag,
                               tag_length));
    psd_check_bytes(data, length, test->cipher, test->name);
    psd_check_bytes(tag, tag_length, test->tag, test->name);
    CU_ASSERT(psd_aes_ccm_open(key, key_length, nonce, nonce_length, aad, test->aad_length, data, length, data, tag,
                               tag_length));
    psd_check_bytes(data, length, test->plain, test->name);
  }
}

/* One sealed message and everything that belongs to it. */
typedef struct sealed {
  uint8_t key[16], nonce[12], aad[20], data[24], tag[8];
} sealed;

static bool open_sealed(const sealed *message, uint8_t out[24]) {
  memset(out, 1, 24);
  bool ok =
      psd_aes_ccm_open(message->key, 16, message->nonce, 12, message->aad, 20, message->data, 24, out, message->tag, 8);
  CU_ASSERT(ok || all_zero(out, 24));
  return ok;
}

static void ccm_sees_every_flipped_bit(void) {
  sealed message;
  uint8_t out[24];
  memset(&message, 0x11, sizeof message);
  CU_ASSERT(psd_aes_ccm_seal(message.key, 16, message.nonce, 12, message.aad, 20, message.data, 24, message.data,
                             message.tag, 8));
  CU_ASSERT(open_sealed(&message, out));
  uint8_t *bytes = (uint8_t *)&message;
  for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
    bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    CU_ASSERT(!open_sealed(&message, out));
    bytes[bit / 8] ^= (uint8_t)(1U << (bit % 8));
  }
  CU_ASSERT(open_sealed(&message, out));
}

static bool seals(size_t key_length, size_t nonce_length, size_t length, size_t tag_length) {
  static uint8_t data[65536];
  uint8_t key[33] = {0}, nonce[15] = {0}, tag[20];
  memset(tag, 1, sizeof tag);
  bool ok = psd_aes_ccm_seal(key, key_length, nonce, nonce_length, NULL, 0, data, length, data, tag, tag_length);
  CU_ASSERT(ok || all_zero(tag, tag_length));
  bool opens = psd_aes_ccm_open(key, key_length, nonce, nonce_length, NULL, 0, data, length, data, tag, tag_length);
  CU_ASSERT_EQUAL(ok, opens);
  return ok;
}

/* SP 800-38C, A.1: tag lengths 4, 6 ... 16; nonces of 7 to 13 bytes; the rest of 15 bytes holds the length. */
static void ccm_refuses_sizes_outside_the_standard(void) {
  for (size_t length = 0; length <= 20; length++)
    CU_ASSERT_EQUAL(seals(16, 12, 5, length), length >= 4 && length <= 16 && length % 2 == 0);
  for (size_t length = 0; length <= 15; length++)
    CU_ASSERT_EQUAL(seals(16, length, 5, 8), length >= 7 && length <= 13);
  CU_ASSERT(!seals(20, 12, 5, 8));
  CU_ASSERT(!seals(0, 12, 5, 8));
  CU_ASSERT(seals(32, 13, 65535, 8));
  CU_ASSERT(!seals(32, 13, 65536, 8));
  CU_ASSERT(seals(32, 12, 65536, 8));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"FIPS 197, C.1 to C.3; other key lengths are refused", one_block},
      {"SP 800-38A, F.2: CBC, in place too", cbc_examples},
      {"CBC refuses anything but whole blocks", cbc_refuses_odd_sizes},
      {"SP 800-38B, D.1 to D.3: CMAC", cmac_examples},
      {"CMAC of pieces is that of the whole", cmac_of_pieces_is_that_of_the_whole},
      {"SP 800-38C and CAVP: CCM, in place", ccm_examples},
      {"CCM opens nothing with a flipped bit, and leaves no plain text", ccm_sees_every_flipped_bit},
      {"CCM refuses sizes outside the standard", ccm_refuses_sizes_outside_the_standard},
  };
  return psd_check_run("crypto aes", tests, PSD_CHECK_COUNT(tests));
}
