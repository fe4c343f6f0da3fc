/* fund and receipt (docs/funds.md, "The key management system"): what a PSD has signed becomes an authorization that
 * says no more than that, and nothing else does. */
#include <string.h>

#include "kms_support.h"

#define CONTROL_TOTAL 2000U
#define AMOUNT 50000U
#define MOST 10000000U /* as psd-kms run has it */

#define HEAD 4U /* KMS_CALL */
#define WRAPPED (HEAD + PSD_SIZE_KMS_FUND)
#define REQUEST (WRAPPED + PSD_SIZE_WRAPPED_K4)
#define SIGNATURE (REQUEST + PSD_SIZE_FUNDS_REQUEST)
#define DEVICE 4U /* of FUNDS_REQUEST: after type, operation, group, final */

static bench on;
static psd_kms_manufactured made;
static uint8_t memory[1024];

static psd_funds_request load(uint64_t amount) {
  psd_funds_request request = {.type = PSD_SIGNATURE_HMAC, .operation = PSD_OPERATION_LOADING, .serial = 0x1234};
  memcpy(request.vendor, "PS", 2);
  memcpy(request.model, "D1", 2);
  request.sequence = 7;
  request.amount = amount;
  request.ascending = 1500;
  request.descending = CONTROL_TOTAL - 1500;
  request.control_total = CONTROL_TOTAL;
  request.time = BENCH_NOW;
  memset(request.nonce, 0x5A, sizeof request.nonce);
  return request;
}

static psd_buffer funds(uint64_t expiry, const psd_funds_request *request, const psd_pair *pair) {
  const psd_kms_fund head = {.expiry = expiry};
  psd_buffer out = bench_request(memory, sizeof memory);
  psd_put_message(&out, PSD_MESSAGE_KMS_FUND, &head);
  psd_put(&out, made.wrapped_k4, sizeof made.wrapped_k4);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_REQUEST, request);
  bench_sign(&out, PSD_SIGN_FUNDS_REQUEST, PSD_SIZE_FUNDS_REQUEST, made.key, pair);
  return out;
}

/* Asks for what a PSD has signed well. */
static psd_signal ask_for(const psd_funds_request *request) {
  psd_buffer out = funds(BENCH_NOW + 600, request, NULL);
  on.service.events.count = 0;
  return bench_ask(&on, PSD_FRAME_KMS_FUND, &out);
}

static void begin(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  on.service.events.count = 0;
}

/* The answer to `request`, every byte of it, and the one event the log is told. */
static void check_answer(const psd_funds_request *request, uint64_t control_total) {
  psd_funds_authorization said;
  uint8_t mac[32];
  bool loading = request->operation == PSD_OPERATION_LOADING;
  CU_ASSERT_EQUAL_FATAL(on.answer_length, PSD_AUTHORIZED_FUNDS);
  CU_ASSERT_FATAL(psd_parse_message(on.content, PSD_SIZE_FUNDS_AUTHORIZATION, PSD_MESSAGE_FUNDS_AUTHORIZATION, &said));
  CU_ASSERT_EQUAL(said.operation, loading ? PSD_OPERATION_LOADED : PSD_OPERATION_WITHDRAWN);
  CU_ASSERT(said.group == request->group && said.serial == request->serial && said.sequence == request->sequence);
  CU_ASSERT(memcmp(said.vendor, request->vendor, 2) == 0 && memcmp(said.model, request->model, 2) == 0);
  CU_ASSERT_EQUAL(said.amount, request->amount);
  CU_ASSERT_EQUAL(said.control_total, control_total);
  CU_ASSERT_EQUAL(said.expiry, BENCH_NOW + 600);
  const psd_part parts[] = {{"psd funds authorization", 23}, {on.content, PSD_SIZE_FUNDS_AUTHORIZATION}};
  CU_ASSERT(psd_hmac(made.key, 32, parts, 2, mac));
  CU_ASSERT_EQUAL(memcmp(mac, on.content + PSD_SIZE_FUNDS_AUTHORIZATION, 32), 0);
  CU_ASSERT_EQUAL_FATAL(on.service.events.count, 1);
  psd_kms_record record = psd_kms_record_of(&on.service.events.list[0]);
  CU_ASSERT_EQUAL(record.event, loading ? PSD_KMS_EVENT_AUTHORIZED : PSD_KMS_EVENT_WITHDRAWN);
  CU_ASSERT(record.serial == 0x1234 && record.sequence == request->sequence && record.amount == request->amount);
}

static void refill(void) {
  begin();
  for (unsigned group = 0; group < 2; group++) {
    psd_funds_request request = load(AMOUNT);
    request.group = group;
    CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
    check_answer(&request, CONTROL_TOTAL + AMOUNT);
  }
  bench_close(&on);
}

static void withdrawal(void) {
  begin();
  psd_funds_request request = load(AMOUNT);
  request.operation = PSD_OPERATION_WITHDRAWING;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
  check_answer(&request, CONTROL_TOTAL);
  request.amount = MOST + 1; /* what is there may go back, however much it is */
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
  request.amount = 0;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_REQUEST);
  request.final = 1;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
  check_answer(&request, CONTROL_TOTAL);
  bench_close(&on);
}

/* Well signed all of them. */
static void refused(void) {
  const struct {
    unsigned operation, group, final;
    uint64_t amount, control_total;
    psd_signal signal;
  } cases[] = {
      {PSD_OPERATION_LOADING, 0, 0, 0, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 0, 0, 1, 0, PSD_SIGNAL_NONE},
      {PSD_OPERATION_LOADING, 0, 0, MOST, 0, PSD_SIGNAL_NONE},
      {PSD_OPERATION_LOADING, 0, 0, MOST + 1, 0, PSD_SIGNAL_LIMIT},
      {PSD_OPERATION_LOADING, 0, 0, INT64_MAX, 0, PSD_SIGNAL_LIMIT},
      {PSD_OPERATION_LOADING, 0, 0, UINT64_MAX, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 0, 0, 1, INT64_MAX - 1, PSD_SIGNAL_NONE},
      {PSD_OPERATION_LOADING, 0, 0, 1, INT64_MAX, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 0, 0, 2, UINT64_MAX, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 0, 0, 2, UINT64_MAX - 1, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 0, 1, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADING, 2, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_WITHDRAWING, 2, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_WITHDRAWING, 0, 0, 1, INT64_MAX, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_WITHDRAWING, 0, 1, UINT64_MAX, 1, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_NONE, 0, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOADED, 0, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_LOAD_CANCELLED, 0, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {PSD_OPERATION_WITHDRAWN, 0, 0, 1, 0, PSD_SIGNAL_REQUEST},
      {255, 0, 0, 1, 0, PSD_SIGNAL_REQUEST},
  };
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    psd_funds_request request = load(cases[i].amount);
    request.operation = cases[i].operation;
    request.group = cases[i].group;
    request.final = cases[i].final;
    request.control_total = cases[i].control_total;
    CU_ASSERT_EQUAL(ask_for(&request), cases[i].signal);
    CU_ASSERT_EQUAL(on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 1 : 0);
  }
  bench_close(&on);
}

static void expiry(void) {
  const struct {
    uint64_t expiry;
    psd_signal signal;
  } cases[] = {
      {0, PSD_SIGNAL_REQUEST},          {BENCH_NOW - 1, PSD_SIGNAL_REQUEST}, {BENCH_NOW, PSD_SIGNAL_REQUEST},
      {BENCH_NOW + 1, PSD_SIGNAL_NONE}, {BENCH_NOW + 3600, PSD_SIGNAL_NONE}, {BENCH_NOW + 3601, PSD_SIGNAL_REQUEST},
      {UINT64_MAX, PSD_SIGNAL_REQUEST}};
  begin();
  const psd_funds_request request = load(AMOUNT);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    psd_buffer out = funds(cases[i].expiry, &request, NULL);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), cases[i].signal);
  }
  bench_close(&on);
}

/* The limit is the policy's; no limit is large enough to overflow by. */
static void policy(void) {
  psd_kms_policy own = {.most = 1000, .longest_watchdog = 1};
  begin();
  on.service.policy = &own;
  psd_funds_request request = load(1000);
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
  request.amount = 1001;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_LIMIT);
  own.most = UINT64_MAX;
  request.amount = UINT64_MAX - CONTROL_TOTAL + 1;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_REQUEST);
  request.amount = (uint64_t)INT64_MAX - CONTROL_TOTAL;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_NONE);
  request.amount++;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_REQUEST);
  bench_close(&on);
}

/* No bit of a request may be another: it is refused, for whatever reason shows first, and nothing is logged. */
static void altered(void) {
  begin();
  const psd_funds_request request = load(AMOUNT);
  psd_buffer out = funds(BENCH_NOW + 600, &request, NULL);
  on.service.events.count = 0;
  for (size_t bit = WRAPPED * 8; bit < out.length * 8; bit++) {
    out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_NOT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_NONE);
    out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, WRAPPED, REQUEST, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, REQUEST, REQUEST + 1, PSD_SIGNAL_MESSAGE); /* kind of signature */
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, REQUEST + DEVICE, REQUEST + DEVICE + 8, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, REQUEST + DEVICE + 8, REQUEST + DEVICE + 12, PSD_SIGNAL_SIGNATURE);
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, SIGNATURE, out.length, PSD_SIGNAL_SIGNATURE);
  bench_cut_all(&on, PSD_FRAME_KMS_FUND, &out);
  CU_ASSERT_EQUAL(on.service.events.count, 0);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_NONE);
  bench_close(&on);
}

/* The request of one meter with the K4 of another; what was signed as something else; triple-DES, which authorizes no
 * money in any suite. */
static void forged(void) {
  begin();
  psd_funds_request request = load(AMOUNT);
  psd_kms_manufactured own = made;
  on.device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", 0x1235);
  psd_kms_manufactured other = bench_manufacture(&on, 0, PSD_SUITE_P256);
  memcpy(made.wrapped_k4, other.wrapped_k4, sizeof made.wrapped_k4);
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_DEVICE_KEY);
  request.serial = 0x1235; /* under the first one's K3 */
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_SIGNATURE);
  made = own;
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_DEVICE_KEY);
  request.serial = 0x1234;
  psd_buffer out = funds(BENCH_NOW + 600, &request, NULL);
  out.length = SIGNATURE;
  bench_sign(&out, PSD_SIGN_FUNDS_RECEIPT, PSD_SIZE_FUNDS_REQUEST, made.key, NULL);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_SIGNATURE);
  out.length = SIGNATURE + PSD_TDES_MAC;
  out.data[REQUEST] = PSD_SIGNATURE_TDES;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_MESSAGE);
  bench_close(&on);
}

/* A PSD that has a key pair signs with it, and nothing else passes for it. */
static void by_key_pair(void) {
  uint8_t point[65];
  begin();
  psd_pair *pair = psd_pair_new(), *strange = psd_pair_new();
  CU_ASSERT_FATAL(pair != NULL && strange != NULL);
  psd_pair_point(pair, point);
  bench_endorse(&on, &made, point, PSD_SIGNAL_NONE);
  psd_funds_request request = load(AMOUNT);
  CU_ASSERT_EQUAL(ask_for(&request), PSD_SIGNAL_SIGNATURE); /* K3 alone */
  request.type = PSD_SIGNATURE_ECDSA;
  psd_buffer out = funds(BENCH_NOW + 600, &request, strange);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_SIGNATURE);
  out = funds(BENCH_NOW + 600, &request, pair);
  on.service.events.count = 0;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_NONE);
  check_answer(&request, CONTROL_TOTAL + AMOUNT);
  bench_flip_all(&on, PSD_FRAME_KMS_FUND, &out, SIGNATURE, out.length, PSD_SIGNAL_SIGNATURE);
  bench_cut_all(&on, PSD_FRAME_KMS_FUND, &out);
  psd_pair_free(pair);
  psd_pair_free(strange);
  bench_close(&on);
}

#define RECEIPT (HEAD + PSD_SIZE_WRAPPED_K4)

static psd_buffer receipt(unsigned operation, const psd_pair *pair) {
  psd_funds_receipt fields = {.type = pair != NULL ? PSD_SIGNATURE_ECDSA : PSD_SIGNATURE_HMAC, .operation = operation};
  memcpy(fields.vendor, "PS", 2);
  memcpy(fields.model, "D1", 2);
  fields.serial = 0x1234;
  fields.sequence = 7;
  fields.amount = AMOUNT;
  psd_buffer out = bench_request(memory, sizeof memory);
  psd_put(&out, made.wrapped_k4, sizeof made.wrapped_k4);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_RECEIPT, &fields);
  bench_sign(&out, PSD_SIGN_FUNDS_RECEIPT, PSD_SIZE_FUNDS_RECEIPT, made.key, pair);
  return out;
}

static void receipts(void) {
  uint8_t point[65];
  static const unsigned ends[] = {PSD_OPERATION_LOADED, PSD_OPERATION_LOAD_CANCELLED, PSD_OPERATION_WITHDRAWN};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(ends); i++) {
    psd_buffer out = receipt(ends[i], NULL);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RECEIPT, &out), PSD_SIGNAL_NONE);
    CU_ASSERT_EQUAL(on.answer_length, 0);
  }
  psd_buffer out = receipt(PSD_OPERATION_LOAD_CANCELLED, NULL);
  bench_flip_all(&on, PSD_FRAME_KMS_RECEIPT, &out, HEAD, RECEIPT, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&on, PSD_FRAME_KMS_RECEIPT, &out, RECEIPT, RECEIPT + 1, PSD_SIGNAL_MESSAGE);
  bench_flip_all(&on, PSD_FRAME_KMS_RECEIPT, &out, RECEIPT + 1, RECEIPT + 3, PSD_SIGNAL_SIGNATURE);
  bench_flip_all(&on, PSD_FRAME_KMS_RECEIPT, &out, RECEIPT + 3, RECEIPT + 11, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&on, PSD_FRAME_KMS_RECEIPT, &out, RECEIPT + 11, out.length, PSD_SIGNAL_SIGNATURE);
  bench_cut_all(&on, PSD_FRAME_KMS_RECEIPT, &out);
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  psd_pair_point(pair, point);
  bench_endorse(&on, &made, point, PSD_SIGNAL_NONE);
  out = receipt(PSD_OPERATION_LOADED, NULL);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RECEIPT, &out), PSD_SIGNAL_SIGNATURE);
  out = receipt(PSD_OPERATION_LOADED, pair);
  on.service.events.count = 0;
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_RECEIPT, &out), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(on.service.events.count, 0);
  psd_pair_free(pair);
  bench_close(&on);
}

/* Without a place in the log there is no authorization. */
static void full_log(void) {
  begin();
  const psd_funds_request request = load(AMOUNT);
  psd_buffer out = funds(BENCH_NOW + 600, &request, NULL);
  for (unsigned i = 0; i < PSD_KMS_EVENTS_MAX; i++)
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_FUND, &out), PSD_SIGNAL_BUSY);
  CU_ASSERT_EQUAL(on.answer_length, PSD_SIZE_ERROR_SIGNAL);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill, of either group", refill},
      {"a withdrawal, and a final one of nothing", withdrawal},
      {"amounts, sums and operations that are none, however well signed", refused},
      {"an authorization ends within the hour", expiry},
      {"the largest refill", policy},
      {"every bit of a request, and every length", altered},
      {"another meter's key, another label, triple-DES", forged},
      {"a PSD with a key pair", by_key_pair},
      {"receipts, and every bit of one", receipts},
      {"what the log has no place for is refused", full_log},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms funds", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
