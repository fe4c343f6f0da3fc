#include "verify/x509_text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define DAY_SECONDS 86400

/* Whether the file ended where a block might have begun. */
static bool at_end(void) {
  unsigned long error = ERR_peek_last_error();
  bool end = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return end;
}

/* Lines that look like the beginning or the end of a block. OpenSSL passes over a block whose beginning is damaged: a
 * list of revoked certificates would be missed. */
static size_t count_marks(BIO *text) {
  char line[256];
  size_t marks = 0;
  bool begins = true;
  (void)BIO_reset(text);
  for (int length; (length = BIO_gets(text, line, sizeof line)) > 0; begins = line[length - 1] == '\n')
    marks += begins && strncmp(line, "-----", 5) == 0 ? 1 : 0;
  return marks;
}

static bool read_blocks(psd_site_reading *reading, BIO *text, const char *what, psd_block_reader *read) {
  size_t count = 0;
  bool more = true;
  while (more) {
    if (!read(reading, text, &more)) {
      ERR_clear_error();
      return false;
    }
    count += more ? 1 : 0;
  }
  if (!at_end())
    return psd_site_damaged(reading, "%s %zu is damaged", what, count + 1);
  if (count_marks(text) != 2 * count)
    return psd_site_damaged(reading, "it has more than whole blocks of a %s in PEM, or a damaged one", what);
  return count > 0 || psd_site_damaged(reading, "it has no %s in PEM", what);
}

bool psd_each_block(psd_site_reading *reading, const char *what, psd_block_reader *read) {
  FILE *in = psd_file_stream(reading);
  BIO *text = in != NULL ? BIO_new_fp(in, BIO_NOCLOSE) : NULL;
  bool done = false;
  ERR_clear_error();
  if (text != NULL)
    done = read_blocks(reading, text, what, read);
  else if (in != NULL)
    done = psd_site_damaged(reading, "no memory");
  BIO_free(text);
  if (in != NULL)
    (void)fclose(in);
  return done;
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
