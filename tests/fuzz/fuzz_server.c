/* The session on the meter server, fed by a Host that does anything: no frame, no order of frames, no answer of key
 * management system or database may do more than end the session; and nothing is sent after the end.
 *
 * Input: orders of one byte, each with what it needs. Most of a handshake can be had right, so that what lies behind it
 * is reached; every message may have a byte changed. The service behind the session is played here: it answers as the
 * input says, with the keys that a card would have. */
#include <string.h>

#include "fuzz.h"
#include "meter/session_internal.h"
#include "psd/spec/lifecycle.h"

#define VENDOR_KEY 7U

/* What the input can ask for. */
enum { RAW, SIGN_ON, ANSWER, JOB, AUDIT, HOST_DATA, CARD_DATA, SIGN_OFF, TIMEOUT, STOP, ORDERS };
/* From here on up: what the ledger has of the PSD, and what the PSD says of funds. */
#define LEDGER 0xF0U

struct psd_meter_call {
  psd_frame_type type;
  psd_meter_answered *answered;
  void *owner;
};

typedef struct stage {
  psd_meter_service service;
  psd_meter_session *session;
  psd_cursor *input;
  bool closed;
  uint64_t time;
  psd_meter_call *call;
  psd_meter_job *job;
  unsigned due;      /* orders that wait */
  uint8_t operation; /* of the PSD: its state, */
  uint8_t sequence;  /* number, */
  uint8_t total;     /* and control total */
  uint8_t known;     /* the last number that the ledger has */
  bool open;         /* it is not finished there */
  uint64_t until;    /* of the certificate */
  uint8_t session_key[PSD_SESSION_KEY];
  uint32_t ordinal;
} stage;

static stage *of(psd_meter_service *service) {
  return (stage *)(void *)service;
}

static psd_meter_call *ask(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                           psd_meter_answered *answered, void *owner) {
  stage *at = of(service);
  FUZZ_ASSERT(at->call == NULL && body != NULL && length > 0 && length + PSD_SIZE_KMS_CALL <= PSD_FRAME_BODY_MAX);
  if (fuzz_u8(at->input) == 0xFF)
    return NULL;
  at->call = malloc(sizeof *at->call);
  FUZZ_ASSERT(at->call != NULL);
  *at->call = (psd_meter_call){type, answered, owner};
  return at->call;
}

static void forget(psd_meter_service *service, psd_meter_call *call) {
  stage *at = of(service);
  FUZZ_ASSERT(at->call == call);
  at->call = NULL;
  free(call);
}

static bool submit(psd_meter_service *service, psd_meter_job *job) {
  stage *at = of(service);
  FUZZ_ASSERT(memchr(job->name, 0, sizeof job->name) != NULL);
  if (at->job != NULL || fuzz_u8(at->input) == 0xFF)
    return false;
  at->job = job;
  return true;
}

static uint64_t now(psd_meter_service *service) {
  return of(service)->time;
}

static const psd_meter_service_calls calls = {ask, forget, submit, now};

static void line_send(void *connection, psd_frame_type type, const psd_body *pieces, size_t count) {
  stage *at = connection;
  size_t length = 0;
  for (size_t i = 0; i < count; i++)
    length += pieces[i].length;
  FUZZ_ASSERT(!at->closed && psd_frame_of(type) != NULL && length <= PSD_FRAME_BODY_MAX);
}

static void line_close(void *connection) {
  stage *at = connection;
  FUZZ_ASSERT(!at->closed);
  at->closed = true;
}

static void line_limit(void *connection, size_t most) {
  (void)connection;
  FUZZ_ASSERT(most == PSD_METER_BODY_BEFORE || most == PSD_METER_BODY_AFTER);
}

static void line_deadline(void *connection, uint64_t seconds) {
  (void)connection;
  FUZZ_ASSERT(seconds > 0);
}

static const psd_meter_line line = {line_send, line_close, line_limit, line_deadline};

/* Hands a frame over in memory of exactly its size, with one byte changed if the input says so. */
static void hand_over(stage *at, psd_frame_type type, const uint8_t *body, size_t length) {
  uint16_t place = fuzz_u16(at->input);
  uint8_t *exactly = malloc(length > 0 ? length : 1);
  FUZZ_ASSERT(exactly != NULL);
  if (length > 0)
    memcpy(exactly, body, length);
  if (place < length)
    exactly[place] ^= (uint8_t)(fuzz_u8(at->input) | 1U);
  psd_meter_session_frame(at->session, type, exactly, length);
  free(exactly);
}

static void raw(stage *at) {
  psd_frame_type type = (psd_frame_type)fuzz_u8(at->input);
  size_t length = 0;
  uint8_t *body = fuzz_take(at->input, fuzz_u16(at->input) % (PSD_FRAME_BODY_MAX + 1U), &length);
  psd_meter_session_frame(at->session, type, body, length);
  free(body);
}

/* USER, sealed as a card seals it: the name is the input's. */
static void seal_user(stage *at, const uint8_t *m1, size_t clear, uint8_t *sealed) {
  uint8_t context[PSD_CONTEXT_SIZE], info[64], key[PSD_TRAFFIC_KEY], aad[PSD_SIGN_ON_MAX + PSD_CONTEXT_SIZE];
  uint8_t text[PSD_SIZE_USER] = {'a'};
  const char *words = psd_key_label_text(PSD_KEY_LABEL_USER);
  psd_buffer label = psd_buffer_over(info, sizeof info), bound = psd_buffer_over(aad, sizeof aad);
  FUZZ_ASSERT(psd_meter_context(at->session->greeting, at->session->ordinal, context));
  for (size_t i = fuzz_u8(at->input) % 33U; i > 0; i--)
    text[i - 1] = fuzz_u8(at->input);
  psd_put(&label, words, strlen(words));
  psd_put(&label, context, sizeof context);
  psd_put(&bound, m1, PSD_SIZE_SIGN_ON);
  psd_put(&bound, context, sizeof context);
  psd_put(&bound, m1 + PSD_SIZE_SIGN_ON, clear - PSD_SIZE_SIGN_ON);
  FUZZ_ASSERT(psd_hkdf_expand(at->session_key, info, label.length, key, sizeof key));
  FUZZ_ASSERT(psd_gcm_seal(key, key + PSD_AES_KEY, (psd_part){aad, bound.length}, text, sizeof text, sealed,
                           sealed + PSD_SIZE_USER));
}

/* The base point of P-256 (SP 800-186, 3.2.1.3): a point for those who check that it is one. */
static const uint8_t base_point[PSD_POINT] = {
    0x04, 0x6B, 0x17, 0xD1, 0xF2, 0xE1, 0x2C, 0x42, 0x47, 0xF8, 0xBC, 0xE6, 0xE5, 0x63, 0xA4, 0x40, 0xF2,
    0x77, 0x03, 0x7D, 0x81, 0x2D, 0xEB, 0x33, 0xA0, 0xF4, 0xA1, 0x39, 0x45, 0xD8, 0x98, 0xC2, 0x96, 0x4F,
    0xE3, 0x42, 0xE2, 0xFE, 0x1A, 0x7F, 0x9B, 0x8E, 0xE7, 0xEB, 0x4A, 0x7C, 0x0F, 0x9E, 0x16, 0x2B, 0xCE,
    0x33, 0x57, 0x6B, 0x31, 0x5E, 0xCE, 0xCB, 0xB6, 0x40, 0x68, 0x37, 0xBF, 0x51, 0xF5};

static void sign_on(stage *at) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  uint8_t choice = fuzz_u8(at->input);
  bool p256 = (choice & 1) != 0;
  psd_sign_on head = {.protocol = PSD_PROTOCOL,
                      .suite = p256 ? PSD_SUITE_P256 : PSD_SUITE_SHARED,
                      .forward = p256,
                      .key = VENDOR_KEY,
                      .vendor = "PS",
                      .model = "D1",
                      .serial = 1};
  psd_buffer out = psd_buffer_over(m1, sizeof m1);
  psd_put_message(&out, PSD_MESSAGE_SIGN_ON, &head);
  size_t length = p256 ? PSD_WRAPPED_P256 : PSD_WRAPPED_SHARED;
  uint8_t *wrapped = psd_put_room(&out, length);
  memset(wrapped, 0, length);
  if (p256)
    memcpy(wrapped, base_point, sizeof base_point);
  size_t clear = out.length;
  seal_user(at, m1, clear, psd_put_room(&out, PSD_SEALED_USER));
  hand_over(at, PSD_FRAME_SIGN_ON, m1, out.length);
}

/* The key management system: the right type and length with bytes of the input, or anything. */
static void answer(stage *at) {
  static const struct {
    psd_frame_type type;
    size_t size;
  } rows[] = {{PSD_FRAME_KMS_UNWRAP, PSD_SESSION_KEY},
              {PSD_FRAME_KMS_VERIFY, PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION},
              {PSD_FRAME_KMS_ROTATE, PSD_SIZE_VENDOR_KEY_ORDER},
              {PSD_FRAME_KMS_ORDER, PSD_SIZE_ORDER},
              {PSD_FRAME_KMS_CERTIFY, PSD_CERTIFICATE_MAX},
              {PSD_FRAME_KMS_FUND, PSD_AUTHORIZED_FUNDS},
              {PSD_FRAME_KMS_RECEIPT, 0}};
  psd_meter_call *call = at->call;
  uint8_t choice = fuzz_u8(at->input);
  if (call == NULL)
    return;
  at->call = NULL;
  size_t row = 0;
  while (rows[row].type != call->type) {
    row++;
    FUZZ_ASSERT(row < sizeof rows / sizeof rows[0]);
  }
  size_t length = choice < 0xE0 ? rows[row].size : fuzz_u8(at->input);
  uint8_t body[PSD_CERTIFICATE_MAX] = {0};
  psd_meter_answer what = {.type = (psd_frame_type)(call->type + 1), .body = body, .length = length};
  if (choice >= 0xF0) {
    what.type = PSD_FRAME_KMS_REFUSED;
    what.signal = (psd_signal)fuzz_u8(at->input);
  }
  if (row == 0)
    memcpy(body, at->session_key, sizeof at->session_key);
  call->answered(call->owner, &what);
  free(call);
}

/* The PSD's row. */
static void fill_row(const stage *at, uint8_t choice, psd_meter_row *row) {
  row->device.user = choice % 4U == 3U ? 0 : choice % 32U == 30U ? 2 : 1;
  row->device.account = row->device.user == 0 ? 0 : 1;
  row->device.inspected = choice % 2U == 1U ? at->time : 0;
  row->due = at->due;
  row->sequence = at->known;
  row->open_sequence = at->open ? at->known : 0;
  row->certificate_until = at->until;
}

/* What a job about an order or about funds brings back, within what the database can hold. */
static void fill_job(stage *at, psd_meter_job *job) {
  if (job->errand != NULL && job->kind == PSD_METER_JOB_ORDER_NEXT) {
    job->errand->order.action = job->errand->action;
    job->errand->order.length = fuzz_u16(at->input) % (PSD_ORDER_CONTENT_MAX + 1U);
    job->errand->number = 1;
    job->errand->certificate = fuzz_u8(at->input) % 2U;
  }
  if (job->kind == PSD_METER_JOB_SIGN_ON && at->open && job->op == NULL) {
    job->op = calloc(1, sizeof *job->op);
    FUZZ_ASSERT(job->op != NULL);
    job->op->sequence = at->known;
    job->op->state = at->operation >= PSD_OPERATION_WITHDRAWING ? PSD_OP_CREDITED : PSD_OP_RESERVED;
  }
  if (job->kind == PSD_METER_JOB_AUDITED)
    job->finding = job->expected;
}

/* The database. */
static void do_job(stage *at) {
  psd_meter_job *job = at->job;
  uint8_t choice = fuzz_u8(at->input);
  if (job == NULL)
    return;
  at->job = NULL;
  job->result = choice < 0xE0 ? PSD_DB_DONE : (psd_db_result)(choice % 6U);
  job->refused = choice % 16U == 15U;
  job->wait = choice;
  job->device_known = choice % 8U != 7U;
  job->user.id = 1;
  fill_row(at, choice, &job->row);
  fill_job(at, job);
  if (job->done != NULL)
    job->done(job->owner, job);
  psd_meter_job_free(job);
}

/* A record as the card or its Host makes it, of `length` bytes. */
static void hand_record(stage *at, psd_meter_traffic *keys, psd_frame_type type, const uint8_t *text, size_t length) {
  uint8_t record[PSD_FRAME_BODY_MAX];
  psd_meter_traffic copy = *keys;
  if (copy.cipher == NULL) /* nothing is derived yet: zeroes are a key too */
    copy.cipher = psd_cipher_of(PSD_SUITE_P256);
  FUZZ_ASSERT(psd_meter_seal(&copy, type, (psd_part){NULL, 0}, text, length, record));
  hand_over(at, type, record, length + PSD_GCM_TAG);
}

static void audit(stage *at) {
  uint8_t text[PSD_SIZE_AUDIT + 64U] = {0};
  psd_meter_handshake *handshake = at->session->handshake;
  psd_audit said = {.type = 1U + fuzz_u8(at->input) % 2U, .vendor = "PS", .model = "D1", .serial = 1};
  said.vendor_key = fuzz_u8(at->input);
  said.piece_count = fuzz_u8(at->input);
  said.state = PSD_STATE_OPERATIONAL;
  said.operation = at->operation;
  said.sequence = at->sequence;
  said.control_total = said.descending = at->total;
  if (handshake != NULL) {
    memcpy(said.nonce, handshake->nonce, sizeof said.nonce);
    memcpy(said.transcript, handshake->th2, sizeof said.transcript);
  }
  psd_buffer buffer = psd_buffer_over(text, sizeof text);
  psd_put_message(&buffer, PSD_MESSAGE_AUDIT, &said);
  hand_record(at, &at->session->keys.from_card, PSD_FRAME_AUDIT_RESPONSE, text,
              PSD_SIZE_AUDIT + (said.type == PSD_SIGNATURE_HMAC ? PSD_HASH : 64U));
}

static void data(stage *at, psd_frame_type type) {
  size_t length = 0;
  uint8_t *text = fuzz_take(at->input, fuzz_u8(at->input) % 200U, &length);
  (void)psd_meter_keys_host(&at->session->keys);
  hand_record(at, type == PSD_FRAME_HOST_DATA ? &at->session->keys.from_host : &at->session->keys.from_card, type, text,
              length);
  free(text);
}

static void ledger(stage *at) {
  at->due = fuzz_u16(at->input) & 0x1FFCU;
  at->operation = fuzz_u8(at->input) % 7U;
  at->sequence = fuzz_u8(at->input);
  at->total = fuzz_u8(at->input);
  at->known = fuzz_u8(at->input);
  at->open = fuzz_u8(at->input) % 2U == 1U;
  at->until = fuzz_u8(at->input) % 2U == 1U ? at->time : 0;
}

static void order(stage *at, uint8_t what) {
  if (what >= LEDGER) {
    ledger(at);
    return;
  }
  switch (what % ORDERS) {
  case RAW:
    raw(at);
    return;
  case SIGN_ON:
    sign_on(at);
    return;
  case ANSWER:
    answer(at);
    return;
  case JOB:
    do_job(at);
    return;
  case AUDIT:
    audit(at);
    return;
  case HOST_DATA:
    data(at, PSD_FRAME_HOST_DATA);
    return;
  case CARD_DATA:
    data(at, PSD_FRAME_CARD_DATA);
    return;
  case SIGN_OFF:
    hand_over(at, PSD_FRAME_SIGN_OFF, NULL, 0);
    return;
  case TIMEOUT:
    if (!at->closed)
      psd_meter_session_timeout(at->session);
    return;
  default:
    psd_meter_session_stop(at->session);
  }
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  FUZZ_ASSERT(psd_evp_start());
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  psd_cursor input = psd_cursor_over(bytes, size);
  static psd_meter_settings settings;
  char words[PSD_METER_WORDS_MAX];
  char *const arguments[] = {(char[]){"run"}, (char[]){"--db=sqlite:none"}, (char[]){"--kms=none"},
                             (char[]){"--suites=p256,shared"}};
  FUZZ_ASSERT(psd_meter_settings_parse(4, arguments, &settings, words) == PSD_METER_RUN);
  stage at = {.service = {.calls = &calls, .settings = &settings, .vendor_key = VENDOR_KEY},
              .input = &input,
              .time = 1800000000};
  at.session = psd_meter_session_new(&at.service, &line, &at, 1);
  FUZZ_ASSERT(at.session != NULL);
  while (input.left > 0)
    order(&at, fuzz_u8(&input));
  psd_meter_session_free(at.session);
  FUZZ_ASSERT(at.call == NULL && (at.job == NULL || at.job->done == NULL));
  psd_meter_job_free(at.job);
  return 0;
}
