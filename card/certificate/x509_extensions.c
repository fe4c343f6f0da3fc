/* Extensions of a certificate (RFC 5280, 4.2): those that say for what a key may be used, and our own. */
#include "certificate/der.h"
#include "certificate/x509_parts.h"

#define PATH_ANY UINT64_MAX
#define PERMITTED 0xA0U      /* NameConstraints: [0] permittedSubtrees */
#define DIRECTORY_NAME 0xA4U /* GeneralName: [4], EXPLICIT as Name is a choice */

/* KeyUsage (4.2.1.3): named bits, the first is the highest of the first byte. */
#define DIGITAL_SIGNATURE 0x80U
#define KEY_CERT_SIGN 0x04U

/* Each takes the content of extnValue apart; false if it is malformed. */
typedef bool take_extension(psd_cursor value, bool critical, psd_certificate *certificate);

static bool take_subject_key(psd_cursor value, bool critical, psd_certificate *certificate) {
  (void)critical;
  return psd_der_take_last(&value, PSD_DER_OCTET_STRING, &certificate->key_identifier);
}

/* 4.2.1.9: cA is written where it is true, and a path length only beside it. */
static bool take_basic_constraints(psd_cursor value, bool critical, psd_certificate *certificate) {
  psd_cursor parts;
  uint64_t path = PATH_ANY;
  (void)critical;
  if (!psd_der_take_last(&value, PSD_DER_SEQUENCE, &parts))
    return false;
  if (parts.left > 0 && (!psd_der_take_boolean(&parts, &certificate->authority) || !certificate->authority))
    return false;
  if (parts.left > 0 && !psd_der_take_number(&parts, PSD_DER_INTEGER, &path))
    return false;
  certificate->ends = path == 0;
  return psd_cursor_done(&parts);
}

/* X.690, 11.2: trailing zero bits are left out, and the count of unused bits is what that leaves. */
static bool take_key_usage(psd_cursor value, bool critical, psd_certificate *certificate) {
  psd_cursor bits;
  (void)critical;
  if (!psd_der_take_last(&value, PSD_DER_BIT_STRING, &bits))
    return false;
  unsigned unused = psd_take_u8(&bits);
  if (bits.failed || bits.left < 1 || bits.left > 2 || unused > 7)
    return false;
  unsigned last = bits.at[bits.left - 1];
  if ((last & ((1U << unused) - 1U)) != 0 || (last >> unused & 1U) == 0)
    return false;
  certificate->signs = (bits.at[0] & DIGITAL_SIGNATURE) != 0;
  certificate->certifies = (bits.at[0] & KEY_CERT_SIGN) != 0;
  return true;
}

/* 4.2.1.12, and RFC 3161, 2.3: a stamping key is for stamping alone, and says so critically. */
static bool take_extended_usage(psd_cursor value, bool critical, psd_certificate *certificate) {
  psd_cursor parts, purpose;
  if (!psd_der_take_last(&value, PSD_DER_SEQUENCE, &parts) || parts.left == 0)
    return false;
  unsigned count = 0;
  bool stamping = false;
  for (; parts.left > 0; count++) {
    if (!psd_der_take(&parts, PSD_DER_OID, &purpose))
      return false;
    stamping = stamping || psd_der_is_oid(purpose, PSD_OID_TIME_STAMPING);
  }
  certificate->stamps = stamping && count == 1 && critical;
  return true;
}

/* 4.2.1.10. Of what is there, the one form that an agent's certificate has is understood. */
static bool take_name_constraints(psd_cursor value, bool critical, psd_certificate *certificate) {
  psd_cursor parts, subtrees, subtree, general;
  (void)critical;
  if (!psd_der_take_last(&value, PSD_DER_SEQUENCE, &parts))
    return false;
  bool ours = psd_der_take_last(&parts, PERMITTED, &subtrees) &&
              psd_der_take_last(&subtrees, PSD_DER_SEQUENCE, &subtree) &&
              psd_der_take_last(&subtree, DIRECTORY_NAME, &general) && psd_certificate_name_valid(general);
  if (ours)
    certificate->permitted = general;
  return true;
}

static bool take_credit_line(psd_cursor value, bool critical, psd_certificate *certificate) {
  (void)critical;
  return psd_der_take_last(&value, PSD_DER_SEQUENCE, &certificate->credit);
}

/* Not looked into, and no reason to refuse. */
static bool pass(psd_cursor value, bool critical, psd_certificate *certificate) {
  psd_cursor parts;
  (void)critical;
  (void)certificate;
  return psd_der_take_last(&value, PSD_DER_SEQUENCE, &parts);
}

static const struct {
  psd_oid_id id;
  take_extension *take;
} known[] = {
    {PSD_OID_SUBJECT_KEY, take_subject_key},
    {PSD_OID_KEY_USAGE, take_key_usage},
    {PSD_OID_BASIC_CONSTRAINTS, take_basic_constraints},
    {PSD_OID_NAME_CONSTRAINTS, take_name_constraints},
    {PSD_OID_AUTHORITY_KEY, pass},
    {PSD_OID_EXTENDED_KEY_USAGE, take_extended_usage},
    {PSD_OID_METERING_POLICY, pass},
    {PSD_OID_CREDIT_LINE, take_credit_line},
};
#define KNOWN (sizeof known / sizeof known[0])

/* Row of the extension; KNOWN for another. */
static size_t find(psd_cursor id) {
  size_t i = 0;
  while (i < KNOWN && !psd_der_is_oid(id, known[i].id))
    i++;
  return i;
}

/* 4.2: Extension ::= SEQUENCE { extnID, critical BOOLEAN DEFAULT FALSE, extnValue }; a default is not written. */
static bool take_one(psd_cursor *list, psd_cursor *id, bool *critical, psd_cursor *value) {
  psd_cursor parts;
  *critical = false;
  if (!psd_der_take(list, PSD_DER_SEQUENCE, &parts) || !psd_der_take(&parts, PSD_DER_OID, id))
    return false;
  if (psd_der_next_is(&parts, PSD_DER_BOOLEAN) && (!psd_der_take_boolean(&parts, critical) || !*critical))
    return false;
  return psd_der_take_last(&parts, PSD_DER_OCTET_STRING, value);
}

bool psd_certificate_extensions(psd_cursor extensions, psd_certificate *certificate) {
  psd_cursor list, id, value;
  unsigned seen = 0;
  bool critical;
  if (!psd_der_take_last(&extensions, PSD_DER_SEQUENCE, &list) || list.left == 0)
    return false;
  while (list.left > 0) {
    if (!take_one(&list, &id, &critical, &value))
      return false;
    size_t row = find(id);
    if (row == KNOWN ? critical : (seen & 1U << row) != 0 || !known[row].take(value, critical, certificate))
      return false;
    seen |= 1U << row;
  }
  return true;
}
