/* Revocation (VM figure 6; docs/certificates.md): what the holder has signed is looked at (604), the command signed
 * (608); and whoever asks for anything else is refused (606). */
#include <openssl/cms.h>
#include <string.h>

#include "kms_user.h"

#define DEVICE "5053443100001234"
#define OTHER_DEVICE "5053443100001235"
#define NOW_TEXT "20261118110640Z"

static user at;
static X509 *certificate; /* of the user: number 100 */
static proof_der der;     /* and its DER */
static uint8_t bytes[PSD_FRAME_BODY_MAX];
static char why[PSD_PROOF_WHY_MAX];

static void begin(void) {
  user_begin(&at);
  certificate = user_certificate(&at, PSD_PURPOSE_USER);
  der = proof_of(certificate);
  bench_learn(&at.on);
}

static void end(void) {
  X509_free(certificate);
  user_end(&at);
}

/* RevocationRequest, signed with a key and in the name of a certificate. */
static proof_der request_of(const char *device, unsigned number, unsigned reason, X509 *signer, EVP_PKEY *key) {
  const proof_der content = proof_asn1("SEQUENCE:r",
                                       "[r]\nv = INTEGER:1\nd = FORMAT:HEX,OCT:%s\nc = INTEGER:%u\nr = ENUM:%u\n"
                                       "t = GENTIME:" NOW_TEXT "\nn = INTEGER:3\n",
                                       device, number, reason);
  return proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_REVOCATION_REQUEST].dotted,
                                     .content = content.data,
                                     .length = content.length,
                                     .certificate = signer,
                                     .key = key,
                                     .time = BENCH_NOW});
}

static psd_kms_revoke wish(void) {
  psd_kms_revoke wanted = {.serial = 0x1234, .number = 9, .reason = PSD_REASON_SUPERSEDED, .charge = 1};
  memcpy(wanted.vendor, at.on.device.bytes, 2);
  memcpy(wanted.model, at.on.device.bytes + 2, 2);
  return wanted;
}

static psd_buffer put(const psd_kms_revoke *wanted, const proof_der *of, const proof_der *request) {
  psd_kms_revoke said = *wanted;
  psd_buffer out = bench_request(bytes, sizeof bytes);
  said.certificate = of->length;
  said.request = request != NULL ? request->length : 0;
  psd_put_message(&out, PSD_MESSAGE_KMS_REVOKE, &said);
  psd_put(&out, of->data, of->length);
  if (request != NULL)
    psd_put(&out, request->data, request->length);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return out;
}

static psd_signal ask(const psd_kms_revoke *wanted, const proof_der *of, const proof_der *request) {
  psd_buffer out = put(wanted, of, request);
  return bench_ask(&at.on, PSD_FRAME_KMS_REVOKE, &out);
}

/* RFC 5652, 5.3: "signedAttrs ... MUST be present if the content type of the EncapsulatedContentInfo value being signed
 * is not id-data"; and nothing that the card would refuse. */
static void check_attributes(CMS_SignerInfo *signer) {
  CU_ASSERT_EQUAL(CMS_signed_get_attr_count(signer), 3);
  CU_ASSERT(CMS_signed_get_attr_by_NID(signer, NID_pkcs9_contentType, -1) >= 0);
  CU_ASSERT(CMS_signed_get_attr_by_NID(signer, NID_pkcs9_messageDigest, -1) >= 0);
  X509_ATTRIBUTE *time = CMS_signed_get_attr(signer, CMS_signed_get_attr_by_NID(signer, NID_pkcs9_signingTime, -1));
  const ASN1_TIME *said = X509_ATTRIBUTE_get0_data(time, 0, V_ASN1_UTCTIME, NULL);
  CU_ASSERT_FATAL(said != NULL);
  CU_ASSERT_EQUAL(ASN1_TIME_cmp_time_t(said, (time_t)BENCH_NOW), 0);
}

/* 608: the command, as psd_proof reads it, and by OpenSSL's own CMS. */
static psd_proof_revocation answered(void) {
  psd_proof_revocation said;
  const proof_der ca = proof_of(at.ca);
  const psd_proof_bytes cms = {at.on.content, at.on.answer_length};
  CU_ASSERT_EQUAL(psd_proof_check_command(cms, proof_bytes(&ca), &said, why), PSD_PROOF_HOLDS);
  const unsigned char *from = at.on.content;
  CMS_ContentInfo *taken = d2i_CMS_ContentInfo(NULL, &from, (long)at.on.answer_length);
  STACK_OF(X509) *signers = sk_X509_new_null();
  CU_ASSERT_FATAL(taken != NULL && signers != NULL && sk_X509_push(signers, at.ca) > 0);
  CU_ASSERT_EQUAL(CMS_verify(taken, signers, NULL, NULL, NULL, CMS_NO_SIGNER_CERT_VERIFY | CMS_NOINTERN), 1);
  check_attributes(sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(taken), 0));
  CU_ASSERT_PTR_NULL(CMS_get1_certs(taken));
  sk_X509_free(signers);
  CMS_ContentInfo_free(taken);
  return said;
}

static void check_command(const psd_proof_revocation *said, bool charge) {
  CU_ASSERT(memcmp(said->device, at.on.device.bytes, 8) == 0);
  CU_ASSERT(said->certificate == 100 && said->number == 9 && said->time == BENCH_NOW);
  CU_ASSERT_EQUAL(said->reason, PSD_REASON_SUPERSEDED);
  CU_ASSERT_EQUAL(said->charge, charge);
}

/* 602, 604, 608: the holder wants it, and has signed. */
static void by_the_holder(void) {
  uint8_t hash[32];
  begin();
  const proof_der request = request_of(DEVICE, 100, PSD_REASON_SUPERSEDED, certificate, at.key);
  psd_kms_revoke wanted = wish();
  CU_ASSERT_EQUAL_FATAL(ask(&wanted, &der, &request), PSD_SIGNAL_NONE);
  const psd_proof_revocation said = answered();
  check_command(&said, true);
  CU_ASSERT_FATAL(psd_hash(&(psd_part){request.data, request.length}, 1, hash));
  CU_ASSERT(said.answers && memcmp(said.answered, hash, 32) == 0);
  psd_kms_record record = psd_kms_record_of(&at.on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_REVOCATION && record.key == 7 && record.serial == 0x1234);
  CU_ASSERT_EQUAL(record.sequence, 100);
  bench_learn(&at.on);
  /* The same once more is answered once more. */
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_NONE);
  end();
}

/* The authority itself revokes: there is no request, and it may be free. */
static void forced(void) {
  begin();
  psd_kms_revoke wanted = wish();
  for (unsigned charge = 0; charge < 2; charge++) {
    wanted.charge = charge;
    CU_ASSERT_EQUAL_FATAL(ask(&wanted, &der, NULL), PSD_SIGNAL_NONE);
    const psd_proof_revocation said = answered();
    check_command(&said, charge == 1);
    CU_ASSERT_FALSE(said.answers);
  }
  end();
}

/* 604, 606: signed by somebody else, or not at all. */
static void by_others(void) {
  begin();
  const psd_kms_revoke wanted = wish();
  EVP_PKEY *key = proof_key();
  X509 *impostor = user_impostor(&at, key, 100);
  proof_der request = request_of(DEVICE, 100, PSD_REASON_SUPERSEDED, impostor, key);
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_SIGNATURE);
  X509_free(impostor);
  X509 *second = user_certificate(&at, PSD_PURPOSE_USER);
  request = request_of(DEVICE, 101, PSD_REASON_SUPERSEDED, second, at.key); /* his own, but another */
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_SIGNATURE);
  X509_free(second);
  EVP_PKEY_free(key);
  request = request_of(DEVICE, 100, PSD_REASON_SUPERSEDED, certificate, at.key);
  for (size_t i = 0; i < request.length; i++) {
    request.data[i] ^= 0x01;
    CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_SIGNATURE);
    request.data[i] ^= 0x01;
  }
  end();
}

/* 606: it asks for something else than what is wanted. */
static void something_else(void) {
  begin();
  psd_kms_revoke wanted = wish();
  proof_der request = request_of(DEVICE, 100, PSD_REASON_KEY_COMPROMISE, certificate, at.key);
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_REQUEST);
  wanted.reason = PSD_REASON_KEY_COMPROMISE;
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_NONE);
  request = request_of(OTHER_DEVICE, 100, PSD_REASON_KEY_COMPROMISE, certificate, at.key);
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_SIGNATURE);
  request = request_of(DEVICE, 99, PSD_REASON_KEY_COMPROMISE, certificate, at.key);
  CU_ASSERT_EQUAL(ask(&wanted, &der, &request), PSD_SIGNAL_SIGNATURE);
  wanted.serial++; /* a certificate of another PSD */
  CU_ASSERT_EQUAL(ask(&wanted, &der, NULL), PSD_SIGNAL_REQUEST);
  wanted = wish();
  wanted.number = 0;
  CU_ASSERT_EQUAL(ask(&wanted, &der, NULL), PSD_SIGNAL_REQUEST);
  static const uint8_t reasons[] = {2, 7, 8, 10, 255};
  for (size_t i = 0; i < sizeof reasons; i++) {
    wanted = wish();
    wanted.reason = reasons[i];
    CU_ASSERT_EQUAL(ask(&wanted, &der, NULL), PSD_SIGNAL_REQUEST);
  }
  CU_ASSERT_EQUAL(at.on.service.events.count, 1);
  end();
}

/* 604: a certificate that none of our CA keys has signed, or one that is not accepted any more. */
static void not_ours(void) {
  begin();
  const psd_kms_revoke wanted = wish();
  X509 *other = user_impostor(&at, at.key, 100);
  proof_der foreign = proof_of(other);
  CU_ASSERT_EQUAL(ask(&wanted, &foreign, NULL), PSD_SIGNAL_REQUEST);
  foreign = proof_of(at.ca); /* the root's work, and no meter's */
  CU_ASSERT_EQUAL(ask(&wanted, &foreign, NULL), PSD_SIGNAL_REQUEST);
  foreign.length = 0;
  CU_ASSERT_EQUAL(ask(&wanted, &foreign, NULL), PSD_SIGNAL_REQUEST);
  (void)bench_rotate(&at.on, PSD_KMS_CA);
  CU_ASSERT_EQUAL(ask(&wanted, &der, NULL), PSD_SIGNAL_NONE);
  const psd_proof_revocation said = answered(); /* by the one that the card knows */
  check_command(&said, true);
  bench_move(&at.on, 7, PSD_KMS_STATE_COMPROMISED);
  CU_ASSERT_EQUAL(ask(&wanted, &der, NULL), PSD_SIGNAL_REQUEST);
  X509_free(other);
  end();
}

static void cut(void) {
  begin();
  const psd_kms_revoke wanted = wish();
  const proof_der request = request_of(DEVICE, 100, PSD_REASON_SUPERSEDED, certificate, at.key);
  psd_buffer whole = put(&wanted, &der, &request);
  bench_cut_all(&at.on, PSD_FRAME_KMS_REVOKE, &whole);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the holder has signed (602, 604, 608)", by_the_holder},
      {"the authority itself revokes", forced},
      {"somebody else has signed (604, 606)", by_others},
      {"something else is wanted (606)", something_else},
      {"certificates that are not ours", not_ours},
      {"requests that are cut", cut},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms revoke", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
