/* SHA-2 (FIPS 180-4). */
#include <string.h>

#include "crypto/internal.h"

bool psd_sha256_two(const void *a, size_t a_length, const void *b, size_t b_length, uint8_t digest[PSD_SHA256_SIZE]) {
  hash_state state;
  bool ok = sha256_init(&state) == CRYPT_OK;
  ok = ok && (a_length == 0 || sha256_process(&state, a, a_length) == CRYPT_OK);
  ok = ok && (b_length == 0 || sha256_process(&state, b, b_length) == CRYPT_OK);
  ok = ok && sha256_done(&state, digest) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(digest, PSD_SHA256_SIZE);
  return ok;
}

bool psd_sha256(const void *data, size_t length, uint8_t digest[PSD_SHA256_SIZE]) {
  return psd_sha256_two(data, length, NULL, 0, digest);
}

/* What of libtomcrypt's union SHA-256 has. */
#define RUN_SIZE sizeof(struct sha256_state)
_Static_assert(RUN_SIZE <= sizeof(psd_sha256_run), "psd_sha256_run has no room for libtomcrypt's state");

static void open_run(hash_state *state, const psd_sha256_run *run) {
  memcpy(&state->sha256, run->state, RUN_SIZE);
}

static void close_run(psd_sha256_run *run, hash_state *state) {
  memcpy(run->state, &state->sha256, RUN_SIZE);
  psd_wipe(state, sizeof *state);
}

bool psd_sha256_begin(psd_sha256_run *run) {
  hash_state state;
  bool ok = sha256_init(&state) == CRYPT_OK;
  close_run(run, &state);
  return ok;
}

bool psd_sha256_add(psd_sha256_run *run, const void *data, size_t length) {
  hash_state state;
  open_run(&state, run);
  bool ok = length == 0 || sha256_process(&state, data, length) == CRYPT_OK;
  close_run(run, &state);
  return ok;
}

bool psd_sha256_result(const psd_sha256_run *run, uint8_t digest[PSD_SHA256_SIZE]) {
  hash_state state;
  open_run(&state, run);
  bool ok = sha256_done(&state, digest) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(digest, PSD_SHA256_SIZE);
  return ok;
}

bool psd_sha384(const void *data, size_t length, uint8_t digest[48]) {
  hash_state state;
  bool ok = sha384_init(&state) == CRYPT_OK;
  ok = ok && (length == 0 || sha384_process(&state, data, length) == CRYPT_OK);
  ok = ok && sha384_done(&state, digest) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(digest, 48);
  return ok;
}

bool psd_sha512(const void *data, size_t length, uint8_t digest[64]) {
  hash_state state;
  bool ok = sha512_init(&state) == CRYPT_OK;
  ok = ok && (length == 0 || sha512_process(&state, data, length) == CRYPT_OK);
  ok = ok && sha512_done(&state, digest) == CRYPT_OK;
  psd_wipe(&state, sizeof state);
  if (!ok)
    psd_wipe(digest, 64);
  return ok;
}
