/* Recorded sessions: the card on the bench and its meter server (support/meter.h), all randomness fixed. Prints every
 * secret, every message and every derived key, as `name = hexadecimal`, for those who write another implementation.
 *
 *   interop-transcript FOLDER check      compares with FOLDER/SUITE.txt
 *   interop-transcript FOLDER write      writes them anew */
#include "transcript.h"

#include "check.h"
#include "meter/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED UINT64_C(0x20261121)
#define COMMAND "00CADF2000" /* GET DATA of the device identity */

typedef struct scene {
  const char *name;
  psd_suite suite;
  bool forward, pair, funds;
} scene;

/* Evidence without a session: the order in which the keys of its tokens are derived. */
typedef struct evidence_scene {
  const char *name;
  bool meter_first;
} evidence_scene;

static const evidence_scene evidence_scenes[] = {{"evidence", false}, {"evidence-meter-first", true}};

static const scene scenes[] = {
    {"p256", PSD_SUITE_P256, true, false, false},         {"p256-plain", PSD_SUITE_P256, false, false, false},
    {"p256-key-pair", PSD_SUITE_P256, true, true, false}, {"rsa", PSD_SUITE_RSA, false, false, false},
    {"shared", PSD_SUITE_SHARED, false, false, false},    {"funds", PSD_SUITE_SHARED, false, false, true},
    {"funds-key-pair", PSD_SUITE_P256, true, true, true},
};

static const char *folder;
static bool writes;
static uint8_t der[PSD_RSA_DER_MAX];
static size_t der_length;

void transcript_say(FILE *to, const char *name, const void *bytes, size_t length) {
  const uint8_t *at = bytes;
  CU_ASSERT_FATAL(fprintf(to, "%s = ", name) > 0);
  for (size_t i = 0; i < length; i++)
    CU_ASSERT_FATAL(fprintf(to, "%02x", at[i]) == 2);
  CU_ASSERT_FATAL(fputc('\n', to) == '\n');
}

static void say_layout(FILE *to, const char *name, psd_message_id layout, const void *value) {
  uint8_t bytes[512];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&out, layout, value);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  transcript_say(to, name, bytes, out.length);
}

/* The PSD's own key pair, as if it had made it. */
static void give_pair(meter *m, uint8_t secret[PSD_SCALAR]) {
  psd_change change;
  for (uint8_t i = 0; i < PSD_SCALAR; i++)
    secret[i] = (uint8_t)(i + 1);
  psd_pair *pair = psd_pair_of(secret);
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, m->point);
  psd_pair_free(pair);
  m->pair = true;
  psd_change_begin(&change, m->r->card);
  psd_change_put(&change, PSD_RECORD_KEY_PAIR, secret, PSD_SCALAR);
  CU_ASSERT_EQUAL_FATAL(psd_change_commit(&change, m->r->card), PSD_SW_OK);
}

static void say_keys(FILE *to, meter *m, const scene *s) {
  uint8_t secret[PSD_SCALAR];
  CU_ASSERT_TRUE_FATAL(psd_pair_secret(m->k2, secret));
  if (s->suite == PSD_SUITE_P256)
    transcript_say(to, "K2", secret, sizeof secret);
  if (s->suite == PSD_SUITE_RSA)
    transcript_say(to, "K2", der, der_length);
  if (s->suite == PSD_SUITE_SHARED)
    transcript_say(to, "K2", m->shared, sizeof m->shared);
  transcript_say(to, "K3", m->k3, sizeof m->k3);
  if (s->pair) {
    give_pair(m, secret);
    transcript_say(to, "K3_pair", secret, sizeof secret);
  }
}

/* M1 and M3 stand at the end of the card's answer. */
static const uint8_t *tail(const rig *r, size_t length) {
  CU_ASSERT_FATAL(length < r->length);
  return r->response + r->length - length;
}

static void say_m1(FILE *to, meter *m, const scene *s) {
  size_t wrapped = s->suite == PSD_SUITE_P256 ? PSD_WRAPPED_P256 : s->suite == PSD_SUITE_RSA ? 256 : PSD_WRAPPED_SHARED;
  CU_ASSERT_EQUAL_FATAL(meter_sign_on(m, s->suite), PSD_SW_OK);
  transcript_say(to, "context", m->context, sizeof m->context);
  say_layout(to, "user", PSD_MESSAGE_USER, &m->user);
  transcript_say(to, "K_S", m->k_s, sizeof m->k_s);
  if (s->suite == PSD_SUITE_P256)
    transcript_say(to, "card_ephemeral", m->r->card->session.secret, PSD_SCALAR);
  size_t length = PSD_SIZE_SIGN_ON + wrapped + PSD_SEALED_USER;
  transcript_say(to, "M1", tail(m->r, length), length);
  transcript_say(to, "th1", m->transcript, sizeof m->transcript);
}

static void say_m2(FILE *to, meter *m) {
  uint8_t m2[PSD_M2_SIZE];
  meter_make_m2(m, m2);
  transcript_say(to, "session", m->response.session, sizeof m->response.session);
  if (m->head.forward != 0)
    transcript_say(to, "server_ephemeral", m->ephemeral, sizeof m->ephemeral);
  say_layout(to, "terms", PSD_MESSAGE_SIGN_ON_TERMS, &m->terms);
  transcript_say(to, "th", m->th, sizeof m->th);
  transcript_say(to, "prk", m->prk, sizeof m->prk);
  transcript_say(to, "card_to_server", m->to_server.expanded, PSD_TRAFFIC_KEY);
  transcript_say(to, "server_to_card", m->to_card.expanded, PSD_TRAFFIC_KEY);
  transcript_say(to, "host_to_server", m->host_keys[0], PSD_TRAFFIC_KEY);
  transcript_say(to, "server_to_host", m->host_keys[1], PSD_TRAFFIC_KEY);
  transcript_say(to, "M2", m2, sizeof m2);
  transcript_say(to, "th2", m->transcript, sizeof m->transcript);
  CU_ASSERT_EQUAL_FATAL(meter_answer(m, m2, sizeof m2), PSD_SW_OK);
}

static void say_m3(FILE *to, meter *m) {
  size_t length = PSD_SIZE_AUDIT + (m->pair ? 64U : PSD_AUTHENTICATION) + PSD_GCM_TAG;
  CU_ASSERT_EQUAL_FATAL(meter_audit(m), PSD_SW_OK);
  say_layout(to, "audit", PSD_MESSAGE_AUDIT, &m->audit);
  transcript_say(to, "M3", tail(m->r, length), length);
}

static void say_m4(FILE *to, meter *m) {
  uint8_t m4[PSD_M4_SIZE];
  meter_make_m4(m, m4);
  say_layout(to, "result", PSD_MESSAGE_AUDIT_RESULT, &m->result);
  transcript_say(to, "M4", m4, sizeof m4);
  CU_ASSERT_EQUAL_FATAL(meter_result(m, m4, sizeof m4), PSD_SW_OK);
}

static void say_command(FILE *to, meter *m) {
  uint8_t command[8], record[64];
  size_t clear = psd_check_hex(COMMAND, command, sizeof command);
  size_t length = meter_record(m, COMMAND, record, sizeof record);
  transcript_say(to, "command", command, clear);
  transcript_say(to, "command_record", record, length);
  CU_ASSERT_EQUAL_FATAL(meter_envelope(m, record, length), PSD_SW_OK);
  transcript_say(to, "answer_record", m->r->response, m->r->length);
}

static void play(FILE *to, const scene *s) {
  rig r;
  meter m;
  meter_fix(SEED, der, der_length);
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, s->forward);
  CU_ASSERT_FATAL(fprintf(to, "# A session with fixed randomness (docs/handshake.md): %s. All values in hexadecimal.\n",
                          s->name) > 0);
  say_keys(to, &m, s);
  say_m1(to, &m, s);
  say_m2(to, &m);
  say_m3(to, &m);
  say_m4(to, &m);
  if (s->funds)
    transcript_say_funds(to, &m);
  else
    say_command(to, &m);
  meter_bench_end(&m);
}

static FILE *open_file(const char *name, const char *mode) {
  char path[4096];
  int length = snprintf(path, sizeof path, "%s/%s", folder, name);
  CU_ASSERT_FATAL(length > 0 && (size_t)length < sizeof path);
  FILE *file = fopen(path, mode);
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  return file;
}

static void check_same(const char *name, const char *text, size_t length) {
  char *recorded = malloc(length + 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(recorded);
  FILE *file = open_file(name, "rb");
  CU_ASSERT_EQUAL(fread(recorded, 1, length + 1, file), length);
  CU_ASSERT_EQUAL(memcmp(recorded, text, length), 0);
  (void)fclose(file);
  free(recorded);
}

static FILE *begin_file(const char *name, char path[64], char **text, size_t *length) {
  (void)snprintf(path, 64, "%s.txt", name);
  FILE *to = writes ? open_file(path, "wb") : open_memstream(text, length);
  CU_ASSERT_PTR_NOT_NULL_FATAL(to);
  return to;
}

static void end_file(FILE *to, const char *path, char **text, const size_t *length) {
  CU_ASSERT_EQUAL_FATAL(fclose(to), 0);
  if (!writes)
    check_same(path, *text, *length);
  free(*text);
}

static void record(const scene *s) {
  char path[64], *text = NULL;
  size_t length = 0;
  FILE *to = begin_file(s->name, path, &text, &length);
  play(to, s);
  end_file(to, path, &text, &length);
}

static void record_evidence(const evidence_scene *s) {
  char path[64], *text = NULL;
  size_t length = 0;
  FILE *to = begin_file(s->name, path, &text, &length);
  CU_ASSERT_FATAL(fprintf(to,
                          "# Evidence of postage (docs/evidence.md), token keys derived %s first. All values in "
                          "hexadecimal.\n",
                          s->meter_first ? "the meter" : "the day") > 0);
  transcript_say_evidence(to, s->meter_first);
  end_file(to, path, &text, &length);
}

static void transcripts(void) {
  FILE *key = open_file("k2.der", "rb");
  der_length = fread(der, 1, sizeof der, key);
  (void)fclose(key);
  for (size_t i = 0; i < PSD_CHECK_COUNT(scenes); i++)
    record(&scenes[i]);
  for (size_t i = 0; i < PSD_CHECK_COUNT(evidence_scenes); i++)
    record_evidence(&evidence_scenes[i]);
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {{"transcripts", transcripts}};
  if (argc != 3 || (strcmp(argv[2], "check") != 0 && strcmp(argv[2], "write") != 0)) {
    (void)fprintf(stderr, "usage: %s FOLDER check|write\n", argv[0]);
    return 2;
  }
  folder = argv[1];
  writes = strcmp(argv[2], "write") == 0;
  return psd_check_run("transcript", tests, PSD_CHECK_COUNT(tests));
}
