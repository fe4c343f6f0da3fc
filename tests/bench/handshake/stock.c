#include "stock.h"

#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "psd/reader/link.h"

#define LIMIT_MS 10000U
#define MAKERS 16U

static const char vendor[] = "PS", model[] = "D1";

static void need(psd_result result, const psd_error *error) {
  if (result != PSD_OK)
    bench_die("%s", error->words);
}

static EVP_PKEY *rsa_key(const psd_new_keys *keys) {
  EVP_PKEY *key = NULL;
  BIGNUM *modulus = BN_bin2bn(keys->modulus, (int)keys->modulus_length, NULL);
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
  bench_need(modulus != NULL && build != NULL && context != NULL &&
                 OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
                 OSSL_PARAM_BLD_push_ulong(build, OSSL_PKEY_PARAM_RSA_E, (unsigned long)keys->rsa.exponent) == 1,
             "RSA key");
  OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
  bench_need(parameters != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
                 EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) == 1,
             "RSA key");
  OSSL_PARAM_free(parameters);
  OSSL_PARAM_BLD_free(build);
  EVP_PKEY_CTX_free(context);
  BN_free(modulus);
  return key;
}

static psd_device_id draw_device(void) {
  uint32_t serial = 0;
  bench_need(psd_random(&serial, sizeof serial), "randomness");
  psd_device_id id = {.serial = serial | 1U}; /* odd: those of bench-fill are even */
  memcpy(id.vendor, vendor, sizeof id.vendor);
  memcpy(id.model, model, sizeof id.model);
  return id;
}

static void take_keys(soft_psd *psd, const psd_new_keys *keys, EVP_PKEY *rsa) {
  const psd_kms_manufactured *made = &keys->keys;
  memcpy(psd->key, made->key, sizeof psd->key);
  psd->vendor_key.identifier = made->vendor_key;
  memcpy(psd->vendor_key.point, made->vendor_point, sizeof psd->vendor_key.point);
  psd->shared_identifier = (uint32_t)made->shared_key;
  memcpy(psd->shared_key, made->shared, sizeof psd->shared_key);
  psd->rsa_identifier = (uint32_t)keys->rsa.identifier;
  psd->rsa = rsa;
}

/* Gives it a key pair, which its wrapped K4 then knows. */
static void endorse(psd_link *kms, soft_psd *psd, uint8_t wrapped[PSD_SIZE_WRAPPED_K4]) {
  psd_error error;
  psd_kms_endorse wanted = {.serial = psd->id.serial};
  psd->pair = psd_pair_new();
  bench_need(psd->pair != NULL, "key pair");
  memcpy(wanted.vendor, psd->id.vendor, sizeof wanted.vendor);
  memcpy(wanted.model, psd->id.model, sizeof wanted.model);
  memcpy(wanted.wrapped_k4, wrapped, sizeof wanted.wrapped_k4);
  psd_pair_point(psd->pair, wanted.point);
  need(psd_link_endorse(kms, &wanted, wrapped, &error), &error);
}

static psd_result ask_keys(psd_link *kms, const psd_device_id *id, unsigned suites, psd_new_keys *keys,
                           psd_error *error) {
  psd_kms_manufacture wanted = {.serial = id->serial, .suites = suites};
  memcpy(wanted.vendor, id->vendor, sizeof wanted.vendor);
  memcpy(wanted.model, id->model, sizeof wanted.model);
  return psd_link_manufacture(kms, &wanted, keys, error);
}

/* With RSA, if there is a key for it. */
static unsigned suites_of(psd_link *kms) {
  const psd_device_id id = draw_device();
  psd_new_keys keys;
  psd_error error;
  unsigned all = PSD_SUITE_P256 | PSD_SUITE_SHARED | PSD_SUITE_RSA;
  psd_result result = ask_keys(kms, &id, all, &keys, &error);
  bool rsa = result == PSD_OK && keys.modulus_length > 0;
  if (result != PSD_OK && result != PSD_REFUSED)
    bench_die("%s", error.words);
  return rsa ? all : PSD_SUITE_P256 | PSD_SUITE_SHARED;
}

static void make_psd(psd_link *kms, stock *of, size_t at) {
  psd_new_keys keys;
  psd_error error;
  soft_psd *psd = &of->psd[at];
  psd->id = draw_device();
  need(ask_keys(kms, &psd->id, of->suites, &keys, &error), &error);
  bool rsa = (of->suites & PSD_SUITE_RSA) != 0;
  take_keys(psd, &keys, rsa ? rsa_key(&keys) : NULL);
  memcpy(of->wrapped[at], keys.keys.wrapped_k4, sizeof of->wrapped[at]);
  psd_secret_wipe(&keys, sizeof keys);
  if (at >= of->count / 2)
    endorse(kms, psd, of->wrapped[at]);
}

soft_psd *stock_psd(const stock *of, soft_kind kind, size_t turn) {
  size_t half = of->count / 2;
  return &of->psd[turn % half + (kind == SOFT_ECDSA ? half : 0)];
}

/* One of several that ask at once: the key management system writes its log once for all that ask together. */
typedef struct maker {
  pthread_t thread;
  const char *kms;
  stock *of;
  size_t first;
} maker;

static void *make_some(void *argument) {
  const maker *me = argument;
  psd_link *link = NULL;
  psd_error error;
  need(psd_link_open(PSD_PEER_KMS, me->kms, LIMIT_MS, &link, &error), &error);
  for (size_t i = me->first; i < me->of->count; i += MAKERS)
    make_psd(link, me->of, i);
  psd_link_close(link);
  return NULL;
}

stock stock_make(const char *kms, size_t count) {
  psd_link *link = NULL;
  psd_error error;
  maker makers[MAKERS];
  stock made = {.psd = calloc(count, sizeof *made.psd), .count = count, .wrapped = calloc(count, sizeof *made.wrapped)};
  bench_need(made.psd != NULL && made.wrapped != NULL, "memory");
  need(psd_link_open(PSD_PEER_KMS, kms, LIMIT_MS, &link, &error), &error);
  made.suites = suites_of(link);
  psd_link_close(link);
  for (size_t i = 0; i < MAKERS; i++) {
    makers[i] = (maker){.kms = kms, .of = &made, .first = i};
    bench_need(pthread_create(&makers[i].thread, NULL, make_some, &makers[i]) == 0, "thread");
  }
  for (size_t i = 0; i < MAKERS; i++)
    (void)pthread_join(makers[i].thread, NULL);
  return made;
}

static void enter(psd_db *db, const soft_psd *psd, const uint8_t wrapped[PSD_SIZE_WRAPPED_K4],
                  const stock_owner *owner) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  psd_buffer out = psd_buffer_over(device, sizeof device);
  psd_put_message(&out, PSD_MESSAGE_DEVICE_ID, &psd->id);
  psd_db_result result = psd_db_device_add(db, device, wrapped, (uint32_t)psd->vendor_key.identifier, 0);
  if (result == PSD_DB_DONE)
    result = psd_db_device_register(db, device, owner->user, owner->account);
  if (result != PSD_DB_DONE)
    bench_die("a PSD is not taken by the database: %u, %s", (unsigned)result, psd_db_error(db));
}

psd_db *stock_database(const char *url) {
  char words[256];
  psd_db *db = psd_db_open(url, false, words, sizeof words);
  if (db != NULL)
    return db;
  bench_die("%s", words);
}

void stock_enter(const stock *of, const char *url, const stock_owner *owners, size_t count) {
  psd_db *db = stock_database(url);
  bench_need(psd_db_begin(db, true) == PSD_DB_DONE, "transaction");
  for (size_t i = 0; i < of->count; i++)
    enter(db, &of->psd[i], of->wrapped[i], &owners[i % count]);
  bench_need(psd_db_commit(db) == PSD_DB_DONE, "transaction");
  psd_db_close(db);
}

void stock_free(stock *of) {
  for (size_t i = 0; i < of->count; i++) {
    EVP_PKEY_free(of->psd[i].rsa);
    psd_pair_free(of->psd[i].pair);
  }
  psd_secret_wipe(of->psd, of->count * sizeof *of->psd);
  free(of->psd);
  free(of->wrapped);
}
