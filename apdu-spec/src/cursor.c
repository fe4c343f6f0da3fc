#include "psd/spec/cursor.h"

#include <string.h>

psd_cursor psd_cursor_over(const void *data, size_t length) {
  return (psd_cursor){.at = data, .left = length, .failed = false};
}

const uint8_t *psd_take(psd_cursor *cursor, size_t length) {
  if (cursor->failed || length > cursor->left) {
    cursor->failed = true;
    return NULL;
  }
  const uint8_t *taken = cursor->at;
  if (length > 0)
    cursor->at += length;
  cursor->left -= length;
  return taken;
}

uint64_t psd_take_uint(psd_cursor *cursor, size_t size) {
  const uint8_t *bytes = psd_take(cursor, size);
  uint64_t value = 0;
  for (size_t i = 0; bytes != NULL && i < size; i++)
    value = value << 8 | bytes[i];
  return value;
}

uint8_t psd_take_u8(psd_cursor *cursor) {
  return (uint8_t)psd_take_uint(cursor, 1);
}

uint16_t psd_take_u16(psd_cursor *cursor) {
  return (uint16_t)psd_take_uint(cursor, 2);
}

uint32_t psd_take_u32(psd_cursor *cursor) {
  return (uint32_t)psd_take_uint(cursor, 4);
}

bool psd_take_into(psd_cursor *cursor, void *out, size_t length) {
  const uint8_t *bytes = psd_take(cursor, length);
  if (cursor->failed)
    return false;
  if (length > 0)
    memcpy(out, bytes, length);
  return true;
}

bool psd_cursor_done(const psd_cursor *cursor) {
  return !cursor->failed && cursor->left == 0;
}

psd_buffer psd_buffer_over(void *data, size_t capacity) {
  return (psd_buffer){.data = data, .capacity = capacity, .length = 0, .overflow = false};
}

uint8_t *psd_put_room(psd_buffer *buffer, size_t length) {
  if (buffer->overflow || length > buffer->capacity - buffer->length) {
    buffer->overflow = true;
    return NULL;
  }
  uint8_t *room = buffer->data + buffer->length;
  buffer->length += length;
  return room;
}

void psd_put(psd_buffer *buffer, const void *data, size_t length) {
  if (length == 0)
    return;
  uint8_t *room = psd_put_room(buffer, length);
  if (room != NULL)
    memcpy(room, data, length);
}

void psd_put_uint(psd_buffer *buffer, uint64_t value, size_t size) {
  uint8_t *room = psd_put_room(buffer, size);
  for (size_t i = 0; room != NULL && i < size; i++)
    room[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

void psd_put_u8(psd_buffer *buffer, uint8_t value) {
  psd_put_uint(buffer, value, 1);
}
