/* PSDs. */
#include "store_db.h"

#include <stdio.h>
#include <string.h>

TEST(test_devices) {
  static const uint8_t odd[] = {'P', 'S', 0xFF, '1', 0, 0, 0, 1};
  static const uint8_t nothing[PSD_SIZE_AUDIT] = {0};
  uint8_t device[8], wrapped[PSD_SIZE_WRAPPED_K4];
  psd_device_row row;
  device_named(0xFFFFFFFF, device);
  fill(wrapped, sizeof wrapped, 0xFFFFFFFF);
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL_FATAL(device_put(db, 0, UINT32_MAX), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(device_put(db, 0xFFFFFFFF, 1), PSD_DB_DONE);
  /* The same again, as a factory does that had no answer. */
  CU_ASSERT_EQUAL_FATAL(device_put(db, 0xFFFFFFFF, 1), PSD_DB_DONE);
  /* With another K4, as one does that begins the manufacture anew; not once the PSD was in use. */
  wrapped[131] ^= 1;
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 1, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, device, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 1, 0), PSD_DB_DONE);
  wrapped[131] ^= 1;
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 1, 0), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, device, false), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 1, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(memcmp(row.device, device, 8), 0);
  CU_ASSERT_EQUAL(memcmp(row.wrapped_k4, wrapped, sizeof wrapped), 0);
  CU_ASSERT(row.vendor_key == 1 && row.user == 0 && row.account == 0 && !row.revoked && row.inspected == 0);
  CU_ASSERT_EQUAL(memcmp(row.audit, nothing, sizeof nothing), 0);
  device_named(0, device);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(row.vendor_key, UINT32_MAX);

  CU_ASSERT_EQUAL(psd_db_device_add(db, odd, wrapped, 1, 0), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_device_find(db, odd, &row), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_device_register(db, odd, 1, 1), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, odd, nothing, 1), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, odd, true), PSD_DB_ABSENT);
  psd_db_close(db);
}

TEST(test_registration) {
  uint8_t device[8], absent[8];
  psd_device_row row;
  int64_t other = 0;
  device_named(1, device);
  device_named(2, absent);
  bench_clear();
  psd_db *db = bench_open();
  psd_user_row alice = with_user(db, "alice", 1), bob = with_user(db, "bob", 2);
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", "Another", &other), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(device_put(db, 1, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, absent, alice.id, alice.account), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, 4711, alice.account), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, other), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(row.user, 0);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, bob.id, bob.account), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT(row.user == alice.id && row.account == alice.account);

  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, absent, true), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, device, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT(row.revoked);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_device_set_revoked(db, device, false), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_DONE);
  psd_db_close(db);
}

TEST(test_audits) {
  uint8_t device[8], absent[8], audit[PSD_SIZE_AUDIT], later[PSD_SIZE_AUDIT];
  psd_device_row row;
  device_named(1, device);
  device_named(2, absent);
  audit_of(1, 5, audit);
  audit_of(1, 6, later);
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(device_put(db, 1, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, absent, audit, 1800000000), PSD_DB_REFUSED); /* of another */
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device, audit, 0), PSD_DB_REFUSED);          /* 0 is never */
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device, audit, UINT64_MAX), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device, audit, 1800000000), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT(row.vendor_key == 5 && row.inspected == 1800000000);
  CU_ASSERT_EQUAL(memcmp(row.audit, audit, sizeof audit), 0);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device, later, 1800000001), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_find(db, device, &row), PSD_DB_DONE);
  CU_ASSERT(row.vendor_key == 6 && row.inspected == 1800000001);
  audit_of(2, 6, audit);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, absent, audit, 1800000000), PSD_DB_ABSENT);
  psd_db_close(db);
}

typedef struct device_walk {
  unsigned seen, enough;
  bool ordered;
} device_walk;

static bool walk_device(void *user, const psd_device_row *row) {
  device_walk *walk = user;
  uint8_t expected[8];
  device_named(walk->seen * 3U, expected);
  walk->ordered = walk->ordered && memcmp(row->device, expected, 8) == 0 && row->vendor_key == walk->seen % 4;
  return ++walk->seen != walk->enough;
}

/* 129 PSDs, put in backwards. */
static psd_db *with_devices(void) {
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  for (uint32_t i = 129; i-- > 0;)
    CU_ASSERT_EQUAL_FATAL(device_put(db, i * 3U, i % 4), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(db), PSD_DB_DONE);
  return db;
}

TEST(test_device_list) {
  psd_db *db = with_devices();
  device_walk all = {.ordered = true}, some = {.enough = 100, .ordered = true};
  CU_ASSERT_EQUAL(psd_db_device_list(db, walk_device, &all), PSD_DB_DONE);
  CU_ASSERT(all.ordered && all.seen == 129);
  CU_ASSERT_EQUAL(psd_db_device_list(db, walk_device, &some), PSD_DB_DONE);
  CU_ASSERT(some.ordered && some.seen == 100);
  psd_db_close(db);
}

typedef struct key_walk {
  uint32_t keys[8];
  uint64_t counts[8];
  unsigned seen;
} key_walk;

static bool walk_key(void *user, uint32_t vendor_key, uint64_t devices) {
  key_walk *walk = user;
  walk->keys[walk->seen] = vendor_key;
  walk->counts[walk->seen] = devices;
  return ++walk->seen < 8;
}

TEST(test_vendor_keys) {
  psd_db *db = with_devices();
  key_walk walk = {.seen = 0};
  CU_ASSERT_EQUAL_FATAL(device_put(db, 4000, UINT32_MAX), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_vendor_keys(db, walk_key, &walk), PSD_DB_DONE);
  CU_ASSERT_EQUAL(walk.seen, 5);
  CU_ASSERT(walk.keys[0] == UINT32_MAX && walk.counts[0] == 1);
  for (unsigned i = 1; i < 5; i++)
    CU_ASSERT(walk.keys[i] == 4 - i && walk.counts[i] == (i == 4 ? 33U : 32U));
  psd_db_close(db);
}
