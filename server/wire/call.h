/* One question and one answer over a Unix socket, for programs that wait for it: the operator's commands. */
#ifndef PSD_SERVER_CALL_H
#define PSD_SERVER_CALL_H

#include "psd/spec/session.h"

/* How long people are kept waiting, milliseconds. */
#define PSD_CALL_LIMIT 10000U

/* Too big for a stack. */
typedef struct psd_wire_answer {
  psd_frame_type type;
  size_t length;
  uint8_t body[PSD_FRAME_BODY_MAX];
} psd_wire_answer;

/* Connects to the socket at `path`, sends one frame, receives one, and hangs up. False, and one line for a person in
 * `words`, if that does not succeed within `limit` milliseconds. The caller wipes an answer that is secret. */
bool psd_wire_call(const char *path, psd_frame_type type, const void *body, size_t length, psd_wire_answer *answer,
                   unsigned limit, char *words, size_t room);

#endif
