/* Trouble of SQLite's file. */
#define _XOPEN_SOURCE 700
#include "store_db.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

TEST(test_file_mode) {
  static const char *const endings[] = {"", "-wal", "-shm"};
  struct stat status;
  char path[128], words[256], link_url[160];
  mode_t before = umask(0);
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(device_add(db, 1), PSD_DB_DONE);
  (void)umask(before);
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(path, sizeof path, "%s%s", bench_file(), endings[i]);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
  }
  psd_db_close(db);
  /* A link might lead anywhere. */
  (void)snprintf(path, sizeof path, "%s.link", bench_file());
  (void)snprintf(link_url, sizeof link_url, "sqlite:%s", path);
  CU_ASSERT_EQUAL_FATAL(symlink(bench_file(), path), 0);
  CU_ASSERT_PTR_NULL(psd_db_open(link_url, true, words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "no ordinary file"));
  (void)unlink(path);
}

/* Writes over `length` bytes of the file. */
static void damage(off_t from, size_t length) {
  uint8_t bytes[4096];
  memset(bytes, 0xA5, sizeof bytes);
  int fd = open(bench_file(), O_WRONLY | O_CLOEXEC);
  CU_ASSERT_FATAL(fd >= 0);
  for (size_t done = 0; done < length; done += sizeof bytes)
    CU_ASSERT_EQUAL(pwrite(fd, bytes, sizeof bytes, from + (off_t)done), (ssize_t)sizeof bytes);
  (void)close(fd);
}

TEST(test_damaged_file) {
  char words[256];
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  for (uint32_t i = 0; i < 500; i++)
    CU_ASSERT_EQUAL_FATAL(device_add(db, i), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(db), PSD_DB_DONE);
  psd_db_close(db); /* and the log goes into the file */

  struct stat status;
  CU_ASSERT_EQUAL_FATAL(stat(bench_file(), &status), 0);
  damage(status.st_size - 32768, 32768);
  db = bench_open();
  unsigned failed = 0, found = 0;
  for (uint32_t i = 0; i < 500; i++) {
    psd_db_result result = device_find(db, i);
    failed += result == PSD_DB_FAILED;
    found += result == PSD_DB_DONE;
  }
  CU_ASSERT(failed > 0 && found > 0 && failed + found == 500);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "restore it from a backup"));
  psd_db_close(db);

  damage(0, 4096);
  CU_ASSERT_PTR_NULL(psd_db_open(bench_url(), true, words, sizeof words));
  CU_ASSERT_PTR_NOT_NULL(strstr(words, "restore it from a backup"));
}

/* Adds PSDs in pairs until it cannot. Returns how many pairs were committed; `why` is what the last said. */
static uint32_t add_until_full(psd_db *db, psd_db_result *why) {
  for (uint32_t pair = 0; pair < 20000; pair++) {
    *why = psd_db_begin(db, true);
    if (*why == PSD_DB_DONE)
      *why = device_add(db, 2 * pair);
    if (*why == PSD_DB_DONE)
      *why = device_add(db, 2 * pair + 1);
    if (*why == PSD_DB_DONE)
      *why = psd_db_commit(db);
    if (*why != PSD_DB_DONE)
      return pair;
  }
  return 20000;
}

/* Both of the pair are there, or none; all before it are, and none behind. */
static bool whole(psd_db *db, uint32_t pairs) {
  bool ok = true;
  for (uint32_t i = 0; i < 2 * pairs; i++)
    ok = ok && device_find(db, i) == PSD_DB_DONE;
  return ok && device_find(db, 2 * pairs) == PSD_DB_ABSENT && device_find(db, 2 * pairs + 1) == PSD_DB_ABSENT;
}

TEST(test_disk_full) {
  psd_db_result why = PSD_DB_DONE;
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(db->engine->script(db->connection, "PRAGMA max_page_count = 120"), PSD_DB_DONE);
  uint32_t pairs = add_until_full(db, &why);
  CU_ASSERT(pairs > 10 && pairs < 20000);
  CU_ASSERT_EQUAL(why, PSD_DB_FAILED);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_db_error(db), "full"));
  psd_db_rollback(db);
  CU_ASSERT(whole(db, pairs));
  /* Room again. */
  CU_ASSERT_EQUAL_FATAL(db->engine->script(db->connection, "PRAGMA max_page_count = 100000"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(device_add(db, 2 * pairs), PSD_DB_DONE);
  psd_db_close(db);
}

/* Every file ends at 2 MiB, in the middle of whatever is written. */
static void fill_files(int out) {
  struct rlimit limit = {2048 * 1024, 2048 * 1024};
  psd_db_result why = PSD_DB_DONE;
  psd_db *db = bench_open();
  (void)signal(SIGXFSZ, SIG_IGN);
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
    _exit(2);
  uint32_t pairs = add_until_full(db, &why);
  bool fine = why == PSD_DB_FAILED && psd_db_error(db)[0] != '\0';
  psd_db_rollback(db);
  fine = fine && whole(db, pairs);
  (void)!write(out, &pairs, sizeof pairs);
  psd_db_close(db);
  _exit(fine ? 0 : 1);
}

TEST(test_file_limit) {
  uint32_t pairs = 0;
  int reads = -1;
  bench_clear();
  int child = child_start(fill_files, &reads);
  CU_ASSERT_EQUAL(read(reads, &pairs, sizeof pairs), (ssize_t)sizeof pairs);
  CU_ASSERT_EQUAL(child_end(child), 0);
  (void)close(reads);
  CU_ASSERT(pairs > 10 && pairs < 20000);
  psd_db *db = bench_open();
  CU_ASSERT(whole(db, pairs));
  CU_ASSERT_EQUAL(device_add(db, 2 * pairs), PSD_DB_DONE);
  psd_db_close(db);
}
