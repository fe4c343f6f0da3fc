/* bench-paths: what a command costs on the way to a card.
 *
 *   bench-paths [-n COUNT] turns NAME=TARGET...            one card after the other, in turns, so that what else the
 *                                                          machine does falls on all of them alike
 *   bench-paths [-n COUNT] together NAME TARGET...         all at once, a thread each, and the first one alone, by
 * turns
 *
 * TARGET as in path.h. COUNT is of the short commands; of the longest there are a tenth. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "measure.h"
#include "path.h"

#define DEFAULT_COUNT 2000U
#define TARGETS_MAX 8U
#define ROUNDS 10U
#define TURN 25U /* commands to one card before it is the next one's turn */
#define NAME_SIZE 64U

typedef struct target {
  char name[NAME_SIZE];
  bench_path *path;
  bench_samples samples;
  unsigned count;
  pthread_t thread;
} target;

static void transmit(target *to, const bench_command *command, unsigned count, bench_samples *samples) {
  static _Thread_local uint8_t answer[BENCH_ANSWER_MAX];
  for (unsigned i = 0; i < count; i++) {
    uint64_t start = bench_now();
    size_t length = bench_path_transmit(to->path, command->bytes, command->length, answer);
    if (samples != NULL)
      bench_add(samples, bench_now() - start, 1);
    bench_check_answer(command, answer, length);
  }
}

static void measure_in_turns(target *targets, size_t target_count, const bench_command *command, unsigned count) {
  unsigned turn = count < TURN ? count : TURN;
  for (size_t i = 0; i < target_count; i++)
    targets[i].samples = bench_samples_make(count + turn);
  for (unsigned done = 0; done < count; done += turn)
    for (size_t i = 0; i < target_count; i++) {
      transmit(&targets[i], command, 1, NULL); /* wakes up what slept while it was another one's turn */
      transmit(&targets[i], command, turn, &targets[i].samples);
    }
  for (size_t i = 0; i < target_count; i++)
    bench_row_percentiles(&targets[i].samples, "path.%s.%s", targets[i].name, command->name);
}

static void open_target(target *to, const char *name, size_t name_length, const char *where) {
  bench_need(name_length < sizeof to->name, "room for the name");
  memcpy(to->name, name, name_length);
  to->name[name_length] = '\0';
  to->path = bench_path_open(where);
  transmit(to, &bench_commands()[BENCH_SELECT], 1, NULL);
}

static void run_turns(char **arguments, size_t count, unsigned samples) {
  target targets[TARGETS_MAX] = {{.path = NULL}};
  bench_need(count >= 1 && count <= TARGETS_MAX, "targets, or too many");
  for (size_t i = 0; i < count; i++) {
    const char *equals = strchr(arguments[i], '=');
    bench_need(equals != NULL, "NAME=TARGET");
    open_target(&targets[i], arguments[i], (size_t)(equals - arguments[i]), equals + 1);
  }
  const bench_command *commands = bench_commands();
  for (size_t i = 0; i < BENCH_COMMAND_COUNT; i++)
    measure_in_turns(targets, count, &commands[i], commands[i].fast ? samples : (samples + 9) / 10);
  for (size_t i = 0; i < count; i++)
    bench_path_close(targets[i].path);
}

static pthread_barrier_t start_line;

static void *run_thread(void *argument) {
  target *to = argument;
  (void)pthread_barrier_wait(&start_line);
  transmit(to, &bench_commands()[BENCH_GET_DATA], to->count, &to->samples);
  return NULL;
}

/* Adds the samples of all. */
static void measure_together(target *targets, size_t count, unsigned samples, bench_samples *all) {
  bench_need(pthread_barrier_init(&start_line, NULL, (unsigned)count) == 0, "barrier");
  for (size_t i = 0; i < count; i++) {
    targets[i].count = samples;
    targets[i].samples = bench_samples_make(samples);
    bench_need(pthread_create(&targets[i].thread, NULL, run_thread, &targets[i]) == 0, "threads");
  }
  for (size_t i = 0; i < count; i++) {
    (void)pthread_join(targets[i].thread, NULL);
    for (size_t j = 0; j < targets[i].samples.count; j++)
      all->us[all->count++] = targets[i].samples.us[j];
    bench_samples_free(&targets[i].samples);
  }
  (void)pthread_barrier_destroy(&start_line);
}

static void run_together(const char *name, char **arguments, size_t count, unsigned samples) {
  target targets[TARGETS_MAX] = {{.path = NULL}};
  bench_need(count >= 2 && count <= TARGETS_MAX, "two targets or more, or too many");
  for (size_t i = 0; i < count; i++)
    open_target(&targets[i], name, strlen(name), arguments[i]);
  unsigned round = samples / ROUNDS + 1;
  bench_samples alone = bench_samples_make((size_t)ROUNDS * round);
  bench_samples all = bench_samples_make((size_t)ROUNDS * round * count);
  for (unsigned i = 0; i < ROUNDS; i++) {
    measure_together(targets, 1, round, &alone);
    measure_together(targets, count, round, &all);
  }
  bench_row(bench_percentile(&alone, 50), "together.%s.alone", name);
  bench_row(bench_percentile(&all, 50), "together.%s.all", name);
  bench_samples_free(&alone);
  bench_samples_free(&all);
  for (size_t i = 0; i < count; i++)
    bench_path_close(targets[i].path);
}

int main(int argc, char **argv) {
  unsigned samples = DEFAULT_COUNT;
  int next = 1;
  if (argc > 3 && strcmp(argv[1], "-n") == 0) {
    samples = (unsigned)strtoul(argv[2], NULL, 10);
    next = 3;
  }
  if (argc > next + 1 && samples > 0 && strcmp(argv[next], "turns") == 0) {
    run_turns(argv + next + 1, (size_t)(argc - next - 1), samples);
    return 0;
  }
  if (argc > next + 2 && samples > 0 && strcmp(argv[next], "together") == 0) {
    run_together(argv[next + 1], argv + next + 2, (size_t)(argc - next - 2), samples);
    return 0;
  }
  (void)fputs("usage: bench-paths [-n COUNT] turns NAME=TARGET...\n"
              "       bench-paths [-n COUNT] together NAME TARGET...\n",
              stderr);
  return 2;
}
