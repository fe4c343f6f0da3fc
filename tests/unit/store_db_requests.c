/* Requests for certificates: vetted (514), accepted, rejected, issued (518). */
#include <stdio.h>
#include <string.h>

#include "store_db_desk.h"

static psd_db *begin(void) {
  bench_clear();
  psd_db *db = bench_open();
  (void)with_account(db, 0);
  meter_put(db, 1);
  meter_put(db, 2);
  return db;
}

/* 514 by the register of users: both branches. */
TEST(test_vetting) {
  psd_db *db = begin();
  psd_user_row alice;
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &alice), PSD_DB_DONE);
  static const struct {
    const char *name, *organization, *user;
    psd_ca_vetting vetting;
    psd_authority_status status;
  } rows[] = {
      {"alice", "", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_ACCEPTED},
      {"The Account", "", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_ACCEPTED},
      {"alice", "The Account", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_ACCEPTED},
      {"alice", "", "alice", PSD_CA_BY_OPERATOR, PSD_AUTHORITY_PENDING},
      {"bob", "", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_PENDING},
      {"Alice", "", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_PENDING},
      {"alice", "Another", "alice", PSD_CA_BY_USER, PSD_AUTHORITY_PENDING},
      {"alice", "", "bob", PSD_CA_BY_USER, PSD_AUTHORITY_PENDING},
      {"alice", "", NULL, PSD_CA_BY_USER, PSD_AUTHORITY_PENDING},
  };
  for (uint32_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    psd_ca_request request = request_for(1, i + 1, 1 + i % 8);
    request.user_id = alice.id;
    (void)snprintf(request.name, sizeof request.name, "%s", rows[i].name);
    (void)snprintf(request.organization, sizeof request.organization, "%s", rows[i].organization);
    CU_ASSERT_EQUAL(requested(db, &request, rows[i].vetting, rows[i].user), PSD_DB_DONE);
    CU_ASSERT_EQUAL(request.status, rows[i].status);
    CU_ASSERT_EQUAL(request.certificate != 0, rows[i].status == PSD_AUTHORITY_ACCEPTED);
  }
  CU_ASSERT_EQUAL(psd_db_account_set_suspended(db, "1000", true), PSD_DB_DONE);
  psd_ca_request late = request_for(2, 1, 1);
  late.user_id = alice.id;
  CU_ASSERT_EQUAL(requested(db, &late, PSD_CA_BY_USER, "alice"), PSD_DB_DONE);
  CU_ASSERT_EQUAL(late.status, PSD_AUTHORITY_PENDING);
  psd_db_close(db);
}

static bool count_request(void *user, const psd_ca_request *request) {
  (void)request;
  ++*(unsigned *)user;
  return true;
}

static unsigned open_requests(psd_db *db) {
  unsigned count = 0;
  CU_ASSERT_EQUAL(psd_ca_request_list(db, true, count_request, &count), PSD_DB_DONE);
  return count;
}

/* 514 by the operator: both branches, once each. */
TEST(test_operator_vets) {
  psd_db *db = begin();
  psd_ca_request good = request_for(1, 1, 1), bad = request_for(1, 2, 2), found;
  unsigned all = 0;
  CU_ASSERT_EQUAL(requested(db, &good, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(requested(db, &bad, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(open_requests(db), 2);
  CU_ASSERT_EQUAL(accepted(db, good.id), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, good.id), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_ca_reject(db, good.id, "no", NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_ca_reject(db, bad.id, "", NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_ca_reject(db, bad.id, "nobody knows him", NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, bad.id), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(accepted(db, 4711), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_ca_reject(db, 4711, "no", NOW), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(psd_ca_request_find(db, good.device, 1, &found), PSD_DB_DONE);
  CU_ASSERT(found.status == PSD_AUTHORITY_ACCEPTED && found.certificate != 0 && found.decided == NOW + 1);
  CU_ASSERT_EQUAL(psd_ca_request_find(db, good.device, 2, &found), PSD_DB_DONE);
  CU_ASSERT(found.status == PSD_AUTHORITY_REJECTED && found.certificate == 0);
  CU_ASSERT_STRING_EQUAL(found.why, "nobody knows him");
  CU_ASSERT_EQUAL(psd_ca_request_find(db, good.device, 3, &found), PSD_DB_ABSENT);
  CU_ASSERT_EQUAL(open_requests(db), 0);
  CU_ASSERT(psd_ca_request_list(db, false, count_request, &all) == PSD_DB_DONE && all == 2);
  psd_db_close(db);
}

TEST(test_requests_again) {
  psd_db *db = begin();
  psd_ca_request first = request_for(1, 1, 3), again = first, other = first, newer = request_for(1, 5, 3), found;
  CU_ASSERT_EQUAL(requested(db, &first, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, first.id), PSD_DB_DONE);
  /* The same once more is found as it stands; other bytes with its number are another's. */
  CU_ASSERT_EQUAL(requested(db, &again, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT(again.id == first.id && again.status == PSD_AUTHORITY_ACCEPTED && again.certificate != 0);
  other.sealed[7] ^= 1;
  CU_ASSERT_EQUAL(requested(db, &other, PSD_CA_BY_OPERATOR, NULL), PSD_DB_EXISTS);
  /* A newer one of the slot: those before are void, even what comes late. */
  CU_ASSERT_EQUAL(requested(db, &newer, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT(psd_ca_request_get(db, first.id, &found) == PSD_DB_DONE && found.status == PSD_AUTHORITY_REJECTED);
  psd_ca_request late = request_for(1, 4, 3);
  CU_ASSERT_EQUAL(requested(db, &late, PSD_CA_BY_USER, "alice"), PSD_DB_DONE);
  CU_ASSERT(late.status == PSD_AUTHORITY_REJECTED && late.why[0] != '\0');
  CU_ASSERT_EQUAL(open_requests(db), 1);
  /* What cannot be. */
  psd_ca_request wrong = request_for(1, 9, 9);
  CU_ASSERT_EQUAL(requested(db, &wrong, PSD_CA_BY_OPERATOR, NULL), PSD_DB_REFUSED);
  wrong = request_for(1, 9, 1);
  wrong.name[0] = '\0';
  CU_ASSERT_EQUAL(requested(db, &wrong, PSD_CA_BY_OPERATOR, NULL), PSD_DB_REFUSED);
  wrong = request_for(1, 9, 1);
  wrong.purpose = 4;
  CU_ASSERT_EQUAL(requested(db, &wrong, PSD_CA_BY_OPERATOR, NULL), PSD_DB_REFUSED);
  wrong = request_for(9, 9, 1);
  CU_ASSERT_EQUAL(requested(db, &wrong, PSD_CA_BY_OPERATOR, NULL), PSD_DB_REFUSED);
  psd_db_close(db);
}

TEST(test_issue) {
  psd_db *db = begin();
  uint8_t grant[PSD_GRANT_MAX], another[PSD_GRANT_MAX];
  psd_ca_request request = request_for(1, 1, 2), found;
  CU_ASSERT_EQUAL(requested(db, &request, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  request.certificate = 1;
  size_t length = grant_of(&request, 1, grant);
  CU_ASSERT_EQUAL(issued(db, request.id, grant, length, NOW), PSD_DB_REFUSED); /* not accepted */
  CU_ASSERT_EQUAL(accepted(db, request.id), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_request_get(db, request.id, &request), PSD_DB_DONE);
  /* Another's: of another number, slot, PSD or request; or no grant. */
  psd_ca_request wrong[] = {request, request, request, request};
  wrong[0].certificate++;
  wrong[1].slot++;
  wrong[2].device[7]++;
  wrong[3].number++;
  for (size_t i = 0; i < 4; i++) {
    size_t other = grant_of(&wrong[i], 1, another);
    CU_ASSERT_EQUAL(issued(db, request.id, another, other, NOW), PSD_DB_REFUSED);
  }
  length = grant_of(&request, 1, grant);
  CU_ASSERT_EQUAL(issued(db, request.id, grant, length - 40, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(issued(db, request.id, grant, 20, NOW), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(issued(db, 4711, grant, length, NOW), PSD_DB_ABSENT);

  CU_ASSERT_EQUAL(issued(db, request.id, grant, length, NOW), PSD_DB_DONE);
  CU_ASSERT_EQUAL(issued(db, request.id, grant, length, NOW), PSD_DB_DONE);
  size_t other = grant_of(&request, 2, another);
  CU_ASSERT_EQUAL(issued(db, request.id, another, other, NOW), PSD_DB_EXISTS);
  CU_ASSERT_EQUAL(psd_ca_request_get(db, request.id, &found), PSD_DB_DONE);
  CU_ASSERT(found.grant_length == length && memcmp(found.grant, grant, length) == 0);
  psd_ca_certificate certificate = certificate_get(db, request.certificate);
  CU_ASSERT(certificate.slot == 2 && certificate.from == NOW && certificate.until == NOW + DAYS(365));
  CU_ASSERT(certificate.revoked == 0 && certificate.length > 100 && strcmp(certificate.name, "alice") == 0);
  /* One that was issued is not made void by a newer one. */
  psd_ca_request renewal = request_for(1, 2, 2);
  CU_ASSERT_EQUAL(requested(db, &renewal, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT(psd_ca_request_get(db, request.id, &found) == PSD_DB_DONE && found.status == PSD_AUTHORITY_ACCEPTED);
  psd_db_close(db);
}

/* The PSD's fate while a certificate is made. */
TEST(test_issue_to_revoked) {
  psd_db *db = begin();
  uint8_t grant[PSD_GRANT_MAX], device[8];
  psd_ca_request held = request_for(1, 1, 1), over = request_for(2, 1, 1);
  device_named(1, device);
  CU_ASSERT_EQUAL(requested(db, &held, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, held.id), PSD_DB_DONE);
  CU_ASSERT_EQUAL(requested(db, &over, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, over.id), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_write_off(db, over.device, NOW + 1), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_request_get(db, held.id, &held), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_ca_request_get(db, over.id, &over), PSD_DB_DONE);
  size_t length = grant_of(&held, 1, grant);
  CU_ASSERT_EQUAL(issued(db, held.id, grant, length, NOW + 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, held.certificate).reason, PSD_REASON_HOLD);
  length = grant_of(&over, 2, grant);
  CU_ASSERT_EQUAL(issued(db, over.id, grant, length, NOW + 2), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, over.certificate).reason, PSD_REASON_CESSATION);
  psd_ca_request next = request_for(1, 2, 1);
  CU_ASSERT_EQUAL(requested(db, &next, PSD_CA_BY_OPERATOR, NULL), PSD_DB_REFUSED);
  CU_ASSERT_EQUAL(psd_dc_restore(db, device), PSD_DB_DONE);
  CU_ASSERT_EQUAL(certificate_get(db, held.certificate).revoked, 0);
  CU_ASSERT_EQUAL(requested(db, &next, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_dc_revoke(db, device, NOW + 3), PSD_DB_DONE);
  CU_ASSERT_EQUAL(accepted(db, next.id), PSD_DB_REFUSED);
  psd_db_close(db);
}
