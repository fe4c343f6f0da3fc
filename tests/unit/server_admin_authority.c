/* psd-server ca, psd-server credit: the operator at the authority's and the creditor's desk. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin_support.h"
#include "crypto/evp.h"
#include "proof_bench.h"
#include "store_db_desk.h"

static const char *path_of(const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

/* A meter, PS D1 00000001, alice's. */
static int begin_desk(void) {
  int process = begin();
  const uint8_t wrapped[PSD_SIZE_WRAPPED_K4] = {0};
  uint8_t device[8];
  psd_user_row alice;
  psd_db *db = open_store();
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &alice), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 6, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_DONE);
  close_store(db);
  return process;
}

static void begins_with(const char *name, const char *words) {
  char text[64] = "";
  FILE *in = fopen(path_of(name), "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  (void)!fread(text, 1, sizeof text - 1, in);
  (void)fclose(in);
  CU_ASSERT(has(text, words));
}

static void test_fetched(void) {
  char first[512];
  int process = begin_desk();
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "root     SHA-256 ") && has(out, "CA       SHA-256 ") && has(out, "creditor SHA-256 "));
  CU_ASSERT_FATAL(strlen(out) < sizeof first);
  memcpy(first, out, strlen(out) + 1);
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 0);
  CU_ASSERT_STRING_EQUAL(out, first); /* once more changes nothing */
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"certificate\": \"creditor\""));
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB"), 2);
  kms_end(process);
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 3);
  process = kms_start(OTHER_KEY);
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "the CA certificate of the key management system is not signed by its root"));
  kms_end(process);
  process = kms_start(GARBAGE);
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 1);
  kms_end(process);
  process = kms_start(REFUSES);
  CU_ASSERT_EQUAL(ADMIN("ca", "init", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "refuses the root certificate"));
  kms_end(process);
  remove_database();
}

/* 514, both branches. */
static void test_vetted(void) {
  int process = begin_desk();
  psd_db *db = open_store();
  psd_ca_request one = request_for(1, 1, 1), two = request_for(1, 2, 2);
  CU_ASSERT_EQUAL(requested(db, &one, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(requested(db, &two, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("ca", "requests", "DB"), 0);
  CU_ASSERT(has(out, "     1 PS D1 00000001    1 user     pending ") && has(out, "     2 PS D1 00000001    2 user"));
  CU_ASSERT_EQUAL(ADMIN("ca", "accept", "1", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("ca", "accept", "1", "DB"), 1);
  CU_ASSERT(has(err, "request 1 was decided before"));
  CU_ASSERT_EQUAL(ADMIN("ca", "reject", "2", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "reject", "2", "DB", "--reason", "nobody knows him"), 0);
  CU_ASSERT_EQUAL(ADMIN("ca", "accept", "2", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("ca", "accept", "4711", "DB"), 1);
  CU_ASSERT(has(err, "there is no request 4711"));
  CU_ASSERT_EQUAL(ADMIN("ca", "accept", "one", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "reject", "2", "DB", "--reason", "a\nb"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "requests", "DB"), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "PS D1"));
  CU_ASSERT_EQUAL(ADMIN("ca", "requests", "DB", "--all", "--json"), 0);
  CU_ASSERT(has(out, "\"status\": \"accepted\"") && has(out, "\"why\": \"nobody knows him\""));
  kms_end(process);
  remove_database();
}

/* Four certificates. */
static int begin_certificates(void) {
  int process = begin_desk();
  psd_db *db = open_store();
  for (uint32_t i = 1; i <= 4; i++)
    CU_ASSERT_EQUAL(certificate_for(db, 1, i, i, i), i);
  close_store(db);
  return process;
}

static void test_shown(void) {
  int process = begin_certificates();
  CU_ASSERT_EQUAL(ADMIN("ca", "list", "DB"), 0);
  CU_ASSERT(has(out, "         4 PS D1 00000001    4 user     good "));
  CU_ASSERT_EQUAL(ADMIN("ca", "list", "00000001", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"serial\": 4"));
  CU_ASSERT_EQUAL(ADMIN("ca", "list", "00000009", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("ca", "show", "1", "DB"), 0);
  CU_ASSERT(has(out, "-----BEGIN CERTIFICATE-----") && has(out, "name                 alice"));
  CU_ASSERT_EQUAL(ADMIN("ca", "show", "9", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("ca", "ocsp", "1", "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "1: good\n");
  CU_ASSERT_EQUAL(ADMIN("ca", "ocsp", "9", "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "9: unknown\n");
  kms_end(process);
  remove_database();
}

static void test_revoked(void) {
  int process = begin_certificates();
  CU_ASSERT_EQUAL(ADMIN("ca", "revoke", "1", "DB", "--reason", "hold"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "revoke", "1", "DB", "--reason", "whim"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "revoke", "9", "DB", "--reason", "cessation"), 1);
  CU_ASSERT_EQUAL(ADMIN("ca", "revoke", "1", "DB", "--reason", "key-compromise"), 0);
  CU_ASSERT_EQUAL(ADMIN("ca", "ocsp", "1", "DB"), 0);
  CU_ASSERT(has(out, "1: revoked ") && has(out, ", key-compromise"));
  CU_ASSERT_EQUAL(ADMIN("ca", "ocsp", "1", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"status\": \"revoked\""));
  CU_ASSERT_EQUAL(ADMIN("ca", "show", "1", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"command_state\": \"waits for the meter\""));
  CU_ASSERT_EQUAL(ADMIN("meter", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "REVOKE"));
  CU_ASSERT_EQUAL(ADMIN("ca", "sweep", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("ca", "sweep", "DB", "--unpaid", "1"), 0);
  CU_ASSERT_STRING_EQUAL(out, "0 certificates revoked\n");
  CU_ASSERT_EQUAL(ADMIN("ca", "revoke-meter", "00000001", "DB", "--reason", "cessation"), 0);
  CU_ASSERT_STRING_EQUAL(out, "3 certificates revoked\n");
  CU_ASSERT_EQUAL(ADMIN("ca", "sweep", "DB", "--overdue", "0", "--json"), 0);
  CU_ASSERT(has(out, "\"revoked\": 0"));
  kms_end(process);
  remove_database();
}

/* Never inspected: overdue. */
static void test_sweep_overdue(void) {
  int process = begin_desk();
  psd_db *db = open_store();
  (void)certificate_for(db, 1, 1, 1, 1);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("ca", "sweep", "DB", "--overdue", "30"), 0);
  CU_ASSERT_STRING_EQUAL(out, "1 certificate revoked\n");
  CU_ASSERT_EQUAL(ADMIN("ca", "list", "DB"), 0);
  CU_ASSERT(has(out, "privilege-withdrawn by timeout"));
  kms_end(process);
  remove_database();
}

static void test_exported(void) {
  static const char *const names[] = {"root.pem", "ca.pem", "creditor.pem", "crl.pem"};
  char name[64];
  int process = begin_desk();
  psd_db *db = open_store();
  (void)certificate_for(db, 1, 1, 1, 1);
  CU_ASSERT_EQUAL(psd_ca_revoke(db, 1, PSD_REASON_CESSATION, PSD_CA_OPERATOR, NOTHING, 1700000001), PSD_DB_DONE);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("ca", "crl", path_of("crl.pem"), "DB", "KMS"), 0);
  CU_ASSERT_STRING_EQUAL(out, "1 revoked certificate\n");
  begins_with("crl.pem", "-----BEGIN X509 CRL-----");
  CU_ASSERT_EQUAL(ADMIN("ca", "crl", path_of("crl.der"), "DB", "KMS", "--json"), 0);
  begins_with("crl.der", "0");
  (void)unlink(path_of("crl.pem"));
  (void)unlink(path_of("crl.der"));
  CU_ASSERT_EQUAL(ADMIN("ca", "export", path_of("desk"), "DB", "KMS"), 0);
  for (size_t i = 0; i < 4; i++) {
    (void)snprintf(name, sizeof name, "desk/%s", names[i]);
    begins_with(name, i < 3 ? "-----BEGIN CERTIFICATE-----" : "-----BEGIN X509 CRL-----");
    (void)unlink(path_of(name));
  }
  (void)rmdir(path_of("desk"));
  CU_ASSERT_EQUAL(ADMIN("ca", "crl", "/nonexistent/crl.pem", "DB", "KMS"), 1);
  kms_end(process);
  process = kms_start(GARBAGE);
  CU_ASSERT_EQUAL(ADMIN("ca", "crl", path_of("crl.pem"), "DB", "KMS"), 1);
  kms_end(process);
  remove_database();
}

/* 804, both branches, by the operator. */
static void test_granted(void) {
  int process = begin_desk();
  psd_db *db = open_store();
  uint32_t holder = certificate_for(db, 1, 1, 1, 1);
  for (unsigned i = 1; i <= 3; i++)
    (void)applied(db, 1, holder, 100000 * i, 0, i);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("credit", "list", "DB"), 0);
  CU_ASSERT(has(out, "     3 PS D1 00000001 pending        300.00"));
  /* The holder's certificate begins in 2027. */
  CU_ASSERT_EQUAL(ADMIN("credit", "approve", "1", "DB"), 1);
  CU_ASSERT(has(err, "is signed with a certificate that is not good any more"));
  CU_ASSERT_EQUAL(ADMIN("credit", "approve", "1", "0", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("credit", "approve", "9", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("credit", "reject", "2", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("credit", "reject", "2", "DB", "--reason", "too much"), 0);
  CU_ASSERT_EQUAL(ADMIN("credit", "reject", "2", "DB", "--reason", "too much"), 1);
  CU_ASSERT_EQUAL(ADMIN("credit", "revoke", "2", "DB"), 1);
  CU_ASSERT(has(err, "was never approved"));
  CU_ASSERT_EQUAL(ADMIN("credit", "list", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"why\": \"too much\""));
  kms_end(process);
  remove_database();
}

static const char *present_file(const char *name, const proof_der *der) {
  FILE *file = fopen(path_of(name), "wb");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_EQUAL(fwrite(der->data, 1, der->length, file), der->length);
  (void)fclose(file);
  return path_of(name);
}

static proof_der pay(const proof_world *world, unsigned amount, unsigned remaining, unsigned sequence,
                     const char *payee, const char *previous) {
  char hex[65];
  uint8_t hash[32];
  proof_der line = proof_of(world->line);
  CU_ASSERT_FATAL(psd_hash(&(psd_part){line.data, line.length}, 1, hash));
  for (size_t i = 0; i < sizeof hash; i++)
    (void)snprintf(hex + 2 * i, 3, "%02x", hash[i]);
  proof_der content = proof_asn1(
      "SEQUENCE:p",
      "[p]\nv = INTEGER:1\nh = SEQUENCE:h\nc = INTEGER:7\nd = FORMAT:HEX,OCT:" PROOF_DEVICE
      "\nl = FORMAT:HEX,OCT:%s\na = INTEGER:%u\nr = INTEGER:%u\np = UTF8:%s\nt = GENTIME:" PROOF_NOW_TEXT
      "\ne = GENTIME:20300401000000Z\ns = INTEGER:%u\nx = FORMAT:HEX,OCT:%s\n[h]\no = SET:h1\nc = SET:h2\n[h1]\n"
      "x = SEQUENCE:h3\n[h2]\nx = SEQUENCE:h4\n[h3]\ni = OID:2.5.4.10\nn = UTF8:Lace Ltd\n[h4]\ni = OID:2.5.4.3\n"
      "n = UTF8:Ada\n",
      hex, amount, remaining, payee, sequence, previous);
  return proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_PAYMENT].dotted,
                                     .content = content.data,
                                     .length = content.length,
                                     .certificate = world->line,
                                     .key = world->key});
}

#define ZEROES "0000000000000000000000000000000000000000000000000000000000000000"

/* The creditor knows root and creditor, and has granted the line that the payments are of. */
static int64_t grant_line(const proof_world *world) {
  psd_db *db = open_store();
  uint32_t holder = certificate_for(db, 1, 1, 1, 1);
  psd_credit_row line = applied(db, 1, holder, 1000000, 2000000, 1);
  proof_der der = proof_of(world->line);
  X509 *certificates[] = {world->root, world->creditor};
  CU_ASSERT_EQUAL(line.status, PSD_AUTHORITY_ACCEPTED);
  CU_ASSERT_EQUAL(
      psd_credit_issued(db, line.id, proof_bytes(&der), PROOF_NOW - PROOF_DAY, PROOF_NOW + 100 * PROOF_DAY, PROOF_NOW),
      PSD_DB_DONE);
  for (size_t i = 0; i < 2; i++) {
    psd_ca_authority authority = {.kind = i == 0 ? PSD_CA_ROOT : PSD_CA_CREDITOR, .time = 1};
    der = proof_of(certificates[i]);
    authority.length = der.length;
    memcpy(authority.der, der.data, der.length);
    CU_ASSERT_EQUAL(psd_ca_authority_add(db, &authority), PSD_DB_DONE);
  }
  close_store(db);
  return line.id;
}

/* After a payment of 250.00, and one that contradicts it. */
static void look_after(void) {
  CU_ASSERT_EQUAL(ADMIN("credit", "show", "1", "DB"), 0);
  CU_ASSERT(has(out, "state                blocked") && has(out, "         1       250.00       750.00"));
  CU_ASSERT_EQUAL(ADMIN("credit", "show", "1", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"payee\": \"Baker\""));
  CU_ASSERT_EQUAL(ADMIN("credit", "payees", "DB"), 0);
  CU_ASSERT(has(out, "       250.00 Baker"));
  CU_ASSERT_EQUAL(ADMIN("credit", "remit", "Baker", "300", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("credit", "remit", "Baker", "250", "DB", "--reference", "cheque 1"), 0);
  CU_ASSERT_EQUAL(ADMIN("credit", "payees", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"balance\": 0"));
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "payment") && has(out, "-250.00") && has(out, "credit 1 payment 1"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  CU_ASSERT(has(out, "payees"));
  CU_ASSERT_EQUAL(ADMIN("credit", "revoke", "1", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("credit", "revoke", "7", "DB"), 1);
}

static void test_settled(void) {
  proof_world world;
  int process = begin_desk();
  CU_ASSERT_FATAL(psd_evp_start());
  proof_world_make(&world);
  proof_der first = pay(&world, 250000, 750000, 1, "Baker", ZEROES),
            fork = pay(&world, 250000, 750000, 1, "Baker", ZEROES);
  proof_der bad = first, none = {.length = 5};
  bad.data[bad.length - 1] ^= 1;
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", present_file("pay.p7s", &first), "DB"), 1);
  CU_ASSERT(has(err, "ca init"));
  (void)grant_line(&world);
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", path_of("none"), "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", present_file("pay.p7s", &none), "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", present_file("pay.p7s", &bad), "DB"), 1);
  CU_ASSERT(has(err, "signature"));
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", present_file("pay.p7s", &first), "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "250.00 for Baker: settled\n");
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", path_of("pay.p7s"), "DB"), 0);
  CU_ASSERT_STRING_EQUAL(out, "250.00 for Baker: was settled before: nothing was moved\n");
  CU_ASSERT_EQUAL(ADMIN("credit", "settle", present_file("pay.p7s", &fork), "DB", "--json"), 1);
  CU_ASSERT(has(out, "\"settlement\": \"forked\"") && has(err, "the line of credit is blocked now"));
  (void)unlink(path_of("pay.p7s"));
  look_after();
  proof_world_free(&world);
  psd_evp_stop();
  kms_end(process);
  remove_database();
}

static const psd_check_test tests[] = {
    {"ca init: the authority's certificates are fetched, checked, kept", test_fetched},
    {"514: requests are accepted or rejected", test_vetted},
    {"certificates are listed and shown", test_shown},
    {"certificates are revoked by the operator", test_revoked},
    {"ca sweep revokes what is overdue", test_sweep_overdue},
    {"ca crl, ca export", test_exported},
    {"804: credit is approved or rejected", test_granted},
    {"credit settle, and what follows it", test_settled},
};

int main(void) {
  return admin_tests("psd-server ca, credit", tests, PSD_CHECK_COUNT(tests));
}
