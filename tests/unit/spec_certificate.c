/* The tables of the certificate meter (apdu-spec/certificate.def). */
#include "check.h"
#include "psd/spec/certificate.h"

#include <stdlib.h>
#include <string.h>

/* X.690, 8.19: one number of an object identifier in base 128. */
static void put_base128(psd_buffer *out, unsigned long number) {
  uint8_t digits[10];
  size_t count = 0;
  do {
    digits[count] = (uint8_t)(number & 0x7FU);
    number >>= 7;
  } while (digits[count++] > 0x7FU || number > 0);
  while (count-- > 0)
    psd_put_u8(out, (uint8_t)(digits[count] | (count > 0 ? 0x80U : 0U)));
}

/* The content of an object identifier, from its dots. */
static void encode(const char *dotted, psd_buffer *out) {
  char *next;
  unsigned long first = strtoul(dotted, &next, 10);
  unsigned long second = strtoul(next + 1, &next, 10);
  put_base128(out, 40 * first + second);
  while (*next == '.')
    put_base128(out, strtoul(next + 1, &next, 10));
  CU_ASSERT_EQUAL(*next, '\0');
}

static void test_oids(void) {
  for (size_t i = 0; i < PSD_OID_COUNT; i++) {
    uint8_t bytes[32];
    psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
    encode(psd_oids[i].dotted, &out);
    CU_ASSERT_FALSE(out.overflow);
    CU_ASSERT_EQUAL_FATAL(out.length, psd_oids[i].size);
    CU_ASSERT_EQUAL(memcmp(bytes, psd_oids[i].bytes, out.length), 0);
    for (size_t j = 0; j < i; j++)
      CU_ASSERT_STRING_NOT_EQUAL(psd_oids[i].dotted, psd_oids[j].dotted);
  }
}

static void test_digests(void) {
  CU_ASSERT_PTR_NULL(psd_digest_of(0));
  CU_ASSERT_PTR_NULL(psd_digest_of(4));
  CU_ASSERT_PTR_NULL(psd_digest_named("sha1"));
  CU_ASSERT_EQUAL(psd_digest_of(PSD_DIGEST_SHA384)->size, 48);
  CU_ASSERT_EQUAL(psd_digest_named("sha512")->digest, PSD_DIGEST_SHA512);
  CU_ASSERT_EQUAL(psd_digest_named("sha256")->oid, PSD_OID_SHA256);
}

/* Each service has a field of its own, and they are all of the Table of Service Rates. */
static void test_prices(void) {
  const psd_service_rates rates = {1, 2, 4, 8, 16, 32, 64, 128};
  uint64_t sum = 0;
  for (unsigned service = PSD_SERVICE_REQUEST; service < PSD_SERVICES; service++)
    sum += psd_service_price(&rates, (psd_service)service);
  CU_ASSERT_EQUAL(sum, 255);
  CU_ASSERT_EQUAL(psd_service_price(&rates, PSD_SERVICE_REQUEST), 1);
  CU_ASSERT_EQUAL(psd_service_price(&rates, PSD_SERVICE_PAYMENT), 128);
  CU_ASSERT_EQUAL(psd_service_price(&rates, PSD_SERVICES), 0);
}

static void test_names(void) {
  CU_ASSERT_STRING_EQUAL(psd_service_row(PSD_SERVICE_POSTMARK)->name, "postmark");
  CU_ASSERT_PTR_NULL(psd_service_row(0)->name);
  CU_ASSERT_EQUAL(psd_purpose_named("agent")->value, PSD_PURPOSE_AGENT);
  CU_ASSERT_STRING_EQUAL(psd_purpose_row(PSD_PURPOSE_USER)->name, "user");
  CU_ASSERT_PTR_NULL(psd_purpose_named("Agent"));
  CU_ASSERT_EQUAL(psd_algorithm_named("rsa2048")->value, PSD_ALGORITHM_RSA2048);
  CU_ASSERT_STRING_EQUAL(psd_algorithm_row(PSD_ALGORITHM_P256)->name, "p256");
  CU_ASSERT_STRING_EQUAL(psd_slot_state_row(PSD_SLOT_EMPTY)->name, "empty");
  CU_ASSERT_STRING_EQUAL(psd_slot_state_row(PSD_SLOT_REVOKED)->name, "revoked");
  CU_ASSERT_EQUAL(psd_reason_named("key-compromise")->value, 1);
  CU_ASSERT_PTR_NULL(psd_reason_row(2)->name);
  CU_ASSERT_STRING_EQUAL(psd_authority_status_row(PSD_AUTHORITY_PENDING)->name, "pending");
  CU_ASSERT_STRING_EQUAL(psd_confirmed_row(PSD_CONFIRMED_DUE)->name, "payment due");
  CU_ASSERT_STRING_EQUAL(psd_verdict_row(PSD_VERDICT_DIGEST)->name, "digest");
}

/* VM figure 4: where each verdict is spoken. */
static void test_verdict_steps(void) {
  CU_ASSERT_EQUAL(psd_verdict_step(PSD_VERDICT_VALID), 420);
  CU_ASSERT_EQUAL(psd_verdict_step(PSD_VERDICT_CERTIFICATE), 412);
  CU_ASSERT_EQUAL(psd_verdict_step(PSD_VERDICT_SIGNATURE), 418);
  CU_ASSERT_EQUAL(psd_verdict_step(99), 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"object identifiers are what their dots say", test_oids},
      {"digests", test_digests},
      {"a price a service", test_prices},
      {"names and values", test_names},
      {"steps of figure 4", test_verdict_steps},
  };
  return psd_check_run("certificate tables", tests, PSD_CHECK_COUNT(tests));
}
