/* Money, orders and certificates from the real psd-kms: with its filter of system calls, its log, its commands. */
#define _GNU_SOURCE /* prlimit */
#include "kms_process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/evp.h"
#include "openssl_run.h"
#include "psd/spec/commands.h"

#define MANY 40U /* requests at once: more than may wait for the log together */

static const uint8_t device[8] = {'P', 'S', 'D', '1', 0, 0xC0, 0xFF, 0xEE};
static uint8_t k3[32], hmac_k4[PSD_SIZE_WRAPPED_K4], pair_k4[PSD_SIZE_WRAPPED_K4];
static uint8_t answer[PSD_FRAME_BODY_MAX];

/* A folder with keys, and a PSD: its K4 without and with a key pair. */
static void initialize(void) {
  uint8_t body[256];
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
  pid_t child = serve("manufacturing", &out);
  int line = dial();
  psd_buffer request = psd_buffer_over(body, sizeof body);
  psd_put(&request, device, sizeof device);
  psd_put(&request, "\0\1", 2);
  CU_ASSERT_EQUAL_FATAL(ask(line, PSD_FRAME_KMS_MANUFACTURE, body, request.length, answer), PSD_FRAME_KMS_MANUFACTURED);
  psd_kms_manufactured made;
  CU_ASSERT_FATAL(psd_parse_message(answer, PSD_SIZE_KMS_MANUFACTURED, PSD_MESSAGE_KMS_MANUFACTURED, &made));
  memcpy(k3, made.key, sizeof k3);
  memcpy(hmac_k4, made.wrapped_k4, sizeof hmac_k4);
  psd_pair *pair = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(pair);
  request = psd_buffer_over(body, sizeof body);
  psd_put(&request, device, sizeof device);
  psd_put(&request, hmac_k4, sizeof hmac_k4);
  psd_pair_point(pair, psd_put_room(&request, PSD_POINT));
  psd_pair_free(pair);
  CU_ASSERT_EQUAL_FATAL(ask(line, PSD_FRAME_KMS_ENDORSE, body, request.length, answer), PSD_FRAME_KMS_ENDORSED);
  memcpy(pair_k4, answer, sizeof pair_k4);
  (void)close(line);
  stop(child, out);
}

/* Refills up to 60.00. */
static pid_t serve_money(int *out) {
  pid_t child = start((const char *const[]){"run", "--dir", dir, "--listen", listening, "--passphrase-file", pass,
                                            "--most", "60.00", "--longest-watchdog", "30", NULL},
                      NULL, out);
  CU_ASSERT_FATAL(says(*out, "\"started\""));
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"most\":\"60.00\""));
  return child;
}

static void sign(psd_buffer *out, const char *label, size_t length) {
  const psd_part parts[] = {{label, strlen(label)}, {out->data + out->length - length, length}};
  CU_ASSERT_FATAL(psd_hmac(k3, sizeof k3, parts, 2, psd_put_room(out, 32)));
}

static size_t put_fund(uint8_t body[512], unsigned operation, uint64_t sequence, uint64_t amount) {
  psd_buffer out = psd_buffer_over(body, 512);
  psd_funds_request request = {.type = PSD_SIGNATURE_HMAC, .operation = operation, .serial = 0xC0FFEE};
  memcpy(request.vendor, device, 2);
  memcpy(request.model, device + 2, 2);
  request.sequence = sequence;
  request.amount = amount;
  psd_put_uint(&out, (uint64_t)time(NULL) + 600U, PSD_SIZE_KMS_FUND);
  psd_put(&out, hmac_k4, sizeof hmac_k4);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_REQUEST, &request);
  sign(&out, PSD_SIGN_FUNDS_REQUEST, PSD_SIZE_FUNDS_REQUEST);
  return out.length;
}

static psd_frame_type fund(int line, unsigned operation, uint64_t sequence, uint64_t amount) {
  uint8_t body[512];
  size_t length = put_fund(body, operation, sequence, amount);
  return ask(line, PSD_FRAME_KMS_FUND, body, length, answer);
}

static psd_frame_type receipt(int line) {
  uint8_t body[512];
  psd_funds_receipt fields = {.type = PSD_SIGNATURE_HMAC, .operation = PSD_OPERATION_LOADED, .serial = 0xC0FFEE};
  memcpy(fields.vendor, device, 2);
  memcpy(fields.model, device + 2, 2);
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_put(&out, hmac_k4, sizeof hmac_k4);
  psd_put_message(&out, PSD_MESSAGE_FUNDS_RECEIPT, &fields);
  sign(&out, PSD_SIGN_FUNDS_RECEIPT, PSD_SIZE_FUNDS_RECEIPT);
  return ask(line, PSD_FRAME_KMS_RECEIPT, body, out.length, answer);
}

static psd_frame_type order(int line, psd_command_id command, psd_part content) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(body, sizeof body - PSD_SIZE_KMS_CALL);
  psd_put_u8(&out, psd_commands[command].ins);
  psd_put_u8(&out, 0);
  psd_put(&out, device, sizeof device);
  psd_put_uint(&out, 3, 4);
  psd_put(&out, pair_k4, sizeof pair_k4);
  psd_put(&out, content.data, content.length);
  return ask(line, PSD_FRAME_KMS_ORDER, body, out.length, answer);
}

/* The certificate, as a file of the test's folder and in `der`; its length. */
static size_t certify(int line, uint8_t der[PSD_FRAME_BODY_MAX]) {
  uint8_t body[256];
  char path[128];
  psd_kms_certify wanted = {.serial = 0xC0FFEE, .number = 5, .zip = 90210, .licence = 42};
  memcpy(wanted.vendor, device, 2);
  memcpy(wanted.model, device + 2, 2);
  wanted.from = (uint64_t)time(NULL) - 60U;
  wanted.until = wanted.from + UINT64_C(365) * 86400U;
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_put_message(&out, PSD_MESSAGE_KMS_CERTIFY, &wanted);
  psd_put(&out, pair_k4, sizeof pair_k4);
  CU_ASSERT_EQUAL_FATAL(ask(line, PSD_FRAME_KMS_CERTIFY, body, out.length, der), PSD_FRAME_KMS_CERTIFIED);
  size_t length = 4U + (size_t)(der[2] << 8 | der[3]); /* of the outer SEQUENCE */
  (void)snprintf(path, sizeof path, "%s/psd.der", folder);
  FILE *file = fopen(path, "wb");
  CU_ASSERT_FATAL(file != NULL);
  CU_ASSERT_EQUAL(fwrite(der, 1, length, file), length);
  CU_ASSERT_EQUAL(fclose(file), 0);
  return length;
}

/* Whether the certificate holds under the authority's in ca.pem. */
static bool certified(void) {
  return OPENSSL(folder, "x509", "-inform", "DER", "-in", "psd.der", "-out", "psd.pem") == 0 &&
         OPENSSL(folder, "verify", "-x509_strict", "-CAfile", "ca.pem", "psd.pem") == 0;
}

static void print_ca(const char *key) {
  char path[128];
  CU_ASSERT_EQUAL(key != NULL ? RUN("ca", "--dir", dir, "--passphrase-file", pass, "--key", key)
                              : RUN("ca", "--dir", dir, "--passphrase-file", pass),
                  0);
  CU_ASSERT_PTR_EQUAL(strstr(output, "-----BEGIN CERTIFICATE-----"), output);
  (void)snprintf(path, sizeof path, "%s/ca.pem", folder);
  write_text(path, output);
}

/* Asks for one of everything, and for what the policy has no room for. */
static void ask_all(int line) {
  uint8_t der[PSD_FRAME_BODY_MAX];
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_LOADING, 7, 50000), PSD_FRAME_KMS_FUNDED);
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_LOADING, 8, 60001), PSD_FRAME_KMS_REFUSED);
  CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_LIMIT);
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_LOADING, 9, 60000), PSD_FRAME_KMS_FUNDED);
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_WITHDRAWING, 10, 20125), PSD_FRAME_KMS_FUNDED);
  CU_ASSERT_EQUAL(receipt(line), PSD_FRAME_KMS_RECEIVED);
  CU_ASSERT_EQUAL(order(line, PSD_COMMAND_DISABLE, (psd_part){NULL, 0}), PSD_FRAME_KMS_ORDERED);
  const uint8_t days[PSD_SIZE_WATCHDOG] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 39, 141, 1}; /* 30 days, a second */
  CU_ASSERT_EQUAL(order(line, PSD_COMMAND_SET_WATCHDOG, (psd_part){days, sizeof days}), PSD_FRAME_KMS_REFUSED);
  CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_LIMIT);
  size_t length = certify(line, der);
  CU_ASSERT_EQUAL(order(line, PSD_COMMAND_LOAD_CERTIFICATE, (psd_part){der, length}), PSD_FRAME_KMS_ORDERED);
}

/* What the log tells of it, to people and to programs. */
static void check_log(void) {
  static const char *const lines[] = {"authorized, PSD PSD1 00C0FFEE, number 7, 50.00\n",
                                      "authorized, PSD PSD1 00C0FFEE, number 9, 60.00\n",
                                      "withdrawn, PSD PSD1 00C0FFEE, number 10, 20.125\n",
                                      "commanded DISABLE, P1 0, PSD PSD1 00C0FFEE, number 3\n",
                                      "commanded LOAD CERTIFICATE, P1 0, PSD PSD1 00C0FFEE, number 3\n",
                                      "certified ca 7, PSD PSD1 00C0FFEE, number 5\n",
                                      "authorized in all: 110.00, in 2\n",
                                      "withdrawn in all: 20.125, in 1\n"};
  static const char *const members[] = {"\"amount_mills\": 60000", "\"sequence\": 9", "\"authorized_mills\": 110000",
                                        "\"withdrawals\": 1", "\"command\": \"DISABLE\""};
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--passphrase-file", pass), 0);
  for (size_t i = 0; i < PSD_CHECK_COUNT(lines); i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(output, lines[i]));
  CU_ASSERT_PTR_NULL(strstr(output, "number 8,"));
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--json"), 0);
  for (size_t i = 0; i < PSD_CHECK_COUNT(members); i++)
    CU_ASSERT_PTR_NOT_NULL(strstr(output, members[i]));
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--movements", "--verify", "--passphrase-file", pass), 0);
  CU_ASSERT_STRING_EQUAL(output, "PS D1 00C0FFEE,7,authorized,50.00\nPS D1 00C0FFEE,9,authorized,60.00\n"
                                 "PS D1 00C0FFEE,10,withdrawn,20.125\n");
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--movements", "--json"), 2);
}

/* openssl verifies the certificate; when another key takes over, still, and not under that one. */
static void check_authority(void) {
  print_ca(NULL);
  CU_ASSERT(certified());
  CU_ASSERT_EQUAL(OPENSSL(folder, "verify", "-x509_strict", "-CAfile", "ca.pem", "ca.pem"), 0);
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass, "--kind", "ca"), 0);
  print_ca("7");
  CU_ASSERT(certified());
  print_ca(NULL);
  CU_ASSERT(!certified());
  CU_ASSERT_EQUAL(RUN("ca", "--dir", dir, "--passphrase-file", pass, "--key", "1"), 1); /* of another kind */
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "7"), 0);
  CU_ASSERT_EQUAL(RUN("ca", "--dir", dir, "--passphrase-file", pass, "--key", "7"), 1);
}

static void every_operation(void) {
  static const char *const made[] = {"ca.pem", "psd.pem", "psd.der"};
  int out;
  initialize();
  pid_t child = serve_money(&out);
  int line = dial();
  ask_all(line);
  (void)close(line);
  stop(child, out);
  check_log();
  check_authority();
  for (size_t i = 0; i < PSD_CHECK_COUNT(made); i++)
    drop(made[i]);
  end();
}

/* How many authorizations the log has, every signature of which must hold. */
static unsigned logged(void) {
  unsigned count = 0;
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--passphrase-file", pass), 0);
  for (const char *at = output; (at = strstr(at, "authorized, PSD")) != NULL; at++)
    count++;
  return count;
}

/* Many requests in one write, and a server that is killed as soon as it has answered: what it answered is on the log.
 */
static void logged_before_answered(void) {
  uint8_t all[MANY * 512], body[512], call[512];
  psd_buffer flood = psd_buffer_over(all, sizeof all);
  int out;
  initialize();
  pid_t child = serve_money(&out);
  int line = dial();
  for (uint64_t i = 0; i < MANY; i++) {
    size_t length = put_fund(body, PSD_OPERATION_LOADING, i + 1, 1000);
    psd_buffer one = psd_buffer_over(call, sizeof call);
    psd_put_uint(&one, i, 4);
    psd_put(&one, body, length);
    psd_put_frame(&flood, PSD_FRAME_KMS_FUND, call, one.length);
  }
  CU_ASSERT_FATAL(!flood.overflow);
  CU_ASSERT_EQUAL(send(line, all, flood.length, 0), (ssize_t)flood.length);
  for (uint64_t i = 0; i < MANY; i++) {
    psd_frame head;
    psd_funds_authorization said;
    receive(line, answer, PSD_SIZE_FRAME);
    CU_ASSERT_FATAL(psd_peek_frame(answer, PSD_SIZE_FRAME, &head));
    CU_ASSERT_EQUAL_FATAL(head.type, PSD_FRAME_KMS_FUNDED);
    receive(line, answer, (size_t)head.length);
    CU_ASSERT_FATAL(
        psd_parse_message(answer + 4, PSD_SIZE_FUNDS_AUTHORIZATION, PSD_MESSAGE_FUNDS_AUTHORIZATION, &said));
    CU_ASSERT(answer[3] == i && said.sequence == i + 1 && said.amount == 1000);
  }
  CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
  CU_ASSERT_EQUAL(finish(child, out), -1);
  (void)close(line);
  CU_ASSERT_EQUAL(logged(), MANY);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "authorized in all: 40.00, in 40\n"));
  drop("sock");
  end();
}

/* Without room for the log no money is made; with it again, it is. */
static void full_disk(void) {
  char path[128];
  struct stat status;
  struct rlimit limit;
  int out;
  initialize();
  pid_t child = serve_money(&out);
  int line = dial();
  (void)snprintf(path, sizeof path, "%s/log", dir);
  CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
  CU_ASSERT_EQUAL_FATAL(prlimit(child, RLIMIT_FSIZE, NULL, &limit), 0);
  const struct rlimit none = {.rlim_cur = (rlim_t)status.st_size + 99U, .rlim_max = limit.rlim_max};
  CU_ASSERT_EQUAL(prlimit(child, RLIMIT_FSIZE, &none, NULL), 0);
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_LOADING, 1, 1000), PSD_FRAME_KMS_REFUSED);
  CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_INTERNAL);
  CU_ASSERT_EQUAL(receipt(line), PSD_FRAME_KMS_RECEIVED); /* which needs no log */
  CU_ASSERT_EQUAL(prlimit(child, RLIMIT_FSIZE, &limit, NULL), 0);
  CU_ASSERT_EQUAL(fund(line, PSD_OPERATION_LOADING, 1, 1000), PSD_FRAME_KMS_FUNDED);
  (void)close(line);
  stop(child, out);
  CU_ASSERT_EQUAL(logged(), 1);
  end();
}

static void options(void) {
  static const char *const amounts[] = {"0", "0.00", "-1", "1.2345", "ten", "", "1000000000000000"};
  static const char *const days[] = {"0", "49711", "-1", "1.5", ""};
  static const char *const keys[] = {"0", "x", "4294967296", ""};
  begin();
#define RUN_WITH(option, value) RUN("run", "--dir", dir, "--listen", listening, option, value)
  for (size_t i = 0; i < PSD_CHECK_COUNT(amounts); i++)
    CU_ASSERT_EQUAL(RUN_WITH("--most", amounts[i]), 2);
  for (size_t i = 0; i < PSD_CHECK_COUNT(days); i++)
    CU_ASSERT_EQUAL(RUN_WITH("--longest-watchdog", days[i]), 2);
  for (size_t i = 0; i < PSD_CHECK_COUNT(keys); i++)
    CU_ASSERT_EQUAL(RUN("ca", "--dir", dir, "--key", keys[i]), 2);
  CU_ASSERT_EQUAL(RUN("ca", "--dir", dir, "--passphrase-file", pass), 1);
  end();
}

/* A folder of the form before this one is refused, in one line, whatever is asked. */
static void earlier_folder(void) {
  char path[128];
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
  (void)snprintf(path, sizeof path, "%s/keys", dir);
  static const char *const earlier[] = {"PSD-KMS1", "PSD-KMS2"};
  static const char *const commands[] = {"keys", "log", "ca", "rotate"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(commands) * PSD_CHECK_COUNT(earlier); i++) {
    int file = open(path, O_WRONLY);
    CU_ASSERT_EQUAL_FATAL(pwrite(file, earlier[i % 2], 8, 0), 8);
    (void)close(file);
    CU_ASSERT_EQUAL(RUN(commands[i / 2], "--dir", dir, "--passphrase-file", pass), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "of an earlier psd-kms"));
    CU_ASSERT_PTR_EQUAL(strchr(output, '\n'), output + strlen(output) - 1);
  }
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"funds, orders and certificates, and what log and ca print of them", every_operation},
      {"nothing is answered that the log does not have", logged_before_answered},
      {"no room for the log, no money", full_disk},
      {"amounts, days and keys on the command line", options},
      {"a folder of an earlier form", earlier_folder},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms money", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
