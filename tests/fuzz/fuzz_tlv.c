/* The language of the card on arbitrary bytes: data objects, commands, layouts, and all of them put into words.
 *
 * Input: one byte for what is done, one for how much room the words get, then the bytes. What can be taken apart is put
 * together again and must be the same. */
#include "fuzz.h"
#include "psd/spec/describe.h"
#include "psd/spec/messages.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define DEPTH_MOST 16U
#define FORMATS ((unsigned)PSD_FORMAT_SECRET + 1U) /* the last of them */
#define WORDS_ROOM 4096U

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  return 0;
}

/* There is one way to write a data object: written again it is what it was. */
static void check_again(const psd_tlv *tlv, const uint8_t *at, size_t length) {
  uint8_t *again = malloc(length);
  FUZZ_ASSERT(again != NULL);
  psd_buffer whole = psd_buffer_over(again, length);
  psd_put_tlv(&whole, tlv->tag, tlv->value.at, tlv->value.left);
  FUZZ_ASSERT(!whole.overflow && whole.length == length && memcmp(again, at, length) == 0);
  psd_buffer opened = psd_buffer_over(again, length);
  size_t start = psd_open_tlv(&opened, tlv->tag);
  psd_put(&opened, tlv->value.at, tlv->value.left);
  psd_close_tlv(&opened, start);
  FUZZ_ASSERT(!opened.overflow && opened.length == length && memcmp(again, at, length) == 0);
  free(again);
}

static void walk(psd_cursor list, unsigned depth) {
  psd_tlv tlv;
  psd_tlv found;
  const psd_cursor all = list;
  for (const uint8_t *at = list.at; psd_take_tlv(&list, &tlv); at = list.at) {
    FUZZ_ASSERT(tlv.tag != 0);
    check_again(&tlv, at, (size_t)(list.at - at));
    FUZZ_ASSERT(psd_find_tlv(all, tlv.tag, &found) && found.tag == tlv.tag);
    if (psd_tag_constructed(tlv.tag) && depth < DEPTH_MOST)
      walk(tlv.value, depth + 1);
  }
}

static void read_tags(psd_cursor list) {
  while (list.left > 0) {
    uint8_t again[4];
    const uint8_t *at = list.at;
    uint32_t tag = psd_take_tag(&list);
    if (list.failed)
      return;
    psd_buffer buffer = psd_buffer_over(again, sizeof again);
    psd_put_tag(&buffer, tag);
    FUZZ_ASSERT(buffer.length == (size_t)(list.at - at) && memcmp(again, at, buffer.length) == 0);
  }
}

/* A command taken apart, put together in the shortest form and taken apart again is the same command. */
static void read_command(const uint8_t *data, size_t size) {
  psd_apdu apdu;
  psd_apdu second;
  if (!psd_parse_apdu(data, size, &apdu))
    return;
  FUZZ_ASSERT(size >= 4 && apdu.nc <= size - 4 && (apdu.nc > 0) == (apdu.data != NULL));
  uint8_t *again = malloc(PSD_APDU_MAX);
  FUZZ_ASSERT(again != NULL);
  psd_buffer buffer = psd_buffer_over(again, PSD_APDU_MAX);
  psd_put_apdu(&buffer, &apdu);
  FUZZ_ASSERT(!buffer.overflow && buffer.length <= size + 1 && psd_parse_apdu(again, buffer.length, &second));
  FUZZ_ASSERT(second.cla == apdu.cla && second.ins == apdu.ins && second.p1 == apdu.p1 && second.p2 == apdu.p2);
  FUZZ_ASSERT(second.nc == apdu.nc && second.ne == apdu.ne);
  FUZZ_ASSERT(apdu.nc == 0 || memcmp(second.data, apdu.data, apdu.nc) == 0);
  free(again);
}

static void read_message(unsigned which, const uint8_t *data, size_t size) {
  union {
    uint8_t room[1024];
    uint64_t aligned;
  } value;
  uint8_t again[1024];
  psd_message_id id = (psd_message_id)(which % PSD_MESSAGE_COUNT);
  FUZZ_ASSERT(psd_messages[id].struct_size <= sizeof value && psd_messages[id].size <= sizeof again);
  if (!psd_parse_message(data, size, id, &value)) {
    FUZZ_ASSERT(size != psd_messages[id].size);
    return;
  }
  psd_buffer buffer = psd_buffer_over(again, sizeof again);
  psd_put_message(&buffer, id, &value);
  FUZZ_ASSERT(buffer.length == size && memcmp(again, data, size) == 0);
}

static void describe(unsigned what, unsigned argument, psd_text *text, const uint8_t *data, size_t size) {
  size_t half = size / 2;
  switch (what % 6) {
  case 0:
    psd_describe_value(text, (psd_format)(argument % FORMATS), data, size);
    break;
  case 1:
    psd_describe_list(text, psd_cursor_over(data, size));
    break;
  case 2:
    psd_describe_command(text, data, size);
    break;
  case 3:
    psd_describe_response(text, data, half, data + half, size - half);
    break;
  case 4:
    psd_describe_atr(text, data, size);
    break;
  default:
    psd_describe_status(text, (uint16_t)(argument << 8 | (size > 0 ? data[0] : 0)));
    break;
  }
}

/* Words never leave their memory, and always end. */
static void put_into_words(unsigned what, unsigned argument, size_t room, const uint8_t *data, size_t size) {
  char *memory = malloc(room);
  FUZZ_ASSERT(memory != NULL);
  psd_text text = psd_text_over(memory, room);
  describe(what, argument, &text, data, size);
  FUZZ_ASSERT(text.length < room && strlen(memory) == text.length);
  free(memory);
}

static void invert(uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)~bytes[i];
}

/* Makes another secret of each that the bytes hold, as a value of the format. */
static void change_secrets(psd_format format, uint8_t *bytes, size_t length) {
  if (format == PSD_FORMAT_SECRET)
    invert(bytes, length);
  if ((unsigned)format >= PSD_MESSAGE_COUNT)
    return;
  const psd_message *message = &psd_messages[(unsigned)format];
  size_t at = 0;
  for (size_t i = 0; i < message->field_count && message->fields[i].size <= length - at; i++) {
    if (message->fields[i].kind == PSD_KIND_SECRET)
      invert(bytes + at, message->fields[i].size);
    at += message->fields[i].size;
  }
}

static bool hidden(const psd_apdu *apdu) {
  psd_cla cla = psd_decode_cla(apdu->cla);
  const psd_command *row = cla.valid ? psd_command_of(cla.class, apdu->ins) : NULL;
  return row != NULL && (row->flags & PSD_FLAG_HIDE) != 0;
}

/* The words are the same whatever the secrets are. */
static void check_secrecy(psd_format format, uint8_t *bytes, size_t length) {
  static char before[WORDS_ROOM];
  static char after[WORDS_ROOM];
  psd_text first = psd_text_over(before, sizeof before);
  psd_text second = psd_text_over(after, sizeof after);
  psd_apdu apdu;
  psd_describe_value(&first, format, bytes, length);
  if (psd_parse_apdu(bytes, length, &apdu) && hidden(&apdu))
    psd_describe_command(&first, bytes, length);
  change_secrets(format, bytes, length);
  psd_describe_value(&second, format, bytes, length);
  change_secrets(format, bytes, length);
  if (psd_parse_apdu(bytes, length, &apdu) && hidden(&apdu)) {
    invert(bytes + (apdu.nc > 0 ? (size_t)(apdu.data - bytes) : 0), apdu.nc);
    psd_describe_command(&second, bytes, length);
  }
  FUZZ_ASSERT(strcmp(before, after) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  psd_cursor input = psd_cursor_over(data, size);
  unsigned what = fuzz_u8(&input);
  unsigned argument = fuzz_u8(&input);
  size_t length = 0;
  uint8_t *bytes = fuzz_take(&input, input.left, &length);
  walk(psd_cursor_over(bytes, length), 0);
  read_tags(psd_cursor_over(bytes, length));
  read_command(bytes, length);
  read_message(argument, bytes, length);
  put_into_words(what, argument, WORDS_ROOM, bytes, length);
  put_into_words(what, argument, argument + 1, bytes, length);
  check_secrecy((psd_format)(argument % FORMATS), bytes, length);
  free(bytes);
  return 0;
}
