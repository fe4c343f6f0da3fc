/* One codec for every layout of messages.def. */
#include "check.h"
#include "psd/spec/messages.h"

#include <stdlib.h>
#include <string.h>

static void sizes_add_up(void) {
  for (size_t i = 0; i < PSD_MESSAGE_COUNT; i++) {
    const psd_message *message = &psd_messages[i];
    size_t size = 0;
    CU_ASSERT_TRUE(message->field_count > 0 && strlen(psd_message_name(message)) > 0 &&
                   strlen(psd_message_words(message)) > 0);
    for (size_t k = 0; k < message->field_count; k++) {
      const psd_field *field = &message->fields[k];
      size += field->size;
      CU_ASSERT_TRUE(field->offset < message->struct_size);
      CU_ASSERT_TRUE(strlen(psd_field_name(field)) > 0 && strlen(psd_field_words(field)) > 0);
      bool wide = field->kind == PSD_KIND_AMOUNT || field->kind == PSD_KIND_TIME;
      /* Money and time have 64 bits; the postage of a piece has those of an indicium. */
      CU_ASSERT_TRUE(!wide || field->size == (i == PSD_MESSAGE_RATE_ROW ? 3 : 8));
    }
    CU_ASSERT_EQUAL(size, message->size);
  }
}

static void known_layout(void) {
  psd_registers value = {.ascending = 1000, .descending = 9000, .control_total = 10000, .piece_count = 2};
  uint8_t bytes[PSD_SIZE_REGISTERS];
  psd_buffer buffer = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&buffer, PSD_MESSAGE_REGISTERS, &value);
  CU_ASSERT_FALSE(buffer.overflow);
  psd_check_bytes(bytes, buffer.length, "00000000000003E8 0000000000002328 0000000000002710 00000002",
                  "registers, most significant byte first");
}

/* Bytes to struct to bytes, for every layout and several fillings. */
static void round_trip(void) {
  static const uint8_t fillings[] = {0x00, 0x01, 0x7F, 0x80, 0xFF, 0xA5};
  for (size_t i = 0; i < PSD_MESSAGE_COUNT; i++)
    for (size_t f = 0; f < sizeof fillings; f++) {
      const psd_message *message = &psd_messages[i];
      uint8_t *in = malloc(message->size);
      uint8_t *out = malloc(message->size);
      void *value = malloc(message->struct_size); /* exact: the sanitizer sees a field outside */
      CU_ASSERT_FATAL(in != NULL && out != NULL && value != NULL);
      for (size_t k = 0; k < message->size; k++)
        in[k] = (uint8_t)(fillings[f] + k * 3);
      CU_ASSERT_TRUE(psd_parse_message(in, message->size, (psd_message_id)i, value));
      psd_buffer buffer = psd_buffer_over(out, message->size);
      psd_put_message(&buffer, (psd_message_id)i, value);
      CU_ASSERT_FALSE(buffer.overflow);
      CU_ASSERT_EQUAL(buffer.length, message->size);
      CU_ASSERT_EQUAL(memcmp(in, out, message->size), 0);
      free(in);
      free(out);
      free(value);
    }
}

static void neither_more_nor_less(void) {
  for (size_t i = 0; i < PSD_MESSAGE_COUNT; i++) {
    const psd_message *message = &psd_messages[i];
    uint8_t *bytes = calloc(1, message->size + 1);
    void *value = malloc(message->struct_size);
    CU_ASSERT_FATAL(bytes != NULL && value != NULL);
    for (size_t length = 0; length < message->size; length++)
      CU_ASSERT_FALSE(psd_parse_message(bytes, length, (psd_message_id)i, value));
    CU_ASSERT_FALSE(psd_parse_message(bytes, message->size + 1, (psd_message_id)i, value));
    free(bytes);
    free(value);
  }
}

static void takes_one_after_the_other(void) {
  uint8_t bytes[PSD_SIZE_CLOCK + PSD_SIZE_LICENCE];
  size_t length = psd_check_hex("0000000000000005 01 000000FF 00000007", bytes, sizeof bytes);
  psd_cursor cursor = psd_cursor_over(bytes, length);
  psd_clock clock;
  psd_licence licence;
  CU_ASSERT_TRUE(psd_take_message(&cursor, PSD_MESSAGE_CLOCK, &clock));
  CU_ASSERT_TRUE(psd_take_message(&cursor, PSD_MESSAGE_LICENCE, &licence));
  CU_ASSERT_TRUE(psd_cursor_done(&cursor));
  CU_ASSERT_TRUE(clock.now == 5 && clock.set == 1 && licence.zip == 255 && licence.number == 7);
  CU_ASSERT_FALSE(psd_take_message(&cursor, PSD_MESSAGE_CLOCK, &clock));
}

/* A number that does not fit its field must not be cut in silence. */
static void too_large_a_number(void) {
  uint8_t bytes[PSD_SIZE_DEVICE_ID];
  psd_device_id value = {.serial = UINT32_MAX};
  psd_buffer buffer = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&buffer, PSD_MESSAGE_DEVICE_ID, &value);
  CU_ASSERT_FALSE(buffer.overflow);
  value.serial++;
  buffer = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&buffer, PSD_MESSAGE_DEVICE_ID, &value);
  CU_ASSERT_TRUE(buffer.overflow);
}

static void no_room(void) {
  psd_clock value = {.now = 1, .set = 1};
  uint8_t bytes[PSD_SIZE_CLOCK - 1];
  psd_buffer buffer = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&buffer, PSD_MESSAGE_CLOCK, &value);
  CU_ASSERT_TRUE(buffer.overflow);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the size of a layout is the sum of its fields", sizes_add_up},
      {"registers are laid out as documented", known_layout},
      {"every layout survives reading and writing", round_trip},
      {"a message of another length is refused", neither_more_nor_less},
      {"messages are taken one after the other", takes_one_after_the_other},
      {"a number too large for its field is an overflow", too_large_a_number},
      {"a message without room is an overflow", no_room},
  };
  return psd_check_run("messages", tests, PSD_CHECK_COUNT(tests));
}
