/* Rate tables on the card on the bench. */
#ifndef PSD_TEST_RATES_CARD_H
#define PSD_TEST_RATES_CARD_H

#include "rates.h"
#include "rig.h"

/* The issuer that the card is told of; the same one every time. psd_pair_free it. */
psd_pair *rates_issuer(void);
/* Gives the card this issuer's key. It is not reset. */
void rates_equip(rig *r, const psd_pair *issuer);
/* LOAD RATES with these bytes. The PIN must have been verified. */
uint16_t rates_load(rig *r, const uint8_t *data, size_t length);

#endif
