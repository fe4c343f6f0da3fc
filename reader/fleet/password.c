#include "password.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "psd/program/prompt.h"

psd_result psd_fleet_password_read(const char *path, psd_fleet_password *password, psd_error *error) {
  int descriptor = psd_prompt_open(path);
  *password = (psd_fleet_password){.length = 0};
  if (descriptor < 0)
    return psd_error_set(error, PSD_BAD_INPUT, "%.200s: %s", path, strerror(errno));
  if (psd_prompt_exposed(descriptor))
    fprintf(stderr, "psd-fleet: warning: %s holds a password and others may read it: chmod 600 it\n", path);
  psd_result result =
      psd_prompt_line(descriptor, password->bytes, sizeof password->bytes, &password->length)
          ? PSD_OK
          : psd_error_set(error, PSD_BAD_INPUT, "%.200s: its first line is to be the password, of 1 to %zu bytes", path,
                          sizeof password->bytes - 1);
  psd_prompt_close(descriptor);
  if (result != PSD_OK)
    OPENSSL_cleanse(password, sizeof *password);
  return result;
}
