/* Trouble of PostgreSQL's server; tests/e2e/private-postgres is what restarts it. */
#include "store_db.h"

#include <stdlib.h>
#include <string.h>

static void server(const char *what) {
  const char *script[] = {getenv("PSD_PRIVATE_POSTGRES"), what, NULL};
  CU_ASSERT_PTR_NOT_NULL_FATAL(script[0]);
  CU_ASSERT_EQUAL_FATAL(program(script), 0);
}

TEST(test_restart) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  server("restart");
  CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_DONE);
  server("restart");
  CU_ASSERT(device_there(db, 1) && device_there(db, 2));
  server("kill");
  server("start");
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT(device_there(db, 3));
  psd_db_close(db);
}

TEST(test_restart_in_transaction) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  server("restart");
  CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_FAILED);
  CU_ASSERT_NOT_EQUAL(psd_db_error(db)[0], '\0');
  CU_ASSERT_EQUAL(device_add(db, 3), PSD_DB_FAILED);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_FAILED);
  CU_ASSERT(!device_there(db, 1) && !device_there(db, 2) && !device_there(db, 3));

  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  server("restart");
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_FAILED);
  CU_ASSERT(!device_there(db, 1));
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  psd_db_close(db);
}

TEST(test_away) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  server("stop");
  for (int i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_FAILED);
    CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "PostgreSQL: "));
    CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_FAILED);
  }
  server("start");
  CU_ASSERT(device_there(db, 1) && !device_there(db, 2));
  CU_ASSERT_EQUAL(device_add(db, 2), PSD_DB_DONE);
  psd_db_close(db);
}
