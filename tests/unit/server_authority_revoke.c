/* Revocations at the meter server (VM figure 6): the holder's (602-608), the authority's own on their way to the card,
 * and what the card confirms (622). */
#include <string.h>

#include "bench_orders.h"
#include "check.h"
#include "desk_bench.h"
#include "meter/batch.h"
#include "psd/spec/apdu.h"
#include "psd/spec/commands.h"
#include "psd/spec/status.h"

static psd_ca_entry status_of(const desk_bench *at, uint32_t number) {
  psd_ca_entry entry = {.number = 0};
  CU_ASSERT_EQUAL(psd_ca_status(at->b.db, number, &entry), PSD_DB_DONE);
  return entry;
}

static proof_der request_of(const desk_bench *at, uint32_t number) {
  X509 *certificate = desk_x509(at, number);
  proof_der made = desk_revocation(at, number, at->user, certificate);
  X509_free(certificate);
  return made;
}

/* 604 yes, 608: on the list at once; the command answers the request, and is the CA's. */
static void test_holder_revokes(void) {
  desk_bench at;
  desk_open(&at);
  uint32_t number = desk_certify(&at, 1, 1);
  proof_der request = request_of(&at, number);
  CU_ASSERT_EQUAL(status_of(&at, number).revoked, 0);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &request), 0);
  CU_ASSERT_TRUE(at.item.kind == PSD_AUTHORITY_REVOCATION && at.item.status == PSD_AUTHORITY_ACCEPTED);
  CU_ASSERT_EQUAL(at.item.number, 1);
  CU_ASSERT_TRUE(status_of(&at, number).revoked == at.b.time && status_of(&at, number).reason == PSD_REASON_CESSATION);
  proof_der command = {.length = at.length};
  memcpy(command.data, at.content, at.length);
  proof_der confirmation = desk_confirmation(&at, proof_bytes(&command), 250);
  /* 622 */
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CONFIRM, &confirmation), 0);
  psd_ca_certificate kept = desk_certificate(&at, number);
  CU_ASSERT_TRUE(kept.confirmed == at.b.time && kept.paid == PSD_CONFIRMED_PAID);
  /* The same once more. */
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CONFIRM, &confirmation), 0);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &request), 0);
  CU_ASSERT_TRUE(at.item.number == 1 && at.length > 0);
  desk_close(&at);
}

/* 604 no, 606: signed with another key, altered, of another certificate, or nothing of the kind. */
static void test_refused(void) {
  desk_bench at;
  desk_open(&at);
  uint32_t number = desk_certify(&at, 1, 1), stamp = desk_certify(&at, 2, 2);
  X509 *certificate = desk_x509(&at, number);
  proof_der forged = desk_revocation(&at, number, at.user, certificate);
  forged.data[forged.length - 3] ^= 1;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &forged), PSD_SIGNAL_SIGNATURE);
  forged = desk_revocation(&at, stamp, at.user, certificate);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &forged), PSD_SIGNAL_SIGNATURE);
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_REVOKE, "\x30\x00", 2), PSD_SIGNAL_SIGNATURE);
  uint8_t much[PSD_USER_CERTIFICATE_MAX * 2] = {0};
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_REVOKE, much, sizeof much), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_REVOKE, "", 0), PSD_SIGNAL_REQUEST);
  CU_ASSERT_TRUE(status_of(&at, number).revoked == 0 && status_of(&at, stamp).revoked == 0);
  X509_free(certificate);
  desk_close(&at);
}

/* What confirms nothing: no command was given, another PSD's key, altered, nothing of the kind. */
static void test_not_confirmed(void) {
  desk_bench at;
  desk_open(&at);
  uint32_t number = desk_certify(&at, 1, 1);
  proof_der request = request_of(&at, number);
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &request), 0);
  proof_der command = {.length = at.length};
  memcpy(command.data, at.content, at.length);
  proof_der altered = desk_confirmation(&at, proof_bytes(&command), 250);
  altered.data[altered.length - 3] ^= 1;
  CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_CONFIRM, &altered), PSD_SIGNAL_SIGNATURE);
  psd_pair *own = at.b.card.own;
  at.b.card.own = psd_pair_new(); /* the certificate does not fit it */
  CU_ASSERT_PTR_NOT_NULL_FATAL(at.b.card.own);
  X509 *certificate = desk_x509(&at, number);
  proof_der forged = desk_revocation(&at, number, at.user, certificate); /* a request is no confirmation */
  CU_ASSERT_NOT_EQUAL(desk_ask_der(&at, PSD_HOST_CONFIRM, &forged), 0);
  psd_pair_free(at.b.card.own);
  at.b.card.own = own;
  CU_ASSERT_EQUAL(desk_ask(&at, PSD_HOST_CONFIRM, "\x30\x00", 2), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(desk_certificate(&at, number).confirmed, 0);
  X509_free(certificate);
  desk_close(&at);
}

static void force(const desk_bench *at, uint32_t number) {
  desk_begin(at);
  CU_ASSERT_EQUAL(psd_ca_revoke(at->b.db, number, PSD_REASON_PRIVILEGE_WITHDRAWN, PSD_CA_OPERATOR,
                                (psd_proof_bytes){NULL, 0}, at->b.time),
                  PSD_DB_DONE);
  desk_commit(at);
}

/* The command that was sent to the card. */
static proof_der take_command(desk_bench *at) {
  uint8_t bytes[PAPER_RECORD];
  psd_apdu apdu;
  proof_der command = {.length = 0};
  const bench_frame *got = bench_expect(&at->b, PSD_FRAME_CARD_DATA);
  size_t length = paper_command(&at->b.card, got->body, got->length, bytes);
  CU_ASSERT_TRUE_FATAL(psd_parse_apdu(bytes, length, &apdu));
  CU_ASSERT_TRUE(apdu.cla == 0x80 && apdu.ins == psd_commands[PSD_COMMAND_REVOKE_CERTIFICATE].ins);
  CU_ASSERT_EQUAL(apdu.ne, PSD_NE_ALL); /* a confirmation is longer than a short answer */
  memcpy(command.data, apdu.data, apdu.nc);
  command.length = apdu.nc;
  return command;
}

static void card_confirms(desk_bench *at, const proof_der *command) {
  uint8_t record[PAPER_RECORD];
  proof_der confirmation = desk_confirmation(at, proof_bytes(command), 0);
  bench_send(&at->b, PSD_FRAME_CARD_DATA, record,
             paper_reply(&at->b.card, confirmation.data, confirmation.length, PSD_SW_OK, record));
  bench_pump(&at->b);
}

/* Several of them, one after the other, before the Host is told that all is over. */
static void test_forced(void) {
  desk_bench at;
  desk_open(&at);
  uint32_t numbers[] = {desk_certify(&at, 1, 1), desk_certify(&at, 2, 2)};
  for (size_t i = 0; i < 2; i++)
    force(&at, numbers[i]);
  desk_again_with(&at, PSD_ACTION_REVOKE);
  bench_ask(&at.b, PSD_HOST_DONE, NULL, 0);
  for (size_t i = 0; i < 2; i++) {
    proof_der command = take_command(&at);
    CU_ASSERT_EQUAL(at.b.taken, at.b.sent_count);
    card_confirms(&at, &command);
    psd_ca_certificate kept = desk_certificate(&at, numbers[1 - i]); /* the newest first */
    CU_ASSERT_TRUE(kept.confirmed == at.b.time && kept.paid == PSD_CONFIRMED_FREE && kept.command == i + 1);
  }
  CU_ASSERT_EQUAL(bench_answer(&at.b, PSD_HOST_DONE), 0);
  desk_again(&at);
  desk_close(&at);
}

/* 614: what the card will never take is not brought again; what it refuses for its number comes with a higher one, in
 * another session; and what it cannot do now, as it is. The session goes on. */
static void test_card_refuses(void) {
  static const struct {
    uint16_t status;
    bool again;
    uint32_t number;
  } cases[] = {{PSD_SW_WRONG_DATA, false, 1},
               {PSD_SW_VERIFICATION_FAILED, false, 1},
               {PSD_SW_CONDITIONS, true, 65},
               {PSD_SW_MEMORY_FAILURE, true, 1}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    desk_bench at;
    desk_open(&at);
    uint32_t number = desk_certify(&at, 1, 1);
    force(&at, number);
    desk_again_with(&at, PSD_ACTION_REVOKE);
    (void)take_command(&at);
    bench_card_says(&at.b, cases[i].status);
    CU_ASSERT_EQUAL(bench_request(&at.b, PSD_HOST_DONE, NULL, 0), 0);
    CU_ASSERT_TRUE(desk_certificate(&at, number).confirmed == 0 && status_of(&at, number).revoked != 0);
    desk_again_with(&at, cases[i].again ? PSD_ACTION_REVOKE : 0);
    if (cases[i].again) {
      CU_ASSERT_EQUAL(desk_certificate(&at, number).command, cases[i].number);
      proof_der command = take_command(&at);
      card_confirms(&at, &command);
      CU_ASSERT_EQUAL(desk_certificate(&at, number).confirmed, at.b.time);
    }
    desk_close(&at);
  }
}

/* The line breaks between every two steps of a forced revocation: the next session brings it to its end. */
static void test_forced_cut(void) {
  for (unsigned steps = 0; steps <= 6; steps++) {
    desk_bench at;
    desk_open(&at);
    uint32_t number = desk_certify(&at, 1, 1);
    force(&at, number);
    bench_hang_up(&at.b);
    bench_call(&at.b);
    bench_sign_on(&at.b, PSD_SUITE_SHARED);
    uint8_t m3[PSD_M3_MAX], record[PAPER_RECORD];
    bench_send(&at.b, PSD_FRAME_AUDIT_RESPONSE, m3, paper_audit(&at.b.card, m3));
    while (at.b.sent_count == at.b.taken)
      CU_ASSERT_TRUE_FATAL(bench_answer_call(&at.b) || bench_do_job(&at.b));
    const bench_frame *m4 = bench_expect(&at.b, PSD_FRAME_AUDIT_RESULT);
    CU_ASSERT_TRUE_FATAL(paper_take_m4(&at.b.card, m4->body, m4->length));
    for (unsigned i = 0; i < steps; i++) {
      if (i == 3) { /* its command is with the card */
        proof_der command = take_command(&at), confirmation = desk_confirmation(&at, proof_bytes(&command), 0);
        bench_send(&at.b, PSD_FRAME_CARD_DATA, record,
                   paper_reply(&at.b.card, confirmation.data, confirmation.length, PSD_SW_OK, record));
      } else
        CU_ASSERT_TRUE_FATAL(bench_answer_call(&at.b) || bench_do_job(&at.b));
    }
    desk_again_with(&at, PSD_ACTION_REVOKE);
    proof_der command = take_command(&at);
    card_confirms(&at, &command);
    psd_ca_certificate kept = desk_certificate(&at, number);
    CU_ASSERT_TRUE(kept.confirmed == at.b.time && kept.command == 1);
    CU_ASSERT_EQUAL(bench_request(&at.b, PSD_HOST_DONE, NULL, 0), 0);
    desk_close(&at);
  }
}

/* The same of the holder's: the list has it from the first step on, and the same request gives the same command. */
static void test_holder_cut(void) {
  for (unsigned steps = 0; steps <= 3; steps++) {
    desk_bench at;
    uint8_t record[PAPER_RECORD];
    desk_open(&at);
    uint32_t number = desk_certify(&at, 1, 1);
    proof_der request = request_of(&at, number);
    bench_send(&at.b, PSD_FRAME_HOST_DATA, record,
               paper_request(&at.b.card, PSD_HOST_REVOKE, request.data, request.length, record));
    for (unsigned i = 0; i < steps; i++)
      CU_ASSERT_TRUE_FATAL(bench_answer_call(&at.b) || bench_do_job(&at.b));
    CU_ASSERT_EQUAL(status_of(&at, number).revoked != 0, steps > 0);
    desk_again_with(&at, steps > 0 ? PSD_ACTION_REVOKE : 0);
    if (steps > 0) { /* the card has the command with the next audit, before the Host asks anew */
      proof_der command = take_command(&at);
      card_confirms(&at, &command);
    }
    CU_ASSERT_EQUAL(desk_ask_der(&at, PSD_HOST_REVOKE, &request), 0);
    CU_ASSERT_TRUE(at.item.number == 1 && at.length > 0);
    CU_ASSERT_EQUAL(desk_certificate(&at, number).confirmed != 0, steps > 0);
    desk_close(&at);
  }
}

/* Nobody signs the command, or the database fails: the session stays open, and it comes again. */
static void test_forced_fails(void) {
  desk_bench at;
  desk_open(&at);
  force(&at, desk_certify(&at, 1, 1));
  at.b.kms_refuses_type = PSD_FRAME_KMS_REVOKE;
  desk_again_with(&at, PSD_ACTION_REVOKE);
  CU_ASSERT_EQUAL(bench_request(&at.b, PSD_HOST_DONE, NULL, 0), 0);
  at.b.kms_refuses_type = (psd_frame_type)0;
  desk_again_with(&at, PSD_ACTION_REVOKE);
  proof_der command = take_command(&at);
  at.b.database_fails = PSD_DB_FAILED;
  card_confirms(&at, &command);
  at.b.database_fails = PSD_DB_DONE;
  CU_ASSERT_EQUAL(bench_request(&at.b, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_FALSE(at.b.closed);
  desk_close(&at);
}

/* What the card says is no confirmation. */
static void test_forced_nonsense(void) {
  desk_bench at;
  uint8_t record[PAPER_RECORD];
  desk_open(&at);
  uint32_t number = desk_certify(&at, 1, 1);
  force(&at, number);
  desk_again_with(&at, PSD_ACTION_REVOKE);
  proof_der command = take_command(&at);
  bench_send(&at.b, PSD_FRAME_CARD_DATA, record,
             paper_reply(&at.b.card, command.data, command.length, PSD_SW_OK, record));
  bench_pump(&at.b);
  CU_ASSERT_EQUAL(bench_request(&at.b, PSD_HOST_DONE, NULL, 0), 0);
  CU_ASSERT_EQUAL(desk_certificate(&at, number).confirmed, 0);
  desk_again_with(&at, PSD_ACTION_REVOKE);
  desk_close(&at);
}

/* What the refresh timer has done now and then: how many certificates it has revoked. */
static uint64_t sweep(const desk_bench *at, uint64_t overdue, uint64_t unpaid) {
  psd_meter_jobs alone;
  psd_meter_job *job = psd_meter_job_new(PSD_METER_JOB_SWEEP);
  CU_ASSERT_PTR_NOT_NULL_FATAL(job);
  if (job == NULL)
    return 0;
  CU_ASSERT_TRUE(job->writes);
  job->now = at->b.time;
  job->overdue = overdue;
  job->unpaid = unpaid;
  psd_meter_jobs_empty(&alone);
  psd_meter_jobs_append(&alone, job);
  psd_meter_jobs_run(&alone, at->b.db, true);
  CU_ASSERT_EQUAL(job->result, PSD_DB_DONE);
  uint64_t count = job->count;
  psd_meter_job_free(job);
  return count;
}

/* Nobody inspects it: its certificates are revoked, and the card hears of it when it comes at last. */
static void test_swept(void) {
  desk_bench at;
  desk_open(&at);
  uint32_t number = desk_certify(&at, 1, 1);
  CU_ASSERT_EQUAL(sweep(&at, 30U * DESK_DAY, 30U * DESK_DAY), 0);
  at.b.time += 31U * DESK_DAY;
  CU_ASSERT_EQUAL(sweep(&at, at.b.time, at.b.time), 0); /* never */
  CU_ASSERT_EQUAL(sweep(&at, 32U * DESK_DAY, 1), 0);
  CU_ASSERT_EQUAL(sweep(&at, 30U * DESK_DAY, at.b.time), 1);
  CU_ASSERT_EQUAL(sweep(&at, 30U * DESK_DAY, at.b.time), 0);
  CU_ASSERT_TRUE(status_of(&at, number).revoked == at.b.time &&
                 status_of(&at, number).reason == PSD_REASON_PRIVILEGE_WITHDRAWN);
  desk_again_with(&at, PSD_ACTION_REVOKE);
  proof_der command = take_command(&at);
  card_confirms(&at, &command);
  CU_ASSERT_EQUAL(desk_certificate(&at, number).confirmed, at.b.time);
  desk_close(&at);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"602-608, 622: the holder revokes", test_holder_revokes},
      {"606: requests that are refused", test_refused},
      {"confirmations that are none", test_not_confirmed},
      {"forced revocations, one after the other", test_forced},
      {"614: the card refuses", test_card_refuses},
      {"a forced revocation, cut at each step", test_forced_cut},
      {"the holder's, cut at each step", test_holder_cut},
      {"nobody signs, nobody keeps", test_forced_fails},
      {"what the card says is no confirmation", test_forced_nonsense},
      {"a missed inspection", test_swept},
  };
  return psd_check_run("server revocations", tests, PSD_CHECK_COUNT(tests));
}
