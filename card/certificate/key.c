#include "certificate/key.h"

#include "certificate/der.h"
#include "certificate/slot.h"
#include "meter/objects.h"

#include <string.h>

#define HALF (PSD_P256_SIGNATURE / 2U)
#define RSA_BITS 2048U

bool psd_key_purpose_valid(uint64_t purpose) {
  return purpose == PSD_PURPOSE_USER || purpose == PSD_PURPOSE_POSTMARK || purpose == PSD_PURPOSE_AGENT;
}

bool psd_key_algorithm_valid(uint64_t algorithm) {
  return algorithm == PSD_ALGORITHM_P256 || algorithm == PSD_ALGORITHM_RSA2048;
}

/* A failure inside: of the generator, or of an algorithm that has failed its own check. */
static uint16_t broken(psd_card *card) {
  psd_card_set_fault(card, card->drbg.ready ? PSD_FAULT_ALGORITHM : PSD_FAULT_RANDOM);
  return PSD_SW_EXECUTION_ERROR;
}

/* The known-answer tests of what makes, checks and uses a pair. */
static bool ready(psd_card *card, psd_algorithm algorithm) {
  bool p256 = algorithm == PSD_ALGORITHM_P256;
  return psd_card_ready_for(card, p256 ? PSD_KAT_P256_SIGN : PSD_KAT_RSA_SIGN) &&
         psd_card_ready_for(card, p256 ? PSD_KAT_P256_VERIFY : PSD_KAT_RSA_VERIFY);
}

static void rsa_public_of(const psd_key *key, psd_rsa_public *public_key) {
  memset(public_key, 0, sizeof *public_key);
  memcpy(public_key->modulus, key->public, key->public_length);
  public_key->modulus_length = key->public_length;
  public_key->exponent = PSD_KEY_EXPONENT;
}

static bool generate_rsa(psd_card *card, psd_key *key) {
  psd_rsa_public made;
  if (!psd_rsa_generate(&card->drbg, RSA_BITS, key->secret, &key->secret_length, &made))
    return false;
  memcpy(key->public, made.modulus, made.modulus_length);
  key->public_length = made.modulus_length;
  return true;
}

uint16_t psd_key_generate(psd_card *card, psd_algorithm algorithm, psd_key *key) {
  memset(key, 0, sizeof *key);
  key->algorithm = algorithm;
  if (!ready(card, algorithm))
    return PSD_SW_EXECUTION_ERROR;
  if (algorithm == PSD_ALGORITHM_RSA2048)
    return generate_rsa(card, key) ? PSD_SW_OK : broken(card);
  key->secret_length = PSD_P256_SECRET;
  key->public_length = PSD_P256_POINT;
  return psd_p256_generate(&card->drbg, key->secret, key->public) ? PSD_SW_OK : broken(card);
}

/* RFC 8017, A.1.2: the modulus of an RSAPrivateKey of 2048 bits with our exponent. The rest is looked at when the key
 * is first used. */
static bool take_modulus(psd_cursor der, psd_key *key) {
  psd_cursor parts;
  uint64_t number;
  bool ok = psd_der_take_last(&der, PSD_DER_SEQUENCE, &parts) &&
            psd_der_take_number(&parts, PSD_DER_INTEGER, &number) && number == 0 &&
            psd_der_take_integer(&parts, key->public, RSA_BITS / 8U) && (key->public[0] & 0x80) != 0 &&
            psd_der_take_number(&parts, PSD_DER_INTEGER, &number) && number == PSD_KEY_EXPONENT;
  key->public_length = RSA_BITS / 8U;
  return ok;
}

/* The public half that belongs to it, or that it says of itself. */
static bool find_public(psd_key *key) {
  if (key->algorithm == PSD_ALGORITHM_RSA2048)
    return take_modulus(psd_cursor_over(key->secret, key->secret_length), key);
  key->public_length = PSD_P256_POINT;
  return key->secret_length == PSD_P256_SECRET && psd_p256_public(key->secret, key->public);
}

/* SP 800-56A, 5.6.2.1.4; FIPS 140-2, 4.9.2: what one half signs, the other verifies. */
static bool pair_works(psd_card *card, const psd_key *key) {
  static const char text[] = "psd pairwise check";
  uint8_t digest[PSD_SHA256_SIZE], signature[PSD_RSA_MAX];
  size_t length = 0;
  psd_rsa_public public_key;
  if (!psd_sha256(text, sizeof text - 1, digest))
    return false;
  if (key->algorithm == PSD_ALGORITHM_P256)
    return psd_p256_sign(&card->drbg, key->secret, digest, sizeof digest, signature) &&
           psd_p256_verify(key->public, digest, sizeof digest, signature);
  rsa_public_of(key, &public_key);
  return psd_rsa_pkcs1_sign(key->secret, key->secret_length, digest, signature, &length) &&
         psd_rsa_pkcs1_verify(&public_key, digest, signature, length);
}

uint16_t psd_key_import(psd_card *card, psd_algorithm algorithm, psd_cursor secret, psd_key *key) {
  memset(key, 0, sizeof *key);
  key->algorithm = algorithm;
  key->secret_length = secret.left;
  if (!ready(card, algorithm))
    return PSD_SW_EXECUTION_ERROR;
  bool ok = secret.left <= sizeof key->secret && psd_take_into(&secret, key->secret, key->secret_length) &&
            find_public(key) && pair_works(card, key);
  if (!card->drbg.ready)
    return broken(card);
  return ok ? PSD_SW_OK : PSD_SW_WRONG_DATA;
}

uint16_t psd_key_fetch_public(const psd_card *card, uint8_t slot, psd_key *key) {
  psd_slot found;
  memset(key, 0, sizeof *key);
  uint16_t status = psd_slot_read(card, slot, &found);
  if (status != PSD_SW_OK)
    return status;
  key->algorithm = (psd_algorithm)found.algorithm;
  return psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_PUBLIC, slot), key->public, sizeof key->public,
                          &key->public_length);
}

uint16_t psd_key_fetch(const psd_card *card, uint8_t slot, psd_key *key) {
  uint16_t status = psd_key_fetch_public(card, slot, key);
  if (status != PSD_SW_OK)
    return status;
  return psd_record_fetch(card, psd_slot_record_of(PSD_SLOT_SECRET, slot), key->secret, sizeof key->secret,
                          &key->secret_length);
}

uint16_t psd_key_fetch_own(const psd_card *card, psd_key *key) {
  memset(key, 0, sizeof *key);
  key->algorithm = PSD_ALGORITHM_P256;
  uint16_t status =
      psd_object_fetch_bytes(card, PSD_OBJECT_DEVICE_PUBLIC, key->public, PSD_P256_POINT, &key->public_length);
  if (status != PSD_SW_OK)
    return status;
  return psd_record_fetch(card, PSD_RECORD_KEY_PAIR, key->secret, PSD_P256_SECRET, &key->secret_length);
}

/* RFC 3279, 2.2.3: SEQUENCE { r, s }. */
static bool sign_p256(psd_card *card, const psd_key *key, const uint8_t *digest, uint8_t *signature, size_t *length) {
  uint8_t halves[PSD_P256_SIGNATURE];
  if (!psd_p256_sign(&card->drbg, key->secret, digest, PSD_SHA256_SIZE, halves))
    return false;
  psd_buffer out = psd_buffer_over(signature, PSD_KEY_SIGNATURE_MAX);
  size_t opened = psd_open_tlv(&out, PSD_DER_SEQUENCE);
  psd_der_put_integer(&out, PSD_DER_INTEGER, halves, HALF);
  psd_der_put_integer(&out, PSD_DER_INTEGER, halves + HALF, HALF);
  psd_close_tlv(&out, opened);
  *length = out.length;
  return !out.overflow;
}

static bool sign_rsa(const psd_key *key, const uint8_t *digest, uint8_t *signature, size_t *length) {
  uint8_t room[PSD_RSA_MAX];
  if (!psd_rsa_pkcs1_sign(key->secret, key->secret_length, digest, room, length) || *length > PSD_KEY_SIGNATURE_MAX)
    return false;
  memcpy(signature, room, *length);
  return true;
}

uint16_t psd_key_sign(psd_card *card, const psd_key *key, const uint8_t digest[PSD_SHA256_SIZE],
                      uint8_t signature[PSD_KEY_SIGNATURE_MAX], size_t *length) {
  *length = 0;
  if (!ready(card, key->algorithm))
    return PSD_SW_EXECUTION_ERROR;
  bool ok = key->algorithm == PSD_ALGORITHM_P256 ? sign_p256(card, key, digest, signature, length)
                                                 : sign_rsa(key, digest, signature, length);
  return ok ? PSD_SW_OK : broken(card);
}
