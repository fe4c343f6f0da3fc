/* Inside a profile: its settings as a table. */
#ifndef PSD_READER_PROFILE_H
#define PSD_READER_PROFILE_H

#include "psd/reader/personalize.h"
#include "settings.h"

/* The bit of an object in sets of them. */
#define PSD_OBJECT_BIT(object) (UINT64_C(1) << (object))

typedef enum psd_setting_kind {
  PSD_SETTING_TWO_LETTERS, /* 2 printable ASCII characters */
  PSD_SETTING_SERIAL,      /* 8 hexadecimal digits */
  PSD_SETTING_NUMBER,
  PSD_SETTING_AMOUNT, /* dollars with up to 3 decimals, kept in mills */
  PSD_SETTING_DAYS,   /* kept in seconds */
  PSD_SETTING_FUNDS,  /* separate, merged or current-account */
  PSD_SETTING_TIME,   /* now, or 2026-11-21T17:45:00Z */
  PSD_SETTING_SECRET, /* a PIN or PUK */
  PSD_SETTING_SCHEME, /* unique or 1000-key */
  PSD_SETTING_KEY,    /* 64 hexadecimal digits */
  PSD_SETTING_POINT,  /* P-256 public key: hexadecimal digits or the path of a PEM file */
  PSD_SETTING_KEYS,   /* path of a key file */
  PSD_SETTING_SUITES, /* names of suites, with commas between them */
  PSD_SETTING_YES_NO,
  PSD_SETTING_ORDER,    /* day or meter: of derivation of a token key */
  PSD_SETTING_PROFILES, /* names of evidence profiles, with commas between them */
  PSD_SETTING_OFFSET,   /* of local time, "-05:00" */
} psd_setting_kind;

typedef struct psd_setting_row {
  const char *name;
  psd_setting_kind kind;
  size_t offset; /* in psd_profile */
  psd_object_id object;
  bool needed; /* when anything of the object is given */
  uint64_t least, most;
} psd_setting_row;

extern const psd_setting_row psd_setting_rows[];
extern const size_t psd_setting_row_count;

typedef struct psd_profile_reader {
  psd_profile *profile;
  const char *path;
  uint64_t given;    /* a bit for each row */
  uint64_t provided; /* objects that come from elsewhere: no setting may give them */
  bool partial;      /* objects that every meter needs may be missing */
  psd_error *warning;
} psd_profile_reader;
/* Parses one setting; `context` is the psd_profile_reader. */
psd_result psd_profile_take(void *context, const psd_setting *setting, psd_error *error);

/* Puts a number where its row says. */
void psd_profile_put_number(psd_profile *profile, const psd_setting_row *row, uint64_t number);
/* Takes the value of a setting of kind SUITES, PROFILES, ORDER or OFFSET. */
psd_result psd_profile_take_names(psd_profile *profile, const psd_setting_row *row, const psd_setting *setting,
                                  psd_error *error);

/* What a profile has before its settings are read. */
psd_profile psd_profile_blank(void);
/* Reads the settings of a file and checks them; `reader` says into what and how. */
psd_result psd_profile_take_file(psd_profile_reader *reader, psd_error *warning, psd_error *error);

/* Whether what was given is whole and fits together. */
psd_result psd_profile_check(const psd_profile_reader *reader, psd_error *error);

/* A P-256 public key from hexadecimal digits or from a PEM file. False if it is neither, or not a point of the curve.
 */
bool psd_point_from_hex(const char *text, uint8_t point[65]);
bool psd_point_from_pem(const char *path, uint8_t point[65]);

/* "2026-11-21T17:45:00Z" as seconds since 1970. False for anything else, and before 1970. */
bool psd_time_from_text(const char *text, uint64_t *seconds);

/* "p256,compact" as bits by number (evidence.def); 0 for anything else. */
uint64_t psd_profiles_in(const char *text);
/* "-05:00", "+05:45" or "+00:00" as minutes ahead of UTC plus 1440 (EVIDENCE_POLICY); at most 14 hours either way.
 * False for anything else. */
bool psd_offset_from_text(const char *text, uint64_t *offset);

/* Stores the objects of a profile over the open secure channel. Before the last block, which ends personalisation,
 * `before` is called (unless it is NULL), and what it returns, if not PSD_OK, is the end: the card then stays in
 * MANUFACTURED. */
typedef psd_result psd_before_last(const void *context, psd_host *host);
psd_result psd_store_profile(psd_host *host, const psd_profile *profile, uint64_t now, psd_before_last *before,
                             const void *context);

#endif
