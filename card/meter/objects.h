/* The data objects of the PSD: reading and writing each as objects.def has it. */
#ifndef PSD_METER_OBJECTS_H
#define PSD_METER_OBJECTS_H

#include "meter/change.h"

/* True if the store has this record. */
bool psd_record_kept(const psd_card *card, uint16_t record);
/* Reads a record of the store, up to `capacity` bytes. 9000; 6A88 if it is not there; 6581, for a longer one too. */
uint16_t psd_record_fetch(const psd_card *card, uint16_t record, void *bytes, size_t capacity, size_t *length);
/* Appends a record of the store as it is. 9000; 6A88 if it is not there; 6A84 without room; 6581. */
uint16_t psd_record_read(const psd_card *card, uint16_t record, psd_buffer *out);
/* Appends the value of an object. 9000; 6982 or 6985 as the table says; 6A88 if it was never loaded; 6581. */
uint16_t psd_object_read(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out);
/* The same, as a BER-TLV data object; nothing is appended but with 9000. */
uint16_t psd_object_read_tlv(psd_card *card, const psd_request *request, const psd_object *object, psd_buffer *out);

/* The value of an object that is kept in a record of its own, or SERVICE_RATES, for the card itself: the struct of its
 * layout. 9000; 6A88 if it was never loaded; 6581. The caller wipes a secret one. */
uint16_t psd_object_fetch(const psd_card *card, psd_object_id id, void *value);
/* The same for one that is bytes, up to `capacity`. */
uint16_t psd_object_fetch_bytes(const psd_card *card, psd_object_id id, void *bytes, size_t capacity, size_t *length);
/* What the card runs. */
psd_version psd_card_version(void);
/* How the card may sign on: what personalisation has set, or suite p256 with forward secrecy. 9000 or 6581. */
uint16_t psd_session_policy_fetch(const psd_card *card, psd_session_policy *policy);
/* What evidence the card makes: what personalisation has set, or PSD_EVIDENCE_POLICY_DEFAULT. 9000 or 6581. */
uint16_t psd_evidence_policy_fetch(const psd_card *card, psd_evidence_policy *policy);
/* How the certificate meter is configured: what personalisation has set, or zeroes. 9000 or 6581. */
uint16_t psd_certificate_policy_fetch(const psd_card *card, psd_certificate_policy *policy);
/* True for a mode there is, with a credit limit above 0 in current-account mode and 0 in every other. */
bool psd_funds_valid(const psd_funds *funds);
/* True for a watchdog that warns, and not after it has locked. */
bool psd_watchdog_valid(const psd_watchdog *watchdog);
/* Takes K1 in its RSA form apart; false for one that is no key. */
bool psd_rsa_key_parse(psd_cursor value, psd_rsa_key *head, psd_rsa_public *key);

/* Where a change under way keeps what it has encoded until its commit. */
typedef struct psd_object_change {
  psd_change change;
  uint8_t pin[PSD_SIZE_PIN_RECORD];
  uint8_t puk[PSD_SIZE_PIN_RECORD];
  uint64_t seen; /* objects already in this change, one bit each */
} psd_object_change;

/* Checks access and value of one object and adds it to the change. 9000 or the reason: 6982, 6985, 6A80, 6A84. The
 * bytes of `value` must stay until the commit. */
uint16_t psd_object_write(psd_card *card, const psd_request *request, const psd_object *object, psd_cursor value,
                          psd_object_change *change);
/* Checks the value of an object that is kept in the core, whoever may write it, and sets it there. 9000, 6A80, 6985. */
uint16_t psd_object_set(const psd_card *card, const psd_object *object, psd_cursor value, psd_core *next);
/* Commits the change, results as psd_change_commit; no channel stays verified by a PIN that it replaced. */
uint16_t psd_object_commit(psd_card *card, psd_object_change *change);

#endif
