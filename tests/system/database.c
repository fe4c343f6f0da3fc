#include "store/database.h"
#include "world.h"

static struct {
  world *w;
  bool dead;
  bool down; /* it fails, and the server lives */
} watched;

static psd_engine engine;

bool world_database_dead(void) {
  return watched.dead;
}

void world_database_up(void) {
  watched.down = false;
}

/* The server is killed: its connection ends, and with it the transaction. */
static psd_db_result die(void *connection) {
  if (!watched.dead)
    psd_engine_sqlite.rollback(connection);
  watched.dead = true;
  return PSD_DB_FAILED;
}

static bool killed_before(void) {
  return watched.dead || fault_now(watched.w->plan, &watched.w->count, FAULT_KILL);
}

static bool killed_after(void) {
  return fault_now(watched.w->plan, &watched.w->count, FAULT_KILLED);
}

/* What others do to a call, and the next one may go through: the result, or DONE where nothing is in the way. */
static psd_db_result hindered(void) {
  if (fault_now(watched.w->plan, &watched.w->count, FAULT_BUSY))
    return PSD_DB_BUSY;
  if (fault_now(watched.w->plan, &watched.w->count, FAULT_FAIL))
    watched.down = true;
  return watched.down ? PSD_DB_FAILED : PSD_DB_DONE;
}

static psd_db_result begin(void *connection, psd_db_mode mode) {
  if (killed_before())
    return die(connection);
  psd_db_result result = hindered();
  if (result == PSD_DB_DONE)
    result = psd_engine_sqlite.begin(connection, mode);
  return killed_after() ? die(connection) : result;
}

static psd_db_result commit(void *connection) {
  if (killed_before())
    return die(connection);
  psd_db_result result = hindered();
  if (result == PSD_DB_DONE)
    result = psd_engine_sqlite.commit(connection);
  else
    psd_engine_sqlite.rollback(connection);
  if (result == PSD_DB_DONE && fault_now(watched.w->plan, &watched.w->count, FAULT_DOUBT))
    return PSD_DB_FAILED;
  if (!killed_after())
    return result;
  watched.dead = true;
  return PSD_DB_FAILED;
}

static void rollback(void *connection) {
  if (!watched.dead)
    psd_engine_sqlite.rollback(connection);
}

static psd_db_result start(void *connection, psd_sql sql, const char *text, const psd_value *values, size_t count) {
  if (killed_before())
    return die(connection);
  psd_db_result result = hindered();
  return result == PSD_DB_DONE ? psd_engine_sqlite.start(connection, sql, text, values, count) : result;
}

static psd_db_result step(void *connection, psd_sql sql) {
  if (watched.dead)
    return PSD_DB_FAILED;
  psd_db_result result = psd_engine_sqlite.step(connection, sql);
  return result == PSD_DB_ABSENT && killed_after() ? die(connection) : result;
}

void world_watch_database(world *w) {
  engine = psd_engine_sqlite;
  engine.begin = begin;
  engine.commit = commit;
  engine.rollback = rollback;
  engine.start = start;
  engine.step = step;
  watched.w = w;
  watched.dead = watched.down = false;
  w->db->engine = &engine;
}
