/* The card's triple-DES and PKCS#1 v1.5 encryption: published vectors, what is refused, and libtomcrypt made to fail.
 */
#include "check.h"
#include "classic_vectors.h"
#include "crypto/classic.h"
#include "crypto/internal.h"
#include "crypto_support.h"

static unsigned countdown; /* the call of libtomcrypt that fails; 0 for none any more */

static bool fails(void) {
  return countdown != 0 && --countdown == 0;
}

int __real_des3_setup(const unsigned char *key, int length, int rounds, symmetric_key *schedule);
int __wrap_des3_setup(const unsigned char *key, int length, int rounds, symmetric_key *schedule);
int __wrap_des3_setup(const unsigned char *key, int length, int rounds, symmetric_key *schedule) {
  return fails() ? CRYPT_ERROR : __real_des3_setup(key, length, rounds, schedule);
}

int __real_des3_ecb_encrypt(const unsigned char *in, unsigned char *out, const symmetric_key *schedule);
int __wrap_des3_ecb_encrypt(const unsigned char *in, unsigned char *out, const symmetric_key *schedule);
int __wrap_des3_ecb_encrypt(const unsigned char *in, unsigned char *out, const symmetric_key *schedule) {
  return fails() ? CRYPT_ERROR : __real_des3_ecb_encrypt(in, out, schedule);
}

static void blocks(void) {
  uint8_t key[24], text[8], out[8];
  psd_check_hex(TDES_KEY, key, sizeof key);
  for (size_t i = 0; i < PSD_CHECK_COUNT(tdes_blocks); i++) {
    psd_check_hex(tdes_blocks[i][0], text, sizeof text);
    CU_ASSERT(psd_tdes_block(key, sizeof key, text, out));
    psd_check_bytes(out, sizeof out, tdes_blocks[i][1], "SP 800-67, B.1");
  }
  for (size_t length = 0; length < 24; length++)
    if (length != 16)
      CU_ASSERT(!psd_tdes_block(key, length, text, out) && all_zero(out, sizeof out));
}

static void cfb(void) {
  uint8_t key[16], vector[8], text[64], out[64];
  for (size_t i = 0; i < PSD_CHECK_COUNT(tdes_cfb); i++) {
    psd_check_hex(tdes_cfb[i].key, key, sizeof key);
    psd_check_hex(tdes_cfb[i].vector, vector, sizeof vector);
    size_t length = psd_check_hex(tdes_cfb[i].text, text, sizeof text);
    CU_ASSERT(psd_tdes_cfb(key, sizeof key, vector, true, text, length, out));
    psd_check_bytes(out, length, tdes_cfb[i].cipher, "CFB-64");
    CU_ASSERT(psd_tdes_cfb(key, sizeof key, vector, false, out, length, out)); /* in place */
    psd_check_bytes(out, length, tdes_cfb[i].text, "CFB-64, back");
    for (size_t less = 0; less < length; less++) { /* a short last block is the beginning of a whole one */
      uint8_t part[64];
      CU_ASSERT(psd_tdes_cfb(key, sizeof key, vector, true, text, less, part));
      CU_ASSERT(psd_tdes_cfb(key, sizeof key, vector, true, text, length, out));
      CU_ASSERT_EQUAL(memcmp(part, out, less), 0);
    }
  }
}

static void macs(void) {
  uint8_t key[24], mac[8], body[3];
  psd_check_hex(MAC_KEY, key, 16);
  for (size_t i = 0; i < PSD_CHECK_COUNT(tdes_iso_macs); i++) {
    const char *text = tdes_iso_macs[i].text;
    const psd_piece pieces[] = {{text, 5}, {NULL, 0}, {text + 5, strlen(text) - 5}};
    CU_ASSERT(psd_tdes_cbc_mac(key, 16, pieces, 3, mac));
    psd_check_bytes(mac, 4, tdes_iso_macs[i].mac, "ISO/IEC 9797-1");
  }
  psd_check_hex(TDES_KEY, key, sizeof key);
  psd_check_hex(CLASSIC_MAC_BODY, body, sizeof body);
  const psd_piece head[] = {{CLASSIC_MAC_HEAD, 4}, {&CLASSIC_MAC_HEAD[4], strlen(CLASSIC_MAC_HEAD) - 4}};
  CU_ASSERT(psd_tdes_mac(key, sizeof key, head, 2, (psd_piece){body, sizeof body}, mac));
  psd_check_bytes(mac, sizeof mac, CLASSIC_MAC, "MAC of suite classic");
  const psd_piece many[5] = {{NULL, 0}};
  CU_ASSERT(!psd_tdes_mac(key, sizeof key, many, 5, (psd_piece){body, sizeof body}, mac) && all_zero(mac, sizeof mac));
}

static void records(void) {
  static const char text[] = CLASSIC_RECORD_TEXT;
  const uint8_t type = 0x06;
  const psd_piece aad = {&type, 1}, four[4] = {{&type, 1}};
  uint8_t key[32], nonce[12], out[64], back[64];
  size_t length = sizeof text - 1, sealed = length + PSD_GCM_TAG_SIZE;
  for (size_t i = 0; i < sizeof key; i++)
    key[i] = (uint8_t)(i + 1);
  for (size_t i = 0; i < sizeof nonce; i++)
    nonce[i] = (uint8_t)(0x40 + i);
  CU_ASSERT(psd_tdes_seal(key, 32, nonce, &aad, 1, (const uint8_t *)text, length, out));
  psd_check_bytes(out, sealed, CLASSIC_RECORD, "record");
  CU_ASSERT(psd_tdes_open(key, 32, nonce, &aad, 1, out, sealed, back));
  CU_ASSERT_EQUAL(memcmp(back, text, length), 0);
  for (size_t bit = 0; bit < 8 * sealed; bit++) {
    out[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!psd_tdes_open(key, 32, nonce, &aad, 1, out, sealed, back));
    out[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  nonce[11] ^= 1; /* another record's number */
  CU_ASSERT(!psd_tdes_open(key, 32, nonce, &aad, 1, out, sealed, back));
  nonce[11] ^= 1;
  CU_ASSERT(!psd_tdes_open(key, 32, nonce, NULL, 0, out, sealed, back));
  CU_ASSERT(!psd_tdes_open(key, 32, nonce, four, 4, out, sealed, back));
  CU_ASSERT(!psd_tdes_open(key, 16, nonce, &aad, 1, out, sealed, back));
  CU_ASSERT(!psd_tdes_open(key, 32, nonce, &aad, 1, out, PSD_GCM_TAG_SIZE - 1, back));
  CU_ASSERT(!psd_tdes_seal(key, 32, nonce, four, 4, (const uint8_t *)text, length, out) && all_zero(out, sealed));
  CU_ASSERT(!psd_tdes_seal(key, 16, nonce, &aad, 1, (const uint8_t *)text, length, out) && all_zero(out, sealed));
}

/* Each call of libtomcrypt fails in turn; whatever was to come of it does not. */
static void faults(void) {
  uint8_t key[32] = {1}, nonce[12] = {2}, text[20] = {3}, out[64], sealed[64];
  const psd_piece aad = {"x", 1};
  CU_ASSERT_FATAL(psd_tdes_seal(key, 32, nonce, &aad, 1, text, sizeof text, sealed));
  unsigned call = 1;
  for (;; call++) {
    memset(out, 0xFF, sizeof out);
    countdown = call;
    bool done = psd_tdes_seal(key, 32, nonce, &aad, 1, text, sizeof text, out);
    CU_ASSERT_EQUAL(done, countdown != 0);
    if (done)
      break;
    CU_ASSERT(all_zero(out, sizeof text + PSD_GCM_TAG_SIZE));
  }
  CU_ASSERT(call > 8);
  for (call = 1;; call++) {
    countdown = call;
    bool done = psd_tdes_open(key, 32, nonce, &aad, 1, sealed, sizeof text + PSD_GCM_TAG_SIZE, out);
    CU_ASSERT_EQUAL(done, countdown != 0);
    if (done)
      break;
  }
  CU_ASSERT(call > 8);
  for (call = 1; call < 20; call++) {
    countdown = call;
    bool passed = psd_tdes_kat();
    CU_ASSERT_EQUAL(passed, countdown != 0);
  }
  countdown = 0;
  CU_ASSERT(psd_tdes_kat());
}

/* What stands in the block is 00 02, at least eight bytes that are not zero, 00, and the message. */
static void rsa_block(unsigned bits) {
  static uint8_t der[PSD_RSA_KEY_MAX];
  uint8_t message[PSD_RSA_MAX], cipher[PSD_RSA_MAX], block[PSD_RSA_MAX];
  psd_drbg drbg;
  psd_rsa_public public_key;
  rsa_key key;
  size_t der_length = 0, length = 0, size = bits / 8;
  CU_ASSERT_FATAL(psd_crypto_init() && start_drbg(&drbg, 7) &&
                  psd_rsa_generate(&drbg, bits, der, &der_length, &public_key));
  CU_ASSERT_FATAL(psd_rsa_open_private(&key, der, der_length));
  memset(message, 0x5C, sizeof message);
  const size_t sizes[] = {0, 1, 24, size - 11};
  for (size_t i = 0; i < 4; i++) {
    CU_ASSERT(psd_rsa_classic_encrypt(&drbg, &public_key, message, sizes[i], cipher, &length));
    CU_ASSERT_EQUAL_FATAL(length, size);
    CU_ASSERT_FATAL(psd_rsa_private_operation(&key, cipher, block, size));
    size_t end = size - sizes[i] - 1;
    CU_ASSERT(block[0] == 0 && block[1] == 2 && block[end] == 0);
    CU_ASSERT(end >= 10 && memchr(block + 2, 0, end - 2) == NULL);
    CU_ASSERT_EQUAL(memcmp(block + end + 1, message, sizes[i]), 0);
  }
  CU_ASSERT(!psd_rsa_classic_encrypt(&drbg, &public_key, message, size - 10, cipher, &length));
  CU_ASSERT(length == 0 && all_zero(cipher, sizeof cipher));
  public_key.modulus[size - 1] ^= 1; /* even: no modulus */
  CU_ASSERT(!psd_rsa_classic_encrypt(&drbg, &public_key, message, 24, cipher, &length) && length == 0);
  public_key.modulus[size - 1] ^= 1;
  psd_drbg_stop(&drbg);
  CU_ASSERT(!psd_rsa_classic_encrypt(&drbg, &public_key, message, 24, cipher, &length));
  CU_ASSERT(length == 0 && all_zero(cipher, sizeof cipher));
  rsa_free(&key);
}

static void rsa_2048(void) {
  rsa_block(2048);
}

static void rsa_3072(void) {
  rsa_block(3072);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"blocks (SP 800-67), and keys of other lengths refused", blocks},
      {"CFB-64 (NIST CAVS, FIPS 81)", cfb},
      {"MACs (ISO/IEC 9797-1), and those of suite classic", macs},
      {"a record, and every bit of it", records},
      {"whichever call fails, the operation does", faults},
      {"PKCS#1 v1.5, 2048 bits", rsa_2048},
      {"PKCS#1 v1.5, 3072 bits", rsa_3072},
  };
  return psd_check_run("crypto: suite classic", tests, PSD_CHECK_COUNT(tests));
}
