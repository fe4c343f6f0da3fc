/* The key that signs answers (RFC 6960, 4.2.2.2): made in memory, certified by the CA for a few days, and gone with the
 * process. */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>

#include "crypto/evp.h"
#include "publish/internal.h"

#define DAY 86400U
#define VALID (3U * DAY)
/* Another is made a day before that. */
#define SPARE DAY

void psd_publish_responder_free(psd_publish_responder *responder) {
  EVP_PKEY_free(responder->key);
  X509_free(responder->certificate);
  *responder = (psd_publish_responder){.key = NULL};
}

static bool point_of(EVP_PKEY *key, uint8_t point[PSD_POINT]) {
  size_t length = 0;
  return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, PSD_POINT, &length) == 1 &&
         length == PSD_POINT;
}

/* Its certificate, of its key. */
static psd_published certify(psd_publish *publish, const psd_publish_ca *ca, psd_publish_responder *next) {
  uint8_t bytes[PSD_SIZE_KMS_RESPONDER], der[PSD_CERTIFICATE_MAX];
  size_t length = sizeof der;
  uint64_t now = psd_publish_now();
  psd_kms_responder wanted = {.ca_key = ca->key, .number = next->number, .from = now, .until = now + VALID};
  if (!point_of(next->key, wanted.point))
    return PSD_PUBLISHED_FAILED;
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&body, PSD_MESSAGE_KMS_RESPONDER, &wanted);
  psd_published result =
      psd_publish_ask(publish, PSD_FRAME_KMS_RESPONDER, PSD_FRAME_KMS_RESPONDER_MADE, bytes, body.length, der, &length);
  if (result != PSD_PUBLISHED)
    return result;
  const unsigned char *at = der;
  X509_free(next->certificate);
  next->certificate = d2i_X509(NULL, &at, (long)length);
  next->until = wanted.until;
  return next->certificate != NULL && X509_check_private_key(next->certificate, next->key) == 1 ? PSD_PUBLISHED
                                                                                                : PSD_PUBLISHED_FAILED;
}

/* Another in the place of the one there is; under the CA's lock. Key and number wait until they are certified: whoever
 * asks while nobody certifies uses up no serial numbers. */
static psd_published make(psd_publish *publish, psd_publish_ca *ca) {
  psd_publish_responder *next = &ca->next;
  psd_published result = PSD_PUBLISHED;
  if (next->key == NULL)
    next->key = EVP_EC_gen("P-256");
  if (next->key == NULL)
    result = PSD_PUBLISHED_FAILED;
  else if (next->number == 0)
    result = psd_publish_number(publish, &next->number);
  if (result == PSD_PUBLISHED)
    result = certify(publish, ca, next);
  ERR_clear_error();
  if (result != PSD_PUBLISHED)
    return result;
  psd_publish_responder_free(&ca->responder);
  ca->responder = *next;
  *next = (psd_publish_responder){.key = NULL};
  psd_publish_say(publish, PSD_PUBLISH_INFO, "OCSP responder", "a key was made and certified");
  return PSD_PUBLISHED;
}

psd_published psd_publish_responder_of(psd_publish *publish, psd_publish_ca *ca, psd_publish_responder *responder) {
  uint64_t now = psd_publish_now();
  (void)pthread_mutex_lock(&ca->lock);
  psd_published result = PSD_PUBLISHED;
  if (ca->responder.until < now + SPARE)
    result = make(publish, ca);
  /* The one there is will do as long as it is valid. */
  if (ca->responder.until > now + PSD_PUBLISH_ANSWER_GOOD)
    result = PSD_PUBLISHED;
  if (result == PSD_PUBLISHED) {
    if (EVP_PKEY_up_ref(ca->responder.key) == 1)
      responder->key = ca->responder.key;
    if (X509_up_ref(ca->responder.certificate) == 1)
      responder->certificate = ca->responder.certificate;
    if (responder->key == NULL || responder->certificate == NULL)
      result = PSD_PUBLISHED_FAILED;
  }
  (void)pthread_mutex_unlock(&ca->lock);
  return result;
}
