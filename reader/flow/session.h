/* Inside a call and its sessions, for the files that make them up. */
#ifndef PSD_READER_SESSION_INTERNAL_H
#define PSD_READER_SESSION_INTERNAL_H

#include "psd/reader/session.h"
#include "record.h"

struct psd_call {
  psd_link *link;
  psd_greeting greeting;
  uint8_t greeted[PSD_SIZE_GREETING]; /* as it came */
  uint32_t ordinal;                   /* of the next sign-on */
};

struct psd_session {
  psd_call *call;
  psd_host *host;
  psd_suite suite;
  uint64_t time; /* the server's, of M2 */
  psd_audit_result result;
  psd_record_key to_server, to_host;
  psd_funds_result recovered; /* all zeroes where nothing was */
};

/* 1 to 32 bytes of UTF-8 without control characters. */
bool psd_user_name_ok(const char *name);

/* The suite to sign on with: the one that is asked for, or the best, if server and card have it. */
psd_result psd_choose_suite(const psd_call *call, psd_host *host, unsigned wanted, psd_suite *suite, psd_error *error);

/* A refusal of this side's own; the server is told `signal` unless that is NONE, and the call is closed. `error` is the
 * reason, which is put into words with the step before it. */
psd_result psd_give_up(psd_call *call, psd_step step, psd_refuser who, psd_signal signal, const psd_error *error,
                       psd_refusal *refusal);

/* Receives one frame of type `wanted` into `body` (emptied first). An error signal is PSD_REFUSED; anything else than
 * `wanted` and, in between, commands for the card, which are relayed when `relay` is given, gives up. */
psd_result psd_await_frame(psd_call *call, psd_session *relay, psd_step step, psd_frame_type wanted, psd_buffer *body,
                           psd_refusal *refusal);

/* Hands the record of one command to the card, and the card's record to the server. */
psd_result psd_relay_record(psd_session *session, const psd_buffer *record, psd_refusal *refusal);

/* A failure of this side's own in an open session: the server is told `signal`, and the call is closed. */
psd_result psd_fail_here(psd_session *session, psd_signal signal, psd_result result, const char *words,
                         psd_refusal *refusal);

/* One request of the Host and its answer; what the server says to the card meanwhile is relayed. What stands behind
 * HOST_ANSWER is appended to `rest`; with NULL, and in a refusal, nothing may. PSD_REFUSED leaves the session open. */
psd_result psd_ask_server(psd_session *session, psd_host_operation operation, const void *content, size_t length,
                          psd_buffer *rest, psd_refusal *refusal);

#endif
