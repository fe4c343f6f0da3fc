/* Every operation of docs/handshake.md, "Key management": granted, and refused with the signal it says. */
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "kms/derive.h"
#include "kms/wrapped_k4.h"
#include "kms_support.h"

static bench on;
static uint8_t memory[1024];

static void flip(psd_buffer *request, size_t bit) {
  request->data[bit / 8] ^= (uint8_t)(1U << bit % 8);
}

static void expect_session_key(void) {
  psd_check_bytes(on.content, on.answer_length, "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
                  "K_S");
}

static void flip_all(psd_frame_type type, psd_buffer *request, size_t first, size_t last, psd_signal expected) {
  bench_flip_all(&on, type, request, first, last, expected);
}

#define HEAD 4U /* KMS_CALL */
#define M1 (HEAD + 32U)
#define WRAPPED (M1 + PSD_SIZE_SIGN_ON)

static void unwrap_p256(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  const psd_kms_key *k2 = psd_keyring_active(on.ring, PSD_KMS_VENDOR);
  psd_buffer request = bench_request(memory, sizeof memory);
  bench_put_sign_on(&on, &request, PSD_SUITE_P256, k2->identifier, k2->point);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  expect_session_key();
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, HEAD, M1, PSD_SIGNAL_SESSION_KEY);
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, M1, M1 + 1, PSD_SIGNAL_MESSAGE); /* protocol */
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, M1 + 3, M1 + 7, PSD_SIGNAL_VENDOR_KEY);
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, M1 + 7, request.length, PSD_SIGNAL_SESSION_KEY);
  flip(&request, (M1 + 2) * 8); /* forward */
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SESSION_KEY);
  flip(&request, (M1 + 2) * 8);
  for (size_t length = request.length; length-- > 4;) {
    psd_buffer shorter = {.data = request.data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &shorter), PSD_SIGNAL_MESSAGE);
  }
  bench_close(&on);
}

static void unwrap_shared(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  psd_kms_manufactured made = bench_manufacture(&on, 0, PSD_SUITE_SHARED);
  psd_buffer request = bench_request(memory, sizeof memory);
  bench_put_sign_on(&on, &request, PSD_SUITE_SHARED, (uint32_t)made.shared_key, made.shared);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  expect_session_key();
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, HEAD, M1, PSD_SIGNAL_SESSION_KEY);
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, M1 + 7, request.length, PSD_SIGNAL_SESSION_KEY);
  request.data[M1 + 1] = PSD_SUITE_CLASSIC;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SUITE);
  request.data[M1 + 1] = 0;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SUITE);
  request.data[M1 + 1] = PSD_SUITE_SHARED;
  request.data[M1 + 2] = 1; /* forward secrecy is p256's alone */
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_MESSAGE);
  bench_close(&on);
}

/* RSA-OAEP of K_S as the card does it: SHA-256 in both places, no label. */
static void put_oaep(psd_buffer *out, const psd_rsa *rsa) {
  char pem[PSD_PEM_MAX];
  uint8_t k_s[32];
  size_t length = 256;
  for (size_t i = 0; i < sizeof k_s; i++)
    k_s[i] = (uint8_t)(i + 1);
  CU_ASSERT_FATAL(psd_rsa_pem(rsa, pem));
  BIO *memory_of = BIO_new_mem_buf(pem, -1);
  EVP_PKEY *key = PEM_read_bio_PUBKEY(memory_of, NULL, NULL, NULL);
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
  CU_ASSERT_FATAL(EVP_PKEY_encrypt_init(context) == 1 &&
                  EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
                  EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
                  EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1);
  CU_ASSERT_EQUAL_FATAL(EVP_PKEY_encrypt(context, psd_put_room(out, 256), &length, k_s, sizeof k_s), 1);
  EVP_PKEY_CTX_free(context);
  EVP_PKEY_free(key);
  BIO_free(memory_of);
}

static void unwrap_rsa(void) {
  bench_open(&on, PSD_ROLE_METER, true);
  const psd_kms_key *k2 = psd_keyring_active(on.ring, PSD_KMS_RSA);
  const psd_sign_on head = {
      .protocol = 1, .suite = PSD_SUITE_RSA, .key = k2->identifier, .vendor = "PS", .model = "D1", .serial = 1};
  psd_buffer request = bench_request(memory, sizeof memory);
  memset(psd_put_room(&request, 32), 0, 32);
  psd_put_message(&request, PSD_MESSAGE_SIGN_ON, &head);
  put_oaep(&request, k2->rsa);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
  expect_session_key();
  flip_all(PSD_FRAME_KMS_UNWRAP, &request, M1 + 3, M1 + 7, PSD_SIGNAL_VENDOR_KEY);
  /* Every fifth bit: at least one of each byte, and all places in a byte; each takes a private operation. */
  for (size_t bit = WRAPPED * 8; bit < request.length * 8; bit += 5) {
    flip(&request, bit);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SESSION_KEY);
    flip(&request, bit);
  }
  request.length--;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_SESSION_KEY);
  bench_close(&on);
}

/* A key that another took the place of still opens; one that is retired or compromised does not. */
static void retired_keys(void) {
  static const psd_kms_state ends[] = {PSD_KMS_STATE_OBSOLETE, PSD_KMS_STATE_COMPROMISED};
  for (size_t i = 0; i < 2; i++) {
    bench_open(&on, PSD_ROLE_METER, false);
    psd_kms_key *k2 = psd_keyring_find(on.ring, 1);
    psd_buffer request = bench_request(memory, sizeof memory);
    bench_put_sign_on(&on, &request, PSD_SUITE_P256, 1, k2->point);
    CU_ASSERT(psd_keyring_move(k2, PSD_KMS_STATE_INSTALLED, BENCH_NOW));
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
    CU_ASSERT(psd_keyring_move(k2, PSD_KMS_STATE_REGISTERED, BENCH_NOW));
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_NONE);
    CU_ASSERT(!psd_keyring_move(k2, PSD_KMS_STATE_ACTIVE, BENCH_NOW));
    CU_ASSERT(psd_keyring_move(k2, ends[i], BENCH_NOW));
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_UNWRAP, &request), PSD_SIGNAL_VENDOR_KEY);
    static const uint8_t nothing[32];
    CU_ASSERT(k2->pair == NULL && memcmp(k2->secret, nothing, 32) == 0);
    bench_close(&on);
  }
}

#define WISH HEAD
#define K4 (WISH + PSD_SIZE_KMS_VERIFY)
#define AUDIT (K4 + PSD_SIZE_WRAPPED_K4)
#define SIGNATURE (AUDIT + PSD_SIZE_AUDIT)

static void check_result(const psd_buffer *request, const uint8_t k3[32]) {
  psd_audit_result result;
  uint8_t hash[32], mac[32];
  CU_ASSERT_EQUAL_FATAL(on.answer_length, PSD_SIZE_AUDIT_RESULT + 32U);
  CU_ASSERT(psd_parse_message(on.content, PSD_SIZE_AUDIT_RESULT, PSD_MESSAGE_AUDIT_RESULT, &result));
  const psd_part audit = {request->data + AUDIT, request->length - AUDIT};
  CU_ASSERT(psd_hash(&audit, 1, hash));
  CU_ASSERT_EQUAL(memcmp(hash, result.audit, 32), 0);
  CU_ASSERT_EQUAL(result.serial, 0x1234);
  CU_ASSERT_EQUAL(result.time, BENCH_NOW + 300);
  CU_ASSERT_EQUAL(result.warn_after, 5);
  CU_ASSERT_EQUAL(result.lock_after, 9);
  const psd_part parts[] = {{PSD_SIGN_RESULT, 16}, {on.content, PSD_SIZE_AUDIT_RESULT}};
  CU_ASSERT(psd_hmac(k3, 32, parts, 2, mac));
  CU_ASSERT_EQUAL(memcmp(mac, on.content + PSD_SIZE_AUDIT_RESULT, 32), 0);
}

static void verify_hmac(void) {
  for (unsigned scheme = 0; scheme < 2; scheme++) {
    bench_open(&on, PSD_ROLE_METER, false);
    psd_kms_manufactured made = bench_manufacture(&on, scheme, PSD_SUITE_P256);
    psd_buffer request = bench_request(memory, sizeof memory);
    bench_put_verify(&request, made.wrapped_k4, made.key, NULL);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_NONE);
    check_result(&request, made.key);
    flip_all(PSD_FRAME_KMS_VERIFY, &request, K4, AUDIT, PSD_SIGNAL_DEVICE_KEY);
    flip_all(PSD_FRAME_KMS_VERIFY, &request, AUDIT, AUDIT + 1, PSD_SIGNAL_MESSAGE); /* kind of signature */
    flip_all(PSD_FRAME_KMS_VERIFY, &request, AUDIT + 1, AUDIT + 4, PSD_SIGNAL_SIGNATURE);
    flip_all(PSD_FRAME_KMS_VERIFY, &request, AUDIT + 4, AUDIT + 12, PSD_SIGNAL_DEVICE_KEY); /* another PSD */
    flip_all(PSD_FRAME_KMS_VERIFY, &request, AUDIT + 12, request.length, PSD_SIGNAL_SIGNATURE);
    bench_close(&on);
  }
}

/* No wish makes a PSD wait longer for its inspection than the policy has it. */
static void verify_watchdog(psd_buffer *request) {
  const psd_kms_policy policy = {.most = 1, .longest_watchdog = 1000};
  const struct {
    uint64_t warn, lock;
    psd_signal signal;
  } spans[] = {{0, 0, PSD_SIGNAL_NONE},       {1000, 1000, PSD_SIGNAL_NONE},     {1001, 0, PSD_SIGNAL_LIMIT},
               {0, 1001, PSD_SIGNAL_LIMIT},   {UINT32_MAX, 0, PSD_SIGNAL_LIMIT}, {0, UINT32_MAX, PSD_SIGNAL_LIMIT},
               {1000, 1001, PSD_SIGNAL_LIMIT}};
  on.service.policy = &policy;
  for (size_t i = 0; i < sizeof spans / sizeof spans[0]; i++) {
    psd_buffer span = psd_buffer_over(request->data + WISH + 10, 8);
    psd_put_uint(&span, spans[i].warn, 4);
    psd_put_uint(&span, spans[i].lock, 4);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, request), spans[i].signal);
  }
  on.service.policy = NULL;
}

static void verify_limits(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  psd_kms_manufactured made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  psd_buffer request = bench_request(memory, sizeof memory);
  bench_put_verify(&request, made.wrapped_k4, made.key, NULL);
  const struct {
    uint64_t time;
    psd_signal signal;
  } times[] = {{BENCH_NOW + 301, PSD_SIGNAL_REQUEST},
               {BENCH_NOW + 300, PSD_SIGNAL_NONE},
               {BENCH_NOW - 300, PSD_SIGNAL_NONE},
               {BENCH_NOW - 301, PSD_SIGNAL_REQUEST},
               {0, PSD_SIGNAL_REQUEST},
               {UINT64_MAX, PSD_SIGNAL_REQUEST}};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    psd_buffer time = psd_buffer_over(request.data + WISH + 2, 8);
    psd_put_uint(&time, times[i].time, 8);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), times[i].signal);
  }
  psd_buffer time = psd_buffer_over(request.data + WISH + 2, 8);
  psd_put_uint(&time, BENCH_NOW, 8);
  request.data[WISH] = 0x80; /* an action that is none */
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_REQUEST);
  request.data[WISH] = 0;
  verify_watchdog(&request);
  for (size_t length = request.length; length-- > 4;) {
    psd_buffer shorter = {.data = request.data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &shorter), PSD_SIGNAL_MESSAGE);
  }
  bench_close(&on);
}

static void verify_ecdsa(void) {
  uint8_t point[65];
  bench_open(&on, PSD_ROLE_METER, false);
  psd_kms_manufactured made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  psd_buffer request = bench_request(memory, sizeof memory);
  bench_put_verify(&request, made.wrapped_k4, made.key, pair);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_SIGNATURE); /* not endorsed */
  point[64] ^= 1;
  bench_endorse(&on, &made, point, PSD_SIGNAL_REQUEST);
  point[64] ^= 1;
  bench_endorse(&on, &made, point, PSD_SIGNAL_NONE);
  request = bench_request(memory, sizeof memory);
  bench_put_verify(&request, made.wrapped_k4, made.key, pair);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_NONE);
  check_result(&request, made.key);
  flip_all(PSD_FRAME_KMS_VERIFY, &request, SIGNATURE, request.length, PSD_SIGNAL_SIGNATURE);
  request = bench_request(memory, sizeof memory);
  bench_put_verify(&request, made.wrapped_k4, made.key, NULL);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VERIFY, &request), PSD_SIGNAL_SIGNATURE); /* K3 alone no longer does */
  made.wrapped_k4[40] ^= 1;
  bench_endorse(&on, &made, point, PSD_SIGNAL_DEVICE_KEY);
  psd_pair_free(pair);
  bench_close(&on);
}

static void rotate_and_columns(void) {
  uint8_t mac[32];
  bench_open(&on, PSD_ROLE_METER, false);
  psd_kms_manufactured made = bench_manufacture(&on, 1, PSD_SUITE_P256);
  const psd_kms_key *k2 = psd_keyring_active(on.ring, PSD_KMS_VENDOR);
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_put(&request, on.device.bytes, 8);
  psd_put(&request, made.wrapped_k4, PSD_SIZE_WRAPPED_K4);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_ROTATE, &request), PSD_SIGNAL_NONE);
  psd_vendor_key_order order;
  CU_ASSERT_FATAL(psd_parse_message(on.content, on.answer_length, PSD_MESSAGE_VENDOR_KEY_ORDER, &order));
  CU_ASSERT_EQUAL(order.identifier, k2->identifier);
  CU_ASSERT_EQUAL(memcmp(order.point, k2->point, 65), 0);
  const psd_part parts[] = {{PSD_SIGN_VENDOR_KEY, 14}, {on.content, 4 + 65}};
  CU_ASSERT(psd_hmac(made.key, 32, parts, 2, mac));
  CU_ASSERT_EQUAL(memcmp(mac, order.authentication, 32), 0);
  flip_all(PSD_FRAME_KMS_ROTATE, &request, HEAD, request.length, PSD_SIGNAL_DEVICE_KEY);
  uint8_t keys[2][32];
  for (uint8_t column = 0; column < 2; column++) {
    request = bench_request(memory, sizeof memory);
    psd_put_u8(&request, column);
    on.service.events.count = 0;
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_COLUMN, &request), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL_FATAL(on.answer_length, 32);
    CU_ASSERT_EQUAL(on.service.events.count, 1);
    memcpy(keys[column], on.content, 32);
  }
  CU_ASSERT_NOT_EQUAL(memcmp(keys[0], keys[1], 32), 0);
  bench_close(&on);
}

static void manufactures(void) {
  bench_open(&on, PSD_ROLE_MANUFACTURING, true);
  psd_kms_manufactured one = bench_manufacture(&on, 1, PSD_SUITE_P256 | PSD_SUITE_RSA);
  CU_ASSERT_EQUAL(on.answer_length, PSD_SIZE_KMS_MANUFACTURED + PSD_SIZE_RSA_KEY + 256U);
  psd_kms_manufactured again = bench_manufacture(&on, 1, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(memcmp(one.key, again.key, 32), 0); /* of the 1000-key set */
  CU_ASSERT_EQUAL(memcmp(one.enc, again.enc, 32), 0);
  CU_ASSERT_NOT_EQUAL(memcmp(one.enc, one.mac, 32), 0);
  CU_ASSERT(one.pointer < 1000 && one.pointer == again.pointer);
  psd_kms_manufactured unique = bench_manufacture(&on, 0, PSD_SUITE_P256);
  CU_ASSERT_NOT_EQUAL(memcmp(one.key, unique.key, 32), 0);
  uint8_t wrong[64];
  const struct {
    const char *device;
    uint8_t scheme, suites;
    psd_signal signal;
  } refused[] = {{"PSD1\0\0\0\1", 2, 1, PSD_SIGNAL_REQUEST},
                 {"P\1D1\0\0\0\1", 0, 1, PSD_SIGNAL_REQUEST},
                 {"PSD1\0\0\0\1", 0, 0x10, PSD_SIGNAL_SUITE}};
  for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
    psd_buffer request = bench_request(wrong, sizeof wrong);
    psd_put(&request, refused[i].device, 8);
    psd_put_u8(&request, refused[i].scheme);
    psd_put_u8(&request, refused[i].suites);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_MANUFACTURE, &request), refused[i].signal);
  }
  bench_close(&on);
}

static void vendor_keys(void) {
  for (unsigned rsa = 0; rsa < 2; rsa++) {
    bench_open(&on, PSD_ROLE_METER, rsa == 1);
    psd_buffer request = bench_request(memory, sizeof memory);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VENDOR_KEYS, &request), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(on.answer_length, PSD_SIZE_VENDOR_KEY + rsa * (PSD_SIZE_RSA_KEY + 256U));
    psd_put_u8(&request, 0);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VENDOR_KEYS, &request), PSD_SIGNAL_MESSAGE);
    bench_close(&on);
  }
}

#define M (1U << PSD_ROLE_METER)
#define F (1U << PSD_ROLE_MANUFACTURING)
#define R (1U << PSD_ROLE_REGISTRATION)

/* What is asked of whom, and whether a system of the postal domain does it as well. */
static const struct {
  psd_frame_type type;
  unsigned roles;
  bool postal;
} asked[] = {{PSD_FRAME_KMS_UNWRAP, M, false},
             {PSD_FRAME_KMS_VERIFY, M, false},
             {PSD_FRAME_KMS_ROTATE, M, false},
             {PSD_FRAME_KMS_COLUMN, M, false},
             {PSD_FRAME_KMS_FUND, M, false},
             {PSD_FRAME_KMS_RECEIPT, M, false},
             {PSD_FRAME_KMS_ORDER, M, false},
             {PSD_FRAME_KMS_CERTIFY, M, false},
             {PSD_FRAME_KMS_MANUFACTURE, F, false},
             {PSD_FRAME_KMS_ENDORSE, F, false},
             {PSD_FRAME_KMS_VENDOR_KEYS, M | F, false},
             {PSD_FRAME_KMS_TOKEN_KEY, F, true},
             {PSD_FRAME_KMS_REGISTER, R, true},
             {PSD_FRAME_KMS_RATES, M, false},
             {PSD_FRAME_KMS_REQUEST, M, false},
             {PSD_FRAME_KMS_ISSUE, M, false},
             {PSD_FRAME_KMS_REVOKE, M, false},
             {PSD_FRAME_KMS_LIST, M, false},
             {PSD_FRAME_KMS_RESPONDER, M, false},
             {PSD_FRAME_KMS_CREDIT, M, false},
             {PSD_FRAME_KMS_AUTHORITY, M, false}};

/* Of all types a frame may have, a role grants its own and says of the others' that they are not its. */
static void check_roles(bool postal, unsigned role) {
  psd_buffer request = bench_request(memory, sizeof memory);
  on.service.role = (psd_role)role;
  for (unsigned type = 0; type < 256; type++) {
    bool known = false, has = false;
    for (size_t i = 0; i < PSD_CHECK_COUNT(asked); i++)
      if (asked[i].type == type) {
        known = true;
        has = (asked[i].roles >> role & 1U) != 0 && (!postal || asked[i].postal);
      }
    psd_signal signal = bench_ask(&on, (psd_frame_type)type, &request);
    if (!known)
      CU_ASSERT_EQUAL(signal, PSD_SIGNAL_MESSAGE);
    if (known && !has)
      CU_ASSERT_EQUAL(signal, PSD_SIGNAL_ROLE);
    if (has)
      CU_ASSERT_NOT_EQUAL(signal, PSD_SIGNAL_ROLE);
  }
}

static void roles(void) {
  static const bool serves[2][4] = {{false, true, true, true}, {false, false, true, true}};
  for (unsigned postal = 0; postal < 2; postal++) {
    if (postal == 0)
      bench_open(&on, PSD_ROLE_METER, false);
    else
      bench_open_postal(&on, PSD_ROLE_METER);
    for (unsigned role = PSD_ROLE_METER; role <= PSD_ROLE_REGISTRATION; role++) {
      check_roles(postal == 1, role);
      CU_ASSERT_EQUAL(psd_kms_role_serves(&on.service), serves[postal][role]);
    }
    psd_buffer request = bench_request(memory, sizeof memory);
    for (size_t length = 0; length < 4; length++) {
      psd_buffer shorter = {.data = request.data, .length = length};
      CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_VENDOR_KEYS, &shorter), PSD_SIGNAL_MESSAGE);
    }
    bench_close(&on);
  }
}

static void full_events(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_put_u8(&request, 1);
  for (unsigned i = 0; i < PSD_KMS_EVENTS_MAX; i++)
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_COLUMN, &request), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_COLUMN, &request), PSD_SIGNAL_BUSY);
  CU_ASSERT_EQUAL(on.answer_length, PSD_SIZE_ERROR_SIGNAL);
  bench_close(&on);
}

static void key_set(void) {
  uint8_t key[32], other[32];
  uint16_t pointer;
  bool seen[PSD_KMS_SET_SIZE] = {false};
  unsigned different = 0;
  bench_open(&on, PSD_ROLE_METER, false);
  const psd_kms_key *set = psd_keyring_active(on.ring, PSD_KMS_SET);
  CU_ASSERT(psd_kms_set_key(set, 0, key) && psd_kms_set_key(set, 999, other));
  CU_ASSERT_NOT_EQUAL(memcmp(key, other, 32), 0);
  CU_ASSERT(!psd_kms_set_key(set, 1000, key));
  for (uint32_t serial = 0; serial < 20000; serial++) {
    psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial);
    CU_ASSERT_FATAL(psd_kms_set_pointer(&device, &pointer) && pointer < PSD_KMS_SET_SIZE);
    different += seen[pointer] ? 0U : 1U;
    seen[pointer] = true;
  }
  CU_ASSERT_EQUAL(different, PSD_KMS_SET_SIZE);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"unwrap, suite p256, and every bit of it", unwrap_p256},
      {"unwrap, suite shared, and every bit of it", unwrap_shared},
      {"unwrap, suite rsa, and bits of every byte that is wrapped", unwrap_rsa},
      {"a retired or compromised K2 opens nothing", retired_keys},
      {"verify, HMAC, and every bit of it", verify_hmac},
      {"verify: time, actions, lengths", verify_limits},
      {"endorse, and verify by ECDSA and nothing else", verify_ecdsa},
      {"K1 for one PSD; column keys", rotate_and_columns},
      {"manufacture", manufactures},
      {"vendor keys", vendor_keys},
      {"roles, and frames that are no requests", roles},
      {"events that nobody writes end in BUSY", full_events},
      {"the 1000-key set uses all its keys", key_set},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms operations", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
