/* The program psd-verify: postmark, signature and payment (VM figures 4 and 9), at the folder of the bench. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "proof_bench.h"
#include "verify_process.h"

#define NOON "20261122120000Z"
#define DAY UINT64_C(86400)

static proof_world world;
static const char letter[] = "Dear Ada, pay the baker.";

static void put_der(const char *name, const proof_der *der) {
  bench_put(name, der->data, der->length, 0644);
}

static void put_pem(const char *name, X509 *certificate) {
  FILE *file = fopen(at(name), "w");
  CU_ASSERT_FATAL(file != NULL && PEM_write_X509(file, certificate) == 1 && fclose(file) == 0);
}

static void revoke(uint64_t from, uint64_t until, X509 *revoked) {
  proof_der list = proof_list(world.ca, world.ca_key, from, until, revoked, from - DAY, PSD_REASON_SUPERSEDED);
  put_der("crl/ca.pem", &list);
}

/* Everything is made four years before PROOF_NOW: the program's clock stands still there. */
static void begin_world(void) {
  begin();
  proof_world_make_at(&world, BENCH_NOON);
  CU_ASSERT_FATAL(mkdir(at("roots"), 0755) == 0 && mkdir(at("creditors"), 0755) == 0);
  put_pem("roots/root.pem", world.root);
  put_pem("ca/ca.pem", world.ca);
  put_pem("creditors/creditor.pem", world.creditor);
  put_text("letter", letter);
  revoke(BENCH_NOON - 60, BENCH_NOON + DAY, NULL);
}

static void end_world(void) {
  proof_world_free(&world);
}

static void hash_of(const void *data, size_t length, uint8_t hash[32]) {
  CU_ASSERT_FATAL(EVP_Digest(data, length, hash, NULL, EVP_sha256(), NULL) == 1);
}

static void put_postmark(const char *name, const char *message) {
  uint8_t digest[32];
  hash_of(message, strlen(message), digest);
  proof_der info = proof_tst(digest, NOON);
  proof_der made = proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_TST_INFO].dotted,
                                               .content = info.data,
                                               .length = info.length,
                                               .certificate = world.postmark,
                                               .time = BENCH_NOON,
                                               .key = world.key});
  put_der(name, &made);
}

static void test_postmark(void) {
  begin_world();
  put_postmark("good.tsr", letter);
  put_postmark("other.tsr", "Dear Eve");
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("good.tsr")), 0); /* 410 yes, 416 yes: 420 */
  CU_ASSERT(has("postmark      42\n"));
  CU_ASSERT(has("made          2026-11-22 12:00:00 UTC\n"));
  CU_ASSERT(has("\nvalid\n"));
  CU_ASSERT_EQUAL(RUN("postmark", "--json", at("letter"), at("good.tsr")), 0);
  CU_ASSERT(has("\"result\": \"valid\""));
  CU_ASSERT(has("\"step\": 420"));
  CU_ASSERT_EQUAL(RUN("postmark", "--json", at("letter"), at("other.tsr")), 1); /* 416 no: 418 */
  CU_ASSERT(has("\"step\": 418"));
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("letter")), 1);
  CU_ASSERT(has("refused: unreadable: "));
  CU_ASSERT_EQUAL(RUN("postmark", at("gone"), at("good.tsr")), 1);
  CU_ASSERT(has("No such file"));
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("gone")), 1);
  put_text("ca/ca.pem", "no certificate at all");
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("good.tsr")), 1);
  CU_ASSERT(has("ca/ca.pem: it is no certificate"));
  end_world();
}

/* 410 no: 412. */
static void test_revoked(void) {
  begin_world();
  put_postmark("good.tsr", letter);
  revoke(BENCH_NOON - 60, BENCH_NOON + DAY, world.postmark);
  CU_ASSERT_EQUAL(RUN("postmark", "--json", at("letter"), at("good.tsr")), 1);
  CU_ASSERT(has("revoked"));
  CU_ASSERT(has("\"step\": 412"));
  revoke(BENCH_NOON - 60, BENCH_NOON + DAY, world.user);
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("good.tsr")), 0);
  revoke(BENCH_NOON - 2 * DAY, BENCH_NOON - DAY, NULL);
  CU_ASSERT_EQUAL(RUN("postmark", at("letter"), at("good.tsr")), 1);
  CU_ASSERT(has("no current list"));
  end_world();
}

static void test_signature(void) {
  begin_world();
  proof_der made = proof_sign(&(proof_signing){.content = letter,
                                               .length = sizeof letter - 1,
                                               .certificate = world.user,
                                               .key = world.key,
                                               .time = BENCH_NOON,
                                               .detached = true});
  put_der("letter.p7s", &made);
  CU_ASSERT_EQUAL(RUN("signature", at("letter"), at("letter.p7s")), 0);
  CU_ASSERT(has("signed by     CN=Ada,O=Lace Ltd\n"));
  put_text("letter", "Dear Ada, pay the butcher.");
  CU_ASSERT_EQUAL(RUN("signature", at("letter"), at("letter.p7s")), 1);
  CU_ASSERT(has("refused: message: "));
  end_world();
}

static void put_payment(const char *name, unsigned sequence, unsigned amount, unsigned remaining,
                        const uint8_t previous[32]) {
  char line[65], before[65];
  uint8_t hash[32];
  proof_der der = proof_of(world.line);
  hash_of(der.data, der.length, hash);
  for (size_t i = 0; i < 32; i++) {
    (void)snprintf(line + 2 * i, 3, "%02x", hash[i]);
    (void)snprintf(before + 2 * i, 3, "%02x", previous[i]);
  }
  proof_der content =
      proof_asn1("SEQUENCE:p",
                 "[p]\nv = INTEGER:1\nh = SEQUENCE:h\nc = INTEGER:7\nd = FORMAT:HEX,OCT:%s\nl = FORMAT:HEX,OCT:%s\n"
                 "a = INTEGER:%u\nr = INTEGER:%u\np = UTF8:Baker\nt = GENTIME:" NOON "\ne = GENTIME:20261201000000Z\n"
                 "s = INTEGER:%u\nx = FORMAT:HEX,OCT:%s\n[h]\no = SET:h1\nc = SET:h2\n[h1]\nx = SEQUENCE:h3\n[h2]\nx = "
                 "SEQUENCE:h4\n[h3]\ni = OID:2.5.4.10\nn = UTF8:Lace Ltd\n[h4]\ni = OID:2.5.4.3\nn = UTF8:Ada\n",
                 PROOF_DEVICE, line, amount, remaining, sequence, before);
  proof_der made = proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_PAYMENT].dotted,
                                               .content = content.data,
                                               .length = content.length,
                                               .certificate = world.line,
                                               .time = BENCH_NOON,
                                               .key = world.key});
  put_der(name, &made);
}

static void hash_of_file(const char *name, uint8_t hash[32]) {
  static uint8_t data[PROOF_MAX];
  FILE *file = fopen(at(name), "rb");
  CU_ASSERT_FATAL(file != NULL);
  size_t length = fread(data, 1, sizeof data, file);
  (void)fclose(file);
  hash_of(data, length, hash);
}

/* Figure 9: what a merchant checks off line, and remembers. */
static void test_payment(void) {
  static const uint8_t none[32] = {1};
  uint8_t hash[32];
  begin_world();
  put_payment("1.p7s", 1, 250000, 750000, none);
  hash_of_file("1.p7s", hash);
  put_payment("2.p7s", 2, 50000, 700000, hash);
  put_payment("2b.p7s", 2, 40000, 710000, hash);
  put_payment("3.p7s", 3, 1, 699999, none);   /* does not chain to 2 */
  put_payment("9.p7s", 9, 1, 800000, none);   /* more remains than before */
  put_payment("10.p7s", 10, 1, 500000, none); /* others may lie between */
  CU_ASSERT_EQUAL(RUN("payment", "--payee", "Baker", at("1.p7s")), 0);
  CU_ASSERT(has("amount        250.00\n"));
  CU_ASSERT(has("\nvalid\n"));
  CU_ASSERT_EQUAL(RUN("payment", "--payee", "Baker", at("1.p7s")), 1);
  CU_ASSERT(has("it was presented before: number 1, 2026-11-22 12:00:00 UTC"));
  CU_ASSERT_EQUAL(RUN("payment", "--no-remember", at("1.p7s")), 0);
  CU_ASSERT_EQUAL(RUN("payment", "--payee", "Butcher", at("2.p7s")), 1);
  CU_ASSERT(has("another payee"));
  CU_ASSERT_EQUAL(RUN("payment", "--json", at("2.p7s"), at("2b.p7s"), at("3.p7s")), 1);
  CU_ASSERT_EQUAL(times("\"valid\": true"), 1);
  CU_ASSERT(has("another payment with this number was presented before"));
  CU_ASSERT_EQUAL(times("it contradicts a payment"), 1);
  CU_ASSERT_EQUAL(RUN("payment", "--json", at("9.p7s"), at("10.p7s")), 1);
  CU_ASSERT_EQUAL(times("\"valid\": true"), 1);
  CU_ASSERT_EQUAL(times("it contradicts a payment"), 1);
  CU_ASSERT_EQUAL(RUN("payment", at("letter")), 1);
  CU_ASSERT(has("refused: unreadable: "));
  CU_ASSERT_EQUAL(RUN("payment", "--db", "sqlite:/nonexistent/folder/seen.db", at("2.p7s")), 3);
  end_world();
}

static void test_usage(void) {
  begin();
  CU_ASSERT_EQUAL(RUN("postmark"), 2);
  CU_ASSERT_EQUAL(RUN("postmark", "x"), 2);
  CU_ASSERT_EQUAL(RUN("postmark", "x", "y", "z"), 2);
  CU_ASSERT_EQUAL(RUN("signature", "--payee", "x", "y", "z"), 2);
  CU_ASSERT_EQUAL(RUN("payment"), 2);
  CU_ASSERT_EQUAL(RUN("payment", "--db", "x", "--no-remember", "y"), 2);
  CU_ASSERT_EQUAL(RUN("postmark", "--root", "", "x", "y"), 2);
  CU_ASSERT_EQUAL(RUN("indicium", "--root", "x", "y"), 2);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"figure 4: a postmark, 416", test_postmark},
      {"figure 4: a certificate that is revoked, 410", test_revoked},
      {"a signature", test_signature},
      {"figure 9: payments, and what was seen before", test_payment},
      {"usage", test_usage},
  };
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("psd-verify, certificates", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
