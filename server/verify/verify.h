/* The verification site (VM remote facility 222): what an indicium claims, and whether it is true
 * (docs/evidence.md, "What a verification site finds"; docs/verify.md). Off line: everything it knows lies in a folder.
 */
#ifndef PSD_VERIFY_H
#define PSD_VERIFY_H

#include "psd/spec/evidence.h"
#include "psd/spec/rates.h"

/* The checks, in the order in which they are made and told. */
#define PSD_CHECKS(CHECK)                                                                                              \
  CHECK(SYMBOL, "symbol")                                                                                              \
  CHECK(FORM, "form")                                                                                                  \
  CHECK(CERTIFICATE, "certificate")                                                                                    \
  CHECK(REVOCATION, "revocation")                                                                                      \
  CHECK(SIGNATURE, "signature")                                                                                        \
  CHECK(KIND, "kind")                                                                                                  \
  CHECK(DATE, "date")                                                                                                  \
  CHECK(RATE, "rate")                                                                                                  \
  CHECK(TOKENS, "tokens")                                                                                              \
  CHECK(REGISTERS, "registers")                                                                                        \
  CHECK(DUPLICATE, "duplicate")

typedef enum psd_check {
#define PSD_CHECK_ID(NAME, name) PSD_CHECK_##NAME,
  PSD_CHECKS(PSD_CHECK_ID)
#undef PSD_CHECK_ID
      PSD_CHECK_COUNT
} psd_check;
const char *psd_check_name(psd_check check);

typedef enum psd_check_result { PSD_CHECK_UNKNOWN, PSD_CHECK_PASSED, PSD_CHECK_FAILED } psd_check_result;

#define PSD_CHECK_WORDS 96U
typedef struct psd_piece_verdict {
  struct {
    psd_check_result result;
    char words[PSD_CHECK_WORDS]; /* what was found, or why it is not known */
  } checks[PSD_CHECK_COUNT];
  bool accepted; /* nothing failed, and the signature (or HMAC) was found right */
} psd_piece_verdict;

/* What an indicium says of itself. */
typedef struct psd_claim {
  uint8_t bytes[PSD_INDICIUM_MAX]; /* as it was read */
  size_t length;
  psd_profile_id profile;
  psd_evidence_kind kind;
  uint64_t row;        /* of the rate table; PSD_ROW_UNRATED */
  psd_indicium fields; /* of a compact one, date, registers and certificate are 0 */
} psd_claim;

/* What somebody who looks at the piece can tell beside it. */
typedef struct psd_piece_facts {
  const char *addressee; /* NULL: not told */
  bool vendor_given, postal_given;
  uint64_t vendor_token, postal_token;
  unsigned vendor_digits, postal_digits; /* how many were written */
} psd_piece_facts;

typedef struct psd_verify_policy {
  uint64_t now;   /* seconds since 1970 */
  unsigned days;  /* how long ago the date of mailing may be */
  unsigned ahead; /* days by which it may be ahead */
} psd_verify_policy;

/* What the site knows: one for all threads. */
typedef struct psd_site psd_site;
/* Reads the folder (docs/verify.md, "The folder"). NULL, and one line in `words`, if something in it is not what it
 * should be. psd_evp_start comes before. */
psd_site *psd_site_open(const char *folder, const psd_verify_policy *policy, char *words, size_t room);
void psd_site_close(psd_site *site); /* NULL is fine */
/* What somebody should know of the folder though it is no error (a day's table that is over, a key that is missing):
 * a line each, from 0 on; NULL behind the last. */
const char *psd_site_note(const psd_site *site, size_t index);

/* Takes an indicium apart and judges its form. False, and the verdict has why, if it is none. Clears the verdict: what
 * is known of the symbol is put into it after that. */
bool psd_claim_read(const uint8_t *bytes, size_t length, psd_claim *claim, psd_piece_verdict *verdict);
/* Everything but duplicates and the registers of other pieces; thread-safe. `facts` may be NULL. The date of a compact
 * indicium, which only its HMAC tells, is put into the claim. */
void psd_site_judge(const psd_site *site, psd_claim *claim, const psd_piece_facts *facts, psd_piece_verdict *verdict);
/* What can be said of a token alone, by day's table: TOKENS and DATE, and KIND without postage. Clears the verdict. An
 * addressee in `facts` counts in place of the digest in `input`. */
void psd_site_judge_token(const psd_site *site, const psd_token_input *input, const psd_piece_facts *facts,
                          psd_piece_verdict *verdict);
/* What was found of a check, printf-like; cut at PSD_CHECK_WORDS. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void psd_find(psd_piece_verdict *verdict, psd_check check, psd_check_result result, const char *format, ...);
/* Ends a verdict: sets `accepted`. */
void psd_verdict_end(psd_piece_verdict *verdict);

#endif
