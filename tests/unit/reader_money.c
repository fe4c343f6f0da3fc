/* psd refill, withdraw, recover, audit and register as people and scripts meet them (docs/funds.md): what they say, and
 * how they end, whatever card and server do. */
#include "check.h"
#include "reader_counter.h"
#include "reader_json.h"
#include "reader_program.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* FUNDS_RESULT of 50.00 refilled as number 7, and behind it of the same withdrawn as number 8. */
#define LOADED_50                                                                                                      \
  "0200"                                                                                                               \
  "00000007"                                                                                                           \
  "000000000000C350"                                                                                                   \
  "00000000000003E8"                                                                                                   \
  "000000000000E678"                                                                                                   \
  "000000000000EA60"                                                                                                   \
  "00000000000E7EF0"
#define CANCELLED_50                                                                                                   \
  "0300"                                                                                                               \
  "00000007"                                                                                                           \
  "000000000000C350"                                                                                                   \
  "00000000000003E8"                                                                                                   \
  "0000000000002328"                                                                                                   \
  "0000000000002710"                                                                                                   \
  "00000000000F4240"
#define WITHDRAWN_50                                                                                                   \
  "0500"                                                                                                               \
  "00000008"                                                                                                           \
  "000000000000C350"                                                                                                   \
  "00000000000003E8"                                                                                                   \
  "0000000000002328"                                                                                                   \
  "0000000000002710"                                                                                                   \
  "00000000000F4240"
#define REFILL_50                                                                                                      \
  "04"                                                                                                                 \
  "00"                                                                                                                 \
  "000000000000C350"                                                                                                   \
  "00"
#define WITHDRAW_50                                                                                                    \
  "05"                                                                                                                 \
  "00"                                                                                                                 \
  "000000000000C350"                                                                                                   \
  "00"

static counter bench;

#define BEGIN(...)                                                                                                     \
  static const counter_line lines[] = {__VA_ARGS__};                                                                   \
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines))

static void set_up(void) {
  counter_open(&bench);
  memcpy(program_socket, bench.card, sizeof bench.card);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_SERVER", bench.server, 1), 0);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_USER", "anna", 1), 0);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_PASSWORD_FILE", sandbox_write(&bench.box, "password", "secret\n"), 1), 0);
  bench.postage = (psd_registers){1000, 59000, 60000, 2};
  for (size_t i = 0; i < COUNTER_SESSIONS; i++)
    bench.states[i] = PSD_STATE_OPERATIONAL;
}

static void tear_down(void) {
  counter_close(&bench);
}

/* With server, user and password from the environment, an amount is all it needs. */
static void refill(void) {
  BEGIN({"03", "0300"}, {REFILL_50, "0400" LOADED_50}, {"03", "0300"});
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("50.00 credited (number 7)") && said("descending register  59.00") && said("left 950.00"));
  CU_ASSERT_STRING_EQUAL(err, "");
  CU_ASSERT_TRUE(counter_content(&bench));
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
  CU_ASSERT_EQUAL(psd("", "refill 50 --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"operation\": \"loaded\"") && said("\"amount_mills\": 50000") &&
                 said("\"group\": \"postage\"") && said("\"sequence\": 7") && said("\"available\": \"950.00\"") &&
                 said("\"control_total_mills\": 60000"));
  CU_ASSERT_TRUE(counter_content(&bench));
}

/* Options win over the environment. */
static void options_win(void) {
  BEGIN({"03", "0300"}, {REFILL_50, "0400" LOADED_50}, {"03", "0300"});
  char line[128];
  (void)snprintf(line, sizeof line, "refill 50.00 --card @ --server %s --user anna --password-file -", bench.server);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_SERVER", "127.0.0.1:1", 1), 0);
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 3);
  CU_ASSERT_TRUE(complained("no meter server at 127.0.0.1:1"));
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_PASSWORD_FILE", "/nowhere", 1), 0);
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 1);
  CU_ASSERT_TRUE(complained("/nowhere cannot be opened"));
  CU_ASSERT_EQUAL(psd("secret\n", line), 0);
  CU_ASSERT_TRUE(counter_content(&bench));
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_USER", "", 1), 0);
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 2);
  CU_ASSERT_TRUE(complained("PSD_SERVER and PSD_USER"));
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_SERVER", bench.server, 1), 0);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_USER", "anna", 1), 0);
  CU_ASSERT_EQUAL_FATAL(setenv("PSD_PASSWORD_FILE", sandbox_path(&bench.box, "password"), 1), 0);
}

/* A refill of the same amount that was cut off is this one: nothing is bought twice. */
static void refill_was_finished(void) {
  BEGIN({"03", "0300" LOADED_50}, {"03", "0300"});
  bench.actions[0] = PSD_ACTION_RECOVER;
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("The refill of 50.00 (number 7), which was cut off, is finished now.") &&
                 said("Nothing more was bought: the same command again buys another 50.00."));
  CU_ASSERT_TRUE(counter_content(&bench));
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"recovered\": {") && said("\"repeated\": true") && said("\"moved\": []"));
  bench.actions[0] = 0;
}

/* The receipt alone was lost, and the audit has settled it. */
static void refill_was_settled(void) {
  BEGIN({"03", "0300" LOADED_50}, {"03", "0300"});
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("is finished now.") && said("Nothing more was bought"));
  CU_ASSERT_TRUE(counter_content(&bench));
}

/* One of another amount, and one that was cancelled, are told of, and the refill goes on. */
static void refill_after_another(void) {
  BEGIN({"03", "0300" CANCELLED_50}, {REFILL_50, "0400" LOADED_50}, {"03", "0300"});
  bench.actions[0] = PSD_ACTION_RECOVER;
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("is cancelled: nothing was credited") && said("50.00 credited (number 7)"));
  CU_ASSERT_TRUE(counter_content(&bench));
  static const counter_line other[] = {
      {"03", "0300" LOADED_50}, {"040000000000000030D400", "0417"}, {"03", "0300"}}; /* FUNDS */
  counter_begin(&bench, other, 2);
  CU_ASSERT_EQUAL(psd("", "refill 12.5 --card @"), 1);
  CU_ASSERT_TRUE(said("which was cut off, is finished now"));
  CU_ASSERT_TRUE(complained("does not have the funds"));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.actions[0] = 0;
}

static void refusals(void) {
  static const struct {
    psd_signal signal;
    const char *advice;
  } cases[] = {{PSD_SIGNAL_FUNDS, "a deposit"},     {PSD_SIGNAL_SUSPENDED, "ask the provider why"},
               {PSD_SIGNAL_LIMIT, "psd info"},      {PSD_SIGNAL_UNFINISHED, "psd recover"},
               {PSD_SIGNAL_STATE, "psd info"},      {PSD_SIGNAL_LOCKED, "unlock"},
               {PSD_SIGNAL_BALANCE, "look into it"}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    char answer[8];
    const counter_line lines[] = {{"03", "0300"}, {REFILL_50, answer}};
    (void)snprintf(answer, sizeof answer, "04%02X", (unsigned)cases[i].signal);
    counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
    CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 1);
    CU_ASSERT_TRUE(complained(cases[i].advice));
    CU_ASSERT_STRING_EQUAL(out, "");
    counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
    CU_ASSERT_EQUAL(psd("", "refill 50.00 --json --card @"), 1);
    CU_ASSERT_TRUE(json_valid(out) && said(psd_signal_of((unsigned)cases[i].signal)->name));
    CU_ASSERT_TRUE(counter_content(&bench));
  }
}

static void withdrawal(void) {
  BEGIN({"03", "0300"}, {WITHDRAW_50, "0500" WITHDRAWN_50}, {"03", "0300"});
  CU_ASSERT_EQUAL(psd("", "withdraw 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("50.00 withdrawn (number 8)") && said("left 1000.00"));
  CU_ASSERT_TRUE(counter_content(&bench));
  static const counter_line before[] = {{"03", "0300" WITHDRAWN_50}, {"03", "0300"}};
  counter_begin(&bench, before, PSD_CHECK_COUNT(before));
  CU_ASSERT_EQUAL(psd("", "withdraw 50.00 --card @"), 0);
  CU_ASSERT_TRUE(said("The withdrawal of 50.00 (number 8), which was cut off, is finished now.") &&
                 said("Nothing more was withdrawn"));
  CU_ASSERT_TRUE(counter_content(&bench));
}

/* The certificate registers go first, then all the rest, for good. */
static const counter_line all_of_it[] = {{"03", "0300"},
                                         {"05"
                                          "01"
                                          "00000000000003E8"
                                          "00",
                                          "0500"
                                          "0501"
                                          "00000008"
                                          "00000000000003E8"
                                          "0000000000000000"
                                          "0000000000000000"
                                          "0000000000000000"
                                          "00000000000F4240"},
                                         {"05"
                                          "00"
                                          "000000000000E678"
                                          "01",
                                          "0500"
                                          "0500"
                                          "00000009"
                                          "000000000000E678"
                                          "00000000000003E8"
                                          "0000000000000000"
                                          "00000000000003E8"
                                          "0000000000101DD8"},
                                         {"03", "0300"}};

static void withdraw_all(void) {
  bench.certificate = (psd_registers){.descending = 1000, .control_total = 1000};
  counter_begin(&bench, all_of_it, PSD_CHECK_COUNT(all_of_it));
  CU_ASSERT_EQUAL(psd("", "withdraw --all --yes --card @"), 0);
  CU_ASSERT_TRUE(said("1.00 withdrawn, certificate registers (number 8)") && said("59.00 withdrawn (number 9)") &&
                 said("out of service"));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.certificate = (psd_registers){.descending = 0};
  bench.funds.mode = PSD_FUNDS_MERGED;
  static const counter_line merged[] = {{"03", "0300"},
                                        {"05"
                                         "00"
                                         "000000000000E678"
                                         "01",
                                         "051C"}}; /* LOCKED */
  counter_begin(&bench, merged, PSD_CHECK_COUNT(merged));
  CU_ASSERT_EQUAL(psd("", "withdraw --all --yes --card @"), 1);
  CU_ASSERT_TRUE(complained("unlock"));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.funds.mode = PSD_FUNDS_SEPARATE;
}

/* Half of it is done: what was withdrawn is told all the same. */
static void withdraw_all_in_part(void) {
  BEGIN({"03", "0300"},
        {"05"
         "01"
         "00000000000003E8"
         "00",
         "0500"
         "0501"
         "00000008"
         "00000000000003E8"
         "0000000000000000"
         "0000000000000000"
         "0000000000000000"
         "00000000000F4240"},
        {"05"
         "00"
         "000000000000E678"
         "01",
         "050F"});
  bench.certificate = (psd_registers){.descending = 1000, .control_total = 1000};
  CU_ASSERT_EQUAL(psd("", "withdraw --all --yes --card @"), 1);
  CU_ASSERT_TRUE(said("1.00 withdrawn, certificate registers (number 8)"));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.certificate = (psd_registers){.descending = 0};
}

/* Cut off after the card had let it all go: it is finished, and there is nothing more to withdraw. */
static void withdraw_all_was_finished(void) {
  BEGIN({"03", "0300"
               "0500"
               "00000009"
               "000000000000E678"
               "00000000000003E8"
               "0000000000000000"
               "00000000000003E8"
               "0000000000101DD8"},
        {"03", "0300"});
  bench.states[0] = PSD_STATE_WITHDRAWN;
  CU_ASSERT_EQUAL(psd("", "withdraw --all --yes --card @"), 0);
  CU_ASSERT_TRUE(said("is finished now.") && said("The meter is out of service."));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.states[0] = PSD_STATE_OPERATIONAL;
}

/* On a terminal it asks; anything but yes leaves everything as it is. */
static void withdraw_all_asks(void) {
  static const struct {
    const char *typed;
    int status;
  } cases[] = {{"yes\n", 0}, {"no\n", 1}, {"y\n", 1}, {"\n", 1}};
  bench.certificate = (psd_registers){.descending = 1000, .control_total = 1000};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    pid_t child;
    counter_begin(&bench, all_of_it, cases[i].status == 0 ? PSD_CHECK_COUNT(all_of_it) : 0);
    out[0] = '\0';
    int master = on_terminal("withdraw --all --card @", &child);
    CU_ASSERT_TRUE_FATAL(wait_for(master, "out of service for good") && wait_for(master, "Type yes: "));
    type(master, cases[i].typed);
    CU_ASSERT_TRUE(wait_for(master, cases[i].status == 0 ? "The meter is out of service." : "nothing was withdrawn"));
    CU_ASSERT_EQUAL(finish(child), cases[i].status);
    (void)close(master);
    CU_ASSERT_TRUE(counter_content(&bench));
  }
  bench.certificate = (psd_registers){.descending = 0};
}

static void recover(void) {
  static const struct {
    const char *answer, *words;
  } cases[] = {{"0300" LOADED_50, "The refill of 50.00 (number 7), which was cut off, is finished now."},
               {"0300" CANCELLED_50, "The refill of 50.00 (number 7), which was cut off, is cancelled"},
               {"0300" WITHDRAWN_50, "The withdrawal of 50.00 (number 8), which was cut off, is finished now."},
               {"0300", "Nothing was left behind."}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(cases); i++) {
    const counter_line lines[] = {{"03", cases[i].answer}, {"03", "0300"}};
    for (unsigned announced = 0; announced < 2; announced++) {
      bench.actions[0] = announced * PSD_ACTION_RECOVER;
      counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
      CU_ASSERT_EQUAL(psd("", "recover --card @"), 0);
      CU_ASSERT_TRUE(said(cases[i].words));
      CU_ASSERT_TRUE(counter_content(&bench));
    }
    counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
    CU_ASSERT_EQUAL(psd("", "recover --json --card @"), 0);
    CU_ASSERT_TRUE(json_valid(out));
  }
  bench.actions[0] = 0;
}

/* The answer to a refill was lost, nothing else: what came of it the card knows. */
static void recover_tells_the_last(void) {
  bench.operation = (psd_operation){.operation = PSD_OPERATION_LOADED, .group = 0, .sequence = 7, .amount = 50000};
  BEGIN({"03", "0300"}, {"03", "0300"});
  CU_ASSERT_EQUAL(psd("", "recover --card @"), 0);
  CU_ASSERT_TRUE(said("Nothing was left behind.\nThe last was the refill of 50.00 (number 7): loaded.\n"));
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
  CU_ASSERT_EQUAL(psd("", "recover --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"sequence\": 7"));
  bench.operation = (psd_operation){.operation = PSD_OPERATION_NONE};
}

/* The server cannot finish it now: the card knows what is open. */
static void recover_later(void) {
  BEGIN({"03", "030C"});
  bench.actions[0] = PSD_ACTION_RECOVER;
  bench.operation = (psd_operation){.operation = PSD_OPERATION_LOADING, .group = 0, .sequence = 7, .amount = 50000};
  CU_ASSERT_EQUAL(psd("", "recover --card @"), 1);
  CU_ASSERT_TRUE(complained("the refill of 50.00 (number 7) is not finished") && complained("no money is lost"));
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.operation = (psd_operation){.operation = PSD_OPERATION_NONE};
  bench.actions[0] = 0;
}

/* What the server orders, in words; what it has recovered; the number of K1. */
static void audit(void) {
  BEGIN({"03", "0300" LOADED_50}, {"03", "0300"});
  bench.actions[0] = PSD_ACTION_RECOVER | PSD_ACTION_LIMITS | PSD_ACTION_ROTATE;
  CU_ASSERT_EQUAL(psd("", "audit --card @"), 0);
  CU_ASSERT_TRUE(said("other limits follow") && said("a new vendor key K1 follows") &&
                 said("which was cut off, is finished now") && said("vendor key K1        number 12"));
  CU_ASSERT_TRUE(counter_content(&bench));
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
  CU_ASSERT_EQUAL(psd("", "audit --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"action\": \"LIMITS\"") && said("\"vendor_key\": 12") &&
                 said("\"recovered\": {"));
  bench.actions[0] = 0;
  bench.due = 400;
  counter_begin(&bench, lines + 1, 1);
  CU_ASSERT_EQUAL(psd("", "audit --card @"), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "follow"));
  CU_ASSERT_TRUE(said("payment due          0.40"));
  bench.due = 0;
  CU_ASSERT_TRUE(counter_content(&bench));
}

/* A new meter that was authorized is put into operation by another sign-on; one that is not yet is left as it is. */
static void register_twice(void) {
  BEGIN({"03", "0300"}, {"01", "0100"}, {"03", "0300"}, {"03", "0300"});
  bench.actions[0] = PSD_ACTION_AUTHORIZE;
  bench.states[0] = PSD_STATE_AUTHORIZED;
  CU_ASSERT_EQUAL(psd("", "register --card @"), 0);
  CU_ASSERT_TRUE(said("PSD registered") && said("It is operational."));
  CU_ASSERT_EQUAL(atomic_load(&bench.sessions), 2);
  CU_ASSERT_TRUE(counter_content(&bench));
  bench.actions[0] = 0;
  bench.states[0] = PSD_STATE_OPERATIONAL;
  static const counter_line one[] = {{"01", "0100"}, {"03", "0300"}};
  counter_begin(&bench, one, PSD_CHECK_COUNT(one));
  CU_ASSERT_EQUAL(psd("", "register --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"state\": \"OPERATIONAL\""));
  CU_ASSERT_EQUAL(atomic_load(&bench.sessions), 1);
  CU_ASSERT_TRUE(counter_content(&bench));
}

static void register_without_authority(void) {
  BEGIN({"01", "0100"}, {"03", "0300"}, {"03", "0300"});
  for (size_t i = 0; i < COUNTER_SESSIONS; i++)
    bench.states[i] = PSD_STATE_INITIALIZED;
  CU_ASSERT_EQUAL(psd("", "register --card @"), 0);
  CU_ASSERT_TRUE(said("PSD registered") && said("not in operation yet"));
  CU_ASSERT_EQUAL(atomic_load(&bench.sessions), 2);
  CU_ASSERT_TRUE(counter_content(&bench));
  for (size_t i = 0; i < COUNTER_SESSIONS; i++)
    bench.states[i] = PSD_STATE_OPERATIONAL;
}

/* The shortest certificate there is: valid for `seconds` from `from`. */
static void certify(long from, long seconds) {
  EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
  X509 *certificate = X509_new();
  unsigned char *at = bench.der;
  CU_ASSERT_FATAL(key != NULL && certificate != NULL);
  CU_ASSERT_PTR_NOT_NULL(ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)from));
  CU_ASSERT_PTR_NOT_NULL(ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(from + seconds)));
  CU_ASSERT_EQUAL(X509_set_pubkey(certificate, key), 1);
  CU_ASSERT_TRUE(X509_sign(certificate, key, NULL) > 0);
  int length = i2d_X509(certificate, NULL);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= sizeof bench.der && i2d_X509(certificate, &at) == length);
  bench.der_length = (size_t)length;
  X509_free(certificate);
  EVP_PKEY_free(key);
}

/* What psd info makes of more than one object: inspection, certificate, an operation that is open. The card was
 * inspected at 65000000, warns a day later, and locks a day after that. */
static void info(void) {
  static const struct {
    uint64_t clock;
    const char *due, *lock;
  } clocks[] = {{0x65000000, "in 24 hours", "in 2 days"},
                {0x65000000 + 86400, "0 minutes ago: psd audit does it", "in 24 hours"},
                {0x65000000 + 20 * 86400, "19 days ago: psd audit does it", "18 days ago: psd audit opens it"}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(clocks); i++) {
    bench.clock = clocks[i].clock;
    CU_ASSERT_EQUAL(psd("", "info --card @"), 0);
    CU_ASSERT_TRUE(said(clocks[i].due) && said(clocks[i].lock));
    CU_ASSERT_EQUAL(psd("", "info --json --card @"), 0);
    CU_ASSERT_TRUE(json_valid(out) && said("\"due_seconds\": 1694585216") && said("\"locks_seconds\": 1694671616"));
    CU_ASSERT_TRUE(said(i == 0 ? "\"warning\": false" : "\"warning\": true"));
    CU_ASSERT_TRUE(said(i < 2 ? "\"overdue\": false" : "\"overdue\": true"));
    CU_ASSERT_TRUE(said("\"pending\": false"));
  }
  CU_ASSERT_PTR_NULL(strstr(out, "certificate\": {\n    \"valid"));
  certify(0x65000000, 86400);
  bench.operation = (psd_operation){.operation = PSD_OPERATION_WITHDRAWING, .sequence = 9, .amount = 1250};
  CU_ASSERT_EQUAL(psd("", "info --card @"), 0);
  CU_ASSERT_TRUE(said("not finished: the withdrawal of 1.25 (number 9); psd recover") && said("valid until") &&
                 said("2023-09-13 06:06:56 UTC"));
  CU_ASSERT_EQUAL(psd("", "info --json --card @"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"valid_from_seconds\": 1694498816") && said("\"pending\": true") &&
                 said("\"operation\": \"withdrawing\""));
  bench.der_length--;
  CU_ASSERT_EQUAL(psd("", "info --card @"), 1);
  CU_ASSERT_TRUE(complained("is no X.509 certificate"));
  bench.der_length = 0;
  bench.operation.operation = 6;
  CU_ASSERT_EQUAL(psd("", "info --card @"), 1);
  CU_ASSERT_TRUE(complained("is none there is"));
  bench.operation = (psd_operation){.operation = PSD_OPERATION_NONE};
}

/* The server hangs up, or answers something else: nobody knows yet, and psd recover will tell. */
static void cut_off(void) {
  static const counter_line lines[] = {{"03", "0300"}, {REFILL_50, COUNTER_HANGS_UP}};
  counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
  CU_ASSERT_EQUAL(psd("", "refill 50.00 --card @"), 3);
  CU_ASSERT_TRUE(complained("psd recover tells what came of it"));
  CU_ASSERT_TRUE(counter_content(&bench));
  static const counter_line other[] = {{"03", "0300"}, {WITHDRAW_50, "0500" LOADED_50}};
  counter_begin(&bench, other, PSD_CHECK_COUNT(other));
  CU_ASSERT_EQUAL(psd("", "withdraw 50.00 --card @"), 1);
  CU_ASSERT_TRUE(complained("something else was done") && complained("psd recover tells what came of it"));
}

/* Whoever interrupts it is told how to learn what came of it; it ends as by any signal, and waiting for a server that
 * says nothing is seen to go on. */
static void interrupted(void) {
  BEGIN({"03", "0300"}, {REFILL_50, NULL});
  static const int signals[] = {SIGINT, SIGTERM};
  for (size_t i = 0; i < PSD_CHECK_COUNT(signals); i++) {
    pid_t child;
    int status = 0;
    counter_begin(&bench, lines, PSD_CHECK_COUNT(lines));
    out[0] = '\0';
    int master = on_terminal("refill 50.00 --card @", &child);
    CU_ASSERT_TRUE_FATAL(wait_for(master, "waiting for card and meter server, 2 s"));
    CU_ASSERT_TRUE(counter_content(&bench));
    CU_ASSERT_EQUAL_FATAL(kill(child, signals[i]), 0);
    CU_ASSERT_TRUE(wait_for(master, "psd: interrupted; no money is lost: psd recover tells what came of it"));
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signals[i]);
    (void)close(master);
  }
}

static void usage(void) {
  static const char *const lines[] = {"refill",
                                      "refill 0",
                                      "refill 0.000",
                                      "refill -5",
                                      "refill 1.2345",
                                      "refill 5,00",
                                      "refill 1000000000000000",
                                      "refill 5 5",
                                      "refill 5 --group both",
                                      "refill 5 --all",
                                      "refill 5 --yes",
                                      "withdraw",
                                      "withdraw 0",
                                      "withdraw 5 --all",
                                      "withdraw 5 --yes",
                                      "withdraw --all --group postage --yes",
                                      "recover 5",
                                      "recover --group postage",
                                      "audit --all"};
  counter_begin(&bench, NULL, 0);
  for (size_t i = 0; i < PSD_CHECK_COUNT(lines); i++) {
    CU_ASSERT_EQUAL(psd("", lines[i]), 2);
    CU_ASSERT_TRUE(complained("--help"));
    CU_ASSERT_STRING_EQUAL(out, "");
  }
  CU_ASSERT_TRUE(counter_content(&bench));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(a card and a server)", set_up},
      {"refill", refill},
      {"options and environment", options_win},
      {"a refill that was finished is not made twice", refill_was_finished},
      {"nor one that the audit has settled", refill_was_settled},
      {"a refill after another one", refill_after_another},
      {"refusals, each with advice", refusals},
      {"withdraw", withdrawal},
      {"withdraw --all", withdraw_all},
      {"withdraw --all, in part", withdraw_all_in_part},
      {"withdraw --all that was finished", withdraw_all_was_finished},
      {"withdraw --all asks first", withdraw_all_asks},
      {"recover", recover},
      {"recover, and what was last", recover_tells_the_last},
      {"recover, but not now", recover_later},
      {"audit: orders, recovery, K1", audit},
      {"register puts into operation", register_twice},
      {"register without authority", register_without_authority},
      {"info", info},
      {"cut off", cut_off},
      {"interrupted", interrupted},
      {"usage", usage},
      {"(both are taken away)", tear_down},
  };
  return psd_check_run("reader: money", tests, PSD_CHECK_COUNT(tests));
}
