/* A card in the same process: for manufacture in bulk, and for tests. */
#ifndef PSD_READER_CARD_H
#define PSD_READER_CARD_H

#include "psd/card.h"
#include "psd/reader.h"

/* A transport to `card`, which stays the caller's and must outlive it. Connecting powers the card, closing switches it
 * off. PSD_SYSTEM when there is no memory. */
psd_result psd_transport_card(psd_card *card, psd_transport **transport, psd_error *error);

#endif
