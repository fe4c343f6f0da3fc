/* LOAD RATES: what the card takes, and what it does not (docs/evidence.md, "Rate tables"). */
#include "check.h"
#include "meter/rates.h"
#include "provider.h"
#include "psd/spec/tlv.h"
#include "rates_bench.h"

#include <string.h>

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

static void another_country_is_refused(void) {
  begin();
  table canada = make((rates_wish){.country = "CA"}), states = make((rates_wish){0});
  refused(&canada, PSD_SW_WRONG_DATA);
  policy(&(psd_evidence_policy){.country = "CA", .profiles = 4, .ahead = 0, .offset = PSD_OFFSET_UTC});
  refused(&states, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(load(&canada), PSD_SW_OK);
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
      {"memory that does not hold what it should", memory_fails},
      {"without the PIN", user_or_provider},
      {"in the provider's session", in_the_session},
      {"in a chain", in_a_chain},
      {"in lists of objects", in_lists},
  };
  return psd_check_run("rates: loading", tests, PSD_CHECK_COUNT(tests));
}
