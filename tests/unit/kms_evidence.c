/* The real psd-kms: domains, token keys over its sockets and in its archive, tables of days, lists of revoked
 * certificates as the openssl command takes them, and an archive with records that may not be. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/tokens.h"
#include "kms/certificate.h"
#include "kms/notice.h"
#include "kms/vault.h"
#include "kms_process.h"
#include "openssl_run.h"
#include "psd/spec/rates.h"

#define KEYS(verb) verb, "--dir", dir, "--passphrase-file", pass

static void path_of(char path[160], const char *name) {
  (void)snprintf(path, 160, "%s/%s", folder, name);
}

static psd_frame_type install(int line, uint64_t serial, psd_token_key *key) {
  uint8_t body[32], answer[PSD_FRAME_BODY_MAX];
  psd_kms_token_key call = {.vendor = {'P', 'S'}, .model = {'D', '1'}, .serial = serial, .digits = 5};
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_put_message(&out, PSD_MESSAGE_KMS_TOKEN_KEY, &call);
  psd_frame_type type = ask(line, PSD_FRAME_KMS_TOKEN_KEY, body, out.length, answer);
  if (type == PSD_FRAME_KMS_TOKEN_KEY_MADE)
    CU_ASSERT(psd_parse_message(answer, PSD_SIZE_TOKEN_KEY, PSD_MESSAGE_TOKEN_KEY, key));
  return type;
}

static uint32_t proof(const psd_token_key *key, uint64_t serial) {
  uint8_t device[8] = {'P', 'S', 'D', '1', 0, 0, 0, (uint8_t)serial}, day[16], final[16];
  const psd_registration registration = {
      .vendor = {'P', 'S'}, .model = {'D', '1'}, .serial = serial, .zip = 90210, .licence = 42};
  uint32_t token = 0;
  CU_ASSERT(psd_token_day_key(key->key, 0, day) && psd_token_final_key(PSD_TOKEN_BY_DAY, day, device, 0, final) &&
            psd_token_registration(final, &registration, &token));
  return token;
}

/* PSD_SIGNAL_NONE, or why it was refused. */
static psd_signal prove(int line, uint64_t serial, uint64_t set, uint32_t token) {
  uint8_t body[64], answer[PSD_FRAME_BODY_MAX];
  psd_error_signal error = {.signal = PSD_SIGNAL_NONE};
  const psd_kms_register call = {.vendor = {'P', 'S'},
                                 .model = {'D', '1'},
                                 .serial = serial,
                                 .zip = 90210,
                                 .licence = 42,
                                 .set = set,
                                 .token = token};
  psd_buffer out = psd_buffer_over(body, sizeof body);
  psd_put_message(&out, PSD_MESSAGE_KMS_REGISTER, &call);
  if (ask(line, PSD_FRAME_KMS_REGISTER, body, out.length, answer) == PSD_FRAME_KMS_REFUSED)
    CU_ASSERT(psd_parse_message(answer, PSD_SIZE_ERROR_SIGNAL, PSD_MESSAGE_ERROR_SIGNAL, &error));
  return (psd_signal)error.signal;
}

static void domains(void) {
  begin();
  CU_ASSERT_EQUAL(RUN("init", "--dir", dir, "--passphrase-file", pass, "--domain", "nobody"), 2);
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass, "--domain", "postal"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("keys")), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "keys of the postal domain"));
  CU_ASSERT_EQUAL(RUN(KEYS("keys"), "--json"), 0);
  CU_ASSERT(strstr(output, "\"domain\": \"postal\"") != NULL && strstr(output, "\"vendor\"") == NULL);
  static const char *const none[] = {"rotate", "ca", "export"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(none); i++) {
    CU_ASSERT_EQUAL(RUN(KEYS(none[i])), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "of the postal domain has no keys of kind"));
  }
  CU_ASSERT_EQUAL(RUN("run", "--dir", dir, "--passphrase-file", pass, "--listen", listening), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "does nothing in role meter"));
  CU_ASSERT_EQUAL(RUN(KEYS("export"), "--kind", "table"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "BEGIN PUBLIC KEY"));
  CU_ASSERT_EQUAL(RUN(KEYS("rotate"), "--kind", "table"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("export"), "--kind", "table", "--key", "3"), 0); /* the one before */
  CU_ASSERT_EQUAL(RUN(KEYS("export"), "--kind", "table", "--key", "2"), 1);
  CU_ASSERT_EQUAL(RUN(KEYS("export"), "--kind", "token"), 1);
  end();
}

/* Installed at one server, registered at another, with all the failures there may be, over a restart. */
static void lives(void) {
  psd_token_key key = {.set = 0}, second = {.set = 0};
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass, "--domain", "postal"), 0);
  pid_t child = serve("manufacturing", &out);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"domain\":\"postal\""));
  int line = dial();
  CU_ASSERT_EQUAL(install(line, 7, &key), PSD_FRAME_KMS_TOKEN_KEY_MADE);
  CU_ASSERT_EQUAL(install(line, 8, &second), PSD_FRAME_KMS_TOKEN_KEY_MADE);
  CU_ASSERT_EQUAL(prove(line, 7, 2, proof(&key, 7)), PSD_SIGNAL_ROLE);
  /* Whatever another process does, the next answer is of the keys and the log as they are then. */
  CU_ASSERT_EQUAL(RUN(KEYS("rotate"), "--kind", "token"), 0);
  CU_ASSERT_EQUAL(install(line, 9, &second), PSD_FRAME_KMS_TOKEN_KEY_MADE);
  CU_ASSERT_EQUAL(second.set, 4);
  (void)close(line);
  stop(child, out);
  child = serve("registration", &out);
  line = dial();
  for (unsigned i = 0; i < 10; i++)
    CU_ASSERT_EQUAL(prove(line, 7, 2, proof(&key, 7) ^ 1U), PSD_SIGNAL_SIGNATURE);
  (void)close(line);
  stop(child, out);
  child = serve("registration", &out);
  line = dial();
  CU_ASSERT_EQUAL(prove(line, 7, 2, proof(&key, 7)), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "show", "00000007"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "wrong tokens 10 of 10: none is compared any more"));
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "clear", "00000007"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "clear", "00000007"), 1);
  CU_ASSERT_EQUAL(prove(line, 7, 2, proof(&key, 7)), PSD_SIGNAL_NONE);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "retire", "00000007"), 0);
  CU_ASSERT_EQUAL(prove(line, 7, 2, proof(&key, 7)), PSD_SIGNAL_REQUEST);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "compromise", "00000008", "--set", "2"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "retire", "00000008"), 1); /* over already */
  (void)close(line);
  stop(child, out);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "list"), 0);
  CU_ASSERT(strstr(output, "PS D1 00000007  set 2") != NULL && strstr(output, "obsolete") != NULL &&
            strstr(output, "compromised") != NULL && strstr(output, "3 token keys of the postal domain") != NULL);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "list", "--set", "4", "--json"), 0);
  CU_ASSERT(strstr(output, "\"PS D1 00000009\"") != NULL && strstr(output, "00000007") == NULL);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "show", "0000000A"), 1);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "show"), 2);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "nonsense"), 2);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "audit"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "0 of them tell what may not be"));
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir), 0);
  CU_ASSERT(strstr(output, "token-registered meter 2 installed -> registered, PSD PSD1 00000007, licence 42") != NULL);
  CU_ASSERT(strstr(output, "order day, 5 digits") != NULL);
  end();
}

static psd_frame_type sign(int line, uint64_t version) {
  uint8_t table[256], answer[PSD_FRAME_BODY_MAX];
  const psd_rate_table head = {.magic = {'P', 'S', 'D', 'R'},
                               .format = 1,
                               .country = {'U', 'S'},
                               .version = version,
                               .effective = 20260101,
                               .expiry = 20270101,
                               .origin = PSD_RATES_NO_ORIGIN,
                               .rows = 1};
  const psd_service_rates services = {.postmark = 1};
  const psd_rate_row row = {.mail_class = PSD_CLASS_OF_FIRST, .grams = 28, .postage = 730};
  psd_buffer out = psd_buffer_over(table, sizeof table);
  psd_put_message(&out, PSD_MESSAGE_RATE_TABLE, &head);
  psd_put_message(&out, PSD_MESSAGE_SERVICE_RATES, &services);
  psd_put_message(&out, PSD_MESSAGE_RATE_ROW, &row);
  return ask(line, PSD_FRAME_KMS_RATES, table, out.length, answer);
}

/* The log knows what was signed: a server that begins anew does too. */
static void versions(void) {
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN(KEYS("init")), 0);
  for (uint64_t round = 0; round < 2; round++) {
    pid_t child = serve("meter", &out);
    int line = dial();
    CU_ASSERT_EQUAL(sign(line, 2 + round), PSD_FRAME_KMS_RATES_SIGNED);
    CU_ASSERT_EQUAL(sign(line, 1 + round), PSD_FRAME_KMS_REFUSED);
    CU_ASSERT_EQUAL(sign(line, 2 + round), PSD_FRAME_KMS_RATES_SIGNED);
    (void)close(line);
    stop(child, out);
  }
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "rates-signed rate 8, US, version 3"));
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "audit", "--json"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"legal\": true"));
  end();
}

static void days(void) {
  char path[160], days_path[160], name[64];
  struct stat status;
  begin();
  path_of(days_path, "days");
  CU_ASSERT_EQUAL_FATAL(RUN(KEYS("init")), 0);
#define DAYS KEYS("day"), "--out", days_path, "--date"
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-02-29"), 2);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31", "--days", "367"), 2);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31", "--set", "9"), 1);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31", "--order", "meter"), 1);
  CU_ASSERT_EQUAL(RUN(DAYS, "9999-12-31", "--days", "2"), 1);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31", "--days", "2"), 0);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31"), 0); /* replaced */
  CU_ASSERT_EQUAL(RUN(KEYS("rotate"), "--kind", "token"), 0);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "2 tables written"));
  static const char *const made[] = {"vendor-10-20261231.day", "vendor-10-20270101.day", "vendor-14-20261231.day"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(made); i++) {
    (void)snprintf(name, sizeof name, "days/%s", made[i]);
    path_of(path, name);
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT(status.st_size == PSD_SIZE_DAY_TABLE + 16000 + 64 && (status.st_mode & 0777U) == 0600);
    drop(name);
  }
  CU_ASSERT_EQUAL(chmod(days_path, 0750), 0);
  CU_ASSERT_EQUAL(RUN(DAYS, "2026-12-31"), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "chmod 700"));
  drop("days");
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "day-exported token 14, date 20261231"));
  end();
}

/* A certificate with that number, as the KMS makes it. */
static void certificate(const char *name, uint64_t number) {
  char why[PSD_KMS_WHY_MAX], pem[PSD_X509_PEM_MAX], path[160];
  uint8_t point[PSD_POINT], der[PSD_X509_MAX];
  size_t length = 0;
  psd_pair *pair = psd_pair_new();
  psd_kms *kms = psd_kms_open(dir, (psd_part){"correct horse", 13}, why);
  CU_ASSERT_FATAL(pair != NULL && kms != NULL);
  psd_pair_point(pair, point);
  psd_kms_certify wanted = {.vendor = {'P', 'S'}, .model = {'D', '1'}, .number = number, .from = psd_kms_now()};
  wanted.until = wanted.from + 86400;
  CU_ASSERT(psd_kms_psd_certificate(psd_keyring_active(psd_kms_keys(kms), PSD_KMS_CA), &wanted, point, der, &length));
  CU_ASSERT(psd_x509_pem((psd_part){der, length}, pem));
  path_of(path, name);
  write_text(path, pem);
  psd_kms_close(kms);
  psd_pair_free(pair);
}

static int checked(const char *file) {
  return OPENSSL(folder, "verify", "-x509_strict", "-crl_check", "-CAfile", "ca.pem", "-CRLfile", "crl.pem", file);
}

static int list(const char *lines) {
  char file[160], path[160];
  path_of(file, "revoked.csv");
  path_of(path, "crl.pem");
  write_text(file, lines);
  int status = RUN(KEYS("crl"), "--revoked", file, "--days", "7");
  if (status == 0)
    write_text(path, output);
  return status;
}

static void revoked(void) {
  char path[160];
  static const char *const wrong[] = {"5\n",
                                      "0,1,keyCompromise\n",
                                      "5,1,nothing\n",
                                      "5,1\n",
                                      "x,1,superseded\n",
                                      "5,99999999999,superseded\n",
                                      "5,1,superseded\n5,2,superseded\n",
                                      "99999999999999999999,1,superseded\n",
                                      "5,1,removeFromCRL\n"};
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN(KEYS("init")), 0);
  CU_ASSERT_EQUAL_FATAL(RUN(KEYS("ca")), 0);
  path_of(path, "ca.pem");
  write_text(path, output);
  certificate("five.pem", 5);
  certificate("six.pem", 6);
  for (size_t i = 0; i < PSD_CHECK_COUNT(wrong); i++)
    CU_ASSERT_EQUAL(list(wrong[i]), 1);
  CU_ASSERT_EQUAL(list(""), 0); /* nobody's */
  CU_ASSERT_EQUAL(OPENSSL(folder, "crl", "-in", "crl.pem", "-verify", "-CAfile", "ca.pem", "-noout"), 0);
  CU_ASSERT_EQUAL(checked("five.pem"), 0);
  CU_ASSERT_EQUAL(list("serial,time,reason\n4294967295,1,unspecified\n5,1795000000,keyCompromise\n"
                       "3,0,cessationOfOperation\n"),
                  0);
  CU_ASSERT_EQUAL(OPENSSL(folder, "crl", "-in", "crl.pem", "-verify", "-CAfile", "ca.pem", "-noout"), 0);
  CU_ASSERT_NOT_EQUAL(checked("five.pem"), 0);
  CU_ASSERT_EQUAL(checked("six.pem"), 0);
  /* The number of a list is that of its record. */
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir), 0);
  CU_ASSERT(strstr(output, "    26  ") != NULL && strstr(output, "revoked ca 7, certificates 0") != NULL &&
            strstr(output, "revoked ca 7, certificates 3") != NULL);
  CU_ASSERT_EQUAL(RUN(KEYS("rotate"), "--kind", "ca"), 0);
  path_of(path, "revoked.csv");
  CU_ASSERT_EQUAL(RUN(KEYS("crl"), "--revoked", path, "--key", "7"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("crl"), "--revoked", path, "--key", "8"), 1);
  static const char *const names[] = {"ca.pem", "five.pem", "six.pem", "crl.pem", "revoked.csv"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(names); i++)
    drop(names[i]);
  end();
}

/* Who has the log's key can write what psd-kms never would: the chain holds, and the audit finds it. */
static void planted(void) {
  char why[PSD_KMS_WHY_MAX], pem[160];
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN(KEYS("init")), 0);
  psd_kms *kms = psd_kms_open(dir, (psd_part){"correct horse", 13}, why);
  CU_ASSERT_PTR_NOT_NULL_FATAL(kms);
  psd_kms_events events = {.count = 0};
  const psd_kms_event event = {.event = PSD_KMS_EVENT_TOKEN_REGISTERED,
                               .kind = PSD_KMS_METER,
                               .key = 10,
                               .from = PSD_KMS_STATE_INSTALLED,
                               .to = PSD_KMS_STATE_REGISTERED,
                               .about_device = true,
                               .device = {"PSD1\0\0\0\7"}};
  CU_ASSERT(psd_kms_note(&events, &event) && psd_kms_record_events(kms, &events));
  psd_kms_close(kms);
  CU_ASSERT_EQUAL(RUN(KEYS("log"), "--verify"), 0);
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "list"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "0 token keys")); /* and nobody believes it */
  CU_ASSERT_EQUAL(RUN(KEYS("tokens"), "audit"), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "record 26: a token key that was never made"));
  CU_ASSERT_EQUAL(RUN(KEYS("export"), "--kind", "log"), 0);
  path_of(pem, "log.pem");
  write_text(pem, output);
  CU_ASSERT_EQUAL(RUN("tokens", "audit", "--dir", dir, "--key", pem, "--json"), 1);
  CU_ASSERT(strstr(output, "\"record\": 26") != NULL && strstr(output, "\"legal\": false") != NULL);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"two domains: what the postal one does not have", domains},
      {"installed, guessed, cleared, registered, retired: over restarts and between processes", lives},
      {"versions of rate tables are not forgotten", versions},
      {"tables of days in files", days},
      {"lists of revoked certificates, and the openssl command", revoked},
      {"records that may not be are found", planted},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms evidence", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
