/* A card that can be put into any state at any access level, as the matrices need it. */
#ifndef PSD_TEST_CONFORMANCE_BENCH_H
#define PSD_TEST_CONFORMANCE_BENCH_H

#include "rig.h"

/* Who asks. */
typedef enum bench_access {
  BENCH_NOBODY,
  BENCH_USER,         /* the PIN is verified on the channel */
  BENCH_PERSONALISER, /* through a secure channel at level 33 */
  BENCH_ACCESS_COUNT
} bench_access;

/* Makes the card, and remembers it as every cell starts from it. */
void bench_open(void);
void bench_close(void);
/* Puts the card into the cell. */
void bench_enter(psd_state state, bench_access access);
/* Sends a command in the way of the access level; returns SW1-SW2. */
uint16_t bench_send(bench_access access, const psd_apdu *apdu);
/* What the access level may claim, in the words of the tables. */
psd_access_set bench_claims(bench_access access);
/* For failures: "VERIFY in LOCKED as nobody". */
void bench_report(const char *what, psd_state state, bench_access access, unsigned wanted, unsigned got);

#endif
