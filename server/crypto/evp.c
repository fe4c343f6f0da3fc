#include "crypto/evp.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <threads.h>

#include "crypto/evp_internal.h"

psd_evp_algorithms psd_evp;

static tss_t thread_key;
static bool started;
/* The same pointer as under thread_key, which is there for its destructor: this one is read without a call. */
static thread_local psd_evp_thread *here;

bool psd_evp_failed(void) {
  ERR_clear_error();
  return false;
}

static void free_thread(void *memory) {
  psd_evp_thread *thread = memory;
  if (thread == NULL)
    return;
  EVP_MD_CTX_free(thread->hash);
  EVP_CIPHER_CTX_free(thread->seal);
  EVP_CIPHER_CTX_free(thread->open);
  EVP_CIPHER_CTX_free(thread->mac_128);
  EVP_CIPHER_CTX_free(thread->mac_256);
  EVP_PKEY_CTX_free(thread->verify);
  EVP_PKEY_free(thread->peer);
  EC_POINT_clear_free(thread->product);
  EC_POINT_free(thread->taken);
  BN_clear_free(thread->coordinate);
  BN_CTX_free(thread->numbers);
  free(thread);
}

/* CBC over whole blocks. */
static EVP_CIPHER_CTX *make_mac(EVP_CIPHER *cipher) {
  EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
  if (context != NULL && EVP_EncryptInit_ex2(context, cipher, NULL, NULL, NULL) == 1 &&
      EVP_CIPHER_CTX_set_padding(context, 0) == 1)
    return context;
  EVP_CIPHER_CTX_free(context);
  return NULL;
}

static bool fill_thread(psd_evp_thread *thread) {
  thread->hash = EVP_MD_CTX_new();
  thread->seal = EVP_CIPHER_CTX_new();
  thread->open = EVP_CIPHER_CTX_new();
  thread->mac_128 = make_mac(psd_evp.aes_128_cbc);
  thread->mac_256 = make_mac(psd_evp.aes_256_cbc);
  thread->peer = EVP_PKEY_dup(psd_evp.curve);
  thread->verify = thread->peer != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, thread->peer, NULL) : NULL;
  thread->numbers = BN_CTX_new();
  thread->coordinate = BN_new();
  thread->taken = EC_POINT_new(psd_evp.group);
  thread->product = EC_POINT_new(psd_evp.group);
  return thread->hash != NULL && thread->seal != NULL && thread->open != NULL && thread->mac_128 != NULL &&
         thread->mac_256 != NULL && thread->verify != NULL && thread->numbers != NULL && thread->coordinate != NULL &&
         thread->taken != NULL && thread->product != NULL &&
         EVP_DigestInit_ex2(thread->hash, psd_evp.sha256, NULL) == 1 &&
         EVP_EncryptInit_ex2(thread->seal, psd_evp.aes_256_gcm, NULL, NULL, NULL) == 1 &&
         EVP_DecryptInit_ex2(thread->open, psd_evp.aes_256_gcm, NULL, NULL, NULL) == 1;
}

psd_evp_thread *psd_evp_here(void) {
  if (here != NULL || !started)
    return here;
  psd_evp_thread *thread = calloc(1, sizeof *thread);
  if (thread == NULL)
    return NULL;
  if (!fill_thread(thread) || tss_set(thread_key, thread) != thrd_success) {
    free_thread(thread);
    (void)psd_evp_failed();
    return NULL;
  }
  here = thread;
  return thread;
}

static EVP_PKEY *make_curve(void) {
  static const char name[] = SN_X9_62_prime256v1;
  /* OSSL_PARAM has no const form; the text is only read. */
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)name, sizeof name - 1U),
      OSSL_PARAM_construct_end(),
  };
  EVP_PKEY *curve = NULL;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
  if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
      EVP_PKEY_fromdata(context, &curve, EVP_PKEY_KEY_PARAMETERS, parameters) != 1)
    curve = NULL;
  EVP_PKEY_CTX_free(context);
  return curve;
}

bool psd_evp_start(void) {
  if (started)
    return true;
  psd_evp.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
  psd_evp.aes_256_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
  psd_evp.aes_128_cbc = EVP_CIPHER_fetch(NULL, "AES-128-CBC", NULL);
  psd_evp.aes_256_cbc = EVP_CIPHER_fetch(NULL, "AES-256-CBC", NULL);
  psd_evp.curve = make_curve();
  psd_evp.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
  started = tss_create(&thread_key, free_thread) == thrd_success;
  if (started && psd_evp.sha256 != NULL && psd_evp.aes_256_gcm != NULL && psd_evp.aes_128_cbc != NULL &&
      psd_evp.aes_256_cbc != NULL && psd_evp.curve != NULL && psd_evp.group != NULL)
    return true;
  psd_evp_stop();
  return psd_evp_failed();
}

void psd_evp_stop(void) {
  free_thread(here);
  here = NULL;
  if (started)
    tss_delete(thread_key);
  started = false;
  EVP_MD_free(psd_evp.sha256);
  EVP_CIPHER_free(psd_evp.aes_256_gcm);
  EVP_CIPHER_free(psd_evp.aes_128_cbc);
  EVP_CIPHER_free(psd_evp.aes_256_cbc);
  EVP_PKEY_free(psd_evp.curve);
  EC_GROUP_free(psd_evp.group);
  psd_evp = (psd_evp_algorithms){.sha256 = NULL};
}

void psd_secret_wipe(void *data, size_t length) {
  OPENSSL_cleanse(data, length);
}

bool psd_secret_equal(const void *a, const void *b, size_t length) {
  return CRYPTO_memcmp(a, b, length) == 0;
}

bool psd_random(void *out, size_t length) {
  if (length <= INT_MAX && RAND_bytes(out, (int)length) == 1)
    return true;
  psd_secret_wipe(out, length);
  return psd_evp_failed();
}
