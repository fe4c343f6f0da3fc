#include "datacenter/rates.h"

#include <string.h>

#include "psd/spec/calendar.h"

#define DAY 86400U

uint32_t psd_dc_today(uint64_t time) {
  return psd_date_of_day(time / DAY);
}

psd_db_result psd_dc_publish_rates(psd_db *db, const uint8_t *signed_table, size_t length, uint64_t time) {
  psd_rates rates;
  psd_published_rates row = {.length = length, .published = time};
  uint32_t newest = 0;
  if (length < PSD_RATES_SIGNATURE || length > sizeof row.bytes ||
      !psd_rates_open(signed_table, length - PSD_RATES_SIGNATURE, &rates))
    return PSD_DB_REFUSED;
  psd_db_result result = psd_db_rates_newest(db, &newest);
  if (result != PSD_DB_DONE)
    return result;
  row.version = (uint32_t)rates.head.version;
  if (newest > row.version)
    return psd_db_rates_find(db, row.version, &row) == PSD_DB_DONE ? PSD_DB_EXISTS : PSD_DB_REFUSED;
  memcpy(row.country, rates.head.country, sizeof rates.head.country);
  row.effective = (uint32_t)rates.head.effective;
  row.expiry = (uint32_t)rates.head.expiry;
  memcpy(row.bytes, signed_table, length);
  return psd_db_rates_add(db, &row);
}

psd_db_result psd_dc_rates_due(psd_db *db, const psd_meter_row *row, uint64_t time, psd_published_rates *due) {
  uint32_t today = psd_dc_today(time), current = 0;
  uint32_t known = row->rates > row->rates_refused ? row->rates : row->rates_refused;
  /* All but meters that are behind are done here, without another read. */
  if (row->rates_published <= known)
    return PSD_DB_ABSENT;
  psd_db_result result = psd_db_rates_current(db, today, due);
  if (result == PSD_DB_DONE && due->version > known)
    return result;
  if (result == PSD_DB_DONE)
    current = due->version;
  if (result == PSD_DB_DONE || result == PSD_DB_ABSENT)
    result = psd_db_rates_next(db, today, current, due);
  return result == PSD_DB_DONE && due->version <= known ? PSD_DB_ABSENT : result;
}
