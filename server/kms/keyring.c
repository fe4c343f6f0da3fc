#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, madvise */
#include "kms/keyring.h"

#include <sys/mman.h>

psd_keyring *psd_keyring_new(void) {
  psd_keyring *ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (ring == MAP_FAILED)
    return NULL;
  ring->domain = PSD_TOKENS_VENDOR;
  psd_keyring_lock(ring);
  (void)madvise(ring, sizeof *ring, MADV_DONTDUMP);
  return ring;
}

void psd_keyring_lock(psd_keyring *ring) {
  ring->locked = mlock(ring, sizeof *ring) == 0;
}

void psd_keyring_destroy(psd_kms_key *key) {
  psd_secret_wipe(key->secret, sizeof key->secret);
  psd_pair_free(key->pair);
  psd_rsa_free(key->rsa);
  key->pair = NULL;
  key->rsa = NULL;
}

void psd_keyring_free(psd_keyring *ring) {
  if (ring == NULL)
    return;
  for (size_t i = 0; i < ring->count; i++)
    psd_keyring_destroy(&ring->keys[i]);
  psd_secret_wipe(ring, sizeof *ring);
  (void)munmap(ring, sizeof *ring);
}

static bool make_pair(psd_kms_key *key) {
  key->pair = psd_pair_new();
  if (key->pair == NULL || !psd_pair_secret(key->pair, key->secret))
    return false;
  psd_pair_point(key->pair, key->point);
  return true;
}

static bool make_secret(psd_kms_key *key, unsigned rsa_bits) {
  switch (psd_kms_kind_of(key->kind)->form) {
  case PSD_KMS_FORM_PAIR:
    return make_pair(key);
  case PSD_KMS_FORM_RSA:
    key->rsa = psd_rsa_new(rsa_bits);
    return key->rsa != NULL;
  case PSD_KMS_FORM_SECRET:
  default:
    return psd_random(key->secret, sizeof key->secret);
  }
}

psd_kms_key *psd_keyring_make(psd_keyring *ring, psd_kms_kind kind, unsigned rsa_bits, uint64_t now) {
  if (ring->count == PSD_KMS_KEYS_MAX)
    return NULL;
  psd_kms_key *key = &ring->keys[ring->count];
  *key = (psd_kms_key){.kind = kind, .state = PSD_KMS_STATE_GENERATED, .created = now, .changed = now};
  /* Keys are never removed, so the last has the highest identifier. */
  key->identifier = ring->count == 0 ? 1U : ring->keys[ring->count - 1U].identifier + 1U;
  if (key->identifier == 0 || !make_secret(key, rsa_bits)) {
    psd_keyring_destroy(key);
    return NULL;
  }
  ring->count++;
  return key;
}

bool psd_keyring_move(psd_kms_key *key, psd_kms_state state, uint64_t now) {
  if (!psd_kms_may_move(key->state, state))
    return false;
  key->state = state;
  key->changed = now;
  if (state == PSD_KMS_STATE_OBSOLETE || state == PSD_KMS_STATE_COMPROMISED)
    psd_keyring_destroy(key);
  return true;
}

const psd_kms_key *psd_keyring_active(const psd_keyring *ring, psd_kms_kind kind) {
  for (size_t i = ring->count; i-- > 0;)
    if (ring->keys[i].kind == kind && psd_kms_state_of(ring->keys[i].state)->issues)
      return &ring->keys[i];
  return NULL;
}

const psd_kms_key *psd_keyring_opening(const psd_keyring *ring, psd_kms_kind kind, uint64_t identifier) {
  for (size_t i = ring->count; i-- > 0;)
    if (ring->keys[i].kind == kind && ring->keys[i].identifier == identifier)
      return psd_kms_state_of(ring->keys[i].state)->opens ? &ring->keys[i] : NULL;
  return NULL;
}

psd_kms_key *psd_keyring_find(psd_keyring *ring, uint32_t identifier) {
  for (size_t i = 0; i < ring->count; i++)
    if (ring->keys[i].identifier == identifier)
      return &ring->keys[i];
  return NULL;
}
