/* The inside of the operator's commands: options, verbs, and how each ends. */
#ifndef PSD_SERVER_COMMAND_H
#define PSD_SERVER_COMMAND_H

#include "psd/program/exit.h"
#include "psd/program/json.h"
#include "store/store.h"

/* The options, each a bit, so that a verb can say which it takes. */
enum psd_admin_option {
  PSD_ADMIN_DB = 1,
  PSD_ADMIN_KMS = 2,
  PSD_ADMIN_JSON = 4,
  PSD_ADMIN_ACCOUNT = 8,
  PSD_ADMIN_PASSWORD_FILE = 16,
  PSD_ADMIN_REALM = 32,
  PSD_ADMIN_MEMORY = 64,
  PSD_ADMIN_PASSES = 128,
  PSD_ADMIN_LANES = 256,
  PSD_ADMIN_HELP = 512,
  PSD_ADMIN_VERSION = 1024,
  /* Those of every verb, of those who see names, and of those who set a password. */
  PSD_ADMIN_PLAIN = PSD_ADMIN_DB | PSD_ADMIN_JSON,
  PSD_ADMIN_NAMES = PSD_ADMIN_PLAIN | PSD_ADMIN_KMS,
  PSD_ADMIN_PASSWORD = PSD_ADMIN_NAMES | PSD_ADMIN_PASSWORD_FILE | PSD_ADMIN_REALM | PSD_ADMIN_MEMORY |
                       PSD_ADMIN_PASSES | PSD_ADMIN_LANES,
};

typedef struct psd_admin psd_admin;

typedef struct psd_admin_verb {
  const char *group;    /* "user" */
  const char *name;     /* "add"; "" where the group is the whole */
  const char *synopsis; /* what follows */
  const char *summary;  /* one line */
  unsigned options;     /* those it takes */
  unsigned needed;      /* those it cannot do without */
  int least, most;      /* arguments */
  int (*run)(psd_admin *admin);
} psd_admin_verb;

/* A command line, parsed, and the database. Texts are argv's. */
struct psd_admin {
  const psd_admin_verb *verb;
  unsigned given; /* options */
  const char *url, *kms, *account, *password_file, *realm;
  uint32_t memory, passes, lanes;
  bool json;
  int argc; /* arguments of the verb */
  char **argv;
  psd_db *db; /* NULL until psd_admin_open */
};

extern const psd_admin_verb psd_admin_verbs[];
extern const size_t psd_admin_verb_count;

/* Parses a command line; on anything but PSD_EXIT_DONE what is wrong was told on standard error. Uses getopt. */
int psd_admin_parse(psd_admin *admin, int argc, char **argv);

/* Opens the database, with the column key if the verb takes --kms. Returns PSD_EXIT_DONE, or the exit status after
 * telling why. psd_admin_run closes it. */
int psd_admin_open(psd_admin *admin, bool create);

/* "psd-server: ..." on standard error; return the exit status. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
int psd_admin_usage(const psd_admin *admin, const char *format, ...);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
int psd_admin_refuse(const char *format, ...);
/* What a result of the database that is not DONE means; `what` is whom it is about: "user alice". */
int psd_admin_failed(const psd_admin *admin, psd_db_result result, const char *kind, const char *what);
/* "user added", or the same as JSON; returns PSD_EXIT_DONE. */
int psd_admin_done(const psd_admin *admin, const char *words);
/* What `list` shows, under `headings` or as one JSON array; `kind` is what it is a list of. Opens the database; returns
 * the exit status. */
typedef psd_db_result psd_admin_lister(psd_admin *admin, psd_json *json);
int psd_admin_list(psd_admin *admin, const char *headings, const char *kind, psd_admin_lister *list);
/* Prints text that somebody else wrote, in a column of `width` characters; what could work on a terminal is taken out.
 */
void psd_admin_cell(const char *text, unsigned width);
/* "2026-11-21 17:45:00 UTC", or "never" for 0. */
#define PSD_ADMIN_TIME 32U
const char *psd_admin_time(uint64_t seconds, char words[PSD_ADMIN_TIME]);

/* The verifier of a new password for that user: from --password-file, or asked for twice at the terminal. Returns
 * PSD_EXIT_DONE, or the exit status after telling why. */
int psd_admin_verifier(const psd_admin *admin, const char *user, uint8_t verifier[32]);
/* The key of the database's columns from the key management system, likewise. */
int psd_admin_column_key(const char *kms, uint8_t key[32]);

int psd_admin_account_add(psd_admin *admin);
int psd_admin_account_list(psd_admin *admin);
int psd_admin_account_resume(psd_admin *admin);
int psd_admin_account_suspend(psd_admin *admin);
int psd_admin_keys(psd_admin *admin);
int psd_admin_migrate(psd_admin *admin);
int psd_admin_psd_list(psd_admin *admin);
int psd_admin_psd_restore(psd_admin *admin);
int psd_admin_psd_revoke(psd_admin *admin);
int psd_admin_psd_show(psd_admin *admin);
int psd_admin_user_add(psd_admin *admin);
int psd_admin_user_disable(psd_admin *admin);
int psd_admin_user_enable(psd_admin *admin);
int psd_admin_user_list(psd_admin *admin);
int psd_admin_user_passwd(psd_admin *admin);
int psd_admin_user_unlock(psd_admin *admin);

#endif
