/* From a command's bytes to its handler and back: the pipeline every APDU takes (ISO/IEC 7816-4:2005, 5.1). */
#ifndef PSD_ISO7816_DISPATCH_H
#define PSD_ISO7816_DISPATCH_H

#include "context.h"

/* Carries out one command. Appends the answer's data to `out` (room for PSD_CARD_RESPONSE_MAX bytes) and returns
 * SW1-SW2. */
uint16_t psd_dispatch(psd_card *card, const uint8_t *command, size_t length, psd_buffer *out);

/* Carries out a command of the provider, which came inside a record on the channel of `outer`: it may claim PROVIDER
 * and nothing else, and its class names no channel, chain or secure messaging. The answer comes whole, whatever its Le.
 * Appends the answer's data and returns SW1-SW2. */
uint16_t psd_dispatch_inside(psd_card *card, const psd_request *outer, const uint8_t *command, size_t length,
                             psd_buffer *answer);

#endif
