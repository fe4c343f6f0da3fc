/* The inside of what a verification site knows (verify.h). Rows are sorted and found by halving: nothing depends on how
 * they were chosen, and a million of them cost twenty steps. */
#ifndef PSD_VERIFY_SITE_H
#define PSD_VERIFY_SITE_H

#include <openssl/x509.h>
#include <pthread.h>

#include "crypto/evp.h"
#include "verify/verify.h"

#define PSD_SITE_NOTES 32U
#define PSD_SITE_NOTE 320U
#define PSD_SITE_KEYS 16U
#define PSD_SITE_LOCKS 64U

/* Who signs certificates, and the newest list of those it has revoked. */
typedef struct psd_authority {
  X509 *certificate;
  X509_CRL *list;                /* NULL without one */
  uint64_t list_from, list_next; /* seconds since 1970; 0 for no next one */
} psd_authority;

/* What is kept of a PSD's certificate. Sorted by device, then number. */
typedef struct psd_certificate {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint32_t number;
  uint32_t length;
  uint8_t *der;          /* until it is judged, then NULL (certificate.h); the rest is known from then on */
  uint64_t from, until;  /* seconds since 1970: it and its CA are both valid */
  uint64_t revoked_from; /* seconds since 1970: mail from before is good; 0 if none is */
  uint16_t authority;    /* who signed it, if it is trusted */
  bool trusted, revoked;
  uint8_t point[PSD_POINT]; /* of its key */
} psd_certificate;

/* A PSD's DSA key. Sorted by device. */
typedef struct psd_dsa_row {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint8_t voucher[PSD_POINT]; /* the point that has signed it */
  EVP_PKEY *key;
} psd_dsa_row;

typedef struct psd_known_rates {
  uint8_t *table;
  psd_rates rates; /* over it */
  uint8_t hash[PSD_RATES_HASH];
} psd_known_rates;

/* A table of one day; the keys are secret. */
typedef struct psd_day {
  psd_day_table head;
  uint8_t *rows; /* DAY_KEYs or METER_KEYs */
  size_t length;
} psd_day;

/* What a meter's registers have added up to since a day. Sorted by device. */
typedef struct psd_total {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  bool account;   /* current account: they add up to nothing */
  uint64_t since; /* day since 1970 */
  uint64_t total; /* mills */
} psd_total;

/* Public keys of one file of PEM. */
typedef struct psd_public_keys {
  size_t count;
  uint8_t points[PSD_SITE_KEYS][PSD_POINT];
} psd_public_keys;

typedef struct psd_site_lock {
  pthread_mutex_t mutex;
} psd_site_lock;

struct psd_site {
  psd_verify_policy policy;
  uint64_t today; /* days since 1970, UTC */
  X509_STORE *trusted;
  psd_authority *authorities;
  size_t authority_count;
  psd_certificate *certificates;
  size_t certificate_count;
  uint32_t *numbers;    /* of certificates, sorted */
  psd_site_lock *locks; /* PSD_SITE_LOCKS; a certificate's is for who judges it */
  psd_dsa_row *dsa;
  size_t dsa_count;
  psd_known_rates *rates;
  size_t rates_count;
  psd_day *days;
  size_t day_count;
  psd_total *totals;
  size_t total_count;
  char notes[PSD_SITE_NOTES][PSD_SITE_NOTE];
  size_t note_count; /* may be more than there is room for */
};

/* Each reads its part of the folder (folder.h), and each frees it. */
typedef struct psd_site_reading psd_site_reading;
bool psd_read_authorities(psd_site_reading *reading);
bool psd_read_certificates(psd_site_reading *reading);
bool psd_read_dsa(psd_site_reading *reading);
bool psd_read_rates(psd_site_reading *reading);
bool psd_read_days(psd_site_reading *reading);
bool psd_read_totals(psd_site_reading *reading);
void psd_free_authorities(psd_site *site);
void psd_free_certificates(psd_site *site);
void psd_free_dsa(psd_site *site);
void psd_free_rates(psd_site *site);
void psd_free_days(psd_site *site);

/* The index of the first of `count` sorted rows of `size` bytes for which `order` says 0 or more; `count` if for none.
 */
typedef int psd_row_order(const void *row, const void *key);
size_t psd_first_row(const void *rows, size_t count, size_t size, psd_row_order *order, const void *key);

/* The certificate that an indicium names; NULL if there is none. It may not have been judged (certificate.h). */
const psd_certificate *psd_certificate_find(const psd_site *site, const uint8_t device[PSD_SIZE_DEVICE_ID],
                                            uint64_t number);
/* All certificates of a PSD, in the order of their numbers; returns how many. */
size_t psd_certificates_of(const psd_site *site, const uint8_t device[PSD_SIZE_DEVICE_ID],
                           const psd_certificate **first);

/* Whether a list that is there says that a newer one is due. */
bool psd_list_is_old(const psd_site *site, const psd_authority *authority);
/* Whether any PSD has a certificate with this number. */
bool psd_certificate_number_given(const psd_site *site, uint32_t number);

/* The checks. The first answers with the certificate whose key may be taken; NULL without one. */
const psd_certificate *psd_judge_certificate(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict);
void psd_judge_revocation(const psd_site *site, const psd_certificate *certificate, uint64_t date,
                          psd_piece_verdict *verdict);
/* REVOCATION of a compact indicium, which names no certificate: of all that the PSD has for that day. */
void psd_judge_revoked_psd(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict);
void psd_judge_signature(const psd_site *site, const psd_certificate *certificate, const psd_claim *claim,
                         psd_piece_verdict *verdict);
/* SIGNATURE of a compact indicium; puts the date that its HMAC tells into the claim. */
void psd_judge_compact(const psd_site *site, psd_claim *claim, psd_piece_verdict *verdict);
void psd_judge_date(const psd_site *site, uint64_t date, psd_piece_verdict *verdict);
void psd_judge_rate(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict);
void psd_judge_tokens(const psd_site *site, const psd_token_input *input, const psd_piece_facts *facts,
                      psd_piece_verdict *verdict);
void psd_judge_registers(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict);

/* The 8 bytes of DEVICE_ID that a claim has in its fields. */
void psd_claim_device(const psd_claim *claim, uint8_t device[PSD_SIZE_DEVICE_ID]);

/* Words: "2026-11-22", "2026-11-22 10:00:00 UTC", "PS D1 00C0FFEE". */
#define PSD_DAY_WORDS 16U
#define PSD_TIME_WORDS 32U
const char *psd_date_words(char words[PSD_DAY_WORDS], uint64_t date);
const char *psd_time_words(char words[PSD_TIME_WORDS], uint64_t time);
const char *psd_device_words(char words[PSD_TIME_WORDS], const uint8_t device[PSD_SIZE_DEVICE_ID]);

#endif
