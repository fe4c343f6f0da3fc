/* Whom to believe: files of certificates and lists. Certificates and requests, read. */
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "proof_bench.h"

static proof_world world;
static char why[PSD_PROOF_WHY_MAX];
static char path[] = "/tmp/psd-proof-XXXXXX";

static void begin(void) {
  proof_world_make(&world);
  int file = mkstemp(path);
  CU_ASSERT_FATAL(file >= 0);
  close(file);
}

static void write_bytes(const void *data, size_t length) {
  FILE *file = fopen(path, "wb");
  CU_ASSERT_FATAL(file != NULL && fwrite(data, 1, length, file) == length);
  CU_ASSERT_FATAL(fclose(file) == 0);
}

static void write_pem(X509 *first, X509 *second, const proof_der *list) {
  FILE *file = fopen(path, "w");
  CU_ASSERT_FATAL(file != NULL);
  fprintf(file, "Certificates, for people\n\n");
  if (first != NULL)
    PEM_write_X509(file, first);
  if (second != NULL)
    PEM_write_X509(file, second);
  if (list != NULL)
    PEM_write(file, PEM_STRING_X509_CRL, "", list->data, (long)list->length);
  CU_ASSERT_FATAL(fclose(file) == 0);
}

static psd_proof_result check_line(const psd_trust *trust) {
  psd_proof_credit credit;
  proof_der line = proof_of(world.line);
  return psd_proof_check_credit(trust, proof_bytes(&line), PROOF_NOW, &credit, why);
}

static void files_of_certificates(void) {
  psd_trust *trust = psd_trust_new();
  proof_der root = proof_of(world.root);
  write_bytes(root.data, root.length);
  CU_ASSERT(psd_trust_add_roots(trust, path, why));
  write_pem(world.ca, world.creditor, NULL);
  CU_ASSERT_EQUAL(check_line(trust), PSD_PROOF_CERTIFICATE);
  CU_ASSERT(psd_trust_add_chain(trust, path, why));
  CU_ASSERT_EQUAL(check_line(trust), PSD_PROOF_HOLDS);
  /* The creditor publishes no lists: the CA's change nothing for him. */
  proof_der list = proof_list(world.ca, world.ca_key, PROOF_NOW - 1, PROOF_NOW + 1, NULL, 0, 0);
  write_pem(NULL, NULL, &list);
  CU_ASSERT(psd_trust_add_lists(trust, path, why));
  CU_ASSERT_EQUAL(check_line(trust), PSD_PROOF_HOLDS);
  psd_trust_free(trust);
}

static void refused(bool (*add)(psd_trust *trust, const char *path, char why[PSD_PROOF_WHY_MAX]), const char *words) {
  psd_trust *trust = psd_trust_new();
  why[0] = '\0';
  CU_ASSERT_FALSE(add(trust, path, why));
  CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
  CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
  psd_trust_free(trust);
}

static void files_that_are_none(void) {
  write_bytes("", 0);
  refused(psd_trust_add_roots, "no root certificate");
  refused(psd_trust_add_chain, "no certificate");
  refused(psd_trust_add_lists, "no list");
  write_bytes("hello\n", 6);
  refused(psd_trust_add_chain, "no certificate");
  proof_der root = proof_of(world.root);
  root.data[root.length] = 0;
  write_bytes(root.data, root.length + 1);
  refused(psd_trust_add_roots, "no root certificate");
  write_bytes(root.data, root.length - 1);
  refused(psd_trust_add_roots, "no root certificate");
  write_pem(world.root, world.ca, NULL); /* the CA is no root */
  refused(psd_trust_add_roots, "no root certificate");
  refused(psd_trust_add_lists, "no list");
  unlink(path);
  refused(psd_trust_add_roots, "No such file");
}

static void an_anchor_signs_itself(void) {
  psd_trust *trust = psd_trust_new();
  proof_der ca = proof_of(world.ca), user = proof_of(world.user);
  CU_ASSERT_FALSE(psd_trust_add_root_der(trust, proof_bytes(&ca)));
  CU_ASSERT_FALSE(psd_trust_add_root_der(trust, proof_bytes(&user)));
  CU_ASSERT_FALSE(psd_trust_add_list_der(trust, proof_bytes(&user)));
  CU_ASSERT_EQUAL(check_line(trust), PSD_PROOF_CERTIFICATE);
  psd_trust_free(trust);
}

static void what_a_certificate_says(void) {
  psd_proof_signer signer;
  proof_der der = proof_of(world.agent);
  CU_ASSERT(psd_proof_read_certificate(proof_bytes(&der), &signer));
  CU_ASSERT_STRING_EQUAL(signer.name, "CN=Agent,O=Lace Ltd");
  CU_ASSERT(signer.metered && signer.number == 9);
  CU_ASSERT(signer.from == PROOF_NOW - 365 * PROOF_DAY && signer.until == PROOF_NOW + 365 * PROOF_DAY);
  der.length--;
  CU_ASSERT_FALSE(psd_proof_read_certificate(proof_bytes(&der), &signer));
}

static void names_that_are_long_or_strange(void) {
  psd_proof_signer signer;
  X509 *odd = proof_certify(&(proof_wish){.organization = "Stra\xC3\x9F"
                                                          "e",
                                          .name = "1234567890123456789012345678901234567890123456789012345678901234",
                                          .issuer_key = world.key,
                                          .key = world.key,
                                          .extensions = proof_employee});
  proof_der der = proof_of(odd);
  CU_ASSERT(psd_proof_read_certificate(proof_bytes(&der), &signer));
  CU_ASSERT_STRING_EQUAL(signer.organization, "Stra\xC3\x9F"
                                              "e");
  CU_ASSERT_EQUAL(strlen(signer.common_name), 64);
  CU_ASSERT_PTR_NOT_NULL(strstr(signer.name, "O=Stra\xC3\x9F"
                                             "e"));
  X509_free(odd);
}

static proof_der request_of(X509_NAME *name, EVP_PKEY *key, bool more) {
  X509_REQ *request = X509_REQ_new();
  proof_der der = {.length = 0};
  uint8_t *at = der.data;
  X509_REQ_set_version(request, X509_REQ_VERSION_1);
  X509_REQ_set_subject_name(request, name);
  X509_REQ_set_pubkey(request, key);
  if (more)
    X509_REQ_add1_attr_by_txt(request, "challengePassword", MBSTRING_ASC, (const uint8_t *)"x", 1);
  CU_ASSERT_FATAL(X509_REQ_sign(request, key, EVP_sha256()) > 0);
  der.length = (size_t)i2d_X509_REQ(request, &at);
  X509_REQ_free(request);
  return der;
}

static proof_der request_for(const char *organization, const char *name, const char *country, bool more) {
  X509_NAME *subject = X509_NAME_new();
  if (country != NULL)
    X509_NAME_add_entry_by_txt(subject, "C", MBSTRING_UTF8, (const uint8_t *)country, -1, -1, 0);
  if (organization != NULL)
    X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const uint8_t *)organization, -1, -1, 0);
  if (name != NULL)
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const uint8_t *)name, -1, -1, 0);
  proof_der der = request_of(subject, world.key, more);
  X509_NAME_free(subject);
  return der;
}

static psd_proof_result request_altered(void *user, psd_proof_bytes der) {
  psd_proof_signer subject;
  (void)user;
  return psd_proof_read_request(der, &subject, why) ? PSD_PROOF_HOLDS : PSD_PROOF_UNREADABLE;
}

/* 512: a PKCS#10 that is signed with the key in it. */
static void a_request_is_signed_with_its_own_key(void) {
  psd_proof_signer subject;
  proof_der good = request_for("Lace Ltd", "Ada", NULL, false);
  CU_ASSERT(psd_proof_read_request(proof_bytes(&good), &subject, why));
  CU_ASSERT_STRING_EQUAL(subject.organization, "Lace Ltd");
  CU_ASSERT_STRING_EQUAL(subject.common_name, "Ada");
  CU_ASSERT_EQUAL(proof_altered(&good, request_altered, NULL), 0);
  good = request_for(NULL, "Ada", NULL, false);
  CU_ASSERT(psd_proof_read_request(proof_bytes(&good), &subject, why));
  CU_ASSERT_STRING_EQUAL(subject.organization, "");
}

static void request_refused(proof_der der, const char *words) {
  CU_ASSERT_EQUAL(request_altered(NULL, proof_bytes(&der)), PSD_PROOF_UNREADABLE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
}

static void requests_that_ask_for_something_else(void) {
  request_refused(request_for("Lace Ltd", NULL, NULL, false), "subject");
  request_refused(request_for("Lace Ltd", "Ada", "CH", false), "subject");
  request_refused(request_for("Lace Ltd", "Ada\nroot", NULL, false), "subject");
  request_refused(request_for("Lace Ltd", "Ada", NULL, true), "more than a name");
  request_refused((proof_der){.length = 0}, "no certificate request");
}

static void results_have_names(void) {
  CU_ASSERT_STRING_EQUAL(psd_proof_name(PSD_PROOF_HOLDS), "valid");
  CU_ASSERT_STRING_EQUAL(psd_proof_name(PSD_PROOF_TERMS), "terms");
  CU_ASSERT_STRING_EQUAL(psd_proof_name(PSD_PROOF_FAILED), "failed");
}

static void end(void) {
  unlink(path);
  proof_world_free(&world);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an authority, and holders of its certificates", begin},
      {"files in PEM and DER, of one and of several", files_of_certificates},
      {"an anchor signs itself", an_anchor_signs_itself},
      {"files that are none, and why", files_that_are_none},
      {"what a certificate says", what_a_certificate_says},
      {"names", names_that_are_long_or_strange},
      {"512: a certificate request, and no bit of it may change", a_request_is_signed_with_its_own_key},
      {"512: requests that ask for something else", requests_that_ask_for_something_else},
      {"results have names", results_have_names},
      {"all is given back", end},
  };
  return psd_check_run("proof, trust", tests, PSD_CHECK_COUNT(tests));
}
