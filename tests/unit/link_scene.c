#include "link_scene.h"

#include "flow/record.h"

#include <openssl/evp.h>
#include <string.h>

const uint8_t scene_verifier[PSD_VERIFIER] = {0xA5};

/* `count` times the byte, in hexadecimal. */
const char *scene_repeated(scene *s, unsigned byte, size_t count, const char *before, const char *behind) {
  char *text = s->text[s->texts++];
  int length = snprintf(text, sizeof s->text[0], "%s", before);
  for (size_t i = 0; i < count; i++)
    length += snprintf(text + length, sizeof s->text[0] - (size_t)length, "%02X", byte);
  (void)snprintf(text + length, sizeof s->text[0] - (size_t)length, "%s", behind);
  return text;
}

void scene_expect(scene *s, const char *command, const char *answer) {
  CU_ASSERT_FATAL(s->card.count < LINES_MAX);
  s->lines[s->card.count++] = (script_line){command, answer};
}

static void took(void *context, psd_step step, uint64_t microseconds) {
  scene *s = context;
  CU_ASSERT_FATAL(s->step_count < STEPS_MAX);
  s->steps[s->step_count] = step;
  s->timed[s->step_count++] = microseconds != PSD_STEP_WITH_NEXT;
}

/* A call to a server that offers `suites`, and a card with the key of suite p256. */
void scene_open(scene *s, unsigned suites) {
  psd_error error;
  memset(s, 0, sizeof *s);
  s->card = (script){.atr = SCRIPT_ATR_PLAIN, .lines = s->lines};
  canned_open(&s->server, PSD_PEER_METER, 2000);
  psd_greeting greeting = {.protocol = 1, .suites = suites, .memory = 8192, .passes = 1, .lanes = 1};
  psd_buffer body = psd_buffer_over(s->greeted, sizeof s->greeted);
  memset(greeting.realm, ' ', sizeof greeting.realm);
  psd_put_message(&body, PSD_MESSAGE_GREETING, &greeting);
  canned_say(&s->server, PSD_FRAME_GREETING, s->greeted, sizeof s->greeted);
  CU_ASSERT_EQUAL_FATAL(psd_call_open(s->server.link, &s->call, &error), PSD_OK);
  s->server.link = NULL;
  scene_expect(s, "00CADF3A00", "01200001 9000");
  scene_expect(s, "00CADF3B00", "0101 9000");
}

void scene_close(scene *s) {
  CU_ASSERT_EQUAL(s->card.at, s->card.count); /* all of the script, and no more */
  psd_session_close(s->session);
  psd_host_close(s->host);
  psd_call_close(s->call);
  canned_close(&s->server);
}

/* GENERAL AUTHENTICATE, round 1: the context is that of the greeting and of sign-on number `ordinal`. */
const char *scene_sign_on_command(scene *s, uint8_t ordinal) {
  uint8_t text[8 + PSD_SIZE_GREETING + 4] = "psd call", digest[32];
  char *command = s->text[s->texts++];
  memcpy(text + 8, s->greeted, sizeof s->greeted);
  text[sizeof text - 1] = ordinal;
  CU_ASSERT_EQUAL_FATAL(EVP_Digest(text, sizeof text, digest, NULL, EVP_sha256(), NULL), 1);
  int length = snprintf(command, sizeof s->text[0], "00860101 6A 7C68 8120 ");
  for (size_t i = 0; i < sizeof digest; i++)
    length += snprintf(command + length, sizeof s->text[0] - (size_t)length, "%02X", digest[i]);
  (void)snprintf(command + length, sizeof s->text[0] - (size_t)length, " A044 8020 616E6E61 %056d 8120 A5 %062d 00", 0,
                 0);
  return command;
}

/* What the card does and the server says when all goes well, up to a step. */
void scene_card_signs_on(scene *s, uint8_t ordinal) {
  scene_expect(s, scene_sign_on_command(s, ordinal), scene_repeated(s, 0x11, 90, "7C5C825A", "9000"));
}

void scene_server_responds(scene *s) {
  canned_say_hex(&s->server, PSD_FRAME_SIGN_ON_RESPONSE, scene_repeated(s, 0x22, PSD_M2_SIZE - 16, SESSION, ""));
}

void scene_card_opens(scene *s, const char *session) {
  char *answer = s->text[s->texts++];
  char keys[4 * PSD_TRAFFIC_KEY + 1];
  memset(keys, '7', sizeof keys - 1); /* each byte of both is 77 */
  keys[sizeof keys - 1] = '\0';
  (void)snprintf(answer, sizeof s->text[0], "%s 0000000065000000 %032d %s 9000", session, 0, keys);
  scene_expect(s, scene_repeated(s, 0x22, PSD_M2_SIZE - 16, "00820001 79" SESSION, "00"), answer);
}

void scene_card_audits(scene *s) {
  scene_expect(s, "00860002 24 7C22 8120" SESSION "00000000000000000000000000000000 00",
               scene_repeated(s, 0x33, 200, "7C81CB8281C8", "9000"));
}

void scene_server_is_content(scene *s) {
  canned_say_hex(&s->server, PSD_FRAME_AUDIT_RESULT, scene_repeated(s, 0x44, PSD_M4_SIZE, "", ""));
}

void scene_card_accepts(scene *s, const char *actions) {
  char *answer = s->text[s->texts++];
  (void)snprintf(answer, sizeof s->text[0], "5053 4431 0000002A %064d %s 0000000065000000 00000000 00000000 9000", 0,
                 actions);
  scene_expect(s, scene_repeated(s, 0x44, PSD_M4_SIZE, "00820002 6A", "00"), answer);
}

psd_result scene_sign_on(scene *s) {
  psd_sign_on_options options = {.user = "anna", .verifier = scene_verifier, .taker = took, .context = s};
  if (s->host == NULL)
    s->host = script_host(&s->card);
  return psd_session_open(s->call, s->host, &options, &s->session, &s->refusal);
}

void scene_all_well(scene *s, const char *actions) {
  scene_card_signs_on(s, 0);
  scene_server_responds(s);
  scene_card_opens(s, SESSION);
  scene_card_audits(s);
  scene_server_is_content(s);
  scene_card_accepts(s, actions);
}

void scene_heard_m1_and_m3(scene *s) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  CU_ASSERT_EQUAL(canned_heard(&s->server, PSD_FRAME_SIGN_ON, body), 90);
  CU_ASSERT_EQUAL(body[0], 0x11);
  CU_ASSERT_EQUAL(canned_heard(&s->server, PSD_FRAME_AUDIT_RESPONSE, body), 200);
  CU_ASSERT_EQUAL(body[0], 0x33);
}

/* The server's answer, a record of number `sequence` under the Host's key. */
void scene_server_answers(scene *s, uint64_t sequence, const char *answer, unsigned type) {
  uint8_t text[256], bytes[320];
  psd_record_key key = {.sequence = sequence};
  psd_buffer record = psd_buffer_over(bytes, sizeof bytes);
  memset(key.bytes, 0x77, sizeof key.bytes);
  size_t length = psd_check_hex(answer, text, sizeof text);
  CU_ASSERT_TRUE_FATAL(psd_record_seal(&key, (psd_frame_type)type, text, length, &record));
  canned_say(&s->server, PSD_FRAME_HOST_DATA, record.data, record.length);
}

void scene_heard_request(scene *s, uint64_t sequence, const char *expected) {
  uint8_t body[PSD_FRAME_BODY_MAX], text[128];
  psd_record_key key = {.sequence = sequence};
  psd_buffer opened = psd_buffer_over(text, sizeof text);
  memset(key.bytes, 0x77, sizeof key.bytes);
  size_t length = canned_heard(&s->server, PSD_FRAME_HOST_DATA, body);
  CU_ASSERT_TRUE(psd_record_open(&key, PSD_FRAME_HOST_DATA, body, length, &opened));
  psd_check_bytes(text, opened.length, expected, "request");
}
