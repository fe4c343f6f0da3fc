/* CREATE INDICIUM: what is in an indicium of each profile and kind, and GET LAST (docs/evidence.md, "Profiles"). */
#include "check.h"
#include "evidence.h"

#include <string.h>

static rig r;

static psd_log_record newest(void) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

static evidence_made create(unsigned kind, const psd_indicium_wish *wish) {
  CU_ASSERT_EQUAL_FATAL(evidence_create(&r, kind, wish), PSD_SW_OK);
  return evidence_take(&r);
}

/* The first bytes of SHA-256 of the table that is loaded, without its signature. */
static void table_hash(uint8_t hash[PSD_RATES_HASH]) {
  uint8_t table[PSD_CARD_DATA_MAX], digest[PSD_SHA256_SIZE];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r.card->store, PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE, table, sizeof table, &length),
      PSD_STORE_OK);
  CU_ASSERT_TRUE_FATAL(psd_sha256(table, length - PSD_RATES_SIGNATURE, digest));
  memcpy(hash, digest, PSD_RATES_HASH);
}

static void check_letter(const evidence_made *made, psd_profile_id profile) {
  const psd_evidence_head *head = &made->head;
  const psd_indicium *indicium = &made->indicium;
  uint8_t hash[PSD_RATES_HASH];
  table_hash(hash);
  CU_ASSERT(head->kind == PSD_EVIDENCE_POSTAGE && head->profile == profile);
  CU_ASSERT(head->time == RIG_TIME && head->date == EVIDENCE_TODAY);
  CU_ASSERT(head->mail_class == PSD_CLASS_OF_FIRST && head->postage == EVIDENCE_LETTER);
  CU_ASSERT(head->ascending == 1000 + EVIDENCE_LETTER && head->descending == 9000 - EVIDENCE_LETTER);
  CU_ASSERT(head->piece_count == 3 && head->destination == 90210123456);
  CU_ASSERT(head->vendor_digits == 5 && head->vendor_token < 100000);
  CU_ASSERT(head->postal_digits == 8 && head->postal_token < 100000000);
  CU_ASSERT(indicium->version == 0x53 && indicium->algorithm == (uint64_t)profile);
  CU_ASSERT(indicium->certificate == EVIDENCE_CERTIFICATE && indicium->serial == RIG_SERIAL);
  CU_ASSERT(memcmp(indicium->vendor, "PS", 2) == 0 && memcmp(indicium->model, "D1", 2) == 0);
  CU_ASSERT(indicium->ascending == head->ascending && indicium->descending == head->descending);
  CU_ASSERT(indicium->postage == EVIDENCE_LETTER && indicium->date == EVIDENCE_TODAY);
  CU_ASSERT(indicium->zip == EVIDENCE_ZIP && indicium->destination == head->destination);
  CU_ASSERT(indicium->piece_count == 3 && indicium->category == 0);
  CU_ASSERT_EQUAL(memcmp(indicium->rates, hash, sizeof hash), 0);
}

static void a_letter(psd_profile_id profile) {
  evidence_begin(&r);
  psd_indicium_wish wish = evidence_letter(profile);
  wish.destination = 90210123456;
  const evidence_made made = create(PSD_EVIDENCE_POSTAGE, &wish);
  check_letter(&made, profile);
  const psd_log_record logged = newest();
  CU_ASSERT(logged.event == PSD_EVENT_EVIDENCED && logged.detail == 0 && logged.amount == EVIDENCE_LETTER);
  CU_ASSERT(logged.ascending == made.head.ascending && logged.descending == made.head.descending);
  const psd_registers *registers = &r.card->core.postage;
  CU_ASSERT(registers->ascending == made.head.ascending && registers->descending == made.head.descending);
  CU_ASSERT(registers->control_total == 10000 && registers->piece_count == 3);
  rig_destroy(&r);
}

static void with_p256(void) {
  a_letter(PSD_PROFILE_P256);
}

static void with_dsa(void) {
  a_letter(PSD_PROFILE_DSA);
}

static void compact(void) {
  evidence_begin(&r);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_COMPACT);
  wish.date = 20260110;
  wish.grams = 29;
  wish.postage = EVIDENCE_LETTER + 290;
  evidence_made made = create(PSD_EVIDENCE_POSTAGE, &wish);
  CU_ASSERT(made.compact.version == 0xFE && made.compact.piece_count == 3 && made.compact.maker == 17);
  CU_ASSERT(made.compact.serial == (RIG_SERIAL & 0xFFFFFF) && made.compact.postage == EVIDENCE_LETTER + 290);
  CU_ASSERT_EQUAL(made.compact.category, 1); /* the second row */
  CU_ASSERT_EQUAL(made.head.date, 20260110);
  wish = evidence_empty(PSD_PROFILE_COMPACT);
  made = create(PSD_EVIDENCE_TEST, &wish);
  CU_ASSERT(made.compact.piece_count == 4 && made.compact.postage == 0);
  CU_ASSERT_EQUAL(made.compact.category, PSD_EVIDENCE_TEST << 13 | 8191);
  rig_destroy(&r);
}

/* IBI: least significant byte first, 49 bytes and the signature. */
static void the_bytes(void) {
  static const uint8_t zeroes[4] = {0};
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage = (psd_registers){.ascending = 0x0102030405,
                                 .descending = 0x99AABBCC,
                                 .control_total = UINT64_C(0x0102030405) + 0x99AABBCC,
                                 .piece_count = 0x11223343};
  rig_set_core(&r, &core);
  rig_select(&r);
  rig_verify(&r, RIG_PIN);
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  wish.postage = 0x018000;
  wish.destination = 0x0203040506;
  create(PSD_EVIDENCE_CORRECTION, &wish);
  CU_ASSERT_EQUAL_FATAL(r.length, PSD_SIZE_EVIDENCE_HEAD + 113);
  const uint8_t *bytes = r.response + PSD_SIZE_EVIDENCE_HEAD;
  psd_check_bytes(
      bytes, 45,
      "53 02 04030201 5053 4431 EEFFC000 0584040201 008001 05253501 62600100 0605040302 44332211 FF5F CC3BA999",
      "the indicium");
  CU_ASSERT_EQUAL(memcmp(bytes + 45, zeroes, 4), 0); /* unrated */
  rig_destroy(&r);
}

static void a_redate(void) {
  evidence_begin(&r);
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  wish.destination = 2;
  const evidence_made made = create(PSD_EVIDENCE_REDATE, &wish);
  CU_ASSERT(made.head.kind == PSD_EVIDENCE_REDATE && made.head.postage == 0 && made.head.mail_class == 0);
  CU_ASSERT(made.head.ascending == 1000 && made.head.descending == 9000 && made.head.piece_count == 3);
  CU_ASSERT(made.indicium.destination == 2 && made.indicium.postage == 0);
  CU_ASSERT_EQUAL(made.indicium.category, PSD_EVIDENCE_REDATE << 13 | 8191);
  CU_ASSERT(made.head.vendor_digits == 5 && made.head.postal_digits == 8);
  const psd_log_record logged = newest();
  CU_ASSERT(logged.event == PSD_EVENT_EVIDENCED && logged.detail == made.indicium.category && logged.amount == 0);
  rig_destroy(&r);
}

static void a_correction(void) {
  evidence_begin(&r);
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_DSA);
  wish.postage = 1; /* below the least postage a piece */
  wish.destination = PSD_DESTINATION_MOST;
  const evidence_made made = create(PSD_EVIDENCE_CORRECTION, &wish);
  CU_ASSERT(made.head.ascending == 1001 && made.head.descending == 8999 && made.head.piece_count == 3);
  CU_ASSERT(made.indicium.postage == 1 && made.indicium.destination == 99999999999);
  CU_ASSERT_EQUAL(made.indicium.category, PSD_EVIDENCE_CORRECTION << 13 | 8191);
  rig_destroy(&r);
}

static void a_test(void) {
  evidence_begin(&r);
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  const evidence_made made = create(PSD_EVIDENCE_TEST, &wish);
  CU_ASSERT(made.head.postage == 0 && made.head.piece_count == 3 && made.head.ascending == 1000);
  CU_ASSERT_EQUAL(made.indicium.category, PSD_EVIDENCE_TEST << 13 | 8191);
  rig_destroy(&r);
}

/* The clock's own time in the accounts, the date of mailing in the indicium; what is in force that day counts. */
static void a_date_ahead(void) {
  static const uint8_t other[PSD_RATES_HASH] = {0};
  evidence_begin(&r);
  evidence_load_table(&r, 2, 20260115, 20260301, 800);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  r.seconds += 3600;
  wish.date = 20260114;
  evidence_made made = create(PSD_EVIDENCE_POSTAGE, &wish);
  CU_ASSERT(made.head.date == 20260114 && made.indicium.date == 20260114 && made.head.time == RIG_TIME + 3600);
  CU_ASSERT_EQUAL(newest().time, RIG_TIME + 3600);
  uint8_t first[PSD_RATES_HASH];
  memcpy(first, made.indicium.rates, sizeof first);
  wish.date = 20260115;
  CU_ASSERT_EQUAL(evidence_create(&r, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_WRONG_DATA); /* it costs more by then */
  wish.postage = 800;
  made = create(PSD_EVIDENCE_POSTAGE, &wish);
  CU_ASSERT(memcmp(made.indicium.rates, first, sizeof first) != 0);
  CU_ASSERT(memcmp(made.indicium.rates, other, sizeof other) != 0);
  rig_destroy(&r);
}

/* Tokens depend on the addressee, and on nothing that is not theirs. */
static void tokens(void) {
  evidence_begin(&r);
  rig_copy copy;
  rig_save(&r, &copy);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  const evidence_made first = create(PSD_EVIDENCE_POSTAGE, &wish);
  rig_restore(&r, &copy);
  wish.destination = 10001000000;
  const evidence_made elsewhere = create(PSD_EVIDENCE_POSTAGE, &wish);
  rig_restore(&r, &copy);
  wish.addressee[0] = 1;
  const evidence_made another = create(PSD_EVIDENCE_POSTAGE, &wish);
  CU_ASSERT(first.head.vendor_token == elsewhere.head.vendor_token);
  CU_ASSERT(first.head.postal_token == elsewhere.head.postal_token);
  CU_ASSERT(first.head.vendor_token != another.head.vendor_token);
  CU_ASSERT(first.head.postal_token != another.head.postal_token);
  rig_forget(&copy);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a letter, ECDSA P-256", with_p256},
      {"a letter, DSA", with_dsa},
      {"the compact profile", compact},
      {"the indicium's bytes are those of the IBI data set", the_bytes},
      {"a redate", a_redate},
      {"a postage correction", a_correction},
      {"a test", a_test},
      {"a date of mailing ahead, and the table of that day", a_date_ahead},
      {"tokens are over the piece and its addressee", tokens},
  };
  return psd_check_run("CREATE INDICIUM", tests, PSD_CHECK_COUNT(tests));
}
