#include "rates_bench.h"

#include "check.h"
#include "meter/objects.h"
#include "meter/rates.h"

#include <string.h>

rig r;
psd_pair *issuer;

void begin(void) {
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  r.seconds = NOON;
  issuer = rates_issuer();
  rates_equip(&r, issuer);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
}

void end(void) {
  psd_pair_free(issuer);
  rig_destroy(&r);
}

table make(rates_wish wish) {
  table made;
  made.length = rates_make(&wish, issuer, made.bytes);
  return made;
}

uint16_t load(const table *of) {
  return rates_load(&r, of->bytes, of->length);
}

uint16_t load_new(uint32_t version, uint32_t effective, uint32_t expiry) {
  table made = make((rates_wish){.version = version, .effective = effective, .expiry = expiry});
  return load(&made);
}

void refused(const table *of, uint16_t status) {
  psd_core before = r.card->core;
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(load(of), status);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(memcmp(&before, &r.card->core, sizeof before), 0);
}

void refused_new(uint32_t version, uint32_t effective, uint32_t expiry, uint16_t status) {
  table made = make((rates_wish){.version = version, .effective = effective, .expiry = expiry});
  refused(&made, status);
}

void holds(uint32_t current, uint32_t next) {
  CU_ASSERT_EQUAL(r.card->core.rates[0].version, current);
  CU_ASSERT_EQUAL(r.card->core.rates[1].version, next);
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF42000000"), current > 0 ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT(current == 0 || r.response[10] == current); /* the lowest byte of the version */
  CU_ASSERT_EQUAL(rig_hex(&r, "00CADF43000000"), next > 0 ? PSD_SW_OK : PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT(next == 0 || r.response[10] == next);
}

uint64_t in_force(void) {
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

psd_log_record newest(void) {
  psd_log_record record = {0};
  CU_ASSERT_EQUAL(rig_hex(&r, "00B2012C00"), PSD_SW_OK);
  CU_ASSERT_TRUE(psd_parse_message(r.response, r.length, PSD_MESSAGE_LOG_RECORD, &record));
  return record;
}

void policy(const psd_evidence_policy *value) {
  uint8_t encoded[PSD_SIZE_EVIDENCE_POLICY];
  psd_buffer out = psd_buffer_over(encoded, sizeof encoded);
  psd_put_message(&out, PSD_MESSAGE_EVIDENCE_POLICY, value);
  rig_put_object(&r, PSD_OBJECT_EVIDENCE_POLICY, encoded, sizeof encoded);
}

uint64_t price(psd_indicium_wish wish, uint32_t date, uint32_t zip, uint16_t refusal) {
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
