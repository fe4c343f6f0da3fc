#include "psd/spec/session.h"

#include <string.h>

#define PSD_SUITE(NAME, bit, name, words) {PSD_SUITE_##NAME, name, words},
const psd_suite_row psd_suites[] = {
#include "session.def"
};
const size_t psd_suite_count = sizeof psd_suites / sizeof psd_suites[0];

#define PSD_KEY_LABEL(NAME, text) text,
static const char *const labels[PSD_KEY_LABEL_COUNT] = {
#include "session.def"
};

const psd_suite_row *psd_suite_of(unsigned bit) {
  for (size_t i = 0; i < psd_suite_count; i++)
    if (psd_suites[i].suite == bit)
      return &psd_suites[i];
  return NULL;
}

const psd_suite_row *psd_suite_named(const char *name) {
  for (size_t i = 0; i < psd_suite_count; i++)
    if (strcmp(psd_suites[i].name, name) == 0)
      return &psd_suites[i];
  return NULL;
}

unsigned psd_suites_in(const char *names) {
  unsigned suites = 0;
  char name[16];
  for (;;) {
    size_t length = strcspn(names, ",");
    if (length == 0 || length >= sizeof name)
      return 0;
    memcpy(name, names, length);
    name[length] = '\0';
    const psd_suite_row *row = psd_suite_named(name);
    if (row == NULL)
      return 0;
    suites |= row->suite;
    if (names[length] == '\0')
      return suites;
    names += length + 1;
  }
}

const char *psd_key_label_text(psd_key_label label) {
  return labels[label];
}

void psd_put_frame(psd_buffer *out, psd_frame_type type, const void *body, size_t length) {
  if (length > PSD_FRAME_BODY_MAX) {
    out->overflow = true;
    return;
  }
  psd_frame frame = {.length = length, .type = type};
  psd_put_message(out, PSD_MESSAGE_FRAME, &frame);
  psd_put(out, body, length);
}

bool psd_peek_frame(const void *data, size_t length, psd_frame *frame) {
  psd_cursor cursor = psd_cursor_over(data, length);
  return psd_take_message(&cursor, PSD_MESSAGE_FRAME, frame);
}
