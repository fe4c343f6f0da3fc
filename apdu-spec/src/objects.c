#include "psd/spec/objects.h"

enum {
  NEVER = PSD_NEVER,
  ALWAYS = PSD_ALWAYS,
  PIN = PSD_PIN,
  SCP = PSD_SCP,
  PROVIDER = PSD_PROVIDER,
  IN_NONE = PSD_IN_NONE,
  IN_ANY = PSD_IN_ANY,
  IN_MANUFACTURED = PSD_IN_MANUFACTURED,
  IN_SERVICE = PSD_IN_SERVICE,
};

#define PSD_OBJECT(NAME, tag, format, least, most, read, write, read_states, write_states, words)                      \
  [PSD_OBJECT_##NAME] = {                                                                                              \
      PSD_OBJECT_##NAME, tag, PSD_FORMAT_##format, least, most, read, write, read_states, write_states, #NAME, words},
const psd_object psd_objects[PSD_OBJECT_COUNT] = {
#include "objects.def"
};

#define PSD_FILE(NAME, identifier, parent, sfi, structure, words)                                                      \
  [PSD_FILE_##NAME] = {PSD_FILE_##NAME, identifier, PSD_FILE_##parent, sfi, PSD_STRUCTURE_##structure, #NAME, words},
const psd_file psd_files[PSD_FILE_COUNT] = {
#include "objects.def"
};

#define PSD_FILE_OBJECT(file, object) {PSD_FILE_##file, PSD_OBJECT_##object},
const psd_file_object psd_file_objects[] = {
#include "objects.def"
};

#define PSD_MANDATORY(object) PSD_OBJECT_##object,
const psd_object_id psd_mandatory[] = {
#include "objects.def"
};

#define PSD_KEY(object, words) {PSD_OBJECT_##object, words},
const psd_key_row psd_keys[] = {
#include "objects.def"
};

#define PSD_FUNDS_MODE(name, value, words) [value] = words,
const char *const psd_funds_modes[PSD_FUNDS_MODE_COUNT] = {
#include "objects.def"
};

const size_t psd_key_count = sizeof psd_keys / sizeof psd_keys[0];
const size_t psd_mandatory_count = sizeof psd_mandatory / sizeof psd_mandatory[0];
const size_t psd_file_object_count = sizeof psd_file_objects / sizeof psd_file_objects[0];

const psd_object *psd_object_of(uint32_t tag) {
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++)
    if (psd_objects[i].tag == tag)
      return &psd_objects[i];
  return NULL;
}
