/* The meter server's key management systems: requests are numbered, leave together at the end of a turn of the loop,
 * and are answered in any order. What one that fails has not answered is asked once more at another. */
#ifndef PSD_METER_KMS_H
#define PSD_METER_KMS_H

#include <uv.h>

#include "meter/log.h"
#include "meter/settings.h"
#include "psd/spec/session.h"

/* Requests that are not answered yet, above which no more are taken. */
#define PSD_METER_CALLS_MAX 16384U

typedef struct psd_meter_call psd_meter_call;

/* An answer. `type` is the frame's, `body` what follows KMS_CALL, valid during the call. PSD_FRAME_KMS_REFUSED:
 * `signal` is set (and `type` stays so), PSD_SIGNAL_KMS when nobody answered. The call is over and must not be used any
 * more. */
typedef struct psd_meter_answer {
  psd_frame_type type;
  const uint8_t *body;
  size_t length;
  psd_signal signal;
  psd_step step;
} psd_meter_answer;
typedef void psd_meter_answered(void *owner, const psd_meter_answer *answer);

typedef struct psd_meter_kms psd_meter_kms;

psd_meter_kms *psd_meter_kms_new(uv_loop_t *loop, psd_meter_log *log);
/* The sockets to use from now on: those that are new are connected to; those that are gone get no more requests and are
 * closed when the last is answered. */
void psd_meter_kms_use(psd_meter_kms *kms, const psd_meter_paths *paths, uint64_t timeout_seconds);
/* Called whenever one has been connected to. */
void psd_meter_kms_on_ready(psd_meter_kms *kms, void (*ready)(void *owner), void *owner);
/* Closes everything; what is asked is forgotten. The loop must run on until all is closed; then the memory is free.
 * NULL is fine. */
void psd_meter_kms_free(psd_meter_kms *kms);

/* Asks; `body` is what follows KMS_CALL and is copied. NULL if nobody can be asked, or too many requests wait already.
 * `answered` is called later, never inside. */
psd_meter_call *psd_meter_kms_ask(psd_meter_kms *kms, psd_frame_type type, const void *body, size_t length,
                                  psd_meter_answered *answered, void *owner);
/* The answer is of no interest any more. */
void psd_meter_kms_forget(psd_meter_kms *kms, psd_meter_call *call);

#endif
