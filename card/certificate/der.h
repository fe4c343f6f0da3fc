/* Distinguished encoding rules (ITU-T X.690), as the certificate meter writes and reads them; lengths and nesting are
 * psd/spec/tlv.h's. */
#ifndef PSD_CERTIFICATE_DER_H
#define PSD_CERTIFICATE_DER_H

#include "psd/spec/certificate.h"
#include "psd/spec/tlv.h"

/* Tags (X.690, 8; universal classes of X.680, 8.6). */
enum psd_der_tag {
  PSD_DER_BOOLEAN = 0x01,
  PSD_DER_INTEGER = 0x02,
  PSD_DER_BIT_STRING = 0x03,
  PSD_DER_OCTET_STRING = 0x04,
  PSD_DER_NULL = 0x05,
  PSD_DER_OID = 0x06,
  PSD_DER_ENUMERATED = 0x0A,
  PSD_DER_UTF8_STRING = 0x0C,
  PSD_DER_PRINTABLE_STRING = 0x13,
  PSD_DER_UTC_TIME = 0x17,
  PSD_DER_GENERALIZED_TIME = 0x18,
  PSD_DER_SEQUENCE = 0x30,
  PSD_DER_SET = 0x31,
};

/* Writing. */
void psd_der_put_oid(psd_buffer *out, psd_oid_id oid);
/* A number that is not negative. */
void psd_der_put_number(psd_buffer *out, uint64_t number);
/* The same of `length` bytes, most significant first; leading zeroes are left out. `tag` INTEGER or ENUMERATED. */
void psd_der_put_integer(psd_buffer *out, uint32_t tag, const uint8_t *bytes, size_t length);
/* SEQUENCE { OID } or, with `null`, SEQUENCE { OID, NULL }. */
void psd_der_put_algorithm(psd_buffer *out, psd_oid_id oid, bool null);
/* Seconds since 1970 as Time of RFC 5280, 4.1.2.5: UTCTime up to 2049, GeneralizedTime after. */
void psd_der_put_time(psd_buffer *out, uint64_t time);
/* The same as GeneralizedTime, whatever the year. */
void psd_der_put_generalized(psd_buffer *out, uint64_t time);
/* PrintableString where the text is one (X.680, 41.4), else UTF8String. */
void psd_der_put_text(psd_buffer *out, const uint8_t *text, size_t length);
/* BIT STRING of whole bytes. */
void psd_der_put_bits(psd_buffer *out, const void *bytes, size_t length);

/* Whether two pieces are the same bytes. */
bool psd_der_same(psd_cursor a, psd_cursor b);
/* True if there is a next element, and it has this tag; nothing is taken. */
bool psd_der_next_is(const psd_cursor *from, uint32_t tag);

/* Reading: each takes the next element, which must be of that kind. False, and the cursor has failed, otherwise. */
bool psd_der_take(psd_cursor *from, uint32_t tag, psd_cursor *value);
/* The same where it must be the last. */
bool psd_der_take_last(psd_cursor *from, uint32_t tag, psd_cursor *value);
/* The next element, tag and length included. */
bool psd_der_take_whole(psd_cursor *from, uint32_t tag, psd_cursor *element);
/* A number that is not negative and fits; in the fewest bytes. */
bool psd_der_take_number(psd_cursor *from, uint32_t tag, uint64_t *number);
/* The same of up to `size` bytes, right-aligned to `out`, above zero. */
bool psd_der_take_integer(psd_cursor *from, uint8_t *out, size_t size);
bool psd_der_take_oid(psd_cursor *from, psd_oid_id oid);
/* Whether the content of an OBJECT IDENTIFIER is this one. */
bool psd_der_is_oid(psd_cursor value, psd_oid_id oid);
/* The next bytes must be exactly these. */
bool psd_der_take_exactly(psd_cursor *from, const void *bytes, size_t length);
/* psd_der_put_algorithm's. */
bool psd_der_take_algorithm(psd_cursor *from, psd_oid_id oid, bool null);
/* UTCTime or GeneralizedTime in seconds of UTC (RFC 5280, 4.1.2.5: "Z", no fractions), 1970 to 9999. */
bool psd_der_take_time(psd_cursor *from, uint64_t *time);
bool psd_der_take_boolean(psd_cursor *from, bool *value);
/* OCTET STRING of `length` bytes. */
bool psd_der_take_octets(psd_cursor *from, size_t length, psd_cursor *value);
/* BIT STRING of whole bytes, without the count of those that do not count. */
bool psd_der_take_bits(psd_cursor *from, psd_cursor *bytes);

/* True for UTF-8 without control characters and overlong forms, 1 to `most` bytes. */
bool psd_der_text_valid(const uint8_t *text, size_t length, size_t most);

#endif
