/* One setting: its name, and how its value is written. */
#ifndef PSD_METER_SETTING_H
#define PSD_METER_SETTING_H

#include "meter/settings.h"

typedef enum psd_meter_kind {
  PSD_METER_TEXT,
  PSD_METER_PATHS, /* may be there several times */
  PSD_METER_NUMBER,
  PSD_METER_SUITES,
  PSD_METER_YES,
  PSD_METER_NO, /* the same the other way round */
  PSD_METER_LEVEL,
  PSD_METER_VETTING,
  PSD_METER_AMOUNT,
} psd_meter_kind;

typedef struct psd_meter_setting {
  const char *name;
  psd_meter_kind kind;
  size_t offset, size;  /* in psd_meter_settings */
  uint64_t least, most; /* of a number; of a text, bytes */
  bool reloads;
} psd_meter_setting;

extern const psd_meter_setting psd_meter_known[];
extern const size_t psd_meter_known_count;

/* The row with this name; NULL for none. */
const psd_meter_setting *psd_meter_setting_named(const char *name, size_t length);
/* The bit of a row, for sets of them. */
uint64_t psd_meter_setting_bit(const psd_meter_setting *row);
/* Takes a value; false, and one line in `words`, if it is none. */
bool psd_meter_setting_take(psd_meter_settings *settings, const psd_meter_setting *row, const char *value,
                            char words[PSD_METER_WORDS_MAX]);
/* Writes one line to `words`; returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool psd_meter_refuse_setting(char words[PSD_METER_WORDS_MAX], const char *format, ...);

#endif
