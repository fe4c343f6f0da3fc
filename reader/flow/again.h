/* A card that went away in the middle, reached anew. */
#ifndef PSD_READER_AGAIN_H
#define PSD_READER_AGAIN_H

#include "psd/reader/command.h"

/* Reaches it, selects the PSD, and verifies the PIN, if it is still `device`: a PIN costs a try where it is another
 * card's. */
psd_result psd_enter_again(psd_host *host, const psd_device_id *device, const psd_secret *pin);
/* True if the card is still in the conversation: it has answered, be it nonsense. */
bool psd_in_touch(psd_result result);

#endif
