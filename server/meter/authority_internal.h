/* The inside of authority.h: an errand is a row of steps, each a job, a question to the key management system, or a
 * command to the card. */
#ifndef PSD_METER_AUTHORITY_INTERNAL_H
#define PSD_METER_AUTHORITY_INTERNAL_H

#include "meter/authority.h"
#include "meter/desk.h"
#include "meter/session_internal.h"

/* One step. Of job, ask and command one is set. */
typedef struct psd_meter_desk_step {
  psd_meter_job_kind job;
  psd_frame_type ask, answer;
  bool command; /* REVOKE CERTIFICATE, to the card */
  /* Puts what is asked; NONE, or what is against asking. */
  psd_signal (*put)(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out);
  /* Takes the answer; NULL for a job, which works on the desk itself. */
  psd_signal (*take)(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer);
} psd_meter_desk_step;

typedef struct psd_meter_desk_row {
  psd_host_operation operation; /* DONE for what the authority itself has revoked */
  const char *event;            /* in the log */
  bool locked;                  /* a meter that is locked may too */
  const psd_meter_desk_step *steps;
  size_t count;
  /* Takes what the Host has sent, which lies on the desk; NONE, or what is wrong with it. NULL for nothing. */
  psd_signal (*begin)(const psd_meter_session *session, psd_meter_desk *desk);
} psd_meter_desk_row;

/* What is under way in a session. */
struct psd_meter_authority {
  const psd_meter_desk_row *row;
  size_t step;
  psd_meter_desk *desk; /* NULL while a job has it */
};

/* The rows: authority_certify.c, authority_revoke.c, authority_credit.c. */
extern const psd_meter_desk_row psd_meter_desk_certify, psd_meter_desk_news, psd_meter_desk_credit_news,
    psd_meter_desk_revoke, psd_meter_desk_confirm, psd_meter_desk_forced, psd_meter_desk_credit;

/* Steps that several rows have: the certificates below which a PSD's are, from the key management system. The second
 * one's `take` calls what is checked with both. */
psd_signal psd_meter_desk_put_ca(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out);
psd_signal psd_meter_desk_take_ca(psd_meter_session *session, psd_meter_desk *desk, psd_proof_bytes answer);
psd_signal psd_meter_desk_put_root(const psd_meter_session *session, psd_meter_desk *desk, psd_buffer *out);
/* Whom to believe, with the CA's certificate on the desk and this one of the root; NULL without memory, or if one is no
 * certificate. */
psd_trust *psd_meter_desk_trust(const psd_meter_desk *desk, psd_proof_bytes root);
/* A warning in the log: what was sent does not hold. */
void psd_meter_desk_say(psd_meter_session *session, const char *words);

#endif
