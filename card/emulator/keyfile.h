/* The file that holds a card's transport keys: what the personaliser needs to open the first secure channel. Its format
 * is described in docs/emulator.md. */
#ifndef PSD_EMULATOR_KEYFILE_H
#define PSD_EMULATOR_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PSD_KEYFILE_TEXT_MAX 1024U /* bytes of a key file */
#define PSD_KEYFILE_KEY_MAX 32U

typedef struct psd_keyfile {
  uint8_t version; /* key version, 1 to 127 */
  uint8_t size;    /* bytes of each key: 16, 24 or 32 */
  uint8_t enc[PSD_KEYFILE_KEY_MAX], mac[PSD_KEYFILE_KEY_MAX], dek[PSD_KEYFILE_KEY_MAX];
} psd_keyfile;

/* Parses `length` characters. Returns NULL, or what is wrong with them; `keys` is wiped then. */
const char *psd_keyfile_parse(const char *text, size_t length, psd_keyfile *keys);

/* Reads a key file. Returns NULL, or what is wrong; `keys` is wiped then. */
const char *psd_keyfile_read(const char *path, psd_keyfile *keys);

/* Creates a key file that only its owner can read, and makes it durable. Never overwrites one. Returns NULL, or what
 * went wrong; nothing is left behind then. */
const char *psd_keyfile_create(const char *path, const psd_keyfile *keys);

#endif
