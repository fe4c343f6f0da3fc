/* A verification site's folder for fuzz targets. */
#ifndef PSD_FUZZ_SITE_H
#define PSD_FUZZ_SITE_H

#include "crypto/evp.h"
#include "fuzz.h"
#include "verify/verify.h"

/* Of 2026-11-22, noon. */
extern const psd_verify_policy fuzz_site_policy;

/* A folder with public keys of one new pair, which goes when the program ends. */
void fuzz_site_make(void);
const char *fuzz_site_folder(void);
/* A file in it; nobody else's. */
void fuzz_site_put(const char *name, const void *data, size_t length);
void fuzz_site_remove(const char *name);
/* The pair's signature over label and data. */
void fuzz_site_sign(const char *label, const void *data, size_t length, uint8_t signature[64]);
/* A table of today, for meters, of both domains. */
void fuzz_site_put_day(void);

#endif
