#include "admin/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/evp.h"
#include "psd/spec/chars.h"
#include "psd/spec/text.h"

#define TRIES 3U

int psd_admin_refuse(const char *format, ...) {
  char words[512], safe[4 * sizeof words];
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  psd_text text = psd_text_over(safe, sizeof safe);
  psd_say_text(&text, words, strlen(words));
  fprintf(stderr, "psd-server: %s\n", safe);
  return PSD_EXIT_REFUSED;
}

int psd_admin_failed(const psd_admin *admin, psd_db_result result, const char *kind, const char *what) {
  const char *space = what[0] == '\0' ? "" : " ";
  switch (result) {
  case PSD_DB_ABSENT:
    return psd_admin_refuse("there is no %s%s%s: see psd-server %s list", kind, space, what, admin->verb->group);
  case PSD_DB_EXISTS:
    return psd_admin_refuse("there is %s %s%s%s already", strchr("aeio", kind[0]) != NULL ? "an" : "a", kind, space,
                            what);
  case PSD_DB_REFUSED:
    return psd_admin_refuse("%s%s%s is refused: it is too long, empty, or has characters that cannot be", kind, space,
                            what);
  case PSD_DB_BUSY:
    (void)psd_admin_refuse("the database is busy, try again later: %s", psd_db_error(admin->db));
    return PSD_EXIT_UNREACHABLE;
  default:
    (void)psd_admin_refuse("%s", psd_db_error(admin->db));
    return PSD_EXIT_UNREACHABLE;
  }
}

int psd_admin_done(const psd_admin *admin, const char *words) {
  if (!admin->json) {
    puts(words);
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_string(&json, "done", words);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

int psd_admin_list(psd_admin *admin, const char *headings, const char *kind, psd_admin_lister *list) {
  psd_json json = psd_json_on(stdout);
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  if (admin->json)
    psd_json_array(&json, NULL);
  else
    puts(headings);
  psd_db_result result = list(admin, &json);
  if (admin->json)
    psd_json_end_array(&json);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, kind, "");
}

void psd_admin_cell(const char *text, unsigned width) {
  char safe[512];
  psd_text out = psd_text_over(safe, sizeof safe);
  psd_say_text(&out, text, strlen(text));
  fputs(safe, stdout);
  size_t left = out.length, shown = 0;
  for (const uint8_t *at = (const uint8_t *)safe; left > 0; shown++) {
    size_t length = psd_utf8_length(at, left);
    length = length == 0 ? 1 : length;
    at += length;
    left -= length;
  }
  if (width > 0)
    printf("%*s", (int)(shown < width ? width - shown + 1 : 1), "");
}

void psd_admin_line(const char *name, const char *value) {
  printf("%-20s ", name);
  psd_admin_cell(value, 0);
  puts("");
}

int psd_admin_open(psd_admin *admin, bool create) {
  char words[256];
  uint8_t key[32];
  int status = PSD_EXIT_DONE;
  admin->db = psd_db_open(admin->url, create, words, sizeof words);
  if (admin->db == NULL) {
    (void)psd_admin_refuse("%s", words);
    return PSD_EXIT_UNREACHABLE;
  }
  if (admin->kms == NULL || (admin->verb->options & PSD_ADMIN_KMS) == 0)
    return PSD_EXIT_DONE;
  status = psd_admin_column_key(admin->kms, key);
  if (status == PSD_EXIT_DONE)
    psd_db_set_key(admin->db, key);
  psd_secret_wipe(key, sizeof key);
  return status;
}

/* Once. */
static psd_db_result try_change(psd_admin *admin, psd_admin_work *work, void *context) {
  psd_db_result result = psd_db_begin(admin->db, true);
  if (result == PSD_DB_DONE)
    result = work(admin, context);
  if (result == PSD_DB_DONE)
    result = psd_db_commit(admin->db);
  if (result != PSD_DB_DONE)
    psd_db_rollback(admin->db);
  return result;
}

psd_db_result psd_admin_change(psd_admin *admin, psd_admin_work *work, void *context) {
  psd_db_result result = PSD_DB_BUSY;
  for (unsigned i = 0; i < TRIES && result == PSD_DB_BUSY; i++)
    result = try_change(admin, work, context);
  return result;
}

int psd_admin_migrate(psd_admin *admin) {
  char words[64];
  int status = psd_admin_open(admin, true);
  if (status != PSD_EXIT_DONE)
    return status;
  (void)snprintf(words, sizeof words, "the database has schema %u", psd_db_schema(admin->db));
  return psd_admin_done(admin, words);
}

int psd_admin_run(int argc, char **argv) {
  psd_admin admin;
  int status = psd_admin_parse(&admin, argc, argv);
  if (status != PSD_EXIT_DONE)
    return status;
  if ((admin.given & PSD_ADMIN_HELP) != 0) {
    psd_admin_help(admin.verb != NULL ? admin.verb->group : admin.argc > 0 ? admin.argv[0] : NULL);
    return PSD_EXIT_DONE;
  }
  if ((admin.given & PSD_ADMIN_VERSION) != 0) {
    puts("psd-server " PSD_VERSION);
    return PSD_EXIT_DONE;
  }
  if (!psd_evp_start())
    return psd_admin_refuse("OpenSSL cannot be used");
  status = admin.verb->run(&admin);
  psd_db_close(admin.db);
  psd_evp_stop();
  if (fflush(stdout) == 0 && ferror(stdout) == 0)
    return status;
  /* Whoever takes a payment for refused books it once more. */
  (void)psd_admin_refuse("the output cannot be written%s", status == PSD_EXIT_DONE ? "; it was done" : "");
  return status == PSD_EXIT_DONE ? PSD_EXIT_REFUSED : status;
}
