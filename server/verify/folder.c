#include "verify/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_FILE_MOST 16384U

/* What is longer than there is room for is cut. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 0)))
#endif
static void
write_line(char *line, size_t room, const char *name, const char *format, va_list arguments) {
  char what[PSD_SITE_NOTE];
  (void)vsnprintf(what, sizeof what, format, arguments);
  psd_text text = psd_text_over(line, room);
  psd_say_text(&text, name, strlen(name));
  psd_say(&text, ": %s", what);
}

bool psd_site_damaged(psd_site_reading *reading, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  write_line(reading->words.at, reading->words.capacity, reading->name, format, arguments);
  va_end(arguments);
  return false;
}

void psd_site_remark(psd_site_reading *reading, const char *format, ...) {
  psd_site *site = reading->site;
  va_list arguments;
  if (site->note_count++ >= PSD_SITE_NOTES)
    return;
  va_start(arguments, format);
  write_line(site->notes[site->note_count - 1], PSD_SITE_NOTE, reading->name, format, arguments);
  va_end(arguments);
}

static bool name_file(psd_site_reading *reading, const char *subfolder, const char *name) {
  int length =
      snprintf(reading->name, sizeof reading->name, "%s%s%s", subfolder, subfolder[0] != '\0' ? "/" : "", name);
  int whole = snprintf(reading->path, sizeof reading->path, "%s/%s", reading->folder, reading->name);
  if (length > 0 && whole > 0 && (size_t)whole < sizeof reading->path)
    return true;
  return psd_site_damaged(reading, "the name is too long");
}

/* A link that leads nowhere is there, and damaged. */
static bool is_absent(const char *path) {
  struct stat status;
  return lstat(path, &status) != 0 && errno == ENOENT;
}

static bool ends_with(const char *name, const char *ending) {
  size_t length = strlen(name), tail = strlen(ending);
  return name[0] != '.' && length > tail && strcmp(name + length - tail, ending) == 0;
}

bool psd_each_file(psd_site_reading *reading, const char *subfolder, const char *ending, psd_file_reader *read) {
  struct dirent **entries = NULL;
  if (!name_file(reading, "", subfolder))
    return false;
  int count = scandir(reading->path, &entries, NULL, alphasort);
  if (count < 0) {
    int why = errno;
    return is_absent(reading->path) || psd_site_damaged(reading, "%s", strerror(why));
  }
  bool done = true;
  for (int i = 0; i < count; i++) {
    if (done && ends_with(entries[i]->d_name, ending))
      done = name_file(reading, subfolder, entries[i]->d_name) && read(reading);
    free(entries[i]);
  }
  free(entries);
  return done;
}

bool psd_one_file(psd_site_reading *reading, const char *name, psd_file_reader *read) {
  if (!name_file(reading, "", name))
    return false;
  if (is_absent(reading->path))
    return true;
  return read(reading);
}

static bool all_read(int file, uint8_t *data, size_t length) {
  while (length > 0) {
    ssize_t some = read(file, data, length);
    if (some < 0 && errno == EINTR)
      continue;
    if (some <= 0)
      return false;
    data += some;
    length -= (size_t)some;
  }
  return true;
}

/* Looks at what was opened, not at the name: it may be another file by then. */
static bool size_of(psd_site_reading *reading, int file, size_t most, bool secret, size_t *length) {
  struct stat status;
  *length = 0;
  if (fstat(file, &status) != 0)
    return psd_site_damaged(reading, "%s", strerror(errno));
  if (!S_ISREG(status.st_mode))
    return psd_site_damaged(reading, "it is no ordinary file");
  if (secret && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return psd_site_damaged(reading, "others than its owner may read it: chmod 600");
  if (status.st_size <= 0 || (uintmax_t)status.st_size > most)
    return psd_site_damaged(reading, status.st_size <= 0 ? "it is empty" : "it is too long");
  *length = (size_t)status.st_size;
  return true;
}

static bool take_bytes(psd_site_reading *reading, int file, size_t most, bool secret, uint8_t **data, size_t *length) {
  if (!size_of(reading, file, most, secret, length))
    return false;
  uint8_t *bytes = malloc(*length + 1U);
  if (bytes == NULL)
    return psd_site_damaged(reading, "no memory");
  bytes[*length] = 0;
  if (all_read(file, bytes, *length)) {
    *data = bytes;
    return true;
  }
  psd_secret_wipe(bytes, *length);
  free(bytes);
  return psd_site_damaged(reading, "it cannot be read to its end");
}

bool psd_file_bytes(psd_site_reading *reading, size_t most, bool secret, uint8_t **data, size_t *length) {
  /* A pipe of that name would hold up the opening. */
  int file = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return psd_site_damaged(reading, "%s", strerror(errno));
  bool done = take_bytes(reading, file, most, secret, data, length);
  (void)close(file);
  return done;
}

FILE *psd_file_stream(psd_site_reading *reading) {
  struct stat status;
  int file = open(reading->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  bool known = file >= 0 && fstat(file, &status) == 0;
  bool ordinary = known && S_ISREG(status.st_mode);
  FILE *in = ordinary ? fdopen(file, "r") : NULL;
  if (in == NULL) {
    (void)psd_site_damaged(reading, "%s", known && !ordinary ? "it is no ordinary file" : strerror(errno));
    if (file >= 0)
      (void)close(file);
  }
  return in;
}

/* Every block of the text. */
static bool take_keys(psd_site_reading *reading, const char *text, psd_public_keys *keys) {
  static const char begin[] = "-----BEGIN ";
  for (const char *at = strstr(text, begin); at != NULL; at = strstr(at + 1, begin)) {
    if (keys->count == PSD_SITE_KEYS)
      return psd_site_damaged(reading, "it has more than %u keys", PSD_SITE_KEYS);
    if (!psd_point_of_pem(at, strlen(at), keys->points[keys->count++]))
      return psd_site_damaged(reading, "key %zu is no public key of P-256 in PEM", keys->count);
  }
  return keys->count > 0 || psd_site_damaged(reading, "it has no public key in PEM");
}

bool psd_file_keys(psd_site_reading *reading, const char *name, psd_public_keys *keys) {
  uint8_t *text = NULL;
  size_t length;
  keys->count = 0;
  if (!name_file(reading, "", name))
    return false;
  if (is_absent(reading->path))
    return true;
  bool done = psd_file_bytes(reading, KEY_FILE_MOST, false, &text, &length) && text != NULL &&
              take_keys(reading, (char *)text, keys);
  free(text);
  return done;
}

bool psd_keys_signed(const psd_public_keys *keys, const char *label, psd_part data, const uint8_t signature[64]) {
  const psd_part parts[] = {{label, strlen(label)}, data};
  for (size_t i = 0; i < keys->count; i++)
    if (psd_point_verify(keys->points[i], parts, 2, signature))
      return true;
  return false;
}

/* The room is the number of rows, or the next power of two. */
void *psd_room_for_row(psd_site_reading *reading, void *rows, size_t count, size_t size) {
  if ((count & (count - 1U)) != 0)
    return rows;
  void *more = realloc(rows, (count == 0 ? 1 : 2 * count) * size);
  if (more == NULL)
    (void)psd_site_damaged(reading, "no memory");
  return more;
}
