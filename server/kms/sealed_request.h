/* A certificate request as it comes from a card (VM 512): CERTIFICATE_REQUEST and the PKCS#10, under the certificate
 * communications key (256), which follows from K3. */
#ifndef PSD_KMS_SEALED_REQUEST_H
#define PSD_KMS_SEALED_REQUEST_H

#include "crypto/x509.h"
#include "kms/service.h"

/* What is in it. `grant_key` is secret: wipe the whole with psd_secret_wipe. */
typedef struct psd_kms_opened {
  psd_certificate_request head;
  psd_kms_device device;
  uint8_t pkcs10[PSD_PKCS10_MAX];
  size_t length;
  psd_x509_holder holder;
  uint8_t grant_key[PSD_AES_KEY]; /* the certificate communications key of the other direction */
} psd_kms_opened;

/* Takes WRAPPED_K4 and a sealed request, all that is left of `body`, opens it and checks the PKCS#10: signed with the
 * key in it, which is of the algorithm that the head says; a subject that may be certified; for an agent, an
 * organization. A PSD needs a key pair of its own. Otherwise the signal of the refusal, and `opened` is wiped. */
psd_signal psd_kms_open_request(const psd_kms_service *service, psd_cursor *body, psd_kms_opened *opened);

#endif
