/* From a command's bytes to its handler and back: the pipeline every APDU takes (ISO/IEC 7816-4:2005, 5.1). */
#ifndef PSD_ISO7816_DISPATCH_H
#define PSD_ISO7816_DISPATCH_H

#include "context.h"

/* Carries out one command. Appends the answer's data to `out` (room for PSD_CARD_RESPONSE_MAX bytes) and returns
 * SW1-SW2. */
uint16_t psd_dispatch(psd_card *card, const uint8_t *command, size_t length, psd_buffer *out);

#endif
