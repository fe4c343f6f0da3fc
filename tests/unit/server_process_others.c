/* psd-server as a process beside others: who calls its control socket, and what becomes of it when key management
 * system, database or file descriptors go. */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server_process_bench.h"
#include "store/store.h"

/* Manufacturing hands over what it has made. */
static void test_control(void) {
  bench at;
  uint8_t body[PSD_SIZE_ENROL] = {'P', 'S', 'D', '1', 0, 0, 0, 9}, got[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  struct stat status;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  start(&at, "--control %/control");
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control", at.folder);
  CU_ASSERT_EQUAL(stat(address.sun_path, &status), 0);
  CU_ASSERT_EQUAL(status.st_mode & 0777, 0600);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  for (unsigned i = 0; i < 2; i++) { /* the same again is fine */
    CU_ASSERT_TRUE(write_frame(fd, PSD_FRAME_ENROL, body, sizeof body));
    CU_ASSERT_EQUAL(receive(fd, got, &length), PSD_FRAME_ENROLLED);
    CU_ASSERT_TRUE(length == sizeof body && memcmp(got, body, length) == 0);
  }
  paper_device(&at.card, body); /* one that is in use, with another K4 */
  CU_ASSERT_TRUE(write_frame(fd, PSD_FRAME_ENROL, body, sizeof body));
  CU_ASSERT_EQUAL(receive(fd, got, &length), PSD_FRAME_ERROR_SIGNAL);
  CU_ASSERT_EQUAL(got[0], PSD_SIGNAL_REQUEST);
  CU_ASSERT_TRUE(write_frame(fd, PSD_FRAME_ENROL, body, sizeof body - 1));
  CU_ASSERT_EQUAL(receive(fd, got, &length), PSD_FRAME_ERROR_SIGNAL);
  CU_ASSERT_EQUAL(got[0], PSD_SIGNAL_MESSAGE);
  finish(&at, false);
  (void)close(fd);
}

/* Calls beyond the most are closed, and those before them served on. */
static void test_control_crowd(void) {
  bench at;
  int crowd[64];
  uint8_t body[PSD_SIZE_ENROL] = {'P', 'S', 'D', '1', 0, 0, 0, 9}, got[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  start(&at, "--control %/control");
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/control", at.folder);
  for (size_t i = 0; i < 64; i++) {
    crowd[i] = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL_FATAL(connect(crowd[i], (struct sockaddr *)&address, sizeof address), 0);
  }
  CU_ASSERT_EQUAL(receive(crowd[63], got, &length), 0);
  CU_ASSERT_TRUE(write_frame(crowd[0], PSD_FRAME_ENROL, body, sizeof body));
  CU_ASSERT_EQUAL(receive(crowd[0], got, &length), PSD_FRAME_ENROLLED);
  for (size_t i = 0; i < 64; i++)
    (void)close(crowd[i]);
  finish(&at, false);
}

static void test_control_group(void) {
  bench at;
  struct stat status;
  char path[256], arguments[128];
  const struct group *own = getgrgid(getegid());
  CU_ASSERT_PTR_NOT_NULL_FATAL(own);
  (void)snprintf(arguments, sizeof arguments, "--control %%/control --control-group %s", own->gr_name);
  start(&at, arguments);
  (void)snprintf(path, sizeof path, "%s/control", at.folder);
  CU_ASSERT_EQUAL(stat(path, &status), 0);
  CU_ASSERT_TRUE((status.st_mode & 0777) == 0660 && status.st_gid == getegid());
  finish(&at, false);
}

/* A key management system is killed and comes back. */
static void test_kms_comes_back(void) {
  bench at;
  start(&at, "");
  int fd = call_server(&at);
  handshake(&at, fd);
  kms_stop(&at.kms[0]);
  wait_log(&at, "key management system lost");
  int second = call_server(&at);
  send_sign_on(&at, second);
  expect_signal(second, PSD_SIGNAL_KMS, 212);
  kms_start(&at.kms[0]);
  wait_log(&at, "key management system connected");
  handshake(&at, second = call_server(&at));
  (void)close(second);
  (void)close(fd);
  finish(&at, false);
}

/* Those who take all the connections there can be keep it from nothing of its own. */
static void test_files_run_out(void) {
  bench at;
  int crowd[200];
  spawn_files = 100;
  start(&at, "--workers 1");
  spawn_files = 0;
  wait_log(&at, "key management system connected");
  for (size_t i = 0; i < 190; i++)
    crowd[i] = connect_tcp(&at);
  kms_stop(&at.kms[0]);
  wait_log(&at, "key management system lost");
  /* Each is greeted or closed before the next: what was free is taken now. */
  for (size_t i = 190; i < 200; i++) {
    crowd[i] = connect_tcp(&at);
    struct pollfd answer = {.fd = crowd[i], .events = POLLIN};
    CU_ASSERT_EQUAL_FATAL(poll(&answer, 1, PATIENCE_MS), 1);
  }
  kms_start(&at.kms[0]);
  wait_log(&at, "key management system connected");
  for (size_t i = 0; i < 200; i++)
    (void)close(crowd[i]);
  finish(&at, false);
}

/* The second one takes over what the first one has left unanswered; a system that hangs counts as gone. */
static void test_fail_over(bool hangs) {
  bench at;
  prepare(&at);
  kms_start(&at.kms[0]);
  kms_start(&at.kms[1]);
  launch(&at, "--kms %/kms1 --kms-timeout 1");
  read_port(&at);
  wait_log(&at, "key management system connected");
  wait_log(&at, "key management system connected");
  int fd = call_server(&at);
  atomic_store(&at.kms[0].silent, true);
  atomic_store(&at.kms[1].silent, true);
  send_sign_on(&at, fd);
  /* Whichever is asked: it does not answer, the other one does. */
  while (atomic_load(&at.kms[0].answered) + atomic_load(&at.kms[1].answered) == 0)
    (void)poll(NULL, 0, 1);
  paper_kms_server *asked = &at.kms[atomic_load(&at.kms[0].answered) == 0];
  paper_kms_server *other = &at.kms[asked == &at.kms[0]];
  atomic_store(&other->silent, false);
  if (!hangs)
    kms_stop(asked);
  take_m2(&at, fd);
  if (!hangs)
    kms_start(asked);
  atomic_store(&asked->silent, false);
  send_audit(&at, fd);
  take_m4(&at, fd);
  (void)close(fd);
  finish(&at, true);
}

static void test_one_dies(void) {
  test_fail_over(false);
}

static void test_one_hangs(void) {
  test_fail_over(true);
}

/* The server waits for its key management system; a signal ends it meanwhile. */
static void test_starts_without_kms(void) {
  bench at;
  prepare(&at);
  launch(&at, "");
  wait_log(&at, "key management system not reached");
  kms_start(&at.kms[0]);
  read_port(&at);
  int fd = call_server(&at);
  handshake(&at, fd);
  (void)close(fd);
  finish(&at, false);
  prepare(&at);
  launch(&at, "");
  wait_log(&at, "key management system not reached");
  CU_ASSERT_EQUAL(kill(at.server, SIGTERM), 0);
  CU_ASSERT_EQUAL(wait_end(&at), 0);
  kms_start(&at.kms[0]);
  finish(&at, false);
}

/* Another process holds the database: those who come meanwhile are told, and later ones are served. */
static void test_locked_database(void) {
  bench at;
  start(&at, "");
  psd_db *db = psd_db_open(at.database, false, (char[200]){0}, 200);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  CU_ASSERT_EQUAL_FATAL(psd_db_begin(db, true), PSD_DB_DONE);
  int fd = call_server(&at);
  send_sign_on(&at, fd);
  take_m2(&at, fd);
  send_audit(&at, fd);
  expect_signal(fd, PSD_SIGNAL_DATABASE, 246);
  psd_db_rollback(db);
  psd_db_close(db);
  handshake(&at, fd = call_server(&at));
  (void)close(fd);
  finish(&at, false);
}

/* The port at which it says it publishes. */
static uint16_t read_http_port(bench *at) {
  char said[64] = {0};
  for (size_t i = 0; i + 1 < sizeof said && strchr(said, '\n') == NULL; i++)
    CU_ASSERT_TRUE_FATAL(read_all(at->out, said + i, 1));
  CU_ASSERT_EQUAL_FATAL(strncmp(said, "publishing on 127.0.0.1:", 24), 0);
  return (uint16_t)strtoul(said + 24, NULL, 10);
}

/* The first line of what is answered. */
static void expect_status(const bench *at, const char *path, const char *status) {
  char text[128], said[32] = {0};
  int fd = connect_tcp(at), length = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", path);
  CU_ASSERT_EQUAL(write(fd, text, (size_t)length), length);
  CU_ASSERT_TRUE(read_all(fd, said, strlen(status)));
  CU_ASSERT_STRING_EQUAL(said, status);
  (void)close(fd);
}

/* It publishes where it was told, beside its sessions; and ends although somebody has not finished his request. */
static void test_publishes(void) {
  bench at;
  start(&at, "--http 0 --public-url http://ca.example.org");
  uint16_t port = at.port;
  at.port = read_http_port(&at);
  expect_status(&at, "/", "HTTP/1.1 200");
  expect_status(&at, "/nothing", "HTTP/1.1 404");
  expect_status(&at, "/root.crt", "HTTP/1.1 503"); /* the key management system on paper has none */
  wait_log(&at, "\"event\":\"published\"");
  int begun = connect_tcp(&at);
  CU_ASSERT_EQUAL(write(begun, "GET /", 5), 5);
  at.port = port;
  int fd = call_server(&at);
  handshake(&at, fd);
  (void)close(fd);
  finish(&at, false);
  (void)close(begun);
}

/* Exit status and one line for what cannot be. */
static void test_refusals(void) {
  static const struct {
    const char *arguments, *words;
    int status;
  } cases[] = {
      {"--frobnicate", "unknown option --frobnicate", 2},
      {"--suites p257", "suites needs a list", 2},
      {"--handshake-timeout 0", "handshake-timeout needs a number from 1 to 86400", 2},
      {"--config /nowhere/conf", "/nowhere/conf: No such file or directory", 2},
      {"--listen nonsense", "cannot listen on nonsense: HOST:PORT is wanted", 1},
      {"--listen 127.0.0.1:80000", "cannot listen on 127.0.0.1:80000: HOST:PORT is wanted", 1},
      {"--http nonsense:x", "cannot publish on nonsense:x: HOST:PORT is wanted", 1},
      {"--http 203.0.113.1:80", "cannot publish on 203.0.113.1:80: Cannot assign", 1},
      {"--control /nowhere/control", "cannot listen at /nowhere/control", 1},
      {"--control %/control --control-group no-such-group-at-all", "there is no such group", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    bench at;
    prepare(&at);
    kms_start(&at.kms[0]);
    launch(&at, cases[i].arguments);
    wait_log(&at, cases[i].words);
    CU_ASSERT_EQUAL(wait_end(&at), cases[i].status);
    finish(&at, false);
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"the control socket", test_control},
      {"many at the control socket", test_control_crowd},
      {"the control socket of a group", test_control_group},
      {"the key management system goes and comes back", test_kms_comes_back},
      {"file descriptors run out", test_files_run_out},
      {"one of two key management systems dies", test_one_dies},
      {"one of two key management systems hangs", test_one_hangs},
      {"the key management system comes later", test_starts_without_kms},
      {"the database is locked by another", test_locked_database},
      {"what is published over HTTP", test_publishes},
      {"command lines and files that are wrong", test_refusals},
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return psd_check_run("server process and others", tests, PSD_CHECK_COUNT(tests));
}
