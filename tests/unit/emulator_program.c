/* psd-card as a program: what it leaves on disk, what it says, how it ends. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "emulator/keyfile.h"
#include "wire.h"

#define ARGUMENTS_MAX 16
#define INHERITED_MAX 64 /* descriptors that a test may have from whoever runs it */
#define TEXT_MAX 8192U

typedef struct process {
  pid_t pid;
  psd_wire_log log; /* its standard error */
  int output;
} process;

static char folder[] = "/tmp/psd-program-XXXXXX";

/* A limit of the system on what the program may use. */
typedef struct limit {
  int resource; /* as of setrlimit; -1: none */
  rlim_t most;
} limit;

static const limit no_limit = {.resource = -1};

static bool apply(const limit *limited) {
  struct rlimit values = {.rlim_cur = limited->most, .rlim_max = limited->most};
  return limited->resource < 0 || setrlimit(limited->resource, &values) == 0;
}

/* Starts psd-card in the folder, with arguments separated by blanks. */
static process start_limited(const char *line, const limit *limited) {
  static char words[1024];
  char *argv[ARGUMENTS_MAX + 1] = {NULL};
  int argc = 0;
  int output[2];
  (void)snprintf(words, sizeof words, "psd-card %s", line);
  for (char *at = words; at != NULL && argc < ARGUMENTS_MAX; argc++) {
    argv[argc] = at;
    at = strchr(at, ' ');
    if (at != NULL)
      *at++ = '\0';
  }
  process started = {.log = psd_wire_log_open()};
  CU_ASSERT_FATAL(pipe(output) == 0);
  started.output = output[0];
  started.pid = fork();
  CU_ASSERT_FATAL(started.pid >= 0);
  if (started.pid == 0) {
    bool ready = chdir(folder) == 0 && dup2(output[1], STDOUT_FILENO) >= 0 &&
                 dup2(fileno(started.log.writer), STDERR_FILENO) >= 0;
    for (int fd = STDERR_FILENO + 1; fd < INHERITED_MAX; fd++)
      (void)close(fd);
    if (ready && apply(limited))
      (void)execv(PSD_CARD_PROGRAM, argv);
    _exit(127);
  }
  (void)close(output[1]);
  return started;
}

static process start(const char *line) {
  return start_limited(line, &no_limit);
}

/* Its exit status, once it has ended by itself. */
static int end_of(process *ended) {
  int status = 0;
  CU_ASSERT_EQUAL_FATAL(waitpid(ended->pid, &status, 0), ended->pid);
  psd_wire_log_close(&ended->log);
  (void)close(ended->output);
  CU_ASSERT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/* Runs it to its end. It must say one line on standard error, which contains `says`; none if that is NULL. */
static void expect_limited(const char *line, const limit *limited, int status, const char *says) {
  process run = start_limited(line, limited);
  if (says != NULL)
    psd_wire_expect_line(&run.log, says, false);
  int got = 0;
  CU_ASSERT_EQUAL_FATAL(waitpid(run.pid, &got, 0), run.pid);
  if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
    (void)fprintf(stderr, "psd-card %s: wanted status %d, got %d\n", line, status, got);
  CU_ASSERT_TRUE(WIFEXITED(got) && WEXITSTATUS(got) == status);
  /* Under a limit, coverage counters have their own to say. */
  if (limited->resource < 0)
    psd_wire_expect_no_line(&run.log);
  psd_wire_log_close(&run.log);
  (void)close(run.output);
}

static void expect(const char *line, int status, const char *says) {
  expect_limited(line, &no_limit, status, says);
}

static char *path_of(const char *name) {
  static char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static size_t content(const char *name, char text[TEXT_MAX]) {
  int fd = open(path_of(name), O_RDONLY);
  CU_ASSERT_FATAL(fd >= 0);
  ssize_t length = read(fd, text, TEXT_MAX - 1U);
  CU_ASSERT_FATAL(length >= 0);
  text[length] = '\0';
  (void)close(fd);
  return (size_t)length;
}

static void remove_files(void) {
  static const char *const names[] = {"a.state", "a.state.keys", "b.state", "b.state.keys", "keys", "socket"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    (void)unlink(path_of(names[i]));
}

static bool exists(const char *name) {
  struct stat status;
  return lstat(path_of(name), &status) == 0;
}

static bool is_private(const char *name) {
  struct stat status;
  return stat(path_of(name), &status) == 0 && (status.st_mode & 0777U) == 0600U;
}

static void test_init(void) {
  char said[TEXT_MAX];
  char text[TEXT_MAX];
  psd_keyfile keys;
  process run = start("init --state a.state --serial 00000001");
  ssize_t length = read(run.output, said, sizeof said - 1U);
  CU_ASSERT_FATAL(length > 0);
  said[length] = '\0';
  CU_ASSERT_EQUAL(end_of(&run), 0);
  CU_ASSERT_TRUE(is_private("a.state") && is_private("a.state.keys"));
  CU_ASSERT_PTR_NULL_FATAL(psd_keyfile_read(path_of("a.state.keys"), &keys));
  CU_ASSERT_EQUAL(keys.size, 32);
  CU_ASSERT_PTR_NOT_NULL(strstr(said, "a.state.keys"));
  (void)content("a.state.keys", text);
  for (char *key = strstr(text, "= "); key != NULL; key = strstr(key + 1, "= ")) {
    key[10] = '\0';
    CU_ASSERT_TRUE(strlen(key) < 8 || strstr(said, key + 2) == NULL);
    key += 10;
  }
  expect("init --state a.state --serial 00000002", 1, "a.state: exists already");
  remove_files();
}

static void test_init_leaves_nothing_behind(void) {
  FILE *keys = fopen(path_of("keys"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(keys);
  CU_ASSERT_TRUE(fputs("version = 1\nenc = 00\n", keys) >= 0);
  (void)fclose(keys);
  expect("init --state a.state --serial 00000001 --transport-keys keys", 1, "keys: a key needs 32, 48 or 64");
  expect("init --state a.state --serial 00000001 --transport-keys none", 1, "none: No such file");
  expect("init --state none/a.state --serial 00000001", 1, "none/a.state.keys: No such file");
  CU_ASSERT_FALSE(exists("a.state") || exists("a.state.keys"));
  remove_files();
}

static void test_init_with_keys(void) {
  psd_keyfile keys = {.version = 5, .size = 16, .enc = {1}, .mac = {2}, .dek = {3}};
  CU_ASSERT_PTR_NULL_FATAL(psd_keyfile_create(path_of("keys"), &keys));
  expect("init --state a.state --serial 00000001 --transport-keys keys", 0, NULL);
  CU_ASSERT_TRUE(exists("a.state"));
  CU_ASSERT_FALSE(exists("a.state.keys"));
  remove_files();
}

static void test_statuses(void) {
  expect("run", 2, "--state FILE is missing");
  expect("fly", 2, "say init or run");
  expect("run --state a.state", 1, "a.state: no such file");
  FILE *file = fopen(path_of("a.state"), "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_TRUE(fputs("damaged", file) >= 0);
  (void)fclose(file);
  char text[TEXT_MAX];
  expect("run --state a.state", 1, "a.state: is not the state of a card");
  CU_ASSERT_EQUAL(content("a.state", text), 7);
  remove_files();
  expect("init --state a.state --serial 00000001", 0, NULL);
  expect("run --state a.state --listen none/socket", 1, "cannot listen at none/socket: No such file");
  expect("run --state a.state --vpcd xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx:1", 3,
         "cannot look up");
  remove_files();
}

static void test_help(void) {
  static const char *const lines[] = {"--help", "--version"};
  static const char *const says[] = {"usage: psd-card init", "psd-card "};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    char said[TEXT_MAX];
    process run = start(lines[i]);
    ssize_t length = read(run.output, said, sizeof said - 1U);
    CU_ASSERT_FATAL(length > 0);
    said[length] = '\0';
    CU_ASSERT_EQUAL(strncmp(said, says[i], strlen(says[i])), 0);
    CU_ASSERT_EQUAL(end_of(&run), 0);
  }
}

static void test_full_disk(void) {
  static const limit keys = {.resource = RLIMIT_FSIZE, .most = 100};
  static const limit state = {.resource = RLIMIT_FSIZE, .most = 10000};
  expect_limited("init --state a.state --serial 00000001", &keys, 1, "a.state.keys: File too large");
  expect_limited("init --state a.state --serial 00000001", &state, 1, "a.state: cannot be written: File too large");
  CU_ASSERT_FALSE(exists("a.state") || exists("a.state.keys"));
}

/* Descriptors run out, one sooner each time: always a line and status 1, until there are enough. The loader of shared
 * libraries needs one by itself. */
static void test_few_descriptors(void) {
  expect("init --state a.state --serial 00000001", 0, NULL);
  bool started = false;
  for (rlim_t most = 4; most < 20 && !started; most++) {
    limit few = {.resource = RLIMIT_NOFILE, .most = most};
    process run = start_limited("run --state a.state --listen socket", &few);
    char line[TEXT_MAX];
    CU_ASSERT_TRUE_FATAL(psd_wire_readable(run.log.reader, PSD_WIRE_MS));
    ssize_t length = read(run.log.reader, line, sizeof line - 1U);
    CU_ASSERT_FATAL(length > 0);
    line[length] = '\0';
    started = strstr(line, "listening at") != NULL;
    if (started)
      CU_ASSERT_EQUAL(kill(run.pid, SIGTERM), 0);
    CU_ASSERT_EQUAL(end_of(&run), started ? 0 : 1);
  }
  CU_ASSERT_TRUE(started);
  remove_files();
}

static int begin_run(process *run, const char *line) {
  expect("init --state a.state --serial 00000001", 0, NULL);
  *run = start(line);
  psd_wire_expect_line(&run->log, "psd-card: a.state: listening at socket", false);
  int reader = psd_wire_connect_local(path_of("socket"));
  uint8_t atr[33];
  psd_wire_send(reader, "000101 000104");
  size_t length = psd_wire_receive(reader, atr, sizeof atr);
  CU_ASSERT_TRUE(length >= 2 && (atr[0] == 0x3B || atr[0] == 0x3F));
  return reader;
}

static void test_signals(void) {
  static const int signals[] = {SIGTERM, SIGINT, SIGHUP};
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
    process run;
    int reader = begin_run(&run, "run --state a.state --listen socket");
    CU_ASSERT_EQUAL(kill(run.pid, signals[i]), 0);
    psd_wire_expect_end(reader);
    CU_ASSERT_EQUAL(end_of(&run), 0);
    CU_ASSERT_FALSE(exists("socket"));
    (void)close(reader);
    remove_files();
  }
}

static void test_state_in_use(void) {
  process run;
  int reader = begin_run(&run, "run --state a.state --listen socket");
  expect("run --state a.state --listen other", 1, "a.state: is in use by another process");
  expect("run --state b.state --listen socket", 1, "b.state: no such file");
  expect("init --state b.state --serial 00000002", 0, NULL);
  expect("run --state b.state --listen socket", 1, "cannot listen at socket: Address already in use");
  psd_wire_send(reader, "000104");
  CU_ASSERT_TRUE(psd_wire_readable(reader, PSD_WIRE_MS));
  CU_ASSERT_EQUAL(kill(run.pid, SIGTERM), 0);
  CU_ASSERT_EQUAL(end_of(&run), 0);
  (void)close(reader);
  remove_files();
}

static void test_reader_that_leaves_early(void) {
  process run;
  int reader = begin_run(&run, "run --state a.state --listen socket");
  for (unsigned i = 0; i < 50; i++)
    psd_wire_send(reader, "000400A40000");
  (void)close(reader);
  reader = psd_wire_connect_local(path_of("socket"));
  psd_wire_send(reader, "000104");
  CU_ASSERT_TRUE(psd_wire_readable(reader, PSD_WIRE_MS));
  CU_ASSERT_EQUAL(kill(run.pid, SIGTERM), 0);
  CU_ASSERT_EQUAL(end_of(&run), 0);
  (void)close(reader);
  remove_files();
}

/* Every command and its answer are shown; the PIN of VERIFY is not. */
static void test_trace(void) {
  process run;
  uint8_t answer[64];
  int reader = begin_run(&run, "run --state a.state --listen socket --trace");
  psd_wire_expect_line(&run.log, "a.state: power on, ATR 3B", false);
  psd_wire_send(reader, "000D 00200081 08 3133353739323436");
  CU_ASSERT_TRUE(psd_wire_receive(reader, answer, sizeof answer) >= 2);
  CU_ASSERT_EQUAL(kill(run.pid, SIGTERM), 0);
  psd_wire_expect_end(reader);
  char text[TEXT_MAX];
  CU_ASSERT_TRUE_FATAL(psd_wire_readable(run.log.reader, PSD_WIRE_MS));
  ssize_t length = read(run.log.reader, text, sizeof text - 1U);
  CU_ASSERT_FATAL(length > 0);
  text[length] = '\0';
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "a.state: > "));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, "a.state: < "));
  CU_ASSERT_PTR_NOT_NULL(strstr(text, " us)\n"));
  CU_ASSERT_PTR_NULL(strstr(text, "31333537"));
  CU_ASSERT_PTR_NULL(strstr(text, "1357"));
  CU_ASSERT_EQUAL(end_of(&run), 0);
  (void)close(reader);
  remove_files();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"init makes a card and keys that only their owner reads, and prints none", test_init},
      {"an init that fails leaves nothing behind", test_init_leaves_nothing_behind},
      {"init with given keys", test_init_with_keys},
      {"exit statuses", test_statuses},
      {"help and version", test_help},
      {"a full disk", test_full_disk},
      {"descriptors run out", test_few_descriptors},
      {"SIGTERM, SIGINT and SIGHUP end it in order", test_signals},
      {"one state file, one process; one socket, one process", test_state_in_use},
      {"a reader that leaves early", test_reader_that_leaves_early},
      {"the trace", test_trace},
  };
  if (mkdtemp(folder) == NULL)
    return 2;
  int result = psd_check_run("psd-card", tests, PSD_CHECK_COUNT(tests));
  return rmdir(folder) == 0 ? result : 1;
}
