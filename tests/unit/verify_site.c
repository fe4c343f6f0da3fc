/* What a verification site finds (docs/evidence.md): each check, both ways. */
#include "verify_bench.h"

#include <stdio.h>
#include <string.h>

#include "crypto/tokens.h"

#define TEST(name) static void name(void)

/* Accepted, with nothing unknown but what nobody was asked. */
TEST(test_right) {
  static const psd_profile_id profiles[] = {PSD_PROFILE_P256, PSD_PROFILE_DSA};
  bench_fill();
  psd_site *site = bench_open();
  CU_ASSERT_PTR_NULL(psd_site_note(site, 0));
  for (size_t i = 0; i < 2; i++) {
    psd_indicium fields = bench_fields(profiles[i]);
    psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
    CU_ASSERT_TRUE(verdict.accepted);
    bench_found(&verdict, PSD_CHECK_FORM, PSD_CHECK_PASSED, i == 0 ? "p256" : "dsa");
    bench_found(&verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_PASSED, "certificate 5");
    bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, "not on the list");
    bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, i == 0 ? "ECDSA" : "DSA");
    bench_found(&verdict, PSD_CHECK_KIND, PSD_CHECK_PASSED, "postage");
    bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_PASSED, "2026-11-22");
    bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_PASSED, "first up to 28 g is 0.73");
    bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "none was told");
    bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_PASSED, "control total 50.00");
    bench_found(&verdict, PSD_CHECK_DUPLICATE, PSD_CHECK_UNKNOWN, NULL);
  }
  psd_site_close(site);
}

TEST(test_compact) {
  uint8_t bytes[PSD_INDICIUM_MAX];
  psd_claim claim;
  psd_piece_verdict verdict;
  bench_fill();
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_COMPACT);
  fields.date = 20261121;
  size_t length = bench_sign_compact(&fields, 1, bytes);
  CU_ASSERT_EQUAL(length, 20);
  CU_ASSERT_TRUE_FATAL(psd_claim_read(bytes, length, &claim, &verdict));
  CU_ASSERT_EQUAL(claim.fields.date, 0);
  psd_site_judge(site, &claim, NULL, &verdict);
  psd_verdict_end(&verdict);
  CU_ASSERT_TRUE(verdict.accepted);
  CU_ASSERT_EQUAL(claim.fields.date, 20261121);
  bench_found(&verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "a compact indicium has none");
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_PASSED, "HMAC, by the PSD's key of 2026-11-21");
  bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_PASSED, "2026-11-21");
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_PASSED, "0.73");
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "none");
  /* A price that is in no table; a set that the site has not. */
  fields.postage = 731;
  verdict = bench_judge(site, bytes, bench_sign_compact(&fields, 1, bytes), NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "no table here");
  verdict = bench_judge(site, bytes, bench_sign_compact(&fields, 2, bytes), NULL);
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_FAILED, "on no day that is taken");
  bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_UNKNOWN, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "date");
  CU_ASSERT_FALSE(verdict.accepted);
  psd_site_close(site);
  /* Without the table of its day, nobody knows; with another set's in use, it is tried. */
  bench_remove("days/postal-20261121.day");
  site = bench_open();
  fields.postage = BENCH_POSTAGE;
  length = bench_sign_compact(&fields, 1, bytes);
  verdict = bench_judge(site, bytes, length, NULL);
  bench_found(&verdict, PSD_CHECK_SIGNATURE, PSD_CHECK_UNKNOWN, "on none of the days there are tables of");
  CU_ASSERT_FALSE(verdict.accepted);
  psd_site_close(site);
  bench_put_day("days/new.day", &(bench_day){.domain = PSD_TOKENS_POSTAL, .set = 2, .date = 20261121});
  site = bench_open();
  verdict = bench_judge(site, bytes, bench_sign_compact(&fields, 2, bytes), NULL);
  CU_ASSERT_TRUE(verdict.accepted);
  psd_site_close(site);
}

/* Every bit of what is read. */
TEST(test_bits) {
  static const psd_profile_id profiles[] = {PSD_PROFILE_P256, PSD_PROFILE_DSA, PSD_PROFILE_COMPACT};
  static const size_t sizes[] = {113, 89, 20};
  uint8_t bytes[PSD_INDICIUM_MAX];
  bench_fill();
  psd_site *site = bench_open();
  for (size_t i = 0; i < 3; i++) {
    psd_indicium fields = bench_fields(profiles[i]);
    bool compact = profiles[i] == PSD_PROFILE_COMPACT;
    size_t length = compact ? bench_sign_compact(&fields, 1, bytes) : bench_sign(&fields, bytes);
    CU_ASSERT_EQUAL_FATAL(length, sizes[i]);
    CU_ASSERT_TRUE(bench_judge(site, bytes, length, NULL).accepted);
    for (size_t bit = 0; bit < 8 * length; bit++) {
      bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
      psd_piece_verdict verdict = bench_judge(site, bytes, length, NULL);
      CU_ASSERT_FALSE(verdict.accepted);
      CU_ASSERT(verdict.checks[PSD_CHECK_FORM].result == PSD_CHECK_FAILED ||
                verdict.checks[PSD_CHECK_CERTIFICATE].result == PSD_CHECK_FAILED ||
                verdict.checks[PSD_CHECK_SIGNATURE].result == PSD_CHECK_FAILED);
      bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
  }
  psd_site_close(site);
}

static void formless(const uint8_t *bytes, size_t length, const char *words) {
  psd_claim claim;
  psd_piece_verdict verdict;
  CU_ASSERT_FALSE(psd_claim_read(bytes, length, &claim, &verdict));
  bench_found(&verdict, PSD_CHECK_FORM, PSD_CHECK_FAILED, words);
  CU_ASSERT_FALSE(verdict.accepted);
}

TEST(test_form) {
  uint8_t bytes[PSD_INDICIUM_MAX + 1] = {0}, lite[20] = {0xFF, 0x47, 0x13, 0x27, 0, 0x11};
  bench_fill();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  size_t length = bench_sign(&fields, bytes);
  formless(bytes, 0, "so many bytes");
  formless(bytes, length + 1, "so many bytes");
  formless(bytes, 1, "cut off");
  formless(bytes, 48, "cut off");
  formless(bytes, 49, "its length is not that");
  formless(bytes, 89, "its length is not that");
  bytes[1] = 1;
  formless(bytes, length, "its length is not that");
  bytes[1] = 9;
  formless(bytes, length, "its algorithm is none");
  bytes[1] = 3;
  formless(bytes, length, "its algorithm is none");
  formless((const uint8_t *)"https://example.org/1", 21, "its version");
  formless(lite, sizeof lite, "a real post");
  fields.date = 20261131;
  formless(bytes, bench_sign(&fields, bytes), "there is no date 20261131");
  fields = bench_fields(PSD_PROFILE_P256);
  fields.category = bench_category((psd_evidence_kind)5, 0);
  formless(bytes, bench_sign(&fields, bytes), "kind 5 is none");
  formless(bytes, bench_sign_compact(&fields, 1, bytes), "kind 5 is none");
  fields = bench_fields(PSD_PROFILE_P256);
  fields.vendor[0] = 7;
  formless(bytes, bench_sign(&fields, bytes), "no text");
  fields = bench_fields(PSD_PROFILE_COMPACT);
  length = bench_sign_compact(&fields, 1, bytes);
  formless(bytes, length - 1, "cut off");
  formless(bytes, length + 1, "cut off");
  bytes[5] = 18;
  formless(bytes, length, "maker 18 is none");
}

TEST(test_certificate) {
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  bench_fill();
  bench_certify("certificates/others.pem", &(bench_certificate){.number = 6, .serial = 77});
  bench_certify("certificates/stranger.pem", &(bench_certificate){.number = 7, .issuer = bench.other_ca});
  bench_certify("certificates/over.pem", &(bench_certificate){.number = 8, .until = BENCH_NOON - 3 * BENCH_DAY});
  bench_certify("certificates/early.pem", &(bench_certificate){.number = 9, .from = BENCH_NOON + 3 * BENCH_DAY});
  bench_certify("certificates/ends.pem", &(bench_certificate){.number = 10, .until = BENCH_NOON - BENCH_DAY / 2});
  bench_certify("certificates/key.pem", &(bench_certificate){.number = 11, .subject = bench.other_psd});
  psd_site *site = bench_open();
  static const struct {
    uint32_t number;
    psd_check_result certificate, signature;
    const char *words;
  } cases[] = {
      {1, PSD_CHECK_FAILED, PSD_CHECK_UNKNOWN, "there is no certificate 1"},
      {6, PSD_CHECK_FAILED, PSD_CHECK_UNKNOWN, "certificate 6 is another PSD's"},
      {7, PSD_CHECK_FAILED, PSD_CHECK_UNKNOWN, "not by a CA that is trusted"},
      {8, PSD_CHECK_FAILED, PSD_CHECK_PASSED, "is valid from 2026-08-14 to 2026-11-19 only"},
      {9, PSD_CHECK_FAILED, PSD_CHECK_PASSED, "is valid from 2026-11-25"},
      {10, PSD_CHECK_PASSED, PSD_CHECK_PASSED, "certificate 10"},
      {11, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "certificate 11"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    fields = bench_fields(PSD_PROFILE_P256);
    fields.certificate = cases[i].number;
    psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
    bench_found(&verdict, PSD_CHECK_CERTIFICATE, cases[i].certificate, cases[i].words);
    bench_found(&verdict, PSD_CHECK_SIGNATURE, cases[i].signature, NULL);
    CU_ASSERT_EQUAL(verdict.accepted,
                    cases[i].certificate == PSD_CHECK_PASSED && cases[i].signature == PSD_CHECK_PASSED);
  }
  psd_site_close(site);
  /* A CA that is trusted as well. */
  bench_authority("ca/2.pem", bench.other_ca);
  site = bench_open();
  fields.certificate = 7;
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  CU_ASSERT_TRUE(verdict.accepted);
  bench_found(&verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "no list of its CA");
  psd_site_close(site);
}

TEST(test_kinds) {
  static const struct {
    psd_evidence_kind kind;
    uint64_t row, postage;
    psd_check_result kind_result, rate;
    const char *words;
  } cases[] = {
      {PSD_EVIDENCE_REDATE, PSD_ROW_UNRATED, 0, PSD_CHECK_PASSED, PSD_CHECK_PASSED, "not rated"},
      {PSD_EVIDENCE_REDATE, PSD_ROW_UNRATED, 1, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "a redate with postage"},
      {PSD_EVIDENCE_REDATE, 0, 0, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "names a row"},
      {PSD_EVIDENCE_CORRECTION, PSD_ROW_UNRATED, 50, PSD_CHECK_PASSED, PSD_CHECK_PASSED, "not rated"},
      {PSD_EVIDENCE_CORRECTION, PSD_ROW_UNRATED, 0, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "without postage"},
      {PSD_EVIDENCE_TEST, PSD_ROW_UNRATED, 0, PSD_CHECK_FAILED, PSD_CHECK_PASSED, "not rated"},
      {PSD_EVIDENCE_WITHDRAWAL, PSD_ROW_UNRATED, 0, PSD_CHECK_FAILED, PSD_CHECK_PASSED, "not rated"},
      {PSD_EVIDENCE_POSTAGE, PSD_ROW_UNRATED, 730, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "postage that is not rated"},
      {PSD_EVIDENCE_POSTAGE, 0, 0, PSD_CHECK_PASSED, PSD_CHECK_FAILED, "or none"},
  };
  bench_fill();
  psd_site *site = bench_open();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    psd_indicium fields = bench_fields(PSD_PROFILE_P256);
    fields.category = bench_category(cases[i].kind, cases[i].row);
    fields.postage = cases[i].postage;
    fields.destination = cases[i].kind == PSD_EVIDENCE_REDATE ? fields.piece_count - 1 : 0;
    if (cases[i].row == PSD_ROW_UNRATED)
      memset(fields.rates, 0, sizeof fields.rates);
    psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
    bench_found(&verdict, PSD_CHECK_KIND, cases[i].kind_result, NULL);
    bench_found(&verdict, PSD_CHECK_RATE, cases[i].rate, cases[i].words);
    CU_ASSERT_EQUAL(verdict.accepted, cases[i].kind_result == PSD_CHECK_PASSED && cases[i].rate == PSD_CHECK_PASSED);
  }
  /* What is dated anew was made before. */
  static const uint64_t no_piece[] = {0, 7, 8};
  for (size_t i = 0; i < 3; i++) {
    psd_indicium redate = bench_fields(PSD_PROFILE_P256);
    redate.category = bench_category(PSD_EVIDENCE_REDATE, PSD_ROW_UNRATED);
    redate.postage = 0;
    memset(redate.rates, 0, sizeof redate.rates);
    redate.destination = no_piece[i];
    psd_piece_verdict refused = bench_judge_fields(site, &redate, NULL);
    bench_found(&refused, PSD_CHECK_KIND, PSD_CHECK_FAILED, "a redate of no piece before it");
  }
  psd_indicium hashed = bench_fields(PSD_PROFILE_P256);
  hashed.category = bench_category(PSD_EVIDENCE_CORRECTION, PSD_ROW_UNRATED);
  psd_piece_verdict verdict = bench_judge_fields(site, &hashed, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "names a row");
  psd_site_close(site);
}

TEST(test_date) {
  static const struct {
    uint32_t date;
    psd_check_result result;
    const char *words;
  } cases[] = {
      {20261119, PSD_CHECK_FAILED, "more than 2 days ago"},
      {20261120, PSD_CHECK_PASSED, "2026-11-20"},
      {20261123, PSD_CHECK_PASSED, "2026-11-23"},
      {20261124, PSD_CHECK_FAILED, "2026-11-24 is ahead"},
  };
  bench_fill();
  psd_site *site = bench_open();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    psd_indicium fields = bench_fields(PSD_PROFILE_P256);
    fields.date = cases[i].date;
    psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
    bench_found(&verdict, PSD_CHECK_DATE, cases[i].result, cases[i].words);
    CU_ASSERT_EQUAL(verdict.accepted, cases[i].result == PSD_CHECK_PASSED);
  }
  psd_site_close(site);
}

TEST(test_rate) {
  bench_fill();
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  fields.postage++;
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "first up to 28 g is 0.73");
  CU_ASSERT_FALSE(verdict.accepted);
  fields = bench_fields(PSD_PROFILE_P256);
  fields.category = bench_category(PSD_EVIDENCE_POSTAGE, 1);
  fields.postage = 1010;
  CU_ASSERT_TRUE(bench_judge_fields(site, &fields, NULL).accepted);
  fields.category = bench_category(PSD_EVIDENCE_POSTAGE, 2);
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "has no row 2");
  fields = bench_fields(PSD_PROFILE_P256);
  fields.rates[3] ^= 1;
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_UNKNOWN, "no table with the hash");
  CU_ASSERT_TRUE(verdict.accepted);
  fields = bench_fields(PSD_PROFILE_P256);
  fields.date = 20261031;
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_RATE, PSD_CHECK_FAILED, "not in force");
  psd_site_close(site);
}

TEST(test_registers) {
  bench_fill();
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  fields.descending++;
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED, "never had a control total of 50.001");
  CU_ASSERT_FALSE(verdict.accepted);
  /* A control total that it has only later. */
  fields.descending = 90000 - fields.ascending;
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED, "90.00");
  fields.date = 20261223;
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_PASSED, "90.00");
  fields = bench_fields(PSD_PROFILE_P256);
  fields.ascending = BENCH_POSTAGE - 1;
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_FAILED, "less than this postage");
  psd_site_close(site);
  /* A meter that the list does not know; one in current account; as psd-server writes it. */
  static const char other[] = "PS,D1,00C0FFEF,50.00,1795000000\n";
  bench_put("meters.csv", other, sizeof other - 1, 0644);
  site = bench_open();
  fields = bench_fields(PSD_PROFILE_P256);
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "does not know the meter");
  CU_ASSERT_TRUE(verdict.accepted);
  psd_site_close(site);
  static const char account[] = "PS,D1,00C0FFEE,,1795000000\n";
  bench_put("meters.csv", account, sizeof account - 1, 0644);
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, NULL);
  bench_found(&verdict, PSD_CHECK_REGISTERS, PSD_CHECK_UNKNOWN, "current account");
  psd_site_close(site);
}

static psd_piece_facts facts_of(const psd_indicium *fields, const char *addressee) {
  return (psd_piece_facts){.addressee = addressee,
                           .vendor_given = true,
                           .postal_given = true,
                           .vendor_digits = 5,
                           .postal_digits = 5,
                           .vendor_token = bench_token(fields, PSD_TOKENS_VENDOR, 1, addressee, 5),
                           .postal_token = bench_token(fields, PSD_TOKENS_POSTAL, 1, addressee, 5)};
}

TEST(test_tokens) {
  bench_fill();
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  psd_piece_facts facts = facts_of(&fields, "Jane Roe\n1 Main St");
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, "both tokens are right");
  facts.addressee = " JANE  roe 1 Main\tSt ";
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, NULL);
  facts.addressee = "John Doe";
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, "the vendor token is another");
  CU_ASSERT_FALSE(verdict.accepted);
  facts.addressee = NULL;
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, "no addressee was told");
  facts = facts_of(&fields, NULL);
  facts.postal_token ^= 1;
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, "the postal token is another");
  facts.postal_given = false;
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, "the token is right");
  for (unsigned digits = 1; digits <= 9; digits++) {
    bool some = digits >= PSD_TOKEN_DIGITS_LEAST && digits <= PSD_TOKEN_DIGITS_MOST;
    facts.vendor_digits = digits;
    facts.vendor_token = some ? bench_token(&fields, PSD_TOKENS_VENDOR, 1, NULL, digits) : 1;
    verdict = bench_judge_fields(site, &fields, &facts);
    bench_found(&verdict, PSD_CHECK_TOKENS, some ? PSD_CHECK_PASSED : PSD_CHECK_FAILED, some ? NULL : "2 to 8");
  }
  psd_site_close(site);
}

/* Sets in use beside one another, and the order in which the meter comes first. */
TEST(test_sets) {
  uint8_t final[PSD_TOKEN_KEY_SIZE];
  bench_fill();
  psd_site *site = bench_open();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  psd_piece_facts facts = {.vendor_given = true, .vendor_digits = 5};
  facts.vendor_token = bench_token(&fields, PSD_TOKENS_VENDOR, 2, NULL, 5);
  psd_piece_verdict verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, NULL);
  psd_site_close(site);
  bench_put_day("days/2.day", &(bench_day){.domain = PSD_TOKENS_VENDOR, .set = 2, .date = BENCH_TODAY});
  bench_put_day("days/3.day",
                &(bench_day){.domain = PSD_TOKENS_VENDOR, .order = PSD_TOKEN_BY_METER, .set = 3, .date = BENCH_TODAY});
  site = bench_open();
  verdict = bench_judge_fields(site, &fields, &facts);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, NULL);
  psd_token_input input = {.vendor = "PS", .model = "D1", .serial = BENCH_SERIAL, .postage = 1, .date = BENCH_TODAY};
  bench_final(PSD_TOKENS_VENDOR, PSD_TOKEN_BY_METER, 3, BENCH_TODAY, final);
  uint32_t token;
  CU_ASSERT_TRUE_FATAL(psd_token_make(final, &input, 5, &token));
  facts.vendor_token = token;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, NULL);
  bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_PASSED, NULL);
  CU_ASSERT_FALSE(verdict.accepted);
  facts.vendor_token = (token + 1) % 100000;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_FAILED, NULL);
  /* A test's token is right, and no postage. */
  input.postage = 0;
  CU_ASSERT_TRUE_FATAL(psd_token_make(final, &input, 5, &token));
  facts.vendor_token = token;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_PASSED, NULL);
  bench_found(&verdict, PSD_CHECK_KIND, PSD_CHECK_FAILED, "without postage");
  input.postage = 1;
  /* No table of that day; a date that is none. */
  input.date = 20261201;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "there is no vendor table for this PSD of 2026-12-01");
  bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_FAILED, "ahead");
  input.date = 20261301;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_DATE, PSD_CHECK_FAILED, "there is no date 2026-13-01");
  psd_site_close(site);
  /* Only the table of meters is left, and this meter is not in it. */
  bench_remove("days/2.day");
  bench_remove("days/vendor-20261122.day");
  site = bench_open();
  input.date = BENCH_TODAY;
  input.serial = 5;
  psd_site_judge_token(site, &input, &facts, &verdict);
  bench_found(&verdict, PSD_CHECK_TOKENS, PSD_CHECK_UNKNOWN, "no vendor table for this PSD");
  psd_site_close(site);
}

static const psd_check_test tests[] = {
    {"a piece that is right is accepted", test_right},
    {"a compact indicium, and how its date is found", test_compact},
    {"no bit of an indicium can be turned", test_bits},
    {"what is no indicium", test_form},
    {"certificates: none, another PSD's, another CA's, out of time, of another key", test_certificate},
    {"kinds that are postage and kinds that are not, and what each may cost", test_kinds},
    {"dates of mailing", test_date},
    {"the postage is that of the row, of a table in force", test_rate},
    {"registers make a control total that the meter had", test_registers},
    {"tokens of both domains, with any number of digits", test_tokens},
    {"sets beside one another, and both orders", test_sets},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("what a verification site finds", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
