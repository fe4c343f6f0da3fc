/* What the schema of the desk refuses, whatever a program believes; and the way there from schema 5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/x509.h"
#include "store_db_desk.h"

#define CERTIFICATE(number, from)                                                                                      \
  "INSERT INTO user_certificates (number, device, request, slot, purpose, valid_from, valid_until, name, public_key, " \
  "der) SELECT " number ", device, (SELECT max(id) FROM certificate_requests), slot, purpose, valid_from, "            \
  "valid_until, name, public_key, der FROM user_certificates WHERE number = " from
#define PAYMENT(columns)                                                                                               \
  "INSERT INTO payments (line, sequence, hash, previous, amount, remaining, made, expiry, time, payee, movement, "     \
  "content) SELECT " columns " FROM payments WHERE sequence = 1"

static const char *const senseless[] = {
    /* Requests. */
    "UPDATE certificate_requests SET status = 3",
    "UPDATE certificate_requests SET status = 0",
    "UPDATE certificate_requests SET status = 1, certificate = NULL",
    "UPDATE certificate_requests SET status = 2",
    "UPDATE certificate_requests SET slot = 9",
    "UPDATE certificate_requests SET name = ''",
    "UPDATE certificate_requests SET number = 0",
    "UPDATE certificate_requests SET user_id = 4711",
    "UPDATE certificate_requests SET sealed = BYTES(853)",
    "DELETE FROM certificate_requests",
    /* One sequence of serial numbers. */
    CERTIFICATE("4294967295", "1"),
    CERTIFICATE("1", "1"),
    CERTIFICATE("2", "1"),
    "INSERT INTO certificates (number, device, valid_from, valid_until, der) SELECT number, device, 1, 2, BYTES(9) "
    "FROM "
    "user_certificates",
    "UPDATE serial_numbers SET last = 0",
    "UPDATE serial_numbers SET kind = 3",
    "UPDATE serial_numbers SET last = 4294967296 WHERE kind = 1",
    /* Certificates, and what ended them. */
    "DELETE FROM user_certificates",
    "UPDATE user_certificates SET der = BYTES(9)",
    "UPDATE user_certificates SET valid_until = valid_until + 1",
    "UPDATE user_certificates SET name = 'mallory'",
    "UPDATE user_certificates SET device = device + 1",
    "UPDATE user_certificates SET revoked = 0, reason = 0, revoked_by = 0 WHERE reason = 1",
    "UPDATE user_certificates SET reason = 4 WHERE reason = 1",
    "UPDATE user_certificates SET revoked = revoked + 1 WHERE reason = 1",
    "UPDATE user_certificates SET reason = 2, revoked = 1, revoked_by = 1 WHERE revoked = 0",
    "UPDATE user_certificates SET revoked = 1 WHERE revoked = 0",
    "UPDATE user_certificates SET command = 9 WHERE revoked = 0",
    "UPDATE user_certificates SET confirmed = 9 WHERE revoked = 0",
    "UPDATE user_certificates SET confirmed = 0 WHERE confirmed > 0",
    "UPDATE user_certificates SET due = due + 1 WHERE confirmed > 0",
    "UPDATE user_certificates SET paid = 0 WHERE confirmed > 0",
    "UPDATE user_certificates SET due = -1 WHERE confirmed > 0",
    "UPDATE revocation_papers SET time = time + 1",
    "UPDATE revocation_papers SET content = BYTES(9)",
    "DELETE FROM revocation_papers",
    "INSERT INTO revocation_papers (certificate, kind, hash, time, content) SELECT number, 3, BYTES(32), 1, BYTES(1) "
    "FROM user_certificates WHERE confirmed > 0",
    "INSERT INTO revocation_papers (certificate, kind, hash, time, content) SELECT number, 4, BYTES(32), 1, BYTES(1) "
    "FROM user_certificates WHERE confirmed > 0",
    "INSERT INTO revocation_papers (certificate, kind, hash, time, content) VALUES (4711, 2, BYTES(32), 1, BYTES(1))",
    /* Lines of credit. */
    "DELETE FROM credit_lines",
    "UPDATE credit_lines SET settled = settled + 1",
    "UPDATE credit_lines SET settled = 0",
    "UPDATE credit_lines SET amount = 1001",
    "UPDATE credit_lines SET amount = 999",
    "UPDATE credit_lines SET status = 0, decided = 0, amount = 0, certificate = NULL",
    "UPDATE credit_lines SET hash = BYTES(32)",
    "UPDATE credit_lines SET valid_until = valid_until + 1",
    "UPDATE credit_lines SET holder = 4711",
    "UPDATE credit_lines SET blocked = 0 WHERE blocked = 1",
    "UPDATE credit_lines SET asked = 5000",
    "INSERT INTO credit_lines (device, account, holder, asked, time, name, purpose, application_hash, application) "
    "SELECT device, account, holder, asked, 1, name, purpose, application_hash, application FROM credit_lines",
    "INSERT INTO credit_lines (device, account, holder, asked, settled, time, name, purpose, application_hash, "
    "application) SELECT device, account, holder, asked, 1, 1, name, purpose, BYTES(32), application FROM credit_lines",
    /* Payments: once, in one chain, each with its movement. */
    "DELETE FROM payments",
    "UPDATE payments SET amount = 1",
    "UPDATE payments SET time = 1",
    PAYMENT("line, sequence, BYTES(32), previous, amount, remaining, made, expiry, time, payee, movement, content"),
    PAYMENT("line, 3, BYTES(32), previous, amount, 1, made, expiry, time, payee, movement, content"),
    PAYMENT("line, 3, hash, previous, amount, 1, made, expiry, time, payee, 4711, content"),
    PAYMENT("4711, 3, BYTES(32), previous, amount, 1, made, expiry, time, payee, movement, content"),
    "DELETE FROM payees",
    "UPDATE payees SET name = 'another'",
    "INSERT INTO payees (name) SELECT name FROM payees",
    "INSERT INTO payees (name) VALUES ('')",
    /* Movements of payments have a name, a PSD, and the right books. */
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, sequence, reference) "
    "SELECT kind, 1, amount, from_kind, from_owner, to_kind, to_owner, device, 0, reference FROM movements WHERE kind "
    "= "
    "10",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device) "
    "SELECT kind, 1, amount, from_kind, from_owner, to_kind, to_owner, device FROM movements WHERE kind = 10",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, reference) "
    "SELECT kind, 1, amount, from_kind, from_owner, to_kind, to_owner, 'x' FROM movements WHERE kind = 10",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, device, reference) "
    "SELECT kind, 1, amount, 1, 0, to_kind, to_owner, device, 'x' FROM movements WHERE kind = 10",
    "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
    "SELECT 11, 1, amount + 1, to_kind, to_owner, 1, 0 FROM movements WHERE kind = 10",
    "INSERT INTO authorities (hash, kind, time, der) VALUES (BYTES(31), 0, 1, BYTES(9))",
    "INSERT INTO authorities (hash, kind, time, der) VALUES (BYTES(32), 3, 1, BYTES(9))",
};

TEST(test_desk_constraints) {
  psd_ca_certificate certificate;
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  psd_credit_row line = line_of(db, 1);
  uint32_t ended = certificate_for(db, 1, 50, 8, 50);
  psd_proof_payment first = payment_of(&line, 1, 300, 700, NULL, 0), second = payment_of(&line, 2, 200, 500, &first, 0);
  psd_proof_payment twin = payment_of(&line, 2, 200, 500, &first, 1);
  CU_ASSERT_EQUAL(present(db, &first, NOW + DAYS(2)), PSD_SETTLED);
  CU_ASSERT_EQUAL(present(db, &second, NOW + DAYS(2)), PSD_SETTLED);
  CU_ASSERT_EQUAL(psd_ca_revoke(db, ended, PSD_REASON_KEY_COMPROMISE, PSD_CA_OPERATOR, NOTHING, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_DUE, 300);
  CU_ASSERT_EQUAL(confirm(db, &said, "due"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(present(db, &twin, NOW + DAYS(2)), PSD_SETTLE_FORKED);
  none_is_taken(senseless, sizeof senseless / sizeof senseless[0]);
  CU_ASSERT(zero_sum(db));
  /* The same forms do work where they make sense. */
  CU_ASSERT(raw("UPDATE user_certificates SET due = 299 WHERE confirmed > 0"));
  CU_ASSERT(raw("UPDATE user_certificates SET revoked = 5, reason = 6, revoked_by = 2 WHERE revoked = 0"));
  CU_ASSERT(raw("UPDATE user_certificates SET revoked = 0, reason = 0, revoked_by = 0 WHERE reason = 6"));
  CU_ASSERT(raw("INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
                "SELECT 11, 1, 500, 7, id, 1, 0 FROM payees"));
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

static psd_ca_authority authority_of(unsigned secret) {
  psd_ca_authority authority = {.kind = PSD_CA_ROOT, .time = NOW};
  uint8_t scalar[PSD_SCALAR] = {0}, point[PSD_POINT];
  scalar[PSD_SCALAR - 1] = (uint8_t)secret;
  psd_pair *pair = psd_pair_of(scalar);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  const psd_x509 wanted = {.serial = secret,
                           .issuer = {.common_name = "Root"},
                           .subject = {.common_name = "Root"},
                           .from = NOW,
                           .until = NOW + 100,
                           .point = point,
                           .issuer_point = point,
                           .authority = true};
  CU_ASSERT_FATAL(psd_x509_make(&wanted, pair, authority.der, &authority.length));
  psd_pair_free(pair);
  return authority;
}

static bool count_authority(void *user, const psd_ca_authority *authority) {
  (void)authority;
  ++*(unsigned *)user;
  return true;
}

TEST(test_authorities) {
  unsigned count = 0;
  bench_clear();
  psd_db *db = bench_open();
  psd_ca_authority one = authority_of(5), anew = authority_of(5), two = authority_of(6);
  CU_ASSERT_EQUAL(psd_ca_authority_add(db, &one), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_authority_add(db, &anew), PSD_DB_EXISTS); /* signed anew: the same */
  CU_ASSERT_EQUAL(psd_ca_authority_add(db, &two), PSD_DB_DONE);
  two.length--;
  CU_ASSERT_EQUAL(psd_ca_authority_add(db, &two), PSD_DB_REFUSED);
  CU_ASSERT(psd_ca_authority_list(db, count_authority, &count) == PSD_DB_DONE && count == 2);
  psd_db_close(db);
}

/* Movements of schema 5, and the balances they made, are there; new ones follow them. */
TEST(test_authority_migration) {
  char number[32] = "", sql[700], name[64];
  (void)snprintf(name, sizeof name, on_postgres ? "decode(repeat('00', 156), 'hex')" : "zeroblob(156)");
  bench_clear();
  psd_db *old = bench_connect();
  CU_ASSERT_EQUAL_FATAL(psd_migrate(old, 5), PSD_DB_DONE);
  psd_db_close(old);
  (void)snprintf(sql, sizeof sql, "INSERT INTO accounts (number, name) VALUES ('1000', %s)", name);
  CU_ASSERT_FATAL(raw(sql));
  static const char deposit[] =
      "INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner, reference) "
      "SELECT 1, 7, 100, 1, 0, 2, id, 'r%u' FROM accounts";
  for (unsigned i = 1; i <= 3; i++) {
    (void)snprintf(sql, sizeof sql, deposit, i);
    CU_ASSERT_FATAL(raw(sql));
  }
  CU_ASSERT_FATAL(raw("UPDATE serial_numbers SET last = 41"));

  psd_db *db = bench_open();
  uint32_t next = 0;
  CU_ASSERT(raw_text("SELECT id FROM accounts", number, sizeof number));
  int64_t account = strtoll(number, NULL, 10);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_ACCOUNT, account), 300);
  CU_ASSERT_EQUAL(balance_of(db, PSD_BOOK_BANK, 0), -300);
  CU_ASSERT(psd_db_certificate_number(db, &next) == PSD_DB_DONE && next == 42);
  CU_ASSERT_EQUAL(psd_dc_deposit(db, account, 5, "r3", NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_dc_deposit(db, account, 5, "r4", NOW), PSD_DB_DONE);
  CU_ASSERT(raw_text("SELECT max(id) FROM movements", number, sizeof number));
  CU_ASSERT(strlen(number) == 1 && number[0] > '3');
  CU_ASSERT(!raw("DELETE FROM movements") && !raw("UPDATE movements SET amount = 1"));
  CU_ASSERT(!raw("UPDATE books SET balance = balance + 1"));
  CU_ASSERT(!raw("INSERT INTO movements (kind, time, amount, from_kind, from_owner, to_kind, to_owner) "
                 "SELECT 2, 1, 306, 2, id, 1, 0 FROM accounts"));
  int64_t another = 0;
  CU_ASSERT_EQUAL(psd_db_account_add(db, "2000", "Another", &another), PSD_DB_DONE); /* its books are opened */
  CU_ASSERT_EQUAL(psd_dc_deposit(db, another, 5, "", NOW), PSD_DB_DONE);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}
