/* Requests to the key management system: whatever comes is answered, with the same number, by the answer or a refusal;
 * what a role does not do is never done; and nothing made without the keys is ever accepted.
 *
 * Input: one byte of flags, one for the type of the frame, then the body. Flag 1: the role of manufacturing. Flag 2:
 * the body is a request of the PSD that is made below, with its WRAPPED_K4 and, of what a PSD signs, its signature put
 * in, or what a PSD seals sealed; so that what may be wished for is looked at too. Flag 4: the PSD has a key pair. Flag
 * 8: the role of registration; the PSD's token key is installed. */
#include <string.h>

#include "fuzz.h"
#include "kms/service.h"
#include "kms/wrapped_k4.h"
#include "psd/spec/certificate.h"
#include "psd/spec/commands.h"
#include "psd/spec/rates.h"

enum { MANUFACTURING = 1, GENUINE = 2, PAIR = 4, REGISTRATION = 8 };

static psd_keyring *ring;
static psd_kms_archive *archive;
/* The PSD, without and with a key pair. */
static psd_kms_device device;
static psd_pair *pair;
static psd_k4 k4[2];
static uint8_t wrapped[2][PSD_SIZE_WRAPPED_K4];

static uint64_t at_noon(void) {
  return 1795000000U;
}

/* Keys lie in memory of their own, where the leak check does not look for pointers. */
static void forget(void) {
  psd_keyring_free(ring);
  psd_kms_archive_free(archive);
  psd_pair_free(pair);
}

static void make_psd(void) {
  static const uint8_t vendor[] = "PS", model[] = "D1";
  device = psd_kms_device_of(vendor, model, 5);
  pair = psd_pair_new();
  FUZZ_ASSERT(pair != NULL);
  psd_pair_point(pair, k4[1].point);
  for (size_t i = 0; i < 2; i++)
    FUZZ_ASSERT(psd_kms_wrap_k4(ring, &device, &k4[i], wrapped[i]));
}

static void learn(psd_kms_event_id id, psd_kms_kind kind, uint32_t key, psd_kms_state from, psd_kms_state to) {
  const psd_kms_event event = {.event = id,
                               .time = at_noon(),
                               .kind = kind,
                               .key = key,
                               .from = from,
                               .to = to,
                               .about_device = kind == PSD_KMS_METER,
                               .device = device,
                               .sequence = psd_kms_token_detail(0, 5, 1)};
  const psd_kms_record record = psd_kms_record_of(&event);
  const char *flaw;
  FUZZ_ASSERT(psd_kms_archive_take(archive, &record, &flaw) && flaw == NULL);
}

/* Every kind of key, and what the log would have of each. */
static void make_keys(void) {
  for (size_t i = 0; i < psd_kms_kind_count; i++) {
    const psd_kms_kind_row *row = psd_kms_kind_at(i);
    if (!psd_kms_kind_kept(row, PSD_TOKENS_VENDOR))
      continue;
    psd_kms_key *key = psd_keyring_make(ring, row->kind, 2048, at_noon());
    FUZZ_ASSERT(key != NULL && psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, at_noon()));
    learn(PSD_KMS_EVENT_GENERATED, row->kind, key->identifier, PSD_KMS_STATE_NONE, PSD_KMS_STATE_GENERATED);
    learn(PSD_KMS_EVENT_MOVED, row->kind, key->identifier, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE);
  }
}

static void install_token_key(void) {
  uint32_t set = psd_keyring_active(ring, PSD_KMS_TOKEN)->identifier;
  learn(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_METER, set, PSD_KMS_STATE_GENERATED, PSD_KMS_STATE_ACTIVE);
  learn(PSD_KMS_EVENT_TOKEN_MADE, PSD_KMS_METER, set, PSD_KMS_STATE_ACTIVE, PSD_KMS_STATE_INSTALLED);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  FUZZ_ASSERT(psd_evp_start());
  ring = psd_keyring_new();
  archive = psd_kms_archive_new();
  FUZZ_ASSERT(ring != NULL && archive != NULL && atexit(forget) == 0);
  make_keys();
  make_psd();
  install_token_key();
  return 0;
}

/* A message that a PSD signs: its kind of signature and its device at these places. */
static void put_signed(psd_buffer *out, psd_cursor *input, size_t size, size_t device_at, const char *label,
                       bool has_pair) {
  uint8_t *message = psd_put_room(out, size);
  memset(message, 0, size);
  (void)psd_take_into(input, message, input->left < size ? input->left : size);
  message[0] = has_pair ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC;
  memcpy(message + device_at, device.bytes, sizeof device.bytes);
  const psd_part parts[] = {{label, strlen(label)}, {message, size}};
  uint8_t *signature = psd_put_room(out, has_pair ? 64 : 32);
  FUZZ_ASSERT(has_pair ? psd_pair_sign(pair, parts, 2, signature) : psd_hmac(k4->key, 32, parts, 2, signature));
}

/* The head of a request of the provider's, with the PSD in it. */
static void put_head(psd_buffer *out, psd_cursor *input, size_t size, size_t device_at) {
  uint8_t *head = psd_put_room(out, size);
  memset(head, 0, size);
  (void)psd_take_into(input, head, input->left < size ? input->left : size);
  memcpy(head + device_at, device.bytes, sizeof device.bytes);
}

/* KMS_ISSUE for a time that there may be, without an address. */
static void put_issue(psd_buffer *out, psd_cursor *input) {
  const psd_kms_issue wanted = {.number = fuzz_u16(input),
                                .from = at_noon(),
                                .until = at_noon() + fuzz_u16(input),
                                .zip = fuzz_u16(input),
                                .licence = 1};
  psd_put_message(out, PSD_MESSAGE_KMS_ISSUE, &wanted);
}

/* CERTIFICATE_REQUEST, and the rest of the input, sealed as the PSD seals its PKCS#10. */
static void put_sealed(psd_buffer *out, psd_cursor *input) {
  static const char label[] = PSD_COMMUNICATIONS_REQUEST;
  uint8_t info[sizeof label - 1U + sizeof device.bytes], key[PSD_AES_KEY];
  psd_certificate_request head;
  memcpy(info, label, sizeof label - 1U);
  memcpy(info + sizeof label - 1U, device.bytes, sizeof device.bytes);
  size_t at = out->length;
  put_head(out, input, PSD_SIZE_CERTIFICATE_REQUEST, 0);
  uint8_t *bytes = out->data + at;
  uint8_t *sealed = psd_put_room(out, input->left + PSD_GCM_TAG);
  if (sealed == NULL || !psd_parse_message(bytes, PSD_SIZE_CERTIFICATE_REQUEST, PSD_MESSAGE_CERTIFICATE_REQUEST, &head))
    return;
  FUZZ_ASSERT(psd_hkdf_expand(k4[1].key, info, sizeof info, key, sizeof key));
  FUZZ_ASSERT(psd_gcm_seal(key, head.nonce, (psd_part){bytes, PSD_SIZE_CERTIFICATE_REQUEST}, input->at, input->left,
                           sealed, sealed + input->left));
}

/* A genuine request out of the input; `body` has room for any. */
static size_t make_genuine(psd_frame_type type, bool has_pair, psd_cursor *input, uint8_t *body) {
  psd_buffer out = psd_buffer_over(body, PSD_FRAME_BODY_MAX);
  psd_put_uint(&out, 1, PSD_SIZE_KMS_CALL);
  if (type == PSD_FRAME_KMS_FUND)
    psd_put_uint(&out, at_noon() + fuzz_u8(input) * 16U, PSD_SIZE_KMS_FUND);
  else if (type == PSD_FRAME_KMS_ORDER)
    put_head(&out, input, PSD_SIZE_KMS_ORDER, 2);
  else if (type == PSD_FRAME_KMS_CERTIFY)
    put_head(&out, input, PSD_SIZE_KMS_CERTIFY, 0);
  else if (type == PSD_FRAME_KMS_ISSUE)
    put_issue(&out, input);
  psd_put(&out, wrapped[has_pair], PSD_SIZE_WRAPPED_K4);
  if (type == PSD_FRAME_KMS_FUND)
    put_signed(&out, input, PSD_SIZE_FUNDS_REQUEST, 4, PSD_SIGN_FUNDS_REQUEST, has_pair);
  else if (type == PSD_FRAME_KMS_RECEIPT)
    put_signed(&out, input, PSD_SIZE_FUNDS_RECEIPT, 3, PSD_SIGN_FUNDS_RECEIPT, has_pair);
  else if (type == PSD_FRAME_KMS_ORDER)
    psd_put(&out, input->at, input->left);
  else if (type == PSD_FRAME_KMS_REQUEST || type == PSD_FRAME_KMS_ISSUE)
    put_sealed(&out, input);
  return out.overflow ? 0 : out.length;
}

/* Nothing beyond the policy, or beyond what was asked for. */
static void check_loaded(const psd_funds_request *asked, const psd_funds_authorization *said) {
  FUZZ_ASSERT(asked->operation == PSD_OPERATION_LOADING && said->amount >= 1);
  FUZZ_ASSERT(said->amount <= psd_kms_policy_default.most && said->control_total <= INT64_MAX);
  FUZZ_ASSERT(said->control_total - said->amount == asked->control_total && said->control_total > asked->control_total);
}

static void check_withdrawn(const psd_funds_request *asked, const psd_funds_authorization *said) {
  FUZZ_ASSERT(said->operation == PSD_OPERATION_WITHDRAWN && asked->operation == PSD_OPERATION_WITHDRAWING);
  FUZZ_ASSERT(said->control_total == asked->control_total && (said->amount != 0 || asked->final != 0));
}

static void check_funds(const uint8_t *body, const psd_buffer *answer) {
  psd_funds_request asked;
  psd_funds_authorization said;
  const size_t at = PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_FUND + PSD_SIZE_WRAPPED_K4;
  FUZZ_ASSERT(answer->length == PSD_SIZE_KMS_CALL + PSD_AUTHORIZED_FUNDS);
  FUZZ_ASSERT(psd_parse_message(body + at, PSD_SIZE_FUNDS_REQUEST, PSD_MESSAGE_FUNDS_REQUEST, &asked));
  FUZZ_ASSERT(psd_parse_message(answer->data + PSD_SIZE_KMS_CALL, PSD_SIZE_FUNDS_AUTHORIZATION,
                                PSD_MESSAGE_FUNDS_AUTHORIZATION, &said));
  FUZZ_ASSERT(said.amount == asked.amount && said.sequence == asked.sequence && said.group == asked.group);
  FUZZ_ASSERT(said.expiry > at_noon() && said.expiry <= at_noon() + PSD_KMS_EXPIRY_MOST);
  if (said.operation == PSD_OPERATION_LOADED)
    check_loaded(&asked, &said);
  else
    check_withdrawn(&asked, &said);
}

static void check_genuine(psd_frame_type answered, const uint8_t *body, const psd_buffer *answer) {
  if (answered == PSD_FRAME_KMS_FUNDED)
    check_funds(body, answer);
  if (answered == PSD_FRAME_KMS_ORDERED) {
    const psd_command *command = psd_command_of(PSD_CLASS_GP, body[PSD_SIZE_KMS_CALL]);
    FUZZ_ASSERT(answer->length == PSD_SIZE_KMS_CALL + PSD_SIZE_ORDER);
    FUZZ_ASSERT(command != NULL && command->access == psd_commands[PSD_COMMAND_ENABLE].access);
  }
  if (answered == PSD_FRAME_KMS_CERTIFIED)
    FUZZ_ASSERT(answer->length <= PSD_SIZE_KMS_CALL + PSD_CERTIFICATE_MAX);
  if (answered == PSD_FRAME_KMS_ISSUED)
    FUZZ_ASSERT(answer->length <= PSD_SIZE_KMS_CALL + PSD_GRANT_MAX);
}

/* Keys are new in every run: a wrapping that opens, or a signature that holds, was made here or is a forgery. */
static void check_forgery(psd_frame_type answered) {
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_SESSION_KEY && answered != PSD_FRAME_KMS_VERIFIED &&
              answered != PSD_FRAME_KMS_ROTATED && answered != PSD_FRAME_KMS_ENDORSED);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_FUNDED && answered != PSD_FRAME_KMS_RECEIVED &&
              answered != PSD_FRAME_KMS_ORDERED && answered != PSD_FRAME_KMS_CERTIFIED &&
              answered != PSD_FRAME_KMS_REGISTERED);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_REQUESTED && answered != PSD_FRAME_KMS_ISSUED &&
              answered != PSD_FRAME_KMS_REVOKED && answered != PSD_FRAME_KMS_CREDITED);
}

/* Nothing but a whole table is signed, and no price above the policy. */
static void check_rates(const uint8_t *body, size_t size) {
  psd_rates rates;
  psd_rate_row row;
  FUZZ_ASSERT(psd_rates_open(body + PSD_SIZE_KMS_CALL, size - PSD_SIZE_KMS_CALL, &rates));
  for (uint64_t i = 0; i < rates.head.rows; i++)
    FUZZ_ASSERT(psd_rates_row(&rates, i, &row) && row.postage <= psd_kms_policy_default.most);
}

static void check_answer(psd_role role, psd_frame_type type, psd_frame_type answered, const uint8_t *body, size_t size,
                         const psd_buffer *answer) {
  FUZZ_ASSERT(!answer->overflow && answer->length >= PSD_SIZE_KMS_CALL);
  if (size >= PSD_SIZE_KMS_CALL)
    FUZZ_ASSERT(memcmp(body, answer->data, PSD_SIZE_KMS_CALL) == 0);
  if (answered == PSD_FRAME_KMS_REFUSED) {
    FUZZ_ASSERT(answer->length == PSD_SIZE_KMS_CALL + PSD_SIZE_ERROR_SIGNAL);
    FUZZ_ASSERT(psd_signal_of(psd_kms_refusal(answered, answer)) != NULL);
    return;
  }
  FUZZ_ASSERT(answered == type + 1);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_MANUFACTURED || role == PSD_ROLE_MANUFACTURING);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_TOKEN_KEY_MADE || role == PSD_ROLE_MANUFACTURING);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_COLUMN_KEY || role == PSD_ROLE_METER);
  if (answered == PSD_FRAME_KMS_RATES_SIGNED)
    check_rates(body, size);
}

static psd_frame_type answer_to(psd_kms_service *service, psd_frame_type type, const uint8_t *body, size_t length,
                                psd_buffer *answer) {
  psd_frame_type answered = psd_kms_answer(service, type, body, length, answer);
  check_answer(service->role, type, answered, body, length, answer);
  return answered;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t memory[PSD_FRAME_BODY_MAX], made[PSD_FRAME_BODY_MAX];
  psd_cursor input = psd_cursor_over(data, size);
  size_t length;
  psd_kms_service service = {.keys = ring, .now = at_noon, .archive = archive};
  const unsigned flags = fuzz_u8(&input);
  service.role = (flags & MANUFACTURING) == 0 ? PSD_ROLE_METER : PSD_ROLE_MANUFACTURING;
  if ((flags & REGISTRATION) != 0)
    service.role = PSD_ROLE_REGISTRATION;
  psd_frame_type type = (psd_frame_type)fuzz_u8(&input);
  psd_buffer answer = psd_buffer_over(memory, sizeof memory);
  if ((flags & GENUINE) != 0) {
    length = make_genuine(type, (flags & PAIR) != 0, &input, made);
    input = psd_cursor_over(made, length);
  }
  uint8_t *body = fuzz_take(&input, input.left, &length);
  psd_frame_type answered = PSD_FRAME_KMS_REFUSED;
  if (length <= PSD_FRAME_BODY_MAX)
    answered = answer_to(&service, type, body, length, &answer);
  if ((flags & GENUINE) != 0)
    check_genuine(answered, body, &answer);
  else
    check_forgery(answered);
  free(body);
  return 0;
}
