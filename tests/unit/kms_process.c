#include "kms_process.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

char folder[64], dir[96], pass[96], other[96], listening[96];
char output[OUTPUT_MAX];

void write_text(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  CU_ASSERT_FATAL(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
  CU_ASSERT_EQUAL(chmod(path, 0600), 0);
}

void begin(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/psd-kms-run-XXXXXX");
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  (void)snprintf(dir, sizeof dir, "%s/kms", folder);
  (void)snprintf(pass, sizeof pass, "%s/pass", folder);
  (void)snprintf(other, sizeof other, "%s/other", folder);
  (void)snprintf(listening, sizeof listening, "%s/sock", folder);
  write_text(pass, "correct horse\n");
  write_text(other, "battery staple");
}

void drop(const char *name) {
  char path[256];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  (void)remove(path);
}

void end(void) {
  static const char *const names[] = {"kms/keys", "kms/log", "kms/log.head", "kms", "pass",
                                      "other",    "log.pem", "card.keys",    "sock"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    drop(names[i]);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Starts psd-kms with both outputs into a pipe. */
pid_t start(const char *const arguments[], void (*prepare)(void), int *out) {
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
    if (prepare != NULL)
      prepare();
    (void)execv(PSD_KMS_PROGRAM, (char **)(uintptr_t)all);
    _exit(99);
  }
  (void)close(ends[1]);
  *out = ends[0];
  return child;
}

int finish(pid_t child, int out) {
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

int run_with(const char *const arguments[]) {
  int out;
  pid_t child = start(arguments, NULL, &out);
  return finish(child, out);
}

/* Reads what the server says until `words` came; its lines go into `output`. */
bool says(int out, const char *words) {
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

pid_t serve_prepared(const char *role, void (*prepare)(void), int *out) {
  pid_t child = start((const char *const[]){"run", "--dir", dir, "--listen", listening, "--role", role,
                                            "--passphrase-file", pass, NULL},
                      prepare, out);
  CU_ASSERT_FATAL(says(*out, "\"started\""));
  return child;
}

pid_t serve(const char *role, int *out) {
  return serve_prepared(role, NULL, out);
}

int dial(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", listening);
  int line = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(connect(line, (const struct sockaddr *)&address, sizeof address), 0);
  return line;
}

void receive(int line, uint8_t *bytes, size_t length) {
  for (size_t have = 0; have < length;) {
    ssize_t got = recv(line, bytes + have, length - have, 0);
    CU_ASSERT_FATAL(got > 0);
    have += (size_t)got;
  }
}

/* One request; the body of the answer, without the call's number, is left in `answer`. */
psd_frame_type ask(int line, psd_frame_type type, const void *body, size_t length, uint8_t *answer) {
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

void stop(pid_t child, int out) {
  struct stat status;
  CU_ASSERT_EQUAL(kill(child, SIGTERM), 0);
  CU_ASSERT_EQUAL(finish(child, out), 0);
  CU_ASSERT_NOT_EQUAL(lstat(listening, &status), 0);
}

uint64_t active_key(int line) {
  uint8_t answer[PSD_FRAME_BODY_MAX];
  psd_vendor_key key = {.identifier = 0};
  CU_ASSERT_EQUAL(ask(line, PSD_FRAME_KMS_VENDOR_KEYS, NULL, 0, answer), PSD_FRAME_KMS_VENDOR_KEY);
  CU_ASSERT(psd_parse_message(answer, PSD_SIZE_VENDOR_KEY, PSD_MESSAGE_VENDOR_KEY, &key));
  return key.identifier;
}
