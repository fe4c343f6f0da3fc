/* Signatures of PSDs, and the DSA keys of those that sign as in 1996. */
#include <openssl/core_names.h>
#include <openssl/dsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/dsa.h"
#include "verify/certificate.h"
#include "verify/folder.h"

#define DSA_FILE (PSD_SIZE_DEVICE_ID + PSD_SIZE_DSA_KEY)
#define DSA_HALF 20U
#define DSA_DER_MAX 48U

typedef struct dsa_numbers {
  BIGNUM *p, *q, *g, *y;
} dsa_numbers;

/* 1 < y < p, and of order q (SP 800-89, 5.3.1): without the last, a key could be made to fit any message. */
static bool in_group(const dsa_numbers *numbers) {
  BN_CTX *context = BN_CTX_new();
  BIGNUM *power = BN_new();
  bool done = context != NULL && power != NULL && BN_cmp(numbers->y, BN_value_one()) > 0 &&
              BN_cmp(numbers->y, numbers->p) < 0 &&
              BN_mod_exp(power, numbers->y, numbers->q, numbers->p, context) == 1 && BN_is_one(power);
  BN_free(power);
  BN_CTX_free(context);
  return done;
}

static OSSL_PARAM *parameters_of(const dsa_numbers *numbers) {
  OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
  OSSL_PARAM *parameters = NULL;
  if (build != NULL && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_P, numbers->p) == 1 &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_Q, numbers->q) == 1 &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_FFC_G, numbers->g) == 1 &&
      OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PUB_KEY, numbers->y) == 1)
    parameters = OSSL_PARAM_BLD_to_param(build);
  OSSL_PARAM_BLD_free(build);
  return parameters;
}

static EVP_PKEY *import(const dsa_numbers *numbers) {
  EVP_PKEY *key = NULL;
  OSSL_PARAM *parameters = parameters_of(numbers);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
  if (parameters == NULL || context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
      EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
    key = NULL;
  OSSL_PARAM_free(parameters);
  EVP_PKEY_CTX_free(context);
  return key;
}

/* NULL if y is no public key. */
static EVP_PKEY *key_of(const psd_dsa_key *from) {
  static const uint8_t p[] = {PSD_DSA_P}, q[] = {PSD_DSA_Q}, g[] = {PSD_DSA_G};
  EVP_PKEY *key = NULL;
  dsa_numbers numbers = {.p = BN_bin2bn(p, sizeof p, NULL),
                         .q = BN_bin2bn(q, sizeof q, NULL),
                         .g = BN_bin2bn(g, sizeof g, NULL),
                         .y = BN_bin2bn(from->y, sizeof from->y, NULL)};
  if (numbers.p != NULL && numbers.q != NULL && numbers.g != NULL && numbers.y != NULL && in_group(&numbers))
    key = import(&numbers);
  BN_free(numbers.p);
  BN_free(numbers.q);
  BN_free(numbers.g);
  BN_free(numbers.y);
  ERR_clear_error();
  return key;
}

/* The trusted certificate of the PSD whose key has signed it; NULL if none has. */
static const psd_certificate *voucher_of(const psd_site *site, const psd_certificate *rows, size_t count,
                                         const uint8_t *device, const psd_dsa_key *key) {
  const psd_part parts[] = {
      {PSD_DSA_KEY_LABEL, strlen(PSD_DSA_KEY_LABEL)}, {device, PSD_SIZE_DEVICE_ID}, {key->y, sizeof key->y}};
  for (size_t i = 0; i < count; i++) {
    psd_certificate_judge(site, &rows[i]);
    if (rows[i].trusted && psd_point_verify(rows[i].point, parts, 3, key->signature))
      return &rows[i];
  }
  return NULL;
}

static bool add_key(psd_site_reading *reading, const uint8_t *device, const psd_dsa_key *from) {
  psd_site *site = reading->site;
  const psd_certificate *certificates;
  char words[PSD_TIME_WORDS];
  size_t count = psd_certificates_of(site, device, &certificates);
  const psd_certificate *voucher = voucher_of(site, certificates, count, device, from);
  if (count == 0)
    psd_site_remark(reading, "not used: there is no certificate of %s", psd_device_words(words, device));
  if (voucher == NULL)
    return count == 0 || psd_site_damaged(reading, "no trusted certificate of %s vouches for this key",
                                          psd_device_words(words, device));
  psd_dsa_row *rows = psd_room_for_row(reading, site->dsa, site->dsa_count, sizeof *site->dsa);
  if (rows == NULL)
    return false;
  site->dsa = rows;
  psd_dsa_row *row = &rows[site->dsa_count];
  memcpy(row->device, device, PSD_SIZE_DEVICE_ID);
  memcpy(row->voucher, voucher->point, PSD_POINT);
  row->key = key_of(from);
  if (row->key == NULL)
    return psd_site_damaged(reading, "it is no DSA key of this domain");
  site->dsa_count++;
  return true;
}

static bool read_key(psd_site_reading *reading) {
  uint8_t *data = NULL;
  size_t length;
  psd_dsa_key key;
  if (!psd_file_bytes(reading, DSA_FILE, false, &data, &length))
    return false;
  bool done =
      length == DSA_FILE && psd_parse_message(data + PSD_SIZE_DEVICE_ID, PSD_SIZE_DSA_KEY, PSD_MESSAGE_DSA_KEY, &key);
  done = done ? add_key(reading, data, &key) : psd_site_damaged(reading, "a DSA key has %d bytes", (int)DSA_FILE);
  free(data);
  return done;
}

static int by_device(const void *row, const void *device) {
  return memcmp(((const psd_dsa_row *)row)->device, device, PSD_SIZE_DEVICE_ID);
}

static int rows_by_device(const void *a, const void *b) {
  return by_device(a, ((const psd_dsa_row *)b)->device);
}

bool psd_read_dsa(psd_site_reading *reading) {
  psd_site *site = reading->site;
  char words[PSD_TIME_WORDS];
  if (!psd_each_file(reading, "dsa", ".dsa", read_key))
    return false;
  if (site->dsa_count > 0)
    qsort(site->dsa, site->dsa_count, sizeof *site->dsa, rows_by_device);
  for (size_t i = 1; i < site->dsa_count; i++)
    if (rows_by_device(&site->dsa[i - 1], &site->dsa[i]) == 0)
      return psd_site_damaged(reading, "%s has two DSA keys", psd_device_words(words, site->dsa[i].device));
  return true;
}

void psd_free_dsa(psd_site *site) {
  for (size_t i = 0; i < site->dsa_count; i++)
    EVP_PKEY_free(site->dsa[i].key);
  free(site->dsa);
}

/* One INTEGER of DER. */
static void put_integer(psd_buffer *out, const uint8_t number[DSA_HALF]) {
  size_t skip = 0;
  while (skip < DSA_HALF - 1U && number[skip] == 0)
    skip++;
  size_t pad = number[skip] >> 7;
  psd_put_u8(out, V_ASN1_INTEGER);
  psd_put_u8(out, (uint8_t)(DSA_HALF - skip + pad));
  psd_put(out, "", pad);
  psd_put(out, number + skip, DSA_HALF - skip);
}

/* OpenSSL takes the first bytes of the digest, as many as q has (FIPS 186-4, 4.6). */
static bool dsa_right(EVP_PKEY *key, const uint8_t digest[PSD_HASH], const uint8_t signature[2 * DSA_HALF]) {
  uint8_t der[DSA_DER_MAX];
  psd_buffer out = psd_buffer_over(der, sizeof der);
  psd_put_u8(&out, V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
  uint8_t *length = psd_put_room(&out, 1);
  put_integer(&out, signature);
  put_integer(&out, signature + DSA_HALF);
  *length = (uint8_t)(out.length - 2U);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  bool right = context != NULL && EVP_PKEY_verify_init(context) == 1 &&
               EVP_PKEY_verify(context, der, out.length, digest, PSD_HASH) == 1;
  EVP_PKEY_CTX_free(context);
  if (!right)
    ERR_clear_error();
  return right;
}

static void judge_dsa(const psd_site *site, const psd_certificate *certificate, const psd_claim *claim,
                      psd_piece_verdict *verdict) {
  uint8_t digest[PSD_HASH];
  size_t at = psd_first_row(site->dsa, site->dsa_count, sizeof *site->dsa, by_device, certificate->device);
  if (at == site->dsa_count || by_device(&site->dsa[at], certificate->device) != 0)
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "there is no DSA key of this PSD (dsa/*.dsa)");
  else if (memcmp(site->dsa[at].voucher, certificate->point, PSD_POINT) != 0)
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "this certificate does not vouch for the PSD's DSA key");
  else if (psd_hash(&(psd_part){claim->bytes, PSD_SIZE_INDICIUM}, 1, digest) &&
           dsa_right(site->dsa[at].key, digest, claim->bytes + PSD_SIZE_INDICIUM))
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, "DSA, by the PSD's key");
  else
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_FAILED, "it is not the PSD's");
}

void psd_judge_signature(const psd_site *site, const psd_certificate *certificate, const psd_claim *claim,
                         psd_piece_verdict *verdict) {
  if (certificate == NULL)
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "there is no certificate to take a key from");
  else if (claim->profile == PSD_PROFILE_DSA)
    judge_dsa(site, certificate, claim, verdict);
  else if (psd_point_verify(certificate->point, &(psd_part){claim->bytes, PSD_SIZE_INDICIUM}, 1,
                            claim->bytes + PSD_SIZE_INDICIUM))
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, "ECDSA P-256, by the PSD's key");
  else
    psd_find(verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_FAILED, "it is not the PSD's");
}
