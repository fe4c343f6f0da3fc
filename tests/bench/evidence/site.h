/* A verification site with meters of its own, and lists of what they have made: certificates of a CA made here, a list
 * of revoked ones, rates, tables of the day, what the registers add up to. Today's, by the machine's clock. */
#ifndef PSD_BENCH_SITE_H
#define PSD_BENCH_SITE_H

#include <stddef.h>

#include "crypto/evp.h"
#include "psd/spec/evidence.h"
#include "psd/spec/rates.h"

#define SITE_POSTAGE 730U /* of each piece, mills */
#define SITE_SET 1U       /* of token keys, in both domains */

typedef struct site_meter {
  psd_pair *pair;
  uint64_t serial, pieces; /* pieces it has made */
} site_meter;

typedef struct bench_site {
  const char *folder;
  site_meter *meters;
  size_t meter_count;
  uint64_t now; /* when it was made, seconds since 1970 */
  uint32_t date;
  uint8_t rates[PSD_RATES_HASH];
} bench_site;

/* Makes the folder `folder` of a site that knows `meters` meters. What goes wrong ends the program. */
bench_site site_make(const char *folder, size_t meters);
void site_free(bench_site *of);

/* The next piece of a meter, which is counted; and signed, in profile p256. */
psd_indicium site_piece(bench_site *of, size_t meter);
void site_sign(const bench_site *of, size_t meter, const psd_indicium *piece, uint8_t bytes[PSD_INDICIUM_MAX]);
/* A list for psd-verify batch in the file `path`: `count` pieces, of one meter after the other. */
void site_list(bench_site *of, const char *path, size_t count);
/* DEVICE_ID of a serial number; and the key of the set that belongs to a pointer. */
void site_device(uint64_t serial, uint8_t device[PSD_SIZE_DEVICE_ID]);
void site_set_key(psd_token_domain domain, uint64_t pointer, uint8_t key[32]);

#endif
