/* A Host's connection: a stream, a session, and one timer for both. */
#include <stdlib.h>

#include "meter/server.h"

/* Seconds for a peer to take what it was last told. */
#define FAREWELL 5U
/* Connections beyond the most that are allowed, which are told so. */
#define TURNED_AWAY_MOST 256U
#define WAIT_BUSY 5U

struct psd_meter_connection {
  psd_meter_connection *before, *after;
  psd_meter_server *server;
  psd_stream *stream;         /* NULL once it is closed */
  psd_meter_session *session; /* NULL for one that is turned away */
  uint64_t number;            /* names it in the log */
  uv_timer_t timer;
  uint64_t due, armed; /* milliseconds of the loop's clock: the deadline, and when the timer fires */
};

static void on_timer(uv_timer_t *timer) {
  psd_meter_connection *at = timer->data;
  uint64_t now = uv_now(timer->loop);
  if (now < at->due) {
    at->armed = at->due;
    (void)uv_timer_start(timer, on_timer, at->due - now, 0);
    return;
  }
  if (at->session == NULL || psd_stream_closing(at->stream))
    psd_stream_close(at->stream, false);
  else
    psd_meter_session_timeout(at->session);
}

/* A deadline that moves away costs nothing: the timer finds out when it fires. */
static void set_deadline(void *connection, uint64_t seconds) {
  psd_meter_connection *at = connection;
  uint64_t now = uv_now(at->timer.loop);
  at->due = now + seconds * 1000U;
  if (uv_is_active((uv_handle_t *)&at->timer) != 0 && at->armed <= at->due)
    return;
  at->armed = at->due;
  (void)uv_timer_start(&at->timer, on_timer, seconds * 1000U, 0);
}

static void send_frame(void *connection, psd_frame_type type, const psd_body *pieces, size_t count) {
  psd_meter_connection *at = connection;
  psd_stream_send_pieces(at->stream, type, pieces, count);
  psd_stream_flush(at->stream);
}

static void close_line(void *connection) {
  psd_meter_connection *at = connection;
  set_deadline(at, FAREWELL);
  psd_stream_close(at->stream, true);
}

static void set_limit(void *connection, size_t most) {
  psd_meter_connection *at = connection;
  psd_stream_limit(at->stream, most);
}

static const psd_meter_line line = {send_frame, close_line, set_limit, set_deadline};

static void on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  psd_meter_connection *at = psd_stream_user(stream);
  if (at->session != NULL)
    psd_meter_session_frame(at->session, type, body, length);
}

static void on_timer_closed(uv_handle_t *handle) {
  psd_meter_connection *at = handle->data;
  psd_meter_server *server = at->server;
  *(at->before == NULL ? &server->connections : &at->before->after) = at->after;
  if (at->after != NULL)
    at->after->before = at->before;
  free(at);
  psd_meter_connection_gone(server);
}

static void log_end(const psd_meter_connection *at, psd_stream_end end) {
  static const char *const words[] = {
      [PSD_STREAM_CUT] = "cut", [PSD_STREAM_OVERSIZE] = "frame too long", [PSD_STREAM_STUFFED] = "does not read"};
  bool usual = end == PSD_STREAM_CLOSED_BY_US || end == PSD_STREAM_CLOSED_BY_PEER;
  psd_json *entry = psd_meter_log_line(at->server->service.log, usual ? PSD_METER_DEBUG : PSD_METER_INFO, "closed");
  if (entry == NULL)
    return;
  psd_json_number(entry, "connection", at->number);
  if (!usual)
    psd_json_string(entry, "words", words[end]);
  psd_meter_log_end(at->server->service.log);
}

static void on_closed(psd_stream *stream, psd_stream_end end) {
  psd_meter_connection *at = psd_stream_user(stream);
  at->server->count--;
  at->stream = NULL;
  log_end(at, end);
  psd_meter_session_free(at->session);
  at->session = NULL;
  uv_close((uv_handle_t *)&at->timer, on_timer_closed);
}

static void on_oversize(psd_stream *stream) {
  psd_meter_connection *at = psd_stream_user(stream);
  if (at->session != NULL)
    psd_meter_session_oversize(at->session);
}

static const psd_stream_events events = {.frame = on_frame, .closed = on_closed, .oversize = on_oversize};

static psd_meter_connection *connection_new(psd_meter_server *server) {
  psd_meter_connection *at = calloc(1, sizeof *at);
  if (at == NULL)
    return NULL;
  at->server = server;
  at->stream = psd_stream_new(&server->loop, false, &events, at);
  if (at->stream == NULL) {
    free(at);
    return NULL;
  }
  (void)uv_tcp_init(&server->loop, (uv_tcp_t *)psd_stream_handle(at->stream));
  (void)uv_timer_init(&server->loop, &at->timer);
  at->timer.data = at;
  at->after = server->connections;
  if (at->after != NULL)
    at->after->before = at;
  server->connections = at;
  server->count++;
  return at;
}

/* EP 200: too many are served already. */
static void turn_away(psd_meter_connection *at) {
  uint8_t body[PSD_SIZE_ERROR_SIGNAL];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_error_signal busy = {.signal = PSD_SIGNAL_BUSY, .step = PSD_STEP_CALL, .wait = WAIT_BUSY};
  psd_body piece = {body, sizeof body};
  psd_put_message(&buffer, PSD_MESSAGE_ERROR_SIGNAL, &busy);
  send_frame(at, PSD_FRAME_ERROR_SIGNAL, &piece, 1);
  close_line(at);
}

static void greet(psd_meter_connection *at) {
  psd_meter_server *server = at->server;
  if (!psd_stream_start(at->stream, PSD_METER_BODY_BEFORE))
    return;
  if (server->count > server->settings.connections) {
    turn_away(at);
    return;
  }
  at->session = psd_meter_session_new(&server->service, &line, at, at->number);
  if (at->session == NULL)
    psd_stream_close(at->stream, false);
}

void psd_meter_on_call(uv_stream_t *listener, int status) {
  psd_meter_server *server = listener->data;
  psd_meter_connection *at = status == 0 ? connection_new(server) : NULL;
  if (at == NULL) {
    psd_meter_log_say(server->service.log, PSD_METER_ERROR, "accept", status == 0 ? "no memory" : uv_strerror(status));
    return;
  }
  at->number = ++server->number;
  bool crowded = server->count > server->settings.connections + TURNED_AWAY_MOST || server->count > server->most;
  if (uv_accept(listener, psd_stream_handle(at->stream)) != 0 || crowded)
    psd_stream_close(at->stream, false);
  else
    greet(at);
}

void psd_meter_end_connections(psd_meter_server *server, bool now) {
  for (psd_meter_connection *at = server->connections; at != NULL; at = at->after) {
    if (at->stream == NULL)
      continue;
    if (now || at->session == NULL)
      psd_stream_close(at->stream, !now);
    else
      psd_meter_session_stop(at->session);
  }
}
