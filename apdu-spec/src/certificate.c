#include "psd/spec/certificate.h"

#include <string.h>

const psd_oid psd_oids[PSD_OID_COUNT] = {
#define PSD_OID(NAME, dotted, bytes) {(const uint8_t *)(bytes), sizeof(bytes) - 1, dotted},
#include "certificate.def"
};

static const psd_digest_row digests[] = {
#define PSD_DIGEST(NAME, value, size, name, oid) {PSD_DIGEST_##NAME, size, oid, name},
#include "certificate.def"
};
#define DIGESTS (sizeof digests / sizeof digests[0])

const psd_digest_row *psd_digest_of(uint64_t digest) {
  for (size_t i = 0; i < DIGESTS; i++)
    if (digests[i].digest == digest)
      return &digests[i];
  return NULL;
}

const psd_digest_row *psd_digest_named(const char *name) {
  for (size_t i = 0; i < DIGESTS; i++)
    if (strcmp(digests[i].name, name) == 0)
      return &digests[i];
  return NULL;
}

uint64_t psd_service_price(const psd_service_rates *rates, psd_service service) {
  switch (service) {
#define PSD_SERVICE(NAME, value, price, name, words)                                                                   \
  case PSD_SERVICE_##NAME:                                                                                             \
    return rates->price;
#include "certificate.def"
  default:
    return 0;
  }
}
