/* CREATE INDICIUM: what the card keeps, from one piece to the next and beyond (docs/evidence.md). */
#include "check.h"
#include "evidence.h"

#include <string.h>

static rig r;

static evidence_made create(unsigned kind, const psd_indicium_wish *wish) {
  CU_ASSERT_EQUAL_FATAL(evidence_create(&r, kind, wish), PSD_SW_OK);
  return evidence_take(&r);
}

static void the_last_again(void) {
  evidence_begin(&r);
  CU_ASSERT_EQUAL(evidence_last(&r), PSD_SW_REFERENCE_NOT_FOUND);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  create(PSD_EVIDENCE_POSTAGE, &wish);
  evidence_bytes made = evidence_keep(&r);
  const psd_core core = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made));
  wish.postage++;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_WRONG_DATA);
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made)); /* a refusal leaves it */
  CU_ASSERT(r.ram.operations == operations && memcmp(&core, &r.card->core, sizeof core) == 0);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL(evidence_last(&r), PSD_SW_SECURITY_STATUS);
  rig_verify(&r, RIG_PIN);
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made));
  wish = evidence_empty(PSD_PROFILE_COMPACT);
  create(PSD_EVIDENCE_TEST, &wish);
  made = evidence_keep(&r);
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made) && r.length == PSD_SIZE_EVIDENCE_HEAD + 20);
  psd_core locked = r.card->core;
  locked.head.state = PSD_STATE_LOCKED;
  rig_set_core(&r, &locked);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  CU_ASSERT(evidence_last(&r) == PSD_SW_OK && evidence_same(&r, &made));
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_TEST, &wish), PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

/* What the card knows of itself is read anew when it was replaced. */
static void what_was_replaced(void) {
  evidence_begin(&r);
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_TEST, &wish).indicium.certificate, EVIDENCE_CERTIFICATE);
  static const uint8_t next[] = {0x7F};
  evidence_certificate(&r, (psd_piece){next, sizeof next});
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_TEST, &wish).indicium.certificate, 0x7F);
  static const uint8_t licence[] = {0, 0, 0x27, 0x11, 0, 0, 0, 1}; /* moved to 10001 */
  rig_put_object(&r, PSD_OBJECT_LICENCE, licence, sizeof licence);
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_TEST, &wish).indicium.zip, 10001);
  rig_destroy(&r);
}

/* A rate that was found is kept for pieces alike, and for no others. */
static void rates_alike(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = (psd_registers){.descending = 100000, .control_total = 100000};
  rig_set_core(&r, &core);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  psd_indicium_wish letter = evidence_letter(PSD_PROFILE_P256);
  psd_indicium_wish parcel = {.profile = PSD_PROFILE_P256,
                              .mail_class = PSD_CLASS_OF_PRIORITY,
                              .grams = 454,
                              .postage = RATES_PARCEL_1,
                              .destination = 90001000000};
  const evidence_made first = create(PSD_EVIDENCE_POSTAGE, &letter);
  letter.destination = 10001000000;
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_POSTAGE, &letter).indicium.category, 0);
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_POSTAGE, &parcel).indicium.category, 6);
  parcel.destination = 90912345678;
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_POSTAGE, &parcel).indicium.category, 6);
  parcel.destination = 91001000000; /* the next zone */
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &parcel), PSD_SW_WRONG_DATA);
  parcel.destination = 0;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &parcel), PSD_SW_WRONG_DATA);
  parcel.zone = 1;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &parcel), PSD_SW_WRONG_DATA);
  parcel.destination = 50001000000; /* of no zone in the table */
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_POSTAGE, &parcel).indicium.category, 6);
  parcel.destination = 0;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &parcel), PSD_SW_WRONG_DATA);
  parcel.destination = 50001000000;
  parcel.grams = 455;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &parcel), PSD_SW_WRONG_DATA);
  create(PSD_EVIDENCE_POSTAGE, &letter);
  letter.mail_class = PSD_CLASS_OF_FLAT;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter), PSD_SW_WRONG_DATA);
  letter.mail_class = PSD_CLASS_OF_FIRST;
  letter.zone = 1;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter), PSD_SW_WRONG_DATA);
  letter.zone = 0;
  create(PSD_EVIDENCE_POSTAGE, &letter);
  evidence_load_table(&r, 2, EVIDENCE_TODAY, 20270101, EVIDENCE_LETTER + 1); /* in force at once */
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &letter), PSD_SW_WRONG_DATA);
  letter.postage++;
  const evidence_made last = create(PSD_EVIDENCE_POSTAGE, &letter);
  CU_ASSERT_NOT_EQUAL(memcmp(first.indicium.rates, last.indicium.rates, sizeof last.indicium.rates), 0);
  rig_destroy(&r);
}

/* A PSD that never made a key pair: what it has is the postal token key. */
static void without_a_key_pair(void) {
  evidence_begin(&r);
  const psd_store_put gone[] = {{.record = PSD_RECORD_KEY_PAIR},
                                {.record = PSD_RECORD_DSA},
                                {.record = PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE}};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, gone, 3), PSD_STORE_OK);
  psd_card_reset(r.card);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_COMPACT);
  CU_ASSERT_EQUAL(create(PSD_EVIDENCE_POSTAGE, &wish).compact.piece_count, 3);
  wish.profile = PSD_PROFILE_P256;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_REFERENCE_NOT_FOUND);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"GET LAST has the very bytes", the_last_again},
      {"a new certificate or licence counts at once", what_was_replaced},
      {"a rate is kept for pieces alike, and for no others", rates_alike},
      {"the compact profile needs no key pair", without_a_key_pair},
  };
  return psd_check_run("CREATE INDICIUM: what is kept", tests, PSD_CHECK_COUNT(tests));
}
