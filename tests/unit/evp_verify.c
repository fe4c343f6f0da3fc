/* Signatures of many keys, one after the other: what verifies them is kept from one to the next. */
#include <string.h>

#include "check.h"
#include "crypto/evp.h"

#define KEYS 4U
#define ROUNDS 50U

typedef struct signed_by {
  uint8_t point[PSD_POINT], signature[64];
} signed_by;

static const psd_part text = {"a piece of mail", 15};

static void sign_all(signed_by all[KEYS]) {
  for (size_t i = 0; i < KEYS; i++) {
    psd_pair *pair = psd_pair_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
    psd_pair_point(pair, all[i].point);
    CU_ASSERT_TRUE_FATAL(psd_pair_sign(pair, &text, 1, all[i].signature));
    psd_pair_free(pair);
  }
}

static void test_each_its_own(void) {
  signed_by all[KEYS];
  sign_all(all);
  for (size_t round = 0; round < ROUNDS; round++)
    for (size_t key = 0; key < KEYS; key++)
      for (size_t of = 0; of < KEYS; of++)
        CU_ASSERT_EQUAL(psd_point_verify(all[key].point, &text, 1, all[of].signature), key == of);
}

/* The key before must not step in for one that is none. */
static void test_no_key(void) {
  signed_by all[KEYS];
  sign_all(all);
  for (size_t i = 0; i < KEYS; i++) {
    uint8_t damaged[PSD_POINT];
    memcpy(damaged, all[i].point, sizeof damaged);
    damaged[PSD_POINT - 1] ^= 1;
    CU_ASSERT_TRUE(psd_point_verify(all[i].point, &text, 1, all[i].signature));
    CU_ASSERT_FALSE(psd_point_verify(damaged, &text, 1, all[i].signature));
    memset(damaged, 0, sizeof damaged);
    CU_ASSERT_FALSE(psd_point_verify(damaged, &text, 1, all[i].signature));
    CU_ASSERT_TRUE(psd_point_verify(all[i].point, &text, 1, all[i].signature));
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"each key has its own signatures", test_each_its_own},
      {"what is no key verifies nothing", test_no_key},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("evp_verify", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
