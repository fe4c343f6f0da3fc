#include "kms/server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kms/harden.h"
#include "kms/notice.h"
#include "kms/operations.h"
#include "psd/spec/amount.h"
#include "wire/stream.h"

/* Milliseconds that connections have to take what is on its way to them when it stops. */
#define LAST_WAIT 2000U
/* Events that may wait for the log: then it is written at once. An answer has one event at most. */
#define HELD_MAX (PSD_KMS_EVENTS_MAX / 2U)

/* An answer that must not leave before the log has its event. */
typedef struct held_answer {
  psd_frame_type type;
  size_t length;
  uint8_t body[PSD_FRAME_BODY_MAX];
} held_answer;

typedef struct client client;

typedef struct server {
  const psd_kms_serving *serving;
  psd_kms_service service;
  uv_loop_t loop;
  uv_pipe_t listener;
  uv_signal_t signals[3];
  uv_fs_event_t watch;
  uv_timer_t last;
  client *clients;
  size_t client_count;
  held_answer held[HELD_MAX]; /* all of them for one connection */
  size_t held_count;
  psd_stream *held_for; /* valid while held_count is not 0 */
  bool stopping;
} server;

struct client {
  server *server;
  psd_stream *stream;
  client *previous, *next;
  uint64_t requests, refused;
};

static void say(const server *at, const char *level, const char *event, const psd_kms_fact *facts, size_t count) {
  if (!at->serving->quiet)
    psd_kms_notice(psd_kms_now(), level, event, facts, count);
}

static void say_why(const server *at, const char *level, const char *event, const char *why) {
  const psd_kms_fact fact = {.key = "why", .text = why};
  say(at, level, event, &fact, 1);
}

/* Writes what the log has yet to be told. */
static bool write_log(server *at) {
  if (psd_kms_record_events(at->serving->kms, &at->service.events))
    return true;
  at->service.events.count = 0;
  say_why(at, "error", "log", "the log cannot be written: answers that need it are refused");
  return false;
}

/* Sends the answers that waited for the log, or refuses them all: what the log does not know was not handed out. */
static void release(server *at) {
  if (at->held_count == 0)
    return;
  client *to = psd_stream_user(at->held_for);
  bool logged = write_log(at);
  for (size_t i = 0; i < at->held_count; i++) {
    held_answer *held = &at->held[i];
    psd_buffer answer = {.data = held->body, .length = held->length, .capacity = sizeof held->body};
    if (!logged)
      held->type = psd_kms_refuse_answer(&answer, PSD_SIGNAL_INTERNAL);
    to->refused += logged ? 0U : 1U;
    psd_stream_send(at->held_for, held->type, answer.data, answer.length);
    psd_secret_wipe(held->body, held->length);
  }
  at->held_count = 0;
}

static void on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  client *from = psd_stream_user(stream);
  server *at = from->server;
  /* A connection that ended in the middle of what it sent was never drained. */
  if (at->held_for != stream)
    release(at);
  at->held_for = stream;
  held_answer *next = &at->held[at->held_count];
  size_t before = at->service.events.count;
  psd_buffer answer = psd_buffer_over(next->body, sizeof next->body);
  next->type = psd_kms_answer(&at->service, type, body, length, &answer);
  next->length = answer.length;
  from->requests++;
  from->refused += next->type == PSD_FRAME_KMS_REFUSED ? 1U : 0U;
  if (at->service.events.count == before) {
    psd_stream_send(stream, next->type, answer.data, answer.length);
    psd_secret_wipe(next->body, next->length);
  } else if (++at->held_count == HELD_MAX) {
    release(at);
  }
}

static void on_drained(psd_stream *stream) {
  const client *from = psd_stream_user(stream);
  release(from->server);
  psd_stream_flush(stream);
}

static void unlink_client(client *gone) {
  if (gone->previous != NULL)
    gone->previous->next = gone->next;
  else
    gone->server->clients = gone->next;
  if (gone->next != NULL)
    gone->next->previous = gone->previous;
  gone->server->client_count--;
}

static void end_if_done(server *at) {
  if (at->stopping && at->client_count == 0 && !uv_is_closing((uv_handle_t *)&at->last))
    uv_close((uv_handle_t *)&at->last, NULL);
}

static void on_closed(psd_stream *stream, psd_stream_end end) {
  static const char *const ends[] = {[PSD_STREAM_CLOSED_BY_US] = "closed by us",
                                     [PSD_STREAM_CLOSED_BY_PEER] = "closed by the peer",
                                     [PSD_STREAM_CUT] = "cut off",
                                     [PSD_STREAM_OVERSIZE] = "a frame is too long",
                                     [PSD_STREAM_STUFFED] = "the peer does not read"};
  client *gone = psd_stream_user(stream);
  server *at = gone->server;
  if (at->held_for == stream)
    release(at);
  const psd_kms_fact facts[] = {{.key = "end", .text = ends[end]},
                                {.key = "requests", .number = gone->requests},
                                {.key = "refused", .number = gone->refused}};
  say(at, end <= PSD_STREAM_CLOSED_BY_PEER ? "info" : "warning", "disconnected", facts, 3);
  unlink_client(gone);
  free(gone);
  end_if_done(at);
}

static const psd_stream_events events = {.frame = on_frame, .closed = on_closed, .drained = on_drained};

static void link_client(server *at, client *new) {
  new->server = at;
  new->next = at->clients;
  if (at->clients != NULL)
    at->clients->previous = new;
  at->clients = new;
  at->client_count++;
}

static void on_connection(uv_stream_t *listener, int status) {
  server *at = listener->data;
  client *new = status == 0 ? calloc(1, sizeof *new) : NULL;
  psd_stream *stream = new != NULL ? psd_stream_new(&at->loop, true, &events, new) : NULL;
  if (stream == NULL) {
    free(new);
    return;
  }
  new->stream = stream;
  link_client(at, new);
  (void)uv_pipe_init(&at->loop, (uv_pipe_t *)psd_stream_handle(stream), 0);
  bool room = at->client_count <= PSD_KMS_CLIENTS_MAX;
  if (uv_accept(listener, psd_stream_handle(stream)) != 0 || !room || !psd_stream_start(stream, PSD_FRAME_BODY_MAX))
    psd_stream_close(stream, false);
  if (!room)
    say_why(at, "warning", "full", "too many connections");
}

static void reload(server *at) {
  char why[PSD_KMS_WHY_MAX];
  uint32_t before = psd_kms_keys(at->serving->kms)->generation;
  if (!psd_kms_reload(at->serving->kms, why)) {
    say_why(at, "error", "reload", why);
    return;
  }
  at->service.keys = psd_kms_keys(at->serving->kms);
  const psd_kms_fact fact = {.key = "generation", .number = at->service.keys->generation};
  if (at->service.keys->generation != before)
    say(at, "info", "reloaded", &fact, 1);
}

static void on_change(uv_fs_event_t *watch, const char *name, int what, int status) {
  (void)what;
  if (status == 0 && name != NULL && strcmp(name, "keys") == 0)
    reload(watch->data);
}

static void on_last(uv_timer_t *timer) {
  server *at = timer->data;
  for (client *each = at->clients; each != NULL; each = each->next)
    psd_stream_close(each->stream, false);
}

static void stop(server *at) {
  if (at->stopping)
    return;
  at->stopping = true;
  psd_kms_socket_remove(&at->serving->socket, at->serving->path);
  uv_close((uv_handle_t *)&at->listener, NULL);
  uv_close((uv_handle_t *)&at->watch, NULL);
  for (size_t i = 0; i < sizeof at->signals / sizeof at->signals[0]; i++)
    uv_close((uv_handle_t *)&at->signals[i], NULL);
  for (client *each = at->clients; each != NULL; each = each->next)
    psd_stream_close(each->stream, true);
  (void)uv_timer_start(&at->last, on_last, LAST_WAIT, 0);
  end_if_done(at);
}

static void on_signal(uv_signal_t *handle, int number) {
  if (number == SIGHUP)
    reload(handle->data);
  else
    stop(handle->data);
}

/* All handles exist from the beginning, so that whatever fails, the same end closes them. */
static void make_handles(server *at) {
  (void)uv_pipe_init(&at->loop, &at->listener, 0);
  (void)uv_fs_event_init(&at->loop, &at->watch);
  (void)uv_timer_init(&at->loop, &at->last);
  at->listener.data = at;
  at->watch.data = at;
  at->last.data = at;
  for (size_t i = 0; i < sizeof at->signals / sizeof at->signals[0]; i++) {
    (void)uv_signal_init(&at->loop, &at->signals[i]);
    at->signals[i].data = at;
  }
}

static bool begin(server *at, char *why) {
  static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
  int failed = uv_pipe_open(&at->listener, at->serving->socket.fd);
  for (size_t i = 0; i < sizeof numbers / sizeof numbers[0] && failed == 0; i++)
    failed = uv_signal_start(&at->signals[i], on_signal, numbers[i]);
  if (failed == 0)
    failed = uv_fs_event_start(&at->watch, on_change, at->serving->dir, 0);
  if (failed == 0)
    failed = uv_listen((uv_stream_t *)&at->listener, 64, on_connection);
  if (failed != 0)
    (void)snprintf(why, PSD_KMS_WHY_MAX, "cannot serve: %s", uv_strerror(failed));
  return failed == 0;
}

static bool note(server *at, psd_kms_event_id id) {
  const psd_kms_event event = {.event = id, .time = psd_kms_now()};
  return psd_kms_note(&at->service.events, &event) && write_log(at);
}

static void say_started(const server *at, bool filtered) {
  char most[PSD_AMOUNT_WORDS];
  const psd_kms_fact facts[] = {
      {.key = "role", .text = at->serving->role == PSD_ROLE_METER ? "meter" : "manufacturing"},
      {.key = "socket", .text = at->serving->path},
      {.key = "generation", .number = at->service.keys->generation},
      {.key = "seccomp", .text = filtered ? "yes" : "no"},
      {.key = "most", .text = psd_amount_words(most, psd_kms_policy_of(&at->service)->most)}};
  say(at, "info", "started", facts, 5);
}

bool psd_kms_serve(const psd_kms_serving *serving, char why[PSD_KMS_WHY_MAX]) {
  server at = {.serving = serving, .held_count = 0};
  at.service = (psd_kms_service){.keys = psd_kms_keys(serving->kms),
                                 .role = serving->role,
                                 .now = psd_kms_now,
                                 .classic = serving->classic,
                                 .policy = serving->policy};
  if (uv_loop_init(&at.loop) != 0) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "there is no event loop");
    return false;
  }
  make_handles(&at);
  bool begun = begin(&at, why);
  if (begun && !note(&at, PSD_KMS_EVENT_STARTED)) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "the log cannot be written");
    begun = false;
  }
  if (begun && serving->filter && !psd_kms_harden_filter()) {
    (void)snprintf(why, PSD_KMS_WHY_MAX, "the system calls cannot be limited: --no-seccomp does without");
    begun = false;
  }
  if (begun)
    say_started(&at, serving->filter);
  else
    stop(&at);
  (void)uv_run(&at.loop, UV_RUN_DEFAULT);
  (void)uv_loop_close(&at.loop);
  if (begun && note(&at, PSD_KMS_EVENT_STOPPED))
    say(&at, "info", "stopped", NULL, 0);
  return begun;
}
