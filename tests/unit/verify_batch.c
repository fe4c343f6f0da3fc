/* psd-verify batch: lists, whatever is in them; ended in mid-run; two at once. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "verify_process.h"

#define MANY 3000U

static char *read_file(const char *name) {
  static char text[4 * OUTPUT_MAX];
  FILE *in = fopen(at(name), "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(in);
  text[fread(text, 1, sizeof text - 1, in)] = '\0';
  (void)fclose(in);
  return text;
}

static size_t lines_of(const char *name) {
  size_t count = 0;
  for (const char *text = read_file(name); (text = strchr(text, '\n')) != NULL; text++)
    count++;
  return count;
}

/* Every piece is accepted once, in the order of the list, by however many threads. */
static void test_list(void) {
  begin();
  put_list("list", 1, MANY);
  CU_ASSERT_EQUAL(RUN("batch", "--threads", "5", "--csv", at("all.csv"), "--json", at("all.json"), "--evidence-csv",
                      at("evidence.csv"), at("list")),
                  0);
  CU_ASSERT(has("3000 pieces in"));
  CU_ASSERT(has("3000  accepted\n"));
  CU_ASSERT_EQUAL(lines_of("all.csv"), MANY + 1);
  CU_ASSERT_EQUAL(lines_of("evidence.csv"), MANY + 1);
  const char *text = read_file("all.csv");
  for (uint32_t i = 1; i <= MANY; i++) {
    char wanted[32];
    text = strchr(text, '\n') + 1;
    (void)snprintf(wanted, sizeof wanted, "/list:%u\",accepted,", i);
    char *end = strchr(text, '\n');
    *end = '\0';
    CU_ASSERT_PTR_NOT_NULL_FATAL(strstr(text, wanted));
    *end = '\n';
  }
  CU_ASSERT_PTR_NOT_NULL(strstr(read_file("evidence.csv"), "\nPS D1 00C0FFEE,2,0.73,1.46\n"));
  CU_ASSERT_PTR_NOT_NULL(strstr(read_file("all.json"), "\"accepted\": 3000"));
  CU_ASSERT_EQUAL(RUN("batch", at("list")), 1);
  CU_ASSERT(has("3000  refused: duplicate\n"));
  CU_ASSERT_EQUAL(times("refused: duplicate: "), MANY);
  CU_ASSERT_EQUAL(RUN("batch", "--no-remember", "--skip", "2990", at("list")), 0);
  CU_ASSERT(has("10  accepted\n"));
}

/* What is wrong with a line is said of that line; the others are judged. */
static void test_bad_lines(void) {
  char digits[PIECE_DIGITS];
  begin();
  FILE *out = fopen(at("list"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out);
  piece(1, digits);
  (void)fprintf(out, "indicium,addressee,vendor_token,postal_token\r\n\r\n%s\r\n", digits); /* 3 is good */
  (void)fprintf(out, "%.20s\n%.21s\nnonsense\n%s,,1\n", digits, digits, digits);            /* 4 to 7 */
  for (size_t i = 0; i < 300000; i++)
    (void)fputc('5', out);                                      /* 8 */
  (void)fprintf(out, "\n%s,a,b,c,d\n%s,\"a\n", digits, digits); /* 9, 10 */
  (void)fputc('5', out);
  (void)fputc(0, out);
  (void)fprintf(out, "\n\x1B[2J\xFF\xFE\n"); /* 11, 12 */
  piece(2, digits);
  (void)fprintf(out, "\"%s\",\"Anna \"\"A\"\" Smith, 1 Main St\",,", digits); /* 13 is good, and has no end */
  CU_ASSERT_EQUAL(fclose(out), 0);
  CU_ASSERT_EQUAL(RUN("batch", at("list")), 1);
  CU_ASSERT(has("11 pieces in"));
  CU_ASSERT(has("2  accepted\n"));
  CU_ASSERT(has("list:4: refused: form: "));
  CU_ASSERT(has("list:8: refused: form: the line is too long\n"));
  CU_ASSERT(has("list:11: refused: form: the line is no text\n"));
  CU_ASSERT(has("9  refused: form\n"));
  CU_ASSERT_PTR_NULL(strchr(output, 0x1B));
}

/* No bit of a list can be turned, but for the case of a digit: then it is the same piece. */
static void test_bits(void) {
  char digits[PIECE_DIGITS];
  begin();
  piece(1, digits);
  FILE *out = fopen(at("list"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out);
  (void)fprintf(out, "%s\n", digits);
  size_t cases = 0;
  for (size_t i = 0; digits[i] != '\0'; i++) {
    for (unsigned bit = 0; bit < 8; bit++) {
      char was = digits[i];
      digits[i] = (char)(was ^ (1 << bit));
      cases += bit == 5 && was >= 'A' ? 1 : 0;
      (void)fwrite(digits, 1, strlen(digits), out);
      (void)fputc('\n', out);
      digits[i] = was;
    }
  }
  CU_ASSERT_EQUAL(fclose(out), 0);
  CU_ASSERT_EQUAL(RUN("batch", at("list")), 1);
  CU_ASSERT(has("\n         1  accepted\n"));
  CU_ASSERT(has("refused: signature\n"));
  CU_ASSERT(times("refused: duplicate: ") >= cases);
}

/* Ended by a signal: what was judged is remembered and told; the rest comes with --skip; nothing is lost. */
static void test_interrupted(void) {
  const uint32_t count = 12000;
  char skip[16];
  int out;
  begin();
  put_list("list", 1, count);
  const char *const arguments[] = {"batch", "--csv", "-", at("list"), NULL};
  pid_t child = start(arguments, &out);
  CU_ASSERT_FATAL(says(out, ",accepted,", 1));
  CU_ASSERT_EQUAL(kill(child, SIGINT), 0);
  CU_ASSERT_EQUAL(finish(child, out), 1);
  size_t done = times(",accepted,");
  CU_ASSERT_FATAL(done > 0 && done < count && has("goes on from there"));
  (void)snprintf(skip, sizeof skip, "%zu", done);
  CU_ASSERT_EQUAL(strtoul(strstr(output, "--skip ") + 7, NULL, 10), done);
  CU_ASSERT_EQUAL(RUN("batch", "--skip", skip, at("list")), 0);
  CU_ASSERT_EQUAL(RUN("batch", at("list")), 1);
  CU_ASSERT(has("12000  refused: duplicate\n"));
}

/* A list that comes through a pipe is judged as it comes, and a signal ends the waiting for more. */
static void test_pipe(void) {
  char digits[PIECE_DIGITS];
  int out;
  begin();
  CU_ASSERT_EQUAL(mkfifo(at("pipe"), 0600), 0);
  const char *const arguments[] = {"batch", "--csv", "-", at("pipe"), NULL};
  pid_t child = start(arguments, &out);
  int in = open(at("pipe"), O_WRONLY);
  CU_ASSERT_FATAL(in >= 0);
  piece(1, digits);
  (void)dprintf(in, "%s\n", digits);
  CU_ASSERT(says(out, ",accepted,", 1));
  piece(2, digits);
  (void)dprintf(in, "%s\n%s\n%.10s", digits, digits, digits);
  CU_ASSERT(says(out, ",refused,", 1));
  CU_ASSERT_EQUAL(kill(child, SIGTERM), 0);
  CU_ASSERT_EQUAL(finish(child, out), 1);
  (void)close(in);
  CU_ASSERT_EQUAL(times(",accepted,"), 2);
  CU_ASSERT(has("stopped after 3 lines and files; how many are left is not known"));
}

/* Two at one database: each piece is accepted by one of them, and never by both. */
static void test_two(void) {
  int first_out, second_out;
  begin();
  put_list("list", 1, MANY);
  const char *const arguments[] = {"batch", "--csv", "-", at("list"), NULL};
  CU_ASSERT_EQUAL(RUN("batch", at("empty")), 1); /* the database is there */
  pid_t first = start(arguments, &first_out), second = start(arguments, &second_out);
  CU_ASSERT(finish(first, first_out) <= 1);
  size_t accepted = times(",accepted,"), refused = times(",refused,duplicate,");
  CU_ASSERT_EQUAL(accepted + refused, MANY);
  CU_ASSERT(finish(second, second_out) <= 1);
  CU_ASSERT_EQUAL(accepted + times(",accepted,"), MANY);
}

/* Files appear whole or not at all. */
static void test_outputs(void) {
  struct stat status;
  begin();
  put_list("list", 1, 3);
  CU_ASSERT_EQUAL(RUN("batch", "--csv", "/nonexistent/all.csv", at("list")), 1);
  CU_ASSERT_EQUAL(times("\n"), 1);
  CU_ASSERT_EQUAL_FATAL(mkdir(at("folder"), 0700), 0);
  CU_ASSERT_EQUAL(RUN("batch", "--csv", at("folder"), at("list")), 1);
  CU_ASSERT(has("cannot be written")); /* before anything is remembered */
  CU_ASSERT_EQUAL(RUN("batch", "--csv", at("all.csv"), at("list")), 0);
  CU_ASSERT_EQUAL(stat(at("all.csv"), &status), 0);
  CU_ASSERT_EQUAL(lines_of("all.csv"), 4);
  CU_ASSERT_EQUAL(RUN("batch", "--json", "-", at("list")), 1);
  CU_ASSERT_EQUAL(output[0], '{');
  CU_ASSERT(has("\"refused_for\": {\n      \"duplicate\": 3\n    }"));
  /* A device stays what it is. */
  CU_ASSERT_EQUAL(RUN("batch", "--no-remember", "--csv", "/dev/full", at("list")), 1);
  CU_ASSERT(has("/dev/full could not be written: No space left on device"));
  CU_ASSERT(stat("/dev/full", &status) == 0 && S_ISCHR(status.st_mode));
}

static const psd_check_test tests[] = {
    {"a list, on several threads", test_list},
    {"lines that are none", test_bad_lines},
    {"no bit of a list can be turned", test_bits},
    {"a signal in mid-run", test_interrupted},
    {"a list through a pipe", test_pipe},
    {"two at once", test_two},
    {"what is written", test_outputs},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  int status = psd_check_run("psd-verify batch", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
