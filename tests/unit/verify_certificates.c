/* Certificates of PSDs at a verification site: when they are valid, when they are revoked, when they are looked at. */
#include <openssl/pem.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/certificate.h"
#include "verify_bench.h"

#define TEST(name) static void name(void)

/* The certificate has to be valid on the date of mailing, not now. */
TEST(test_date_of_mailing) {
  bench_fill();
  bench_certify("certificates/5.pem", &(bench_certificate){.until = BENCH_NOON - BENCH_DAY});
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  psd_site *site = bench_open();
  fields.date = 20261121;
  CU_ASSERT_TRUE(bench_judge_fields(site, &fields, NULL).accepted);
  fields.date = 20261123;
  CU_ASSERT_FALSE(bench_judge_fields(site, &fields, NULL).accepted);
  psd_site_close(site);
}

TEST(test_revocation) {
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  bench_fill();
  bench_revoke("crl/2.pem", bench.ca, BENCH_CERTIFICATE, BENCH_NOON, BENCH_NOON + BENCH_DAY);
  psd_site *site = bench_open();
  fields = bench_fields(PSD_PROFILE_P256);
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate 5 is revoked");
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, NULL);
  CU_ASSERT_FALSE(verdict.accepted);
  psd_site_close(site);
  /* Of two of the same second the later number counts, in whatever order they are read. */
  bench_revoke("crl/0.pem", bench.ca, 0, BENCH_NOON, 0);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, NULL);
  psd_site_close(site);
  bench_revoke("crl/2.pem", bench.ca, BENCH_CERTIFICATE, BENCH_NOON, 0);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, NULL);
  psd_site_close(site);
  /* The newest list counts: it is not revoked any more. */
  bench_revoke("crl/3.pem", bench.ca, 0, BENCH_NOON + 1, 0);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, NULL);
  psd_site_close(site);
  /* A list that is out of date tells nothing of who is not on it, and all of who is. */
  bench_revoke("crl/4.pem", bench.ca, 0, BENCH_NOON + 2, BENCH_NOON - 1);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "out of date since 2026-11-22");
  CU_ASSERT_TRUE(verdict.accepted);
  psd_site_close(site);
  bench_revoke("crl/5.pem", bench.ca, BENCH_CERTIFICATE, BENCH_NOON + 3, BENCH_NOON - 1);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, NULL);
  psd_site_close(site);
  bench_revoke("crl/6.pem", bench.other_ca, 0, BENCH_NOON, 0);
  bench_refused("crl/6.pem: no CA of ca/ has signed this list");
}

/* A list with the bench's certificate, revoked at that time and for that reason. */
static void revoke(uint64_t from, int reason) {
  bench_revoked_from = from;
  bench_reason = reason;
  bench_revoke("crl/2.pem", bench.ca, BENCH_CERTIFICATE, BENCH_NOON, BENCH_NOON + BENCH_DAY);
  bench_revoked_from = 0;
  bench_reason = -1;
}

static void found_on(const psd_site *site, uint32_t date, psd_check_result result, const char *words) {
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  fields.date = date;
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REVOCATION, result, words);
  CU_ASSERT_EQUAL(verdict.accepted, result == PSD_CHECK_PASSED);
}

/* What ended in peace was good before; a key that somebody else may have was never. */
TEST(test_revoked_from) {
  static const struct {
    int reason;
    bool good_before;
  } cases[] = {{-1, false}, {0, false}, {1, false}, {2, false}, {3, true},
               {4, true},   {5, true},  {6, false}, {9, true},  {10, false}};
  const uint64_t yesterday = BENCH_NOON - BENCH_DAY - 3U * 3600U; /* nine o'clock: nowhere is it today */
  bench_fill();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    revoke(yesterday, cases[i].reason);
    psd_site *site = bench_open();
    if (cases[i].good_before)
      found_on(site, 20261121, PSD_CHECK_PASSED, "revoked only since 2026-11-21 09:00:00 UTC");
    else
      found_on(site, 20261121, PSD_CHECK_FAILED, "certificate 5 is revoked");
    found_on(site, 20261122, PSD_CHECK_FAILED,
             cases[i].good_before ? "certificate 5 is revoked since 2026-11-21 09" : "certificate 5 is revoked");
    psd_site_close(site);
  }
}

static psd_piece_verdict judge_compact(void) {
  uint8_t bytes[PSD_INDICIUM_MAX];
  psd_indicium fields = bench_fields(PSD_PROFILE_COMPACT);
  psd_site *site = bench_open();
  psd_piece_verdict verdict = bench_judge(site, bytes, bench_sign_compact(&fields, 1, bytes), NULL);
  psd_site_close(site);
  return verdict;
}

/* A compact indicium names no certificate; but who has a stolen PSD's keys has that for compact ones too. */
TEST(test_compact_revoked) {
  bench_fill();
  psd_piece_verdict verdict = judge_compact();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, "not on the list of its CA");
  revoke(BENCH_NOON - BENCH_DAY, 1);
  verdict = judge_compact();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate 5 is revoked");
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, NULL);
  CU_ASSERT_FALSE(verdict.accepted);
  /* One that is over does not help; another that is valid does. */
  bench_certify("certificates/4.pem", &(bench_certificate){.number = 4, .until = BENCH_NOON - 3 * BENCH_DAY});
  verdict = judge_compact();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate 5 is revoked");
  bench_certify("certificates/6.pem", &(bench_certificate){.number = 6});
  verdict = judge_compact();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, NULL);
  CU_ASSERT_TRUE(verdict.accepted);
  bench_certify("certificates/6.pem", &(bench_certificate){.number = 6, .issuer = bench.other_ca});
  verdict = judge_compact();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, NULL);
}

typedef struct onlooker {
  const psd_site *site;
  uint8_t bytes[PSD_INDICIUM_MAX];
  size_t length;
  psd_piece_verdict verdict;
} onlooker;

static void *look(void *context) {
  onlooker *at = context;
  psd_claim claim;
  if (psd_claim_read(at->bytes, at->length, &claim, &at->verdict))
    psd_site_judge(at->site, &claim, NULL, &at->verdict);
  return NULL;
}

/* Looked at closely when it is first used, by however many at the same time. */
TEST(test_first_use) {
  enum { ONLOOKERS = 8 };
  static onlooker all[ONLOOKERS];
  pthread_t threads[ONLOOKERS];
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  bench_fill();
  bench_remove("dsa/5.dsa");
  psd_site *site = bench_open();
  CU_ASSERT_EQUAL_FATAL(site->certificate_count, 1);
  CU_ASSERT_PTR_NOT_NULL(site->certificates[0].der);
  for (size_t i = 0; i < ONLOOKERS; i++) {
    all[i].site = site;
    all[i].length = bench_sign(&fields, all[i].bytes);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, look, &all[i]), 0);
  }
  for (size_t i = 0; i < ONLOOKERS; i++) {
    CU_ASSERT_EQUAL(pthread_join(threads[i], NULL), 0);
    bench_found(&all[i].verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_PASSED, "certificate 5");
    bench_found(&all[i].verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, NULL);
  }
  CU_ASSERT_PTR_NULL(site->certificates[0].der);
  psd_site_close(site);
}

static size_t read_der(const char *name, uint8_t der[2048]) {
  char path[256];
  unsigned char *data = NULL;
  long length = 0;
  (void)snprintf(path, sizeof path, "%s/%s", bench_folder(), name);
  BIO *in = BIO_new_file(path, "r");
  CU_ASSERT_EQUAL_FATAL(PEM_bytes_read_bio(&data, &length, NULL, PEM_STRING_X509, in, NULL, NULL), 1);
  CU_ASSERT_FATAL(length < 2048);
  memcpy(der, data, (size_t)length);
  OPENSSL_free(data);
  BIO_free(in);
  return (size_t)length;
}

static void write_der(const char *name, const uint8_t *der, size_t length) {
  char *text = NULL;
  BIO *out = BIO_new(BIO_s_mem());
  CU_ASSERT_FATAL(PEM_write_bio(out, PEM_STRING_X509, "", der, (long)length) > 0);
  long written = BIO_get_mem_data(out, &text);
  bench_put(name, text, (size_t)written, 0644);
  BIO_free(out);
}

/* Whichever bit of it is turned, wherever that is noticed: no piece is accepted by it. */
TEST(test_turned) {
  uint8_t der[2048];
  char words[512];
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  bench_fill();
  bench_remove("dsa/5.dsa");
  size_t length = read_der("certificates/5.pem", der), opened = 0;
  for (size_t byte = 0; byte < length; byte++) {
    der[byte] ^= (uint8_t)(1U << byte % 8U);
    write_der("certificates/5.pem", der, length);
    der[byte] ^= (uint8_t)(1U << byte % 8U);
    psd_site *site = psd_site_open(bench_folder(), &bench_policy, words, sizeof words);
    if (site == NULL)
      continue;
    opened++;
    psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
    CU_ASSERT_FALSE(verdict.accepted);
    CU_ASSERT_NOT_EQUAL(verdict.checks[PSD_CHECK_CERTIFICATE].result, PSD_CHECK_PASSED);
    psd_site_close(site);
  }
  /* Most are noticed only when it is used: its signature, its times, its names. */
  CU_ASSERT(opened > length / 2);
}

/* Cut off anywhere, in memory of exactly that length. */
TEST(test_cut) {
  uint8_t der[2048], device[8], point[PSD_POINT];
  uint64_t number;
  bench_fill();
  size_t length = read_der("certificates/5.pem", der);
  for (size_t cut = 0; cut <= length; cut++) {
    uint8_t *some = malloc(cut + (cut == 0));
    CU_ASSERT_PTR_NOT_NULL_FATAL(some);
    memcpy(some, der, cut);
    CU_ASSERT_EQUAL(psd_certificate_look(some, cut, device, &number, point), cut == length);
    free(some);
  }
  CU_ASSERT_EQUAL(number, BENCH_CERTIFICATE);
}

/* A CA that a root vouches for is trusted when ca/ has it, whether the root is there or not; the root alone knows no
 * PSD. */
TEST(test_root) {
  static const struct {
    bool ca, root, trusted;
  } cases[] = {{true, false, true}, {true, true, true}, {false, true, false}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench_fill();
    bench_remove("ca/1.pem");
    bench_remove("crl/1.pem");
    bench_remove("dsa/5.dsa"); /* which a trusted certificate would have to vouch for */
    if (cases[i].ca)
      bench_authority_by("ca/1.pem", bench.ca, bench.other_ca);
    if (cases[i].root)
      bench_authority("ca/root.pem", bench.other_ca);
    psd_indicium fields = bench_fields(PSD_PROFILE_P256);
    psd_site *site = bench_open();
    CU_ASSERT_EQUAL(bench_judge_fields(site, &fields, NULL).accepted, cases[i].trusted);
    psd_site_close(site);
  }
}

/* The certificate of a meter's user names the meter too; its key signs no postage. */
TEST(test_of_a_user) {
  bench_fill();
  bench_certify("certificates/5.pem", &(bench_certificate){.of_user = true});
  bench_refused("certificates/5.pem: it has a certificate that names no PSD");
  bench_certify("certificates/5.pem", &(bench_certificate){.of_user = false});
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  psd_site *site = bench_open();
  CU_ASSERT_TRUE(bench_judge_fields(site, &fields, NULL).accepted);
  psd_site_close(site);
}

static const psd_check_test tests[] = {
    {"a CA below a root", test_root},
    {"the certificate of a user", test_of_a_user},
    {"a certificate is valid on the date of mailing, or not", test_date_of_mailing},
    {"revoked, not revoked, and lists that are out of date", test_revocation},
    {"mail from before the revocation, by its reason", test_revoked_from},
    {"compact indicia of a PSD that is revoked", test_compact_revoked},
    {"several that use a certificate for the first time", test_first_use},
    {"no bit of a certificate can be turned", test_turned},
    {"a certificate that is cut off", test_cut},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("certificates of a verification site", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
