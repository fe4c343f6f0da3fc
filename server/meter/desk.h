/* What is on its way at the authority's desk: a request of the Host, or a revocation that waits for the card
 * (docs/server.md, "The authority"). It goes from the session to a job and back. */
#ifndef PSD_METER_DESK_H
#define PSD_METER_DESK_H

#include "authority/authority.h"
#include "meter/jobs.h"

/* Bytes of the longest request of a Host that has one: CREDIT_APPLICATION and what follows it. */
#define PSD_METER_DESK_MAX 8192U
/* Bytes of a holder's request for revocation. */
#define PSD_METER_REVOCATION_MAX 2048U
/* Bytes of the longest thing that follows AUTHORITY_ITEM: a revocation command with the request's hash, a grant. */
#define PSD_METER_DESK_ITEM 2048U

struct psd_meter_desk {
  uint8_t content[PSD_METER_DESK_MAX]; /* what the Host or the card has sent */
  size_t length;
  psd_authority_item item; /* the answer, */
  uint8_t der[PSD_METER_DESK_ITEM];
  size_t der_length;                 /* and what follows it */
  uint8_t made[PSD_METER_DESK_ITEM]; /* by the key management system, and not kept yet */
  size_t made_length;
  psd_signal signal; /* what the rules say against it; NONE for nothing */
  bool renumber;     /* the card refuses a command for its number alone */
  bool over;         /* nothing more is to be done: the answer is there */

  /* Settings of the server. */
  psd_ca_vetting vetting;
  uint64_t most; /* mills: a line of credit that is decided without the operator */

  psd_ca_request request;
  psd_ca_certificate certificate; /* that is revoked; the holder's of a line of credit */
  psd_credit_row line;
  psd_proof_revocation confirmation;
  uint8_t revocation[PSD_METER_REVOCATION_MAX]; /* the holder's request, */
  size_t revocation_length;                     /* 0 where the authority itself revokes */
  uint32_t postmark;               /* serial number of the certificate that has postmarked a CREDIT_APPLICATION, */
  uint64_t postmarked;             /* and when */
  uint64_t from, until;            /* validity of what is being certified */
  uint8_t ca[PSD_CERTIFICATE_MAX]; /* certificate of the CA that the PSD knows */
  size_t ca_length;
};

/* A credit application taken apart; the bytes stay where they are. */
typedef struct psd_meter_application {
  psd_proof_bytes signature, postmark, request;
} psd_meter_application;
/* False if `content` is none: each of the three has to be there. */
bool psd_meter_application_of(const uint8_t *content, size_t length, psd_meter_application *application);

#endif
