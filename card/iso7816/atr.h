/* The answer to reset (ISO/IEC 7816-3:2006, 8.2) and its historical bytes (ISO/IEC 7816-4:2005, 8.1.1). */
#ifndef PSD_ISO7816_ATR_H
#define PSD_ISO7816_ATR_H

#include "context.h"

/* The answer to reset of the card as it is now: T=1, 254-byte frames, historical bytes. Returns its length. */
size_t psd_atr_build(const psd_card *card, uint8_t atr[PSD_CARD_ATR_MAX]);
/* Appends the historical bytes alone: service data, capabilities, life cycle and the PSD's identifier. */
void psd_atr_historical(const psd_card *card, psd_buffer *out);

#endif
