/* CREATE INDICIUM: which profiles a card makes, and what it needs for each (docs/evidence.md, "Profiles"). */
#include "check.h"
#include "evidence.h"

#include <string.h>

#define POSTAGE PSD_EVIDENCE_POSTAGE
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

static void remove_record(uint16_t record) {
  const psd_store_put gone = {.record = record};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

static void profiles(void) {
  evidence_begin(&r);
  static const psd_profile_id all[] = {PSD_PROFILE_DSA, PSD_PROFILE_P256, PSD_PROFILE_COMPACT};
  psd_evidence_policy policy = {.country = "US", .offset = PSD_OFFSET_UTC};
  for (size_t allowed = 0; allowed < 3; allowed++) {
    policy.profiles = 1U << all[allowed];
    evidence_policy(&r, &policy);
    for (size_t i = 0; i < 3; i++) {
      psd_indicium_wish wish = evidence_empty(all[i]);
      if (i == allowed)
        done(TEST, &wish);
      else
        refused(TEST, &wish, PSD_SW_FUNCTION_UNSUPPORTED);
    }
  }
  static const unsigned unknown[] = {0, 4, 7, 8, 63, 64, 66, 255};
  for (size_t i = 0; i < PSD_CHECK_COUNT(unknown); i++) {
    psd_indicium_wish wish = evidence_letter((psd_profile_id)unknown[i]);
    refused(POSTAGE, &wish, PSD_SW_FUNCTION_UNSUPPORTED);
  }
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  for (unsigned kind = PSD_EVIDENCE_WITHDRAWAL; kind < 256; kind += 3)
    refused(kind, &wish, PSD_SW_WRONG_P1P2);
  rig_destroy(&r);
}

/* Without a policy of its own: P-256 and compact. */
static void default_policy(void) {
  evidence_begin(&r);
  remove_record(PSD_RECORD_OBJECT + PSD_OBJECT_EVIDENCE_POLICY);
  psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  wish.date = 20260131;
  done(POSTAGE, &wish);
  wish.profile = PSD_PROFILE_COMPACT;
  done(POSTAGE, &wish);
  wish.profile = PSD_PROFILE_DSA;
  refused(POSTAGE, &wish, PSD_SW_FUNCTION_UNSUPPORTED);
  rig_destroy(&r);
}

static void missing(uint16_t record, bool p256, bool dsa, bool compact) {
  const struct {
    psd_profile_id id;
    bool there;
  } profile[] = {{PSD_PROFILE_P256, p256}, {PSD_PROFILE_DSA, dsa}, {PSD_PROFILE_COMPACT, compact}};
  evidence_begin(&r);
  remove_record(record);
  for (size_t i = 0; i < 3; i++) {
    psd_indicium_wish wish = evidence_letter(profile[i].id);
    if (profile[i].there) {
      done(POSTAGE, &wish);
    } else {
      refused(POSTAGE, &wish, PSD_SW_REFERENCE_NOT_FOUND);
      wish.postage++; /* the key is looked for first */
      refused(POSTAGE, &wish, PSD_SW_REFERENCE_NOT_FOUND);
    }
  }
  rig_destroy(&r);
}

static void keys(void) {
  missing(PSD_RECORD_KEY_PAIR, false, true, true);
  missing(PSD_RECORD_DSA, true, false, true);
  missing(PSD_RECORD_OBJECT + PSD_OBJECT_CERTIFICATE, false, false, true);
  missing(PSD_RECORD_OBJECT + PSD_OBJECT_POSTAL_TOKEN_KEY, true, true, false);
  missing(PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_TOKEN_KEY, true, true, true);
}

/* An indicium has 4 bytes for the number of the certificate. */
static void certificate_numbers(void) {
  static const struct {
    const char *number;
    uint64_t expected; /* 0: none that fits */
  } samples[] = {{"01", 1},
                 {"7F", 0x7F},
                 {"0080", 0x80},
                 {"7FFFFFFF", 0x7FFFFFFF},
                 {"00FFFFFFFF", 0xFFFFFFFF},
                 {"0100000000", 0},
                 {"01FFFFFFFFFFFFFFFF", 0},
                 {"00", 0},
                 {"80", 0},
                 {"0001", 0},
                 {"", 0}};
  evidence_begin(&r);
  const psd_indicium_wish wish = evidence_empty(PSD_PROFILE_P256);
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    uint8_t number[16];
    size_t length = psd_check_hex(samples[i].number, number, sizeof number);
    evidence_certificate(&r, (psd_piece){number, length});
    if (samples[i].expected == 0) {
      refused(TEST, &wish, PSD_SW_REFERENCE_NOT_FOUND);
    } else {
      done(TEST, &wish);
      CU_ASSERT_EQUAL(evidence_take(&r).indicium.certificate, samples[i].expected);
    }
  }
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, "\x30\x03\x02\x01\x01", 5);
  refused(TEST, &wish, PSD_SW_REFERENCE_NOT_FOUND);
  rig_put_object(&r, PSD_OBJECT_CERTIFICATE, "\x30\x02\x30\x00", 4);
  refused(TEST, &wish, PSD_SW_REFERENCE_NOT_FOUND);
  rig_destroy(&r);
}

/* The compact profile: a maker's byte, and a serial number of 3 bytes. */
static void compact_identity(void) {
  static const struct {
    const char *identity;
    bool fits;
  } samples[] = {{"5053 4431 00FFFFFF", true}, {"5053 4431 01000000", false}, {"5042 5331 00000001", false}};
  evidence_begin(&r);
  for (size_t i = 0; i < PSD_CHECK_COUNT(samples); i++) {
    uint8_t identity[PSD_SIZE_DEVICE_ID];
    psd_check_hex(samples[i].identity, identity, sizeof identity);
    rig_put_object(&r, PSD_OBJECT_DEVICE_ID, identity, sizeof identity);
    psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
    if (samples[i].fits)
      done(TEST, &wish);
    else
      refused(TEST, &wish, PSD_SW_REFERENCE_NOT_FOUND);
    wish.profile = PSD_PROFILE_P256;
    done(TEST, &wish);
  }
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"profiles of the policy, and kinds", profiles},
      {"the policy of a card without one", default_policy},
      {"each profile needs its key", keys},
      {"the certificate's number fits 4 bytes", certificate_numbers},
      {"the compact profile needs a maker's byte and a short serial number", compact_identity},
  };
  return psd_check_run("CREATE INDICIUM: profiles", tests, PSD_CHECK_COUNT(tests));
}
