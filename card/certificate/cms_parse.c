/* Reading signed data. It comes from anywhere: all of it is looked at, and there is but one way to write it. */
#include "certificate/cms.h"

#include "certificate/der.h"

#include <string.h>

#define CONTENT 0xA0U      /* [0] of ContentInfo and of EncapsulatedContentInfo */
#define CERTIFICATES 0xA0U /* [0] of SignedData */
#define ATTRIBUTES 0xA0U   /* [0] of SignerInfo */

static const psd_oid_id content_types[] = {PSD_OID_DATA,
                                           PSD_OID_TST_INFO,
                                           PSD_OID_REVOCATION_REQUEST,
                                           PSD_OID_REVOCATION_COMMAND,
                                           PSD_OID_REVOCATION_CONFIRMATION,
                                           PSD_OID_PAYMENT};
static const psd_oid_id attribute_types[] = {PSD_OID_CONTENT_TYPE, PSD_OID_MESSAGE_DIGEST, PSD_OID_SIGNING_TIME,
                                             PSD_OID_SIGNING_CERTIFICATE, PSD_OID_METERED_USE};
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* The next element is one of these identifiers. */
static bool take_one_of(psd_cursor *from, const psd_oid_id *list, size_t count, psd_oid_id *found) {
  psd_cursor value;
  if (!psd_der_take(from, PSD_DER_OID, &value))
    return false;
  for (size_t i = 0; i < count; i++)
    if (psd_der_is_oid(value, list[i])) {
      *found = list[i];
      return true;
    }
  return false;
}

/* RFC 5754, 2: its parameters are absent, but NULL is to be understood too. */
static bool take_sha256(psd_cursor *from) {
  psd_cursor absent = *from;
  if (!psd_der_take_algorithm(&absent, PSD_OID_SHA256, false))
    return psd_der_take_algorithm(from, PSD_OID_SHA256, true);
  *from = absent;
  return true;
}

static bool take_signature_algorithm(psd_cursor *from, psd_algorithm *algorithm) {
  psd_cursor ecdsa = *from;
  *algorithm = PSD_ALGORITHM_RSA2048;
  if (!psd_der_take_algorithm(&ecdsa, PSD_OID_ECDSA_SHA256, false))
    return psd_der_take_algorithm(from, PSD_OID_RSA_SHA256, true);
  *algorithm = PSD_ALGORITHM_P256;
  *from = ecdsa;
  return true;
}

/* RFC 5035, 3: one certificate, by its SHA-256, which is the default and so not written. */
static bool take_signing_certificate(psd_cursor *from, psd_cursor *hash) {
  psd_cursor whole, certificates, first;
  return psd_der_take(from, PSD_DER_SEQUENCE, &whole) && psd_der_take_last(&whole, PSD_DER_SEQUENCE, &certificates) &&
         psd_der_take_last(&certificates, PSD_DER_SEQUENCE, &first) &&
         psd_der_take_octets(&first, PSD_SHA256_SIZE, hash) && psd_cursor_done(&first);
}

static bool take_metered_use(psd_cursor *from) {
  psd_cursor use, device;
  uint64_t number, charge;
  return psd_der_take(from, PSD_DER_SEQUENCE, &use) && psd_der_take_octets(&use, PSD_SIZE_DEVICE_ID, &device) &&
         psd_der_take_number(&use, PSD_DER_INTEGER, &number) && psd_der_take_number(&use, PSD_DER_INTEGER, &charge) &&
         psd_cursor_done(&use);
}

static bool take_value(psd_cursor *from, psd_oid_id type, psd_cms_parts *parts) {
  psd_cursor value;
  uint64_t time;
  switch (type) {
  case PSD_OID_CONTENT_TYPE:
    return psd_der_take_oid(from, parts->type);
  case PSD_OID_MESSAGE_DIGEST:
    return psd_der_take_octets(from, PSD_SHA256_SIZE, &value) &&
           psd_take_into(&value, parts->message_digest, PSD_SHA256_SIZE);
  case PSD_OID_SIGNING_TIME:
    return psd_der_take_time(from, &time);
  case PSD_OID_SIGNING_CERTIFICATE:
    return take_signing_certificate(from, &parts->certificate_hash);
  default:
    return take_metered_use(from);
  }
}

static bool take_attribute(psd_cursor attribute, psd_cms_parts *parts, psd_oid_id *type) {
  psd_cursor whole, values;
  return psd_der_take_last(&attribute, PSD_DER_SEQUENCE, &whole) &&
         take_one_of(&whole, attribute_types, COUNT(attribute_types), type) &&
         psd_der_take_last(&whole, PSD_DER_SET, &values) && take_value(&values, *type, parts) &&
         psd_cursor_done(&values);
}

/* X.690, 11.6: in ascending order of their encodings. */
static bool ascending(psd_cursor before, psd_cursor after) {
  if (before.left == 0)
    return true;
  int order = memcmp(before.at, after.at, before.left < after.left ? before.left : after.left);
  return order < 0 || (order == 0 && before.left < after.left);
}

/* RFC 5652, 5.3 and 11: each at most once; content type and message digest must be there. */
static bool parse_attributes(psd_cms_parts *parts) {
  psd_cursor list = parts->attributes, previous = psd_cursor_over(NULL, 0), next;
  bool seen[PSD_OID_COUNT] = {false};
  while (list.left > 0) {
    psd_oid_id type;
    if (!psd_der_take_whole(&list, PSD_DER_SEQUENCE, &next) || !ascending(previous, next) ||
        !take_attribute(next, parts, &type) || seen[type])
      return false;
    seen[type] = true;
    previous = next;
  }
  return seen[PSD_OID_CONTENT_TYPE] && seen[PSD_OID_MESSAGE_DIGEST];
}

static bool take_content(psd_cursor *from, psd_cms_parts *parts) {
  psd_cursor whole, explicit;
  if (!psd_der_take(from, PSD_DER_SEQUENCE, &whole) ||
      !take_one_of(&whole, content_types, COUNT(content_types), &parts->type))
    return false;
  parts->attached = whole.left > 0;
  if (!parts->attached)
    return true;
  return psd_der_take_last(&whole, CONTENT, &explicit) &&
         psd_der_take_last(&explicit, PSD_DER_OCTET_STRING, &parts->content);
}

/* The signer's comes first where the card has written them. */
static bool take_certificates(psd_cursor *from, psd_cms_parts *parts) {
  psd_cursor list, other;
  if (!psd_der_next_is(from, CERTIFICATES))
    return true;
  if (!psd_der_take(from, CERTIFICATES, &list) || !psd_der_take_whole(&list, PSD_DER_SEQUENCE, &parts->certificate))
    return false;
  while (list.left > 0)
    if (!psd_der_take_whole(&list, PSD_DER_SEQUENCE, &other))
      return false;
  return true;
}

static bool take_signer(psd_cursor *from, psd_cms_parts *parts) {
  psd_cursor whole, named;
  uint64_t version;
  if (!psd_der_take(from, PSD_DER_SEQUENCE, &whole) || !psd_der_take_number(&whole, PSD_DER_INTEGER, &version) ||
      version != 1 || !psd_der_take(&whole, PSD_DER_SEQUENCE, &named) ||
      !psd_der_take_whole(&named, PSD_DER_SEQUENCE, &parts->issuer) ||
      !psd_der_take_whole(&named, PSD_DER_INTEGER, &parts->serial) || !psd_cursor_done(&named) || !take_sha256(&whole))
    return false;
  if (psd_der_next_is(&whole, ATTRIBUTES) &&
      (!psd_der_take(&whole, ATTRIBUTES, &parts->attributes) || !parse_attributes(parts)))
    return false;
  return take_signature_algorithm(&whole, &parts->signed_with) &&
         psd_der_take_last(&whole, PSD_DER_OCTET_STRING, &parts->signature);
}

static bool take_signed_data(psd_cursor from, psd_cms_parts *parts) {
  psd_cursor digests, signers;
  uint64_t version;
  return psd_der_take_number(&from, PSD_DER_INTEGER, &version) && psd_der_take(&from, PSD_DER_SET, &digests) &&
         take_sha256(&digests) && psd_cursor_done(&digests) && take_content(&from, parts) &&
         version == (parts->type == PSD_OID_DATA ? 1 : 3) && take_certificates(&from, parts) &&
         psd_der_take_last(&from, PSD_DER_SET, &signers) && take_signer(&signers, parts) && psd_cursor_done(&signers);
}

bool psd_cms_parse(psd_cursor der, psd_cms_parts *parts) {
  psd_cursor info, explicit, signed_data;
  *parts = (psd_cms_parts){.attached = false};
  return psd_der_take_last(&der, PSD_DER_SEQUENCE, &info) && psd_der_take_oid(&info, PSD_OID_SIGNED_DATA) &&
         psd_der_take_last(&info, CONTENT, &explicit) && psd_der_take_last(&explicit, PSD_DER_SEQUENCE, &signed_data) &&
         take_signed_data(signed_data, parts);
}

/* RFC 5652, 5.4: the attributes are signed with the tag of a set. */
static bool attributes_digest(psd_cursor attributes, uint8_t out[PSD_SHA256_SIZE]) {
  uint8_t bytes[PSD_CMS_ATTRIBUTES_MAX];
  psd_buffer set = psd_buffer_over(bytes, sizeof bytes);
  psd_put_tlv(&set, PSD_DER_SET, attributes.at, attributes.left);
  return !set.overflow && psd_sha256(bytes, set.length, out);
}

bool psd_cms_signed_digest(const psd_cms_parts *parts, const uint8_t *digest, uint8_t out[PSD_SHA256_SIZE]) {
  uint8_t content[PSD_SHA256_SIZE];
  if (parts->attached == (digest != NULL))
    return false;
  if (parts->attached && !psd_sha256(parts->content.at, parts->content.left, content))
    return false;
  if (digest != NULL)
    memcpy(content, digest, sizeof content);
  if (parts->attributes.left > 0)
    return psd_equal(content, parts->message_digest, sizeof content) && attributes_digest(parts->attributes, out);
  memcpy(out, content, sizeof content);
  return true;
}
