#include "verify/x509_text.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#define DAY_SECONDS 86400

/* Whether the file ended where a block might have begun. */
static bool at_end(void) {
  unsigned long error = ERR_peek_last_error();
  bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return end;
}

bool psd_each_block(psd_reading *reading, const char *what, psd_block_reader *read) {
  BIO *text = BIO_new_file(reading->path, "r");
  size_t count = 0;
  bool more = true, done = true;
  ERR_clear_error();
  if (text == NULL)
    return psd_site_damaged(reading, "it cannot be opened");
  while (done && more) {
    done = read(reading, text, &more);
    count += more ? 1 : 0;
  }
  BIO_free(text);
  if (!done) {
    ERR_clear_error();
    return false;
  }
  if (!at_end())
    return psd_site_damaged(reading, "%s %zu is damaged", what, count + 1);
  return count > 0 || psd_site_damaged(reading, "it has no %s in PEM", what);
}

bool psd_asn1_seconds(const ASN1_TIME *time, uint64_t *seconds) {
  int days = 0, rest = 0;
  ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
  bool done = epoch != NULL && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
  ASN1_TIME_free(epoch);
  int64_t since = (int64_t)days * DAY_SECONDS + rest;
  *seconds = since > 0 ? (uint64_t)since : 0;
  if (!done)
    ERR_clear_error();
  return done;
}
