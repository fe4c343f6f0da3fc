/* Greeting and password (EP steps 200 to 206; docs/handshake.md, "Password"). */
#include "link_support.h"

#include <argon2.h>
#include <string.h>

/* Hash("psd password" || "test.realm", padded with blanks || 00 || "anna"), by sha256sum. */
static const char *const salt_of_anna = "ea64a419eb2176dc0beba98a5391f720";

static psd_greeting greeting_with(uint64_t memory, uint64_t passes, uint64_t lanes) {
  psd_greeting greeting = {.protocol = 1, .suites = 7, .memory = memory, .passes = passes, .lanes = lanes};
  memset(greeting.realm, ' ', sizeof greeting.realm);
  memcpy(greeting.realm, "test.realm", 10);
  return greeting;
}

static void salt_and_parameters(void) {
  psd_greeting greeting = greeting_with(8192, 1, 2);
  uint8_t verifier[PSD_VERIFIER], expected[PSD_VERIFIER], salt[16];
  psd_error error;
  CU_ASSERT_EQUAL(psd_check_hex(salt_of_anna, salt, sizeof salt), sizeof salt);
  CU_ASSERT_EQUAL(argon2id_hash_raw(1, 8192, 2, "secret", 6, salt, 16, expected, 32), ARGON2_OK);
  CU_ASSERT_EQUAL(psd_call_stretch(&greeting, "anna", "secret", 6, verifier, &error), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(verifier, expected, sizeof expected), 0);
  CU_ASSERT_EQUAL(psd_call_stretch(&greeting, "anne", "secret", 6, verifier, &error), PSD_OK);
  CU_ASSERT_NOT_EQUAL(memcmp(verifier, expected, sizeof expected), 0);
}

/* "The Host refuses parameters above 1 GiB, 16 passes or 16 lanes, and below 8 MiB or 1 pass." */
static void bounds(void) {
  static const struct {
    uint64_t memory, passes, lanes;
  } bad[] = {{8191, 1, 1}, {0, 1, 1},     {1048577, 1, 1}, {UINT32_MAX, 1, 1},
             {8192, 0, 1}, {8192, 17, 1}, {8192, 1, 0},    {8192, 1, 17}};
  uint8_t verifier[PSD_VERIFIER];
  psd_error error;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    psd_greeting greeting = greeting_with(bad[i].memory, bad[i].passes, bad[i].lanes);
    CU_ASSERT_EQUAL(psd_call_stretch(&greeting, "anna", "x", 1, verifier, &error), PSD_BAD_ANSWER);
  }
}

static void user_names(void) {
  static const char *const bad[] = {"", "123456789012345678901234567890123", "a\nb", "\x1b[2J", "\xff", "a\xc2"};
  static const char *const good[] = {"a", "12345678901234567890123456789012", "J\xc3\xb6rg M."};
  psd_greeting greeting = greeting_with(8192, 1, 1);
  uint8_t verifier[PSD_VERIFIER];
  psd_error error;
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CU_ASSERT_EQUAL(psd_call_stretch(&greeting, bad[i], "x", 1, verifier, &error), PSD_BAD_INPUT);
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    CU_ASSERT_EQUAL(psd_call_stretch(&greeting, good[i], "x", 1, verifier, &error), PSD_OK);
}

static psd_result call_to(canned *server, psd_error *error) {
  psd_call *call = NULL;
  psd_result result = psd_call_open(server->link, &call, error);
  server->link = NULL;
  CU_ASSERT_EQUAL(call != NULL, result == PSD_OK);
  psd_call_close(call);
  return result;
}

static void greetings(void) {
  uint8_t bytes[PSD_SIZE_GREETING + 1] = {0};
  const struct {
    unsigned type;
    uint8_t protocol;
    size_t length;
    psd_result result;
  } cases[] = {{PSD_FRAME_GREETING, 1, PSD_SIZE_GREETING, PSD_OK},
               {PSD_FRAME_GREETING, 1, PSD_SIZE_GREETING - 1, PSD_BAD_ANSWER},
               {PSD_FRAME_GREETING, 1, PSD_SIZE_GREETING + 1, PSD_BAD_ANSWER},
               {PSD_FRAME_GREETING, 1, 0, PSD_BAD_ANSWER},
               {PSD_FRAME_GREETING, 2, PSD_SIZE_GREETING, PSD_BAD_ANSWER},
               {PSD_FRAME_SIGN_ON, 1, PSD_SIZE_GREETING, PSD_BAD_ANSWER},
               {PSD_FRAME_ERROR_SIGNAL, 1, 3, PSD_BAD_ANSWER}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    canned server;
    psd_error error;
    canned_open(&server, PSD_PEER_METER, 2000);
    bytes[0] = cases[i].protocol;
    canned_say(&server, cases[i].type, bytes, cases[i].length);
    CU_ASSERT_EQUAL(call_to(&server, &error), cases[i].result);
    canned_close(&server);
  }
}

static void too_busy(void) {
  canned server;
  psd_error error;
  canned_open(&server, PSD_PEER_METER, 2000);
  canned_signal(&server, PSD_SIGNAL_BUSY, PSD_STEP_CALL, 5);
  CU_ASSERT_EQUAL(call_to(&server, &error), PSD_REFUSED);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, psd_signal_of(PSD_SIGNAL_BUSY)->words));
  canned_close(&server);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"salt and parameters", salt_and_parameters}, {"parameters out of bounds", bounds},    {"user names", user_names},
      {"greetings, good and bad", greetings},       {"a server that is too busy", too_busy},
  };
  return psd_check_run("reader: call", tests, PSD_CHECK_COUNT(tests));
}
