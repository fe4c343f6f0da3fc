/* CREATE INDICIUM when something fails: nothing is debited without evidence, and no secret is signed with that could be
 * guessed. */
#include "check.h"
#include "evidence.h"

#include <string.h>

static rig r;

/* The random generator fails in the middle: no signature, no debit, FAULTED. */
static void entropy_fails(psd_profile_id profile) {
  evidence_begin(&r);
  const psd_core core = r.card->core;
  const psd_indicium_wish wish = evidence_letter(profile);
  r.card->drbg.calls = PSD_DRBG_RESEED; /* it wants fresh entropy now */
  r.entropy_fail_in = 1;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT(psd_card_state(r.card) == PSD_STATE_FAULTED && r.card->fault == PSD_FAULT_RANDOM);
  CU_ASSERT_EQUAL(memcmp(&core, &r.card->core, sizeof core), 0);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_CONDITIONS);
  r.entropy_fail_in = 0;
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(memcmp(&core.postage, &r.card->core.postage, sizeof core.postage), 0);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  CU_ASSERT_EQUAL(evidence_last(&r), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_OK);
  rig_destroy(&r);
}

static void without_entropy(void) {
  entropy_fails(PSD_PROFILE_P256);
  entropy_fails(PSD_PROFILE_DSA);
}

/* A MAC needs no randomness. */
static void compact_without_entropy(void) {
  evidence_begin(&r);
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_COMPACT);
  r.card->drbg.calls = PSD_DRBG_RESEED;
  r.entropy_fail_in = 1;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_take(&r).head.piece_count, 3);
  rig_destroy(&r);
}

/* An algorithm that failed its known-answer test is not used. */
static void failed_algorithm(psd_profile_id profile, psd_kat test) {
  evidence_begin(&r);
  const psd_core core = r.card->core;
  const psd_indicium_wish wish = evidence_letter(profile);
  uint16_t bit = (uint16_t)(1U << test);
  CU_ASSERT_EQUAL(r.card->kats_run & bit, 0);
  r.card->kats_run |= bit;
  r.card->kats_failed |= bit;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(memcmp(&core, &r.card->core, sizeof core), 0);
  rig_destroy(&r);
}

static void known_answers(void) {
  failed_algorithm(PSD_PROFILE_P256, PSD_KAT_P256_SIGN);
  failed_algorithm(PSD_PROFILE_DSA, PSD_KAT_DSA);
}

static void known_answers_run_before_the_first_use(void) {
  evidence_begin(&r);
  const uint16_t bits = 1U << PSD_KAT_P256_SIGN | 1U << PSD_KAT_DSA;
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(r.card->kats_run & bits, 0);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->kats_run & bits, 1U << PSD_KAT_P256_SIGN);
  wish.profile = PSD_PROFILE_DSA;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->kats_run & bits, bits);
  rig_destroy(&r);
}

/* A record that is not there any more or not of its length. */
static void rotten(uint16_t record, size_t length) {
  static const uint8_t bytes[PSD_STORE_VALUE_MAX] = {0};
  evidence_begin(&r);
  const psd_store_put put = {.record = record, .length = (uint16_t)length, .value = bytes};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  const psd_core core = r.card->core;
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_EQUAL(memcmp(&core, &r.card->core, sizeof core), 0);
  rig_destroy(&r);
}

static void rotten_records(void) {
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_LICENCE, PSD_SIZE_LICENCE - 1);
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID, PSD_SIZE_DEVICE_ID + 1);
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_EVIDENCE_POLICY, 1);
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE, PSD_STORE_VALUE_MAX);
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_TOKEN_KEY, 3);
  rotten(PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE, 200);
}

/* A card without its identity says nothing. */
static void no_identity(void) {
  evidence_begin(&r);
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_DEVICE_ID};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_MEMORY_FAILURE);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the random generator fails", without_entropy},
      {"the compact profile needs no randomness", compact_without_entropy},
      {"an algorithm failed its known-answer test", known_answers},
      {"known-answer tests run before the first use", known_answers_run_before_the_first_use},
      {"records that cannot be read", rotten_records},
      {"a card without identity", no_identity},
  };
  return psd_check_run("CREATE INDICIUM: failures", tests, PSD_CHECK_COUNT(tests));
}
