/* Certificates of PSDs: read once, and looked at closely when one is used for the first time (certificate_chain.c): to
 * verify the chain of each takes longer than all the rest of the folder. */
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "verify/certificate.h"
#include "verify/x509_text.h"

/* What names no PSD may be one of the chain, which ca/ has if it is trusted. What OpenSSL cannot read ends the blocks.
 */
static bool pass_over(psd_site_reading *reading, const uint8_t *der, size_t length, bool *more) {
  const uint8_t *at = der;
  X509 *certificate = d2i_X509(NULL, &at, (long)length);
  *more = certificate != NULL;
  bool authority = *more && X509_check_ca(certificate) != 0;
  X509_free(certificate);
  return !*more || authority || psd_site_damaged(reading, "it has a certificate that names no PSD, or no key of P-256");
}

/* Takes over `der` if it says so. */
static bool add_certificate(psd_site_reading *reading, uint8_t *der, size_t length, bool *kept, bool *more) {
  psd_site *site = reading->site;
  psd_certificate row = {.der = der, .length = (uint32_t)length};
  uint64_t number;
  if (!psd_certificate_look(der, length, row.device, &number, row.point))
    return pass_over(reading, der, length, more);
  if (number == 0 || number > UINT32_MAX) {
    psd_site_remark(reading, "a certificate is not used: no indicium has room for its number");
    return true;
  }
  row.number = (uint32_t)number;
  psd_certificate *rows =
      psd_room_for_row(reading, site->certificates, site->certificate_count, sizeof *site->certificates);
  if (rows == NULL)
    return false;
  site->certificates = rows;
  rows[site->certificate_count++] = row;
  *kept = true;
  return true;
}

static bool take_certificate(psd_site_reading *reading, BIO *text, bool *more) {
  unsigned char *der = NULL;
  long length = 0;
  bool kept = false;
  *more = PEM_bytes_read_bio(&der, &length, NULL, PEM_STRING_X509, text, NULL, NULL) == 1;
  bool done = !*more || add_certificate(reading, der, (size_t)length, &kept, more);
  if (!kept)
    OPENSSL_free(der);
  return done;
}

static bool read_certificates(psd_site_reading *reading) {
  return psd_each_block(reading, "certificate", take_certificate);
}

static int by_name(const psd_certificate *row, const uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t number) {
  int order = memcmp(row->device, device, PSD_SIZE_DEVICE_ID);
  return order != 0 ? order : (row->number > number) - (row->number < number);
}

static int rows_by_name(const void *a, const void *b) {
  const psd_certificate *right = b;
  return by_name(a, right->device, right->number);
}

static void free_row(psd_certificate *row) {
  OPENSSL_free(row->der);
  row->der = NULL;
}

/* Of two with the same name the one that is trusted stays, in `first`, and of those the one that is revoked. Two CAs
 * that gave a PSD's two keys the same number would leave open which of them an indicium means: false. */
static bool merge(const psd_site *site, psd_certificate *first, psd_certificate *second) {
  if (first->length == second->length && first->der != NULL && memcmp(first->der, second->der, second->length) == 0) {
    return true;
  }
  psd_certificate_judge(site, first);
  psd_certificate_judge(site, second);
  bool clear = !first->trusted || !second->trusted || memcmp(first->point, second->point, PSD_POINT) == 0;
  if (second->trusted && (!first->trusted || second->revoked))
    *first = *second;
  return clear;
}

static bool drop_copies(psd_site_reading *reading) {
  psd_site *site = reading->site;
  psd_certificate *rows = site->certificates;
  char words[PSD_TIME_WORDS];
  bool clear = true;
  size_t kept = 0;
  for (size_t i = 0; i < site->certificate_count; i++) {
    if (kept == 0 || by_name(&rows[kept - 1], rows[i].device, rows[i].number) != 0) {
      rows[kept++] = rows[i];
      continue;
    }
    if (clear && !merge(site, &rows[kept - 1], &rows[i]))
      clear = psd_site_damaged(reading, "%s has two certificates with the number %lu, of different keys",
                               psd_device_words(words, rows[i].device), (unsigned long)rows[i].number);
    free_row(&rows[i]);
  }
  site->certificate_count = kept;
  return clear;
}

static int by_number(const void *a, const void *b) {
  const uint32_t *left = a, *right = b;
  return (*left > *right) - (*left < *right);
}

static bool sort_numbers(psd_site_reading *reading) {
  psd_site *site = reading->site;
  site->numbers = malloc((site->certificate_count + 1U) * sizeof *site->numbers);
  if (site->numbers == NULL)
    return psd_site_damaged(reading, "no memory");
  for (size_t i = 0; i < site->certificate_count; i++)
    site->numbers[i] = site->certificates[i].number;
  qsort(site->numbers, site->certificate_count, sizeof *site->numbers, by_number);
  return true;
}

bool psd_read_certificates(psd_site_reading *reading) {
  psd_site *site = reading->site;
  if (!psd_each_file(reading, "certificates", ".pem", read_certificates))
    return false;
  if (site->certificate_count > 0)
    qsort(site->certificates, site->certificate_count, sizeof *site->certificates, rows_by_name);
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

bool psd_certificate_number_given(const psd_site *site, uint32_t number) {
  size_t at = psd_first_row(site->numbers, site->certificate_count, sizeof *site->numbers, number_order, &number);
  return at < site->certificate_count && site->numbers[at] == number;
}

void psd_free_certificates(psd_site *site) {
  for (size_t i = 0; i < site->certificate_count; i++)
    free_row(&site->certificates[i]);
  free(site->certificates);
  free(site->numbers);
}
