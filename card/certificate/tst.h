/* TSTInfo (RFC 3161, 2.4.2), as the card makes and reads it. */
#ifndef PSD_CERTIFICATE_TST_H
#define PSD_CERTIFICATE_TST_H

#include "certificate/hash.h"
#include "psd/spec/tlv.h"

/* Bytes of the longest: SHA-512 and a nonce of PSD_NONCE_MAX. */
#define PSD_TST_MAX 224U

typedef struct psd_tst {
  uint64_t tariff; /* version of the rate table, up to FFFFFFFF */
  psd_imprint imprint;
  uint64_t number;  /* serial number */
  uint64_t time;    /* seconds since 1970, up to 9999 */
  psd_cursor nonce; /* content of the INTEGER; nothing for none */
} psd_tst;

/* Whether these bytes are the content of an INTEGER: one byte at least, and none too many (X.690, 8.3.2). */
bool psd_nonce_valid(psd_cursor nonce);
/* Appends it. */
void psd_tst_put(psd_buffer *out, const psd_tst *tst);
/* False for one that psd_tst_put would not write so. */
bool psd_tst_parse(psd_cursor der, psd_tst *tst);

#endif
