/* rates (docs/evidence.md, "Rate tables"): what is signed for cards, and with which version; what is not. */
#include <string.h>

#include "kms_support.h"
#include "psd/spec/rates.h"

static bench on;
static uint8_t memory[PSD_FRAME_BODY_MAX];

/* A table of one class with two weights. */
static psd_buffer table_of(uint64_t version, const char *country, uint64_t price, uint64_t postmark) {
  psd_rate_table head = {.format = 1, .version = version, .effective = 20260101, .expiry = 20270101, .rows = 2};
  const psd_service_rates services = {.postmark = postmark};
  const psd_rate_row rows[] = {{.mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = 730},
                               {.mail_class = PSD_CLASS_OF_FIRST, .grams = 56, .postage = price}};
  head.origin = PSD_RATES_NO_ORIGIN;
  memcpy(head.magic, "PSDR", 4);
  memcpy(head.country, country, 2);
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_put_message(&request, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&request, PSD_MESSAGE_SERVICE_RATES, &services);
  for (size_t i = 0; i < 2; i++)
    psd_put_message(&request, PSD_MESSAGE_RATE_ROW, &rows[i]);
  return request;
}

static psd_signal sign(uint64_t version, const char *country, uint64_t price) {
  psd_buffer request = table_of(version, country, price, 350);
  psd_signal signal = bench_ask(&on, PSD_FRAME_KMS_RATES, &request);
  CU_ASSERT_EQUAL(on.service.events.count, signal == PSD_SIGNAL_NONE ? 1 : 0);
  return signal;
}

static void signed_tables(void) {
  uint8_t digest[32];
  bench_open(&on, PSD_ROLE_METER, false);
  CU_ASSERT_EQUAL_FATAL(sign(3, "US", 970), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(on.answer_length, 64);
  psd_buffer request = table_of(3, "US", 970, 350);
  const psd_part table = {request.data + 4, request.length - 4}, parts[] = {{"psd rate table", 14}, table};
  CU_ASSERT(psd_point_verify(psd_keyring_active(on.ring, PSD_KMS_RATE)->point, parts, 2, on.content));
  CU_ASSERT(psd_hash(&table, 1, digest));
  psd_kms_record record = psd_kms_record_of(&on.service.events.list[0]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_RATES_SIGNED && record.kind == PSD_KMS_RATE && record.key == 8);
  CU_ASSERT(record.sequence == 3 && memcmp(record.vendor, "US", 2) == 0 && memcmp(record.digest, digest, 32) == 0);
  bench_close(&on);
}

/* Upwards, for each country, but for the very same table. */
static void versions(void) {
  static const struct {
    uint64_t version;
    const char *country;
    uint64_t price;
    psd_signal signal;
  } cases[] = {{3, "US", 970, PSD_SIGNAL_NONE},
               {3, "US", 970, PSD_SIGNAL_NONE},    /* the very same */
               {3, "US", 971, PSD_SIGNAL_REQUEST}, /* another of that version */
               {2, "US", 970, PSD_SIGNAL_REQUEST},
               {2, "CA", 970, PSD_SIGNAL_NONE},
               {4, "US", 970, PSD_SIGNAL_NONE},
               {3, "US", 970, PSD_SIGNAL_REQUEST}, /* what was signed before the last */
               {UINT32_MAX, "US", 970, PSD_SIGNAL_NONE},
               {UINT32_MAX, "US", 970, PSD_SIGNAL_NONE},
               {1, "AA", 970, PSD_SIGNAL_NONE},
               {1, "ZZ", 970, PSD_SIGNAL_NONE},
               {3, "CA", 970, PSD_SIGNAL_NONE}};
  bench_open(&on, PSD_ROLE_METER, false);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    CU_ASSERT_EQUAL(sign(cases[i].version, cases[i].country, cases[i].price), cases[i].signal);
    bench_learn(&on);
  }
  /* Another key counts on. */
  CU_ASSERT_EQUAL(bench_rotate(&on, PSD_KMS_RATE), 14);
  CU_ASSERT_EQUAL(sign(2, "CA", 970), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(sign(4, "CA", 970), PSD_SIGNAL_NONE);
  bench_close(&on);
}

static void prices(void) {
  static const psd_kms_policy policy = {.most = 1000, .longest_watchdog = 1};
  bench_open(&on, PSD_ROLE_METER, false);
  on.service.policy = &policy;
  CU_ASSERT_EQUAL(sign(1, "US", 1001), PSD_SIGNAL_LIMIT);
  CU_ASSERT_EQUAL(sign(1, "US", 1000), PSD_SIGNAL_NONE);
  bench_learn(&on);
  psd_buffer request = table_of(2, "US", 970, 1001);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_LIMIT);
  request = table_of(2, "US", 970, 1000);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_NONE);
  /* Each of the prices of services. */
  bench_learn(&on);
  size_t services = 4 + PSD_SIZE_RATE_TABLE;
  for (size_t at = services; at < services + PSD_SIZE_SERVICE_RATES; at += 8) {
    request = table_of(3, "US", 970, 0);
    request.data[at + 4] = 1; /* 16 777.216 */
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_LIMIT);
  }
  bench_close(&on);
}

/* What psd_rates_open refuses is no message; a key that is not there signs nothing. */
static void no_tables(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  psd_buffer request = table_of(1, "US", 970, 350);
  bench_cut_all(&on, PSD_FRAME_KMS_RATES, &request);
  request = table_of(1, "us", 970, 350);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_MESSAGE);
  request = table_of(0, "US", 970, 350);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_MESSAGE);
  request = table_of(1, "US", 0, 350);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RATES, &request), PSD_SIGNAL_MESSAGE);
  on.service.archive = NULL;
  CU_ASSERT_EQUAL(sign(1, "US", 970), PSD_SIGNAL_INTERNAL);
  on.service.archive = on.archive;
  bench_move(&on, 8, PSD_KMS_STATE_INSTALLED);
  CU_ASSERT_EQUAL(sign(1, "US", 970), PSD_SIGNAL_INTERNAL);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"signed and logged, with the digest of the table", signed_tables},
      {"versions count upwards, for each country", versions},
      {"prices within the policy", prices},
      {"what is no table", no_tables},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms rates", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
