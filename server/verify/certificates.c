/* Certificates of PSDs: read once, and of each kept what its checks need. */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/calendar.h"
#include "psd/spec/tlv.h"
#include "verify/x509_text.h"

/* The extension that says which meter a certificate is of (docs/kms.md, "Certificates"). */
#define METERING_POLICY "1.3.6.1.4.1.32473.7816.1"
#define DER_SEQUENCE 0x30U
#define DER_OCTET_STRING 0x04U
/* A date of mailing is the day somewhere on Earth: it begins 14 hours before that of UTC, and ends 12 hours after. */
#define DAY_SECONDS UINT64_C(86400)
#define DAY_BEGINS UINT64_C(50400)
#define DAY_ENDS UINT64_C(43200)

/* The device in a MeteringPolicy; false if there is none. */
static bool take_policy(const X509 *certificate, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  ASN1_OBJECT *object = OBJ_txt2obj(METERING_POLICY, 1);
  int at = object != NULL ? X509_get_ext_by_OBJ(certificate, object, -1) : -1;
  ASN1_OBJECT_free(object);
  const ASN1_OCTET_STRING *value = at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(certificate, at)) : NULL;
  if (value == NULL)
    return false;
  psd_tlv policy, name;
  psd_cursor from = psd_cursor_over(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
  if (!psd_take_tlv(&from, &policy) || policy.tag != DER_SEQUENCE || from.left != 0 ||
      !psd_take_tlv(&policy.value, &name) || name.tag != DER_OCTET_STRING || name.value.left != PSD_SIZE_DEVICE_ID)
    return false;
  memcpy(device, name.value.at, PSD_SIZE_DEVICE_ID);
  return true;
}

static bool take_number(const X509 *certificate, uint32_t *number) {
  uint64_t value = 0;
  bool done = ASN1_INTEGER_get_uint64(&value, X509_get0_serialNumber(certificate)) == 1 && value <= UINT32_MAX;
  *number = (uint32_t)value;
  return done;
}

static bool take_point(const X509 *certificate, uint8_t point[PSD_POINT]) {
  EVP_PKEY *key = X509_get0_pubkey(certificate);
  size_t length = 0;
  return key != NULL && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, PSD_POINT, &length) == 1 &&
         length == PSD_POINT && psd_point_valid(point);
}

/* Narrows the time in which it is valid to that of another of its chain. */
static bool narrow(psd_certificate *row, const X509 *certificate) {
  uint64_t from, until;
  if (!psd_asn1_seconds(X509_get0_notBefore(certificate), &from) ||
      !psd_asn1_seconds(X509_get0_notAfter(certificate), &until))
    return false;
  row->from = from > row->from ? from : row->from;
  row->until = until < row->until ? until : row->until;
  return true;
}

static void find_authority(const psd_site *site, const X509 *certificate, X509 *issuer, psd_certificate *row) {
  X509_REVOKED *entry = NULL;
  for (size_t i = 0; i < site->authority_count; i++)
    if (X509_cmp(site->authorities[i].certificate, issuer) == 0) {
      row->authority = (uint16_t)i;
      row->trusted = true;
      row->revoked =
          site->authorities[i].list != NULL &&
          X509_CRL_get0_by_serial(site->authorities[i].list, &entry, X509_get0_serialNumber(certificate)) == 1;
    }
}

/* Times are looked at for each piece, not here: the store's flags say so. */
static void judge_chain(const psd_site *site, X509 *certificate, psd_certificate *row) {
  X509_STORE_CTX *context = X509_STORE_CTX_new();
  if (context == NULL || X509_STORE_CTX_init(context, site->trusted, certificate, NULL) != 1 ||
      X509_verify_cert(context) != 1 || (X509_get_key_usage(certificate) & KU_DIGITAL_SIGNATURE) == 0) {
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return;
  }
  STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
  bool known = sk_X509_num(chain) > 1;
  for (int i = 1; i < sk_X509_num(chain); i++)
    known = narrow(row, sk_X509_value(chain, i)) && known;
  if (known)
    find_authority(site, certificate, sk_X509_value(chain, 1), row);
  X509_STORE_CTX_free(context);
}

static bool add_certificate(psd_reading *reading, X509 *certificate) {
  psd_site *site = reading->site;
  psd_certificate row = {.until = UINT64_MAX};
  if (X509_check_ca(certificate) != 0)
    return true; /* one of the chain, which ca/ has if it is trusted */
  if (!take_policy(certificate, row.device))
    return psd_site_damaged(reading, "it has a certificate that names no PSD");
  if (!take_point(certificate, row.point) || !narrow(&row, certificate))
    return psd_site_damaged(reading, "it has a certificate that is none of a PSD: key or times");
  if (!take_number(certificate, &row.number)) {
    psd_site_remark(reading, "a certificate is not used: no indicium has room for its number");
    return true;
  }
  judge_chain(site, certificate, &row);
  psd_certificate *rows =
      psd_room_for_row(reading, site->certificates, site->certificate_count, sizeof *site->certificates);
  if (rows == NULL)
    return false;
  site->certificates = rows;
  rows[site->certificate_count++] = row;
  return true;
}

static bool take_certificate(psd_reading *reading, BIO *text, bool *more) {
  X509 *certificate = PEM_read_bio_X509(text, NULL, NULL, NULL);
  *more = certificate != NULL;
  bool done = certificate == NULL || add_certificate(reading, certificate);
  X509_free(certificate);
  return done;
}

static bool read_certificates(psd_reading *reading) {
  return psd_each_block(reading, "certificate", take_certificate);
}

static int by_name(const psd_certificate *row, const uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t number) {
  int order = memcmp(row->device, device, PSD_SIZE_DEVICE_ID);
  return order != 0 ? order : (row->number > number) - (row->number < number);
}

/* One that is trusted comes before one that is not. */
static int by_name_and_trust(const void *a, const void *b) {
  const psd_certificate *left = a, *right = b;
  int order = by_name(left, right->device, right->number);
  return order != 0 ? order : (int)right->trusted - (int)left->trusted;
}

/* Of those with the same name the first stays. Two CAs that gave a PSD's two keys the same number would leave open
 * which of them an indicium means. */
static bool drop_copies(psd_reading *reading) {
  psd_site *site = reading->site;
  psd_certificate *rows = site->certificates;
  char words[PSD_TIME_WORDS];
  size_t kept = 0;
  for (size_t i = 0; i < site->certificate_count; i++) {
    if (kept == 0 || by_name(&rows[kept - 1], rows[i].device, rows[i].number) != 0)
      rows[kept++] = rows[i];
    else if (rows[i].trusted && memcmp(rows[kept - 1].point, rows[i].point, PSD_POINT) != 0)
      return psd_site_damaged(reading, "%s has two certificates with the number %lu, of different keys",
                              psd_device_words(words, rows[i].device), (unsigned long)rows[i].number);
  }
  site->certificate_count = kept;
  return true;
}

static int by_number(const void *a, const void *b) {
  const uint32_t *left = a, *right = b;
  return (*left > *right) - (*left < *right);
}

static bool sort_numbers(psd_reading *reading) {
  psd_site *site = reading->site;
  site->numbers = malloc((site->certificate_count + 1U) * sizeof *site->numbers);
  if (site->numbers == NULL)
    return psd_site_damaged(reading, "no memory");
  for (size_t i = 0; i < site->certificate_count; i++)
    site->numbers[i] = site->certificates[i].number;
  qsort(site->numbers, site->certificate_count, sizeof *site->numbers, by_number);
  return true;
}

bool psd_read_certificates(psd_reading *reading) {
  psd_site *site = reading->site;
  if (!psd_each_file(reading, "certificates", ".pem", read_certificates))
    return false;
  if (site->certificate_count > 0)
    qsort(site->certificates, site->certificate_count, sizeof *site->certificates, by_name_and_trust);
  return drop_copies(reading) && sort_numbers(reading);
}

size_t psd_first_row(const void *rows, size_t count, size_t size, psd_row_order *order, const void *key) {
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (order((const uint8_t *)rows + middle * size, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static int with_device(const void *row, const void *device) {
  return memcmp(((const psd_certificate *)row)->device, device, PSD_SIZE_DEVICE_ID);
}

size_t psd_certificates_of(const psd_site *site, const uint8_t device[PSD_SIZE_DEVICE_ID],
                           const psd_certificate **first) {
  size_t at =
      psd_first_row(site->certificates, site->certificate_count, sizeof *site->certificates, with_device, device);
  size_t count = 0;
  while (at + count < site->certificate_count && with_device(&site->certificates[at + count], device) == 0)
    count++;
  *first = count > 0 ? &site->certificates[at] : NULL;
  return count;
}

const psd_certificate *psd_certificate_find(const psd_site *site, const uint8_t device[PSD_SIZE_DEVICE_ID],
                                            uint64_t number) {
  const psd_certificate *first = NULL;
  size_t count = psd_certificates_of(site, device, &first);
  for (size_t i = 0; i < count; i++)
    if (first[i].number == number)
      return &first[i];
  return NULL;
}

static int number_order(const void *row, const void *key) {
  return by_number(row, key);
}

static void judge_missing(const psd_site *site, uint32_t number, psd_verdict *verdict) {
  size_t at = psd_first_row(site->numbers, site->certificate_count, sizeof *site->numbers, number_order, &number);
  bool others = at < site->certificate_count && site->numbers[at] == number;
  psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_FAILED,
           others ? "certificate %lu is another PSD's" : "there is no certificate %lu", (unsigned long)number);
}

/* Whether it is valid at some time of the day. */
static void judge_validity(const psd_certificate *row, uint64_t day, psd_verdict *verdict) {
  char from[PSD_TIME_WORDS], until[PSD_TIME_WORDS];
  uint64_t begins = day * DAY_SECONDS > DAY_BEGINS ? day * DAY_SECONDS - DAY_BEGINS : 0;
  uint64_t ends = (day + 1) * DAY_SECONDS + DAY_ENDS;
  if (row->from < ends && row->until >= begins) {
    psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_PASSED, "certificate %lu, valid on that day",
             (unsigned long)row->number);
    return;
  }
  (void)psd_time_words(from, row->from);
  (void)psd_time_words(until, row->until);
  psd_find(verdict, PSD_CHECK_CERTIFICATE, PSD_CHECK_FAILED, "certificate %lu is valid from %.10s to %.10s only",
           (unsigned long)row->number, from, until);
}

const psd_certificate *psd_judge_certificate(const psd_site *site, const psd_claim *claim, psd_verdict *verdict) {
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

void psd_judge_revocation(const psd_site *site, const psd_certificate *certificate, psd_verdict *verdict) {
  char words[PSD_TIME_WORDS];
  if (certificate == NULL) {
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "there is no certificate to look for");
    return;
  }
  const psd_authority *authority = &site->authorities[certificate->authority];
  if (authority->list == NULL)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "there is no list of its CA (crl/*.pem)");
  else if (certificate->revoked)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_FAILED, "certificate %lu is revoked",
             (unsigned long)certificate->number);
  else if (authority->list_next != 0 && authority->list_next < site->policy.now)
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_UNKNOWN, "the list is out of date since %s",
             psd_time_words(words, authority->list_next));
  else
    psd_find(verdict, PSD_CHECK_REVOCATION, PSD_CHECK_PASSED, "not on the list of its CA");
}
