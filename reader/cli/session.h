/* Inside psd audit, register and password: what is under way, and how it is shown. */
#ifndef PSD_CLI_SESSION_H
#define PSD_CLI_SESSION_H

#include "cli.h"
#include "psd/program/json.h"

typedef struct psd_meeting {
  psd_cli *cli;
  const char *done; /* what it was for, in words; NULL for the audit alone */
  psd_call *call;
  psd_session *session;
  uint8_t verifiers[2][PSD_VERIFIER]; /* of the password, and of the next one */
  psd_suite suite;
  psd_refusal refusal;
  psd_json json;
  bool steps_open; /* in JSON the list of steps is still open */
} psd_meeting;

/* Begins what is shown. */
void psd_show_begin(psd_meeting *meeting);
/* One step, as a psd_step_taker: `context` is the meeting. */
void psd_show_step(void *context, psd_step step, uint64_t microseconds);
/* Why it ended: meeting->refusal (JSON alone; people get it on standard error). */
void psd_show_refusal(psd_meeting *meeting);
/* What the card says in the end, and what was done. */
psd_result psd_show_end(psd_meeting *meeting);
/* Ends it, however it went. */
void psd_show_close(psd_meeting *meeting);

#endif
