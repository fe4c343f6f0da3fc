/* Do the vectors reach every row of the command table, where it is served and where it is refused? */
#include "vectors.h"

#include "pattern.h"
#include "psd/spec/apdu.h"

#include <string.h>

typedef struct row_cover {
  bool served, refused;
} row_cover;

static row_cover covered[PSD_COMMAND_COUNT];

/* Served, as far as the row goes: done, more to come, or a warning. */
static bool is_served(const char *answer) {
  size_t length = strlen(answer);
  const char *status = length >= 4 ? answer + length - 4 : "";
  return strcmp(status, "9000") == 0 || strncmp(status, "61", 2) == 0 || strncmp(status, "62", 2) == 0;
}

static void count(const vector_line *line) {
  static uint8_t command[VECTOR_COMMAND];
  size_t length = 0;
  if (!pattern_bytes(line->command, command, sizeof command, &length) || length < 4)
    return;
  psd_cla cla = psd_decode_cla(command[0]);
  const psd_command *row = cla.valid ? psd_command_of(cla.class, command[1]) : NULL;
  if (row != NULL)
    *(is_served(line->answer) ? &covered[row->id].served : &covered[row->id].refused) = true;
}

/* What the certificate meter charges needs a table of rates and what an authority has signed. */
static bool is_service(const psd_command *row) {
  switch (row->id) {
  case PSD_COMMAND_REQUEST_CERTIFICATE:
  case PSD_COMMAND_INSTALL_CERTIFICATE:
  case PSD_COMMAND_SIGN_MESSAGE:
  case PSD_COMMAND_POSTMARK:
  case PSD_COMMAND_VALIDATE_POSTMARK:
  case PSD_COMMAND_ISSUE_CERTIFICATE:
  case PSD_COMMAND_REQUEST_REVOCATION:
  case PSD_COMMAND_REVOKE_CERTIFICATE:
  case PSD_COMMAND_ACCEPT_CREDIT:
  case PSD_COMMAND_PAY:
    return true;
  default:
    return false;
  }
}

/* The provider's rows cannot be served before there is a session, nor evidence, which needs the licence and the
 * certificate that come in one, and a table that the provider's key management system has signed, nor GET LAST, which
 * tells of both. */
static bool needs_provider(const psd_command *row) {
  return row->access == PSD_PROVIDER || row->id == PSD_COMMAND_LOAD_RATES || row->id == PSD_COMMAND_CREATE_INDICIUM ||
         row->id == PSD_COMMAND_WITHDRAWAL_INDICIUM || row->id == PSD_COMMAND_REGISTRATION_TOKENS ||
         row->id == PSD_COMMAND_GET_LAST || is_service(row);
}

bool vector_cover(char **names, int number) {
  static vector_file file;
  for (int i = 0; i < number; i++) {
    if (!vector_open(&file, names[i]))
      return false;
    vector_line line = vector_next(&file);
    for (; line.kind != VECTOR_END && line.kind != VECTOR_MALFORMED; line = vector_next(&file)) {
      if (line.kind == VECTOR_EXCHANGE)
        count(&line);
      else if (line.kind == VECTOR_SECURE) /* made by the runner */
        covered[PSD_COMMAND_EXTERNAL_AUTHENTICATE].served = true;
    }
    vector_close(&file);
  }
  bool all = true;
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    if ((covered[i].served || needs_provider(&psd_commands[i])) && covered[i].refused)
      continue;
    fprintf(stderr, "%s: no vector has it %s\n", psd_commands[i].name, covered[i].refused ? "served" : "refused");
    all = false;
  }
  return all;
}
