/* Requests to the key management system: whatever comes is answered, with the same number, by the answer or a refusal;
 * what a role does not do is never done; and nothing made without the keys is ever accepted.
 *
 * Input: one byte for the role, one for the type of the frame, then the body. */
#include <string.h>

#include "fuzz.h"
#include "kms/service.h"

static psd_keyring *ring;

static uint64_t at_noon(void) {
  return 1795000000U;
}

/* Keys lie in memory of their own, where the leak check does not look for pointers. */
static void forget(void) {
  psd_keyring_free(ring);
}

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  (void)argv;
  FUZZ_ASSERT(psd_evp_start());
  ring = psd_keyring_new();
  FUZZ_ASSERT(ring != NULL && atexit(forget) == 0);
  for (unsigned kind = PSD_KMS_VENDOR; kind <= PSD_KMS_RSA; kind++) {
    psd_kms_key *key = psd_keyring_make(ring, (psd_kms_kind)kind, 2048, at_noon());
    FUZZ_ASSERT(key != NULL && psd_keyring_move(key, PSD_KMS_STATE_ACTIVE, at_noon()));
  }
  return 0;
}

/* Keys are new in every run: a wrapping that opens, or a signature that holds, was made here or is a forgery. */
static void check_forgery(psd_frame_type answered) {
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_SESSION_KEY && answered != PSD_FRAME_KMS_VERIFIED &&
              answered != PSD_FRAME_KMS_ROTATED && answered != PSD_FRAME_KMS_ENDORSED);
}

static void check_answer(psd_role role, psd_frame_type type, psd_frame_type answered, const uint8_t *body, size_t size,
                         const psd_buffer *answer) {
  FUZZ_ASSERT(!answer->overflow && answer->length >= PSD_SIZE_KMS_CALL);
  if (size >= PSD_SIZE_KMS_CALL)
    FUZZ_ASSERT(memcmp(body, answer->data, PSD_SIZE_KMS_CALL) == 0);
  check_forgery(answered);
  if (answered == PSD_FRAME_KMS_REFUSED) {
    FUZZ_ASSERT(answer->length == PSD_SIZE_KMS_CALL + PSD_SIZE_ERROR_SIGNAL);
    FUZZ_ASSERT(psd_signal_of(psd_kms_refusal(answered, answer)) != NULL);
    return;
  }
  FUZZ_ASSERT(answered == type + 1);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_MANUFACTURED || role == PSD_ROLE_MANUFACTURING);
  FUZZ_ASSERT(answered != PSD_FRAME_KMS_COLUMN_KEY || role == PSD_ROLE_METER);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t memory[PSD_FRAME_BODY_MAX];
  psd_cursor input = psd_cursor_over(data, size);
  size_t length;
  psd_kms_service service = {.keys = ring, .now = at_noon};
  service.role = fuzz_u8(&input) % 2 == 0 ? PSD_ROLE_METER : PSD_ROLE_MANUFACTURING;
  psd_frame_type type = (psd_frame_type)fuzz_u8(&input);
  uint8_t *body = fuzz_take(&input, input.left, &length);
  if (length <= PSD_FRAME_BODY_MAX) {
    psd_buffer answer = psd_buffer_over(memory, sizeof memory);
    psd_frame_type answered = psd_kms_answer(&service, type, body, length, &answer);
    check_answer(service.role, type, answered, body, length, &answer);
  }
  free(body);
  return 0;
}
