/* REGISTRATION TOKENS (docs/evidence.md, "Installation and registration"). */
#include "check.h"
#include "evidence.h"

#include "crypto/evp.h"

#include <string.h>

#define COMMAND "805E0000 00"

static rig r;

static psd_registration_tokens tokens(void) {
  psd_registration_tokens found = {0};
  CU_ASSERT_EQUAL_FATAL(rig_hex(&r, COMMAND), PSD_SW_OK);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(r.response, r.length, PSD_MESSAGE_REGISTRATION_TOKENS, &found));
  return found;
}

/* What the box makes of it: K_final of date 0, then REGISTRATION, 8 digits. `first` is that of the key's bytes. */
static uint32_t expected(uint8_t first) {
  uint8_t key[32], of_day[16], final[16], mac[16], device[8], registration[PSD_SIZE_REGISTRATION];
  static const uint8_t no_day[4] = {0};
  psd_check_hex("5053 4431 00C0FFEE", device, sizeof device);
  psd_check_hex("5053 4431 00C0FFEE 00016062 00001267", registration, sizeof registration);
  for (size_t i = 0; i < sizeof key; i++)
    key[i] = (uint8_t)(first + 37 * i);
  const psd_part day[] = {{"psd token day", 13}, {no_day, 4}};
  const psd_part meter[] = {{"psd token meter", 15}, {device, sizeof device}};
  const psd_part over[] = {{"psd token registration", 22}, {registration, sizeof registration}};
  CU_ASSERT_TRUE_FATAL(psd_cmac(key, sizeof key, day, 2, of_day) && psd_cmac(of_day, 16, meter, 2, final) &&
                       psd_cmac(final, 16, over, 2, mac));
  uint64_t number = 0;
  for (size_t i = 0; i < 8; i++)
    number = number << 8 | mac[i];
  return (uint32_t)(number % 100000000);
}

static void both_domains(void) {
  evidence_begin(&r);
  uint64_t operations = r.ram.operations;
  const psd_registration_tokens found = tokens();
  CU_ASSERT(found.zip == EVIDENCE_ZIP && found.licence == EVIDENCE_LICENCE);
  CU_ASSERT(found.vendor_set == 0x11223344 && found.postal_set == 0x11223344);
  CU_ASSERT_EQUAL(found.vendor_token, expected(0x80));
  CU_ASSERT_EQUAL(found.postal_token, expected(0x90));
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  rig_destroy(&r);
}

static void domain_without_key(void) {
  evidence_begin(&r);
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_TOKEN_KEY};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  const psd_registration_tokens found = tokens();
  CU_ASSERT(found.vendor_set == 0 && found.vendor_token == 0 && found.postal_set == 0x11223344);
  CU_ASSERT_EQUAL(found.postal_token, expected(0x90));
  rig_destroy(&r);
}

static void without_licence(void) {
  evidence_begin(&r);
  const psd_store_put gone = {.record = PSD_RECORD_OBJECT + PSD_OBJECT_LICENCE};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &gone, 1), PSD_STORE_OK);
  psd_card_reset(r.card);
  rig_select(&r);
  CU_ASSERT_EQUAL(rig_hex(&r, COMMAND), PSD_SW_SECURITY_STATUS);
  rig_verify(&r, RIG_PIN);
  CU_ASSERT_EQUAL(rig_hex(&r, COMMAND), PSD_SW_CONDITIONS);
  rig_destroy(&r);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a token of each domain", both_domains},
      {"a domain without a key", domain_without_key},
      {"without a licence", without_licence},
  };
  return psd_check_run("REGISTRATION TOKENS", tests, PSD_CHECK_COUNT(tests));
}
