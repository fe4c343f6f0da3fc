/* Rate tables for tests: small, of several classes and zones, signed with a key of the test's. */
#ifndef PSD_TEST_RATES_H
#define PSD_TEST_RATES_H

#include "crypto/evp.h"
#include "psd/spec/rates.h"

#define RATES_SIGNED_MAX (PSD_RATES_MAX + PSD_RATES_SIGNATURE)

/* What a table shall be. Zeroes stand for: version 1, from 2026-01-01 to 2026-12-31, US. */
typedef struct rates_wish {
  uint32_t version, effective, expiry;
  const char *country;
  uint64_t letter; /* mills, a letter of 28 g; RATES_LETTER */
  size_t size;     /* bytes without the signature, at least those it has anyway: rows of postcards fill it up */
} rates_wish;

/* Of the table: senders at 902xx have zone 1 to 900-909, 2 to 910-961, 8 to 100-199. */
#define RATES_ORIGIN 902U
#define RATES_LETTER 730U                 /* first, 28 g; 290 more for up to 57 g, 580 more for up to 85 g */
#define RATES_FLAT 1500U                  /* flat, 28 g */
#define RATES_CARD 560U                   /* card, 9 g */
#define RATES_PARCEL_1 9350U              /* priority, zone 1, 454 g */
#define RATES_PARCEL_8 12500U             /* priority, zone 8, 454 g */
#define RATES_CERTIFICATE(v) (100U + (v)) /* services: a certificate, of the table of version v */

/* The table without its signature; returns its length. */
size_t rates_table(const rates_wish *wish, uint8_t out[PSD_RATES_MAX]);
/* Appends the signature of `issuer` to a table of `length` bytes; returns the length of both. */
size_t rates_sign(const psd_pair *issuer, size_t length, uint8_t out[RATES_SIGNED_MAX]);
/* Both in one. */
size_t rates_make(const rates_wish *wish, const psd_pair *issuer, uint8_t out[RATES_SIGNED_MAX]);

#endif
