/* What CREDIT and COMPLETE WITHDRAWAL take for the key management system's word, and what not; who may have which
 * command; the PSD's own signatures (docs/funds.md). */
#include "check.h"
#include "provider.h"

#include <stdio.h>
#include <string.h>

#define LOAD PSD_COMMAND_INITIALIZE_LOAD
#define CREDIT PSD_COMMAND_CREDIT
#define WITHDRAW PSD_COMMAND_INITIALIZE_WITHDRAWAL
#define COMPLETE PSD_COMMAND_COMPLETE_WITHDRAWAL

static rig r;
static meter m;
static psd_funds_authorization good;

/* An operation that waits for `good`. */
static void begin(psd_command_id start) {
  provider_begin(&r, &m, PSD_STATE_OPERATIONAL);
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, start, PSD_GROUP_POSTAGE, 5000, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  good = provider_authorization(&m, &request);
}

static void end(void) {
  meter_bench_end(&m);
}

static psd_command_id finish_of(psd_command_id start) {
  return start == LOAD ? CREDIT : COMPLETE;
}

static void refused(psd_command_id id, const psd_funds_authorization *authorization, uint16_t status) {
  const provider_mark mark = provider_look(&m);
  uint16_t got = provider_finish(&m, id, authorization);
  if (got != status)
    printf("\n    %04X ", got);
  CU_ASSERT_EQUAL(got, status);
  CU_ASSERT_EQUAL(r.length, 0);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
}

/* Authentic, and of another PSD, operation, group, number, amount or control total. */
static void another_operations(void) {
  static const psd_command_id starts[] = {LOAD, WITHDRAW};
  for (size_t i = 0; i < 2; i++) {
    begin(starts[i]);
    psd_funds_authorization others[16];
    size_t count = 0;
    for (; count < PSD_CHECK_COUNT(others); count++)
      others[count] = good;
    others[0].vendor[0]++;
    others[1].model[1]++;
    others[2].serial++;
    others[3].operation = i == 0 ? PSD_OPERATION_WITHDRAWN : PSD_OPERATION_LOADED;
    others[4].operation = PSD_OPERATION_NONE;
    others[5].operation = PSD_OPERATION_LOAD_CANCELLED;
    others[6].group = 1;
    others[7].sequence++;
    others[8].sequence--;
    others[9].amount++;
    others[10].amount--;
    others[11].amount = 0;
    others[12].control_total++;
    others[13].control_total--;
    others[14].control_total = 0;
    others[15].control_total = UINT64_MAX;
    for (size_t j = 0; j < count; j++)
      refused(finish_of(starts[i]), &others[j], PSD_SW_WRONG_DATA);
    refused(finish_of(starts[1 - i]), &good, PSD_SW_CONDITIONS); /* the other command: nothing waits for it */
    CU_ASSERT_EQUAL(provider_finish(&m, finish_of(starts[i]), &good), PSD_SW_OK);
    for (size_t j = 0; j < count; j++) /* done: what is not its own is no repetition */
      refused(finish_of(starts[i]), &others[j], PSD_SW_CONDITIONS);
    end();
  }
}

static void every_bit_counts(void) {
  static const psd_command_id starts[] = {LOAD, WITHDRAW};
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  for (size_t i = 0; i < 2; i++) {
    begin(starts[i]);
    provider_authenticate(&m, &good, authorized);
    const provider_mark mark = provider_look(&m);
    for (size_t bit = 0; bit < 8 * sizeof authorized; bit++) {
      authorized[bit / 8] ^= (uint8_t)(1U << bit % 8);
      CU_ASSERT_EQUAL(provider_send(&m, finish_of(starts[i]), 0, authorized, sizeof authorized),
                      PSD_SW_VERIFICATION_FAILED);
      authorized[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    CU_ASSERT_EQUAL(provider_send(&m, finish_of(starts[i]), 0, authorized, sizeof authorized - 1), PSD_SW_WRONG_LENGTH);
    CU_ASSERT_TRUE(provider_untouched(&m, &mark));
    CU_ASSERT_EQUAL(r.card->session.phase, PSD_SESSION_OPEN); /* the meter server may try again */
    CU_ASSERT_EQUAL(provider_send(&m, finish_of(starts[i]), 0, authorized, sizeof authorized), PSD_SW_OK);
    authorized[PSD_SIZE_FUNDS_AUTHORIZATION] ^= 1; /* not even when it was done */
    CU_ASSERT_EQUAL(provider_send(&m, finish_of(starts[i]), 0, authorized, sizeof authorized),
                    PSD_SW_VERIFICATION_FAILED);
    end();
  }
}

/* A meter server without K3, and one that has other messages under K3. */
static void forged(void) {
  uint8_t authorized[PSD_AUTHORIZED_FUNDS];
  static const char *const labels[] = {PSD_SIGN_FUNDS_REQUEST, PSD_SIGN_FUNDS_RECEIPT, PSD_SIGN_ORDER, ""};
  begin(LOAD);
  provider_authenticate(&m, &good, authorized);
  for (size_t i = 0; i < PSD_CHECK_COUNT(labels); i++) {
    const psd_part parts[] = {{labels[i], strlen(labels[i])}, {authorized, PSD_SIZE_FUNDS_AUTHORIZATION}};
    CU_ASSERT_TRUE_FATAL(psd_hmac(m.k3, sizeof m.k3, parts, 2, authorized + PSD_SIZE_FUNDS_AUTHORIZATION));
    CU_ASSERT_EQUAL(provider_send(&m, CREDIT, 0, authorized, sizeof authorized), PSD_SW_VERIFICATION_FAILED);
  }
  m.k3[31] ^= 1;
  refused(CREDIT, &good, PSD_SW_VERIFICATION_FAILED);
  m.k3[31] ^= 1;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &good), PSD_SW_OK);
  end();
}

static void replayed(void) {
  begin(LOAD);
  const psd_funds_authorization first = good;
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &first), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 5000, false), PSD_SW_OK);
  const psd_funds_request request = provider_request(&m);
  refused(CREDIT, &first, PSD_SW_WRONG_DATA); /* the same amount, an hour not over: another number */
  good = provider_authorization(&m, &request);
  CU_ASSERT_EQUAL(provider_finish(&m, CREDIT, &good), PSD_SW_OK);
  refused(CREDIT, &first, PSD_SW_CONDITIONS);
  CU_ASSERT_EQUAL(r.card->core.postage.descending, 19000);
  end();
}

static void an_expiry(void) {
  static const psd_command_id starts[] = {LOAD, WITHDRAW};
  for (size_t i = 0; i < 2; i++) {
    begin(starts[i]);
    r.seconds = good.expiry;
    refused(finish_of(starts[i]), &good, PSD_SW_CONDITIONS);
    r.seconds += 1;
    refused(finish_of(starts[i]), &good, PSD_SW_CONDITIONS);
    psd_funds_authorization later = good;
    later.expiry = 0;
    refused(finish_of(starts[i]), &later, PSD_SW_CONDITIONS);
    later.expiry = r.seconds + 1; /* a second is left; and the operation still waits */
    CU_ASSERT_EQUAL(provider_finish(&m, finish_of(starts[i]), &later), PSD_SW_OK);
    end();
  }
}

static void in_clear_nobody_has_them(void) {
  begin(LOAD);
  CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
  static const psd_command_id ids[] = {LOAD, CREDIT, PSD_COMMAND_CANCEL_LOAD, WITHDRAW, COMPLETE};
  for (size_t i = 0; i < PSD_CHECK_COUNT(ids); i++) {
    uint8_t command[5 + 70] = {0x80, psd_commands[ids[i]].ins, 0, 0, (uint8_t)psd_commands[ids[i]].least};
    CU_ASSERT_EQUAL(rig_send(&r, command, 5U + psd_commands[ids[i]].least), PSD_SW_SECURITY_STATUS);
  }
  CU_ASSERT_EQUAL(r.card->core.operation.operation, PSD_OPERATION_LOADING);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058010000"), PSD_SW_OK); /* what was said the user may have again */
  const psd_funds_request request = provider_request(&m);
  CU_ASSERT(request.sequence == 1 && request.amount == 5000);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058000000"), PSD_SW_REFERENCE_NOT_FOUND); /* no evidence was made */
  CU_ASSERT_EQUAL(rig_hex(&r, "8058020000"), PSD_SW_REFERENCE_NOT_FOUND); /* nor a service */
  CU_ASSERT_EQUAL(rig_hex(&r, "8058030000"), PSD_SW_REFERENCE_NOT_FOUND);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058040000"), PSD_SW_WRONG_P1P2);
  psd_card_reset(r.card);
  CU_ASSERT_EQUAL_FATAL(rig_select(&r), PSD_SW_OK);
  CU_ASSERT_EQUAL(rig_hex(&r, "8058010000"), PSD_SW_SECURITY_STATUS);
  end();
}

/* A PSD with a key pair of its own signs all it says of funds with it. */
static void a_key_pair_signs(void) {
  uint8_t secret[PSD_P256_SECRET];
  begin(WITHDRAW);
  CU_ASSERT_TRUE_FATAL(psd_p256_generate(&r.card->drbg, secret, m.point));
  const psd_store_put put = {.record = PSD_RECORD_KEY_PAIR, .length = sizeof secret, .value = secret};
  CU_ASSERT_EQUAL_FATAL(psd_store_commit(&r.card->store, &put, 1), PSD_STORE_OK);
  m.pair = true;
  CU_ASSERT_EQUAL(provider_finish(&m, COMPLETE, &good), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).type, PSD_SIGNATURE_ECDSA);
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_OK);
  CU_ASSERT_EQUAL(r.length, PSD_FUNDS_REQUEST_MAX);
  CU_ASSERT_EQUAL(provider_request(&m).type, PSD_SIGNATURE_ECDSA);
  CU_ASSERT_EQUAL(provider_cancel(&m, 2), PSD_SW_OK);
  CU_ASSERT_EQUAL(provider_receipt(&m).type, PSD_SIGNATURE_ECDSA);
  const provider_mark mark = provider_look(&m);
  r.entropy_fail_in = 1; /* without randomness it does not sign, and does nothing */
  r.card->drbg.calls = PSD_DRBG_RESEED;
  CU_ASSERT_EQUAL(provider_start(&m, LOAD, PSD_GROUP_POSTAGE, 1000, false), PSD_SW_EXECUTION_ERROR);
  CU_ASSERT_TRUE(provider_untouched(&m, &mark));
  CU_ASSERT_EQUAL(r.card->fault, PSD_FAULT_RANDOM);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the authorization of another operation", another_operations},
      {"every bit of it counts", every_bit_counts},
      {"one that the key management system did not make", forged},
      {"one that was used", replayed},
      {"one that has expired", an_expiry},
      {"in clear nobody has these commands", in_clear_nobody_has_them},
      {"a key pair signs", a_key_pair_signs},
  };
  return psd_check_run("funds: authorization", tests, PSD_CHECK_COUNT(tests));
}
