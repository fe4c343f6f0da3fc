/* Bytes into words: what is shown, and that secrets never are. */
#include "check.h"
#include "psd/spec/describe.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#include <stdlib.h>
#include <string.h>

/* Stands for every secret: neither these characters nor their digits may be in a description. */
#define MARKER "SeCrEt"
#define MARKER_SIZE 6U
#define MARKER_HEX "536543724574"

static char memory[16384];

static psd_text fresh(void) {
  return psd_text_over(memory, sizeof memory);
}

static void expect(const char *words) {
  if (strcmp(memory, words) != 0)
    fprintf(stderr, "is       %s\nexpected %s\n", memory, words);
  CU_ASSERT_STRING_EQUAL(memory, words);
}

static void expect_no_secret(const char *what) {
  bool there = strstr(memory, MARKER) != NULL || strstr(memory, MARKER_HEX) != NULL;
  if (there)
    fprintf(stderr, "%s: %s\n", what, memory);
  CU_ASSERT_FALSE(there);
}

static void fill_with_markers(uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    bytes[i] = (uint8_t)MARKER[i % MARKER_SIZE];
}

static void describe_command(const char *hex) {
  uint8_t bytes[512];
  size_t length = psd_check_hex(hex, bytes, sizeof bytes);
  psd_text text = fresh();
  psd_describe_command(&text, bytes, length);
}

static void describe_response(const char *command, const char *response) {
  uint8_t sent[512];
  uint8_t bytes[512];
  size_t sent_length = psd_check_hex(command, sent, sizeof sent);
  size_t length = psd_check_hex(response, bytes, sizeof bytes);
  psd_text text = fresh();
  psd_describe_response(&text, sent, sent_length, bytes, length);
}

/* One command with `nc` marker bytes, in the form asked for. */
static void hide_one(const psd_command *row, uint8_t cla, size_t nc, bool extended, bool cut) {
  uint8_t data[2048];
  uint8_t command[2100];
  fill_with_markers(data, sizeof data);
  psd_apdu apdu = {.cla = cla, .ins = row->ins, .p1 = 0xDF, .p2 = 0x32, .data = data, .nc = nc, .extended = extended};
  psd_buffer buffer = psd_buffer_over(command, sizeof command);
  psd_put_apdu(&buffer, &apdu);
  CU_ASSERT_FALSE_FATAL(buffer.overflow);
  psd_text text = fresh();
  psd_describe_command(&text, command, cut ? buffer.length - 1 : buffer.length);
  expect_no_secret(row->name);
}

static void secret_data_of_commands(void) {
  static const uint8_t classes[] = {0x00, 0x01, 0x04, 0x0C, 0x10, 0x17, 0x43, 0x60, 0x80, 0x84, 0x94, 0xC1, 0xA0, 0xFF};
  static const size_t lengths[] = {6, 16, 32, 255, 1024};
  unsigned hidden = 0;
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    if ((row->flags & PSD_FLAG_HIDE) == 0)
      continue;
    hidden++;
    for (size_t c = 0; c < sizeof classes; c++) /* of the row's own class, secured, chained, or mistaken */
      for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++)
        for (unsigned form = 0; form < 4; form++)
          hide_one(row, classes[c], lengths[l], (form & 1) != 0, (form & 2) != 0);
  }
  CU_ASSERT_TRUE(hidden >= 8); /* VERIFY and its like, PUT DATA, STORE DATA, PUT KEY, ROTATE KEY, the sign-on */
}

static void hides_what_may_be_secret(void) {
  CU_ASSERT_TRUE(psd_describe_hides(&(psd_apdu){.cla = 0x00, .ins = 0x20}));
  CU_ASSERT_TRUE(psd_describe_hides(&(psd_apdu){.cla = 0x80, .ins = 0x20})); /* VERIFY, its class mistaken */
  CU_ASSERT_TRUE(psd_describe_hides(&(psd_apdu){.cla = 0xFF, .ins = 0x20}));
  CU_ASSERT_FALSE(psd_describe_hides(&(psd_apdu){.cla = 0x00, .ins = 0xCA}));
  CU_ASSERT_FALSE(psd_describe_hides(&(psd_apdu){.cla = 0x00, .ins = 0x00}));
}

static void says_how_long_a_secret_is(void) {
  describe_command("00200081 06 313233343536");
  expect("VERIFY P1 00 P2 81, 6 secret bytes");
  describe_command("00DADF31 03 414243");
  expect("PUT DATA DF31, the user's name for the card, 3 secret bytes");
}

/* The value of an object, with its secret fields full of markers. */
static size_t secret_value(const psd_object *object, uint8_t *value) {
  if ((unsigned)object->format >= PSD_MESSAGE_COUNT) {
    fill_with_markers(value, object->most);
    return object->most;
  }
  const psd_message *message = &psd_messages[object->format];
  size_t at = 0;
  for (size_t i = 0; i < message->field_count; i++) {
    if (message->fields[i].kind == PSD_KIND_SECRET)
      fill_with_markers(value + at, message->fields[i].size);
    else
      memset(value + at, 0, message->fields[i].size);
    at += message->fields[i].size;
  }
  return at;
}

static bool is_secret(const psd_object *object) {
  return object->read == PSD_NEVER;
}

static void secret_objects(void) {
  unsigned secrets = 0;
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *object = &psd_objects[i];
    if (!is_secret(object))
      continue;
    secrets++;
    uint8_t value[64];
    uint8_t list[128];
    size_t length = secret_value(object, value);
    for (size_t cut = 0; cut <= length; cut++) {
      psd_text text = fresh();
      psd_describe_value(&text, object->format, value, cut);
      expect_no_secret(object->name);
    }
    psd_buffer buffer = psd_buffer_over(list, sizeof list);
    psd_put_tlv(&buffer, object->tag, value, length);
    psd_text text = fresh();
    psd_describe_list(&text, psd_cursor_over(list, buffer.length));
    expect_no_secret(object->name);
    CU_ASSERT_PTR_NOT_NULL(strstr(memory, "secret bytes"));
  }
  CU_ASSERT_TRUE(secrets >= 5);
}

/* A card should never send one, but a trace must not show it if it does. */
static void secret_objects_in_answers(void) {
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *object = &psd_objects[i];
    if (!is_secret(object))
      continue;
    uint8_t response[128];
    size_t length = secret_value(object, response);
    memcpy(response + length, "\x90\x00", 2);
    uint8_t command[] = {0x00, 0xCA, (uint8_t)(object->tag >> 8), (uint8_t)object->tag, 0x00};
    psd_text text = fresh();
    psd_describe_response(&text, command, sizeof command, response, length + 2);
    expect_no_secret(object->name);
  }
}

static void secret_layouts(void) {
  for (size_t i = 0; i < PSD_MESSAGE_COUNT; i++) {
    const psd_message *message = &psd_messages[i];
    psd_object like = {.format = (psd_format)i};
    uint8_t value[512];
    CU_ASSERT_FATAL(message->size <= sizeof value);
    size_t length = secret_value(&like, value);
    psd_text text = fresh();
    psd_describe_value(&text, (psd_format)i, value, length);
    expect_no_secret(psd_message_name(message));
    CU_ASSERT_PTR_NOT_NULL(strstr(memory, psd_field_words(&message->fields[0])));
  }
}

/* Whatever the answer's status, class and length: the keys that MUTUAL AUTHENTICATE hands to the Host. */
static void secret_answers(void) {
  static const char *const statuses[] = {"9000", "6110", "6282", "6300"};
  unsigned hidden = 0;
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    if ((row->flags & PSD_FLAG_KEYS) == 0)
      continue;
    hidden++;
    for (unsigned class = 0; class < 0x20; class ++)
      for (size_t s = 0; s < sizeof statuses / sizeof statuses[0]; s++) {
        uint8_t response[128 + 2];
        const uint8_t command[] = {(uint8_t)((row->class == PSD_CLASS_GP ? 0x80U : 0U) | class), row->ins, 0, 1, 0};
        if (!psd_decode_cla(command[0]).valid)
          continue;
        fill_with_markers(response, 128);
        psd_check_hex(statuses[s], response + 128, 2);
        psd_text text = fresh();
        psd_describe_response(&text, command, sizeof command, response, sizeof response);
        expect_no_secret(row->name);
        CU_ASSERT_PTR_NOT_NULL(strstr(memory, "128 secret bytes"));
      }
  }
  CU_ASSERT_EQUAL(hidden, 1);
  CU_ASSERT_TRUE(psd_describe_hides_answer(&(psd_apdu){.cla = 0x00, .ins = 0x82}));
  CU_ASSERT_FALSE(psd_describe_hides_answer(&(psd_apdu){.cla = 0x80, .ins = 0x82})); /* EXTERNAL AUTHENTICATE */
  CU_ASSERT_FALSE(psd_describe_hides_answer(&(psd_apdu){.cla = 0x00, .ins = 0xFF}));
}

static void names_and_parameters(void) {
  describe_command("00A4040005 F050534401 00");
  expect("SELECT P1 04 P2 00, data F050534401");
  describe_command("00CADF2000");
  expect("GET DATA DF20, device identity");
  describe_command("01C0000000");
  expect("GET RESPONSE [channel 1] P1 00 P2 00");
  describe_command("9482330002 AABB");
  expect("EXTERNAL AUTHENTICATE [more follows] [secured] P1 33 P2 00, data AABB");
  describe_command("00FF0102");
  expect("unknown command 00 FF P1 01 P2 02");
  describe_command("FF010203");
  expect("unknown command FF 01 [class FF] P1 02 P2 03");
}

/* Heads field by field; what is short, chained or secured stays as it is. IMPORT KEY is not shown at all. */
static void services(void) {
  describe_command("801E010108 0102030405060708");
  expect("REQUEST REVOCATION P1 01 P2 01: random 0102030405060708");
  describe_command("802601001D 0102030405060708 00000000000061A8 0000000000000000 04 53686F70");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "amount 25.00"));
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "data 53686F70"));
  describe_command("8026010002 0102");
  expect("PAY P1 01 P2 00, data 0102");
  describe_command("901E010108 0102030405060708");
  expect("REQUEST REVOCATION [more follows] P1 01 P2 01, data 0102030405060708");
  describe_command("802E010107 01" MARKER_HEX);
  expect_no_secret("IMPORT KEY");
  describe_response("801A0000", "03 0000000065000000 0000000000000007 0000000000000011 0000000000000005 9000");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "what the validation cost 0.005"));
}

static void malformed_commands(void) {
  describe_command("00A404");
  expect("malformed command 00A404");
  describe_command("");
  expect("malformed command ");
  describe_command("00A4040005 F050");
  expect("SELECT P1 04 P2 00, its length contradicts its Lc (7 bytes)");
}

static void answers(void) {
  describe_response("00CADF2200", "04009000");
  expect("9000 done: state OPERATIONAL, fault none");
  describe_response("00CADF2300", "00000000000003E8 0000000000002328 0000000000002710 00000002 9000");
  expect("9000 done: ascending register 1.00, descending register 9.00, control total 10.00, piece count 2");
  describe_response("00CB3FFF04 5C02DF22 00", "DF22020400 9000");
  expect("9000 done: life cycle: state OPERATIONAL, fault none");
  describe_response("00CB3FFF04 5C02DF22 00", "DF22020499DF 9000");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "4 (unknown)") == NULL ? strstr(memory, "153 (unknown)") : NULL);
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "(malformed)"));
  describe_response("8010000000", "3FFF0000 9000");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "16383"));
  describe_response("00200081", "63C2");
  expect("63C2 verification failed; tries left: 2");
  describe_response("00840000 02", "AABB9000");
  expect("9000 done: AABB");
  describe_response("00B0000000", "AABB6282");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, ": AABB"));
}

static void answers_that_are_none(void) {
  describe_response("00CADF2200", "");
  expect("no answer");
  describe_response("00CADF2200", "90");
  expect("no answer");
  describe_response("00CADF2200", "1234");
  expect("1234 (not a status word of this card)");
  describe_response("00CADF2200", "AA9000"); /* shorter than its layout */
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "cut short"));
  describe_response("00CADF", "AABB9000");
  expect("9000 done: AABB");
}

/* Behind secure messaging the bytes mean nothing without the keys. */
static void secured_answers(void) {
  describe_response("84CADF2200", "0400 0011223344556677 9000");
  expect("9000 done: 04000011223344556677");
}

static void log_records(void) {
  describe_response("00B2012C00", "00000001 000000006955B900 02 02 DF25 0000000000000000 00000000000003E8"
                                  "0000000000002328 9000");
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "2026-01-01 00:00:00 UTC"));
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "life cycle state changed"));
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "INITIALIZED"));
}

static void lists(void) {
  uint8_t bytes[64];
  size_t length = psd_check_hex("4F05F050534401 5001AA DF31024142", bytes, sizeof bytes);
  psd_text text = fresh();
  psd_describe_list(&text, psd_cursor_over(bytes, length));
  expect("application identifier: F050534401; 50: AA; the user's name for the card: AB");
}

static void amounts(void) {
  static const struct {
    uint64_t mills;
    const char *words;
  } known[] = {{0, "0.00"},      {10, "0.01"},      {1, "0.001"},
               {12340, "12.34"}, {12345, "12.345"}, {UINT64_MAX, "18446744073709551.615"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    psd_text text = fresh();
    psd_say_amount(&text, known[i].mills);
    expect(known[i].words);
  }
}

static void times(void) {
  static const struct {
    uint64_t seconds;
    const char *words;
  } known[] = {{0, "never"},
               {1, "1970-01-01 00:00:01 UTC"},
               {951782399, "2000-02-28 23:59:59 UTC"},
               {951782400, "2000-02-29 00:00:00 UTC"},
               {951868800, "2000-03-01 00:00:00 UTC"},
               {1767225600, "2026-01-01 00:00:00 UTC"},
               {4107542399, "2100-02-28 23:59:59 UTC"},
               {4107542400, "2100-03-01 00:00:00 UTC"}, /* no leap year */
               {UINT64_C(253402300799), "9999-12-31 23:59:59 UTC"},
               {UINT64_C(253402300800), "253402300800 s"},
               {UINT64_MAX, "18446744073709551615 s"}};
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
    psd_text text = fresh();
    psd_say_time(&text, known[i].seconds);
    expect(known[i].words);
  }
}

static void numbers_without_a_name(void) {
  psd_text text = fresh();
  psd_describe_value(&text, PSD_FORMAT_LIFE_CYCLE, "\x63\x62", 2);
  expect("state 99 (unknown), fault 98 (unknown)");
  uint8_t record[PSD_SIZE_LOG_RECORD] = {0};
  record[12] = 0xEE; /* the event */
  text = fresh();
  psd_describe_value(&text, PSD_FORMAT_LOG_RECORD, record, sizeof record);
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "event 238 (unknown)"));
}

static void no_control_characters(void) {
  psd_text text = fresh();
  psd_describe_value(&text, PSD_FORMAT_UTF8, "a\x1B[2J\x7F\n", 7);
  expect("a\\x1B[2J\\x7F\\x0A");
  text = fresh();
  psd_describe_value(&text, PSD_FORMAT_UTF8, "a\xC2\x9B[J\x9B\xC3\xBC\xC2\xA0\xC3", 11); /* C1, and no UTF-8 */
  expect("a\\xC2\\x9B[J\\x9B\xC3\xBC\xC2\xA0\\xC3");
}

static void long_data_are_counted(void) {
  uint8_t bytes[100] = {0};
  psd_text text = fresh();
  psd_say_hex(&text, bytes, sizeof bytes);
  CU_ASSERT_PTR_NOT_NULL(strstr(memory, "... (100 bytes)"));
  CU_ASSERT_EQUAL(strspn(memory, "0"), 192);
}

/* However little room there is, the text ends with a NUL inside it. */
static void text_is_cut_to_its_room(void) {
  uint8_t command[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01, 0x00};
  char whole[256];
  psd_text text = psd_text_over(whole, sizeof whole);
  psd_describe_command(&text, command, sizeof command);
  for (size_t room = 1; room < 60; room++) {
    char *exact = malloc(room);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    if (exact == NULL)
      return;
    psd_text small = psd_text_over(exact, room);
    psd_describe_command(&small, command, sizeof command);
    CU_ASSERT_TRUE_FATAL(strlen(exact) < room);
    CU_ASSERT_EQUAL(small.length, strlen(exact));
    CU_ASSERT_EQUAL(strncmp(exact, whole, strlen(exact)), 0);
    free(exact);
  }
}

static void status_words(void) {
  for (size_t i = 0; i < psd_status_count; i++) {
    psd_text text = fresh();
    psd_describe_status(&text, psd_statuses[i].value);
    CU_ASSERT_PTR_NOT_NULL(strstr(memory, psd_statuses[i].meaning));
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"secret data of commands are never shown, whatever class, form or length", secret_data_of_commands},
      {"data of a command in a mistaken class are secret too", hides_what_may_be_secret},
      {"the length of a secret is shown", says_how_long_a_secret_is},
      {"secret objects are never shown, whole, cut or in a list", secret_objects},
      {"secret objects in an answer are never shown", secret_objects_in_answers},
      {"secret fields of a layout are never shown", secret_layouts},
      {"secret answers are never shown", secret_answers},
      {"commands are named, with channel, chain and secure messaging", names_and_parameters},
      {"services of the certificate meter", services},
      {"malformed commands are called so", malformed_commands},
      {"answers are explained by their command", answers},
      {"answers that are none", answers_that_are_none},
      {"secured answers are shown as bytes", secured_answers},
      {"log records are explained", log_records},
      {"lists of data objects", lists},
      {"amounts of money", amounts},
      {"times, leap years included", times},
      {"states, events and faults that have no name", numbers_without_a_name},
      {"no control characters reach a terminal", no_control_characters},
      {"long data are cut and counted", long_data_are_counted},
      {"text is cut to its room and always ends", text_is_cut_to_its_room},
      {"every status word has its meaning", status_words},
  };
  return psd_check_run("descriptions", tests, PSD_CHECK_COUNT(tests));
}
