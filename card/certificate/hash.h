/* HASH, and the digests that wishes for signatures and postmarks bring (VM 230, 304; docs/certificates.md, "Figures
 * 3"). */
#ifndef PSD_CERTIFICATE_HASH_H
#define PSD_CERTIFICATE_HASH_H

#include "context.h"
#include "psd/spec/certificate.h"

/* A digest, and by which function. */
typedef struct psd_imprint {
  const psd_digest_row *function;
  uint8_t digest[PSD_DIGEST_MAX]; /* function->size bytes */
} psd_imprint;

/* Takes the digest of a wish: with `function` 0 what the channel has worked out with HASH, else as many bytes of `data`
 * as the function has. What was worked out stays for the next: call it after psd_service_begin, which knows
 * repetitions. 9000; 6A80 for no such function, or too few bytes; 6985 if nothing was worked out; 6400. */
uint16_t psd_imprint_take(const psd_card *card, const psd_request *request, uint64_t function, psd_cursor *data,
                          psd_imprint *imprint);

/* Forgets what a channel is working out. */
void psd_hash_leave(psd_card *card, uint8_t number);

#endif
