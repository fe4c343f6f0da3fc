/* One key management system: connected to, and connected to again. */
#include <stdlib.h>
#include <string.h>

#include "meter/kms_internal.h"

#define PAUSE_FIRST_MS 50U
#define PAUSE_MOST_MS 5000U

static void try_again(psd_meter_kms_link *link);

static void say(const psd_meter_kms_link *link, psd_meter_level level, const char *event, const char *words) {
  psd_json *line = psd_meter_log_line(link->kms->log, level, event);
  if (line == NULL)
    return;
  psd_json_string(line, "kms", link->path);
  if (words != NULL)
    psd_json_string(line, "words", words);
  psd_meter_log_end(link->kms->log);
}

static void unlink_self(psd_meter_kms_link *link) {
  psd_meter_kms_link **at = &link->kms->links;
  while (*at != NULL && *at != link)
    at = &(*at)->next;
  if (*at == link)
    *at = link->next;
}

static void on_timer_closed(uv_handle_t *handle) {
  psd_meter_kms_link *link = handle->data;
  psd_meter_kms *kms = link->kms;
  free(link);
  psd_meter_kms_closed(kms);
}

/* The link is over once its stream is. */
static void end(psd_meter_kms_link *link) {
  if (!uv_is_closing((uv_handle_t *)&link->again))
    uv_close((uv_handle_t *)&link->again, on_timer_closed);
}

static void on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  psd_meter_kms_take(psd_stream_user(stream), type, body, length);
}

static void on_stream_closed(psd_stream *stream, psd_stream_end why) {
  psd_meter_kms_link *link = psd_stream_user(stream);
  (void)why;
  bool was = link->connected;
  link->stream = NULL;
  link->connected = false;
  if (was)
    say(link, link->leaving ? PSD_METER_INFO : PSD_METER_WARNING, "key management system lost", NULL);
  psd_meter_kms_move_calls(link);
  if (link->leaving)
    psd_meter_kms_link_leave(link, true);
  else
    try_again(link);
}

static const psd_stream_events events = {.frame = on_frame, .closed = on_stream_closed};

static void on_connected(uv_connect_t *request, int status) {
  psd_stream *stream = request->data;
  psd_meter_kms_link *link = psd_stream_user(stream);
  if (status != 0) {
    if (!link->told && status != UV_ECANCELED)
      say(link, PSD_METER_WARNING, "key management system not reached", uv_strerror(status));
    link->told = true;
    psd_stream_close(stream, false);
    return;
  }
  if (!psd_stream_start(stream, PSD_FRAME_BODY_MAX))
    return;
  link->connected = true;
  link->told = false;
  link->pause = PAUSE_FIRST_MS;
  say(link, PSD_METER_INFO, "key management system connected", NULL);
  if (link->kms->ready != NULL)
    link->kms->ready(link->kms->ready_owner);
}

static void connect_now(uv_timer_t *timer) {
  psd_meter_kms_link *link = timer->data;
  link->stream = psd_stream_new(link->kms->loop, true, &events, link);
  if (link->stream == NULL) {
    try_again(link);
    return;
  }
  uv_pipe_t *pipe = (uv_pipe_t *)psd_stream_handle(link->stream);
  (void)uv_pipe_init(link->kms->loop, pipe, 0);
  link->connecting.data = link->stream;
  uv_pipe_connect(&link->connecting, pipe, link->path, on_connected);
}

static void try_again(psd_meter_kms_link *link) {
  (void)uv_timer_start(&link->again, connect_now, link->pause, 0);
  link->pause = link->pause * 2U < PAUSE_MOST_MS ? link->pause * 2U : PAUSE_MOST_MS;
}

bool psd_meter_kms_link_add(psd_meter_kms *kms, const char *path) {
  psd_meter_kms_link *link = calloc(1, sizeof *link);
  if (link == NULL)
    return false;
  link->kms = kms;
  link->pause = PAUSE_FIRST_MS;
  memcpy(link->path, path, strlen(path) + 1);
  link->next = kms->links;
  kms->links = link;
  kms->handles++;
  (void)uv_timer_init(kms->loop, &link->again);
  link->again.data = link;
  (void)uv_timer_start(&link->again, connect_now, 0, 0);
  return true;
}

void psd_meter_kms_link_leave(psd_meter_kms_link *link, bool now) {
  link->leaving = true;
  if (!now)
    return;
  unlink_self(link);
  (void)uv_timer_stop(&link->again);
  if (link->stream != NULL)
    psd_stream_close(link->stream, false);
  else
    end(link);
}

psd_meter_kms_link *psd_meter_kms_link_choose(const psd_meter_kms *kms, const psd_meter_kms_link *lost) {
  psd_meter_kms_link *best = NULL;
  for (psd_meter_kms_link *link = kms->links; link != NULL; link = link->next)
    if (link != lost && link->connected && !link->leaving && !psd_stream_closing(link->stream) &&
        !psd_stream_full(link->stream) && (best == NULL || link->calls < best->calls))
      best = link;
  return best;
}

void psd_meter_kms_link_drop(psd_meter_kms_link *link, const char *why) {
  say(link, PSD_METER_WARNING, "key management system dropped", why);
  psd_stream_close(link->stream, false);
}
