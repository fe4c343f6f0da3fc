#include "meter/kms.h"

#include <stdlib.h>
#include <string.h>

#include "meter/kms_internal.h"

#define SLOT_MASK (PSD_METER_CALLS_MAX - 1U)
#define WATCH_MS 500U
/* Time limits that an answer may be late while others come. */
#define LATE 4U

_Static_assert((PSD_METER_CALLS_MAX & SLOT_MASK) == 0, "a slot is the lower bits of a number");

static void unchain(psd_meter_call *call) {
  psd_meter_kms_link *link = call->link;
  *(call->before == NULL ? &link->first : &call->before->after) = call->after;
  *(call->after == NULL ? &link->last : &call->after->before) = call->before;
  link->calls--;
  call->link = NULL;
  call->before = call->after = NULL;
}

/* The oldest call of a link, taken off it; NULL for none. */
static psd_meter_call *take_oldest(psd_meter_kms_link *link) {
  psd_meter_call *call = link->first;
  if (call == NULL)
    return NULL;
  link->first = call->after;
  *(link->first == NULL ? &link->last : &link->first->before) = NULL;
  link->calls--;
  call->link = NULL;
  call->after = NULL;
  return call;
}

static void chain(psd_meter_call *call, psd_meter_kms_link *link) {
  call->link = link;
  call->before = link->last;
  call->after = NULL;
  *(link->last == NULL ? &link->first : &link->last->after) = call;
  link->last = call;
  link->calls++;
}

/* The call is over: its slot is free, its memory too. */
static void drop_call(psd_meter_kms *kms, psd_meter_call *call) {
  psd_meter_kms_link *link = call->link;
  if (link != NULL)
    unchain(call);
  kms->slots[call->slot] = NULL;
  kms->unused[kms->unused_count++] = call->slot;
  free(call);
  if (link != NULL && link->leaving && link->calls == 0)
    psd_meter_kms_link_leave(link, true);
}

static void answer(psd_meter_kms *kms, psd_meter_call *call, const psd_meter_answer *what) {
  psd_meter_answered *answered = call->answered;
  void *owner = call->owner;
  drop_call(kms, call);
  answered(owner, what);
}

static void fail(psd_meter_kms *kms, psd_meter_call *call) {
  psd_meter_answer none = {.type = PSD_FRAME_KMS_REFUSED, .signal = PSD_SIGNAL_KMS};
  answer(kms, call, &none);
}

/* The call with this number on this link; NULL for none: it was forgotten, or asked elsewhere. */
static psd_meter_call *call_with(const psd_meter_kms_link *link, uint64_t number) {
  psd_meter_call *call = link->kms->slots[number & SLOT_MASK];
  return call != NULL && call->number == number && call->link == link ? call : NULL;
}

void psd_meter_kms_take(psd_meter_kms_link *link, psd_frame_type type, const uint8_t *body, size_t length) {
  psd_cursor cursor = psd_cursor_over(body, length);
  psd_kms_call head;
  psd_error_signal refusal;
  link->heard = uv_now(link->kms->loop);
  if (!psd_take_message(&cursor, PSD_MESSAGE_KMS_CALL, &head)) {
    psd_meter_kms_link_drop(link, "its answer cannot be read");
    return;
  }
  psd_meter_call *call = call_with(link, head.number);
  if (call == NULL)
    return;
  psd_meter_answer what = {.type = type, .body = cursor.at, .length = cursor.left};
  if (type == PSD_FRAME_KMS_REFUSED) {
    bool read = psd_take_message(&cursor, PSD_MESSAGE_ERROR_SIGNAL, &refusal);
    what.signal = read && refusal.signal != 0 ? (psd_signal)refusal.signal : PSD_SIGNAL_KMS;
    what.step = read ? (psd_step)refusal.step : PSD_STEP_NONE;
  }
  answer(link->kms, call, &what);
}

static void send_call(psd_meter_call *call, psd_meter_kms_link *link) {
  uint8_t number[PSD_SIZE_KMS_CALL];
  psd_buffer buffer = psd_buffer_over(number, sizeof number);
  psd_put_uint(&buffer, call->number, sizeof number);
  psd_body pieces[] = {{number, sizeof number}, {call->body, call->length}};
  call->sent = uv_now(link->kms->loop);
  chain(call, link);
  psd_stream_send_pieces(link->stream, call->type, pieces, 2);
}

void psd_meter_kms_move_calls(psd_meter_kms_link *link) {
  psd_meter_kms *kms = link->kms;
  for (psd_meter_call *call; (call = take_oldest(link)) != NULL;) {
    psd_meter_kms_link *other = call->again ? NULL : psd_meter_kms_link_choose(kms, link);
    if (other == NULL) {
      fail(kms, call);
      continue;
    }
    call->again = true;
    send_call(call, other);
  }
}

psd_meter_call *psd_meter_kms_ask(psd_meter_kms *kms, psd_frame_type type, const void *body, size_t length,
                                  psd_meter_answered *answered, void *owner) {
  psd_meter_kms_link *link = psd_meter_kms_link_choose(kms, NULL);
  if (link == NULL || kms->unused_count == 0 || kms->closing)
    return NULL;
  psd_meter_call *call = calloc(1, sizeof *call + length);
  if (call == NULL)
    return NULL;
  call->slot = kms->unused[--kms->unused_count];
  call->number = ++kms->round * PSD_METER_CALLS_MAX + call->slot;
  call->answered = answered;
  call->owner = owner;
  call->type = type;
  call->length = length;
  if (length > 0)
    memcpy(call->body, body, length);
  kms->slots[call->slot] = call;
  send_call(call, link);
  return call;
}

void psd_meter_kms_forget(psd_meter_kms *kms, psd_meter_call *call) {
  drop_call(kms, call);
}

/* One that takes requests and answers none is as good as gone. One that answers, but late, has much to do: to ask all
 * of it elsewhere would only move the crowd, so that gets more time. */
static bool silent(const psd_meter_kms_link *link, uint64_t now) {
  if (link->first == NULL)
    return false;
  uint64_t since = link->first->sent > link->heard ? link->first->sent : link->heard;
  return now - since > link->kms->timeout || now - link->first->sent > LATE * link->kms->timeout;
}

static void on_watch(uv_timer_t *timer) {
  psd_meter_kms *kms = timer->data;
  uint64_t now = uv_now(kms->loop);
  for (psd_meter_kms_link *link = kms->links; link != NULL; link = link->next)
    if (silent(link, now))
      psd_meter_kms_link_drop(link, "does not answer");
}

static void free_memory(psd_meter_kms *kms) {
  free(kms->slots);
  free(kms->unused);
  free(kms);
}

psd_meter_kms *psd_meter_kms_new(uv_loop_t *loop, psd_meter_log *log) {
  psd_meter_kms *kms = calloc(1, sizeof *kms);
  if (kms == NULL)
    return NULL;
  kms->slots = calloc(PSD_METER_CALLS_MAX, sizeof(psd_meter_call *));
  kms->unused = calloc(PSD_METER_CALLS_MAX, sizeof *kms->unused);
  if (kms->slots == NULL || kms->unused == NULL) {
    free_memory(kms);
    return NULL;
  }
  while (kms->unused_count < PSD_METER_CALLS_MAX) {
    kms->unused[kms->unused_count] = PSD_METER_CALLS_MAX - 1U - kms->unused_count;
    kms->unused_count++;
  }
  kms->loop = loop;
  kms->log = log;
  kms->handles = 1;
  (void)uv_timer_init(loop, &kms->watch);
  kms->watch.data = kms;
  (void)uv_timer_start(&kms->watch, on_watch, WATCH_MS, WATCH_MS);
  return kms;
}

static bool listed(const psd_meter_paths *paths, const char *path) {
  for (uint32_t i = 0; i < paths->count; i++)
    if (strcmp(paths->at[i], path) == 0)
      return true;
  return false;
}

void psd_meter_kms_use(psd_meter_kms *kms, const psd_meter_paths *paths, uint64_t timeout_seconds) {
  kms->timeout = timeout_seconds * 1000U;
  for (psd_meter_kms_link *link = kms->links, *next; link != NULL; link = next) {
    next = link->next;
    if (!link->leaving && !listed(paths, link->path))
      psd_meter_kms_link_leave(link, link->calls == 0);
  }
  for (uint32_t i = 0; i < paths->count; i++) {
    const psd_meter_kms_link *link = kms->links;
    while (link != NULL && (link->leaving || strcmp(link->path, paths->at[i]) != 0))
      link = link->next;
    if (link == NULL && !psd_meter_kms_link_add(kms, paths->at[i]))
      psd_meter_log_say(kms->log, PSD_METER_ERROR, "no memory", paths->at[i]);
  }
}

void psd_meter_kms_on_ready(psd_meter_kms *kms, void (*ready)(void *owner), void *owner) {
  kms->ready = ready;
  kms->ready_owner = owner;
}

void psd_meter_kms_closed(psd_meter_kms *kms) {
  if (--kms->handles == 0 && kms->closing)
    free_memory(kms);
}

static void on_watch_closed(uv_handle_t *handle) {
  psd_meter_kms_closed(handle->data);
}

void psd_meter_kms_free(psd_meter_kms *kms) {
  if (kms == NULL)
    return;
  kms->closing = true;
  kms->ready = NULL;
  for (uint32_t i = 0; i < PSD_METER_CALLS_MAX; i++)
    if (kms->slots[i] != NULL)
      drop_call(kms, kms->slots[i]);
  for (psd_meter_kms_link *link = kms->links, *next; link != NULL; link = next) {
    next = link->next;
    psd_meter_kms_link_leave(link, true);
  }
  uv_close((uv_handle_t *)&kms->watch, on_watch_closed);
}
