#include "certificate/cms.h"

#include "certificate/der.h"

#include <string.h>

/* RFC 5652, 5.1 and 5.3: context tags of certificates and of the signed attributes; the content's is the same. */
#define TAGGED 0xA0U
#define ATTRIBUTES_MOST 5U

/* Signed attributes, as they are collected. */
typedef struct attributes {
  uint8_t bytes[PSD_CMS_ATTRIBUTES_MAX];
  psd_buffer out;
  psd_piece each[ATTRIBUTES_MOST];
  size_t count;
} attributes;

/* An attribute under way: SEQUENCE { type, SET { value } }. */
typedef struct open_attribute {
  size_t start, whole, values;
} open_attribute;

static open_attribute begin_attribute(attributes *of, psd_oid_id type) {
  open_attribute at = {.start = of->out.length};
  at.whole = psd_open_tlv(&of->out, PSD_DER_SEQUENCE);
  psd_der_put_oid(&of->out, type);
  at.values = psd_open_tlv(&of->out, PSD_DER_SET);
  return at;
}

static void end_attribute(attributes *of, open_attribute at) {
  psd_close_tlv(&of->out, at.values);
  psd_close_tlv(&of->out, at.whole);
  of->each[of->count++] = (psd_piece){of->bytes + at.start, of->out.length - at.start};
}

static void put_content_type(attributes *of, psd_oid_id type) {
  open_attribute at = begin_attribute(of, PSD_OID_CONTENT_TYPE);
  psd_der_put_oid(&of->out, type);
  end_attribute(of, at);
}

static void put_message_digest(attributes *of, const uint8_t digest[PSD_SHA256_SIZE]) {
  open_attribute at = begin_attribute(of, PSD_OID_MESSAGE_DIGEST);
  psd_put_tlv(&of->out, PSD_DER_OCTET_STRING, digest, PSD_SHA256_SIZE);
  end_attribute(of, at);
}

static void put_signing_time(attributes *of, uint64_t time) {
  open_attribute at = begin_attribute(of, PSD_OID_SIGNING_TIME);
  psd_der_put_time(&of->out, time);
  end_attribute(of, at);
}

/* RFC 5035, 3: SHA-256 is the default of the hash algorithm, and so is not written. */
static void put_signing_certificate(attributes *of, const uint8_t hash[PSD_SHA256_SIZE]) {
  open_attribute at = begin_attribute(of, PSD_OID_SIGNING_CERTIFICATE);
  size_t whole = psd_open_tlv(&of->out, PSD_DER_SEQUENCE);
  size_t certificates = psd_open_tlv(&of->out, PSD_DER_SEQUENCE);
  size_t first = psd_open_tlv(&of->out, PSD_DER_SEQUENCE);
  psd_put_tlv(&of->out, PSD_DER_OCTET_STRING, hash, PSD_SHA256_SIZE);
  psd_close_tlv(&of->out, first);
  psd_close_tlv(&of->out, certificates);
  psd_close_tlv(&of->out, whole);
  end_attribute(of, at);
}

static void put_metered_use(attributes *of, psd_piece use) {
  open_attribute at = begin_attribute(of, PSD_OID_METERED_USE);
  psd_put(&of->out, use.data, use.length);
  end_attribute(of, at);
}

/* X.690, 11.6: elements of a set come in ascending order of their encodings. */
static bool before(const psd_piece *a, const psd_piece *b) {
  int order = memcmp(a->data, b->data, a->length < b->length ? a->length : b->length);
  return order < 0 || (order == 0 && a->length < b->length);
}

static void sort(attributes *of) {
  for (size_t i = 1; i < of->count; i++)
    for (size_t j = i; j > 0 && before(&of->each[j], &of->each[j - 1]); j--) {
      psd_piece moved = of->each[j];
      of->each[j] = of->each[j - 1];
      of->each[j - 1] = moved;
    }
}

static bool collect(attributes *of, const psd_cms *wanted) {
  uint8_t digest[PSD_SHA256_SIZE], hash[PSD_SHA256_SIZE];
  of->out = psd_buffer_over(of->bytes, sizeof of->bytes);
  of->count = 0;
  if (wanted->digest != NULL)
    memcpy(digest, wanted->digest, sizeof digest);
  else if (!psd_sha256(wanted->content.data, wanted->content.length, digest))
    return false;
  if (!psd_sha256(wanted->certificate.at, wanted->certificate.left, hash))
    return false;
  put_content_type(of, wanted->type);
  put_message_digest(of, digest);
  if (wanted->time > 0)
    put_signing_time(of, wanted->time);
  put_signing_certificate(of, hash);
  if (wanted->metered != NULL)
    put_metered_use(of, *wanted->metered);
  sort(of);
  return !of->out.overflow;
}

/* RFC 5652, 5.4: the attributes are signed with the tag of a set, and carried with another. */
static uint16_t put_signed_attributes(const psd_cms *wanted, psd_buffer *out, uint8_t digest[PSD_SHA256_SIZE]) {
  attributes of;
  if (!collect(&of, wanted))
    return PSD_SW_EXECUTION_ERROR;
  size_t start = out->length;
  size_t set = psd_open_tlv(out, PSD_DER_SET);
  for (size_t i = 0; i < of.count; i++)
    psd_put(out, of.each[i].data, of.each[i].length);
  psd_close_tlv(out, set);
  if (out->overflow)
    return PSD_SW_NO_SPACE;
  if (!psd_sha256(out->data + start, out->length - start, digest))
    return PSD_SW_EXECUTION_ERROR;
  out->data[start] = TAGGED;
  return PSD_SW_OK;
}

/* RFC 5652, 5.3. */
static uint16_t put_signer_info(psd_card *card, const psd_cms *wanted, const psd_certificate *signer, psd_buffer *out) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_KEY_SIGNATURE_MAX];
  size_t length = 0;
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, 1);
  size_t named = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_put(out, signer->issuer.at, signer->issuer.left);
  psd_put(out, signer->serial.at, signer->serial.left);
  psd_close_tlv(out, named);
  psd_der_put_algorithm(out, PSD_OID_SHA256, false);
  uint16_t status = put_signed_attributes(wanted, out, digest);
  if (status == PSD_SW_OK)
    status = psd_key_sign(card, wanted->key, digest, signature, &length);
  if (status != PSD_SW_OK)
    return status;
  psd_key_put_algorithm(out, wanted->key->algorithm);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, signature, length);
  psd_close_tlv(out, whole);
  return PSD_SW_OK;
}

static void put_content(const psd_cms *wanted, psd_buffer *out) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, wanted->type);
  if (wanted->digest == NULL) {
    size_t content = psd_open_tlv(out, TAGGED);
    psd_put_tlv(out, PSD_DER_OCTET_STRING, wanted->content.data, wanted->content.length);
    psd_close_tlv(out, content);
  }
  psd_close_tlv(out, whole);
}

/* RFC 5652, 5.1: what is no id-data makes it version 3. */
static uint16_t put_signed_data(psd_card *card, const psd_cms *wanted, const psd_certificate *signer, psd_buffer *out) {
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_number(out, wanted->type == PSD_OID_DATA ? 1 : 3);
  size_t digests = psd_open_tlv(out, PSD_DER_SET);
  psd_der_put_algorithm(out, PSD_OID_SHA256, false);
  psd_close_tlv(out, digests);
  put_content(wanted, out);
  if (wanted->enclosed)
    psd_put_tlv(out, TAGGED, wanted->certificate.at, wanted->certificate.left);
  size_t signers = psd_open_tlv(out, PSD_DER_SET);
  uint16_t status = put_signer_info(card, wanted, signer, out);
  psd_close_tlv(out, signers);
  psd_close_tlv(out, whole);
  return status;
}

uint16_t psd_cms_put(psd_card *card, const psd_cms *wanted, psd_buffer *out) {
  psd_certificate signer;
  if (!psd_certificate_parse(wanted->certificate, &signer))
    return PSD_SW_WRONG_DATA;
  size_t whole = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, PSD_OID_SIGNED_DATA);
  size_t content = psd_open_tlv(out, TAGGED);
  uint16_t status = put_signed_data(card, wanted, &signer, out);
  psd_close_tlv(out, content);
  psd_close_tlv(out, whole);
  return status == PSD_SW_OK && out->overflow ? PSD_SW_NO_SPACE : status;
}
