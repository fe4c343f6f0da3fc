/* Rate tables and certificates. */
#include "datacenter/rates.h"

#include <stdio.h>
#include <string.h>

#include "store_db_funds.h"

/* A table of one rate; dates are days from today. */
static psd_published_rates rates_of(uint32_t version, int from, int until) {
  psd_published_rates row = {.version = version, .published = NOW};
  psd_buffer out = psd_buffer_over(row.bytes, sizeof row.bytes);
  psd_rate_table head = {.magic = "PSDR",
                         .format = 1,
                         .country = "US",
                         .version = version,
                         .effective = psd_dc_today((uint64_t)((int64_t)NOW + from * 86400)),
                         .expiry = psd_dc_today((uint64_t)((int64_t)NOW + until * 86400)),
                         .origin = PSD_RATES_NO_ORIGIN,
                         .rows = 1};
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &(psd_service_rates){.postmark = 250});
  psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &(psd_rate_row){.mail_class = 1, .grams = 28, .postage = 730});
  row.length = out.length + PSD_RATES_SIGNATURE;
  memset(row.bytes + out.length, (int)version, PSD_RATES_SIGNATURE);
  return row;
}

static psd_db_result publish(psd_db *db, uint32_t version, int from, int until) {
  psd_published_rates row = rates_of(version, from, until);
  return psd_dc_publish_rates(db, row.bytes, row.length, NOW);
}

static bool sum_versions(void *user, const psd_published_rates *row) {
  *(uint32_t *)user = *(uint32_t *)user * 10 + row->version;
  return true;
}

TEST(test_rates) {
  psd_published_rates row, expected = rates_of(3, -1, 10);
  uint32_t number = 0;
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT(psd_db_rates_newest(db, &number) == PSD_DB_DONE && number == 0);
  CU_ASSERT_EQUAL(psd_db_rates_current(db, psd_dc_today(NOW), &row), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(publish(db, 3, -1, 10), PSD_DB_DONE);
  CU_ASSERT_EQUAL(publish(db, 3, -1, 10), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(publish(db, 2, -1, 10), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(publish(db, 4, 5, 10), PSD_DB_DONE);
  CU_ASSERT_EQUAL(publish(db, 3, -1, 10), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_dc_publish_rates(db, expected.bytes, 63, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_publish_rates(db, expected.bytes, expected.length - 1, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_db_rates_find(db, 3, &row), PSD_DB_DONE);
  CU_ASSERT(row.length == expected.length && memcmp(row.bytes, expected.bytes, row.length) == 0);
  CU_ASSERT(row.published == NOW && strcmp(row.country, "US") == 0 && row.effective < row.expiry);
  CU_ASSERT_EQUAL(psd_db_rates_find(db, 2, &row), PSD_DB_ABSENT);
  CU_ASSERT(psd_db_rates_newest(db, &number) == PSD_DB_DONE && number == 4);
  number = 0;
  CU_ASSERT(psd_db_rates_list(db, sum_versions, &number) == PSD_DB_DONE && number == 34);
  CU_ASSERT(psd_db_rates_current(db, psd_dc_today(NOW), &row) == PSD_DB_DONE && row.version == 3);
  CU_ASSERT(psd_db_rates_next(db, psd_dc_today(NOW), 3, &row) == PSD_DB_DONE && row.version == 4);
  CU_ASSERT_EQUAL(psd_db_rates_next(db, psd_dc_today(NOW), 4, &row), PSD_DB_ABSENT);
  psd_db_close(db);
}

/* The version that a meter is to have next; 0 for none. */
static uint32_t due(psd_db *db, uint64_t time) {
  psd_published_rates row;
  psd_meter_row meter = meter_of(db, 1);
  psd_db_result result = psd_dc_rates_due(db, &meter, time, &row);
  CU_ASSERT(result == PSD_DB_DONE || result == PSD_DB_ABSENT);
  return result == PSD_DB_DONE ? row.version : 0;
}

TEST(test_rates_due) {
  uint8_t device[8];
  uint64_t holders = 0;
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  device_named(1, device);
  CU_ASSERT_EQUAL(due(db, NOW), 0);
  CU_ASSERT_EQUAL(publish(db, 1, -100, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(publish(db, 2, 20, 100), PSD_DB_DONE);
  CU_ASSERT_EQUAL(publish(db, 3, 10, 100), PSD_DB_DONE);
  CU_ASSERT_EQUAL(meter_of(db, 1).rates_published, 3);
  CU_ASSERT_EQUAL(due(db, NOW), 1);
  CU_ASSERT_EQUAL(due(db, NOW + 86400), 3); /* 1 has expired */
  CU_ASSERT_EQUAL(psd_db_rates_refused(db, device, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(due(db, NOW), 3);
  CU_ASSERT_EQUAL(psd_db_rates_delivered(db, device, 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_rates_delivered(db, device, 2), PSD_DB_DONE); /* came late */
  CU_ASSERT(meter_of(db, 1).rates == 3 && meter_of(db, 1).rates_refused == 1);
  CU_ASSERT(due(db, NOW) == 0 && due(db, NOW + 30 * 86400) == 0);
  CU_ASSERT(psd_db_rates_holders(db, 3, &holders) == PSD_DB_DONE && holders == 1);
  CU_ASSERT(psd_db_rates_holders(db, 1, &holders) == PSD_DB_DONE && holders == 0);
  /* One that is next is not overtaken by one that comes into force later. */
  CU_ASSERT_EQUAL(publish(db, 4, 15, 100), PSD_DB_DONE);
  CU_ASSERT_EQUAL(due(db, NOW), 0);
  CU_ASSERT_EQUAL(due(db, NOW + 10 * 86400), 4);
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_db_rates_delivered(db, device, 2), PSD_DB_DONE);
  psd_db_close(db);
}

static psd_certificate_row certificate_of(uint32_t number, uint32_t serial) {
  psd_certificate_row row = {.number = number, .from = NOW, .until = NOW + 100, .length = 20};
  device_named(serial, row.device);
  fill(row.der, row.length, number);
  return row;
}

typedef struct seen {
  unsigned count;
  psd_certificate_row rows[4];
} seen;

static bool see(void *context, const psd_certificate_row *row) {
  seen *at = context;
  at->rows[at->count++] = *row;
  return at->count < 4;
}

static seen certificates(psd_db *db, bool revoked) {
  seen found = {.count = 0};
  CU_ASSERT_EQUAL(psd_db_certificate_list(db, revoked, see, &found), PSD_DB_DONE);
  return found;
}

TEST(test_certificates) {
  uint8_t device[8];
  uint64_t count = 0;
  psd_certificate_row row = certificate_of(1, 1);
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW), PSD_DB_ABSENT);
  (void)with_account(db, 0);
  meter_put(db, 1);
  CU_ASSERT_EQUAL_FATAL(device_add(db, 2), PSD_DB_DONE);
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_certificate_add(db, &row), PSD_DB_EXISTS);
  row = certificate_of(2, 2);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW), PSD_DB_DONE);
  row = certificate_of(3, 1);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW), PSD_DB_DONE);
  CU_ASSERT(psd_db_certificate_count(db, &count) == PSD_DB_DONE && count == 3);
  seen found = certificates(db, false);
  CU_ASSERT(found.count == 3 && found.rows[2].number == 3 && found.rows[2].length == 20 && found.rows[2].from == NOW);
  CU_ASSERT(memcmp(found.rows[2].der, row.der, row.length) == 0 && memcmp(found.rows[1].device, device, 8) != 0);

  CU_ASSERT_EQUAL(certificates(db, true).count, 0);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 2), PSD_DB_DONE);
  found = certificates(db, true);
  CU_ASSERT(found.count == 2 && found.rows[0].number == 1 && found.rows[1].number == 3);
  CU_ASSERT(found.rows[1].revoked == NOW + 1 && found.rows[1].reason == PSD_REVOCATION_HOLD);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificates(db, true).count, 0);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 3), PSD_DB_DONE);
  row = certificate_of(4, 1);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &row, NOW + 4), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificates(db, true).count, 3);
  /* Written off: for good, and since when it was. */
  CU_ASSERT_EQUAL(psd_dc_write_off(db, device, NOW + 5), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  found = certificates(db, true);
  CU_ASSERT(found.count == 3 && found.rows[0].reason == PSD_REVOCATION_CESSATION && found.rows[0].revoked == NOW + 3);
  device_named(9, device);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_ABSENT);
  psd_db_close(db);
}

#define TABLE(version, effective, expiry, size)                                                                        \
  "INSERT INTO rate_tables (version, country, effective, expiry, published, signed) VALUES (" version                  \
  ", 'US', " effective ", " expiry ", 1, " size ")"
#define CERTIFICATE(number, device, until, size, revoked, reason)                                                      \
  "INSERT INTO certificates (number, device, valid_from, valid_until, der, revoked, reason) VALUES (" number           \
  ", " device ", 5, " until ", " size ", " revoked ", " reason ")"
#define ONE "5788044923345305601"

TEST(test_rates_constraints) {
  static const char *const senseless[] = {
      TABLE("0", "20260101", "20270101", "BYTES(160)"),
      TABLE("4294967296", "20260101", "20270101", "BYTES(160)"),
      TABLE("2", "20260101", "20260101", "BYTES(160)"),
      TABLE("2", "2026", "20270101", "BYTES(160)"),
      TABLE("2", "20260101", "20270101", "BYTES(159)"),
      TABLE("2", "20260101", "20270101", "BYTES(2025)"),
      TABLE("3", "20260101", "20270101", "BYTES(160)"),
      "INSERT INTO rate_tables (version, country, effective, expiry, published, signed) VALUES (2, 'USA', 20260101, "
      "20270101, 1, BYTES(160))",
      "UPDATE rate_tables SET published = 2",
      "UPDATE rate_tables SET signed = BYTES(161)",
      "DELETE FROM rate_tables",
      "UPDATE devices SET rates = -1",
      "UPDATE devices SET rates_refused = 4294967296",
      CERTIFICATE("0", ONE, "6", "BYTES(1)", "0", "0"),
      CERTIFICATE("7", ONE, "5", "BYTES(1)", "0", "0"),
      CERTIFICATE("7", ONE, "6", "BYTES(0)", "0", "0"),
      CERTIFICATE("7", ONE, "6", "BYTES(1901)", "0", "0"),
      CERTIFICATE("7", "999", "6", "BYTES(1)", "0", "0"),
      CERTIFICATE("7", ONE, "6", "BYTES(1)", "1", "0"),
      CERTIFICATE("7", ONE, "6", "BYTES(1)", "0", "5"),
      CERTIFICATE("7", ONE, "6", "BYTES(1)", "1", "1"),
      "DELETE FROM devices",
  };
  static const char *const sensible[] = {TABLE("5", "20260101", "20270101", "BYTES(2024)"),
                                         CERTIFICATE("7", ONE, "6", "BYTES(1900)", "1", "5")};
  bench_clear();
  psd_db *db = bench_open();
  CU_ASSERT_EQUAL_FATAL(device_add(db, 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(publish(db, 3, -1, 10), PSD_DB_DONE);
  psd_certificate_row row = certificate_of(1, 1);
  CU_ASSERT_EQUAL(psd_db_certificate_add(db, &row), PSD_DB_DONE);
  psd_db_close(db);
  none_is_taken(senseless, sizeof senseless / sizeof senseless[0]);
  for (size_t i = 0; i < sizeof sensible / sizeof sensible[0]; i++) {
    char sql[512];
    in_engine_words(sensible[i], sql, sizeof sql);
    CU_ASSERT(raw(sql));
  }
}

/* From schema 4: an order of rates is none any more, and certificates nobody has kept are renewed. */
TEST(test_rates_migration) {
  char sql[512];
  psd_order_row order;
  uint8_t device[8];
  bench_clear();
  psd_db *old = bench_connect();
  CU_ASSERT_EQUAL_FATAL(psd_migrate(old, 4), PSD_DB_DONE);
  psd_db_close(old);
  in_engine_words("INSERT INTO devices (device, wrapped_k4, vendor_key, due, certificate_until, zip) VALUES (" ONE
                  ", BYTES(132), 9, 192, 4000000000, 55121)",
                  sql, sizeof sql);
  CU_ASSERT_FATAL(raw(sql));
  in_engine_words("INSERT INTO orders (device, action, content, time) VALUES (" ONE ", 128, BYTES(60), 1), (" ONE
                  ", 64, BYTES(9), 1)",
                  sql, sizeof sql);
  CU_ASSERT_FATAL(raw(sql));

  psd_db *db = bench_open();
  psd_meter_row row = meter_of(db, 1);
  CU_ASSERT(row.due == PSD_ACTION_CLOCK && row.certificate_until == 0 && row.zip == 55121 &&
            row.device.vendor_key == 9);
  CU_ASSERT(row.rates == 0 && row.rates_refused == 0 && row.rates_published == 0);
  device_named(1, device);
  CU_ASSERT_EQUAL(psd_db_order_next(db, device, 0xFFFF, &order), PSD_DB_DONE);
  CU_ASSERT_EQUAL(order.action, PSD_ACTION_CLOCK);
  CU_ASSERT_EQUAL(psd_db_order_next(db, device, PSD_ACTION_RATES, &order), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(publish(db, 1, -1, 10), PSD_DB_DONE);
  psd_db_close(db);
}
