/* BER-TLV (ISO/IEC 7816-4:2005, 5.2.2): what is read, what is refused, what is written. */
#include "check.h"
#include "psd/spec/tlv.h"

#include <stdlib.h>
#include <string.h>

/* One data object at the start of the hexadecimal text, from memory of exactly its length; the value's bytes are gone
 * when this returns. */
static bool takes(const char *hex, uint32_t *tag, size_t *length) {
  uint8_t bytes[512];
  size_t size = psd_check_hex(hex, bytes, sizeof bytes);
  uint8_t *exact = malloc(size > 0 ? size : 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
  memcpy(exact, bytes, size);
  psd_cursor cursor = psd_cursor_over(exact, size);
  psd_tlv tlv;
  bool ok = psd_take_tlv(&cursor, &tlv);
  if (ok) {
    *tag = tlv.tag;
    *length = tlv.value.left;
  } else {
    CU_ASSERT_TRUE(cursor.failed || size == 0);
  }
  free(exact);
  return ok;
}

static void accept(const char *hex, uint32_t tag, size_t length) {
  uint32_t got_tag = 0;
  size_t got_length = 0;
  CU_ASSERT_TRUE_FATAL(takes(hex, &got_tag, &got_length));
  CU_ASSERT_EQUAL(got_tag, tag);
  CU_ASSERT_EQUAL(got_length, length);
}

static void refuse(const char *hex) {
  uint32_t tag;
  size_t length;
  bool taken = takes(hex, &tag, &length);
  if (taken)
    fprintf(stderr, "taken, but malformed: %s\n", hex);
  CU_ASSERT_FALSE(taken);
}

static void tags_of_one_to_three_bytes(void) {
  accept("4F 01 AA", 0x4F, 1);
  accept("5F52 00", 0x5F52, 0);
  accept("7F66 00", 0x7F66, 0);
  accept("DF20 02 AABB", 0xDF20, 2);
  accept("5F1F 00", 0x5F1F, 0);
  accept("DF8101 01 AA", 0xDF8101, 1);
  accept("BFFF7F 00", 0xBFFF7F, 0);
}

static void malformed_tags(void) {
  refuse("00 01 AA");      /* 5.2.2.1: no tag begins with 00 */
  refuse("FFFF7F 00");     /* nor with FF: the data coding byte, 8.1.1.2.7, says so */
  refuse("5F 1E 00");      /* a number below 31 takes one byte */
  refuse("5F 80 01 00");   /* leading zeroes in the number */
  refuse("5F 8181 01 00"); /* four bytes */
  refuse("5F");            /* cut */
  refuse("DF81");          /* cut */
  refuse("");              /* the end is no data object */
}

static void lengths_in_the_fewest_bytes(void) {
  char hex[512] = "04 7F ";
  for (int i = 0; i < 0x7F; i++)
    memcpy(hex + 6 + 2 * i, "00", 3);
  accept(hex, 0x04, 0x7F);
  char longer[600] = "04 81 80 ";
  for (int i = 0; i < 0x80; i++)
    memcpy(longer + 9 + 2 * i, "00", 3);
  accept(longer, 0x04, 0x80);
  static uint8_t bytes[70000] = {0x04, 0x82, 0x01, 0x00};
  psd_cursor cursor = psd_cursor_over(bytes, 4 + 256);
  psd_tlv tlv;
  CU_ASSERT_TRUE(psd_take_tlv(&cursor, &tlv) && tlv.value.left == 256 && psd_cursor_done(&cursor));
  memcpy(bytes, "\x04\x83\x01\x00\x00", 5);
  cursor = psd_cursor_over(bytes, 5 + 65536);
  CU_ASSERT_TRUE(psd_take_tlv(&cursor, &tlv) && tlv.value.left == 65536 && psd_cursor_done(&cursor));
}

static void malformed_lengths(void) {
  refuse("04 80 AA 0000");     /* indefinite */
  refuse("24 80 0401AA 0000"); /* indefinite, constructed */
  refuse("04 81 7F");          /* over-long: one byte would do */
  refuse("04 81 01 AA");
  refuse("04 82 00FF");
  refuse("04 82 0001 AA");
  refuse("04 83 000001 AA");
  refuse("04 83 00FFFF");
  refuse("04 84 00000001 AA"); /* four length bytes */
  refuse("04 FF");
  refuse("04");    /* no length */
  refuse("04 81"); /* cut inside the length */
  refuse("04 82 01");
  refuse("04 02 AA"); /* cut inside the value */
  refuse("04 83 FFFFFF AA");
}

static void walks_a_list(void) {
  uint8_t bytes[64];
  size_t size = psd_check_hex("4F01AA 5F5202BBCC DF8101 00 5000", bytes, sizeof bytes);
  psd_cursor list = psd_cursor_over(bytes, size);
  psd_tlv tlv;
  static const uint32_t tags[] = {0x4F, 0x5F52, 0xDF8101, 0x50};
  for (size_t i = 0; i < 4; i++) {
    CU_ASSERT_TRUE_FATAL(psd_take_tlv(&list, &tlv));
    CU_ASSERT_EQUAL(tlv.tag, tags[i]);
  }
  CU_ASSERT_FALSE(psd_take_tlv(&list, &tlv));
  CU_ASSERT_TRUE(psd_cursor_done(&list));
}

static void finds_in_a_list(void) {
  uint8_t bytes[64];
  size_t size = psd_check_hex("4F01AA 5001BB 5001CC 048000", bytes, sizeof bytes);
  psd_cursor list = psd_cursor_over(bytes, size);
  psd_tlv tlv;
  CU_ASSERT_TRUE_FATAL(psd_find_tlv(list, 0x50, &tlv));
  CU_ASSERT_EQUAL(tlv.value.at[0], 0xBB); /* the first */
  CU_ASSERT_EQUAL(list.left, size);       /* the list itself is not used up */
  CU_ASSERT_FALSE(psd_find_tlv(list, 0x51, &tlv));
  CU_ASSERT_FALSE(psd_find_tlv(list, 0x04, &tlv)); /* there, but malformed */
}

static void a_failed_cursor_gives_no_more(void) {
  uint8_t bytes[16];
  size_t size = psd_check_hex("0480 4F01AA", bytes, sizeof bytes);
  psd_cursor list = psd_cursor_over(bytes, size);
  psd_tlv tlv;
  CU_ASSERT_FALSE(psd_take_tlv(&list, &tlv));
  CU_ASSERT_FALSE(psd_take_tlv(&list, &tlv));
  CU_ASSERT_FALSE(psd_cursor_done(&list));
}

static void constructed(void) {
  CU_ASSERT_TRUE(psd_tag_constructed(0x61));
  CU_ASSERT_TRUE(psd_tag_constructed(0x7F66));
  CU_ASSERT_TRUE(psd_tag_constructed(0xFF8101));
  CU_ASSERT_FALSE(psd_tag_constructed(0x4F));
  CU_ASSERT_FALSE(psd_tag_constructed(0x5F52));
  CU_ASSERT_FALSE(psd_tag_constructed(0xDF8101));
}

/* Written, then read again, at every length where the coding changes. */
static void writes_what_it_reads(void) {
  static const uint32_t tags[] = {0x4F, 0x5F52, 0xDF8101};
  static const size_t lengths[] = {0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000};
  static uint8_t value[0x10000];
  static uint8_t memory[0x10000 + 16];
  for (size_t i = 0; i < sizeof value; i++)
    value[i] = (uint8_t)(i * 7);
  for (size_t t = 0; t < 3; t++)
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
      psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
      psd_put_tlv(&buffer, tags[t], value, lengths[l]);
      CU_ASSERT_FALSE_FATAL(buffer.overflow);
      psd_cursor cursor = psd_cursor_over(memory, buffer.length);
      psd_tlv tlv;
      CU_ASSERT_TRUE_FATAL(psd_take_tlv(&cursor, &tlv));
      CU_ASSERT_EQUAL(tlv.tag, tags[t]);
      CU_ASSERT_EQUAL_FATAL(tlv.value.left, lengths[l]);
      CU_ASSERT_TRUE(lengths[l] == 0 || memcmp(tlv.value.at, value, lengths[l]) == 0);
      CU_ASSERT_TRUE(psd_cursor_done(&cursor));
    }
}

/* What is opened, filled and closed equals what is written at once. */
static void opens_and_closes(void) {
  static const size_t lengths[] = {0, 1, 0x7F, 0x80, 0xFF, 0x100, 1000};
  static uint8_t value[1000];
  memset(value, 0xC3, sizeof value);
  for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
    uint8_t at_once[1100];
    uint8_t in_steps[1100];
    psd_buffer a = psd_buffer_over(at_once, sizeof at_once);
    psd_buffer b = psd_buffer_over(in_steps, sizeof in_steps);
    psd_put_tlv(&a, 0x7F66, value, lengths[l]);
    size_t opened = psd_open_tlv(&b, 0x7F66);
    psd_put(&b, value, lengths[l]);
    psd_close_tlv(&b, opened);
    CU_ASSERT_EQUAL_FATAL(a.length, b.length);
    CU_ASSERT_EQUAL(memcmp(at_once, in_steps, a.length), 0);
  }
}

static void closing_without_room(void) {
  uint8_t memory[4];
  psd_buffer buffer = psd_buffer_over(memory, sizeof memory);
  size_t opened = psd_open_tlv(&buffer, 0x61);
  psd_put(&buffer, "abc", 3);
  psd_close_tlv(&buffer, opened); /* the length byte no longer fits */
  CU_ASSERT_TRUE(buffer.overflow);
  psd_close_tlv(&buffer, opened);
  CU_ASSERT_TRUE(buffer.overflow);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"5.2.2.1: tags of one, two and three bytes", tags_of_one_to_three_bytes},
      {"5.2.2.1: tags 00 and FF, numbers not in the fewest bytes, and cut tags are refused", malformed_tags},
      {"5.2.2.2: lengths of one to four bytes", lengths_in_the_fewest_bytes},
      {"5.2.2.2: indefinite, over-long and truncated lengths are refused", malformed_lengths},
      {"a list is walked to its end", walks_a_list},
      {"a tag is found, the first of its kind, before anything malformed", finds_in_a_list},
      {"nothing comes after something malformed", a_failed_cursor_gives_no_more},
      {"5.2.2.1: bit 6 of the first byte tells constructed from primitive", constructed},
      {"what is written reads back, at every length where the coding changes", writes_what_it_reads},
      {"opened, filled and closed is the same as written at once", opens_and_closes},
      {"closing without room is an overflow", closing_without_room},
  };
  return psd_check_run("BER-TLV", tests, PSD_CHECK_COUNT(tests));
}
