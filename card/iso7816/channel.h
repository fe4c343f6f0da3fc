/* Logical channels (ISO/IEC 7816-4:2005, 5.1.1.2): what begins, and what is forgotten when. */
#ifndef PSD_ISO7816_CHANNEL_H
#define PSD_ISO7816_CHANNEL_H

#include "context.h"

/* Opens channel `number` on the master file, with nothing selected, verified or buffered. */
void psd_channel_open(psd_card *card, uint8_t number);
/* Forgets what the channel was doing: its chain or waiting answer. */
void psd_channel_clear(psd_channel *channel);
/* Leaves the current application: the PIN state, a secure channel and a session opened there, and a message that was
 * being hashed, are gone (5.4). */
void psd_channel_deselect(psd_card *card, psd_channel *channel);

#endif
