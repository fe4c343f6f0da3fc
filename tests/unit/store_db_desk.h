/* The authority's desk on the bench of store_db.h: a key management system on paper, and what a card would bring. */
#ifndef STORE_DB_DESK_H
#define STORE_DB_DESK_H

#include "authority/authority.h"
#include "store_db_funds.h"

#define NOTHING ((psd_proof_bytes){NULL, 0})
#define DAYS(n) ((uint64_t)(n)*86400U)

/* A request of PS D1 `serial`, for the name "alice". Its sealed bytes are different for each number. */
psd_ca_request request_for(uint32_t serial, uint32_t number, unsigned slot);
/* Each in a transaction of its own. */
psd_db_result requested(psd_db *db, psd_ca_request *request, psd_ca_vetting vetting, const char *user);
psd_db_result accepted(psd_db *db, int64_t id);
/* What the key management system makes of a request that is accepted: a certificate of 365 days, of a key of its own
 * for each `key`; as long as `grant`. */
size_t grant_of(const psd_ca_request *request, unsigned key, uint8_t grant[PSD_GRANT_MAX]);
psd_db_result issued(psd_db *db, int64_t id, const uint8_t *grant, size_t length, uint64_t time);
/* Requests, accepts, issues; its serial number. */
uint32_t certificate_for(psd_db *db, uint32_t serial, uint32_t number, unsigned slot, unsigned key);
psd_ca_certificate certificate_get(psd_db *db, uint32_t number);

/* What a card says to a command. */
psd_proof_revocation confirmation_of(const psd_ca_certificate *certificate, psd_confirmed confirmed, uint64_t amount);
psd_db_result confirm(psd_db *db, const psd_proof_revocation *confirmation, const char *content);
/* The command that waits; 0 for none. */
uint32_t waiting(psd_db *db, uint32_t serial, psd_ca_certificate *certificate);

/* An application of that holder, decided with the limit `most`; the bytes differ for each `nonce`. */
psd_credit_row applied(psd_db *db, uint32_t serial, uint32_t holder, uint64_t asked, uint64_t most, unsigned nonce);
/* A line of credit of 1000 mills, of 100 days, of a new user certificate of PS D1 00000001. */
psd_credit_row line_of(psd_db *db, unsigned nonce);
/* Payment `sequence` of it: `amount`, `remaining`, its predecessor; `variant` makes other bytes. */
psd_proof_payment payment_of(const psd_credit_row *line, uint32_t sequence, uint64_t amount, uint64_t remaining,
                             const psd_proof_payment *previous, unsigned variant);
/* Presented; the test fails for a result that is not DONE. */
psd_settlement present(psd_db *db, const psd_proof_payment *payment, uint64_t time);

#endif
