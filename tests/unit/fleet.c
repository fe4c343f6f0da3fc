/* What psd-fleet counts, when it begins the next handshake, and its command line. The whole of it is tested end to end.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "options.h"
#include "pace.h"
#include "password.h"
#include "tally.h"

/* Percentiles are at most 1/32 too high, never too low, over the whole range. */
static void percentiles_are_near(void) {
  for (uint64_t step = 1; step < UINT64_C(1000000000); step *= 7) {
    psd_tally tally = {.done = 0};
    for (uint64_t i = 1; i <= 1000; i++)
      psd_tally_done(&tally, i * step);
    static const unsigned asked[] = {1, 500, 900, 990, 1000};
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
      uint64_t exact = asked[i] * step, found = psd_tally_percentile(&tally, asked[i]);
      CU_ASSERT_TRUE(found >= exact);
      CU_ASSERT_TRUE(found <= exact + exact / 32U);
    }
    CU_ASSERT_EQUAL(tally.longest, 1000 * step);
  }
}

static void percentiles_of_few(void) {
  psd_tally tally = {.done = 0};
  CU_ASSERT_EQUAL(psd_tally_percentile(&tally, 500), 0);
  psd_tally_done(&tally, 0);
  CU_ASSERT_EQUAL(psd_tally_percentile(&tally, 990), 0);
  psd_tally_done(&tally, UINT64_MAX);
  CU_ASSERT_EQUAL(psd_tally_percentile(&tally, 500), 0);
  CU_ASSERT_TRUE(psd_tally_percentile(&tally, 990) > UINT64_C(1) << 40);
  CU_ASSERT_EQUAL(tally.longest, UINT64_MAX);
}

static psd_refusal refusal_of(unsigned number) {
  return (psd_refusal){.error = {.result = PSD_REFUSED}, .who = PSD_BY_SERVER, .step = (psd_step)number};
}

/* Failures of one kind are one row; kinds that find no row of their own are still counted. */
static void reasons_are_told_apart(void) {
  psd_tally tally = {.done = 0}, other = {.done = 0};
  for (unsigned i = 0; i < PSD_TALLY_REASONS + 5U; i++) {
    psd_refusal refusal = refusal_of(i);
    psd_tally_failed(i % 2 == 0 ? &tally : &other, &refusal);
    psd_tally_failed(&tally, &refusal);
  }
  psd_tally_merge(&tally, &other);
  uint64_t sum = tally.others;
  for (unsigned i = 0; i < PSD_TALLY_REASONS; i++) {
    CU_ASSERT_EQUAL(tally.reasons[i].count, 2);
    CU_ASSERT_EQUAL((unsigned)tally.reasons[i].first.step, i);
    sum += tally.reasons[i].count;
  }
  CU_ASSERT_EQUAL(tally.failed, 2U * (PSD_TALLY_REASONS + 5U));
  CU_ASSERT_EQUAL(sum, tally.failed);
}

static void as_many_as_are_wanted(void) {
  psd_pace pace;
  uint64_t due = 0;
  unsigned begun = 0;
  CU_ASSERT_TRUE_FATAL(psd_pace_start(&pace, 0, 0, 5));
  while (psd_pace_next(&pace, &due)) {
    begun++;
    psd_pace_tried(&pace);
  }
  CU_ASSERT_EQUAL(begun, 5);
  psd_pace_destroy(&pace);
}

/* With a rate each is due at its own time, however long the one before it took. */
static void evenly_spread(void) {
  psd_pace pace;
  uint64_t due = 0;
  CU_ASSERT_TRUE_FATAL(psd_pace_start(&pace, 1000, 0, 20));
  for (unsigned i = 0; i < 20; i++) {
    CU_ASSERT_TRUE(psd_pace_next(&pace, &due));
    CU_ASSERT_EQUAL(due, pace.start + i * UINT64_C(1000000));
    CU_ASSERT_TRUE(psd_fleet_now() >= due);
    psd_pace_tried(&pace);
  }
  CU_ASSERT_FALSE(psd_pace_next(&pace, &due));
  psd_pace_destroy(&pace);
}

/* What would be due after the end is not begun, and not waited for. */
static void nothing_after_the_end(void) {
  psd_pace pace;
  uint64_t due = 0;
  CU_ASSERT_TRUE_FATAL(psd_pace_start(&pace, 1, 0, 0));
  pace.end = pace.start + UINT64_C(1000000);
  CU_ASSERT_TRUE(psd_pace_next(&pace, &due) || psd_fleet_now() >= pace.end);
  psd_pace_tried(&pace);
  CU_ASSERT_FALSE(psd_pace_next(&pace, &due));
  CU_ASSERT_TRUE(psd_fleet_now() < pace.start + UINT64_C(900000000));
  psd_pace_destroy(&pace);
}

static void *stop_it(void *pace) {
  psd_pace_stop(pace);
  return NULL;
}

/* Stopping ends every wait at once. */
static void stopped_while_waiting(void) {
  psd_pace pace;
  pthread_t thread;
  CU_ASSERT_TRUE_FATAL(psd_pace_start(&pace, 0, 0, 0));
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, stop_it, &pace), 0);
  CU_ASSERT_FALSE(psd_pace_rest(&pace, 3600U * 1000U));
  uint64_t due = 0;
  CU_ASSERT_FALSE(psd_pace_next(&pace, &due));
  (void)pthread_join(thread, NULL);
  psd_pace_destroy(&pace);
}

typedef struct second {
  psd_pace pace;
  atomic_bool first_over;
  bool waited;
} second;

static void *begin_second(void *argument) {
  second *at = argument;
  uint64_t due = 0;
  at->waited = psd_pace_next(&at->pace, &due) && atomic_load(&at->first_over);
  return NULL;
}

/* A user who is refused must not have been tried by all connections at once. */
static void the_second_waits_for_the_first(void) {
  second at = {.waited = false};
  pthread_t thread;
  uint64_t due = 0;
  CU_ASSERT_TRUE_FATAL(psd_pace_start(&at.pace, 0, 0, 0));
  CU_ASSERT_TRUE(psd_pace_next(&at.pace, &due));
  CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, begin_second, &at), 0);
  CU_ASSERT_TRUE(psd_pace_rest(&at.pace, 20));
  atomic_store(&at.first_over, true);
  psd_pace_tried(&at.pace);
  (void)pthread_join(thread, NULL);
  CU_ASSERT_TRUE(at.waited);
  psd_pace_destroy(&at.pace);
}

/* getopt permutes the vector, so it gets one of its own. */
static int parse(psd_fleet_options *options, const char *line) {
  char name[] = "psd-fleet", text[256], *argv[24] = {name}, *rest = text, *word;
  int argc = 1;
  CU_ASSERT_TRUE_FATAL(strlen(line) < sizeof text);
  memcpy(text, line, strlen(line) + 1);
  while ((word = strtok_r(rest, " ", &rest)) != NULL)
    argv[argc++] = word;
  return psd_fleet_parse(options, argc, argv);
}

#define NEEDED "--server h:1 --state-dir d --user u --password-file p"

static void command_lines(void) {
  psd_fleet_options options;
  CU_ASSERT_EQUAL(parse(&options, NEEDED), PSD_EXIT_DONE);
  CU_ASSERT_EQUAL(options.duration, 10);
  CU_ASSERT_FALSE(options.keep);
  CU_ASSERT_EQUAL(parse(&options, NEEDED " --handshakes=7 --rate 0 --keep --suite shared --cards 5 --connections 5"),
                  PSD_EXIT_DONE);
  CU_ASSERT_EQUAL(options.handshakes, 7);
  CU_ASSERT_EQUAL(options.duration, 0);
  CU_ASSERT_EQUAL(options.suite, PSD_SUITE_SHARED);
  CU_ASSERT_TRUE(options.keep);
  CU_ASSERT_EQUAL(options.refill, 0);
  CU_ASSERT_EQUAL(parse(&options, NEEDED " --refill 5.125"), PSD_EXIT_DONE);
  CU_ASSERT_EQUAL(options.refill, 5125);
  CU_ASSERT_EQUAL(parse(&options, "--help"), PSD_EXIT_DONE);
  CU_ASSERT_TRUE(options.help);
}

static void wrong_command_lines(void) {
  static const char *const wrong[] = {
      "",
      "--server h:1 --state-dir d --user u",
      "--server h:1 --user u --password-file p",
      "--state-dir d --user u --password-file p",
      NEEDED " --cards 0",
      NEEDED " --cards=5x",
      NEEDED " --connections 1025",
      NEEDED " --cards 2 --connections 3",
      NEEDED " --rate -1",
      NEEDED " --duration 99999999999999999999",
      NEEDED " --suite p521",
      NEEDED " --fresh --keep",
      NEEDED " --refill 0.00",
      NEEDED " --refill -5",
      NEEDED " --refill 1.2345",
      NEEDED " --refill",
      NEEDED " --nothing",
      NEEDED " word",
      NEEDED " --rate",
      "--server h:1 --state-dir d --password-file p --user 123456789012345678901234567890123",
  };
  psd_fleet_options options;
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
    CU_ASSERT_EQUAL(parse(&options, wrong[i]), PSD_EXIT_USAGE);
}

/* Writes a file with these bytes, and reads the password in it. */
static psd_result password_in(const char *bytes, size_t length, psd_fleet_password *password) {
  char path[] = "/tmp/psd-test-XXXXXX";
  psd_error error;
  int file = mkstemp(path);
  CU_ASSERT_TRUE_FATAL(file >= 0);
  CU_ASSERT_EQUAL(write(file, bytes, length), (ssize_t)length);
  (void)close(file);
  psd_result result = psd_fleet_password_read(path, password, &error);
  (void)unlink(path);
  return result;
}

static void passwords(void) {
  psd_fleet_password password;
  char much[sizeof password.bytes + 1];
  CU_ASSERT_EQUAL(password_in("secret\r\nmore\n", 13, &password), PSD_OK);
  CU_ASSERT_TRUE(password.length == 6 && strncmp(password.bytes, "secret", 6) == 0);
  CU_ASSERT_EQUAL(password_in("no newline", 10, &password), PSD_OK);
  CU_ASSERT_EQUAL(password.length, 10);
  CU_ASSERT_EQUAL(password_in("", 0, &password), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(password_in("\nsecond", 7, &password), PSD_BAD_INPUT);
  memset(much, 'x', sizeof much);
  CU_ASSERT_EQUAL(password_in(much, sizeof much, &password), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(password.length, 0);
  CU_ASSERT_EQUAL(password.bytes[0], 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"percentiles are at most 1/32 too high", percentiles_are_near},
      {"percentiles of nothing, of one, of what is beyond all classes", percentiles_of_few},
      {"reasons are told apart, and none is lost", reasons_are_told_apart},
      {"as many as are wanted", as_many_as_are_wanted},
      {"evenly spread", evenly_spread},
      {"nothing after the end", nothing_after_the_end},
      {"stopped while waiting", stopped_while_waiting},
      {"the second waits for the first", the_second_waits_for_the_first},
      {"command lines", command_lines},
      {"wrong command lines", wrong_command_lines},
      {"passwords", passwords},
  };
  return psd_check_run("fleet", tests, PSD_CHECK_COUNT(tests));
}
