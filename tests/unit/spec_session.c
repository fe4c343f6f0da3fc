/* The tables of the conversation, and frames. */
#include "check.h"
#include "psd/spec/session.h"

#include <string.h>

static void suites_are_single_bits(void) {
  unsigned all = 0;
  for (size_t i = 0; i < psd_suite_count; i++) {
    unsigned bit = psd_suites[i].suite;
    CU_ASSERT_TRUE(bit != 0 && (bit & (bit - 1)) == 0 && (all & bit) == 0 && bit <= 0xFF);
    all |= bit;
    CU_ASSERT_PTR_EQUAL(psd_suite_of(bit), &psd_suites[i]);
    CU_ASSERT_PTR_EQUAL(psd_suite_named(psd_suites[i].name), &psd_suites[i]);
  }
  CU_ASSERT_PTR_NULL(psd_suite_of(0));
  CU_ASSERT_PTR_NULL(psd_suite_of(PSD_SUITE_P256 | PSD_SUITE_RSA));
  CU_ASSERT_PTR_NULL(psd_suite_named("P256"));
}

/* Every signal is found at a step of the seed, or says that it may come at any. */
static void signals_name_their_step(void) {
  for (size_t i = 0; i < psd_signal_count; i++) {
    const psd_signal_row *row = &psd_signals[i];
    CU_ASSERT_PTR_EQUAL(psd_signal_of(row->signal), row);
    CU_ASSERT_TRUE(row->step == PSD_STEP_NONE || psd_step_of(row->step) != NULL);
    CU_ASSERT_TRUE(strlen(row->words) > 0);
  }
  CU_ASSERT_PTR_NULL(psd_signal_of(PSD_SIGNAL_NONE));
  CU_ASSERT_PTR_NULL(psd_signal_of(255));
}

static void steps_go_up(void) {
  for (size_t i = 0; i < psd_step_count; i++) {
    CU_ASSERT_TRUE(i == 0 || psd_steps[i - 1].step < psd_steps[i].step);
    CU_ASSERT_PTR_EQUAL(psd_step_of(psd_steps[i].step), &psd_steps[i]);
  }
  CU_ASSERT_PTR_NULL(psd_step_of(201));
}

/* HKDF labels that were prefixes of one another could give one key two uses. */
/* Each action is one bit of the two bytes that the audit result has for them; each operation is its own. */
static void actions_and_operations(void) {
  unsigned seen = 0;
  for (size_t i = 0; i < psd_action_count; i++) {
    unsigned action = psd_actions[i].action;
    CU_ASSERT_TRUE(action != 0 && action <= 0xFFFF && (action & (action - 1)) == 0 && (seen & action) == 0);
    CU_ASSERT_TRUE(psd_actions[i].name[0] != '\0' && psd_actions[i].words[0] != '\0');
    seen |= action;
  }
  CU_ASSERT_TRUE((seen & PSD_ACTION_ROTATE) != 0 && (seen & PSD_ACTION_RECOVER) != 0);
  for (unsigned value = PSD_OPERATION_NONE; value <= PSD_OPERATION_WITHDRAWN; value++) {
    const psd_operation_row *row = psd_operation_of(value);
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    CU_ASSERT_EQUAL((unsigned)row->operation, value);
  }
  CU_ASSERT_PTR_NULL(psd_operation_of(PSD_OPERATION_WITHDRAWN + 1));
}

static void labels_are_no_prefixes(void) {
  for (unsigned a = 0; a < PSD_KEY_LABEL_COUNT; a++)
    for (unsigned b = 0; b < PSD_KEY_LABEL_COUNT; b++) {
      const char *first = psd_key_label_text((psd_key_label)a);
      const char *second = psd_key_label_text((psd_key_label)b);
      CU_ASSERT_TRUE(a == b || strncmp(first, second, strlen(first)) != 0);
    }
}

static void frames_and_roles(void) {
  CU_ASSERT_PTR_NULL(psd_frame_of(0));
  const psd_frame_row *row = psd_frame_of(PSD_FRAME_SIGN_ON);
  CU_ASSERT_PTR_NOT_NULL_FATAL(row);
  CU_ASSERT_STRING_EQUAL(row->name, "sign-on");
  CU_ASSERT_EQUAL(psd_role_named("meter"), PSD_ROLE_METER);
  CU_ASSERT_EQUAL(psd_role_named("manufacturing"), PSD_ROLE_MANUFACTURING);
  CU_ASSERT_EQUAL(psd_role_named(""), 0);
}

static void frame_bytes(void) {
  uint8_t bytes[16];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, PSD_FRAME_SIGN_OFF, NULL, 0);
  psd_put_frame(&out, PSD_FRAME_ERROR_SIGNAL, "\x06\x00\xDC\x00\x00\x00\x05", 7);
  CU_ASSERT_FALSE(out.overflow);
  psd_check_bytes(bytes, out.length, "000009 000708 0600DC00000005", "length, type, body");
  psd_frame frame;
  CU_ASSERT_FALSE(psd_peek_frame(bytes, 2, &frame));
  CU_ASSERT_TRUE(psd_peek_frame(bytes + 3, 3, &frame));
  CU_ASSERT_EQUAL(frame.length, 7);
  CU_ASSERT_EQUAL(frame.type, PSD_FRAME_ERROR_SIGNAL);
}

static void frames_have_an_end(void) {
  static uint8_t bytes[PSD_FRAME_BODY_MAX + 16];
  static const uint8_t body[PSD_FRAME_BODY_MAX + 1];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, PSD_FRAME_HOST_DATA, body, PSD_FRAME_BODY_MAX);
  CU_ASSERT_FALSE(out.overflow);
  CU_ASSERT_EQUAL(out.length, PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX);
  out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, PSD_FRAME_HOST_DATA, body, PSD_FRAME_BODY_MAX + 1);
  CU_ASSERT_TRUE(out.overflow);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"suites are single bits", suites_are_single_bits},
      {"signals name their step", signals_name_their_step},
      {"steps go up", steps_go_up},
      {"actions and operations", actions_and_operations},
      {"labels are no prefixes of one another", labels_are_no_prefixes},
      {"frames and roles by number and name", frames_and_roles},
      {"frame: length, type, body", frame_bytes},
      {"a frame has a greatest length", frames_have_an_end},
  };
  return psd_check_run("spec_session", tests, PSD_CHECK_COUNT(tests));
}
