/* Rates as they are shown to the operator. */
#ifndef PSD_SERVER_ADMIN_RATES_H
#define PSD_SERVER_ADMIN_RATES_H

#include "admin/command.h"
#include "psd/spec/rates.h"

/* A table, taken apart, and the bytes it was taken from. */
typedef struct psd_rates_view {
  const uint8_t *table;
  size_t length;
  psd_rates rates;
  uint64_t published; /* seconds since 1970; 0 for not yet */
} psd_rates_view;
/* False if the bytes are no table. */
bool psd_rates_view_open(const uint8_t *table, size_t length, uint64_t published, psd_rates_view *view);

/* On standard output, as a file of rates. */
void psd_admin_show_rates(const psd_rates_view *view);
/* The same as one object. */
void psd_admin_json_rates(psd_json *json, const psd_rates_view *view);

#endif
