/* Payments that a merchant has seen: (line of credit, number of the payment) -> what was seen first. In the site's
 * database, beside the pieces (docs/verify.md, "Payments that were seen"). */
#ifndef PSD_VERIFY_PAID_H
#define PSD_VERIFY_PAID_H

#include "psd/proof/proof.h"

typedef struct psd_paid psd_paid;
/* `url` sqlite:FILE or postgresql://...; it is made if it is not there. NULL, and one line in `words`, on failure.
 * psd_evp_start comes before. */
psd_paid *psd_paid_open(const char *url, char *words, size_t room);
void psd_paid_close(psd_paid *paid); /* NULL is fine */

typedef enum psd_paid_finding {
  PSD_PAID_NEW,         /* nothing speaks against it; it is remembered now */
  PSD_PAID_AGAIN,       /* the very same was seen before */
  PSD_PAID_FORKED,      /* another payment had this number */
  PSD_PAID_CONTRADICTS, /* the nearest payments of the line that were seen cannot stand beside it */
} psd_paid_finding;

/* What was found: of the payment itself, or the one beside it. */
typedef struct psd_paid_found {
  psd_paid_finding finding;
  uint64_t sequence, seen; /* of what was there before; not with PSD_PAID_NEW */
} psd_paid_found;

/* Looks for a payment that psd_proof_check_payment has found right, and adds it if it is new: durable when it returns.
 * False, and one line in `words`, if the database failed. */
bool psd_paid_add(psd_paid *paid, const psd_proof_payment *payment, uint64_t now, psd_paid_found *found, char *words,
                  size_t room);

#endif
