#include "soft.h"

#include <openssl/rsa.h>
#include <string.h>

#include "psd/spec/lifecycle.h"
#include "psd/spec/objects.h"

#define PART(bytes) ((psd_part){(bytes), sizeof(bytes)})
#define TEXT(words) ((psd_part){(words), sizeof(words) - 1})

static const struct {
  const char *name;
  psd_suite suite;
} kinds[SOFT_KINDS] = {
    [SOFT_FORWARD] = {"p256", PSD_SUITE_P256},     [SOFT_PLAIN] = {"p256_plain", PSD_SUITE_P256},
    [SOFT_ECDSA] = {"p256_ecdsa", PSD_SUITE_P256}, [SOFT_RSA] = {"rsa", PSD_SUITE_RSA},
    [SOFT_SHARED] = {"shared", PSD_SUITE_SHARED},
};

const char *soft_kind_name(soft_kind kind) {
  return kinds[kind].name;
}

psd_suite soft_kind_suite(soft_kind kind) {
  return kinds[kind].suite;
}

static bool is_forward(soft_kind kind) {
  return kind == SOFT_FORWARD || kind == SOFT_ECDSA;
}

static uint32_t key_identifier(const soft_psd *psd, soft_kind kind) {
  switch (kinds[kind].suite) {
  case PSD_SUITE_RSA:
    return psd->rsa_identifier;
  case PSD_SUITE_SHARED:
    return psd->shared_identifier;
  default:
    return (uint32_t)psd->vendor_key.identifier;
  }
}

/* Sealing and opening where the tag follows the text, as everywhere in the protocol. */
static bool seal(const uint8_t key[PSD_TRAFFIC_KEY], psd_part aad, psd_part text, uint8_t *sealed) {
  return psd_gcm_seal(key, key + PSD_AES_KEY, aad, text.data, text.length, sealed, sealed + text.length);
}

/* M1 ----------------------------------------------------------------------------------------------------------------
 */

static bool wrap_p256(soft_session *session, psd_part aad, psd_buffer *m1) {
  uint8_t wrapped[PSD_WRAPPED_P256];
  session->ephemeral = psd_pair_new();
  if (session->ephemeral == NULL)
    return false;
  psd_pair_point(session->ephemeral, wrapped);
  bool done = psd_hpke_send(session->ephemeral, session->psd->vendor_key.point, TEXT(PSD_HPKE_INFO), aad,
                            session->secret, sizeof session->secret, wrapped + PSD_POINT);
  psd_put(m1, wrapped, sizeof wrapped);
  return done;
}

static bool wrap_shared(const soft_session *session, psd_part aad, psd_buffer *m1) {
  uint8_t wrapped[PSD_WRAPPED_SHARED];
  uint8_t *text = wrapped + PSD_GCM_NONCE;
  bool done =
      psd_random(wrapped, PSD_GCM_NONCE) && psd_gcm_seal(session->psd->shared_key, wrapped, aad, session->secret,
                                                         sizeof session->secret, text, text + sizeof session->secret);
  psd_put(m1, wrapped, sizeof wrapped);
  return done;
}

static bool wrap_rsa(const soft_session *session, psd_buffer *m1) {
  uint8_t wrapped[PSD_WRAPPED_MAX];
  size_t length = sizeof wrapped;
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, session->psd->rsa, NULL);
  bool done = context != NULL && EVP_PKEY_encrypt_init(context) == 1 &&
              EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_oaep_md_name(context, "SHA256", NULL) == 1 &&
              EVP_PKEY_encrypt(context, wrapped, &length, session->secret, sizeof session->secret) == 1;
  EVP_PKEY_CTX_free(context);
  if (done)
    psd_put(m1, wrapped, length);
  return done;
}

/* `head` is SIGN_ON and the context. */
static bool wrap(soft_session *session, psd_part head, psd_buffer *m1) {
  switch (kinds[session->kind].suite) {
  case PSD_SUITE_RSA:
    return wrap_rsa(session, m1);
  case PSD_SUITE_SHARED:
    return wrap_shared(session, head, m1);
  default:
    return wrap_p256(session, head, m1);
  }
}

static void put_sign_on(const soft_session *session, psd_buffer *out) {
  const soft_psd *psd = session->psd;
  psd_sign_on head = {.protocol = PSD_PROTOCOL,
                      .suite = kinds[session->kind].suite,
                      .forward = is_forward(session->kind),
                      .key = key_identifier(psd, session->kind),
                      .serial = psd->id.serial};
  memcpy(head.vendor, psd->id.vendor, sizeof head.vendor);
  memcpy(head.model, psd->id.model, sizeof head.model);
  psd_put_message(out, PSD_MESSAGE_SIGN_ON, &head);
}

/* Expand(K_S, label || context), 44 bytes: under it goes the user's identification. */
static bool user_key(const soft_session *session, const uint8_t context[PSD_HASH], uint8_t key[PSD_TRAFFIC_KEY]) {
  uint8_t info[128];
  psd_buffer out = psd_buffer_over(info, sizeof info);
  const char *label = psd_key_label_text(PSD_KEY_LABEL_USER);
  psd_put(&out, label, strlen(label));
  psd_put(&out, context, PSD_HASH);
  return !out.overflow && psd_hkdf_expand(session->secret, info, out.length, key, PSD_TRAFFIC_KEY);
}

/* `bound` is what the seal binds: SIGN_ON, context and what is wrapped. */
static bool put_user(const soft_session *session, const psd_user *user, const uint8_t context[PSD_HASH], psd_part bound,
                     psd_buffer *m1) {
  uint8_t key[PSD_TRAFFIC_KEY], text[PSD_SIZE_USER], sealed[PSD_SEALED_USER];
  psd_buffer out = psd_buffer_over(text, sizeof text);
  psd_put_message(&out, PSD_MESSAGE_USER, user);
  bool done = !out.overflow && user_key(session, context, key) && seal(key, bound, PART(text), sealed);
  psd_put(m1, sealed, sizeof sealed);
  return done;
}

bool soft_sign_on(soft_session *session, soft_psd *psd, soft_kind kind, const psd_user *user, const uint8_t *greeting,
                  uint32_t ordinal, psd_buffer *m1) {
  *session = (soft_session){.psd = psd, .kind = kind};
  const uint8_t number[] = {(uint8_t)(ordinal >> 24), (uint8_t)(ordinal >> 16), (uint8_t)(ordinal >> 8),
                            (uint8_t)ordinal};
  const psd_part called[] = {TEXT("psd call"), {greeting, PSD_SIZE_GREETING}, PART(number)};
  uint8_t context[PSD_HASH], bound[PSD_SIGN_ON_MAX + PSD_HASH];
  size_t start = m1->length;
  put_sign_on(session, m1);
  if (!psd_random(session->secret, sizeof session->secret) || !psd_hash(called, 3, context) || m1->overflow)
    return false;
  psd_buffer around = psd_buffer_over(bound, sizeof bound);
  psd_put(&around, m1->data + start, PSD_SIZE_SIGN_ON);
  psd_put(&around, context, sizeof context);
  bool done = wrap(session, (psd_part){bound, around.length}, m1);
  size_t wrapped = start + PSD_SIZE_SIGN_ON;
  psd_put(&around, m1->data + wrapped, m1->length - wrapped);
  done = done && put_user(session, user, context, (psd_part){bound, around.length}, m1);
  const psd_part said[] = {PART(context), {m1->data + start, m1->length - start}};
  return done && !m1->overflow && psd_hash(said, 2, session->transcript);
}

/* M2 and M3 ---------------------------------------------------------------------------------------------------------
 */

static bool derive(soft_session *session, const uint8_t *head, const uint8_t share[PSD_POINT]) {
  uint8_t shared[32];
  bool forward = is_forward(session->kind);
  if (forward && !psd_pair_agree(session->ephemeral, share, shared))
    return false;
  return psd_meter_keys_derive(&session->keys, kinds[session->kind].suite, session->transcript, head, session->secret,
                               forward ? shared : NULL);
}

/* The first record of its direction, and the only one with more to bind than its type. */
static bool open_terms(soft_session *session, const uint8_t *m2, psd_sign_on_terms *terms) {
  uint8_t aad[1 + PSD_SIZE_SIGN_ON_RESPONSE] = {PSD_FRAME_SIGN_ON_RESPONSE}, text[PSD_SIZE_SIGN_ON_TERMS];
  psd_meter_traffic *from = &session->keys.to_card;
  const uint8_t *sealed = m2 + PSD_SIZE_SIGN_ON_RESPONSE;
  memcpy(aad + 1, m2, PSD_SIZE_SIGN_ON_RESPONSE);
  from->sequence = 1;
  return psd_gcm_open(from->key, from->vector, PART(aad), sealed, sizeof text, sealed + sizeof text, text) &&
         psd_parse_message(text, sizeof text, PSD_MESSAGE_SIGN_ON_TERMS, terms);
}

/* A meter in use. */
static void fill_audit(const soft_session *session, const psd_sign_on_terms *terms, psd_audit *audit) {
  const soft_psd *psd = session->psd;
  *audit = (psd_audit){.type = session->kind == SOFT_ECDSA ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC,
                       .card_minor = 1,
                       .spec = 1,
                       .serial = psd->id.serial,
                       .state = PSD_STATE_OPERATIONAL,
                       .mode = PSD_FUNDS_SEPARATE,
                       .descending = psd->control_total,
                       .control_total = psd->control_total,
                       .operation = psd->operation.operation,
                       .sequence = psd->operation.sequence,
                       .operation_amount = psd->operation.amount,
                       .time = terms->time,
                       .inspected = terms->time - 86400,
                       .warn_after = 90 * 86400,
                       .lock_after = 120 * 86400,
                       .zip = 10001,
                       .licence = 1,
                       .vendor_key = psd->vendor_key.identifier,
                       .log_count = 10};
  memcpy(audit->vendor, psd->id.vendor, sizeof audit->vendor);
  memcpy(audit->model, psd->id.model, sizeof audit->model);
  memcpy(audit->nonce, terms->nonce, sizeof audit->nonce);
  memcpy(audit->transcript, session->transcript, sizeof audit->transcript);
}

bool soft_sign(const soft_session *session, const char *label, psd_buffer *message) {
  const psd_part parts[] = {{label, strlen(label)}, {message->data, message->length}};
  const soft_psd *psd = session->psd;
  if (session->kind == SOFT_ECDSA) {
    uint8_t signature[64];
    bool done = psd->pair != NULL && psd_pair_sign(psd->pair, parts, 2, signature);
    psd_put(message, signature, sizeof signature);
    return done;
  }
  uint8_t mac[PSD_HASH];
  bool done = psd_hmac(psd->key, sizeof psd->key, parts, 2, mac);
  psd_put(message, mac, sizeof mac);
  return done;
}

static bool put_audit(soft_session *session, const psd_sign_on_terms *terms, psd_buffer *m3) {
  uint8_t text[PSD_M3_MAX], sealed[PSD_M3_MAX];
  psd_audit audit;
  psd_buffer out = psd_buffer_over(text, sizeof text);
  fill_audit(session, terms, &audit);
  psd_put_message(&out, PSD_MESSAGE_AUDIT, &audit);
  if (out.overflow || !soft_sign(session, PSD_SIGN_AUDIT, &out))
    return false;
  const psd_part whole = {text, out.length};
  session->time = terms->time;
  bool done = psd_hash(&whole, 1, session->audit) && psd_meter_seal(&session->keys.from_card, PSD_FRAME_AUDIT_RESPONSE,
                                                                    (psd_part){NULL, 0}, text, out.length, sealed);
  psd_put(m3, sealed, out.length + PSD_GCM_TAG);
  return done && !m3->overflow;
}

bool soft_audit(soft_session *session, const uint8_t *m2, size_t length, psd_buffer *m3) {
  psd_sign_on_response head;
  psd_sign_on_terms terms;
  const psd_part said[] = {PART(session->transcript), {m2, length}};
  if (length != PSD_M2_SIZE || !psd_parse_message(m2, PSD_SIZE_SIGN_ON_RESPONSE, PSD_MESSAGE_SIGN_ON_RESPONSE, &head) ||
      !derive(session, m2, head.share) || !open_terms(session, m2, &terms) || !psd_hash(said, 2, session->transcript))
    return false;
  return put_audit(session, &terms, m3);
}

/* M4 ----------------------------------------------------------------------------------------------------------------
 */

bool soft_finish(soft_session *session, const uint8_t *m4, size_t length) {
  uint8_t text[PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION], mac[PSD_HASH];
  psd_audit_result result;
  if (length != PSD_M4_SIZE)
    return false;
  const psd_part parts[] = {TEXT(PSD_SIGN_RESULT), {text, PSD_SIZE_AUDIT_RESULT}};
  return psd_meter_open(&session->keys.to_card, PSD_FRAME_AUDIT_RESULT, m4, length, text) &&
         psd_hmac(session->psd->key, sizeof session->psd->key, parts, 2, mac) &&
         psd_secret_equal(mac, text + PSD_SIZE_AUDIT_RESULT, sizeof mac) &&
         psd_parse_message(text, PSD_SIZE_AUDIT_RESULT, PSD_MESSAGE_AUDIT_RESULT, &result) &&
         psd_secret_equal(result.audit, session->audit, sizeof result.audit);
}

void soft_end(soft_session *session) {
  psd_pair_free(session->ephemeral);
  psd_secret_wipe(session, sizeof *session);
}
