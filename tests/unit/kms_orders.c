/* order (docs/funds.md, "The provider's orders"): a command within the policy is authenticated for one PSD, with every
 * byte that counts, and logged; everything else is refused. */
#include <string.h>

#include "kms_support.h"
#include "psd/spec/commands.h"

#define HEAD 4U /* KMS_CALL */
#define NUMBER (HEAD + 10U)
#define WRAPPED (HEAD + PSD_SIZE_KMS_ORDER)
#define CONTENT (WRAPPED + PSD_SIZE_WRAPPED_K4)

static bench on;
static psd_kms_manufactured made;
static uint8_t memory[PSD_FRAME_BODY_MAX];

static void begin(void) {
  bench_open(&on, PSD_ROLE_METER, false);
  made = bench_manufacture(&on, 0, PSD_SUITE_P256);
  on.service.events.count = 0;
}

static psd_buffer order(unsigned ins, unsigned p1, uint32_t number, psd_part content) {
  psd_kms_order head = {.ins = ins, .p1 = p1, .serial = 0x1234, .number = number};
  memcpy(head.vendor, "PS", 2);
  memcpy(head.model, "D1", 2);
  psd_buffer out = bench_request(memory, sizeof memory);
  psd_put_message(&out, PSD_MESSAGE_KMS_ORDER, &head);
  psd_put(&out, made.wrapped_k4, sizeof made.wrapped_k4);
  psd_put(&out, content.data, content.length);
  return out;
}

static psd_signal ask_for(psd_command_id command, unsigned p1, psd_part content) {
  psd_buffer out = order(psd_commands[command].ins, p1, 9, content);
  on.service.events.count = 0;
  psd_signal signal = bench_ask(&on, PSD_FRAME_KMS_ORDER, &out);
  CU_ASSERT_EQUAL(on.service.events.count, signal == PSD_SIGNAL_NONE ? 1 : 0);
  return signal;
}

/* Asks for a command whose content is one layout. */
static psd_signal ask_with(psd_command_id command, unsigned p1, psd_message_id layout, const void *fields) {
  uint8_t bytes[128];
  psd_buffer content = psd_buffer_over(bytes, sizeof bytes);
  psd_put_message(&content, layout, fields);
  return ask_for(command, p1, (psd_part){bytes, content.length});
}

/* The authentication, byte for byte, over what docs/funds.md says; and the record. */
static void check_order(psd_command_id command, unsigned p1, psd_part content) {
  psd_order said;
  uint8_t mac[32], head[2] = {psd_commands[command].ins, (uint8_t)p1};
  CU_ASSERT_FATAL(psd_parse_message(on.content, on.answer_length, PSD_MESSAGE_ORDER, &said));
  CU_ASSERT_EQUAL(said.number, 9);
  const psd_part parts[] = {{"psd order", 9}, {head, 2}, {"PSD1\0\0\x12\x34", 8}, {"\0\0\0\x09", 4}, content};
  CU_ASSERT(psd_hmac(made.key, 32, parts, 5, mac));
  CU_ASSERT_EQUAL(memcmp(mac, said.authentication, 32), 0);
  CU_ASSERT_EQUAL_FATAL(on.service.events.count, 1);
  psd_kms_record record = psd_kms_record_of(&on.service.events.list[0]);
  CU_ASSERT_EQUAL(record.event, PSD_KMS_EVENT_COMMANDED);
  CU_ASSERT_EQUAL(record.key, (uint64_t)head[0] << 8 | p1);
  CU_ASSERT(record.serial == 0x1234 && record.sequence == 9 && record.amount == 0 && record.kind == 0);
}

static void authenticated(void) {
  begin();
  static const psd_command_id empty[] = {PSD_COMMAND_ENABLE, PSD_COMMAND_DISABLE, PSD_COMMAND_ZEROIZE};
  for (size_t i = 0; i < PSD_CHECK_COUNT(empty); i++) {
    CU_ASSERT_EQUAL(ask_for(empty[i], 0, (psd_part){NULL, 0}), PSD_SIGNAL_NONE);
    check_order(empty[i], 0, (psd_part){NULL, 0});
    CU_ASSERT_EQUAL(ask_for(empty[i], 0, (psd_part){"", 1}), PSD_SIGNAL_REQUEST);
  }
  static const uint8_t licence[PSD_SIZE_LICENCE] = {0, 1, 2, 3, 4, 5, 6, 7};
  static const psd_command_id licensing[] = {PSD_COMMAND_AUTHORIZE, PSD_COMMAND_SET_LICENCE};
  for (size_t i = 0; i < PSD_CHECK_COUNT(licensing); i++) {
    CU_ASSERT_EQUAL(ask_for(licensing[i], 0, (psd_part){licence, sizeof licence}), PSD_SIGNAL_NONE);
    check_order(licensing[i], 0, (psd_part){licence, sizeof licence});
    CU_ASSERT_EQUAL(ask_for(licensing[i], 0, (psd_part){licence, sizeof licence - 1U}), PSD_SIGNAL_REQUEST);
    CU_ASSERT_EQUAL(ask_for(licensing[i], 1, (psd_part){licence, sizeof licence}), PSD_SIGNAL_REQUEST);
  }
  const psd_credit_line line = {.credit_limit = 5000}, none = {.credit_limit = 0};
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 1, PSD_MESSAGE_CREDIT_LINE, &none), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 1, PSD_MESSAGE_CREDIT_LINE, &line), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 0, PSD_MESSAGE_CREDIT_LINE, &line), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 2, PSD_MESSAGE_CREDIT_LINE, &line), PSD_SIGNAL_REQUEST);
  /* Rates are signed as a table, and no order. */
  const psd_service_rates rates = {.postmark = 350};
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_LOAD_RATES, 0, PSD_MESSAGE_SERVICE_RATES, &rates), PSD_SIGNAL_REQUEST);
  bench_close(&on);
}

static void limits(void) {
  static const struct {
    uint64_t least_postage, most_postage, least_refill, most_refill;
    psd_signal signal;
  } cases[] = {{0, 0, 0, 0, PSD_SIGNAL_NONE},
               {5, 5, 7, 7, PSD_SIGNAL_NONE},
               {6, 5, 7, 7, PSD_SIGNAL_REQUEST},
               {5, 5, 8, 7, PSD_SIGNAL_REQUEST},
               {0, UINT64_MAX, 0, 10000000, PSD_SIGNAL_NONE},
               {0, 0, 0, 10000001, PSD_SIGNAL_LIMIT},
               {0, 0, 0, UINT64_MAX, PSD_SIGNAL_LIMIT}};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const psd_limits fields = {.minimum_postage = cases[i].least_postage,
                               .maximum_postage = cases[i].most_postage,
                               .minimum_refill = cases[i].least_refill,
                               .maximum_refill = cases[i].most_refill};
    CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 0, PSD_MESSAGE_LIMITS, &fields), cases[i].signal);
    CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_LIMITS, 1, PSD_MESSAGE_LIMITS, &fields), PSD_SIGNAL_REQUEST);
  }
  bench_close(&on);
}

static void watchdog(void) {
  static const uint64_t day = 86400;
  const struct {
    uint64_t warn, lock;
    psd_signal signal;
  } cases[] = {{1, 2, PSD_SIGNAL_NONE},
               {2, 2, PSD_SIGNAL_NONE}, /* only a warning after the lock makes no sense */
               {3, 2, PSD_SIGNAL_REQUEST},
               {0, 2, PSD_SIGNAL_REQUEST},
               {0, 0, PSD_SIGNAL_REQUEST},
               {1, 0, PSD_SIGNAL_REQUEST},
               {90 * day, 180 * day, PSD_SIGNAL_NONE},
               {90 * day, 180 * day + 1, PSD_SIGNAL_LIMIT},
               {1, UINT32_MAX, PSD_SIGNAL_LIMIT}};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const psd_watchdog fields = {.warn_after = cases[i].warn, .lock_after = cases[i].lock};
    CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_WATCHDOG, 0, PSD_MESSAGE_WATCHDOG, &fields), cases[i].signal);
  }
  const psd_kms_policy own = {.most = 1, .longest_watchdog = 10};
  on.service.policy = &own;
  psd_watchdog fields = {.warn_after = 5, .lock_after = 10};
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_WATCHDOG, 0, PSD_MESSAGE_WATCHDOG, &fields), PSD_SIGNAL_NONE);
  fields.lock_after = 11;
  CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_WATCHDOG, 0, PSD_MESSAGE_WATCHDOG, &fields), PSD_SIGNAL_LIMIT);
  bench_close(&on);
}

static void clock_time(void) {
  static const struct {
    uint64_t time, set;
    psd_signal signal;
  } cases[] = {{BENCH_NOW, 1, PSD_SIGNAL_NONE},          {BENCH_NOW - 300, 1, PSD_SIGNAL_NONE},
               {BENCH_NOW + 300, 1, PSD_SIGNAL_NONE},    {BENCH_NOW - 301, 1, PSD_SIGNAL_REQUEST},
               {BENCH_NOW + 301, 1, PSD_SIGNAL_REQUEST}, {0, 1, PSD_SIGNAL_REQUEST},
               {UINT64_MAX, 1, PSD_SIGNAL_REQUEST},      {BENCH_NOW, 0, PSD_SIGNAL_REQUEST}};
  begin();
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const psd_clock fields = {.now = cases[i].time, .set = cases[i].set};
    CU_ASSERT_EQUAL(ask_with(PSD_COMMAND_SET_CLOCK, 0, PSD_MESSAGE_CLOCK, &fields), cases[i].signal);
  }
  bench_close(&on);
}

/* Whatever the command and P1, with content of every length that the provider's commands have: what is granted is in
 * the table, and no command that moves funds or keys is. */
static void nothing_else(void) {
  static const uint8_t content[PSD_SIZE_SERVICE_RATES] = {0};
  static const unsigned p1[] = {0, 1, 2, 255};
  unsigned granted = 0;
  begin();
  for (unsigned ins = 0; ins < 256; ins++)
    for (size_t i = 0; i < PSD_CHECK_COUNT(p1); i++)
      for (size_t length = 0; length <= sizeof content; length += 4) {
        psd_buffer out = order(ins, p1[i], 9, (psd_part){content, length});
        on.service.events.count = 0;
        granted += bench_ask(&on, PSD_FRAME_KMS_ORDER, &out) == PSD_SIGNAL_NONE ? 1U : 0U;
      }
  /* ENABLE, DISABLE, ZEROIZE, AUTHORIZE, SET LICENCE, SET LIMITS 0 */
  CU_ASSERT_EQUAL(granted, 6);
  psd_buffer out = order(psd_commands[PSD_COMMAND_ENABLE].ins, 0, 0, (psd_part){NULL, 0});
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_ORDER, &out), PSD_SIGNAL_REQUEST); /* number 0 */
  bench_close(&on);
}

/* The order of one PSD is none for another; each number, command and content has its own authentication. */
static void bound(void) {
  uint8_t first[PSD_SIZE_ORDER];
  static const uint8_t licence[PSD_SIZE_LICENCE] = {0};
  begin();
  psd_buffer out = order(psd_commands[PSD_COMMAND_SET_LICENCE].ins, 0, 9, (psd_part){licence, sizeof licence});
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_ORDER, &out), PSD_SIGNAL_NONE);
  memcpy(first, on.content, sizeof first);
  on.service.events.count = 0;
  bench_flip_all(&on, PSD_FRAME_KMS_ORDER, &out, HEAD + 2, NUMBER, PSD_SIGNAL_DEVICE_KEY);
  bench_flip_all(&on, PSD_FRAME_KMS_ORDER, &out, WRAPPED, CONTENT, PSD_SIGNAL_DEVICE_KEY);
  for (size_t bit = NUMBER * 8; bit < out.length * 8; bit++) {
    if (bit == WRAPPED * 8)
      bit = CONTENT * 8;
    out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    on.service.events.count = 0;
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_ORDER, &out), PSD_SIGNAL_NONE);
    CU_ASSERT_NOT_EQUAL(memcmp(on.content + 4, first + 4, 32), 0);
    out.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t length = CONTENT; length-- > HEAD;) {
    psd_buffer shorter = {.data = out.data, .length = length};
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_ORDER, &shorter), PSD_SIGNAL_MESSAGE);
  }
  bench_close(&on);
}

/* AUTHORIZE and LOAD CERTIFICATE of a PSD with a key pair: with a certificate of that key, by this system's CA. */
static void certificates(void) {
  uint8_t content[PSD_SIZE_LICENCE + 1900] = {0}, *der = content + PSD_SIZE_LICENCE;
  begin();
  psd_pair *pair = bench_pair(&on, &made);
  const psd_kms_certify wanted = bench_certificate(&on);
  CU_ASSERT_EQUAL_FATAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  const size_t length = on.answer_length;
  memcpy(der, on.content, length);
  const psd_part whole = {content, PSD_SIZE_LICENCE + length}, alone = {der, length};
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_AUTHORIZE, 0, whole), PSD_SIGNAL_NONE);
  check_order(PSD_COMMAND_AUTHORIZE, 0, whole);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone), PSD_SIGNAL_NONE);
  check_order(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 1, alone), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, whole), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_AUTHORIZE, 0, (psd_part){content, PSD_SIZE_LICENCE}), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, (psd_part){NULL, 0}), PSD_SIGNAL_REQUEST);
  /* Every third bit, so all places of a byte and every byte; and each length. */
  for (size_t bit = 0; bit < length * 8; bit += 3) {
    der[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone), PSD_SIGNAL_REQUEST);
    der[bit / 8] ^= (uint8_t)(1U << bit % 8);
  }
  for (size_t shorter = 0; shorter <= length + 1; shorter++)
    if (shorter != length)
      CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, (psd_part){der, shorter}), PSD_SIGNAL_REQUEST);
  /* Another key pair than the one it is of. */
  psd_pair *next = bench_pair(&on, &made);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_AUTHORIZE, 0, whole), PSD_SIGNAL_REQUEST);
  psd_pair_free(pair);
  psd_pair_free(next);
  bench_close(&on);
}

/* Once another CA key is active, what the one before has signed still counts; of a compromised one it does not. */
static void earlier_authority(void) {
  uint8_t der[1900];
  begin();
  psd_pair *pair = bench_pair(&on, &made);
  const psd_kms_certify wanted = bench_certificate(&on);
  CU_ASSERT_EQUAL_FATAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_NONE);
  const psd_part alone = {der, on.answer_length};
  memcpy(der, on.content, on.answer_length);
  psd_kms_key *first = psd_keyring_find(on.ring, psd_keyring_active(on.ring, PSD_KMS_CA)->identifier);
  CU_ASSERT(psd_keyring_move(first, PSD_KMS_STATE_INSTALLED, BENCH_NOW));
  CU_ASSERT_EQUAL(bench_certify(&on, &made, &wanted), PSD_SIGNAL_INTERNAL); /* nothing to sign with */
  psd_kms_key *second = psd_keyring_make(on.ring, PSD_KMS_CA, 0, BENCH_NOW);
  CU_ASSERT_FATAL(second != NULL && psd_keyring_move(second, PSD_KMS_STATE_ACTIVE, BENCH_NOW));
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone), PSD_SIGNAL_NONE);
  CU_ASSERT(psd_keyring_move(first, PSD_KMS_STATE_COMPROMISED, BENCH_NOW));
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, alone), PSD_SIGNAL_REQUEST);
  psd_pair_free(pair);
  bench_close(&on);
}

/* A PSD without a key pair has no certificate. */
static void without_pair(void) {
  uint8_t content[PSD_SIZE_LICENCE + 1] = {0};
  begin();
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_AUTHORIZE, 0, (psd_part){content, sizeof content}), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_for(PSD_COMMAND_LOAD_CERTIFICATE, 0, (psd_part){content, 1}), PSD_SIGNAL_REQUEST);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"orders of every command, and their authentication", authenticated},
      {"limits", limits},
      {"times of inspection", watchdog},
      {"the clock", clock_time},
      {"no other command, no other P1, no other length", nothing_else},
      {"for one PSD, one number, one content", bound},
      {"certificates: of this PSD's key, by this CA, every byte of them", certificates},
      {"certificates of an earlier CA key", earlier_authority},
      {"a PSD without a key pair", without_pair},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms orders", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
