#include "services.h"

#include "certificate/slot.h"
#include "check.h"
#include "evidence.h"
#include "issuer.h"
#include "psd/spec/session.h"

#include <openssl/x509v3.h>
#include <string.h>

#define DAY 86400L

psd_piece services_piece(const services_bytes *bytes) {
  return (psd_piece){bytes->data, bytes->length};
}

void services_extend(X509 *certificate, X509 *issuer, const char *name, const char *value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer != NULL ? issuer : certificate, certificate, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_nconf(NULL, &context, name, value);
  CU_ASSERT_FATAL(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/* RFC 5280, 4.2.1.1 and 4.2.1.2. */
void services_identify(X509 *certificate, X509 *issuer) {
  services_extend(certificate, issuer, "subjectKeyIdentifier", "hash");
  if (issuer != NULL)
    services_extend(certificate, issuer, "authorityKeyIdentifier", "keyid:always");
}

static X509 *certify(const char *subject, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key) {
  X509 *certificate = X509_new();
  X509_NAME *name = X509_get_subject_name(certificate);
  CU_ASSERT_FATAL(X509_set_version(certificate, X509_VERSION_3) == 1 &&
                  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), 77) == 1 &&
                  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)subject, -1, -1, 0) == 1 &&
                  X509_set_issuer_name(certificate, issuer != NULL ? X509_get_subject_name(issuer) : name) == 1 &&
                  X509_set_pubkey(certificate, key) == 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)RIG_TIME - DAY);
  ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)RIG_TIME + 10 * 365 * DAY);
  services_identify(certificate, issuer);
  if (issuer == NULL) {
    services_extend(certificate, NULL, "basicConstraints", "critical,CA:TRUE,pathlen:0");
    services_extend(certificate, NULL, "keyUsage", "critical,keyCertSign,cRLSign");
  } else {
    services_extend(certificate, issuer, "keyUsage", "critical,digitalSignature,nonRepudiation");
    /* MeteringPolicy of PS D1 00C0FFEE. */
    services_extend(certificate, issuer, psd_oids[PSD_OID_METERING_POLICY].dotted,
                    "DER:30:10:04:08:50:53:44:31:00:C0:FF:EE:02:01:01:02:01:01");
  }
  CU_ASSERT_FATAL(X509_sign(certificate, issuer_key, EVP_sha256()) > 0);
  return certificate;
}

/* That of the pair which evidence.h has given the card. */
static void equip_device(services *s) {
  uint8_t point[PSD_POINT], *der = NULL;
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&s->r->card->store, PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_PUBLIC, point, sizeof point, &length),
      PSD_STORE_OK);
  EVP_PKEY *key = EVP_PKEY_new();
  CU_ASSERT_FATAL(EVP_PKEY_copy_parameters(key, s->a.key) == 1 &&
                  EVP_PKEY_set1_encoded_public_key(key, point, sizeof point) == 1);
  s->device = certify("PS D1 00C0FFEE", key, s->a.certificate, s->a.key);
  EVP_PKEY_free(key);
  int size = i2d_X509(s->device, &der);
  CU_ASSERT_FATAL(size > 0);
  rig_put_object(s->r, PSD_OBJECT_CERTIFICATE, der, (size_t)size);
  OPENSSL_free(der);
}

void services_equip(services *s, rig *r) {
  s->r = r;
  s->calls = 0;
  evidence_equip(r);
  authority_equip(&s->a, r);
  authority_funds(&s->a, AUTHORITY_FUNDS);
  s->creditor = issuer_key("P-256");
  s->creditor_certificate = certify("SPECIMEN Creditor 1", s->creditor, NULL, s->creditor);
  equip_device(s);
  authority_activate(&s->a, SERVICES_USER, PSD_PURPOSE_USER, PSD_ALGORITHM_P256);
  authority_activate(&s->a, SERVICES_POSTMARK, PSD_PURPOSE_POSTMARK, PSD_ALGORITHM_P256);
}

void services_free(services *s) {
  X509_free(s->device);
  X509_free(s->creditor_certificate);
  EVP_PKEY_free(s->creditor);
  authority_free(&s->a);
}

void services_begin(services *s) {
  rig_create(&s->bench);
  rig_enter(&s->bench, PSD_STATE_OPERATIONAL);
  services_equip(s, &s->bench);
}

void services_add_rsa(services *s) {
  authority_activate(&s->a, SERVICES_RSA_USER, PSD_PURPOSE_USER, PSD_ALGORITHM_RSA2048);
  authority_activate(&s->a, SERVICES_RSA_POSTMARK, PSD_PURPOSE_POSTMARK, PSD_ALGORITHM_RSA2048);
}

void services_end(services *s) {
  services_free(s);
  rig_destroy(&s->bench);
}

void services_enter(services *s) {
  CU_ASSERT_EQUAL_FATAL(rig_select(s->r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(s->r, RIG_PIN), PSD_SW_OK);
}

services_bytes services_keep(const services *s) {
  services_bytes kept = {.length = s->r->length};
  CU_ASSERT_FATAL(kept.length <= sizeof kept.data);
  memcpy(kept.data, s->r->response, kept.length);
  return kept;
}

bool services_same(const services *s, const services_bytes *as) {
  return s->r->length == as->length && memcmp(s->r->response, as->data, as->length) == 0;
}

services_mark services_look(const services *s) {
  return (services_mark){.core = s->r->card->core, .operations = s->r->ram.operations};
}

bool services_core_is(const services *s, const psd_core *core) {
  uint8_t now[PSD_CORE_SIZE], then[PSD_CORE_SIZE];
  CU_ASSERT_TRUE_FATAL(psd_core_encode(&s->r->card->core, now) && psd_core_encode(core, then));
  return memcmp(now, then, sizeof now) == 0;
}

bool services_untouched(const services *s, const services_mark *mark) {
  return s->r->ram.operations == mark->operations && services_core_is(s, &mark->core);
}

uint16_t services_again(services *s) {
  return authority_send(s->r, s->last, s->p1, s->p2, s->data.data, s->data.length);
}

uint16_t services_send(services *s, psd_command_id id, uint8_t p1, uint8_t p2, const void *data, size_t length) {
  CU_ASSERT_FATAL(length <= sizeof s->data.data);
  s->last = id;
  s->p1 = p1;
  s->p2 = p2;
  s->data.length = length;
  memcpy(s->data.data, data, length);
  return services_again(s);
}

/* A number that is used once. */
static void make_up(services *s, uint8_t call[PSD_SIZE_SERVICE_CALL]) {
  psd_buffer out = psd_buffer_over(call, PSD_SIZE_SERVICE_CALL);
  psd_put_uint(&out, UINT64_C(0x5E00000000000000) + ++s->calls, PSD_SIZE_SERVICE_CALL);
}

uint16_t services_hash(services *s, const void *message, size_t length) {
  return authority_send(s->r, PSD_COMMAND_HASH, PSD_HASH_BEGIN, 0, message, length);
}

static size_t size_of(psd_digest function) {
  const psd_digest_row *row = psd_digest_of(function);
  return row != NULL ? row->size : 0;
}

static uint16_t send_buffer(services *s, psd_command_id id, uint8_t p1, uint8_t p2, const psd_buffer *data) {
  CU_ASSERT_FALSE_FATAL(data->overflow);
  return services_send(s, id, p1, p2, data->data, data->length);
}

uint16_t services_sign(services *s, uint8_t slot, bool enclosed, psd_digest function, const uint8_t *digest) {
  uint8_t data[128];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_sign_wish wish = {.digest = function};
  make_up(s, wish.call);
  psd_put_message(&out, PSD_MESSAGE_SIGN_WISH, &wish);
  psd_put(&out, digest, size_of(function));
  return send_buffer(s, PSD_COMMAND_SIGN_MESSAGE, slot, enclosed, &out);
}

uint16_t services_stamp(services *s, uint8_t slot, bool enclosed, psd_digest function, const uint8_t *digest,
                        psd_piece nonce) {
  uint8_t data[128];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_postmark_wish wish = {.digest = function, .nonce = nonce.length};
  make_up(s, wish.call);
  psd_put_message(&out, PSD_MESSAGE_POSTMARK_WISH, &wish);
  psd_put(&out, digest, size_of(function));
  psd_put(&out, nonce.data, nonce.length);
  return send_buffer(s, PSD_COMMAND_POSTMARK, slot, enclosed, &out);
}

uint16_t services_validate(services *s, psd_digest function, const uint8_t *digest, psd_piece token) {
  uint8_t data[AUTHORITY_ANSWER_MAX];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_postmark_check check = {.digest = function};
  make_up(s, check.call);
  psd_put_message(&out, PSD_MESSAGE_POSTMARK_CHECK, &check);
  psd_put(&out, digest, size_of(function));
  psd_put(&out, token.data, token.length);
  return send_buffer(s, PSD_COMMAND_VALIDATE_POSTMARK, 0, 0, &out);
}

psd_verdict services_verdict(const services *s) {
  psd_verdict verdict = {.reason = UINT64_MAX};
  CU_ASSERT_TRUE(psd_parse_message(s->r->response, s->r->length, PSD_MESSAGE_VERDICT, &verdict));
  return verdict;
}

uint16_t services_ask_revocation(services *s, uint8_t slot, psd_reason reason) {
  uint8_t call[PSD_SIZE_SERVICE_CALL];
  make_up(s, call);
  return services_send(s, PSD_COMMAND_REQUEST_REVOCATION, slot, (uint8_t)reason, call, sizeof call);
}

uint16_t services_revoke(services *s, psd_piece command) {
  return services_send(s, PSD_COMMAND_REVOKE_CERTIFICATE, 0, 0, command.data, command.length);
}

uint16_t services_accept(services *s, uint8_t slot, psd_piece certificate) {
  uint8_t data[AUTHORITY_ANSWER_MAX];
  make_up(s, data);
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_room(&out, PSD_SIZE_SERVICE_CALL);
  psd_put(&out, certificate.data, certificate.length);
  return send_buffer(s, PSD_COMMAND_ACCEPT_CREDIT, slot, 0, &out);
}

uint16_t services_pay(services *s, uint8_t slot, uint64_t amount, uint64_t expiry, const char *payee) {
  uint8_t data[256];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_payment_wish wish = {.amount = amount, .expiry = expiry, .payee = strlen(payee)};
  make_up(s, wish.call);
  psd_put_message(&out, PSD_MESSAGE_PAYMENT_WISH, &wish);
  psd_put(&out, payee, strlen(payee));
  return send_buffer(s, PSD_COMMAND_PAY, slot, 0, &out);
}

static void read_state(const services *s, psd_slot_record kind, uint8_t number, psd_message_id layout, void *out) {
  uint8_t encoded[256];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&s->r->card->store, psd_slot_record_of(kind, number), encoded, sizeof encoded, &length),
      PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(encoded, length, layout, out));
}

psd_slot services_slot(const services *s, uint8_t number) {
  psd_slot slot = {.slot = 0};
  read_state(s, PSD_SLOT_STATE, number, PSD_MESSAGE_SLOT, &slot);
  return slot;
}

void services_put_slot(services *s, const psd_slot *slot) {
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_SLOT, slot);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  const psd_store_put put = {
      .record = psd_slot_record_of(PSD_SLOT_STATE, (uint8_t)slot->slot), .length = sizeof encoded, .value = encoded};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&s->r->card->store, &put, 1), PSD_STORE_OK);
}

psd_credit_state services_credit_state(const services *s, uint8_t number) {
  psd_credit_state state = {.slot = 0};
  read_state(s, PSD_SLOT_CREDIT_STATE, number, PSD_MESSAGE_CREDIT_STATE, &state);
  return state;
}
