/* The keys in memory: locked as far as the system allows, left out of core dumps, wiped when freed. */
#ifndef PSD_KMS_KEYRING_H
#define PSD_KMS_KEYRING_H

#include "crypto/evp.h"
#include "kms/key_table.h"

#define PSD_KMS_SECRET 32U
#define PSD_KMS_KEYS_MAX 256U

typedef struct psd_kms_key {
  psd_kms_kind kind;
  uint32_t identifier; /* unique among all kinds, from 1, never used twice */
  psd_kms_state state;
  uint64_t created, changed; /* seconds since 1970-01-01 UTC; changed: in this state since */
  uint8_t secret[PSD_KMS_SECRET];
  uint8_t point[PSD_POINT]; /* of a pair; stays when the secret is destroyed */
  psd_pair *pair;           /* NULL in other forms, and once the secret is destroyed */
  psd_rsa *rsa;             /* likewise */
} psd_kms_key;

typedef struct psd_keyring {
  bool locked;                       /* not to be swapped out */
  psd_token_domain domain;           /* whose digital tokens it has the keys of */
  uint32_t generation;               /* changes so far */
  uint8_t store_key[PSD_KMS_SECRET]; /* seals the ring on the disk */
  size_t count;
  psd_kms_key keys[PSD_KMS_KEYS_MAX];
} psd_keyring;

/* An empty ring of the vendor's domain; NULL without memory. */
psd_keyring *psd_keyring_new(void);
void psd_keyring_free(psd_keyring *ring);
/* Locks the ring's memory, as psd_keyring_new does: where that was refused, there may be room now. */
void psd_keyring_lock(psd_keyring *ring);

/* Makes a key in state generated. `rsa_bits` is for PSD_KMS_RSA. NULL when the ring is full or OpenSSL fails. */
psd_kms_key *psd_keyring_make(psd_keyring *ring, psd_kms_kind kind, unsigned rsa_bits, uint64_t now);
/* Takes a key's state forward, if the table has the move. Obsolete and compromised keys lose their secret. */
bool psd_keyring_move(psd_kms_key *key, psd_kms_state state, uint64_t now);
/* Destroys the secret. */
void psd_keyring_destroy(psd_kms_key *key);

/* The key to make new things with; NULL if none is active. */
const psd_kms_key *psd_keyring_active(const psd_keyring *ring, psd_kms_kind kind);
/* The key of that kind and identifier, if what was made with it is still accepted; else NULL. */
const psd_kms_key *psd_keyring_opening(const psd_keyring *ring, psd_kms_kind kind, uint64_t identifier);
/* Whatever its state; NULL if there is none. */
psd_kms_key *psd_keyring_find(psd_keyring *ring, uint32_t identifier);

#endif
