/* The site's folder: what is not there makes checks unknown, what is damaged is refused with one line that names it. */
#include "verify_bench.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/x509.h"

#define TEST(name) static void name(void)

static psd_piece_verdict judge_right(void) {
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  psd_site_close(site);
  return verdict;
}

static void noted(const char *words) {
  psd_site *site = bench_open();
  const char *note = psd_site_note(site, 0);
  if (note == NULL || strstr(note, words) == NULL)
    fprintf(stderr, "wanted \"%s\", got \"%s\"\n", words, note != NULL ? note : "");
  CU_ASSERT(note != NULL && strstr(note, words) != NULL);
  CU_ASSERT_PTR_NULL(psd_site_note(site, 1));
  psd_site_close(site);
}

TEST(test_no_folder) {
  char words[256] = "";
  bench_fill();
  CU_ASSERT_PTR_NULL(psd_site_open("/nowhere/at/all", &bench_policy, words, sizeof words));
  CU_ASSERT_STRING_EQUAL(words, "/nowhere/at/all: No such file or directory");
  char path[128];
  (void)snprintf(path, sizeof path, "%s/meters.csv", bench_folder());
  CU_ASSERT_PTR_NULL(psd_site_open(path, &bench_policy, words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "is no folder"));
  psd_site_close(NULL);
}

/* An empty one: nothing is known, and nothing accepted. */
TEST(test_empty) {
  uint8_t bytes[PSD_INDICIUM_MAX];
  char words[256], path[128];
  bench_fill();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  (void)snprintf(path, sizeof path, "%s/empty", bench_folder());
  CU_ASSERT_EQUAL_FATAL(mkdir(path, 0700), 0);
  psd_site *site = psd_site_open(path, &bench_policy, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(site);
  psd_piece_facts facts = {.vendor_given = true, .vendor_digits = 5};
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, &facts);
  CU_ASSERT_FALSE(verdict.accepted);
  bench_found(&verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "there are no certificates");
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "no certificate to look for");
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "no certificate");
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "no rate tables");
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "no vendor table");
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "meters.csv");
  verdict = bench_judge(site, bytes, bench_sign_compact(&fields, 1, bytes), &facts);
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "no postal table of any day");
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "the date of mailing is not known");
  CU_ASSERT_FALSE(verdict.accepted);
  psd_site_close(site);
}

TEST(test_missing) {
  bench_fill();
  bench_remove("crl/1.pem");
  psd_piece_verdict verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "there is no list of its CA");
  bench_remove("meters.csv");
  verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "no list of control totals");
  bench_remove("rates/7.rates");
  verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "no rate tables");
  CU_ASSERT_TRUE(verdict.accepted);
  bench_remove("dsa/5.dsa");
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_DSA);
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "no DSA key");
  psd_site_close(site);
  bench_remove("ca/1.pem");
  verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "there is no CA to trust");
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, NULL);
  CU_ASSERT_FALSE(verdict.accepted);
}

/* Tables whose signature cannot be checked are not used. */
TEST(test_no_keys) {
  bench_fill();
  bench_remove("rates.pem");
  noted("rates/7.rates: not used: there is no rates.pem");
  psd_piece_verdict verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "no rate tables");
  bench_fill();
  bench_remove("postal.pem");
  for (unsigned day = 20261120; day < 20261123; day++) {
    char name[64];
    (void)snprintf(name, sizeof name, "days/postal-%u.day", day);
    bench_remove(name);
  }
  noted("days/postal-20261123.day: not used: there is no postal.pem");
}

TEST(test_days_over) {
  bench_fill();
  bench_put_day("days/old.day", &(bench_day){.domain = PSD_TOKENS_POSTAL, .set = 1, .date = 20261119});
  noted("days/old.day: not used, its day 2026-11-19 is over: remove it");
  psd_site *site = bench_open();
  psd_token_input input = {.vendor = "PS", .model = "D1", .serial = BENCH_SERIAL, .date = 20261119};
  psd_piece_facts facts = {.postal_given = true, .postal_digits = 5};
  psd_piece_verdict verdict;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "no postal table");
  psd_site_close(site);
  /* More of them than are told. */
  for (unsigned i = 0; i < 40; i++) {
    char name[64];
    (void)snprintf(name, sizeof name, "days/old-%u.day", i);
    bench_put_day(name, &(bench_day){.domain = PSD_TOKENS_POSTAL, .set = i, .date = 20261119});
  }
  site = bench_open();
  CU_ASSERT_PTR_NOT_NULL(psd_site_note(site, 31));
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_site_note(site, 32), "more notes"));
  CU_ASSERT_PTR_NULL(psd_site_note(site, 33));
  psd_site_close(site);
}

static void put_text(const char *name, const char *text) {
  bench_put(name, text, strlen(text), 0600);
}

/* Another text in place of a file, and the folder is refused; then everything is as it was. */
static void refused_with(const char *name, const char *text, const char *words) {
  put_text(name, text);
  bench_refused(words);
  bench_remove(name);
}

TEST(test_damaged_certificates) {
  bench_fill();
  refused_with("certificates/x.pem", "", "certificates/x.pem: it has no certificate in PEM");
  refused_with("certificates/x.pem", "nothing of the kind\n", "certificates/x.pem: it has no certificate");
  refused_with("certificates/x.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n",
               "certificates/x.pem: certificate 1 is damaged");
  refused_with("certificates/x.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
               "certificates/x.pem: certificate 1 is damaged");
  refused_with("ca/x.pem", "nothing\n", "ca/x.pem: it has no certificate in PEM");
  refused_with("crl/x.pem", "nothing\n", "crl/x.pem: it has no revocation list in PEM");
  bench_certify("certificates/x.pem", &(bench_certificate){.nameless = true});
  bench_refused("certificates/x.pem: it has a certificate that names no PSD");
  bench_certify("certificates/x.pem", &(bench_certificate){.subject = bench.other_psd});
  bench_refused("PS D1 00C0FFEE has two certificates with the number 5");
  bench_remove("certificates/x.pem");
  bench_certify("ca/x.pem", &(bench_certificate){.number = 6});
  bench_refused("ca/x.pem: it has a certificate that is no CA's");
  bench_remove("ca/x.pem");
  bench_partial = true;
  bench_revoke("crl/x.pem", bench.ca, 0, BENCH_NOON, 0);
  bench_partial = false;
  bench_refused("crl/x.pem: the list has a critical extension");
  bench_remove("crl/x.pem");
  bench_damage("crl/1.pem", 150);
  bench_refused("crl/1.pem");
}

/* OpenSSL passes over a block whose beginning or end it does not know: it must not be missed. */
TEST(test_block_passed_over) {
  char path[128], twice[8192];
  bench_fill();
  (void)snprintf(path, sizeof path, "%s/crl/1.pem", bench_folder());
  FILE *in = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  size_t length = fread(twice, 1, sizeof twice / 2, in);
  (void)fclose(in);
  memcpy(twice + length, twice, length);
  for (size_t byte = 0; byte < strlen("-----BEGIN X509 CRL-----"); byte++) {
    bench_put("crl/1.pem", twice, 2 * length, 0600);
    bench_damage("crl/1.pem", byte % 2 == 0 ? byte : length + byte);
    bench_refused("crl/1.pem");
  }
  bench_put("crl/1.pem", twice, 2 * length, 0600);
  psd_site_close(bench_open());
}

/* Of one PSD the same certificate twice, once by a CA that is not trusted, and the CA's among them. */
TEST(test_copies) {
  bench_fill();
  bench_certify("certificates/copy.pem", &(bench_certificate){.number = 5});
  bench_certify("certificates/bad.pem", &(bench_certificate){.issuer = bench.other_ca, .subject = bench.other_psd});
  bench_authority("certificates/ca.pem", bench.other_ca);
  psd_piece_verdict verdict = judge_right();
  CU_ASSERT_TRUE(verdict.accepted);
  bench_certify("certificates/long.pem", &(bench_certificate){.number = UINT64_C(0x100000005)});
  noted("certificates/long.pem: a certificate is not used");
  verdict = judge_right();
  CU_ASSERT_TRUE(verdict.accepted);
}

/* A certificate of a key on another curve. */
TEST(test_other_curve) {
  EVP_PKEY *key = EVP_EC_gen("P-384");
  BIO *memory = BIO_new(BIO_s_mem());
  char *text = NULL;
  bench_fill();
  CU_ASSERT_EQUAL_FATAL(PEM_write_bio_PUBKEY(memory, key), 1);
  long length = BIO_get_mem_data(memory, &text);
  bench_put("vendor.pem", text, (size_t)length, 0644);
  bench_refused("vendor.pem: key 1 is no public key of P-256");
  BIO_free(memory);
  EVP_PKEY_free(key);
}

/* Several keys in one file; too many; none. */
TEST(test_keys) {
  char pem[PSD_PEM_MAX], many[20 * PSD_PEM_MAX] = "";
  uint8_t point[PSD_POINT];
  size_t length = 0;
  bench_fill();
  const psd_pair *pairs[] = {bench.other_psd, bench.rate};
  for (size_t i = 0; i < 2; i++) {
    psd_pair_point(pairs[i], point);
    CU_ASSERT_TRUE_FATAL(psd_point_pem(point, pem));
    memcpy(many + length, pem, strlen(pem));
    length += strlen(pem);
  }
  put_text("rates.pem", many);
  psd_piece_verdict verdict = judge_right();
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_PASSED, NULL);
  for (size_t i = 0; i < 15; i++) {
    memcpy(many + length, pem, strlen(pem));
    length += strlen(pem);
  }
  put_text("rates.pem", many);
  bench_refused("rates.pem: it has more than 16 keys");
  put_text("rates.pem", "no key\n");
  bench_refused("rates.pem: it has no public key in PEM");
}

TEST(test_damaged_rates) {
  uint8_t file[PSD_RATES_MAX + 200] = {0};
  bench_fill();
  for (size_t byte = 0; byte < 100; byte += 33) {
    bench_fill();
    bench_damage("rates/7.rates", byte);
    bench_refused("rates/7.rates: its signature is of none of the keys in rates.pem");
  }
  bench_put("rates/7.rates", file, 64, 0644);
  bench_refused("rates/7.rates: it is no table of rates");
  bench_put("rates/7.rates", file, sizeof file, 0644);
  bench_refused("rates/7.rates: it is too long");
  bench_put("rates/7.rates", file, 0, 0644);
  bench_refused("rates/7.rates: it is empty");
  /* Signed, and no table nevertheless. */
  const psd_part parts[] = {{PSD_RATES_LABEL, strlen(PSD_RATES_LABEL)}, {file, 100}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(bench.rate, parts, 2, file + 100));
  bench_put("rates/7.rates", file, 164, 0644);
  bench_refused("rates/7.rates: it is no table of rates");
}

/* A table of a day with this head and rows, signed. */
static void put_table(const psd_day_table *head, const void *rows, size_t length) {
  uint8_t file[512];
  psd_buffer out = psd_buffer_over(file, sizeof file);
  psd_put_message(&out, PSD_MESSAGE_DAY_TABLE, head);
  psd_put(&out, rows, length);
  const psd_part parts[] = {{PSD_DAY_TABLE_LABEL, strlen(PSD_DAY_TABLE_LABEL)}, {file, out.length}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(bench.vendor, parts, 2, psd_put_room(&out, 64)));
  bench_put("days/x.day", file, out.length, 0600);
}

TEST(test_damaged_days) {
  uint8_t rows[72] = {2, 0};
  psd_day_table head = {.magic = "PSDT", .format = 1, .domain = 1, .order = 1, .date = BENCH_TODAY, .count = 3};
  bench_fill();
  char path[128];
  (void)snprintf(path, sizeof path, "%s/days/vendor-20261122.day", bench_folder());
  for (unsigned mode = 0640; mode != 0; mode = mode == 0640 ? 0604 : mode == 0604 ? 0660 : 0) {
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
    bench_refused("days/vendor-20261122.day: others than its owner may read it: chmod 600");
  }
  CU_ASSERT_EQUAL(chmod(path, 0400), 0);
  psd_site_close(bench_open());
  CU_ASSERT_EQUAL(chmod(path, 0600), 0);
  bench_damage("days/vendor-20261122.day", 1000);
  bench_refused("days/vendor-20261122.day: its signature is of none of the keys in vendor.pem");
  bench_fill();
  bench_put_day("days/x.day", &(bench_day){.domain = PSD_TOKENS_VENDOR, .date = BENCH_TODAY, .signer = bench.postal});
  bench_refused("days/x.day: its signature is of none of the keys in vendor.pem");
  bench_put("days/x.day", rows, sizeof rows, 0600);
  bench_refused("days/x.day: it is no table of a day");
  bench_put("days/x.day", rows, 10, 0600);
  bench_refused("days/x.day: it is no table of a day");
  put_table(&head, rows, sizeof rows);
  bench_refused("days/x.day: its keys are not what its head says"); /* not in the order of meters */
  rows[0] = 0;
  rows[24] = 1;
  rows[48] = 2;
  put_table(&head, rows, sizeof rows);
  psd_site_close(bench_open());
  rows[48] = 1;
  put_table(&head, rows, sizeof rows);
  bench_refused("days/x.day: its keys are not");
  put_table(&head, rows, 48);
  bench_refused("days/x.day: its keys are not");
  put_table(&head, rows, 47);
  bench_refused("days/x.day: its keys are not");
  head.order = 0;
  put_table(&head, rows, 48);
  bench_refused("days/x.day: its keys are not");
}

/* Heads that are none, signed. */
TEST(test_day_heads) {
  const psd_day_table right = {.magic = "PSDT", .format = 1, .domain = 1, .order = 1, .date = BENCH_TODAY};
  psd_day_table heads[] = {right, right, right, right, right};
  bench_fill();
  put_table(&right, NULL, 0);
  psd_site_close(bench_open());
  heads[0].magic[3] = 'R';
  heads[1].format = 2;
  heads[2].domain = 3;
  heads[3].order = 2;
  heads[4].date = 20261131;
  for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
    put_table(&heads[i], NULL, 0);
    bench_refused("days/x.day: it is no table of a day");
  }
}

TEST(test_damaged_dsa) {
  uint8_t file[200] = "PSD1";
  bench_fill();
  bench_put("dsa/x.dsa", file, 199, 0644);
  bench_refused("dsa/x.dsa: a DSA key has 200 bytes");
  bench_remove("dsa/x.dsa");
  bench_damage("dsa/5.dsa", 60);
  bench_refused("dsa/5.dsa: no trusted certificate of PS D1 00C0FFEE vouches for this key");
  bench_put_dsa("dsa/5.dsa", bench.other_psd);
  bench_refused("dsa/5.dsa: no trusted certificate");
  bench_put_dsa("dsa/5.dsa", bench.psd);
  bench_put_dsa("dsa/x.dsa", bench.psd);
  bench_refused("has two DSA keys");
  bench_remove("dsa/x.dsa");
  /* A number that is no key, and the PSD vouches for it: 1, whose powers are 1, and one outside the group. */
  for (uint8_t y = 1; y <= 2; y++) {
    uint8_t bad[200] = {'P', 'S', 'D', '1', 0x00, 0xC0, 0xFF, 0xEE};
    bad[135] = y;
    const psd_part parts[] = {{PSD_DSA_KEY_LABEL, strlen(PSD_DSA_KEY_LABEL)}, {bad, 136}};
    CU_ASSERT_TRUE_FATAL(psd_pair_sign(bench.psd, parts, 2, bad + 136));
    bench_put("dsa/5.dsa", bad, sizeof bad, 0644);
    bench_refused("dsa/5.dsa: it is no DSA key of this domain");
  }
  bench_put("dsa/5.dsa", file, sizeof file, 0644);
  noted("dsa/5.dsa: not used: there is no certificate of PS D1 00000000");
}

/* The PSD has a new P-256 pair, and its old DSA key. */
TEST(test_dsa_of_before) {
  bench_fill();
  bench_certify("certificates/6.pem", &(bench_certificate){.number = 6, .subject = bench.other_psd});
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_DSA);
  fields.certificate = 6;
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "does not vouch");
  CU_ASSERT_FALSE(verdict.accepted);
  psd_site_close(site);
}

TEST(test_damaged_meters) {
  static const struct {
    const char *text, *words;
  } cases[] = {
      {"PS,D1,00C0FFEE,50.00\n", "meters.csv: line 1 has not the columns"},
      {"vendor,model\nPS,D1,00C0FFEE,50.00,0,1\n", "meters.csv: line 2 has not the columns"},
      {"PSD,D1,00C0FFEE,50.00,0\n", "line 1: a PSD is written"},
      {"PS,D1,C0FFEE,50.00,0\n", "line 1: a PSD is written"},
      {"PS,D1,00C0FFEX,50.00,0\n", "line 1: a PSD is written"},
      {"PS,D\x01,00C0FFEE,50.00,0\n", "line 1: a PSD is written"},
      {"PS,D1,00C0FFEE,-50.00,0\n", "line 1: a control total is written"},
      {"PS,D1,00C0FFEE,50.00,\n", "line 1: a time is written"},
      {"PS,D1,00C0FFEE,50.00,2026-11-31\n", "line 1: a time is written"},
      {"PS,D1,00C0FFEE,50.00,12x\n", "line 1: a time is written"},
      {"PS,D1,00C0FFEE,50.00,1234567890123\n", "line 1: a time is written"},
  };
  bench_fill();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    put_text("meters.csv", cases[i].text);
    bench_refused(cases[i].words);
  }
  char line[200];
  memset(line, '0', sizeof line);
  bench_put("meters.csv", line, sizeof line, 0644);
  bench_refused("meters.csv: line 1 is too long");
}

/* What is no file is not read for one. */
TEST(test_odd_files) {
  char path[128];
  bench_fill();
  (void)snprintf(path, sizeof path, "%s/days/pipe.day", bench_folder());
  CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
  bench_refused("days/pipe.day: it is no ordinary file");
  CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
  put_text("days/.hidden.day", "x");
  put_text("days/readme", "x");
  psd_site_close(bench_open());
  (void)snprintf(path, sizeof path, "%s/days/none.day", bench_folder());
  CU_ASSERT_EQUAL_FATAL(symlink("/nowhere", path), 0);
  bench_refused("days/none.day: No such file");
  CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
  (void)snprintf(path, sizeof path, "%s/crl/pipe.pem", bench_folder());
  CU_ASSERT_EQUAL_FATAL(mkfifo(path, 0600), 0);
  bench_refused("crl/pipe.pem: it is no ordinary file");
  CU_ASSERT_EQUAL_FATAL(unlink(path), 0);
  bench_remove("rates.pem");
  (void)snprintf(path, sizeof path, "%s/rates.pem", bench_folder());
  CU_ASSERT_EQUAL_FATAL(symlink("/nowhere", path), 0);
  bench_refused("rates.pem: No such file");
}

static const psd_check_test tests[] = {
    {"a folder that is none", test_no_folder},
    {"an empty folder knows nothing and accepts nothing", test_empty},
    {"what is missing makes its check unknown", test_missing},
    {"tables without the key that signed them are not used", test_no_keys},
    {"a site holds nothing that outlives its day", test_days_over},
    {"damaged certificates and lists", test_damaged_certificates},
    {"a block whose beginning is damaged", test_block_passed_over},
    {"copies, and what is no PSD's, among certificates", test_copies},
    {"a key on another curve", test_other_curve},
    {"files with several keys", test_keys},
    {"damaged rate tables", test_damaged_rates},
    {"damaged tables of days, and those that others may read", test_damaged_days},
    {"tables of days with another head", test_day_heads},
    {"damaged DSA keys, and keys that are none", test_damaged_dsa},
    {"a DSA key that another certificate vouches for", test_dsa_of_before},
    {"damaged lists of control totals", test_damaged_meters},
    {"what is no ordinary file", test_odd_files},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("the folder of a verification site", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
