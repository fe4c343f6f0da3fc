/* Pieces that were seen: (PSD, piece count) -> what of it was seen first. In SQLite or PostgreSQL, so that it survives
 * and can be shared by several sites (docs/verify.md, "Pieces that were seen"). */
#ifndef PSD_VERIFY_SEEN_H
#define PSD_VERIFY_SEEN_H

#include "verify/verify.h"

/* One connection; one thread at a time uses it. */
typedef struct psd_seen psd_seen;
/* `url` sqlite:FILE or postgresql://...; it is made if it is not there. NULL, and one line in `words`, on failure.
 * psd_evp_start comes before. */
psd_seen *psd_seen_open(const char *url, char *words, size_t room);
void psd_seen_close(psd_seen *seen); /* NULL is fine */

/* Adds pieces, all in one transaction: durable when it returns. Some hundreds at a time are best. Only those whose
 * signature was found right are remembered; of each, `verdicts[i]` gets DUPLICATE and, where other pieces of the PSD
 * contradict it, REGISTERS, and ends. Of the same piece twice in one call the first counts. False, and one line in
 * `words`, if the database failed: nothing of it was added then, and no verdict has changed. (A connection to
 * PostgreSQL that is lost while it commits leaves open whether all or nothing was.) */
bool psd_seen_add(psd_seen *seen, const psd_claim *claims, psd_piece_verdict *verdicts, size_t count, uint64_t now,
                  char *words, size_t room);

#endif
