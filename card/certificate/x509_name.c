/* Names of X.501, as RFC 5280, 4.1.2.4 has them: a list of sets of attributes, each with a text. */
#include "certificate/der.h"
#include "certificate/x509_parts.h"

/* Takes the next attribute. An attribute of a set of several counts like one of its own. */
static bool take_attribute(psd_cursor *names, psd_cursor *set, psd_cursor *kind, psd_cursor *value) {
  psd_cursor attribute;
  psd_tlv text;
  if (set->left == 0 && !psd_der_take(names, PSD_DER_SET, set))
    return false;
  if (!psd_der_take(set, PSD_DER_SEQUENCE, &attribute) || !psd_der_take(&attribute, PSD_DER_OID, kind) ||
      !psd_take_tlv(&attribute, &text) || !psd_cursor_done(&attribute))
    return false;
  *value = text.value;
  return true;
}

bool psd_certificate_name_valid(psd_cursor name) {
  psd_cursor names, kind, value, set = psd_cursor_over(NULL, 0);
  if (!psd_der_take_last(&name, PSD_DER_SEQUENCE, &names))
    return false;
  while (names.left > 0 || set.left > 0)
    if (!take_attribute(&names, &set, &kind, &value))
      return false;
  return true;
}

psd_cursor psd_certificate_name_part(psd_cursor name, psd_oid_id attribute) {
  psd_cursor names, kind, value, set = psd_cursor_over(NULL, 0);
  if (psd_der_take_last(&name, PSD_DER_SEQUENCE, &names))
    while ((names.left > 0 || set.left > 0) && take_attribute(&names, &set, &kind, &value))
      if (psd_der_is_oid(kind, attribute))
        return value;
  return psd_cursor_over(NULL, 0);
}

static void put_attribute(psd_buffer *out, psd_oid_id kind, psd_cursor text) {
  size_t set = psd_open_tlv(out, PSD_DER_SET);
  size_t attribute = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, kind);
  psd_der_put_text(out, text.at, text.left);
  psd_close_tlv(out, attribute);
  psd_close_tlv(out, set);
}

void psd_certificate_put_name(psd_buffer *out, psd_cursor organization, psd_cursor name) {
  size_t names = psd_open_tlv(out, PSD_DER_SEQUENCE);
  if (organization.left > 0)
    put_attribute(out, PSD_OID_ORGANIZATION, organization);
  put_attribute(out, PSD_OID_COMMON_NAME, name);
  psd_close_tlv(out, names);
}
