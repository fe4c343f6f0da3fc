/* A verification site on a bench: a folder with everything, the keys behind it, and PSDs on paper that sign. */
#ifndef VERIFY_BENCH_H
#define VERIFY_BENCH_H

#include <sys/types.h>

#include "check.h"
#include "crypto/evp.h"
#include "verify/verify.h"

#define BENCH_TODAY 20261122U
#define BENCH_NOON UINT64_C(1795348800) /* of that day */
#define BENCH_DAY UINT64_C(86400)
#define BENCH_SERIAL 0x00C0FFEEU
#define BENCH_CERTIFICATE 5U
#define BENCH_TOTAL 50000U /* control total, mills */
#define BENCH_POSTAGE 730U /* of row 0 */

/* The keys of the bench; made once. */
typedef struct bench_keys {
  psd_pair *ca, *other_ca, *rate, *vendor, *postal, *psd, *other_psd;
} bench_keys;
extern bench_keys bench;

/* Makes the keys and a folder, which goes when the program ends; a folder that was there is emptied and filled anew. */
void bench_fill(void);
const char *bench_folder(void);
/* A file of the folder; its subfolder is made. */
void bench_put(const char *name, const void *data, size_t length, mode_t mode);
void bench_remove(const char *name);
/* One bit of a file of the folder is turned. */
void bench_damage(const char *name, size_t byte);

/* What a certificate says; what is 0 is as it is on the bench. */
typedef struct bench_certificate {
  const psd_pair *issuer, *subject;
  uint64_t number;
  uint32_t serial;
  uint64_t from, until;
  bool nameless; /* no metering policy */
  bool of_user;  /* a metering policy with a purpose */
} bench_certificate;
void bench_certify(const char *name, const bench_certificate *wish);
/* A CA's own certificate. */
void bench_authority(const char *name, const psd_pair *pair);
/* One that another CA has signed. */
void bench_authority_by(const char *name, const psd_pair *pair, const psd_pair *issuer);
/* A list of a CA with one number revoked, 0 for none; its own number is greater than that of the list before. */
void bench_revoke(const char *name, const psd_pair *issuer, uint32_t number, uint64_t from, uint64_t next);
/* What its entry says from then on: since when (0: as of the list), and why (RFC 5280, 5.3.1; negative: nothing). */
extern uint64_t bench_revoked_from;
extern int bench_reason;
/* Lists made while it is true say that they are of users' certificates alone (RFC 5280, 5.2.5). */
extern bool bench_partial;
/* A table of a day, of this set. */
typedef struct bench_day {
  psd_token_domain domain;
  psd_token_order order;
  uint32_t set, date;
  const psd_pair *signer; /* NULL: the domain's */
} bench_day;
void bench_put_day(const char *name, const bench_day *wish);
/* K_final of the PSD on the bench. */
void bench_final(psd_token_domain domain, psd_token_order order, uint32_t set, uint32_t date, uint8_t final[16]);
/* The DSA key of the PSD on the bench, signed by that pair. */
void bench_put_dsa(const char *name, const psd_pair *voucher);

/* Policy: noon of BENCH_TODAY, two days ago at most, one ahead. */
extern psd_verify_policy bench_policy;
psd_site *bench_open(void);
/* Asserts that the folder is refused, and that the words have these in them. */
void bench_refused(const char *expected);

/* An indicium of kind postage, piece 7, right in everything. */
psd_indicium bench_fields(psd_profile_id profile);
/* The category of that kind and row. */
uint64_t bench_category(psd_evidence_kind kind, uint64_t row);
/* Signed, by the bench's PSD; returns its length. */
size_t bench_sign(const psd_indicium *fields, uint8_t bytes[PSD_INDICIUM_MAX]);
/* The compact form of the fields, by the postal key of that set and of the date in them. */
size_t bench_sign_compact(const psd_indicium *fields, uint32_t set, uint8_t bytes[PSD_INDICIUM_MAX]);
/* The tokens of the fields, with an addressee (may be NULL) and so many digits. */
uint32_t bench_token(const psd_indicium *fields, psd_token_domain domain, uint32_t set, const char *addressee,
                     unsigned digits);

/* Reads and judges; without duplicates. */
psd_piece_verdict bench_judge(const psd_site *site, const uint8_t *bytes, size_t length, const psd_piece_facts *facts);
/* The same of fields that are signed first. */
psd_piece_verdict bench_judge_fields(const psd_site *site, const psd_indicium *fields, const psd_piece_facts *facts);
/* Asserts what a check found, and that its words have these in them (NULL: any). */
void bench_found(const psd_piece_verdict *verdict, psd_check check, psd_check_result result, const char *words);

#endif
