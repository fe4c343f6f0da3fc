#include "expect.h"

#include "check.h"
#include "pattern.h"

#include <stdio.h>
#include <string.h>

#define COMMAND_MAX 70000U
#define SHOWN_MAX 128U

static uint8_t bytes[COMMAND_MAX];
static uint8_t wrapped[COMMAND_MAX];

static size_t command_bytes(const char *command) {
  size_t length = 0;
  CU_ASSERT_TRUE_FATAL(pattern_bytes(command, bytes, sizeof bytes, &length));
  return length;
}

static void compare(const rig *r, const char *command, uint16_t status, const char *answer) {
  uint8_t whole[PSD_CARD_RESPONSE_MAX + 2];
  memcpy(whole, r->response, r->length);
  whole[r->length] = (uint8_t)(status >> 8);
  whole[r->length + 1] = (uint8_t)status;
  CU_ASSERT_TRUE_FATAL(pattern_valid(answer));
  bool same = pattern_matches(answer, whole, r->length + 2);
  if (!same) {
    fprintf(stderr, "\n    command  %s\n    expected %s\n    answered ", command, answer);
    for (size_t i = 0; i < r->length && i < SHOWN_MAX; i++)
      fprintf(stderr, "%02X", r->response[i]);
    fprintf(stderr, "%s %04X\n", r->length > SHOWN_MAX ? "..." : "", status);
  }
  CU_ASSERT(same);
}

void expect(rig *r, const char *command, const char *answer) {
  size_t length = command_bytes(command);
  compare(r, command, rig_send(r, bytes, length), answer);
}

void expect_secure(rig *r, const char *command, const char *answer) {
  size_t length = command_bytes(command);
  uint16_t status = rig_send(r, wrapped, rig_wrap_bytes(r, bytes, length, wrapped, sizeof wrapped));
  rig_unwrap(r, status);
  compare(r, command, status, answer);
}

void expect_whole(rig *r, const char *command, const char *answer) {
  compare(r, command, rig_whole(r, command), answer);
}

void expect_selected(rig *r) {
  expect(r, "00A4040005F05053440100", "*9000");
}
