#include "kms/sealed_keys.h"

#include <stdlib.h>
#include <string.h>

static const char magic[] = "PSD-KMS3";

/* Bytes of the head that the seal over the store key covers: those before its nonce. */
#define COVERED (PSD_SIZE_KMS_SEAL - 12U - 32U - 16U - 12U - 16U)
/* And those the seal over the body covers: all but its own tag. */
#define BODY_COVERED (PSD_SIZE_KMS_SEAL - 16U)

static void put_head(const psd_kms_seal *seal, uint8_t head[PSD_SIZE_KMS_SEAL]) {
  psd_buffer out = psd_buffer_over(head, PSD_SIZE_KMS_SEAL);
  psd_put_message(&out, PSD_MESSAGE_KMS_SEAL, seal);
}

bool psd_kms_seal_key(psd_part passphrase, unsigned cost, const uint8_t key[PSD_KMS_STORE_KEY], psd_kms_seal *seal) {
  uint8_t head[PSD_SIZE_KMS_SEAL], outer[PSD_AES_KEY];
  *seal = (psd_kms_seal){.cost = cost};
  memcpy(seal->magic, magic, sizeof seal->magic);
  bool done = psd_random(seal->salt, sizeof seal->salt) && psd_random(seal->nonce, sizeof seal->nonce) &&
              psd_scrypt(passphrase, (psd_part){seal->salt, sizeof seal->salt}, cost, outer);
  put_head(seal, head);
  done = done &&
         psd_gcm_seal(outer, seal->nonce, (psd_part){head, COVERED}, key, PSD_KMS_STORE_KEY, seal->wrapped, seal->tag);
  psd_secret_wipe(outer, sizeof outer);
  return done;
}

bool psd_kms_seal_head(const uint8_t *data, size_t length, psd_kms_seal *seal) {
  psd_cursor bytes = psd_cursor_over(data, length);
  return psd_take_message(&bytes, PSD_MESSAGE_KMS_SEAL, seal) && memcmp(seal->magic, magic, sizeof seal->magic) == 0;
}

bool psd_kms_seal_older(const uint8_t *data, size_t length) {
  const size_t name = sizeof magic - 2U; /* all but the digit */
  return length > name && memcmp(data, magic, name) == 0 && data[name] < (uint8_t)magic[name];
}

bool psd_kms_open_key(psd_part passphrase, const psd_kms_seal *seal, uint8_t key[PSD_KMS_STORE_KEY]) {
  uint8_t head[PSD_SIZE_KMS_SEAL], outer[PSD_AES_KEY];
  put_head(seal, head);
  bool done =
      psd_scrypt(passphrase, (psd_part){seal->salt, sizeof seal->salt}, (unsigned)seal->cost, outer) &&
      psd_gcm_open(outer, seal->nonce, (psd_part){head, COVERED}, seal->wrapped, PSD_KMS_STORE_KEY, seal->tag, key);
  psd_secret_wipe(outer, sizeof outer);
  return done;
}

static void put_key(psd_buffer *body, const psd_kms_key *key) {
  uint8_t der[PSD_RSA_DER_MAX];
  psd_kms_key_row row = {.kind = key->kind, .identifier = key->identifier, .state = key->state};
  row.created = key->created;
  row.changed = key->changed;
  row.more = key->rsa != NULL ? psd_rsa_der(key->rsa, der) : 0;
  memcpy(row.secret, key->secret, sizeof row.secret);
  memcpy(row.point, key->point, sizeof row.point);
  psd_put_message(body, PSD_MESSAGE_KMS_KEY_ROW, &row);
  psd_put(body, der, (size_t)row.more);
  /* A key that cannot be written must not be lost in silence. */
  if (key->rsa != NULL && row.more == 0)
    body->overflow = true;
  psd_secret_wipe(der, sizeof der);
  psd_secret_wipe(&row, sizeof row);
}

static void put_body(psd_buffer *body, const psd_keyring *ring, const psd_kms_anchor *anchor) {
  psd_kms_body head = {
      .domain = ring->domain, .generation = ring->generation, .log_count = anchor->count, .keys = ring->count};
  head.events = anchor->record_count;
  memcpy(head.log_hash, anchor->hash, sizeof head.log_hash);
  psd_put_message(body, PSD_MESSAGE_KMS_BODY, &head);
  for (size_t i = 0; i < ring->count; i++)
    put_key(body, &ring->keys[i]);
  for (size_t i = 0; i < anchor->record_count; i++)
    psd_put_message(body, PSD_MESSAGE_KMS_RECORD, &anchor->records[i]);
}

bool psd_kms_seal_keys(const psd_kms_seal *seal, const uint8_t key[PSD_KMS_STORE_KEY], const psd_keyring *ring,
                       const psd_kms_anchor *anchor, psd_buffer *out) {
  uint8_t head[PSD_SIZE_KMS_SEAL];
  psd_kms_seal whole = *seal;
  uint8_t *memory = malloc(PSD_KMS_SEALED_MAX);
  if (memory == NULL || !psd_random(whole.body_nonce, sizeof whole.body_nonce)) {
    free(memory);
    return false;
  }
  psd_buffer body = psd_buffer_over(memory, PSD_KMS_SEALED_MAX - PSD_SIZE_KMS_SEAL);
  put_body(&body, ring, anchor);
  put_head(&whole, head);
  bool done = !body.overflow && psd_gcm_seal(key, whole.body_nonce, (psd_part){head, BODY_COVERED}, body.data,
                                             body.length, body.data, whole.body_tag);
  if (done) {
    psd_put_message(out, PSD_MESSAGE_KMS_SEAL, &whole);
    psd_put(out, body.data, body.length);
  }
  psd_secret_wipe(memory, PSD_KMS_SEALED_MAX);
  free(memory);
  return done && !out->overflow;
}

/* The forms a key may have: what destroys a secret leaves zeroes. */
static bool take_form(psd_kms_key *key, const uint8_t *der, size_t der_length) {
  bool gone = key->state == PSD_KMS_STATE_OBSOLETE || key->state == PSD_KMS_STATE_COMPROMISED;
  psd_kms_form form = psd_kms_kind_of(key->kind)->form;
  if (gone || form == PSD_KMS_FORM_SECRET)
    return der_length == 0;
  if (form == PSD_KMS_FORM_RSA) {
    key->rsa = psd_rsa_of(der, der_length);
    return key->rsa != NULL;
  }
  uint8_t point[PSD_POINT];
  key->pair = der_length == 0 ? psd_pair_of(key->secret) : NULL;
  if (key->pair == NULL)
    return false;
  psd_pair_point(key->pair, point);
  return psd_secret_equal(point, key->point, sizeof point);
}

static bool keeps(const psd_keyring *ring, uint64_t kind) {
  const psd_kms_kind_row *row = psd_kms_kind_of((unsigned)kind);
  return row != NULL && psd_kms_kind_kept(row, ring->domain);
}

static bool take_key(psd_cursor *body, psd_keyring *ring) {
  psd_kms_key_row row;
  const psd_kms_key *before = ring->count > 0 ? &ring->keys[ring->count - 1U] : NULL;
  bool taken = ring->count < PSD_KMS_KEYS_MAX && psd_take_message(body, PSD_MESSAGE_KMS_KEY_ROW, &row);
  const uint8_t *der = taken ? psd_take(body, (size_t)row.more) : NULL;
  if (der == NULL || !keeps(ring, row.kind) || psd_kms_state_of((unsigned)row.state) == NULL ||
      row.identifier <= (before != NULL ? before->identifier : 0U)) {
    psd_secret_wipe(&row, sizeof row);
    return false;
  }
  psd_kms_key *key = &ring->keys[ring->count++];
  *key = (psd_kms_key){.kind = (psd_kms_kind)row.kind, .identifier = (uint32_t)row.identifier};
  key->state = (psd_kms_state)row.state;
  key->created = row.created;
  key->changed = row.changed;
  memcpy(key->secret, row.secret, sizeof key->secret);
  memcpy(key->point, row.point, sizeof key->point);
  bool formed = take_form(key, der, (size_t)row.more);
  psd_secret_wipe(&row, sizeof row);
  return formed;
}

static bool take_body(const uint8_t *data, size_t length, psd_keyring *ring, psd_kms_anchor *anchor) {
  psd_kms_body head;
  psd_cursor body = psd_cursor_over(data, length);
  if (!psd_take_message(&body, PSD_MESSAGE_KMS_BODY, &head) || head.events > PSD_KMS_EVENTS_MAX)
    return false;
  if (psd_token_domain_name(head.domain) == NULL)
    return false;
  ring->domain = (psd_token_domain)head.domain;
  ring->generation = (uint32_t)head.generation;
  anchor->count = (uint32_t)head.log_count;
  anchor->record_count = (size_t)head.events;
  memcpy(anchor->hash, head.log_hash, sizeof anchor->hash);
  bool taken = true;
  for (uint64_t i = 0; i < head.keys && taken; i++)
    taken = take_key(&body, ring);
  for (size_t i = 0; i < anchor->record_count && taken; i++)
    taken = psd_take_message(&body, PSD_MESSAGE_KMS_RECORD, &anchor->records[i]);
  return taken && psd_cursor_done(&body);
}

bool psd_kms_open_keys(const uint8_t *data, size_t length, const uint8_t key[PSD_KMS_STORE_KEY], psd_keyring *ring,
                       psd_kms_anchor *anchor) {
  uint8_t head[PSD_SIZE_KMS_SEAL];
  psd_kms_seal seal;
  if (!psd_kms_seal_head(data, length, &seal) || length > PSD_KMS_SEALED_MAX)
    return false;
  size_t body_length = length - PSD_SIZE_KMS_SEAL;
  uint8_t *body = malloc(body_length > 0 ? body_length : 1U);
  put_head(&seal, head);
  bool done = body != NULL &&
              psd_gcm_open(key, seal.body_nonce, (psd_part){head, BODY_COVERED}, data + PSD_SIZE_KMS_SEAL, body_length,
                           seal.body_tag, body) &&
              take_body(body, body_length, ring, anchor);
  if (body != NULL)
    psd_secret_wipe(body, body_length);
  free(body);
  return done;
}
