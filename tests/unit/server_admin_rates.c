/* Rates: written by a person, signed, published. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/rates_file.h"
#include "admin_support.h"
#include "crypto/evp.h"
#include "datacenter/rates.h"
#include "store_db.h"

#define HEAD "country US\neffective 2026-07-01\nexpires 2099-07-01\n"
#define SERVICES                                                                                                       \
  "service certificate 1\nservice activation 0.5\nservice signing 0.1\nservice postmark 0.25\n"                        \
  "service verification 0\nservice agent 2\nservice revocation 0.5\nservice payment 0.1\n"
#define WHOLE HEAD SERVICES "rate first 28g 0.73\n"

static const char *path_of(const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static int publish(const char *text) {
  write_file(path_of("rates.txt"), text);
  return ADMIN("rates", "publish", path_of("rates.txt"), "DB", "KMS");
}

static uint32_t newest(void) {
  uint32_t version = 0;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_rates_newest(db, &version), PSD_DB_DONE);
  close_store(db);
  return version;
}

static void test_weights(void) {
  static const struct {
    const char *words;
    uint64_t grams;
  } good[] = {{"28g", 28},   {"1oz", 28},         {"1.0oz", 28}, {"3.5oz", 99},   {"16oz", 453},     {"1lb", 453},
              {"5lb", 2267}, {"0.5kg", 500},      {"2kg", 2000}, {"28.999g", 28}, {"1.001kg", 1001}, {"65535g", 65535},
              {"1.1g", 1},   {"65.535kg", 65535}, {"13oz", 368}, {"0.036oz", 1}};
  static const char *const bad[] = {"",       "g",          "28",    "28 g",    "-1g",   "0g",        "0.999g",
                                    "65536g", "1.0005g",    "1.g",   ".5kg",    "1..5g", "1e3g",      "28G",
                                    "28gr",   "999999999g", "145lb", "0.035oz", "1,5g",  "99999999lb"};
  uint64_t grams = 0;
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
    bool taken = psd_draft_weight(good[i].words, &grams);
    if (!taken || grams != good[i].grams)
      fprintf(stderr, "%s: %d, %llu g\n", good[i].words, taken, (unsigned long long)grams);
    CU_ASSERT(taken && grams == good[i].grams);
  }
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    bool taken = psd_draft_weight(bad[i], &grams);
    if (taken)
      fprintf(stderr, "\"%s\" was taken for %llu g\n", bad[i], (unsigned long long)grams);
    CU_ASSERT(!taken);
  }
}

static void test_bad_files(void) {
  static const struct {
    const char *text, *words;
  } bad[] = {
      {"", "rates.txt: it does not say country: add a line as \"country US\""},
      {"country US\neffective 2026-07-01\n" SERVICES "rate first 28g 0.73\n", "it does not say expires"},
      {HEAD "rate first 28g 0.73\n", "it does not say what the service certificate costs: add a line \"service "
                                     "certificate 0.25\""},
      {HEAD SERVICES, "it has no rate: add lines as"},
      {WHOLE "country US\n", "line 13: country was there already: leave one of the lines out"},
      {"country us\n", "line 1: a country is two capitals, as US"},
      {"country USA\n", "line 1: a country is two capitals"},
      {"country\n", "line 1: that line is written as \"country US\""},
      {"\n# x\nversion 0 # y\n", "line 3: a version is a number from 1 to"},
      {"version 4294967296\n", "line 1: a version is a number"},
      {"version 7x\n", "line 1: a version is a number"},
      {"version 1.5\n", "line 1: a version is a number"},
      {"effective 2026-02-30\n", "line 1: \"2026-02-30\" is no day: one is written as 2026-07-01"},
      {"expires soon\n", "line 1: \"soon\" is no day"},
      {"service tip 1\n", "line 1: there is no service \"tip\": certificate, activation"},
      {"service postmark 1.0005\n", "line 1: \"1.0005\" is no amount: one is written as 0.25"},
      {"service postmark 1\nservice postmark 1\n", "line 2: that service was there already"},
      {"origin 62\n", "line 1: an origin is how the senders' ZIPs begin"},
      {"origin 1000\n", "line 1: an origin is"},
      {"zone 000-99 8\n", "line 1: \"000-99\" is no range of ZIPs: one is written as 000-099"},
      {"zone 099-000 8\n", "line 1: \"099-000\" is no range"},
      {"zone 000-0999 8\n", "line 1: \"000-0999\" is no range"},
      {"zone 000-099 0\n", "line 1: a zone is a number from 1 to 9"},
      {"zone 000-099 10\n", "line 1: a zone is a number from 1 to 9"},
      {"rate letter 28g 0.73\n", "line 1: there is no class \"letter\": first, flat, card, priority"},
      {"rate first 28 0.73\n", "line 1: \"28\" is no weight from 1 g to 65535 g"},
      {"rate first 28g 0\n", "line 1: \"0\" is no postage from 0.001 to 16777.215"},
      {"rate first 28g 16777.216\n", "line 1: \"16777.216\" is no postage"},
      {"rate first zone 28g 0.73\n", "line 1: a rate is written as"},
      {"rate first at 1 28g 0.73\n", "line 1: a rate is written as"},
      {"rate first zone 0 28g 0.73\n", "line 1: a zone is a number"},
      {"rates first 28g 0.73\n", "line 1: \"rates\" begins no line: country, version"},
      {WHOLE "rate first 1oz 0.74\n",
       "line 13: the same class, zone and weight in whole grams as in line 12: change one"},
      {WHOLE "rate first zone 1 1oz 0.74\n",
       "line 13: a class has zones or it has none; it is the other way in line 12"},
      {WHOLE "origin 627\n", "it has an origin and no zones: leave the origin out"},
      {WHOLE "zone 000-099 8\n", "line 13: zones are seen from somewhere: add a line as \"origin 627\""},
      {WHOLE "origin 627\nzone 050-120 8\nzone 000-099 7\n", "line 15: it has ZIPs that are those of line 14: change"},
      {"country US\neffective 2026-07-01\nexpires 2026-07-01\n" SERVICES "rate first 28g 0.73\n",
       "it expires before it is effective"},
      {"country US\neffective 2020-07-01\nexpires 2021-07-01\n" SERVICES "rate first 28g 0.73\n",
       "the rates have expired: no meter would take them"},
      {"country US # a line may be long, but so long that nobody knows whether all of it was meant it may not be, and "
       "such a line is this\n",
       "line 1: it has 128 bytes or more, or is no text"},
  };
  int process = begin();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CU_ASSERT_EQUAL(publish(bad[i].text), 1);
    CU_ASSERT(has(err, bad[i].words));
  }
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("none"), "DB", "KMS"), 1);
  CU_ASSERT(has(err, "cannot be opened"));
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("none"), "DB"), 2);
  CU_ASSERT(has(err, "needs --kms"));
  CU_ASSERT_EQUAL(newest(), 0);
  kms_end(process);
}

/* As many rates as a table has room for, and one more. */
static void test_too_large(void) {
  char text[16384];
  int process = begin();
  for (unsigned rates = 267; rates <= 268; rates++) {
    size_t length = (size_t)snprintf(text, sizeof text, HEAD SERVICES);
    for (unsigned i = 0; i < rates; i++)
      length += (size_t)snprintf(text + length, sizeof text - length, "rate first %ug 0.73\n", rates - i);
    CU_ASSERT_EQUAL(publish(text), rates == 267 ? 0 : 1);
  }
  CU_ASSERT(has(err, "it has 1965 bytes with 268 rates and 0 zones, and may have 1960: a rate takes 7, a zone 5"));
  CU_ASSERT_EQUAL(newest(), 1);
  kms_end(process);
}

/* Written in whatever order, with blanks and comments: shown in the order of the table, and taken once more like that.
 */
static void test_published(void) {
  psd_published_rates row;
  psd_rates rates;
  static char shown[sizeof out];
  int process = begin();
  CU_ASSERT_EQUAL(publish("# a comment, first\n\n  rate ground zone 2 1lb 5.40 # two\n" HEAD
                          "rate first 2oz 1.01\nzone 630-699 3\n" SERVICES
                          "origin 627\nrate first 28g 0.73\nrate ground zone 1 1lb 5.25\nzone 000-099 6\n"),
                  0);
  CU_ASSERT(has(out, "# hash ") && has(out, "not published yet\ncountry US\nversion 1\neffective 2026-07-01\n"
                                            "expires 2099-07-01\nservice certificate 1.00\n"));
  CU_ASSERT(has(out, "origin 627\nzone 000-099 6\nzone 630-699 3\nrate first 28g 0.73\nrate first 56g 1.01\n"
                     "rate ground zone 1 453g 5.25\nrate ground zone 2 453g 5.40\npublished: meters get them"));
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_rates_find(db, 1, &row), PSD_DB_DONE);
  CU_ASSERT(psd_rates_open(row.bytes, row.length - PSD_RATES_SIGNATURE, &rates));
  CU_ASSERT(rates.head.version == 1 && rates.services.postmark == 250 && rates.head.rows == 4 &&
            row.effective == 20260701);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("rates", "show", "1", "DB"), 0);
  CU_ASSERT(has(out, "published 2"));
  memcpy(shown, out, sizeof shown);
  char *version = strstr(shown, "version 1\n");
  CU_ASSERT_PTR_NOT_NULL_FATAL(version);
  CU_ASSERT_EQUAL(publish(shown), 1);
  CU_ASSERT(has(err, "version 1 is not above 1, the last that was published: leave the line \"version\" out"));
  version[8] = '5';
  CU_ASSERT_EQUAL(publish(shown), 0);
  CU_ASSERT_EQUAL(ADMIN("rates", "show", "5", "DB"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(out, strstr(shown, "effective")));
  CU_ASSERT_EQUAL(ADMIN("rates", "show", "1", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"version\": 1,\n  \"country\": \"US\",\n  \"effective\": \"2026-07-01\""));
  CU_ASSERT(has(out, "\"class\": \"ground\",\n      \"zone\": 2,\n      \"grams\": 453,\n      \"postage\": 5400"));
  CU_ASSERT_EQUAL(ADMIN("rates", "show", "2", "DB"), 1);
  CU_ASSERT(has(err, "there is no version 2: see psd-server rates list"));
  CU_ASSERT_EQUAL(ADMIN("rates", "show", "x", "DB"), 2);
  CU_ASSERT_EQUAL(publish(WHOLE), 0); /* the next one */
  CU_ASSERT_EQUAL(newest(), 6);
  CU_ASSERT_STRING_EQUAL(err, "");
  CU_ASSERT_EQUAL(publish("country CA\neffective 2026-07-01\nexpires 2099-07-01\n" SERVICES "rate first 28g 0.73\n"),
                  0);
  CU_ASSERT(has(err, "warning: version 6 was for US, this one is for CA"));
  kms_end(process);
}

static void test_listed(void) {
  int process = begin();
  add_meter();
  CU_ASSERT_EQUAL(ADMIN("rates", "list", "DB"), 0);
  CU_ASSERT_EQUAL(publish("country US\neffective 2020-01-01\nexpires 2099-01-01\n" SERVICES "rate first 28g 0.73\n"),
                  0);
  CU_ASSERT_EQUAL(publish("country US\neffective 2021-01-01\nexpires 2099-01-01\n" SERVICES "rate first 28g 0.74\n"),
                  0);
  CU_ASSERT_EQUAL(publish("country US\neffective 2098-01-01\nexpires 2099-01-01\n" SERVICES "rate first 28g 0.75\n"),
                  0);
  CU_ASSERT_EQUAL(publish("country US\neffective 2098-06-01\nexpires 2099-01-01\n" SERVICES "rate first 28g 0.76\n"),
                  0);
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_rates_delivered(db, device_2a, 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_rates_refused(db, device_2a, 3), PSD_DB_DONE);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("rates", "list", "DB"), 0);
  CU_ASSERT(has(out, "         1 US      replaced  2020-01-01 2099-01-01"));
  CU_ASSERT(has(out, "         2 US      in force  2021-01-01 2099-01-01"));
  CU_ASSERT(has(out, "    96          1 2"));
  CU_ASSERT(has(out, "         3 US      next      2098-01-01") && has(out, "         4 US      later     2098-06-01"));
  CU_ASSERT_EQUAL(ADMIN("rates", "list", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"state\": \"in force\",\n    \"meters\": 1"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "rates                version 2; 3 refused"));
  CU_ASSERT_EQUAL(ADMIN("meter", "show", "0000002A", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"rates\": 2,\n  \"rates_refused\": 3"));
  kms_end(process);
}

static void write_key(const char *name, const uint8_t secret[32]) {
  char pem[PSD_PEM_MAX];
  uint8_t point[PSD_POINT];
  CU_ASSERT_FATAL(psd_evp_start());
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  CU_ASSERT_FATAL(psd_point_pem(point, pem));
  psd_pair_free(pair);
  psd_evp_stop();
  write_file(path_of(name), pem);
}

static size_t read_bytes(const char *path, uint8_t *bytes, size_t room) {
  FILE *in = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  size_t length = fread(bytes, 1, room, in);
  (void)fclose(in);
  return length;
}

/* Whoever has the key can check what was exported. */
static void test_exported(void) {
  uint8_t bytes[4096], point[PSD_POINT];
  psd_rates rates;
  struct stat status;
  int process = begin();
  CU_ASSERT_EQUAL(publish(WHOLE), 0);
  CU_ASSERT_EQUAL(ADMIN("rates", "export", "1", path_of("1.rates"), "DB"), 0);
  CU_ASSERT(stat(path_of("1.rates"), &status) == 0 && (status.st_mode & 07777) == 0644);
  size_t length = read_bytes(path_of("1.rates"), bytes, sizeof bytes);
  CU_ASSERT_FATAL(length > PSD_RATES_SIGNATURE && psd_rates_open(bytes, length - PSD_RATES_SIGNATURE, &rates));
  CU_ASSERT_FATAL(psd_evp_start());
  psd_pair *pair = psd_pair_of(rate_secret);
  psd_pair_point(pair, point);
  const psd_part parts[] = {{PSD_RATES_LABEL, strlen(PSD_RATES_LABEL)}, {bytes, length - PSD_RATES_SIGNATURE}};
  CU_ASSERT(psd_point_verify(point, parts, 2, bytes + length - PSD_RATES_SIGNATURE));
  psd_pair_free(pair);
  psd_evp_stop();
  CU_ASSERT_EQUAL(ADMIN("rates", "export", "1", "/nonexistent/1.rates", "DB"), 1);
  CU_ASSERT(has(err, "/nonexistent/1.rates cannot be written"));
  CU_ASSERT_EQUAL(ADMIN("rates", "export", "2", path_of("2.rates"), "DB"), 1);
  CU_ASSERT(access(path_of("2.rates"), F_OK) != 0);
  (void)unlink(path_of("1.rates"));
  kms_end(process);
}

/* With the public key a wrong signature is found before anything is published. */
static void test_wrong_signature(void) {
  char key[128], other[128];
  int process = begin();
  write_key("key", rate_secret);
  write_key("other", other_secret);
  (void)snprintf(key, sizeof key, "%s/key", folder);
  (void)snprintf(other, sizeof other, "%s/other", folder);
  write_file(path_of("rates.txt"), WHOLE);
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("rates.txt"), "--rate-key", other, "DB", "KMS"), 1);
  CU_ASSERT(has(err, "the signature is not of the key in --rate-key: nothing was published"));
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("rates.txt"), "--rate-key", path_of("rates.txt"), "DB", "KMS"), 1);
  CU_ASSERT(has(err, "is no public key of kind rate"));
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("rates.txt"), "--rate-key", "/nonexistent", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(newest(), 0);
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", path_of("rates.txt"), "--rate-key", key, "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "{\n  \"version\": 1,") && strstr(out, "country US") == NULL);
  CU_ASSERT_EQUAL(newest(), 1);
  (void)unlink(key);
  (void)unlink(other);
  kms_end(process);
}

/* Planted faults: nothing is half published, and the command can be given again. */
static void test_faults(void) {
  static const struct {
    manner how;
    int status;
    const char *words;
  } cases[] = {{SIGNED_ANOTHER, 1, "; it may have signed another table of this version: write a line \"version\""},
               {REFUSES, 1, "the key management system refuses to sign the rates"},
               {HANGS_UP, 3, "cannot be reached"},
               {HALF, 3, "cannot be reached"},
               {GARBAGE, 1, "is no key management system"}};
  int process = begin();
  kms_end(process);
  CU_ASSERT_EQUAL(publish(WHOLE), 3);
  CU_ASSERT(has(err, "the key management system cannot be reached"));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    process = kms_start(cases[i].how);
    CU_ASSERT_EQUAL(publish(WHOLE), cases[i].status);
    CU_ASSERT(has(err, cases[i].words));
    kms_end(process);
    CU_ASSERT_EQUAL(newest(), 0);
  }
  process = kms_start(KEY);
  /* The database takes nothing: signed, and not published. */
  CU_ASSERT_FATAL(raw("ALTER TABLE rate_tables RENAME TO taken_away"));
  CU_ASSERT_EQUAL(publish(WHOLE), 3);
  CU_ASSERT_FATAL(raw("ALTER TABLE taken_away RENAME TO rate_tables"));
  CU_ASSERT_EQUAL(newest(), 0);
  CU_ASSERT_EQUAL(publish(WHOLE), 0);
  CU_ASSERT_EQUAL(newest(), 1);
  kms_end(process);
}

static void test_example(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("rates", "publish", PSD_DOCS "/examples/rates-specimen.txt", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "rate first 28g 0.73\n") && has(out, "origin 627\n"));
  kms_end(process);
}

static const psd_check_test tests[] = {
    {"weights are whole grams, rounded down", test_weights},
    {"every mistake is told with its line and what to do", test_bad_files},
    {"a table that is too large is told how large", test_too_large},
    {"rates are sorted, published, and shown as a file", test_published},
    {"what is in force, and who has it", test_listed},
    {"a table is exported as it was signed", test_exported},
    {"a wrong signature is not published", test_wrong_signature},
    {"nothing is half published", test_faults},
    {"the example in the documents", test_example},
};

int main(void) {
  return admin_tests("psd-server's operator: rates", tests, PSD_CHECK_COUNT(tests));
}
