/* Accounts with funds and a user each: a fleet of meters does not share one account. */
#ifndef PSD_BENCH_OWNERS_H
#define PSD_BENCH_OWNERS_H

#include "stock.h"

typedef struct owners {
  stock_owner *owner;
  psd_user *user; /* with his verifier: no password was ever stretched */
  size_t count;
} owners;

/* Makes them in the database `url`, with the column key of the key management system at the socket `kms` (in the role
 * meter). Each account has far more than is ever refilled. `label`, of which 16 bytes count, makes their names unique,
 * and there are 1000 at most. */
owners owners_make(const char *url, const char *kms, const char *label, size_t count);
void owners_free(owners *of);

#endif
