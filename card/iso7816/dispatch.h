/* From a command's bytes to its handler and back: the pipeline every APDU takes (ISO/IEC 7816-4:2005, 5.1). */
#ifndef PSD_ISO7816_DISPATCH_H
#define PSD_ISO7816_DISPATCH_H

#include "context.h"

/* Carries out one command. Appends the answer's data to `out` (room for PSD_CARD_RESPONSE_MAX bytes) and returns
 * SW1-SW2. */
uint16_t psd_dispatch(psd_card *card, const uint8_t *command, size_t length, psd_buffer *out);

/* The answer to reset of the card as it is now (ISO/IEC 7816-3:2006, 8.2): T=1, 254-byte frames, historical bytes
 * (7816-4:2005, 8.1.1) with service data, capabilities, life cycle and the PSD's identifier. Returns its length. */
size_t psd_atr_build(const psd_card *card, uint8_t atr[PSD_CARD_ATR_MAX]);
/* The historical bytes alone. */
void psd_atr_historical(const psd_card *card, psd_buffer *out);

/* Opens channel `number` on the master file, with nothing selected, verified or buffered. */
void psd_channel_open(psd_card *card, uint8_t number);
/* Forgets what the channel was doing: its chain or waiting answer. */
void psd_channel_clear(psd_channel *channel);
/* Leaves the current application: the PIN state and a secure channel opened there are gone (5.4). */
void psd_channel_deselect(psd_card *card, psd_channel *channel);

#endif
