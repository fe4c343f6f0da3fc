#include "meter.h"

#include "check.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define VENDOR_KEY 7U
#define RSA_KEY 8U
#define SHARED_KEY 9U

/* Set by meter_fix: the seed, and how much was made of it. */
static uint64_t fixed[2];
static psd_rsa *fixed_rsa;

/* Numbers that differ from session to session. */
static void fresh(uint8_t *out, size_t length) {
  if (fixed[0] == 0) {
    CU_ASSERT_TRUE_FATAL(psd_random(out, length));
    return;
  }
  uint8_t digest[PSD_HASH], encoded[16];
  psd_buffer out_of = psd_buffer_over(encoded, sizeof encoded);
  psd_put_uint(&out_of, fixed[0], 8);
  psd_put_uint(&out_of, fixed[1], 8);
  CU_ASSERT_FATAL(length <= sizeof digest && psd_hash(&(psd_part){encoded, sizeof encoded}, 1, digest));
  memcpy(out, digest, length);
  fixed[1]++;
}

static psd_pair *fresh_pair(uint8_t secret[PSD_SCALAR]) {
  fresh(secret, PSD_SCALAR);
  return psd_pair_of(secret);
}

void meter_fix(uint64_t seed, const uint8_t *der, size_t length) {
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  fixed[0] = seed;
  fixed[1] = 0;
  psd_rsa_free(fixed_rsa);
  fixed_rsa = psd_rsa_of(der, length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(fixed_rsa);
}

static void put_object(rig *r, psd_object_id id, psd_message_id layout, const void *value, psd_part tail) {
  uint8_t encoded[512];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, layout, value);
  psd_put(&out, tail.data, tail.length);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  rig_put_object(r, id, encoded, out.length);
}

void meter_policy(meter *m, uint8_t suites, bool forward) {
  const psd_session_policy policy = {.suites = suites, .forward = forward};
  put_object(m->r, PSD_OBJECT_SESSION_POLICY, PSD_MESSAGE_SESSION_POLICY, &policy, (psd_part){NULL, 0});
}

static void load_keys(meter *m) {
  psd_vendor_key k1 = {.identifier = VENDOR_KEY};
  psd_device_key k3 = {.scheme = 0};
  psd_shared_key shared = {.identifier = SHARED_KEY};
  const psd_rsa_key rsa = {.identifier = RSA_KEY, .exponent = PSD_RSA_EXPONENT};
  const psd_device_id identity = {.vendor = "PB", .model = "S1", .serial = RIG_SERIAL};
  const psd_part nothing = {NULL, 0};
  uint8_t modulus[PSD_RSA_MAX];
  size_t length = psd_rsa_modulus(m->k2_rsa, modulus);
  CU_ASSERT_EQUAL_FATAL(length, 256);
  psd_pair_point(m->k2, k1.point);
  memcpy(k3.key, m->k3, sizeof k3.key);
  memcpy(shared.key, m->shared, sizeof shared.key);
  put_object(m->r, PSD_OBJECT_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &identity, nothing);
  put_object(m->r, PSD_OBJECT_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &k1, nothing);
  put_object(m->r, PSD_OBJECT_DEVICE_KEY, PSD_MESSAGE_DEVICE_KEY, &k3, nothing);
  put_object(m->r, PSD_OBJECT_SHARED_KEY, PSD_MESSAGE_SHARED_KEY, &shared, nothing);
  put_object(m->r, PSD_OBJECT_VENDOR_RSA_KEY, PSD_MESSAGE_RSA_KEY, &rsa, (psd_part){modulus, length});
}

/* One RSA key for the whole program: making one takes longer than a test. */
static psd_rsa *rsa_pair(void) {
  static psd_rsa *made;
  if (fixed_rsa != NULL)
    return fixed_rsa;
  if (made == NULL)
    made = psd_rsa_new(2048);
  return made;
}

void meter_create(meter *m, rig *r, bool forward) {
  memset(m, 0, sizeof *m);
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  m->r = r;
  uint8_t secret[PSD_SCALAR];
  m->k2 = fresh_pair(secret);
  m->k2_rsa = rsa_pair();
  CU_ASSERT_FATAL(m->k2 != NULL && m->k2_rsa != NULL);
  fresh(m->k3, sizeof m->k3);
  fresh(m->shared, sizeof m->shared);
  load_keys(m);
  meter_policy(m, PSD_SUITE_P256 | PSD_SUITE_RSA | PSD_SUITE_SHARED, forward);
}

void meter_destroy(meter *m) {
  psd_pair_free(m->k2);
}

void meter_bench(rig *r, meter *m, psd_state state, bool forward) {
  rig_create(r);
  rig_enter(r, state);
  meter_create(m, r, forward);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
}

void meter_bench_end(meter *m) {
  rig_destroy(m->r);
  meter_destroy(m);
}

static uint16_t send(meter *m, uint8_t ins, uint8_t p1, uint8_t p2, const uint8_t *data, size_t length) {
  uint8_t command[METER_COMMAND];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_apdu apdu = {.cla = m->channel,
                         .ins = ins,
                         .p1 = p1,
                         .p2 = p2,
                         .data = data,
                         .nc = length,
                         .ne = PSD_NE_ALL,
                         .extended = true};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  return rig_send(m->r, command, out.length);
}

/* 7C { 82 ... } */
static psd_cursor dynamic_data(const rig *r) {
  psd_cursor all = psd_cursor_over(r->response, r->length);
  psd_tlv outer, inner;
  CU_ASSERT_FATAL(psd_take_tlv(&all, &outer) && outer.tag == 0x7C && psd_cursor_done(&all));
  CU_ASSERT_FATAL(psd_take_tlv(&outer.value, &inner) && inner.tag == 0x82 && psd_cursor_done(&outer.value));
  return inner.value;
}

static size_t wrapped_size(psd_suite suite) {
  return suite == PSD_SUITE_P256 ? PSD_WRAPPED_P256 : suite == PSD_SUITE_SHARED ? PSD_WRAPPED_SHARED : 256U;
}

/* Step 214. */
static bool unwrap(meter *m, const uint8_t *head, const uint8_t *wrapped) {
  uint8_t aad[PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE];
  memcpy(aad, head, PSD_SIZE_SIGN_ON);
  memcpy(aad + PSD_SIZE_SIGN_ON, m->context, PSD_CONTEXT_SIZE);
  const psd_part bound = {aad, sizeof aad};
  switch (m->head.suite) {
  case PSD_SUITE_P256:
    memcpy(m->enc, wrapped, PSD_POINT);
    return m->head.key == VENDOR_KEY && psd_hpke_open(m->k2, wrapped, (psd_part){PSD_HPKE_INFO, strlen(PSD_HPKE_INFO)},
                                                      bound, wrapped + PSD_POINT, PSD_SESSION_KEY, m->k_s);
  case PSD_SUITE_RSA:
    return m->head.key == RSA_KEY && psd_rsa_open(m->k2_rsa, wrapped, 256, m->k_s, PSD_SESSION_KEY);
  case PSD_SUITE_CLASSIC:
    return m->head.key == RSA_KEY && m->classic->unwrap(m->k2_rsa, wrapped, m->k_s);
  default:
    return m->head.key == SHARED_KEY &&
           psd_gcm_open(m->shared, wrapped, bound, wrapped + PSD_GCM_NONCE, PSD_SESSION_KEY,
                        wrapped + PSD_GCM_NONCE + PSD_SESSION_KEY, m->k_s);
  }
}

static void expand(const uint8_t prk[PSD_HASH], psd_key_label label, const uint8_t *context, size_t length,
                   uint8_t out[PSD_TRAFFIC_KEY]) {
  uint8_t info[64];
  psd_buffer buffer = psd_buffer_over(info, sizeof info);
  psd_put(&buffer, psd_key_label_text(label), strlen(psd_key_label_text(label)));
  psd_put(&buffer, context, length);
  CU_ASSERT_TRUE_FATAL(psd_hkdf_expand(prk, info, buffer.length, out, PSD_TRAFFIC_KEY));
}

/* Step 216: the user is the one who was given to the card. */
static bool user_verified(const meter *m, const uint8_t *m1, size_t clear, const uint8_t *sealed) {
  uint8_t expanded[PSD_TRAFFIC_KEY];
  uint8_t aad[PSD_SIGN_ON_MAX + PSD_CONTEXT_SIZE];
  uint8_t opened[PSD_SIZE_USER];
  psd_user user;
  expand(m->k_s, PSD_KEY_LABEL_USER, m->context, sizeof m->context, expanded);
  memcpy(aad, m1, PSD_SIZE_SIGN_ON);
  memcpy(aad + PSD_SIZE_SIGN_ON, m->context, PSD_CONTEXT_SIZE);
  memcpy(aad + PSD_SIZE_SIGN_ON + PSD_CONTEXT_SIZE, m1 + PSD_SIZE_SIGN_ON, clear - PSD_SIZE_SIGN_ON);
  return psd_cipher_of(m->head.suite)
             ->open(expanded, expanded + PSD_AES_KEY, (psd_part){aad, clear + PSD_CONTEXT_SIZE}, sealed, PSD_SIZE_USER,
                    sealed + PSD_SIZE_USER, opened) &&
         psd_parse_message(opened, sizeof opened, PSD_MESSAGE_USER, &user) &&
         psd_secret_equal(user.name, m->user.name, sizeof user.name) &&
         psd_secret_equal(user.verifier, m->user.verifier, sizeof user.verifier);
}

static void take_m1(meter *m, psd_suite suite) {
  psd_cursor m1 = dynamic_data(m->r);
  const uint8_t *bytes = m1.at;
  size_t clear = PSD_SIZE_SIGN_ON + wrapped_size(suite);
  CU_ASSERT_EQUAL_FATAL(m1.left, clear + PSD_SEALED_USER);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(bytes, PSD_SIZE_SIGN_ON, PSD_MESSAGE_SIGN_ON, &m->head));
  CU_ASSERT_FATAL(m->head.protocol == PSD_PROTOCOL && m->head.suite == suite && m->head.serial == RIG_SERIAL);
  CU_ASSERT_TRUE_FATAL(unwrap(m, bytes, bytes + PSD_SIZE_SIGN_ON));
  CU_ASSERT_TRUE_FATAL(user_verified(m, bytes, clear, bytes + clear));
  const psd_part parts[] = {{m->context, sizeof m->context}, {bytes, m1.left}};
  CU_ASSERT_TRUE_FATAL(psd_hash(parts, 2, m->transcript));
}

uint16_t meter_sign_on(meter *m, psd_suite suite) {
  uint8_t data[256];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  fresh(m->context, sizeof m->context);
  fresh(m->user.verifier, sizeof m->user.verifier);
  memcpy(m->user.name, "alice", 5);
  size_t dynamic = psd_open_tlv(&out, 0x7C);
  psd_put_tlv(&out, 0x81, m->context, sizeof m->context);
  size_t user = psd_open_tlv(&out, 0xA0);
  psd_put_tlv(&out, 0x80, m->user.name, sizeof m->user.name);
  psd_put_tlv(&out, 0x81, m->user.verifier, sizeof m->user.verifier);
  psd_close_tlv(&out, user);
  psd_close_tlv(&out, dynamic);
  uint16_t status = send(m, 0x86, (uint8_t)suite, 0x01, data, out.length);
  if (status == PSD_SW_OK)
    take_m1(m, suite);
  return status;
}

static void nonce_of(meter_traffic *traffic, uint8_t nonce[PSD_GCM_NONCE]) {
  memcpy(nonce, traffic->expanded + PSD_AES_KEY, PSD_GCM_NONCE);
  for (size_t i = 0; i < 8; i++)
    nonce[PSD_GCM_NONCE - 1 - i] ^= (uint8_t)(traffic->sequence >> (8 * i));
  traffic->sequence++;
}

static void seal(meter_traffic *traffic, psd_frame_type type, psd_part additional, const uint8_t *in, size_t length,
                 uint8_t *out) {
  uint8_t nonce[PSD_GCM_NONCE];
  uint8_t aad[1 + PSD_SIZE_SIGN_ON_RESPONSE] = {(uint8_t)type};
  CU_ASSERT_FATAL(additional.length < sizeof aad);
  if (additional.length > 0)
    memcpy(aad + 1, additional.data, additional.length);
  nonce_of(traffic, nonce);
  CU_ASSERT_TRUE_FATAL(traffic->cipher->seal(traffic->expanded, nonce, (psd_part){aad, 1 + additional.length}, in,
                                             length, out, out + length));
}

static bool unseal(meter_traffic *traffic, psd_frame_type type, const uint8_t *in, size_t length, uint8_t *out) {
  uint8_t nonce[PSD_GCM_NONCE];
  const uint8_t aad = (uint8_t)type;
  nonce_of(traffic, nonce);
  return length >= PSD_GCM_TAG && traffic->cipher->open(traffic->expanded, nonce, (psd_part){&aad, 1}, in,
                                                        length - PSD_GCM_TAG, in + length - PSD_GCM_TAG, out);
}

/* Step 222: keys from K_S and, with forward secrecy, the share. */
static void derive(meter *m, const uint8_t *head, const psd_pair *share) {
  uint8_t secrets[PSD_SESSION_KEY + 32];
  const psd_part parts[] = {{m->transcript, sizeof m->transcript}, {head, PSD_SIZE_SIGN_ON_RESPONSE}};
  memcpy(secrets, m->k_s, PSD_SESSION_KEY);
  if (share != NULL)
    CU_ASSERT_TRUE_FATAL(psd_pair_agree(share, m->enc, secrets + PSD_SESSION_KEY));
  CU_ASSERT_FATAL(
      psd_hash(parts, 2, m->th) &&
      psd_hkdf_extract(m->th, sizeof m->th, secrets, share != NULL ? sizeof secrets : PSD_SESSION_KEY, m->prk));
  expand(m->prk, PSD_KEY_LABEL_CARD_TO_SERVER, NULL, 0, m->to_server.expanded);
  expand(m->prk, PSD_KEY_LABEL_SERVER_TO_CARD, NULL, 0, m->to_card.expanded);
  expand(m->prk, PSD_KEY_LABEL_HOST_TO_SERVER, NULL, 0, m->host_keys[0]);
  expand(m->prk, PSD_KEY_LABEL_SERVER_TO_HOST, NULL, 0, m->host_keys[1]);
  m->to_server.sequence = m->to_card.sequence = 0;
  m->to_server.cipher = m->to_card.cipher = psd_cipher_of(m->head.suite);
}

void meter_make_m2(meter *m, uint8_t m2[PSD_M2_SIZE]) {
  psd_pair *share = m->head.forward != 0 ? fresh_pair(m->ephemeral) : NULL;
  uint8_t terms[PSD_SIZE_SIGN_ON_TERMS];
  fresh(m->response.session, sizeof m->response.session);
  fresh(m->terms.nonce, sizeof m->terms.nonce);
  m->terms.time = m->r->seconds;
  memset(m->response.share, 0, sizeof m->response.share);
  if (share != NULL)
    psd_pair_point(share, m->response.share);
  psd_buffer head = psd_buffer_over(m2, PSD_SIZE_SIGN_ON_RESPONSE);
  psd_put_message(&head, PSD_MESSAGE_SIGN_ON_RESPONSE, &m->response);
  psd_buffer text = psd_buffer_over(terms, sizeof terms);
  psd_put_message(&text, PSD_MESSAGE_SIGN_ON_TERMS, &m->terms);
  derive(m, m2, share);
  seal(&m->to_card, PSD_FRAME_SIGN_ON_RESPONSE, (psd_part){m2, head.length}, terms, sizeof terms, m2 + head.length);
  const psd_part parts[] = {{m->transcript, sizeof m->transcript}, {m2, PSD_M2_SIZE}};
  CU_ASSERT_TRUE_FATAL(psd_hash(parts, 2, m->transcript));
  psd_pair_free(share);
}

uint16_t meter_answer(meter *m, const uint8_t *m2, size_t length) {
  uint16_t status = send(m, 0x82, 0x00, 0x01, m2, length);
  if (status == PSD_SW_OK)
    CU_ASSERT_TRUE_FATAL(psd_parse_message(m->r->response, m->r->length, PSD_MESSAGE_HOST_SESSION, &m->host));
  return status;
}

/* Step 246. */
static bool signature_holds(const meter *m, const uint8_t *audit, const uint8_t *signature, size_t length) {
  uint8_t expected[PSD_HASH];
  const psd_part parts[] = {{PSD_SIGN_AUDIT, strlen(PSD_SIGN_AUDIT)}, {audit, PSD_SIZE_AUDIT}};
  if (m->pair)
    return m->audit.type == PSD_SIGNATURE_ECDSA && length == 64 && psd_point_verify(m->point, parts, 2, signature);
  if (m->head.suite == PSD_SUITE_CLASSIC)
    return m->audit.type == PSD_SIGNATURE_TDES && length == PSD_TDES_MAC &&
           m->classic->signature_holds(m->k3, audit, signature);
  return m->audit.type == PSD_SIGNATURE_HMAC && length == sizeof expected &&
         psd_hmac(m->k3, sizeof m->k3, parts, 2, expected) && psd_secret_equal(expected, signature, length);
}

static void take_m3(meter *m) {
  psd_cursor m3 = dynamic_data(m->r);
  uint8_t text[PSD_M3_MAX];
  CU_ASSERT_FATAL(m3.left <= sizeof text && unseal(&m->to_server, PSD_FRAME_AUDIT_RESPONSE, m3.at, m3.left, text));
  size_t length = m3.left - PSD_GCM_TAG;
  CU_ASSERT_TRUE_FATAL(psd_parse_message(text, PSD_SIZE_AUDIT, PSD_MESSAGE_AUDIT, &m->audit));
  CU_ASSERT_EQUAL_FATAL(memcmp(m->audit.nonce, m->terms.nonce, sizeof m->audit.nonce), 0);
  CU_ASSERT_EQUAL_FATAL(memcmp(m->audit.transcript, m->transcript, sizeof m->audit.transcript), 0);
  CU_ASSERT_TRUE_FATAL(signature_holds(m, text, text + PSD_SIZE_AUDIT, length - PSD_SIZE_AUDIT));
  memcpy(m->result.vendor, m->audit.vendor, sizeof m->result.vendor);
  memcpy(m->result.model, m->audit.model, sizeof m->result.model);
  m->result.serial = m->audit.serial;
  m->result.time = m->terms.time;
  CU_ASSERT_TRUE_FATAL(psd_hash(&(psd_part){text, length}, 1, m->result.audit));
}

uint16_t meter_audit_as(meter *m, const psd_audit_request *wanted) {
  uint8_t request[PSD_SIZE_AUDIT_REQUEST];
  uint8_t data[64];
  psd_buffer text = psd_buffer_over(request, sizeof request);
  psd_buffer out = psd_buffer_over(data, sizeof data);
  psd_put_message(&text, PSD_MESSAGE_AUDIT_REQUEST, wanted);
  size_t dynamic = psd_open_tlv(&out, 0x7C);
  psd_put_tlv(&out, 0x81, request, sizeof request);
  psd_close_tlv(&out, dynamic);
  uint16_t status = send(m, 0x86, 0x00, 0x02, data, out.length);
  if (status == PSD_SW_OK)
    take_m3(m);
  return status;
}

uint16_t meter_audit(meter *m) {
  psd_audit_request wanted;
  memcpy(wanted.session, m->host.session, sizeof wanted.session);
  memcpy(wanted.nonce, m->host.nonce, sizeof wanted.nonce);
  return meter_audit_as(m, &wanted);
}

void meter_make_m4(meter *m, uint8_t m4[PSD_M4_SIZE]) {
  uint8_t text[PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  psd_put_message(&out, PSD_MESSAGE_AUDIT_RESULT, &m->result);
  const psd_part parts[] = {{PSD_SIGN_RESULT, strlen(PSD_SIGN_RESULT)}, {text, PSD_SIZE_AUDIT_RESULT}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(m->k3, sizeof m->k3, parts, 2, text + PSD_SIZE_AUDIT_RESULT));
  seal(&m->to_card, PSD_FRAME_AUDIT_RESULT, (psd_part){NULL, 0}, text, sizeof text, m4);
}

uint16_t meter_result(meter *m, const uint8_t *m4, size_t length) {
  return send(m, 0x82, 0x00, 0x02, m4, length);
}

void meter_signed_on(meter *m, psd_suite suite) {
  CU_ASSERT_EQUAL_FATAL(meter_sign_on(m, suite), PSD_SW_OK);
}

void meter_answered(meter *m, psd_suite suite) {
  uint8_t m2[PSD_M2_SIZE];
  meter_signed_on(m, suite);
  meter_make_m2(m, m2);
  CU_ASSERT_EQUAL_FATAL(meter_answer(m, m2, sizeof m2), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(memcmp(m->host.session, m->response.session, sizeof m->host.session), 0);
  CU_ASSERT_EQUAL_FATAL(memcmp(m->host.nonce, m->terms.nonce, sizeof m->host.nonce), 0);
  CU_ASSERT_EQUAL_FATAL(m->host.time, m->terms.time);
  CU_ASSERT_EQUAL_FATAL(memcmp(m->host.to_server, m->host_keys[0], PSD_TRAFFIC_KEY), 0);
  CU_ASSERT_EQUAL_FATAL(memcmp(m->host.to_host, m->host_keys[1], PSD_TRAFFIC_KEY), 0);
}

void meter_audited(meter *m, psd_suite suite) {
  meter_answered(m, suite);
  CU_ASSERT_EQUAL_FATAL(meter_audit(m), PSD_SW_OK);
}

void meter_open(meter *m, psd_suite suite) {
  uint8_t m4[PSD_M4_SIZE];
  meter_audited(m, suite);
  meter_make_m4(m, m4);
  CU_ASSERT_EQUAL_FATAL(meter_result(m, m4, sizeof m4), PSD_SW_OK);
}

static size_t record_of(meter *m, const uint8_t *command, size_t length, uint8_t *record, size_t capacity) {
  CU_ASSERT_FATAL(length + PSD_GCM_TAG <= capacity);
  seal(&m->to_card, PSD_FRAME_CARD_DATA, (psd_part){NULL, 0}, command, length, record);
  return length + PSD_GCM_TAG;
}

size_t meter_record(meter *m, const char *command, uint8_t *record, size_t capacity) {
  uint8_t bytes[METER_COMMAND];
  return record_of(m, bytes, psd_check_hex(command, bytes, sizeof bytes), record, capacity);
}

uint16_t meter_envelope(meter *m, const uint8_t *record, size_t length) {
  return send(m, 0xC2, 0x00, 0x00, record, length);
}

static void keep(uint8_t room[METER_COMMAND], const uint8_t *bytes, size_t length) {
  CU_ASSERT_FATAL(length <= METER_COMMAND);
  memcpy(room, bytes, length);
}

uint16_t meter_command_bytes(meter *m, const uint8_t *command, size_t length) {
  uint8_t record[METER_COMMAND];
  rig *r = m->r;
  size_t sealed = record_of(m, command, length, record, sizeof record);
  CU_ASSERT_EQUAL_FATAL(meter_envelope(m, record, sealed), PSD_SW_OK);
  CU_ASSERT_FATAL(r->length >= PSD_GCM_TAG + 2);
  if (m->tape != NULL) {
    keep(m->tape->command, command, length);
    m->tape->command_length = length;
    keep(m->tape->command_record, record, sealed);
    keep(m->tape->answer_record, r->response, r->length);
  }
  CU_ASSERT_TRUE_FATAL(unseal(&m->to_server, PSD_FRAME_CARD_DATA, r->response, r->length, r->response));
  if (m->tape != NULL) {
    keep(m->tape->answer, r->response, r->length - PSD_GCM_TAG);
    m->tape->answer_length = r->length - PSD_GCM_TAG;
  }
  r->length -= PSD_GCM_TAG + 2;
  return (uint16_t)(r->response[r->length] << 8 | r->response[r->length + 1]);
}

uint16_t meter_command(meter *m, const char *command) {
  uint8_t bytes[METER_COMMAND];
  return meter_command_bytes(m, bytes, psd_check_hex(command, bytes, sizeof bytes));
}

void meter_order(const uint8_t k3[32], uint32_t identifier, const uint8_t point[PSD_POINT],
                 uint8_t out[PSD_SIZE_VENDOR_KEY_ORDER]) {
  psd_buffer order = psd_buffer_over(out, PSD_SIZE_VENDOR_KEY);
  psd_vendor_key key = {.identifier = identifier};
  memcpy(key.point, point, sizeof key.point);
  psd_put_message(&order, PSD_MESSAGE_VENDOR_KEY, &key);
  const psd_part parts[] = {{PSD_SIGN_VENDOR_KEY, strlen(PSD_SIGN_VENDOR_KEY)}, {out, PSD_SIZE_VENDOR_KEY}};
  CU_ASSERT_TRUE_FATAL(psd_hmac(k3, 32, parts, 2, out + PSD_SIZE_VENDOR_KEY));
}
