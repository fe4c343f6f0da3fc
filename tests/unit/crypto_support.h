/* Entropy for the tests of cryptography: a stream that anybody can compute, with faults on demand. */
#ifndef PSD_TEST_CRYPTO_SUPPORT_H
#define PSD_TEST_CRYPTO_SUPPORT_H

#include <string.h>

#include "crypto/crypto.h"

#define STREAM_SEEDING 1024U /* bytes of the port that one seeding takes */

typedef struct stream {
  uint8_t number;                    /* streams of different numbers differ */
  size_t position;                   /* bytes read so far */
  unsigned reads;                    /* calls so far */
  unsigned fail_at;                  /* the call that fails, from 1; 0 for none */
  uint8_t (*alter)(size_t, uint8_t); /* replaces the byte at a position; NULL for none */
  const uint8_t *seed;               /* the last bytes of the first seeding, or NULL */
  size_t seed_length;
} stream;

static inline uint8_t stream_byte(const stream *from, size_t position) {
  uint8_t block[9] = {from->number}, digest[PSD_SHA256_SIZE];
  size_t index = position / sizeof digest;
  for (size_t i = 0; i < 8; i++)
    block[1 + i] = (uint8_t)(index >> (8 * i));
  psd_sha256(block, sizeof block, digest);
  return digest[position % sizeof digest];
}

static inline bool stream_read(void *device, uint8_t *data, size_t length) {
  stream *from = device;
  if (++from->reads == from->fail_at)
    return false;
  for (size_t i = 0; i < length; i++, from->position++) {
    data[i] = stream_byte(from, from->position);
    if (from->alter != NULL)
      data[i] = from->alter(from->position, data[i]);
    size_t start = STREAM_SEEDING - from->seed_length;
    if (from->seed != NULL && from->position >= start && from->position < STREAM_SEEDING)
      data[i] = from->seed[from->position - start];
  }
  return true;
}

static inline psd_entropy stream_port(stream *from) {
  return (psd_entropy){.device = from, .read = stream_read};
}

/* A generator seeded from stream `number`. */
static inline bool start_drbg(psd_drbg *drbg, uint8_t number) {
  stream from = {.number = number};
  psd_entropy port = stream_port(&from);
  return psd_drbg_start(drbg, &port);
}

/* True if all bytes are zero. */
static inline bool all_zero(const void *data, size_t length) {
  const uint8_t *bytes = data;
  for (size_t i = 0; i < length; i++)
    if (bytes[i] != 0)
      return false;
  return true;
}

#endif
