/* A card that is put where a test needs it, by writing its memory as if it had got there. */
#ifndef PSD_TEST_STAGED_H
#define PSD_TEST_STAGED_H

#include "context.h"

#define STAGED_PIN "123456"
#define STAGED_PUK "87654321"

/* Identity PB S1 00C0FFEE; transport keys of version 1, 128 bits: 40..4F, 50..5F, 60..6F. */
psd_card_birth staged_birth(void);
/* Replaces the core, and with `pins` gives the card STAGED_PIN and STAGED_PUK; then resets it. */
bool staged_core(psd_card *card, const psd_core *core, bool pins);
/* Puts a card that is on into a state, with PIN, PUK, balanced registers and limits. */
bool staged_enter(psd_card *card, psd_state state);

#endif
