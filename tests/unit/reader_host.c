/* What is meant and what crosses the wire: channels, chains, GET RESPONSE, and answers no sound card gives. */
#include "psd/reader/command.h"
#include "psd/reader/scp03.h"
#include "psd/spec/describe.h"
#include "psd/spec/status.h"
#include "reader_script.h"

#include <string.h>

#define LINES(...)                                                                                                     \
  static const script_line lines[] = {__VA_ARGS__};                                                                    \
  script card = {.atr = SCRIPT_ATR_FULL, .lines = lines, .count = sizeof lines / sizeof lines[0]}

/* The card was asked all that the script has, and left. */
static void finish(psd_host *host, script *card) {
  psd_host_close(host);
  if (!card->again)
    CU_ASSERT_EQUAL(card->at, card->count);
  CU_ASSERT_EQUAL(card->closed, 1);
  CU_ASSERT_EQUAL(card->begun, card->ended);
}

static uint8_t answer_bytes[70000];

static psd_result get(psd_host *host, size_t capacity, psd_buffer *answer) {
  *answer = psd_buffer_over(answer_bytes, capacity);
  return psd_host_get_data(host, 0xDF20, answer);
}

/* ISO/IEC 7816-4:2005, 7.6.1 and 5.1.3: 61xx says how many bytes wait; 00 is 256 or more. */
static void get_response(void) {
  LINES({"00CADF2000", "AABB6103"}, {"00C0000003", "0102036100"}, {"00C0000000", "04059000"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_OK);
  psd_check_bytes(answer.data, answer.length, "AABB0102030405", "joined answer");
  finish(host, &card);
}

/* 5.1.3: 6Cxx names the right Le; the command is repeated with it, once. */
static void wrong_le(void) {
  LINES({"00CADF2000", "6C08"}, {"00CADF2008", "01020304050607089000"}, {"00CADF2000", "6C00"}, {"00CADF2000", "6C08"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_OK);
  CU_ASSERT_EQUAL(answer.length, 8);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_error(host)->status, 0x6C08);
  finish(host, &card);
}

/* The command was carried out: that the card keeps its answer is no refusal of it. */
static void rest_is_refused(void) {
  LINES({"00CADF2000", "6103"}, {"00C0000003", "6985"}, {"00CADF2000", "AA6103"}, {"00C0000003", "9000"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_BAD_ANSWER);
  finish(host, &card);
}

static void endless_answers(void) {
  LINES({NULL, "6110"});
  card.again = true;
  psd_host *host = script_host(&card);
  psd_buffer answer;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_FATAL(card.at <= 3);
  finish(host, &card);
}

static void endless_data(void) {
  LINES({NULL, "AA6110"});
  card.again = true;
  psd_host *host = script_host(&card);
  psd_buffer answer;
  CU_ASSERT_EQUAL(get(host, sizeof answer_bytes, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_FATAL(card.at <= 65540);
  finish(host, &card);
}

static void answers_that_do_not_fit(void) {
  LINES({NULL, "0102030405069000"}, {NULL, "90"}, {NULL, ""}, {NULL, "6A88"}, {NULL, "019000"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  psd_device_id id;
  CU_ASSERT_EQUAL(get(host, 5, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_error(host)->status, PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_host_error(host)->words, "6A88 referenced data not found"));
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_DEVICE_ID, &id), PSD_BAD_ANSWER);
  finish(host, &card);
}

/* `head`, `count` times `what`, `tail`. */
static void compose(char *out, size_t capacity, const char *head, const char *what, size_t count, const char *tail) {
  psd_text text = psd_text_over(out, capacity);
  psd_say(&text, "%s", head);
  for (size_t i = 0; i < count; i++)
    psd_say(&text, "%s", what);
  psd_say(&text, "%s", tail);
}

/* 5.1.1.1: data that do not fit go in a chain; 5.1: or in extended form where the card has it. */
static void long_data(void) {
  static const uint8_t data[600] = {0};
  static char first[600], last[600], whole[1300];
  compose(first, sizeof first, "10DADF2AFF", "00", 255, "");
  compose(last, sizeof last, "00DADF2A5A", "00", 90, "");
  compose(whole, sizeof whole, "00DADF2A000258", "00", 600, "");
  const script_line chained[] = {{first, "9000"}, {first, "9000"}, {last, "9000"}, {first, "9000"}, {first, "6884"}};
  script card = {.atr = SCRIPT_ATR_CHAINS, .lines = chained, .count = 5};
  psd_host *host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_status(host), PSD_SW_CHAINING_UNSUPPORTED);
  finish(host, &card);

  const script_line extended[] = {{whole, "9000"}};
  card = (script){.atr = SCRIPT_ATR_FULL, .lines = extended, .count = 1};
  host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_OK);
  finish(host, &card);

  card = (script){.atr = SCRIPT_ATR_FULL, .lines = chained, .count = 3, .short_only = true};
  host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_OK);
  finish(host, &card);

  card = (script){.atr = SCRIPT_ATR_PLAIN};
  host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 3000), PSD_BAD_INPUT);
  finish(host, &card);
}

/* 7.1.2 and 5.1.1: everything goes out on the channel that was opened, and the channel is closed in the end. */
static void channels(void) {
  LINES({"0070000001", "029000"}, {"02CADF2000", "6101"}, {"02C0000001", "AA9000"}, {"8210000000", "000000009000"},
        {"00708002", "9000"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  psd_self_test test;
  CU_ASSERT_EQUAL(psd_host_open_channel(host), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_channel(host), 2);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_self_test(host, &test), PSD_OK);
  finish(host, &card);
  CU_ASSERT_EQUAL(card.begun, 1);
}

static void further_channels(void) {
  LINES({"0070000001", "139000"}, {"4FCADF2000", "9000"}, {"CF10000000", "000000009000"}, {"00708013", "9000"});
  psd_host *host = script_host(&card);
  psd_buffer answer;
  psd_self_test test;
  CU_ASSERT_EQUAL(psd_host_open_channel(host), PSD_OK);
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_self_test(host, &test), PSD_OK);
  finish(host, &card);
}

static void channels_that_are_none(void) {
  LINES({NULL, "6A81"}, {NULL, "009000"}, {NULL, "149000"}, {NULL, "9000"});
  psd_host *host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_open_channel(host), PSD_REFUSED);
  for (int i = 0; i < 3; i++)
    CU_ASSERT_EQUAL(psd_host_open_channel(host), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(psd_host_channel(host), 0);
  finish(host, &card);
}

/* 5.4: a PIN that was presented does not outlive the conversation. */
static void leaving(void) {
  LINES({"0020008104 31323334", "9000"}, {"00A4000C023F00", "9000"});
  psd_host *host = script_host(&card);
  psd_secret pin = {.bytes = "1234", .length = 4};
  CU_ASSERT_EQUAL(psd_host_verify(host, &pin), PSD_OK);
  finish(host, &card);
}

static void pins(void) {
  LINES({"0020008104 31323334", "63C1"}, {"00200081", "63C1"}, {"00200081", "9000"});
  psd_host *host = script_host(&card);
  psd_secret pin = {.bytes = "1234", .length = 4};
  psd_secret small = {.bytes = "123", .length = 3};
  CU_ASSERT_EQUAL(psd_host_verify(host, &pin), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_error(host)->status, 0x63C1);
  CU_ASSERT_PTR_NOT_NULL(strstr(psd_host_error(host)->words, "VERIFY: 63C1"));
  CU_ASSERT_EQUAL(psd_host_pin_verified(host), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_pin_verified(host), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_verify(host, &small), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_change_pin(host, &pin, &small), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_unblock_pin(host, &small, &pin), PSD_BAD_INPUT);
  finish(host, &card);
}

/* 7.5.7 and 7.5.10: both values have their place, padded. */
static void pairs_of_pins(void) {
  LINES({"0024008120 31323334FFFFFFFFFFFFFFFFFFFFFFFF 30313233343536373839414243444546", "9000"},
        {"002C008120 3837363534333231FFFFFFFFFFFFFFFF 31323334FFFFFFFFFFFFFFFFFFFFFFFF", "9000"});
  psd_host *host = script_host(&card);
  psd_secret pin = {.bytes = "1234", .length = 4};
  psd_secret puk = {.bytes = "87654321", .length = 8};
  psd_secret longest = {.length = 16};
  memcpy(longest.bytes, "0123456789ABCDEF", 16);
  CU_ASSERT_EQUAL(psd_host_change_pin(host, &pin, &longest), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_unblock_pin(host, &puk, &pin), PSD_OK);
  finish(host, &card);
}

/* 7.2.3: a file is read until it ends, however the card says so. */
static void whole_files(void) {
  static char page[600], last[600], hole[600];
  compose(page, sizeof page, "", "AB", 256, "9000");
  compose(last, sizeof last, "", "AB", 10, "9000");
  compose(hole, sizeof hole, "", "AB", 256, "6282");
  const script_line lines[] = {{"00A4020C025102", "9000"}, {"00B0000000", page},   {"00B0010000", page},
                               {"00B0020000", last},       {"00B0000000", page},   {"00B0010000", "6B00"},
                               {"00B0000000", hole},       {"00B0000000", "6B00"}, {"00B0000000", "9000"}};
  script card = {.atr = SCRIPT_ATR_CHAINS, .lines = lines, .count = 9};
  psd_host *host = script_host(&card);
  static const size_t lengths[] = {522, 256, 256};
  CU_ASSERT_EQUAL(psd_host_select_file(host, PSD_FILE_STATUS), PSD_OK);
  for (size_t i = 0; i < 3; i++) {
    psd_buffer content = psd_buffer_over(answer_bytes, sizeof answer_bytes);
    CU_ASSERT_EQUAL(psd_host_read_binary(host, &content), PSD_OK);
    CU_ASSERT_EQUAL(content.length, lengths[i]);
  }
  psd_buffer content = psd_buffer_over(answer_bytes, sizeof answer_bytes);
  CU_ASSERT_EQUAL(psd_host_read_binary(host, &content), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_read_binary(host, &content), PSD_OK);
  finish(host, &card);

  const script_line endless[] = {{NULL, page}};
  card = (script){.atr = SCRIPT_ATR_CHAINS, .lines = endless, .count = 1, .again = true};
  host = script_host(&card);
  CU_ASSERT_EQUAL(psd_host_read_binary(host, &content), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(card.at, 128);
  finish(host, &card);
}

/* GET LAST: what was asked for is P1, and what was answered is handed on as it is. */
static void last_answers(void) {
  LINES({"80580000000000", "010203 9000"}, {"80580100000000", "AABB 9000"}, {"80580100000000", "6982"},
        {"80580100000000", "6A88"});
  psd_host *host = script_host(&card);
  psd_buffer answer = psd_buffer_over(answer_bytes, 64);
  CU_ASSERT_EQUAL(psd_host_get_last(host, PSD_LAST_EVIDENCE, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_last(host, PSD_LAST_FUNDS, &answer), PSD_OK);
  psd_check_bytes(answer.data, answer.length, "010203 AABB", "answers");
  CU_ASSERT_EQUAL(psd_host_get_last(host, PSD_LAST_FUNDS, &answer), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_error(host)->status, PSD_SW_SECURITY_STATUS);
  CU_ASSERT_EQUAL(psd_host_get_last(host, PSD_LAST_FUNDS, &answer), PSD_REFUSED);
  CU_ASSERT_EQUAL(answer.length, 5);
  psd_host_close(host);
}

static void other_commands(void) {
  LINES({"00B2012C00", "AABB9000"}, {"0084000008", "01020304050607089000"}, {"0084000008", "010203049000"},
        {"8010000000", "0001020000009000"}, {"00CB3FFF0000065C04DF25DF2D0000", "9000"},
        {"00A4040C05F050534401", "9000"}, {"00A4040005F05053440100", "6F009000"}, {"00A4040C05F050534401", "6283"});
  psd_host *host = script_host(&card);
  psd_buffer answer = psd_buffer_over(answer_bytes, 64);
  psd_self_test test;
  uint8_t challenge[8];
  static const psd_object_id objects[] = {PSD_OBJECT_FUNDS, PSD_OBJECT_REFILL};
  static const psd_object_id many[130] = {PSD_OBJECT_FUNDS};
  CU_ASSERT_EQUAL(psd_host_read_record(host, 5, 1, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_challenge(host, challenge, 8), PSD_OK);
  psd_check_bytes(challenge, 8, "0102030405060708", "challenge");
  CU_ASSERT_EQUAL(psd_host_get_challenge(host, challenge, 8), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(psd_host_get_challenge(host, challenge, 0), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_get_challenge(host, challenge, 257), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_self_test(host, &test), PSD_BAD_ANSWER);
  CU_ASSERT_EQUAL(psd_host_get_data_list(host, objects, 2, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_data_list(host, many, 130, &answer), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, &answer), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_status(host), PSD_SW_DEACTIVATED);
  finish(host, &card);
}

/* What goes wrong below arrives above, and ends a secure channel. */
static void failures_below(void) {
  LINES({NULL, "9000"});
  psd_host *host = script_host(&card);
  psd_host_keys keys = {.version = 1, .size = 16};
  psd_buffer answer;
  static const psd_result results[] = {PSD_RESET, PSD_LOST, PSD_TIMEOUT};
  for (size_t i = 0; i < 3; i++) {
    card.result = results[i];
    CU_ASSERT_EQUAL(get(host, 64, &answer), results[i]);
    CU_ASSERT_TRUE(psd_result_unreachable(results[i]));
    CU_ASSERT_EQUAL(psd_host_secure(host, &keys, PSD_LEVEL_ALL, 8), results[i]);
    CU_ASSERT_STRING_EQUAL(psd_host_error(host)->words, "as the script has it");
  }
  CU_ASSERT_EQUAL(psd_host_secure(host, &keys, PSD_LEVEL_ALL, 12), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_host_replace_keys(host, &keys, &keys), PSD_BAD_INPUT);
  card.result = PSD_OK;
  CU_ASSERT_EQUAL(psd_host_secure(host, &keys, PSD_LEVEL_ALL, 8), PSD_BAD_ANSWER);
  CU_ASSERT_FALSE(psd_result_unreachable(PSD_BAD_ANSWER));
  finish(host, &card);
}

/* After a reset by somebody else our channel is closed and nothing is presented. */
static void reset_by_others(void) {
  LINES({"0070000001", "029000"}, {"0220008104 31323334", "9000"}, {"00CADF2000", "9000"});
  psd_host *host = script_host(&card);
  psd_secret pin = {.bytes = "1234", .length = 4};
  psd_buffer answer;
  CU_ASSERT_EQUAL(psd_host_open_channel(host), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_verify(host, &pin), PSD_OK);
  card.result = PSD_RESET;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_RESET);
  CU_ASSERT_EQUAL(psd_host_channel(host), 0);
  card.result = PSD_OK;
  CU_ASSERT_EQUAL(get(host, 64, &answer), PSD_OK);
  finish(host, &card); /* nothing to leave */
}

/* ISO/IEC 7816-3:2006, 8.2: an answer to reset may be cut anywhere; nothing is then taken for granted. */
static void strange_atrs(void) {
  static const char *const atrs[] = {"3B",
                                     "3BFF",
                                     "3BF0",
                                     "3B0F80",
                                     "3B8F80017300",
                                     "3B05807300000000",
                                     "3B80FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
                                     "3B0500 0073F6",
                                     "3B0180",
                                     "3B02807F"};
  static const uint8_t data[600] = {0};
  for (size_t i = 0; i < sizeof atrs / sizeof atrs[0]; i++) {
    script card = {.atr = atrs[i]};
    psd_host *host = script_host(&card);
    CU_ASSERT_EQUAL(psd_host_put_data(host, 0xDF2A, data, 600), PSD_BAD_INPUT);
    finish(host, &card);
  }
}

static uint64_t random_state;

static uint32_t next_random(void) { /* xorshift64 */
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return (uint32_t)(random_state >> 32);
}

/* Noise that ends in a status word, most often in one that keeps the host going. */
static size_t noise(uint8_t *response, size_t capacity) {
  static const uint16_t words[] = {0x9000, 0x9000, 0x6100, 0x6108, 0x6C10, 0x6282, 0x63C2, 0x6985};
  size_t length = next_random() % 16 == 0 ? next_random() % 4000 : next_random() % 48;
  CU_ASSERT_FATAL(length + 2 <= capacity);
  for (size_t i = 0; i < length; i++)
    response[i] = (uint8_t)next_random();
  uint16_t word = words[next_random() % 8];
  response[length] = (uint8_t)(word >> 8);
  response[length + 1] = (uint8_t)word;
  return next_random() % 64 == 0 ? next_random() % 2 : length + 2;
}

/* One of the things a host does; whatever comes back, it ends. */
static psd_result do_something(psd_host *host, psd_buffer *out) {
  static const psd_secret pin = {.bytes = "1234", .length = 4};
  static const psd_object_id objects[] = {PSD_OBJECT_FUNDS, PSD_OBJECT_LIMITS};
  static const uint8_t data[300] = {0};
  const psd_host_keys keys = {.version = 1, .size = 16};
  psd_registers registers;
  psd_self_test test;
  switch (next_random() % 10) {
  case 0:
    return psd_host_open_channel(host);
  case 1:
    return psd_host_select_psd(host, out);
  case 2:
    return psd_host_get_object(host, PSD_OBJECT_POSTAGE_REGISTERS, &registers);
  case 3:
    return psd_host_get_data_list(host, objects, 2, out);
  case 4:
    return psd_host_read_binary(host, out);
  case 5:
    return psd_host_verify(host, &pin);
  case 6:
    return psd_host_self_test(host, &test);
  case 7:
    return psd_host_put_data(host, 0xDF2A, data, sizeof data);
  case 8:
    return psd_host_secure(host, &keys, PSD_LEVEL_ALL, next_random() % 2 == 0 ? 8 : 16);
  default:
    return psd_host_read_record(host, 5, 1, out);
  }
}

static void a_card_that_raves(void) {
  unsigned done = 0;
  random_state = 88172645463325252U;
  for (unsigned round = 0; round < 400; round++) {
    script card = {.atr = round % 2 == 0 ? SCRIPT_ATR_FULL : SCRIPT_ATR_CHAINS, .make = noise};
    psd_host *host = script_host(&card);
    for (unsigned i = 0; i < 20; i++) {
      psd_buffer out = psd_buffer_over(answer_bytes, next_random() % 5000);
      psd_result result = do_something(host, &out);
      done += result == PSD_OK;
      CU_ASSERT_FATAL(result <= PSD_BAD_INPUT);
      CU_ASSERT_FATAL(result == PSD_OK || psd_host_error(host)->words[0] != '\0');
    }
    psd_host_close(host);
  }
  CU_ASSERT_FATAL(done > 400); /* noise can be an answer */
}

int main(void) {
  static const psd_check_test tests[] = {
      {"GET RESPONSE", get_response},
      {"6Cxx", wrong_le},
      {"GET RESPONSE is refused", rest_is_refused},
      {"61xx for ever, without data", endless_answers},
      {"61xx for ever, with data", endless_data},
      {"answers of the wrong length", answers_that_do_not_fit},
      {"chains and extended lengths", long_data},
      {"logical channels", channels},
      {"further logical channels", further_channels},
      {"channel numbers that are none", channels_that_are_none},
      {"a PIN does not outlive the conversation", leaving},
      {"PINs", pins},
      {"old and new PIN", pairs_of_pins},
      {"READ BINARY to the end", whole_files},
      {"GET LAST", last_answers},
      {"other commands", other_commands},
      {"failures of the transport", failures_below},
      {"a reset by another program", reset_by_others},
      {"answers to reset", strange_atrs},
      {"a card that raves", a_card_that_raves},
  };
  return psd_check_run("reader: host", tests, PSD_CHECK_COUNT(tests));
}
