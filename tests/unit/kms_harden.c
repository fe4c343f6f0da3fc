/* What makes psd-kms hard to take keys from, seen from outside: the socket's group, the filter of system calls, memory
 * that is not swapped out, the passphrase at a terminal. */
#include "kms_process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#define SMALL_LIMIT 65536U
#define CAP_IPC_LOCK 14UL /* linux/capability.h */

static void initialize(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
}

/* The number after `name` in /proc/PID/status. */
static long status_of(pid_t process, const char *name) {
  char path[64], line[256];
  long value = -1;
  (void)snprintf(path, sizeof path, "/proc/%ld/status", (long)process);
  FILE *file = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, name, strlen(name)) == 0)
      value = strtol(line + strlen(name), NULL, 10);
  (void)fclose(file);
  return value;
}

static void socket_group(void) {
  struct stat status;
  int out;
  const struct group *own = getgrgid(getegid());
  initialize();
#define RUN_FOR "run", "--dir", dir, "--listen", listening, "--passphrase-file", pass, "--group"
  CU_ASSERT_EQUAL(RUN(RUN_FOR, "no-such-group-at-all"), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "there is no such group"));
  CU_ASSERT_NOT_EQUAL(lstat(listening, &status), 0); /* nothing is left behind */
  CU_ASSERT_EQUAL(RUN(RUN_FOR, ""), 2);
  CU_ASSERT_PTR_NOT_NULL_FATAL(own);
  char name[64];
  (void)snprintf(name, sizeof name, "%s", own->gr_name);
  pid_t child = start((const char *const[]){RUN_FOR, name, NULL}, NULL, &out);
  CU_ASSERT_FATAL(says(out, "\"started\""));
  CU_ASSERT_EQUAL(stat(listening, &status), 0);
  CU_ASSERT_EQUAL(status.st_mode & 0777U, 0660);
  CU_ASSERT_EQUAL(status.st_gid, getegid());
  stop(child, out);
  end();
}

/* Mode 2 is the filter; builds with a sanitizer have none, and say so. */
static void filtered(void) {
  int out;
  initialize();
  pid_t child = serve("meter", &out);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, SANITIZED ? "\"seccomp\":\"no\"" : "\"seccomp\":\"yes\""));
  CU_ASSERT_EQUAL(status_of(child, "Seccomp:"), SANITIZED ? 0 : 2);
  CU_ASSERT_EQUAL(status_of(child, "NoNewPrivs:"), 1);
  int line = dial();
  uint8_t answer[PSD_FRAME_BODY_MAX];
  CU_ASSERT_EQUAL(active_key(line), 1);
  /* One that writes the log, and one that reads the keys anew. */
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_COLUMN, "\1", 1, answer), PSD_FRAME_KMS_COLUMN_KEY);
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT(says(out, "\"reloaded\""));
  CU_ASSERT_EQUAL(active_key(line), 14);
  (void)close(line);
  stop(child, out);
  end();
}

/* Without the capability, a root has the limit of everybody. */
static void lock_little(void) {
  const struct rlimit limit = {SMALL_LIMIT, SMALL_LIMIT};
  (void)prctl(PR_CAPBSET_DROP, CAP_IPC_LOCK, 0UL, 0UL, 0UL);
  (void)setrlimit(RLIMIT_MEMLOCK, &limit);
}

/* Under a small limit the keys are what is locked, before and after they were read anew, and one line says the rest. */
static void small_lock(void) {
  int out;
  initialize();
  pid_t child =
      start((const char *const[]){"run", "--dir", dir, "--listen", listening, "--passphrase-file", pass, NULL},
            lock_little, &out);
  CU_ASSERT_FATAL(says(out, "\"started\""));
  const char *warning = strstr(output, "may be swapped out: 64 KiB may be locked");
  CU_ASSERT_EQUAL(warning == NULL, SANITIZED); /* a sanitizer locks nothing, and does not say so */
  CU_ASSERT(warning == NULL || strstr(warning + 1, "warning") == NULL);
  long locked = status_of(child, "VmLck:");
  CU_ASSERT(SANITIZED || (locked >= 32 && locked <= 64));
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT(says(out, "\"reloaded\""));
  CU_ASSERT_EQUAL(status_of(child, "VmLck:"), locked);
  stop(child, out);
  end();
}

/* Starts a command with a new terminal, of which it returns the other side. */
static int at_terminal(const char *const arguments[], pid_t *child) {
  const char *all[16] = {PSD_KMS_PROGRAM};
  for (size_t i = 0; arguments[i] != NULL; i++)
    all[i + 1] = arguments[i];
  int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  CU_ASSERT_FATAL(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const char *name = ptsname(terminal);
  *child = fork();
  CU_ASSERT_FATAL(*child >= 0);
  if (*child == 0) {
    /* The first terminal that the leader of a session opens is the session's. */
    int own = setsid() >= 0 ? open(name, O_RDWR) : -1;
    (void)dup2(own, STDOUT_FILENO);
    (void)dup2(own, STDERR_FILENO);
    (void)execv(PSD_KMS_PROGRAM, (char **)(uintptr_t)all);
    _exit(99);
  }
  return terminal;
}

static void type_in(int terminal, const char *text) {
  CU_ASSERT_EQUAL(write(terminal, text, strlen(text)), (ssize_t)strlen(text));
}

static int exit_of(pid_t child) {
  int status = -1;
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void passphrase_typed(void) {
  pid_t child;
  begin();
  static const char *const second[] = {"battery stable\n", "battery staple\n"};
  for (int right = 0; right < 2; right++) {
    int terminal = at_terminal((const char *const[]){"init", "--dir", dir, NULL}, &child);
    CU_ASSERT(says(terminal, "new passphrase: "));
    type_in(terminal, "battery staple\n");
    CU_ASSERT(says(terminal, "again, new passphrase: ") && strstr(output, "staple") == NULL);
    type_in(terminal, second[right]);
    CU_ASSERT(says(terminal, right == 1 ? "keys made in" : "the two answers differ") && strstr(output, "stap") == NULL);
    CU_ASSERT_EQUAL(exit_of(child), right == 1 ? 0 : 1);
    (void)close(terminal);
  }
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", other), 0);
  end();
}

/* Interrupted while it asks, it ends as the signal says, and the terminal shows again what is typed. */
static void interrupted(void) {
  pid_t child;
  struct termios modes;
  initialize();
  int terminal = at_terminal((const char *const[]){"keys", "--dir", dir, NULL}, &child);
  int held = open(ptsname(terminal), O_RDWR | O_NOCTTY); /* its modes outlive the program */
  CU_ASSERT(says(terminal, "passphrase: "));
  CU_ASSERT(tcgetattr(held, &modes) == 0 && (modes.c_lflag & (tcflag_t)ECHO) == 0);
  CU_ASSERT_EQUAL(kill(child, SIGTERM), 0);
  CU_ASSERT_EQUAL(exit_of(child), 128 + SIGTERM);
  CU_ASSERT(tcgetattr(held, &modes) == 0 && (modes.c_lflag & (tcflag_t)ECHO) != 0);
  (void)close(held);
  (void)close(terminal);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a group may connect, if it is told", socket_group},
      {"system calls are filtered while it serves", filtered},
      {"a small limit on locked memory", small_lock},
      {"a passphrase typed twice", passphrase_typed},
      {"a signal while it asks for the passphrase", interrupted},
  };
  return psd_check_run("kms harden", tests, PSD_CHECK_COUNT(tests));
}
