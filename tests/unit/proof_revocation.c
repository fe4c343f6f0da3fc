/* Revocation request, command and confirmation (VM figure 6, 602-624). */
#include <string.h>

#include "check.h"
#include "proof_bench.h"

static proof_world world;
static char why[PSD_PROOF_WHY_MAX];
static psd_proof_revocation said;

#define HEAD(device, certificate)                                                                                      \
  "[r]\nv = INTEGER:1\nd = FORMAT:HEX,OCT:" device "\nc = INTEGER:" certificate                                        \
  "\nr = ENUM:4\nt = GENTIME:" PROOF_NOW_TEXT "\nn = INTEGER:3\n"
#define HASH32 "ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB"

static proof_der signed_by(psd_oid_id type, const char *content, X509 *certificate, EVP_PKEY *key, bool command) {
  proof_der der = proof_asn1("SEQUENCE:r", "%s", content);
  return proof_sign(&(proof_signing){.type = psd_oids[type].dotted,
                                     .content = der.data,
                                     .length = der.length,
                                     .certificate = certificate,
                                     .key = key,
                                     .bare = command,
                                     .left_out = command});
}

static psd_proof_result check_request(X509 *believed, psd_proof_bytes cms) {
  proof_der certificate = proof_of(believed);
  return psd_proof_check_request(cms, proof_bytes(&certificate), &said, why);
}

static psd_proof_result check_command(X509 *believed, psd_proof_bytes cms) {
  proof_der certificate = proof_of(believed);
  return psd_proof_check_command(cms, proof_bytes(&certificate), &said, why);
}

static psd_proof_result request_altered(void *user, psd_proof_bytes cms) {
  return check_request(user, cms);
}

static psd_proof_result command_altered(void *user, psd_proof_bytes cms) {
  return check_command(user, cms);
}

static psd_proof_result confirmation_altered(void *user, psd_proof_bytes cms) {
  return psd_proof_check_confirmation(user, cms, &said, why);
}

static void begin(void) {
  proof_world_make(&world);
}

/* 604 yes. */
static void a_request(void) {
  proof_der good = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_DEVICE, "7"), world.user, world.key, false);
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&good)), PSD_PROOF_HOLDS);
  CU_ASSERT(said.certificate == 7 && said.number == 3 && said.time == PROOF_NOW && !said.answers);
  CU_ASSERT_EQUAL(said.reason, PSD_REASON_SUPERSEDED);
  psd_check_bytes(said.device, 8, PROOF_DEVICE, "device");
  CU_ASSERT_EQUAL(proof_altered(&good, request_altered, world.user), 0);
}

/* 604 no. */
static void requests_that_are_not_the_holders(void) {
  proof_der made = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_DEVICE, "8"), world.user, world.key, false);
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&made)), PSD_PROOF_MESSAGE);
  made = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_OTHER_DEVICE, "7"), world.user, world.key, false);
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&made)), PSD_PROOF_MESSAGE);
  made = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_DEVICE, "8"), world.postmark, world.key, false);
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&made)), PSD_PROOF_CERTIFICATE);
  made = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_DEVICE, "7"), world.user, world.key, true);
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&made)), PSD_PROOF_UNREADABLE); /* no signed attributes */
  made = signed_by(PSD_OID_REVOCATION_REQUEST, HEAD(PROOF_DEVICE, "7"), world.user, world.key, false);
  made.data[made.length - 1] ^= 1;
  CU_ASSERT_EQUAL(check_request(world.user, proof_bytes(&made)), PSD_PROOF_SIGNATURE);
  CU_ASSERT_EQUAL(check_command(world.user, proof_bytes(&made)), PSD_PROOF_UNREADABLE);
}

/* 608: signed without attributes, and without certificates. */
static void a_command(void) {
  proof_der good =
      signed_by(PSD_OID_REVOCATION_COMMAND, HEAD(PROOF_DEVICE, "7") "c1 = BOOL:TRUE\nq = FORMAT:HEX,OCT:" HASH32 "\n",
                world.ca, world.ca_key, true);
  CU_ASSERT_EQUAL(check_command(world.ca, proof_bytes(&good)), PSD_PROOF_HOLDS);
  CU_ASSERT(said.charge && said.answers && said.certificate == 7);
  psd_check_bytes(said.answered, 32, HASH32, "request");
  CU_ASSERT_EQUAL(proof_altered(&good, command_altered, world.ca), 0);
  CU_ASSERT_EQUAL(check_command(world.root, proof_bytes(&good)), PSD_PROOF_CERTIFICATE);
  good =
      signed_by(PSD_OID_REVOCATION_COMMAND, HEAD(PROOF_DEVICE, "7") "c1 = BOOL:FALSE\n", world.ca, world.ca_key, true);
  CU_ASSERT_EQUAL(check_command(world.ca, proof_bytes(&good)), PSD_PROOF_HOLDS);
  CU_ASSERT_FALSE(said.charge || said.answers);
}

static void a_command_is_written_as_it_is_read(void) {
  psd_proof_revocation command = {.certificate = 7, .number = 3, .time = PROOF_NOW, .reason = PSD_REASON_SUPERSEDED};
  uint8_t der[256], request[32];
  psd_check_hex(PROOF_DEVICE, command.device, 8);
  memset(request, 0xAB, sizeof request);
  for (int with = 0; with < 2; with++) {
    command.charge = with == 1;
    psd_buffer out = psd_buffer_over(der, sizeof der);
    proof_der same = with == 1 ? proof_asn1("SEQUENCE:r", "%s",
                                            HEAD(PROOF_DEVICE, "7") "c1 = BOOL:TRUE\nq = FORMAT:HEX,OCT:" HASH32 "\n")
                               : proof_asn1("SEQUENCE:r", "%s", HEAD(PROOF_DEVICE, "7") "c1 = BOOL:FALSE\n");
    CU_ASSERT(psd_proof_put_command(&command, with == 1 ? request : NULL, &out));
    CU_ASSERT(out.length == same.length && memcmp(der, same.data, same.length) == 0);
  }
  psd_buffer none = psd_buffer_over(der, 3);
  CU_ASSERT_FALSE(psd_proof_put_command(&command, NULL, &none));
}

#define PAID(device, status, amount)                                                                                   \
  HEAD(device, "7") "s = ENUM:" status "\na = INTEGER:" amount "\nh = FORMAT:HEX,OCT:" HASH32 "\n"

static psd_proof_result confirm(const char *content, X509 *certificate) {
  proof_der made = signed_by(PSD_OID_REVOCATION_CONFIRMATION, content, certificate, world.key, false);
  return psd_proof_check_confirmation(world.trust, proof_bytes(&made), &said, why);
}

/* 618 both ways: 624 paid, 620 payment due. */
static void confirmations(void) {
  CU_ASSERT_EQUAL(confirm(PAID(PROOF_DEVICE, "0", "500"), world.device), PSD_PROOF_HOLDS);
  CU_ASSERT(said.confirmed == PSD_CONFIRMED_PAID && said.amount == 500 && said.answers);
  psd_check_bytes(said.answered, 32, HASH32, "command");
  CU_ASSERT_EQUAL(confirm(PAID(PROOF_DEVICE, "1", "500"), world.device), PSD_PROOF_HOLDS);
  CU_ASSERT_EQUAL(said.confirmed, PSD_CONFIRMED_DUE);
  CU_ASSERT_EQUAL(confirm(PAID(PROOF_DEVICE, "3", "500"), world.device), PSD_PROOF_UNREADABLE);
  CU_ASSERT_EQUAL(confirm(PAID(PROOF_OTHER_DEVICE, "0", "500"), world.device), PSD_PROOF_MESSAGE);
  /* 616 has destroyed the user's key: it is the PSD's own that confirms. */
  CU_ASSERT_EQUAL(confirm(PAID(PROOF_DEVICE, "0", "500"), world.user), PSD_PROOF_CERTIFICATE);
  proof_der bare =
      signed_by(PSD_OID_REVOCATION_CONFIRMATION, PAID(PROOF_DEVICE, "0", "500"), world.device, world.key, true);
  CU_ASSERT_EQUAL(psd_proof_check_confirmation(world.trust, proof_bytes(&bare), &said, why), PSD_PROOF_UNREADABLE);
  proof_der good =
      signed_by(PSD_OID_REVOCATION_CONFIRMATION, PAID(PROOF_DEVICE, "0", "500"), world.device, world.key, false);
  CU_ASSERT_EQUAL(proof_altered(&good, confirmation_altered, world.trust), 0);
}

static void end(void) {
  proof_world_free(&world);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an authority, and holders of its certificates", begin},
      {"604: the request of a holder, and no bit of it may change", a_request},
      {"604: requests that are not the holder's, 606", requests_that_are_not_the_holders},
      {"608, 612: a command, and no bit of it may change", a_command},
      {"608: a command is written as it is read", a_command_is_written_as_it_is_read},
      {"618: paid, or payment due, and no bit of it may change", confirmations},
      {"all is given back", end},
  };
  return psd_check_run("proof, revocations", tests, PSD_CHECK_COUNT(tests));
}
