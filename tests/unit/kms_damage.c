/* Keys and log in their folder, damaged, cut off and put back: what is noticed. */
#include "kms_folder.h"

#include <string.h>

/* Every bit, with the store key at hand. What does not open leaves the ring empty. */
static void expect_sealed(const psd_kms *kms, uint8_t *keys, size_t length) {
  static psd_kms_anchor anchor;
  psd_keyring *ring = psd_keyring_new();
  const uint8_t *store_key = psd_kms_keys(kms)->store_key;
  CU_ASSERT_PTR_NOT_NULL_FATAL(ring);
  for (size_t bit = 0; bit < length * 8; bit++) {
    keys[bit / 8] ^= (uint8_t)(1U << bit % 8);
    if (psd_kms_open_keys(keys, length, store_key, ring, &anchor) || ring->count != 0)
      CU_FAIL("damaged keys were opened");
    keys[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  CU_ASSERT(psd_kms_open_keys(keys, length, store_key, ring, &anchor));
  CU_ASSERT_EQUAL(ring->count, 13);
  psd_keyring_free(ring);
}

static void damaged_keys(void) {
  static uint8_t good[BYTES_MAX], bad[BYTES_MAX];
  begin();
  psd_kms *kms = must_open();
  size_t length = load("keys", good);
  expect_sealed(kms, good, length);
  /* Of the head a bit in each byte: the passphrase takes its time. */
  for (size_t at = 0; at < PSD_SIZE_KMS_SEAL; at++) {
    memcpy(bad, good, length);
    bad[at] ^= (uint8_t)(1U << at % 8);
    store("keys", bad, length);
    if (opens() || psd_kms_reload(kms, why))
      CU_FAIL("damaged keys were opened");
  }
  psd_kms_close(kms);
  for (size_t shorter = 0; shorter < length; shorter += 67) {
    store("keys", good, shorter);
    CU_ASSERT(!opens());
  }
  store("keys", good, length);
  CU_ASSERT(opens());
  end();
}

/* Every third bit, so all eight of a byte in turn: noticed by the chain and the head, some also by a scan that looks at
 * every signature. */
static void expect_chained(const psd_kms *kms, const char *name, const uint8_t *good, size_t length) {
  static uint8_t bad[BYTES_MAX];
  psd_kms_tail tail;
  psd_kms_log_checks scan = {.point = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_LOG)->point};
  memcpy(bad, good, length);
  for (size_t bit = 0; bit < length * 8; bit += 3) {
    bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
    scan.every_signature = bit % 8 == 0;
    store(name, bad, length);
    if (psd_kms_log_check(psd_kms_folder(kms), &scan, &tail, why))
      CU_FAIL("a damaged log was accepted");
    bad[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t shorter = 0; shorter < length; shorter += 3) {
    store(name, good, shorter);
    CU_ASSERT(!psd_kms_log_check(psd_kms_folder(kms), &scan, &tail, why));
  }
  store(name, good, length);
}

static void damaged_log(void) {
  static uint8_t good[BYTES_MAX];
  static const char *const names[] = {"log", "log.head"};
  begin();
  psd_kms *kms = must_open();
  append(kms, 3);
  for (size_t which = 0; which < 2; which++)
    expect_chained(kms, names[which], good, load(names[which], good));
  const psd_kms_key *key = psd_keyring_active(psd_kms_keys(kms), PSD_KMS_LOG);
  const psd_kms_log_checks scan = {.point = key->point, .every_signature = true};
  psd_kms_tail tail;
  CU_ASSERT(psd_kms_log_check(psd_kms_folder(kms), &scan, &tail, why));
  drop("log.head");
  CU_ASSERT(!psd_kms_log_check(psd_kms_folder(kms), &scan, &tail, why));
  CU_ASSERT(!opens());
  psd_kms_close(kms);
  end();
}

/* Old keys put back would bring a retired K2 to life; an old log would forget that it was. */
static void rolled_back(void) {
  static uint8_t keys[BYTES_MAX], log[BYTES_MAX], head[BYTES_MAX];
  begin();
  size_t keys_length = load("keys", keys), log_length = load("log", log), head_length = load("log.head", head);
  psd_kms *kms = must_open();
  CU_ASSERT(psd_kms_replace_key(kms, PSD_KMS_VENDOR, 0, BENCH_NOW + 1, why));
  append(kms, 1);
  psd_kms_close(kms);
  static uint8_t new_keys[BYTES_MAX];
  size_t new_length = load("keys", new_keys);
  store("keys", keys, keys_length);
  CU_ASSERT(!opens());
  store("keys", new_keys, new_length);
  CU_ASSERT(opens());
  store("log", log, log_length);
  store("log.head", head, head_length);
  /* The log as it was before the change: the change itself is written again, what came after is lost with it. */
  CU_ASSERT(opens());
  store("log", log, log_length - PSD_KMS_ENTRY);
  store("log.head", head, head_length);
  CU_ASSERT(!opens());
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every damaged bit of the keys is noticed", damaged_keys},
      {"damaged bits of the log, and ends cut off, are noticed", damaged_log},
      {"old keys and old logs are noticed", rolled_back},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms damage", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
