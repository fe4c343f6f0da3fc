#include "kms/passphrase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define PATH_MAX_BYTES 4096U
#define CREDENTIAL "psd-kms-passphrase"

static bool refuse(char *why, const char *what, const char *reason) {
  (void)snprintf(why, PSD_KMS_WHY_MAX, "%.120s: %.70s", what, reason);
  return false;
}

psd_part psd_kms_passphrase_part(const psd_kms_passphrase *passphrase) {
  return (psd_part){passphrase->text, passphrase->length};
}

/* Reads to the end, or to the first line feed on a terminal, or until there is too much. */
static bool read_text(int file, bool line, psd_kms_passphrase *passphrase) {
  ssize_t got = 1;
  passphrase->length = 0;
  while (got > 0 && passphrase->length < sizeof passphrase->text) {
    got = read(file, passphrase->text + passphrase->length, sizeof passphrase->text - passphrase->length);
    passphrase->length += got > 0 ? (size_t)got : 0;
    if (line && passphrase->length > 0 && passphrase->text[passphrase->length - 1U] == '\n')
      break;
  }
  if (passphrase->length > 0 && passphrase->text[passphrase->length - 1U] == '\n')
    passphrase->length--;
  return got >= 0;
}

static bool read_file(const char *path, psd_kms_passphrase *passphrase, char *why) {
  struct stat status;
  int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0)
    return refuse(why, path, strerror(errno));
  if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & S_IRWXO) != 0)
    (void)fprintf(stderr, "psd-kms: %s: everybody may read it: chmod 600 it\n", path);
  bool done = read_text(file, false, passphrase) || refuse(why, path, strerror(errno));
  (void)close(file);
  return done;
}

/* The terminal shows nothing of what is typed. */
static bool read_terminal(int terminal, const char *prompt, psd_kms_passphrase *passphrase) {
  struct termios before, silent;
  if (tcgetattr(terminal, &before) != 0)
    return false;
  silent = before;
  silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
  silent.c_lflag |= ICANON;
  bool done = tcsetattr(terminal, TCSAFLUSH, &silent) == 0 && dprintf(terminal, "%s: ", prompt) > 0 &&
              read_text(terminal, true, passphrase);
  (void)tcsetattr(terminal, TCSAFLUSH, &before);
  (void)dprintf(terminal, "\n");
  return done;
}

static bool same_again(int terminal, const psd_kms_passphrase *passphrase) {
  psd_kms_passphrase again;
  bool same = read_terminal(terminal, "Once more", &again) && again.length == passphrase->length &&
              psd_secret_equal(again.text, passphrase->text, again.length);
  psd_secret_wipe(&again, sizeof again);
  return same;
}

static bool ask_terminal(bool new, psd_kms_passphrase *passphrase, char *why) {
  int terminal = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (terminal < 0)
    return refuse(why, "no passphrase", "there is no terminal to ask at: say --passphrase-file FILE");
  bool done = read_terminal(terminal, new ? "New passphrase" : "Passphrase", passphrase) ||
              refuse(why, "passphrase", "cannot be read");
  if (done && new && !same_again(terminal, passphrase))
    done = refuse(why, "passphrase", "the two differ: try again");
  (void)close(terminal);
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
