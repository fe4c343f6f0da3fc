#include "kms/certificate.h"

#include <stdio.h>

#include "kms/certificate_internal.h"
#include "psd/spec/text.h"

/* Tags of DER (ITU-T X.690). */
enum { DER_INTEGER = 0x02, DER_OCTET_STRING = 0x04, DER_SEQUENCE = 0x30 };

psd_x509_name psd_kms_authority_name(const psd_kms_key *key, char words[PSD_KMS_NAME_MAX]) {
  const char *kind = "CA";
  if (key->kind != PSD_KMS_CA)
    kind = key->kind == PSD_KMS_ROOT ? "Root" : "Creditor";
  (void)snprintf(words, PSD_KMS_NAME_MAX, "SPECIMEN %s %lu", kind, (unsigned long)key->identifier);
  return (psd_x509_name){.organization = PSD_KMS_ORGANIZATION, .common_name = words};
}

/* "PS D1 00C0FFEE" */
static psd_x509_name psd_name(const psd_kms_certify *wanted, char words[PSD_KMS_NAME_MAX]) {
  psd_text text = psd_text_over(words, PSD_KMS_NAME_MAX);
  psd_say_text(&text, wanted->vendor, sizeof wanted->vendor);
  psd_say(&text, " ");
  psd_say_text(&text, wanted->model, sizeof wanted->model);
  psd_say(&text, " %08lX", (unsigned long)wanted->serial);
  return (psd_x509_name){.organization = PSD_KMS_ORGANIZATION, .serial_number = words};
}

const psd_kms_key *psd_kms_authority_key(const psd_keyring *keys, psd_kms_kind kind, uint64_t identifier) {
  return identifier == 0 ? psd_keyring_active(keys, kind) : psd_keyring_opening(keys, kind, identifier);
}

static uint64_t least(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

uint64_t psd_kms_authority_end(const psd_keyring *keys, const psd_kms_key *key) {
  const psd_kms_key *root = psd_keyring_active(keys, PSD_KMS_ROOT);
  if (key->kind == PSD_KMS_ROOT)
    return key->created + PSD_KMS_ROOT_SPAN;
  uint64_t end = key->created + PSD_KMS_CA_SPAN;
  return root != NULL ? least(end, root->created + PSD_KMS_ROOT_SPAN) : end;
}

bool psd_kms_authority_certificate(const psd_keyring *keys, const psd_kms_key *key, uint8_t der[PSD_X509_MAX],
                                   size_t *length) {
  char issuer[PSD_KMS_NAME_MAX], subject[PSD_KMS_NAME_MAX];
  bool is_root = key->kind == PSD_KMS_ROOT;
  const psd_kms_key *root = is_root ? key : psd_keyring_active(keys, PSD_KMS_ROOT);
  if (root == NULL)
    return false;
  psd_x509 made = {.serial = key->identifier, .authority = true, .limited = !is_root};
  made.issuer = psd_kms_authority_name(root, issuer);
  made.subject = psd_kms_authority_name(key, subject);
  /* A root that was made after the key did not vouch for it before. */
  made.from = key->created > root->created ? key->created : root->created;
  made.until = psd_kms_authority_end(keys, key);
  made.point = key->point;
  made.issuer_point = root->point;
  made.path_length = key->kind == PSD_KMS_CA ? 1 : 0; /* below the CA: agents */
  made.usage = key->kind == PSD_KMS_CREDITOR ? PSD_X509_CERTIFIES : PSD_X509_CERTIFIES | PSD_X509_LISTS;
  return psd_x509_make(&made, root->pair, der, length);
}

bool psd_kms_validity_fits(const psd_keyring *keys, const psd_kms_key *key, psd_kms_validity validity, uint64_t span,
                           uint64_t now) {
  uint64_t apart = validity.from > now ? validity.from - now : now - validity.from;
  return apart <= PSD_KMS_CERTIFICATE_SKEW && validity.until > validity.from &&
         validity.until - validity.from <= span && validity.until <= psd_kms_authority_end(keys, key);
}

bool psd_kms_revocation_list(const psd_keyring *keys, const psd_kms_key *ca, const psd_kms_revoked_list_wish *wish,
                             uint8_t **der, size_t *length) {
  char words[PSD_KMS_NAME_MAX];
  const psd_x509_crl wanted = {.issuer = psd_kms_authority_name(ca, words),
                               .issuer_point = ca->point,
                               .number = wish->number,
                               .from = wish->validity.from,
                               .until = least(wish->validity.until, psd_kms_authority_end(keys, ca)),
                               .revoked = wish->revoked,
                               .count = wish->count};
  return psd_x509_crl_make(&wanted, ca->pair, der, length);
}

static void put_integer(psd_buffer *out, uint64_t number) {
  size_t size = 1;
  while (number >> (8U * size - 1U) != 0)
    size++;
  psd_put_u8(out, DER_INTEGER);
  psd_put_u8(out, (uint8_t)size);
  psd_put_uint(out, number, size);
}

psd_part psd_kms_put_metering(psd_buffer *out, const psd_kms_metering *wish) {
  psd_put_u8(out, DER_SEQUENCE);
  uint8_t *length = psd_put_room(out, 1);
  size_t at = out->length;
  psd_put_u8(out, DER_OCTET_STRING);
  psd_put_u8(out, sizeof wish->device.bytes);
  psd_put(out, wish->device.bytes, sizeof wish->device.bytes);
  put_integer(out, wish->zip);
  put_integer(out, wish->licence);
  if (wish->purpose != 0)
    put_integer(out, wish->purpose);
  *length = (uint8_t)(out->length - at);
  return (psd_part){out->data, out->length};
}

bool psd_kms_psd_certificate(const psd_kms_key *ca, const psd_kms_certify *wanted, const uint8_t point[PSD_POINT],
                             uint8_t der[PSD_X509_MAX], size_t *length) {
  char issuer[PSD_KMS_NAME_MAX], subject[PSD_KMS_NAME_MAX];
  uint8_t policy[PSD_KMS_POLICY_MAX];
  psd_buffer out = psd_buffer_over(policy, sizeof policy);
  const psd_kms_metering wish = {.device = psd_kms_device_of(wanted->vendor, wanted->model, wanted->serial),
                                 .zip = wanted->zip,
                                 .licence = wanted->licence};
  psd_x509 made = {.serial = wanted->number, .issuer = psd_kms_authority_name(ca, issuer)};
  made.subject = psd_name(wanted, subject);
  made.from = wanted->from;
  made.until = wanted->until;
  made.point = point;
  made.issuer_point = ca->point;
  made.private = PSD_KMS_METERING_POLICY;
  made.content = psd_kms_put_metering(&out, &wish);
  return psd_x509_make(&made, ca->pair, der, length);
}

static bool is_accepted_ca(const psd_kms_key *key) {
  return key->kind == PSD_KMS_CA && psd_kms_state_of(key->state)->opens;
}

bool psd_kms_certificate_ours(const psd_keyring *keys, psd_part der, const uint8_t point[PSD_POINT]) {
  for (size_t i = keys->count; i-- > 0;)
    if (is_accepted_ca(&keys->keys[i]) && psd_x509_signed(der, keys->keys[i].point, point))
      return true;
  return false;
}

const psd_kms_key *psd_kms_issuer_of(const psd_keyring *keys, psd_part der) {
  for (size_t i = keys->count; i-- > 0;)
    if (is_accepted_ca(&keys->keys[i]) && psd_x509_issued(der, keys->keys[i].point))
      return &keys->keys[i];
  return NULL;
}
