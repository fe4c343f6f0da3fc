#include "psd/spec/messages.h"

#include <string.h>

/* Every field of every layout, in the order of the table. */
#define PSD_MESSAGE(NAME, name, words)
#define PSD_FIELD(name, field, kind, size, words) {(uint16_t)offsetof(psd_##name, field), size, PSD_KIND_##kind},
#define PSD_MESSAGE_END(NAME, name)
const psd_field psd_fields[] = {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

/* Where in it a layout begins and ends. The number behind a mark is the mark's own: marks take no place. */
#define PSD_MESSAGE(NAME, name, words) FIRST_##NAME, BEFORE_##NAME = FIRST_##NAME - 1,
#define PSD_FIELD(name, field, kind, size, words) FIELD_##name##_##field,
#define PSD_MESSAGE_END(NAME, name) END_##NAME, AFTER_##NAME = END_##NAME - 1,
enum places {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

#define PSD_MESSAGE(NAME, name, words)                                                                                 \
  [PSD_MESSAGE_##NAME] = {psd_fields + FIRST_##NAME, END_##NAME - FIRST_##NAME, PSD_SIZE_##NAME, sizeof(psd_##name)},
#define PSD_FIELD(name, field, kind, size, words)
#define PSD_MESSAGE_END(NAME, name)
const psd_message psd_messages[PSD_MESSAGE_COUNT] = {
#include "messages.def"
};
#undef PSD_MESSAGE
#undef PSD_FIELD
#undef PSD_MESSAGE_END

bool psd_kind_is_number(unsigned kind) {
  return kind != PSD_KIND_TEXT && kind != PSD_KIND_BYTES && kind != PSD_KIND_SECRET;
}

static bool is_little(unsigned kind) {
  return kind == PSD_KIND_LITTLE || kind == PSD_KIND_LITTLE_AMOUNT || kind == PSD_KIND_LITTLE_SERIAL;
}

/* A number of `size` bytes with its bytes the other way round. */
static uint64_t turned(uint64_t number, size_t size) {
  uint64_t result = 0;
  for (size_t i = 0; i < size; i++)
    result |= (number >> (8U * i) & 0xFFU) << (8U * (size - 1 - i));
  return result;
}

static void put_field(psd_buffer *buffer, const psd_field *field, const uint8_t *value) {
  if (!psd_kind_is_number(field->kind)) {
    psd_put(buffer, value, field->size);
    return;
  }
  uint64_t number;
  memcpy(&number, value, sizeof number);
  if (field->size < 8 && number >> (8U * field->size) != 0)
    buffer->overflow = true;
  psd_put_uint(buffer, is_little(field->kind) ? turned(number, field->size) : number, field->size);
}

void psd_put_message(psd_buffer *buffer, psd_message_id id, const void *value) {
  const psd_message *message = &psd_messages[id];
  for (size_t i = 0; i < message->field_count; i++)
    put_field(buffer, &message->fields[i], (const uint8_t *)value + message->fields[i].offset);
}

uint64_t psd_take_field_number(psd_cursor *cursor, const psd_field *field) {
  uint64_t number = psd_take_uint(cursor, field->size);
  return is_little(field->kind) ? turned(number, field->size) : number;
}

bool psd_take_message(psd_cursor *cursor, psd_message_id id, void *value) {
  const psd_message *message = &psd_messages[id];
  for (size_t i = 0; i < message->field_count; i++) {
    const psd_field *field = &message->fields[i];
    uint8_t *to = (uint8_t *)value + field->offset;
    if (psd_kind_is_number(field->kind)) {
      uint64_t number = psd_take_field_number(cursor, field);
      memcpy(to, &number, sizeof number);
    } else if (!psd_take_into(cursor, to, field->size)) {
      return false;
    }
  }
  return !cursor->failed;
}

bool psd_parse_message(const void *data, size_t length, psd_message_id id, void *value) {
  psd_cursor cursor = psd_cursor_over(data, length);
  return psd_take_message(&cursor, id, value) && psd_cursor_done(&cursor);
}
