/* The keys of the secure channel as they are kept: one record. */
#ifndef PSD_METER_TRANSPORT_KEYS_H
#define PSD_METER_TRANSPORT_KEYS_H

#include "context.h"

/* Reads them; false if memory failed. The caller wipes `keys`. */
bool psd_transport_keys_read(const psd_card *card, psd_transport_keys *keys);
/* Encodes them for a change. The caller wipes `out`. */
void psd_transport_keys_encode(const psd_transport_keys *keys, uint8_t out[PSD_SIZE_TRANSPORT_KEYS]);

#endif
