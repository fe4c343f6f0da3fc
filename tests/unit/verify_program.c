/* The program psd-verify: one piece, a token, the folder, and what it says to a wrong command line. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify_process.h"

static void test_usage(void) {
  begin();
  CU_ASSERT_EQUAL(RUN("--help"), 0);
  CU_ASSERT(has("psd-verify indicium"));
  CU_ASSERT_EQUAL(RUN("--version"), 0);
  CU_ASSERT_EQUAL(RUN("nonsense"), 2);
  CU_ASSERT_EQUAL(RUN("indicium"), 2);
  CU_ASSERT_EQUAL(RUN("batch", "--json"), 2);
  CU_ASSERT_EQUAL(RUN("batch", "--csv", "-", "--json", "-", "x"), 2);
  CU_ASSERT_EQUAL(RUN("batch", "--threads", "0", "x"), 2);
  CU_ASSERT_EQUAL(RUN("batch", "--skip", "-1", "x"), 2);
  CU_ASSERT_EQUAL(RUN("indicium", "--days", "x", "x"), 2);
  CU_ASSERT_EQUAL(RUN("indicium", "--db", "sqlite:x", "--no-remember", "x"), 2);
  CU_ASSERT_EQUAL(RUN("indicium", "--vendor-token", "1", "x"), 2);
  CU_ASSERT_EQUAL(RUN("indicium", "--vendor-token", "12345", "x", "y"), 2);
  CU_ASSERT_EQUAL(RUN("info", "x"), 2);
  CU_ASSERT_EQUAL(RUN("token", "--meter", "PS D1 00C0FFEE"), 2);
  CU_ASSERT_EQUAL(RUN("info", "--site", "/nonexistent/site"), 1);
  CU_ASSERT_EQUAL(times("\n"), 1);
}

static void test_piece(void) {
  char digits[PIECE_DIGITS];
  uint8_t bytes[PSD_INDICIUM_MAX];
  begin();
  piece(7, digits);
  put_text("7.hex", digits);
  size_t length = psd_check_hex(digits, bytes, sizeof bytes);
  bench_put("7.bin", bytes, length, 0644);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", at("7.bin")), 0);
  CU_ASSERT(has("postage       0.73\n"));
  CU_ASSERT(has("date          2026-11-22\n"));
  CU_ASSERT(has("PSD           PS D1 00C0FFEE\n"));
  CU_ASSERT(has("rate          First-Class letter, up to 28 g\n"));
  CU_ASSERT(has("signature     ok"));
  CU_ASSERT(has("\naccepted\n"));
  CU_ASSERT_EQUAL(RUN("indicium", at("7.hex")), 0);
  CU_ASSERT_EQUAL(RUN("indicium", at("7.bin")), 1);
  CU_ASSERT(has("refused: duplicate: "));
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", "--json", at("7.hex"), at("7.bin")), 0);
  CU_ASSERT_EQUAL(times("\"accepted\": true"), 2);
  CU_ASSERT(has("\"class\": \"first\""));
  bytes[length - 1] ^= 1;
  bench_put("8.bin", bytes, length, 0644);
  CU_ASSERT_EQUAL(RUN("indicium", "--json", at("8.bin")), 1);
  CU_ASSERT(has("\"reason\": \"signature\""));
}

/* Of several files the good ones are told, whatever the others are. */
static void test_bad_files(void) {
  char digits[PIECE_DIGITS];
  begin();
  piece(7, digits);
  put_text("7.hex", digits);
  put_text("empty", "");
  put_text("words", "no indicium at all");
  bench_put("zeroes", (const char[200]){0}, 200, 0644);
  CU_ASSERT_EQUAL(mkfifo(at("pipe"), 0600), 0);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", at("gone"), at("empty"), at("7.hex"), at("words")), 1);
  CU_ASSERT_EQUAL(times("refused: symbol: "), 3);
  CU_ASSERT_EQUAL(times("\naccepted\n"), 1);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", at("pipe"), at("zeroes"), bench_folder()), 1);
  CU_ASSERT_EQUAL(times("refused: symbol: "), 3);
  CU_ASSERT(has("psd-verify batch takes those"));
}

static void test_tokens(void) {
  char digits[PIECE_DIGITS], token[16], wrong[16];
  begin();
  psd_indicium fields = bench_fields(PSD_PROFILE_P256);
  uint32_t value = bench_token(&fields, PSD_TOKENS_VENDOR, 1, "Anna Smith\n1 Main St", 5);
  (void)snprintf(token, sizeof token, "%05u", value);
  (void)snprintf(wrong, sizeof wrong, "%05u", (value + 1) % 100000U);
  put_text("address", " anna   SMITH\r\n1 main st\n");
#define TOKEN "token", "--meter", "PS D1 00C0FFEE", "--date", "2026-11-22", "--postage", "0.73", "--piece", "7"
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", token, "--addressee", at("address")), 0);
  CU_ASSERT(has("tokens        ok"));
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", token, "--addressee", "Anna Smith\\n1 Main St"), 0);
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", token, "--addressee", "adress.txt"), 2);
  CU_ASSERT(has("there is no file adress.txt"));
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", token, "--addressee", "Anna Smith 1 Main St", "--json"), 0);
  CU_ASSERT(has("\"accepted\": true"));
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", token), 1);
  CU_ASSERT_EQUAL(RUN(TOKEN, "--vendor-token", wrong, "--addressee", at("address")), 1);
  CU_ASSERT(has("refused: tokens: "));
  CU_ASSERT_EQUAL(RUN(TOKEN), 2);
  piece(7, digits);
  put_text("7.hex", digits);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", "--vendor-token", token, "--addressee", at("address"), at("7.hex")),
                  0);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", "--vendor-token", wrong, "--addressee", at("address"), at("7.hex")),
                  1);
}

static void test_info(void) {
  bench_fill();
  CU_ASSERT_EQUAL(RUN("info"), 0);
  CU_ASSERT(has("certificates       1, 0 revoked, 0 not trusted"));
  CU_ASSERT(has("US version"));
  CU_ASSERT(has("tables of a day    8"));
  CU_ASSERT_EQUAL(times("missing: "), 0);
  bench_remove("crl/1.pem");
  bench_remove("days/vendor-20261122.day");
  CU_ASSERT_EQUAL(RUN("info", "--json"), 0);
  CU_ASSERT(has("\"list\": false"));
  CU_ASSERT(has("no vendor's table of today"));
  bench_damage("certificates/5.pem", 100);
  CU_ASSERT_EQUAL(RUN("info"), 1);
  CU_ASSERT_EQUAL(times("\n"), 1);
}

/* What should be known of the folder is told by whatever command comes, once. */
static void test_notes(void) {
  static const char note[] =
      "note: crl: the newest list of /O=SPECIMEN/CN=CA 1 is out of date since 2026-11-22 11:59:59";
  char digits[PIECE_DIGITS];
  begin();
  bench_revoke("crl/2.pem", bench.ca, 0, BENCH_NOON, BENCH_NOON - 1);
  piece(7, digits);
  put_text("7.hex", digits);
  CU_ASSERT_EQUAL(RUN("indicium", "--no-remember", at("7.hex"), at("7.hex")), 0);
  CU_ASSERT(has(note));
  CU_ASSERT_EQUAL(times("note: "), 1);
  CU_ASSERT_EQUAL(RUN("batch", "--no-remember", at("7.hex")), 0);
  CU_ASSERT(has(note));
  CU_ASSERT_EQUAL(RUN("info"), 0);
  CU_ASSERT(has(note));
  CU_ASSERT_EQUAL(times("note: "), 1);
}

/* The database cannot be had: nothing is said of a piece, and the exit status is another. */
static void test_no_database(void) {
  char digits[PIECE_DIGITS];
  begin();
  piece(7, digits);
  put_text("7.hex", digits);
  CU_ASSERT_EQUAL(RUN("indicium", "--db", "sqlite:/nonexistent/seen.db", at("7.hex")), 3);
  CU_ASSERT_EQUAL(times("accepted"), 0);
  CU_ASSERT_EQUAL(RUN("batch", "--db", "nonsense:", at("7.hex")), 3);
}

static const psd_check_test tests[] = {
    {"command lines that make no sense", test_usage},
    {"one piece, twice", test_piece},
    {"files that have no piece", test_bad_files},
    {"tokens, alone and beside an indicium", test_tokens},
    {"what the folder has, and what is missing", test_info},
    {"notes on the folder", test_notes},
    {"no database", test_no_database},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("psd-verify", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
