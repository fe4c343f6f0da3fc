/* The checked cursor and buffer: what is out of bounds fails once and for all, and touches nothing. */
#include "check.h"
#include "psd/spec/cursor.h"

#include <stdlib.h>
#include <string.h>

static void takes_bytes_in_order(void) {
  static const uint8_t bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07};
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  CU_ASSERT_EQUAL(psd_take_u8(&cursor), 0x01);
  CU_ASSERT_EQUAL(psd_take_u16(&cursor), 0x0203);
  CU_ASSERT_PTR_EQUAL(psd_take(&cursor, 1), bytes + 3);
  CU_ASSERT_FALSE(psd_cursor_done(&cursor));
  CU_ASSERT_EQUAL(psd_take_uint(&cursor, 3), 0x050607);
  CU_ASSERT_TRUE(psd_cursor_done(&cursor));
}

static void takes_numbers_of_every_size(void) {
  static const uint8_t bytes[8] = {0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA, 0x99, 0x88};
  uint64_t expected = 0;
  for (size_t size = 1; size <= sizeof bytes; size++) {
    psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
    expected = expected << 8 | bytes[size - 1];
    CU_ASSERT_EQUAL(psd_take_uint(&cursor, size), expected);
    CU_ASSERT_EQUAL(cursor.left, sizeof bytes - size);
  }
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  CU_ASSERT_EQUAL(psd_take_u32(&cursor), 0xFFEEDDCC);
}

static void failure_is_remembered(void) {
  static const uint8_t bytes[3] = {1, 2, 3};
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  CU_ASSERT_EQUAL(psd_take_u32(&cursor), 0);
  CU_ASSERT_TRUE(cursor.failed);
  CU_ASSERT_EQUAL(cursor.left, 3);
  CU_ASSERT_PTR_NULL(psd_take(&cursor, 1));
  CU_ASSERT_EQUAL(psd_take_u8(&cursor), 0);
  uint8_t out[2] = {0xA5, 0xA5};
  CU_ASSERT_FALSE(psd_take_into(&cursor, out, 1));
  CU_ASSERT_EQUAL(out[0], 0xA5);
  CU_ASSERT_FALSE(psd_cursor_done(&cursor));
}

static void nothing_to_take_is_fine(void) {
  psd_cursor cursor = psd_cursor_over(NULL, 0);
  uint8_t out = 0x5A;
  CU_ASSERT_TRUE(psd_cursor_done(&cursor));
  CU_ASSERT_PTR_NULL(psd_take(&cursor, 0));
  CU_ASSERT_TRUE(psd_take_into(&cursor, &out, 0));
  CU_ASSERT_EQUAL(out, 0x5A);
  CU_ASSERT_TRUE(psd_cursor_done(&cursor));
}

static void copies_out(void) {
  static const uint8_t bytes[4] = {9, 8, 7, 6};
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  uint8_t out[4] = {0};
  CU_ASSERT_TRUE(psd_take_into(&cursor, out, 4));
  psd_check_bytes(out, sizeof out, "09080706", "copied bytes");
  CU_ASSERT_TRUE(psd_cursor_done(&cursor));
}

static void lengths_near_the_end_of_the_address_space(void) {
  static const uint8_t bytes[4] = {0};
  psd_cursor cursor = psd_cursor_over(bytes, sizeof bytes);
  CU_ASSERT_PTR_NULL(psd_take(&cursor, SIZE_MAX));
  CU_ASSERT_TRUE(cursor.failed);
  uint8_t memory[4];
  psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
  psd_put_u8(&buffer, 1);
  CU_ASSERT_PTR_NULL(psd_put_room(&buffer, SIZE_MAX));
  CU_ASSERT_TRUE(buffer.overflow);
}

static void appends_in_order(void) {
  uint8_t memory[16];
  psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
  psd_put_u8(&buffer, 0x01);
  psd_put_uint(&buffer, 0x0203, 2);
  psd_put(&buffer, "\x04\x05", 2);
  psd_put_uint(&buffer, UINT64_C(0x060708090A0B0C0D), 8);
  psd_put(&buffer, NULL, 0);
  uint8_t *room = psd_put_room(&buffer, 2);
  CU_ASSERT_PTR_EQUAL_FATAL(room, memory + 13);
  room[0] = 0x0E;
  room[1] = 0x0F;
  CU_ASSERT_FALSE(buffer.overflow);
  psd_check_bytes(memory, buffer.length, "0102030405060708090A0B0C0D0E0F", "appended bytes");
}

static void numbers_are_cut_to_their_size(void) {
  uint8_t memory[3];
  psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
  psd_put_uint(&buffer, 0x11223344, 3);
  psd_check_bytes(memory, buffer.length, "223344", "the low three bytes");
}

static void what_does_not_fit_writes_nothing(void) {
  uint8_t *memory = malloc(4); /* one byte too many is seen by the sanitizer */
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  memset(memory, 0xEE, 4);
  psd_buffer buffer = psd_buffer_over(memory, 4);
  psd_put(&buffer, "\x01\x02", 2);
  psd_put(&buffer, "\x03\x04\x05", 3);
  CU_ASSERT_TRUE(buffer.overflow);
  CU_ASSERT_EQUAL(buffer.length, 2);
  psd_check_bytes(memory, 4, "0102EEEE", "memory after an overflow");
  psd_put_u8(&buffer, 0x07); /* would fit, but the message is broken already */
  CU_ASSERT_TRUE(buffer.overflow);
  CU_ASSERT_EQUAL(buffer.length, 2);
  CU_ASSERT_PTR_NULL(psd_put_room(&buffer, 0));
  free(memory);
}

static void a_full_buffer_is_not_an_overflow(void) {
  uint8_t memory[2];
  psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
  psd_put(&buffer, "ab", 2);
  CU_ASSERT_FALSE(buffer.overflow);
  CU_ASSERT_PTR_NOT_NULL(psd_put_room(&buffer, 0));
  CU_ASSERT_FALSE(buffer.overflow);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a cursor takes bytes in order", takes_bytes_in_order},
      {"numbers of 1 to 8 bytes are taken, most significant first", takes_numbers_of_every_size},
      {"a cursor that has failed stays failed and takes nothing", failure_is_remembered},
      {"taking nothing from nothing is fine", nothing_to_take_is_fine},
      {"bytes are copied out", copies_out},
      {"enormous lengths do not wrap around", lengths_near_the_end_of_the_address_space},
      {"a buffer appends in order", appends_in_order},
      {"a number is cut to the size it is given", numbers_are_cut_to_their_size},
      {"what does not fit writes nothing, and the overflow stays", what_does_not_fit_writes_nothing},
      {"a full buffer is not an overflow", a_full_buffer_is_not_an_overflow},
  };
  return psd_check_run("cursor and buffer", tests, PSD_CHECK_COUNT(tests));
}
