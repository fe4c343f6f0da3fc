/* Revocation (figure 6): by the holder or forced; commands, confirmations, what is due. */
#include <string.h>

#include "psd/spec/objects.h"
#include "store_db_desk.h"

static psd_db *begin(void) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 10000);
  meter_put(db, 1);
  meter_put(db, 2);
  return db;
}

static psd_db_result revoke(psd_db *db, uint32_t number, psd_reason reason, psd_ca_by by, const char *request) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_proof_bytes bytes = {(const uint8_t *)request, request != NULL ? strlen(request) : 0};
  psd_db_result result = psd_ca_revoke(db, number, reason, by, bytes, NOW + 2);
  psd_db_result ended = psd_db_commit(db);
  return result != PSD_DB_DONE ? result : ended;
}

static bool due_bit(psd_db *db, uint32_t serial) {
  return (meter_of(db, serial).due & PSD_ACTION_REVOKE) != 0;
}

typedef struct entries {
  unsigned count;
  psd_ca_entry entry[8];
} entries;

static bool take_entry(void *user, const psd_ca_entry *entry) {
  entries *at = user;
  CU_ASSERT_FATAL(at->count < 8);
  at->entry[at->count++] = *entry;
  return true;
}

static entries revoked_at(psd_db *db, uint64_t time) {
  entries at = {.count = 0};
  CU_ASSERT_EQUAL(psd_ca_revoked_list(db, time, take_entry, &at), PSD_DB_DONE);
  return at;
}

/* 622: what answers that command, and names what it is about. */
static void confirm_paid(psd_db *db, uint32_t number, const void *command, size_t size) {
  psd_ca_certificate certificate = certificate_get(db, number);
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_PAID, 250);
  CU_ASSERT_EQUAL(confirm(db, &said, "paid"), PSD_DB_REFUSED); /* answers another command */
  CU_ASSERT(psd_hash(&(psd_part){command, size}, 1, said.answered));
  psd_proof_revocation wrong[] = {said, said, said, said, said};
  wrong[0].number++;
  wrong[1].device[7]++;
  wrong[2].reason = PSD_REASON_CESSATION;
  wrong[3].certificate = 4711;
  wrong[4].certificate = UINT64_MAX;
  for (size_t i = 0; i < 5; i++)
    CU_ASSERT_EQUAL(confirm(db, &wrong[i], "wrong"), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(confirm(db, &said, "paid"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(confirm(db, &said, "paid, told anew"), PSD_DB_DONE);
  certificate = certificate_get(db, number);
  CU_ASSERT(certificate.confirmed == NOW + 5 && certificate.paid == PSD_CONFIRMED_PAID && certificate.due == 0);
}

/* 602 to 624, paid; the evidence is kept, and nothing happens twice. */
TEST(test_holder_revokes) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  uint8_t request[PSD_CA_PAPER_MAX], command[] = "the signed command", other[8];
  size_t length = 0;
  uint32_t number = certificate_for(db, 1, 1, 1, 1);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 0);
  CU_ASSERT(!due_bit(db, 1));
  CU_ASSERT_EQUAL(revoke(db, number, PSD_REASON_HOLD, PSD_CA_HOLDER, "request"), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(revoke(db, 4711, PSD_REASON_CESSATION, PSD_CA_HOLDER, "request"), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(revoke(db, number, PSD_REASON_KEY_COMPROMISE, PSD_CA_HOLDER, "request"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(revoke(db, number, PSD_REASON_CESSATION, PSD_CA_OPERATOR, NULL), PSD_DB_DONE);
  certificate = certificate_get(db, number);
  CU_ASSERT(certificate.reason == PSD_REASON_KEY_COMPROMISE && certificate.by == PSD_CA_HOLDER); /* the first stays */
  CU_ASSERT(certificate.revoked == NOW + 2 && due_bit(db, 1) && !due_bit(db, 2));
  CU_ASSERT_EQUAL(revoked_at(db, NOW + 2).count, 1);

  CU_ASSERT_EQUAL(psd_ca_commanded(db, number, (psd_proof_bytes){command, sizeof command}, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  CU_ASSERT_EQUAL(psd_ca_command_of(db, certificate.device, number, &certificate, request, sizeof request, &length),
                  PSD_DB_DONE);
  CU_ASSERT(length == 7 && memcmp(request, "request", 7) == 0 && certificate.command == 1);
  device_named(2, other);
  CU_ASSERT_EQUAL(psd_ca_command_of(db, other, number, &certificate, request, sizeof request, &length), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_ca_commanded(db, number, (psd_proof_bytes){command, sizeof command}, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_commanded(db, number, (psd_proof_bytes){command, sizeof command}, NOW + 1), PSD_DB_DONE);

  confirm_paid(db, number, command, sizeof command);
  CU_ASSERT(waiting(db, 1, &certificate) == 0 && !due_bit(db, 1));
  CU_ASSERT_EQUAL(revoked_at(db, NOW + DAYS(364)).count, 1);
  CU_ASSERT_EQUAL(revoked_at(db, NOW + DAYS(366)).count, 0); /* expired */
  char papers[8] = "";
  CU_ASSERT(raw_text("SELECT count(*) FROM revocation_papers", papers, sizeof papers));
  CU_ASSERT_STRING_EQUAL(papers, "3");
  psd_db_close(db);
}

/* 620: payment due; collected at the refills of the group that pays. */
TEST(test_due) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  uint32_t first = certificate_for(db, 1, 1, 1, 1), second = certificate_for(db, 1, 2, 2, 2);
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  audit.mode = PSD_FUNDS_MERGED;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT_EQUAL(revoke(db, first, PSD_REASON_SUPERSEDED, PSD_CA_HOLDER, "request 1"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(revoke(db, second, PSD_REASON_SUPERSEDED, PSD_CA_HOLDER, "request 2"), PSD_DB_DONE);
  for (uint32_t i = 1; i <= 2; i++) {
    CU_ASSERT_EQUAL(waiting(db, 1, &certificate), i);
    psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_DUE, 300);
    CU_ASSERT_EQUAL(confirm(db, &said, "due"), PSD_DB_DONE);
  }
  CU_ASSERT(certificate_get(db, first).due == 300 && certificate_get(db, second).due == 300);
  /* 400 of them go whole, the register is empty after it: 200 are left. */
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 400, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 400, 400);
  s3.receipt.descending = 0;
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE); /* heard twice: collected once */
  CU_ASSERT_EQUAL(certificate_get(db, first).due + certificate_get(db, second).due, 200);
  /* The next one leaves something, so all was paid; S3 is lost, and the audit tells. */
  s1 = request_of(PSD_OPERATION_LOADING, 1, 2, 500, 400);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  audit = card_audit(1, PSD_OPERATION_LOADED, 2, 500, 900);
  audit.mode = PSD_FUNDS_MERGED;
  audit.ascending = 600;
  audit.descending = 300;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_CREDITED);
  CU_ASSERT_EQUAL(certificate_get(db, first).due + certificate_get(db, second).due, 0);
  CU_ASSERT(zero_sum(db));
  psd_db_close(db);
}

/* Separate registers: postage pays for nothing of it. */
TEST(test_due_separate) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  uint8_t device[8];
  uint32_t number = certificate_for(db, 1, 1, 1, 1);
  device_named(1, device);
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT_EQUAL(revoke(db, number, PSD_REASON_SUPERSEDED, PSD_CA_HOLDER, "request"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_DUE, 300);
  CU_ASSERT_EQUAL(confirm(db, &said, "due"), PSD_DB_DONE);
  funds_said s1 = request_of(PSD_OPERATION_LOADING, 1, 1, 400, 0),
             s3 = receipt_of(PSD_OPERATION_LOADED, 1, 1, 400, 400);
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).due, 300);
  s1.request.group = s3.receipt.group = PSD_GROUP_CERTIFICATE;
  s1.request.sequence = s3.receipt.sequence = 2;
  s1.bytes[0] ^= 1;
  CU_ASSERT_EQUAL(reserve(db, &s1), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(settle(db, &s3), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).due, 0);
  psd_db_close(db);
}

/* Certificates of one key are revoked together; one command is enough. */
TEST(test_one_key) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  uint32_t old = certificate_for(db, 1, 1, 1, 1), renewed = certificate_for(db, 1, 2, 1, 1);
  uint32_t other = certificate_for(db, 1, 3, 2, 2);
  CU_ASSERT_EQUAL(revoke(db, old, PSD_REASON_KEY_COMPROMISE, PSD_CA_HOLDER, "request"), PSD_DB_DONE);
  CU_ASSERT(certificate_get(db, renewed).revoked != 0 && certificate_get(db, other).revoked == 0);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  CU_ASSERT_EQUAL(certificate.number, renewed); /* the newest first: the card has that one */
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_FREE, 0);
  CU_ASSERT_EQUAL(confirm(db, &said, "free"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 0);
  CU_ASSERT(certificate_get(db, old).refused != 0);
  psd_db_close(db);
}

/* Numbers of commands go upwards, whichever the card carries out first. */
TEST(test_command_numbers) {
  psd_db *db = begin();
  psd_ca_certificate first, certificate;
  uint8_t request[16];
  size_t length = 0;
  uint32_t one = certificate_for(db, 1, 1, 1, 1), two = certificate_for(db, 1, 2, 2, 2);
  CU_ASSERT_EQUAL(revoke(db, one, PSD_REASON_CESSATION, PSD_CA_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &first), 1);
  CU_ASSERT_EQUAL(revoke(db, two, PSD_REASON_CESSATION, PSD_CA_HOLDER, "request"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_command_of(db, first.device, two, &certificate, request, sizeof request, &length),
                  PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate.command, 2);
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_PAID, 1);
  CU_ASSERT_EQUAL(confirm(db, &said, "paid"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &first), 3); /* 1 would be below the card's last */
  CU_ASSERT_EQUAL(psd_ca_command_refused(db, one, true, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 1, &first), 67);
  CU_ASSERT_EQUAL(psd_ca_command_refused(db, one, false, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_command_refused(db, one, false, NOW), PSD_DB_DONE);
  CU_ASSERT(waiting(db, 1, &first) == 0 && !due_bit(db, 1));
  CU_ASSERT_EQUAL(certificate_get(db, one).reason, PSD_REASON_CESSATION);    /* the list keeps it */
  CU_ASSERT_EQUAL(psd_ca_command_refused(db, two, false, NOW), PSD_DB_DONE); /* confirmed before */
  CU_ASSERT_EQUAL(psd_ca_command_refused(db, 4711, false, NOW), PSD_DB_ABSENT);
  psd_db_close(db);
}

/* Forced, with the PSD: held, released, ended. */
TEST(test_devices_certificates) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  uint8_t device[8], other[8];
  uint64_t count = 0;
  uint32_t number = certificate_for(db, 1, 1, 1, 1), foreign = certificate_for(db, 2, 1, 1, 2);
  device_named(1, device);
  device_named(2, other);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 1), PSD_DB_DONE);
  certificate = certificate_get(db, number);
  CU_ASSERT(certificate.reason == PSD_REASON_HOLD && certificate.by == PSD_CA_OPERATOR);
  CU_ASSERT(waiting(db, 1, &certificate) == 0 && !due_bit(db, 1)); /* its key stays */
  CU_ASSERT_EQUAL(revoked_at(db, NOW + 2).count, 1);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).revoked, 0);
  /* An alarm of the inspection holds as well; both have to end. */
  CU_ASSERT_EQUAL(psd_dc_distrust(db, device, "what cannot be", NOW + 2), PSD_DB_DONE);
  certificate = certificate_get(db, number);
  CU_ASSERT(certificate.reason == PSD_REASON_HOLD && certificate.by == PSD_CA_INSPECTION);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_unlock(db, device, false, NOW + 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).reason, PSD_REASON_HOLD);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).revoked, 0);
  CU_ASSERT_EQUAL(certificate_get(db, foreign).revoked, 0);
  /* For good, and since when it was held. */
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 4), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_write_off(db, device, NOW + 5), PSD_DB_DONE);
  certificate = certificate_get(db, number);
  CU_ASSERT(certificate.reason == PSD_REASON_CESSATION && certificate.revoked == NOW + 4);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, number).reason, PSD_REASON_CESSATION);
  CU_ASSERT_EQUAL(waiting(db, 1, &certificate), 1);
  CU_ASSERT_EQUAL(psd_ca_revoke_device(db, other, PSD_REASON_PRIVILEGE_WITHDRAWN, PSD_CA_OPERATOR, NOW + 6, &count),
                  PSD_DB_DONE);
  CU_ASSERT(count == 1 && certificate_get(db, foreign).reason == PSD_REASON_PRIVILEGE_WITHDRAWN);
  psd_db_close(db);
}

static uint64_t sweep(psd_db *db, uint64_t overdue, uint64_t unpaid, uint64_t time) {
  uint64_t count = 99;
  CU_ASSERT_EQUAL(psd_ca_sweep(db, overdue, unpaid, time, &count), PSD_DB_DONE);
  return count;
}

/* Timed out, or unpaid: the certificate meter that nobody brings into contact. */
TEST(test_sweep) {
  psd_db *db = begin();
  psd_ca_certificate certificate;
  psd_audit audit = card_audit(1, PSD_OPERATION_NONE, 0, 0, 0);
  audit.lock_after = 86400 * 10;
  uint32_t silent = certificate_for(db, 1, 1, 1, 1), owing = certificate_for(db, 2, 1, 1, 2);
  uint32_t due = certificate_for(db, 2, 2, 2, 3);
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  audit = card_audit(2, PSD_OPERATION_NONE, 0, 0, 0);
  audit.lock_after = UINT32_MAX;
  CU_ASSERT_EQUAL(audited(db, &audit), PSD_FOUND_AGREEMENT);
  CU_ASSERT_EQUAL(sweep(db, DAYS(20), UINT64_MAX, NOW + DAYS(30)), 0);
  CU_ASSERT_EQUAL(sweep(db, UINT64_MAX, UINT64_MAX, NOW + DAYS(300)), 0);
  CU_ASSERT_EQUAL(sweep(db, DAYS(20), UINT64_MAX, NOW + DAYS(31)), 1);
  certificate = certificate_get(db, silent);
  CU_ASSERT(certificate.reason == PSD_REASON_PRIVILEGE_WITHDRAWN && certificate.by == PSD_CA_TIMEOUT);
  CU_ASSERT_EQUAL(sweep(db, DAYS(20), UINT64_MAX, NOW + DAYS(32)), 0);

  CU_ASSERT_EQUAL(revoke(db, due, PSD_REASON_SUPERSEDED, PSD_CA_HOLDER, "request"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(waiting(db, 2, &certificate), 1);
  psd_proof_revocation said = confirmation_of(&certificate, PSD_CONFIRMED_DUE, 300);
  CU_ASSERT_EQUAL(confirm(db, &said, "due"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(sweep(db, UINT64_MAX, DAYS(60), NOW + DAYS(60)), 0);
  CU_ASSERT_EQUAL(sweep(db, UINT64_MAX, DAYS(60), NOW + DAYS(61)), 1);
  certificate = certificate_get(db, owing);
  CU_ASSERT(certificate.reason == PSD_REASON_PRIVILEGE_WITHDRAWN && certificate.by == PSD_CA_UNPAID);
  psd_db_close(db);
}

/* For lists and OCSP: users' and PSDs' certificates in one sequence of numbers. */
TEST(test_lists) {
  psd_db *db = begin();
  psd_certificate_row own = {.from = NOW, .until = NOW + 100, .length = 20};
  psd_ca_entry entry;
  uint64_t number = 0, next = 0;
  device_named(2, own.device);
  fill(own.der, own.length, 1);
  CU_ASSERT_EQUAL(psd_db_certificate_number(db, &own.number), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_certified(db, &own, NOW), PSD_DB_DONE);
  uint32_t user = certificate_for(db, 1, 1, 1, 1), good = certificate_for(db, 1, 2, 2, 2);
  CU_ASSERT(user == own.number + 1 && good == user + 1);
  CU_ASSERT_EQUAL(revoke(db, user, PSD_REASON_KEY_COMPROMISE, PSD_CA_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, own.device, NOW + 3), PSD_DB_DONE);
  entries at = revoked_at(db, NOW + 4);
  CU_ASSERT(at.count == 2 && at.entry[0].number == own.number && at.entry[1].number == user);
  CU_ASSERT(at.entry[0].reason == PSD_REASON_HOLD && at.entry[1].reason == PSD_REASON_KEY_COMPROMISE);
  CU_ASSERT_EQUAL(revoked_at(db, NOW + 100).count, 1);
  CU_ASSERT(psd_ca_status(db, own.number, &entry) == PSD_DB_DONE && entry.revoked == NOW + 3);
  CU_ASSERT(psd_ca_status(db, user, &entry) == PSD_DB_DONE && entry.revoked == NOW + 2);
  CU_ASSERT(psd_ca_status(db, good, &entry) == PSD_DB_DONE && entry.revoked == 0);
  CU_ASSERT_EQUAL(psd_ca_status(db, good + 1, &entry), PSD_DB_ABSENT);
  CU_ASSERT(psd_ca_list_number(db, &number) == PSD_DB_DONE && psd_ca_list_number(db, &next) == PSD_DB_DONE);
  CU_ASSERT(number == 1 && next == 2);
  psd_db_close(db);
}
