/* How the card may sign on, with what keys, and what it says where it cannot; the PSD's own key pair. */
#include "check.h"
#include "expect.h"
#include "meter.h"
#include "pattern.h"
#include "sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static rig r;
static meter m;

static void begin(void) {
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
}

static void end(void) {
  meter_bench_end(&m);
}

static void remove_object(psd_object_id id) {
  psd_store_put put = {.record = (uint16_t)(PSD_RECORD_OBJECT + id)};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
}

static void without_a_policy(void) {
  begin();
  remove_object(PSD_OBJECT_SESSION_POLICY);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_P256), PSD_SW_OK);
  CU_ASSERT_EQUAL(m.head.forward, 1);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_RSA), PSD_SW_REFERENCE_UNUSABLE);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_SHARED), PSD_SW_REFERENCE_UNUSABLE);
  end();
}

static void the_policy_rules(void) {
  static const psd_suite suites[] = {PSD_SUITE_P256, PSD_SUITE_RSA, PSD_SUITE_SHARED};
  begin();
  for (size_t allowed = 0; allowed < 3; allowed++) {
    meter_policy(&m, (uint8_t)suites[allowed], true);
    for (size_t i = 0; i < 3; i++)
      CU_ASSERT_EQUAL(meter_sign_on(&m, suites[i]), i == allowed ? PSD_SW_OK : PSD_SW_REFERENCE_UNUSABLE);
  }
  if (!PSD_CLASSIC) { /* allowed or not: the card does not know it */
    meter_policy(&m, PSD_SUITE_P256 | PSD_SUITE_CLASSIC, true);
    CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_FUNCTION_UNSUPPORTED);
  }
  for (unsigned p1 = 0; p1 < 256; p1++) { /* what is no suite at all */
    if (psd_suite_of(p1) != NULL)
      continue;
    const uint8_t command[] = {0x00, 0x86, (uint8_t)p1, 0x01, 0x02, 0x7C, 0x00};
    CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_WRONG_P1P2);
  }
  end();
}

static void missing_keys(void) {
  static const struct {
    psd_suite suite;
    psd_object_id key;
  } needs[] = {{PSD_SUITE_P256, PSD_OBJECT_VENDOR_KEY},
               {PSD_SUITE_RSA, PSD_OBJECT_VENDOR_RSA_KEY},
               {PSD_SUITE_SHARED, PSD_OBJECT_SHARED_KEY}};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(needs); i++) {
    remove_object(needs[i].key);
    CU_ASSERT_EQUAL(meter_sign_on(&m, needs[i].suite), PSD_SW_REFERENCE_NOT_FOUND);
    CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  }
  end();
  begin(); /* without K3 nothing can be signed */
  meter_answered(&m, PSD_SUITE_SHARED);
  remove_object(PSD_OBJECT_DEVICE_KEY);
  CU_ASSERT_EQUAL(meter_audit(&m), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  end();
}

/* 7C { 81 context, A0 { 80 user name, 81 verifier } } and nothing else. */
static void malformed_sign_on(void) {
#define C "00{32}"
  static const char *const wrong[] = {
      "7C00",
      "7C22 8120 " C,
      "7C66 8120 " C " A042 8020 " C " 811E 00{30}",
      "7C68 8020 " C " A044 8020 " C " 8120 " C,
      "7C68 8120 " C " A144 8020 " C " 8120 " C,
      "7C68 8120 " C " A044 8120 " C " 8020 " C,
      "7C67 811F 00{31} A044 8020 " C " 8120 " C,
      "7C6A 8120 " C " A046 8020 " C " 8120 " C " 8200",
      "7C6A 8120 " C " A044 8020 " C " 8120 " C " 8200",
      "7C68 8120 " C " A044 8020 " C " 8120 " C " 00",
      "7D68 8120 " C " A044 8020 " C " 8120 " C,
      "7C69 8120 " C " A044 8020 " C " 8120 " C,
      "7C68 A044 8020 " C " 8120 " C " 8120 " C,
  };
  static const char right[] = "00860401 00006A 7C68 8120 " C " A044 8020 " C " 8120 " C " 0000";
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    uint8_t data[256];
    size_t length = 0;
    CU_ASSERT_TRUE_FATAL(pattern_bytes(wrong[i], data, sizeof data, &length));
    uint8_t command[5 + 256] = {0x00, 0x86, 0x04, 0x01, (uint8_t)length};
    memcpy(command + 5, data, length);
    uint16_t status = rig_send(&r, command, 5 + length);
    if (status != PSD_SW_WRONG_DATA)
      printf("\n    %s: %04X ", wrong[i], status);
    CU_ASSERT_EQUAL(status, PSD_SW_WRONG_DATA);
    CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  }
  expect(&r, right, "7C819E 82819B 01 04 00 00000009 5042533100C0FFEE ..{140} 9000");
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_SIGNED_ON);
  end();
}

static void malformed_audit_request(void) {
  static const char *const wrong[] = {"008600020A 7C08 8106 000000000000", "0086000224 7C22 8220 00{32}",
                                      "0086000223 7C21 811F 00{31}", "0086000226 7C24 8120 00{32} 8200",
                                      "0086000225 7C22 8120 00{32} 00"};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++) {
    meter_answered(&m, PSD_SUITE_SHARED);
    expect(&r, wrong[i], "6A80");
    CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  }
  meter_answered(&m, PSD_SUITE_SHARED);
  expect(&r, "0086010224 7C22 8120 00{32}", "6A86");
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  end();
}

/* HOST_SESSION leaves in one piece, or not at all: what GET RESPONSE fetches no trace can know. */
static void keys_leave_in_one_piece(void) {
  uint8_t m2[PSD_M2_SIZE];
  uint8_t command[5 + PSD_M2_SIZE + 1] = {0x00, 0x82, 0x00, 0x01, PSD_M2_SIZE};
  begin();
  meter_signed_on(&m, PSD_SUITE_SHARED);
  meter_make_m2(&m, m2);
  memcpy(command + 5, m2, sizeof m2);
  command[sizeof command - 1] = PSD_SIZE_HOST_SESSION - 1;
  CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_WRONG_LENGTH);
  meter_signed_on(&m, PSD_SUITE_SHARED);
  meter_make_m2(&m, m2);
  memcpy(command + 5, m2, sizeof m2);
  command[sizeof command - 1] = PSD_SIZE_HOST_SESSION;
  CU_ASSERT_EQUAL(rig_send(&r, command, sizeof command), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, PSD_SIZE_HOST_SESSION);
  end();
}

/* The generator may fail at each of its calls: no sign-on comes of it, and the card is faulted. */
static void randomness_fails(psd_suite suite) {
  begin();
  r.entropy_fail_in = 1;
  r.card->drbg.calls = PSD_DRBG_RESEED; /* the next call needs fresh entropy */
  CU_ASSERT_EQUAL(meter_sign_on(&m, suite), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_FAULTED);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_RANDOM);
  r.entropy_fail_in = 0;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  meter_open(&m, suite);
  end();
}

static void without_randomness(void) {
  randomness_fails(PSD_SUITE_P256);
  randomness_fails(PSD_SUITE_RSA);
  randomness_fails(PSD_SUITE_SHARED);
}

/* It fails when the first call of the sign-on, which made K_S, is over. */
static void randomness_fails_half_way(void) {
  static const psd_suite suites[] = {PSD_SUITE_P256, PSD_SUITE_RSA, PSD_SUITE_SHARED};
  for (size_t i = 0; i < PSD_CHECK_COUNT(suites); i++) {
    begin();
    r.entropy_fail_in = 1;
    r.card->drbg.calls = PSD_DRBG_RESEED - 1;
    CU_ASSERT_EQUAL(meter_sign_on(&m, suites[i]), PSD_SW_EXECUTION_ERROR);
    CU_ASSERT_EQUAL(r.length, 0);
    CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_RANDOM);
    CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
    end();
  }
}

/* The pair is made before the card leaves MANUFACTURED, by the personaliser alone. */
static void key_pair_is_the_personalisers(void) {
  uint8_t point[PSD_P256_POINT];
  rig_create(&r);
  expect_selected(&r);
  expect(&r, "0047810000", "6A88");
  expect(&r, "00CADF3E00", "6A88");
  expect(&r, "0047800000", "6982");
  expect(&r, "0047820000", "6A86");
  expect(&r, "0047800200", "6A86");
  expect(&r, "0047800001 00", "6700");
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  uint64_t count = r.card->core.log.count;
  expect_secure(&r, "0047800000", "7F4943 8641 04..{64} 9000");
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  memcpy(point, r.response + 5, sizeof point);
  CU_ASSERT_TRUE(psd_p256_check(point));
  expect_secure(&r, "0047810000", "7F4943 8641 04..{64} 9000");
  CU_ASSERT_EQUAL(memcmp(r.response + 5, point, sizeof point), 0);
  expect_secure(&r, "00CADF3E00", "04..{64} 9000");
  CU_ASSERT_EQUAL(memcmp(r.response, point, sizeof point), 0);
  expect_secure(&r, "00CADF3A00", "0110 0100 9000");
  expect_secure(&r, "0047800000", "7F4943 8641 04..{64} 9000"); /* another one */
  CU_ASSERT_NOT_EQUAL(memcmp(r.response + 5, point, sizeof point), 0);
  uint8_t bytes[2048];
  psd_buffer block = psd_buffer_over(bytes, sizeof bytes);
  sample_put_mandatory(&block, PSD_OBJECT_COUNT);
  CU_ASSERT_EQUAL_FATAL(sample_store(&r, &block, true, 0), PSD_SW_OK);
  expect_secure(&r, "0047800000", "6985");
  expect_secure(&r, "0047810000", "7F4943 8641 04..{64} 9000");
  rig_destroy(&r);
}

/* The secret's bytes are in memory once a pair was made, and those of the pair before it are not: 8 of them in a row,
 * for a value may go on in another page (docs/store.md). */
static bool memory_holds(const uint8_t *bytes, size_t length) {
  const size_t part = 8;
  size_t size = psd_nvm_ram_size(&r.ram);
  uint8_t *memory = malloc(size);
  CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
  psd_nvm_ram_save(&r.ram, memory);
  bool found = false;
  for (size_t from = 0; from + part <= length; from += part)
    for (size_t i = 0; i + part <= size && !found; i++)
      found = memcmp(memory + i, bytes + from, part) == 0;
  free(memory);
  return found;
}

static void replaced_secret_is_gone(void) {
  uint8_t first[PSD_P256_SECRET], second[PSD_P256_SECRET];
  size_t length = 0;
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "0047800000", "7F49* 9000");
  CU_ASSERT_EQUAL(psd_store_read(&r.card->store, PSD_RECORD_KEY_PAIR, first, sizeof first, &length), PSD_STORE_OK);
  expect_secure(&r, "0047800000", "7F49* 9000");
  CU_ASSERT_EQUAL(psd_store_read(&r.card->store, PSD_RECORD_KEY_PAIR, second, sizeof second, &length), PSD_STORE_OK);
  CU_ASSERT_TRUE(memory_holds(second, sizeof second));
  CU_ASSERT_FALSE(memory_holds(first, sizeof first));
  rig_destroy(&r);
}

/* A PSD with a pair of its own signs with it. */
static void key_pair_signs_the_audit(void) {
  static const psd_suite suites[] = {PSD_SUITE_P256, PSD_SUITE_RSA, PSD_SUITE_SHARED};
  meter_bench(&r, &m, PSD_STATE_MANUFACTURED, true);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "0047800000", "7F49* 9000");
  memcpy(m.point, r.response + 5, sizeof m.point);
  m.pair = true;
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  for (size_t i = 0; i < PSD_CHECK_COUNT(suites); i++) {
    meter_open(&m, suites[i]);
    CU_ASSERT_EQUAL(m.audit.type, PSD_SIGNATURE_ECDSA);
  }
  end();
}

static void key_pair_needs_randomness(void) {
  rig_create(&r);
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  r.entropy_fail_in = 1;
  r.card->drbg.calls = PSD_DRBG_RESEED;
  uint64_t operations = r.ram.operations;
  expect_secure(&r, "0047800000", "6400");
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_RANDOM);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"without a policy: p256 with forward secrecy and nothing else", without_a_policy},
      {"the policy says which suites", the_policy_rules},
      {"a key that is missing", missing_keys},
      {"a malformed sign-on", malformed_sign_on},
      {"a malformed audit request", malformed_audit_request},
      {"the Host's keys leave in one piece", keys_leave_in_one_piece},
      {"no sign-on without randomness", without_randomness},
      {"nor where it fails half-way", randomness_fails_half_way},
      {"the key pair is made by the personaliser", key_pair_is_the_personalisers},
      {"a secret that was replaced leaves the memory", replaced_secret_is_gone},
      {"the key pair signs the audit", key_pair_signs_the_audit},
      {"no key pair without randomness", key_pair_needs_randomness},
  };
  return psd_check_run("session: keys", tests, PSD_CHECK_COUNT(tests));
}
