/* Inside psd audit, register, password, refill, withdraw and recover: what is under way, and how it is shown. */
#ifndef PSD_CLI_SESSION_H
#define PSD_CLI_SESSION_H

#include "cli.h"
#include "psd/program/json.h"

typedef struct psd_meeting psd_meeting;

/* What a verb wants of a session. */
typedef struct psd_errand {
  bool steps; /* people want to see each step, and the card in the end */
  bool money; /* whoever interrupts it is told how to find out what came of it */
  /* What is done in the session; NULL for nothing. */
  psd_result (*act)(psd_meeting *meeting, psd_refusal *refusal);
  /* What came of it. */
  psd_result (*show)(psd_meeting *meeting);
  void *context; /* the errand's own */
} psd_errand;

struct psd_meeting {
  psd_cli *cli;
  const psd_errand *errand;
  psd_call *call;
  psd_session *session;
  uint8_t verifiers[2][PSD_VERIFIER]; /* of the password, and of the next one */
  psd_suite suite;
  unsigned actions; /* that the server announced */
  psd_funds_result recovered;
  psd_funds_result moved[2]; /* by this errand */
  size_t moves;
  bool repeated;   /* what was recovered is what was wanted */
  psd_state state; /* of the card, where the errand has looked */
  psd_refusal refusal;
  psd_json json;
  bool steps_open; /* in JSON the list of steps is still open */
};

/* Asks for the password (and the next one, with a `count` of 2), signs on, runs the errand, shows what came of it. The
 * exit status. */
int psd_meet(psd_cli *cli, const psd_errand *errand, size_t count);
/* Signs on with the passwords that are known, on the call that is open: meeting->session. What is recovered, and what
 * the server orders, adds up over the sessions of a meeting. */
psd_result psd_meeting_sign_on(psd_meeting *meeting);
/* The Host has all it wants of the session; recovered is what the server says by then. */
psd_result psd_meeting_done(psd_meeting *meeting, psd_refusal *refusal);
/* What the card has answered, in the middle of a session: `result`; a failure is the card's refusal. */
psd_result psd_meeting_card(psd_meeting *meeting, psd_result result, psd_refusal *refusal);
/* An object of the card, likewise. */
psd_result psd_meeting_read(psd_meeting *meeting, psd_object_id object, void *value, psd_refusal *refusal);

/* Begins what is shown. */
void psd_show_begin(psd_meeting *meeting);
/* One step, as a psd_step_taker: `context` is the meeting. */
void psd_show_step(void *context, psd_step step, uint64_t microseconds);
/* Why it ended: meeting->refusal (JSON alone; people get it on standard error). */
void psd_show_refusal(psd_meeting *meeting);
/* What the server has finished of earlier sessions, and what this one was for. */
psd_result psd_show_end(psd_meeting *meeting);
/* The card as it is now. */
psd_result psd_show_card(psd_meeting *meeting);
/* Ends it, however it went. */
void psd_show_close(psd_meeting *meeting);

/* What was finished or cancelled of an earlier session's, if anything; and what was moved for the errand. */
void psd_show_money(psd_meeting *meeting);
/* "refill of 50.00 (number 7)". */
#define PSD_CLI_OPERATION_WORDS 64U
const char *psd_cli_operation(unsigned operation, uint64_t amount, uint64_t sequence,
                              char words[PSD_CLI_OPERATION_WORDS]);

#endif
