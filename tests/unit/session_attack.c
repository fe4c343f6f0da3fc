/* What a hostile network, a hostile Host and a server without the right keys get from the card: nothing, and it takes
 * the next handshake as if nothing had been. */
#include "check.h"
#include "meter.h"

#include <string.h>

static rig r;
static meter m;
static rig_copy copy;

static const struct {
  psd_suite suite;
  bool forward;
} variants[] = {{PSD_SUITE_P256, true}, {PSD_SUITE_P256, false}, {PSD_SUITE_RSA, false}, {PSD_SUITE_SHARED, false}};

/* The session is over, memory was not touched, and a new handshake works. */
static void survived(uint64_t operations) {
  uint8_t nothing[PSD_M2_SIZE + PSD_M4_SIZE] = {0};
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  static const psd_session none;
  CU_ASSERT_EQUAL(memcmp(&r.card->session, &none, sizeof none), 0); /* wiped */
  CU_ASSERT_EQUAL(meter_answer(&m, nothing, PSD_M2_SIZE), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(meter_result(&m, nothing, PSD_M4_SIZE), PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(meter_envelope(&m, nothing, 32), PSD_SW_CONDITIONS);
  meter_open(&m, PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(meter_command(&m, "00CADF2000"), PSD_SW_OK);
}

/* One message refused, in `status`. */
typedef uint16_t deliver(meter *to, const uint8_t *message, size_t length);

static void refused(deliver *give, const uint8_t *message, size_t length, uint16_t status) {
  rig_restore(&r, &copy);
  meter before = m;
  uint64_t operations = r.ram.operations;
  uint16_t got = give(&m, message, length);
  CU_ASSERT_EQUAL(got, status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_EQUAL(r.ram.operations, operations);
  CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_NONE);
  m = before;
}

static void every_bit(deliver *give, uint8_t *message, size_t length) {
  for (size_t bit = 0; bit < 8 * length; bit++) {
    message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
    refused(give, message, length, PSD_SW_VERIFICATION_FAILED);
    message[bit / 8] ^= (uint8_t)(1U << (bit % 8));
  }
}

/* Every shorter length; one byte is less than the command may have. */
static void every_cut(deliver *give, const uint8_t *message, size_t length, uint16_t status) {
  for (size_t cut = 1; cut < length; cut++)
    refused(give, message, cut, cut == 1 ? PSD_SW_WRONG_LENGTH : status);
}

static void flip_m2(psd_suite suite, bool forward) {
  uint8_t m2[PSD_M2_SIZE + 1] = {0};
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, forward);
  meter_signed_on(&m, suite);
  meter_make_m2(&m, m2);
  rig_save(&r, &copy);
  every_bit(meter_answer, m2, PSD_M2_SIZE);
  every_cut(meter_answer, m2, PSD_M2_SIZE, PSD_SW_WRONG_DATA);
  refused(meter_answer, m2, PSD_M2_SIZE + 1, PSD_SW_WRONG_DATA);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, PSD_M2_SIZE), PSD_SW_OK); /* it was good */
  rig_restore(&r, &copy);
  m2[0] ^= 1;
  CU_ASSERT_EQUAL(meter_answer(&m, m2, PSD_M2_SIZE), PSD_SW_VERIFICATION_FAILED);
  survived(r.ram.operations);
  rig_forget(&copy);
  meter_bench_end(&m);
}

static void m2_altered(void) {
  for (size_t i = 0; i < PSD_CHECK_COUNT(variants); i++)
    flip_m2(variants[i].suite, variants[i].forward);
}

static void m4_altered(void) {
  uint8_t m4[PSD_M4_SIZE + 1] = {0};
  meter_bench(&r, &m, PSD_STATE_AUTHORIZED, true);
  meter_audited(&m, PSD_SUITE_P256);
  meter_make_m4(&m, m4);
  rig_save(&r, &copy);
  every_bit(meter_result, m4, PSD_M4_SIZE);
  every_cut(meter_result, m4, PSD_M4_SIZE, PSD_SW_WRONG_DATA);
  refused(meter_result, m4, PSD_M4_SIZE + 1, PSD_SW_WRONG_DATA);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_AUTHORIZED);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_result(&m, m4, PSD_M4_SIZE), PSD_SW_OK);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_OPERATIONAL);
  rig_restore(&r, &copy);
  m4[0] ^= 1;
  CU_ASSERT_EQUAL(meter_result(&m, m4, PSD_M4_SIZE), PSD_SW_VERIFICATION_FAILED);
  survived(r.ram.operations);
  rig_forget(&copy);
  meter_bench_end(&m);
}

static void record_altered(void) {
  uint8_t record[256];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  meter_open(&m, PSD_SUITE_P256);
  size_t length = meter_record(&m, "00CADF2000", record, sizeof record);
  rig_save(&r, &copy);
  every_bit(meter_envelope, record, length);
  for (size_t cut = 1; cut < length; cut++)
    refused(meter_envelope, record, cut, cut < PSD_GCM_TAG ? PSD_SW_WRONG_DATA : PSD_SW_VERIFICATION_FAILED);
  record[length] = 0;
  refused(meter_envelope, record, length + 1, PSD_SW_VERIFICATION_FAILED);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_envelope(&m, record, length), PSD_SW_OK);
  rig_restore(&r, &copy);
  record[0] ^= 1;
  CU_ASSERT_EQUAL(meter_envelope(&m, record, length), PSD_SW_VERIFICATION_FAILED);
  survived(r.ram.operations);
  rig_forget(&copy);
  meter_bench_end(&m);
}

/* A record once more, one out of order, one of the other direction, one of another kind. */
static void records_replayed(void) {
  uint8_t first[64], second[64], answer[64];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  meter_open(&m, PSD_SUITE_P256);
  size_t length = meter_record(&m, "00CADF2200", first, sizeof first);
  meter_record(&m, "00CADF2200", second, sizeof second);
  rig_save(&r, &copy);
  CU_ASSERT_EQUAL(meter_envelope(&m, first, length), PSD_SW_OK);
  CU_ASSERT_EQUAL(meter_envelope(&m, first, length), PSD_SW_VERIFICATION_FAILED); /* replayed */
  survived(r.ram.operations);
  refused(meter_envelope, second, length, PSD_SW_VERIFICATION_FAILED); /* before the first */
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_envelope(&m, first, length), PSD_SW_OK);
  size_t answered = r.length;
  CU_ASSERT_FATAL(answered <= sizeof answer);
  memcpy(answer, r.response, answered);
  CU_ASSERT_EQUAL(meter_envelope(&m, answer, answered), PSD_SW_VERIFICATION_FAILED); /* reflected */
  survived(r.ram.operations);
  rig_forget(&copy);
  meter_bench_end(&m);
}

/* M2 where M4 belongs, and the other way round: the type is authenticated, and the turn is kept. */
static void messages_out_of_turn(void) {
  uint8_t m2[PSD_M2_SIZE], m4[PSD_M4_SIZE];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  meter_signed_on(&m, PSD_SUITE_P256);
  meter_make_m2(&m, m2);
  rig_save(&r, &copy);
  memset(m4, 0, sizeof m4);
  refused(meter_result, m4, sizeof m4, PSD_SW_CONDITIONS);
  refused(meter_envelope, m4, sizeof m4, PSD_SW_CONDITIONS);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_audit(&m), PSD_SW_CONDITIONS);
  survived(r.ram.operations);
  rig_restore(&r, &copy);
  rig_forget(&copy);
  meter_answered(&m, PSD_SUITE_P256);
  rig_save(&r, &copy);
  refused(meter_answer, m2, sizeof m2, PSD_SW_CONDITIONS);
  refused(meter_result, m4, sizeof m4, PSD_SW_CONDITIONS);
  refused(meter_envelope, m4, sizeof m4, PSD_SW_CONDITIONS);
  rig_restore(&r, &copy);
  CU_ASSERT_EQUAL(meter_audit(&m), PSD_SW_OK);
  CU_ASSERT_EQUAL(meter_audit(&m), PSD_SW_CONDITIONS); /* one audit a session */
  survived(r.ram.operations);
  rig_restore(&r, &copy);
  rig_forget(&copy);
  meter_open(&m, PSD_SUITE_P256);
  rig_save(&r, &copy);
  refused(meter_answer, m2, sizeof m2, PSD_SW_CONDITIONS);
  refused(meter_result, m4, sizeof m4, PSD_SW_CONDITIONS);
  rig_forget(&copy);
  meter_bench_end(&m);
}

/* The response of another sign-on of the same card; that of a server that does not hold K2. */
static void response_of_another_session(void) {
  uint8_t old[PSD_M2_SIZE];
  for (size_t i = 0; i < PSD_CHECK_COUNT(variants); i++) {
    meter_bench(&r, &m, PSD_STATE_OPERATIONAL, variants[i].forward);
    meter_signed_on(&m, variants[i].suite);
    meter_make_m2(&m, old);
    meter_signed_on(&m, variants[i].suite);
    CU_ASSERT_EQUAL(meter_answer(&m, old, sizeof old), PSD_SW_VERIFICATION_FAILED);
    survived(r.ram.operations);
    meter_signed_on(&m, variants[i].suite);
    memset(m.k_s, 0x55, sizeof m.k_s); /* all that it can do is guess */
    meter_make_m2(&m, old);
    CU_ASSERT_EQUAL(meter_answer(&m, old, sizeof old), PSD_SW_VERIFICATION_FAILED);
    survived(r.ram.operations);
    meter_bench_end(&m);
  }
}

/* A server that answers a sign-on with forward secrecy by a response without, or the other way round. */
static void forward_secrecy_is_not_talked_away(void) {
  uint8_t m2[PSD_M2_SIZE];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  meter_signed_on(&m, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(m.head.forward, 1);
  m.head.forward = 0;
  meter_make_m2(&m, m2);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
  survived(r.ram.operations);
  meter_policy(&m, PSD_SUITE_P256 | PSD_SUITE_SHARED, false);
  meter_signed_on(&m, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(m.head.forward, 0);
  m.head.forward = 1;
  meter_make_m2(&m, m2);
  CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
  survived(r.ram.operations);
  meter_bench_end(&m);
}

/* A share that is no point, or one of a small order there is none of: the tag never comes to be checked. */
static void share_off_the_curve(void) {
  uint8_t m2[PSD_M2_SIZE];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  for (unsigned kind = 0; kind < 4; kind++) {
    meter_signed_on(&m, PSD_SUITE_P256);
    meter_make_m2(&m, m2);
    uint8_t *share = m2 + sizeof m.response.session;
    memset(share + 1, kind < 2 ? 0 : 0xFF, 64);
    share[0] = kind % 2 == 0 ? 0x04 : 0x00;
    CU_ASSERT_EQUAL(meter_answer(&m, m2, sizeof m2), PSD_SW_VERIFICATION_FAILED);
    survived(r.ram.operations);
  }
  meter_bench_end(&m);
}

/* The Host asks for an audit with values that did not come with M2. */
static void hostile_host(void) {
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  for (size_t bit = 0; bit < 8 * PSD_SIZE_AUDIT_REQUEST; bit += 5) {
    psd_audit_request wanted;
    meter_answered(&m, PSD_SUITE_SHARED);
    memcpy(wanted.session, m.host.session, sizeof wanted.session);
    memcpy(wanted.nonce, m.host.nonce, sizeof wanted.nonce);
    uint8_t *bytes = bit < 128 ? wanted.session : wanted.nonce;
    bytes[bit % 128 / 8] ^= (uint8_t)(1U << (bit % 8));
    CU_ASSERT_EQUAL(meter_audit_as(&m, &wanted), PSD_SW_VERIFICATION_FAILED);
    survived(r.ram.operations);
  }
  meter_bench_end(&m);
}

/* The server holds the session's keys and not K4: it makes no audit result. */
static void result_without_k4(void) {
  uint8_t m4[PSD_M4_SIZE];
  meter_bench(&r, &m, PSD_STATE_AUTHORIZED, true);
  uint8_t k3[sizeof m.k3];
  memcpy(k3, m.k3, sizeof k3);
  meter_audited(&m, PSD_SUITE_P256);
  memset(m.k3, 0x77, sizeof m.k3);
  meter_make_m4(&m, m4);
  CU_ASSERT_EQUAL(meter_result(&m, m4, sizeof m4), PSD_SW_VERIFICATION_FAILED);
  memcpy(m.k3, k3, sizeof k3);
  CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_AUTHORIZED);
  survived(r.ram.operations);
  meter_bench_end(&m);
}

/* The result of an earlier audit, of another PSD, and one whose fields were changed after it was authenticated. */
static void result_of_another_audit(void) {
  uint8_t m4[PSD_M4_SIZE];
  meter_bench(&r, &m, PSD_STATE_AUTHORIZED, true);
  meter_audited(&m, PSD_SUITE_P256);
  const psd_audit_result earlier = m.result;
  for (unsigned which = 0; which < 4; which++) {
    meter_audited(&m, PSD_SUITE_P256);
    if (which == 0)
      memcpy(m.result.audit, earlier.audit, sizeof m.result.audit);
    else if (which == 1)
      m.result.serial++;
    else if (which == 2)
      m.result.vendor[0] ^= 1;
    else
      m.result.model[1] ^= 1;
    meter_make_m4(&m, m4);
    CU_ASSERT_EQUAL(meter_result(&m, m4, sizeof m4), PSD_SW_VERIFICATION_FAILED);
    CU_ASSERT_EQUAL(psd_card_state(r.card), PSD_STATE_AUTHORIZED);
  }
  survived(r.ram.operations);
  meter_bench_end(&m);
}

/* What the seals of two sessions of one card have in common is nothing. */
static void nothing_repeats(void) {
  uint8_t seen[8][PSD_SESSION_KEY], points[8][PSD_POINT];
  meter_bench(&r, &m, PSD_STATE_OPERATIONAL, true);
  for (size_t i = 0; i < 8; i++) {
    meter_signed_on(&m, PSD_SUITE_P256);
    memcpy(seen[i], m.k_s, sizeof seen[i]);
    memcpy(points[i], m.enc, sizeof points[i]);
    for (size_t k = 0; k < i; k++)
      CU_ASSERT(memcmp(seen[k], seen[i], sizeof seen[i]) != 0 && memcmp(points[k], points[i], sizeof points[i]) != 0);
  }
  meter_bench_end(&m);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a sign-on response with any bit flipped, cut or longer is refused (EP step 224), in every suite", m2_altered},
      {"an audit result with any bit flipped, cut or longer is refused", m4_altered},
      {"a record with any bit flipped, cut or longer is refused", record_altered},
      {"records replayed, out of order or reflected are refused", records_replayed},
      {"messages out of their turn are refused", messages_out_of_turn},
      {"the response of another session, or without K2, is refused", response_of_another_session},
      {"forward secrecy is not talked away", forward_secrecy_is_not_talked_away},
      {"a share that is not on the curve is refused", share_off_the_curve},
      {"a Host that changes the audit request is refused (EP step 228)", hostile_host},
      {"an audit result without K4 is refused", result_without_k4},
      {"the audit result of another audit or PSD is refused", result_of_another_audit},
      {"no two sign-ons have anything in common", nothing_repeats},
  };
  return psd_check_run("session: attacks", tests, PSD_CHECK_COUNT(tests));
}
