#include "store_db_desk.h"

#include <stdio.h>
#include <string.h>

#include "crypto/x509.h"

psd_ca_request request_for(uint32_t serial, uint32_t number, unsigned slot) {
  psd_ca_request request = {.number = number,
                            .slot = (uint8_t)slot,
                            .purpose = PSD_PURPOSE_USER,
                            .algorithm = PSD_ALGORITHM_P256,
                            .time = NOW,
                            .name = "alice",
                            .sealed_length = 400};
  device_named(serial, request.device);
  fill(request.sealed, request.sealed_length, serial * 100 + number);
  return request;
}

psd_db_result requested(psd_db *db, psd_ca_request *request, psd_ca_vetting vetting, const char *user) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_db_result result = psd_ca_requested(db, request, vetting, user);
  psd_db_result ended = psd_db_commit(db);
  return result != PSD_DB_DONE ? result : ended;
}

psd_db_result accepted(psd_db *db, int64_t id) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_db_result result = psd_ca_accept(db, id, NOW + 1);
  psd_db_result ended = psd_db_commit(db);
  return result != PSD_DB_DONE ? result : ended;
}

static psd_pair *pair_of(unsigned seed) {
  uint8_t secret[PSD_SCALAR] = {0};
  secret[PSD_SCALAR - 2] = (uint8_t)(seed >> 8);
  secret[PSD_SCALAR - 1] = (uint8_t)(seed + 1);
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  return pair;
}

size_t grant_of(const psd_ca_request *request, unsigned key, uint8_t grant[PSD_GRANT_MAX]) {
  uint8_t der[PSD_X509_MAX], point[PSD_POINT], authority[PSD_POINT];
  size_t length = 0;
  psd_pair *ca = pair_of(200), *own = pair_of(key);
  psd_pair_point(own, point);
  psd_pair_point(ca, authority);
  const psd_x509 wanted = {.serial = request->certificate,
                           .issuer = {.common_name = "CA"},
                           .subject = {.common_name = request->name},
                           .from = NOW,
                           .until = NOW + DAYS(365),
                           .point = point,
                           .issuer_point = authority,
                           .usage = PSD_X509_SIGNS,
                           .purposes = PSD_X509_MAIL};
  CU_ASSERT_FATAL(psd_x509_make(&wanted, ca, der, &length));
  psd_certificate_grant head = {.slot = request->slot, .request = request->number, .time = NOW};
  psd_cursor cursor = psd_cursor_over(request->device, sizeof request->device);
  (void)psd_take_into(&cursor, head.vendor, 2);
  (void)psd_take_into(&cursor, head.model, 2);
  head.serial = psd_take_u32(&cursor);
  psd_buffer out = psd_buffer_over(grant, PSD_GRANT_MAX);
  psd_put_message(&out, PSD_MESSAGE_CERTIFICATE_GRANT, &head);
  psd_put(&out, der, length);
  memset(psd_put_room(&out, PSD_HASH), 0x5A, PSD_HASH);
  CU_ASSERT_FATAL(!out.overflow);
  psd_pair_free(ca);
  psd_pair_free(own);
  return out.length;
}

psd_db_result issued(psd_db *db, int64_t id, const uint8_t *grant, size_t length, uint64_t time) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_db_result result = psd_ca_issued(db, id, grant, length, time);
  psd_db_result ended = psd_db_commit(db);
  return result != PSD_DB_DONE ? result : ended;
}

uint32_t certificate_for(psd_db *db, uint32_t serial, uint32_t number, unsigned slot, unsigned key) {
  uint8_t grant[PSD_GRANT_MAX];
  psd_ca_request request = request_for(serial, number, slot);
  CU_ASSERT_EQUAL_FATAL(requested(db, &request, PSD_CA_BY_OPERATOR, NULL), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(accepted(db, request.id), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_ca_request_get(db, request.id, &request), PSD_DB_DONE);
  size_t length = grant_of(&request, key, grant);
  CU_ASSERT_EQUAL_FATAL(issued(db, request.id, grant, length, NOW), PSD_DB_DONE);
  return request.certificate;
}

psd_ca_certificate certificate_get(psd_db *db, uint32_t number) {
  psd_ca_certificate certificate;
  memset(&certificate, 0, sizeof certificate);
  CU_ASSERT_EQUAL(psd_ca_certificate_get(db, number, &certificate), PSD_DB_DONE);
  return certificate;
}

psd_proof_revocation confirmation_of(const psd_ca_certificate *certificate, psd_confirmed confirmed, uint64_t amount) {
  psd_proof_revocation said = {.certificate = certificate->number,
                               .number = certificate->command,
                               .time = NOW,
                               .reason = certificate->reason,
                               .answers = true,
                               .confirmed = confirmed,
                               .amount = amount};
  memcpy(said.device, certificate->device, sizeof said.device);
  return said;
}

psd_db_result confirm(psd_db *db, const psd_proof_revocation *confirmation, const char *content) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_db_result result =
      psd_ca_confirmed(db, confirmation, (psd_proof_bytes){(const uint8_t *)content, strlen(content)}, NOW + 5);
  psd_db_result ended = psd_db_commit(db);
  return result != PSD_DB_DONE ? result : ended;
}

uint32_t waiting(psd_db *db, uint32_t serial, psd_ca_certificate *certificate) {
  uint8_t device[8], request[PSD_CA_PAPER_MAX];
  size_t length = 0;
  device_named(serial, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  psd_db_result result = psd_ca_command_next(db, device, certificate, request, sizeof request, &length);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  CU_ASSERT(result == PSD_DB_DONE || result == PSD_DB_ABSENT);
  return result == PSD_DB_DONE ? certificate->command : 0;
}

psd_credit_row applied(psd_db *db, uint32_t serial, uint32_t holder, uint64_t asked, uint64_t most, unsigned nonce) {
  uint8_t application[64];
  psd_credit_row line = {.asked = asked, .holder = holder, .time = NOW, .use = "goods"};
  device_named(serial, line.device);
  fill(application, sizeof application, nonce);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_credit_applied(db, &line, (psd_proof_bytes){application, sizeof application}, most), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return line;
}

psd_credit_row line_of(psd_db *db, unsigned nonce) {
  uint8_t der[200];
  uint32_t holder = certificate_for(db, 1, nonce, 1 + nonce % PSD_USER_SLOTS, nonce);
  psd_credit_row line = applied(db, 1, holder, 1000, 1000000, nonce);
  fill(der, sizeof der, nonce + 1);
  CU_ASSERT_EQUAL_FATAL(line.status, PSD_AUTHORITY_ACCEPTED);
  CU_ASSERT_EQUAL_FATAL(psd_credit_issued(db, line.id, (psd_proof_bytes){der, sizeof der}, NOW, NOW + DAYS(100), NOW),
                        PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_credit_get(db, line.id, &line), PSD_DB_DONE);
  return line;
}

psd_proof_payment payment_of(const psd_credit_row *line, uint32_t sequence, uint64_t amount, uint64_t remaining,
                             const psd_proof_payment *previous, unsigned variant) {
  psd_proof_payment payment = {.amount = amount,
                               .remaining = remaining,
                               .time = NOW + DAYS(1),
                               .expiry = NOW + DAYS(30),
                               .sequence = sequence,
                               .payee = "Merchant"};
  memcpy(payment.credit.hash, line->hash, sizeof payment.credit.hash);
  memcpy(payment.device, line->device, sizeof payment.device);
  if (previous != NULL)
    memcpy(payment.previous, previous->hash, sizeof payment.previous);
  fill(payment.hash, sizeof payment.hash, (unsigned)line->id * 1000 + sequence * 10 + variant);
  return payment;
}

psd_settlement present(psd_db *db, const psd_proof_payment *payment, uint64_t time) {
  psd_settlement settlement = PSD_SETTLE_UNKNOWN;
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(
      psd_credit_settle(db, payment, (psd_proof_bytes){payment->hash, sizeof payment->hash}, time, &settlement),
      PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  return settlement;
}
