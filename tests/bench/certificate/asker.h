/* Requests to a key management system at its socket, many of them under way at once. */
#ifndef PSD_BENCH_ASKER_H
#define PSD_BENCH_ASKER_H

#include "psd/spec/session.h"

/* Connects; what goes wrong ends the program. */
int asker_open(const char *path);
/* Sends one. `body` begins with KMS_CALL. */
void asker_send(int fd, psd_frame_type type, const uint8_t *body, size_t length);
/* Receives the next answer, which must be the one that follows `type` in the table; returns the length of its body,
 * KMS_CALL included, which is in `body`, PSD_FRAME_BODY_MAX bytes. */
size_t asker_receive(int fd, psd_frame_type type, uint8_t *body);

#endif
