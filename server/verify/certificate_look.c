/* What finds a certificate, out of its DER (RFC 5280, 4.1). OpenSSL takes a hundred times as long, most of it for the
 * key; it has its say before any of this is believed (certificate_chain.c). */
#include <string.h>

#include "psd/spec/tlv.h"
#include "verify/certificate.h"

#define DER_INTEGER 0x02U
#define DER_OCTET_STRING 0x04U
#define DER_OBJECT 0x06U
#define DER_SEQUENCE 0x30U
#define DER_VERSION 0xA0U
#define DER_EXTENSIONS 0xA3U

/* 1.3.6.1.4.1.32473.7816.1 */
static const uint8_t metering_policy[] = {0x2B, 0x06, 0x01, 0x04, 0x01, 0x81, 0xFD, 0x59, 0xBD, 0x08, 0x01};
/* A SubjectPublicKeyInfo's content before the point: id-ecPublicKey, prime256v1 (RFC 5480), BIT STRING. */
static const uint8_t p256_head[] = {0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06,
                                    0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};

static bool take(psd_cursor *from, uint32_t tag, psd_tlv *object) {
  return psd_take_tlv(from, object) && object->tag == tag;
}

bool psd_metering_policy_device(psd_part content, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  psd_tlv policy, name, zip, licence;
  psd_cursor from = psd_cursor_over(content.data, content.length);
  if (!take(&from, DER_SEQUENCE, &policy) || from.left != 0 || !take(&policy.value, DER_OCTET_STRING, &name) ||
      name.value.left != PSD_SIZE_DEVICE_ID || !take(&policy.value, DER_INTEGER, &zip) ||
      !take(&policy.value, DER_INTEGER, &licence))
    return false;
  /* A purpose makes it the certificate of a user's key, which signs no postage (docs/certificates.md). */
  if (policy.value.left != 0)
    return false;
  memcpy(device, name.value.at, PSD_SIZE_DEVICE_ID);
  return true;
}

static uint64_t number_of(psd_cursor content) {
  if (content.left == 0 || (content.at[0] & 0x80U) != 0)
    return UINT64_MAX;
  while (content.left > 8 && content.at[0] == 0)
    (void)psd_take_u8(&content);
  return content.left <= 8 ? psd_take_uint(&content, content.left) : UINT64_MAX;
}

static bool take_key(psd_cursor content, uint8_t point[PSD_POINT]) {
  const uint8_t *head = psd_take(&content, sizeof p256_head);
  if (head == NULL || memcmp(head, p256_head, sizeof p256_head) != 0 || content.left != PSD_POINT)
    return false;
  memcpy(point, content.at, PSD_POINT);
  return true;
}

/* The first MeteringPolicy of the list. */
static bool take_device(psd_cursor content, uint8_t device[PSD_SIZE_DEVICE_ID]) {
  psd_tlv list, extension, object, value;
  if (!take(&content, DER_SEQUENCE, &list))
    return false;
  while (take(&list.value, DER_SEQUENCE, &extension))
    if (take(&extension.value, DER_OBJECT, &object) && object.value.left == sizeof metering_policy &&
        memcmp(object.value.at, metering_policy, sizeof metering_policy) == 0)
      return psd_find_tlv(extension.value, DER_OCTET_STRING, &value) &&
             psd_metering_policy_device((psd_part){value.value.at, value.value.left}, device);
  return false;
}

bool psd_certificate_look(const uint8_t *der, size_t length, uint8_t device[PSD_SIZE_DEVICE_ID], uint64_t *number,
                          uint8_t point[PSD_POINT]) {
  psd_tlv whole, said, version, serial, passed, key, extensions;
  psd_cursor from = psd_cursor_over(der, length);
  if (!take(&from, DER_SEQUENCE, &whole) || !take(&whole.value, DER_SEQUENCE, &said) ||
      !take(&said.value, DER_VERSION, &version) || !take(&said.value, DER_INTEGER, &serial))
    return false;
  /* Algorithm, issuer, validity, subject. */
  for (unsigned i = 0; i < 4; i++)
    if (!take(&said.value, DER_SEQUENCE, &passed))
      return false;
  *number = number_of(serial.value);
  return take(&said.value, DER_SEQUENCE, &key) && take_key(key.value, point) &&
         psd_find_tlv(said.value, DER_EXTENSIONS, &extensions) && take_device(extensions.value, device);
}
