/* The server's cryptography against the vectors of its standards, and against itself from several threads. */
#include "check.h"

#include <string.h>
#include <threads.h>

#include "crypto/evp.h"
#include "crypto/evp_internal.h"
#include "hpke_vectors.h"

static psd_part part(const void *data, size_t length) {
  return (psd_part){data, length};
}

/* FIPS 180-4 example "abc"; RFC 4231, test cases 2 and 6 (a key longer than a block). */
static void hash_and_mac(void) {
  uint8_t digest[PSD_HASH], key[131];
  const psd_part abc[] = {part("a", 1), part(NULL, 0), part("bc", 2)};
  CU_ASSERT(psd_hash(abc, 3, digest));
  psd_check_bytes(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
  const psd_part what = part("what do ya want for nothing?", 28);
  CU_ASSERT(psd_hmac("Jefe", 4, &what, 1, digest));
  psd_check_bytes(digest, 32, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", "RFC 4231, 2");
  memset(key, 0xAA, sizeof key);
  const psd_part larger = part("Test Using Larger Than Block-Size Key - Hash Key First", 54);
  CU_ASSERT(psd_hmac(key, sizeof key, &larger, 1, digest));
  psd_check_bytes(digest, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231, 6");
}

static void hkdf(void) {
  uint8_t ikm[80], salt[80], info[80], prk[PSD_HASH], out[82];
  size_t ikm_length = psd_check_hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", ikm, sizeof ikm);
  size_t salt_length = psd_check_hex("000102030405060708090a0b0c", salt, sizeof salt);
  size_t info_length = psd_check_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
  CU_ASSERT(psd_hkdf_extract(salt, salt_length, ikm, ikm_length, prk));
  psd_check_bytes(prk, 32, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5", "RFC 5869, A.1");
  CU_ASSERT(psd_hkdf_expand(prk, info, info_length, out, 42));
  psd_check_bytes(out, 42, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                  "RFC 5869, A.1");
  for (size_t i = 0; i < 80; i++) {
    ikm[i] = (uint8_t)i;
    salt[i] = (uint8_t)(0x60 + i);
    info[i] = (uint8_t)(0xB0 + i);
  }
  CU_ASSERT(psd_hkdf_extract(salt, 80, ikm, 80, prk) && psd_hkdf_expand(prk, info, 80, out, 82));
  psd_check_bytes(out, 82,
                  "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                  "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
                  "RFC 5869, A.2");
  memset(ikm, 0x0B, 22);
  CU_ASSERT(psd_hkdf_extract(NULL, 0, ikm, 22, prk) && psd_hkdf_expand(prk, NULL, 0, out, 42));
  psd_check_bytes(out, 42, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                  "RFC 5869, A.3");
}

/* The GCM specification's test cases 13 to 16, which NIST took over. */
static void gcm(void) {
  uint8_t key[32] = {0}, nonce[12] = {0}, plain[64], out[64], back[64], tag[16], aad[20];
  CU_ASSERT(psd_gcm_seal(key, nonce, part(NULL, 0), NULL, 0, out, tag));
  psd_check_bytes(tag, 16, "530f8afbc74536b9a963b4f1c4cb738b", "case 13");
  memset(plain, 0, 16);
  CU_ASSERT(psd_gcm_seal(key, nonce, part(NULL, 0), plain, 16, out, tag));
  psd_check_bytes(out, 16, "cea7403d4d606b6e074ec5d3baf39d18", "case 14");
  psd_check_bytes(tag, 16, "d0d1c8a799996bf0265b98b5d48ab919", "case 14");
  (void)psd_check_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key, 32);
  (void)psd_check_hex("cafebabefacedbaddecaf888", nonce, 12);
  (void)psd_check_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
                      "b16aedf5aa0de657ba637b39",
                      plain, 60);
  (void)psd_check_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, 20);
  CU_ASSERT(psd_gcm_seal(key, nonce, part(aad, 20), plain, 60, out, tag));
  psd_check_bytes(out, 60,
                  "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
                  "c5f61e6393ba7a0abcc9f662",
                  "case 16");
  psd_check_bytes(tag, 16, "76fc6ece0f4e1768cddf8853bb2d551b", "case 16");
  CU_ASSERT(psd_gcm_open(key, nonce, part(aad, 20), out, 60, tag, back));
  CU_ASSERT_EQUAL(memcmp(back, plain, 60), 0);
  for (size_t bit = 0; bit < 128; bit++) {
    static const uint8_t zeroes[60];
    tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!psd_gcm_open(key, nonce, part(aad, 20), out, 60, tag, back));
    CU_ASSERT_EQUAL(memcmp(back, zeroes, 60), 0);
    tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  CU_ASSERT(psd_gcm_open(key, nonce, part(aad, 20), out, 60, tag, out));
  CU_ASSERT_EQUAL(memcmp(out, plain, 60), 0);
}

/* With A.3.1's AEAD, AES-128-GCM: the KEM is the same, and the key schedule but for the AEAD's number. */
static void hpke_received(const psd_hpke_vector *vector) {
  uint8_t secret[32], enc[65], point[65], shared[32], key[32], nonce[12];
  const psd_part info = part(PSD_HPKE_VECTOR_INFO, sizeof PSD_HPKE_VECTOR_INFO - 1U);
  (void)psd_check_hex(vector->recipient_secret, secret, sizeof secret);
  (void)psd_check_hex(vector->enc, enc, sizeof enc);
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  psd_check_bytes(point, 65, vector->recipient, vector->name);
  CU_ASSERT(psd_hpke_decapsulate(pair, enc, shared));
  psd_check_bytes(shared, 32, vector->shared_secret, vector->name);
  CU_ASSERT(psd_hpke_schedule(shared, info, 1, key, (uint8_t)vector->key_length, nonce));
  psd_check_bytes(key, vector->key_length, vector->key, vector->name);
  psd_check_bytes(nonce, 12, vector->base_nonce, vector->name);
  psd_pair_free(pair);
}

/* With AES-256-GCM, sent as the card sends it. */
static void hpke_sent(const psd_hpke_vector *vector) {
  static const char text[] = PSD_HPKE_VECTOR_TEXT;
  uint8_t secret[32], recipient[65], enc[65], sealed[sizeof text - 1 + 16];
  (void)psd_check_hex(vector->secret, secret, sizeof secret);
  (void)psd_check_hex(vector->recipient, recipient, sizeof recipient);
  psd_pair *ephemeral = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(ephemeral);
  psd_pair_point(ephemeral, enc);
  psd_check_bytes(enc, 65, vector->enc, vector->name);
  CU_ASSERT(psd_hpke_send(ephemeral, recipient, part(PSD_HPKE_VECTOR_INFO, sizeof PSD_HPKE_VECTOR_INFO - 1U),
                          part(PSD_HPKE_VECTOR_AAD, sizeof PSD_HPKE_VECTOR_AAD - 1U), (const uint8_t *)text,
                          sizeof text - 1, sealed));
  psd_check_bytes(sealed, sizeof sealed, vector->sealed, vector->name);
  psd_pair_free(ephemeral);
}

static void hpke_vectors(void) {
  unsigned received = 0, sent = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(psd_hpke_vectors); i++) {
    const psd_hpke_vector *vector = &psd_hpke_vectors[i];
    if (vector->recipient_secret != NULL) {
      hpke_received(vector);
      received++;
    }
    if (vector->key_length == 32) {
      hpke_sent(vector);
      sent++;
    }
  }
  CU_ASSERT(received == 1 && sent == 1);
}

static void hpke_bits(void) {
  uint8_t enc[65], recipient[65], sealed[48], text[32] = "thirty-two bytes of a session ky", out[32], info[4] = "info";
  psd_pair *to = psd_pair_new(), *ephemeral = psd_pair_new();
  CU_ASSERT_FATAL(to != NULL && ephemeral != NULL);
  psd_pair_point(to, recipient);
  psd_pair_point(ephemeral, enc);
  const psd_part of = part(info, 4), aad = part("aad", 3);
  CU_ASSERT(psd_hpke_send(ephemeral, recipient, of, aad, text, 32, sealed));
  CU_ASSERT(psd_hpke_open(to, enc, of, aad, sealed, 32, out));
  CU_ASSERT_EQUAL(memcmp(out, text, 32), 0);
  for (size_t bit = 0; bit < 48 * 8; bit++) {
    sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!psd_hpke_open(to, enc, of, aad, sealed, 32, out));
    sealed[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  CU_ASSERT(!psd_hpke_open(to, enc, of, part("aae", 3), sealed, 32, out));
  CU_ASSERT(!psd_hpke_open(to, enc, aad, aad, sealed, 32, out));
  CU_ASSERT(!psd_hpke_open(ephemeral, enc, of, aad, sealed, 32, out));
  psd_pair_free(to);
  psd_pair_free(ephemeral);
}

/* RFC 5903, 8.1: ECDH over the 256-bit random ECP group. */
static void ecdh(void) {
  uint8_t secret[32], point[65], shared[32];
  (void)psd_check_hex("C88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433", secret, 32);
  (void)psd_check_hex("04 D12DFB5289C8D4F81208B70270398C342296970A0BCCB74C736FC7554494BF63"
                      "56FBF3CA366CC23E8157854C13C58D6AAC23F046ADA30F8353E74F33039872AB",
                      point, 65);
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  CU_ASSERT(psd_pair_agree(pair, point, shared));
  psd_check_bytes(shared, 32, "D6840F6B42F6EDAFD13116E0E12565202FEF8E9ECE7DCE03812464D04B9442DE", "RFC 5903, 8.1");
  CU_ASSERT(psd_point_valid(point));
  for (size_t bit = 0; bit < 65 * 8; bit++) {
    point[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!psd_point_valid(point));
    CU_ASSERT(!psd_pair_agree(pair, point, shared));
    point[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  memset(point + 1, 0, 64);
  CU_ASSERT(!psd_pair_agree(pair, point, shared));
  psd_pair_free(pair);
}

static void pair_ranges(void) {
  uint8_t secret[32] = {0}, back[32];
  CU_ASSERT_PTR_NULL(psd_pair_of(secret));
  (void)psd_check_hex("FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551", secret, 32);
  CU_ASSERT_PTR_NULL(psd_pair_of(secret));
  secret[31]--;
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  CU_ASSERT(psd_pair_secret(pair, back));
  CU_ASSERT_EQUAL(memcmp(back, secret, 32), 0);
  psd_pair_free(pair);
  psd_pair_free(NULL);
}

/* RFC 6979, A.2.5, SHA-256, message "sample": a signature others have made. */
static void ecdsa(void) {
  uint8_t point[65], signature[64];
  const psd_part sample[] = {part("sam", 3), part("ple", 3)};
  (void)psd_check_hex("04 60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
                      "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299",
                      point, 65);
  (void)psd_check_hex("EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
                      "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8",
                      signature, 64);
  CU_ASSERT(psd_point_verify(point, sample, 2, signature));
  for (size_t bit = 0; bit < 512; bit++) {
    signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!psd_point_verify(point, sample, 2, signature));
    signature[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  memset(signature, 0, 64);
  CU_ASSERT(!psd_point_verify(point, sample, 2, signature));
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  /* Often enough that numbers with leading zeroes come up. */
  for (unsigned i = 0; i < 600; i++) {
    CU_ASSERT(psd_pair_sign(pair, sample, 2, signature));
    CU_ASSERT(psd_point_verify(point, sample, 2, signature));
    CU_ASSERT(!psd_point_verify(point, sample, 1, signature));
  }
  psd_pair_free(pair);
}

/* RFC 7914, 12: N = 1024, r = 8, p = 16 is not ours; this is the one with r = 8 and p = 1. */
static void passphrase_key(void) {
  uint8_t key[32];
  CU_ASSERT(psd_scrypt(part("pleaseletmein", 13), part("SodiumChloride", 14), 14, key));
  psd_check_bytes(key, 32, "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2", "RFC 7914, 12");
  CU_ASSERT(!psd_scrypt(part("x", 1), part("y", 1), 9, key));
  CU_ASSERT(!psd_scrypt(part("x", 1), part("y", 1), 21, key));
}

static void rsa(void) {
  uint8_t der[PSD_RSA_DER_MAX], modulus[PSD_RSA_MAX], again[PSD_RSA_MAX], out[32], sealed[256] = {0};
  CU_ASSERT_PTR_NULL(psd_rsa_new(1024));
  psd_rsa *key = psd_rsa_new(2048);
  CU_ASSERT_PTR_NOT_NULL_FATAL(key);
  CU_ASSERT_EQUAL(psd_rsa_modulus(key, modulus), 256);
  size_t length = psd_rsa_der(key, der);
  CU_ASSERT(length > 1100);
  psd_rsa *copy = psd_rsa_of(der, length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
  CU_ASSERT_EQUAL(psd_rsa_modulus(copy, again), 256);
  CU_ASSERT_EQUAL(memcmp(modulus, again, 256), 0);
  CU_ASSERT_PTR_NULL(psd_rsa_of(der, length - 1));
  CU_ASSERT(!psd_rsa_open(key, sealed, sizeof sealed, out, sizeof out));
  CU_ASSERT(!psd_rsa_open(key, sealed, 255, out, sizeof out));
  psd_rsa_free(key);
  psd_rsa_free(copy);
}

static void pem(void) {
  uint8_t point[65], back[65];
  char text[PSD_PEM_MAX];
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  CU_ASSERT(psd_point_pem(point, text));
  CU_ASSERT(psd_point_of_pem(text, strlen(text), back));
  CU_ASSERT_EQUAL(memcmp(point, back, 65), 0);
  CU_ASSERT(!psd_point_of_pem("nonsense", 8, back));
  psd_pair_free(pair);
}

/* What each thread repeats; the pair is everybody's. */
static int work(void *argument) {
  const psd_pair *pair = argument;
  uint8_t point[65], signature[64], tag[16], key[32] = {1}, nonce[12] = {2}, text[8] = "in place";
  const psd_part message = part("message", 7);
  psd_pair_point(pair, point);
  for (unsigned i = 0; i < 50; i++) {
    uint8_t one[32], other[32];
    psd_pair *own = psd_pair_new();
    if (own == NULL)
      return 1;
    uint8_t own_point[65];
    psd_pair_point(own, own_point);
    bool done = psd_pair_agree(pair, own_point, one) && psd_pair_agree(own, point, other) &&
                psd_secret_equal(one, other, 32) && psd_pair_sign(pair, &message, 1, signature) &&
                psd_point_verify(point, &message, 1, signature) &&
                psd_gcm_seal(key, nonce, message, text, 8, text, tag) &&
                psd_gcm_open(key, nonce, message, text, 8, tag, text) && memcmp(text, "in place", 8) == 0;
    psd_pair_free(own);
    if (!done)
      return 1;
  }
  return 0;
}

static void several_threads(void) {
  thrd_t threads[4];
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  for (size_t i = 0; i < 4; i++)
    CU_ASSERT_EQUAL_FATAL(thrd_create(&threads[i], work, pair), thrd_success);
  for (size_t i = 0; i < 4; i++) {
    int failed = 1;
    CU_ASSERT_EQUAL(thrd_join(threads[i], &failed), thrd_success);
    CU_ASSERT_EQUAL(failed, 0);
  }
  psd_pair_free(pair);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"SHA-256 and HMAC", hash_and_mac},
      {"HKDF: RFC 5869", hkdf},
      {"AES-256-GCM, and every bit of its tag", gcm},
      {"HPKE: RFC 9180, A.3.1, and test-vectors.json", hpke_vectors},
      {"HPKE opens what was sent, and nothing else", hpke_bits},
      {"ECDH: RFC 5903, and points off the curve", ecdh},
      {"secrets out of range are none", pair_ranges},
      {"ECDSA: RFC 6979, and every bit of a signature", ecdsa},
      {"scrypt: RFC 7914", passphrase_key},
      {"RSA keys come back as they were", rsa},
      {"PEM comes back as it was", pem},
      {"several threads at once", several_threads},
  };
  if (!psd_evp_start() || !psd_evp_start())
    return 1;
  int status = psd_check_run("evp", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
