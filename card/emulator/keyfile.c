#include "emulator/keyfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/crypto.h"
#include "psd/spec/chars.h"

/* One line, taken apart; both parts stay in the text. */
typedef struct entry {
  const char *name, *value;
  size_t name_length, value_length;
} entry;

static void trim(const char **text, size_t *length) {
  for (; *length > 0 && isspace((unsigned char)**text); (*length)--)
    (*text)++;
  while (*length > 0 && isspace((unsigned char)(*text)[*length - 1]))
    (*length)--;
}

static bool split(const char *line, size_t length, entry *found) {
  const char *equals = memchr(line, '=', length);
  if (equals == NULL)
    return false;
  *found = (entry){.name = line, .name_length = (size_t)(equals - line), .value = equals + 1};
  found->value_length = length - found->name_length - 1U;
  trim(&found->name, &found->name_length);
  trim(&found->value, &found->value_length);
  return true;
}

static bool is_named(const entry *line, const char *name) {
  return line->name_length == strlen(name) && memcmp(line->name, name, line->name_length) == 0;
}

static const char *take_key(const entry *line, psd_keyfile *keys, uint8_t key[PSD_KEYFILE_KEY_MAX]) {
  size_t size = line->value_length / 2U;
  if (line->value_length % 2U != 0 || (size != 16 && size != 24 && size != 32))
    return "a key needs 32, 48 or 64 hexadecimal digits";
  if (keys->size != 0 && keys->size != size)
    return "its keys differ in length";
  keys->size = (uint8_t)size;
  if (psd_hex_bytes(line->value, line->value_length, key, PSD_KEYFILE_KEY_MAX) != size)
    return "a key has a character that is no hexadecimal digit";
  return NULL;
}

static const char *take_version(const entry *line, psd_keyfile *keys) {
  unsigned value = 0;
  for (size_t i = 0; i < line->value_length && value <= 127; i++) {
    if (!isdigit((unsigned char)line->value[i]))
      return "its version is no number";
    value = value * 10U + (unsigned)(line->value[i] - '0');
  }
  if (value < 1 || value > 127)
    return "its version is not between 1 and 127";
  keys->version = (uint8_t)value;
  return NULL;
}

enum { SEEN_VERSION = 1, SEEN_ENC = 2, SEEN_MAC = 4, SEEN_DEK = 8, SEEN_ALL = 15 };

static const char *take_line(const entry *line, psd_keyfile *keys, unsigned *seen) {
  const struct {
    const char *name;
    unsigned bit;
    uint8_t *key;
  } names[] = {{"version", SEEN_VERSION, NULL},
               {"enc", SEEN_ENC, keys->enc},
               {"mac", SEEN_MAC, keys->mac},
               {"dek", SEEN_DEK, keys->dek}};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (!is_named(line, names[i].name))
      continue;
    if ((*seen & names[i].bit) != 0)
      return "it says the same twice";
    *seen |= names[i].bit;
    return names[i].key != NULL ? take_key(line, keys, names[i].key) : take_version(line, keys);
  }
  return "it has a line that is none of version, enc, mac and dek";
}

static const char *parse_lines(const char *text, size_t length, psd_keyfile *keys) {
  unsigned seen = 0;
  while (length > 0) {
    const char *end = memchr(text, '\n', length);
    const char *line = text;
    size_t line_length = end != NULL ? (size_t)(end - text) : length;
    size_t taken = end != NULL ? line_length + 1U : length;
    text += taken;
    length -= taken;
    trim(&line, &line_length);
    if (line_length == 0 || line[0] == '#')
      continue;
    entry found;
    const char *wrong = split(line, line_length, &found) ? take_line(&found, keys, &seen) : "it has a line without '='";
    if (wrong != NULL)
      return wrong;
  }
  return seen == SEEN_ALL ? NULL : "one of version, enc, mac and dek is missing";
}

const char *psd_keyfile_parse(const char *text, size_t length, psd_keyfile *keys) {
  *keys = (psd_keyfile){.size = 0};
  const char *wrong = parse_lines(text, length, keys);
  if (wrong != NULL)
    psd_wipe(keys, sizeof *keys);
  return wrong;
}

static size_t put_key(char *text, size_t at, const char *name, const uint8_t *key, size_t size) {
  static const char digits[] = "0123456789ABCDEF";
  at += (size_t)snprintf(text + at, PSD_KEYFILE_TEXT_MAX - at, "%s = ", name);
  for (size_t i = 0; i < size; i++) {
    text[at++] = digits[key[i] >> 4];
    text[at++] = digits[key[i] & 0x0F];
  }
  text[at++] = '\n';
  text[at] = '\0';
  return at;
}

/* Writes the text of a key file, NUL-terminated; returns its length. */
static size_t format(const psd_keyfile *keys, char text[PSD_KEYFILE_TEXT_MAX]) {
  size_t at =
      (size_t)snprintf(text, PSD_KEYFILE_TEXT_MAX, "# transport keys of one card: keep them secret\nversion = %u\n",
                       (unsigned)keys->version);
  at = put_key(text, at, "enc", keys->enc, keys->size);
  at = put_key(text, at, "mac", keys->mac, keys->size);
  return put_key(text, at, "dek", keys->dek, keys->size);
}

const char *psd_keyfile_read(const char *path, psd_keyfile *keys) {
  char text[PSD_KEYFILE_TEXT_MAX];
  psd_wipe(keys, sizeof *keys);
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return strerror(errno);
  size_t length = 0;
  ssize_t got = 1;
  while (got > 0 && length < sizeof text) {
    got = read(fd, text + length, sizeof text - length);
    length += got > 0 ? (size_t)got : 0;
  }
  const char *wrong = NULL;
  if (got < 0)
    wrong = strerror(errno);
  else if (length == sizeof text)
    wrong = "it is too long for a key file";
  else
    wrong = psd_keyfile_parse(text, length, keys);
  (void)close(fd);
  psd_wipe(text, sizeof text);
  return wrong;
}

static bool write_all(int fd, const char *text, size_t length) {
  while (length > 0) {
    ssize_t written = write(fd, text, length);
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0) {
      text += written;
      length -= (size_t)written;
    }
  }
  return true;
}

const char *psd_keyfile_create(const char *path, const psd_keyfile *keys) {
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
  if (fd < 0)
    return errno == EEXIST ? "exists already, and a key file is never overwritten: choose another name"
                           : strerror(errno);
  char text[PSD_KEYFILE_TEXT_MAX];
  size_t length = format(keys, text);
  bool done = write_all(fd, text, length) && fsync(fd) == 0;
  const char *wrong = done ? NULL : strerror(errno);
  psd_wipe(text, sizeof text);
  (void)close(fd);
  if (!done)
    (void)unlink(path);
  return wrong;
}
