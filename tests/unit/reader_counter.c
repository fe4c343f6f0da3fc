#include "reader_counter.h"

#include "check.h"
#include "flow/record.h"
#include "psd/spec/chars.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CARD 0
#define SERVER 1
#define SESSION_NAME "000102030405060708090A0B0C0D0E0F"
#define KEYS_BYTE 0x77
#define SEND_ATR 4

/* In a thread: counted for the test to see, since CUnit counts in one thread alone. */
static void mismatch(counter *c, const char *what, const uint8_t *bytes, size_t length) {
  (void)atomic_fetch_add(&c->mismatches, 1);
  fprintf(stderr, "%s:", what);
  for (size_t i = 0; i < length; i++)
    fprintf(stderr, " %02X", bytes[i]);
  fputc('\n', stderr);
}

static bool receive(int fd, void *to, size_t length) {
  return length == 0 || recv(fd, to, length, MSG_WAITALL) == (ssize_t)length;
}

static bool transmit(int fd, const psd_buffer *from) {
  return !from->overflow && send(fd, from->data, from->length, MSG_NOSIGNAL) == (ssize_t)from->length;
}

static void put_many(psd_buffer *out, uint8_t byte, size_t count) {
  for (size_t i = 0; i < count; i++)
    psd_put(out, &byte, 1);
}

static void put_hex(psd_buffer *out, const char *hex) {
  uint8_t bytes[512];
  psd_put(out, bytes, psd_hex_bytes(hex, strlen(hex), bytes, sizeof bytes));
}

/* The session that is open, or was last. */
static size_t session_of(const counter *c) {
  size_t count = atomic_load(&c->sessions);
  return count == 0 ? 0 : count > COUNTER_SESSIONS ? COUNTER_SESSIONS - 1 : count - 1;
}

static bool put_object(const counter *c, unsigned tag, psd_buffer *out) {
  if (tag == psd_objects[PSD_OBJECT_CERTIFICATE].tag) {
    psd_put(out, c->der, c->der_length);
    return c->der_length != 0;
  }
  const psd_device_id id = {.vendor = "PB", .model = "S1", .serial = 0x2A};
  const psd_life_cycle life = {.state = c->states[session_of(c)]};
  const psd_watchdog watchdog = {.inspected = 0x65000000, .warn_after = 86400, .lock_after = 2 * 86400};
  const psd_vendor_key key = {.identifier = 12};
  const psd_key_status loaded = {.transport_version = 1, .transport_size = 32, .loaded = 1};
  const psd_session_policy policy = {.suites = PSD_SUITE_P256, .forward = 1};
  const psd_certificate_state services = {.due = c->due};
  const psd_clock clock = {.now = c->clock, .set = c->clock != 0};
  const struct {
    psd_object_id object;
    const void *value;
  } objects[] = {{PSD_OBJECT_CLOCK, &clock},
                 {PSD_OBJECT_DEVICE_ID, &id},
                 {PSD_OBJECT_LIFE_CYCLE, &life},
                 {PSD_OBJECT_WATCHDOG, &watchdog},
                 {PSD_OBJECT_VENDOR_KEY, &key},
                 {PSD_OBJECT_KEY_STATUS, &loaded},
                 {PSD_OBJECT_SESSION_POLICY, &policy},
                 {PSD_OBJECT_OPERATION, &c->operation},
                 {PSD_OBJECT_FUNDS, &c->funds},
                 {PSD_OBJECT_POSTAGE_REGISTERS, &c->postage},
                 {PSD_OBJECT_CERTIFICATE_REGISTERS, &c->certificate},
                 {PSD_OBJECT_CERTIFICATE_STATE, &services}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(objects); i++) {
    const psd_object *row = &psd_objects[objects[i].object];
    if (row->tag != tag)
      continue;
    psd_put_message(out, (psd_message_id)row->format, objects[i].value);
    return true;
  }
  return false;
}

static void put_result(counter *c, psd_buffer *out) {
  const psd_audit_result result = {
      .vendor = "PB", .model = "S1", .serial = 0x2A, .actions = c->actions[session_of(c)], .time = 0x65000000};
  psd_put_message(out, PSD_MESSAGE_AUDIT_RESULT, &result);
}

/* GENERAL and MUTUAL AUTHENTICATE, either round. */
static void authenticate(counter *c, unsigned ins, unsigned round, psd_buffer *out) {
  if (ins == 0x86 && round == 1) {
    (void)atomic_fetch_add(&c->sessions, 1);
    put_hex(out, "7C5C825A");
    put_many(out, 0x11, 90);
  } else if (ins == 0x86) {
    put_hex(out, "7C668264");
    put_many(out, 0x33, 100);
  } else if (round == 1) {
    put_hex(out, SESSION_NAME "0000000065000000");
    put_many(out, 0, 16);
    put_many(out, KEYS_BYTE, (size_t)2 * PSD_TRAFFIC_KEY);
  } else {
    put_result(c, out);
  }
}

/* The data of the answer; its status word. */
static unsigned answer(counter *c, const uint8_t *command, size_t length, psd_buffer *out) {
  switch (length < 4 ? 0 : command[1]) {
  case 0x70:
    return 0x6881; /* no channel to spare: all of it is on the basic one */
  case 0xA4:
    return 0x9000;
  case 0xCA:
    return put_object(c, (unsigned)command[2] << 8 | command[3], out) ? 0x9000 : 0x6A88;
  case 0xCB:
    return 0x6A88; /* a tag list: it has no rate tables */
  case 0x82:
  case 0x86:
    authenticate(c, command[1], command[3], out);
    return 0x9000;
  case 0xC2:
    put_hex(out, "DD");
    return 0x9000;
  default:
    mismatch(c, "command", command, length);
    return 0x6D00;
  }
}

/* One message of vpcd; its reader hangs up when all is done. */
static bool serve_card(counter *c, int fd) {
  uint8_t head[2], message[1024], answered[1024];
  psd_buffer data = psd_buffer_over(answered + 2, sizeof answered - 4);
  if (!receive(fd, head, sizeof head))
    return false;
  size_t length = (size_t)head[0] << 8 | head[1];
  if (length > sizeof message || !receive(fd, message, length))
    return false;
  if (length == 1 && message[0] != SEND_ATR)
    return true;
  if (length == 1)
    put_hex(&data, "3B00");
  else
    psd_put_uint(&data, answer(c, message, length, &data), 2);
  psd_buffer out = psd_buffer_over(answered, sizeof answered);
  psd_put_uint(&out, data.length, 2);
  out.length += data.length;
  return transmit(fd, &out);
}

static bool say(int fd, psd_frame_type type, const psd_buffer *body) {
  uint8_t frame[1024];
  psd_buffer out = psd_buffer_over(frame, sizeof frame);
  psd_put_frame(&out, type, body->data, body->length);
  return transmit(fd, &out);
}

static psd_record_key key_of(uint64_t sequence) {
  psd_record_key key = {.sequence = sequence, .suite = PSD_SUITE_P256};
  memset(key.bytes, KEYS_BYTE, sizeof key.bytes);
  return key;
}

static bool serve_request(counter *c, int fd, uint64_t sequence, const uint8_t *body, size_t length) {
  uint8_t text[512], wanted[512], record[512];
  psd_buffer opened = psd_buffer_over(text, sizeof text), sealed = psd_buffer_over(record, sizeof record);
  psd_record_key from = key_of(sequence), to = key_of(sequence);
  size_t at = atomic_fetch_add(&c->at, 1);
  bool authentic = psd_record_open(&from, PSD_FRAME_HOST_DATA, body, length, &opened);
  const counter_line *line = at < c->count ? &c->lines[at] : NULL;
  size_t size = line != NULL ? psd_hex_bytes(line->request, strlen(line->request), wanted, sizeof wanted) : 0;
  if (!authentic || line == NULL || opened.length != size || memcmp(text, wanted, size) != 0) {
    mismatch(c, "request", text, opened.length);
    return false;
  }
  if (line->answer == NULL || line->answer[0] == '\0')
    return line->answer == NULL;
  size = psd_hex_bytes(line->answer, strlen(line->answer), wanted, sizeof wanted);
  return psd_record_seal(&to, PSD_FRAME_HOST_DATA, wanted, size, &sealed) && say(fd, PSD_FRAME_HOST_DATA, &sealed);
}

static bool greet(int fd) {
  uint8_t bytes[PSD_SIZE_GREETING];
  psd_greeting greeting = {.protocol = PSD_PROTOCOL, .suites = PSD_SUITE_P256, .memory = 8192, .passes = 1, .lanes = 1};
  psd_buffer body = psd_buffer_over(bytes, sizeof bytes);
  memset(greeting.realm, ' ', sizeof greeting.realm);
  psd_put_message(&body, PSD_MESSAGE_GREETING, &greeting);
  return say(fd, PSD_FRAME_GREETING, &body);
}

static bool serve_frame(counter *c, int fd, uint64_t *sequence) {
  uint8_t head[PSD_SIZE_FRAME], body[PSD_FRAME_BODY_MAX], bytes[512];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_frame frame;
  if (!receive(fd, head, sizeof head) || !psd_peek_frame(head, sizeof head, &frame) || frame.length > sizeof body ||
      !receive(fd, body, (size_t)frame.length))
    return false;
  switch (frame.type) {
  case PSD_FRAME_SIGN_ON:
    *sequence = 0;
    put_hex(&out, SESSION_NAME);
    put_many(&out, 0x22, PSD_M2_SIZE - 16);
    return say(fd, PSD_FRAME_SIGN_ON_RESPONSE, &out);
  case PSD_FRAME_AUDIT_RESPONSE:
    put_many(&out, 0x44, PSD_M4_SIZE);
    return say(fd, PSD_FRAME_AUDIT_RESULT, &out);
  case PSD_FRAME_HOST_DATA:
    return serve_request(c, fd, (*sequence)++, body, (size_t)frame.length);
  case PSD_FRAME_SIGN_OFF:
    return true;
  case PSD_FRAME_ERROR_SIGNAL:
    return false;
  default:
    mismatch(c, "frame", body, (size_t)frame.length);
    return false;
  }
}

static void *run_card(void *argument) {
  counter *c = argument;
  for (int fd; (fd = accept(c->listeners[CARD], NULL, NULL)) >= 0; (void)close(fd))
    while (serve_card(c, fd))
      ;
  return NULL;
}

static void *run_server(void *argument) {
  counter *c = argument;
  for (int fd; (fd = accept(c->listeners[SERVER], NULL, NULL)) >= 0; (void)close(fd)) {
    uint64_t sequence = 0;
    bool on = greet(fd);
    while (on)
      on = serve_frame(c, fd, &sequence);
  }
  return NULL;
}

static void listen_for_card(counter *c) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  (void)snprintf(c->card, sizeof c->card, "%s/card", c->box.path);
  memcpy(at.sun_path, c->card, strlen(c->card) + 1);
  c->listeners[CARD] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_FATAL(c->listeners[CARD] >= 0 && bind(c->listeners[CARD], (struct sockaddr *)&at, sizeof at) == 0 &&
                  listen(c->listeners[CARD], 1) == 0);
}

static void listen_for_host(counter *c) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof at;
  c->listeners[SERVER] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  CU_ASSERT_FATAL(c->listeners[SERVER] >= 0 && bind(c->listeners[SERVER], (struct sockaddr *)&at, sizeof at) == 0 &&
                  listen(c->listeners[SERVER], 1) == 0 &&
                  getsockname(c->listeners[SERVER], (struct sockaddr *)&at, &length) == 0);
  (void)snprintf(c->server, sizeof c->server, "127.0.0.1:%u", (unsigned)ntohs(at.sin_port));
}

void counter_open(counter *c) {
  memset(c, 0, sizeof *c);
  sandbox_create(&c->box);
  listen_for_card(c);
  listen_for_host(c);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&c->threads[CARD], NULL, run_card, c), 0);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&c->threads[SERVER], NULL, run_server, c), 0);
}

void counter_begin(counter *c, const counter_line *lines, size_t count) {
  c->lines = lines;
  c->count = count;
  atomic_store(&c->at, 0);
  atomic_store(&c->sessions, 0);
  atomic_store(&c->mismatches, 0);
}

bool counter_content(const counter *c) {
  unsigned at = atomic_load(&c->at);
  if (at != c->count)
    fprintf(stderr, "%u of %zu requests\n", at, c->count);
  return at == c->count && atomic_load(&c->mismatches) == 0;
}

void counter_close(counter *c) {
  for (int i = CARD; i <= SERVER; i++) {
    (void)shutdown(c->listeners[i], SHUT_RDWR);
    CU_ASSERT_EQUAL(pthread_join(c->threads[i], NULL), 0);
    (void)close(c->listeners[i]);
  }
  sandbox_destroy(&c->box);
}
