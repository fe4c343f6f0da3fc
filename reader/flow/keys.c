/* Key files. */
#include "psd/reader/scp03.h"
#include "psd/spec/chars.h"
#include "settings.h"

#include <openssl/crypto.h>
#include <string.h>

enum { SEEN_VERSION = 1, SEEN_ENC = 2, SEEN_MAC = 4, SEEN_DEK = 8, SEEN_ALL = 15 };

typedef struct key_reader {
  psd_host_keys *keys;
  unsigned seen;
} key_reader;

static psd_result take_version(psd_host_keys *keys, const psd_setting *setting, psd_error *error) {
  uint64_t version;
  if (!psd_decimal(setting->value, 1, 127, &version))
    return psd_setting_wrong(setting, error, "a key version is a number from 1 to 127");
  keys->version = (uint8_t)version;
  return PSD_OK;
}

static psd_result take_value(psd_host_keys *keys, uint8_t key[PSD_HOST_KEY_MAX], const psd_setting *setting,
                             psd_error *error) {
  size_t size = psd_hex_bytes(setting->value, strlen(setting->value), key, PSD_HOST_KEY_MAX);
  if (size != 16 && size != 24 && size != 32)
    return psd_setting_wrong(setting, error, "a key has 32, 48 or 64 hexadecimal digits");
  if (keys->size != 0 && keys->size != size)
    return psd_setting_wrong(setting, error, "this key is not as long as the one before");
  keys->size = size;
  return PSD_OK;
}

static psd_result take_setting(void *context, const psd_setting *setting, psd_error *error) {
  key_reader *reader = context;
  const struct {
    const char *name;
    unsigned bit;
    uint8_t *key;
  } names[] = {{"version", SEEN_VERSION, NULL},
               {"enc", SEEN_ENC, reader->keys->enc},
               {"mac", SEEN_MAC, reader->keys->mac},
               {"dek", SEEN_DEK, reader->keys->dek}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i].name, setting->name) != 0)
      continue;
    if ((reader->seen & names[i].bit) != 0)
      return psd_setting_wrong(setting, error, "%s is given twice", names[i].name);
    reader->seen |= names[i].bit;
    return names[i].bit == SEEN_VERSION ? take_version(reader->keys, setting, error)
                                        : take_value(reader->keys, names[i].key, setting, error);
  }
  return psd_setting_wrong(setting, error, "a key file has version, enc, mac and dek");
}

psd_result psd_host_keys_read(const char *path, psd_host_keys *keys, psd_error *warning, psd_error *error) {
  *keys = (psd_host_keys){0};
  key_reader reader = {.keys = keys};
  psd_result result = psd_settings_read(path, take_setting, &reader, warning, error);
  if (result == PSD_OK && reader.seen != SEEN_ALL)
    result = psd_error_set(error, PSD_BAD_INPUT, "%s lacks one of version, enc, mac and dek", path);
  if (result != PSD_OK)
    OPENSSL_cleanse(keys, sizeof *keys);
  return result;
}
