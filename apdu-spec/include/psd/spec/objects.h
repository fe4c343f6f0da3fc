/* Data objects and files of the PSD application (objects.def). */
#ifndef PSD_SPEC_OBJECTS_H
#define PSD_SPEC_OBJECTS_H

#include "psd/spec/lifecycle.h"
#include "psd/spec/messages.h"

/* Who may; a set. */
typedef enum psd_access {
  PSD_NEVER = 0,
  PSD_ALWAYS = 1,
  PSD_PIN = 2,      /* the user, with the PIN verified on this channel */
  PSD_SCP = 4,      /* the personaliser, over a secure channel (GlobalPlatform SCP03) on this channel */
  PSD_PROVIDER = 8, /* the meter server, in its session */
} psd_access;
typedef uint8_t psd_access_set;

typedef enum psd_format {
#define PSD_MESSAGE(NAME, name, words) PSD_FORMAT_##NAME,
#define PSD_FIELD(name, field, kind, size, words)
#define PSD_MESSAGE_END(NAME, name)
#include "messages.def"
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END
  PSD_FORMAT_OPAQUE, /* bytes that another standard describes */
  PSD_FORMAT_UTF8,
  PSD_FORMAT_SECRET, /* never shown */
} psd_format;

#define PSD_OBJECT(NAME, tag, format, least, most, read, write, read_states, write_states, words) PSD_OBJECT_##NAME,
typedef enum psd_object_id {
#include "objects.def"
  PSD_OBJECT_COUNT
} psd_object_id;

#define PSD_FILE(NAME, identifier, parent, sfi, structure, words) PSD_FILE_##NAME,
typedef enum psd_file_id {
#include "objects.def"
  PSD_FILE_COUNT
} psd_file_id;

#define PSD_FUNDS_MODE(NAME, value, words) PSD_FUNDS_##NAME = (value),
typedef enum psd_funds_mode {
#include "objects.def"
  PSD_FUNDS_MODE_COUNT
} psd_funds_mode;

typedef struct psd_key_row {
  psd_object_id object;
  const char *words;
} psd_key_row;

typedef struct psd_object {
  psd_object_id id;
  uint32_t tag;
  psd_format format;
  uint16_t least, most; /* bytes of the value */
  psd_access_set read, write;
  psd_state_set read_states, write_states;
  const char *name;
  const char *words;
} psd_object;

/* ISO/IEC 7816-4:2005, 5.3.1. */
typedef enum psd_structure {
  PSD_STRUCTURE_DIRECTORY,
  PSD_STRUCTURE_TRANSPARENT,
  PSD_STRUCTURE_CYCLIC,
} psd_structure;

typedef struct psd_file {
  psd_file_id id;
  uint16_t identifier;
  psd_file_id parent; /* the master file is its own */
  uint8_t sfi;        /* short identifier, 0 for none */
  psd_structure structure;
  const char *name;
  const char *words;
} psd_file;

typedef struct psd_file_object {
  psd_file_id file;
  psd_object_id object;
} psd_file_object;

extern const psd_object psd_objects[PSD_OBJECT_COUNT];
extern const psd_file psd_files[PSD_FILE_COUNT];
extern const psd_file_object psd_file_objects[];
extern const size_t psd_file_object_count;
extern const psd_object_id psd_mandatory[]; /* to leave MANUFACTURED */
extern const size_t psd_mandatory_count;

/* The bits of key_status.loaded, from the lowest. */
extern const psd_key_row psd_keys[];
extern const size_t psd_key_count;
/* In words, by psd_funds_mode. */
extern const char *const psd_funds_modes[PSD_FUNDS_MODE_COUNT];

/* The row of a tag; NULL for a tag that is none of ours. */
const psd_object *psd_object_of(uint32_t tag);

/* The application identifiers. The PSD's is proprietary: F, no registered provider (ISO/IEC 7816-5:2004, 5.2), then
 * "PSD" and the application's number. */
#define PSD_AID_PSD "\xF0\x50\x53\x44\x01"
#define PSD_AID_PSD_SIZE 5U

#endif
