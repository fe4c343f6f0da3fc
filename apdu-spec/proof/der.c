/* DER over OpenSSL's templates: read whole or not at all. */
#include "internal.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "psd/spec/calendar.h"
#include "psd/spec/chars.h"
#include "psd/spec/cursor.h"

#define DAY UINT64_C(86400)
#define TIME_LENGTH 15 /* YYYYMMDDHHMMSSZ */

psd_proof_result psd_proof_say(char why[PSD_PROOF_WHY_MAX], psd_proof_result result, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(why, PSD_PROOF_WHY_MAX, format, arguments);
  va_end(arguments);
  return result;
}

/* OpenSSL reads BER; what it writes anew is DER. Only what stays the same was DER (X.690, 10 and 11). */
static bool same_again(const void *object, const ASN1_ITEM *item, psd_proof_bytes der) {
  unsigned char *again = NULL;
  int length = ASN1_item_i2d((const ASN1_VALUE *)object, &again, item);
  bool same = length > 0 && (size_t)length == der.length && memcmp(again, der.data, der.length) == 0;
  OPENSSL_free(again);
  return same;
}

void *psd_proof_parse(psd_proof_bytes der, const ASN1_ITEM *item) {
  if (der.length == 0 || der.length > INT_MAX)
    return NULL;
  const unsigned char *at = der.data;
  ASN1_VALUE *object = ASN1_item_d2i(NULL, &at, (long)der.length, item);
  if (object == NULL)
    return NULL;
  if (at == der.data + der.length && same_again(object, item, der))
    return object;
  ASN1_item_free(object, item);
  return NULL;
}

bool psd_proof_append(const void *object, const ASN1_ITEM *item, psd_buffer *out) {
  unsigned char *der = NULL;
  int length = ASN1_item_i2d((const ASN1_VALUE *)object, &der, item);
  if (length > 0)
    psd_put(out, der, (size_t)length);
  OPENSSL_free(der);
  return length > 0 && !out->overflow;
}

psd_proof_bytes psd_proof_bytes_of(const ASN1_STRING *string) {
  int length = ASN1_STRING_length(string);
  return (psd_proof_bytes){ASN1_STRING_get0_data(string), length > 0 ? (size_t)length : 0};
}

bool psd_proof_is(const ASN1_OBJECT *object, psd_oid_id oid) {
  return OBJ_length(object) == psd_oids[oid].size &&
         memcmp(OBJ_get0_data(object), psd_oids[oid].bytes, psd_oids[oid].size) == 0;
}

bool psd_proof_sha256(psd_proof_bytes bytes, uint8_t hash[32]) {
  return EVP_Digest(bytes.data, bytes.length, hash, NULL, EVP_sha256(), NULL) == 1;
}

static bool seconds_of(uint64_t date, uint64_t hour, uint64_t minute, uint64_t second, uint64_t *seconds) {
  uint64_t day;
  if (!psd_day_of_date(date, &day) || hour > 23 || minute > 59 || second > 59)
    return false;
  *seconds = day * DAY + hour * 3600 + minute * 60 + second;
  return true;
}

static bool number_of(const uint8_t *digits, size_t count, uint64_t *number) {
  *number = 0;
  for (size_t i = 0; i < count; i++) {
    if (digits[i] < '0' || digits[i] > '9')
      return false;
    *number = *number * 10 + (uint64_t)(digits[i] - '0');
  }
  return true;
}

bool psd_proof_time_in(const ASN1_GENERALIZEDTIME *time, uint64_t *seconds) {
  psd_proof_bytes text = psd_proof_bytes_of(time);
  uint64_t date, hour, minute, second;
  return text.length == TIME_LENGTH && text.data[TIME_LENGTH - 1] == 'Z' && number_of(text.data, 8, &date) &&
         number_of(text.data + 8, 2, &hour) && number_of(text.data + 10, 2, &minute) &&
         number_of(text.data + 12, 2, &second) && seconds_of(date, hour, minute, second, seconds);
}

bool psd_proof_time_out(uint64_t seconds, ASN1_GENERALIZEDTIME *time) {
  uint64_t rest = seconds % DAY;
  uint32_t date = psd_date_of_day(seconds / DAY);
  char text[TIME_LENGTH + 1];
  if (date == 0 || snprintf(text, sizeof text, "%08u%02u%02u%02uZ", date, (unsigned)(rest / 3600),
                            (unsigned)(rest / 60 % 60), (unsigned)(rest % 60)) != TIME_LENGTH)
    return false;
  return ASN1_STRING_set(time, text, TIME_LENGTH) == 1;
}

bool psd_proof_x509_time(const ASN1_TIME *time, uint64_t *seconds) {
  struct tm parts;
  if (time == NULL || ASN1_TIME_to_tm(time, &parts) != 1 || parts.tm_year < 70)
    return false;
  uint64_t date =
      ((uint64_t)parts.tm_year + 1900) * 10000 + ((uint64_t)parts.tm_mon + 1) * 100 + (uint64_t)parts.tm_mday;
  return seconds_of(date, (uint64_t)parts.tm_hour, (uint64_t)parts.tm_min, (uint64_t)parts.tm_sec, seconds);
}

bool psd_proof_text_in(const ASN1_STRING *string, size_t least, char *out, size_t capacity) {
  psd_proof_bytes text = psd_proof_bytes_of(string);
  if (text.length < least || text.length >= capacity || !psd_utf8_clean(text.data, text.length))
    return false;
  memcpy(out, text.data, text.length);
  out[text.length] = '\0';
  return true;
}

bool psd_proof_octets_in(const ASN1_OCTET_STRING *string, uint8_t *out, size_t length) {
  psd_proof_bytes octets = psd_proof_bytes_of(string);
  if (octets.length != length)
    return false;
  memcpy(out, octets.data, length);
  return true;
}
