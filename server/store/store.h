/* The meter server's database (EP 145): one interface, two engines (SQLite, PostgreSQL), one schema history.
 *
 * A store is one connection; one thread at a time uses it. Functions block. What is durable: a function that changes
 * something has it on disk when it returns PSD_DB_DONE. Between psd_db_begin and psd_db_commit several calls form one
 * transaction and the commit makes them durable together. What is sealed here and by whom: names of users and password
 * verifiers are sealed under the column keys given at opening, so a stolen database shows neither
 * (docs/threat-model.md).
 */
#ifndef PSD_SERVER_STORE_H
#define PSD_SERVER_STORE_H

#include "psd/spec/session.h"

typedef enum psd_db_result {
  PSD_DB_DONE = 0,
  PSD_DB_ABSENT,  /* no such row */
  PSD_DB_EXISTS,  /* there is one already */
  PSD_DB_REFUSED, /* a constraint says no */
  PSD_DB_BUSY,    /* locked or conflicting for too long: try again later */
  PSD_DB_FAILED,  /* the engine failed; psd_db_error has its words */
} psd_db_result;

typedef struct psd_db psd_db;

/* True for the form of a database's name that psd_db_open knows; whether there is one is another question. */
bool psd_db_url_valid(const char *url);
/* Opens "sqlite:FILE" or "postgresql://..." (any URI of libpq). `create` makes a missing SQLite file (0600) and brings
 * the schema up to date; without it an older schema is refused (the words say how to migrate). A newer schema is always
 * refused. On failure NULL, and one line for a person in `words`. */
psd_db *psd_db_open(const char *url, bool create, char *words, size_t room);
void psd_db_close(psd_db *db); /* NULL is fine */
/* One line about the last PSD_DB_FAILED or PSD_DB_BUSY of this connection, without secrets. */
const char *psd_db_error(const psd_db *db);
/* The number of the newest schema, and of this database's. */
unsigned psd_db_schema_newest(void);
unsigned psd_db_schema(const psd_db *db);

/* How long a call waits for what others have locked before it is PSD_DB_BUSY, in milliseconds; 5000 at first. */
void psd_db_set_patience(psd_db *db, unsigned milliseconds);

/* Under which columns are sealed and names are looked up; from the KMS (column 1). Before it is given, functions that
 * need it return PSD_DB_REFUSED. A key that is not the one the database was begun with makes them return PSD_DB_FAILED.
 * Copied; wiped at close. */
void psd_db_set_key(psd_db *db, const uint8_t key[32]);

/* One transaction of several calls. A conflict (PSD_DB_BUSY) undoes all of it: begin again. So does a call in it that
 * the engine answers with PSD_DB_REFUSED or PSD_DB_FAILED; calls that follow, and the commit, then return the same. A
 * begin before the end of another is PSD_DB_REFUSED. */
psd_db_result psd_db_begin(psd_db *db, bool write);
psd_db_result psd_db_commit(psd_db *db);
void psd_db_rollback(psd_db *db);

/* Accounts: who pays. */
typedef struct psd_account {
  int64_t id;
  char number[33]; /* printable ASCII, 1 to 32 */
  char name[129];  /* UTF-8, sealed in the database */
  bool suspended;
  uint32_t zip, licence; /* what a meter that is registered to it is authorized with; zip 0 for none */
} psd_account;
psd_db_result psd_db_account_add(psd_db *db, const char *number, const char *name, int64_t *id);
psd_db_result psd_db_account_find(psd_db *db, const char *number, psd_account *account);
psd_db_result psd_db_account_set_suspended(psd_db *db, const char *number, bool suspended);
/* ABSENT for no such account. */
psd_db_result psd_db_account_set_licence(psd_db *db, const char *number, uint32_t zip, uint32_t licence);
/* zip and licence by the account's identifier; what else is in `account` is left. */
psd_db_result psd_db_account_licence(psd_db *db, int64_t id, psd_account *account);

/* Users (EP 216). The name is 1 to 32 bytes of UTF-8. `verifier` is the stretched password; the database keeps a salted
 * hash of it, sealed. */
typedef struct psd_user_row {
  int64_t id;
  int64_t account;
  bool disabled;
  bool suspended; /* the account is */
  uint8_t salt[16];
  uint8_t check[32]; /* HMAC-SHA-256(salt, verifier) */
} psd_user_row;
psd_db_result psd_db_user_add(psd_db *db, const char *name, int64_t account, const uint8_t verifier[32]);
psd_db_result psd_db_user_find(psd_db *db, const char *name, psd_user_row *user);
/* A user's name and the number of the account, by the identifier that psd_device_row has. */
psd_db_result psd_db_user_name(psd_db *db, int64_t id, char name[33], char account[33]);
psd_db_result psd_db_user_set_verifier(psd_db *db, int64_t id, const uint8_t verifier[32]);
psd_db_result psd_db_user_set_disabled(psd_db *db, const char *name, bool disabled);
/* True if the verifier is the user's; constant time in the verifier. */
bool psd_db_user_check(const psd_user_row *user, const uint8_t verifier[32]);

/* Failed sign-ons of a name, known or not: an unknown name locks like a known one. */
typedef struct psd_failures {
  uint32_t count;
  uint64_t until; /* seconds since 1970: refused before it; 0 for never */
} psd_failures;
psd_db_result psd_db_failures_get(psd_db *db, const char *name, psd_failures *failures); /* none: zeroes, DONE */
psd_db_result psd_db_failures_set(psd_db *db, const char *name, const psd_failures *failures);
psd_db_result psd_db_failures_clear(psd_db *db, const char *name);
/* Forgets failures that were last set before `time` and are not refused any more at it. Whoever tries many names fills
 * the table: call it now and then. */
psd_db_result psd_db_failures_prune(psd_db *db, uint64_t time);
/* The same for names that no user has, and only if failures of more than `most` names are remembered: a flood of
 * made-up names does not fill the disk. */
psd_db_result psd_db_failures_prune_crowd(psd_db *db, uint64_t time, uint32_t most);

/* PSDs. A device is vendor, model, serial: its 8 bytes as in DEVICE_ID; vendor and model are printable ASCII. */
typedef struct psd_device_row {
  uint8_t device[8];
  uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4];
  uint32_t vendor_key; /* identifier of the K1 it holds */
  int64_t user;        /* registered to; 0 for nobody */
  int64_t account;     /* 0 for none */
  bool revoked;
  uint64_t inspected;            /* seconds since 1970 of the last completed audit; 0 for never */
  uint8_t audit[PSD_SIZE_AUDIT]; /* the last one; zeroes before the first */
} psd_device_row;
/* `ca_key` is the identifier of the CA key that it was given when it was made; 0 for not known.
 * A device that is there already, but was neither registered, audited nor revoked, gets the new K4: a manufacture that
 * was cut short is repeated with other keys. Otherwise another K4 is PSD_DB_EXISTS, and the same again DONE. */
psd_db_result psd_db_device_add(psd_db *db, const uint8_t device[8], const uint8_t wrapped_k4[PSD_SIZE_WRAPPED_K4],
                                uint32_t vendor_key, uint32_t ca_key);
psd_db_result psd_db_device_find(psd_db *db, const uint8_t device[8], psd_device_row *row);
/* The only PSD with this serial number, whatever its vendor and model; EXISTS if there are several. `serial` may be the
 * end of `device`. */
psd_db_result psd_db_device_of_serial(psd_db *db, const uint8_t serial[4], uint8_t device[8]);
/* Binds PSD, user and the user's account. EXISTS if it is another user's; REFUSED if it is revoked, or the account is
 * not that user's. */
psd_db_result psd_db_device_register(psd_db *db, const uint8_t device[8], int64_t user, int64_t account);
/* A completed audit: its bytes, and when. Takes the vendor key from the audit. REFUSED if the audit is another PSD's.
 */
psd_db_result psd_db_device_audited(psd_db *db, const uint8_t device[8], const uint8_t audit[PSD_SIZE_AUDIT],
                                    uint64_t time);
psd_db_result psd_db_device_set_revoked(psd_db *db, const uint8_t device[8], bool revoked);

/* Lists, in order of their keys; the visitor returns false to end early, and may use the store. What changes meanwhile
 * may or may not be seen. */
typedef bool psd_db_account_visitor(void *user, const psd_account *account);
psd_db_result psd_db_account_list(psd_db *db, psd_db_account_visitor *visit, void *user);
typedef bool psd_db_user_visitor(void *user, const char *name, const char *account, bool disabled);
psd_db_result psd_db_user_list(psd_db *db, psd_db_user_visitor *visit, void *user);
typedef bool psd_db_device_visitor(void *user, const psd_device_row *row);
psd_db_result psd_db_device_list(psd_db *db, psd_db_device_visitor *visit, void *user);
/* How many PSDs hold each vendor key, newest identifier first. */
typedef bool psd_db_key_visitor(void *user, uint32_t vendor_key, uint64_t devices);
psd_db_result psd_db_vendor_keys(psd_db *db, psd_db_key_visitor *visit, void *user);

#endif
