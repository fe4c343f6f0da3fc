/* The inside of a session. */
#ifndef PSD_METER_SESSION_INTERNAL_H
#define PSD_METER_SESSION_INTERNAL_H

#include "datacenter/datacenter.h"
#include "meter/card_command.h"
#include "meter/keys.h"
#include "meter/session.h"

/* Seconds after which it is worth to try again where something does not answer. */
#define PSD_METER_WAIT_OUTAGE 1U
/* Bytes of the longest content of an answer to the Host. */
#define PSD_METER_CONTENT_MAX 2560U

typedef enum psd_meter_state {
  PSD_METER_GREETED,    /* a sign-on may come */
  PSD_METER_UNWRAPPING, /* K_S is asked of the key management system (212) */
  PSD_METER_LOOKING_UP, /* user and PSD are asked of the database (216) */
  PSD_METER_RESPONDED,  /* M2 is sent; the audit response is awaited (222) */
  PSD_METER_VERIFYING,  /* it is at the key management system (242) */
  PSD_METER_SAVING,     /* the audit is on its way to the disk (246) */
  PSD_METER_OPEN,       /* both sides are authenticated */
  PSD_METER_ENDED,
} psd_meter_state;

/* What is needed from the sign-on to the audit result, and not after it. */
typedef struct psd_meter_handshake {
  uint8_t m1[PSD_SIGN_ON_MAX];
  psd_meter_sign_on sign_on; /* points into m1 */
  uint8_t context[PSD_CONTEXT_SIZE];
  uint8_t th1[PSD_HASH], th2[PSD_HASH];
  uint8_t session_key[PSD_SESSION_KEY];
  uint8_t nonce[16];
  uint32_t failures; /* of this user name, before */
  bool device_known;
  uint8_t audit[PSD_M3_MAX - PSD_GCM_TAG]; /* AUDIT, signature */
  size_t audit_length;
  psd_op *op;          /* the operation that is open; NULL for none */
  psd_finding finding; /* what the audit shows beside the ledger as it was looked up */
  unsigned actions;    /* what is announced for it */
  uint8_t result[PSD_M4_SIZE - PSD_GCM_TAG];
  uint64_t time; /* of the audit */
} psd_meter_handshake;

typedef struct psd_meter_actions psd_meter_actions;
typedef struct psd_meter_funds psd_meter_funds;
typedef struct psd_meter_authority psd_meter_authority;

struct psd_meter_session {
  psd_meter_service *service;
  const psd_meter_line *line;
  void *connection;
  uint64_t number;
  psd_meter_state state;
  bool stopping;
  uint8_t greeting[PSD_SIZE_GREETING];
  uint32_t ordinal;
  psd_meter_handshake *handshake; /* while one is running */
  psd_meter_call *call;           /* asked of the key management system; NULL for nothing */
  psd_meter_job *job;             /* asked of the database; NULL for nothing */

  /* Of the session that is open or about to be. */
  uint8_t id[16];
  uint8_t device[8];
  char name[PSD_METER_NAME];
  int64_t user, account;
  bool identified;                  /* there is a session identifier */
  bool registered;                  /* the PSD is this user's */
  psd_meter_row row;                /* the PSD as the database had it last; its `lock` refuses funds */
  bool rates_wait;                  /* a rate table waits for it */
  psd_audit audit;                  /* what the PSD has said of itself */
  psd_funds_result recovered;       /* what was finished of an earlier session; `operation` NONE for nothing */
  psd_meter_actions *actions;       /* what was announced and is not over (actions.h); NULL for nothing */
  psd_meter_card_answered *ordered; /* the card has a command and owes its answer; NULL for none */
  psd_meter_funds *funds;           /* funds are on their way (funds_internal.h); NULL for none */
  psd_meter_authority *authority;   /* something is at the authority's desk (authority_internal.h); NULL for nothing */
  bool unfinished;                  /* what was begun with funds is left to the next audit */
  psd_meter_keys keys;
};

/* Ends the session and the connection with an error signal. The step is that of the signal, or where the session is;
 * `wait` the seconds after which another try makes sense, 0 for none. */
void psd_meter_refuse(psd_meter_session *session, psd_signal signal, uint32_t wait);
/* The same for what the key management system has refused or not answered, */
void psd_meter_refuse_kms(psd_meter_session *session, const psd_meter_answer *answer);
/* and for a job that the database has failed at, whose words go into the log. */
void psd_meter_refuse_database(psd_meter_session *session, const psd_meter_job *job);
/* Begins a log line about the session; NULL if there is none to end. */
psd_json *psd_meter_session_line(psd_meter_session *session, psd_meter_level level, const char *event);
/* Somebody has to look at the PSD: a warning in the log. */
void psd_meter_log_alarm(psd_meter_session *session, const char *words);

/* Asks the key management system; false, and the session is refused, if that cannot be. */
bool psd_meter_ask(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                   psd_meter_answered *answered);
/* The same in an open session, which goes on: where nobody can be asked, `answered` hears at once that nobody has
 * answered. */
void psd_meter_consult(psd_meter_session *session, psd_frame_type type, const void *body, size_t length,
                       psd_meter_answered *answered);
/* Hands the database a job; `job` may be NULL. False, and the session is refused, if that cannot be. */
bool psd_meter_submit(psd_meter_session *session, psd_meter_job *job, void (*done)(void *owner, psd_meter_job *job));
/* A job about this session's user and PSD; NULL without memory. */
psd_meter_job *psd_meter_session_job(const psd_meter_session *session, psd_meter_job_kind kind);
/* Answers a request of the Host: HOST_ANSWER, and FUNDS_RESULT behind it unless `result` is NULL. */
void psd_meter_answer_host(psd_meter_session *session, uint64_t operation, psd_signal signal,
                           const psd_funds_result *result);
/* The same with other content, at most PSD_METER_CONTENT_MAX bytes. */
void psd_meter_answer_host_with(psd_meter_session *session, uint64_t operation, psd_signal signal, psd_part content);
/* Sends the Host one frame. */
void psd_meter_send(psd_meter_session *session, psd_frame_type type, const void *body, size_t length);
/* Forgets the session that is open or about to be: nobody waits any more for what was asked, and its keys are gone. */
void psd_meter_session_reset(psd_meter_session *session);
/* Wipes and frees what only a handshake needs; nothing if none is running. */
void psd_meter_handshake_free(psd_meter_session *session);

/* M1 and on to M2. */
void psd_meter_take_sign_on(psd_meter_session *session, const uint8_t *body, size_t length);
/* M3 and on to M4. */
void psd_meter_take_audit(psd_meter_session *session, const uint8_t *body, size_t length);
/* What follows in an open session. */
void psd_meter_take_host_data(psd_meter_session *session, const uint8_t *body, size_t length);
void psd_meter_take_card_data(psd_meter_session *session, const uint8_t *body, size_t length);
void psd_meter_take_sign_off(psd_meter_session *session, size_t length);

#endif
