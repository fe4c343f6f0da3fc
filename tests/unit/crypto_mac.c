/* HMAC-SHA-256 against RFC 4231, HKDF-SHA-256 against RFC 5869. */
#include "check.h"
#include "crypto_support.h"

typedef struct hmac_case {
  const char *name, *key, *data, *mac;
} hmac_case;

/* Test case 5 truncates its output; the others are here. */
static const hmac_case hmac_cases[] = {
    {"1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {"2", "4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    {"3", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    {"4", "0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
};

static void hmac_examples(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(hmac_cases); i++) {
    uint8_t key[64], data[64], mac[PSD_SHA256_SIZE];
    size_t key_length = psd_check_hex(hmac_cases[i].key, key, sizeof key);
    size_t length = psd_check_hex(hmac_cases[i].data, data, sizeof data);
    CU_ASSERT(psd_hmac_sha256(key, key_length, data, length, mac));
    psd_check_bytes(mac, sizeof mac, hmac_cases[i].mac, hmac_cases[i].name);
  }
}

/* RFC 4231, test cases 6 and 7. */
static void hmac_hashes_long_keys(void) {
  static const char six[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  static const char seven[] =
      "This is a test using a larger than block-size key and a larger than block-size data. The "
      "key needs to be hashed before being used by the HMAC algorithm.";
  uint8_t key[131], mac[PSD_SHA256_SIZE];
  memset(key, 0xAA, sizeof key);
  CU_ASSERT(psd_hmac_sha256(key, sizeof key, six, sizeof six - 1, mac));
  psd_check_bytes(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "6");
  CU_ASSERT(psd_hmac_sha256(key, sizeof key, seven, sizeof seven - 1, mac));
  psd_check_bytes(mac, sizeof mac, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", "7");
}

static void hmac_takes_nothing(void) {
  uint8_t mac[PSD_SHA256_SIZE];
  CU_ASSERT(psd_hmac_sha256(NULL, 0, NULL, 0, mac));
  psd_check_bytes(mac, sizeof mac, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", "empty");
}

typedef struct hkdf_case {
  const char *name, *secret, *salt, *info, *prk, *out;
} hkdf_case;

static const hkdf_case hkdf_cases[] = {
    {"A.1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"A.2",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
     "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
     "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
     "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"A.3", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void hkdf_examples(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(hkdf_cases); i++) {
    const hkdf_case *test = &hkdf_cases[i];
    uint8_t secret[80], salt[80], info[80], prk[PSD_SHA256_SIZE], out[82];
    size_t secret_length = psd_check_hex(test->secret, secret, sizeof secret);
    size_t salt_length = psd_check_hex(test->salt, salt, sizeof salt);
    size_t info_length = psd_check_hex(test->info, info, sizeof info);
    size_t length = strlen(test->out) / 2;
    CU_ASSERT(psd_hkdf_sha256(salt, salt_length, secret, secret_length, info, info_length, out, length));
    psd_check_bytes(out, length, test->out, test->name);
    CU_ASSERT(psd_hkdf_sha256_extract(salt, salt_length, secret, secret_length, prk));
    psd_check_bytes(prk, sizeof prk, test->prk, test->name);
    memset(out, 0, sizeof out);
    CU_ASSERT(psd_hkdf_sha256_expand(prk, info, info_length, out, length));
    psd_check_bytes(out, length, test->out, test->name);
  }
}

/* RFC 5869, 2.3: L is at most 255 * HashLen. */
static void hkdf_knows_its_limit(void) {
  static uint8_t out[255 * PSD_SHA256_SIZE + 1];
  uint8_t prk[PSD_SHA256_SIZE] = {1}, first[PSD_SHA256_SIZE];
  CU_ASSERT(psd_hkdf_sha256_expand(prk, "info", 4, out, sizeof out - 1));
  CU_ASSERT(psd_hkdf_sha256_expand(prk, "info", 4, first, sizeof first));
  CU_ASSERT(psd_equal(out, first, sizeof first));
  CU_ASSERT(!all_zero(out + sizeof out - 33, 32));
  CU_ASSERT(!psd_hkdf_sha256_expand(prk, "info", 4, out, sizeof out));
  CU_ASSERT(all_zero(out, sizeof out));
  memset(out, 1, sizeof out);
  CU_ASSERT(!psd_hkdf_sha256("s", 1, "k", 1, "info", 4, out, sizeof out));
  CU_ASSERT(all_zero(out, sizeof out));
  CU_ASSERT(psd_hkdf_sha256_expand(prk, "info", 4, out, 0));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"RFC 4231, test cases 1 to 4", hmac_examples},
      {"RFC 4231, test cases 6 and 7: keys longer than a block", hmac_hashes_long_keys},
      {"HMAC of nothing under an empty key", hmac_takes_nothing},
      {"RFC 5869, A.1 to A.3, whole and in two steps", hkdf_examples},
      {"HKDF gives 8160 bytes and refuses 8161", hkdf_knows_its_limit},
  };
  return psd_check_run("crypto mac", tests, PSD_CHECK_COUNT(tests));
}
