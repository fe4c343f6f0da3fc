/* The checks of a certificate: whose it is, whether it was valid, whether it is revoked. */
#include <string.h>

#include "psd/spec/calendar.h"
#include "verify/certificate.h"

/* A date of mailing is the day somewhere on Earth: it begins 14 hours before that of UTC, and ends 12 hours after. */
#define DAY_SECONDS UINT64_C(86400)
#define DAY_BEGINS UINT64_C(50400)
#define DAY_ENDS UINT64_C(43200)

static uint64_t begin_of(uint64_t day) {
  return day * DAY_SECONDS > DAY_BEGINS ? day * DAY_SECONDS - DAY_BEGINS : 0;
}

/* Whether it is valid at some time of the day. */
static bool valid_on(const psd_certificate *row, uint64_t day) {
  return row->from < (day + 1) * DAY_SECONDS + DAY_ENDS && row->until >= begin_of(day);
}

/* Whether no time of the day was before the revocation. */
static bool revoked_on(const psd_certificate *row, uint64_t day) {
  return row->revoked && row->revoked_from <= begin_of(day);
}

static void judge_missing(const psd_site *site, uint32_t number, psd_piece_verdict *verdict) {
  bool others = psd_certificate_number_given(site, number);
  psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_FAILED,
           others ? "certificate %lu is another PSD's" : "there is no certificate %lu", (unsigned long)number);
}

static void judge_validity(const psd_certificate *row, uint64_t day, psd_piece_verdict *verdict) {
  char from[PSD_TIME_WORDS], until[PSD_TIME_WORDS];
  if (valid_on(row, day)) {
    psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_PASSED, "certificate %lu, valid on that day",
             (unsigned long)row->number);
    return;
  }
  (void)psd_time_words(from, row->from);
  (void)psd_time_words(until, row->until);
  psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_FAILED, "certificate %lu is valid from %.10s to %.10s only",
           (unsigned long)row->number, from, until);
}

const psd_certificate *psd_judge_certificate(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  uint64_t day = 0;
  psd_claim_device(claim, device);
  if (site->certificate_count == 0) {
    psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "there are no certificates (certificates/*.pem)");
    return NULL;
  }
  const psd_certificate *row = psd_certificate_find(site, device, claim->fields.certificate);
  if (row == NULL) {
    judge_missing(site, (uint32_t)claim->fields.certificate, verdict);
    return NULL;
  }
  psd_certificate_judge(site, row);
  if (!row->trusted) {
    if (site->authority_count == 0)
      psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_UNKNOWN, "there is no CA to trust (ca/*.pem)");
    else
      psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_FAILED, "certificate %lu is not by a CA that is trusted",
               (unsigned long)row->number);
    return NULL;
  }
  (void)psd_day_of_date(claim->fields.date, &day);
  judge_validity(row, day, verdict);
  return row;
}

static void judge_revoked(const psd_certificate *row, psd_piece_verdict *verdict) {
  char words[PSD_TIME_WORDS];
  if (row->revoked_from == 0)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate %lu is revoked", (unsigned long)row->number);
  else
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate %lu is revoked since %s",
             (unsigned long)row->number, psd_time_words(words, row->revoked_from));
}

void psd_judge_revocation(const psd_site *site, const psd_certificate *certificate, uint64_t date,
                          psd_piece_verdict *verdict) {
  char words[PSD_TIME_WORDS];
  uint64_t day = 0;
  if (certificate == NULL) {
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "there is no certificate to look for");
    return;
  }
  const psd_authority *authority = &site->authorities[certificate->authority];
  (void)psd_day_of_date(date, &day);
  if (authority->list == NULL)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "there is no list of its CA (crl/*.pem)");
  else if (revoked_on(certificate, day))
    judge_revoked(certificate, verdict);
  else if (psd_list_is_old(site, authority))
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "the list is out of date since %s",
             psd_time_words(words, authority->list_next));
  else if (certificate->revoked)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, "revoked only since %s",
             psd_time_words(words, certificate->revoked_from));
  else
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, "not on the list of its CA");
}

void psd_judge_revoked_psd(const psd_site *site, const psd_claim *claim, psd_piece_verdict *verdict) {
  uint8_t device[PSD_SIZE_DEVICE_ID];
  const psd_certificate *rows;
  uint64_t day = 0;
  psd_claim_device(claim, device);
  size_t count = psd_certificates_of(site, device, &rows);
  psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "a compact indicium has no certificate");
  if (!psd_day_of_date(claim->fields.date, &day))
    return;
  for (size_t i = 0; i < count && verdict->checks[PSD_CHECK_REVOCATION].result != PSD_CHECK_PASSED; i++) {
    psd_certificate_judge(site, &rows[i]);
    if (rows[i].trusted && valid_on(&rows[i], day))
      psd_judge_revocation(site, &rows[i], claim->fields.date, verdict);
  }
}
