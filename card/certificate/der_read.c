/* Reading: hostile input comes here, so everything is looked at, and there is but one way to write each value. */
#include "certificate/der.h"

#include "psd/spec/calendar.h"

#include <string.h>

static bool refuse(psd_cursor *from) {
  from->failed = true;
  return false;
}

bool psd_der_same(psd_cursor a, psd_cursor b) {
  return a.left == b.left && (a.left == 0 || memcmp(a.at, b.at, a.left) == 0);
}

bool psd_der_next_is(const psd_cursor *from, uint32_t tag) {
  psd_cursor ahead = *from;
  return !from->failed && from->left > 0 && psd_take_tag(&ahead) == tag && !ahead.failed;
}

bool psd_der_take(psd_cursor *from, uint32_t tag, psd_cursor *value) {
  psd_tlv tlv;
  if (!psd_take_tlv(from, &tlv) || tlv.tag != tag)
    return refuse(from);
  *value = tlv.value;
  return true;
}

bool psd_der_take_last(psd_cursor *from, uint32_t tag, psd_cursor *value) {
  return psd_der_take(from, tag, value) && (psd_cursor_done(from) || refuse(from));
}

bool psd_der_take_whole(psd_cursor *from, uint32_t tag, psd_cursor *element) {
  const uint8_t *start = from->at;
  psd_cursor value;
  if (!psd_der_take(from, tag, &value))
    return false;
  *element = psd_cursor_over(start, (size_t)(from->at - start));
  return true;
}

/* X.690, 8.3: the bytes of a number that is not negative, without the zero that keeps its first bit clear. */
static bool take_magnitude(psd_cursor *from, uint32_t tag, psd_cursor *value) {
  if (!psd_der_take(from, tag, value) || value->left == 0 || (value->at[0] & 0x80) != 0)
    return refuse(from);
  if (value->left > 1 && value->at[0] == 0) {
    psd_take_u8(value);
    if ((value->at[0] & 0x80) == 0) /* a byte too many */
      return refuse(from);
  }
  return true;
}

bool psd_der_take_number(psd_cursor *from, uint32_t tag, uint64_t *number) {
  psd_cursor value;
  if (!take_magnitude(from, tag, &value) || value.left > 8)
    return refuse(from);
  *number = psd_take_uint(&value, value.left);
  return true;
}

bool psd_der_take_integer(psd_cursor *from, uint8_t *out, size_t size) {
  psd_cursor value;
  if (!take_magnitude(from, PSD_DER_INTEGER, &value) || value.left > size || (value.left == 1 && value.at[0] == 0))
    return refuse(from);
  memset(out, 0, size - value.left);
  return psd_take_into(&value, out + size - value.left, value.left);
}

bool psd_der_take_exactly(psd_cursor *from, const void *bytes, size_t length) {
  const uint8_t *found = psd_take(from, length);
  return (found != NULL && memcmp(found, bytes, length) == 0) || refuse(from);
}

bool psd_der_is_oid(psd_cursor value, psd_oid_id oid) {
  return psd_der_same(value, psd_cursor_over(psd_oids[oid].bytes, psd_oids[oid].size));
}

bool psd_der_take_oid(psd_cursor *from, psd_oid_id oid) {
  psd_cursor value;
  return psd_der_take(from, PSD_DER_OID, &value) && (psd_der_is_oid(value, oid) || refuse(from));
}

bool psd_der_take_algorithm(psd_cursor *from, psd_oid_id oid, bool null) {
  psd_cursor parts, none;
  bool ok = psd_der_take(from, PSD_DER_SEQUENCE, &parts) && psd_der_take_oid(&parts, oid) &&
            (!null || (psd_der_take(&parts, PSD_DER_NULL, &none) && none.left == 0)) && psd_cursor_done(&parts);
  return ok || refuse(from);
}

/* `digits` digits as a number. */
static bool take_digits(psd_cursor *from, unsigned digits, uint64_t *number) {
  *number = 0;
  for (unsigned i = 0; i < digits; i++) {
    uint8_t c = psd_take_u8(from);
    if (c < '0' || c > '9')
      return false;
    *number = *number * 10 + (uint64_t)(c - '0');
  }
  return true;
}

bool psd_der_take_time(psd_cursor *from, uint64_t *time) {
  bool utc = psd_der_next_is(from, PSD_DER_UTC_TIME);
  psd_cursor text;
  uint64_t date, hour, minute, second, day;
  bool ok = psd_der_take(from, utc ? PSD_DER_UTC_TIME : PSD_DER_GENERALIZED_TIME, &text) &&
            take_digits(&text, utc ? 6 : 8, &date) && take_digits(&text, 2, &hour) && take_digits(&text, 2, &minute) &&
            take_digits(&text, 2, &second) && psd_take_u8(&text) == 'Z' && psd_cursor_done(&text);
  if (!ok)
    return refuse(from);
  if (utc) /* RFC 5280, 4.1.2.5.1 */
    date += date >= 500000 ? 19000000 : 20000000;
  if (!psd_day_of_date(date, &day) || hour > 23 || minute > 59 || second > 59)
    return refuse(from);
  *time = ((day * 24 + hour) * 60 + minute) * 60 + second;
  return true;
}

bool psd_der_take_boolean(psd_cursor *from, bool *value) {
  psd_cursor byte;
  if (!psd_der_take(from, PSD_DER_BOOLEAN, &byte) || byte.left != 1 || (byte.at[0] != 0x00 && byte.at[0] != 0xFF))
    return refuse(from); /* X.690, 11.1 */
  *value = byte.at[0] != 0;
  return true;
}

bool psd_der_take_octets(psd_cursor *from, size_t length, psd_cursor *value) {
  return psd_der_take(from, PSD_DER_OCTET_STRING, value) && (value->left == length || refuse(from));
}

bool psd_der_take_bits(psd_cursor *from, psd_cursor *bytes) {
  return psd_der_take(from, PSD_DER_BIT_STRING, bytes) && ((psd_take_u8(bytes) == 0 && !bytes->failed) || refuse(from));
}

/* Unicode 15, table 3-7: bytes that go on after the first, and the least that needs so many. */
static bool take_character(psd_cursor *from, uint32_t *character) {
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  uint8_t first = psd_take_u8(from);
  unsigned more = first < 0x80 ? 0 : (first & 0xE0) == 0xC0 ? 1 : (first & 0xF0) == 0xE0 ? 2 : 3;
  if ((first & 0xC0) == 0x80 || first > 0xF7)
    return false;
  *character = more == 0 ? first : first & (0x3FU >> more);
  for (unsigned i = 0; i < more; i++) {
    uint8_t next = psd_take_u8(from);
    if ((next & 0xC0) != 0x80)
      return false;
    *character = *character << 6 | (next & 0x3FU);
  }
  return *character >= least[more] && *character <= 0x10FFFF && (*character < 0xD800 || *character > 0xDFFF);
}

bool psd_der_text_valid(const uint8_t *text, size_t length, size_t most) {
  psd_cursor from = psd_cursor_over(text, length);
  uint32_t c;
  while (from.left > 0)
    if (!take_character(&from, &c) || c < 0x20 || (c >= 0x7F && c <= 0x9F))
      return false;
  return length >= 1 && length <= most;
}
