/* The session of card, Host and meter server (EP steps 200 to 246; docs/handshake.md), from the Host's side.
 *
 *     psd_link_open(PSD_PEER_METER, "127.0.0.1:7816", 30000, &link, &error)
 *     psd_call_open(link, &call, &error)                      the server has greeted: step 200
 *     psd_call_stretch(psd_call_greeting(call), "anna", password, length, verifier, &error)
 *     psd_session_open(call, host, &sign_on, &session, &refusal)
 *     psd_session_register(session, &refusal) ...
 *     psd_session_close(session)                              another session may follow on the same call
 *     psd_call_close(call)
 *
 * The card makes the session key and never shows it; the Host gets keys of its own from the card once the card has
 * authenticated the server (step 224). A host (psd_host) must have the PSD selected on its channel, and nobody else may
 * select there until the session is closed: hold a transaction, or a channel of your own. */
#ifndef PSD_READER_SESSION_H
#define PSD_READER_SESSION_H

#include "psd/reader/host.h"
#include "psd/reader/link.h"

/* A call: one connection to a meter server, and its greeting. */
typedef struct psd_call psd_call;

/* Receives the greeting. Takes the link over; when it fails, the link is closed. A server that is too busy or stopping
 * is PSD_REFUSED. Free with psd_call_close, which NULL may be given to. */
psd_result psd_call_open(psd_link *link, psd_call **call, psd_error *error);
void psd_call_close(psd_call *call);
/* The greeting; the call's. */
const psd_greeting *psd_call_greeting(const psd_call *call);
/* False once a session on it was refused or the connection failed: then a new call is needed. */
bool psd_call_is_open(const psd_call *call);

/* Stretches a password with Argon2id, as the greeting says, for this realm and user name (1 to 32 bytes of UTF-8).
 * Costs as much time and memory as the greeting asks; PSD_BAD_ANSWER, before anything is done, when that is beyond the
 * bounds: 8 MiB to 1 GiB, 1 to 16 passes, 1 to 16 lanes. The caller wipes `verifier`. */
#define PSD_VERIFIER 32U
psd_result psd_call_stretch(const psd_greeting *greeting, const char *user, const void *password, size_t length,
                            uint8_t verifier[PSD_VERIFIER], psd_error *error);

/* Who ended it. */
typedef enum psd_refuser {
  PSD_BY_HOST, /* this side: nothing came back, or what cannot be */
  PSD_BY_CARD,
  PSD_BY_SERVER,
} psd_refuser;

/* Why a session did not come about, or ended. `error.words` has who and where in words. */
typedef struct psd_refusal {
  psd_error error;   /* PSD_REFUSED when card or server said no; error.status is then the card's status word, or 0 */
  psd_refuser who;   /* meaningful for PSD_REFUSED and PSD_BAD_ANSWER */
  psd_step step;     /* of the seed; PSD_STEP_NONE after step 246 */
  psd_signal signal; /* the server's, or the one that was sent to it; PSD_SIGNAL_NONE without one */
  uint32_t wait;     /* seconds after which the server says another try makes sense */
} psd_refusal;

/* Told of each step that is over, in the order of the conversation, which is not that of the numbers throughout.
 * `microseconds` is the time it took; PSD_STEP_WITH_NEXT where it cannot be told apart from the next one (what happens
 * inside the card or the server between one message and its answer). PSD_STEP_NONE is the last: the card takes the
 * audit result. */
#define PSD_STEP_WITH_NEXT UINT64_MAX
typedef void (*psd_step_taker)(void *context, psd_step step, uint64_t microseconds);

typedef struct psd_sign_on_options {
  const char *user;        /* 1 to 32 bytes of UTF-8 */
  const uint8_t *verifier; /* PSD_VERIFIER bytes: psd_call_stretch */
  unsigned suite;          /* psd_suite; 0 for the best that server and card have */
  psd_step_taker taker;    /* or NULL */
  void *context;
} psd_sign_on_options;

typedef struct psd_session psd_session;

/* Signs on and completes the audit: steps 202 to 246, and what the server asks of the card right after it. On PSD_OK
 * the caller owns `*session`: psd_session_close. Otherwise the server was told, where that was this side's doing,
 * `refusal` says why, and the call is closed. Begins no transaction. */
psd_result psd_session_open(psd_call *call, psd_host *host, const psd_sign_on_options *options, psd_session **session,
                            psd_refusal *refusal);

/* The audit result that the card has accepted; the session's. */
const psd_audit_result *psd_session_result(const psd_session *session);
/* The suite in use. */
psd_suite psd_session_suite(const psd_session *session);
/* The server's clock as the card was told it, seconds since 1970. */
uint64_t psd_session_time(const psd_session *session);

/* Binds this PSD to the user. */
psd_result psd_session_register(psd_session *session, psd_refusal *refusal);
/* Another password; both stretched. */
psd_result psd_session_new_password(psd_session *session, const uint8_t verifier[PSD_VERIFIER],
                                    const uint8_t next[PSD_VERIFIER], psd_refusal *refusal);
/* Tells the server, so that it knows it from the Host, that all is done. Its answer may say what it has finished or
 * cancelled in this session: psd_session_recovered. */
psd_result psd_session_done(psd_session *session, psd_refusal *refusal);

/* What the server finished or cancelled right after the audit, of what an earlier session had left behind: its
 * `operation` is PSD_OPERATION_NONE where nothing was. The session's. psd_session_open has asked where the audit result
 * announced anything, and what the server could not finish then it finishes the next time. */
const psd_funds_result *psd_session_recovered(const psd_session *session);
/* A refill of `amount` mills (docs/funds.md). On PSD_OK the card has it, the server's ledger too, and `result` says
 * what is where now. PSD_REFUSED leaves the session open: `refusal->signal` is why, and nothing was moved.
 * PSD_BAD_INPUT, an amount of zero: nothing was sent. After any other failure (PSD_BAD_ANSWER for an answer that is not
 * to this request) the call is closed, and the refill is finished or cancelled in the next session. */
psd_result psd_session_refill(psd_session *session, psd_group group, uint64_t amount, psd_funds_result *result,
                              psd_refusal *refusal);
/* A withdrawal of `amount` mills to the account; `final` takes all that is there and ends the meter's service (`amount`
 * is then the whole descending register). The same holds. */
psd_result psd_session_withdraw(psd_session *session, psd_group group, uint64_t amount, bool final,
                                psd_funds_result *result, psd_refusal *refusal);

/* Signs off, and wipes and frees the session; NULL is fine. The call stays open for another one. */
void psd_session_close(psd_session *session);

#endif
