#include "admin/ask.h"

#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/evp.h"
#include "wire/call.h"

#define CALL_NUMBER 1U

static int refused(psd_cursor body, const psd_admin_question *question) {
  psd_error_signal signal;
  const psd_signal_row *row = NULL;
  if (psd_take_message(&body, PSD_MESSAGE_ERROR_SIGNAL, &signal))
    row = psd_signal_of((unsigned)signal.signal);
  bool advised = row != NULL && row->signal == PSD_SIGNAL_REQUEST && question->advice != NULL;
  return psd_admin_refuse("the key management system refuses %s: %s%s%s", question->words,
                          row != NULL ? row->words : "it does not say why", advised ? "; " : "",
                          advised ? question->advice : "");
}

static int take_answer(const char *kms, const psd_admin_question *question, const psd_wire_answer *got, void *answer,
                       size_t least, size_t most, size_t *length) {
  psd_kms_call head;
  psd_cursor body = psd_cursor_over(got->body, got->length);
  bool ours = psd_take_message(&body, PSD_MESSAGE_KMS_CALL, &head) && head.number == CALL_NUMBER;
  if (ours && got->type == PSD_FRAME_KMS_REFUSED)
    return refused(body, question);
  if (!ours || got->type != question->answer || body.left < least || body.left > most)
    return psd_admin_refuse("what answers at %s is no key management system", kms);
  *length = body.left;
  (void)psd_take_into(&body, answer, *length);
  return PSD_EXIT_DONE;
}

static int ask(const char *kms, const psd_admin_question *question, void *answer, size_t least, size_t most,
               size_t *length) {
  const size_t size = PSD_SIZE_KMS_CALL + question->length;
  uint8_t *bytes = malloc(size);
  psd_wire_answer *got = malloc(sizeof *got);
  char words[256] = "out of memory";
  int status = PSD_EXIT_UNREACHABLE;
  psd_buffer out = psd_buffer_over(bytes, bytes != NULL ? size : 0);
  psd_put_message(&out, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = CALL_NUMBER});
  psd_put(&out, question->body, question->length);
  if (got == NULL || out.overflow ||
      !psd_wire_call(kms, question->request, bytes, out.length, got, PSD_CALL_LIMIT, words, sizeof words)) {
    (void)psd_admin_refuse("the key management system cannot be reached: %s", words);
  } else {
    status = take_answer(kms, question, got, answer, least, most, length);
    psd_secret_wipe(got, sizeof *got);
  }
  free(got);
  free(bytes);
  return status;
}

int psd_admin_ask_kms(const char *kms, const psd_admin_question *question, void *answer, size_t length) {
  size_t got = 0;
  return ask(kms, question, answer, length, length, &got);
}

int psd_admin_ask_kms_for(const char *kms, const psd_admin_question *question, void *answer, size_t room,
                          size_t *length) {
  return ask(kms, question, answer, 1, room, length);
}
