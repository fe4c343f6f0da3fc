/* A card on the bench that makes evidence of postage, and a look with OpenSSL at what it made. */
#ifndef PSD_TEST_EVIDENCE_H
#define PSD_TEST_EVIDENCE_H

#include "rates_card.h"

#define EVIDENCE_ZIP 90210U
#define EVIDENCE_LICENCE 4711U
#define EVIDENCE_CERTIFICATE 0x01020304U
#define EVIDENCE_TODAY 20260101U     /* at RIG_TIME */
#define EVIDENCE_LETTER RATES_LETTER /* a letter of 28 g */

/* Gives a card in service what evidence needs: identity PS D1 00C0FFEE, licence, both token keys, key pair, DSA pair,
 * certificate, every profile; and the rate table in force from 2026-01-01 to 2026-01-31. The card is not reset; the PSD
 * is selected and the PIN verified when it returns. */
void evidence_equip(rig *r);
/* A bench with such a card, in operation. */
void evidence_begin(rig *r);
/* A certificate of this number, as far as the card looks into it when it makes evidence. */
void evidence_certificate(rig *r, psd_piece number);
void evidence_policy(rig *r, const psd_evidence_policy *policy);
/* Another rate table (rates.h), loaded; `letter` is the postage of a letter of 28 g. */
void evidence_load_table(rig *r, uint32_t version, uint32_t effective, uint32_t expiry, uint64_t letter);

/* A letter of 28 g, today. */
psd_indicium_wish evidence_letter(psd_profile_id profile);
/* What costs nothing and says nothing. */
psd_indicium_wish evidence_empty(psd_profile_id profile);
/* CREATE INDICIUM, WITHDRAWAL INDICIUM, GET LAST. */
uint16_t evidence_create(rig *r, unsigned kind, const psd_indicium_wish *wish);
uint16_t evidence_withdrawal(rig *r, unsigned profile);
uint16_t evidence_last(rig *r);

/* The answer that was given, taken apart. */
typedef struct evidence_made {
  psd_evidence_head head;
  psd_indicium indicium;        /* profiles dsa and p256 */
  psd_compact_indicium compact; /* profile compact */
} evidence_made;
/* Asserts that the answer has the form of its profile and that OpenSSL finds its signature right. */
evidence_made evidence_take(const rig *r);

/* Bytes, to be compared with later ones. */
typedef struct evidence_bytes {
  uint8_t bytes[PSD_EVIDENCE_MAX];
  size_t length;
} evidence_bytes;
evidence_bytes evidence_keep(const rig *r);
bool evidence_same(const rig *r, const evidence_bytes *as);

#endif
