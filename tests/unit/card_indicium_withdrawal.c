/* WITHDRAWAL INDICIUM: proof of the last withdrawal of funds, once (docs/evidence.md). */
#include "check.h"
#include "evidence.h"
#include "psd/spec/session.h"

#include <string.h>

static rig r;

static void enter(const psd_core *core) {
  rig_set_core(&r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

/* A card whose last operation is this one. */
static void begin(psd_operation_state state, psd_group group, uint64_t amount) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.operation = (psd_operation){.operation = state, .group = group, .sequence = 6, .amount = amount};
  enter(&core);
}

static void refused(unsigned profile, uint16_t status) {
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(evidence_withdrawal(&r, profile), status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
}

static void check(const evidence_made *made, psd_profile_id profile, uint64_t amount) {
  CU_ASSERT(made->head.kind == PSD_EVIDENCE_WITHDRAWAL && made->head.profile == profile);
  CU_ASSERT(made->head.postage == 0 && made->head.destination == amount && made->head.mail_class == 0);
  CU_ASSERT(made->head.ascending == 1000 && made->head.descending == 9000 && made->head.piece_count == 3);
  CU_ASSERT(made->head.date == EVIDENCE_TODAY && made->head.time == RIG_TIME);
  CU_ASSERT(made->head.vendor_digits == 5 && made->head.postal_digits == 8);
  CU_ASSERT(made->indicium.destination == amount && made->indicium.postage == 0 && made->indicium.piece_count == 3);
  CU_ASSERT_EQUAL(made->indicium.category, PSD_EVIDENCE_WITHDRAWAL << 13 | 8191);
}

static void proved(psd_profile_id profile, psd_operation_state state, psd_group group) {
  begin(state, group, 4000);
  CU_ASSERT_EQUAL_FATAL(evidence_withdrawal(&r, profile), PSD_SW_OK);
  const evidence_made made = evidence_take(&r);
  check(&made, profile, 4000);
  const psd_registers *registers = &r.card->core.postage;
  CU_ASSERT(registers->ascending == 1000 && registers->descending == 9000 && registers->piece_count == 3);
  CU_ASSERT_EQUAL(r.card->core.evidence.withdrawal, 6);
  rig_destroy(&r);
}

static void each_way(void) {
  proved(PSD_PROFILE_P256, PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE);
  proved(PSD_PROFILE_P256, PSD_OPERATION_WITHDRAWING, PSD_GROUP_POSTAGE);
  proved(PSD_PROFILE_DSA, PSD_OPERATION_WITHDRAWN, PSD_GROUP_CERTIFICATE);
}

static void once(void) {
  begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 4000);
  CU_ASSERT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), PSD_SW_OK);
  const evidence_bytes made = evidence_keep(&r);
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  r.seconds += 86400;
  CU_ASSERT(evidence_withdrawal(&r, PSD_PROFILE_P256) == PSD_SW_OK && evidence_same(&r, &made));
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made));
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
  refused(PSD_PROFILE_DSA, PSD_SW_CONDITIONS); /* another proof of the same money */
  psd_card_reset(r.card);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  CU_ASSERT(evidence_withdrawal(&r, PSD_PROFILE_P256) == PSD_SW_OK && evidence_same(&r, &made));
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_TEST, &wish), PSD_SW_OK);
  refused(PSD_PROFILE_P256, PSD_SW_CONDITIONS); /* it is no longer kept */
  psd_core next = r.card->core;
  next.operation.sequence++;
  enter(&next);
  CU_ASSERT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), PSD_SW_OK); /* the next withdrawal */
  CU_ASSERT_EQUAL(evidence_take(&r).head.piece_count, 5);
  rig_destroy(&r);
}

static void no_withdrawal(void) {
  static const psd_operation_state others[] = {PSD_OPERATION_NONE, PSD_OPERATION_LOADING, PSD_OPERATION_LOADED,
                                               PSD_OPERATION_LOAD_CANCELLED};
  for (size_t i = 0; i < PSD_CHECK_COUNT(others); i++) {
    begin(others[i], PSD_GROUP_POSTAGE, 4000);
    refused(PSD_PROFILE_P256, PSD_SW_CONDITIONS);
    rig_destroy(&r);
  }
}

static void profiles(void) {
  begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 4000);
  refused(PSD_PROFILE_COMPACT, PSD_SW_FUNCTION_UNSUPPORTED);
  for (unsigned profile = 4; profile < 256; profile += 9)
    refused(profile, PSD_SW_FUNCTION_UNSUPPORTED);
  refused(0, PSD_SW_FUNCTION_UNSUPPORTED);
  const psd_evidence_policy policy = {
      .country = "US", .profiles = 1U << PSD_PROFILE_DSA, .ahead = 0, .offset = PSD_OFFSET_UTC};
  evidence_policy(&r, &policy);
  refused(PSD_PROFILE_P256, PSD_SW_FUNCTION_UNSUPPORTED);
  const psd_store_put gone = {.record = PSD_RECORD_DSA};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  refused(PSD_PROFILE_DSA, PSD_SW_REFERENCE_NOT_FOUND);
  rig_destroy(&r);
}

/* What an indicium has room for. */
static void amounts(void) {
  begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, UINT64_C(0x10000000000));
  refused(PSD_PROFILE_P256, PSD_SW_CONDITIONS);
  psd_core core = r.card->core;
  core.operation.amount--;
  core.postage.piece_count = UINT32_MAX;
  enter(&core);
  refused(PSD_PROFILE_P256, PSD_SW_CONDITIONS);
  core.postage.piece_count--;
  enter(&core);
  CU_ASSERT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), PSD_SW_OK);
  const evidence_made made = evidence_take(&r);
  CU_ASSERT(made.indicium.destination == UINT64_C(0xFFFFFFFFFF) && made.indicium.piece_count == UINT32_MAX);
  rig_destroy(&r);
}

static void clock_never_set(void) {
  begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 4000);
  psd_core core = r.card->core;
  core.clock = (psd_clock_state){0};
  enter(&core);
  refused(PSD_PROFILE_P256, PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* On account the final withdrawal, of nothing, is all there is. */
static void on_account(void) {
  begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 0);
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 5000};
  core.postage = (psd_registers){.ascending = 5000, .piece_count = 2};
  core.head.state = PSD_STATE_WITHDRAWN;
  enter(&core);
  CU_ASSERT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), PSD_SW_OK);
  const evidence_made made = evidence_take(&r);
  CU_ASSERT(made.head.ascending == 5000 && made.head.destination == 0 && made.head.piece_count == 3);
  rig_destroy(&r);
}

static void in_each_state(void) {
  static const struct {
    psd_state state;
    uint16_t status;
  } samples[] = {{PSD_STATE_LOCKED, PSD_SW_OK},
                 {PSD_STATE_WITHDRAWN, PSD_SW_OK},
                 {PSD_STATE_AUTHORIZED, PSD_SW_CONDITIONS},
                 {PSD_STATE_INITIALIZED, PSD_SW_CONDITIONS}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    begin(PSD_OPERATION_WITHDRAWN, PSD_GROUP_POSTAGE, 4000);
    psd_core core = r.card->core;
    core.head.state = samples[i].state;
    enter(&core);
    CU_ASSERT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), samples[i].status);
    if (samples[i].status == PSD_SW_OK) {
      const evidence_bytes made = evidence_keep(&r);
      CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made));
    }
    psd_card_reset(r.card);
    rig_select(&r);
    CU_ASSERT_NOT_EQUAL(evidence_withdrawal(&r, PSD_PROFILE_P256), PSD_SW_OK); /* without the PIN */
    rig_destroy(&r);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a withdrawal is proved", each_way},       {"once, and the same bytes as long as they are kept", once},
      {"there was no withdrawal", no_withdrawal}, {"profiles that have place for the amount", profiles},
      {"an amount that does not fit", amounts},   {"the clock was never set", clock_never_set},
      {"a current account", on_account},          {"locked and withdrawn cards too", in_each_state},
  };
  return psd_check_run("WITHDRAWAL INDICIUM", tests, PSD_CHECK_COUNT(tests));
}
