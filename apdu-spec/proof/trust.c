/* Whom to believe: what is read from files and memory. */
#include "internal.h"

#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_MOST (16U * 1024U * 1024U)

psd_trust *psd_trust_new(void) {
  psd_trust *trust = calloc(1, sizeof *trust);
  if (trust == NULL)
    return NULL;
  trust->store = X509_STORE_new();
  trust->chain = sk_X509_new_null();
  trust->lists = sk_X509_CRL_new_null();
  if (trust->store != NULL && trust->chain != NULL && trust->lists != NULL)
    return trust;
  psd_trust_free(trust);
  return NULL;
}

void psd_trust_free(psd_trust *trust) {
  if (trust == NULL)
    return;
  X509_STORE_free(trust->store);
  sk_X509_pop_free(trust->chain, X509_free);
  sk_X509_CRL_pop_free(trust->lists, X509_CRL_free);
  free(trust);
}

void psd_trust_set_now(psd_trust *trust, uint64_t now) {
  trust->now = now;
}

/* An anchor stands for itself: OpenSSL would look for the issuer of any other. */
static bool add_root(psd_trust *trust, X509 *certificate) {
  bool added = X509_self_signed(certificate, 1) == 1 && X509_check_ca(certificate) != 0 &&
               X509_STORE_add_cert(trust->store, certificate) == 1;
  trust->rooted = trust->rooted || added;
  return added;
}

bool psd_trust_has_root(const psd_trust *trust) {
  return trust->rooted;
}

static bool add_chain(psd_trust *trust, X509 *certificate) {
  if (X509_up_ref(certificate) != 1)
    return false;
  if (sk_X509_push(trust->chain, certificate) > 0)
    return true;
  X509_free(certificate);
  return false;
}

static bool add_authority(psd_trust *trust, X509 *certificate) {
  return X509_self_signed(certificate, 0) == 1 ? add_root(trust, certificate) : add_chain(trust, certificate);
}

static bool add_list(psd_trust *trust, X509_CRL *list) {
  if (X509_CRL_up_ref(list) != 1)
    return false;
  if (sk_X509_CRL_push(trust->lists, list) > 0)
    return true;
  X509_CRL_free(list);
  return false;
}

static bool add_der(psd_trust *trust, psd_proof_bytes der, bool (*add)(psd_trust *trust, X509 *certificate)) {
  X509 *certificate = psd_proof_x509(der);
  bool added = certificate != NULL && add(trust, certificate);
  X509_free(certificate);
  return added;
}

bool psd_trust_add_root_der(psd_trust *trust, psd_proof_bytes der) {
  return add_der(trust, der, add_root);
}

bool psd_trust_add_chain_der(psd_trust *trust, psd_proof_bytes der) {
  return add_der(trust, der, add_chain);
}

bool psd_trust_add_list_der(psd_trust *trust, psd_proof_bytes der) {
  X509_CRL *list = psd_proof_parse(der, ASN1_ITEM_rptr(X509_CRL));
  bool added = list != NULL && add_list(trust, list);
  X509_CRL_free(list);
  return added;
}

/* What a file is wanted for. */
typedef enum kind { ROOTS, CHAIN, AUTHORITIES, LISTS } kind;
static const char *const kind_words[] = {"root certificate", "certificate", "certificate",
                                         "list of revoked certificates"};

static bool add_one(psd_trust *trust, kind wanted, X509 *certificate, X509_CRL *list) {
  switch (wanted) {
  case ROOTS:
    return certificate != NULL && add_root(trust, certificate);
  case CHAIN:
    return certificate != NULL && add_chain(trust, certificate);
  case AUTHORITIES:
    return certificate != NULL && add_authority(trust, certificate);
  case LISTS:
    return list != NULL && add_list(trust, list);
  }
  return false;
}

static bool add_pem(psd_trust *trust, kind wanted, psd_proof_bytes text) {
  BIO *in = BIO_new_mem_buf(text.data, (int)text.length);
  STACK_OF(X509_INFO) *found = in != NULL ? PEM_X509_INFO_read_bio(in, NULL, NULL, NULL) : NULL;
  bool added = found != NULL && sk_X509_INFO_num(found) > 0;
  for (int i = 0; added && i < sk_X509_INFO_num(found); i++) {
    const X509_INFO *item = sk_X509_INFO_value(found, i);
    added = add_one(trust, wanted, item->x509, item->crl);
  }
  sk_X509_INFO_pop_free(found, X509_INFO_free);
  BIO_free(in);
  return added;
}

static bool add_whole(psd_trust *trust, kind wanted, psd_proof_bytes der) {
  if (wanted == LISTS)
    return psd_trust_add_list_der(trust, der);
  X509 *certificate = psd_proof_x509(der);
  bool added = certificate != NULL && add_one(trust, wanted, certificate, NULL);
  X509_free(certificate);
  return added;
}

static bool add_bytes(psd_trust *trust, kind wanted, psd_proof_bytes bytes) {
  /* DER begins with the tag of a SEQUENCE; PEM may have a preamble, but of text. */
  bool der = bytes.length > 1 && bytes.data[0] == 0x30 && (bytes.data[1] & 0x80U) != 0;
  return der ? add_whole(trust, wanted, bytes) : add_pem(trust, wanted, bytes);
}

static bool refuse(char why[PSD_PROOF_WHY_MAX], const char *path, const char *words) {
  psd_proof_say(why, PSD_PROOF_FAILED, "%s: %s", path, words);
  return false;
}

static bool add_stream(psd_trust *trust, kind wanted, FILE *file, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  uint8_t *bytes = malloc(FILE_MOST);
  if (bytes == NULL)
    return refuse(why, path, "out of memory");
  size_t length = fread(bytes, 1, FILE_MOST, file);
  bool done;
  if (ferror(file))
    done = refuse(why, path, "it cannot be read");
  else if (length == FILE_MOST)
    done = refuse(why, path, "it is too long");
  else if (!(done = add_bytes(trust, wanted, (psd_proof_bytes){bytes, length})))
    psd_proof_say(why, PSD_PROOF_FAILED, "%s: it is no %s, in PEM or DER", path, kind_words[wanted]);
  free(bytes);
  return done;
}

static bool add_file(psd_trust *trust, kind wanted, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  FILE *file = fopen(path, "rb");
  if (file == NULL)
    return refuse(why, path, strerror(errno));
  bool done = add_stream(trust, wanted, file, path, why);
  fclose(file);
  return done;
}

bool psd_trust_add_roots(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  return add_file(trust, ROOTS, path, why);
}

bool psd_trust_add_chain(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  return add_file(trust, CHAIN, path, why);
}

bool psd_trust_add_lists(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  return add_file(trust, LISTS, path, why);
}

bool psd_trust_add_authorities(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]) {
  return add_file(trust, AUTHORITIES, path, why);
}
