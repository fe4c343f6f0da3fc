/* psd-server as a process: listeners, connections, signals. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server_process_bench.h"

static void test_serves(void) {
  bench at;
  start(&at, "");
  int fd = call_server(&at);
  for (unsigned i = 0; i < 5; i++) {
    handshake(&at, fd);
    CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_SIGN_OFF, NULL, 0));
    at.card.ordinal++;
  }
  (void)close(fd);
  wait_log(&at, "\"event\":\"signed on\"");
  finish(&at, false);
}

/* The log names who and where, and no secret. */
static void test_log(void) {
  bench at;
  start(&at, "");
  int fd = call_server(&at);
  handshake(&at, fd);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_GREETING, NULL, 0));
  expect_signal(fd, PSD_SIGNAL_MESSAGE, 0);
  wait_log(&at, "\"level\":\"info\",\"event\":\"signed on\",\"connection\":1,\"session\":\"");
  wait_log(&at, "\",\"device\":\"5053443100C0FFEE\",\"suite\":\"p256\",\"registered\":true}\n");
  wait_log(&at, "\"event\":\"refused\",\"connection\":1");
  wait_log(&at, "\"signal\":\"MESSAGE\"}\n");
  /* What a Host says of outages is no warning. */
  fd = call_server(&at);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_ERROR_SIGNAL, (uint8_t[]){PSD_SIGNAL_KMS, 0, 212, 0, 0, 0, 0}, 7));
  wait_log(&at, "\"level\":\"info\",\"event\":\"ended by the Host\",\"connection\":2");
  (void)close(fd);
  finish(&at, false);
}

static void test_too_many(void) {
  bench at;
  start(&at, "--connections 2");
  int first = call_server(&at), second = call_server(&at);
  expect_signal(connect_tcp(&at), PSD_SIGNAL_BUSY, 200);
  (void)close(first);
  wait_log(&at, "\"event\":\"closed\"");
  wait_log(&at, "\"event\":\"closed\"");
  handshake(&at, first = call_server(&at));
  (void)close(first);
  (void)close(second);
  finish(&at, false);
}

/* Before the user is verified nobody gets room for a long frame. */
static void test_oversize(void) {
  static const uint8_t head[] = {0x04, 0x01, PSD_FRAME_SIGN_ON};
  bench at;
  start(&at, "");
  int fd = call_server(&at);
  CU_ASSERT_EQUAL(write(fd, head, sizeof head), sizeof head);
  expect_signal(fd, PSD_SIGNAL_MESSAGE, PSD_STEP_SIGN_ON);
  wait_log(&at, "frame too long");
  finish(&at, false);
}

/* Those that say nothing, and those that say half of it, are told and closed; the others are served meanwhile. */
static void test_silence(void) {
  static const uint8_t half[] = {0, 100, PSD_FRAME_SIGN_ON, 1, 1};
  bench at;
  start(&at, "--sign-on-timeout 1 --handshake-timeout 1 --idle-timeout 1");
  int quiet = call_server(&at), halfway = call_server(&at), late = call_server(&at);
  CU_ASSERT_EQUAL(write(halfway, half, sizeof half), sizeof half);
  send_sign_on(&at, late);
  int fd = call_server(&at);
  handshake(&at, fd);
  expect_signal(quiet, PSD_SIGNAL_TIMEOUT, 210);
  expect_signal(halfway, PSD_SIGNAL_TIMEOUT, 210);
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL(receive(late, body, &length), PSD_FRAME_SIGN_ON_RESPONSE);
  expect_signal(late, PSD_SIGNAL_TIMEOUT, 240);
  expect_signal(fd, PSD_SIGNAL_TIMEOUT, 0);
  finish(&at, false);
}

/* SIGTERM: those that do nothing are told at once; a handshake that runs is finished. */
static void test_stop(void) {
  bench at;
  start(&at, "");
  int quiet = call_server(&at), fd = call_server(&at);
  send_sign_on(&at, fd);
  take_m2(&at, fd);
  CU_ASSERT_EQUAL(kill(at.server, SIGTERM), 0);
  expect_signal(quiet, PSD_SIGNAL_STOPPING, 200);
  send_audit(&at, fd);
  take_m4(&at, fd);
  expect_signal(fd, PSD_SIGNAL_STOPPING, 200);
  CU_ASSERT_EQUAL(wait_end(&at), 0);
  wait_log(&at, "\"event\":\"stopped\"");
  finish(&at, false);
}

/* A second signal does not wait. */
static void test_stop_now(void) {
  bench at;
  start(&at, "");
  int fd = call_server(&at);
  send_sign_on(&at, fd);
  take_m2(&at, fd);
  CU_ASSERT_EQUAL(kill(at.server, SIGTERM), 0);
  wait_log(&at, "\"event\":\"stopping\"");
  CU_ASSERT_EQUAL(kill(at.server, SIGINT), 0);
  CU_ASSERT_EQUAL(wait_end(&at), 0);
  (void)close(fd);
  finish(&at, false);
}

static void write_config(const bench *at, const char *text) {
  char path[64];
  (void)snprintf(path, sizeof path, "%s/conf", at->folder);
  FILE *file = fopen(path, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  CU_ASSERT_TRUE(fputs(text, file) >= 0);
  CU_ASSERT_EQUAL(fclose(file), 0);
}

/* SIGHUP: what can change changes, an error leaves all as it was, and what cannot change is named. */
static void test_reload(void) {
  bench at;
  prepare(&at);
  kms_start(&at.kms[0]);
  write_config(&at, "connections = 1\n");
  launch(&at, "--config %/conf");
  read_port(&at);
  int fd = call_server(&at);
  expect_signal(connect_tcp(&at), PSD_SIGNAL_BUSY, 200);
  write_config(&at, "connections = many\n");
  CU_ASSERT_EQUAL(kill(at.server, SIGHUP), 0);
  wait_log(&at, "\"event\":\"not reloaded\",\"words\":\"");
  wait_log(&at, "conf:1: connections needs a number from 1 to 1000000");
  write_config(&at, "# more\nconnections = 3\nworkers = 5\n");
  CU_ASSERT_EQUAL(kill(at.server, SIGHUP), 0);
  wait_log(&at, "\"event\":\"needs a restart\",\"words\":\"workers\"");
  wait_log(&at, "\"event\":\"reloaded\"");
  int second = call_server(&at);
  handshake(&at, second);
  (void)close(second);
  (void)close(fd);
  finish(&at, false);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"listens and serves", test_serves},
      {"the log", test_log},
      {"too many connections", test_too_many},
      {"a frame that is too long", test_oversize},
      {"who says nothing, or half of it", test_silence},
      {"SIGTERM: what runs is finished", test_stop},
      {"SIGTERM twice", test_stop_now},
      {"SIGHUP", test_reload},
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return psd_check_run("server process", tests, PSD_CHECK_COUNT(tests));
}
