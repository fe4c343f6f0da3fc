/* Pointer and length that travel together and check themselves: the only way bytes are taken apart and put together.
 *
 * A cursor or buffer that has failed once stays failed, so a parser may take all its fields and look once at the end.
 */
#ifndef PSD_SPEC_CURSOR_H
#define PSD_SPEC_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Reading. The bytes stay their owner's. */
typedef struct psd_cursor {
  const uint8_t *at;
  size_t left;
  bool failed;
} psd_cursor;

/* A cursor over `length` bytes; `data` may be NULL when length is 0. */
psd_cursor psd_cursor_over(const void *data, size_t length);
/* The next `length` bytes, or NULL (and the cursor fails) when fewer are left. */
const uint8_t *psd_take(psd_cursor *cursor, size_t length);
/* The next `size` (1 to 8) bytes as a number, most significant first; 0 when the cursor fails. */
uint64_t psd_take_uint(psd_cursor *cursor, size_t size);
/* The next 1, 2 or 4 bytes, likewise. */
uint8_t psd_take_u8(psd_cursor *cursor);
uint16_t psd_take_u16(psd_cursor *cursor);
uint32_t psd_take_u32(psd_cursor *cursor);
/* Copies the next `length` bytes to `out`; false (and the cursor fails) when fewer are left. */
bool psd_take_into(psd_cursor *cursor, void *out, size_t length);
/* True if nothing failed and every byte was taken. */
bool psd_cursor_done(const psd_cursor *cursor);

/* Writing, into memory of fixed capacity that stays its owner's. */
typedef struct psd_buffer {
  uint8_t *data;
  size_t capacity;
  size_t length;
  bool overflow;
} psd_buffer;

/* An empty buffer over `capacity` bytes. */
psd_buffer psd_buffer_over(void *data, size_t capacity);
/* Appends; when the bytes do not fit, nothing is written and `overflow` stays set. */
void psd_put(psd_buffer *buffer, const void *data, size_t length);
/* Appends `value` in `size` (1 to 8) bytes, most significant first. */
void psd_put_uint(psd_buffer *buffer, uint64_t value, size_t size);
/* Appends one byte. */
void psd_put_u8(psd_buffer *buffer, uint8_t value);
/* `length` bytes of room, already counted as written, or NULL when they do not fit. */
uint8_t *psd_put_room(psd_buffer *buffer, size_t length);

#endif
