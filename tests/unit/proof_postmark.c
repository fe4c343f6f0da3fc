/* Postmarks, checked off line (VM figure 4, 408-420). */
#include <openssl/ts.h>
#include <string.h>

#include "check.h"
#include "proof_bench.h"

static proof_world world;
static uint8_t digest[32];
static char why[PSD_PROOF_WHY_MAX];
static psd_proof_postmark postmark;

static proof_signing signing(const proof_der *info) {
  return (proof_signing){.type = psd_oids[PSD_OID_TST_INFO].dotted,
                         .content = info->data,
                         .length = info->length,
                         .certificate = world.postmark,
                         .key = world.key};
}

static proof_der token(void) {
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  return proof_sign(&wanted);
}

static psd_proof_result check(const psd_trust *trust, const proof_der *der) {
  return psd_proof_check_postmark(trust, proof_bytes(der), digest, sizeof digest, 0, &postmark, why);
}

static psd_proof_result check_altered(void *user, psd_proof_bytes der) {
  (void)user;
  return psd_proof_check_postmark(world.trust, der, digest, sizeof digest, 0, &postmark, why);
}

/* 410 yes, 416 yes: 420. */
static void a_good_one_holds(void) {
  proof_der good = token();
  CU_ASSERT_EQUAL(check(world.trust, &good), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(postmark.number, 42);
  CU_ASSERT_EQUAL(postmark.time, PROOF_NOW);
  CU_ASSERT_EQUAL(postmark.tariff, 300);
  CU_ASSERT_EQUAL(postmark.digest, PSD_DIGEST_SHA256);
  CU_ASSERT_STRING_EQUAL(postmark.signer.name, "CN=Ada's postmarks,O=Lace Ltd");
  CU_ASSERT_STRING_EQUAL(postmark.signer.organization, "Lace Ltd");
  CU_ASSERT(postmark.signer.metered);
  CU_ASSERT_EQUAL(postmark.signer.number, 8);
  psd_check_bytes(postmark.signer.device, 8, PROOF_DEVICE, "device");
  memset(&postmark, 0, sizeof postmark);
  CU_ASSERT_EQUAL(psd_proof_read_postmark(proof_bytes(&good), &postmark, why), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(postmark.number, 42);
  CU_ASSERT(memcmp(postmark.imprint, digest, sizeof digest) == 0);
}

static void no_bit_of_it_may_change(void) {
  proof_der good = token();
  CU_ASSERT_EQUAL(proof_altered(&good, check_altered, NULL), 0);
}

/* 410 no: 412. */
static void of_an_unknown_authority(void) {
  proof_der good = token();
  psd_trust *nobody = psd_trust_new();
  CU_ASSERT_EQUAL(check(nobody, &good), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "certificate"));
  psd_trust_free(nobody);
}

/* 410 no: an issuer of the same name with another key. */
static void of_a_false_authority(void) {
  proof_world other;
  proof_world_make(&other);
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  wanted.certificate = other.postmark;
  wanted.key = other.key;
  proof_der false_one = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(other.trust, &false_one), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(check(world.trust, &false_one), PSD_PROOF_CERTIFICATE);
  proof_world_free(&other);
}

/* 416 no: 418. */
static void of_another_message(void) {
  proof_der good = token();
  uint8_t another[32] = {1};
  CU_ASSERT_EQUAL(psd_proof_check_postmark(world.trust, proof_bytes(&good), another, sizeof another, 0, &postmark, why),
                  PSD_PROOF_MESSAGE);
  CU_ASSERT_EQUAL(psd_proof_check_postmark(world.trust, proof_bytes(&good), digest, 31, 0, &postmark, why),
                  PSD_PROOF_MESSAGE);
}

static void with_the_wrong_key(void) {
  EVP_PKEY *key = proof_key();
  X509 *mine = proof_certify(&(proof_wish){.name = "Eve", .issuer_key = key, .key = key, .extensions = proof_postmark});
  proof_der good = token(), certificate = proof_of(world.postmark);
  /* Signed by Eve; the certificate of Ada put into its place, which signer and hash of Eve's do not name. */
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  wanted.certificate = mine;
  wanted.key = key;
  wanted.left_out = true;
  proof_der eve = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &eve), PSD_PROOF_CERTIFICATE);
  CU_ASSERT(psd_trust_add_chain_der(world.trust, proof_bytes(&certificate)));
  CU_ASSERT_EQUAL(check(world.trust, &eve), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(check(world.trust, &good), PSD_PROOF_HOLDS);
  X509_free(mine);
  EVP_PKEY_free(key);
}

static psd_proof_result by(const char *extensions, uint64_t from, uint64_t until) {
  X509 *varied = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                             .name = "Ada's postmarks",
                                             .issuer = world.ca,
                                             .issuer_key = world.ca_key,
                                             .key = world.key,
                                             .number = 20,
                                             .from = from,
                                             .until = until,
                                             .extensions = extensions});
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  wanted.certificate = varied;
  proof_der made = proof_sign(&wanted);
  X509_free(varied);
  return check(world.trust, &made);
}

static void valid_at_the_time_of_the_postmark(void) {
  CU_ASSERT_EQUAL(by(proof_postmark, PROOF_NOW, PROOF_NOW + 1), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(by(proof_postmark, PROOF_NOW - 100, PROOF_NOW - 1), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "expired"));
  CU_ASSERT_EQUAL(by(proof_postmark, PROOF_NOW + 1, PROOF_NOW + 100), PSD_PROOF_CERTIFICATE);
}

/* "MUST contain only one instance of the extended key usage field extension … critical" (RFC 3161, 2.3). */
static void certificate_for_postmarks_alone(void) {
  CU_ASSERT_EQUAL(by(proof_user, 0, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(by(proof_device, 0, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_STRING_EQUAL(why, "its certificate is for something else");
#define SECTION "[x]\nbasicConstraints = CA:FALSE\nauthorityKeyIdentifier = keyid\nkeyUsage = critical, "
#define METERED                                                                                                        \
  "\n1.3.6.1.4.1.32473.7816.1 = ASN1:SEQUENCE:p\n[p]\nd = FORMAT:HEX,OCT:" PROOF_DEVICE                                \
  "\nz = INTEGER:1\nl = INTEGER:1\np = INTEGER:2\n"
  CU_ASSERT_EQUAL(by(SECTION "digitalSignature\nextendedKeyUsage = critical, timeStamping" METERED, 0, 0),
                  PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(by(SECTION "digitalSignature\nextendedKeyUsage = timeStamping" METERED, 0, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(by(SECTION "digitalSignature\nextendedKeyUsage = critical, timeStamping, clientAuth" METERED, 0, 0),
                  PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(by(SECTION "keyEncipherment\nextendedKeyUsage = critical, timeStamping" METERED, 0, 0),
                  PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(by(SECTION "digitalSignature\nextendedKeyUsage = critical, timeStamping", 0, 0),
                  PSD_PROOF_CERTIFICATE);
}

/* An agent may not make time stamping certificates, whatever its key is made to sign. */
static void not_of_an_agent(void) {
  X509 *made = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                           .name = "Mallory",
                                           .issuer = world.agent,
                                           .issuer_key = world.agent_key,
                                           .key = world.key,
                                           .extensions = proof_postmark});
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  wanted.certificate = made;
  proof_der stamped = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &stamped), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "agent"));
  X509_free(made);
}

static void what_is_no_postmark(void) {
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_signing wanted = signing(&info);
  wanted.unnamed = true; /* RFC 3161, 2.4.2: the ESSCertID attribute is mandatory */
  proof_der made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &made), PSD_PROOF_UNREADABLE);
  wanted.unnamed = false;
  wanted.type = NULL;
  made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &made), PSD_PROOF_UNREADABLE);
  CU_ASSERT_EQUAL(check(world.trust, &info), PSD_PROOF_UNREADABLE);
  CU_ASSERT_EQUAL(check(world.trust, &(proof_der){.length = 0}), PSD_PROOF_UNREADABLE);
  proof_der halves = proof_tst(digest, "20300317174640.5Z");
  wanted = signing(&halves);
  made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &made), PSD_PROOF_UNREADABLE);
}

static TS_RESP *respond(TS_RESP_CTX *context) {
  ASN1_OBJECT *policy = OBJ_txt2obj("1.3.6.1.4.1.32473.7816.3.1", 1);
  TS_REQ *query = TS_REQ_new();
  TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
  X509_ALGOR *algorithm = X509_ALGOR_new();
  X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
  TS_MSG_IMPRINT_set_algo(imprint, algorithm);
  TS_MSG_IMPRINT_set_msg(imprint, digest, sizeof digest);
  TS_REQ_set_version(query, 1);
  TS_REQ_set_msg_imprint(query, imprint);
  TS_REQ_set_cert_req(query, 1);
  BIO *in = BIO_new(BIO_s_mem());
  CU_ASSERT_FATAL(i2d_TS_REQ_bio(in, query) == 1);
  CU_ASSERT_FATAL(TS_RESP_CTX_set_def_policy(context, policy) == 1);
  TS_RESP *response = TS_RESP_create_response(context, in);
  BIO_free(in);
  X509_ALGOR_free(algorithm);
  TS_MSG_IMPRINT_free(imprint);
  TS_REQ_free(query);
  ASN1_OBJECT_free(policy);
  return response;
}

static ASN1_INTEGER *serial(TS_RESP_CTX *context, void *user) {
  (void)context, (void)user;
  ASN1_INTEGER *number = ASN1_INTEGER_new();
  ASN1_INTEGER_set(number, 5);
  return number;
}

static int now(TS_RESP_CTX *context, void *user, long *seconds, long *parts) {
  (void)context, (void)user;
  *seconds = (long)PROOF_NOW;
  *parts = 0;
  return 1;
}

/* A TimeStampResp that OpenSSL's own time stamping authority has made. */
static void within_a_response(void) {
  TS_RESP_CTX *context = TS_RESP_CTX_new();
  TS_RESP_CTX_set_serial_cb(context, serial, NULL);
  TS_RESP_CTX_set_time_cb(context, now, NULL);
  CU_ASSERT_FATAL(TS_RESP_CTX_set_signer_cert(context, world.postmark) == 1 &&
                  TS_RESP_CTX_set_signer_key(context, world.key) == 1 &&
                  TS_RESP_CTX_set_signer_digest(context, EVP_sha256()) == 1 &&
                  TS_RESP_CTX_set_ess_cert_id_digest(context, EVP_sha256()) == 1 &&
                  TS_RESP_CTX_add_md(context, EVP_sha256()) == 1);
  TS_RESP *response = respond(context);
  CU_ASSERT_PTR_NOT_NULL_FATAL(response);
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  der.length = (size_t)i2d_TS_RESP(response, &at);
  CU_ASSERT_EQUAL(check(world.trust, &der), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(postmark.number, 5);
  TS_RESP_free(response);
  TS_RESP_CTX_free(context);
}

static psd_proof_result with_list(X509 *revoked, uint64_t when, int reason, uint64_t from, uint64_t until,
                                  uint64_t at) {
  proof_der good = token();
  psd_trust *trust = psd_trust_new();
  proof_der root = proof_of(world.root), ca = proof_of(world.ca);
  proof_der list = proof_list(world.ca, world.ca_key, from, until, revoked, when, reason);
  psd_trust_set_now(trust, at);
  CU_ASSERT(psd_trust_add_root_der(trust, proof_bytes(&root)) && psd_trust_add_chain_der(trust, proof_bytes(&ca)) &&
            psd_trust_add_list_der(trust, proof_bytes(&list)));
  psd_proof_result result = check(trust, &good);
  psd_trust_free(trust);
  return result;
}

/* RFC 3161, 4.1 and 4.2. */
static void revoked_certificates(void) {
  uint64_t later = PROOF_NOW + 1000, from = PROOF_NOW - 10, until = PROOF_NOW + PROOF_DAY;
  CU_ASSERT_EQUAL(with_list(world.user, 1, 1, from, until, 0), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(with_list(world.postmark, PROOF_NOW - 1, 4, from, until, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "revoked"));
  CU_ASSERT_EQUAL(with_list(world.postmark, PROOF_NOW, 4, from, until, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(with_list(world.postmark, later, 4, later, later + 100, later), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(with_list(world.postmark, later, 1, later, later + 100, later), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(with_list(world.postmark, later, -1, later, later + 100, later), PSD_PROOF_CERTIFICATE);
}

static void lists_that_are_out_of_date(void) {
  CU_ASSERT_EQUAL(with_list(NULL, 0, 0, PROOF_NOW - 100, PROOF_NOW - 1, 0), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(with_list(NULL, 0, 0, PROOF_NOW - 100, PROOF_NOW + 100, PROOF_NOW + 99), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(with_list(NULL, 0, 0, PROOF_NOW - 100, PROOF_NOW + 100, PROOF_NOW + 101), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, "list"));
}

static void the_tariff_may_not_be_padded(void) {
  proof_der info = proof_tst(digest, PROOF_NOW_TEXT);
  proof_der other = info;
  for (size_t i = 0; i + 3 < other.length; i++)
    if (memcmp(other.data + i, "\x03\x82\x2C", 3) == 0)
      other.data[i] = 4; /* another arc than that of tariffs */
  proof_signing wanted = signing(&other);
  proof_der made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(world.trust, &made), PSD_PROOF_UNREADABLE);
}

static void begin(void) {
  memset(digest, 0xD1, sizeof digest);
  proof_world_make(&world);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an authority, and holders of its certificates", begin},
      {"410, 416: a good postmark is reported as valid, 420", a_good_one_holds},
      {"no bit of a postmark may change", no_bit_of_it_may_change},
      {"410: an unknown authority's is rejected, 412", of_an_unknown_authority},
      {"410: that of an authority with another key is rejected, 412", of_a_false_authority},
      {"416: of another message, 418", of_another_message},
      {"of another key", with_the_wrong_key},
      {"the certificate is valid at the time of the postmark", valid_at_the_time_of_the_postmark},
      {"RFC 3161, 2.3: timeStamping, critical and alone", certificate_for_postmarks_alone},
      {"an agent makes no postmark certificates", not_of_an_agent},
      {"what is no postmark", what_is_no_postmark},
      {"a TimeStampResp of OpenSSL's", within_a_response},
      {"RFC 3161, 4: revoked certificates", revoked_certificates},
      {"lists that are out of date do not count", lists_that_are_out_of_date},
      {"another policy than a tariff", the_tariff_may_not_be_padded},
  };
  int status = psd_check_run("proof, postmarks", tests, PSD_CHECK_COUNT(tests));
  proof_world_free(&world);
  return status;
}
