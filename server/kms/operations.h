/* One function an operation. It takes its request, the whole of it, from `body` and puts its answer into `out`; what it
 * returns instead of PSD_SIGNAL_NONE is why it refuses. */
#ifndef PSD_KMS_OPERATIONS_H
#define PSD_KMS_OPERATIONS_H

#include "kms/service.h"

typedef psd_signal psd_kms_operation(psd_kms_service *service, psd_cursor *body, psd_buffer *out);

psd_kms_operation psd_kms_unwrap, psd_kms_verify_audit, psd_kms_order_key, psd_kms_give_column, psd_kms_manufacture_psd,
    psd_kms_endorse_psd, psd_kms_give_vendor_keys, psd_kms_authorize_funds, psd_kms_verify_receipt,
    psd_kms_order_command, psd_kms_certify_psd, psd_kms_give_token_key, psd_kms_register_psd, psd_kms_sign_rates;
psd_kms_operation psd_kms_open_wish, psd_kms_issue_certificate, psd_kms_command_revocation, psd_kms_sign_list,
    psd_kms_certify_responder, psd_kms_certify_credit, psd_kms_give_authority;

/* The policy that holds. */
const psd_kms_policy *psd_kms_policy_of(const psd_kms_service *service);
/* What the log will have of something that was made, with a key or for a PSD. */
typedef struct psd_kms_use {
  psd_kms_event_id event;
  const psd_kms_key *key;       /* NULL: none */
  const psd_kms_device *device; /* NULL: no PSD's */
  uint64_t number, amount;      /* as psd_kms_event has sequence and amount */
  psd_part made;                /* its SHA-256 is noted */
} psd_kms_use;
/* PSD_SIGNAL_NONE, BUSY or INTERNAL. */
psd_signal psd_kms_note_use(psd_kms_service *service, const psd_kms_use *use);
/* Seconds between two times. */
uint64_t psd_kms_apart(uint64_t a, uint64_t b);

/* Suite classic: what it does for operations that others have as well. */
struct psd_kms_classic {
  /* K_S, or, where there is none inside, what nobody can tell from one. False if the library fails. */
  bool (*open)(const psd_rsa *k2, const uint8_t *wrapped, size_t length, uint8_t key[PSD_SESSION_KEY]);
  /* The MAC of an audit under K4. */
  bool (*sign)(const uint8_t k4[PSD_AES_KEY], psd_part audit, uint8_t mac[PSD_TDES_MAC]);
};
/* The one there is, in builds with PSD_CLASSIC. */
extern const psd_kms_classic psd_kms_classic_suite;

/* Puts RSA_KEY and the modulus of the active RSA key. False if there is none. */
bool psd_kms_put_rsa(const psd_keyring *keys, psd_buffer *out);

#endif
