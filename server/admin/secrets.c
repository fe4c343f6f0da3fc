/* What an operator's command must have and not show: the column key, and passwords. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/evp.h"
#include "crypto/password.h"
#include "psd/program/prompt.h"
#include "wire/call.h"

/* The key that the meter server seals its columns with. */
#define COLUMN 1U
#define CALL_NUMBER 1U
#define PASSWORD_MOST 256U

static int refused_by_kms(psd_cursor body) {
  psd_error_signal signal;
  const psd_signal_row *row = NULL;
  if (psd_take_message(&body, PSD_MESSAGE_ERROR_SIGNAL, &signal))
    row = psd_signal_of((unsigned)signal.signal);
  return psd_admin_refuse("the key management system refuses the column key: %s",
                          row != NULL ? row->words : "it does not say why");
}

int psd_admin_column_key(const char *kms, uint8_t key[32]) {
  uint8_t question[PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_COLUMN];
  char words[256];
  psd_wire_answer answer;
  psd_kms_call head;
  psd_column_key column;
  psd_buffer out = psd_buffer_over(question, sizeof question);
  psd_put_message(&out, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = CALL_NUMBER});
  psd_put_message(&out, PSD_MESSAGE_KMS_COLUMN, &(psd_kms_column){.column = COLUMN});
  if (!psd_wire_call(kms, PSD_FRAME_KMS_COLUMN, question, out.length, &answer, PSD_CALL_LIMIT, words, sizeof words)) {
    (void)psd_admin_refuse("the key management system cannot be reached: %s", words);
    return PSD_EXIT_UNREACHABLE;
  }
  psd_cursor body = psd_cursor_over(answer.body, answer.length);
  bool ours = psd_take_message(&body, PSD_MESSAGE_KMS_CALL, &head) && head.number == CALL_NUMBER;
  int status = PSD_EXIT_DONE;
  if (ours && answer.type == PSD_FRAME_KMS_REFUSED)
    status = refused_by_kms(body);
  else if (ours && answer.type == PSD_FRAME_KMS_COLUMN_KEY && psd_take_message(&body, PSD_MESSAGE_COLUMN_KEY, &column))
    memcpy(key, column.key, sizeof column.key);
  else
    status = psd_admin_refuse("what answers at %s is no key management system", kms);
  psd_secret_wipe(&column, sizeof column);
  psd_secret_wipe(&answer, sizeof answer);
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
