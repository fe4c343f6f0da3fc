/* CREATE INDICIUM: each of its checks, both ways, and their order (docs/evidence.md). */
#include "check.h"
#include "evidence.h"
#include "psd/spec/calendar.h"

#include <string.h>

#define POSTAGE PSD_EVIDENCE_POSTAGE
#define REDATE PSD_EVIDENCE_REDATE
#define CORRECTION PSD_EVIDENCE_CORRECTION
#define TEST PSD_EVIDENCE_TEST

static rig r;

/* Refused, and nothing is changed or written. */
static void refused(unsigned kind, const psd_indicium_wish *wish, uint16_t status) {
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(evidence_create(&r, kind, wish), status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
}

static void done(unsigned kind, const psd_indicium_wish *wish) {
  uint64_t pieces = r.card->core.postage.piece_count;
  CU_ASSERT_EQUAL(evidence_create(&r, kind, wish), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.card->core.postage.piece_count, pieces + 1);
}

static void enter(const psd_core *core) {
  rig_set_core(&r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static void remove_record(uint16_t record) {
  const psd_store_put gone = {.record = record};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

/* Each field in turn, for each kind that has no use for it. */
static void fields_without_use(void) {
  evidence_begin(&r);
  for (unsigned kind = REDATE; kind <= TEST; kind++) {
    psd_indicium_wish plain = evidence_empty(PSD_PROFILE_P256);
    plain.postage = kind == CORRECTION ? 100 : 0;
    plain.destination = kind == REDATE ? 1 : 0;
    psd_indicium_wish wish = plain;
    wish.mail_class = 1;
    refused(kind, &wish, PSD_SW_WRONG_DATA);
    wish = plain;
    wish.zone = 1;
    refused(kind, &wish, PSD_SW_WRONG_DATA);
    wish = plain;
    wish.grams = 1;
    refused(kind, &wish, PSD_SW_WRONG_DATA);
    wish = plain;
    wish.postage = kind == CORRECTION ? 0 : 1;
    refused(kind, &wish, PSD_SW_WRONG_DATA);
    wish = plain;
    wish.destination = PSD_DESTINATION_MOST + 1;
    refused(kind, &wish,
            kind == REDATE ? PSD_SW_CONDITIONS : PSD_SW_WRONG_DATA); /* of a redate, a piece there is not */
    wish = plain;
    wish.addressee[7] = 1; /* the tokens' */
    done(kind, &wish);
  }
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  wish.destination = 1;
  refused(TEST, &wish, PSD_SW_WRONG_DATA);
  wish = evidence_letter(PSD_PROFILE_P256);
  wish.destination = PSD_DESTINATION_MOST + 1;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish.destination = PSD_DESTINATION_MOST;
  done(POSTAGE, &wish);
  rig_destroy(&r);
}

static void dates(void) {
  static const struct {
    uint32_t date;
    uint16_t status;
  } samples[] = {{0, PSD_SW_OK},
                 {20260101, PSD_SW_OK},
                 {20260131, PSD_SW_OK}, /* 30 days ahead */
                 {20260201, PSD_SW_WRONG_DATA},
                 {20251231, PSD_SW_WRONG_DATA},
                 {20260132, PSD_SW_WRONG_DATA},
                 {20260100, PSD_SW_WRONG_DATA},
                 {20261301, PSD_SW_WRONG_DATA},
                 {1, PSD_SW_WRONG_DATA},
                 {99991231, PSD_SW_WRONG_DATA},
                 {UINT32_MAX, PSD_SW_WRONG_DATA}};
  evidence_begin(&r);
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    wish.date = samples[i].date;
    if (samples[i].status == PSD_SW_OK)
      done(TEST, &wish);
    else
      refused(TEST, &wish, samples[i].status);
  }
  psd_evidence_policy policy = {.country = "US", .profiles = 1U << PSD_PROFILE_COMPACT, .offset = PSD_OFFSET_UTC};
  evidence_policy(&r, &policy); /* today alone */
  wish.date = 20260101;
  done(TEST, &wish);
  wish.date = 20260102;
  refused(TEST, &wish, PSD_SW_WRONG_DATA);
  policy.ahead = 1;
  evidence_policy(&r, &policy);
  done(TEST, &wish);
  rig_destroy(&r);
}

/* Midnight is where the sender is. */
static void local_time(void) {
  evidence_begin(&r);
  psd_evidence_policy policy = {.country = "US", .profiles = 1U << PSD_PROFILE_COMPACT, .ahead = 0};
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  static const struct {
    uint64_t offset;
    uint32_t date;
  } samples[] = {{0, 20251231}, {1439, 20251231}, {1440, 20260101}, {2879, 20260101}, {2880, 20260102}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    policy.offset = samples[i].offset;
    evidence_policy(&r, &policy);
    done(TEST, &wish);
    const psd_evidence_head head = evidence_take(&r).head;
    CU_ASSERT(head.date == samples[i].date && head.time == RIG_TIME);
  }
  policy.offset = PSD_OFFSET_UTC;
  evidence_policy(&r, &policy);
  wish.date = 20260101;
  r.seconds += 86399;
  done(TEST, &wish);
  r.seconds++;
  refused(TEST, &wish, PSD_SW_WRONG_DATA); /* yesterday's */
  rig_destroy(&r);
}

/* A card that knows neither when nor where it is. */
static void clock_and_licence(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.clock = (psd_clock_state){0};
  enter(&core);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  refused(POSTAGE, &wish, PSD_SW_CONDITIONS);
  wish.date = EVIDENCE_TODAY;
  refused(POSTAGE, &wish, PSD_SW_CONDITIONS);
  wish.date = 20260230; /* looked at before the clock */
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  rig_destroy(&r);
  evidence_begin(&r);
  remove_record(PSD_RECORD_OBJECT + PSD_OBJECT_LICENCE);
  wish = evidence_letter(PSD_PROFILE_P256);
  refused(POSTAGE, &wish, PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* A time that no date can name. */
static void after_the_last_day(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.clock = (psd_clock_state){.offset = 0, .reached = (PSD_LAST_DAY + 1) * 86400, .set = 1};
  core.watchdog.inspected = core.clock.reached;
  enter(&core);
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  refused(TEST, &wish, PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

static void rates(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = (psd_registers){.descending = 20000, .control_total = 20000};
  enter(&core);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  wish.postage++;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish.postage -= 2;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish = evidence_letter(PSD_PROFILE_P256);
  wish.mail_class = PSD_CLASS_OF_MEDIA; /* the table does not have it */
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish = evidence_letter(PSD_PROFILE_P256);
  wish.grams = 86;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish.grams = 0;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish = evidence_letter(PSD_PROFILE_P256);
  wish.zone = 1;
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish = (psd_indicium_wish){.profile = PSD_PROFILE_P256,
                             .mail_class = PSD_CLASS_OF_PRIORITY,
                             .grams = 454,
                             .postage = RATES_PARCEL_1,
                             .destination = 10001000000};
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA); /* its zone costs more */
  wish.destination = 90001000000;
  done(POSTAGE, &wish); /* the licensing ZIP is in the table's origin */
  CU_ASSERT_EQUAL(evidence_take(&r).indicium.category, 6);
  rig_destroy(&r);
}

static void no_table(void) {
  evidence_begin(&r);
  psd_evidence_policy policy = {
      .country = "US", .profiles = 1U << PSD_PROFILE_P256, .ahead = 30, .offset = PSD_OFFSET_UTC};
  evidence_policy(&r, &policy);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  r.seconds += 10 * 86400;
  wish.date = 20260131;
  done(POSTAGE, &wish);
  wish.date = 20260201; /* the table ended, another is not there */
  refused(POSTAGE, &wish, PSD_SW_REFERENCE_NOT_FOUND);
  wish.date = 20260211; /* the date is looked at first */
  refused(POSTAGE, &wish, PSD_SW_WRONG_DATA);
  wish = evidence_empty(PSD_PROFILE_P256);
  wish.date = 20260201;
  wish.postage = 100;
  done(CORRECTION, &wish); /* what is not rated needs none */
  rig_destroy(&r);
}

static void redates(void) {
  evidence_begin(&r); /* two pieces so far */
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  refused(REDATE, &wish, PSD_SW_CONDITIONS); /* piece 0 */
  wish.destination = 3;
  refused(REDATE, &wish, PSD_SW_CONDITIONS); /* not yet made */
  wish.destination = 1;
  done(REDATE, &wish);
  refused(REDATE, &wish, PSD_SW_CONDITIONS); /* once */
  wish.destination = 3;                      /* the redate itself */
  done(REDATE, &wish);
  wish.destination = 2; /* passed over */
  refused(REDATE, &wish, PSD_SW_CONDITIONS);
  psd_card_reset(r.card);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  wish.destination = 3;
  refused(REDATE, &wish, PSD_SW_CONDITIONS);
  wish.destination = 4;
  done(REDATE, &wish);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"fields without use are 0", fields_without_use},
      {"the date of mailing", dates},
      {"today is where the policy's local time says", local_time},
      {"without clock or licence", clock_and_licence},
      {"after the last day of the calendar", after_the_last_day},
      {"the postage is that of the table", rates},
      {"no table in force", no_table},
      {"each piece is dated anew once, in order", redates},
  };
  return psd_check_run("CREATE INDICIUM: checks", tests, PSD_CHECK_COUNT(tests));
}
