/* One question to the key management system, by a command that waits for its answer. */
#ifndef PSD_SERVER_ADMIN_ASK_H
#define PSD_SERVER_ADMIN_ASK_H

#include "psd/spec/session.h"

typedef struct psd_admin_question {
  psd_frame_type request, answer;
  const void *body; /* what follows KMS_CALL */
  size_t length;
  const char *words;  /* what is asked for: "the column key" */
  const char *advice; /* what to do where it says REQUEST; may be NULL */
} psd_admin_question;

/* Asks the one at the socket `kms`; `answer` gets the `length` bytes that follow KMS_CALL. Returns PSD_EXIT_DONE, or
 * the exit status after telling why. */
int psd_admin_ask_kms(const char *kms, const psd_admin_question *question, void *answer, size_t length);
/* The same for an answer of 1 to `room` bytes; `length` gets how many. */
int psd_admin_ask_kms_for(const char *kms, const psd_admin_question *question, void *answer, size_t room,
                          size_t *length);

#endif
