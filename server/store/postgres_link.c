/* Calling PostgreSQL, and what its answers mean. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "psd/spec/text.h"
#include "store/postgres.h"

/* libpq's words fill lines; ours are one. */
static void say_line(psd_db_words *words, const char *message) {
  size_t length = strcspn(message, "\n");
  psd_text text = psd_text_over(words->text, sizeof words->text);
  psd_say(&text, "PostgreSQL: ");
  psd_say_text(&text, message, length);
}

static void ignore_notice(void *user, const PGresult *result) {
  (void)user;
  (void)result;
}

typedef struct meaning {
  const char *state; /* SQLSTATE, or what it begins with */
  psd_db_result result;
} meaning;

/* What a SQLSTATE means to the store (PostgreSQL, appendix A). */
static psd_db_result meaning_of(const char *state) {
  static const meaning meanings[] = {
      {"23505", PSD_DB_EXISTS}, /* unique violation */
      {"23", PSD_DB_REFUSED},   /* integrity constraint violation */
      {"22", PSD_DB_REFUSED},   /* data exception */
      {"40", PSD_DB_BUSY},      /* serialization failure, deadlock */
      {"55P03", PSD_DB_BUSY},   /* lock not available */
      {"57014", PSD_DB_BUSY},   /* query canceled: statement timeout */
  };
  for (size_t i = 0; state != NULL && i < sizeof meanings / sizeof meanings[0]; i++)
    if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
      return meanings[i].result;
  return PSD_DB_FAILED;
}

psd_db_result psd_pg_judge(psd_pg *db, PGresult **result) {
  ExecStatusType status = PQresultStatus(*result);
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
    return PSD_DB_DONE;
  say_line(db->words, *result != NULL ? PQresultErrorMessage(*result) : PQerrorMessage(db->link));
  psd_db_result meant = meaning_of(PQresultErrorField(*result, PG_DIAG_SQLSTATE));
  PQclear(*result);
  *result = NULL;
  return PQstatus(db->link) == CONNECTION_OK ? meant : PSD_DB_FAILED;
}

psd_db_result psd_pg_execute(psd_pg *db, const char *text) {
  PGresult *result = PQexec(db->link, text);
  psd_db_result judged = psd_pg_judge(db, &result);
  PQclear(result);
  return judged;
}

psd_db_result psd_pg_set_patience(psd_pg *db) {
  char text[160];
  (void)snprintf(text, sizeof text, "SET statement_timeout = %u; SET lock_timeout = %u", db->patience, db->patience);
  return psd_pg_execute(db, text);
}

/* What a transaction waits for at most if its owner has forgotten it: others wait for its locks. */
static psd_db_result settle(psd_pg *db) {
  psd_db_result result =
      psd_pg_execute(db, "SET idle_in_transaction_session_timeout = 60000; SET synchronous_commit = on;"
                         "SET client_min_messages = warning");
  return result == PSD_DB_DONE ? psd_pg_set_patience(db) : result;
}

void psd_pg_hang_up(psd_pg *db) {
  for (size_t i = 0; i < PSD_SQL_COUNT; i++) {
    PQclear(db->results[i]);
    db->results[i] = NULL;
    db->prepared[i] = false;
  }
  PQfinish(db->link);
  db->link = NULL;
  db->in_transaction = false;
}

psd_db_result psd_pg_call(psd_pg *db) {
  /* What the URI says comes later, and so counts. */
  static const char *const names[] = {"connect_timeout", "tcp_user_timeout", "application_name", "dbname", NULL};
  const char *const values[] = {"5", "10000", "psd-server", db->url, NULL};
  psd_pg_hang_up(db);
  db->link = PQconnectdbParams(names, values, 1);
  if (PQstatus(db->link) != CONNECTION_OK) {
    say_line(db->words, db->link != NULL ? PQerrorMessage(db->link) : "no memory");
    return PSD_DB_FAILED;
  }
  (void)PQsetNoticeReceiver(db->link, ignore_notice, NULL);
  return settle(db);
}

/* Between statements the server says nothing, unless it ends the connection: then a new one loses nothing. */
static bool alive(psd_pg *db) {
  if (db->link == NULL || PQstatus(db->link) != CONNECTION_OK)
    return false;
  struct pollfd ready = {.fd = PQsocket(db->link), .events = POLLIN};
  /* Its last words, then the end of the stream. */
  while (poll(&ready, 1, 0) > 0)
    if (PQconsumeInput(db->link) != 1 || PQstatus(db->link) != CONNECTION_OK)
      return false;
  return true;
}

psd_db_result psd_pg_reach(psd_pg *db) {
  return alive(db) ? PSD_DB_DONE : psd_pg_call(db);
}

/* libpq's words about a URI that it cannot read may quote a password. */
bool psd_pg_readable(const char *url, psd_db_words *words) {
  PQconninfoOption *options = PQconninfoParse(url, NULL);
  if (options == NULL)
    psd_db_say(words, "the address of the database is no URI that libpq can read (postgresql://user@host/database)");
  PQconninfoFree(options);
  return options != NULL;
}
