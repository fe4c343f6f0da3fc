/* Suite classic in the card: the whole handshake, all that is altered on its way, and that it is off unless asked for.
 */
#include "check.h"
#include "crypto/classic.h"
#include "crypto/evp_classic.h"
#include "provider.h"

#include <string.h>

static rig r;
static meter m;
static rig_copy copy;

static bool unwrap(const psd_rsa *k2, const uint8_t *wrapped, uint8_t k_s[PSD_SESSION_KEY]) {
  memset(k_s, 0, PSD_SESSION_KEY);
  return psd_rsa_classic_open(k2, wrapped, 256, k_s, PSD_CLASSIC_KEY);
}

static bool signature_holds(const uint8_t k3[32], const uint8_t *audit, const uint8_t *signature) {
  uint8_t key[PSD_CLASSIC_KEY], mac[PSD_TDES_MAC];
  const psd_part label = {PSD_SIGN_AUDIT, strlen(PSD_SIGN_AUDIT)};
  return psd_hkdf_expand(k3, PSD_TDES_KEY_LABEL, strlen(PSD_TDES_KEY_LABEL), key, sizeof key) &&
         psd_des3_mac(key, sizeof key, &label, 1, (psd_part){audit, PSD_SIZE_AUDIT}, mac) &&
         psd_secret_equal(mac, signature, sizeof mac);
}

static void begin(psd_state state) {
  static const meter_classic classic = {unwrap, signature_holds};
  meter_bench(&r, &m, state, true);
  m.classic = &classic;
  meter_policy(&m, PSD_SUITE_P256 | PSD_SUITE_SHARED | PSD_SUITE_CLASSIC, true);
}

static void end(void) {
  meter_bench_end(&m);
}

static void handshake(void) {
  begin(PSD_STATE_AUTHORIZED);
  meter_open(&m, PSD_SUITE_CLASSIC);
  CU_ASSERT_EQUAL(m.head.forward, 0);
  CU_ASSERT_EQUAL(m.audit.type, PSD_SIGNATURE_TDES);
  static const uint8_t none[PSD_SESSION_KEY - PSD_CLASSIC_KEY];
  CU_ASSERT_EQUAL(memcmp(m.k_s + PSD_CLASSIC_KEY, none, sizeof none), 0);
  CU_ASSERT_NOT_EQUAL(memcmp(m.k_s, none, sizeof none), 0);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  for (unsigned i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(meter_command(&m, "00CADF2000"), PSD_SW_OK);
    psd_check_bytes(r.response, r.length, "5042533100C0FFEE", "identity");
  }
  meter_open(&m, PSD_SUITE_P256); /* and the suites of today, on the same card */
  CU_ASSERT_EQUAL(m.audit.type, PSD_SIGNATURE_HMAC);
  end();
}

/* What is said of money is never signed with triple-DES. */
static void funds(void) {
  begin(PSD_STATE_OPERATIONAL);
  meter_open(&m, PSD_SUITE_CLASSIC);
  CU_ASSERT_EQUAL(m.audit.type, PSD_SIGNATURE_TDES);
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, PSD_COMMAND_INITIALIZE_LOAD, PSD_GROUP_POSTAGE, 5000, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  CU_ASSERT_EQUAL(request.type, PSD_SIGNATURE_HMAC);
  const psd_funds_authorization authorization = provider_authorization(&m, &request);
  CU_ASSERT_EQUAL_FATAL(provider_finish(&m, PSD_COMMAND_CREDIT, &authorization), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).type, PSD_SIGNATURE_HMAC);
  end();
}

/* A PSD that has a key pair of its own signs with it in this suite as well. */
static void key_pair(void) {
  uint8_t secret[PSD_P256_SECRET];
  begin(PSD_STATE_OPERATIONAL);
  CU_ASSERT_TRUE_FATAL(psd_p256_generate(&r.card->drbg, secret, m.point));
  psd_store_put put = {.record = PSD_RECORD_KEY_PAIR, .value = secret, .length = sizeof secret};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  m.pair = true;
  meter_open(&m, PSD_SUITE_CLASSIC);
  CU_ASSERT_EQUAL(m.audit.type, PSD_SIGNATURE_ECDSA);
  end();
}

static void off_unless_allowed(void) {
  begin(PSD_STATE_OPERATIONAL);
  meter_policy(&m, PSD_SUITE_P256 | PSD_SUITE_RSA | PSD_SUITE_SHARED, true);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_REFERENCE_UNUSABLE);
  psd_store_put put = {.record = (uint16_t)(PSD_RECORD_OBJECT + PSD_OBJECT_SESSION_POLICY)};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK); /* no policy at all */
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_REFERENCE_UNUSABLE);
  meter_policy(&m, PSD_SUITE_CLASSIC, true);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_P256), PSD_SW_REFERENCE_UNUSABLE);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_OK);
  put.record = (uint16_t)(PSD_RECORD_OBJECT + PSD_OBJECT_VENDOR_RSA_KEY);
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  end();
}

/* One message, refused; the card's memory is not touched, and the session is gone. */
typedef uint16_t deliver(meter *to, const uint8_t *message, size_t length);

static void refused(deliver *give, const uint8_t *message, size_t length, uint16_t status) {
  rig_restore(&r, &copy);
  uint64_t operations = r.ram.operations;
  CU_ASSERT_EQUAL(give(&m, message, length), status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
}

/* Each bit, and so each of the trailer's zeroes too; then the message itself, which is taken. */
static void every_bit(deliver *give, uint8_t *message, size_t length) {
  rig_save(&r, &copy);
  for (size_t bit = 0; bit < 8 * length; bit++) {
    message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    refused(give, message, length, PSD_SW_VERIFICATION_FAILED);
    message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
  }
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(give(&m, message, length), PSD_SW_OK);
  rig_forget(&copy);
}

static void altered(void) {
  uint8_t m2[PSD_M2_SIZE], m4[PSD_M4_SIZE], record[64];
  begin(PSD_STATE_AUTHORIZED);
  meter_signed_on(&m, PSD_SUITE_CLASSIC);
  meter_make_m2(&m, m2);
  every_bit(meter_answer, m2, sizeof m2);
  CU_ASSERT_EQUAL(meter_audit(&m), PSD_SW_OK);
  meter_make_m4(&m, m4);
  every_bit(meter_result, m4, sizeof m4);
  size_t length = meter_record(&m, "00CADF2000", record, sizeof record);
  every_bit(meter_envelope, record, length);
  rig_save(&r, &copy);
  for (size_t cut = 1; cut < length; cut++)
    refused(meter_envelope, record, cut, cut < PSD_GCM_TAG ? PSD_SW_WRONG_DATA : PSD_SW_VERIFICATION_FAILED);
  rig_forget(&copy);
  end();
}

/* The number of a record is not sent, and the MAC covers it. */
static void replayed(void) {
  uint8_t first[64], second[64];
  begin(PSD_STATE_OPERATIONAL);
  meter_open(&m, PSD_SUITE_CLASSIC);
  size_t length = meter_record(&m, "00CADF2200", first, sizeof first);
  meter_record(&m, "00CADF2200", second, sizeof second);
  CU_ASSERT_NOT_EQUAL(memcmp(first, second, length), 0);
  rig_save(&r, &copy);
  refused(meter_envelope, second, length, PSD_SW_VERIFICATION_FAILED);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_envelope(&m, first, length), PSD_SW_OK);
  CU_ASSERT_EQUAL(meter_envelope(&m, first, length), PSD_SW_VERIFICATION_FAILED);
  rig_forget(&copy);
  end();
}

/* Who was not told K_S, and who answers in the cipher of another suite. */
static void wrong_servers(void) {
  uint8_t m2[PSD_M2_SIZE];
  begin(PSD_STATE_OPERATIONAL);
  meter_signed_on(&m, PSD_SUITE_CLASSIC);
  m.k_s[0] ^= 0x10;
  meter_make_m2(&m, m2);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
  meter_signed_on(&m, PSD_SUITE_CLASSIC);
  m.k_s[PSD_SESSION_KEY - 1] = 1; /* zeroes are part of K_S */
  meter_make_m2(&m, m2);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
  meter_signed_on(&m, PSD_SUITE_CLASSIC);
  m.head.suite = PSD_SUITE_RSA;
  meter_make_m2(&m, m2);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
  meter_open(&m, PSD_SUITE_CLASSIC);
  end();
}

static void randomness_fails(void) {
  begin(PSD_STATE_OPERATIONAL);
  r.entropy_fail_in = 1;
  r.card->drbg.calls = PSD_DRBG_RESEED - 1; /* K_S is drawn, the padding is not */
  CU_ASSERT_EQUAL(meter_sign_on(&m, PSD_SUITE_CLASSIC), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_RANDOM);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"handshake and commands", handshake},
      {"funds are signed with an HMAC all the same", funds},
      {"a PSD with a key pair signs with that", key_pair},
      {"refused unless SESSION_POLICY allows it (6984), and without its key (6A88)", off_unless_allowed},
      {"M2, M4 and a record with any bit flipped are refused; a record cut too", altered},
      {"records replayed or out of order are refused", replayed},
      {"a response without K_S, or in another suite's cipher, is refused", wrong_servers},
      {"no sign-on comes of a generator that fails", randomness_fails},
  };
  return psd_check_run("session: suite classic", tests, PSD_CHECK_COUNT(tests));
}
