/* In place of the known-answer tests: see card_kat.c. */
#ifndef PSD_TEST_CARD_KAT_H
#define PSD_TEST_CARD_KAT_H

#include "crypto/crypto.h"

/* From now on this test fails; PSD_KAT_COUNT: none does. */
void card_kat_break(psd_kat test);

#endif
