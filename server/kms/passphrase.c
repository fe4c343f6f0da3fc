#include "kms/passphrase.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "psd/program/prompt.h"

#define PATH_MAX_BYTES 4096U
#define CREDENTIAL "psd-kms-passphrase"

static bool refuse(char *why, const char *what, const char *reason) {
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.120s: %.70s", what, reason);
  return false;
}

psd_part psd_kms_passphrase_part(const psd_kms_passphrase *passphrase) {
  return (psd_part){passphrase->text, passphrase->length};
}

/* The whole file: a passphrase may be random bytes, and must not end in silence where one of them is a line feed. */
static bool read_text(int file, psd_kms_passphrase *passphrase) {
  ssize_t got = 1;
  passphrase->length = 0;
  while (got > 0 && passphrase->length < sizeof passphrase->text) {
    got = read(file, passphrase->text + passphrase->length, sizeof passphrase->text - passphrase->length);
    passphrase->length += got > 0 ? (size_t)got : 0;
  }
  if (passphrase->length > 0 && passphrase->text[passphrase->length - 1U] == '\n')
    passphrase->length--;
  return got >= 0;
}

static bool read_file(const char *path, psd_kms_passphrase *passphrase, char *why) {
  int file = psd_prompt_open(path);
  if (file < 0)
    return refuse(why, path, strerror(errno));
  if (psd_prompt_exposed(file))
    (void)fprintf(stderr, "psd-kms: warning: others may read %s: chmod 600 it\n", path);
  bool done = read_text(file, passphrase) || refuse(why, path, strerror(errno));
  psd_prompt_close(file);
  return done;
}

static bool ask_once(int terminal, const char *before, const char *prompt, psd_kms_passphrase *passphrase) {
  return psd_prompt_hidden(terminal, before, prompt, passphrase->text, sizeof passphrase->text, &passphrase->length);
}

static bool same_again(int terminal, const char *prompt, const psd_kms_passphrase *passphrase) {
  psd_kms_passphrase again;
  bool same = ask_once(terminal, "again, ", prompt, &again) && again.length == passphrase->length &&
              psd_secret_equal(again.text, passphrase->text, again.length);
  psd_secret_wipe(&again, sizeof again);
  return same;
}

static bool ask_terminal(bool new, psd_kms_passphrase *passphrase, char *why) {
  const char *prompt = new ? "new passphrase" : "passphrase";
  int terminal = psd_prompt_open(NULL);
  if (terminal < 0)
    return refuse(why, "no passphrase", "there is no terminal to ask at: say --passphrase-file FILE");
  bool done = ask_once(terminal, "", prompt, passphrase) || refuse(why, prompt, "none was given, or too long a one");
  if (done && new && !same_again(terminal, prompt, passphrase))
    done = refuse(why, prompt, "the two answers differ: nothing was changed");
  psd_prompt_close(terminal);
  return done;
}

static bool ask(const char *file, bool new, psd_kms_passphrase *passphrase, char *why) {
  bool done = file != NULL ? read_file(file, passphrase, why) : ask_terminal(new, passphrase, why);
  const char *flaw = done ? psd_kms_passphrase_flaw(psd_kms_passphrase_part(passphrase)) : NULL;
  if (flaw != NULL)
    done = refuse(why, "passphrase", flaw);
  if (!done)
    psd_secret_wipe(passphrase, sizeof *passphrase);
  return done;
}

bool psd_kms_ask_passphrase(const char *file, bool new, psd_kms_passphrase *passphrase, char why[PSD_KMS_WHY_MAX]) {
  char path[PATH_MAX_BYTES];
  const char *folder = getenv("CREDENTIALS_DIRECTORY");
  int length = folder != NULL ? snprintf(path, sizeof path, "%s/" CREDENTIAL, folder) : -1;
  if (file == NULL && length > 0 && (size_t)length < sizeof path && access(path, R_OK) == 0)
    file = path;
  return ask(file, new, passphrase, why);
}

bool psd_kms_ask_new_passphrase(const char *file, psd_kms_passphrase *passphrase, char why[PSD_KMS_WHY_MAX]) {
  return ask(file, true, passphrase, why);
}
