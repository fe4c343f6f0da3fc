/* What goes to the certificate authority in a session, from the Host's side: what is asked, and which answers are to
 * what was asked. */
#include "flow/record.h"
#include "link_scene.h"
#include "psd/reader/certificate.h"

#include <string.h>

static void open_session(scene *s) {
  scene_open(s, PSD_SUITE_P256);
  scene_all_well(s, "0000");
  CU_ASSERT_EQUAL_FATAL(scene_sign_on(s), PSD_OK);
  scene_heard_m1_and_m3(s);
}

static uint8_t bytes[64];
static psd_buffer rest;
static psd_authority_item item;

static psd_result certify(scene *s) {
  rest = psd_buffer_over(bytes, sizeof bytes);
  return psd_session_certify(s->session, "\xAA\xBB", 2, &item, &rest, &s->refusal);
}

/* VM 514: both branches, and what is in between. */
static void certificate_514(void) {
  scene s;
  open_session(&s);
  scene_server_answers(&s, 0, "06 00 01 00000007 00", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(certify(&s), PSD_OK);
  scene_heard_request(&s, 0, "06 AABB");
  CU_ASSERT_EQUAL(item.status, PSD_AUTHORITY_PENDING);
  CU_ASSERT_EQUAL(item.number, 7);
  CU_ASSERT_EQUAL(rest.length, 0);
  scene_server_answers(&s, 1, "07 00 01 00000007 01 CCDDEE", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_news(s.session, PSD_AUTHORITY_CERTIFICATE, 7, &item, &rest, &s.refusal), PSD_OK);
  scene_heard_request(&s, 1, "07 01 00000007");
  CU_ASSERT_EQUAL(item.status, PSD_AUTHORITY_ACCEPTED);
  psd_check_bytes(rest.data, rest.length, "CCDDEE", "grant");
  scene_server_answers(&s, 2, "06 00 01 00000008 02", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(certify(&s), PSD_OK);
  scene_heard_request(&s, 2, "06 AABB");
  CU_ASSERT_EQUAL(item.status, PSD_AUTHORITY_REJECTED);
  scene_close(&s);
}

/* VM 604/606: a request that is refused leaves the session open; 608, 622. */
static void revocation_604(void) {
  scene s;
  open_session(&s);
  rest = psd_buffer_over(bytes, sizeof bytes);
  scene_server_answers(&s, 0, "08 0D", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_revoke(s.session, "\x01", 1, &item, &rest, &s.refusal), PSD_REFUSED);
  CU_ASSERT_EQUAL(s.refusal.signal, PSD_SIGNAL_SIGNATURE);
  CU_ASSERT_TRUE(psd_call_is_open(s.call));
  scene_heard_request(&s, 0, "08 01");
  scene_server_answers(&s, 1, "08 00 02 00000003 01 0908", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_revoke(s.session, "\x01", 1, &item, &rest, &s.refusal), PSD_OK);
  scene_heard_request(&s, 1, "08 01");
  psd_check_bytes(rest.data, rest.length, "0908", "command");
  scene_server_answers(&s, 2, "09 00", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_confirm(s.session, "\x05\x06", 2, &s.refusal), PSD_OK);
  scene_heard_request(&s, 2, "09 0506");
  scene_close(&s);
}

/* VM 804. */
static void credit_804(void) {
  scene s;
  open_session(&s);
  rest = psd_buffer_over(bytes, sizeof bytes);
  scene_server_answers(&s, 0, "0A 00 03 00000009 01 11", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_credit(s.session, "\x00\x01", 2, &item, &rest, &s.refusal), PSD_OK);
  scene_heard_request(&s, 0, "0A 0001");
  CU_ASSERT_EQUAL(item.number, 9);
  psd_check_bytes(rest.data, rest.length, "11", "line of credit");
  scene_server_answers(&s, 1, "0A 00 03 0000000A 02", PSD_FRAME_HOST_DATA);
  CU_ASSERT_EQUAL(psd_session_credit(s.session, "\x00\x01", 2, &item, &rest, &s.refusal), PSD_OK);
  scene_heard_request(&s, 1, "0A 0001");
  CU_ASSERT_EQUAL(item.status, PSD_AUTHORITY_REJECTED);
  scene_close(&s);
}

/* Of another kind, of no status there is, cut short, or with more than there can be: the server hears of it. */
static void false_answers(void) {
  static const char *const answers[] = {"06 00 02 00000007 00", "06 00 01 00000007 03", "06 00 01 0000 ", "06 00",
                                        "07 00 01 00000007 00"};
  scene s;
  for (size_t i = 0; i <= PSD_CHECK_COUNT(answers); i++) {
    open_session(&s);
    scene_server_answers(
        &s, 0, i < PSD_CHECK_COUNT(answers) ? answers[i] : scene_repeated(&s, 0xCC, 65, "06 00 01 00000007 01", ""),
        PSD_FRAME_HOST_DATA);
    CU_ASSERT_EQUAL(certify(&s), PSD_BAD_ANSWER);
    CU_ASSERT_FALSE(psd_call_is_open(s.call));
    scene_heard_request(&s, 0, "06 AABB");
    canned_heard_signal(&s.server, PSD_SIGNAL_MESSAGE, PSD_STEP_NONE);
    scene_close(&s);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a certificate asked for (514)", certificate_514},
      {"a revocation (604)", revocation_604},
      {"a line of credit (804)", credit_804},
      {"answers to something else", false_answers},
  };
  return psd_check_run("link: the authority in a session", tests, PSD_CHECK_COUNT(tests));
}
