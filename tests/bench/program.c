/* bench-program: what psd-card costs the machine around it.
 *
 *   bench-program start PSD-CARD STATE SOCKET        from the start of the process to the answer to reset
 *   bench-program memory PSD-CARD SOCKET STATE...    resident memory with the first card in use, and with all
 *   bench-program idle NAME PID                      processor time of a process over a second
 *
 * SOCKET is the path of a socket that is to be made. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands.h"
#include "measure.h"
#include "path.h"
#include "watch.h"

#define STARTS 40U
#define CARDS_MAX 32U
#define LINE_SIZE 512
#define IDLE_SECONDS 1
#define SETTLE_NS 100000000L

extern char **environ;

typedef struct program {
  pid_t pid;
  FILE *log; /* its standard error */
} program;

/* Starts psd-card with its cards behind sockets. */
static program start_program(const char *executable, char *const *states, size_t count, const char *socket) {
  char *arguments[2 * CARDS_MAX + 6] = {strdup(executable), strdup("run")};
  size_t at = 2;
  for (size_t i = 0; i < count; i++) {
    arguments[at++] = strdup("--state");
    arguments[at++] = strdup(states[i]);
  }
  arguments[at++] = strdup("--listen");
  arguments[at++] = strdup(socket);
  int ends[2];
  posix_spawn_file_actions_t actions;
  program started = {.pid = -1};
  bench_need(pipe(ends) == 0 && fcntl(ends[0], F_SETFD, FD_CLOEXEC) == 0, "pipe");
  bool ok = posix_spawn_file_actions_init(&actions) == 0 &&
            posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO) == 0 &&
            posix_spawn_file_actions_addclose(&actions, ends[1]) == 0 &&
            posix_spawn(&started.pid, executable, &actions, NULL, arguments, environ) == 0;
  bench_need(ok, "process");
  (void)posix_spawn_file_actions_destroy(&actions);
  (void)close(ends[1]);
  for (size_t i = 0; i < at; i++)
    free(arguments[i]);
  started.log = fdopen(ends[0], "r");
  bench_need(started.log != NULL, "log");
  return started;
}

/* Waits until `count` cards listen. */
static void wait_listening(const program *running, size_t count) {
  char line[LINE_SIZE];
  while (count > 0) {
    if (fgets(line, sizeof line, running->log) == NULL)
      bench_die("psd-card ended before it listened");
    if (strstr(line, "listening at") != NULL)
      count--;
    else
      (void)fputs(line, stderr);
  }
}

static void stop_program(program *running) {
  int status = 0;
  (void)kill(running->pid, SIGTERM);
  while (waitpid(running->pid, &status, 0) < 0 && errno == EINTR)
    ;
  (void)fclose(running->log);
  bench_need(WIFEXITED(status) && WEXITSTATUS(status) == 0, "clean end of psd-card");
}

/* What any process costs here: one that does nothing, to its end. */
static void add_nothing(bench_samples *samples) {
  static char name[] = "true";
  char *const arguments[] = {name, NULL};
  pid_t pid;
  uint64_t start = bench_now();
  bench_need(posix_spawnp(&pid, name, NULL, NULL, arguments, environ) == 0, "process");
  while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
    ;
  bench_add(samples, bench_now() - start, 1);
}

static void measure_start(const char *executable, char *state, const char *socket) {
  uint8_t answer[BENCH_ANSWER_MAX];
  bench_samples samples = bench_samples_make(STARTS);
  bench_samples nothing = bench_samples_make(STARTS);
  for (unsigned i = 0; i < STARTS; i++) {
    uint64_t start = bench_now();
    program running = start_program(executable, &state, 1, socket);
    wait_listening(&running, 1);
    bench_path *path = bench_path_open(socket);
    size_t length = bench_path_atr(path, answer);
    bench_add(&samples, bench_now() - start, 1);
    bench_need(length >= 2 && answer[0] == 0x3B, "answer to reset");
    bench_path_close(path);
    stop_program(&running);
    add_nothing(&nothing);
  }
  bench_row_percentiles(&nothing, "program.nothing");
  bench_row_percentiles(&samples, "program.start");
}

static void use_card(bench_path *path) {
  uint8_t answer[BENCH_ANSWER_MAX];
  for (size_t i = 0; i < BENCH_COMMAND_COUNT; i++) {
    const bench_command *command = &bench_commands()[i];
    bench_check_answer(command, answer, bench_path_transmit(path, command->bytes, command->length, answer));
  }
}

static void wait_for(int timer) {
  uint64_t expirations = 0;
  while (read(timer, &expirations, sizeof expirations) < 0)
    bench_need(errno == EINTR, "timer");
}

/* What the process has under way may end before it counts as idle. */
static void measure_idle(const char *name, pid_t pid) {
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
  const struct itimerspec period = {.it_value = {.tv_nsec = SETTLE_NS}, .it_interval = {.tv_sec = IDLE_SECONDS}};
  bench_need(timer >= 0 && timerfd_settime(timer, 0, &period, NULL) == 0, "timer");
  wait_for(timer);
  uint64_t before = bench_processor_time(pid);
  wait_for(timer);
  bench_row((double)(bench_processor_time(pid) - before) / 1000.0 / IDLE_SECONDS, "idle.%s", name);
  (void)close(timer);
}

/* All cards are powered on and were used when memory is read; then they idle. */
static void measure_memory(const char *executable, const char *socket, char *const *states, size_t count) {
  bench_path *paths[CARDS_MAX];
  program running = start_program(executable, states, count, socket);
  wait_listening(&running, count);
  for (size_t i = 0; i < count; i++) {
    char where[LINE_SIZE];
    (void)snprintf(where, sizeof where, i == 0 ? "%s" : "%s.%zu", socket, i);
    paths[i] = bench_path_open(where);
    use_card(paths[i]);
  }
  bench_row(bench_resident(running.pid, "Rss:"), "memory.%zu", count);
  bench_row(bench_resident(running.pid, "Anonymous:"), "memory_own.%zu", count);
  if (count > 1)
    measure_idle("socket", running.pid);
  for (size_t i = 0; i < count; i++)
    bench_path_close(paths[i]);
  stop_program(&running);
}

int main(int argc, char **argv) {
  if (argc == 5 && strcmp(argv[1], "start") == 0) {
    measure_start(argv[2], argv[3], argv[4]);
  } else if (argc > 5 && (size_t)argc - 4 <= CARDS_MAX && strcmp(argv[1], "memory") == 0) {
    measure_memory(argv[2], argv[3], argv + 4, 1);
    measure_memory(argv[2], argv[3], argv + 4, (size_t)argc - 4);
  } else if (argc == 4 && strcmp(argv[1], "idle") == 0) {
    measure_idle(argv[2], (pid_t)strtol(argv[3], NULL, 10));
  } else {
    (void)fputs("usage: bench-program start PSD-CARD STATE SOCKET\n"
                "       bench-program memory PSD-CARD SOCKET STATE...\n"
                "       bench-program idle NAME PID\n",
                stderr);
    return 2;
  }
  return 0;
}
