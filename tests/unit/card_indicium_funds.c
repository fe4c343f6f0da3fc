/* CREATE INDICIUM and money: limits, modes of the registers, and the edges of the fields (docs/evidence.md). */
#include "check.h"
#include "evidence.h"

#include <string.h>

#define POSTAGE PSD_EVIDENCE_POSTAGE
#define CORRECTION PSD_EVIDENCE_CORRECTION
#define TEST PSD_EVIDENCE_TEST

static rig r;

static void enter(const psd_core *core) {
  rig_set_core(&r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static void refused(unsigned kind, const psd_indicium_wish *wish, uint16_t status) {
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(evidence_create(&r, kind, wish), status);
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
}

/* A postage correction of this amount: nothing but money decides. */
static uint16_t correct(uint64_t amount) {
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  wish.postage = amount;
  return evidence_create(&r, CORRECTION, &wish);
}

static void not_corrected(uint64_t amount, uint16_t status) {
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  wish.postage = amount;
  refused(CORRECTION, &wish, status);
}

static psd_registers group_of(uint64_t ascending, uint64_t descending, uint64_t pieces) {
  return (psd_registers){
      .ascending = ascending, .descending = descending, .control_total = ascending + descending, .piece_count = pieces};
}

static void limits(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  psd_indicium_wish letter = evidence_letter(PSD_PROFILE_COMPACT);
  core.limits.minimum_postage = EVIDENCE_LETTER + 1;
  enter(&core);
  refused(POSTAGE, &letter, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(correct(1), PSD_SW_OK); /* the minimum is that of pieces */
  psd_indicium_wish test = evidence_empty(PSD_PROFILE_COMPACT);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK);
  core = r.card->core;
  core.limits.minimum_postage = EVIDENCE_LETTER;
  core.limits.maximum_postage = EVIDENCE_LETTER;
  enter(&core);
  CU_ASSERT_EQUAL(evidence_create(&r, POSTAGE, &letter), PSD_SW_OK);
  not_corrected(EVIDENCE_LETTER + 1, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(correct(EVIDENCE_LETTER), PSD_SW_OK);
  core = r.card->core;
  core.limits.minimum_postage = 0;
  core.limits.maximum_postage = EVIDENCE_LETTER - 1;
  enter(&core);
  refused(POSTAGE, &letter, PSD_SW_WRONG_DATA);
  letter.postage++;
  refused(POSTAGE, &letter, PSD_SW_WRONG_DATA);
  rig_destroy(&r);
}

/* What is above a limit is told before what there are no funds for. */
static void funds(void) {
  evidence_begin(&r);
  not_corrected(9001, PSD_SW_CONDITIONS);
  not_corrected(99991, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(correct(8999), PSD_SW_OK);
  not_corrected(2, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(1), PSD_SW_OK);
  CU_ASSERT(r.card->core.postage.ascending == 10000 && r.card->core.postage.descending == 0);
  not_corrected(1, PSD_SW_CONDITIONS);
  const psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  refused(POSTAGE, &letter, PSD_SW_CONDITIONS);
  const psd_indicium_wish test = evidence_empty(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK); /* that costs nothing */
  CU_ASSERT(r.card->core.postage.ascending == 10000 && r.card->core.postage.piece_count == 5);
  rig_destroy(&r);
}

static void merged(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.funds.mode = PSD_FUNDS_MERGED;
  core.postage = group_of(10, 100, 7);
  enter(&core);
  not_corrected(101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(100), PSD_SW_OK);
  const psd_registers *registers = &r.card->core.postage;
  CU_ASSERT(registers->ascending == 110 && registers->descending == 0 && registers->control_total == 110);
  CU_ASSERT_EQUAL(registers->piece_count, 8);
  rig_destroy(&r);
}

/* The other group's funds are not the postage's. */
static void separate(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = group_of(10, 100, 7);
  core.certificate = group_of(50, 5000, 3);
  enter(&core);
  not_corrected(101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(100), PSD_SW_OK);
  CU_ASSERT(r.card->core.certificate.descending == 5000 && r.card->core.certificate.piece_count == 3);
  rig_destroy(&r);
}

/* On account: no descending register; both groups together within the credit. */
static void on_account(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 1000};
  core.postage = (psd_registers){.ascending = 600, .piece_count = 7};
  core.certificate = (psd_registers){.ascending = 300, .piece_count = 1};
  enter(&core);
  not_corrected(101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(99), PSD_SW_OK);
  psd_evidence_head head = evidence_take(&r).head;
  CU_ASSERT(head.ascending == 699 && head.descending == 0 && head.piece_count == 8);
  CU_ASSERT_EQUAL(correct(1), PSD_SW_OK);
  not_corrected(1, PSD_SW_CONDITIONS);
  const psd_registers *registers = &r.card->core.postage;
  CU_ASSERT(registers->ascending == 700 && registers->descending == 0 && registers->control_total == 0);
  psd_indicium_wish test = evidence_empty(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK);
  core = r.card->core;
  core.funds.credit_limit = UINT64_MAX;
  core.postage.ascending = UINT64_MAX - 310;
  enter(&core);
  not_corrected(400, PSD_SW_CONDITIONS); /* the sum would wrap around */
  rig_destroy(&r);
}

/* 5 bytes of ascending register, 4 of the descending one, 4 of the piece count. */
static void edges_of_the_fields(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = group_of(PSD_ASCENDING_MOST - 10, 100, 7);
  enter(&core);
  not_corrected(11, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(10), PSD_SW_OK);
  psd_indicium_wish test = evidence_empty(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_take(&r).indicium.ascending, PSD_ASCENDING_MOST);
  not_corrected(1, PSD_SW_CONDITIONS);
  core = r.card->core;
  core.postage = group_of(5, PSD_DESCENDING_MOST + 10, 7);
  enter(&core);
  not_corrected(9, PSD_SW_CONDITIONS);
  refused(TEST, &test, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(correct(10), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_take(&r).indicium.descending, PSD_DESCENDING_MOST);
  core = r.card->core;
  core.postage = group_of(5, 1000, UINT32_MAX - 1);
  enter(&core);
  CU_ASSERT_EQUAL(evidence_create(&r, TEST, &test), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_take(&r).indicium.piece_count, UINT32_MAX);
  refused(TEST, &test, PSD_SW_CONDITIONS); /* every number was used */
  not_corrected(10, PSD_SW_CONDITIONS);
  core = r.card->core;
  core.postage = group_of(UINT64_MAX - 100, 100, 7);
  enter(&core);
  not_corrected(10, PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* The largest postage there can be fills its 3 bytes. */
static void largest_postage(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.limits.maximum_postage = PSD_POSTAGE_MOST;
  core.postage = group_of(0, PSD_POSTAGE_MOST, 0);
  enter(&core);
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  wish.postage = PSD_POSTAGE_MOST + 1;
  refused(CORRECTION, &wish, PSD_SW_WRONG_DATA);
  wish.postage = UINT64_MAX;
  refused(CORRECTION, &wish, PSD_SW_WRONG_DATA);
  wish.postage = PSD_POSTAGE_MOST;
  CU_ASSERT_EQUAL(evidence_create(&r, CORRECTION, &wish), PSD_SW_OK);
  const evidence_made made = evidence_take(&r);
  CU_ASSERT(made.indicium.postage == 0xFFFFFF && made.indicium.ascending == 0xFFFFFF && made.indicium.piece_count == 1);
  rig_destroy(&r);
}

static void in_each_state(void) {
  static const struct {
    psd_state state;
    uint16_t status;
  } samples[] = {{PSD_STATE_INSPECTION_DUE, PSD_SW_OK},
                 {PSD_STATE_LOCKED, PSD_SW_CONDITIONS},
                 {PSD_STATE_INITIALIZED, PSD_SW_CONDITIONS},
                 {PSD_STATE_AUTHORIZED, PSD_SW_CONDITIONS},
                 {PSD_STATE_WITHDRAWN, PSD_SW_CONDITIONS}};
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    evidence_begin(&r);
    psd_core core = r.card->core;
    if (samples[i].state == PSD_STATE_INSPECTION_DUE)
      core.watchdog.inspected -= core.watchdog.warn_after;
    else
      core.head.state = samples[i].state;
    enter(&core);
    CU_ASSERT_EQUAL(psd_card_state(r.card), samples[i].state);
    CU_ASSERT_EQUAL(evidence_create(&r, POSTAGE, &wish), samples[i].status);
    rig_destroy(&r);
  }
  evidence_begin(&r);
  r.seconds += r.card->core.watchdog.lock_after; /* nobody has inspected it */
  CU_ASSERT_EQUAL(evidence_create(&r, POSTAGE, &wish), PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"limits", limits},
      {"funds suffice or nothing is done", funds},
      {"merged registers", merged},
      {"separate registers", separate},
      {"current account", on_account},
      {"what fits the fields of an indicium", edges_of_the_fields},
      {"the largest postage", largest_postage},
      {"in operation alone", in_each_state},
  };
  return psd_check_run("CREATE INDICIUM: funds", tests, PSD_CHECK_COUNT(tests));
}
