/* Manufacture of a PSD (EP, "During manufacturing initialization ..."): a blank card gets its keys from the key
 * management system, and the meter server its wrapped K4.
 *
 * The card leaves MANUFACTURED with the last thing that is done to it, and the wrapped K4 is in the server's database
 * before: there is never a meter that no server knows. Cut short at any moment before, a manufacture can be repeated:
 * the card takes new keys, and the server takes the K4 that goes with them. */
#ifndef PSD_READER_MANUFACTURE_H
#define PSD_READER_MANUFACTURE_H

#include "psd/reader/link.h"
#include "psd/reader/personalize.h"

/* Schemes of K3 (messages.def, DEVICE_KEY). */
#define PSD_SCHEME_UNIQUE 0U
#define PSD_SCHEME_THOUSAND 1U

/* What is to be made. */
typedef struct psd_manufacture_order {
  const psd_profile *profile; /* psd_profile_for_manufacture, with PIN and PUK, and the suites in its session policy */
  unsigned scheme;            /* of K3 */
  bool key_pair;              /* the PSD makes a key pair of its own and signs with it (ECDSA) */
  bool dsa;                   /* and a DSA pair, for the evidence profile of that name; with key_pair alone */
  psd_link *kms;              /* in the manufacturing role */
  psd_link *postal;           /* that of the post, likewise; NULL for a PSD without postal token key */
  bool tokens;                /* the PSD gets token keys */
  unsigned token_digits;      /* of a token, 2 to 8 */
  unsigned token_order;       /* psd_token_order */
  psd_link *control;          /* the meter server's control socket */
} psd_manufacture_order;

/* Asks the key management systems for the keys of `device`, those of tokens among them. The caller wipes them. */
psd_result psd_manufacture_keys(const psd_manufacture_order *order, const psd_device_id *device, psd_new_keys *keys,
                                psd_error *error);

/* The transport keys among them; the caller wipes them. */
void psd_manufacture_transport(const psd_new_keys *keys, psd_host_keys *transport);

/* Makes a meter, `device`, of the blank card: opens a secure channel, under `present` if that is not NULL (the keys are
 * then first replaced by the key management system's), stores everything, has the PSD make its key pair and the key
 * management system endorse it if that is wanted, enrols it with the meter server, and ends personalisation. `now` is
 * the time, in seconds since 1970. Runs inside one transaction. A card that is a meter already is PSD_REFUSED. */
psd_result psd_manufacture(psd_host *host, const psd_manufacture_order *order, const psd_device_id *device,
                           const psd_new_keys *keys, const psd_host_keys *present, uint64_t now);

#endif
