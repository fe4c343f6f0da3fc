#include "admin/admin.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/evp.h"
#include "crypto/password.h"
#include "psd/spec/chars.h"
#include "psd/spec/text.h"

#define NEED_NAMES (PSD_ADMIN_DB | PSD_ADMIN_KMS)

const psd_admin_verb psd_admin_verbs[] = {
    {"migrate", "", "", "makes the database, or brings its schema up to date", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 0, 0,
     psd_admin_migrate},
    {"account", "add", "NUMBER NAME", "opens an account: who pays", PSD_ADMIN_NAMES, NEED_NAMES, 2, 2,
     psd_admin_account_add},
    {"account", "list", "", "shows the accounts", PSD_ADMIN_NAMES, NEED_NAMES, 0, 0, psd_admin_account_list},
    {"account", "suspend", "NUMBER", "refuses its users until it is resumed", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 1, 1,
     psd_admin_account_suspend},
    {"account", "resume", "NUMBER", "takes its users again", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 1, 1,
     psd_admin_account_resume},
    {"user", "add", "NAME", "enrols a user with a first password", PSD_ADMIN_PASSWORD | PSD_ADMIN_ACCOUNT,
     NEED_NAMES | PSD_ADMIN_ACCOUNT, 1, 1, psd_admin_user_add},
    {"user", "list", "", "shows the users, and who is locked", PSD_ADMIN_NAMES, NEED_NAMES, 0, 0, psd_admin_user_list},
    {"user", "enable", "NAME", "lets a user sign on again", PSD_ADMIN_NAMES, NEED_NAMES, 1, 1, psd_admin_user_enable},
    {"user", "disable", "NAME", "lets a user sign on no more", PSD_ADMIN_NAMES, NEED_NAMES, 1, 1,
     psd_admin_user_disable},
    {"user", "passwd", "NAME", "gives a user another password", PSD_ADMIN_PASSWORD, NEED_NAMES, 1, 1,
     psd_admin_user_passwd},
    {"user", "unlock", "NAME", "forgets failed sign-ons", PSD_ADMIN_NAMES, NEED_NAMES, 1, 1, psd_admin_user_unlock},
    {"psd", "list", "", "shows the PSDs and whose they are", PSD_ADMIN_NAMES, NEED_NAMES, 0, 0, psd_admin_psd_list},
    {"psd", "show", "PSD", "shows one, with its last audit", PSD_ADMIN_NAMES, NEED_NAMES, 1, 3, psd_admin_psd_show},
    {"psd", "revoke", "PSD", "refuses a PSD that was lost or stolen", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 1, 3,
     psd_admin_psd_revoke},
    {"psd", "restore", "PSD", "takes it again", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 1, 3, psd_admin_psd_restore},
    {"keys", "", "", "counts the PSDs that hold each vendor key K1", PSD_ADMIN_PLAIN, PSD_ADMIN_DB, 0, 0,
     psd_admin_keys},
};
const size_t psd_admin_verb_count = sizeof psd_admin_verbs / sizeof psd_admin_verbs[0];

static const struct {
  unsigned option;
  const char *line;
} option_lines[] = {
    {PSD_ADMIN_DB, "  --db URL              sqlite:FILE, or postgresql://...\n"},
    {PSD_ADMIN_KMS, "  --kms PATH            socket of the key management system: it has the key to names\n"},
    {PSD_ADMIN_JSON, "  --json                JSON for machines\n"},
    {PSD_ADMIN_ACCOUNT, "  --account NUMBER      the account of the user\n"},
    {PSD_ADMIN_PASSWORD_FILE, "  --password-file FILE  the password is its first line; - is standard input\n"},
    {PSD_ADMIN_REALM, "  --realm NAME          the realm of the meter server (\"" PSD_PASSWORD_REALM "\")\n"},
    {PSD_ADMIN_MEMORY, "  --memory KIB, --passes N, --lanes N\n"
                       "                        the meter server's Argon2id (" PSD_PASSWORD_DEFAULTS ")\n"},
};

/* Of one group, or, with NULL, of the whole program. */
static void help(const char *group) {
  unsigned options = 0;
  printf("usage: psd-server %s ...\n\n%s", group != NULL ? group : "COMMAND",
         group != NULL ? "" : "The meter server of Postal Security Devices, and what its operator does.\n\n");
  puts("commands:");
  if (group == NULL)
    printf("  %-26s %s\n", "run", "serves; see psd-server run --help");
  for (size_t i = 0; i < psd_admin_verb_count; i++) {
    const psd_admin_verb *verb = &psd_admin_verbs[i];
    char name[64];
    if (group != NULL && strcmp(group, verb->group) != 0)
      continue;
    (void)snprintf(name, sizeof name, "%s%s%s %s", verb->group, verb->name[0] != '\0' ? " " : "", verb->name,
                   verb->synopsis);
    printf("  %-26s %s\n", name, verb->summary);
    options |= verb->options;
  }
  puts("\noptions:");
  for (size_t i = 0; i < sizeof option_lines / sizeof option_lines[0]; i++)
    if ((options & option_lines[i].option) != 0)
      fputs(option_lines[i].line, stdout);
  puts("\nexit status: 0 done, 1 refused, 2 usage, 3 database or key management system out of reach");
}

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
  do
    fputc(' ', stdout);
  while (++shown <= width);
}

const char *psd_admin_time(uint64_t seconds, char words[PSD_ADMIN_TIME]) {
  psd_text text = psd_text_over(words, PSD_ADMIN_TIME);
  psd_say_time(&text, seconds);
  return words;
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
  if (admin->kms == NULL)
    return PSD_EXIT_DONE;
  status = psd_admin_column_key(admin->kms, key);
  if (status == PSD_EXIT_DONE)
    psd_db_set_key(admin->db, key);
  psd_secret_wipe(key, sizeof key);
  return status;
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
    help(admin.verb != NULL ? admin.verb->group : admin.argc > 0 ? admin.argv[0] : NULL);
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
  if (fflush(stdout) != 0)
    return psd_admin_refuse("the output cannot be written");
  return status;
}
