/* Slots (VM 254): keys that are entered, deleted, read; what is gone is gone from the memory. */
#include "authority.h"
#include "certificate/key.h"
#include "certificate/slot.h"
#include "check.h"
#include "crypto/evp.h"
#include "issuer.h"

#include <string.h>

#define DAY 86400
#define IMPORT PSD_COMMAND_IMPORT_KEY
#define DELETE PSD_COMMAND_DELETE_KEY
#define READ PSD_COMMAND_READ_CERTIFICATE

static rig r;
static authority a;

static void allow_import(uint8_t allowed) {
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE_POLICY, &allowed, 1);
}

/* IMPORT KEY of purpose user with this secret. */
static uint16_t enter(uint8_t slot, psd_algorithm algorithm, const uint8_t *secret, size_t length) {
  uint8_t data[1 + 2048] = {PSD_PURPOSE_USER};
  CU_ASSERT_FATAL(length < sizeof data);
  memcpy(data + 1, secret, length);
  return authority_send(&r, IMPORT, slot, (uint8_t)algorithm, data, 1 + length);
}

static void enter_refused(psd_algorithm algorithm, const uint8_t *secret, size_t length) {
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(enter(1, algorithm, secret, length), PSD_SW_WRONG_DATA);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
}

/* "Less security" is a choice that personalisation makes: without it there is no such command. */
static void only_if_configured(void) {
  uint8_t secret[PSD_SCALAR] = {1};
  authority_begin(&a, &r);
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(enter(1, PSD_ALGORITHM_P256, secret, sizeof secret), PSD_SW_FUNCTION_UNSUPPORTED);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
  allow_import(0);
  CU_ASSERT_EQUAL(enter(1, PSD_ALGORITHM_P256, secret, sizeof secret), PSD_SW_FUNCTION_UNSUPPORTED);
  allow_import(1);
  CU_ASSERT_EQUAL(enter(1, PSD_ALGORITHM_P256, secret, sizeof secret), PSD_SW_OK);
  authority_end(&a);
}

static void entered(void) {
  authority_begin(&a, &r);
  for (unsigned i = 1; i <= 2; i++) {
    CU_ASSERT_EQUAL(authority_import(&a, (uint8_t)i, PSD_PURPOSE_POSTMARK, (psd_algorithm)i), PSD_SW_OK);
    const psd_slot slot = authority_slot(&a, (uint8_t)i);
    CU_ASSERT(slot.state == PSD_SLOT_KEYED && slot.imported == 1 && slot.purpose == PSD_PURPOSE_POSTMARK);
    CU_ASSERT(slot.algorithm == i && slot.request == 0 && slot.made == r.seconds);
    CU_ASSERT_EQUAL(authority_import(&a, (uint8_t)i, PSD_PURPOSE_POSTMARK, (psd_algorithm)i), PSD_SW_CONDITIONS);
  }
  CU_ASSERT_EQUAL(r.card->core.certificate.piece_count, 0); /* free */
  CU_ASSERT_EQUAL(authority_import(&a, 0, PSD_PURPOSE_USER, PSD_ALGORITHM_P256), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(authority_import(&a, 9, PSD_PURPOSE_USER, PSD_ALGORITHM_P256), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(authority_import(&a, 3, (psd_purpose)4, PSD_ALGORITHM_P256), PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(enter(3, (psd_algorithm)3, (const uint8_t[32]){1}, 32), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(enter(3, (psd_algorithm)0, (const uint8_t[32]){1}, 32), PSD_SW_WRONG_P1P2);
  authority_end(&a);
}

/* Secrets of P-256 are 1 to the order less 1, 32 bytes. */
static void secrets_that_are_none(void) {
  static const uint8_t order[PSD_SCALAR] = {0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xFF,
                                            0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xBC, 0xE6, 0xFA, 0xAD, 0xA7, 0x17,
                                            0x9E, 0x84, 0xF3, 0xB9, 0xCA, 0xC2, 0xFC, 0x63, 0x25, 0x51};
  const uint8_t zero[PSD_SCALAR + 1] = {0};
  authority_begin(&a, &r);
  allow_import(1);
  enter_refused(PSD_ALGORITHM_P256, zero, PSD_SCALAR);
  enter_refused(PSD_ALGORITHM_P256, order, PSD_SCALAR);
  enter_refused(PSD_ALGORITHM_P256, order + 1, PSD_SCALAR - 1);
  enter_refused(PSD_ALGORITHM_P256, zero, PSD_SCALAR + 1);
  authority_end(&a);
}

/* PKCS#1 of every other size, exponent and number: no part that is used may be another's. */
static void rsa_keys_that_are_none(void) {
  uint8_t der[PSD_RSA_DER_MAX], long_der[PSD_RSA_DER_MAX];
  psd_rsa *rsa = psd_rsa_new(2048), *longer = psd_rsa_new(3072);
  const size_t length = psd_rsa_der(rsa, der);
  authority_begin(&a, &r);
  allow_import(1);
  enter_refused(PSD_ALGORITHM_RSA2048, long_der, psd_rsa_der(longer, long_der));
  enter_refused(PSD_ALGORITHM_P256, der, length);
  enter_refused(PSD_ALGORITHM_RSA2048, der, PSD_SCALAR);
  enter_refused(PSD_ALGORITHM_RSA2048, der, length - 1);
  der[length] = 0;
  enter_refused(PSD_ALGORITHM_RSA2048, der, length + 1);
  for (size_t i = 0; i < length; i += i < 12 ? 1 : 97) {
    if (i > 276 && i < 536) /* the private exponent: the remainder theorem has no use for it */
      continue;
    der[i] ^= 0x02;
    enter_refused(PSD_ALGORITHM_RSA2048, der, length);
    der[i] ^= 0x02;
  }
  CU_ASSERT_EQUAL(enter(1, PSD_ALGORITHM_RSA2048, der, length), PSD_SW_OK);
  psd_rsa_free(rsa);
  psd_rsa_free(longer);
  authority_end(&a);
}

/* The secret of a slot, as it is kept. */
static size_t secret_of(uint8_t slot, uint8_t secret[PSD_RSA_KEY_MAX]) {
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r.card->store, psd_slot_record_of(PSD_SLOT_SECRET, slot), secret, PSD_RSA_KEY_MAX, &length),
      PSD_STORE_OK);
  return length;
}

static void deleted(uint8_t slot) {
  uint8_t secret[PSD_RSA_KEY_MAX];
  const size_t length = secret_of(slot, secret);
  CU_ASSERT_TRUE(rig_memory_holds(&r, secret, length));
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, slot, 0, NULL, 0), PSD_SW_OK);
  CU_ASSERT_FALSE(rig_memory_holds(&r, secret, length));
  for (unsigned kind = PSD_SLOT_STATE; kind <= PSD_SLOT_CREDIT_STATE; kind += 8)
    CU_ASSERT_EQUAL(psd_store_length(&r.card->store, psd_slot_record_of((psd_slot_record)kind, slot)), -1);
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, slot, 0, NULL, 0), PSD_SW_REFERENCE_NOT_FOUND);
}

/* In every state but active; and then the slot takes another. */
static void delete_what_is_not_in_use(void) {
  uint8_t encoded[PSD_SIZE_SLOT];
  psd_change change;
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(authority_import(&a, 1, PSD_PURPOSE_USER, PSD_ALGORITHM_RSA2048), PSD_SW_OK);
  deleted(1); /* keyed */
  CU_ASSERT_EQUAL(authority_ask(&a, &(authority_wish){.slot = 1}), PSD_SW_OK);
  deleted(1); /* requested */
  authority_activate(&a, 1, PSD_PURPOSE_USER, PSD_ALGORITHM_P256);
  const authority_mark before = authority_look(&a);
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 1, 0, NULL, 0), PSD_SW_CONDITIONS);
  CU_ASSERT_TRUE(authority_untouched(&a, &before));
  psd_slot slot = authority_slot(&a, 1);
  slot.state = PSD_SLOT_REVOKED;
  psd_change_begin(&change, r.card);
  psd_slot_put(&change, &slot, encoded);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_OK);
  deleted(1);
  CU_ASSERT_EQUAL(authority_ask(&a, &(authority_wish){.slot = 1}), PSD_SW_OK);
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 0, 0, NULL, 0), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 9, 0, NULL, 0), PSD_SW_WRONG_P1P2);
  authority_end(&a);
}

/* An active one goes when its certificate has expired: the second after its last. */
static void delete_what_has_expired(void) {
  authority_begin(&a, &r);
  authority_activate(&a, 2, PSD_PURPOSE_USER, PSD_ALGORITHM_P256);
  psd_core core = r.card->core;
  core.watchdog = (psd_watchdog){.inspected = r.seconds, .warn_after = 1000 * DAY, .lock_after = 1001 * DAY};
  authority_core(&a, &core);
  r.seconds = authority_slot(&a, 2).until;
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 2, 0, NULL, 0), PSD_SW_CONDITIONS);
  r.seconds++;
  deleted(2);
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  psd_log_record record;
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  CU_ASSERT(record.event == PSD_EVENT_KEY_DELETED && record.detail == 2U << 8);
  authority_end(&a);
}

/* The memory fails while it is scrubbed: the slot is empty, and the next DELETE KEY goes on with it. */
static void scrubbed_at_last(void) {
  uint8_t secret[PSD_RSA_KEY_MAX];
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(authority_ask(&a, &(authority_wish){.slot = 1}), PSD_SW_OK);
  const size_t length = secret_of(1, secret);
  r.ram.fail_erase_in = 1; /* only scrubbing erases */
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 1, 0, NULL, 0), PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_TRUE(rig_memory_holds(&r, secret, length));
  psd_slot slot;
  CU_ASSERT_EQUAL(psd_slot_read(r.card, 1, &slot), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(authority_send(&r, DELETE, 1, 0, NULL, 0), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_FALSE(rig_memory_holds(&r, secret, length));
  authority_end(&a);
}

static uint16_t reading(uint8_t slot, uint8_t what) {
  return authority_send(&r, READ, slot, what, NULL, 0);
}

static void read(void) {
  authority_begin(&a, &r);
  CU_ASSERT_EQUAL(reading(1, PSD_READ_CERTIFICATE), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(reading(1, PSD_READ_PUBLIC_KEY), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(reading(0, PSD_READ_CERTIFICATE), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(reading(9, PSD_READ_CERTIFICATE), PSD_SW_WRONG_P1P2);
  CU_ASSERT_EQUAL(reading(1, PSD_READINGS), PSD_SW_WRONG_P1P2);
  for (unsigned algorithm = 1; algorithm <= 2; algorithm++) {
    uint8_t expected[512], *at = expected;
    const uint8_t number = (uint8_t)(3 + algorithm);
    authority_activate(&a, number, PSD_PURPOSE_USER, (psd_algorithm)algorithm);
    X509 *certificate = authority_installed(&a, number);
    const int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &at);
    CU_ASSERT_EQUAL(reading(number, PSD_READ_PUBLIC_KEY), PSD_SW_OK);
    CU_ASSERT(r.length == (size_t)length && memcmp(r.response, expected, r.length) == 0);
    for (uint8_t what = PSD_READ_CREDIT; what < PSD_READINGS; what++)
      CU_ASSERT_EQUAL(reading(number, what), PSD_SW_REFERENCE_NOT_FOUND);
    X509_free(certificate);
  }
  authority_end(&a);
}

/* RFC 7093, 2, 1; and what a key signs, OpenSSL verifies. */
static void keys_in_other_hands(void) {
  static const uint8_t digest[PSD_SHA256_SIZE] = {0x61, 0x62, 0x63};
  authority_begin(&a, &r);
  for (unsigned algorithm = 1; algorithm <= 2; algorithm++) {
    uint8_t info[512], signature[PSD_KEY_SIGNATURE_MAX], identifier[PSD_KEY_IDENTIFIER], hash[PSD_HASH];
    psd_buffer out = psd_buffer_over(info, sizeof info), name = psd_buffer_over(identifier, sizeof identifier);
    size_t length = 0;
    psd_key key;
    CU_ASSERT_EQUAL(authority_import(&a, 1, PSD_PURPOSE_USER, (psd_algorithm)algorithm), PSD_SW_OK);
    CU_ASSERT_EQUAL(psd_key_fetch(r.card, 1, &key), PSD_SW_OK);
    psd_key_put_public(&out, &key);
    psd_key_put_identifier(&name, &key);
    const uint8_t *at = info;
    X509_PUBKEY *info_taken = d2i_X509_PUBKEY(NULL, &at, (long)out.length);
    const uint8_t *bits = NULL;
    int bits_length = 0;
    CU_ASSERT_FATAL(info_taken != NULL && X509_PUBKEY_get0_param(NULL, &bits, &bits_length, NULL, info_taken) == 1);
    CU_ASSERT_TRUE(psd_hash(&(psd_part){bits, (size_t)bits_length}, 1, hash));
    CU_ASSERT(name.length == PSD_KEY_IDENTIFIER && memcmp(identifier, hash, PSD_KEY_IDENTIFIER) == 0);
    CU_ASSERT_EQUAL(psd_key_sign(r.card, &key, digest, signature, &length), PSD_SW_OK);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(X509_PUBKEY_get0(info_taken), NULL);
    CU_ASSERT(EVP_PKEY_verify_init(context) == 1 && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1);
    CU_ASSERT_EQUAL(EVP_PKEY_verify(context, signature, length, digest, sizeof digest), 1);
    EVP_PKEY_CTX_free(context);
    X509_PUBKEY_free(info_taken);
    psd_wipe(&key, sizeof key);
    CU_ASSERT_EQUAL(authority_send(&r, DELETE, 1, 0, NULL, 0), PSD_SW_OK);
  }
  authority_end(&a);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"VM figure 5: keys are entered where that is configured, and nowhere else", only_if_configured},
      {"what was entered", entered},
      {"secrets that are none", secrets_that_are_none},
      {"RSA keys that are none", rsa_keys_that_are_none},
      {"what is not in use can be deleted, and is gone", delete_what_is_not_in_use},
      {"and what has expired", delete_what_has_expired},
      {"scrubbing goes on after a failure", scrubbed_at_last},
      {"what is public can be read", read},
      {"keys in other hands", keys_in_other_hands},
  };
  return psd_check_run("certificate slots", tests, PSD_CHECK_COUNT(tests));
}
