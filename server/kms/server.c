#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kms/harden.h"
#include "kms/operations.h"
#include "kms/server_internal.h"
#include "psd/spec/amount.h"

/* Milliseconds that connections have to take what is on its way to them when it stops. */
#define LAST_WAIT 2000U
static void on_drained(psd_stream *stream) {
  const client *from = psd_stream_user(stream);
  psd_kms_server_release(from->server);
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
    psd_kms_server_release(at);
  const psd_kms_fact facts[] = {{.key = "end", .text = ends[end]},
                                {.key = "requests", .number = gone->requests},
                                {.key = "refused", .number = gone->refused}};
  psd_kms_server_say(at, end <= PSD_STREAM_CLOSED_BY_PEER ? "info" : "warning", "disconnected", facts, 3);
  unlink_client(gone);
  free(gone);
  end_if_done(at);
}

static const psd_stream_events events = {.frame = psd_kms_server_on_frame, .closed = on_closed, .drained = on_drained};

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
    psd_kms_server_say_why(at, "warning", "full", "too many connections");
}

static void on_change(uv_fs_event_t *watch, const char *name, int what, int status) {
  (void)what;
  if (status == 0 && name != NULL && strcmp(name, "keys") == 0)
    psd_kms_server_reload(watch->data);
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
    psd_kms_server_reload(handle->data);
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

static bool may_serve(const server *at, char *why) {
  if (psd_kms_role_serves(&at->service))
    return true;
  (void)snprintf(why, PSD_KMS_WHY_MAX,
                 "a key management system of the %s domain does nothing in role %s: say --role manufacturing or "
                 "--role registration",
                 psd_token_domain_name(at->service.keys->domain), psd_role_name(at->serving->role));
  return false;
}

static bool note(server *at, psd_kms_event_id id) {
  const psd_kms_event event = {.event = id, .time = psd_kms_now()};
  return psd_kms_note(&at->service.events, &event) && psd_kms_server_write_log(at);
}

static void say_started(const server *at, bool filtered) {
  char most[PSD_AMOUNT_WORDS];
  const psd_kms_fact facts[] = {{.key = "role", .text = psd_role_name(at->serving->role)},
                                {.key = "domain", .text = psd_token_domain_name(at->service.keys->domain)},
                                {.key = "socket", .text = at->serving->path},
                                {.key = "generation", .number = at->service.keys->generation},
                                {.key = "seccomp", .text = filtered ? "yes" : "no"},
                                {.key = "most", .text = psd_amount_words(most, psd_kms_policy_of(&at->service)->most)}};
  psd_kms_server_say(at, "info", "started", facts, sizeof facts / sizeof facts[0]);
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
  bool begun = may_serve(&at, why) && begin(&at, why);
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
    psd_kms_server_say(&at, "info", "stopped", NULL, 0);
  return begun;
}
