#include "vectors.h"

#include "pattern.h"
#include "staged.h"

#include <string.h>

/* A file under way. */
typedef struct run {
  vector_file *file;
  psd_transport *transport;
  psd_host_scp03 session;
  uint8_t command[VECTOR_COMMAND];
  uint8_t wrapped[VECTOR_COMMAND];
  uint8_t answer[PSD_RESPONSE_MAX];
  size_t answer_length;
} run;

static bool complain(const run *r, const char *words) {
  fprintf(stderr, "%s:%u: %s\n", r->file->name, r->file->number, words);
  return false;
}

static bool exchange(run *r, const uint8_t *command, size_t length) {
  psd_error error;
  if (psd_transport_transmit(r->transport, command, length, r->answer, sizeof r->answer, &r->answer_length, &error) !=
      PSD_OK)
    return complain(r, error.words);
  return true;
}

static psd_host_keys staged_keys(void) {
  const psd_card_birth birth = staged_birth();
  psd_host_keys keys = {.version = birth.key_version, .size = birth.key_size};
  memcpy(keys.enc, birth.enc, sizeof birth.enc);
  memcpy(keys.mac, birth.mac, sizeof birth.mac);
  memcpy(keys.dek, birth.dek, sizeof birth.dek);
  return keys;
}

static bool open_session(run *r, uint8_t level) {
  static const uint8_t challenge[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x0C, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01};
  psd_error error;
  psd_host_keys keys = staged_keys();
  psd_apdu command = {.cla = 0x80, .ins = 0x50, .data = challenge, .nc = sizeof challenge, .ne = 256};
  psd_buffer out = psd_buffer_over(r->command, sizeof r->command);
  psd_put_apdu(&out, &command);
  if (!exchange(r, select, sizeof select) || !exchange(r, r->command, out.length) || r->answer_length < 2)
    return false;
  psd_cursor answer = psd_cursor_over(r->answer, r->answer_length - 2);
  psd_buffer data = psd_buffer_over(r->wrapped, sizeof r->wrapped);
  if (psd_host_scp03_start(&r->session, &keys, challenge, sizeof challenge, answer, &error) != PSD_OK ||
      psd_host_scp03_authenticate(&r->session, (psd_security_level)level, &command, &data, &error) != PSD_OK)
    return complain(r, error.words);
  out = psd_buffer_over(r->command, sizeof r->command);
  psd_put_apdu(&out, &command);
  bool sent = exchange(r, r->command, out.length);
  return sent && (pattern_matches("9000", r->answer, r->answer_length) || complain(r, "no secure channel"));
}

/* Sends what is meant through the secure channel, and leaves the answer in clear. */
static bool exchange_secured(run *r, size_t length) {
  psd_error error;
  psd_apdu plain;
  psd_apdu wrapped;
  psd_buffer data = psd_buffer_over(r->wrapped, sizeof r->wrapped);
  if (!psd_parse_apdu(r->command, length, &plain))
    return complain(r, "a command through the secure channel must be well-formed");
  if (psd_host_scp03_wrap(&r->session, &plain, &wrapped, &data, &error) != PSD_OK)
    return complain(r, error.words);
  static uint8_t bytes[VECTOR_COMMAND];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_apdu(&out, &wrapped);
  if (out.overflow || !exchange(r, bytes, out.length))
    return complain(r, "the command was not sent");
  const uint8_t *end = r->answer + r->answer_length - 2;
  uint16_t status = (uint16_t)(end[0] << 8 | end[1]);
  psd_buffer clear = psd_buffer_over(r->wrapped, sizeof r->wrapped);
  if (psd_host_scp03_unwrap(&r->session, psd_cursor_over(r->answer, r->answer_length - 2), status, &clear, &error) !=
      PSD_OK)
    return complain(r, error.words);
  psd_put_uint(&clear, status, 2);
  memcpy(r->answer, r->wrapped, clear.length);
  r->answer_length = clear.length;
  return true;
}

static bool check(const run *r, const char *wanted) {
  if (pattern_matches(wanted, r->answer, r->answer_length))
    return true;
  fprintf(stderr, "%s:%u: wanted%s\n    got ", r->file->name, r->file->number, wanted);
  for (size_t i = 0; i < r->answer_length; i++)
    fprintf(stderr, "%02X", r->answer[i]);
  fputc('\n', stderr);
  return false;
}

static bool one_exchange(run *r, const vector_line *line) {
  size_t length = 0;
  if (!pattern_bytes(line->command, r->command, sizeof r->command, &length))
    return complain(r, "the command is not hexadecimal");
  bool done = line->secured ? exchange_secured(r, length) : exchange(r, r->command, length);
  return done && check(r, line->answer);
}

static bool reset(run *r) {
  psd_error error;
  return psd_transport_reset(r->transport, &error) == PSD_OK || complain(r, error.words);
}

bool vector_run(vector_file *file, psd_transport *transport, unsigned *exchanges) {
  static run r;
  memset(&r, 0, sizeof r);
  r.file = file;
  r.transport = transport;
  bool right = true;
  for (;;) {
    vector_line line = vector_next(file);
    switch (line.kind) {
    case VECTOR_EXCHANGE:
      right = one_exchange(&r, &line) && right;
      ++*exchanges;
      break;
    case VECTOR_SECURE:
      right = open_session(&r, line.level) && right;
      break;
    case VECTOR_RESET:
      right = reset(&r) && right;
      break;
    case VECTOR_MALFORMED:
      return false;
    case VECTOR_END:
    default:
      return right;
    }
  }
}
