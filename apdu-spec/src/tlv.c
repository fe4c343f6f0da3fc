#include "psd/spec/tlv.h"

#include <string.h>

bool psd_tag_constructed(uint32_t tag) {
  while (tag > 0xFF)
    tag >>= 8;
  return (tag & 0x20) != 0;
}

static uint32_t malformed(psd_cursor *cursor) {
  cursor->failed = true;
  return 0;
}

uint32_t psd_take_tag(psd_cursor *cursor) {
  uint32_t tag = psd_take_u8(cursor);
  if (cursor->failed || tag == 0x00 || tag == 0xFF)
    return malformed(cursor);
  if ((tag & 0x1F) != 0x1F)
    return tag;
  uint8_t next = psd_take_u8(cursor);
  if (next < 0x1F || next == 0x80) /* 5.2.2.1: numbers below 31 take one byte, no leading zeroes */
    return malformed(cursor);
  tag = tag << 8 | next;
  if ((next & 0x80) == 0)
    return tag;
  next = psd_take_u8(cursor);
  if (cursor->failed || (next & 0x80) != 0)
    return malformed(cursor);
  return tag << 8 | next;
}

/* 5.2.2.2: one byte to 127, then 81, 82, 83 and that many bytes; the fewest that do. */
static size_t take_length(psd_cursor *cursor) {
  size_t first = psd_take_u8(cursor);
  if (first < 0x80)
    return first;
  size_t size = first - 0x80;
  if (size < 1 || size > 3)
    return malformed(cursor);
  size_t length = (size_t)psd_take_uint(cursor, size);
  size_t least = size == 1 ? 0x80 : (size_t)1 << (8 * (size - 1));
  return length < least ? malformed(cursor) : length;
}

bool psd_take_tlv(psd_cursor *cursor, psd_tlv *tlv) {
  if (cursor->failed || cursor->left == 0)
    return false;
  uint32_t tag = psd_take_tag(cursor);
  size_t length = take_length(cursor);
  const uint8_t *value = psd_take(cursor, length);
  if (cursor->failed)
    return false;
  *tlv = (psd_tlv){.tag = tag, .value = psd_cursor_over(value, length)};
  return true;
}

bool psd_find_tlv(psd_cursor list, uint32_t tag, psd_tlv *tlv) {
  while (psd_take_tlv(&list, tlv))
    if (tlv->tag == tag)
      return true;
  return false;
}

static size_t tag_size(uint32_t tag) {
  return tag > 0xFFFF ? 3 : tag > 0xFF ? 2 : 1;
}

void psd_put_tag(psd_buffer *buffer, uint32_t tag) {
  psd_put_uint(buffer, tag, tag_size(tag));
}

static size_t length_size(size_t length) {
  return length < 0x80 ? 1 : length <= 0xFF ? 2 : length <= 0xFFFF ? 3 : 4;
}

static void put_length(psd_buffer *buffer, size_t length) {
  size_t size = length_size(length);
  if (size > 1)
    psd_put_u8(buffer, (uint8_t)(0x80 + size - 1));
  psd_put_uint(buffer, length, size > 1 ? size - 1 : 1);
}

void psd_put_tlv(psd_buffer *buffer, uint32_t tag, const void *value, size_t length) {
  psd_put_tag(buffer, tag);
  put_length(buffer, length);
  psd_put(buffer, value, length);
}

size_t psd_open_tlv(psd_buffer *buffer, uint32_t tag) {
  psd_put_tag(buffer, tag);
  return buffer->length;
}

void psd_close_tlv(psd_buffer *buffer, size_t opened) {
  size_t length = buffer->length - opened;
  size_t size = length_size(length);
  if (buffer->overflow || psd_put_room(buffer, size) == NULL)
    return;
  memmove(buffer->data + opened + size, buffer->data + opened, length);
  psd_buffer head = psd_buffer_over(buffer->data + opened, size);
  put_length(&head, length);
}
