/* Recorded evidence (docs/evidence.md): every secret a card makes it with, its rate table, what was asked for and what
 * it answered, of every profile and kind. */
#include "transcript.h"

#include "check.h"
#include "evidence.h"

#include <stdio.h>

#define DESTINATION UINT64_C(10001234567)
#define WITHDRAWN 4000U

static void say_record(FILE *to, const rig *r, const char *name, uint16_t record) {
  uint8_t bytes[PSD_CARD_DATA_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(psd_store_read(&r->card->store, record, bytes, sizeof bytes, &length), PSD_STORE_OK);
  if (record == PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE)
    length -= PSD_RATES_SIGNATURE; /* the issuer's signature is another one each time */
  transcript_say(to, name, bytes, length);
}

static void say_object(FILE *to, rig *r, const char *name, const char *command) {
  CU_ASSERT_EQUAL_FATAL(rig_hex(r, command), PSD_SW_OK);
  transcript_say(to, name, r->response, r->length);
}

/* The keys of tokens as a PSD has them whose keys are derived the meter first. */
static void turn_keys(rig *r) {
  static const psd_object_id objects[] = {PSD_OBJECT_VENDOR_TOKEN_KEY, PSD_OBJECT_POSTAL_TOKEN_KEY};
  for (size_t i = 0; i < PSD_CHECK_COUNT(objects); i++) {
    uint8_t encoded[PSD_SIZE_TOKEN_KEY];
    psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
    psd_token_key key = {.set = 9, .pointer = 7, .digits = 2 + 6 * i, .order = PSD_TOKEN_BY_METER};
    for (uint8_t at = 0; at < PSD_TOKEN_KEY_SIZE; at++)
      key.key[at] = (uint8_t)(0x30 + 0x10 * i + at);
    psd_put_message(&out, PSD_MESSAGE_TOKEN_KEY, &key);
    rig_put_object(r, objects[i], encoded, sizeof encoded);
  }
}

static void say_card(FILE *to, rig *r) {
  say_record(to, r, "pair", PSD_RECORD_KEY_PAIR);
  say_record(to, r, "dsa", PSD_RECORD_DSA);
  say_record(to, r, "vendor_token_key", PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_TOKEN_KEY);
  say_record(to, r, "postal_token_key", PSD_RECORD_OBJECT + PSD_OBJECT_POSTAL_TOKEN_KEY);
  say_record(to, r, "certificate", PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE);
  say_record(to, r, "rate_table", PSD_RECORD_OBJECT + PSD_OBJECT_RATE_TABLE);
  say_object(to, r, "device", "00CADF2000");
  say_object(to, r, "licence", "00CADF2900");
  say_object(to, r, "clock", "00CADF2700");
  say_object(to, r, "registers", "00CADF2300");
}

static void say_answer(FILE *to, const rig *r, const char *name, uint16_t status) {
  char words[64];
  CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
  CU_ASSERT_FATAL(snprintf(words, sizeof words, "%s_answer", name) < (int)sizeof words);
  transcript_say(to, words, r->response, r->length);
}

static void say_piece(FILE *to, rig *r, const char *name, uint8_t kind, const psd_indicium_wish *wish) {
  char words[64];
  uint8_t asked[1 + PSD_SIZE_INDICIUM_WISH];
  psd_buffer out = psd_buffer_over(asked, sizeof asked);
  psd_put_u8(&out, kind);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM_WISH, wish);
  CU_ASSERT_FATAL(snprintf(words, sizeof words, "%s_kind_and_wish", name) < (int)sizeof words);
  transcript_say(to, words, asked, sizeof asked);
  say_answer(to, r, name, evidence_create(r, kind, wish));
}

static void say_profile(FILE *to, rig *r, const psd_profile_row *profile, uint64_t redated) {
  char name[32];
  const struct {
    const char *name;
    uint8_t kind;
    psd_indicium_wish wish;
  } pieces[] = {
      {"letter",
       PSD_EVIDENCE_POSTAGE,
       {.mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = RATES_LETTER, .addressee = {1, 2, 3, 4, 5, 6, 7, 8}}},
      {"parcel",
       PSD_EVIDENCE_POSTAGE,
       {.mail_class = PSD_CLASS_OF_PRIORITY,
        .grams = 400,
        .postage = 12500,
        .destination = DESTINATION,
        .date = 20260112}},
      {"redate", PSD_EVIDENCE_REDATE, {.destination = redated, .date = 20260130}},
      {"correction", PSD_EVIDENCE_CORRECTION, {.postage = 1, .destination = PSD_DESTINATION_MOST}},
      {"test", PSD_EVIDENCE_TEST, {.postage = 0}},
  };
  for (size_t i = 0; i < PSD_CHECK_COUNT(pieces); i++) {
    psd_indicium_wish wish = pieces[i].wish;
    wish.profile = profile->id;
    CU_ASSERT_FATAL(snprintf(name, sizeof name, "%s_%s", profile->name, pieces[i].name) < (int)sizeof name);
    say_piece(to, r, name, pieces[i].kind, &wish);
  }
}

static void enter(rig *r, const psd_core *core) {
  rig_set_core(r, core);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(r, RIG_PIN), PSD_SW_OK);
}

void transcript_say_evidence(FILE *to, bool meter_first) {
  rig r;
  evidence_begin(&r);
  psd_core core = r.card->core;
  core.postage.descending = 90000;
  core.postage.control_total = core.postage.ascending + core.postage.descending;
  core.operation = (psd_operation){
      .operation = PSD_OPERATION_WITHDRAWN, .group = PSD_GROUP_POSTAGE, .sequence = 6, .amount = WITHDRAWN};
  if (meter_first)
    turn_keys(&r);
  enter(&r, &core);
  say_card(to, &r);
  say_answer(to, &r, "registration", rig_hex(&r, "805E000000"));
  say_profile(to, &r, psd_profile_of(PSD_PROFILE_P256), 1);
  say_profile(to, &r, psd_profile_of(PSD_PROFILE_DSA), 3);
  say_profile(to, &r, psd_profile_of(PSD_PROFILE_COMPACT), 4);
  say_answer(to, &r, "withdrawal", evidence_withdrawal(&r, PSD_PROFILE_DSA));
  rig_destroy(&r);
}
