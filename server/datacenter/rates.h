/* Rate tables: published once, and brought to each meter in its sessions (docs/server.md, "Rate tables"). Works inside
 * a transaction that the caller has begun. */
#ifndef PSD_DATACENTER_RATES_H
#define PSD_DATACENTER_RATES_H

#include "store/money.h"
#include "store/rates.h"

/* Publishes a signed table: its bytes and its signature, which the caller has looked at. EXISTS if there is one of its
 * version, REFUSED if there is a higher one (which meters have) or it is no rate table. */
psd_db_result psd_dc_publish_rates(psd_db *db, const uint8_t *signed_table, size_t length, uint64_t time);
/* The table that a meter is to have next: the one in force, or else the one that comes into force next, if the meter
 * neither has it (or a higher version) nor has refused it. The lower version comes first. ABSENT for none. */
psd_db_result psd_dc_rates_due(psd_db *db, const psd_meter_row *row, uint64_t time, psd_published_rates *due);
/* Today's date (UTC). */
uint32_t psd_dc_today(uint64_t time);

#endif
