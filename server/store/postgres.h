/* The inside of the engine for PostgreSQL: one connection of libpq that is made anew when it was lost. */
#ifndef PSD_SERVER_POSTGRES_H
#define PSD_SERVER_POSTGRES_H

#include <libpq-fe.h>

#include "store/engine.h"

typedef struct psd_pg {
  PGconn *link;
  char *url;
  psd_db_words *words;
  unsigned patience; /* milliseconds */
  bool in_transaction;
  bool prepared[PSD_SQL_COUNT];
  PGresult *results[PSD_SQL_COUNT];
  int rows[PSD_SQL_COUNT]; /* the current one */
} psd_pg;

/* Calls the server anew; what was prepared is gone. */
psd_db_result psd_pg_call(psd_pg *db);
/* Before anything is begun: calls anew if the connection was lost since. */
psd_db_result psd_pg_reach(psd_pg *db);
void psd_pg_hang_up(psd_pg *db);
/* Whether libpq can read the URI; says why not without quoting it. */
bool psd_pg_readable(const char *url, psd_db_words *words);
/* Whether a result is what was hoped for; it is cleared, and explained, if not. */
psd_db_result psd_pg_judge(psd_pg *db, PGresult **result);
/* Statements without parameters and without rows. */
psd_db_result psd_pg_execute(psd_pg *db, const char *text);
/* Tells the server db->patience. */
psd_db_result psd_pg_set_patience(psd_pg *db);

#endif
