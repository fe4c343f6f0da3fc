#include "psd/program/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* Signals that would leave the terminal without echo. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CAUGHT (sizeof caught / sizeof caught[0])
static volatile sig_atomic_t came;

static void note_signal(int number) {
  came = number;
}

int psd_prompt_open(const char *file) {
  if (file == NULL)
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  return strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

void psd_prompt_close(int fd) {
  if (fd != STDIN_FILENO)
    (void)close(fd);
}

bool psd_prompt_exposed(int fd) {
  struct stat status;
  return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0;
}

/* Waits until `fd` can be read, with signals as in `mask`; false when one came. With NULL there is nothing to wait for:
 * reading waits by itself. Testing a flag and then reading would miss a signal in between. */
static bool await(int fd, const sigset_t *mask) {
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(fd, &readable);
  return mask == NULL || (pselect(fd + 1, &readable, NULL, NULL, NULL, mask) > 0 && came == 0);
}

/* Reads up to a newline or the end of the file, byte by byte: what follows belongs to the next question. Returns false
 * when there is nothing, or too much, or a signal came. */
static bool read_line(int fd, const sigset_t *mask, char *line, size_t room, size_t *length) {
  bool ended = false;
  *length = 0;
  while (!ended && *length < room) {
    if (!await(fd, mask))
      return false;
    ssize_t got = read(fd, line + *length, 1);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return false;
    ended = got == 0 || line[*length] == '\n';
    *length += ended ? 0 : 1;
  }
  while (*length > 0 && line[*length - 1] == '\r')
    (*length)--;
  return ended && *length > 0;
}

bool psd_prompt_line(int fd, char *line, size_t room, size_t *length) {
  return read_line(fd, NULL, line, room, length);
}

static bool ask(int terminal, const char *before, const char *prompt, char *line, size_t room, size_t *length) {
  struct termios shown, hidden;
  struct sigaction old[CAUGHT];
  struct sigaction note = {.sa_handler = note_signal};
  sigset_t blocked, outside;
  /* Stops a process in the background until it is in front: the modes read before that are those of the shell's line
   * editor, in which no line ever ends. */
  (void)tcdrain(terminal);
  came = 0;
  if (tcgetattr(terminal, &shown) != 0)
    return false;
  (void)sigemptyset(&note.sa_mask);
  (void)sigemptyset(&blocked);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaddset(&blocked, caught[i]);
  (void)sigprocmask(SIG_BLOCK, &blocked, &outside);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaction(caught[i], &note, &old[i]);
  hidden = shown;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  bool ok = tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && dprintf(terminal, "%s%s: ", before, prompt) > 0 &&
            read_line(terminal, &outside, line, room, length);
  (void)tcsetattr(terminal, TCSAFLUSH, &shown);
  (void)!write(terminal, "\n", 1);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaction(caught[i], &old[i], NULL);
  if (came != 0)
    (void)raise((int)came);
  (void)sigprocmask(SIG_SETMASK, &outside, NULL); /* here it takes effect, and those that came meanwhile */
  return ok;
}

bool psd_prompt_hidden(int terminal, const char *before, const char *prompt, char *line, size_t room, size_t *length) {
  bool ok;
  do
    ok = ask(terminal, before, prompt, line, room, length);
  while (!ok && came == SIGTSTP); /* stopped, and continued: the question is put again */
  return ok;
}
