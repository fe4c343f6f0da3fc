#include "kms/certificate.h"

#include <stdio.h>

#include "psd/spec/text.h"

/* What is certified here is worth nothing to any postal service, and says so. */
#define ORGANIZATION "SPECIMEN Postal Security Devices"
#define NAME_MAX_BYTES 64U
#define POLICY_MAX 32U

/* Tags of DER (ITU-T X.690). */
enum { DER_INTEGER = 0x02, DER_OCTET_STRING = 0x04, DER_SEQUENCE = 0x30 };

static psd_x509_name ca_name(const psd_kms_key *ca, char words[NAME_MAX_BYTES]) {
  (void)snprintf(words, NAME_MAX_BYTES, "SPECIMEN CA %lu", (unsigned long)ca->identifier);
  return (psd_x509_name){.organization = ORGANIZATION, .common_name = words};
}

/* "PS D1 00C0FFEE" */
static psd_x509_name psd_name(const psd_kms_certify *wanted, char words[NAME_MAX_BYTES]) {
  psd_text text = psd_text_over(words, NAME_MAX_BYTES);
  psd_say_text(&text, wanted->vendor, sizeof wanted->vendor);
  psd_say(&text, " ");
  psd_say_text(&text, wanted->model, sizeof wanted->model);
  psd_say(&text, " %08lX", (unsigned long)wanted->serial);
  return (psd_x509_name){.organization = ORGANIZATION, .serial_number = words};
}

bool psd_kms_ca_certificate(const psd_kms_key *ca, uint8_t der[PSD_X509_MAX], size_t *length) {
  char words[NAME_MAX_BYTES];
  psd_x509 made = {.serial = ca->identifier, .issuer = ca_name(ca, words), .authority = true};
  made.subject = made.issuer;
  made.from = ca->created;
  made.until = ca->created + PSD_KMS_CA_SPAN;
  made.point = made.issuer_point = ca->point;
  return psd_x509_make(&made, ca->pair, der, length);
}

bool psd_kms_revocation_list(const psd_kms_key *ca, const psd_x509_revoked *revoked, size_t count, uint64_t number,
                             uint64_t from, uint64_t until, uint8_t **der, size_t *length) {
  char words[NAME_MAX_BYTES];
  const psd_x509_crl wanted = {.issuer = ca_name(ca, words),
                               .issuer_point = ca->point,
                               .number = number,
                               .from = from,
                               .until = until < ca->created + PSD_KMS_CA_SPAN ? until : ca->created + PSD_KMS_CA_SPAN,
                               .revoked = revoked,
                               .count = count};
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

/* MeteringPolicy; lengths fit a byte. */
static psd_part put_policy(psd_buffer *out, const psd_kms_certify *wanted) {
  psd_kms_device device = psd_kms_device_of(wanted->vendor, wanted->model, wanted->serial);
  psd_put_u8(out, DER_SEQUENCE);
  uint8_t *length = psd_put_room(out, 1);
  size_t at = out->length;
  psd_put_u8(out, DER_OCTET_STRING);
  psd_put_u8(out, sizeof device.bytes);
  psd_put(out, device.bytes, sizeof device.bytes);
  put_integer(out, wanted->zip);
  put_integer(out, wanted->licence);
  *length = (uint8_t)(out->length - at);
  return (psd_part){out->data, out->length};
}

bool psd_kms_psd_certificate(const psd_kms_key *ca, const psd_kms_certify *wanted, const uint8_t point[PSD_POINT],
                             uint8_t der[PSD_X509_MAX], size_t *length) {
  char issuer[NAME_MAX_BYTES], subject[NAME_MAX_BYTES];
  uint8_t policy[POLICY_MAX];
  psd_buffer out = psd_buffer_over(policy, sizeof policy);
  psd_x509 made = {.serial = wanted->number, .issuer = ca_name(ca, issuer), .subject = psd_name(wanted, subject)};
  made.from = wanted->from;
  made.until = wanted->until;
  made.point = point;
  made.issuer_point = ca->point;
  made.private = PSD_KMS_METERING_POLICY;
  made.content = put_policy(&out, wanted);
  return psd_x509_make(&made, ca->pair, der, length);
}

bool psd_kms_certificate_ours(const psd_keyring *keys, psd_part der, const uint8_t point[PSD_POINT]) {
  for (size_t i = keys->count; i-- > 0;)
    if (keys->keys[i].kind == PSD_KMS_CA && psd_kms_state_of(keys->keys[i].state)->opens &&
        psd_x509_signed(der, keys->keys[i].point, point))
      return true;
  return false;
}
