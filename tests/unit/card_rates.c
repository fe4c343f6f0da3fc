/* LOAD RATES, and what the card looks up in its rate tables (docs/evidence.md, "Rate tables"). */
#include "check.h"
#include "meter/objects.h"
#include "meter/rates.h"
#include "provider.h"
#include "psd/spec/tlv.h"
#include "rates_card.h"

#include <string.h>

#define DAY UINT64_C(86400)
#define NOON (RIG_TIME + DAY / 2) /* of 2026-01-01 */

static rig r;
static psd_pair *issuer;

/* A table as it was signed. */
typedef struct table {
  uint8_t bytes[PSD_CARD_DATA_MAX];
  size_t length;
} table;

static void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  r.seconds = NOON;
  issuer = rates_issuer();
  rates_equip(&r, issuer);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static void end(void) {
  psd_pair_free(issuer);
  rig_destroy(&r);
}

static table make(rates_wish wish) {
  table made;
  made.length = rates_make(&wish, issuer, made.bytes);
  return made;
}

static uint16_t load(const table *of) {
  return rates_load(&r, of->bytes, of->length);
}

/* Makes and loads one that counts from `effective` to the day before `expiry`. */
static uint16_t load_new(uint32_t version, uint32_t effective, uint32_t expiry) {
  table made = make((rates_wish){.version = version, .effective = effective, .expiry = expiry});
  return load(&made);
}

/* Refused, and nothing was written or changed. */
static void refused(const table *of, uint16_t status) {
  psd_core before = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(load(of), status);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(memcmp(&before, &r.card->core, sizeof before), 0);
}

static void refused_new(uint32_t version, uint32_t effective, uint32_t expiry, uint16_t status) {
  table made = make((rates_wish){.version = version, .effective = effective, .expiry = expiry});
  refused(&made, status);
}

/* The versions of the two tables the card has, of which 0 is none. */
static void holds(uint32_t current, uint32_t next) {
  CU_ASSERT_EQUAL(r.card->core.rates[0].version, current);
  CU_ASSERT_EQUAL(r.card->core.rates[1].version, next);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF42000000"), current > 0 ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT(current == 0 || r.response[10] == current); /* the lowest byte of the version */
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF43000000"), next > 0 ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT(next == 0 || r.response[10] == next);
}

/* The version whose service rates the card gives; 0 if it has none for today. */
static uint64_t in_force(void) {
  psd_service_rates services, fetched;
  uint16_t status = rig_hex(&r, "00CADF4000");
  CU_ASSERT_EQUAL(psd_object_fetch(r.card, PSD_OBJECT_SERVICE_RATES, &fetched), status);
  if (status == PSD_SW_REFERENCE_NOT_FOUND)
    return 0;
  CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_SERVICE_RATES, &services));
  CU_ASSERT_EQUAL(memcmp(&services, &fetched, sizeof services), 0);
  CU_ASSERT(services.activation == 200 && services.payment == 20);
  return services.certificate - RATES_CERTIFICATE(0);
}

static psd_log_record newest(void) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

static void table_in_force(void) {
  begin();
  CU_ASSERT_EQUAL(in_force(), 0);
  holds(0, 0);
  table made = make((rates_wish){.version = 7});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  psd_log_record record = newest();
  CU_ASSERT(record.event == PSD_EVENT_OBJECT_WRITTEN && record.detail == 0xDF42 && record.amount == 0);
  for (int resets = 0; resets < 2; resets++) {
    uint8_t hash[PSD_HASH];
    const psd_part whole = {made.bytes, made.length - PSD_RATES_SIGNATURE};
    const psd_rates_state *state = &r.card->core.rates[0];
    CU_ASSERT(psd_hash(&whole, 1, hash) && memcmp(hash, state->hash, sizeof state->hash) == 0);
    CU_ASSERT(state->version == 7 && state->effective == 20260101 && state->expiry == 20270101);
    CU_ASSERT_NOT_EQUAL(r.card->core.head.written & UINT64_C(1) << PSD_OBJECT_RATE_TABLE, 0);
    holds(7, 0);
    CU_ASSERT_EQUAL(rig_hex(&r, "00CADF42000000"), PSD_SW_OK);
    CU_ASSERT(r.length == made.length && memcmp(r.response, made.bytes, made.length) == 0);
    CU_ASSERT_EQUAL(in_force(), 7);
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  }
  end();
}

/* The key first, then the signature, then what was signed, then whether it has come in time. */
static void order_of_the_checks(void) {
  begin();
  table good = make((rates_wish){0}), late = make((rates_wish){.effective = 20250101, .expiry = 20260101});
  table wrong = make((rates_wish){.country = "DE", .effective = 20250101, .expiry = 20260101});
  table altered = wrong;
  altered.bytes[40] ^= 1;
  refused(&late, PSD_SW_CONDITIONS);
  refused(&wrong, PSD_SW_WRONG_DATA);
  refused(&altered, PSD_SW_VERIFICATION_FAILED);
  psd_store_put none = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_RATE_KEY};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &none, 1), PSD_STORE_OK);
  refused(&altered, PSD_SW_REFERENCE_NOT_FOUND);
  refused(&good, PSD_SW_REFERENCE_NOT_FOUND);
  end();
}

static void whatever_is_altered_is_refused(void) {
  begin();
  table made = make((rates_wish){0});
  for (size_t i = 0; i < made.length; i++) {
    made.bytes[i] ^= 0x20;
    refused(&made, PSD_SW_VERIFICATION_FAILED);
    made.bytes[i] ^= 0x20;
  }
  made.length--;
  refused(&made, PSD_SW_VERIFICATION_FAILED);
  made.length += 2;
  made.bytes[made.length - 1] = 0;
  refused(&made, PSD_SW_VERIFICATION_FAILED);
  made.length--;
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  end();
}

static void key_of_another_is_refused(void) {
  begin();
  psd_pair *own = issuer;
  issuer = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(issuer);
  table made = make((rates_wish){0});
  refused(&made, PSD_SW_VERIFICATION_FAILED);
  rates_equip(&r, issuer);
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  psd_pair_free(own);
  end();
}

/* Signed for something else, with the very key. */
static void another_label_is_refused(void) {
  begin();
  table made = make((rates_wish){0});
  const psd_part parts[] = {{"psd rate tablE", 14}, {made.bytes, made.length - 64}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(issuer, parts, 2, made.bytes + made.length - 64));
  refused(&made, PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(issuer, parts + 1, 1, made.bytes + made.length - 64));
  refused(&made, PSD_SW_VERIFICATION_FAILED);
  end();
}

/* Every byte of a table altered before it was signed: the card takes none that psd_rates_open refuses. */
static void tables_that_are_none(void) {
  rig_copy copy;
  size_t taken = 0, rejected = 0;
  begin();
  table good = make((rates_wish){.size = 220});
  rig_save(&r, &copy);
  size_t length = good.length - PSD_RATES_SIGNATURE;
  for (size_t i = 0; i < length; i++) {
    table made = good;
    psd_rates rates;
    made.bytes[i] ^= 0x81;
    rates_sign(issuer, length, made.bytes);
    if (psd_rates_open(made.bytes, length, &rates) && memcmp(rates.head.country, "US", 2) == 0) {
      uint16_t status = load(&made);
      bool timely = rates.head.expiry > 20260101;
      CU_ASSERT_EQUAL(status, timely ? PSD_SW_OK : PSD_SW_CONDITIONS);
      rig_restore(&r, &copy);
      taken++;
    } else {
      refused(&made, PSD_SW_WRONG_DATA);
      rejected++;
    }
  }
  CU_ASSERT(taken > 40 && rejected > 40);
  rig_forget(&copy);
  end();
}

static void sizes(void) {
  begin();
  table largest = make((rates_wish){.size = PSD_RATES_MAX});
  CU_ASSERT(largest.length > PSD_RATES_MAX + PSD_RATES_SIGNATURE - PSD_SIZE_RATE_ROW);
  CU_ASSERT_EQUAL(load(&largest), PSD_SW_OK);
  holds(1, 0);
  /* As many bytes as a command carries, rightly signed. */
  table larger = {.length = PSD_CARD_DATA_MAX};
  size_t length = PSD_CARD_DATA_MAX - PSD_RATES_SIGNATURE;
  memcpy(larger.bytes, largest.bytes, largest.length);
  const psd_part parts[] = {{PSD_RATES_LABEL, strlen(PSD_RATES_LABEL)}, {larger.bytes, length}};
  CU_ASSERT_TRUE_FATAL(psd_pair_sign(issuer, parts, 2, larger.bytes + length));
  refused(&larger, PSD_SW_WRONG_DATA);
  table least = {.length = 159};
  refused(&least, PSD_SW_WRONG_LENGTH);
  least.length = 160;
  refused(&least, PSD_SW_VERIFICATION_FAILED);
  end();
}

static void policy(const psd_evidence_policy *value) {
  uint8_t encoded[PSD_SIZE_EVIDENCE_POLICY];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_EVIDENCE_POLICY, value);
  rig_put_object(&r, PSD_OBJECT_EVIDENCE_POLICY, encoded, sizeof encoded);
}

static void another_country_is_refused(void) {
  begin();
  table canada = make((rates_wish){.country = "CA"}), states = make((rates_wish){0});
  refused(&canada, PSD_SW_WRONG_DATA);
  policy(&(psd_evidence_policy){.country = "CA", .profiles = 4, .ahead = 0, .offset = PSD_OFFSET_UTC});
  refused(&states, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(load(&canada), PSD_SW_OK);
  end();
}

static void dates_decide(void) {
  begin();
  refused_new(9, 20250101, 20260101, PSD_SW_CONDITIONS); /* yesterday was its last day */
  refused_new(9, 20240101, 20250101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(load_new(1, 20260102, 20260103), PSD_SW_OK); /* tomorrow */
  CU_ASSERT_EQUAL(newest().detail, 0xDF43);
  holds(0, 1);
  CU_ASSERT_EQUAL(in_force(), 0);
  r.seconds = RIG_TIME + DAY - 1;
  CU_ASSERT_EQUAL(in_force(), 0);
  r.seconds++;
  CU_ASSERT_EQUAL(in_force(), 1);
  r.seconds += DAY;
  CU_ASSERT_EQUAL(in_force(), 0); /* and it is over */
  r.seconds = NOON;
  CU_ASSERT_EQUAL(load_new(2, 20260101, 20260102), PSD_SW_OK); /* a single day, today's */
  holds(2, 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  CU_ASSERT_EQUAL(load_new(3, 19700101, 99991231), PSD_SW_OK);
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

static void local_time_says_what_today_is(void) {
  begin();
  r.seconds = RIG_TIME; /* midnight of UTC: in New York it is the day before */
  policy(&(psd_evidence_policy){.country = "US", .profiles = 4, .ahead = 30, .offset = PSD_OFFSET_UTC - 300});
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  holds(0, 1);
  CU_ASSERT_EQUAL(in_force(), 0);
  CU_ASSERT_EQUAL(load_new(2, 20251231, 20260101), PSD_SW_OK); /* not yet over there */
  holds(2, 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  r.seconds += 5 * 3600;
  CU_ASSERT_EQUAL(in_force(), 0);
  end();
}

static void without_a_clock_nothing_is_taken(void) {
  begin();
  psd_core core = r.card->core;
  core.clock.set = 0;
  rig_set_core(&r, &core);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  refused_new(1, 19700101, 99991231, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(in_force(), 0);
  end();
}

static void versions_count_upwards(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(5, 20260101, 20270101), PSD_SW_OK);
  refused_new(4, 20260101, 20270101, PSD_SW_CONDITIONS);
  refused_new(5, 20260101, 20270102, PSD_SW_CONDITIONS); /* the same version, and another table */
  refused_new(5, 20260201, 20270101, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(load_new(7, 20260201, 20270101), PSD_SW_OK);
  refused_new(6, 20260101, 20270101, PSD_SW_CONDITIONS); /* above the one in force, and not above the next */
  refused_new(6, 20260301, 20270101, PSD_SW_CONDITIONS);
  refused_new(7, 20260301, 20270101, PSD_SW_CONDITIONS);
  refused_new(5, 20260301, 20270101, PSD_SW_CONDITIONS);
  holds(5, 7);
  CU_ASSERT_EQUAL(load_new(UINT32_MAX, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(in_force(), UINT32_MAX);
  refused_new(UINT32_MAX, 20260201, 20270101, PSD_SW_CONDITIONS);
  refused_new(1, 20260201, 20270101, PSD_SW_CONDITIONS);
  end();
}

/* One that the card has is answered 9000, and that is all; whoever signed it anew has made the same table. */
static void the_same_again_changes_nothing(void) {
  begin();
  table current = make((rates_wish){.version = 1}), next = make((rates_wish){.version = 2, .effective = 20260201});
  CU_ASSERT_EQUAL(load(&current), PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  CU_ASSERT_EQUAL(load(&next), PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  refused(&next, PSD_SW_OK);
  table again = make((rates_wish){.version = 1});
  CU_ASSERT(memcmp(again.bytes, current.bytes, current.length) != 0);
  refused(&again, PSD_SW_OK);
  r.seconds = RIG_TIME + 40 * DAY; /* the next counts */
  refused(&next, PSD_SW_OK);
  refused(&current, PSD_SW_OK);
  holds(1, 2);
  CU_ASSERT_EQUAL(in_force(), 2);
  r.seconds = RIG_TIME + 400 * DAY; /* both are over */
  refused(&next, PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20270101, 20280101), PSD_SW_OK);
  refused(&next, PSD_SW_CONDITIONS); /* it has another now */
  end();
}

static void next_replaces_next(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(2, 20260201, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(1, 3);
  r.seconds = RIG_TIME + 35 * DAY; /* February, when the one that was withdrawn would have counted */
  CU_ASSERT_EQUAL(in_force(), 1);
  r.seconds = RIG_TIME + 60 * DAY;
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

static void next_moves_up(void) {
  begin();
  table second = make((rates_wish){.version = 2, .effective = 20260201});
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load(&second), PSD_SW_OK);
  r.seconds = RIG_TIME + 31 * DAY; /* its first day */
  CU_ASSERT_EQUAL(in_force(), 2);
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(2, 3);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF42000000"), PSD_SW_OK);
  CU_ASSERT(r.length == second.length && memcmp(r.response, second.bytes, second.length) == 0);
  CU_ASSERT_EQUAL(in_force(), 2);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  holds(2, 3);
  CU_ASSERT_EQUAL(load_new(4, 20260201, 20270101), PSD_SW_OK); /* in force today: there is no next any more */
  holds(4, 0);
  end();
}

/* The day before, it does not. */
static void next_waits(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(1, 20260101, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(2, 20260201, 20270101), PSD_SW_OK);
  r.seconds = RIG_TIME + 31 * DAY - 1;
  CU_ASSERT_EQUAL(load_new(3, 20260301, 20270101), PSD_SW_OK);
  holds(1, 3);
  end();
}

/* Without a first there is nothing that moves up but the next itself. */
static void next_without_a_first(void) {
  begin();
  CU_ASSERT_EQUAL(load_new(2, 20260102, 20270101), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(3, 20260105, 20270101), PSD_SW_OK);
  holds(0, 3);
  r.seconds = RIG_TIME + 10 * DAY;
  CU_ASSERT_EQUAL(load_new(4, 20260301, 20270101), PSD_SW_OK);
  holds(3, 4);
  CU_ASSERT_EQUAL(in_force(), 3);
  end();
}

#define LETTER ((psd_indicium_wish){.mail_class = PSD_CLASS_OF_FIRST, .grams = 28})

/* The postage of a piece; 0 with `refusal`. */
static uint64_t price(psd_indicium_wish wish, uint32_t date, uint32_t zip, uint16_t refusal) {
  psd_rate_row row;
  uint64_t number;
  uint8_t hash[PSD_RATES_HASH];
  uint16_t status = psd_rates_price(r.card, &wish, date, zip, &row, &number, hash);
  if (refusal != 0) {
    CU_ASSERT_EQUAL(status, refusal);
    return 0;
  }
  CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
  for (size_t i = 0; i < 2; i++)
    if (memcmp(hash, r.card->core.rates[i].hash, sizeof hash) == 0)
      return row.postage;
  CU_FAIL("the hash is of neither table");
  return 0;
}

static void date_of_mailing_chooses_the_table(void) {
  const uint16_t none = PSD_SW_REFERENCE_NOT_FOUND;
  begin();
  price(LETTER, 20260101, 90210, none);
  table first = make((rates_wish){.version = 1, .effective = 20251201, .expiry = 20260401, .letter = 700});
  table second = make((rates_wish){.version = 2, .effective = 20260201, .expiry = 20260301, .letter = 800});
  CU_ASSERT_EQUAL(load(&first), PSD_SW_OK);
  CU_ASSERT_EQUAL(price(LETTER, 20260331, 90210, 0), 700);
  CU_ASSERT_EQUAL(load(&second), PSD_SW_OK);
  for (int day = 0; day < 2; day++) {
    price(LETTER, 20251130, 90210, none);
    CU_ASSERT_EQUAL(price(LETTER, 20251201, 90210, 0), 700);
    CU_ASSERT_EQUAL(price(LETTER, 20260131, 90210, 0), 700);
    CU_ASSERT_EQUAL(price(LETTER, 20260201, 90210, 0), 800);
    CU_ASSERT_EQUAL(price(LETTER, 20260228, 90210, 0), 800);
    price(LETTER, 20260301, 90210, none); /* though the first would go on */
    price(LETTER, 20260331, 90210, none);
    r.seconds = RIG_TIME + 40 * DAY; /* today does not matter */
  }
  table third = make((rates_wish){.version = 3, .effective = 20260401, .letter = 900});
  CU_ASSERT_EQUAL(load(&third), PSD_SW_OK); /* the second has moved up */
  price(LETTER, 20260131, 90210, none);
  CU_ASSERT_EQUAL(price(LETTER, 20260201, 90210, 0), 800);
  price(LETTER, 20260315, 90210, none);
  CU_ASSERT_EQUAL(price(LETTER, 20260401, 90210, 0), 900);
  end();
}

static void rows_are_found(void) {
  const psd_indicium_wish parcel = {.mail_class = PSD_CLASS_OF_PRIORITY, .grams = 454};
  psd_indicium_wish wish = parcel;
  psd_rate_row row;
  uint64_t number = 0;
  uint8_t hash[PSD_RATES_HASH];
  begin();
  table made = make((rates_wish){0});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  wish.destination = 90501000000;
  CU_ASSERT_EQUAL(price(wish, 20260101, 90210, 0), RATES_PARCEL_1);
  wish.destination = 15001000000;
  CU_ASSERT_EQUAL(price(wish, 20260101, 90210, 0), RATES_PARCEL_8);
  price(wish, 20260101, 10001, PSD_SW_WRONG_DATA); /* from elsewhere: no zone is known */
  wish.zone = 1;
  CU_ASSERT_EQUAL(price(wish, 20260101, 10001, 0), RATES_PARCEL_1);
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA); /* the table has another */
  wish = LETTER;
  wish.postage = 12345; /* not this function's business */
  CU_ASSERT_EQUAL(psd_rates_price(r.card, &wish, 20260101, 90210, &row, &number, hash), PSD_SW_OK);
  CU_ASSERT(number == 0 && row.postage == RATES_LETTER && row.grams == 28);
  wish.grams = 86;
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish.grams = 0;
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish = (psd_indicium_wish){.mail_class = PSD_CLASS_OF_EXPRESS, .grams = 1};
  price(wish, 20260101, 90210, PSD_SW_WRONG_DATA);
  wish = (psd_indicium_wish){.mail_class = PSD_CLASS_OF_CARD, .grams = 9};
  CU_ASSERT_EQUAL(psd_rates_price(r.card, &wish, 20260101, 90210, &row, &number, hash), PSD_SW_OK);
  CU_ASSERT(number == 5 && row.postage == RATES_CARD);
  end();
}

static void rotten(psd_object_id id, const void *value, size_t length) {
  const psd_store_put put = {.record = (uint16_t)(PSD_RECORD_OBJECT + id), .length = (uint16_t)length, .value = value};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
}

/* The core says that there is a table, and the record does not hold one. */
static void memory_fails(void) {
  begin();
  table made = make((rates_wish){0});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  CU_ASSERT_EQUAL(load_new(2, 20260201, 20270101), PSD_SW_OK);
  rotten(PSD_OBJECT_RATE_TABLE, "abc", 3);
  price(LETTER, 20260101, 90210, PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF4000"), PSD_SW_MEMORY_FAILURE);
  made.bytes[0] = 'X';
  rotten(PSD_OBJECT_RATE_TABLE, made.bytes, made.length);
  price(LETTER, 20260101, 90210, PSD_SW_MEMORY_FAILURE);
  rotten(PSD_OBJECT_RATE_TABLE, NULL, 0);
  price(LETTER, 20260101, 90210, PSD_SW_MEMORY_FAILURE);
  rotten(PSD_OBJECT_NEXT_RATE_TABLE, NULL, 0);
  r.seconds = RIG_TIME + 40 * DAY;
  refused_new(3, 20260301, 20270101, PSD_SW_MEMORY_FAILURE); /* nothing that could move up */
  rotten(PSD_OBJECT_EVIDENCE_POLICY, "abc", 3);
  refused_new(3, 20260101, 20270101, PSD_SW_MEMORY_FAILURE);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF4000"), PSD_SW_MEMORY_FAILURE);
  rotten(PSD_OBJECT_RATE_KEY, "abc", 3);
  refused_new(3, 20260101, 20270101, PSD_SW_MEMORY_FAILURE);
  end();
}

static void user_or_provider(void) {
  begin();
  table made = make((rates_wish){0});
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  refused(&made, PSD_SW_SECURITY_STATUS);
  end();
}

static void in_the_session(void) {
  static rig bench;
  meter m;
  table largest;
  provider_begin(&bench, &m, PSD_STATE_OPERATIONAL);
  issuer = rates_issuer();
  rates_equip(&bench, issuer);
  largest = make((rates_wish){.size = PSD_RATES_MAX});
  uint64_t number = bench.card->core.order.number;
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_LOAD_RATES, 0, largest.bytes, largest.length), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_newest(&m).detail, 0xDF42);
  CU_ASSERT_EQUAL(bench.card->core.order.number, number); /* it is no order */
  provider_mark mark = provider_look(&m);
  CU_ASSERT_EQUAL(provider_send(&m, PSD_COMMAND_LOAD_RATES, 0, largest.bytes, largest.length), PSD_SW_OK);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  psd_pair_free(issuer);
  meter_bench_end(&m);
}

/* In short commands (ISO/IEC 7816-4:2005, 5.1.1.1). */
static void in_a_chain(void) {
  begin();
  table made = make((rates_wish){.size = 900});
  for (size_t at = 0; at < made.length;) {
    size_t part = made.length - at < 200 ? made.length - at : 200;
    uint8_t command[5 + 200] = {at + part < made.length ? 0x90 : 0x80, 0x3E, 0, 0, (uint8_t)part};
    memcpy(command + 5, made.bytes + at, part);
    CU_ASSERT_EQUAL(rig_send(&r, command, 5 + part), PSD_SW_OK);
    at += part;
  }
  holds(1, 0);
  end();
}

static bool listed(uint32_t tag) {
  psd_tlv tlv;
  return psd_find_tlv(psd_cursor_over(r.response, r.length), tag, &tlv);
}

/* Service rates are where other objects are. What a list of everything has no room for is left out. */
static void in_lists(void) {
  begin();
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF04 5C02DF40 00"), PSD_SW_REFERENCE_NOT_FOUND);
  table made = make((rates_wish){0});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF06 5C04DF40DF42 00") & 0xFF00, PSD_SW_MORE_DATA);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF000006 5C04DF40DF42 0000"), PSD_SW_OK);
  CU_ASSERT(listed(0xDF40) && listed(0xDF42));
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF000002 5C00 0000"), PSD_SW_OK);
  CU_ASSERT(listed(0xDF22) && listed(0xDF40) && listed(0xDF42) && listed(0x4F));
  made = make((rates_wish){.version = 2, .size = PSD_RATES_MAX});
  CU_ASSERT_EQUAL(load(&made), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF000002 5C00 0000"), PSD_SW_OK);
  CU_ASSERT(listed(0xDF22) && listed(0xDF40) && !listed(0xDF42) && listed(0x4F));
  CU_ASSERT_EQUAL(rig_hex(&r, "00CB3FFF000004 5C02DF42 0000"), PSD_SW_OK);
  CU_ASSERT_TRUE(listed(0xDF42));
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a table in force", table_in_force},
      {"the order of the checks", order_of_the_checks},
      {"every byte altered", whatever_is_altered_is_refused},
      {"another's signature", key_of_another_is_refused},
      {"a signature for something else", another_label_is_refused},
      {"what is no table, however it was signed", tables_that_are_none},
      {"the largest and the smallest", sizes},
      {"another country", another_country_is_refused},
      {"yesterday's, today's and tomorrow's", dates_decide},
      {"local time", local_time_says_what_today_is},
      {"no clock", without_a_clock_nothing_is_taken},
      {"versions count upwards", versions_count_upwards},
      {"the very same again", the_same_again_changes_nothing},
      {"a next one in place of the next", next_replaces_next},
      {"the next has come into force", next_moves_up},
      {"the next has not yet come into force", next_waits},
      {"a next one and no first", next_without_a_first},
      {"the date of mailing chooses the table", date_of_mailing_chooses_the_table},
      {"class, zone and weight choose the row", rows_are_found},
      {"memory that does not hold what it should", memory_fails},
      {"without the PIN", user_or_provider},
      {"in the provider's session", in_the_session},
      {"in a chain", in_a_chain},
      {"in lists of objects", in_lists},
  };
  return psd_check_run("rates", tests, PSD_CHECK_COUNT(tests));
}
