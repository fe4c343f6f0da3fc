/* Revocations (VM figure 6): request, command, confirmation. */
#include "internal.h"

#include <string.h>

typedef bool reader(psd_proof_bytes der, psd_proof_revocation *revocation);

/* Signed attributes name what is signed. A command is signed by a key that signs nothing else of this form, and may do
 * without; the keys of a meter sign much, and some of it as others bring it. */
static bool form_fits(const psd_proof_signed *data, psd_oid_id type) {
  return type == PSD_OID_REVOCATION_COMMAND || !psd_proof_signed_bare(data);
}

/* One of the three, and what it says. */
static psd_proof_signed *read_signed(psd_proof_bytes cms, psd_oid_id type, reader *read,
                                     psd_proof_revocation *revocation) {
  memset(revocation, 0, sizeof *revocation);
  psd_proof_signed *data = psd_proof_signed_read(cms, type);
  if (data != NULL && form_fits(data, type) && read(psd_proof_signed_content(data), revocation))
    return data;
  psd_proof_signed_free(data);
  return NULL;
}

static psd_proof_result check_signature(const psd_proof_signed *data, X509 *certificate, char why[PSD_PROOF_WHY_MAX]) {
  uint8_t hash[32];
  if (!psd_proof_sha256(psd_proof_signed_content(data), hash))
    return psd_proof_say(why, PSD_PROOF_FAILED, "out of memory");
  if (!psd_proof_signed_fits(data, hash) || !psd_proof_signed_holds(data, certificate))
    return psd_proof_say(why, PSD_PROOF_SIGNATURE, "its signature does not hold");
  return PSD_PROOF_HOLDS;
}

/* A holder asks for the certificate that he signs with, and for no other (604). */
static psd_proof_result check_own(const psd_proof_revocation *revocation, X509 *certificate,
                                  char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signer signer;
  uint64_t purpose;
  if (!psd_proof_signer_of(certificate, &signer, &purpose))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate cannot be read");
  if (!signer.metered || memcmp(signer.device, revocation->device, sizeof signer.device) != 0 || signer.number == 0 ||
      signer.number != revocation->certificate)
    return psd_proof_say(why, PSD_PROOF_MESSAGE, "it asks for another certificate than its signer's");
  return PSD_PROOF_HOLDS;
}

/* By this certificate, which the caller believes. */
static psd_proof_result check_by(const psd_proof_signed *data, psd_proof_bytes certificate, bool own,
                                 const psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]) {
  X509 *signer = psd_proof_x509(certificate);
  psd_proof_result result;
  if (signer == NULL || !psd_proof_signed_by(data, signer) || !psd_proof_signed_encloses(data, signer))
    result = psd_proof_say(why, PSD_PROOF_CERTIFICATE, "it is signed by somebody else");
  else
    result = check_signature(data, signer, why);
  if (result == PSD_PROOF_HOLDS && own)
    result = check_own(revocation, signer, why);
  X509_free(signer);
  return result;
}

psd_proof_result psd_proof_check_request(psd_proof_bytes cms, psd_proof_bytes certificate,
                                         psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signed *data = read_signed(cms, PSD_OID_REVOCATION_REQUEST, psd_proof_request_in, revocation);
  if (data == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no revocation request");
  psd_proof_result result = check_by(data, certificate, true, revocation, why);
  psd_proof_signed_free(data);
  return result;
}

psd_proof_result psd_proof_check_command(psd_proof_bytes cms, psd_proof_bytes certificate,
                                         psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signed *data = read_signed(cms, PSD_OID_REVOCATION_COMMAND, psd_proof_command_in, revocation);
  if (data == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no revocation command");
  psd_proof_result result = check_by(data, certificate, false, revocation, why);
  psd_proof_signed_free(data);
  return result;
}

/* The PSD's own certificate goes along, or is known. */
static psd_proof_result check_confirmation(const psd_trust *trust, const psd_proof_signed *data,
                                           const psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signer signer;
  uint64_t purpose;
  X509 *certificate = psd_proof_signed_find(data, trust);
  if (certificate == NULL || !psd_proof_signer_of(certificate, &signer, &purpose))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate is not there, or cannot be read");
  psd_proof_result result = psd_proof_chain(trust, certificate, PSD_PROOF_FOR_DEVICE, revocation->time, why);
  if (result == PSD_PROOF_HOLDS)
    result = check_signature(data, certificate, why);
  if (result == PSD_PROOF_HOLDS && memcmp(signer.device, revocation->device, sizeof signer.device) != 0)
    result = psd_proof_say(why, PSD_PROOF_MESSAGE, "it names another meter than its certificate");
  return result;
}

psd_proof_result psd_proof_check_confirmation(const psd_trust *trust, psd_proof_bytes cms,
                                              psd_proof_revocation *revocation, char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signed *data = read_signed(cms, PSD_OID_REVOCATION_CONFIRMATION, psd_proof_confirmation_in, revocation);
  if (data == NULL)
    return psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no confirmation of a revocation");
  psd_proof_result result = check_confirmation(trust, data, revocation, why);
  psd_proof_signed_free(data);
  return result;
}
