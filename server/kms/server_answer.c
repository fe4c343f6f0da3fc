/* How a server answers: what the log must know of is on the disk before the answer leaves. */
#include <stdlib.h>

#include "kms/server_internal.h"

void psd_kms_server_say(const server *at, const char *level, const char *event, const psd_kms_fact *facts,
                        size_t count) {
  if (!at->serving->quiet)
    psd_kms_notice(psd_kms_now(), level, event, facts, count);
}

void psd_kms_server_say_why(const server *at, const char *level, const char *event, const char *why) {
  const psd_kms_fact fact = {.key = "why", .text = why};
  psd_kms_server_say(at, level, event, &fact, 1);
}

bool psd_kms_server_write_log(server *at) {
  if (psd_kms_record_events(at->serving->kms, &at->service.events))
    return true;
  at->service.events.count = 0;
  psd_kms_server_say_why(at, "error", "log", "the log cannot be written: answers that need it are refused");
  return false;
}

/* What an answer takes of the room there is: a refusal fits its place. */
static size_t room_of(size_t length) {
  const size_t least = PSD_SIZE_KMS_CALL + PSD_SIZE_ERROR_SIGNAL;
  return length > least ? length : least;
}

void psd_kms_server_release(server *at) {
  if (at->held_count == 0)
    return;
  client *to = psd_stream_user(at->held_for);
  bool logged = psd_kms_server_write_log(at);
  for (size_t i = 0; i < at->held_count; i++) {
    held_answer *held = &at->held[i];
    uint8_t *body = at->held_bytes + held->at;
    psd_buffer answer = {.data = body, .length = held->length, .capacity = room_of(held->length)};
    if (!logged)
      held->type = psd_kms_refuse_answer(&answer, PSD_SIGNAL_INTERNAL);
    to->refused += logged ? 0U : 1U;
    psd_stream_send(at->held_for, held->type, answer.data, answer.length);
    psd_secret_wipe(body, held->length);
  }
  at->held_count = 0;
  at->held_length = 0;
}

/* Takes on the keys that the vault has now, and says so if they are others. */
static void take_keys(server *at, uint32_t before) {
  at->service.keys = psd_kms_keys(at->serving->kms);
  const psd_kms_fact fact = {.key = "generation", .number = at->service.keys->generation};
  if (at->service.keys->generation != before)
    psd_kms_server_say(at, "info", "reloaded", &fact, 1);
}

void psd_kms_server_reload(server *at) {
  char why[PSD_KMS_WHY_MAX];
  uint32_t before = psd_kms_keys(at->serving->kms)->generation;
  if (!psd_kms_reload(at->serving->kms, why)) {
    psd_kms_server_say_why(at, "error", "reload", why);
    return;
  }
  take_keys(at, before);
}

/* The archive as the log is now: nobody else writes to either until it is left. */
static void enter_archive(server *at) {
  char why[PSD_KMS_WHY_MAX];
  uint32_t before = psd_kms_keys(at->serving->kms)->generation;
  at->service.archive = psd_kms_archive_begin(at->serving->kms, why);
  if (at->service.archive == NULL)
    psd_kms_server_say_why(at, "error", "log", why);
  /* Another process may have changed the keys, which are then read anew. */
  take_keys(at, before);
}

static void leave_archive(server *at) {
  if (at->service.archive != NULL)
    psd_kms_archive_end(at->serving->kms);
  at->service.archive = NULL;
}

/* Answers what depends on the archive: one at a time, each on the log before the next is looked at. */
static void answer_alone(client *from, psd_frame_type type, const uint8_t *body, size_t length) {
  server *at = from->server;
  uint8_t memory[PSD_FRAME_BODY_MAX];
  psd_buffer answer = psd_buffer_over(memory, sizeof memory);
  psd_kms_server_release(at);
  enter_archive(at);
  psd_frame_type answered = psd_kms_answer(&at->service, type, body, length, &answer);
  if (!psd_kms_server_write_log(at))
    answered = psd_kms_refuse_answer(&answer, PSD_SIGNAL_INTERNAL);
  leave_archive(at);
  from->requests++;
  from->refused += answered == PSD_FRAME_KMS_REFUSED ? 1U : 0U;
  psd_stream_send(from->stream, answered, answer.data, answer.length);
  psd_secret_wipe(memory, sizeof memory);
}

void psd_kms_server_on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  client *from = psd_stream_user(stream);
  server *at = from->server;
  if (psd_kms_needs_archive(type)) {
    answer_alone(from, type, body, length);
    return;
  }
  /* A connection that ended in the middle of what it sent was never drained. */
  if (at->held_for != stream || at->held_length > HELD_BYTES - PSD_FRAME_BODY_MAX)
    psd_kms_server_release(at);
  at->held_for = stream;
  held_answer *next = &at->held[at->held_count];
  size_t before = at->service.events.count;
  psd_buffer answer = psd_buffer_over(at->held_bytes + at->held_length, PSD_FRAME_BODY_MAX);
  next->type = psd_kms_answer(&at->service, type, body, length, &answer);
  next->at = at->held_length;
  next->length = answer.length;
  from->requests++;
  from->refused += next->type == PSD_FRAME_KMS_REFUSED ? 1U : 0U;
  if (at->service.events.count == before) {
    psd_stream_send(stream, next->type, answer.data, answer.length);
    psd_secret_wipe(answer.data, answer.length);
  } else {
    at->held_length += room_of(answer.length);
    if (++at->held_count == HELD_MAX)
      psd_kms_server_release(at);
  }
}
