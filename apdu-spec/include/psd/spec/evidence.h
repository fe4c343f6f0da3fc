/* Evidence of postage: indicia, digital tokens (evidence.def, docs/evidence.md). */
#ifndef PSD_SPEC_EVIDENCE_H
#define PSD_SPEC_EVIDENCE_H

#include "psd/spec/messages.h"

#define PSD_PROFILE(NAME, value, size, signature, name, words) PSD_PROFILE_##NAME = (value),
typedef enum psd_profile_id {
#include "evidence.def"
} psd_profile_id;

#define PSD_EVIDENCE_KIND(NAME, value, name, words) PSD_EVIDENCE_##NAME = (value),
typedef enum psd_evidence_kind {
#include "evidence.def"
  PSD_EVIDENCE_KINDS
} psd_evidence_kind;

#define PSD_MAIL_CLASS(NAME, value, name, words) PSD_CLASS_OF_##NAME = (value),
typedef enum psd_mail_class {
#include "evidence.def"
  PSD_MAIL_CLASSES
} psd_mail_class;

#define PSD_TOKEN_DOMAIN(NAME, value, name, words) PSD_TOKENS_##NAME = (value),
typedef enum psd_token_domain {
#include "evidence.def"
} psd_token_domain;

#define PSD_TOKEN_ORDER(NAME, value, name, words) PSD_TOKEN_BY_##NAME = (value),
typedef enum psd_token_order {
#include "evidence.def"
  PSD_TOKEN_ORDERS
} psd_token_order;

/* What our indicia begin with: private versions, so that none passes for a real one. IBI-Lite has FF. */
#define PSD_INDICIUM_VERSION 0x53U
#define PSD_COMPACT_VERSION 0xFEU
#define PSD_COMPACT_LITE 0xFFU
#define PSD_INDICIUM_MAX 113U
#define PSD_COMPACT_MAC 6U
#define PSD_EVIDENCE_MAX (PSD_SIZE_EVIDENCE_HEAD + PSD_INDICIUM_MAX)

/* Category: kind in the 3 highest bits, row of the rate table in the others. */
#define PSD_CATEGORY_KIND 13U
#define PSD_ROW_UNRATED 8191U
/* What fits the fields of an indicium, mills: 5, 4 and 3 bytes. */
#define PSD_ASCENDING_MOST UINT64_C(0xFFFFFFFFFF)
#define PSD_DESCENDING_MOST UINT64_C(0xFFFFFFFF)
#define PSD_POSTAGE_MOST UINT64_C(0xFFFFFF)
#define PSD_DESTINATION_MOST UINT64_C(99999999999) /* ZIP, 4 digits more, 2 of the delivery point */

#define PSD_DATE_AHEAD_MOST 30U
#define PSD_OFFSET_UTC 1440U
/* What a card without EVIDENCE_POLICY has. */
#define PSD_EVIDENCE_POLICY_DEFAULT                                                                                    \
  {                                                                                                                    \
    .country = "US", .profiles = 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT, .ahead = PSD_DATE_AHEAD_MOST,     \
    .offset = PSD_OFFSET_UTC                                                                                           \
  }

/* Digital tokens. A key is 32 bytes in a set, 16 below it: AES-CMAC over label and data. */
#define PSD_TOKEN_KEYS 1000U
#define PSD_TOKEN_KEY_SIZE 16U
#define PSD_TOKEN_DIGITS_LEAST 2U
#define PSD_TOKEN_DIGITS_MOST 8U
#define PSD_TOKEN_DAY_LABEL "psd token day"
#define PSD_TOKEN_METER_LABEL "psd token meter"
#define PSD_TOKEN_LABEL "psd token"
#define PSD_TOKEN_REGISTRATION_LABEL "psd token registration"
#define PSD_TOKEN_COMPACT_LABEL "psd compact"
#define PSD_DSA_KEY_LABEL "psd dsa key"
#define PSD_DAY_TABLE_LABEL "psd day table"

typedef struct psd_profile_row {
  psd_profile_id id;
  uint8_t size, signature; /* bytes */
  const char *name;
} psd_profile_row;
/* NULL if there is none of that algorithm byte, or name. */
const psd_profile_row *psd_profile_of(uint64_t profile);
const psd_profile_row *psd_profile_named(const char *name);
/* The byte of the compact profile for a vendor and model (2 characters each); 0 if they have none. */
uint8_t psd_maker_of(const uint8_t vendor[2], const uint8_t model[2]);
/* The other way round; false if there is none. */
bool psd_maker_words(uint64_t maker, uint8_t vendor[2], uint8_t model[2]);

/* A name or description by value, and a value by name; NULL and false if there is none. */
const char *psd_evidence_kind_name(uint64_t kind);
const char *psd_evidence_kind_words(uint64_t kind);
const char *psd_mail_class_name(uint64_t mail_class);
const char *psd_mail_class_words(uint64_t mail_class);
bool psd_mail_class_named(const char *name, uint8_t *mail_class);
const char *psd_token_domain_name(uint64_t domain);
bool psd_token_domain_named(const char *name, uint8_t *domain);
const char *psd_token_order_name(uint64_t order);
bool psd_token_order_named(const char *name, uint8_t *order);

/* What a token is made of: the first 8 bytes of a CMAC as a number, modulo 10 to the power of `digits`. */
uint32_t psd_token_digits(const uint8_t mac[16], uint64_t digits);

/* What the digest of an addressee is over: letters of ASCII in upper case, each run of blanks, controls and line ends
 * one blank, none at the ends. Overflows `out` if it does not fit. The digest is the first 8 bytes of its SHA-256. */
void psd_put_addressee(psd_buffer *out, const char *text);

/* "90210", "90210-1234" or 11 digits, with or without hyphens, as the delivery point's 11 digits; false for others. */
bool psd_destination_parse(const char *words, uint64_t *destination);

#endif
