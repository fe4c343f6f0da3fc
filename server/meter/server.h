/* The meter server as a whole: one loop, its listeners, connections, key management systems and database. */
#ifndef PSD_METER_SERVER_H
#define PSD_METER_SERVER_H

#include "meter/publishing.h"
#include "meter/session.h"
#include "meter/workers.h"

typedef struct psd_meter_connection psd_meter_connection;
typedef struct psd_meter_factory psd_meter_factory;

typedef enum psd_meter_phase {
  PSD_METER_STARTING, /* the keys of the key management system are awaited */
  PSD_METER_RUNNING,
  PSD_METER_STOPPING, /* handshakes that run are finished */
  PSD_METER_OVER,     /* handles are being closed */
} psd_meter_phase;

struct psd_meter_server {
  uv_loop_t loop;
  psd_meter_settings settings;
  int argc; /* the command line, for another reading of the file */
  char *const *argv;
  psd_meter_service service;
  psd_meter_kms *kms;
  psd_meter_workers *workers; /* NULL while starting */
  psd_meter_phase phase;
  int status; /* of the process */

  uv_tcp_t listeners[PSD_METER_LISTEN_MAX];
  unsigned listening;
  uv_pipe_t control;
  bool controlled;
  psd_meter_publishing *publishing; /* NULL where nothing is published */
  psd_meter_connection *connections;
  psd_meter_factory *factories;
  uint64_t count;  /* connections */
  uint64_t most;   /* connections for which there are file descriptors */
  uint64_t number; /* of the last connection */

  uv_signal_t signals[3];
  uv_timer_t refresh;  /* asks for the current K1, forgets old failures */
  uv_timer_t patience; /* of stopping */
  uint64_t refreshed;
  bool has_column, asks_column, asks_vendor;
  psd_signal refused; /* the signal the key management system refused the last of those with */
  uint8_t column[32];
};

/* connection.c: somebody has called; from the listener of a TCP port. */
void psd_meter_on_call(uv_stream_t *listener, int status);
/* Ends every connection: at once, or as soon as its handshake is over. */
void psd_meter_end_connections(psd_meter_server *server, bool now);

/* control.c: the factory has called. */
void psd_meter_on_control(uv_stream_t *listener, int status);
void psd_meter_end_control(psd_meter_server *server);

/* listen.c: opens what the settings name; false, and one line in `words`, if that cannot be. */
bool psd_meter_listen(psd_meter_server *server, char words[PSD_METER_WORDS_MAX]);
void psd_meter_unlisten(psd_meter_server *server);
/* The first address of HOST:PORT, of `*length` bytes. NULL, or the reason for which there is none. */
const char *psd_meter_resolve(const char *text, struct sockaddr_storage *address, socklen_t *length);
/* Prints "listening on 127.0.0.1:7816", with `what` in front: where a socket really is. */
void psd_meter_tell(const char *what, int fd);

/* start.c: asks the key management system for what the server cannot start without, and then for news. */
void psd_meter_ask_keys(void *owner);
void psd_meter_on_refresh(uv_timer_t *timer);

/* run.c */
/* The keys are there. */
void psd_meter_ready(psd_meter_server *server);
/* A connection is gone. */
void psd_meter_connection_gone(psd_meter_server *server);

#endif
