/* P-256 against RFC 6979, NIST CAVS and OpenSSL 3.0, and what it must refuse. */
#include "check.h"
#include "crypto_support.h"

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"

/* The key of RFC 6979, A.2.5. */
static const char secret_text[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char point_text[] = "0460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
                                 "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

/* 32 bytes that anybody can compute: SHA-256 of a letter and a number. */
static void scalar(char letter, unsigned number, uint8_t out[32]) {
  const uint8_t text[] = {(uint8_t)letter, (uint8_t)number};
  psd_sha256(text, sizeof text, out);
}

static void power_of_two(unsigned exponent, uint8_t out[32]) {
  memset(out, 0, 32);
  out[31 - exponent / 8] = (uint8_t)(1U << (exponent % 8));
}

/* out = n - in */
static void negate(const uint8_t in[32], uint8_t out[32]) {
  uint8_t order[32];
  psd_check_hex(ORDER, order, sizeof order);
  int borrow = 0;
  for (int i = 31; i >= 0; i--) {
    int difference = order[i] - in[i] - borrow;
    borrow = difference < 0;
    out[i] = (uint8_t)difference;
  }
}

/* Adds to a digest of everything so far. */
static void append(uint8_t *all, size_t *used, const void *data, size_t length) {
  memcpy(all + *used, data, length);
  *used += length;
}

static void check_all(const uint8_t *all, size_t used, const char *expected, const char *what) {
  uint8_t digest[PSD_SHA256_SIZE];
  psd_sha256(all, used, digest);
  psd_check_bytes(digest, sizeof digest, expected, what);
}

/* The expected digests are those of the same points and secrets computed with OpenSSL 3.0. */
static void public_keys_agree_with_openssl(void) {
  static uint8_t all[256 * PSD_P256_POINT];
  size_t used = 0;
  uint8_t secret[32], opposite[32], point[PSD_P256_POINT];
  for (unsigned i = 0; i < 256; i++, append(all, &used, point, sizeof point)) {
    power_of_two(i, secret);
    CU_ASSERT(psd_p256_public(secret, point));
  }
  check_all(all, used, "2ee0a32f9bab28ad009876d57991744218c8d8fa277bf85230a983fd35755bc4", "2^i G");
  used = 0;
  for (unsigned i = 0; i < 256; i++, append(all, &used, point, sizeof point)) {
    power_of_two(i, secret);
    negate(secret, opposite);
    CU_ASSERT(psd_p256_public(opposite, point));
  }
  check_all(all, used, "e8a40fc6f41c70eeea01f9dbb885ea4583b5ebec2d6231c826856b9b368e3958", "(n - 2^i) G");
  used = 0;
  for (unsigned i = 0; i < 100; i++, append(all, &used, point, sizeof point)) {
    scalar('k', i, secret);
    CU_ASSERT(psd_p256_public(secret, point));
  }
  check_all(all, used, "93416afe00503bf06accf717a33473dcd2d08d656127d09f0f13265099d4bfef", "k G");
}

static void shared_secrets_agree_with_openssl(void) {
  static uint8_t all[512 * 32];
  size_t used = 0;
  uint8_t a[32], b[32], point[PSD_P256_POINT], shared[32];
  for (unsigned i = 0; i < 100; i++, append(all, &used, shared, sizeof shared)) {
    scalar('a', i, a);
    scalar('b', i, b);
    CU_ASSERT(psd_p256_public(b, point) && psd_p256_agree(a, point, shared));
  }
  check_all(all, used, "13d9fca404b06eac54867d0a5d3f00df92406450a76ad6243bbcc395f16e7039", "a (b G)");
  used = 0;
  scalar('p', 0, b);
  CU_ASSERT(psd_p256_public(b, point));
  for (unsigned i = 0; i < 256; i++) {
    power_of_two(i, a);
    CU_ASSERT(psd_p256_agree(a, point, shared));
    append(all, &used, shared, sizeof shared);
    negate(a, b);
    CU_ASSERT(psd_p256_agree(b, point, shared));
    append(all, &used, shared, sizeof shared);
  }
  check_all(all, used, "9a073bb0743e6f18c248415f24bdd47318ef5969132f9a69efa1bd211129358d", "2^i P, (n - 2^i) P");
}

/* NIST CAVS 14.1, KAS_ECC_CDH_PrimitiveTest, P-256, COUNT = 0 and 1. */
static void cavs_agreement(void) {
  static const struct {
    const char *secret, *peer, *shared;
  } cases[] = {
      {"7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
       "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
       "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
       "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
      {"38f65d6dce47676044d58ce5139582d568f64bb16098d179dbab07741dd5caf5",
       "04809f04289c64348c01515eb03d5ce7ac1a8cb9498f5caa50197e58d43a86a7ae"
       "b29d84e811197f25eba8f5194092cb6ff440e26d4421011372461f579271cda3",
       "057d636096cb80b67a8c038c890e887d1adfa4195e9b3ce241c8a778c59cda67"},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    uint8_t secret[32], peer[PSD_P256_POINT], shared[32];
    psd_check_hex(cases[i].secret, secret, sizeof secret);
    psd_check_hex(cases[i].peer, peer, sizeof peer);
    CU_ASSERT(psd_p256_agree(secret, peer, shared));
    psd_check_bytes(shared, sizeof shared, cases[i].shared, "CAVS");
  }
}

/* RFC 6979, A.2.5; digests longer than the order are cut (FIPS 186-4, 6.4), shorter ones are taken as they are. */
static void rfc6979_signatures_verify(void) {
  static const struct {
    const char *digest, *signature;
  } cases[] = {
      {"8151325dcdbae9e0ff95f9f9658432dbedfdb209", "61340c88c3aaebeb4f6d667f672ca9759a6ccaa9fa8811313039ee4a35471d32"
                                                   "6d7f147dac089441bb2e2fe8f7a3fa264b9c475098fdcf6e00d7c996e1b8b7eb"},
      {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
       "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
       "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"},
      {"9a9083505bc92276aec4be312696ef7bf3bf603f4bbd381196a029f340585312313bca4a9b5b890efee42c77b1ee25fe",
       "0eafea039b20e9b42309fb1d89e213057cbf973dc0cfc8f129edddc800ef7719"
       "4861f0491e6998b9455193e34e7b0d284ddd7149a74b95b9261f13abde940954"},
      {"39a5e04aaff7455d9850c605364f514c11324ce64016960d23d5dc57d3ffd8f4"
       "9a739468ab8049bf18eef820cdb1ad6c9015f838556bc7fad4138b23fdf986c7",
       "8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
       "2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe"},
  };
  uint8_t point[PSD_P256_POINT], digest[64], signature[PSD_P256_SIGNATURE];
  psd_check_hex(point_text, point, sizeof point);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    size_t length = psd_check_hex(cases[i].digest, digest, sizeof digest);
    psd_check_hex(cases[i].signature, signature, sizeof signature);
    CU_ASSERT(psd_p256_verify(point, digest, length, signature));
    digest[0] ^= 0x80;
    CU_ASSERT(!psd_p256_verify(point, digest, length, signature));
  }
}

/* A key pair, a digest and a signature that verifies. */
typedef struct signed_digest {
  uint8_t secret[32], point[PSD_P256_POINT], digest[32], signature[PSD_P256_SIGNATURE];
} signed_digest;

static void make_signed(signed_digest *made) {
  psd_drbg drbg;
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  psd_check_hex(secret_text, made->secret, 32);
  psd_check_hex(point_text, made->point, PSD_P256_POINT);
  scalar('m', 0, made->digest);
  CU_ASSERT_FATAL(psd_p256_sign(&drbg, made->secret, made->digest, 32, made->signature));
  psd_drbg_stop(&drbg);
}

static void verify_sees_flipped_bits(void) {
  signed_digest made;
  make_signed(&made);
  CU_ASSERT(psd_p256_verify(made.point, made.digest, 32, made.signature));
  for (size_t i = 0; i < PSD_P256_SIGNATURE; i++) {
    made.signature[i] ^= (uint8_t)(1U << (i % 8));
    CU_ASSERT(!psd_p256_verify(made.point, made.digest, 32, made.signature));
    made.signature[i] ^= (uint8_t)(1U << (i % 8));
  }
  for (size_t i = 0; i < 32; i++) {
    made.digest[i] ^= (uint8_t)(1U << (i % 8));
    CU_ASSERT(!psd_p256_verify(made.point, made.digest, 32, made.signature));
    made.digest[i] ^= (uint8_t)(1U << (i % 8));
  }
  CU_ASSERT(psd_p256_verify(made.point, made.digest, 32, made.signature));
}

/* FIPS 186-4, 6.4.2: r and s must be in [1, n - 1]. */
static void verify_wants_r_and_s_in_range(void) {
  static const char *const bad[] = {"0000000000000000000000000000000000000000000000000000000000000000", ORDER,
                                    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
                                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
  signed_digest made;
  make_signed(&made);
  for (size_t half = 0; half < 64; half += 32)
    for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++) {
      uint8_t signature[PSD_P256_SIGNATURE];
      memcpy(signature, made.signature, sizeof signature);
      psd_check_hex(bad[i], signature + half, 32);
      CU_ASSERT(!psd_p256_verify(made.point, made.digest, 32, signature));
    }
  CU_ASSERT(!psd_p256_verify(made.point, made.digest, 0, made.signature));
}

/* Signatures made so that u1 G and u2 Q are equal, opposite, or the first of them infinity. */
static void verify_adds_completely(void) {
  uint8_t point[PSD_P256_POINT], digest[32], signature[PSD_P256_SIGNATURE];
  psd_check_hex("0481b9f6bfdd6179e04a59e45998c7a4d112f314c787696ddf81db46467a0facfd"
                "e2e17699ac1a4daac9a598a740352d7ded2de58d3372ce5b57037e2a010b5356",
                point, sizeof point);
  psd_check_hex("d79329f2d15981377aa69123751af18225a611cb7015256e59e88a5566038c53"
                "04e05a1c2af3a48e45eb1c5a14bb9dfa63a82c72b7e8de6f51cc46dba9d07253",
                signature, sizeof signature);
  psd_check_hex("e680adcb314f0282735a6502b40cbecc26a4633e147c8811a92e21cb610bb39e", digest, sizeof digest);
  CU_ASSERT(psd_p256_verify(point, digest, sizeof digest, signature));
  psd_check_hex("197f5233ceb0fd7e8ca59afd4bf341339642976f929b16734a8ba8f79b5771b3", digest, sizeof digest);
  CU_ASSERT(!psd_p256_verify(point, digest, sizeof digest, signature));
  psd_check_hex("8011ae844969f7d9b782416809814528b993e99584115dc4053bc89cf5e4ce68"
                "57a904c53c772d028d01b948f407b92672b268b42b31d3b08612ff88cbbdd0c6",
                signature, sizeof signature);
  memset(digest, 0, sizeof digest);
  CU_ASSERT(psd_p256_verify(point, digest, sizeof digest, signature));
}

static void nobody_takes(const uint8_t point[PSD_P256_POINT]) {
  signed_digest made;
  uint8_t shared[32];
  make_signed(&made);
  CU_ASSERT(!psd_p256_check(point));
  CU_ASSERT(!psd_p256_verify(point, made.digest, 32, made.signature));
  memset(shared, 1, sizeof shared);
  CU_ASSERT(!psd_p256_agree(made.secret, point, shared));
  CU_ASSERT(all_zero(shared, sizeof shared));
}

/* SP 800-56A, 5.6.2.3.3. */
static void bad_points_are_refused(void) {
  /* the curve's own points with x = 0 and x = 5, and what stands for them without being them */
  static const char *const good[] = {"040000000000000000000000000000000000000000000000000000000000000000"
                                     "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
                                     "040000000000000000000000000000000000000000000000000000000000000005"
                                     "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc"};
  static const char *const bad[] = {/* x = p and x = p + 5 */
                                    "04ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
                                    "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
                                    "04ffffffff00000001000000000000000000000001000000000000000000000004"
                                    "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc",
                                    /* (0, 0), all ones, and infinity's single zero with zeros behind it */
                                    "040000000000000000000000000000000000000000000000000000000000000000"
                                    "0000000000000000000000000000000000000000000000000000000000000000",
                                    "04ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                                    "000000000000000000000000000000000000000000000000000000000000000000"
                                    "0000000000000000000000000000000000000000000000000000000000000000"};
  uint8_t point[PSD_P256_POINT];
  for (size_t i = 0; i < PSD_CHECK_COUNT(good); i++) {
    psd_check_hex(good[i], point, sizeof point);
    CU_ASSERT(psd_p256_check(point));
  }
  for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++) {
    psd_check_hex(bad[i], point, sizeof point);
    nobody_takes(point);
  }
  psd_check_hex(point_text, point, sizeof point);
  CU_ASSERT(psd_p256_check(point));
  for (size_t i = 0; i < sizeof point; i += 8) { /* a wrong first byte, or off the curve */
    point[i] ^= 0x01;
    nobody_takes(point);
    point[i] ^= 0x01;
  }
  for (unsigned first = 0; first < 256; first++) {
    point[0] = (uint8_t)first;
    CU_ASSERT_EQUAL(psd_p256_check(point), first == 0x04);
  }
}

/* A secret is in [1, n - 1]. */
static void bad_secrets_are_refused(void) {
  static const char *const bad[] = {"0000000000000000000000000000000000000000000000000000000000000000", ORDER,
                                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
  psd_drbg drbg;
  uint8_t secret[32], digest[32] = {1}, peer[PSD_P256_POINT], point[PSD_P256_POINT];
  uint8_t signature[PSD_P256_SIGNATURE], shared[32];
  CU_ASSERT_FATAL(start_drbg(&drbg, 1));
  psd_check_hex(point_text, peer, sizeof peer);
  for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++) {
    psd_check_hex(bad[i], secret, sizeof secret);
    CU_ASSERT(!psd_p256_public(secret, point) && all_zero(point, sizeof point));
    CU_ASSERT(!psd_p256_sign(&drbg, secret, digest, 32, signature) && all_zero(signature, sizeof signature));
    CU_ASSERT(!psd_p256_agree(secret, peer, shared) && all_zero(shared, sizeof shared));
  }
  psd_check_hex(secret_text, secret, sizeof secret);
  CU_ASSERT(!psd_p256_sign(&drbg, secret, digest, 0, signature));
}

static void signatures_verify(void) {
  psd_drbg drbg;
  uint8_t secret[32], point[PSD_P256_POINT], digest[64], signature[PSD_P256_SIGNATURE];
  CU_ASSERT_FATAL(start_drbg(&drbg, 3));
  for (unsigned i = 0; i < 10; i++) {
    CU_ASSERT(psd_p256_generate(&drbg, secret, point));
    CU_ASSERT(psd_p256_check(point));
    for (size_t length = 20; length <= 64; length += 22) {
      psd_sha512(point, sizeof point, digest);
      CU_ASSERT(psd_p256_sign(&drbg, secret, digest, length, signature));
      CU_ASSERT(psd_p256_verify(point, digest, length, signature));
    }
    memset(digest, i % 2 == 0 ? 0x00 : 0xFF, sizeof digest);
    CU_ASSERT(psd_p256_sign(&drbg, secret, digest, 32, signature));
    CU_ASSERT(psd_p256_verify(point, digest, 32, signature));
  }
}

static void nonces_do_not_repeat(void) {
  psd_drbg drbg, twin;
  uint8_t secret[32], digest[32], a[PSD_P256_SIGNATURE], b[PSD_P256_SIGNATURE];
  CU_ASSERT_FATAL(start_drbg(&drbg, 1) && start_drbg(&twin, 1));
  psd_check_hex(secret_text, secret, sizeof secret);
  scalar('m', 0, digest);
  CU_ASSERT(psd_p256_sign(&drbg, secret, digest, 32, a) && psd_p256_sign(&drbg, secret, digest, 32, b));
  CU_ASSERT(!psd_equal(a, b, 32)); /* r tells the nonce */
  CU_ASSERT(psd_p256_sign(&twin, secret, digest, 32, b));
  CU_ASSERT(psd_equal(a, b, sizeof a));
  /* A generator that repeats itself, and another digest: another nonce all the same. */
  psd_drbg_stop(&twin);
  CU_ASSERT_FATAL(start_drbg(&twin, 1));
  scalar('m', 1, digest);
  CU_ASSERT(psd_p256_sign(&twin, secret, digest, 32, b));
  CU_ASSERT(!psd_equal(a, b, 32));
}

static void nothing_is_made_without_randomness(void) {
  psd_drbg drbg = {0};
  uint8_t secret[32], point[PSD_P256_POINT], digest[32] = {1}, signature[PSD_P256_SIGNATURE];
  psd_check_hex(secret_text, secret, sizeof secret);
  memset(signature, 1, sizeof signature);
  CU_ASSERT(!psd_p256_sign(&drbg, secret, digest, 32, signature));
  CU_ASSERT(all_zero(signature, sizeof signature));
  memset(point, 1, sizeof point);
  CU_ASSERT(!psd_p256_generate(&drbg, secret, point));
  CU_ASSERT(all_zero(secret, sizeof secret) && all_zero(point, sizeof point));
}

/* The port fails at the reseed that falls before each of the reads a key pair takes. */
static void a_reseed_that_fails_stops_the_key_pair(void) {
  for (unsigned reads = 0; reads < 2; reads++) {
    stream from = {.number = 1};
    psd_entropy port = stream_port(&from);
    psd_drbg drbg;
    uint8_t secret[32], point[PSD_P256_POINT];
    CU_ASSERT_FATAL(psd_drbg_start(&drbg, &port));
    from.fail_at = from.reads + 1;
    for (unsigned i = 0; i < PSD_DRBG_RESEED - reads; i++)
      CU_ASSERT(psd_drbg_read(&drbg, secret, 1));
    memset(secret, 1, sizeof secret);
    CU_ASSERT(!psd_p256_generate(&drbg, secret, point));
    CU_ASSERT(all_zero(secret, sizeof secret) && all_zero(point, sizeof point));
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"public keys are those of OpenSSL", public_keys_agree_with_openssl},
      {"shared secrets are those of OpenSSL", shared_secrets_agree_with_openssl},
      {"NIST CAVS, ECC CDH primitive", cavs_agreement},
      {"RFC 6979, A.2.5: signatures over digests of 20 to 64 bytes verify", rfc6979_signatures_verify},
      {"no signature verifies with a flipped bit", verify_sees_flipped_bits},
      {"r and s outside [1, n - 1] are refused", verify_wants_r_and_s_in_range},
      {"verification adds equal points, opposite points and infinity rightly", verify_adds_completely},
      {"points off the curve, out of range, compressed or at infinity are refused", bad_points_are_refused},
      {"secrets outside [1, n - 1] are refused", bad_secrets_are_refused},
      {"what is signed verifies, for new keys and digests of any length", signatures_verify},
      {"nonces differ by call and by digest", nonces_do_not_repeat},
      {"without randomness there is no signature and no key pair", nothing_is_made_without_randomness},
      {"a reseed that fails half-way leaves no key pair", a_reseed_that_fails_stops_the_key_pair},
  };
  return psd_check_run("crypto p256", tests, PSD_CHECK_COUNT(tests));
}
