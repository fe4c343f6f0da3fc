/* The inside of the operator's commands: options, verbs, and how each ends. */
#ifndef PSD_SERVER_COMMAND_H
#define PSD_SERVER_COMMAND_H

#include "authority/authority.h"
#include "datacenter/datacenter.h"
#include "psd/program/exit.h"
#include "psd/program/json.h"
#include "psd/spec/amount.h"

/* The options, each a bit, so that a verb can say which it takes. */
enum psd_admin_option {
  PSD_ADMIN_DB = 1 << 0,
  PSD_ADMIN_KMS = 1 << 1,
  PSD_ADMIN_JSON = 1 << 2,
  PSD_ADMIN_ACCOUNT = 1 << 3,
  PSD_ADMIN_PASSWORD_FILE = 1 << 4,
  PSD_ADMIN_REALM = 1 << 5,
  PSD_ADMIN_MEMORY = 1 << 6,
  PSD_ADMIN_PASSES = 1 << 7,
  PSD_ADMIN_LANES = 1 << 8,
  PSD_ADMIN_ZIP = 1 << 9,
  PSD_ADMIN_LICENCE = 1 << 10,
  PSD_ADMIN_CREDIT = 1 << 11,
  PSD_ADMIN_REFERENCE = 1 << 12,
  PSD_ADMIN_SINCE = 1 << 13,
  PSD_ADMIN_ACCEPT = 1 << 14,
  PSD_ADMIN_MINIMUM_POSTAGE = 1 << 15,
  PSD_ADMIN_MAXIMUM_POSTAGE = 1 << 16,
  PSD_ADMIN_MAXIMUM_DESCENDING = 1 << 17,
  PSD_ADMIN_MINIMUM_REFILL = 1 << 18,
  PSD_ADMIN_MAXIMUM_REFILL = 1 << 19,
  PSD_ADMIN_WARN = 1 << 20,
  PSD_ADMIN_LOCK = 1 << 21,
  PSD_ADMIN_ALL = 1 << 22,
  PSD_ADMIN_SKIP_BAD = 1 << 23,
  PSD_ADMIN_HELP = 1 << 24,
  PSD_ADMIN_VERSION = 1 << 25,
  PSD_ADMIN_KMS_LOG = 1 << 26,
  PSD_ADMIN_RATE_KEY = 1 << 27,
  PSD_ADMIN_CSV = 1 << 28,
  PSD_ADMIN_REASON = 1 << 29,
  PSD_ADMIN_OVERDUE = 1 << 30,
  /* Those of every verb, of those who see names, and of those who set a password. */
  PSD_ADMIN_PLAIN = PSD_ADMIN_DB | PSD_ADMIN_JSON,
  PSD_ADMIN_NAMES = PSD_ADMIN_PLAIN | PSD_ADMIN_KMS,
  PSD_ADMIN_PASSWORD = PSD_ADMIN_NAMES | PSD_ADMIN_PASSWORD_FILE | PSD_ADMIN_REALM | PSD_ADMIN_MEMORY |
                       PSD_ADMIN_PASSES | PSD_ADMIN_LANES,
  PSD_ADMIN_PLACE = PSD_ADMIN_ZIP | PSD_ADMIN_LICENCE,
  PSD_ADMIN_LIMITS = PSD_ADMIN_MINIMUM_POSTAGE | PSD_ADMIN_MAXIMUM_POSTAGE | PSD_ADMIN_MAXIMUM_DESCENDING |
                     PSD_ADMIN_MINIMUM_REFILL | PSD_ADMIN_MAXIMUM_REFILL,
};

/* The last one has no room in an int. */
#define PSD_ADMIN_UNPAID (1U << 31)

typedef enum psd_admin_kind {
  PSD_ADMIN_FLAG,
  PSD_ADMIN_TEXT,
  PSD_ADMIN_NUMBER, /* uint32_t */
  PSD_ADMIN_AMOUNT, /* uint64_t, mills */
  PSD_ADMIN_DATE,   /* uint64_t, seconds since 1970 */
} psd_admin_kind;

typedef struct psd_admin_option_row {
  unsigned bit;
  const char *name;
  psd_admin_kind kind;
  size_t offset;        /* of its value in psd_admin */
  uint64_t least, most; /* of a number */
  const char *value;    /* as the help has it: "NUMBER" */
  const char *words;    /* one line */
} psd_admin_option_row;

extern const psd_admin_option_row psd_admin_options[];
extern const size_t psd_admin_option_count;

typedef struct psd_admin psd_admin;

typedef struct psd_admin_verb {
  const char *group;    /* "user" */
  const char *name;     /* "add"; "" where the group is the whole */
  const char *synopsis; /* what follows */
  const char *summary;  /* one line */
  unsigned options;     /* those it takes; --kms is for names there */
  unsigned needed;      /* those it cannot do without */
  int least, most;      /* arguments */
  int (*run)(psd_admin *admin);
} psd_admin_verb;

/* A command line, parsed, and the database. Texts are argv's. */
struct psd_admin {
  const psd_admin_verb *verb;
  unsigned given; /* options */
  const char *url, *kms, *account, *password_file, *realm, *reference, *kms_log, *rate_key, *reason;
  uint32_t memory, passes, lanes, zip, licence, warn, lock, overdue, unpaid; /* the last four in days */
  uint64_t credit, since;
  psd_limits limits;
  bool json;
  int argc; /* arguments of the verb */
  char **argv;
  psd_db *db; /* NULL until psd_admin_open */
};

extern const psd_admin_verb psd_admin_verbs[];
extern const size_t psd_admin_verb_count;

/* Parses a command line; on anything but PSD_EXIT_DONE what is wrong was told on standard error. Uses getopt. */
int psd_admin_parse(psd_admin *admin, int argc, char **argv);
/* What the program can do, or one group of its verbs; `group` NULL for all. */
void psd_admin_help(const char *group);

/* Opens the database, with the column key if the verb shows names (its options have --kms). Returns PSD_EXIT_DONE, or
 * the exit status after telling why. psd_admin_run closes it. */
int psd_admin_open(psd_admin *admin, bool create);

/* Does `work` as one transaction: all of it, or, unless it is PSD_DB_DONE, nothing. What conflicts with others is begun
 * again a few times, so `work` may run more than once. */
typedef psd_db_result psd_admin_work(psd_admin *admin, void *context);
psd_db_result psd_admin_change(psd_admin *admin, psd_admin_work *work, void *context);

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
 * 0 is the last column: nothing is filled up. */
void psd_admin_cell(const char *text, unsigned width);
/* Prints the name of a value and the value, a line. */
void psd_admin_line(const char *name, const char *value);
#define PSD_ADMIN_TIME_WORDS 32U
const char *psd_admin_time(uint64_t seconds, char words[PSD_ADMIN_TIME_WORDS]);
/* A time as words and as a number: "inspected" and "inspected_seconds". */
void psd_admin_json_time(psd_json *json, const char *name, const char *seconds_name, uint64_t seconds);

/* Room for an amount that may be below zero. */
#define PSD_ADMIN_MONEY (PSD_AMOUNT_WORDS + 1U)
const char *psd_admin_money(int64_t mills, char words[PSD_ADMIN_MONEY]);
/* An amount in words into mills; false unless it is one from 0 to a billion. */
bool psd_admin_amount(const char *words, uint64_t *mills);
/* The same for an argument that has to be above zero: PSD_EXIT_DONE, or the exit status after telling. */
int psd_admin_take_amount(const psd_admin *admin, const char *words, uint64_t *mills);
/* "2026-11-21" into seconds since 1970, the beginning of that day (UTC). */
bool psd_admin_date(const char *words, uint64_t *seconds);

/* Words that are kept: 1 to 128 bytes of UTF-8 without control characters. */
bool psd_admin_reason_valid(const char *words);
/* A number from 1 on, of a certificate or of a row; false for anything else. */
bool psd_admin_number(const char *words, uint64_t most, uint64_t *number);

/* How a PSD is named to the operator, and by him. */
#define PSD_ADMIN_DEVICE_WORDS 24U
typedef struct psd_admin_device {
  uint8_t device[8];
  char words[PSD_ADMIN_DEVICE_WORDS]; /* "PS D1 0000002A" */
} psd_admin_device;
const char *psd_admin_device_words(const uint8_t device[8], char words[PSD_ADMIN_DEVICE_WORDS]);
/* "PS D1 0000002A" into its 8 bytes. */
bool psd_admin_device_parse(const char *words, uint8_t device[8]);
/* Opens the database and finds the PSD that the first `count` arguments name: vendor, model and serial number in one
 * word or three, or the serial number alone where only one PSD has it. */
int psd_admin_open_device(psd_admin *admin, int count, psd_admin_device *named);
/* The same, and its row. */
int psd_admin_open_meter(psd_admin *admin, int count, psd_admin_device *named, psd_meter_row *row);
/* Whose it is; empty for nobody's. */
typedef struct psd_admin_owner {
  char name[33], account[33];
} psd_admin_owner;
psd_db_result psd_admin_owner_of(psd_admin *admin, const psd_device_row *row, psd_admin_owner *owner);
/* What its last audit said; false before the first. */
bool psd_admin_audit_of(const psd_meter_row *row, psd_audit *audit);
/* "revoked", "withdrawn", "alarm", "locked", "free" */
const char *psd_admin_lock_words(const psd_meter_row *row);

/* Opens the database and finds the account of the first argument. */
int psd_admin_open_account(psd_admin *admin, psd_account *account);

/* The verifier of a new password for that user: from --password-file, or asked for twice at the terminal. Returns
 * PSD_EXIT_DONE, or the exit status after telling why. */
int psd_admin_verifier(const psd_admin *admin, const char *user, uint8_t verifier[32]);
/* The key of the database's columns from the key management system, likewise. */
int psd_admin_column_key(const char *kms, uint8_t key[32]);

int psd_admin_account_add(psd_admin *admin);
int psd_admin_account_credit(psd_admin *admin);
int psd_admin_account_deposit(psd_admin *admin);
int psd_admin_account_license(psd_admin *admin);
int psd_admin_account_list(psd_admin *admin);
int psd_admin_account_pay(psd_admin *admin);
int psd_admin_account_payout(psd_admin *admin);
int psd_admin_account_resume(psd_admin *admin);
int psd_admin_account_show(psd_admin *admin);
int psd_admin_account_statement(psd_admin *admin);
int psd_admin_account_suspend(psd_admin *admin);
int psd_admin_ca_accept(psd_admin *admin);
int psd_admin_ca_crl(psd_admin *admin);
int psd_admin_ca_export(psd_admin *admin);
int psd_admin_ca_init(psd_admin *admin);
int psd_admin_ca_list(psd_admin *admin);
int psd_admin_ca_ocsp(psd_admin *admin);
int psd_admin_ca_reject(psd_admin *admin);
int psd_admin_ca_requests(psd_admin *admin);
int psd_admin_ca_revoke(psd_admin *admin);
int psd_admin_ca_revoke_meter(psd_admin *admin);
int psd_admin_ca_show(psd_admin *admin);
int psd_admin_ca_sweep(psd_admin *admin);
int psd_admin_credit_approve(psd_admin *admin);
int psd_admin_credit_list(psd_admin *admin);
int psd_admin_credit_payees(psd_admin *admin);
int psd_admin_credit_reject(psd_admin *admin);
int psd_admin_credit_remit(psd_admin *admin);
int psd_admin_credit_revoke(psd_admin *admin);
int psd_admin_credit_settle(psd_admin *admin);
int psd_admin_credit_show(psd_admin *admin);
int psd_admin_evidence_accept(psd_admin *admin);
int psd_admin_evidence_import(psd_admin *admin);
int psd_admin_keys(psd_admin *admin);
int psd_admin_meter_clock(psd_admin *admin);
int psd_admin_meter_credit_limit(psd_admin *admin);
int psd_admin_meter_limits(psd_admin *admin);
int psd_admin_meter_list(psd_admin *admin);
int psd_admin_meter_lock(psd_admin *admin);
int psd_admin_meter_move(psd_admin *admin);
int psd_admin_meter_operations(psd_admin *admin);
int psd_admin_meter_restore(psd_admin *admin);
int psd_admin_meter_revoke(psd_admin *admin);
int psd_admin_meter_revoked(psd_admin *admin);
int psd_admin_meter_show(psd_admin *admin);
int psd_admin_meter_statement(psd_admin *admin);
int psd_admin_meter_unlock(psd_admin *admin);
int psd_admin_meter_watchdog(psd_admin *admin);
int psd_admin_meter_write_off(psd_admin *admin);
int psd_admin_meter_zeroize(psd_admin *admin);
int psd_admin_migrate(psd_admin *admin);
int psd_admin_rates_export(psd_admin *admin);
int psd_admin_rates_list(psd_admin *admin);
int psd_admin_rates_publish(psd_admin *admin);
int psd_admin_rates_show(psd_admin *admin);
int psd_admin_reconcile(psd_admin *admin);
int psd_admin_user_add(psd_admin *admin);
int psd_admin_user_disable(psd_admin *admin);
int psd_admin_user_enable(psd_admin *admin);
int psd_admin_user_list(psd_admin *admin);
int psd_admin_user_passwd(psd_admin *admin);
int psd_admin_user_unlock(psd_admin *admin);
int psd_admin_verification_export(psd_admin *admin);

#endif
