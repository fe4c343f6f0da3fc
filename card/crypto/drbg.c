/* HMAC_DRBG with SHA-256 (SP 800-90A, 10.1.2), security strength 256 bits. */
#include <string.h>

#include "crypto/internal.h"

#define ENTROPY_SIZE 32U     /* security strength (SP 800-90A, table 2) */
#define NONCE_SIZE 16U       /* half of it (8.6.7), from the same source */
#define REQUEST_LIMIT 65536U /* bytes a request (table 2) */
#define SEED_PIECES 3U       /* most that psd_drbg_seed is given */

/* HMAC_DRBG_Update (10.1.2.2). */
static bool update(psd_drbg *drbg, const psd_piece *pieces, size_t count) {
  psd_piece material[2 + SEED_PIECES];
  if (count > SEED_PIECES)
    return false;
  for (uint8_t round = 0; round < 2; round++) {
    material[0] = (psd_piece){drbg->value, sizeof drbg->value};
    material[1] = (psd_piece){&round, 1};
    for (size_t i = 0; i < count; i++)
      material[2 + i] = pieces[i];
    if (!psd_hmac_pieces(drbg->key, sizeof drbg->key, material, 2 + count, drbg->key) ||
        !psd_hmac_sha256(drbg->key, sizeof drbg->key, drbg->value, sizeof drbg->value, drbg->value))
      return false;
    if (count == 0)
      break;
  }
  return true;
}

bool psd_drbg_seed(psd_drbg *drbg, bool fresh, const psd_piece *pieces, size_t count) {
  if (fresh) {
    memset(drbg->key, 0x00, sizeof drbg->key);
    memset(drbg->value, 0x01, sizeof drbg->value);
  }
  drbg->ready = update(drbg, pieces, count);
  drbg->calls = 0;
  return drbg->ready;
}

/* Seeds from the entropy port. */
static bool seed_from_port(psd_drbg *drbg, bool fresh) {
  uint8_t seed[ENTROPY_SIZE + NONCE_SIZE];
  size_t length = fresh ? sizeof seed : ENTROPY_SIZE;
  bool ok =
      psd_entropy_gather(&drbg->entropy, seed, length) && psd_drbg_seed(drbg, fresh, &(psd_piece){seed, length}, 1);
  psd_wipe(seed, sizeof seed);
  return ok;
}

/* HMAC_DRBG_Generate (10.1.2.5) without additional input. */
static bool generate(psd_drbg *drbg, uint8_t *out, size_t length) {
  for (size_t done = 0; done < length;) {
    if (!psd_hmac_sha256(drbg->key, sizeof drbg->key, drbg->value, sizeof drbg->value, drbg->value))
      return false;
    size_t part = length - done < sizeof drbg->value ? length - done : sizeof drbg->value;
    memcpy(out + done, drbg->value, part);
    done += part;
  }
  drbg->calls++;
  return update(drbg, NULL, 0);
}

bool psd_drbg_start(psd_drbg *drbg, const psd_entropy *entropy) {
  memset(drbg, 0, sizeof *drbg);
  drbg->entropy = *entropy;
  bool ok = seed_from_port(drbg, true);
  if (!ok)
    psd_drbg_stop(drbg);
  return ok;
}

bool psd_drbg_read(psd_drbg *drbg, uint8_t *out, size_t length) {
  if (!drbg->ready || length > REQUEST_LIMIT) {
    psd_wipe(out, length);
    return false;
  }
  bool ok = (drbg->calls < PSD_DRBG_RESEED || seed_from_port(drbg, false)) && generate(drbg, out, length);
  if (!ok) {
    psd_wipe(out, length);
    psd_drbg_stop(drbg);
  }
  return ok;
}

void psd_drbg_stop(psd_drbg *drbg) {
  psd_wipe(drbg, sizeof *drbg);
}
