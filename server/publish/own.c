/* The authority's own certificates, as the key management system gives them. They are kept: that writes down what it is
 * asked for. */
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/text.h"
#include "publish/internal.h"

/* Seconds after which the key management system is asked again which keys are in force, */
#define ASK_AGAIN 60U
/* and which older CA keys there are. */
#define SEARCH_AGAIN 600U

static psd_published ask(psd_publish *publish, psd_authority_own kind, uint32_t key, uint8_t der[PSD_CERTIFICATE_MAX],
                         size_t *length) {
  uint8_t bytes[PSD_SIZE_KMS_AUTHORITY];
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&body, PSD_MESSAGE_KMS_AUTHORITY, &(psd_kms_authority){.kind = kind, .key = key});
  *length = PSD_CERTIFICATE_MAX;
  return psd_publish_ask(publish, PSD_FRAME_KMS_AUTHORITY, PSD_FRAME_KMS_AUTHORITY_GIVEN, bytes, body.length, der,
                         length);
}

/* What was asked for lately. */
static bool recall(psd_publish *publish, psd_authority_own kind, uint8_t der[PSD_CERTIFICATE_MAX], size_t *length) {
  (void)pthread_mutex_lock(&publish->lock);
  const psd_publish_own *own = &publish->own[kind];
  bool there = own->length > 0 && psd_publish_now() - own->asked < ASK_AGAIN;
  if (there)
    memcpy(der, own->der, own->length);
  *length = own->length;
  (void)pthread_mutex_unlock(&publish->lock);
  return there;
}

psd_published psd_publish_own_certificate(psd_publish *publish, psd_authority_own kind,
                                          uint8_t der[PSD_CERTIFICATE_MAX], size_t *length) {
  if (recall(publish, kind, der, length))
    return PSD_PUBLISHED;
  psd_published result = ask(publish, kind, 0, der, length);
  if (result != PSD_PUBLISHED)
    return result;
  (void)pthread_mutex_lock(&publish->lock);
  psd_publish_own *own = &publish->own[kind];
  memcpy(own->der, der, *length);
  own->length = *length;
  own->asked = psd_publish_now();
  (void)pthread_mutex_unlock(&publish->lock);
  return PSD_PUBLISHED;
}

void psd_publish_ca_free(psd_publish_ca *ca) {
  if (ca == NULL)
    return;
  X509_free(ca->certificate);
  psd_publish_responder_free(&ca->responder);
  psd_publish_responder_free(&ca->next);
  free(ca->list);
  (void)pthread_mutex_destroy(&ca->lock);
  free(ca);
}

/* "SPECIMEN CA 12": the number of its key ends its name (docs/certificates.md). 0 for another name. */
static uint32_t key_of(X509 *certificate) {
  char name[64];
  char *end = NULL;
  if (X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name) <= 0)
    return 0;
  const char *blank = strrchr(name, ' ');
  unsigned long number = blank == NULL ? 0 : strtoul(blank + 1, &end, 10);
  return number != 0 && number <= UINT32_MAX && *end == '\0' ? (uint32_t)number : 0;
}

/* A CA of its certificate; NULL if it is none. */
static psd_publish_ca *ca_of(const uint8_t *der, size_t length) {
  const unsigned char *at = der;
  psd_publish_ca *ca = calloc(1, sizeof *ca);
  if (ca == NULL)
    return NULL;
  (void)pthread_mutex_init(&ca->lock, NULL);
  ca->certificate = d2i_X509(NULL, &at, (long)length);
  if (ca->certificate != NULL && at == der + length)
    ca->key = key_of(ca->certificate);
  memcpy(ca->der, der, length);
  ca->length = length;
  if (ca->key != 0)
    return ca;
  ERR_clear_error();
  psd_publish_ca_free(ca);
  return NULL;
}

/* Under the lock. */
static psd_publish_ca *known(const psd_publish *publish, uint32_t key) {
  for (size_t i = 0; i < publish->ca_count; i++)
    if (publish->cas[i]->key == key)
      return publish->cas[i];
  return NULL;
}

/* Adds it, unless another thread has; NULL if there are too many. */
static psd_publish_ca *add(psd_publish *publish, psd_publish_ca *fresh, bool active) {
  (void)pthread_mutex_lock(&publish->lock);
  psd_publish_ca *there = known(publish, fresh->key);
  bool taken = there == NULL && publish->ca_count < PSD_PUBLISH_CAS_MAX;
  if (taken)
    there = publish->cas[publish->ca_count++] = fresh;
  if (active && there != NULL) {
    publish->active = there->key;
    publish->active_asked = psd_publish_now();
  }
  (void)pthread_mutex_unlock(&publish->lock);
  if (!taken)
    psd_publish_ca_free(fresh);
  return there;
}

/* Asks for the CA with this key, 0 for the one in force. */
static psd_published fetch(psd_publish *publish, uint32_t key, psd_publish_ca **ca) {
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length = 0;
  psd_published result = ask(publish, PSD_AUTHORITY_CA, key, der, &length);
  if (result != PSD_PUBLISHED)
    return result;
  psd_publish_ca *made = ca_of(der, length);
  if (made != NULL && key != 0 && made->key != key) {
    psd_publish_ca_free(made);
    made = NULL;
  }
  *ca = made == NULL ? NULL : add(publish, made, key == 0);
  return *ca == NULL ? PSD_PUBLISHED_FAILED : PSD_PUBLISHED;
}

/* One that was asked for before; of the one in force, lately. */
static psd_publish_ca *recall_ca(psd_publish *publish, uint32_t key) {
  (void)pthread_mutex_lock(&publish->lock);
  bool fresh = psd_publish_now() - publish->active_asked < ASK_AGAIN;
  psd_publish_ca *ca = key != 0 ? known(publish, key) : fresh ? known(publish, publish->active) : NULL;
  (void)pthread_mutex_unlock(&publish->lock);
  return ca;
}

/* CA keys that were in force before: keys have numbers from 1, counted upwards over all kinds. Not more often than now
 * and then: whoever asks about foreign certificates, or for keys that are none, makes no work of it. */
static psd_published search_older(psd_publish *publish, uint32_t active) {
  psd_publish_ca *found = NULL;
  psd_published result = PSD_PUBLISHED;
  uint64_t now = psd_publish_now();
  (void)pthread_mutex_lock(&publish->search); /* who comes meanwhile waits for what is found */
  if (publish->searched == 0 || now - publish->searched > SEARCH_AGAIN) {
    for (uint32_t key = active - 1U; key > 0 && result != PSD_PUBLISHED_LATER; key--)
      result = recall_ca(publish, key) != NULL ? PSD_PUBLISHED : fetch(publish, key, &found);
    publish->searched = result == PSD_PUBLISHED_LATER ? 0 : now;
  }
  (void)pthread_mutex_unlock(&publish->search);
  return result == PSD_PUBLISHED_LATER ? result : PSD_PUBLISHED;
}

static psd_published find_active(psd_publish *publish, psd_publish_ca **ca) {
  *ca = recall_ca(publish, 0);
  return *ca != NULL ? PSD_PUBLISHED : fetch(publish, 0, ca);
}

psd_published psd_publish_find_ca(psd_publish *publish, uint32_t key, psd_publish_ca **ca) {
  psd_publish_ca *active = NULL;
  if (key == 0)
    return find_active(publish, ca);
  *ca = recall_ca(publish, key);
  if (*ca != NULL)
    return PSD_PUBLISHED;
  psd_published result = find_active(publish, &active);
  if (result == PSD_PUBLISHED && key < active->key)
    result = search_older(publish, active->key);
  *ca = recall_ca(publish, key);
  if (*ca != NULL)
    return PSD_PUBLISHED;
  return result == PSD_PUBLISHED ? PSD_PUBLISHED_NONE : result;
}

/* Whose hashes are these? */
static bool is_issuer(X509 *certificate, OCSP_CERTID *id) {
  ASN1_OBJECT *algorithm = NULL;
  ASN1_INTEGER *serial = NULL;
  if (OCSP_id_get0_info(NULL, &algorithm, NULL, &serial, id) != 1)
    return false;
  const EVP_MD *digest = EVP_get_digestbyobj(algorithm);
  OCSP_CERTID *own = digest == NULL ? NULL
                                    : OCSP_cert_id_new(digest, X509_get_subject_name(certificate),
                                                       X509_get0_pubkey_bitstr(certificate), serial);
  bool same = own != NULL && OCSP_id_issuer_cmp(own, id) == 0;
  OCSP_CERTID_free(own);
  ERR_clear_error();
  return same;
}

static psd_publish_ca *issuer_among(psd_publish *publish, OCSP_CERTID *id) {
  psd_publish_ca *all[PSD_PUBLISH_CAS_MAX];
  (void)pthread_mutex_lock(&publish->lock);
  size_t count = publish->ca_count;
  for (size_t i = 0; i < count; i++)
    all[i] = publish->cas[i];
  (void)pthread_mutex_unlock(&publish->lock);
  for (size_t i = 0; i < count; i++)
    if (is_issuer(all[i]->certificate, id))
      return all[i];
  return NULL;
}

psd_published psd_publish_issuer(psd_publish *publish, OCSP_CERTID *id, psd_publish_ca **ca) {
  psd_publish_ca *active = NULL;
  psd_published result = find_active(publish, &active);
  *ca = issuer_among(publish, id);
  if (*ca != NULL)
    return PSD_PUBLISHED;
  if (result != PSD_PUBLISHED)
    return result;
  result = search_older(publish, active->key);
  *ca = issuer_among(publish, id);
  if (*ca != NULL)
    return PSD_PUBLISHED;
  return result == PSD_PUBLISHED ? PSD_PUBLISHED_NONE : result;
}
