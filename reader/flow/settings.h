/* Text files of `name = value` lines: key files and profiles. Lines that begin with # are comments; blanks around names
 * and values do not count. */
#ifndef PSD_READER_SETTINGS_H
#define PSD_READER_SETTINGS_H

#include "psd/reader.h"

typedef struct psd_setting {
  const char *path; /* of the file, for messages */
  unsigned line;    /* from 1 */
  const char *name;
  const char *value;
} psd_setting;

/* Takes one setting. Values may be secret: what goes to `error` must not repeat them. */
typedef psd_result psd_setting_taker(void *context, const psd_setting *setting, psd_error *error);

/* Reads a file of at most 64 KiB and hands over its settings, in order; stops at the first that is not PSD_OK. What was
 * read is wiped. When others may read the file, `warning` says so, otherwise its words are empty. */
psd_result psd_settings_read(const char *path, psd_setting_taker *take, void *context, psd_error *warning,
                             psd_error *error);

/* The same for `length` characters in memory, and a zero byte after them; they are taken to pieces. */
psd_result psd_settings_parse(const char *path, char *text, size_t length, psd_setting_taker *take, void *context,
                              psd_error *error);

/* "FILE, line 3: " and what is wrong; returns PSD_BAD_INPUT. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
psd_result
psd_setting_wrong(const psd_setting *setting, psd_error *error, const char *format, ...);

/* A decimal number, `least` to `most`. */
bool psd_decimal(const char *text, uint64_t least, uint64_t most, uint64_t *number);

#endif
