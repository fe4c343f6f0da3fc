#include "reader_program.h"

#include "check.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern char **environ;

#define ARGUMENTS_MAX 20
#define SECONDS_MAX 20

/* What one run of psd said. */
char out[65536], err[4096];
char program_socket[96];

size_t slurp(FILE *from, char *to, size_t capacity) {
  rewind(from);
  size_t length = fread(to, 1, capacity - 1, from);
  to[length] = '\0';
  (void)fclose(from);
  return length;
}

int finish(pid_t child) {
  int status = 0;
  CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
  CU_ASSERT_TRUE(WIFEXITED(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Splits `line` at blanks; "@" is the socket, "_" an empty argument, "~" a blank inside one. */
static void split(char *line, char **arguments) {
  size_t count = 0;
  arguments[count++] = (char *)(uintptr_t)PSD_PROGRAM;
  char *rest = NULL;
  for (char *each = strtok_r(line, " ", &rest); each != NULL; each = strtok_r(NULL, " ", &rest)) {
    CU_ASSERT_FATAL(count < ARGUMENTS_MAX);
    if (strcmp(each, "@") == 0)
      each = program_socket;
    else if (strcmp(each, "_") == 0)
      *each = '\0';
    for (char *c = each; *c != '\0'; c++)
      *c = *c == '~' ? ' ' : *c;
    arguments[count++] = each;
  }
  arguments[count] = NULL;
}

int psd_to(FILE *to, const char *input, const char *line) {
  char copy[2048];
  char *arguments[ARGUMENTS_MAX + 1];
  posix_spawn_file_actions_t actions;
  pid_t child;
  FILE *from = tmpfile(), *complaints = tmpfile();
  CU_ASSERT_FATAL(from != NULL && complaints != NULL && strlen(line) < sizeof copy);
  (void)fputs(input, from);
  rewind(from);
  memcpy(copy, line, strlen(line) + 1);
  split(copy, arguments);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_init(&actions), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_adddup2(&actions, fileno(from), 0), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_adddup2(&actions, fileno(to), 1), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_adddup2(&actions, fileno(complaints), 2), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn(&child, PSD_PROGRAM, &actions, NULL, arguments, environ), 0);
  (void)posix_spawn_file_actions_destroy(&actions);
  int status = finish(child);
  (void)fclose(from);
  (void)slurp(complaints, err, sizeof err);
  return status;
}

int psd(const char *input, const char *line) {
  FILE *to = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(to);
  int status = psd_to(to, input, line);
  (void)slurp(to, out, sizeof out);
  return status;
}

bool said(const char *what) {
  bool found = strstr(out, what) != NULL;
  if (!found)
    fprintf(stderr, "wanted %s\n in %s\n and %s\n", what, out, err);
  return found;
}

/* One line on standard error, with this in it. */
bool complained(const char *what) {
  char *end = strchr(err, '\n');
  bool found = strstr(err, what) != NULL && strncmp(err, "psd: ", 5) == 0 && end != NULL && end[1] == '\0';
  if (!found)
    fprintf(stderr, "wanted %s\n in %s\n", what, err);
  return found;
}

/* psd on a terminal of its own; returns the master end. */
int on_terminal(const char *line, pid_t *child) {
  char copy[256];
  char *arguments[ARGUMENTS_MAX + 1];
  memcpy(copy, line, strlen(line) + 1);
  split(copy, arguments);
  int master = posix_openpt(O_RDWR | O_NOCTTY);
  CU_ASSERT_FATAL(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  const char *name = ptsname(master);
  CU_ASSERT_PTR_NOT_NULL_FATAL(name);
  *child = fork();
  if (*child == 0) {
    (void)setsid();
    (void)signal(SIGINT, SIG_DFL);  /* a shell in the background has it ignored */
    int slave = open(name, O_RDWR); /* becomes the controlling terminal */
    (void)dup2(slave, 0);
    (void)dup2(slave, 1);
    (void)dup2(slave, 2);
    (void)execv(PSD_PROGRAM, arguments);
    _exit(127);
  }
  return master;
}

/* Reads what psd says until `what` is in it. */
bool wait_for(int master, const char *what) {
  size_t length = strlen(out);
  while (strstr(out, what) == NULL) {
    struct pollfd waiting = {.fd = master, .events = POLLIN};
    if (poll(&waiting, 1, SECONDS_MAX * 1000) <= 0)
      return false;
    ssize_t got = read(master, out + length, sizeof out - 1 - length);
    if (got <= 0)
      return false;
    length += (size_t)got;
    out[length] = '\0';
  }
  return true;
}

void type(int master, const char *text) {
  CU_ASSERT_EQUAL(write(master, text, strlen(text)), (ssize_t)strlen(text));
}

bool echoes(int master) {
  struct termios settings;
  return tcgetattr(master, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}
