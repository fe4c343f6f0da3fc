/* One call of a Host and the sessions on it, one after the other (EP steps 200 to 246; docs/handshake.md).
 *
 * A session knows neither sockets nor threads: frames come in by a function, go out through a line, and what it needs
 * of key management system and database it asks of a service, which answers later. */
#ifndef PSD_METER_SESSION_H
#define PSD_METER_SESSION_H

#include "meter/jobs.h"
#include "meter/kms.h"
#include "meter/log.h"
#include "meter/settings.h"
#include "wire/stream.h"

/* Longest body before and after the user is verified. */
#define PSD_METER_BODY_BEFORE 1024U
#define PSD_METER_BODY_AFTER 8192U

typedef struct psd_meter_service psd_meter_service;

/* What sessions ask of the rest of the server. */
typedef struct psd_meter_service_calls {
  /* As psd_meter_kms_ask and psd_meter_kms_forget. */
  psd_meter_call *(*ask)(psd_meter_service *service, psd_frame_type type, const void *body, size_t length,
                         psd_meter_answered *answered, void *owner);
  void (*forget)(psd_meter_service *service, psd_meter_call *call);
  /* As psd_meter_workers_submit. */
  bool (*submit)(psd_meter_service *service, psd_meter_job *job);
  /* Seconds since 1970. */
  uint64_t (*time)(psd_meter_service *service);
} psd_meter_service_calls;

struct psd_meter_service {
  const psd_meter_service_calls *calls;
  const psd_meter_settings *settings; /* those in force */
  psd_meter_log *log;                 /* or NULL */
  uint32_t vendor_key;                /* identifier of the current K1 */
};

/* The connection below a session. None of these calls back into the session. */
typedef struct psd_meter_line {
  /* Sends one frame at once. */
  void (*send)(void *connection, psd_frame_type type, const psd_body *pieces, size_t count);
  /* Closes once everything is sent. */
  void (*close)(void *connection);
  /* Longest body that is taken from now on. */
  void (*limit)(void *connection, size_t most);
  /* psd_meter_session_timeout is wanted after so many seconds, and not at an earlier deadline. */
  void (*deadline)(void *connection, uint64_t seconds);
} psd_meter_line;

typedef struct psd_meter_session psd_meter_session;

/* A session for a connection that has just been made; `number` names it in the log. Sends the greeting. NULL without
 * memory or randomness. */
psd_meter_session *psd_meter_session_new(psd_meter_service *service, const psd_meter_line *line, void *connection,
                                         uint64_t number);
/* The connection is gone. */
void psd_meter_session_free(psd_meter_session *session);
/* A frame from the Host; `body` is valid during the call. */
void psd_meter_session_frame(psd_meter_session *session, psd_frame_type type, const uint8_t *body, size_t length);
/* A frame is longer than the server takes. */
void psd_meter_session_oversize(psd_meter_session *session);
/* The deadline has passed. */
void psd_meter_session_timeout(psd_meter_session *session);
/* The server is stopping: ends the session now, or as soon as the handshake or the movement of funds that is running is
 * over. */
void psd_meter_session_stop(psd_meter_session *session);

#endif
