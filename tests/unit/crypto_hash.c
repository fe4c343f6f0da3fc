/* SHA-2 against the examples of NIST (CSRC, "SHA All") and RFC 6234, 8.5. */
#include "check.h"
#include "crypto_support.h"

static void sha256_examples(void) {
  uint8_t digest[PSD_SHA256_SIZE];
  CU_ASSERT(psd_sha256(NULL, 0, digest));
  psd_check_bytes(digest, sizeof digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "empty");
  CU_ASSERT(psd_sha256("abc", 3, digest));
  psd_check_bytes(digest, sizeof digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "abc");
  static char letters[1000000];
  memset(letters, 'a', sizeof letters);
  CU_ASSERT(psd_sha256(letters, sizeof letters, digest));
  psd_check_bytes(digest, sizeof digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
                  "a million times a");
}

static void two_pieces_hash_as_one(void) {
  static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdbcdecdefdefgefghfghighijhijk";
  uint8_t whole[PSD_SHA256_SIZE], digest[PSD_SHA256_SIZE];
  CU_ASSERT(psd_sha256(text, sizeof text - 1, whole));
  for (size_t cut = 0; cut < sizeof text; cut++) {
    CU_ASSERT(psd_sha256_two(text, cut, text + cut, sizeof text - 1 - cut, digest));
    CU_ASSERT(psd_equal(digest, whole, sizeof whole));
  }
}

/* Whatever the pieces: a result may be taken between them, and changes nothing. */
static void many_pieces_hash_as_one(void) {
  static const char text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopqabcdbcdecdefdefgefghfghighijhijk";
  for (size_t size = 1; size < sizeof text; size++) {
    psd_sha256_run run;
    uint8_t whole[PSD_SHA256_SIZE], digest[PSD_SHA256_SIZE];
    CU_ASSERT(psd_sha256_begin(&run));
    for (size_t at = 0; at < sizeof text - 1; at += size) {
      size_t part = sizeof text - 1 - at < size ? sizeof text - 1 - at : size;
      CU_ASSERT(psd_sha256_add(&run, text + at, part) && psd_sha256_add(&run, NULL, 0));
      CU_ASSERT(psd_sha256_result(&run, digest) && psd_sha256(text, at + part, whole));
      CU_ASSERT(psd_equal(digest, whole, sizeof whole));
    }
  }
}

static void sha384_examples(void) {
  uint8_t digest[48];
  CU_ASSERT(psd_sha384(NULL, 0, digest));
  psd_check_bytes(digest, sizeof digest,
                  "38b060a751ac96384cd9327eb1b1e36a21fdb71114be0743"
                  "4c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
                  "empty");
  CU_ASSERT(psd_sha384("abc", 3, digest));
  psd_check_bytes(digest, sizeof digest,
                  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded163"
                  "1a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
                  "abc");
}

static void sha512_examples(void) {
  uint8_t digest[64];
  CU_ASSERT(psd_sha512(NULL, 0, digest));
  psd_check_bytes(digest, sizeof digest,
                  "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
                  "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
                  "empty");
  static const char text[] = "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmno"
                             "ijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu";
  CU_ASSERT(psd_sha512(text, sizeof text - 1, digest));
  psd_check_bytes(digest, sizeof digest,
                  "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018"
                  "501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
                  "two blocks");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"SHA-256: empty, one block, a million letters", sha256_examples},
      {"SHA-256 of two pieces is that of the whole, wherever the cut", two_pieces_hash_as_one},
      {"SHA-256 of many pieces is that of the whole", many_pieces_hash_as_one},
      {"SHA-384: empty, one block", sha384_examples},
      {"SHA-512: empty, two blocks", sha512_examples},
  };
  return psd_check_run("crypto hash", tests, PSD_CHECK_COUNT(tests));
}
