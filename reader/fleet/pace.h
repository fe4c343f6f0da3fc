/* When the next handshake begins, and when there is none any more. */
#ifndef PSD_FLEET_PACE_H
#define PSD_FLEET_PACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Nanoseconds of CLOCK_MONOTONIC. */
uint64_t psd_fleet_now(void);

typedef struct psd_pace {
  pthread_mutex_t lock;
  pthread_cond_t changed; /* one of these two */
  bool stopped, tried;
  uint64_t start, end; /* psd_fleet_now; `end` 0 for none */
  uint64_t limit;      /* handshakes; 0 for none */
  uint64_t begun;
  unsigned rate; /* a second; 0 for as many as can be */
} psd_pace;

/* Starts the clock. False if the system has no room for it. */
bool psd_pace_start(psd_pace *pace, unsigned rate, unsigned seconds, uint64_t limit);
void psd_pace_destroy(psd_pace *pace);
/* Waits until the next handshake is due. False when there is no next one. The second is due only when the first is over
 * (psd_pace_tried): a user who is refused has then been tried once, and not locked out. With a rate `*due` is when it
 * was due, which is earlier than now when those before it took too long: waiting for one's turn is part of the latency.
 */
bool psd_pace_next(psd_pace *pace, uint64_t *due);
/* A handshake is over, whatever came of it. */
void psd_pace_tried(psd_pace *pace);
/* Waits `milliseconds`; false when it is over meanwhile. */
bool psd_pace_rest(psd_pace *pace, unsigned milliseconds);
/* There is no next one, for anybody. */
void psd_pace_stop(psd_pace *pace);

#endif
