/* The real psd-kms: commands, exit statuses, the socket, rotation and retirement while it serves. */
#include "kms_process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/evp.h"

static void commands(void) {
  char pem[128], card[128], text[64];
  begin();
  CU_ASSERT_EQUAL(RUN("--help"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "psd-kms init"));
  CU_ASSERT_EQUAL(RUN("--version"), 0);
  CU_ASSERT_EQUAL(RUN("nonsense"), 2);
  CU_ASSERT_EQUAL(RUN("keys"), 2);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir), 2);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "0"), 2);
  CU_ASSERT_EQUAL(RUN("run", "--dir", dir, "--listen", listening, "--role", "nobody"), 2);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", pass), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "psd-kms init"));
  CU_ASSERT_EQUAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT_EQUAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 1);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", other), 1);
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "14"), 1);
  CU_ASSERT_EQUAL(RUN("register", "--dir", dir, "--passphrase-file", pass, "1"), 0);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "1"), 0);
  CU_ASSERT_EQUAL(RUN("passphrase", "--dir", dir, "--passphrase-file", pass, "--new-passphrase-file", other), 0);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", pass), 1);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", other, "--json"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"obsolete\""));
  (void)snprintf(card, sizeof card, "%s/card.keys", folder);
  CU_ASSERT_EQUAL(RUN("transport", "--dir", dir, "--passphrase-file", other, "--serial", "0000000A", "--out", card), 0);
  CU_ASSERT_EQUAL(RUN("transport", "--dir", dir, "--passphrase-file", other, "--serial", "0000000A", "--out", card), 1);
  CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", other, "--kind", "kms"), 1);
  static const char *const kinds[] = {"root", "ca", "creditor"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(kinds); i++) {
    CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", other, "--kind", kinds[i]), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(output, "-----BEGIN CERTIFICATE-----"));
    CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", other, "--kind", kinds[i], "--json"), 0);
    CU_ASSERT(strstr(output, "BEGIN CERTIFICATE") != NULL && strstr(output, "\"point\"") != NULL);
  }
  CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", other, "--kind", "log"), 0);
  (void)snprintf(pem, sizeof pem, "%s/log.pem", folder);
  write_text(pem, output);
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--key", pem), 0);
  (void)snprintf(text, sizeof text, "chain, signatures and end hold");
  CU_ASSERT_PTR_NOT_NULL(strstr(output, text));
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "transport"));
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--json", "--passphrase-file", other), 0);
  end();
}

/* The pair of suite rsa has a rotation of its own; files of transport keys for several cards. */
static void rsa_and_transport(void) {
  char cards[128], name[64], path[160];
  uint8_t answer[PSD_FRAME_BODY_MAX];
  struct stat status;
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass, "--rsa", "2048"), 0);
  CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", pass, "--kind", "rsa"), 0);
  CU_ASSERT(strstr(output, "-----BEGIN PUBLIC KEY-----") != NULL && strlen(output) > 400);
  pid_t child = serve("meter", &out);
  int line = dial();
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass, "--kind", "rsa"), 2); /* how many bits? */
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass, "--kind", "rsa", "--rsa", "3072"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "key 15, of kind rsa, is active"));
  CU_ASSERT(says(out, "\"reloaded\""));
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, answer), PSD_FRAME_KMS_VENDOR_KEY);
  psd_rsa_key rsa = {.identifier = 0};
  CU_ASSERT(psd_parse_message(answer + PSD_SIZE_VENDOR_KEY, PSD_SIZE_RSA_KEY, PSD_MESSAGE_RSA_KEY, &rsa));
  CU_ASSERT(rsa.identifier == 15 && rsa.exponent == PSD_RSA_EXPONENT);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "10"), 0);
  CU_ASSERT_EQUAL(RUN("export", "--dir", dir, "--passphrase-file", pass, "--kind", "rsa", "--json"), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "\"identifier\": 15"));
  (void)close(line);
  stop(child, out);
  (void)snprintf(cards, sizeof cards, "%s/cards", folder);
  CU_ASSERT_EQUAL(mkdir(cards, 0700), 0);
#define CARDS "transport", "--dir", dir, "--passphrase-file", pass, "--out-dir", cards, "--serial"
  CU_ASSERT_EQUAL(RUN(CARDS, "0000000A", "--serial", "FFFFFFFF"), 0);
  CU_ASSERT_EQUAL(RUN(CARDS, "0000000B", "--serial", "0000000A"), 1); /* no file is overwritten */
  for (size_t i = 0; i < 3; i++) {
    static const char *const serials[] = {"0000000A", "0000000B", "FFFFFFFF"};
    (void)snprintf(name, sizeof name, "cards/%s.keys", serials[i]);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 0777U, 0600);
    drop(name);
  }
  drop("cards");
  end();
}

/* The service manager's way, which a file on the command line takes the place of. */
static void credentials(void) {
  char path[128];
  begin();
  (void)snprintf(path, sizeof path, "%s/psd-kms-passphrase", folder);
  write_text(path, "from the service manager");
  CU_ASSERT_EQUAL(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
  CU_ASSERT_EQUAL(RUN("init", "--dir", dir), 0);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir), 0);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", pass), 1);
  CU_ASSERT_EQUAL(RUN("passphrase", "--dir", dir, "--new-passphrase-file", pass), 0);
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir), 1);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "the passphrase is wrong"));
  CU_ASSERT_EQUAL(RUN("keys", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT_EQUAL(unsetenv("CREDENTIALS_DIRECTORY"), 0);
  drop("psd-kms-passphrase");
  end();
}

/* A K1 for the unwrap test: enc and 48 bytes, M1's head with the given identifier. */
static size_t sign_on(uint8_t *body, uint32_t key, const uint8_t point[PSD_POINT]) {
  uint8_t aad[PSD_SIZE_SIGN_ON + 32] = {0};
  const uint8_t k_s[32] = {1, 2, 3};
  psd_sign_on head = {.protocol = 1, .suite = PSD_SUITE_P256, .key = key, .vendor = "PS", .model = "D1"};
  psd_buffer out = psd_buffer_over(body, 512), bound = psd_buffer_over(aad, sizeof aad);
  psd_put_message(&bound, PSD_MESSAGE_SIGN_ON, &head);
  psd_pair *ephemeral = psd_pair_new();
  CU_ASSERT_PTR_NOT_NULL_FATAL(ephemeral);
  memset(psd_put_room(&out, 32), 0, 32);
  psd_put(&out, aad, PSD_SIZE_SIGN_ON);
  uint8_t *enc = psd_put_room(&out, PSD_POINT), *sealed = psd_put_room(&out, 48);
  psd_pair_point(ephemeral, enc);
  CU_ASSERT(
      psd_hpke_send(ephemeral, point, (psd_part){PSD_HPKE_INFO, 11}, (psd_part){aad, sizeof aad}, k_s, 32, sealed));
  psd_pair_free(ephemeral);
  return out.length;
}

/* K1 goes on to the next while it serves; the retired K2 opens nothing. */
static void rotation(void) {
  uint8_t answer[PSD_FRAME_BODY_MAX], body[512];
  psd_vendor_key first, second;
  struct stat status;
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
  pid_t child = serve("meter", &out);
  CU_ASSERT_EQUAL(stat(listening, &status), 0);
  CU_ASSERT_EQUAL(status.st_mode & 0777U, 0600);
  CU_ASSERT_EQUAL(RUN("run", "--dir", dir, "--listen", listening, "--passphrase-file", pass), 1);
  int line = dial();
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, answer), PSD_FRAME_KMS_VENDOR_KEY);
  CU_ASSERT(psd_parse_message(answer, PSD_SIZE_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &first));
  size_t length = sign_on(body, 1, first.point);
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_UNWRAP, body, length, answer), PSD_FRAME_KMS_SESSION_KEY);
  CU_ASSERT(answer[0] == 1 && answer[1] == 2 && answer[2] == 3);
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", dir, "--passphrase-file", pass), 0);
  CU_ASSERT(says(out, "\"reloaded\""));
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, answer), PSD_FRAME_KMS_VENDOR_KEY);
  CU_ASSERT(psd_parse_message(answer, PSD_SIZE_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &second));
  CU_ASSERT(first.identifier == 1 && second.identifier == 14);
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_UNWRAP, body, length, answer), PSD_FRAME_KMS_SESSION_KEY);
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "1"), 0);
  CU_ASSERT(says(out, "\"reloaded\""));
  CU_ASSERT_EQUAL(kill(child, SIGHUP), 0);
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_UNWRAP, body, length, answer), PSD_FRAME_KMS_REFUSED);
  CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_VENDOR_KEY);
  (void)close(line);
  stop(child, out);
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--passphrase-file", pass), 0);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "stopped"));
  end();
}

/* Frames in one write; an oversize frame; a line that is cut; the log before the answer; a socket left behind. */
static void lines(void) {
  uint8_t answer[PSD_FRAME_BODY_MAX], flood[200 * (PSD_SIZE_FRAME + 14)], byte;
  psd_buffer all = psd_buffer_over(flood, sizeof flood);
  int out;
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
  pid_t child = serve("manufacturing", &out);
  int line = dial(), bad = dial();
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_UNWRAP, NULL, 0, answer), PSD_FRAME_KMS_REFUSED);
  CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_ROLE);
  for (unsigned i = 0; i < 200; i++)
    psd_put_frame(&all, PSD_FRAME_KMS_MANUFACTURE, "\0\0\0\1PSD1\0\0\0\5\1\1", 14);
  CU_ASSERT_EQUAL(send(line, flood, all.length, 0), (ssize_t)all.length);
  for (unsigned i = 0; i < 200; i++) {
    uint8_t head[PSD_SIZE_FRAME];
    receive(line, head, sizeof head);
    CU_ASSERT_EQUAL(head[2], PSD_FRAME_KMS_MANUFACTURED);
    receive(line, answer, (size_t)(head[0] << 8 | head[1]));
  }
  CU_ASSERT_EQUAL(send(bad, "\xF0\x01\x20", 3, 0), 3);
  CU_ASSERT_EQUAL(recv(bad, &byte, 1, 0), 0);
  (void)close(bad);
  bad = dial();
  CU_ASSERT_EQUAL(send(bad, "\x00\x20\x20\x01", 4, 0), 4);
  (void)close(bad);
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, answer), PSD_FRAME_KMS_VENDOR_KEY);
  CU_ASSERT_EQUAL(kill(child, SIGKILL), 0);
  CU_ASSERT_EQUAL(finish(child, out), -1);
  (void)close(line);
  child = serve("manufacturing", &out);
  stop(child, out);
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--passphrase-file", pass), 0);
  unsigned made = 0;
  for (const char *at = output; (at = strstr(at, "manufactured")) != NULL; at++)
    made++;
  CU_ASSERT_EQUAL(made, 200);
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"commands and exit statuses", commands},
      {"the pair of suite rsa; transport keys of several cards", rsa_and_transport},
      {"the passphrase in $CREDENTIALS_DIRECTORY", credentials},
      {"rotation and retirement while it serves", rotation},
      {"many frames, bad frames, a killed server", lines},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms program", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
