/* The control socket: PSDs that were manufactured are entered into the database. */
#include <stdlib.h>
#include <string.h>

#include "meter/server.h"

/* Calls at a time: each keeps a file descriptor that Hosts and the database need. */
#define FACTORIES_MOST 32U

typedef struct psd_meter_factory factory;
struct psd_meter_factory {
  factory *next;
  psd_meter_server *server;
  psd_stream *stream; /* NULL once it is closed */
  unsigned jobs;      /* that are not back yet */
};

static void drop(factory *at) {
  if (at->stream != NULL || at->jobs != 0)
    return;
  factory **link = &at->server->factories;
  while (*link != at)
    link = &(*link)->next;
  *link = at->next;
  free(at);
}

static void refuse(const factory *at, psd_signal signal) {
  uint8_t body[PSD_SIZE_ERROR_SIGNAL];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  psd_error_signal message = {.signal = signal};
  psd_put_message(&buffer, PSD_MESSAGE_ERROR_SIGNAL, &message);
  psd_stream_send(at->stream, PSD_FRAME_ERROR_SIGNAL, body, sizeof body);
}

static void log_enrolment(const factory *at, const psd_meter_job *job) {
  bool done = job->result == PSD_DB_DONE;
  psd_json *line =
      psd_meter_log_line(at->server->service.log, done ? PSD_METER_INFO : PSD_METER_WARNING, "PSD enrolled");
  if (line == NULL)
    return;
  psd_json_hex(line, "device", job->device, sizeof job->device);
  if (!done)
    psd_json_string(line, "words", job->result == PSD_DB_EXISTS ? "refused: it is there with another key" : job->words);
  psd_meter_log_end(at->server->service.log);
}

/* ENROLLED bears the body of ENROL. */
static void on_enrolled(void *owner, psd_meter_job *job) {
  factory *at = owner;
  uint8_t body[PSD_SIZE_ENROL];
  psd_buffer buffer = psd_buffer_over(body, sizeof body);
  at->jobs--;
  log_enrolment(at, job);
  if (at->stream != NULL && job->result == PSD_DB_DONE) {
    psd_put(&buffer, job->device, sizeof job->device);
    psd_put(&buffer, job->wrapped_k4, sizeof job->wrapped_k4);
    psd_put_uint(&buffer, job->vendor_key, 4);
    psd_put_uint(&buffer, job->ca_key, 4);
    psd_stream_send(at->stream, PSD_FRAME_ENROLLED, body, buffer.length);
  } else if (at->stream != NULL) {
    bool outage = job->result == PSD_DB_BUSY || job->result == PSD_DB_FAILED;
    refuse(at, outage ? PSD_SIGNAL_DATABASE : PSD_SIGNAL_REQUEST);
  }
  drop(at);
}

static void on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length) {
  factory *at = psd_stream_user(stream);
  if (type != PSD_FRAME_ENROL || length != PSD_SIZE_ENROL) {
    refuse(at, PSD_SIGNAL_MESSAGE);
    return;
  }
  psd_meter_job *job = psd_meter_job_new(PSD_METER_JOB_ENROL);
  if (job != NULL) {
    psd_cursor cursor = psd_cursor_over(body, length);
    (void)psd_take_into(&cursor, job->device, sizeof job->device);
    (void)psd_take_into(&cursor, job->wrapped_k4, sizeof job->wrapped_k4);
    job->vendor_key = psd_take_u32(&cursor);
    job->ca_key = psd_take_u32(&cursor);
    job->done = on_enrolled;
    job->owner = at;
  }
  if (job != NULL && psd_meter_workers_submit(at->server->workers, job)) {
    at->jobs++;
    return;
  }
  psd_meter_job_free(job);
  refuse(at, PSD_SIGNAL_DATABASE);
}

static void on_closed(psd_stream *stream, psd_stream_end end) {
  factory *at = psd_stream_user(stream);
  (void)end;
  at->stream = NULL;
  drop(at);
}

static bool crowded(const psd_meter_server *server) {
  unsigned count = 0;
  for (const factory *at = server->factories; at != NULL; at = at->next)
    count++;
  return count > FACTORIES_MOST;
}

static const psd_stream_events events = {.frame = on_frame, .closed = on_closed};

void psd_meter_on_control(uv_stream_t *listener, int status) {
  psd_meter_server *server = listener->data;
  factory *at = status == 0 ? calloc(1, sizeof *at) : NULL;
  if (at == NULL)
    return;
  at->server = server;
  at->stream = psd_stream_new(&server->loop, true, &events, at);
  if (at->stream == NULL) {
    free(at);
    return;
  }
  at->next = server->factories;
  server->factories = at;
  (void)uv_pipe_init(&server->loop, (uv_pipe_t *)psd_stream_handle(at->stream), 0);
  if (uv_accept(listener, psd_stream_handle(at->stream)) != 0 || crowded(server) ||
      !psd_stream_start(at->stream, PSD_FRAME_BODY_MAX))
    psd_stream_close(at->stream, false);
}

void psd_meter_end_control(psd_meter_server *server) {
  for (factory *at = server->factories; at != NULL; at = at->next)
    if (at->stream != NULL)
      psd_stream_close(at->stream, true);
}
