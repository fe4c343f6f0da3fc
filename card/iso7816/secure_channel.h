/* The personaliser's secure channel on the card: INITIALIZE UPDATE, EXTERNAL AUTHENTICATE, and the secure messaging of
 * everything after them (GlobalPlatform Amendment D, 6 and 7). */
#ifndef PSD_ISO7816_SECURE_CHANNEL_H
#define PSD_ISO7816_SECURE_CHANNEL_H

#include "context.h"

/* True if the secure channel is open on logical channel `number`. */
bool psd_secure_channel_open(const psd_card *card, uint8_t number);
/* Takes a command (`request->row` is NULL for an unknown one) out of secure messaging: checks its MAC, deciphers its
 * data (left in card->answer). A command in clear passes where the table lets it. 6985: no secure channel here; 6987:
 * secure messaging was expected; 6988: it is wrong. The last two close the secure channel (ISO/IEC 7816-4:2005, 6). */
uint16_t psd_secure_channel_unwrap(psd_card *card, psd_request *request, bool secured);
/* Secures the `*length` bytes of answer in card->answer as the level asks. Answers that are errors carry nothing. */
uint16_t psd_secure_channel_wrap(psd_card *card, uint16_t status, size_t *length);
/* Closes it and wipes its keys. */
void psd_secure_channel_close(psd_card *card);

#endif
