/* Known-answer tests of everything without public keys. */
#include <string.h>

#include "crypto/internal.h"

/* FIPS 180-4 examples (NIST CSRC, "SHA All"): one block, and two for SHA-256. */
bool psd_kat_sha2(void) {
  static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  uint8_t digest[64];
  bool ok = psd_sha256("abc", 3, digest) &&
            psd_kat_same(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  ok = ok && psd_sha256(two_blocks, sizeof two_blocks - 1, digest) &&
       psd_kat_same(digest, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  ok = ok && psd_sha384("abc", 3, digest) &&
       psd_kat_same(digest, 48,
                    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
                    "8086072ba1e7cc2358baeca134c825a7");
  return ok && psd_sha512("abc", 3, digest) &&
         psd_kat_same(digest, 64,
                      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                      "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

/* RFC 4231, test cases 2 and 6 (a key longer than a block). */
bool psd_kat_hmac(void) {
  static const char question[] = "what do ya want for nothing?";
  static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
  uint8_t key[131], mac[PSD_SHA256_SIZE];
  memset(key, 0xAA, sizeof key);
  return psd_hmac_sha256("Jefe", 4, question, sizeof question - 1, mac) &&
         psd_kat_same(mac, sizeof mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843") &&
         psd_hmac_sha256(key, sizeof key, larger, sizeof larger - 1, mac) &&
         psd_kat_same(mac, sizeof mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

/* RFC 5869, A.1. */
bool psd_kat_hkdf(void) {
  uint8_t secret[22], salt[16], info[16], out[42];
  memset(secret, 0x0B, sizeof secret);
  size_t salt_length = psd_kat_hex("000102030405060708090a0b0c", salt, sizeof salt);
  size_t info_length = psd_kat_hex("f0f1f2f3f4f5f6f7f8f9", info, sizeof info);
  return psd_hkdf_sha256(salt, salt_length, secret, sizeof secret, info, info_length, out, sizeof out) &&
         psd_kat_same(out, sizeof out,
                      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                      "34007208d5b887185865");
}

/* FIPS 197, C.1 to C.3: enciphered as one block, deciphered as CBC with a zero vector. */
static bool aes_answers(size_t key_length, const char *cipher) {
  static const uint8_t zero[PSD_AES_BLOCK] = {0};
  uint8_t key[32], text[PSD_AES_BLOCK], out[PSD_AES_BLOCK];
  psd_kat_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", key, sizeof key);
  psd_kat_hex("00112233445566778899aabbccddeeff", text, sizeof text);
  return psd_aes_block(key, key_length, text, out) && psd_kat_same(out, sizeof out, cipher) &&
         psd_aes_cbc_encrypt(key, key_length, zero, text, sizeof text, out) && psd_kat_same(out, sizeof out, cipher) &&
         psd_aes_cbc_decrypt(key, key_length, zero, out, sizeof out, out) && psd_equal(out, text, sizeof text);
}

bool psd_kat_aes(void) {
  return aes_answers(16, "69c4e0d86a7b0430d8cdb78070b4c55a") && aes_answers(24, "dda97ca4864cdfe06eaf70a0ec0d7191") &&
         aes_answers(32, "8ea2b7ca516745bfeafc49904b496089");
}

/* SP 800-38B, examples of D.1 to D.3 with 40 bytes: an incomplete last block. */
static bool cmac_answers(const char *key_text, const char *expected) {
  uint8_t key[32], message[40], mac[PSD_AES_BLOCK];
  size_t key_length = psd_kat_hex(key_text, key, sizeof key);
  psd_kat_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411", message,
              sizeof message);
  const psd_piece pieces[] = {{message, 7}, {NULL, 0}, {message + 7, sizeof message - 7}};
  return psd_aes_cmac(key, key_length, pieces, 3, mac) && psd_kat_same(mac, sizeof mac, expected);
}

bool psd_kat_cmac(void) {
  return cmac_answers("2b7e151628aed2a6abf7158809cf4f3c", "dfa66747de9ae63030ca32611497c827") &&
         cmac_answers("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "8a1de5be2eb31aad089a82e6ee908b0e") &&
         cmac_answers("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                      "aaf3d8f1de5640c232f5b169b9c911e6");
}

/* SP 800-38C, C.3. */
bool psd_kat_ccm(void) {
  static const char cipher[] = "e3b201a9f5b71a7a9b1ceaeccd97e70b6176aad9a4428aa5";
  static const char plain[] = "202122232425262728292a2b2c2d2e2f3031323334353637";
  uint8_t key[16], nonce[12], aad[20], data[24], tag[8];
  psd_kat_hex("404142434445464748494a4b4c4d4e4f", key, sizeof key);
  psd_kat_hex("101112131415161718191a1b", nonce, sizeof nonce);
  psd_kat_hex("000102030405060708090a0b0c0d0e0f10111213", aad, sizeof aad);
  psd_kat_hex(plain, data, sizeof data);
  return psd_aes_ccm_seal(key, sizeof key, nonce, sizeof nonce, aad, sizeof aad, data, sizeof data, data, tag,
                          sizeof tag) &&
         psd_kat_same(data, sizeof data, cipher) && psd_kat_same(tag, sizeof tag, "484392fbc1b09951") &&
         psd_aes_ccm_open(key, sizeof key, nonce, sizeof nonce, aad, sizeof aad, data, sizeof data, data, tag,
                          sizeof tag) &&
         psd_kat_same(data, sizeof data, plain);
}

/* NIST's GCM examples for AES-256 ("GCM revised specification", test case 16): additional data, and a last block that
 * is not whole. */
bool psd_kat_gcm(void) {
  static const char cipher[] = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                               "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
                               "76fc6ece0f4e1768cddf8853bb2d551b";
  static const char plain[] = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                              "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39";
  uint8_t key[32], nonce[PSD_GCM_NONCE], aad[20], data[60 + PSD_GCM_TAG_SIZE];
  psd_kat_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key, sizeof key);
  psd_kat_hex("cafebabefacedbaddecaf888", nonce, sizeof nonce);
  psd_kat_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", aad, sizeof aad);
  psd_kat_hex(plain, data, sizeof data);
  const psd_piece pieces[] = {{aad, 7}, {aad + 7, sizeof aad - 7}};
  return psd_aes_gcm_seal(key, sizeof key, nonce, pieces, 2, data, 60, data) &&
         psd_kat_same(data, sizeof data, cipher) &&
         psd_aes_gcm_open(key, sizeof key, nonce, pieces, 2, data, sizeof data, data) && psd_kat_same(data, 60, plain);
}

/* NIST CAVS 14.3, drbgvectors_pr_false, HMAC_DRBG SHA-256, the first set without input strings, COUNT = 0: instantiate,
 * reseed, generate twice. */
bool psd_kat_drbg(void) {
  uint8_t seed[48], fresh[32], out[128];
  psd_drbg drbg = {0};
  size_t length = psd_kat_hex("06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d"
                              "0e66f71edc43e42a45ad3c6fc6cdc4df",
                              seed, sizeof seed);
  psd_kat_hex("01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552", fresh, sizeof fresh);
  bool ok = psd_drbg_seed(&drbg, true, &(psd_piece){seed, length}, 1) &&
            psd_drbg_seed(&drbg, false, &(psd_piece){fresh, sizeof fresh}, 1) &&
            psd_drbg_read(&drbg, out, sizeof out) && psd_drbg_read(&drbg, out, sizeof out);
  psd_drbg_stop(&drbg);
  return ok && psd_kat_same(out, sizeof out,
                            "76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb"
                            "2b1bc215000209208cd506cb28da2a51bdb03826aaf2bd2335d576d519160842"
                            "e7158ad0949d1a9ec3e66ea1b1a064b005de914eac2e9d4f2d72a8616a802254"
                            "22918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e1e0f8f5885935124");
}

/* RFC 3394, 4.6; NIST CAVS, "ANSI X9.63-2001", SHA-256, a shared secret of 192 bits with shared information of 128,
 * COUNT = 0. */
bool psd_kat_wrap(void) {
  static const char derived[] = "c498af77161cc59f2962b9a713e2b215152d139766ce34a776df11866a69bf2e"
                                "52a13d9c7c6fc878c50c5ea0bc7b00e0da2447cfd874f6cf92f30d0097111485"
                                "500c90c3af8b487872d04685d14c8d1dc8d7fa08beb0ce0ababc11f0bd496269"
                                "142d43525a78e5bc79a17f59676a5706dc54d54d4d1f0bd7e386128ec26afc21";
  uint8_t kek[32], key[32], wrapped[sizeof key + PSD_WRAP_ADDED], secret[24], info[16], out[128];
  psd_kat_hex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", kek, sizeof kek);
  psd_kat_hex("00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f", key, sizeof key);
  psd_kat_hex("22518b10e70f2a3f243810ae3254139efbee04aa57c7af7d", secret, sizeof secret);
  psd_kat_hex("75eef81aa3041e33b80971203d2c0c52", info, sizeof info);
  return psd_aes_wrap(kek, sizeof kek, key, sizeof key, wrapped) &&
         psd_kat_same(wrapped, sizeof wrapped,
                      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21") &&
         psd_x963_kdf(secret, sizeof secret, info, sizeof info, out, sizeof out) &&
         psd_kat_same(out, sizeof out, derived);
}
