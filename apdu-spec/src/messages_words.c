/* What people and machines call layouts and fields. A card does without. */
#include "psd/spec/messages.h"

typedef struct labels {
  const char *name, *words;
} labels;

#define PSD_MESSAGE(NAME, name, words) {#name, words},
#define PSD_FIELD(name, field, kind, size, words)
#define PSD_MESSAGE_END(NAME, name)
static const labels of_messages[PSD_MESSAGE_COUNT] = {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

#define PSD_MESSAGE(NAME, name, words)
#define PSD_FIELD(name, field, kind, size, words) {#field, words},
#define PSD_MESSAGE_END(NAME, name)
static const labels of_fields[] = {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

const char *psd_message_name(const psd_message *message) {
  return of_messages[message - psd_messages].name;
}

const char *psd_message_words(const psd_message *message) {
  return of_messages[message - psd_messages].words;
}

const char *psd_field_name(const psd_field *field) {
  return of_fields[field - psd_fields].name;
}

const char *psd_field_words(const psd_field *field) {
  return of_fields[field - psd_fields].words;
}
