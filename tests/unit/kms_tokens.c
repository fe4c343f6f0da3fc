/* Installation and registration (docs/evidence.md): token keys made, handed out, proved; what is refused; what the
 * archive has of it, and how often a token may be guessed. */
#include <string.h>

#include "kms/token_keys.h"
#include "kms_support.h"

static bench on;
static uint8_t memory[256];

static psd_signal install(uint64_t serial, unsigned order, unsigned digits, psd_token_key *key) {
  psd_kms_token_key call = {.serial = serial, .order = order, .digits = digits};
  psd_buffer request = bench_request(memory, sizeof memory);
  memcpy(call.vendor, "PS", 2);
  memcpy(call.model, "D1", 2);
  psd_put_message(&request, PSD_MESSAGE_KMS_TOKEN_KEY, &call);
  on.service.role = PSD_ROLE_MANUFACTURING;
  psd_signal signal = bench_ask(&on, PSD_FRAME_KMS_TOKEN_KEY, &request);
  if (signal == PSD_SIGNAL_NONE)
    CU_ASSERT(psd_parse_message(on.content, on.answer_length, PSD_MESSAGE_TOKEN_KEY, key));
  return signal;
}

/* The token as a PSD with this key makes it. */
static uint32_t proof(const psd_token_key *key, uint64_t serial, uint64_t zip, uint64_t licence) {
  uint8_t upper[16], final[16];
  uint32_t token = 0;
  psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial);
  psd_registration registration = {.serial = serial, .zip = zip, .licence = licence};
  memcpy(registration.vendor, "PS", 2);
  memcpy(registration.model, "D1", 2);
  if (key->order == PSD_TOKEN_BY_METER)
    memcpy(upper, key->key, sizeof upper);
  else
    CU_ASSERT(psd_token_day_key(key->key, 0, upper));
  CU_ASSERT(psd_token_final_key((psd_token_order)key->order, upper, device.bytes, 0, final));
  CU_ASSERT(psd_token_registration(final, &registration, &token));
  return token;
}

static psd_buffer registering(uint64_t serial, uint64_t set, uint64_t zip, uint64_t licence, uint32_t token) {
  psd_kms_register call = {.serial = serial, .zip = zip, .licence = licence, .set = set, .token = token};
  psd_buffer request = bench_request(memory, sizeof memory);
  memcpy(call.vendor, "PS", 2);
  memcpy(call.model, "D1", 2);
  psd_put_message(&request, PSD_MESSAGE_KMS_REGISTER, &call);
  return request;
}

static psd_signal ask_register(uint64_t serial, uint64_t set, uint32_t token) {
  psd_buffer request = registering(serial, set, 90210, 42, token);
  on.service.role = PSD_ROLE_REGISTRATION;
  psd_signal signal = bench_ask(&on, PSD_FRAME_KMS_REGISTER, &request);
  CU_ASSERT_EQUAL(on.service.events.count, signal == PSD_SIGNAL_NONE || signal == PSD_SIGNAL_SIGNATURE ? 1 : 0);
  bench_learn(&on);
  return signal;
}

static const psd_kms_token *known(uint64_t serial, uint64_t set) {
  psd_kms_device device = psd_kms_device_of((const uint8_t *)"PS", (const uint8_t *)"D1", serial);
  return psd_kms_archive_token(on.archive, &device, set);
}

/* K_pred is Expand(master, "psd token key" || i), by HMAC: the first block of HKDF-Expand (RFC 5869, 2.3). */
static void expand(const uint8_t master[32], uint64_t pointer, uint8_t key[32]) {
  const uint8_t number[] = {(uint8_t)(pointer >> 8), (uint8_t)pointer}, one[] = {1};
  const psd_part parts[] = {{"psd token key", 13}, {number, 2}, {one, 1}};
  CU_ASSERT(psd_hmac(master, 32, parts, 3, key));
}

static void installed(void) {
  uint8_t k_pred[32];
  uint64_t pointer;
  psd_token_key key, again, other;
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  const psd_kms_key *set = psd_keyring_active(on.ring, PSD_KMS_TOKEN);
  CU_ASSERT_EQUAL_FATAL(install(0x1234, 0, 5, &key), PSD_SIGNAL_NONE);
  CU_ASSERT(psd_token_pointer(on.device.bytes, &pointer));
  expand(set->secret, pointer, k_pred);
  CU_ASSERT(key.set == set->identifier && key.pointer == pointer && key.digits == 5 && key.order == 0);
  CU_ASSERT_EQUAL(memcmp(key.key, k_pred, 32), 0);
  CU_ASSERT_EQUAL_FATAL(on.service.events.count, 2); /* made, and handed out */
  psd_kms_record record = psd_kms_record_of(&on.service.events.list[1]);
  CU_ASSERT(record.event == PSD_KMS_EVENT_TOKEN_MADE && record.kind == PSD_KMS_METER && record.key == set->identifier);
  CU_ASSERT(record.from == PSD_KMS_STATE_ACTIVE && record.to == PSD_KMS_STATE_INSTALLED && record.serial == 0x1234);
  CU_ASSERT_EQUAL(record.sequence, 5U << 16 | pointer);
  bench_learn(&on);
  CU_ASSERT_EQUAL(known(0x1234, set->identifier)->state, PSD_KMS_STATE_INSTALLED);
  /* The same once more, and logged once more. */
  CU_ASSERT_EQUAL(install(0x1234, 0, 5, &again), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(memcmp(&key, &again, sizeof key), 0);
  CU_ASSERT_EQUAL(on.service.events.count, 1);
  bench_learn(&on);
  /* In the other order, with other digits: K_meter, and zeroes. */
  static const uint8_t zeroes[16] = {0};
  uint8_t k_meter[16];
  CU_ASSERT_EQUAL(install(0x1234, 1, 8, &other), PSD_SIGNAL_NONE);
  CU_ASSERT(psd_token_meter_key(k_pred, on.device.bytes, k_meter));
  CU_ASSERT(memcmp(other.key, k_meter, 16) == 0 && memcmp(other.key + 16, zeroes, 16) == 0);
  bench_learn(&on);
  const psd_kms_token *token = known(0x1234, set->identifier);
  CU_ASSERT(token->order == 1 && token->digits == 8 && token->handed_out == 3 && token->pointer == pointer);
  bench_close(&on);
}

static void refused(void) {
  psd_token_key key;
  static const struct {
    unsigned order, digits;
    psd_signal signal;
  } cases[] = {{0, 2, PSD_SIGNAL_NONE},    {1, 8, PSD_SIGNAL_NONE},    {2, 5, PSD_SIGNAL_REQUEST},
               {0, 1, PSD_SIGNAL_REQUEST}, {0, 9, PSD_SIGNAL_REQUEST}, {255, 255, PSD_SIGNAL_REQUEST}};
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    CU_ASSERT_EQUAL(install(i, cases[i].order, cases[i].digits, &key), cases[i].signal);
    CU_ASSERT_EQUAL(on.service.events.count, cases[i].signal == PSD_SIGNAL_NONE ? 2 : 0);
    bench_learn(&on);
  }
  psd_buffer request = bench_request(memory, sizeof memory);
  psd_put(&request, "P\1D1\0\0\0\1\0\5", 10);
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_TOKEN_KEY, &request), PSD_SIGNAL_REQUEST);
  request.length -= 10;
  psd_put(&request, "PSD1\0\0\0\1\0\5", 10);
  bench_cut_all(&on, PSD_FRAME_KMS_TOKEN_KEY, &request);
  /* Without an archive, nothing. */
  on.service.archive = NULL;
  CU_ASSERT_EQUAL(install(7, 0, 5, &key), PSD_SIGNAL_INTERNAL);
  on.service.archive = on.archive;
  /* Events that nobody writes end in BUSY. */
  on.service.events.count = PSD_KMS_EVENTS_MAX - 1;
  CU_ASSERT_EQUAL(install(7, 0, 5, &key), PSD_SIGNAL_BUSY);
  bench_close(&on);
}

static void registered(void) {
  psd_token_key key;
  for (unsigned postal = 0; postal < 2; postal++)
    for (unsigned order = 0; order < 2; order++) {
      if (postal == 0)
        bench_open(&on, PSD_ROLE_MANUFACTURING, false);
      else
        bench_open_postal(&on, PSD_ROLE_MANUFACTURING);
      CU_ASSERT_EQUAL_FATAL(install(0x1234, order, 5, &key), PSD_SIGNAL_NONE);
      CU_ASSERT_EQUAL(key.set, postal == 0 ? 10 : 2);
      uint32_t token = proof(&key, 0x1234, 90210, 42);
      on.service.events.count--; /* made, and never handed out: no proof is believed */
      bench_learn(&on);
      CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_REQUEST);
      CU_ASSERT_EQUAL_FATAL(install(0x1234, order, 5, &key), PSD_SIGNAL_NONE);
      CU_ASSERT_EQUAL(on.service.events.count, 1);
      bench_learn(&on);
      CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_NONE);
      CU_ASSERT_EQUAL(on.answer_length, 0);
      CU_ASSERT(known(0x1234, key.set)->state == PSD_KMS_STATE_REGISTERED && known(0x1234, key.set)->licence == 42);
      CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_NONE); /* again, with another licence perhaps */
      CU_ASSERT_EQUAL(install(0x1234, order, 5, &key), PSD_SIGNAL_REQUEST);   /* it works already */
      CU_ASSERT_EQUAL(ask_register(0x1235, key.set, token), PSD_SIGNAL_REQUEST);
      CU_ASSERT_EQUAL(ask_register(0x1234, key.set + 1, token), PSD_SIGNAL_REQUEST);
      CU_ASSERT_EQUAL(ask_register(0x1234, 1, token), PSD_SIGNAL_REQUEST);
      CU_ASSERT_EQUAL(ask_register(0x1234, 0, token), PSD_SIGNAL_REQUEST);
      bench_close(&on);
    }
}

/* Each bit of what a token is over, and of the token, makes it a wrong one; ZIP and licence too. */
static void every_bit(void) {
  psd_token_key key;
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  CU_ASSERT_EQUAL_FATAL(install(0x1234, 0, 5, &key), PSD_SIGNAL_NONE);
  bench_learn(&on);
  uint32_t token = proof(&key, 0x1234, 90210, 42);
  psd_buffer request = registering(0x1234, key.set, 90210, 42, token);
  on.service.role = PSD_ROLE_REGISTRATION;
  for (size_t bit = 12 * 8; bit < request.length * 8; bit++) {
    bool set_field = bit >= 20 * 8 && bit < 24 * 8;
    request.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_REGISTER, &request),
                    set_field ? PSD_SIGNAL_REQUEST : PSD_SIGNAL_SIGNATURE);
    request.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    on.service.events.count = 0;
  }
  CU_ASSERT_EQUAL(bench_ask(&on, PSD_FRAME_KMS_REGISTER, &request), PSD_SIGNAL_NONE);
  bench_cut_all(&on, PSD_FRAME_KMS_REGISTER, &request);
  bench_close(&on);
}

static void clear(uint64_t serial, uint32_t set) {
  const psd_kms_token *token = known(serial, set);
  const psd_kms_event event = {.event = PSD_KMS_EVENT_TOKEN_CLEARED,
                               .kind = PSD_KMS_METER,
                               .key = set,
                               .from = token->state,
                               .to = token->state,
                               .about_device = true,
                               .device = token->device};
  CU_ASSERT(psd_kms_note(&on.service.events, &event));
  bench_learn(&on);
}

/* After ten wrong ones the right one is not believed either, until the operator has looked. */
static void guessed(void) {
  psd_token_key key, neighbour;
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  CU_ASSERT_EQUAL_FATAL(install(0x1234, 0, 5, &key), PSD_SIGNAL_NONE);
  bench_learn(&on);
  CU_ASSERT_EQUAL_FATAL(install(0x1235, 0, 5, &neighbour), PSD_SIGNAL_NONE);
  bench_learn(&on);
  uint32_t token = proof(&key, 0x1234, 90210, 42);
  for (unsigned i = 0; i < PSD_KMS_REGISTRATION_TRIES; i++)
    CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token ^ (i + 1U)), PSD_SIGNAL_SIGNATURE);
  CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(known(0x1234, key.set)->failures, PSD_KMS_REGISTRATION_TRIES);
  /* Others are not held up by it. */
  CU_ASSERT_EQUAL(ask_register(0x1235, key.set, proof(&neighbour, 0x1235, 90210, 42)), PSD_SIGNAL_NONE);
  /* Handing the key out again gives no other chances. */
  CU_ASSERT_EQUAL(install(0x1234, 0, 5, &key), PSD_SIGNAL_NONE);
  bench_learn(&on);
  CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_REQUEST);
  clear(0x1234, (uint32_t)key.set);
  CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token ^ 1U), PSD_SIGNAL_SIGNATURE);
  CU_ASSERT_EQUAL(ask_register(0x1234, key.set, token), PSD_SIGNAL_NONE);
  /* The right one takes no failure back: nobody guesses in between. */
  CU_ASSERT_EQUAL(known(0x1234, key.set)->failures, 1);
  bench_close(&on);
}

/* Another set: what is made anew is of it, what was made of the one before is still registered until that is retired.
 */
static void rotated(void) {
  psd_token_key first, second;
  bench_open(&on, PSD_ROLE_MANUFACTURING, false);
  CU_ASSERT_EQUAL_FATAL(install(0x1234, 0, 5, &first), PSD_SIGNAL_NONE);
  bench_learn(&on);
  uint32_t set = bench_rotate(&on, PSD_KMS_TOKEN);
  CU_ASSERT_EQUAL_FATAL(install(0x1234, 0, 5, &second), PSD_SIGNAL_NONE);
  CU_ASSERT(second.set == set && first.set != set && memcmp(first.key, second.key, 32) != 0);
  CU_ASSERT_EQUAL(first.pointer, second.pointer);
  bench_learn(&on);
  uint32_t token = proof(&first, 0x1234, 90210, 42);
  CU_ASSERT_EQUAL(ask_register(0x1234, set, token), PSD_SIGNAL_SIGNATURE);
  CU_ASSERT_EQUAL(ask_register(0x1234, first.set, token), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(known(0x1234, set)->state, PSD_KMS_STATE_INSTALLED);
  bench_move(&on, (uint32_t)first.set, PSD_KMS_STATE_OBSOLETE);
  CU_ASSERT_EQUAL(ask_register(0x1234, first.set, token), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(ask_register(0x1234, set, proof(&second, 0x1234, 90210, 42)), PSD_SIGNAL_NONE);
  bench_close(&on);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a key of the set, in both orders, and again", installed},
      {"orders, digits, characters, lengths that are none", refused},
      {"registered: both domains, both orders; who was never installed is not", registered},
      {"every bit of a registration counts", every_bit},
      {"eight digits cannot be guessed", guessed},
      {"another set", rotated},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms tokens", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
