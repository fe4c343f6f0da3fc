/* Inside the flows of the certificate meter: a service that is charged once, whatever is lost on the way. */
#ifndef PSD_READER_FLOW_SERVICE_H
#define PSD_READER_FLOW_SERVICE_H

#include "psd/reader/certificate.h"

/* What was asked for, to explain a refusal. */
typedef struct psd_asked {
  psd_service service; /* 0: free */
  uint8_t slot;        /* 0: none */
  psd_purpose purpose; /* that its key must have; 0 for any */
  bool active;         /* and it must be active */
  const char *what;    /* "the postmark" */
} psd_asked;

/* Sends the command once; the same bytes each time. An answer that cannot be one to it is PSD_BAD_ANSWER. */
typedef psd_result psd_service_send(psd_host *host, const void *wish, psd_buffer *out);

/* Sends it until the card has answered, a few times at most. `out` may be NULL; what a lost answer left there is gone.
 * PSD_REFUSED comes with the reason. */
psd_result psd_service_run(const psd_desk *desk, const psd_asked *asked, psd_service_send *send, const void *wish,
                           psd_buffer *out);

/* Why the card has refused with the status word it answered last; in place of the host's error, where a reason is
 * found. Returns PSD_REFUSED. */
psd_result psd_service_explain(const psd_desk *desk, const psd_asked *asked);

/* `result`, of a command whose answer is a SEQUENCE of DER: CMS or X.509. PSD_BAD_ANSWER for anything else. */
psd_result psd_service_der(psd_host *host, psd_result result, const psd_buffer *answer);

/* Fills in the random number that begins a command's data. */
psd_result psd_service_number(psd_host *host, uint8_t call[PSD_SIZE_SERVICE_CALL]);

/* The digest of a message as a wish names it: has the card work it out where it shall. */
psd_result psd_digest_prepare(psd_host *host, const psd_digested *message);

#endif
