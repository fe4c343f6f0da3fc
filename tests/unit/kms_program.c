/* The real psd-kms: commands, exit statuses, the socket, rotation and retirement while it serves. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/evp.h"

#define OUTPUT_MAX 32768U
#define PATIENCE 20000 /* milliseconds */

static char folder[64], dir[96], pass[96], other[96], listening[96];
static char output[OUTPUT_MAX];

static void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CU_ASSERT_FATAL(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
  CU_ASSERT_EQUAL(chmod(path, 0600), 0);
}

static void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/psd-kms-run-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  (void)snprintf(dir, sizeof dir, "%s/kms", folder);
  (void)snprintf(pass, sizeof pass, "%s/pass", folder);
  (void)snprintf(other, sizeof other, "%s/other", folder);
  (void)snprintf(listening, sizeof listening, "%s/sock", folder);
  write_text(pass, "correct horse\n");
  write_text(other, "battery staple");
}

static void drop(const char *name) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)remove(path);
}

static void end(void) {
  static const char *const names[] = {"kms/keys", "kms/log", "kms/log.head", "kms", "pass",
                                      "other",    "log.pem", "card.keys",    "sock"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    drop(names[i]);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Starts psd-kms with both outputs into a pipe. */
static pid_t start(const char *const arguments[], int *out) {
  const char *all[24] = {PSD_KMS_PROGRAM};
  int ends[2];
  for (size_t i = 0; arguments[i] != NULL; i++)
    all[i + 1] = arguments[i];
  CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
  pid_t child = fork();
  CU_ASSERT_FATAL(child >= 0);
  if (child == 0) {
    (void)dup2(ends[1], STDOUT_FILENO);
    (void)dup2(ends[1], STDERR_FILENO);
    (void)close(ends[0]);
    (void)close(ends[1]);
    (void)execv(PSD_KMS_PROGRAM, (char **)(uintptr_t)all);
    _exit(99);
  }
  (void)close(ends[1]);
  *out = ends[0];
  return child;
}

static int finish(pid_t child, int out) {
  size_t length = 0;
  ssize_t got;
  int status = -1;
  while (length < sizeof output - 1 && (got = read(out, output + length, sizeof output - 1 - length)) > 0)
    length += (size_t)got;
  output[length] = '\0';
  (void)close(out);
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(...) run_with((const char *const[]){__VA_ARGS__, NULL})
static int run_with(const char *const arguments[]) {
  int out;
  pid_t child = start(arguments, &out);
  return finish(child, out);
}

/* Reads what the server says until `words` came; its lines go into `output`. */
static bool says(int out, const char *words) {
  size_t length = 0;
  output[0] = '\0';
  while (strstr(output, words) == NULL && length < sizeof output - 1) {
    struct pollfd ready = {.fd = out, .events = POLLIN};
    if (poll(&ready, 1, PATIENCE) != 1)
      return false;
    ssize_t got = read(out, output + length, sizeof output - 1 - length);
    if (got <= 0)
      return false;
    length += (size_t)got;
    output[length] = '\0';
  }
  return strstr(output, words) != NULL;
}

static pid_t serve(const char *role, int *out) {
  pid_t child = start((const char *const[]){"run", "--dir", dir, "--listen", listening, "--role", role,
                                            "--passphrase-file", pass, NULL},
                      out);
  CU_ASSERT_FATAL(says(*out, "\"started\""));
  return child;
}

static int dial(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", listening);
  int line = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(connect(line, (const struct sockaddr *)&address, sizeof address), 0);
  return line;
}

static void receive(int line, uint8_t *bytes, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t got = recv(line, bytes + have, length - have, 0);
    CU_ASSERT_FATAL(got > 0);
    have += (size_t)got;
  }
}

/* One request; the body of the answer, without the call's number, is left in `answer`. */
static psd_frame_type ask(int line, psd_frame_type type, const void *body, size_t length, uint8_t *answer) {
  uint8_t bytes[PSD_FRAME_BODY_MAX + PSD_SIZE_FRAME], request[PSD_FRAME_BODY_MAX];
  psd_buffer content = psd_buffer_over(request, sizeof request), out = psd_buffer_over(bytes, sizeof bytes);
  psd_frame head;
  psd_put_uint(&content, 42, 4);
  psd_put(&content, body, length);
  psd_put_frame(&out, type, request, content.length);
  CU_ASSERT_EQUAL(send(line, bytes, out.length, 0), (ssize_t)out.length);
  receive(line, bytes, PSD_SIZE_FRAME);
  CU_ASSERT_FATAL(psd_peek_frame(bytes, PSD_SIZE_FRAME, &head));
  receive(line, request, (size_t)head.length);
  memcpy(answer, request + 4, (size_t)head.length - 4U);
  return (psd_frame_type)head.type;
}

static void stop(pid_t child, int out) {
  struct stat status;
  CU_ASSERT_EQUAL(kill(child, SIGTERM), 0);
  CU_ASSERT_EQUAL(finish(child, out), 0);
  CU_ASSERT_NOT_EQUAL(lstat(listening, &status), 0);
}

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
  CU_ASSERT_EQUAL(RUN("retire", "--dir", dir, "--passphrase-file", pass, "10"), 1);
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
  CU_ASSERT(first.identifier == 1 && second.identifier == 10);
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
  CU_ASSERT_EQUAL(send(bad, "\x10\x01\x20", 3, 0), 3);
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
      {"rotation and retirement while it serves", rotation},
      {"many frames, bad frames, a killed server", lines},
  };
  if (!psd_evp_start())
    return 1;
  int status = psd_check_run("kms program", tests, PSD_CHECK_COUNT(tests));
  psd_evp_stop();
  return status;
}
