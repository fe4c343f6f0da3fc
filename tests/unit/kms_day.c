/* The table of a day (docs/evidence.md, "The day's table"), byte for byte. */
#include "kms/day_table.h"

#include <string.h>

#include "kms_support.h"

#define DATE 20261122U

static bench on;

static void install(uint64_t serial, unsigned order) {
  uint8_t memory[64];
  psd_kms_token_key call = {.serial = serial, .order = order, .digits = 5};
  memcpy(call.vendor, "PS", 2);
  memcpy(call.model, "D1", 2);
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_put_message(&request, PSD_MESSAGE_KMS_TOKEN_KEY, &call);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_TOKEN_KEY, &request), PSD_SIGNAL_NONE);
  bench_learn(&on);
}

static psd_kms_day_table made(psd_token_order order, uint32_t date) {
  psd_kms_day_table table;
  const psd_kms_day day = {.domain = on.ring->domain, .order = order, .date = date, .made = BENCH_NOW};
  CU_ASSERT_FATAL(psd_kms_day_make(on.archive, psd_keyring_active(on.ring, PSD_KMS_TOKEN),
                                   psd_keyring_active(on.ring, PSD_KMS_TABLE), &day, &table));
  return table;
}

/* The head and the signature; returns what lies between. */
static const uint8_t *check_table(const psd_kms_day_table *table, unsigned order, size_t count, size_t row) {
  psd_day_table head;
  CU_ASSERT_EQUAL_FATAL(table->length, PSD_SIZE_DAY_TABLE + count * row + 64);
  CU_ASSERT_FATAL(psd_parse_message(table->bytes, PSD_SIZE_DAY_TABLE, PSD_MESSAGE_DAY_TABLE, &head));
  CU_ASSERT(memcmp(head.magic, "PSDT", 4) == 0 && head.format == 1 && head.domain == on.ring->domain);
  CU_ASSERT(head.order == order && head.date == DATE && head.made == BENCH_NOW && head.count == count);
  CU_ASSERT_EQUAL(head.set, psd_keyring_active(on.ring, PSD_KMS_TOKEN)->identifier);
  const psd_part parts[] = {{"psd day table", 13}, {table->bytes, table->length - 64}};
  CU_ASSERT(
      psd_point_verify(psd_keyring_active(on.ring, PSD_KMS_TABLE)->point, parts, 2, table->bytes + table->length - 64));
  return table->bytes + PSD_SIZE_DAY_TABLE;
}

/* Each of the 1000, from the master on: Expand by HMAC, and CMAC over label and date. */
static void check_pointers(const uint8_t *keys) {
  const uint8_t date[] = {0x01, 0x35, 0x29, 0x02}, one[] = {1};
  const psd_kms_key *set = psd_keyring_active(on.ring, PSD_KMS_TOKEN);
  for (unsigned i = 0; i < 1000; i++) {
    uint8_t k_pred[32], k_dd[16];
    const uint8_t number[] = {(uint8_t)(i >> 8), (uint8_t)i};
    const psd_part info[] = {{"psd token key", 13}, {number, 2}, {one, 1}}, day[] = {{"psd token day", 13}, {date, 4}};
    CU_ASSERT(psd_hmac(set->secret, 32, info, 3, k_pred) && psd_cmac(k_pred, 32, day, 2, k_dd));
    CU_ASSERT_EQUAL(memcmp(keys + 16 * i, k_dd, 16), 0);
  }
}

static void by_day(void) {
  for (unsigned postal = 0; postal < 2; postal++) {
    if (postal == 0)
      bench_open(&on, PSD_ROLE_MANUFACTURING, false);
    else
      bench_open_postal(&on, PSD_ROLE_MANUFACTURING);
    psd_kms_day_table table = made(PSD_TOKEN_BY_DAY, DATE), next = made(PSD_TOKEN_BY_DAY, DATE + 1);
    check_pointers(check_table(&table, 0, 1000, 16));
    CU_ASSERT_NOT_EQUAL(memcmp(table.bytes + PSD_SIZE_DAY_TABLE, next.bytes + PSD_SIZE_DAY_TABLE, 16), 0);
    psd_kms_day_free(&table);
    psd_kms_day_free(&next);
    bench_close(&on);
  }
}

static void tell(uint64_t serial, psd_kms_event_id id, psd_kms_state state) {
  const psd_kms_event event = {.event = id,
                               .kind = PSD_KMS_METER,
                               .key = psd_keyring_active(on.ring, PSD_KMS_TOKEN)->identifier,
                               .from = PSD_KMS_STATE_INSTALLED,
                               .to = state,
                               .about_device = true,
                               .device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial)};
  CU_ASSERT(psd_kms_note(&on.service.events, &event));
  bench_learn(&on);
}

/* Of a meter's own key there is one row a meter, in their order, and none whose key is over or of the other order. */
static void by_meter(void) {
  static const uint64_t serials[] = {9, 2, 0x80000000U, 7, 5, 4};
  static const uint64_t wanted[] = {2, 7, 9, 0x80000000U};
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  psd_kms_day_table empty = made(PSD_TOKEN_BY_METER, DATE);
  (void)check_table(&empty, 1, 0, PSD_SIZE_METER_KEY);
  psd_kms_day_free(&empty);
  for (size_t i = 0; i < PSD_CHECK_COUNT(serials); i++)
    install(serials[i], 1);
  install(6, 0);
  tell(7, PSD_KMS_EVENT_TOKEN_REGISTERED, PSD_KMS_STATE_REGISTERED);
  tell(5, PSD_KMS_EVENT_TOKEN_OBSOLETE, PSD_KMS_STATE_OBSOLETE);
  tell(4, PSD_KMS_EVENT_TOKEN_COMPROMISED, PSD_KMS_STATE_COMPROMISED);
  psd_kms_day_table table = made(PSD_TOKEN_BY_METER, DATE);
  const uint8_t *row = check_table(&table, 1, PSD_CHECK_COUNT(wanted), PSD_SIZE_METER_KEY);
  const psd_kms_key *set = psd_keyring_active(on.ring, PSD_KMS_TOKEN);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wanted); i++, row += PSD_SIZE_METER_KEY) {
    uint8_t k_pred[32], upper[16], final[16];
    uint64_t pointer;
    psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", wanted[i]);
    CU_ASSERT_EQUAL(memcmp(row, device.bytes, 8), 0);
    CU_ASSERT(psd_token_pointer(device.bytes, &pointer) && psd_kms_token_set_key(set, pointer, k_pred));
    CU_ASSERT(psd_token_meter_key(k_pred, device.bytes, upper));
    CU_ASSERT(psd_token_final_key(PSD_TOKEN_BY_METER, upper, device.bytes, DATE, final));
    CU_ASSERT_EQUAL(memcmp(row + 8, final, 16), 0);
  }
  psd_kms_day_free(&table);
  bench_close(&on);
}

/* What a site makes of its table is what the PSD makes of its key. */
static void agree(void) {
  uint8_t final[16], own[16], day[16];
  uint32_t site_token = 0, psd_token = 0;
  uint64_t pointer;
  psd_token_key key;
  const psd_token_input input = {.vendor = {'P', 'S'}, .model = {'D', '1'}, .serial = 0x1234, .date = DATE};
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  install(0x1234, 0);
  CU_ASSERT(psd_parse_message(on.content, on.answer_length, PSD_MESSAGE_TOKEN_KEY, &key));
  psd_kms_day_table table = made(PSD_TOKEN_BY_DAY, DATE);
  CU_ASSERT(psd_token_pointer(on.device.bytes, &pointer));
  CU_ASSERT(psd_token_final_key(PSD_TOKEN_BY_DAY, table.bytes + PSD_SIZE_DAY_TABLE + 16 * pointer, on.device.bytes,
                                DATE, final));
  CU_ASSERT(psd_token_day_key(key.key, DATE, day));
  CU_ASSERT(psd_token_final_key(PSD_TOKEN_BY_DAY, day, on.device.bytes, DATE, own));
  CU_ASSERT(psd_token_make(final, &input, 5, &site_token) && psd_token_make(own, &input, 5, &psd_token));
  CU_ASSERT_EQUAL(site_token, psd_token);
  psd_kms_day_free(&table);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the day first: 1000 keys, in both domains", by_day},
      {"the meter first: a key for each meter", by_meter},
      {"site and PSD make the same token", agree},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms day", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
