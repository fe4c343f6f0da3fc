/* A verification site with meters of its own, and lists of what they have made: certificates of a CA made here, a list of
 * revoked ones, rates, tables of the day, what the registers add up to. Today's, by the machine's clock. */
#ifndef PSD_BENCH_SITE_H
#define PSD_BENCH_SITE_H

#include <stddef.h>

#include "crypto/evp.h"
#include "psd/spec/evidence.h"

#define SITE_POSTAGE 730U /* of each piece, mills */
#define SITE_SET 1U       /* of token keys, in both domains */

typedef struct site_meter {
  psd_pair *pair;
  uint64_t serial, pieces; /* pieces it has made */
} site_meter;

typedef struct site {
  const char *folder;
  site_meter *meters;
  size_t meter_count;
  uint64_t now; /* when it was made, seconds since 1970 */
  uint32_t date;
  uint8_t rates[PSD_RATES_HASH_SIZE];
} site;

/* Makes the folder `folder` of a site that knows `meters` meters. What goes wrong ends the program. */
site site_make(const char *folder, size_t meters);
void site_free(site *of);

/* The next piece of a meter; signed, profile p256. */
void site_piece(site *of, size_t meter, uint8_t bytes[PSD_INDICIUM_MAX]);
/* The same unsigned, for what does not look at signatures. */
psd_indicium site_fields(const site *of, uint64_t serial, uint64_t number, size_t certificate);
/* A list for psd-verify batch in the file `path`: `count` pieces, each of some meter. */
void site_list(site *of, const char *path, size_t count);
/* DEVICE_ID of a serial number. */
void site_device(uint64_t serial, uint8_t device[PSD_SIZE_DEVICE_ID]);

#endif
