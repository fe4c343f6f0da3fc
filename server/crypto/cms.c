#include "crypto/cms.h"

#include <limits.h>
#include <openssl/cms.h>

#include "crypto/evp_internal.h"
#include "crypto/x509_internal.h"

#define PLAIN (CMS_BINARY | CMS_NOATTR | CMS_NOCERTS)

static bool put_der(CMS_ContentInfo *made, uint8_t der[PSD_CMS_MAX], size_t *length) {
  int size = i2d_CMS_ContentInfo(made, NULL);
  if (size <= 0 || (unsigned)size > PSD_CMS_MAX)
    return false;
  uint8_t *at = der;
  *length = (size_t)size;
  return i2d_CMS_ContentInfo(made, &at) == size;
}

static bool fill(CMS_ContentInfo *made, const char *type, psd_part content, X509 *certificate, EVP_PKEY *key) {
  ASN1_OBJECT *object = OBJ_txt2obj(type, 1);
  BIO *bytes = content.length <= INT_MAX ? BIO_new_mem_buf(content.data, (int)content.length) : NULL;
  bool done = object != NULL && bytes != NULL && CMS_set1_eContentType(made, object) == 1 &&
              CMS_add1_signer(made, certificate, key, psd_evp.sha256, PLAIN) != NULL &&
              CMS_final(made, bytes, NULL, PLAIN) == 1;
  BIO_free(bytes);
  ASN1_OBJECT_free(object);
  return done;
}

bool psd_cms_sign(const char *type, psd_part content, psd_part certificate, const psd_pair *pair,
                  uint8_t der[PSD_CMS_MAX], size_t *length) {
  X509 *named = psd_x509_take(certificate);
  EVP_PKEY *key = psd_pair_pkey(pair);
  CMS_ContentInfo *made = CMS_sign(NULL, NULL, NULL, NULL, PLAIN | CMS_PARTIAL);
  bool done = named != NULL && key != NULL && made != NULL && fill(made, type, content, named, key) &&
              put_der(made, der, length);
  CMS_ContentInfo_free(made);
  EVP_PKEY_free(key);
  X509_free(named);
  return done || psd_evp_failed();
}
