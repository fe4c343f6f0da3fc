/* The rate tables the card holds (docs/evidence.md, "Rate tables"): one in force, and the next. */
#ifndef PSD_METER_RATES_H
#define PSD_METER_RATES_H

#include "context.h"
#include "psd/spec/rates.h"

/* The row of a piece that is mailed on `date` (YYYYMMDD) by a sender at `zip` (5 digits), its number, and the first
 * bytes of the table's hash. Of the wish class, zone, weight and destination count: whether the postage is that of the
 * row is for the caller to look at. 9000; 6A88 if no table is in force on the date; 6A80 if it has no such rate; 6581.
 */
uint16_t psd_rates_price(psd_card *card, const psd_indicium_wish *wish, uint32_t date, uint32_t zip, psd_rate_row *row,
                         uint64_t *number, uint8_t hash[PSD_RATES_HASH]);

/* SERVICE_RATES: those of the table that is in force today. 9000; 6A88 without one; 6581. */
uint16_t psd_rates_services(const psd_card *card, psd_service_rates *services);
/* The version of that table. The same statuses. */
uint16_t psd_rates_version(const psd_card *card, uint64_t *version);

#endif
