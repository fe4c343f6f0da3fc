#include "meter/certificate.h"

#include "meter/objects.h"
#include "meter/signature.h"
#include "psd/spec/tlv.h"

#include <string.h>

#define SEQUENCE 0x30U
#define INTEGER 0x02U
#define BIT_STRING 0x03U
#define VERSION 0xA0U    /* [0] EXPLICIT */
#define EXTENSIONS 0xA3U /* [3] EXPLICIT */
#define HALF (PSD_P256_SIGNATURE / 2U)

/* The next data object, which must have this tag. */
static bool take(psd_cursor *from, uint32_t tag, psd_cursor *value) {
  psd_tlv tlv;
  if (!psd_take_tlv(from, &tlv) || tlv.tag != tag)
    return false;
  *value = tlv.value;
  return true;
}

/* The next bytes, which must be these. */
static bool take_exactly(psd_cursor *from, const void *bytes, size_t length) {
  const uint8_t *found = psd_take(from, length);
  return found != NULL && memcmp(found, bytes, length) == 0;
}

/* A list of data objects that ends the bytes it came in. */
static bool take_whole(psd_cursor from, uint32_t tag, psd_cursor *value) {
  return take(&from, tag, value) && psd_cursor_done(&from);
}

/* RFC 5758, 3.2: ecdsa-with-SHA256, no parameters. */
static bool take_algorithm(psd_cursor *from) {
  static const uint8_t ecdsa_with_sha256[] = {0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02};
  return take_exactly(from, ecdsa_with_sha256, sizeof ecdsa_with_sha256);
}

/* X.690, 8.3 and 10.1: a number above zero in the fewest bytes, right-aligned to `out`. */
static bool take_number(psd_cursor *from, uint8_t out[HALF]) {
  psd_cursor value;
  if (!take(from, INTEGER, &value) || value.left == 0 || (value.at[0] & 0x80) != 0)
    return false;
  if (value.at[0] == 0) {
    psd_take_u8(&value);
    if (value.left == 0 || (value.at[0] & 0x80) == 0) /* zero, or a byte too many */
      return false;
  }
  if (value.left > HALF)
    return false;
  memset(out, 0, HALF - value.left);
  return psd_take_into(&value, out + HALF - value.left, value.left);
}

/* RFC 3279, 2.2.3: SEQUENCE { r, s } in a BIT STRING of whole bytes. */
static bool parse_signature(psd_cursor bits, uint8_t signature[PSD_P256_SIGNATURE]) {
  psd_cursor numbers;
  return psd_take_u8(&bits) == 0 && !bits.failed && take_whole(bits, SEQUENCE, &numbers) &&
         take_number(&numbers, signature) && take_number(&numbers, signature + HALF) && psd_cursor_done(&numbers);
}

/* RFC 5480, 2: id-ecPublicKey on the named curve P-256, the point uncompressed. There is but one way to write it. */
static bool take_public_key(psd_cursor *from, const uint8_t **point) {
  static const uint8_t head[] = {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01,
                                 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00};
  if (!take_exactly(from, head, sizeof head))
    return false;
  *point = psd_take(from, PSD_P256_POINT);
  return *point != NULL && (*point)[0] == 0x04;
}

/* RFC 5280, 4.1.1.1: what tbsCertificate has, in its order. */
static bool parse_text(psd_cursor text, const uint8_t **point) {
  psd_cursor passed;
  if (text.left > 0 && text.at[0] == VERSION && !take(&text, VERSION, &passed))
    return false;
  bool ok = take(&text, INTEGER, &passed) && take_algorithm(&text) && take(&text, SEQUENCE, &passed) && /* issuer */
            take(&text, SEQUENCE, &passed) &&                                                           /* validity */
            take(&text, SEQUENCE, &passed) &&                                                           /* subject */
            take_public_key(&text, point);
  return ok && (text.left == 0 || take_whole(text, EXTENSIONS, &passed));
}

bool psd_certificate_parse(psd_cursor der, psd_certificate *certificate) {
  psd_cursor parts, text, bits;
  if (!take_whole(der, SEQUENCE, &parts))
    return false;
  const uint8_t *start = parts.at;
  if (!take(&parts, SEQUENCE, &text) || !parse_text(text, &certificate->point))
    return false;
  certificate->text = (psd_piece){start, (size_t)(parts.at - start)};
  return take_algorithm(&parts) && take_whole(parts, BIT_STRING, &bits) &&
         parse_signature(bits, certificate->signature);
}

bool psd_certificate_number(psd_cursor der, uint64_t *number) {
  static const uint8_t none[HALF - 4U] = {0};
  uint8_t wide[HALF];
  psd_cursor parts, text, passed;
  if (!take_whole(der, SEQUENCE, &parts) || !take(&parts, SEQUENCE, &text) || text.left == 0 ||
      (text.at[0] == VERSION && !take(&text, VERSION, &passed)) || !take_number(&text, wide) ||
      memcmp(wide, none, sizeof none) != 0)
    return false;
  psd_cursor low = psd_cursor_over(wide + sizeof none, 4);
  *number = psd_take_u32(&low);
  return true;
}

uint16_t psd_certificate_check(psd_card *card, psd_cursor der) {
  psd_certificate certificate;
  uint8_t own[PSD_P256_POINT];
  size_t length = 0;
  if (!psd_certificate_parse(der, &certificate))
    return PSD_SW_WRONG_DATA;
  uint16_t status = psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_PUBLIC, own, sizeof own, &length);
  if (status == PSD_SW_REFERENCE_NOT_FOUND)
    return PSD_SW_WRONG_DATA;
  if (status != PSD_SW_OK)
    return status;
  if (memcmp(certificate.point, own, sizeof own) != 0)
    return PSD_SW_WRONG_DATA;
  status = psd_issuer_check(card, PSD_OBJECT_CA_KEY, "", certificate.text, certificate.signature);
  return status == PSD_SW_VERIFICATION_FAILED ? PSD_SW_WRONG_DATA : status;
}
