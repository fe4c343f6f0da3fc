#include "crypto/password.h"

#include <argon2.h>
#include <string.h>

#include "crypto/evp.h"
#include "psd/spec/chars.h"

#define REALM_SIZE 32U
#define SALT_SIZE 16U
#define NAME_MOST 32U

bool psd_password_realm(const char *realm, uint8_t padded[32]) {
  size_t length = strlen(realm);
  if (length == 0 || length > REALM_SIZE || !psd_printable(realm, length))
    return false;
  memset(padded, ' ', REALM_SIZE);
  memcpy(padded, realm, length);
  return true;
}

/* The first 16 bytes of Hash("psd password" || realm || 00 || user name). */
static bool salt_of(const char *realm, const char *name, uint8_t digest[PSD_HASH]) {
  uint8_t padded[REALM_SIZE];
  size_t length = strlen(name);
  psd_part parts[] = {
      {PSD_PASSWORD_LABEL, sizeof PSD_PASSWORD_LABEL - 1}, {padded, sizeof padded}, {"", 1}, {name, length}};
  return length >= 1 && length <= NAME_MOST && psd_password_realm(realm, padded) && psd_hash(parts, 4, digest);
}

static bool bounded(uint32_t memory, uint32_t passes, uint32_t lanes) {
  return memory >= PSD_PASSWORD_MEMORY_LEAST && memory <= PSD_PASSWORD_MEMORY_MOST && passes >= 1 &&
         passes <= PSD_PASSWORD_PASSES_MOST && lanes >= 1 && lanes <= PSD_PASSWORD_LANES_MOST;
}

bool psd_password_stretch(const char *realm, const char *name, const void *password, size_t length, uint32_t memory,
                          uint32_t passes, uint32_t lanes, uint8_t verifier[PSD_PASSWORD_VERIFIER]) {
  uint8_t digest[PSD_HASH];
  bool done = length > 0 && bounded(memory, passes, lanes) && salt_of(realm, name, digest) &&
              argon2id_hash_raw(passes, memory, lanes, password, length, digest, SALT_SIZE, verifier,
                                PSD_PASSWORD_VERIFIER) == ARGON2_OK;
  if (!done)
    psd_secret_wipe(verifier, PSD_PASSWORD_VERIFIER);
  return done;
}
