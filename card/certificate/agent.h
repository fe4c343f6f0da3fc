/* The agent (VM figure 3A; docs/certificates.md): a slot whose key signs certificates that the card issues. */
#ifndef PSD_CERTIFICATE_AGENT_H
#define PSD_CERTIFICATE_AGENT_H

#include "certificate/x509.h"

/* A certificate on its way. */
typedef struct psd_issue {
  uint64_t number;       /* its serial number, above 0 */
  uint64_t from, until;  /* validity */
  unsigned usage;        /* psd_agent_usage */
  psd_cursor name;       /* common name, UTF-8 */
  const psd_key *holder; /* whose it shall be: the public half counts */
  const psd_key *signer; /* the agent's key */
  const psd_certificate *agent;
} psd_issue;

/* Appends the certificate, signed. Its subject lies in the subtree that the agent's certificate permits. 9000; 6985 if
 * that permits none; 6A84 if it does not fit PSD_USER_CERTIFICATE_MAX bytes; 6400. */
uint16_t psd_issue_put(psd_card *card, const psd_issue *issue, psd_buffer *out);

#endif
