/* How an answer longer than Le leaves the card: 61xx and GET RESPONSE (ISO/IEC 7816-4:2005, 5.1.3 and 7.6.1). */
#ifndef PSD_ISO7816_ANSWER_H
#define PSD_ISO7816_ANSWER_H

#include "context.h"

/* Sends the first `wanted` bytes (0: Le was missing, 256) of the `length` bytes in card->answer, then `status`. The
 * rest waits in the channel, and the status is 61xx. */
uint16_t psd_answer_begin(psd_card *card, psd_channel *channel, uint16_t status, size_t length, size_t wanted,
                          psd_buffer *out);
#endif
