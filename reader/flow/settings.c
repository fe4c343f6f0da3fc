#include "settings.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX 65536U

psd_result psd_setting_wrong(const psd_setting *setting, psd_error *error, const char *format, ...) {
  char words[PSD_ERROR_WORDS];
  va_list arguments;
  va_start(arguments, format);
  int length = vsnprintf(words, sizeof words, format, arguments);
  va_end(arguments);
  if (length < 0)
    words[0] = '\0';
  return psd_error_set(error, PSD_BAD_INPUT, "%s, line %u: %s", setting->path, setting->line, words);
}

bool psd_decimal(const char *text, uint64_t least, uint64_t most, uint64_t *number) {
  uint64_t value = 0;
  if (*text == '\0')
    return false;
  for (; *text != '\0'; text++) {
    if (*text < '0' || *text > '9')
      return false;
    uint64_t next = (uint64_t)(*text - '0');
    if (value > (UINT64_MAX - next) / 10)
      return false;
    value = value * 10 + next;
  }
  *number = value;
  return value >= least && value <= most;
}

static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  size_t length = strlen(text);
  while (length > 0 && isspace((unsigned char)text[length - 1]))
    length--;
  text[length] = '\0';
  return text;
}

static bool has_control(const char *text) {
  for (; *text != '\0'; text++)
    if (iscntrl((unsigned char)*text) && *text != '\t')
      return true;
  return false;
}

static psd_result take_line(const char *path, unsigned number, char *line, psd_setting_taker *take, void *context,
                            psd_error *error) {
  psd_setting setting = {.path = path, .line = number};
  char *text = trim(line);
  if (*text == '\0' || *text == '#')
    return PSD_OK;
  char *equals = strchr(text, '=');
  if (equals == NULL || equals == text)
    return psd_setting_wrong(&setting, error, "this is not `name = value`");
  *equals = '\0';
  setting.name = trim(text);
  setting.value = trim(equals + 1);
  if (has_control(setting.name) || has_control(setting.value))
    return psd_setting_wrong(&setting, error, "it has a control character");
  if (*setting.name == '\0' || *setting.value == '\0')
    return psd_setting_wrong(&setting, error, "a name and a value have to be on either side of =");
  return take(context, &setting, error);
}

psd_result psd_settings_parse(const char *path, char *text, size_t length, psd_setting_taker *take, void *context,
                              psd_error *error) {
  if (memchr(text, '\0', length) != NULL)
    return psd_error_set(error, PSD_BAD_INPUT, "%s is not a text file", path);
  unsigned number = 0;
  char *line = text;
  while (line != NULL) {
    char *end = memchr(line, '\n', length - (size_t)(line - text));
    number++;
    if (end != NULL)
      *end = '\0';
    psd_result result = take_line(path, number, line, take, context, error);
    if (result != PSD_OK)
      return result;
    line = end != NULL ? end + 1 : NULL;
  }
  return PSD_OK;
}

/* Warns when anyone but the owner may read the file. */
static void check_mode(int fd, const char *path, psd_error *warning) {
  struct stat status;
  if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & (S_IRGRP | S_IROTH)) != 0)
    (void)psd_error_set(warning, PSD_OK, "%s holds secrets and others may read it: chmod 600 it", path);
}

static psd_result read_all(int fd, const char *path, char *text, size_t *length, psd_error *error) {
  *length = 0;
  for (;;) {
    ssize_t got = read(fd, text + *length, FILE_MAX + 1 - *length);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return psd_error_set(error, PSD_BAD_INPUT, "%s cannot be read: %s", path, strerror(errno));
    if (got == 0)
      return PSD_OK;
    *length += (size_t)got;
    if (*length > FILE_MAX)
      return psd_error_set(error, PSD_BAD_INPUT, "%s is longer than %u bytes", path, FILE_MAX);
  }
}

static psd_result read_settings(int fd, const char *path, psd_setting_taker *take, void *context, psd_error *error) {
  char *text = malloc(FILE_MAX + 2);
  size_t length = 0;
  if (text == NULL)
    return psd_error_set(error, PSD_SYSTEM, "out of memory");
  psd_result result = read_all(fd, path, text, &length, error);
  if (result == PSD_OK) {
    text[length] = '\0';
    result = psd_settings_parse(path, text, length, take, context, error);
  }
  OPENSSL_cleanse(text, FILE_MAX + 2);
  free(text);
  return result;
}

psd_result psd_settings_read(const char *path, psd_setting_taker *take, void *context, psd_error *warning,
                             psd_error *error) {
  *warning = (psd_error){.result = PSD_OK};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return psd_error_set(error, PSD_BAD_INPUT, "%s cannot be opened: %s", path, strerror(errno));
  check_mode(fd, path, warning);
  psd_result result = read_settings(fd, path, take, context, error);
  (void)close(fd);
  return result;
}
