/* Suite classic in the key management system: vectors, unwrap without an oracle, the MAC of audits; and off unless it
 * is switched on. */
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <string.h>

#include "classic_vectors.h"
#include "crypto/evp_classic.h"
#include "crypto/evp_internal.h"
#include "kms/operations.h"
#include "kms_support.h"
#include "meter/keys.h"

#define SIZE 256U /* of the modulus */
#define HEAD (4U + PSD_CONTEXT_SIZE)
#define WRAPPED (HEAD + PSD_SIZE_SIGN_ON)

static bench on;
static uint8_t memory[1024];
static psd_buffer request;

static void vectors(void) {
  uint8_t key[32], mac[8], body[3], nonce[12], out[64], tag[16];
  const uint8_t type = 0x06;
  static const char text[] = CLASSIC_RECORD_TEXT;
  psd_check_hex(MAC_KEY, key, 16);
  for (size_t i = 0; i < PSD_CHECK_COUNT(tdes_iso_macs); i++) {
    const char *said = tdes_iso_macs[i].text;
    const psd_part parts[] = {{said, 5}, {NULL, 0}, {said + 5, strlen(said) - 5}};
    CU_ASSERT(psd_des3_cbc_mac(key, 16, parts, 3, mac));
    psd_check_bytes(mac, 4, tdes_iso_macs[i].mac, "ISO/IEC 9797-1");
  }
  psd_check_hex(TDES_KEY, key, 24);
  psd_check_hex(CLASSIC_MAC_BODY, body, sizeof body);
  const psd_part head[] = {{CLASSIC_MAC_HEAD, 4}, {&CLASSIC_MAC_HEAD[4], strlen(CLASSIC_MAC_HEAD) - 4}, {NULL, 0}};
  CU_ASSERT(psd_des3_mac(key, 24, head, 2, (psd_part){body, sizeof body}, mac));
  psd_check_bytes(mac, sizeof mac, CLASSIC_MAC, "MAC of suite classic");
  CU_ASSERT(!psd_des3_mac(key, 24, head, 3, (psd_part){body, sizeof body}, mac));
  CU_ASSERT(!psd_des3_cbc_mac(key, 23, head, 1, mac));
  for (size_t i = 0; i < 32; i++)
    key[i] = (uint8_t)(i + 1);
  for (size_t i = 0; i < sizeof nonce; i++)
    nonce[i] = (uint8_t)(0x40 + i);
  const psd_cipher *cipher = psd_cipher_of(PSD_SUITE_CLASSIC);
  CU_ASSERT_PTR_NOT_NULL_FATAL(cipher);
  CU_ASSERT(cipher->seal(key, nonce, (psd_part){&type, 1}, text, sizeof text - 1, out, tag));
  memcpy(out + sizeof text - 1, tag, sizeof tag);
  psd_check_bytes(out, sizeof text - 1 + sizeof tag, CLASSIC_RECORD, "record");
  for (unsigned bit = 0; bit < 8 * sizeof tag; bit++) {
    tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT(!cipher->open(key, nonce, (psd_part){&type, 1}, out, sizeof text - 1, tag, out + 32));
    tag[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  CU_ASSERT(cipher->open(key, nonce, (psd_part){&type, 1}, out, sizeof text - 1, tag, out));
  CU_ASSERT_EQUAL(memcmp(out, text, sizeof text - 1), 0);
}

/* The key management system with suite classic; a sign-on whose wrapped K_S is `block`, raised to the public exponent.
 */
static void begin(void) {
  bench_open(&on, PSD_ROLE_METER, true);
  on.service.classic = &psd_kms_classic_suite;
}

static void put_request(const uint8_t block[SIZE]) {
  const psd_kms_key *k2 = psd_keyring_active(on.ring, PSD_KMS_RSA);
  psd_sign_on head = {.protocol = 1, .suite = PSD_SUITE_CLASSIC, .key = k2->identifier, .serial = 0x1234};
  uint8_t context[PSD_CONTEXT_SIZE] = {0xC0};
  size_t length = SIZE;
  request = bench_request(memory, sizeof memory);
  memcpy(head.vendor, on.device.bytes, 2);
  memcpy(head.model, on.device.bytes + 2, 2);
  psd_put(&request, context, sizeof context);
  psd_put_message(&request, PSD_MESSAGE_SIGN_ON, &head);
  uint8_t *wrapped = psd_put_room(&request, SIZE);
  EVP_PKEY_CTX *sender = EVP_PKEY_CTX_new((EVP_PKEY *)(uintptr_t)psd_rsa_pkey(k2->rsa), NULL);
  CU_ASSERT_FATAL(EVP_PKEY_encrypt_init(sender) == 1 && EVP_PKEY_CTX_set_rsa_padding(sender, RSA_NO_PADDING) == 1);
  CU_ASSERT_EQUAL_FATAL(EVP_PKEY_encrypt(sender, wrapped, &length, block, SIZE), 1);
  EVP_PKEY_CTX_free(sender);
}

static void good_block(uint8_t block[SIZE]) {
  memset(block, 0xA7, SIZE);
  block[0] = 0x00;
  block[1] = 0x02;
  block[SIZE - PSD_CLASSIC_KEY - 1] = 0x00;
  for (size_t i = 0; i < PSD_CLASSIC_KEY; i++)
    block[SIZE - PSD_CLASSIC_KEY + i] = (uint8_t)(i + 1);
}

static const char k_s[] = "0102030405060708090a0b0c0d0e0f1011121314151617180000000000000000";

/* A key comes back, and it is not K_S; the same a second time. A user sealed under K_S does not open under it, which is
 * all that a Host is ever told: the signal of a wrong password. */
static void substituted(void) {
  static uint8_t last[PSD_SESSION_KEY];
  uint8_t first[PSD_SESSION_KEY], right[PSD_SESSION_KEY];
  static const uint8_t none[PSD_SESSION_KEY - PSD_CLASSIC_KEY];
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL_FATAL(on.answer_length, PSD_SESSION_KEY);
  memcpy(first, on.content, sizeof first);
  psd_check_hex(k_s, right, sizeof right);
  CU_ASSERT_NOT_EQUAL(memcmp(first, right, sizeof first), 0);
  CU_ASSERT_NOT_EQUAL(memcmp(first, last, sizeof first), 0);
  CU_ASSERT_EQUAL(memcmp(first + PSD_CLASSIC_KEY, none, sizeof none), 0);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(memcmp(first, on.content, sizeof first), 0);
  memcpy(last, first, sizeof last);
}

static void unwrap(void) {
  uint8_t block[SIZE];
  begin();
  good_block(block);
  put_request(block);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  psd_check_bytes(on.content, on.answer_length, k_s, "K_S");
  memory[HEAD + 6] ^= 1; /* identifier of K1 */
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_VENDOR_KEY);
  memory[HEAD + 6] ^= 1;
  for (size_t length = request.length; length-- > WRAPPED;) {
    psd_buffer shorter = {.data = request.data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &shorter), PSD_SIGNAL_SESSION_KEY);
  }
  on.service.classic = NULL; /* not switched on */
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SUITE);
  bench_close(&on);
}

static void no_oracle(void) {
  uint8_t block[SIZE];
  begin();
  for (size_t at = 0; at < SIZE - PSD_CLASSIC_KEY; at++) { /* each byte of the padding wrong */
    good_block(block);
    block[at] = at < 2 || at == SIZE - PSD_CLASSIC_KEY - 1 ? 0x01 : 0x00;
    put_request(block);
    substituted();
  }
  memset(block, 0, sizeof block);
  put_request(block);
  substituted();
  good_block(block);
  put_request(block);
  memset(memory + WRAPPED, 0xFF, SIZE); /* not below the modulus */
  substituted();
  put_request(block);
  for (size_t bit = 0; bit < SIZE * 8; bit += 61) {
    memory[WRAPPED + bit / 8] ^= (uint8_t)(1U << bit % 8);
    substituted();
    memory[WRAPPED + bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  bench_close(&on);
}

/* What the server makes of it: bad padding, and a good one with another key inside, are both a user who is not
 * verified. */
static void same_to_the_server(void) {
  uint8_t block[SIZE], m1[PSD_SIGN_ON_MAX], right[PSD_SESSION_KEY], context[PSD_CONTEXT_SIZE] = {0xC0};
  psd_meter_sign_on sign_on;
  psd_user user;
  begin();
  for (unsigned which = 0; which < 3; which++) {
    good_block(block);
    block[SIZE - 1] ^= which == 1 ? 0x80 : 0;
    block[1] ^= which == 2 ? 0x01 : 0;
    put_request(block);
    memset(m1, 0, sizeof m1);
    memcpy(m1, memory + HEAD, PSD_SIZE_SIGN_ON + SIZE);
    CU_ASSERT_FATAL(psd_meter_sign_on_parse(m1, PSD_SIZE_SIGN_ON + SIZE + PSD_SEALED_USER, &sign_on));
    uint8_t info[64], key[PSD_TRAFFIC_KEY], aad[PSD_SIGN_ON_MAX], text[PSD_SIZE_USER] = "anna";
    psd_buffer label = psd_buffer_over(info, sizeof info), bound = psd_buffer_over(aad, sizeof aad);
    const char *words = psd_key_label_text(PSD_KEY_LABEL_USER);
    psd_put(&label, words, strlen(words));
    psd_put(&label, context, sizeof context);
    psd_put(&bound, m1, PSD_SIZE_SIGN_ON);
    psd_put(&bound, context, sizeof context);
    psd_put(&bound, m1 + PSD_SIZE_SIGN_ON, SIZE);
    uint8_t *sealed = m1 + PSD_SIZE_SIGN_ON + SIZE;
    psd_check_hex(k_s, right, sizeof right);
    CU_ASSERT(psd_hkdf_expand(right, info, label.length, key, sizeof key));
    CU_ASSERT(psd_cipher_of(PSD_SUITE_CLASSIC)
                  ->seal(key, key + PSD_AES_KEY, (psd_part){aad, bound.length}, text, sizeof text, sealed,
                         sealed + sizeof text));
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL_FATAL(on.answer_length, PSD_SESSION_KEY);
    CU_ASSERT_EQUAL(psd_meter_open_user(&sign_on, context, on.content, &user), which == 0);
  }
  bench_close(&on);
}

#define AUDIT (4U + PSD_SIZE_KMS_VERIFY + PSD_SIZE_WRAPPED_K4)
#define SIGNATURE (AUDIT + PSD_SIZE_AUDIT)

static void audit_mac(void) {
  uint8_t key[PSD_CLASSIC_KEY];
  begin();
  psd_kms_manufactured made = bench_manufacture(&on, 0, PSD_SUITE_CLASSIC);
  request = bench_request(memory, sizeof memory);
  bench_put_verify(&request, made.wrapped_k4, made.key, NULL);
  memory[AUDIT] = PSD_SIGNATURE_TDES;
  request.length = SIGNATURE + PSD_TDES_MAC;
  const psd_part label = {PSD_SIGN_AUDIT, strlen(PSD_SIGN_AUDIT)};
  CU_ASSERT(psd_hkdf_expand(made.key, PSD_TDES_KEY_LABEL, strlen(PSD_TDES_KEY_LABEL), key, sizeof key));
  CU_ASSERT(psd_des3_mac(key, sizeof key, &label, 1, (psd_part){memory + AUDIT, PSD_SIZE_AUDIT}, memory + SIGNATURE));
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(on.answer_length, PSD_SIZE_AUDIT_RESULT + PSD_AUTHENTICATION);
  for (size_t bit = (AUDIT + 12) * 8; bit < request.length * 8; bit++) {
    memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_SIGNATURE);
    memory[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t length = SIGNATURE; length < SIGNATURE + 64; length++) {
    psd_buffer other = {.data = memory, .length = length};
    if (length != SIGNATURE + PSD_TDES_MAC)
      CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &other), PSD_SIGNAL_MESSAGE);
  }
  on.service.classic = NULL;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_MESSAGE);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"vectors", vectors},
      {"unwrap; refused unless switched on", unwrap},
      {"whatever is wrong with the padding, a key comes back, and the same one every time", no_oracle},
      {"to the server, bad padding and a wrong key are the same", same_to_the_server},
      {"the MAC of an audit, and every bit of both; refused unless switched on", audit_mac},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms: suite classic", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
