/* The PSD's DSA key (docs/evidence.md, "The DSA key"): made on the card, vouched for by its P-256 pair. */
#include "check.h"
#include "expect.h"
#include "meter.h"
#include "sample.h"

#include <string.h>

static rig r;

static void begin(void) {
  rig_create(&r);
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  expect_selected(&r);
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
}

static void end(void) {
  rig_destroy(&r);
}

static void read_record(uint16_t record, void *bytes, size_t capacity) {
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r.card->store, record, bytes, capacity, &length), PSD_STORE_OK);
  CU_ASSERT_EQUAL_FATAL(length, capacity);
}

/* Makes both pairs. */
static void make_pairs(void) {
  expect_secure(&r, "0047800000", "7F4943 8641 04..{64} 9000");
  expect_secure(&r, "0047800100", "7F498183 848180 ..{128} 9000");
}

/* DSA_KEY verifies under the point of the P-256 pair; the secret belongs to y, and signs. */
static void check_key(void) {
  static const char label[] = "psd dsa key";
  static const uint8_t device[] = {'P', 'B', 'S', '1', 0x00, 0xC0, 0xFF, 0xEE};
  uint8_t key[PSD_SIZE_DSA_KEY], point[PSD_POINT], secret[PSD_DSA_SECRET], y[PSD_DSA_PUBLIC];
  read_record(PSD_RECORD_OBJECT + PSD_OBJECT_DSA_KEY, key, sizeof key);
  read_record(PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_PUBLIC, point, sizeof point);
  read_record(PSD_RECORD_DSA, secret, sizeof secret);
  const psd_part parts[] = {{label, sizeof label - 1}, {device, sizeof device}, {key, sizeof y}};
  CU_ASSERT_TRUE(psd_point_verify(point, parts, 3, key + sizeof y));
  key[5] ^= 1;
  CU_ASSERT_FALSE(psd_point_verify(point, parts, 3, key + sizeof y));
  key[5] ^= 1;
  CU_ASSERT(psd_dsa_public(secret, y) && memcmp(y, key, sizeof y) == 0);
}

static void who_may_make_it_and_when(void) {
  rig_create(&r);
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  expect_selected(&r);
  expect(&r, "0047810100", "6A88");
  expect(&r, "00CADF4400", "6A88");
  expect(&r, "0047800100", "6982");
  expect(&r, "0047800200", "6A86");
  expect(&r, "0047810200", "6A86");
  expect(&r, "0047820100", "6A86");
  CU_ASSERT_EQUAL_FATAL(rig_open_channel(&r, 0x33), PSD_SW_OK);
  expect_secure(&r, "0047800100", "6985"); /* no P-256 pair */
  make_pairs();
  uint8_t y[PSD_DSA_PUBLIC];
  memcpy(y, r.response + 7, sizeof y);
  check_key();
  expect_secure(&r, "0047810100", "7F498183 848180 ..{128} 9000");
  CU_ASSERT_EQUAL(memcmp(r.response + 7, y, sizeof y), 0);
  expect_secure(&r, "00CADF4400", "..{192} 9000");
  CU_ASSERT_EQUAL(memcmp(r.response, y, sizeof y), 0);
  expect_secure(&r, "00CADF3A00", "0110 0300 9000"); /* both pairs */
  uint8_t bytes[2048];
  psd_buffer block = psd_buffer_over(bytes, sizeof bytes);
  sample_put_mandatory(&block, PSD_OBJECT_COUNT);
  CU_ASSERT_EQUAL_FATAL(sample_store(&r, &block, true, 0), PSD_SW_OK);
  expect_secure(&r, "0047800100", "6985"); /* INITIALIZED */
  expect_secure(&r, "0047810100", "7F498183 848180 ..{128} 9000");
  end();
}

static void it_is_logged_and_kept(void) {
  begin();
  expect_secure(&r, "0047800000", "7F49* 9000");
  uint64_t count = r.card->core.log.count;
  expect_secure(&r, "0047800100", "7F49* 9000");
  CU_ASSERT_EQUAL(r.card->core.log.count, count + 1);
  CU_ASSERT_NOT_EQUAL(r.card->core.head.written & UINT64_C(1) << PSD_OBJECT_DSA_KEY, 0);
  expect_secure(&r, "00B2012C00", "*DF44 * 9000");
  psd_card_reset(r.card);
  check_key();
  end();
}

static void another_one_replaces_it(void) {
  uint8_t first[PSD_DSA_SECRET], second[PSD_DSA_SECRET];
  begin();
  make_pairs();
  read_record(PSD_RECORD_DSA, first, sizeof first);
  expect_secure(&r, "0047800100", "7F49* 9000");
  read_record(PSD_RECORD_DSA, second, sizeof second);
  check_key();
  CU_ASSERT_NOT_EQUAL(memcmp(first, second, sizeof first), 0);
  CU_ASSERT(rig_memory_holds(&r, second, sizeof second) && !rig_memory_holds(&r, first, sizeof first));
  end();
}

/* Another P-256 pair vouches for nothing: the DSA pair goes with the one before. */
static void another_p256_pair_ends_it(void) {
  uint8_t secret[PSD_DSA_SECRET];
  begin();
  make_pairs();
  read_record(PSD_RECORD_DSA, secret, sizeof secret);
  expect_secure(&r, "0047800000", "7F49* 9000");
  CU_ASSERT(psd_store_length(&r.card->store, PSD_RECORD_DSA) < 0 && !rig_memory_holds(&r, secret, sizeof secret));
  expect_secure(&r, "00CADF4400", "6A88");
  expect_secure(&r, "0047810100", "6A88");
  expect_secure(&r, "00CADF3A00", "0110 0100 9000");
  expect_secure(&r, "0047800100", "7F49* 9000");
  check_key();
  end();
}

/* It is signed for an identity, which from then on stays. */
static void identity_is_settled_first(void) {
  begin();
  expect_secure(&r, "80E21000 0B DF2008 5042 5331 00C0FFEE", "9000");
  make_pairs();
  expect_secure(&r, "80E21001 0B DF2008 5042 5331 00C0FFEF", "6985");
  check_key();
  end();
}

static void randomness_fails(void) {
  begin();
  expect_secure(&r, "0047800000", "7F49* 9000");
  r.entropy_fail_in = 1;
  r.card->drbg.calls = PSD_DRBG_RESEED;
  uint64_t operations = r.ram.operations;
  expect_secure(&r, "0047800100", "6400");
  CU_ASSERT(r.ram.operations == operations && r.card->fault == PSD_FAULT_RANDOM);
  end();
}

static void algorithm_fails(void) {
  begin();
  expect_secure(&r, "0047800000", "7F49* 9000");
  r.card->kats_run |= 1U << PSD_KAT_DSA;
  r.card->kats_failed |= 1U << PSD_KAT_DSA;
  expect_secure(&r, "0047800100", "6400");
  CU_ASSERT(psd_store_length(&r.card->store, PSD_RECORD_DSA) < 0);
  end();
}

static void memory_fails(void) {
  begin();
  make_pairs();
  const psd_store_put no_identity = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID};
  const psd_store_put short_secret = {
      .record = PSD_RECORD_KEY_PAIR, .length = 33, .value = "123456789012345678901234567890123"};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &no_identity, 1), PSD_STORE_OK);
  expect_secure(&r, "0047800100", "6581");
  rig_put_object(&r, PSD_OBJECT_DEVICE_ID, "PBS1abcd", 8);
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &short_secret, 1), PSD_STORE_OK);
  expect_secure(&r, "0047800100", "6581");
  end();
}

/* The self-test has it, though not at power-up. */
static void self_test(void) {
  begin();
  CU_ASSERT_EQUAL(r.card->kats_run & 1U << PSD_KAT_DSA, 0);
  psd_card_reset(r.card);
  expect_selected(&r);
  expect(&r, "8010000000", "FFFF 0000 9000");
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"in MANUFACTURED, by the personaliser, once there is a P-256 pair", who_may_make_it_and_when},
      {"it is logged and kept", it_is_logged_and_kept},
      {"another one", another_one_replaces_it},
      {"another P-256 pair", another_p256_pair_ends_it},
      {"the identity comes first", identity_is_settled_first},
      {"no randomness", randomness_fails},
      {"a known-answer test that failed", algorithm_fails},
      {"memory that does not hold what it should", memory_fails},
      {"SELF TEST", self_test},
  };
  return psd_check_run("DSA key", tests, PSD_CHECK_COUNT(tests));
}
