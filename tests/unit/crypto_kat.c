/* The known-answer tests themselves, set-up, and both from several threads at once. */
#include <stdatomic.h>
#include <threads.h>

#include "check.h"
#include "crypto_support.h"

static void set_up_is_idempotent(void) {
  CU_ASSERT(psd_crypto_init());
  CU_ASSERT(psd_crypto_init());
  CU_ASSERT_STRING_EQUAL(psd_crypto_math(), PSD_EXPECTED_MATH);
}

static void every_test_passes(void) {
  for (unsigned i = 0; i < PSD_KAT_COUNT; i++) {
    bool passed = psd_kat_run((psd_kat)i);
    if (!passed)
      CU_FAIL(psd_kat_name((psd_kat)i));
    CU_ASSERT(passed);
  }
}

static void names_tell_tests_apart(void) {
  for (unsigned i = 0; i < PSD_KAT_COUNT; i++) {
    CU_ASSERT_FATAL(psd_kat_name((psd_kat)i) != NULL);
    CU_ASSERT(strlen(psd_kat_name((psd_kat)i)) > 0);
    for (unsigned j = 0; j < i; j++)
      CU_ASSERT_STRING_NOT_EQUAL(psd_kat_name((psd_kat)i), psd_kat_name((psd_kat)j));
  }
}

static void unknown_tests_fail(void) {
  CU_ASSERT(!psd_kat_run(PSD_KAT_COUNT));
  CU_ASSERT(psd_kat_name(PSD_KAT_COUNT) != NULL);
}

static void the_power_up_set_is_the_cheap_half(void) {
  CU_ASSERT_EQUAL(PSD_KAT_POWER_UP >> PSD_KAT_DRBG, 1U);
  CU_ASSERT_EQUAL(PSD_KAT_POWER_UP & (1U << PSD_KAT_P256_VERIFY), 0U);
}

static atomic_uint failures;

static int run_everything(void *unused) {
  (void)unused;
  for (unsigned i = 0; i < PSD_KAT_COUNT; i++)
    if (!psd_kat_run((psd_kat)i))
      atomic_fetch_add(&failures, 1);
  return 0;
}

static void threads_do_not_disturb_one_another(void) {
  thrd_t threads[4];
  for (size_t i = 0; i < PSD_CHECK_COUNT(threads); i++)
    CU_ASSERT_FATAL(thrd_create(&threads[i], run_everything, NULL) == thrd_success);
  for (size_t i = 0; i < PSD_CHECK_COUNT(threads); i++)
    CU_ASSERT_EQUAL(thrd_join(threads[i], NULL), thrd_success);
  CU_ASSERT_EQUAL(atomic_load(&failures), 0U);
}

int main(void) {
  /* Threads come first: they race for the set-up. */
  static const psd_check_test tests[] = {
      {"four threads set up and run all tests at once", threads_do_not_disturb_one_another},
      {"setting up again changes nothing; the math layer is the one that was built", set_up_is_idempotent},
      {"every known-answer test passes", every_test_passes},
      {"every known-answer test has a name of its own", names_tell_tests_apart},
      {"a test that does not exist fails", unknown_tests_fail},
      {"the power-up set is all up to the generator and nothing of public keys", the_power_up_set_is_the_cheap_half},
  };
  return psd_check_run("crypto known-answer tests", tests, PSD_CHECK_COUNT(tests));
}
