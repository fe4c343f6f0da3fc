/* Postmarks (VM figures 3 and 4): TimeStampTokens of RFC 3161 as a meter makes them. */
#include "internal.h"

#include <openssl/ts.h>
#include <string.h>

/* The number below our arc of tariffs, as DER has it: base 128. */
bool psd_proof_tariff(const uint8_t *at, size_t length, uint32_t *tariff) {
  const psd_oid *arc = &psd_oids[PSD_OID_TARIFF];
  uint64_t number = 0;
  if (length <= arc->size || length > arc->size + 5U || memcmp(at, arc->bytes, arc->size) != 0)
    return false;
  for (size_t i = arc->size; i < length; i++) {
    bool last = i + 1 == length;
    if (((at[i] & 0x80U) == 0) != last || (i == arc->size && at[i] == 0x80U))
      return false;
    number = number << 7 | (at[i] & 0x7FU);
  }
  *tariff = (uint32_t)number;
  return number <= UINT32_MAX;
}

static bool tariff_of(const ASN1_OBJECT *policy, uint32_t *tariff) {
  return psd_proof_tariff(OBJ_get0_data(policy), OBJ_length(policy), tariff);
}

static const psd_digest_row *digest_of(const X509_ALGOR *algorithm) {
  const ASN1_OBJECT *object;
  int type;
  X509_ALGOR_get0(&object, &type, NULL, algorithm);
  for (unsigned i = 1; psd_digest_of(i) != NULL; i++)
    if (psd_proof_is(object, psd_digest_of(i)->oid) && (type == V_ASN1_UNDEF || type == V_ASN1_NULL))
      return psd_digest_of(i);
  return NULL;
}

static bool imprint_in(TS_TST_INFO *info, psd_proof_postmark *postmark) {
  TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
  const psd_digest_row *digest = digest_of(TS_MSG_IMPRINT_get_algo(imprint));
  if (digest == NULL)
    return false;
  postmark->digest = digest->digest;
  return psd_proof_octets_in(TS_MSG_IMPRINT_get_msg(imprint), postmark->imprint, digest->size);
}

static bool info_in(psd_proof_bytes der, psd_proof_postmark *postmark) {
  /* TS_TST_INFO has no item that is public, and its own functions read BER. */
  const unsigned char *at = der.data;
  TS_TST_INFO *info = d2i_TS_TST_INFO(NULL, &at, (long)der.length);
  bool done = info != NULL && at == der.data + der.length && TS_TST_INFO_get_version(info) == 1 &&
              TS_TST_INFO_get_ext_count(info) == 0 && imprint_in(info, postmark) &&
              tariff_of(TS_TST_INFO_get_policy_id(info), &postmark->tariff) &&
              ASN1_INTEGER_get_uint64(&postmark->number, TS_TST_INFO_get_serial(info)) == 1 &&
              psd_proof_time_in(TS_TST_INFO_get_time(info), &postmark->time);
  TS_TST_INFO_free(info);
  return done;
}

/* The token of a response (RFC 3161, 2.4.2), DER; OPENSSL_free it. NULL if there is none. */
static unsigned char *token_of_response(psd_proof_bytes response, size_t *length) {
  const unsigned char *at = response.data;
  TS_RESP *read = d2i_TS_RESP(NULL, &at, (long)response.length);
  unsigned char *der = NULL;
  int size = -1;
  if (read != NULL && at == response.data + response.length && TS_RESP_get_token(read) != NULL)
    size = i2d_PKCS7(TS_RESP_get_token(read), &der);
  TS_RESP_free(read);
  *length = size > 0 ? (size_t)size : 0;
  return size > 0 ? der : NULL;
}

/* A token, whole or out of a response. */
static psd_proof_signed *signed_in(psd_proof_bytes token) {
  psd_proof_signed *data = psd_proof_signed_read(token, PSD_OID_TST_INFO);
  if (data != NULL)
    return data;
  size_t length;
  unsigned char *der = token_of_response(token, &length);
  if (der != NULL)
    data = psd_proof_signed_read((psd_proof_bytes){der, length}, PSD_OID_TST_INFO);
  OPENSSL_free(der);
  return data;
}

static psd_proof_signed *read_token(psd_proof_bytes token, psd_proof_postmark *postmark, char why[PSD_PROOF_WHY_MAX]) {
  memset(postmark, 0, sizeof *postmark);
  psd_proof_signed *data = signed_in(token);
  if (data != NULL && !psd_proof_signed_bare(data) && info_in(psd_proof_signed_content(data), postmark) &&
      psd_proof_signed_attribute(data, PSD_OID_SIGNING_CERTIFICATE) != NULL)
    return data;
  psd_proof_signed_free(data);
  psd_proof_say(why, PSD_PROOF_UNREADABLE, "it is no postmark of a meter (RFC 3161)");
  return NULL;
}

psd_proof_result psd_proof_read_postmark(psd_proof_bytes token, psd_proof_postmark *postmark,
                                         char why[PSD_PROOF_WHY_MAX]) {
  uint64_t purpose;
  psd_proof_signed *data = read_token(token, postmark, why);
  if (data == NULL)
    return PSD_PROOF_UNREADABLE;
  X509 *certificate = psd_proof_signed_certificate(data);
  if (certificate != NULL)
    psd_proof_signer_of(certificate, &postmark->signer, &purpose);
  psd_proof_signed_free(data);
  return PSD_PROOF_HOLDS;
}

/* 414-418. */
static psd_proof_result check_message(const psd_proof_signed *data, X509 *certificate,
                                      const psd_proof_postmark *postmark, psd_proof_bytes digest,
                                      char why[PSD_PROOF_WHY_MAX]) {
  uint8_t hash[32];
  if (digest.length != psd_digest_of(postmark->digest)->size ||
      CRYPTO_memcmp(digest.data, postmark->imprint, digest.length) != 0)
    return psd_proof_say(why, PSD_PROOF_MESSAGE, "it is the postmark of another message");
  if (!psd_proof_sha256(psd_proof_signed_content(data), hash))
    return psd_proof_say(why, PSD_PROOF_FAILED, "out of memory");
  if (!psd_proof_signed_fits(data, hash) || !psd_proof_signed_holds(data, certificate))
    return psd_proof_say(why, PSD_PROOF_SIGNATURE, "its signature does not hold");
  return PSD_PROOF_HOLDS;
}

static psd_proof_result check(const psd_trust *trust, const psd_proof_signed *data, psd_proof_bytes digest,
                              uint64_t time, psd_proof_postmark *postmark, char why[PSD_PROOF_WHY_MAX]) {
  uint64_t purpose;
  X509 *certificate = psd_proof_signed_find(data, trust);
  if (certificate == NULL)
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate is not there");
  if (!psd_proof_signer_of(certificate, &postmark->signer, &purpose))
    return psd_proof_say(why, PSD_PROOF_CERTIFICATE, "its certificate cannot be read");
  /* 408-412 */
  psd_proof_result result =
      psd_proof_chain(trust, certificate, PSD_PROOF_FOR_POSTMARK, time != 0 ? time : postmark->time, why);
  return result == PSD_PROOF_HOLDS ? check_message(data, certificate, postmark, digest, why) : result;
}

psd_proof_result psd_proof_check_postmark(const psd_trust *trust, psd_proof_bytes token, const uint8_t *digest,
                                          size_t digest_length, uint64_t time, psd_proof_postmark *postmark,
                                          char why[PSD_PROOF_WHY_MAX]) {
  psd_proof_signed *data = read_token(token, postmark, why);
  if (data == NULL)
    return PSD_PROOF_UNREADABLE;
  psd_proof_result result = check(trust, data, (psd_proof_bytes){digest, digest_length}, time, postmark, why);
  psd_proof_signed_free(data);
  return result;
}
