/* What an operator's command must have and not show: the column key, and passwords. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin/ask.h"
#include "admin/command.h"
#include "crypto/evp.h"
#include "crypto/password.h"
#include "psd/program/prompt.h"

/* The key that the meter server seals its columns with. */
#define COLUMN 1U
#define PASSWORD_MOST 256U

int psd_admin_column_key(const char *kms, uint8_t key[32]) {
  uint8_t question[PSD_SIZE_KMS_COLUMN], answer[PSD_SIZE_COLUMN_KEY];
  psd_column_key column;
  psd_buffer out = psd_buffer_over(question, sizeof question);
  psd_put_message(&out, PSD_MESSAGE_KMS_COLUMN, &(psd_kms_column){.column = COLUMN});
  const psd_admin_question asked = {.request = PSD_FRAME_KMS_COLUMN,
                                    .answer = PSD_FRAME_KMS_COLUMN_KEY,
                                    .body = question,
                                    .length = out.length,
                                    .words = "the column key"};
  int status = psd_admin_ask_kms(kms, &asked, answer, sizeof answer);
  if (status == PSD_EXIT_DONE && psd_parse_message(answer, sizeof answer, PSD_MESSAGE_COLUMN_KEY, &column))
    memcpy(key, column.key, sizeof column.key);
  psd_secret_wipe(&column, sizeof column);
  psd_secret_wipe(answer, sizeof answer);
  return status;
}

static int read_file(const char *path, char line[PASSWORD_MOST], size_t *length) {
  int fd = psd_prompt_open(path);
  if (fd < 0)
    return psd_admin_refuse("%s cannot be opened: %s", path, strerror(errno));
  if (psd_prompt_exposed(fd))
    (void)psd_admin_refuse("warning: %s holds a password and others may read it: chmod 600 it", path);
  bool read = psd_prompt_line(fd, line, PASSWORD_MOST, length);
  psd_prompt_close(fd);
  return read ? PSD_EXIT_DONE : psd_admin_refuse("%s has no first line of 1 to 255 bytes", path);
}

static int ask(int terminal, char line[PASSWORD_MOST], size_t *length) {
  char again[PASSWORD_MOST];
  size_t again_length = 0;
  int status = PSD_EXIT_DONE;
  if (!psd_prompt_hidden(terminal, "", "password", line, PASSWORD_MOST, length) ||
      !psd_prompt_hidden(terminal, "again, ", "password", again, sizeof again, &again_length))
    status = psd_admin_refuse("no password was given");
  else if (again_length != *length || !psd_secret_equal(line, again, *length))
    status = psd_admin_refuse("the two answers differ: nothing was changed");
  psd_secret_wipe(again, sizeof again);
  return status;
}

static int ask_terminal(char line[PASSWORD_MOST], size_t *length) {
  int terminal = psd_prompt_open(NULL);
  if (terminal < 0)
    return psd_admin_refuse("there is no terminal to ask on: use --password-file FILE, or - for standard input");
  int status = ask(terminal, line, length);
  psd_prompt_close(terminal);
  return status;
}

int psd_admin_verifier(const psd_admin *admin, const char *user, uint8_t verifier[32]) {
  char line[PASSWORD_MOST];
  size_t length = 0;
  int status =
      admin->password_file != NULL ? read_file(admin->password_file, line, &length) : ask_terminal(line, &length);
  if (status == PSD_EXIT_DONE &&
      !psd_password_stretch(admin->realm, user, line, length, admin->memory, admin->passes, admin->lanes, verifier))
    status = psd_admin_refuse("the password cannot be stretched: a user name has 1 to 32 bytes, and %u KiB of memory "
                              "are needed",
                              admin->memory);
  psd_secret_wipe(line, sizeof line);
  return status;
}
