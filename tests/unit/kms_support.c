#include "kms_support.h"

#include <string.h>

static uint64_t bench_now(void) {
  return BENCH_NOW;
}

/* What the log would have of the event is in the archive. */
static void learn(bench *on, const psd_kms_event *event) {
  const char *flaw;
  psd_kms_record record = psd_kms_record_of(event);
  CU_ASSERT_FATAL(psd_kms_archive_take(on->archive, &record, &flaw));
  CU_ASSERT_PTR_NULL(flaw);
}

static void make_key(bench *on, psd_kms_kind kind) {
  psd_kms_key *key = psd_keyring_make(on->ring, kind, 2048, BENCH_NOW);
  CU_ASSERT_PTR_NOT_NULL_FATAL(key);
  psd_kms_event event = {.event = PSD_KMS_EVENT_GENERATED, .kind = kind, .key = key->identifier};
  event.to = key->state;
  learn(on, &event);
  bench_move(on, key->identifier, PSD_KMS_STATE_ACTIVE);
}

void bench_move(bench *on, uint32_t identifier, psd_kms_state state) {
  psd_kms_key *key = psd_keyring_find(on->ring, identifier);
  psd_kms_event event = {.event = PSD_KMS_EVENT_MOVED, .kind = key->kind, .key = identifier, .from = key->state};
  CU_ASSERT_FATAL(psd_keyring_move(key, state, BENCH_NOW));
  event.to = state;
  learn(on, &event);
}

uint32_t bench_rotate(bench *on, psd_kms_kind kind) {
  bench_move(on, psd_keyring_active(on->ring, kind)->identifier, PSD_KMS_STATE_INSTALLED);
  make_key(on, kind);
  return psd_keyring_active(on->ring, kind)->identifier;
}

static void open_domain(bench *on, psd_role role, psd_token_domain domain, bool rsa) {
  static const uint8_t vendor[] = "PS", model[] = "D1";
  memset(on, 0, sizeof *on);
  on->ring = psd_keyring_new();
  on->archive = psd_kms_archive_new();
  CU_ASSERT_FATAL(on->ring != NULL && on->archive != NULL);
  on->ring->domain = domain;
  for (size_t i = 0; i < psd_kms_kind_count; i++) {
    const psd_kms_kind_row *row = psd_kms_kind_at(i);
    if (psd_kms_kind_kept(row, domain) && (rsa || row->form != PSD_KMS_FORM_RSA))
      make_key(on, row->kind);
  }
  on->service = (psd_kms_service){.keys = on->ring, .role = role, .now = bench_now, .archive = on->archive};
  on->device = psd_kms_device_of(vendor, model, 0x1234);
}

void bench_open(bench *on, psd_role role, bool rsa) {
  open_domain(on, role, PSD_TOKENS_VENDOR, rsa);
}

void bench_open_postal(bench *on, psd_role role) {
  open_domain(on, role, PSD_TOKENS_POSTAL, false);
}

void bench_close(bench *on) {
  psd_keyring_free(on->ring);
  psd_kms_archive_free(on->archive);
}

void bench_learn(bench *on) {
  for (size_t i = 0; i < on->service.events.count; i++)
    learn(on, &on->service.events.list[i]);
  on->service.events.count = 0;
}

psd_buffer bench_request(uint8_t *memory, size_t capacity) {
  psd_buffer out = psd_buffer_over(memory, capacity);
  psd_put_uint(&out, 0xABCD0123U, 4);
  return out;
}

psd_signal bench_ask(bench *on, psd_frame_type type, const psd_buffer *request) {
  psd_buffer out = psd_buffer_over(on->answer, sizeof on->answer);
  psd_frame_type answered = psd_kms_answer(&on->service, type, request->data, request->length, &out);
  CU_ASSERT_FATAL(!out.overflow && out.length >= PSD_SIZE_KMS_CALL);
  if (request->length >= 4)
    psd_check_bytes(out.data, 4, "abcd0123", "the call's number");
  on->content = out.data + 4;
  on->answer_length = out.length - 4;
  CU_ASSERT(answered == PSD_FRAME_KMS_REFUSED || answered == type + 1);
  return psd_kms_refusal(answered, &out);
}

psd_kms_manufactured bench_manufacture(bench *on, unsigned scheme, unsigned suites) {
  uint8_t memory[64];
  psd_kms_manufactured made;
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_role role = on->service.role;
  psd_put(&request, on->device.bytes, sizeof on->device.bytes);
  psd_put_u8(&request, (uint8_t)scheme);
  psd_put_u8(&request, (uint8_t)suites);
  on->service.role = PSD_ROLE_MANUFACTURING;
  CU_ASSERT_EQUAL_FATAL(bench_ask(on, PSD_FRAME_KMS_MANUFACTURE, &request), PSD_SIGNAL_NONE);
  on->service.role = role;
  CU_ASSERT_FATAL(psd_parse_message(on->content, PSD_SIZE_KMS_MANUFACTURED, PSD_MESSAGE_KMS_MANUFACTURED, &made));
  return made;
}

static void wrap_p256(psd_buffer *out, psd_part aad, const uint8_t *k_s, const uint8_t *point) {
  psd_pair *ephemeral = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(ephemeral);
  uint8_t *enc = psd_put_room(out, PSD_POINT), *sealed = psd_put_room(out, 48);
  psd_pair_point(ephemeral, enc);
  CU_ASSERT_FATAL(psd_hpke_send(ephemeral, point, (psd_part){PSD_HPKE_INFO, 11}, aad, k_s, 32, sealed));
  psd_pair_free(ephemeral);
}

static void wrap_shared(psd_buffer *out, psd_part aad, const uint8_t *k_s, const uint8_t *secret) {
  uint8_t *nonce = psd_put_room(out, 12), *sealed = psd_put_room(out, 48);
  memset(nonce, 7, 12);
  CU_ASSERT_FATAL(psd_gcm_seal(secret, nonce, aad, k_s, 32, sealed, sealed + 32));
}

void bench_put_sign_on(const bench *on, psd_buffer *out, psd_suite suite, uint32_t key, const uint8_t *key_material) {
  uint8_t context[32], k_s[32], aad[PSD_SIZE_SIGN_ON + 32];
  psd_sign_on head = {.protocol = 1, .suite = suite, .key = key, .serial = 0x1234};
  memcpy(head.vendor, on->device.bytes, 2);
  memcpy(head.model, on->device.bytes + 2, 2);
  memset(context, 0xC0, sizeof context);
  for (size_t i = 0; i < sizeof k_s; i++)
    k_s[i] = (uint8_t)(i + 1);
  psd_put(out, context, sizeof context);
  psd_buffer bound = psd_buffer_over(aad, sizeof aad);
  psd_put_message(&bound, PSD_MESSAGE_SIGN_ON, &head);
  psd_put(out, aad, PSD_SIZE_SIGN_ON);
  psd_put(&bound, context, sizeof context);
  if (suite == PSD_SUITE_P256)
    wrap_p256(out, (psd_part){aad, sizeof aad}, k_s, key_material);
  else
    wrap_shared(out, (psd_part){aad, sizeof aad}, k_s, key_material);
}

void bench_endorse(bench *on, psd_kms_manufactured *made, const uint8_t point[65], psd_signal expected) {
  uint8_t bytes[256];
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_role role = on->service.role;
  psd_put(&request, on->device.bytes, 8);
  psd_put(&request, made->wrapped_k4, PSD_SIZE_WRAPPED_K4);
  psd_put(&request, point, 65);
  on->service.role = PSD_ROLE_MANUFACTURING;
  CU_ASSERT_EQUAL(bench_ask(on, PSD_FRAME_KMS_ENDORSE, &request), expected);
  on->service.role = role;
  if (expected == PSD_SIGNAL_NONE)
    memcpy(made->wrapped_k4, on->content, PSD_SIZE_WRAPPED_K4);
}

psd_pair *bench_pair(bench *on, psd_kms_manufactured *made) {
  uint8_t point[65];
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  bench_endorse(on, made, point, PSD_SIGNAL_NONE);
  return pair;
}

psd_kms_certify bench_certificate(const bench *on) {
  psd_kms_certify wanted = {.serial = 0x1234, .number = 5, .zip = 90210, .licence = 42, .from = BENCH_NOW};
  wanted.until = BENCH_NOW + UINT64_C(365) * 86400U;
  memcpy(wanted.vendor, on->device.bytes, 2);
  memcpy(wanted.model, on->device.bytes + 2, 2);
  return wanted;
}

psd_signal bench_certify(bench *on, const psd_kms_manufactured *made, const psd_kms_certify *wanted) {
  uint8_t bytes[256];
  psd_buffer request = bench_request(bytes, sizeof bytes);
  psd_put_message(&request, PSD_MESSAGE_KMS_CERTIFY, wanted);
  psd_put(&request, made->wrapped_k4, PSD_SIZE_WRAPPED_K4);
  return bench_ask(on, PSD_FRAME_KMS_CERTIFY, &request);
}

void bench_sign(psd_buffer *out, const char *label, size_t length, const uint8_t k3[32], const psd_pair *pair) {
  const psd_part parts[] = {{label, strlen(label)}, {out->data + out->length - length, length}};
  uint8_t *signature = psd_put_room(out, pair != NULL ? 64 : 32);
  CU_ASSERT_PTR_NOT_NULL_FATAL(signature);
  CU_ASSERT_FATAL(pair != NULL ? psd_pair_sign(pair, parts, 2, signature) : psd_hmac(k3, 32, parts, 2, signature));
}

void bench_flip_all(bench *on, psd_frame_type type, psd_buffer *request, size_t first, size_t last,
                    psd_signal expected) {
  for (size_t bit = first * 8; bit < last * 8; bit++) {
    request->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(bench_ask(on, type, request), expected);
    request->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
}

void bench_cut_all(bench *on, psd_frame_type type, const psd_buffer *request) {
  uint8_t longer[PSD_FRAME_BODY_MAX];
  for (size_t length = request->length; length-- > PSD_SIZE_KMS_CALL;) {
    psd_buffer shorter = {.data = request->data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(on, type, &shorter), PSD_SIGNAL_MESSAGE);
  }
  memcpy(longer, request->data, request->length);
  longer[request->length] = 0;
  const psd_buffer more = {.data = longer, .length = request->length + 1};
  CU_ASSERT_EQUAL(bench_ask(on, type, &more), PSD_SIGNAL_MESSAGE);
}

void bench_put_verify(psd_buffer *out, const uint8_t *wrapped_k4, const uint8_t k3[32], const psd_pair *pair) {
  psd_audit audit = {.type = pair != NULL ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC, .serial = 0x1234};
  const psd_kms_verify wish = {.actions = PSD_ACTION_ROTATE, .time = BENCH_NOW + 300, .warn_after = 5, .lock_after = 9};
  memcpy(audit.vendor, "PS", 2);
  memcpy(audit.model, "D1", 2);
  psd_put_message(out, PSD_MESSAGE_KMS_VERIFY, &wish);
  psd_put(out, wrapped_k4, PSD_SIZE_WRAPPED_K4);
  psd_put_message(out, PSD_MESSAGE_AUDIT, &audit);
  bench_sign(out, PSD_SIGN_AUDIT, PSD_SIZE_AUDIT, k3, pair);
}
