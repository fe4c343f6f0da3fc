#define _XOPEN_SOURCE 700 /* mkdtemp, nftw */
#include "store_db.h"

#include <errno.h>
#include <libpq-fe.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

const uint8_t column_key[32] = {1, 2, 3, 4, 5, 6, 7, 8};
bool on_postgres;

static char folder[64], file[96], url[512];

static void remove_files(void) {
  static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
  for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
    char path[128];
    (void)snprintf(path, sizeof path, "%s%s", file, endings[i]);
    (void)unlink(path);
  }
}

static void remove_folder(void) {
  remove_files();
  (void)rmdir(folder);
}

/* The folder is made once, and goes with the process that made it: children leave with _exit. */
static void prepare(void) {
  const char *postgres = getenv("PSD_POSTGRES");
  on_postgres = postgres != NULL;
  if (url[0] != '\0')
    return;
  if (on_postgres) {
    (void)snprintf(url, sizeof url, "%s", postgres);
    return;
  }
  (void)snprintf(folder, sizeof folder, "/tmp/psd-store.XXXXXX");
  if (mkdtemp(folder) == NULL)
    abort();
  (void)snprintf(file, sizeof file, "%s/meter.db", folder);
  (void)snprintf(url, sizeof url, "sqlite:%s", file);
  (void)atexit(remove_folder);
}

const char *bench_url(void) {
  prepare();
  return url;
}

const char *bench_file(void) {
  prepare();
  return file;
}

void bench_clear(void) {
  prepare();
  bool done = !on_postgres || raw("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  CU_ASSERT_FATAL(done);
  if (!on_postgres)
    remove_files();
}

psd_db *bench_open(void) {
  char words[256] = "";
  psd_db *db = psd_db_open(bench_url(), true, words, sizeof words);
  if (db == NULL)
    fprintf(stderr, "cannot open: %s\n", words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, column_key);
  return db;
}

psd_db *bench_connect(void) {
  psd_db *db = calloc(1, sizeof *db);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  prepare();
  db->engine = on_postgres ? &psd_engine_postgres : &psd_engine_sqlite;
  db->connection = db->engine->open(url, true, &db->words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db->connection);
  return db;
}

/* SQL past the store --------------------------------------------------------------------------------------------------
 */

struct raw_link {
  sqlite3 *lite;
  PGconn *pg;
};

raw_link *raw_open(void) {
  raw_link *link = calloc(1, sizeof *link);
  CU_ASSERT_PTR_NOT_NULL_FATAL(link);
  if (on_postgres) {
    link->pg = PQconnectdb(url);
    CU_ASSERT_EQUAL_FATAL(PQstatus(link->pg), CONNECTION_OK);
    PQclear(PQexec(link->pg, "SET client_min_messages = error"));
  } else {
    CU_ASSERT_EQUAL_FATAL(sqlite3_open_v2(file, &link->lite, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    (void)sqlite3_exec(link->lite, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
  }
  return link;
}

bool raw_run(raw_link *link, const char *sql) {
  if (!on_postgres)
    return sqlite3_exec(link->lite, sql, NULL, NULL, NULL) == SQLITE_OK;
  PGresult *result = PQexec(link->pg, sql);
  ExecStatusType status = PQresultStatus(result);
  PQclear(result);
  return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
}

void raw_close(raw_link *link) {
  if (on_postgres)
    PQfinish(link->pg);
  else
    (void)sqlite3_close(link->lite);
  free(link);
}

bool raw(const char *sql) {
  raw_link *link = raw_open();
  bool done = raw_run(link, sql);
  raw_close(link);
  return done;
}

static bool lite_text(sqlite3 *lite, const char *sql, char *out, size_t room) {
  sqlite3_stmt *statement = NULL;
  bool found =
      sqlite3_prepare_v2(lite, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW;
  if (found)
    (void)snprintf(out, room, "%s", (const char *)sqlite3_column_text(statement, 0));
  (void)sqlite3_finalize(statement);
  return found;
}

bool raw_text(const char *sql, char *out, size_t room) {
  raw_link *link = raw_open();
  bool found = false;
  if (on_postgres) {
    PGresult *result = PQexec(link->pg, sql);
    found = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) > 0;
    if (found)
      (void)snprintf(out, room, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
  } else {
    found = lite_text(link->lite, sql, out, room);
  }
  raw_close(link);
  return found;
}

/* What is put in ------------------------------------------------------------------------------------------------------
 */

void device_named(uint32_t serial, uint8_t device[8]) {
  psd_buffer out = psd_buffer_over(device, 8);
  psd_put(&out, "PSD1", 4);
  psd_put_uint(&out, serial, 4);
}

void fill(void *out, size_t length, unsigned seed) {
  uint8_t *bytes = out;
  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)(seed * 31U + (seed >> 8) * 7U + i * 5U + 1U);
}

void audit_of(uint32_t serial, uint32_t vendor_key, uint8_t audit[PSD_SIZE_AUDIT]) {
  psd_audit said = {
      .type = PSD_SIGNATURE_HMAC, .vendor = "PS", .model = "D1", .serial = serial, .vendor_key = vendor_key};
  psd_buffer out = psd_buffer_over(audit, PSD_SIZE_AUDIT);
  psd_put_message(&out, PSD_MESSAGE_AUDIT, &said);
  CU_ASSERT_FATAL(!out.overflow && out.length == PSD_SIZE_AUDIT);
}

psd_db_result device_put(psd_db *db, uint32_t serial, uint32_t vendor_key) {
  uint8_t device[8], wrapped[PSD_SIZE_WRAPPED_K4];
  device_named(serial, device);
  fill(wrapped, sizeof wrapped, serial);
  return psd_db_device_add(db, device, wrapped, vendor_key, 0);
}

psd_db_result device_add(psd_db *db, uint32_t serial) {
  return device_put(db, serial, 1);
}

psd_db_result device_find(psd_db *db, uint32_t serial) {
  uint8_t device[8];
  psd_device_row row;
  device_named(serial, device);
  return psd_db_device_find(db, device, &row);
}

bool device_there(psd_db *db, uint32_t serial) {
  return device_find(db, serial) == PSD_DB_DONE;
}

psd_user_row with_user(psd_db *db, const char *name, unsigned seed) {
  psd_account account;
  psd_user_row user;
  uint8_t verifier[32];
  int64_t id = 0;
  psd_db_result added = psd_db_account_add(db, "1000", "The Account", &id);
  CU_ASSERT_FATAL(added == PSD_DB_DONE || added == PSD_DB_EXISTS);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_find(db, "1000", &account), PSD_DB_DONE);
  fill(verifier, sizeof verifier, seed);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(db, name, account.id, verifier), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(db, name, &user), PSD_DB_DONE);
  return user;
}

/* Processes -----------------------------------------------------------------------------------------------------------
 */

int child_start(void (*work)(int out), int *reads) {
  int ends[2];
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  int process = (int)fork();
  CU_ASSERT_FATAL(process >= 0);
  if (process == 0) {
    (void)close(ends[0]);
    work(ends[1]);
    _exit(0);
  }
  (void)close(ends[1]);
  *reads = ends[0];
  return process;
}

int child_end(int process) {
  int status = 0;
  while (waitpid(process, &status, 0) < 0 && errno == EINTR)
    ;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int program(const char *const *arguments) {
  pid_t process = 0;
  char *copy[8] = {NULL};
  for (size_t i = 0; i < 7 && arguments[i] != NULL; i++)
    copy[i] = strdup(arguments[i]);
  int failed = posix_spawnp(&process, copy[0], NULL, NULL, copy, environ);
  for (size_t i = 0; i < 8; i++)
    free(copy[i]);
  return failed != 0 ? 127 : child_end((int)process);
}
