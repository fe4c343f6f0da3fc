/* PSDs in software, with keys of a real key management system, and their rows in a real database. */
#ifndef PSD_BENCH_STOCK_H
#define PSD_BENCH_STOCK_H

#include <stddef.h>

#include "soft.h"
#include "store/store.h"

typedef struct stock {
  soft_psd *psd;
  size_t count;
  unsigned suites; /* for which they have keys */
  uint8_t (*wrapped)[PSD_SIZE_WRAPPED_K4];
} stock;

/* Has the key management system at the socket `kms` (in the manufacturing role) make the keys of `count` PSDs with
 * serial numbers drawn at random, and endorse a key pair for each of the second half. Without an RSA key there they
 * have none. What goes wrong ends the program. */
stock stock_make(const char *kms, size_t count);
/* The PSD whose turn it is, out of the half that signs as this kind does: one with a key pair signs with nothing else.
 */
soft_psd *stock_psd(const stock *of, soft_kind kind, size_t turn);
/* The first user of a new database, and so his account. */
#define STOCK_FIRST_USER 1
/* Whose a PSD is. */
typedef struct stock_owner {
  int64_t user, account;
} stock_owner;
/* Enters them into the database `url`, registered to these, one after the other. */
void stock_enter(const stock *of, const char *url, const stock_owner *owners, size_t count);
/* Opens it. */
psd_db *stock_database(const char *url);
void stock_free(stock *of);

#endif
