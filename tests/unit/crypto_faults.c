/* Every call of libtomcrypt, and every number it computes with, made to fail in turn: the operation must then fail as a
 * whole and leave nothing in its outputs. The linker sends the library's calls through the __wrap_ functions. */
#include "check.h"
#include "crypto/internal.h"
#include "crypto_support.h"

static unsigned countdown; /* the call that fails; 0 for none any more */

static bool fails(void) {
  return countdown != 0 && --countdown == 0;
}

#define WRAP(name, parameters, arguments)                                                                              \
  int __real_##name parameters;                                                                                        \
  int __wrap_##name parameters;                                                                                        \
  int __wrap_##name parameters {                                                                                       \
    return fails() ? CRYPT_ERROR : __real_##name arguments;                                                            \
  }
typedef unsigned char octet;
typedef unsigned long size;

WRAP(sha256_init, (hash_state * s), (s))
WRAP(sha256_process, (hash_state * s, const octet *in, size n), (s, in, n))
WRAP(sha256_done, (hash_state * s, octet *out), (s, out))
WRAP(sha384_init, (hash_state * s), (s))
WRAP(sha384_done, (hash_state * s, octet *out), (s, out))
WRAP(sha512_init, (hash_state * s), (s))
WRAP(sha512_process, (hash_state * s, const octet *in, size n), (s, in, n))
WRAP(sha512_done, (hash_state * s, octet *out), (s, out))
WRAP(rijndael_setup, (const octet *key, int n, int rounds, symmetric_key *s), (key, n, rounds, s))
WRAP(rijndael_ecb_encrypt, (const octet *in, octet *out, const symmetric_key *s), (in, out, s))
WRAP(cbc_start, (int cipher, const octet *iv, const octet *key, int n, int rounds, symmetric_CBC *s),
     (cipher, iv, key, n, rounds, s))
WRAP(cbc_encrypt, (const octet *in, octet *out, size n, symmetric_CBC *s), (in, out, n, s))
WRAP(cbc_decrypt, (const octet *in, octet *out, size n, symmetric_CBC *s), (in, out, n, s))
WRAP(omac_init, (omac_state * s, int cipher, const octet *key, size n), (s, cipher, key, n))
WRAP(omac_process, (omac_state * s, const octet *in, size n), (s, in, n))
WRAP(omac_done, (omac_state * s, octet *out, size *n), (s, out, n))
WRAP(ccm_init, (ccm_state * s, int cipher, const octet *key, int n, int length, int tag, int aad),
     (s, cipher, key, n, length, tag, aad))
WRAP(ccm_add_nonce, (ccm_state * s, const octet *in, size n), (s, in, n))
WRAP(ccm_add_aad, (ccm_state * s, const octet *in, size n), (s, in, n))
WRAP(ccm_process, (ccm_state * s, octet *plain, size n, octet *cipher, int direction), (s, plain, n, cipher, direction))
WRAP(ccm_done, (ccm_state * s, octet *tag, size *n), (s, tag, n))
WRAP(ecc_sign_hash_rfc7518, (const octet *in, size n, octet *out, size *m, prng_state *p, int i, ecc_key *key),
     (in, n, out, m, p, i, key))
WRAP(ecc_verify_hash_rfc7518, (const octet *sig, size n, const octet *hash, size m, int *valid, ecc_key *key),
     (sig, n, hash, m, valid, key))
WRAP(rsa_import, (const octet *in, size n, rsa_key *key), (in, n, key))
WRAP(rsa_export, (octet * out, size *n, int type, rsa_key *key), (out, n, type, key))
WRAP(rsa_make_key, (prng_state * p, int i, int bytes, long e, rsa_key *key), (p, i, bytes, e, key))
WRAP(pkcs_1_oaep_encode,
     (const octet *in, size n, const octet *label, size m, size bits, prng_state *p, int i, int hash, octet *out,
      size *k),
     (in, n, label, m, bits, p, i, hash, out, k))
WRAP(pkcs_1_oaep_decode,
     (const octet *in, size n, const octet *label, size m, size bits, int hash, octet *out, size *k, int *valid),
     (in, n, label, m, bits, hash, out, k, valid))
WRAP(pkcs_1_pss_encode,
     (const octet *in, size n, size salt, prng_state *p, int i, int hash, size bits, octet *out, size *k),
     (in, n, salt, p, i, hash, bits, out, k))
WRAP(pkcs_1_pss_decode, (const octet *in, size n, const octet *sig, size m, size salt, int hash, size bits, int *valid),
     (in, n, sig, m, salt, hash, bits, valid))

static ltc_math_descriptor real;

static int init(void **a) {
  return fails() ? CRYPT_MEM : real.init(a);
}
static int set_int(void *a, ltc_mp_digit n) {
  return fails() ? CRYPT_MEM : real.set_int(a, n);
}
static int read_bytes(void *a, octet *in, size n) {
  return fails() ? CRYPT_MEM : real.unsigned_read(a, in, n);
}
static int write_bytes(void *a, octet *out) {
  return fails() ? CRYPT_MEM : real.unsigned_write(a, out);
}
static int add(void *a, void *b, void *c) {
  return fails() ? CRYPT_MEM : real.add(a, b, c);
}
static int sub(void *a, void *b, void *c) {
  return fails() ? CRYPT_MEM : real.sub(a, b, c);
}
static int mul(void *a, void *b, void *c) {
  return fails() ? CRYPT_MEM : real.mul(a, b, c);
}
static int divide(void *a, void *b, void *c, void *d) {
  return fails() ? CRYPT_MEM : real.mpdiv(a, b, c, d);
}
static int mulmod(void *a, void *b, void *c, void *d) {
  return fails() ? CRYPT_MEM : real.mulmod(a, b, c, d);
}
static int invmod(void *a, void *b, void *c) {
  return fails() ? CRYPT_MEM : real.invmod(a, b, c);
}
static int exptmod(void *a, void *b, void *c, void *d) {
  return fails() ? CRYPT_MEM : real.exptmod(a, b, c, d);
}

static void make_numbers_fail(void) {
  real = ltc_mp;
  ltc_mp.init = init;
  ltc_mp.set_int = set_int;
  ltc_mp.unsigned_read = read_bytes;
  ltc_mp.unsigned_write = write_bytes;
  ltc_mp.add = add;
  ltc_mp.sub = sub;
  ltc_mp.mul = mul;
  ltc_mp.mpdiv = divide;
  ltc_mp.mulmod = mulmod;
  ltc_mp.invmod = invmod;
  ltc_mp.exptmod = exptmod;
}

/* What the operations work on, made before anything fails. */
static struct {
  psd_drbg drbg;
  uint8_t secret[32], point[PSD_P256_POINT], digest[32], signature[PSD_P256_SIGNATURE];
  uint8_t der[PSD_RSA_KEY_MAX], pss[PSD_RSA_MAX], pkcs1[PSD_RSA_MAX], cipher[PSD_RSA_MAX];
  size_t der_length, pss_length, pkcs1_length, cipher_length;
  psd_rsa_public rsa;
  uint8_t sealed[20], tag[16], gcm[36];
  uint8_t dsa_secret[PSD_DSA_SECRET], dsa_public[PSD_DSA_PUBLIC], dsa_signature[PSD_DSA_SIGNATURE];
} given;

static void prepare(void) {
  memset(given.digest, 0x5C, sizeof given.digest);
  CU_ASSERT_FATAL(psd_crypto_init() && start_drbg(&given.drbg, 1));
  CU_ASSERT_FATAL(psd_p256_generate(&given.drbg, given.secret, given.point));
  CU_ASSERT_FATAL(psd_p256_sign(&given.drbg, given.secret, given.digest, 32, given.signature));
  CU_ASSERT_FATAL(psd_rsa_generate(&given.drbg, 2048, given.der, &given.der_length, &given.rsa));
  CU_ASSERT_FATAL(
      psd_rsa_pss_sign(&given.drbg, given.der, given.der_length, given.digest, given.pss, &given.pss_length));
  CU_ASSERT_FATAL(psd_rsa_pkcs1_sign(given.der, given.der_length, given.digest, given.pkcs1, &given.pkcs1_length));
  CU_ASSERT_FATAL(psd_rsa_oaep_encrypt(&given.drbg, &given.rsa, given.digest, 32, given.cipher, &given.cipher_length));
  CU_ASSERT_FATAL(psd_dsa_generate(&given.drbg, given.dsa_secret, given.dsa_public));
  CU_ASSERT_FATAL(psd_dsa_sign(&given.drbg, given.dsa_secret, given.digest, 32, given.dsa_signature));
  memset(given.sealed, 0x33, sizeof given.sealed);
  CU_ASSERT_FATAL(psd_aes_ccm_seal(given.digest, 16, given.digest, 12, given.digest, 5, given.sealed, 20, given.sealed,
                                   given.tag, 16));
  CU_ASSERT_FATAL(
      psd_aes_gcm_seal(given.digest, 16, given.digest, &(psd_piece){given.digest, 5}, 1, given.digest, 20, given.gcm));
  make_numbers_fail();
}

static uint8_t out[2 * PSD_RSA_KEY_MAX];

/* The operation's result; if it failed, its output must be wiped. */
static bool wiped(bool ok, size_t length) {
  CU_ASSERT(ok || all_zero(out, length));
  return ok;
}

static bool run_sha256(void) {
  return wiped(psd_sha256_two(given.digest, 7, given.digest, 9, out), 32);
}
static bool run_sha384(void) {
  return wiped(psd_sha384(NULL, 0, out), 48);
}
static bool run_sha512(void) {
  return wiped(psd_sha512(given.digest, 32, out), 64);
}
static bool run_hmac(void) {
  return wiped(psd_hmac_sha256(given.der, 100, given.digest, 32, out), 32);
}
static bool run_hkdf(void) {
  return wiped(psd_hkdf_sha256(given.digest, 7, given.digest, 32, given.digest, 3, out, 70), 70);
}
static bool run_block(void) {
  return wiped(psd_aes_block(given.digest, 16, given.digest, out), 16);
}
static bool run_cbc(void) {
  return wiped(psd_aes_cbc_encrypt(given.digest, 16, given.digest, given.digest, 32, out), 32) &&
         wiped(psd_aes_cbc_decrypt(given.digest, 16, given.digest, given.digest, 32, out), 32);
}
static bool run_cmac(void) {
  const psd_piece pieces[] = {{given.digest, 5}, {given.digest, 16}};
  return wiped(psd_aes_cmac(given.digest, 16, pieces, 2, out), 16);
}
static bool run_ccm(void) {
  return wiped(
             psd_aes_ccm_seal(given.digest, 16, given.digest, 12, given.digest, 5, given.digest, 20, out, out + 20, 16),
             36) &&
         wiped(psd_aes_ccm_open(given.digest, 16, given.digest, 12, given.digest, 5, given.sealed, 20, out, given.tag,
                                16),
               20);
}
static bool run_gcm(void) {
  const psd_piece aad = {given.digest, 5};
  return wiped(psd_aes_gcm_seal(given.digest, 16, given.digest, &aad, 1, given.digest, 20, out), 36) &&
         wiped(psd_aes_gcm_open(given.digest, 16, given.digest, &aad, 1, given.gcm, 36, out), 20);
}
static bool run_hpke(void) {
  const psd_hpke_sender sender = {given.secret, given.point, given.point, {given.digest, 5}};
  const psd_piece aad[2] = {{given.digest, 3}, {given.digest, 4}};
  return wiped(psd_hpke_seal(&sender, aad, (psd_piece){given.digest, 32}, out), 48);
}
static bool run_pieces(void) {
  psd_sha256_run run;
  return wiped(psd_sha256_begin(&run) && psd_sha256_add(&run, given.der, 100) && psd_sha256_add(&run, given.der, 9) &&
                   psd_sha256_result(&run, out),
               0);
}
static bool run_result(void) {
  psd_sha256_run run;
  return psd_sha256_begin(&run) && wiped(psd_sha256_result(&run, out), 32);
}
static bool run_wrap(void) {
  return wiped(psd_aes_wrap(given.digest, 32, given.digest, 32, out), 40);
}
static bool run_x963(void) {
  return wiped(psd_x963_kdf(given.digest, 32, given.digest, 7, out, 70), 70);
}
static bool run_drbg(void) {
  psd_drbg drbg;
  bool ok = start_drbg(&drbg, 2);
  CU_ASSERT(ok || !drbg.ready);
  ok = ok && wiped(psd_drbg_read(&drbg, out, 70), 70);
  CU_ASSERT(ok || !drbg.ready);
  return ok;
}
static bool run_public(void) {
  return wiped(psd_p256_public(given.secret, out), PSD_P256_POINT);
}
static bool run_p256_sign(void) {
  psd_drbg drbg = given.drbg; /* it would not survive the first failure */
  return wiped(psd_p256_sign(&drbg, given.secret, given.digest, 32, out), PSD_P256_SIGNATURE);
}
static bool run_p256_verify(void) {
  return psd_p256_verify(given.point, given.digest, 32, given.signature);
}
static bool run_p256_generate(void) {
  psd_drbg drbg = given.drbg;
  return wiped(psd_p256_generate(&drbg, out, out + 32), 32 + PSD_P256_POINT);
}
static bool run_pss_sign(void) {
  size_t length = 1;
  psd_drbg drbg = given.drbg;
  bool ok = psd_rsa_pss_sign(&drbg, given.der, given.der_length, given.digest, out, &length);
  CU_ASSERT(ok || length == 0);
  return wiped(ok, PSD_RSA_MAX);
}
static bool run_pss_verify(void) {
  return psd_rsa_pss_verify(&given.rsa, given.digest, given.pss, given.pss_length);
}
static bool run_pkcs1_sign(void) {
  size_t length = 1;
  bool ok = psd_rsa_pkcs1_sign(given.der, given.der_length, given.digest, out, &length);
  CU_ASSERT(ok || length == 0);
  return wiped(ok, PSD_RSA_MAX);
}
static bool run_pkcs1_verify(void) {
  return psd_rsa_pkcs1_verify(&given.rsa, given.digest, given.pkcs1, given.pkcs1_length);
}
static bool run_oaep_encrypt(void) {
  size_t length = 1;
  psd_drbg drbg = given.drbg;
  bool ok = psd_rsa_oaep_encrypt(&drbg, &given.rsa, given.digest, 32, out, &length);
  CU_ASSERT(ok || length == 0);
  return wiped(ok, PSD_RSA_MAX);
}
static bool run_oaep_decrypt(void) {
  size_t length = 1;
  bool ok = psd_rsa_oaep_decrypt(given.der, given.der_length, given.cipher, given.cipher_length, out, &length);
  CU_ASSERT(ok || length == 0);
  return wiped(ok, PSD_RSA_MAX);
}

static bool run_dsa_public(void) {
  return wiped(psd_dsa_public(given.dsa_secret, out), PSD_DSA_PUBLIC);
}
static bool run_dsa_sign(void) {
  psd_drbg drbg = given.drbg;
  return wiped(psd_dsa_sign(&drbg, given.dsa_secret, given.digest, 32, out), PSD_DSA_SIGNATURE);
}
static bool run_dsa_verify(void) {
  return psd_dsa_verify(given.dsa_public, given.digest, 32, given.dsa_signature);
}
static bool run_dsa_generate(void) {
  psd_drbg drbg = given.drbg;
  return wiped(psd_dsa_generate(&drbg, out, out + PSD_DSA_SECRET), PSD_DSA_SECRET + PSD_DSA_PUBLIC);
}

/* Runs the operation with its first call failing, its second, and so on until it is through; returns how many. */
static unsigned fail_each_call(bool (*run)(void)) {
  for (unsigned n = 1;; n++) {
    memset(out, 1, sizeof out);
    countdown = n;
    bool ok = run();
    if (countdown != 0) { /* there was no n-th call */
      countdown = 0;
      CU_ASSERT(ok);
      return n - 1;
    }
    CU_ASSERT(!ok);
  }
}

static void symmetric_operations(void) {
  static bool (*const runs[])(void) = {run_sha256, run_sha384, run_sha512, run_hmac, run_hkdf,
                                       run_block,  run_cbc,    run_cmac,   run_ccm,  run_gcm,
                                       run_hpke,   run_pieces, run_result, run_wrap, run_x963};
  for (size_t i = 0; i < PSD_CHECK_COUNT(runs); i++)
    CU_ASSERT(fail_each_call(runs[i]) >= 2);
}

/* A call of the stream that feeds the generator may be the one that fails: it uses SHA-256 too. The stream then yields
 * other bytes and no error. */
static void generator(void) {
  for (unsigned n = 1; n < 3000; n += 7) {
    countdown = n;
    run_drbg();
  }
  countdown = 0;
  CU_ASSERT(run_drbg());
}

static void p256_operations(void) {
  CU_ASSERT_EQUAL(fail_each_call(run_public), 0);
  CU_ASSERT(fail_each_call(run_p256_sign) > 20);
  CU_ASSERT(fail_each_call(run_p256_verify) > 10);
  CU_ASSERT(fail_each_call(run_p256_generate) > 40);
}

static void rsa_operations(void) {
  CU_ASSERT(fail_each_call(run_pss_sign) > 20);
  CU_ASSERT(fail_each_call(run_pss_verify) > 5);
  CU_ASSERT(fail_each_call(run_pkcs1_sign) > 20);
  CU_ASSERT(fail_each_call(run_pkcs1_verify) > 5);
  CU_ASSERT(fail_each_call(run_oaep_encrypt) > 5);
  CU_ASSERT(fail_each_call(run_oaep_decrypt) > 20);
}

static void dsa_operations(void) {
  CU_ASSERT(fail_each_call(run_dsa_public) > 5);
  CU_ASSERT(fail_each_call(run_dsa_sign) > 20);
  CU_ASSERT(fail_each_call(run_dsa_verify) > 10);
  CU_ASSERT(fail_each_call(run_dsa_generate) > 40);
}

static psd_kat current;

static bool run_current(void) {
  return psd_kat_run(current);
}

/* Tests that also want to see a wrong signature refused cannot tell a refusal from a failure: they are left out. */
static void known_answer_tests(void) {
  for (unsigned i = 0; i < PSD_KAT_COUNT; i++) {
    current = (psd_kat)i;
    if (current != PSD_KAT_P256_VERIFY && current != PSD_KAT_RSA_VERIFY && current != PSD_KAT_DSA)
      CU_ASSERT(fail_each_call(run_current) > 2 || current == PSD_KAT_P256_AGREE);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(prepare)", prepare},
      {"hashes, MACs and ciphers fail whole, whichever call fails", symmetric_operations},
      {"the generator fails whole, whichever call fails", generator},
      {"P-256 operations fail whole, whichever call fails", p256_operations},
      {"RSA operations fail whole, whichever call fails", rsa_operations},
      {"DSA operations fail whole, whichever call fails", dsa_operations},
      {"known-answer tests fail, whichever call fails", known_answer_tests},
  };
  return psd_check_run("crypto faults", tests, PSD_CHECK_COUNT(tests));
}
