/* Signatures of messages: detached SignedData with a user's key. */
#include "internal.h"

#include <string.h>

/* MeteredUse is there where a meter has signed; its device is that of the certificate then. */
static bool use_in(const psd_proof_signed *data, psd_proof_signature *signature) {
  const ASN1_TYPE *value = psd_proof_signed_attribute(data, PSD_OID_METERED_USE);
  uint8_t device[PSD_SIZE_DEVICE_ID];
  signature->metered = value != NULL;
  if (value == NULL)
    return true;
  return value->type == V_ASN1_SEQUENCE &&
         psd_proof_metered_use_in(psd_proof_bytes_of(value->value.sequence), device, &signature->number,
                                  &signature->charge) &&
         signature->signer.metered && memcmp(device, signature->signer.device, sizeof device) == 0 &&
         psd_proof_signed_attribute(data, PSD_OID_SIGNING_CERTIFICATE) != NULL;
}

static psd_proof_result check(const psd_trust *trust, const psd_proof_signed *data, const uint8_t digest[32],
                              uint64_t time, psd_proof_signature *signature, char why[PSD_PROOF_WHY_MAX]) {
  uint64_t purpose;
  if (psd_proof_signed_bare(data) || !psd_proof_signed_detached(data) || !psd_proof_signed_time(data, &signature->time))
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no detached signature with a signing time");
  X509 *certificate = psd_proof_signed_find(data, trust);
  if (certificate == NULL)
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate is not there");
  if (!psd_proof_signer_of(certificate, &signature->signer, &purpose))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate cannot be read");
  psd_proof_result result =
      psd_proof_chain(trust, certificate, PSD_PROOF_FOR_MESSAGE, time != 0 ? time : signature->time, why);
  if (result != PSD_PROOF_HOLDS)
    return result;
  if (!psd_proof_signed_fits(data, digest))
    return psd_proof_say(why, PSD_PROOF_MESSAGE, "it is the signature of another message");
  if (!psd_proof_signed_holds(data, certificate))
    return psd_proof_say(why, PSD_PROOF_SIGNATURE, "its signature does not hold");
  if (!use_in(data, signature))
    return psd_proof_say(why, PSD_PROOF_SIGNATURE, "it names another meter than its certificate");
  return PSD_PROOF_HOLDS;
}

psd_proof_result psd_proof_check_signature(const psd_trust *trust, psd_proof_bytes cms, const uint8_t digest[32],
                                           uint64_t time, psd_proof_signature *signature, char why[PSD_PROOF_WHY_MAX]) {
  memset(signature, 0, sizeof *signature);
  psd_proof_signed *data = psd_proof_signed_read(cms, PSD_OID_DATA);
  if (data == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no signature (CMS, DER, one signer, SHA-256)");
  psd_proof_result result = check(trust, data, digest, time, signature, why);
  psd_proof_signed_free(data);
  return result;
}
