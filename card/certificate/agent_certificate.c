/* The certificate that an agent issues (RFC 5280, 4.1; VM 362). */
#include "certificate/agent.h"
#include "certificate/der.h"

#include <string.h>

/* Context-specific tags of TBSCertificate, and of AuthorityKeyIdentifier. */
enum { VERSION = 0xA0, EXTENSIONS = 0xA3, KEY_IDENTIFIER = 0x80 };
#define VERSION_3 2U
/* KeyUsage (4.2.1.3), the first byte of its named bits. */
enum { DIGITAL_SIGNATURE = 0x80, KEY_ENCIPHERMENT = 0x20, KEY_AGREEMENT = 0x08 };
/* { CN } by itself, of the longest common name. */
#define NAME_MAX (PSD_NAME_MAX + 16U)

static void put_version(psd_buffer *out) {
  size_t opened = psd_open_tlv(out, VERSION);
  psd_der_put_number(out, VERSION_3);
  psd_close_tlv(out, opened);
}

static void put_validity(psd_buffer *out, const psd_issue *issue) {
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_time(out, issue->from);
  psd_der_put_time(out, issue->until);
  psd_close_tlv(out, opened);
}

/* What lies below the permitted name (4.2.1.10) begins with it, attribute by attribute; the common name follows. */
static bool put_subject(psd_buffer *out, const psd_issue *issue) {
  uint8_t bytes[NAME_MAX];
  psd_buffer alone = psd_buffer_over(bytes, sizeof bytes);
  psd_cursor permitted = issue->agent->permitted, base, last;
  psd_certificate_put_name(&alone, psd_cursor_over(NULL, 0), issue->name);
  psd_cursor name = psd_cursor_over(bytes, alone.length);
  if (psd_certificate_name_part(permitted, PSD_OID_ORGANIZATION).left == 0 ||
      !psd_der_take_last(&permitted, PSD_DER_SEQUENCE, &base) || alone.overflow ||
      !psd_der_take_last(&name, PSD_DER_SEQUENCE, &last))
    return false;
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_put(out, base.at, base.left);
  psd_put(out, last.at, last.left);
  psd_close_tlv(out, opened);
  return true;
}

/* An extension whose value is what `length` bytes hold. */
static void put_extension(psd_buffer *out, psd_oid_id id, bool critical, const uint8_t *value, size_t length) {
  static const uint8_t yes[] = {0xFF};
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  psd_der_put_oid(out, id);
  if (critical)
    psd_put_tlv(out, PSD_DER_BOOLEAN, yes, sizeof yes);
  psd_put_tlv(out, PSD_DER_OCTET_STRING, value, length);
  psd_close_tlv(out, opened);
}

/* X.690, 11.2.2: the zero bits at the end of named bits are not written. */
static void put_usage(psd_buffer *out, const psd_issue *issue) {
  unsigned enciphers = issue->holder->algorithm == PSD_ALGORITHM_RSA2048 ? KEY_ENCIPHERMENT : KEY_AGREEMENT;
  unsigned bits = ((issue->usage & PSD_AGENT_SIGNS) != 0 ? DIGITAL_SIGNATURE : 0U) |
                  ((issue->usage & PSD_AGENT_ENCIPHERS) != 0 ? enciphers : 0U);
  uint8_t unused = 0;
  while (unused < 7 && (bits >> unused & 1U) == 0)
    unused++;
  const uint8_t value[] = {PSD_DER_BIT_STRING, 2, unused, (uint8_t)bits};
  put_extension(out, PSD_OID_KEY_USAGE, true, value, sizeof value);
}

static void put_extended_usage(psd_buffer *out) {
  uint8_t bytes[32];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  size_t opened = psd_open_tlv(&value, PSD_DER_SEQUENCE);
  psd_der_put_oid(&value, PSD_OID_EMAIL_PROTECTION);
  psd_der_put_oid(&value, PSD_OID_CLIENT_AUTHENTICATION);
  psd_close_tlv(&value, opened);
  put_extension(out, PSD_OID_EXTENDED_KEY_USAGE, false, bytes, value.length);
}

static void put_subject_key(psd_buffer *out, const psd_key *holder) {
  uint8_t bytes[PSD_KEY_IDENTIFIER + 2U];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  size_t opened = psd_open_tlv(&value, PSD_DER_OCTET_STRING);
  psd_key_put_identifier(&value, holder);
  psd_close_tlv(&value, opened);
  if (value.overflow)
    out->overflow = true;
  put_extension(out, PSD_OID_SUBJECT_KEY, false, bytes, value.length);
}

/* The identifier that the agent's own certificate has (4.2.1.1). */
static void put_authority_key(psd_buffer *out, psd_cursor identifier) {
  uint8_t bytes[PSD_DIGEST_MAX + 8U];
  psd_buffer value = psd_buffer_over(bytes, sizeof bytes);
  if (identifier.left == 0 || identifier.left > PSD_DIGEST_MAX)
    return;
  size_t opened = psd_open_tlv(&value, PSD_DER_SEQUENCE);
  psd_put_tlv(&value, KEY_IDENTIFIER, identifier.at, identifier.left);
  psd_close_tlv(&value, opened);
  put_extension(out, PSD_OID_AUTHORITY_KEY, false, bytes, value.length);
}

static void put_extensions(psd_buffer *out, const psd_issue *issue) {
  static const uint8_t no_authority[] = {PSD_DER_SEQUENCE, 0};
  size_t outer = psd_open_tlv(out, EXTENSIONS);
  size_t list = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_extension(out, PSD_OID_BASIC_CONSTRAINTS, true, no_authority, sizeof no_authority);
  put_usage(out, issue);
  put_extended_usage(out);
  put_subject_key(out, issue->holder);
  put_authority_key(out, issue->agent->key_identifier);
  psd_close_tlv(out, list);
  psd_close_tlv(out, outer);
}

/* tbsCertificate: what is signed. */
static bool put_text(psd_buffer *out, const psd_issue *issue) {
  const psd_cursor *issuer = &issue->agent->subject;
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  put_version(out);
  psd_der_put_number(out, issue->number);
  psd_key_put_algorithm(out, issue->signer->algorithm);
  psd_put(out, issuer->at, issuer->left);
  put_validity(out, issue);
  bool named = put_subject(out, issue);
  psd_key_put_public(out, issue->holder);
  put_extensions(out, issue);
  psd_close_tlv(out, opened);
  return named;
}

static uint16_t sign(psd_card *card, const psd_issue *issue, psd_piece text, psd_buffer *out) {
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_KEY_SIGNATURE_MAX];
  size_t length = 0;
  if (!psd_sha256(text.data, text.length, digest))
    return PSD_SW_EXECUTION_ERROR;
  uint16_t status = psd_key_sign(card, issue->signer, digest, signature, &length);
  if (status != PSD_SW_OK)
    return status;
  psd_key_put_algorithm(out, issue->signer->algorithm);
  psd_der_put_bits(out, signature, length);
  return PSD_SW_OK;
}

uint16_t psd_issue_put(psd_card *card, const psd_issue *issue, psd_buffer *out) {
  size_t before = out->length;
  size_t opened = psd_open_tlv(out, PSD_DER_SEQUENCE);
  size_t start = out->length;
  if (!put_text(out, issue))
    return PSD_SW_CONDITIONS;
  if (out->overflow)
    return PSD_SW_NO_SPACE;
  uint16_t status = sign(card, issue, (psd_piece){out->data + start, out->length - start}, out);
  psd_close_tlv(out, opened);
  if (status != PSD_SW_OK)
    return status;
  return out->overflow || out->length - before > PSD_USER_CERTIFICATE_MAX ? PSD_SW_NO_SPACE : PSD_SW_OK;
}
