/* PINs and PUKs from a person or a file. */
#include "cli.h"
#include "psd/spec/chars.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define LINE_MAX_BYTES 256U

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
static bool read_line(int fd, const sigset_t *mask, char line[LINE_MAX_BYTES], size_t *length) {
  bool ended = false;
  *length = 0;
  while (!ended && *length < LINE_MAX_BYTES) {
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

static psd_result secret_of(const char *line, size_t length, const char *what, psd_secret *secret, psd_error *error) {
  *secret = (psd_secret){.length = length};
  if (length < 4 || length > sizeof secret->bytes)
    return psd_error_set(error, PSD_BAD_INPUT, "%s has 4 to %zu characters", what, sizeof secret->bytes);
  if (!psd_printable(line, length))
    return psd_error_set(error, PSD_BAD_INPUT, "%s has printable ASCII characters only", what);
  memcpy(secret->bytes, line, length);
  return PSD_OK;
}

/* Asks with echo off, and on again whatever happens. */
static bool read_hidden(int terminal, const char *before_prompt, const char *prompt, char line[LINE_MAX_BYTES],
                        size_t *length) {
  struct termios before, hidden;
  struct sigaction old[CAUGHT];
  struct sigaction note = {.sa_handler = note_signal};
  sigset_t blocked, outside;
  if (tcgetattr(terminal, &before) != 0)
    return false;
  came = 0;
  (void)sigemptyset(&note.sa_mask);
  (void)sigemptyset(&blocked);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaddset(&blocked, caught[i]);
  (void)sigprocmask(SIG_BLOCK, &blocked, &outside);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaction(caught[i], &note, &old[i]);
  hidden = before;
  hidden.c_lflag &= ~(tcflag_t)ECHO;
  bool ok = tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 && dprintf(terminal, "%s%s: ", before_prompt, prompt) > 0 &&
            read_line(terminal, &outside, line, length);
  (void)tcsetattr(terminal, TCSAFLUSH, &before);
  (void)!write(terminal, "\n", 1);
  for (size_t i = 0; i < CAUGHT; i++)
    (void)sigaction(caught[i], &old[i], NULL);
  if (came != 0)
    (void)raise((int)came);
  (void)sigprocmask(SIG_SETMASK, &outside, NULL); /* here it takes effect, and those that came meanwhile */
  return ok;
}

static psd_result ask_once(int terminal, const char *before, const char *prompt, psd_secret *answer, psd_error *error) {
  char line[LINE_MAX_BYTES];
  size_t length = 0;
  psd_result result = read_hidden(terminal, before, prompt, line, &length)
                          ? secret_of(line, length, prompt, answer, error)
                          : psd_error_set(error, PSD_BAD_INPUT, "no %s was given", prompt);
  OPENSSL_cleanse(line, sizeof line);
  return result;
}

static psd_result ask_terminal(int terminal, const psd_question *question, psd_secret *answer, psd_error *error) {
  psd_result result = ask_once(terminal, "", question->prompt, answer, error);
  if (result != PSD_OK || !question->repeat)
    return result;
  psd_secret again = {.length = 0};
  result = ask_once(terminal, "again, ", question->prompt, &again, error);
  bool same = result == PSD_OK && again.length == answer->length &&
              CRYPTO_memcmp(again.bytes, answer->bytes, answer->length) == 0;
  OPENSSL_cleanse(&again, sizeof again);
  if (result == PSD_OK && !same)
    return psd_error_set(error, PSD_BAD_INPUT, "the two answers differ: nothing was changed");
  return result;
}

static psd_result read_answer(int fd, const psd_question *question, psd_secret *answer, psd_error *error) {
  char line[LINE_MAX_BYTES];
  size_t length = 0;
  psd_result result =
      read_line(fd, NULL, line, &length)
          ? secret_of(line, length, question->prompt, answer, error)
          : psd_error_set(error, PSD_BAD_INPUT, "the %s is missing: it needs a line of its own", question->prompt);
  OPENSSL_cleanse(line, sizeof line);
  return result;
}

static int open_source(const char *pin_file, psd_error *error) {
  if (pin_file != NULL && strcmp(pin_file, "-") == 0)
    return STDIN_FILENO;
  int fd =
      open(pin_file != NULL ? pin_file : "/dev/tty", (pin_file != NULL ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NOCTTY);
  if (fd < 0 && pin_file != NULL)
    (void)psd_error_set(error, PSD_BAD_INPUT, "%s cannot be opened: %s", pin_file, strerror(errno));
  else if (fd < 0)
    (void)psd_error_set(error, PSD_BAD_INPUT,
                        "there is no terminal to ask on: use --pin-file FILE, or - for standard input");
  return fd;
}

static void warn_of_mode(int fd, const char *pin_file) {
  struct stat status;
  psd_error warning;
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || (status.st_mode & (S_IRGRP | S_IROTH)) == 0)
    return;
  (void)psd_error_set(&warning, PSD_OK, "%s holds secrets and others may read it: chmod 600 it", pin_file);
  psd_cli_warn(&warning);
}

psd_result psd_ask(const char *pin_file, const psd_question *questions, size_t count, psd_secret *answers,
                   psd_error *error) {
  int fd = open_source(pin_file, error);
  if (fd < 0)
    return PSD_BAD_INPUT;
  if (pin_file != NULL)
    warn_of_mode(fd, pin_file);
  psd_result result = PSD_OK;
  for (size_t i = 0; i < count && result == PSD_OK; i++)
    result = pin_file != NULL ? read_answer(fd, &questions[i], &answers[i], error)
                              : ask_terminal(fd, &questions[i], &answers[i], error);
  if (fd != STDIN_FILENO)
    (void)close(fd);
  if (result != PSD_OK)
    OPENSSL_cleanse(answers, count * sizeof *answers);
  return result;
}
