/* The certificates that PSDs were given, and which of them are revoked. */
#ifndef PSD_SERVER_STORE_CERTIFICATES_H
#define PSD_SERVER_STORE_CERTIFICATES_H

#include "store/store.h"

/* Why one is revoked: CRLReason of RFC 5280, 5.3.1. */
typedef enum psd_revocation {
  PSD_REVOCATION_NONE = 0,
  PSD_REVOCATION_CESSATION = 5, /* the PSD's service has ended */
  PSD_REVOCATION_HOLD = 6,      /* the PSD is refused, and may be taken again */
} psd_revocation;

typedef struct psd_certificate_row {
  uint32_t number; /* its serial number */
  uint8_t device[8];
  uint64_t from, until;  /* of its validity, seconds since 1970 */
  uint64_t revoked;      /* when; 0 for not */
  psd_revocation reason; /* NONE unless it is */
  uint8_t der[PSD_CERTIFICATE_MAX];
  size_t length;
} psd_certificate_row;

/* EXISTS if there is one with this serial number. */
psd_db_result psd_db_certificate_add(psd_db *db, const psd_certificate_row *row);
/* Revokes all of a PSD that are not revoked yet. CESSATION ends a hold for good; its time stays. */
psd_db_result psd_db_certificate_revoke(psd_db *db, const uint8_t device[8], psd_revocation reason, uint64_t time);
/* Those of a PSD that are held are not revoked any more. */
psd_db_result psd_db_certificate_release(psd_db *db, const uint8_t device[8]);
/* In order of their serial numbers; all, or those that are revoked. */
typedef bool psd_db_certificate_visitor(void *user, const psd_certificate_row *row);
psd_db_result psd_db_certificate_list(psd_db *db, bool revoked, psd_db_certificate_visitor *visit, void *user);
psd_db_result psd_db_certificate_count(psd_db *db, uint64_t *count);

#endif
