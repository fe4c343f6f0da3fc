#include "psd/spec/prompt.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

/* Signals that would leave the terminal without echo. */
static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CAUGHT (sizeof caught / sizeof caught[0])
static volatile sig_atomic_t came;

static void note_signal(int number) {
  came = number;
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

bool psd_prompt_hidden(int terminal, const char *before, const char *prompt, char *line, size_t room, size_t *length) {
  struct termios shown, hidden;
  struct sigaction old[CAUGHT];
  struct sigaction note = {.sa_handler = note_signal};
  sigset_t blocked, outside;
  if (tcgetattr(terminal, &shown) != 0)
    return false;
  came = 0;
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
