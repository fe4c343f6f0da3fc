#include "password.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "psd/spec/prompt.h"

static void warn_of_mode(int descriptor, const char *path) {
  struct stat status;
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0)
    fprintf(stderr, "psd-fleet: warning: %s holds a password and others may read it: chmod 600 it\n", path);
}

psd_result psd_fleet_password_read(const char *path, psd_fleet_password *password, psd_error *error) {
  bool standard = strcmp(path, "-") == 0;
  int descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  *password = (psd_fleet_password){.length = 0};
  if (descriptor < 0)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s: %s", path, strerror(errno));
  warn_of_mode(descriptor, path);
  psd_result result =
      psd_prompt_line(descriptor, password->bytes, sizeof password->bytes, &password->length)
          ? PSD_OK
          : psd_error_set(error, PSD_BAD_INPUT, "%.200s: its first line is to be the password, of 1 to %zu bytes", path,
                          sizeof password->bytes - 1);
  if (!standard)
    (void)close(descriptor);
  if (result != PSD_OK)
    OPENSSL_cleanse(password, sizeof *password);
  return result;
}
