/* Starts psd-server, talks to it, reads its log, ends it. */
#include "server_process_bench.h"

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"

#define SERIAL 0x00C0FFEEU
#define ARGUMENTS_MAX 24U

static const uint8_t password[32] = {1};

static void make_database(bench *at) {
  uint8_t device[8];
  int64_t account = 0;
  psd_user_row user;
  psd_db *db = psd_db_open(at->database, true, (char[200]){0}, 200);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, column_key);
  paper_device(&at->card, device);
  CU_ASSERT_EQUAL_FATAL(psd_db_account_add(db, "1", "Anna's", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_add(db, "anna", account, password), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_add(db, device, at->card.wrapped_k4, PAPER_KEY, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_user_find(db, "anna", &user), PSD_DB_DONE);
  CU_ASSERT_EQUAL_FATAL(psd_db_device_register(db, device, user.id, account), PSD_DB_DONE);
  psd_db_close(db);
}

rlim_t spawn_files = 0;

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

int wait_end(bench *at) {
  int status = 0;
  CU_ASSERT_EQUAL_FATAL(waitpid(at->server, &status, 0), at->server);
  at->server = 0;
  CU_ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) != 0)
    show_rest(at);
  return WEXITSTATUS(status);
}

void wait_log(bench *at, const char *part) {
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

void read_port(bench *at) {
  char said[64] = {0};
  for (size_t i = 0; i + 1 < sizeof said && strchr(said, '\n') == NULL; i++)
    CU_ASSERT_TRUE_FATAL(read_all(at->out, said + i, 1));
  CU_ASSERT_EQUAL_FATAL(strncmp(said, "listening on 127.0.0.1:", 23), 0);
  at->port = (uint16_t)strtoul(said + 23, NULL, 10);
  CU_ASSERT_TRUE_FATAL(at->port != 0);
}

void prepare(bench *at) {
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

void launch(bench *at, const char *more) {
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

void start(bench *at, const char *more) {
  prepare(at);
  kms_start(&at->kms[0]);
  launch(at, more);
  read_port(at);
}

void finish(bench *at, bool second) {
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

int connect_tcp(const bench *at) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(at->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  CU_ASSERT_TRUE_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
  return fd;
}

unsigned receive(int fd, uint8_t body[PSD_FRAME_BODY_MAX], size_t *length) {
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

void expect_signal(int fd, psd_signal signal, unsigned step) {
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

int call_server(bench *at) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  int fd = connect_tcp(at);
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_GREETING);
  CU_ASSERT_EQUAL_FATAL(length, PSD_SIZE_GREETING);
  memcpy(at->card.greeting, body, length);
  at->card.ordinal = 0;
  return fd;
}

void send_sign_on(bench *at, int fd) {
  uint8_t m1[PSD_SIGN_ON_MAX];
  size_t length = paper_sign_on(&at->card, PSD_SUITE_P256, true, "anna", password, m1);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_SIGN_ON, m1, length));
}

void send_audit(bench *at, int fd) {
  uint8_t m3[PSD_M3_MAX];
  size_t length = paper_audit(&at->card, m3);
  CU_ASSERT_TRUE_FATAL(write_frame(fd, PSD_FRAME_AUDIT_RESPONSE, m3, length));
}

void take_m2(bench *at, int fd) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_SIGN_ON_RESPONSE);
  CU_ASSERT_TRUE_FATAL(paper_take_m2(&at->card, body, length));
}

void take_m4(bench *at, int fd) {
  uint8_t body[PSD_FRAME_BODY_MAX];
  size_t length = 0;
  CU_ASSERT_EQUAL_FATAL(receive(fd, body, &length), PSD_FRAME_AUDIT_RESULT);
  CU_ASSERT_TRUE_FATAL(paper_take_m4(&at->card, body, length));
}

void handshake(bench *at, int fd) {
  send_sign_on(at, fd);
  take_m2(at, fd);
  send_audit(at, fd);
  take_m4(at, fd);
}
