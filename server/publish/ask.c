#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "publish/internal.h"
#include "wire/call.h"

static bool path_at(psd_publish *publish, size_t index, char path[PSD_PUBLISH_PATH_MAX]) {
  (void)pthread_mutex_lock(&publish->lock);
  bool there = index < publish->kms_count;
  if (there)
    memcpy(path, publish->kms[index], PSD_PUBLISH_PATH_MAX);
  (void)pthread_mutex_unlock(&publish->lock);
  return there;
}

/* What is behind KMS_CALL. */
static psd_published take(const psd_wire_answer *said, uint8_t *answer, size_t *length) {
  size_t left = said->length - PSD_SIZE_KMS_CALL;
  if (left == 0 || left > *length)
    return PSD_PUBLISHED_FAILED;
  memcpy(answer, said->body + PSD_SIZE_KMS_CALL, left);
  *length = left;
  return PSD_PUBLISHED;
}

/* It says no to what is asked, and so would every other. */
static bool refuses(const psd_wire_answer *said, char *words, size_t room) {
  psd_error_signal refusal;
  psd_cursor body = psd_cursor_over(said->body + PSD_SIZE_KMS_CALL, said->length - PSD_SIZE_KMS_CALL);
  bool read = said->type == PSD_FRAME_KMS_REFUSED && psd_take_message(&body, PSD_MESSAGE_ERROR_SIGNAL, &refusal);
  const psd_signal_row *row = read ? psd_signal_of((unsigned)refusal.signal) : NULL;
  (void)snprintf(words, room, "%s", row == NULL ? "no answer that fits" : row->words);
  return row != NULL && row->signal == PSD_SIGNAL_REQUEST;
}

/* One after the other, until one answers. */
static psd_published ask_all(psd_publish *publish, psd_frame_type type, psd_frame_type wanted,
                             const psd_buffer *question, psd_wire_answer *said, uint8_t *answer, size_t *length) {
  char path[PSD_PUBLISH_PATH_MAX], words[160] = "there is none";
  for (size_t i = 0; path_at(publish, i, path); i++) {
    if (!psd_wire_call(path, type, question->data, question->length, said, publish->settings.kms_limit, words,
                       sizeof words) ||
        said->length < PSD_SIZE_KMS_CALL)
      continue;
    if (said->type == wanted)
      return take(said, answer, length);
    if (refuses(said, words, sizeof words))
      return PSD_PUBLISHED_NONE;
  }
  psd_publish_say(publish, PSD_PUBLISH_WARNING, "key management system", words);
  return PSD_PUBLISHED_LATER;
}

psd_published psd_publish_ask(psd_publish *publish, psd_frame_type type, psd_frame_type wanted, const void *body,
                              size_t body_length, uint8_t *answer, size_t *length) {
  if (body_length > PSD_FRAME_BODY_MAX - PSD_SIZE_KMS_CALL)
    return PSD_PUBLISHED_FAILED;
  const size_t size = PSD_SIZE_KMS_CALL + body_length;
  uint8_t *bytes = malloc(size);
  psd_wire_answer *said = malloc(sizeof *said);
  psd_published published = PSD_PUBLISHED_FAILED;
  psd_buffer question = psd_buffer_over(bytes, bytes != NULL ? size : 0);
  psd_put_message(&question, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = 1});
  psd_put(&question, body, body_length);
  if (said != NULL && !question.overflow)
    published = ask_all(publish, type, wanted, &question, said, answer, length);
  free(said);
  free(bytes);
  return published;
}
