/* Recorded sessions: what is written of them. */
#ifndef PSD_TRANSCRIPT_H
#define PSD_TRANSCRIPT_H

#include "meter.h"

#include <stdio.h>

/* name = hexadecimal */
void transcript_say(FILE *to, const char *name, const void *bytes, size_t length);
/* Funds and orders in the session that is open (docs/funds.md): a refill, one that is cancelled, a withdrawal, and an
 * order of each kind. */
void transcript_say_funds(FILE *to, meter *m);
/* A card that makes evidence of every profile and kind (docs/evidence.md), its token keys derived the day first or the
 * meter first. It is in no session. */
void transcript_say_evidence(FILE *to, bool meter_first);

#endif
