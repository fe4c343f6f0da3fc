/* CREATE INDICIUM: what the card has worked out of its objects, and keeps in RAM (card->self), is what it would work
 * out now. Whatever changes, the card answers as it does after a reset, which leaves nothing in RAM. */
#include "check.h"
#include "evidence.h"
#include "meter/change.h"

#include <string.h>

#define DAY UINT64_C(86400)
#define SAID (PSD_SIZE_EVIDENCE_HEAD + PSD_SIZE_INDICIUM) /* of an answer, without the signature */

static rig r;

static void enter(void) {
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static void begin(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = (psd_registers){.descending = 1000000, .control_total = 1000000};
  rig_set_core(&r, &core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static psd_indicium_wish parcel(uint64_t zone, uint64_t destination, uint64_t postage) {
  return (psd_indicium_wish){.profile = PSD_PROFILE_P256,
                             .mail_class = PSD_CLASS_OF_PRIORITY,
                             .grams = 454,
                             .zone = zone,
                             .postage = postage,
                             .destination = destination};
}

/* The card answers as it would after a reset; and it is left as it was. */
static void same_after_reset(const psd_indicium_wish *wish) {
  rig_copy before;
  rig_save(&r, &before);
  uint16_t status = evidence_create(&r, PSD_EVIDENCE_POSTAGE, wish);
  evidence_bytes said = evidence_keep(&r);
  rig_restore(&r, &before);
  enter();
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, wish), status);
  CU_ASSERT_EQUAL(r.length, said.length);
  CU_ASSERT_EQUAL(memcmp(r.response, said.bytes, r.length < SAID ? r.length : SAID), 0);
  rig_restore(&r, &before);
  rig_forget(&before);
}

/* Letters at two prices, today and later; parcels by zone. */
static void nothing_is_stale(void) {
  static const uint64_t near = 90001000000, far = 91001000000;
  const psd_indicium_wish parcels[] = {parcel(0, near, RATES_PARCEL_1),        parcel(0, far, RATES_PARCEL_1),
                                       parcel(0, far, RATES_PARCEL_1 + 100),   parcel(1, 0, RATES_PARCEL_1),
                                       parcel(1, 50001000000, RATES_PARCEL_1), parcel(1, near, RATES_PARCEL_1 + 1)};
  for (size_t i = 0; i < PSD_CHECK_COUNT(parcels); i++)
    same_after_reset(&parcels[i]);
  static const uint32_t dates[] = {0, 20260101, 20260102, 20260115};
  for (size_t i = 0; i < PSD_CHECK_COUNT(dates); i++)
    for (uint64_t more = 0; more < 3; more++) {
      psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
      letter.date = dates[i];
      letter.postage += more;
      same_after_reset(&letter);
    }
}

/* A rate of each sort is the last that was found, one time each. */
static void whatever_was_found_last(void (*change)(void)) {
  psd_indicium_wish found[] = {evidence_letter(PSD_PROFILE_P256), evidence_letter(PSD_PROFILE_P256),
                               parcel(0, 90001000000, RATES_PARCEL_1), parcel(1, 50001000000, RATES_PARCEL_1)};
  found[1].date = 20260115;
  for (size_t i = 0; i < PSD_CHECK_COUNT(found); i++) {
    begin();
    CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &found[i]), PSD_SW_OK);
    CU_ASSERT_TRUE(r.card->self.known && r.card->self.rating.known);
    change();
    nothing_is_stale();
    rig_destroy(&r);
  }
}

static void another_licence(void) {
  static const uint8_t moved[] = {0, 0, 0x27, 0x11, 0, 0, 0, 1}; /* to 10001: no zones of the table's there */
  rig_put_object(&r, PSD_OBJECT_LICENCE, moved, sizeof moved);
}

static void another_certificate(void) {
  static const uint8_t number[] = {0x55};
  evidence_certificate(&r, (psd_piece){number, sizeof number});
}

static void no_certificate(void) {
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, NULL, 0);
}

static void another_policy(void) {
  evidence_policy(
      &r, &(psd_evidence_policy){
              .country = "US", .profiles = 1U << PSD_PROFILE_P256, .ahead = 1, .offset = PSD_OFFSET_UTC + 1440});
}

static void no_policy(void) {
  rig_put_object(&r, PSD_OBJECT_EVIDENCE_POLICY, NULL, 0);
}

static void another_identity(void) {
  rig_put_object(&r, PSD_OBJECT_DEVICE_ID, "PSD1abcd", PSD_SIZE_DEVICE_ID);
}

static void objects_are_replaced(void) {
  whatever_was_found_last(another_licence);
  whatever_was_found_last(another_certificate);
  whatever_was_found_last(no_certificate);
  whatever_was_found_last(another_policy);
  whatever_was_found_last(no_policy);
  whatever_was_found_last(another_identity);
}

static void table_now(void) {
  evidence_load_table(&r, 2, EVIDENCE_TODAY, 20270101, EVIDENCE_LETTER + 1);
}

static void table_next(void) {
  evidence_load_table(&r, 2, 20260102, 20270101, EVIDENCE_LETTER + 1);
}

static void next_replaced(void) {
  table_next();
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE,
                                  &(psd_indicium_wish){.profile = PSD_PROFILE_P256,
                                                       .date = 20260115,
                                                       .mail_class = PSD_CLASS_OF_FIRST,
                                                       .grams = 28,
                                                       .postage = EVIDENCE_LETTER + 1}),
                  PSD_SW_OK);
  evidence_load_table(&r, 3, 20260102, 20270101, EVIDENCE_LETTER + 2);
}

static void next_moves_up(void) {
  table_next();
  r.seconds += DAY;
  evidence_load_table(&r, 3, 20260115, 20270101, EVIDENCE_LETTER + 2);
}

static void tables_are_replaced(void) {
  whatever_was_found_last(table_now);
  whatever_was_found_last(table_next);
  whatever_was_found_last(next_replaced);
  whatever_was_found_last(next_moves_up);
}

static void a_day_later(void) {
  r.seconds += DAY;
}

static void next_is_in_force(void) {
  table_next();
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &(psd_indicium_wish){.profile = PSD_PROFILE_P256}),
                  PSD_SW_WRONG_DATA);
  const psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter), PSD_SW_OK);
  r.seconds += DAY;
}

static void table_is_over(void) {
  r.seconds += 31 * DAY;
}

static void clock_is_set(void) {
  psd_change change;
  psd_change_begin(&change, r.card);
  change.next.clock.offset += 2 * DAY;
  psd_change_core(&change);
  CU_ASSERT_EQUAL(psd_change_commit(&change, r.card), PSD_SW_OK);
}

static void days_pass(void) {
  whatever_was_found_last(a_day_later);
  whatever_was_found_last(next_is_in_force);
  whatever_was_found_last(table_is_over);
  whatever_was_found_last(clock_is_set);
}

/* LOAD RATES with a table of today that costs more, while the memory fails; it may have been stored or not. */
static uint16_t load_table(void) {
  uint8_t table[RATES_SIGNED_MAX];
  const rates_wish wish = {
      .version = 2, .effective = EVIDENCE_TODAY, .expiry = 20270101, .letter = EVIDENCE_LETTER + 1};
  psd_pair *issuer = rates_issuer();
  size_t length = rates_make(&wish, issuer, table);
  psd_pair_free(issuer);
  return rates_load(&r, table, length);
}

static void letters_cost_the_same_after_reset(void) {
  psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  same_after_reset(&letter);
  letter.postage++;
  same_after_reset(&letter);
}

/* One call of the memory fails in the middle of a change; false if the change was over before it. */
static bool one_failure(uint64_t *in, uint64_t n) {
  rig_copy before;
  rig_save(&r, &before);
  *in = n;
  uint16_t status = load_table();
  bool failed = *in == 0;
  *in = 0;
  CU_ASSERT_TRUE(failed || status == PSD_SW_OK);
  letters_cost_the_same_after_reset();
  rig_restore(&r, &before);
  rig_forget(&before);
  return failed;
}

static void changes_fail(void) {
  begin();
  const psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter), PSD_SW_OK);
  uint64_t *const counters[] = {&r.ram.fail_read_in, &r.ram.fail_program_in, &r.ram.fail_erase_in, &r.ram.fail_sync_in};
  uint64_t failures = 0;
  for (size_t i = 0; i < PSD_CHECK_COUNT(counters); i++)
    for (uint64_t n = 1; one_failure(counters[i], n); n++)
      failures++;
  CU_ASSERT_TRUE(failures > 10);
  rig_destroy(&r);
}

/* What could not be read is not remembered as what is not there. */
static void reading_fails(void) {
  begin();
  const psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  rig_copy before;
  rig_save(&r, &before);
  bool failed = true;
  for (uint64_t n = 1; failed; n++) {
    r.ram.fail_read_in = n;
    uint16_t status = evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter);
    failed = r.ram.fail_read_in == 0;
    r.ram.fail_read_in = 0;
    CU_ASSERT_TRUE(failed || status == PSD_SW_OK);
    CU_ASSERT_TRUE(status == PSD_SW_OK || status == PSD_SW_MEMORY_FAILURE);
    same_after_reset(&letter);
    rig_restore(&r, &before);
  }
  rig_forget(&before);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"an object is replaced", objects_are_replaced},
      {"a rate table is replaced", tables_are_replaced},
      {"days pass", days_pass},
      {"a change fails, and may have happened", changes_fail},
      {"reading fails", reading_fails},
  };
  return psd_check_run("CREATE INDICIUM: what is remembered", tests, PSD_CHECK_COUNT(tests));
}
