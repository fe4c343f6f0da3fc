/* What the three messages of a revocation say (VM figure 6; docs/certificates.md, "Figure 6"). */
#ifndef PSD_CERTIFICATE_REVOCATION_H
#define PSD_CERTIFICATE_REVOCATION_H

#include "crypto/crypto.h"
#include "psd/spec/certificate.h"
#include "psd/spec/tlv.h"

/* Bytes of the longest of them. */
#define PSD_REVOCATION_MAX 128U

/* What all three begin with. */
typedef struct psd_revocation {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t certificate; /* serial number */
  uint64_t reason;
  uint64_t time;   /* seconds since 1970 */
  uint64_t number; /* of the request, of the command, of the command that is confirmed */
} psd_revocation;

typedef struct psd_revocation_command {
  psd_revocation head;
  bool charge;
  psd_cursor request; /* SHA-256 of what it answers; nothing where the authority itself revokes */
} psd_revocation_command;

typedef struct psd_revocation_confirmation {
  psd_revocation head;
  psd_confirmed status;
  uint64_t amount;                  /* mills */
  uint8_t command[PSD_SHA256_SIZE]; /* SHA-256 of what it answers */
} psd_revocation_confirmation;

/* Whether certificate.def has this reason. */
bool psd_revocation_reason(uint64_t reason);
void psd_revocation_put_request(psd_buffer *out, const psd_revocation *request);
void psd_revocation_put_confirmation(psd_buffer *out, const psd_revocation_confirmation *confirmation);
/* False for what is none, or has a reason that certificate.def has not. */
bool psd_revocation_parse_command(psd_cursor der, psd_revocation_command *command);

#endif
