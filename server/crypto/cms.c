#include "crypto/cms.h"

#include <limits.h>
#include <openssl/cms.h>
#include <time.h>

#include "crypto/evp_internal.h"
#include "crypto/x509_internal.h"

#define PLAIN (CMS_BINARY | CMS_NOSMIMECAP | CMS_NOCERTS)

static bool put_der(CMS_ContentInfo *made, uint8_t der[PSD_CMS_MAX], size_t *length) {
  int size = i2d_CMS_ContentInfo(made, NULL);
  if (size <= 0 || (unsigned)size > PSD_CMS_MAX)
    return false;
  uint8_t *at = der;
  *length = (size_t)size;
  return i2d_CMS_ContentInfo(made, &at) == size;
}

/* signingTime, UTCTime up to 2049 (RFC 5652, 11.3). Without it OpenSSL would take the clock of this machine. */
static bool add_time(CMS_SignerInfo *signer, uint64_t time) {
  ASN1_TIME *at = time <= INT64_MAX ? ASN1_TIME_set(NULL, (time_t)time) : NULL;
  bool done = at != NULL && CMS_signed_add1_attr_by_NID(signer, NID_pkcs9_signingTime, at->type, at, -1) == 1;
  ASN1_TIME_free(at);
  return done;
}

/* OpenSSL adds contentType and messageDigest, which RFC 5652, 5.3 wants of what is not id-data. */
static bool fill(CMS_ContentInfo *made, const psd_cms_wanted *wanted, X509 *certificate, EVP_PKEY *key) {
  const psd_part *content = &wanted->content;
  ASN1_OBJECT *object = OBJ_txt2obj(wanted->type, 1);
  BIO *bytes = content->length <= INT_MAX ? BIO_new_mem_buf(content->data, (int)content->length) : NULL;
  CMS_SignerInfo *signer = NULL;
  bool done = object != NULL && bytes != NULL && CMS_set1_eContentType(made, object) == 1 &&
              (signer = CMS_add1_signer(made, certificate, key, psd_evp.sha256, PLAIN)) != NULL &&
              add_time(signer, wanted->time) && CMS_final(made, bytes, NULL, PLAIN) == 1;
  BIO_free(bytes);
  ASN1_OBJECT_free(object);
  return done;
}

bool psd_cms_sign(const psd_cms_wanted *wanted, const psd_pair *pair, uint8_t der[PSD_CMS_MAX], size_t *length) {
  X509 *named = psd_x509_take(wanted->certificate);
  EVP_PKEY *key = psd_pair_pkey(pair);
  CMS_ContentInfo *made = CMS_sign(NULL, NULL, NULL, NULL, PLAIN | CMS_PARTIAL);
  bool done =
      named != NULL && key != NULL && made != NULL && fill(made, wanted, named, key) && put_der(made, der, length);
  CMS_ContentInfo_free(made);
  EVP_PKEY_free(key);
  X509_free(named);
  return done || psd_evp_failed();
}
