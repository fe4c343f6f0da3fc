/* The inside of the database of pieces seen. */
#ifndef PSD_VERIFY_SEEN_INTERNAL_H
#define PSD_VERIFY_SEEN_INTERNAL_H

#include "store/database.h"
#include "verify/seen.h"

#define PSD_SEEN_NONE (-1)

/* A piece that is to be remembered, and what the database has of it and beside it. */
typedef struct psd_seen_piece {
  int64_t device, piece;
  int64_t digest;    /* first 8 bytes of the hash of its bytes */
  int64_t ascending; /* PSD_SEEN_NONE for a compact one */
  int64_t postage;
  bool again;              /* it was there already: */
  int64_t first, original; /* when, and the digest of what was */
  /* The nearest pieces with registers: their counts, the register behind the one below and before the one above;
   * PSD_SEEN_NONE where there is none. */
  int64_t below, below_ascending, above, above_before;
} psd_seen_piece;

/* Adds pieces, which differ in device or count, and finds out about each; inside a transaction. By a statement a piece,
 * or by few for all. */
psd_db_result psd_seen_each(psd_db *db, psd_seen_piece *pieces, size_t count, int64_t now);
psd_db_result psd_seen_many(psd_db *db, psd_seen_piece *pieces, size_t count, int64_t now);

#endif
