/* A server from inside. */
#ifndef PSD_KMS_SERVER_INTERNAL_H
#define PSD_KMS_SERVER_INTERNAL_H

#include "kms/notice.h"
#include "kms/server.h"
#include "wire/stream.h"

/* Events that may wait for the log: then it is written at once. An answer has one event at most. */
#define HELD_MAX (PSD_KMS_EVENTS_MAX / 2U)

/* Bytes of such answers that wait together: the longest there may be, and room for those before it. */
#define HELD_BYTES (PSD_FRAME_BODY_MAX + HELD_MAX * 2048U)

/* An answer that must not leave before the log has its event. */
typedef struct held_answer {
  psd_frame_type type;
  size_t at, length; /* in held_bytes */
} held_answer;

typedef struct psd_kms_client client;

typedef struct psd_kms_server {
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
  size_t held_count, held_length;
  uint8_t held_bytes[HELD_BYTES]; /* one after the other */
  psd_stream *held_for;           /* valid while held_count is not 0 */
  bool stopping;
} server;

struct psd_kms_client {
  server *server;
  psd_stream *stream;
  client *previous, *next;
  uint64_t requests, refused;
};

/* Tells what happens, unless it is to be quiet. */
void psd_kms_server_say(const server *at, const char *level, const char *event, const psd_kms_fact *facts,
                        size_t count);
void psd_kms_server_say_why(const server *at, const char *level, const char *event, const char *why);
/* Writes what the log has yet to be told. */
bool psd_kms_server_write_log(server *at);
/* Sends the answers that waited for the log, or refuses them all: what the log does not know was not handed out. */
void psd_kms_server_release(server *at);
/* Reads the keys anew. */
void psd_kms_server_reload(server *at);
/* Answers one request. */
void psd_kms_server_on_frame(psd_stream *stream, psd_frame_type type, const uint8_t *body, size_t length);

#endif
