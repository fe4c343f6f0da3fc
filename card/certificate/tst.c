#include "certificate/tst.h"

#include "certificate/der.h"

#include <string.h>

#define VERSION 1U
#define ARC_BYTES 5U /* of a number of 32 bits, seven a byte */

bool psd_nonce_valid(psd_cursor nonce) {
  if (nonce.left == 0 || nonce.left > PSD_NONCE_MAX)
    return false;
  uint8_t sign = (uint8_t)((nonce.at[0] & 0x80) != 0 ? 0xFF : 0x00);
  return nonce.left == 1 || nonce.at[0] != sign || (nonce.at[1] & 0x80) != (sign & 0x80);
}

/* X.690, 8.19.2: seven bits a byte, the first ones first, bit 8 in all but the last. */
static void put_arc(psd_buffer *out, uint64_t arc) {
  for (unsigned shift = 7 * (ARC_BYTES - 1); shift > 0; shift -= 7)
    if (arc >> shift != 0)
      psd_put_u8(out, (uint8_t)(0x80 | (arc >> shift & 0x7F)));
  psd_put_u8(out, (uint8_t)(arc & 0x7F));
}

static bool take_arc(psd_cursor from, uint64_t *arc) {
  if (from.left == 0 || from.left > ARC_BYTES || from.at[0] == 0x80)
    return false;
  *arc = 0;
  while (from.left > 1) {
    uint8_t byte = psd_take_u8(&from);
    if ((byte & 0x80) == 0)
      return false;
    *arc = *arc << 7 | (byte & 0x7F);
  }
  *arc = *arc << 7 | psd_take_u8(&from);
  return (from.at[-1] & 0x80) == 0 && *arc <= UINT32_MAX;
}

/* The tariff: what stands below TARIFF is the version. */
static void put_policy(psd_buffer *out, uint64_t tariff) {
  size_t policy = psd_open_tlv(out, PSD_DER_OID);
  psd_put(out, psd_oids[PSD_OID_TARIFF].bytes, psd_oids[PSD_OID_TARIFF].size);
  put_arc(out, tariff);
  psd_close_tlv(out, policy);
}

static bool take_policy(psd_cursor *from, uint64_t *tariff) {
  psd_cursor policy;
  return psd_der_take(from, PSD_DER_OID, &policy) &&
         psd_der_take_exactly(&policy, psd_oids[PSD_OID_TARIFF].bytes, psd_oids[PSD_OID_TARIFF].size) &&
         take_arc(policy, tariff);
}

/* With parameters of NULL, as most who ask for a stamp write it: they get back what they sent (RFC 3161, 2.4.2). */
static void put_imprint(psd_buffer *out, const psd_imprint *imprint) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_algorithm(out, imprint->function->oid, true);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, imprint->digest, imprint->function->size);
  psd_close_tlv(out, whole);
}

static bool take_imprint(psd_cursor *from, psd_imprint *imprint) {
  psd_cursor whole, digest;
  if (!psd_der_take(from, PSD_DER_SEQUENCE, &whole))
    return false;
  bool found = false;
  for (uint64_t i = 1; !found && (imprint->function = psd_digest_of(i)) != NULL; i++) {
    psd_cursor ahead = whole;
    found = psd_der_take_algorithm(&ahead, imprint->function->oid, true);
    if (found)
      whole = ahead;
  }
  return found && psd_der_take_last(&whole, PSD_DER_OCTET_STRING, &digest) && digest.left == imprint->function->size &&
         psd_take_into(&digest, imprint->digest, imprint->function->size);
}

void psd_tst_put(psd_buffer *out, const psd_tst *tst) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, VERSION);
  put_policy(out, tst->tariff);
  put_imprint(out, &tst->imprint);
  psd_der_put_number(out, tst->number);
  psd_der_put_generalized(out, tst->time);
  if (tst->nonce.left > 0)
    psd_put_tlv(out, PSD_DER_INTEGER, tst->nonce.at, tst->nonce.left);
  psd_close_tlv(out, whole);
}

bool psd_tst_parse(psd_cursor der, psd_tst *tst) {
  psd_cursor whole;
  uint64_t version;
  *tst = (psd_tst){.tariff = 0};
  bool ok = psd_der_take_last(&der, PSD_DER_SEQUENCE, &whole) &&
            psd_der_take_number(&whole, PSD_DER_INTEGER, &version) && version == VERSION &&
            take_policy(&whole, &tst->tariff) && take_imprint(&whole, &tst->imprint) &&
            psd_der_take_number(&whole, PSD_DER_INTEGER, &tst->number) &&
            psd_der_next_is(&whole, PSD_DER_GENERALIZED_TIME) && psd_der_take_time(&whole, &tst->time);
  if (!ok)
    return false;
  return whole.left == 0 || (psd_der_take_last(&whole, PSD_DER_INTEGER, &tst->nonce) && psd_nonce_valid(tst->nonce));
}
