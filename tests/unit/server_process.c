/* psd-server as a process: listeners, connections, signals, the control socket, and what becomes of it when the key
 * management system goes. The key management system is on paper, in threads of the test. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "paper_card.h"
#include "store/store.h"

#define SERIAL 0x00C0FFEEU
#define PATIENCE_MS 20000
#define ARGUMENTS_MAX 24U

static const uint8_t password[32] = {1}, column[32] = {9};

/* A key management system on paper at a Unix socket. */
typedef struct paper_kms_server {
  char path[64];
  int listener, connection;
  pthread_t thread;
  const paper_card *card;
  atomic_uint answered;
  atomic_bool silent; /* takes requests, answers none of a handshake's */
} paper_kms_server;

typedef struct bench {
  char folder[32];
  char database[64];
  paper_card card;
  paper_kms_server kms[2];
  pid_t server;
  int out, err; /* what it says */
  uint16_t port;
  char log[65536];
  size_t log_length;
} bench;

static bool read_all(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    if (poll(&waiting, 1, PATIENCE_MS) != 1)
      return false;
    ssize_t part = read(fd, (uint8_t *)bytes + at, length - at);
    if (part <= 0)
      return false;
    at += (size_t)part;
  }
  return true;
}

/* Reads without end, as a server does. */
static bool serve_read(int fd, void *bytes, size_t length) {
  for (size_t at = 0; at < length;) {
    ssize_t part = read(fd, (uint8_t *)bytes + at, length - at);
    if (part <= 0)
      return false;
    at += (size_t)part;
  }
  return true;
}

static bool write_frame(int fd, psd_frame_type type, const void *body, size_t length) {
  uint8_t bytes[PSD_SIZE_FRAME + PSD_FRAME_BODY_MAX];
  psd_buffer out = psd_buffer_over(bytes, sizeof bytes);
  psd_put_frame(&out, type, body, length);
  return send(fd, bytes, out.length, MSG_NOSIGNAL) == (ssize_t)out.length;
}

/* Two things that are asked when the server starts; the rest is the paper card's. */
static psd_frame_type kms_answer(paper_kms_server *at, unsigned type, const uint8_t *body, size_t length, uint8_t *out,
                                 size_t *out_length) {
  psd_buffer buffer = psd_buffer_over(out, PAPER_RECORD);
  if (type == PSD_FRAME_KMS_COLUMN) {
    psd_put(&buffer, column, sizeof column);
    *out_length = buffer.length;
    return PSD_FRAME_KMS_COLUMN_KEY;
  }
  if (type == PSD_FRAME_KMS_VENDOR_KEYS) {
    psd_put_uint(&buffer, PAPER_KEY, 4);
    psd_pair_point(at->card->k2, psd_put_room(&buffer, PSD_POINT));
    *out_length = buffer.length;
    return PSD_FRAME_KMS_VENDOR_KEY;
  }
  return paper_kms(at->card, (psd_frame_type)type, body, length, out, out_length);
}

static void kms_serve(paper_kms_server *at, int fd) {
  uint8_t head[PSD_SIZE_FRAME], body[PSD_FRAME_BODY_MAX], answer[4 + PAPER_RECORD];
  psd_frame frame;
  while (serve_read(fd, head, sizeof head) && psd_peek_frame(head, sizeof head, &frame) &&
         serve_read(fd, body, (size_t)frame.length)) {
    size_t length = 0;
    bool handshake = frame.type == PSD_FRAME_KMS_UNWRAP || frame.type == PSD_FRAME_KMS_VERIFY;
    if (handshake)
      atomic_fetch_add(&at->answered, 1);
    if (handshake && atomic_load(&at->silent))
      continue;
    memcpy(answer, body, 4);
    psd_frame_type type = kms_answer(at, (unsigned)frame.type, body + 4, (size_t)frame.length - 4, answer + 4, &length);
    (void)write_frame(fd, type, answer, 4 + length);
  }
}

static void *kms_run(void *argument) {
  paper_kms_server *at = argument;
  int fd;
  while ((fd = accept(at->listener, NULL, NULL)) >= 0) {
    at->connection = fd;
    kms_serve(at, fd);
    (void)close(fd);
  }
  return NULL;
}

static void kms_start(paper_kms_server *at) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", at->path);
  at->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  at->connection = -1;
  CU_ASSERT_EQUAL_FATAL(bind(at->listener, (struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(at->listener, 8), 0);
  CU_ASSERT_EQUAL_FATAL(pthread_create(&at->thread, NULL, kms_run, at), 0);
}

/* It goes as a process does that is killed. */
static void kms_stop(paper_kms_server *at) {
  (void)unlink(at->path);
  (void)shutdown(at->listener, SHUT_RDWR);
  if (at->connection >= 0)
    (void)shutdown(at->connection, SHUT_RDWR);
  (void)pthread_join(at->thread, NULL);
  (void)close(at->listener);
}

static void make_database(bench *at) {
  uint8_t device[8];
  int64_t account = 0;
  psd_user_row user;
  psd_db *db = psd_db_open(at->database, true, (char[200]){0}, 200);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, column);
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(db, "1", "Anna's", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(db, "anna", account, password), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(db, device, at->card.wrapped_k4, PAPER_KEY), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(db, "anna", &user), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_register(db, device, user.id, account), PSD_DB_DONE);
  psd_db_close(db);
}

/* The most files the process may open; 0 for as many as the test. */
static rlim_t spawn_files = 0;

/* The process, its standard output and error in pipes. */
static pid_t spawn(char *const arguments[], int *out, int *err) {
  int outs[2], errs[2];
  CU_ASSERT_TRUE_FATAL(pipe(outs) == 0 && pipe(errs) == 0);
  pid_t child = fork();
  CU_ASSERT_TRUE_FATAL(child >= 0);
  if (child == 0) {
    (void)dup2(outs[1], STDOUT_FILENO);
    (void)dup2(errs[1], STDERR_FILENO);
    for (int fd = 3; fd < 64; fd++)
      (void)close(fd);
    if (spawn_files != 0)
      (void)setrlimit(RLIMIT_NOFILE, &(struct rlimit){spawn_files, spawn_files});
    (void)execv(PSD_SERVER_PROGRAM, arguments);
    _exit(127);
  }
  (void)close(outs[1]);
  (void)close(errs[1]);
  *out = outs[0];
  *err = errs[0];
  return child;
}

/* What is left of the log of a process that ended otherwise than it should. */
static void show_rest(const bench *at) {
  char rest[4096];
  for (ssize_t length; (length = read(at->err, rest, sizeof rest)) > 0;)
    (void)fwrite(rest, 1, (size_t)length, stderr);
}

static int wait_end(bench *at) {
  int status = 0;
  CU_ASSERT_EQUAL_FATAL(waitpid(at->server, &status, 0), at->server);
  at->server = 0;
  CU_ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) != 0)
    show_rest(at);
  return WEXITSTATUS(status);
}

/* Reads the log until `part` comes. */
static void wait_log(bench *at, const char *part) {
  while (strstr(at->log, part) == NULL) {
    struct pollfd waiting = {.fd = at->err, .events = POLLIN};
    CU_ASSERT_TRUE_FATAL(at->log_length < sizeof at->log - 1);
    CU_ASSERT_EQUAL_FATAL(poll(&waiting, 1, PATIENCE_MS), 1);
    ssize_t length = read(at->err, at->log + at->log_length, sizeof at->log - 1 - at->log_length);
    if (length <= 0)
      (void)fprintf(stderr, "no '%s' in: %s\n", part, at->log);
    CU_ASSERT_TRUE_FATAL(length > 0);
    at->log_length += (size_t)length;
    at->log[at->log_length] = '\0';
  }
  /* What was found is not found again. */
  char *end = strstr(at->log, part) + strlen(part);
  at->log_length = strlen(end);
  memmove(at->log, end, at->log_length + 1);
}

static void read_port(bench *at) {
  char said[64] = {0};
  for (size_t i = 0; i + 1 < sizeof said && strchr(said, '\n') == NULL; i++)
    CU_ASSERT_TRUE_FATAL(read_all(at->out, said + i, 1));
  CU_ASSERT_EQUAL_FATAL(strncmp(said, "listening on 127.0.0.1:", 23), 0);
  at->port = (uint16_t)strtoul(said + 23, NULL, 10);
  CU_ASSERT_TRUE_FATAL(at->port != 0);
}

static void prepare(bench *at) {
  *at = (bench){.folder = "/tmp/psd-process-XXXXXX"};
  CU_ASSERT_TRUE_FATAL(psd_evp_start());
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(at->folder));
  (void)snprintf(at->database, sizeof at->database, "sqlite:%s/db", at->folder);
  paper_create(&at->card, SERIAL);
  make_database(at);
  for (unsigned i = 0; i < 2; i++) {
    (void)snprintf(at->kms[i].path, sizeof at->kms[i].path, "%s/kms%u", at->folder, i);
    at->kms[i].card = &at->card;
  }
}

/* Starts the server with more arguments, joined by blanks, behind the usual ones; % in them is the folder. */
static void launch(bench *at, const char *more) {
  char words[512];
  char *arguments[ARGUMENTS_MAX] = {
      (char[]){PSD_SERVER_PROGRAM}, (char[]){"run"},         (char[]){"--db"},  at->database,
      (char[]){"--listen"},         (char[]){"127.0.0.1:0"}, (char[]){"--kms"}, at->kms[0].path,
      (char[]){"--log-level"},      (char[]){"debug"}};
  size_t count = 10, length = 0;
  for (const char *c = more; *c != '\0' && length < sizeof words - 64; c++) {
    if (*c == '%')
      length += (size_t)snprintf(words + length, sizeof words - length, "%s", at->folder);
    else
      words[length++] = *c;
  }
  words[length] = '\0';
  char *rest = words;
  for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL && count < ARGUMENTS_MAX - 1;)
    arguments[count++] = word;
  arguments[count] = NULL;
  at->server = spawn(arguments, &at->out, &at->err);
}

static void start(bench *at, const char *more) {
  prepare(at);
  kms_start(&at->kms[0]);
  launch(at, more);
  read_port(at);
}

static void finish(bench *at, bool second) {
  if (at->server != 0) {
    CU_ASSERT_EQUAL(kill(at->server, SIGTERM), 0);
    CU_ASSERT_EQUAL(wait_end(at), 0);
  }
  kms_stop(&at->kms[0]);
  if (second)
    kms_stop(&at->kms[1]);
  (void)close(at->out);
  (void)close(at->err);
  paper_destroy(&at->card);
  static const char *const names[] = {"db", "db-wal", "db-shm", "conf", "control"};
  char path[64];
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    (void)snprintf(path, sizeof path, "%s/%s", at->folder, names[i]);
    (void)unlink(path);
  }
  CU_ASSERT_EQUAL(rmdir(at->folder), 0);
}

static int connect_tcp(const bench *at) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(at->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_TRUE_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

/* The next frame; its type, 0 when the connection is closed. */
static unsigned receive(int fd, uint8_t body[PSD_FRAME_BODY_MAX], size_t *length) {
  uint8_t head[PSD_SIZE_FRAME];
  psd_frame frame = {.type = 0};
  if (!read_all(fd, head, sizeof head))
    return 0;
  CU_ASSERT_TRUE_FATAL(psd_peek_frame(head, sizeof head, &frame));
  CU_ASSERT_TRUE_FATAL(frame.length <= PSD_FRAME_BODY_MAX);
  CU_ASSERT_TRUE_FATAL(read_all(fd, body, (size_t)frame.length));
  *length = (size_t)frame.length;
  return (unsigned)frame.type;
}

/* The server ends it with this signal, and closes. */
static void expect_signal(int fd, psd_signal signal, unsigned step) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  psd_error_signal message;
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_ERROR_SIGNAL);
  CU_ASSERT_TRUE_FATAL(psd_parse_message(body, length, PSD_MESSAGE_ERROR_SIGNAL, &message));
  CU_ASSERT_EQUAL(message.signal, signal);
  CU_ASSERT_EQUAL(message.step, step);
  CU_ASSERT_EQUAL(receive(fd, body, &length), 0);
  (void)close(fd);
}

static int call_server(bench *at) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  int fd = connect_tcp(at);
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_GREETING);
  CU_ASSERT_EQUAL_FATAL(length, PSD_SIZE_GREETING);
  memcpy(at->card.greeting, body, length);
  at->card.ordinal = 0;
  return fd;
}

static void send_sign_on(bench *at, int fd) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, PSD_SUITE_P256, true, "anna", password, m1);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_SIGN_ON, m1, length));
}

static void send_audit(bench *at, int fd) {
  uint8_t m3[PSD_M3_MAX];
  size_t length = paper_audit(&at->card, m3);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_AUDIT_RESPONSE, m3, length));
}

static void take_m2(bench *at, int fd) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at->card, body, length));
}

static void take_m4(bench *at, int fd) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at->card, body, length));
}

static void handshake(bench *at, int fd) {
  send_sign_on(at, fd);
  take_m2(at, fd);
  send_audit(at, fd);
  take_m4(at, fd);
}

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
      {"listens and serves", test_serves},
      {"the log", test_log},
      {"too many connections", test_too_many},
      {"a frame that is too long", test_oversize},
      {"who says nothing, or half of it", test_silence},
      {"SIGTERM: what runs is finished", test_stop},
      {"SIGTERM twice", test_stop_now},
      {"SIGHUP", test_reload},
      {"the control socket", test_control},
      {"many at the control socket", test_control_crowd},
      {"the control socket of a group", test_control_group},
      {"the key management system goes and comes back", test_kms_comes_back},
      {"file descriptors run out", test_files_run_out},
      {"one of two key management systems dies", test_one_dies},
      {"one of two key management systems hangs", test_one_hangs},
      {"the key management system comes later", test_starts_without_kms},
      {"the database is locked by another", test_locked_database},
      {"command lines and files that are wrong", test_refusals},
  };
  (void)signal(SIGPIPE, SIG_IGN);
  return psd_check_run("server process", tests, PSD_CHECK_COUNT(tests));
}
