/* Random schedules of the whole system: system_property [--attacked] [--schedules N] [--seed S] [FILE...]; the files
 * are schedules that once failed. A schedule that fails is made as short as can be and printed. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>

#include "check.h"
#include "factory.h"
#include "schedule.h"

static struct {
  uint64_t seed, schedules;
  bool attacked;
  char **files;
  int file_count;
} wanted = {.seed = 1, .schedules = 200};

static void report(schedule *s, const char *wrong) {
  printf("\nthis schedule fails %s\n", wrong);
  schedule_shrink(s);
  schedule_print(s, stdout);
  char now[200];
  (void)schedule_play(s, now);
  printf("shrunk: %s\n", now);
  CU_FAIL_FATAL("an invariant did not hold");
}

static void play(schedule *s) {
  char wrong[200];
  if (!schedule_play(s, wrong))
    report(s, wrong);
}

static void test_kept(void) {
  for (int i = 0; i < wanted.file_count; i++) {
    schedule s;
    FILE *file = fopen(wanted.files[i], "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE_FATAL(schedule_read(&s, file));
    (void)fclose(file);
    play(&s);
  }
}

static void test_random(void) {
  printf(" seeds %" PRIu64 " to %" PRIu64 " ", wanted.seed, wanted.seed + wanted.schedules - 1);
  (void)fflush(stdout);
  for (uint64_t i = 0; i < wanted.schedules; i++) {
    schedule s;
    schedule_make(&s, wanted.seed + i, wanted.attacked);
    play(&s);
  }
}

/* What was shown is worth something only if money moved, things went wrong, and were put right. */
static void test_tally(void) {
  const schedule_tally *t = &schedule_tallied;
  printf(" %u steps, %u refills, %u withdrawals, %u pieces, %u faults, %u recoveries, %u alarms ", t->steps,
         t->done[STEP_REFILL] + 2 * t->done[STEP_TWICE], t->done[STEP_WITHDRAW] + t->done[STEP_RETIRE],
         t->done[STEP_PRINT], t->faults, t->recovered, t->alarms);
  if (wanted.schedules < 200)
    return;
  for (unsigned kind = 0; kind < STEP_KEEP && !wanted.attacked; kind++)
    CU_ASSERT(t->done[kind] > 0 || kind == STEP_STRANGER);
  CU_ASSERT(t->done[STEP_PRINT] > wanted.schedules / 4);
  CU_ASSERT(t->faults > wanted.schedules && t->recovered > wanted.schedules / 20);
  CU_ASSERT_EQUAL(t->alarms > 0, wanted.attacked);
  for (unsigned kind = STEP_KEEP; kind < STEP_KINDS; kind++)
    CU_ASSERT_EQUAL(t->done[kind] > 0, wanted.attacked);
}

static void test_forget(void) {
  factory_forget();
}

static bool number(const char *text, uint64_t *value) {
  char *end = NULL;
  *value = strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

int main(int argc, char **argv) {
  static const struct option options[] = {{"attacked", no_argument, NULL, 'a'},
                                          {"schedules", required_argument, NULL, 'n'},
                                          {"seed", required_argument, NULL, 's'},
                                          {NULL, 0, NULL, 0}};
  static const psd_check_test tests[] = {
      {"schedules that failed once", test_kept},
      {"random schedules: nothing is lost and nothing is made", test_random},
      {"money moved, and things went wrong", test_tally},
      {"it leaves nothing behind", test_forget},
  };
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
    if (option == 'a')
      wanted.attacked = true;
    else if ((option != 'n' && option != 's') || !number(optarg, option == 'n' ? &wanted.schedules : &wanted.seed))
      return 2;
  wanted.files = argv + optind;
  wanted.file_count = argc - optind;
  return psd_check_run("system_property", tests, PSD_CHECK_COUNT(tests));
}
