/* Signatures of messages, checked off line. */
#include <string.h>

#include "check.h"
#include "proof_bench.h"

static proof_world world;
static uint8_t digest[32];
static char why[PSD_PROOF_WHY_MAX];
static psd_proof_signature signature;
static const char message[] = "I owe you one.";

static proof_der use_of(const char *device) {
  return proof_asn1("SEQUENCE:u", "[u]\nd = FORMAT:HEX,OCT:%s\nn = INTEGER:17\nc = INTEGER:250\n", device);
}

static proof_der sign_as(X509 *certificate, EVP_PKEY *key, const proof_der *use) {
  return proof_sign(&(proof_signing){.content = message,
                                     .length = sizeof message - 1,
                                     .certificate = certificate,
                                     .key = key,
                                     .metered = use,
                                     .detached = true});
}

static psd_proof_result check_altered(void *user, psd_proof_bytes der) {
  return psd_proof_check_signature(user != NULL ? user : world.trust, der, digest, 0, &signature, why);
}

static psd_proof_result check(const proof_der *der) {
  return check_altered(NULL, proof_bytes(der));
}

static void begin(void) {
  unsigned length;
  proof_world_make(&world);
  CU_ASSERT_FATAL(EVP_Digest(message, sizeof message - 1, digest, &length, EVP_sha256(), NULL) == 1);
}

static void a_good_one_holds(void) {
  proof_der use = use_of(PROOF_DEVICE), good = sign_as(world.user, world.key, &use);
  CU_ASSERT_EQUAL(check(&good), PSD_PROOF_HOLDS);
  CU_ASSERT(signature.metered && signature.signer.metered);
  CU_ASSERT_EQUAL(signature.number, 17);
  CU_ASSERT_EQUAL(signature.charge, 250);
  CU_ASSERT_EQUAL(signature.time, PROOF_NOW);
  CU_ASSERT_STRING_EQUAL(signature.signer.common_name, "Ada");
}

static void no_bit_of_it_may_change(void) {
  proof_der use = use_of(PROOF_DEVICE), good = sign_as(world.user, world.key, &use);
  CU_ASSERT_EQUAL(proof_altered(&good, check_altered, NULL), 0);
}

static void with_rsa(void) {
  EVP_PKEY *key = proof_rsa_key();
  X509 *user = proof_certify(&(proof_wish){
      .name = "Rivest", .issuer = world.ca, .issuer_key = world.ca_key, .key = key, .extensions = proof_user});
  proof_der use = use_of(PROOF_DEVICE), good = sign_as(user, key, &use);
  CU_ASSERT_EQUAL(check(&good), PSD_PROOF_HOLDS);
  good.data[good.length - 1] ^= 1;
  CU_ASSERT_EQUAL(check(&good), PSD_PROOF_SIGNATURE);
  X509_free(user);
  EVP_PKEY_free(key);
}

/* Figure 3A: an agent's certificate may be used without a meter; its path is root, CA, agent, holder. */
static void of_a_holder_whom_an_agent_has_certified(void) {
  proof_der good = sign_as(world.employee, world.key, NULL);
  CU_ASSERT_EQUAL(check(&good), PSD_PROOF_HOLDS);
  CU_ASSERT_FALSE(signature.metered || signature.signer.metered);
}

static X509 *by_agent(const char *organization, const char *extensions) {
  return proof_certify(&(proof_wish){.organization = organization,
                                     .name = "Mallory",
                                     .issuer = world.agent,
                                     .issuer_key = world.agent_key,
                                     .key = world.key,
                                     .extensions = extensions});
}

static void refused(X509 *certificate, const char *word) {
  proof_der made = sign_as(certificate, world.key, NULL);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_PTR_NOT_NULL(strstr(why, word));
  X509_free(certificate);
}

/* Name constraints (RFC 5280, 4.2.1.10), path length (4.2.1.9), and what an agent is not for. */
static void agents_stay_within_their_constraints(void) {
  refused(by_agent("Silk Ltd", proof_employee), "permitted subtree");
  refused(by_agent("Lace Ltd", proof_user), "agent");
  X509 *second = by_agent("Lace Ltd", proof_agent);
  X509 *third = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                            .name = "Third",
                                            .issuer = second,
                                            .issuer_key = world.key,
                                            .key = world.key,
                                            .extensions = proof_employee});
  proof_der between = proof_of(second);
  CU_ASSERT(psd_trust_add_chain_der(world.trust, proof_bytes(&between)));
  refused(third, "path length");
  X509_free(second);
}

static void of_another_message(void) {
  proof_der good = sign_as(world.user, world.key, NULL);
  uint8_t another[32] = {0};
  CU_ASSERT_EQUAL(psd_proof_check_signature(world.trust, proof_bytes(&good), another, 0, &signature, why),
                  PSD_PROOF_MESSAGE);
}

static void of_another_meter(void) {
  proof_der use = use_of(PROOF_OTHER_DEVICE), made = sign_as(world.user, world.key, &use);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_SIGNATURE);
  use = use_of(PROOF_DEVICE);
  made = sign_as(world.employee, world.key, &use);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_SIGNATURE);
}

static void for_another_purpose(void) {
  X509 *others[] = {world.postmark, world.device, world.line, world.ca};
  EVP_PKEY *keys[] = {world.key, world.key, world.key, world.ca_key};
  for (size_t i = 0; i < 4; i++) {
    proof_der made = sign_as(others[i], keys[i], NULL);
    CU_ASSERT_EQUAL(check(&made), PSD_PROOF_CERTIFICATE);
    CU_ASSERT_STRING_EQUAL(why, "its certificate is for something else");
  }
}

static void at_another_time(void) {
  proof_signing wanted = {.content = message,
                          .length = sizeof message - 1,
                          .certificate = world.user,
                          .key = world.key,
                          .time = PROOF_NOW - 400 * PROOF_DAY,
                          .detached = true};
  proof_der made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_CERTIFICATE);
  /* Whoever has a postmark of it says when it was there. */
  CU_ASSERT_EQUAL(psd_proof_check_signature(world.trust, proof_bytes(&made), digest, PROOF_NOW, &signature, why),
                  PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(
      psd_proof_check_signature(world.trust, proof_bytes(&made), digest, PROOF_NOW + 400 * PROOF_DAY, &signature, why),
      PSD_PROOF_CERTIFICATE);
}

static psd_proof_result with_list(X509 *issuer, EVP_PKEY *key, X509 *revoked, X509 *signer) {
  proof_der root = proof_of(world.root), ca = proof_of(world.ca), agent = proof_of(world.agent);
  proof_der list = proof_list(issuer, key, PROOF_NOW - 10, PROOF_NOW + 10, revoked, PROOF_NOW - 5, 4);
  proof_der made = sign_as(signer, world.key, NULL);
  psd_trust *trust = psd_trust_new();
  CU_ASSERT(psd_trust_add_root_der(trust, proof_bytes(&root)) && psd_trust_add_chain_der(trust, proof_bytes(&ca)) &&
            psd_trust_add_chain_der(trust, proof_bytes(&agent)) && psd_trust_add_list_der(trust, proof_bytes(&list)));
  psd_proof_result result = check_altered(trust, proof_bytes(&made));
  psd_trust_free(trust);
  return result;
}

/* The CA's list speaks of the agent too; a list of the root's alone says nothing of users. */
static void revoked_certificates(void) {
  CU_ASSERT_EQUAL(with_list(world.ca, world.ca_key, NULL, world.user), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(with_list(world.ca, world.ca_key, world.user, world.user), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(with_list(world.ca, world.ca_key, NULL, world.employee), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(with_list(world.ca, world.ca_key, world.agent, world.employee), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_EQUAL(with_list(world.root, world.root_key, world.ca, world.user), PSD_PROOF_CERTIFICATE);
  /* A list under the CA's name that somebody else has signed is none. */
  CU_ASSERT_EQUAL(with_list(world.ca, world.key, NULL, world.user), PSD_PROOF_CERTIFICATE);
}

static void without_its_certificate(void) {
  proof_signing wanted = {.content = message,
                          .length = sizeof message - 1,
                          .certificate = world.user,
                          .key = world.key,
                          .detached = true,
                          .left_out = true};
  proof_der made = proof_sign(&wanted), certificate = proof_of(world.user);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_CERTIFICATE);
  CU_ASSERT_STRING_EQUAL(why, "its certificate is not there");
  CU_ASSERT(psd_trust_add_chain_der(world.trust, proof_bytes(&certificate)));
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_HOLDS);
}

/* A new certificate of the same key in the place of the old one: signingCertificateV2 says which was meant. */
static void with_another_certificate_of_the_key(void) {
  X509 *renewed = proof_certify(&(proof_wish){.organization = "Lace Ltd",
                                              .name = "Ada Byron",
                                              .issuer = world.ca,
                                              .issuer_key = world.ca_key,
                                              .key = world.key,
                                              .number = 7,
                                              .extensions = proof_user});
  proof_der good = sign_as(world.user, world.key, NULL), old = proof_of(world.user), new = proof_of(renewed);
  proof_signing wanted = {.content = message,
                          .length = sizeof message - 1,
                          .certificate = world.user,
                          .key = world.key,
                          .detached = true,
                          .left_out = true};
  proof_der made = proof_sign(&wanted);
  psd_trust *trust = psd_trust_new();
  proof_der root = proof_of(world.root), ca = proof_of(world.ca);
  CU_ASSERT(psd_trust_add_root_der(trust, proof_bytes(&root)) && psd_trust_add_chain_der(trust, proof_bytes(&ca)) &&
            psd_trust_add_chain_der(trust, proof_bytes(&new)));
  CU_ASSERT_EQUAL(check_altered(trust, proof_bytes(&made)), PSD_PROOF_SIGNATURE);
  CU_ASSERT_EQUAL(check_altered(trust, proof_bytes(&good)), PSD_PROOF_HOLDS);
  CU_ASSERT(old.length != new.length);
  psd_trust_free(trust);
  X509_free(renewed);
}

static void what_is_no_detached_signature(void) {
  proof_signing wanted = {
      .content = message, .length = sizeof message - 1, .certificate = world.user, .key = world.key};
  proof_der made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_UNREADABLE);
  wanted.detached = wanted.bare = true;
  made = proof_sign(&wanted);
  CU_ASSERT_EQUAL(check(&made), PSD_PROOF_UNREADABLE);
  CU_ASSERT_EQUAL(check(&(proof_der){.data = "-----BEGIN CMS-----", .length = 19}), PSD_PROOF_UNREADABLE);
}

static void end(void) {
  proof_world_free(&world);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an authority, and holders of its certificates", begin},
      {"a good signature holds", a_good_one_holds},
      {"no bit of a signature may change", no_bit_of_it_may_change},
      {"a signature with RSA", with_rsa},
      {"figure 3A: with a certificate of an agent", of_a_holder_whom_an_agent_has_certified},
      {"of another message", of_another_message},
      {"of another meter than its certificate's", of_another_meter},
      {"certificates for another purpose", for_another_purpose},
      {"the certificate is valid at the time in question", at_another_time},
      {"revoked certificates", revoked_certificates},
      {"signingCertificateV2 (RFC 5035): another certificate of the same key", with_another_certificate_of_the_key},
      {"the certificate need not be enclosed", without_its_certificate},
      {"what is no detached signature", what_is_no_detached_signature},
      {"figure 3A: an agent that exceeds its constraints", agents_stay_within_their_constraints},
      {"all is given back", end},
  };
  return psd_check_run("proof, signatures", tests, PSD_CHECK_COUNT(tests));
}
