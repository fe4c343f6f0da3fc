/* DSA of 1024 bits against RFC 6979 and OpenSSL, its domain parameters, and what it must refuse. */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "check.h"
#include "crypto/internal.h"
#include "crypto_support.h"

/* RFC 6979, A.2.1. */
#define P                                                                                                              \
  "86F5CA03DCFEB225063FF830A0C769B9DD9D6153AD91D7CE27F787C43278B447E6533B86B18BED6E8A48B784A14C252C5BE0DBF60B86D6385B" \
  "D2"                                                                                                                 \
  "F12FB763ED8873ABFD3F5BA2E0A8C0A59082EAC056935E529DAF7C610467899C77ADEDFC846C881870B7B19B2B58F9BE0521A17002E3BDD6B8" \
  "66"                                                                                                                 \
  "85EE90B3D9A1B02B782B1779"
#define Q "996F967F6C8E388D9E28D01E205FBA957A5698B1"
#define G                                                                                                              \
  "07B0F92546150B62514BB771E2A0C0CE387F03BDA6C56B505209FF25FD3C133D89BBCD97E904E09114D9A7DEFDEADFC9078EA544D2E401AEEC" \
  "C4"                                                                                                                 \
  "0BB9FBBF78FD87995A10A1C27CB7789B594BA7EFB5C4326A9FE59A070E136DB77175464ADCA417BE5DCE2F40D10A46A3A3943F26AB7FD9C039" \
  "8F"                                                                                                                 \
  "F8C76EE0A56826A8A88F1DBD"
#define X "411602CB19A6CCC34494D79D98EF1E7ED5AF25F7"
#define Y                                                                                                              \
  "5DF5E01DED31D0297E274E1691C192FE5868FEF9E19A84776454B100CF16F65392195A38B90523E2542EE61871C0440CB87C322FC4B4D2EC5E" \
  "1E"                                                                                                                 \
  "7EC766E1BE8D4CE935437DC11C3C8FD426338933EBFE739CB3465F4D3668C5E473508253B1E682F65CBDC4FAE93C2EA212390E54905A86E222" \
  "31"                                                                                                                 \
  "70B44EAA7DA5DD9FFCFB7F3B"

static uint8_t secret[PSD_DSA_SECRET], public_key[PSD_DSA_PUBLIC], digest[PSD_SHA256_SIZE];
static uint8_t signature[PSD_DSA_SIGNATURE];

static void prepare(void) {
  CU_ASSERT_TRUE_FATAL(psd_crypto_init());
  psd_check_hex(X, secret, sizeof secret);
  psd_check_hex(Y, public_key, sizeof public_key);
  CU_ASSERT_TRUE_FATAL(psd_sha256("sample", 6, digest));
}

static BIGNUM *number(const char *text) {
  BIGNUM *value = NULL;
  CU_ASSERT_FATAL(BN_hex2bn(&value, text) > 0);
  return value;
}

static void parameters_make_a_group(void) {
  BN_CTX *context = BN_CTX_new();
  BIGNUM *p = number(P), *q = number(Q), *g = number(G), *rest = BN_new();
  CU_ASSERT_EQUAL(BN_num_bits(p), 1024);
  CU_ASSERT_EQUAL(BN_num_bits(q), 160);
  CU_ASSERT_EQUAL(BN_check_prime(p, context, NULL), 1);
  CU_ASSERT_EQUAL(BN_check_prime(q, context, NULL), 1);
  BN_sub(rest, p, BN_value_one());
  CU_ASSERT(BN_mod(rest, rest, q, context) == 1 && BN_is_zero(rest)); /* q divides p - 1 */
  CU_ASSERT(BN_is_one(g) == 0 && BN_cmp(g, p) < 0);
  CU_ASSERT(BN_mod_exp(rest, g, q, p, context) == 1 && BN_is_one(rest));
  /* What the exponents' fixed length rests on: 2q and 3q have as many bits. */
  BN_lshift1(rest, q);
  CU_ASSERT_EQUAL(BN_num_bits(rest), 161);
  BN_add(rest, rest, q);
  CU_ASSERT_EQUAL(BN_num_bits(rest), 161);
  BN_free(p);
  BN_free(q);
  BN_free(g);
  BN_free(rest);
  BN_CTX_free(context);
}

/* The DSA key in OpenSSL's form, over the parameters above; with the secret if there is one. */
static EVP_PKEY *openssl_key(const uint8_t y[PSD_DSA_PUBLIC], const uint8_t *x) {
  OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
  BIGNUM *numbers[5] = {number(P), number(Q), number(G), BN_bin2bn(y, PSD_DSA_PUBLIC, NULL), NULL};
  static const char *const names[5] = {OSSL_PKEY_PARAM_FFC_P, OSSL_PKEY_PARAM_FFC_Q, OSSL_PKEY_PARAM_FFC_G,
                                       OSSL_PKEY_PARAM_PUB_KEY, OSSL_PKEY_PARAM_PRIV_KEY};
  if (x != NULL)
    numbers[4] = BN_bin2bn(x, PSD_DSA_SECRET, NULL);
  for (size_t i = 0; i < 5; i++)
    CU_ASSERT_FATAL(numbers[i] == NULL || OSSL_PARAM_BLD_push_BN(builder, names[i], numbers[i]) == 1);
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
  EVP_PKEY *key = NULL;
  CU_ASSERT_FATAL(EVP_PKEY_fromdata_init(context) == 1 &&
                  EVP_PKEY_fromdata(context, &key, x != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters) ==
                      1);
  EVP_PKEY_CTX_free(context);
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(builder);
  for (size_t i = 0; i < 5; i++)
    BN_free(numbers[i]);
  return key;
}

static bool openssl_verifies(EVP_PKEY *key, const uint8_t *hash, size_t length) {
  DSA_SIG *pair = DSA_SIG_new();
  CU_ASSERT_FATAL(DSA_SIG_set0(pair, BN_bin2bn(signature, 20, NULL), BN_bin2bn(signature + 20, 20, NULL)) == 1);
  uint8_t *der = NULL;
  int der_length = i2d_DSA_SIG(pair, &der);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
  bool ok = EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_verify(context, der, (size_t)der_length, hash, length) == 1;
  EVP_PKEY_CTX_free(context);
  OPENSSL_free(der);
  DSA_SIG_free(pair);
  return ok;
}

static void openssl_signs(EVP_PKEY *key, const uint8_t *hash, size_t length) {
  uint8_t der[64];
  const uint8_t *at = der;
  size_t der_length = sizeof der;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
  CU_ASSERT_FATAL(EVP_PKEY_sign_init(context) == 1 && EVP_PKEY_sign(context, der, &der_length, hash, length) == 1);
  EVP_PKEY_CTX_free(context);
  DSA_SIG *pair = d2i_DSA_SIG(NULL, &at, (long)der_length);
  const BIGNUM *r, *s;
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  DSA_SIG_get0(pair, &r, &s);
  CU_ASSERT(BN_bn2binpad(r, signature, 20) == 20);
  CU_ASSERT(BN_bn2binpad(s, signature + 20, 20) == 20);
  DSA_SIG_free(pair);
}

/* RFC 6979, A.2.1: every signature there, from its nonce. */
static void published_signatures(void) {
  static const struct {
    const char *hash, *message, *nonce, *expected;
  } vectors[] = {
      {"SHA1", "sample", "7bdb6b0ff756e1bb5d53583ef979082f9ad5bd5b",
       "2e1a0c2562b2912caaf89186fb0f42001585da55 29efb6b0aff2d7a68eb70ca313022253b9a88df5"},
      {"SHA1", "test", "5c842df4f9e344ee09f056838b42c7a17f4a6433",
       "42ab2052fd43e123f0607f115052a67dcd9c5c77 183916b0230d45b9931491d4c6b0bd2fb4aaf088"},
      {"SHA224", "sample", "562097c06782d60c3037ba7be104774344687649",
       "4bc3b686aea70145856814a6f1bb53346f02101e 410697b92295d994d21edd2f4ada85566f6f94c1"},
      {"SHA224", "test", "4598b8efc1a53bc8aecd58d1abbb0c0c71e67297",
       "6868e9964e36c1689f6037f91f28d5f2c30610f2 49cec3acdc83018c5bd2674ecaad35b8cd22940f"},
      {"SHA256", "sample", "519ba0546d0c39202a7d34d7dfa5e760b318bcfb",
       "81f2f5850be5bc123c43f71a3033e9384611c545 4cdd914b65eb6c66a8aaad27299bee6b035f5e89"},
      {"SHA256", "test", "5a67592e8128e03a417b0484410fb72c0b630e1a",
       "22518c127299b0f6fdc9872b282b9e70d0790812 6837ec18f150d55de95b5e29be7af5d01e4fe160"},
      {"SHA384", "sample", "95897cd7bbb944aa932dbc579c1c09eb6fcfc595",
       "07f2108557ee0e3921bc1774f1ca9b410b4ce65a 54df70456c86fac10fab47c1949ab83f2c6f7595"},
      {"SHA384", "test", "220156b761f6ca5e6c9f1b9cf9c24be25f98cd89",
       "854cf929b58d73c3cbfdc421e8d5430cd6db5e66 91d0e0f53e22f898d158380676a871a157cda622"},
      {"SHA512", "sample", "09ece7ca27d0f5a4dd4e556c9df1d21d28104f8b",
       "16c3491f9b8c3fbbdd5e7a7b667057f0d8ee8e1b 02c36a127a7b89edbb72e4ffbc71dabc7d4fc69c"},
      {"SHA512", "test", "65d2c2eeb175e370f28c75bfcdc028d22c7dbe9c",
       "8ea47e475ba8ac6f2d821da3bd212d11a3deb9a0 7c670c7ad72b6c050c109e1790008097125433e8"},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(vectors); i++) {
    uint8_t hash[EVP_MAX_MD_SIZE], randomness[40] = {0};
    size_t length = 0;
    CU_ASSERT_FATAL(
        EVP_Q_digest(NULL, vectors[i].hash, NULL, vectors[i].message, strlen(vectors[i].message), hash, &length) == 1);
    psd_check_hex(vectors[i].nonce, randomness, 20);
    randomness[39] = (uint8_t)(1 + i); /* whatever blinds it, the signature is the same */
    psd_kat_source source = {randomness, sizeof randomness};
    psd_random random = psd_kat_random(&source);
    CU_ASSERT(psd_dsa_sign_with(&random, secret, hash, length, signature));
    psd_check_bytes(signature, sizeof signature, vectors[i].expected, vectors[i].nonce);
    CU_ASSERT(psd_dsa_verify(public_key, hash, length, signature));
  }
}

static void openssl_agrees(void) {
  psd_drbg drbg;
  CU_ASSERT_TRUE_FATAL(start_drbg(&drbg, 1));
  static const size_t lengths[] = {1, 19, 20, 21, 32, 64};
  for (uint8_t i = 0; i < 12; i++) {
    uint8_t x[PSD_DSA_SECRET], y[PSD_DSA_PUBLIC], again[PSD_DSA_PUBLIC], hash[64];
    size_t length = lengths[i % PSD_CHECK_COUNT(lengths)];
    memset(hash, 0xE0 + i, sizeof hash); /* above q, where there are 20 bytes */
    CU_ASSERT_TRUE_FATAL(psd_dsa_generate(&drbg, x, y));
    CU_ASSERT(psd_dsa_public(x, again) && memcmp(y, again, sizeof y) == 0);
    EVP_PKEY *key = openssl_key(y, x);
    CU_ASSERT(psd_dsa_sign(&drbg, x, hash, length, signature));
    CU_ASSERT(openssl_verifies(key, hash, length));
    signature[30] ^= 0x10;
    CU_ASSERT(!openssl_verifies(key, hash, length));
    openssl_signs(key, hash, length);
    CU_ASSERT(psd_dsa_verify(y, hash, length, signature));
    EVP_PKEY_free(key);
  }
}

static void sign_sample(void) {
  psd_drbg drbg;
  CU_ASSERT_TRUE_FATAL(start_drbg(&drbg, 2));
  CU_ASSERT_TRUE_FATAL(psd_dsa_sign(&drbg, secret, digest, sizeof digest, signature));
  CU_ASSERT_TRUE_FATAL(psd_dsa_verify(public_key, digest, sizeof digest, signature));
}

/* Each byte of signature and key, and of the digest those that count. */
static void whatever_is_altered_is_refused(void) {
  sign_sample();
  for (size_t i = 0; i < sizeof signature; i++) {
    signature[i] ^= 0x04;
    CU_ASSERT(!psd_dsa_verify(public_key, digest, sizeof digest, signature));
    signature[i] ^= 0x04;
  }
  for (size_t i = 0; i < sizeof digest; i++) {
    digest[i] ^= 0x04;
    CU_ASSERT_EQUAL(psd_dsa_verify(public_key, digest, sizeof digest, signature), i >= 20);
    digest[i] ^= 0x04;
  }
  for (size_t i = 0; i < sizeof public_key; i++) {
    public_key[i] ^= 0x04;
    CU_ASSERT(!psd_dsa_verify(public_key, digest, sizeof digest, signature));
    public_key[i] ^= 0x04;
  }
  CU_ASSERT(psd_dsa_verify(public_key, digest, sizeof digest, signature));
}

/* FIPS 186-4, 4.7: r and s are in [1, q - 1]. */
static void numbers_out_of_range_are_refused(void) {
  static const char *const wrong[] = {"0000000000000000000000000000000000000000", Q,
                                      "996F967F6C8E388D9E28D01E205FBA957A5698B2",
                                      "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"};
  uint8_t y[PSD_DSA_PUBLIC];
  psd_drbg drbg;
  CU_ASSERT_TRUE_FATAL(start_drbg(&drbg, 3));
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    uint8_t bytes[20];
    psd_check_hex(wrong[i], bytes, sizeof bytes);
    for (size_t half = 0; half < 2; half++) {
      sign_sample();
      memcpy(signature + 20 * half, bytes, sizeof bytes);
      CU_ASSERT(!psd_dsa_verify(public_key, digest, sizeof digest, signature));
    }
    memset(signature, 1, sizeof signature);
    memset(y, 1, sizeof y);
    CU_ASSERT(!psd_dsa_sign(&drbg, bytes, digest, sizeof digest, signature) && all_zero(signature, sizeof signature));
    CU_ASSERT(!psd_dsa_public(bytes, y) && all_zero(y, sizeof y));
  }
}

/* SP 800-89, 5.3.1. Under y = 1 the pair (g mod p mod q, digest) would be a signature: forged by nobody's secret. */
static void keys_outside_the_group_are_refused(void) {
  uint8_t y[PSD_DSA_PUBLIC] = {0};
  BN_CTX *context = BN_CTX_new();
  BIGNUM *p = number(P), *q = number(Q), *g = number(G), *r = BN_new(), *z = BN_bin2bn(digest, 20, NULL);
  CU_ASSERT(BN_mod(r, g, q, context) == 1 && BN_mod(z, z, q, context) == 1);
  BN_bn2binpad(r, signature, 20);
  BN_bn2binpad(z, signature + 20, 20);
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature)); /* 0 */
  y[127] = 1;
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature));
  y[127] = 2; /* of another order */
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature));
  BN_bn2binpad(p, y, sizeof y);
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature));
  BN_sub_word(p, 1); /* of order 2 */
  BN_bn2binpad(p, y, sizeof y);
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature));
  BN_add_word(p, 2); /* p + 1, which is 1 modulo p */
  BN_bn2binpad(p, y, sizeof y);
  CU_ASSERT(!psd_dsa_verify(y, digest, sizeof digest, signature));
  BN_free(p);
  BN_free(q);
  BN_free(g);
  BN_free(r);
  BN_free(z);
  BN_CTX_free(context);
}

static void digests_have_a_length(void) {
  uint8_t longer[65] = {1};
  psd_drbg drbg;
  CU_ASSERT_TRUE_FATAL(start_drbg(&drbg, 4));
  CU_ASSERT(!psd_dsa_sign(&drbg, secret, longer, 0, signature));
  CU_ASSERT(!psd_dsa_sign(&drbg, secret, longer, 65, signature));
  sign_sample();
  CU_ASSERT(!psd_dsa_verify(public_key, longer, 0, signature));
  CU_ASSERT(!psd_dsa_verify(public_key, longer, 65, signature));
}

/* A generator that was set back repeats itself, and the nonce does not: two signatures with one nonce give x away. */
static void nonces_do_not_repeat(void) {
  uint8_t first[PSD_DSA_SIGNATURE];
  psd_drbg drbg, repeated;
  CU_ASSERT_TRUE_FATAL(start_drbg(&drbg, 5));
  repeated = drbg;
  CU_ASSERT(psd_dsa_sign(&drbg, secret, digest, sizeof digest, first));
  digest[0] ^= 1;
  CU_ASSERT(psd_dsa_sign(&repeated, secret, digest, sizeof digest, signature));
  digest[0] ^= 1;
  CU_ASSERT(memcmp(first, signature, 20) != 0);
}

/* FIPS 186-4, B.2.2: candidates out of range are passed over, and not reduced. */
static void candidates_out_of_range_are_passed_over(void) {
  uint8_t randomness[100] = {0}; /* 0, q, the nonce, q, a factor */
  psd_check_hex(Q, randomness + 20, 20);
  psd_check_hex("519ba0546d0c39202a7d34d7dfa5e760b318bcfb", randomness + 40, 20);
  psd_check_hex(Q, randomness + 60, 20);
  randomness[99] = 0x11;
  psd_kat_source source = {randomness, sizeof randomness};
  psd_random random = psd_kat_random(&source);
  CU_ASSERT(psd_dsa_sign_with(&random, secret, digest, sizeof digest, signature));
  psd_check_bytes(signature, sizeof signature,
                  "81f2f5850be5bc123c43f71a3033e9384611c545 4cdd914b65eb6c66a8aaad27299bee6b035f5e89", "sample");
  CU_ASSERT_EQUAL(source.left, 0);
}

static void without_randomness_nothing_is_made(void) {
  uint8_t zeroes[20 * 80] = {0}, x[PSD_DSA_SECRET], y[PSD_DSA_PUBLIC];
  psd_kat_source source = {zeroes, sizeof zeroes};
  psd_random random = psd_kat_random(&source);
  memset(signature, 1, sizeof signature);
  CU_ASSERT(!psd_dsa_sign_with(&random, secret, digest, sizeof digest, signature)); /* never one in range: it ends */
  CU_ASSERT(source.left > 0 && all_zero(signature, sizeof signature));
  psd_drbg stopped = {0};
  memset(x, 1, sizeof x);
  memset(y, 1, sizeof y);
  CU_ASSERT(!psd_dsa_generate(&stopped, x, y) && all_zero(x, sizeof x) && all_zero(y, sizeof y));
  CU_ASSERT(!psd_dsa_sign(&stopped, secret, digest, sizeof digest, signature));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(prepare)", prepare},
      {"the domain parameters: p and q are prime, g has order q", parameters_make_a_group},
      {"RFC 6979, A.2.1", published_signatures},
      {"OpenSSL verifies what is signed here, and signs what is verified here", openssl_agrees},
      {"an altered signature, digest or key", whatever_is_altered_is_refused},
      {"numbers out of range", numbers_out_of_range_are_refused},
      {"public keys outside the group", keys_outside_the_group_are_refused},
      {"lengths of digests", digests_have_a_length},
      {"a generator that repeats itself", nonces_do_not_repeat},
      {"candidates out of range", candidates_out_of_range_are_passed_over},
      {"no randomness", without_randomness_nothing_is_made},
  };
  return psd_check_run("DSA", tests, PSD_CHECK_COUNT(tests));
}
