/* psd-kms under load and in need: too many connections, who does not read, a log that cannot be written, a killed
 * rotation, keys that changed unseen. */
#define _GNU_SOURCE /* prlimit */
#include "kms_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "psd/spec/certificate.h"

#define CLIENTS_MAX 256 /* as docs/kms.md says */

#define MANUFACTURE_AT(line) ask(line, PSD_FRAME_KMS_MANUFACTURE, new_psd, sizeof new_psd, answer)
static const uint8_t new_psd[] = {'P', 'S', 'D', '1', 0, 0, 0, 5, 1, 1};

static void initialize(void) {
  begin();
  CU_ASSERT_EQUAL_FATAL(RUN("init", "--dir", dir, "--passphrase-file", pass), 0);
}

/* How many records of that event the log has, every signature of which must hold. */
static unsigned logged(const char *event) {
  unsigned count = 0;
  CU_ASSERT_EQUAL(RUN("log", "--dir", dir, "--verify", "--passphrase-file", pass), 0);
  for (const char *at = output; (at = strstr(at, event)) != NULL; at++)
    count++;
  return count;
}

/* Whether a connection is served; one that was closed without an answer is not. */
static bool is_served(int line) {
  uint8_t byte;
  bool sent = send(line, "\0\4\x2C\0\0\0\1", 7, MSG_NOSIGNAL) == 7;
  return sent && recv(line, &byte, 1, MSG_PEEK) == 1;
}

static void too_many(void) {
  int lines[CLIENTS_MAX], out, one_more;
  unsigned tries = 0;
  initialize();
  pid_t child = serve("meter", &out);
  for (size_t i = 0; i < CLIENTS_MAX; i++) {
    lines[i] = dial();
    CU_ASSERT_FATAL(is_served(lines[i]));
  }
  one_more = dial();
  CU_ASSERT(!is_served(one_more));
  (void)close(one_more);
  CU_ASSERT(says(out, "too many connections"));
  CU_ASSERT(is_served(lines[0]) && is_served(lines[CLIENTS_MAX - 1]));
  (void)close(lines[0]);
  CU_ASSERT(says(out, "\"disconnected\""));
  /* Its place is free once the server has noticed. */
  do {
    one_more = dial();
    if (is_served(one_more))
      break;
    (void)close(one_more);
    one_more = -1;
  } while (++tries < 1000);
  CU_ASSERT(one_more >= 0);
  (void)close(one_more);
  for (size_t i = 1; i < CLIENTS_MAX; i++)
    (void)close(lines[i]);
  stop(child, out);
  end();
}

/* Sends requests until nobody takes any more; returns how many were sent whole. What is left of one is sent at last. */
static size_t stuff(int line) {
  static const uint8_t request[] = {0, 4, PSD_FRAME_KMS_VENDOR_KEYS, 0, 0, 0, 1};
  size_t sent = 0;
  struct pollfd ready = {.fd = line, .events = POLLOUT};
  while (poll(&ready, 1, 1000) == 1) {
    ssize_t part = send(line, request + sent % sizeof request, sizeof request - sent % sizeof request, MSG_DONTWAIT);
    if (part > 0)
      sent += (size_t)part;
    else if (errno != EAGAIN)
      break;
  }
  return sent / sizeof request;
}

/* Who sends and does not read is no longer read from; the others are served; and nothing of its own is lost. */
static void slow_reader(void) {
  enum { ANSWER = PSD_SIZE_FRAME + PSD_SIZE_KMS_CALL + PSD_SIZE_VENDOR_KEY };
  uint8_t answer[ANSWER];
  int out;
  initialize();
  pid_t child = serve("meter", &out);
  int slow = dial(), quick = dial();
  size_t requests = stuff(slow);
  CU_ASSERT(requests > 1000 && requests < 1000000);
  CU_ASSERT_EQUAL(active_key(quick), 1);
  for (size_t i = 0; i < requests; i++) {
    receive(slow, answer, sizeof answer);
    CU_ASSERT_EQUAL_FATAL(answer[2], PSD_FRAME_KMS_VENDOR_KEY);
  }
  CU_ASSERT_EQUAL(active_key(quick), 1);
  (void)close(slow);
  (void)close(quick);
  stop(child, out);
  end();
}

static void limit_files(pid_t process, rlim_t most) {
  struct rlimit limit;
  CU_ASSERT_EQUAL_FATAL(prlimit(process, RLIMIT_FSIZE, NULL, &limit), 0);
  limit.rlim_cur = most;
  CU_ASSERT_EQUAL_FATAL(prlimit(process, RLIMIT_FSIZE, &limit, NULL), 0);
}

static rlim_t log_size(void) {
  char path[128];
  struct stat status;
  (void)snprintf(path, sizeof path, "%s/log", dir);
  CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
  return (rlim_t)status.st_size;
}

/* With no room for the log, what it must know of is refused, and what it need not know of is served. */
static void full_disk(void) {
  uint8_t answer[PSD_FRAME_BODY_MAX];
  int out;
  initialize();
  pid_t child = serve("manufacturing", &out);
  int line = dial();
  CU_ASSERT_EQUAL(MANUFACTURE_AT(line), PSD_FRAME_KMS_MANUFACTURED);
  /* Room for nothing, and for a part of a record. */
  for (rlim_t room = 0; room < 100; room += 99) {
    rlim_t before = log_size();
    limit_files(child, before + room);
    CU_ASSERT_EQUAL(MANUFACTURE_AT(line), PSD_FRAME_KMS_REFUSED);
    CU_ASSERT_EQUAL(answer[0], PSD_SIGNAL_INTERNAL);
    CU_ASSERT_EQUAL(log_size(), before);
    CU_ASSERT_EQUAL(active_key(line), 1);
    limit_files(child, RLIM_INFINITY);
    CU_ASSERT_EQUAL(MANUFACTURE_AT(line), PSD_FRAME_KMS_MANUFACTURED);
  }
  (void)close(line);
  stop(child, out);
  CU_ASSERT_PTR_NOT_NULL(strstr(output, "the log cannot be written"));
  CU_ASSERT_EQUAL(logged("manufactured"), 3);
  end();
}

/* A request and, in the same breath, a frame that ends the connection: what was done is logged, and its answer goes to
 * nobody else. */
static void cut_short(void) {
  static const uint8_t both[] = {0,   14,  PSD_FRAME_KMS_MANUFACTURE, 0, 0, 0, 1, 'P', 'S', 'D', '1', 0, 0, 0, 5, 1, 1,
                                 255, 255, PSD_FRAME_KMS_MANUFACTURE};
  uint8_t answer[PSD_FRAME_BODY_MAX];
  int out;
  initialize();
  pid_t child = serve("manufacturing", &out);
  int bad = dial(), good = dial();
  CU_ASSERT_EQUAL(send(bad, both, sizeof both, 0), (ssize_t)sizeof both);
  CU_ASSERT_EQUAL(MANUFACTURE_AT(good), PSD_FRAME_KMS_MANUFACTURED);
  CU_ASSERT_EQUAL(active_key(good), 1);
  CU_ASSERT_EQUAL(recv(bad, answer, sizeof answer, 0), 0);
  CU_ASSERT(close(bad) == 0 && close(good) == 0);
  stop(child, out);
  CU_ASSERT_EQUAL(logged("manufactured"), 2);
  end();
}

/* A request for the longest list of revoked certificates, as a frame. */
static void put_list(psd_buffer *out) {
  static uint8_t body[PSD_FRAME_BODY_MAX];
  const uint64_t now = (uint64_t)time(NULL);
  psd_kms_list wanted = {.number = 1, .from = now, .until = now + 86400, .count = PSD_REVOKED_MOST};
  psd_buffer content = psd_buffer_over(body, sizeof body);
  psd_put_uint(&content, 42, PSD_SIZE_KMS_CALL);
  psd_put_message(&content, PSD_MESSAGE_KMS_LIST, &wanted);
  for (uint32_t i = 0; i < PSD_REVOKED_MOST; i++)
    psd_put_message(&content, PSD_MESSAGE_REVOKED_ENTRY,
                    &(psd_revoked_entry){.certificate = i + 1U, .time = now, .reason = PSD_REASON_KEY_COMPROMISE});
  psd_put_frame(out, PSD_FRAME_KMS_LIST, content.data, content.length);
}

/* Long answers that come together wait for the log in little room: each comes whole, in its turn. */
static void long_answers(void) {
  static uint8_t requests[3 * PSD_FRAME_BODY_MAX], answer[PSD_FRAME_BODY_MAX];
  int out;
  initialize();
  pid_t child = serve("meter", &out);
  int line = dial();
  for (unsigned round = 0; round < 3; round++) {
    psd_buffer all = psd_buffer_over(requests, sizeof requests);
    for (unsigned i = 0; i < 3; i++)
      put_list(&all);
    CU_ASSERT_FALSE_FATAL(all.overflow);
    CU_ASSERT_EQUAL(send(line, requests, all.length, 0), (ssize_t)all.length);
    for (unsigned i = 0; i < 3; i++) {
      uint8_t head[PSD_SIZE_FRAME];
      receive(line, head, sizeof head);
      CU_ASSERT_EQUAL_FATAL(head[2], PSD_FRAME_KMS_LISTED);
      size_t length = (size_t)(head[0] << 8 | head[1]);
      CU_ASSERT(length > 50000);
      receive(line, answer, length);
      CU_ASSERT(answer[3] == 42 && answer[4] == 0x30);
    }
  }
  CU_ASSERT_EQUAL(active_key(line), 1);
  (void)close(line);
  stop(child, out);
  CU_ASSERT_EQUAL(logged("revoked ca 7, certificates 1500"), 9);
  end();
}

/* Writes the content of one file into another, which may have been there. */
static void copy(const char *from, const char *to) {
  static uint8_t content[65536];
  int source = open(from, O_RDONLY), target = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ssize_t length = read(source, content, sizeof content);
  CU_ASSERT_FATAL(source >= 0 && target >= 0 && length > 0);
  CU_ASSERT_EQUAL(write(target, content, (size_t)length), length);
  CU_ASSERT(close(source) == 0 && close(target) == 0);
}

/* A change that the watch of the folder cannot see, since it comes by another path: SIGHUP has it. */
static void unseen_change(void) {
  static const char *const names[] = {"keys", "log", "log.head"};
  char twin[128], alias[128], from[160], to[160];
  int out;
  initialize();
  pid_t child = serve("meter", &out);
  int line = dial();
  (void)snprintf(twin, sizeof twin, "%s/twin", folder);
  (void)snprintf(alias, sizeof alias, "%s/alias", folder);
  CU_ASSERT_EQUAL(mkdir(twin, 0700), 0);
  for (size_t i = 0; i < 3; i++) {
    (void)snprintf(from, sizeof from, "%s/%s", dir, names[i]);
    (void)snprintf(to, sizeof to, "%s/%s", twin, names[i]);
    copy(from, to);
  }
  CU_ASSERT_EQUAL(RUN("rotate", "--dir", twin, "--passphrase-file", pass), 0);
  (void)snprintf(from, sizeof from, "%s/keys", dir);
  (void)snprintf(to, sizeof to, "%s/keys", twin);
  CU_ASSERT_EQUAL(link(from, alias), 0);
  copy(to, alias);
  CU_ASSERT_EQUAL(active_key(line), 1); /* unseen */
  CU_ASSERT_EQUAL(kill(child, SIGHUP), 0);
  CU_ASSERT(says(out, "\"reloaded\"") && strstr(output, "\"generation\":2") != NULL);
  CU_ASSERT_EQUAL(active_key(line), 14);
  (void)close(line);
  stop(child, out);
  static const char *const made[] = {"twin/keys", "twin/log", "twin/log.head", "twin", "alias"};
  for (size_t i = 0; i < sizeof made / sizeof made[0]; i++)
    drop(made[i]);
  CU_ASSERT_EQUAL(logged("moved"), 13 + 2); /* what the change owed the log is in it */
  end();
}

int main(void) {
  static const psd_check_test tests[] = {
      {"more connections than there may be", too_many},
      {"who does not read is not read from", slow_reader},
      {"a log that cannot be written", full_disk},
      {"a connection that ends itself after a request", cut_short},
      {"long answers that wait for the log", long_answers},
      {"SIGHUP takes on what nobody saw change", unseen_change},
  };
  return psd_check_run("kms load", tests, PSD_CHECK_COUNT(tests));
}
