#include "certificate/der.h"

#include "psd/spec/calendar.h"

#include <string.h>

#define DAY UINT64_C(86400)

void psd_der_put_oid(psd_buffer *out, psd_oid_id oid) {
  psd_put_tlv(out, PSD_DER_OID, psd_oids[oid].bytes, psd_oids[oid].size);
}

void psd_der_put_integer(psd_buffer *out, uint32_t tag, const uint8_t *bytes, size_t length) {
  while (length > 0 && bytes[0] == 0) {
    bytes++;
    length--;
  }
  bool zero = length == 0 || (bytes[0] & 0x80) != 0; /* X.690, 8.3.3: the first bit is the sign */
  size_t opened = psd_open_tlv(out, tag);
  if (zero)
    psd_put_u8(out, 0);
  psd_put(out, bytes, length);
  psd_close_tlv(out, opened);
}

void psd_der_put_number(psd_buffer *out, uint64_t number) {
  uint8_t bytes[8];
  psd_buffer wide = psd_buffer_over(bytes, sizeof bytes);
  psd_put_uint(&wide, number, sizeof bytes);
  psd_der_put_integer(out, PSD_DER_INTEGER, bytes, sizeof bytes);
}

void psd_der_put_algorithm(psd_buffer *out, psd_oid_id oid, bool null) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, oid);
  if (null)
    psd_put_tlv(out, PSD_DER_NULL, NULL, 0);
  psd_close_tlv(out, opened);
}

static void put_digits(psd_buffer *out, uint64_t number, unsigned digits) {
  uint64_t place = 1;
  for (unsigned i = 1; i < digits; i++)
    place *= 10;
  for (; place > 0; place /= 10)
    psd_put_u8(out, (uint8_t)('0' + number / place % 10));
}

/* Year of two digits in UTCTime, of four in GeneralizedTime. */
static void put_time(psd_buffer *out, uint32_t tag, uint64_t time) {
  uint32_t date = psd_date_of_day(time / DAY);
  uint64_t second = time % DAY;
  if (date == 0) {
    out->overflow = true;
    return;
  }
  size_t opened = psd_open_tlv(out, tag);
  put_digits(out, date, tag == PSD_DER_UTC_TIME ? 6 : 8);
  put_digits(out, second / 3600 * 10000 + second / 60 % 60 * 100 + second % 60, 6);
  psd_put_u8(out, 'Z');
  psd_close_tlv(out, opened);
}

void psd_der_put_time(psd_buffer *out, uint64_t time) {
  uint32_t date = psd_date_of_day(time / DAY);
  put_time(out, date < 20500000 ? PSD_DER_UTC_TIME : PSD_DER_GENERALIZED_TIME, time);
}

void psd_der_put_generalized(psd_buffer *out, uint64_t time) {
  put_time(out, PSD_DER_GENERALIZED_TIME, time);
}

static bool printable(uint8_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (c != 0 && strchr(" '()+,-./:=?", c) != NULL);
}

void psd_der_put_text(psd_buffer *out, const uint8_t *text, size_t length) {
  size_t i = 0;
  while (i < length && printable(text[i]))
    i++;
  psd_put_tlv(out, i == length ? PSD_DER_PRINTABLE_STRING : PSD_DER_UTF8_STRING, text, length);
}

void psd_der_put_bits(psd_buffer *out, const void *bytes, size_t length) {
  size_t opened = psd_open_tlv(out, PSD_DER_BIT_STRING);
  psd_put_u8(out, 0); /* bits that do not count */
  psd_put(out, bytes, length);
  psd_close_tlv(out, opened);
}
