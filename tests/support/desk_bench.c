#include "desk_bench.h"

#include <openssl/err.h>
#include <string.h>
#include <time.h>

#include "bench_orders.h"
#include "check.h"
#include "crypto/evp_internal.h"
#include "psd/spec/lifecycle.h"

static uint64_t desk_time;

static uint64_t now(void) {
  return desk_time;
}

static psd_frame_type real_kms(desk_bench *at, psd_frame_type type, const uint8_t *body, size_t length,
                               uint8_t answer[PAPER_RECORD], size_t *answer_length) {
  static uint8_t request[PAPER_RECORD + 4], memory[PSD_FRAME_BODY_MAX];
  psd_buffer question = psd_buffer_over(request, sizeof request), out = psd_buffer_over(memory, sizeof memory);
  psd_put_uint(&question, 1, PSD_SIZE_KMS_CALL);
  psd_put(&question, body, length);
  desk_time = at->b.time;
  psd_frame_type said = psd_kms_answer(&at->kms, type, request, question.length, &out);
  at->kms.events.count = 0;
  *answer_length = out.length - PSD_SIZE_KMS_CALL;
  CU_ASSERT_TRUE_FATAL(*answer_length <= PAPER_RECORD);
  memcpy(answer, out.data + PSD_SIZE_KMS_CALL, *answer_length);
  return said;
}

/* What the paper one cannot: certificates and revocation. */
static psd_frame_type answer_kms(bench *b, psd_frame_type type, const uint8_t *body, size_t length,
                                 uint8_t answer[PAPER_RECORD], size_t *answer_length) {
  if (type < PSD_FRAME_KMS_REQUEST || type > PSD_FRAME_KMS_AUTHORITY_GIVEN)
    return (psd_frame_type)0;
  return real_kms((desk_bench *)(void *)b, type, body, length, answer, answer_length);
}

static void make_keys(desk_bench *at) {
  at->ring = psd_keyring_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->ring);
  for (size_t i = 0; i < psd_kms_kind_count; i++) {
    const psd_kms_kind_row *row = psd_kms_kind_at(i);
    if (!psd_kms_kind_kept(row, PSD_TOKENS_VENDOR) || row->form == PSD_KMS_FORM_RSA)
      continue;
    psd_kms_key *key = psd_keyring_make(at->ring, row->kind, 2048, at->b.time);
    CU_ASSERT_PTR_NOT_NULL_FATAL(key);
    CU_ASSERT_TRUE_FATAL(psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, at->b.time));
  }
  at->kms = (psd_kms_service){.keys = at->ring, .role = PSD_ROLE_METER, .now = now};
  at->b.kms = answer_kms;
}

/* The PSD that the paper card is has K3 and a wrapped K4 of that system, with its own key in it. */
static void manufacture(desk_bench *at) {
  uint8_t device[8], bytes[256], answer[PAPER_RECORD];
  size_t length = 0;
  psd_kms_manufactured made;
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  paper_device(&at->b.card, device);
  at->kms.role = PSD_ROLE_MANUFACTURING;
  psd_put(&body, device, sizeof device);
  psd_put_u8(&body, 1);
  psd_put_u8(&body, PSD_SUITE_P256);
  CU_ASSERT_EQUAL_FATAL(real_kms(at, PSD_FRAME_KMS_MANUFACTURE, body.data, body.length, answer, &length),
                        PSD_FRAME_KMS_MANUFACTURED);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(answer, PSD_SIZE_KMS_MANUFACTURED, PSD_MESSAGE_KMS_MANUFACTURED, &made));
  memcpy(at->b.card.k3, made.key, sizeof made.key);
  at->b.card.own = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->b.card.own);
  body = psd_buffer_over(bytes, sizeof bytes);
  psd_put(&body, device, sizeof device);
  psd_put(&body, made.wrapped_k4, sizeof made.wrapped_k4);
  psd_pair_point(at->b.card.own, psd_put_room(&body, PSD_POINT));
  CU_ASSERT_EQUAL_FATAL(real_kms(at, PSD_FRAME_KMS_ENDORSE, body.data, body.length, answer, &length),
                        PSD_FRAME_KMS_ENDORSED);
  memcpy(at->b.card.wrapped_k4, answer, PSD_SIZE_WRAPPED_K4);
  at->kms.role = PSD_ROLE_METER;
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(at->b.db, device, at->b.card.wrapped_k4, PAPER_KEY, (uint32_t)made.ca_key),
                        PSD_DB_DONE);
}

static void certify_device(desk_bench *at) {
  uint8_t bytes[256], answer[PAPER_RECORD];
  size_t length = 0;
  psd_certificate_row row = {.from = at->b.time, .until = at->b.time + 365U * DESK_DAY};
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  desk_begin(at);
  CU_ASSERT_EQUAL_FATAL(psd_db_certificate_number(at->b.db, &row.number), PSD_DB_DONE);
  psd_kms_certify wanted = {.serial = at->b.card.device.serial,
                            .number = row.number,
                            .zip = 90210,
                            .licence = 42,
                            .from = row.from,
                            .until = row.until};
  memcpy(wanted.vendor, at->b.card.device.vendor, sizeof wanted.vendor);
  memcpy(wanted.model, at->b.card.device.model, sizeof wanted.model);
  psd_put_message(&body, PSD_MESSAGE_KMS_CERTIFY, &wanted);
  psd_put(&body, at->b.card.wrapped_k4, sizeof at->b.card.wrapped_k4);
  CU_ASSERT_EQUAL_FATAL(real_kms(at, PSD_FRAME_KMS_CERTIFY, body.data, body.length, answer, &length),
                        PSD_FRAME_KMS_CERTIFIED);
  const unsigned char *end = answer;
  at->device = d2i_X509(NULL, &end, (long)length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at->device);
  memcpy(row.der, answer, length);
  row.length = length;
  paper_device(&at->b.card, row.device);
  CU_ASSERT_EQUAL_FATAL(psd_db_certificate_add(at->b.db, &row), PSD_DB_DONE);
  psd_meter_row meter = bench_meter(&at->b);
  meter.zip = 90210;
  meter.licence = 42;
  meter.certificate_until = row.until;
  CU_ASSERT_EQUAL_FATAL(psd_db_meter_update(at->b.db, &meter), PSD_DB_DONE);
  desk_commit(at);
}

void desk_begin(const desk_bench *at) {
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(at->b.db, true), PSD_DB_DONE);
}

void desk_commit(const desk_bench *at) {
  CU_ASSERT_EQUAL_FATAL(psd_db_commit(at->b.db), PSD_DB_DONE);
}

void desk_open(desk_bench *at) {
  memset(at, 0, sizeof *at);
  bench_open(&at->b);
  make_keys(at);
  manufacture(at);
  bench_give_to(&at->b, "anna");
  certify_device(at);
  at->b.card.audit.state = PSD_STATE_OPERATIONAL;
  at->b.settings.vetting = PSD_CA_BY_USER;
  (void)snprintf(at->b.settings.public_url, sizeof at->b.settings.public_url, "http://ca.example.org");
  at->user = proof_key();
  at->stamp = proof_key();
  bench_open_session(&at->b, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at->b.card.result.actions, 0);
}

void desk_close(desk_bench *at) {
  bench_close(&at->b);
  psd_keyring_free(at->ring);
  EVP_PKEY_free(at->user);
  EVP_PKEY_free(at->stamp);
  X509_free(at->device);
  ERR_clear_error();
}

void desk_again_with(desk_bench *at, unsigned actions) {
  bench_hang_up(&at->b);
  bench_call(&at->b);
  bench_open_session(&at->b, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(at->b.card.result.actions, actions);
}

void desk_again(desk_bench *at) {
  desk_again_with(at, 0);
}

static EVP_PKEY *key_of(const desk_bench *at, uint8_t slot) {
  return slot == 1 ? at->user : at->stamp;
}

static size_t put_pkcs10(const desk_bench *at, uint8_t slot, const char *name, uint8_t *der) {
  X509_REQ *request = X509_REQ_new();
  X509_NAME *subject = X509_NAME_new();
  CU_ASSERT_TRUE_FATAL(request != NULL && subject != NULL);
  X509_NAME_add_entry_by_NID(subject, NID_commonName, V_ASN1_PRINTABLESTRING, (const unsigned char *)name, -1, -1, 0);
  CU_ASSERT_TRUE_FATAL(X509_REQ_set_version(request, 0) == 1 && X509_REQ_set_subject_name(request, subject) == 1 &&
                       X509_REQ_set_pubkey(request, key_of(at, slot)) == 1 &&
                       X509_REQ_sign(request, key_of(at, slot), EVP_sha256()) > 0);
  size_t length = (size_t)i2d_X509_REQ(request, &der);
  X509_NAME_free(subject);
  X509_REQ_free(request);
  return length;
}

proof_der desk_request(const desk_bench *at, uint32_t number, uint8_t slot, const char *name) {
  proof_der sealed = {.length = 0};
  uint8_t pkcs10[PSD_PKCS10_MAX], key[32], info[64];
  psd_buffer out = psd_buffer_over(sealed.data, sizeof sealed.data), label = psd_buffer_over(info, sizeof info);
  psd_certificate_request head = {.serial = at->b.card.device.serial,
                                  .slot = slot,
                                  .purpose = slot == 1 ? PSD_PURPOSE_USER : PSD_PURPOSE_POSTMARK,
                                  .algorithm = PSD_ALGORITHM_P256,
                                  .number = number,
                                  .time = at->b.time};
  memcpy(head.vendor, at->b.card.device.vendor, sizeof head.vendor);
  memcpy(head.model, at->b.card.device.model, sizeof head.model);
  psd_put(&label, PSD_COMMUNICATIONS_REQUEST, strlen(PSD_COMMUNICATIONS_REQUEST));
  psd_put_message(&label, PSD_MESSAGE_DEVICE_ID, &at->b.card.device);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_expand(at->b.card.k3, info, label.length, key, sizeof key));
  psd_put_message(&out, PSD_MESSAGE_CERTIFICATE_REQUEST, &head);
  size_t length = put_pkcs10(at, slot, name, pkcs10);
  uint8_t *text = psd_put_room(&out, length), *tag = psd_put_room(&out, PSD_GCM_TAG);
  CU_ASSERT_TRUE_FATAL(
      psd_gcm_seal(key, head.nonce, (psd_part){sealed.data, PSD_SIZE_CERTIFICATE_REQUEST}, pkcs10, length, text, tag));
  sealed.length = out.length;
  return sealed;
}

int desk_answer(desk_bench *at, psd_host_operation operation) {
  const bench_frame *got = bench_expect(&at->b, PSD_FRAME_HOST_DATA);
  at->length = 0;
  at->item = (psd_authority_item){.kind = 0};
  int signal = paper_answer_content(&at->b.card, operation, got->body, got->length, at->content, &at->length);
  psd_cursor cursor = psd_cursor_over(at->content, at->length);
  if (at->length == 0 || !psd_take_message(&cursor, PSD_MESSAGE_AUTHORITY_ITEM, &at->item))
    return signal;
  at->length = cursor.left;
  memmove(at->content, cursor.at, cursor.left);
  return signal;
}

int desk_ask(desk_bench *at, psd_host_operation operation, const void *content, size_t length) {
  at->b.sent_count = at->b.taken = 0;
  bench_ask(&at->b, operation, content, length);
  CU_ASSERT_EQUAL(at->b.deadline, at->b.settings.idle_timeout);
  return desk_answer(at, operation);
}

int desk_ask_der(desk_bench *at, psd_host_operation operation, const proof_der *der) {
  return desk_ask(at, operation, der->data, der->length);
}

int desk_news(desk_bench *at, psd_authority_kind kind, uint32_t number) {
  uint8_t bytes[PSD_SIZE_NEWS_WISH];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, PSD_MESSAGE_NEWS_WISH, &(psd_news_wish){.kind = kind, .number = number});
  return desk_ask(at, PSD_HOST_NEWS, bytes, out.length);
}

X509 *desk_granted(const desk_bench *at) {
  const unsigned char *der = at->content + PSD_SIZE_CERTIFICATE_GRANT;
  CU_ASSERT_TRUE_FATAL(at->length > PSD_SIZE_CERTIFICATE_GRANT + PSD_HASH);
  X509 *certificate = d2i_X509(NULL, &der, (long)(at->length - PSD_SIZE_CERTIFICATE_GRANT - PSD_HASH));
  CU_ASSERT_PTR_NOT_NULL_FATAL(certificate);
  return certificate;
}

uint32_t desk_certify(desk_bench *at, uint32_t number, uint8_t slot) {
  proof_der request = desk_request(at, number, slot, "anna");
  uint64_t serial = 0;
  CU_ASSERT_EQUAL_FATAL(desk_ask_der(at, PSD_HOST_CERTIFY, &request), 0);
  CU_ASSERT_EQUAL_FATAL(at->item.status, PSD_AUTHORITY_ACCEPTED);
  X509 *certificate = desk_granted(at);
  CU_ASSERT_EQUAL(ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(certificate)), 1);
  X509_free(certificate);
  return (uint32_t)serial;
}

psd_ca_certificate desk_certificate(const desk_bench *at, uint32_t number) {
  psd_ca_certificate certificate;
  CU_ASSERT_EQUAL_FATAL(psd_ca_certificate_get(at->b.db, number, &certificate), PSD_DB_DONE);
  return certificate;
}

X509 *desk_x509(const desk_bench *at, uint32_t number) {
  psd_ca_certificate certificate = desk_certificate(at, number);
  const unsigned char *der = certificate.der;
  X509 *found = d2i_X509(NULL, &der, (long)certificate.length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(found);
  return found;
}

static void say_device(const desk_bench *at, char hex[17]) {
  uint8_t device[8];
  paper_device(&at->b.card, device);
  for (size_t i = 0; i < sizeof device; i++)
    (void)snprintf(hex + 2 * i, 3, "%02X", device[i]);
}

static void say_time(uint64_t seconds, char text[32]) {
  time_t time = (time_t)seconds;
  struct tm parts;
  CU_ASSERT_PTR_NOT_NULL_FATAL(gmtime_r(&time, &parts));
  CU_ASSERT_TRUE_FATAL(strftime(text, 32, "%Y%m%d%H%M%SZ", &parts) > 0);
}

proof_der desk_revocation(const desk_bench *at, uint32_t number, EVP_PKEY *key, X509 *certificate) {
  char device[17], time[32];
  say_device(at, device);
  say_time(at->b.time, time);
  proof_der content = proof_asn1("SEQUENCE:r",
                                 "[r]\nv = INTEGER:1\nd = FORMAT:HEX,OCT:%s\nc = INTEGER:%u\nr = ENUM:5\n"
                                 "t = GENTIME:%s\nn = INTEGER:9\n",
                                 device, number, time);
  return proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_REVOCATION_REQUEST].dotted,
                                     .content = content.data,
                                     .length = content.length,
                                     .certificate = certificate,
                                     .key = key,
                                     .time = at->b.time});
}

proof_der desk_confirmation(desk_bench *at, psd_proof_bytes command, uint64_t amount) {
  char device[17], time[32], hex[65];
  uint8_t hash[PSD_HASH], ca[PAPER_RECORD];
  psd_proof_revocation said;
  char why[PSD_PROOF_WHY_MAX] = "";
  size_t length = 0;
  const uint8_t wish[PSD_SIZE_KMS_AUTHORITY] = {PSD_AUTHORITY_CA};
  CU_ASSERT_EQUAL_FATAL(real_kms(at, PSD_FRAME_KMS_AUTHORITY, wish, sizeof wish, ca, &length),
                        PSD_FRAME_KMS_AUTHORITY_GIVEN);
  CU_ASSERT_EQUAL_FATAL(psd_proof_check_command(command, (psd_proof_bytes){ca, length}, &said, why), PSD_PROOF_HOLDS);
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){command.data, command.length}, 1, hash));
  for (size_t i = 0; i < sizeof hash; i++)
    (void)snprintf(hex + 2 * i, 3, "%02X", hash[i]);
  say_device(at, device);
  say_time(at->b.time, time);
  proof_der content =
      proof_asn1("SEQUENCE:r",
                 "[r]\nv = INTEGER:1\nd = FORMAT:HEX,OCT:%s\nc = INTEGER:%u\nr = ENUM:%u\nt = GENTIME:%s\n"
                 "n = INTEGER:%u\ns = ENUM:%u\na = INTEGER:%u\nh = FORMAT:HEX,OCT:%s\n",
                 device, (unsigned)said.certificate, (unsigned)said.reason, time, (unsigned)said.number,
                 (unsigned)(said.charge ? PSD_CONFIRMED_PAID : PSD_CONFIRMED_FREE), (unsigned)amount, hex);
  EVP_PKEY *key = psd_pair_pkey(at->b.card.own);
  proof_der made = proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_REVOCATION_CONFIRMATION].dotted,
                                               .content = content.data,
                                               .length = content.length,
                                               .certificate = at->device,
                                               .key = key,
                                               .time = at->b.time});
  EVP_PKEY_free(key);
  return made;
}

proof_der desk_application(const desk_bench *at, uint64_t amount, uint32_t user, uint32_t stamp) {
  uint8_t request[256], digest[PSD_HASH];
  char device[17], time[32];
  psd_proof_credit_request wish = {.certificate = user, .amount = amount, .time = at->b.time, .use = "postage"};
  psd_buffer der = psd_buffer_over(request, sizeof request);
  proof_der whole = {.length = 0};
  X509 *user_certificate = desk_x509(at, user), *stamp_certificate = desk_x509(at, stamp);
  EVP_PKEY *key = user == stamp ? at->stamp : at->user;
  paper_device(&at->b.card, wish.device);
  say_device(at, device);
  say_time(at->b.time, time);
  CU_ASSERT_TRUE_FATAL(psd_proof_put_credit_request(&wish, (const uint8_t[8]){1}, &der));
  proof_der use = proof_asn1("SEQUENCE:u", "[u]\nd = FORMAT:HEX,OCT:%s\nn = INTEGER:17\nc = INTEGER:250\n", device);
  proof_der signature = proof_sign(&(proof_signing){.content = request,
                                                    .length = der.length,
                                                    .certificate = user_certificate,
                                                    .key = key,
                                                    .time = at->b.time,
                                                    .metered = &use,
                                                    .detached = true});
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){signature.data, signature.length}, 1, digest));
  proof_der info = proof_tst(digest, time);
  proof_der postmark = proof_sign(&(proof_signing){.type = psd_oids[PSD_OID_TST_INFO].dotted,
                                                   .content = info.data,
                                                   .length = info.length,
                                                   .certificate = stamp_certificate,
                                                   .key = at->stamp,
                                                   .time = at->b.time});
  psd_buffer out = psd_buffer_over(whole.data, sizeof whole.data);
  psd_put_message(&out, PSD_MESSAGE_CREDIT_APPLICATION,
                  &(psd_credit_application){.signature = signature.length, .postmark = postmark.length});
  psd_put(&out, signature.data, signature.length);
  psd_put(&out, postmark.data, postmark.length);
  psd_put(&out, request, der.length);
  whole.length = out.length;
  X509_free(user_certificate);
  X509_free(stamp_certificate);
  return whole;
}
