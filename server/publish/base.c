/* Connections to the database: as many as threads ask at the same time. */
#include "publish/internal.h"

/* Tries of a transaction that others are in the way of. */
#define TRIES 5U
/* How long each waits, milliseconds. */
#define PATIENCE_MS 1000U

psd_db *psd_publish_borrow(psd_publish *publish) {
  char words[160];
  (void)pthread_mutex_lock(&publish->lock);
  psd_db *db = publish->idle_count > 0 ? publish->idle[--publish->idle_count] : NULL;
  (void)pthread_mutex_unlock(&publish->lock);
  if (db != NULL)
    return db;
  db = psd_db_open(publish->database, false, words, sizeof words);
  if (db == NULL)
    psd_publish_say(publish, PSD_PUBLISH_WARNING, "database", words);
  else
    psd_db_set_patience(db, PATIENCE_MS);
  return db;
}

/* A connection that failed may be gone for good. */
void psd_publish_return(psd_publish *publish, psd_db *db, psd_db_result result) {
  (void)pthread_mutex_lock(&publish->lock);
  bool keep = result != PSD_DB_FAILED && publish->idle_count < PSD_PUBLISH_THREADS_MAX;
  if (keep)
    publish->idle[publish->idle_count++] = db;
  (void)pthread_mutex_unlock(&publish->lock);
  if (keep)
    return;
  psd_publish_say(publish, PSD_PUBLISH_WARNING, "database", psd_db_error(db));
  psd_db_close(db);
}

static psd_db_result try_once(psd_db *db, bool write, psd_publish_work *work, void *context) {
  psd_db_result result = psd_db_begin(db, write);
  if (result != PSD_DB_DONE)
    return result;
  result = work(db, context);
  psd_db_result ended = result == PSD_DB_DONE ? psd_db_commit(db) : result;
  if (ended != PSD_DB_DONE)
    psd_db_rollback(db);
  return ended;
}

psd_db_result psd_publish_transaction(psd_publish *publish, bool write, psd_publish_work *work, void *context) {
  psd_db *db = psd_publish_borrow(publish);
  if (db == NULL)
    return PSD_DB_FAILED;
  psd_db_result result = PSD_DB_BUSY;
  for (unsigned i = 0; i < TRIES && result == PSD_DB_BUSY; i++)
    result = try_once(db, write, work, context);
  psd_publish_return(publish, db, result);
  return result;
}

static psd_db_result take_number(psd_db *db, void *number) {
  return psd_db_certificate_number(db, number);
}

psd_published psd_publish_number(psd_publish *publish, uint32_t *number) {
  return psd_publish_transaction(publish, true, take_number, number) == PSD_DB_DONE ? PSD_PUBLISHED
                                                                                    : PSD_PUBLISHED_LATER;
}
