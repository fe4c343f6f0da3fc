/* PINs, PUKs and passwords from a person or a file. */
#include "cli.h"
#include "psd/program/prompt.h"
#include "psd/spec/chars.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <string.h>

#define LINE_MAX_BYTES 256U

/* What is asked for: how large it is in memory, how a line becomes one, and the option that names a file instead. */
typedef struct secret_kind {
  size_t size;
  psd_result (*take)(const char *line, size_t length, const char *what, void *secret, psd_error *error);
  const char *option;
} secret_kind;
/* Of the largest kind. */
typedef union any_secret {
  psd_secret pin;
  psd_password password;
} any_secret;

static psd_result take_pin(const char *line, size_t length, const char *what, void *answer, psd_error *error) {
  psd_secret *secret = answer;
  *secret = (psd_secret){.length = length};
  if (length < 4 || length > sizeof secret->bytes)
    return psd_error_set(error, PSD_BAD_INPUT, "%s has 4 to %zu characters", what, sizeof secret->bytes);
  if (!psd_printable(line, length))
    return psd_error_set(error, PSD_BAD_INPUT, "%s has printable ASCII characters only", what);
  memcpy(secret->bytes, line, length);
  return PSD_OK;
}

static psd_result take_password(const char *line, size_t length, const char *what, void *answer, psd_error *error) {
  psd_password *password = answer;
  *password = (psd_password){.length = (uint8_t)length};
  if (length > sizeof password->bytes)
    return psd_error_set(error, PSD_BAD_INPUT, "the %s has more than %zu bytes", what, sizeof password->bytes);
  memcpy(password->bytes, line, length);
  return PSD_OK;
}

static const secret_kind pins = {sizeof(psd_secret), take_pin, "--pin-file"};
static const secret_kind passwords = {sizeof(psd_password), take_password, "--password-file"};

static psd_result ask_once(int terminal, const secret_kind *kind, const char *before, const char *prompt, void *answer,
                           psd_error *error) {
  char line[LINE_MAX_BYTES];
  size_t length = 0;
  psd_result result = psd_prompt_hidden(terminal, before, prompt, line, sizeof line, &length)
                          ? kind->take(line, length, prompt, answer, error)
                          : psd_error_set(error, PSD_BAD_INPUT, "no %s was given", prompt);
  OPENSSL_cleanse(line, sizeof line);
  return result;
}

static psd_result ask_terminal(int terminal, const secret_kind *kind, const psd_question *question, void *answer,
                               psd_error *error) {
  psd_result result = ask_once(terminal, kind, "", question->prompt, answer, error);
  if (result != PSD_OK || !question->repeat)
    return result;
  any_secret again;
  result = ask_once(terminal, kind, "again, ", question->prompt, &again, error);
  bool same = result == PSD_OK && CRYPTO_memcmp(&again, answer, kind->size) == 0; /* the rest of each is zeroes */
  OPENSSL_cleanse(&again, sizeof again);
  if (result == PSD_OK && !same)
    return psd_error_set(error, PSD_BAD_INPUT, "the two answers differ: nothing was changed");
  return result;
}

static psd_result read_answer(int fd, const secret_kind *kind, const psd_question *question, void *answer,
                              psd_error *error) {
  char line[LINE_MAX_BYTES];
  size_t length = 0;
  psd_result result =
      psd_prompt_line(fd, line, sizeof line, &length)
          ? kind->take(line, length, question->prompt, answer, error)
          : psd_error_set(error, PSD_BAD_INPUT, "the %s is missing: it needs a line of its own", question->prompt);
  OPENSSL_cleanse(line, sizeof line);
  return result;
}

static int open_source(const secret_kind *kind, const char *pin_file, psd_error *error) {
  int fd = psd_prompt_open(pin_file);
  if (fd < 0 && pin_file != NULL)
    (void)psd_error_set(error, PSD_BAD_INPUT, "%s cannot be opened: %s", pin_file, strerror(errno));
  else if (fd < 0)
    (void)psd_error_set(error, PSD_BAD_INPUT, "there is no terminal to ask on: use %s FILE, or - for standard input",
                        kind->option);
  return fd;
}

static void warn_of_mode(int fd, const char *pin_file) {
  psd_error warning;
  if (!psd_prompt_exposed(fd))
    return;
  (void)psd_error_set(&warning, PSD_OK, "%s holds secrets and others may read it: chmod 600 it", pin_file);
  psd_cli_warn(&warning);
}

static psd_result ask(const secret_kind *kind, const char *file, const psd_question *questions, size_t count,
                      void *answers, psd_error *error) {
  int fd = open_source(kind, file, error);
  if (fd < 0)
    return PSD_BAD_INPUT;
  if (file != NULL)
    warn_of_mode(fd, file);
  psd_result result = PSD_OK;
  for (size_t i = 0; i < count && result == PSD_OK; i++) {
    void *answer = (uint8_t *)answers + i * kind->size;
    result = file != NULL ? read_answer(fd, kind, &questions[i], answer, error)
                          : ask_terminal(fd, kind, &questions[i], answer, error);
  }
  psd_prompt_close(fd);
  if (result != PSD_OK)
    OPENSSL_cleanse(answers, count * kind->size);
  return result;
}

psd_result psd_ask(const char *pin_file, const psd_question *questions, size_t count, psd_secret *answers,
                   psd_error *error) {
  return ask(&pins, pin_file, questions, count, answers, error);
}

psd_result psd_ask_passwords(const char *password_file, const psd_question *questions, size_t count,
                             psd_password *answers, psd_error *error) {
  return ask(&passwords, password_file, questions, count, answers, error);
}
