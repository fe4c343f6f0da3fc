/* One request, one piece, one debit: on the real card, with answers lost at every exchange. And why it is refused. */
#include "check.h"
#include "evidence.h"
#include "psd/spec/status.h"
#include "reader_lossy.h"

#include <string.h>

#define RICH UINT64_C(1000000000)

static rig r;
static lossy way;
static psd_host *host;
static psd_host_meter meter;
static psd_rate_book book;
static const psd_secret pin = {.bytes = RIG_PIN, .length = sizeof RIG_PIN - 1};

/* The PSD selected, the PIN verified, the card looked at. */
static void enter(void) {
  CU_ASSERT_EQUAL_FATAL(psd_host_begin(host), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_select_psd(host, NULL), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_verify(host, &pin), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_host_meter_look(host, &meter), PSD_OK);
  CU_ASSERT_EQUAL_FATAL(psd_rate_book_read(host, &book), PSD_OK);
}

static void open_bench(void) {
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage.descending = RICH;
  core.postage.control_total = core.postage.ascending + RICH;
  rig_set_core(&r, &core);
  way = (lossy){.r = &r};
  host = lossy_host(&way);
  enter();
}

static void close_bench(void) {
  psd_host_close(host);
  rig_destroy(&r);
}

/* A letter of 28 g. */
static psd_mail_piece letter(void) {
  return (psd_mail_piece){
      .kind = PSD_EVIDENCE_POSTAGE, .profile = PSD_PROFILE_COMPACT, .mail_class = PSD_CLASS_OF_FIRST, .grams = 28};
}

static psd_result make(const psd_mail_piece *piece, psd_made *made) {
  psd_indicium_wish wish;
  psd_error error = {.result = PSD_OK};
  psd_result result = psd_piece_wish(&meter, &book, piece, &wish, &error);
  if (result != PSD_OK)
    return psd_host_fail(host, result, "%s", error.words);
  return psd_piece_make(host, &pin, &meter, piece->kind, &wish, made);
}

static bool because(const char *words) {
  bool found = strstr(psd_host_error(host)->words, words) != NULL;
  if (!found)
    fprintf(stderr, "wanted %s\n in %s\n", words, psd_host_error(host)->words);
  return found;
}

static bool is_last(const psd_made *made) {
  psd_made last;
  return psd_piece_last(host, &meter.device, &last) == PSD_OK && last.length == made->length &&
         memcmp(last.indicium, made->indicium, made->length) == 0;
}

static void each_kind(void) {
  static const psd_profile_id profiles[] = {PSD_PROFILE_DSA, PSD_PROFILE_P256, PSD_PROFILE_COMPACT};
  psd_made made;
  open_bench();
  for (size_t i = 0; i < 3; i++) {
    psd_registers before = meter.registers;
    psd_mail_piece piece = letter();
    piece.profile = profiles[i];
    CU_ASSERT_EQUAL_FATAL(make(&piece, &made), PSD_OK);
    CU_ASSERT_EQUAL(made.head.postage, EVIDENCE_LETTER);
    CU_ASSERT_EQUAL(meter.registers.ascending, before.ascending + EVIDENCE_LETTER);
    CU_ASSERT_EQUAL(meter.registers.descending, before.descending - EVIDENCE_LETTER);
    CU_ASSERT_EQUAL(meter.registers.piece_count, before.piece_count + 1);
    CU_ASSERT_FALSE(made.recovered || made.doubt);
    CU_ASSERT_TRUE(is_last(&made));
    piece = (psd_mail_piece){.kind = PSD_EVIDENCE_CORRECTION, .profile = profiles[i], .postage = 120};
    CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
    piece = (psd_mail_piece){.kind = PSD_EVIDENCE_REDATE, .profile = profiles[i], .date = 20260103};
    piece.destination = meter.registers.piece_count;
    CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
    CU_ASSERT_EQUAL(made.head.date, 20260103);
    piece = (psd_mail_piece){.kind = PSD_EVIDENCE_TEST, .profile = profiles[i]};
    CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
    CU_ASSERT_EQUAL(made.head.postage, 0);
    CU_ASSERT_TRUE(is_last(&made));
  }
  close_bench();
}

/* What the card has now, whatever the Host believes. */
static const psd_registers *on_card(void) {
  return &r.card->core.postage;
}

/* One piece with a loss; true if the loss took place. */
static bool one_loss(lossy_kind kind, bool after, unsigned at, unsigned again) {
  const psd_registers before = *on_card();
  const psd_mail_piece piece = letter();
  psd_made made;
  lossy_arm(&way, kind, after, at, again);
  psd_result result = make(&piece, &made);
  bool lost = way.lost > 0;
  way.armed = false;
  if (result == PSD_OK) {
    CU_ASSERT_EQUAL(on_card()->piece_count, before.piece_count + 1);
    CU_ASSERT_EQUAL(on_card()->ascending, before.ascending + EVIDENCE_LETTER);
    CU_ASSERT_EQUAL(meter.registers.piece_count, on_card()->piece_count);
    CU_ASSERT_EQUAL(made.head.piece_count, on_card()->piece_count);
  } else if (!made.doubt) {
    CU_ASSERT_EQUAL(on_card()->piece_count, before.piece_count);
    CU_ASSERT_EQUAL(on_card()->ascending, before.ascending);
    CU_ASSERT_TRUE(because("nothing was made, and nothing debited"));
  }
  CU_ASSERT_TRUE(lost || result == PSD_OK);
  /* A reset and a card that was away leave nothing open; what was in time is found, too. */
  bool known = kind == LOSSY_RESET || kind == LOSSY_GONE || after;
  CU_ASSERT_TRUE(again > 0 || !known || result == PSD_OK);
  CU_ASSERT_TRUE(again > 0 || !made.doubt);
  psd_host_close(host);
  host = lossy_host(&way);
  enter();
  CU_ASSERT_TRUE(result != PSD_OK || is_last(&made));
  return lost;
}

static void every_loss(void) {
  open_bench();
  for (unsigned kind = 0; kind < LOSSY_KINDS; kind++)
    for (unsigned after = 0; after < 2; after++)
      for (unsigned again = 0; again < 10; again++) {
        unsigned at = 0;
        while (one_loss((lossy_kind)kind, after != 0, at, again))
          at++;
        CU_ASSERT_TRUE(at > 0);
      }
  close_bench();
}

/* The card does not come back: nobody knows, and that is said; then GET LAST tells. */
static void card_stays_away(void) {
  const psd_mail_piece piece = letter();
  psd_made made, last;
  open_bench();
  uint64_t before = meter.registers.piece_count;
  way.absent = 10;
  lossy_arm(&way, LOSSY_GONE, true, 0, 0);
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_NO_CARD);
  CU_ASSERT_TRUE(made.doubt);
  CU_ASSERT_TRUE(because("it is not known whether piece") && because("no card is there"));
  CU_ASSERT_EQUAL(meter.registers.piece_count, before);
  way = (lossy){.r = &r};
  psd_host_close(host);
  host = lossy_host(&way);
  enter();
  CU_ASSERT_EQUAL(psd_piece_last(host, &meter.device, &last), PSD_OK);
  CU_ASSERT_EQUAL(last.head.piece_count, before + 1);
  close_bench();
}

static void another_card_now(rig *on) {
  uint8_t id[PSD_SIZE_DEVICE_ID] = "PSD1abcd";
  rig_put_object(on, PSD_OBJECT_DEVICE_ID, id, sizeof id);
}

/* Its PIN tries are its own. */
static void another_card(void) {
  const psd_mail_piece piece = letter();
  psd_made made;
  psd_pin_status status;
  open_bench();
  way.meanwhile = another_card_now;
  lossy_arm(&way, LOSSY_GONE, true, 0, 0);
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_REFUSED);
  CU_ASSERT_TRUE(made.doubt && because("another card is there now"));
  CU_ASSERT_EQUAL(psd_host_pin_verified(host), PSD_REFUSED);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_PIN_STATUS, &status), PSD_OK);
  close_bench();
}

/* Another program prints as soon as it can. */
static void pieces_of_others(rig *on) {
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  wish.postage += 290;
  wish.grams = 57;
  CU_ASSERT_EQUAL_FATAL(rig_select(on), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(on, RIG_PIN), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(evidence_create(on, PSD_EVIDENCE_POSTAGE, &wish), PSD_SW_OK);
}

static void others_print(void) {
  const psd_mail_piece piece = letter();
  psd_made made;
  for (unsigned after = 0; after < 2; after++) {
    open_bench();
    way.meanwhile = pieces_of_others;
    lossy_arm(&way, LOSSY_RESET, after != 0, 0, 0);
    CU_ASSERT_EQUAL(make(&piece, &made), PSD_REFUSED);
    CU_ASSERT_TRUE(made.doubt && because("other pieces were made meanwhile"));
    close_bench();
  }
}

static bool refused(const psd_mail_piece *piece, const char *words) {
  const psd_registers before = *on_card();
  psd_made made = {.length = 0};
  psd_result result = make(piece, &made);
  CU_ASSERT_EQUAL(result, PSD_REFUSED);
  CU_ASSERT_FALSE(made.doubt);
  CU_ASSERT_EQUAL(on_card()->piece_count, before.piece_count);
  CU_ASSERT_EQUAL(on_card()->ascending, before.ascending);
  return result == PSD_REFUSED && because(words);
}

static void no_rate(void) {
  psd_mail_piece piece = letter();
  open_bench();
  piece.date = 20260201;
  CU_ASSERT_TRUE(refused(&piece, "no rate table is in force on 2026-02-01: run psd rates update"));
  piece = letter();
  piece.mail_class = PSD_CLASS_OF_MEDIA;
  CU_ASSERT_TRUE(refused(&piece, "the rate table has no class media"));
  piece = letter();
  piece.grams = 5000;
  CU_ASSERT_TRUE(refused(&piece, "the rate table has class first up to 85 g, and the piece weighs 5000 g"));
  piece = letter();
  piece.zone = 3;
  CU_ASSERT_TRUE(refused(&piece, "the rate table has no zone 3 for class first"));
  piece = letter();
  piece.mail_class = PSD_CLASS_OF_PRIORITY;
  CU_ASSERT_TRUE(refused(&piece, "class priority goes by zones"));
  piece.destination = UINT64_C(10001000000);
  piece.zone = 2;
  CU_ASSERT_TRUE(refused(&piece, "the destination is in zone 8 and not in zone 2"));
  piece = letter();
  piece.postage = 700;
  CU_ASSERT_TRUE(refused(&piece, "the rate is 0.73 and not 0.70: nothing was debited"));
  close_bench();
}

static void rated_by_zone(void) {
  psd_mail_piece piece = letter();
  psd_made made;
  open_bench();
  piece.mail_class = PSD_CLASS_OF_PRIORITY;
  piece.grams = 400;
  piece.destination = UINT64_C(10001000000);
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_EQUAL(made.head.postage, RATES_PARCEL_8);
  piece.destination = UINT64_C(50001000000); /* of no zone in the table */
  piece.zone = 1;
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_EQUAL(made.head.postage, RATES_PARCEL_1);
  close_bench();
}

/* Changes the card's core and looks at it anew. */
static void recore(void (*change)(psd_core *core)) {
  psd_core core = r.card->core;
  change(&core);
  psd_host_close(host);
  if (!psd_card_is_on(r.card))
    psd_card_power_on(r.card);
  rig_set_core(&r, &core);
  host = lossy_host(&way);
  enter();
}

static void make_poor(psd_core *core) {
  core->postage.control_total -= core->postage.descending - 100;
  core->postage.descending = 100;
}

static void limit(psd_core *core) {
  core->limits.minimum_postage = 1000;
  core->limits.maximum_postage = 2000;
}

/* One credit is for both groups. */
static void take_account(psd_core *core) {
  core->certificate = (psd_registers){.ascending = 300};
  core->funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = core->postage.ascending + 800};
  core->postage.control_total = 0;
  core->postage.descending = 0;
}

static void money(void) {
  psd_mail_piece piece = letter();
  open_bench();
  recore(limit);
  CU_ASSERT_TRUE(refused(&piece, "the piece costs 0.73, and the meter's limits for one are 1.00 to 2.00"));
  piece = (psd_mail_piece){.kind = PSD_EVIDENCE_CORRECTION, .profile = PSD_PROFILE_P256, .postage = 2001};
  CU_ASSERT_TRUE(refused(&piece, "the piece costs 2.001"));
  close_bench();
  open_bench();
  recore(make_poor);
  piece = letter();
  CU_ASSERT_TRUE(refused(&piece, "funds do not suffice: 0.10 are left, the piece costs 0.73"));
  close_bench();
  open_bench();
  recore(take_account);
  piece = letter();
  CU_ASSERT_TRUE(refused(&piece, "the credit does not suffice: 0.50 are left, the piece costs 0.73"));
  close_bench();
}

static void lock(psd_core *core) {
  core->head.state = PSD_STATE_LOCKED;
}

static void stop_clock(psd_core *core) {
  core->clock.set = 0;
}

static void states(void) {
  psd_mail_piece piece = {.kind = PSD_EVIDENCE_TEST, .profile = PSD_PROFILE_P256};
  open_bench();
  recore(lock);
  CU_ASSERT_TRUE(refused(&piece, "the meter is locked"));
  close_bench();
  open_bench();
  recore(stop_clock);
  CU_ASSERT_TRUE(refused(&piece, "the card's clock was never set"));
  piece = letter();
  CU_ASSERT_TRUE(refused(&piece, "the card's clock was never set"));
  close_bench();
}

static void dates(void) {
  psd_mail_piece piece = {.kind = PSD_EVIDENCE_TEST, .profile = PSD_PROFILE_P256};
  psd_made made;
  static const char words[] = "the date of mailing may be from 2026-01-01 to 2026-01-31, and is ";
  open_bench();
  piece.date = 20251231;
  CU_ASSERT_TRUE(refused(&piece, words));
  piece.date = 20260201;
  CU_ASSERT_TRUE(refused(&piece, words));
  piece.date = 20260131;
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  piece = (psd_mail_piece){.kind = PSD_EVIDENCE_REDATE, .profile = PSD_PROFILE_P256, .destination = 999};
  CU_ASSERT_TRUE(refused(&piece, "there is no piece 999"));
  piece.destination = meter.registers.piece_count;
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_TRUE(refused(&piece, "was dated anew already"));
  close_bench();
}

/* Another card: without one of the keys, or not allowed. */
static void profiles(void) {
  static const psd_evidence_policy narrow = {
      .country = "US", .profiles = 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT, .offset = PSD_OFFSET_UTC};
  psd_mail_piece piece = {.kind = PSD_EVIDENCE_TEST, .profile = PSD_PROFILE_DSA};
  psd_made made;
  open_bench();
  psd_host_close(host);
  psd_card_power_on(r.card);
  evidence_policy(&r, &narrow);
  psd_card_power_off(r.card);
  host = lossy_host(&way);
  enter();
  CU_ASSERT_TRUE(refused(&piece, "the card does not make profile dsa: it makes p256, compact"));
  piece.profile = 0;
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_EQUAL(made.head.profile, PSD_PROFILE_P256);
  close_bench();
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  way = (lossy){.r = &r};
  host = lossy_host(&way);
  enter();
  piece.profile = PSD_PROFILE_P256;
  CU_ASSERT_TRUE(refused(&piece, "the card was given no key pair: it cannot make profile p256"));
  piece.profile = PSD_PROFILE_COMPACT;
  CU_ASSERT_TRUE(refused(&piece, "the card was given no postal token key"));
  CU_ASSERT_EQUAL(psd_piece_last(host, &meter.device, &made), PSD_REFUSED);
  CU_ASSERT_TRUE(because("the card has made no evidence yet"));
  CU_ASSERT_EQUAL(psd_host_meter_profile(&meter), PSD_PROFILE_P256);
  close_bench();
}

static void withdrawals(void) {
  psd_mail_piece piece = {.kind = PSD_EVIDENCE_WITHDRAWAL, .profile = PSD_PROFILE_P256};
  psd_made made, again;
  open_bench();
  CU_ASSERT_TRUE(refused(&piece, "the last operation with funds is no withdrawal"));
  psd_core core = r.card->core;
  core.operation = (psd_operation){.operation = PSD_OPERATION_WITHDRAWN, .sequence = 9, .amount = 12340};
  psd_host_close(host);
  psd_card_power_on(r.card);
  rig_set_core(&r, &core);
  host = lossy_host(&way);
  enter();
  lossy_arm(&way, LOSSY_RESET, true, 0, 0);
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_EQUAL(made.head.destination, 12340);
  CU_ASSERT_TRUE(made.recovered);
  CU_ASSERT_EQUAL(make(&piece, &again), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(made.indicium, again.indicium, made.length), 0);
  piece.profile = PSD_PROFILE_COMPACT;
  CU_ASSERT_TRUE(refused(&piece, "the compact profile has no place for the proof of a withdrawal"));
  close_bench();
}

/* Each field that the answer says twice. */
static void answers_that_disagree(void) {
  static const psd_profile_id all[] = {PSD_PROFILE_P256, PSD_PROFILE_COMPACT};
  open_bench();
  for (size_t i = 0; i < 2; i++) {
    psd_mail_piece piece = letter();
    uint8_t bytes[PSD_EVIDENCE_MAX];
    psd_buffer answer = psd_buffer_over(bytes, sizeof bytes);
    psd_made made;
    piece.profile = all[i];
    CU_ASSERT_EQUAL_FATAL(make(&piece, &made), PSD_OK);
    CU_ASSERT_EQUAL_FATAL(psd_host_last_evidence(host, &answer), PSD_OK);
    CU_ASSERT_TRUE(psd_piece_take(bytes, answer.length, &meter.device, &made));
    CU_ASSERT_FALSE(psd_piece_take(bytes, answer.length - 1, &meter.device, &made));
    CU_ASSERT_FALSE(psd_piece_take(bytes, PSD_SIZE_EVIDENCE_HEAD - 1, &meter.device, &made));
    /* kind, profile, postage, piece count; version, and device */
    static const size_t places[] = {0, 1, 22, 42, PSD_SIZE_EVIDENCE_HEAD};
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
      bytes[places[k]] ^= 1;
      CU_ASSERT_FALSE(psd_piece_take(bytes, answer.length, &meter.device, &made));
      bytes[places[k]] ^= 1;
    }
    psd_device_id other = meter.device;
    other.serial ^= 1;
    CU_ASSERT_FALSE(psd_piece_take(bytes, answer.length, &other, &made));
  }
  close_bench();
}

static void addressees(void) {
  static const char *const same[] = {"John Doe\n12 Elm St\nAustin TX 73301",
                                     "JOHN DOE  12 elm st \r\n austin tx\t73301\n"};
  uint8_t digests[2][8], none[8] = {0};
  char much[PSD_ADDRESSEE_MAX + 2];
  psd_error error;
  for (size_t i = 0; i < 2; i++)
    CU_ASSERT_EQUAL(psd_addressee_digest(same[i], digests[i], &error), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(digests[0], digests[1], 8), 0);
  CU_ASSERT_NOT_EQUAL(memcmp(digests[0], none, 8), 0);
  CU_ASSERT_EQUAL(psd_addressee_digest(" \n", digests[0], &error), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(digests[0], none, 8), 0);
  memset(much, 'x', sizeof much - 1);
  much[sizeof much - 1] = '\0';
  CU_ASSERT_EQUAL(psd_addressee_digest(much, digests[0], &error), PSD_BAD_INPUT);
}

static psd_result load(uint32_t version, uint32_t effective, uint32_t expiry, const char *country, unsigned flip) {
  const rates_wish wish = {.version = version, .effective = effective, .expiry = expiry, .country = country};
  uint8_t table[RATES_SIGNED_MAX];
  psd_rate_page page;
  psd_error error = {.result = PSD_OK};
  psd_pair *issuer = rates_issuer();
  size_t length = rates_make(&wish, issuer, table);
  psd_pair_free(issuer);
  table[length - 1] ^= (uint8_t)flip;
  CU_ASSERT_EQUAL_FATAL(psd_rate_page_take(table, length, &page, &error), PSD_OK);
  psd_result result = psd_rate_page_load(host, &meter, &book, &page);
  CU_ASSERT_EQUAL_FATAL(psd_rate_book_read(host, &book), PSD_OK);
  return result;
}

static void tables(void) {
  open_bench();
  CU_ASSERT_EQUAL(book.first.table.head.version, 1);
  CU_ASSERT_EQUAL(book.next.length, 0);
  CU_ASSERT_EQUAL(load(2, 20260201, 20270101, NULL, 0), PSD_OK);
  CU_ASSERT_EQUAL(book.next.table.head.version, 2);
  CU_ASSERT_PTR_EQUAL(psd_rate_book_on(&book, 20260131), &book.first);
  CU_ASSERT_PTR_EQUAL(psd_rate_book_on(&book, 20260201), &book.next);
  CU_ASSERT_PTR_NULL(psd_rate_book_on(&book, 20251231));
  CU_ASSERT_PTR_NULL(psd_rate_book_on(&book, 20270101));
  psd_mail_piece piece = letter();
  psd_made made;
  piece.date = 20260131;
  CU_ASSERT_EQUAL(make(&piece, &made), PSD_OK);
  CU_ASSERT_EQUAL(load(2, 20260301, 20270101, NULL, 0), PSD_REFUSED);
  CU_ASSERT_TRUE(because("the card has rate table 2 already, and this is number 2"));
  CU_ASSERT_EQUAL(load(3, 20260301, 20270101, NULL, 1), PSD_REFUSED);
  CU_ASSERT_TRUE(because("not signed with the key that the card knows"));
  CU_ASSERT_EQUAL(load(3, 20260301, 20270101, "CA", 0), PSD_REFUSED);
  CU_ASSERT_TRUE(because("the rate table is for CA, and the card for US"));
  CU_ASSERT_EQUAL(load(3, 20250301, 20260101, NULL, 0), PSD_REFUSED);
  CU_ASSERT_TRUE(because("the rate table was in force until the day before 2026-01-01"));
  psd_rate_page page;
  psd_error error;
  CU_ASSERT_EQUAL(psd_rate_page_take("PSDR", 4, &page, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(psd_rate_page_take(book.first.bytes, book.first.length - 1, &page, &error), PSD_BAD_INPUT);
  close_bench();
}

static void registration(void) {
  psd_registration_tokens tokens;
  uint8_t y[128];
  psd_dsa_key key;
  open_bench();
  CU_ASSERT_EQUAL(psd_host_registration_tokens(host, &tokens), PSD_OK);
  CU_ASSERT_EQUAL(tokens.zip, EVIDENCE_ZIP);
  CU_ASSERT_EQUAL(tokens.vendor_set, 0x11223344);
  CU_ASSERT_EQUAL(psd_host_read_dsa_key(host, y), PSD_OK);
  CU_ASSERT_EQUAL(psd_host_get_object(host, PSD_OBJECT_DSA_KEY, &key), PSD_OK);
  CU_ASSERT_EQUAL(memcmp(key.y, y, sizeof y), 0);
  close_bench();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every kind in every profile", each_kind},
      {"whatever is lost, one request is one piece and one debit", every_loss},
      {"a card that stays away leaves it open, and GET LAST tells", card_stays_away},
      {"another card in its place is told from it", another_card},
      {"pieces of other programs are not taken for one's own", others_print},
      {"why there is no rate", no_rate},
      {"rates by zone", rated_by_zone},
      {"funds, credit and limits", money},
      {"the state of the meter, and its clock", states},
      {"dates of mailing, and pieces dated anew", dates},
      {"profiles and their keys", profiles},
      {"the proof of a withdrawal", withdrawals},
      {"an answer whose parts disagree is none", answers_that_disagree},
      {"the digest of an addressee", addressees},
      {"rate tables are read and loaded", tables},
      {"registration tokens and the DSA key", registration},
  };
  return psd_check_run("reader: evidence of postage", tests, PSD_CHECK_COUNT(tests));
}
