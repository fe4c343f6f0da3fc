/* What an operator does to the meter server's database, as people and scripts meet it; before it, the parts: passwords
 * and calls to the key management system, of which there is as much here as hands out a column key. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include "admin/admin.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "crypto/evp.h"
#include "crypto/password.h"
#include "store/store.h"
#include "wire/call.h"

static char folder[64], url[96], kms[96], password_file[96];
static char out[16384], err[2048];

/* A key management system -------------------------------------------------------------------------------------------
 */

typedef enum manner { KEY, OTHER_KEY, REFUSES, SILENT, HANGS_UP, HALF, OVERSIZE, GARBAGE } manner;

static void put_answer(psd_buffer *frame, manner how, uint32_t number) {
  uint8_t body[64];
  psd_buffer text = psd_buffer_over(body, sizeof body);
  psd_column_key key = {.key = {how == KEY ? 1 : 2}};
  psd_put_message(&text, PSD_MESSAGE_KMS_CALL, &(psd_kms_call){.number = number});
  if (how == REFUSES)
    psd_put_message(&text, PSD_MESSAGE_ERROR_SIGNAL, &(psd_error_signal){.signal = PSD_SIGNAL_ROLE});
  else if (how != GARBAGE)
    psd_put_message(&text, PSD_MESSAGE_COLUMN_KEY, &key);
  psd_put_frame(frame, how == REFUSES ? PSD_FRAME_KMS_REFUSED : PSD_FRAME_KMS_COLUMN_KEY, body, text.length);
}

static void answer_one(int fd, manner how) {
  uint8_t question[PSD_SIZE_FRAME + PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_COLUMN], memory[128];
  psd_buffer frame = psd_buffer_over(memory, sizeof memory);
  if (recv(fd, question, sizeof question, MSG_WAITALL) != (ssize_t)sizeof question)
    return;
  psd_cursor number = psd_cursor_over(question + PSD_SIZE_FRAME, PSD_SIZE_KMS_CALL);
  put_answer(&frame, how, psd_take_u32(&number));
  if (how == SILENT)
    (void)pause();
  if (how == OVERSIZE)
    memory[0] = 0xFF;
  if (how != HANGS_UP)
    (void)!write(fd, memory, how == HALF ? frame.length - 1 : frame.length);
}

/* Serves in a process of its own until it is killed. */
static int kms_start(manner how) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", kms);
  (void)unlink(kms);
  int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
  CU_ASSERT_EQUAL_FATAL(listen(fd, 5), 0);
  int process = (int)fork();
  CU_ASSERT_FATAL(process >= 0);
  while (process == 0) {
    int one = accept(fd, NULL, NULL);
    answer_one(one, how);
    (void)close(one);
  }
  (void)close(fd);
  return process;
}

static void kms_end(int process) {
  (void)kill(process, SIGKILL);
  (void)waitpid(process, NULL, 0);
  (void)unlink(kms);
}

/* The command -------------------------------------------------------------------------------------------------------
 */

static void slurp(const char *name, char *into, size_t room) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *file = fopen(path, "r");
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  into[fread(into, 1, room - 1, file)] = '\0';
  (void)fclose(file);
  (void)unlink(path);
}

static int redirect(int fd, const char *name) {
  char path[128];
  (void)snprintf(path, sizeof path, "%s/%s", folder, name);
  int saved = dup(fd), to = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  CU_ASSERT_FATAL(saved >= 0 && to >= 0 && dup2(to, fd) == fd);
  (void)close(to);
  return saved;
}

/* Runs psd-server with these words, of which DB, KMS and PASSWORD stand for options; its output is in `out` and `err`.
 */
static int admin(const char *const *words) {
  char *argv[24] = {strdup("psd-server")};
  int argc = 1;
  for (; *words != NULL; words++) {
    const char *value = strcmp(*words, "DB") == 0         ? url
                        : strcmp(*words, "KMS") == 0      ? kms
                        : strcmp(*words, "PASSWORD") == 0 ? password_file
                                                          : NULL;
    if (value != NULL)
      argv[argc++] = strdup(value == url ? "--db" : value == kms ? "--kms" : "--password-file");
    argv[argc++] = strdup(value != NULL ? value : *words);
  }
  (void)fflush(stdout);
  int saved_out = redirect(STDOUT_FILENO, "out"), saved_err = redirect(STDERR_FILENO, "err");
  int status = psd_admin_run(argc, argv);
  (void)fflush(stdout);
  (void)dup2(saved_out, STDOUT_FILENO);
  (void)dup2(saved_err, STDERR_FILENO);
  (void)close(saved_out);
  (void)close(saved_err);
  slurp("out", out, sizeof out);
  slurp("err", err, sizeof err);
  for (int i = 0; i < argc; i++)
    free(argv[i]);
  return status;
}
#define ADMIN(...) admin((const char *const[]){__VA_ARGS__, NULL})

static bool has(const char *text, const char *part) {
  if (strstr(text, part) == NULL)
    fprintf(stderr, "\"%s\" is not in \"%s\"\n", part, text);
  return strstr(text, part) != NULL;
}

static void write_password(const char *text) {
  int fd = open(password_file, O_CREAT | O_TRUNC | O_WRONLY, 0600);
  CU_ASSERT_FATAL(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  (void)close(fd);
}

static void remove_database(void) {
  char path[128];
  (void)unlink(url + 7);
  (void)snprintf(path, sizeof path, "%s-wal", url + 7);
  (void)unlink(path);
  (void)snprintf(path, sizeof path, "%s-shm", url + 7);
  (void)unlink(path);
}

/* A database with an account and alice, whose password is "correct horse". Argon2id as small as it may be. */
static int begin(void) {
  remove_database();
  int process = kms_start(KEY);
  write_password("correct horse\nnot this line\n");
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "add", "1000", "Bäckerei Ähre", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(
      ADMIN("user", "add", "alice", "--account", "1000", "DB", "KMS", "PASSWORD", "--memory", "8192", "--passes", "1"),
      0);
  return process;
}

/* The database as the meter server opens it. */
static psd_db *open_store(void) {
  char words[256];
  uint8_t key[32] = {1};
  CU_ASSERT_FATAL(psd_evp_start());
  psd_db *db = psd_db_open(url, false, words, sizeof words);
  CU_ASSERT_PTR_NOT_NULL_FATAL(db);
  psd_db_set_key(db, key);
  return db;
}

static bool password_is(const char *password) {
  uint8_t verifier[32];
  psd_user_row user;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT(psd_password_stretch(PSD_PASSWORD_REALM, "alice", password, strlen(password), 8192, 1, 1, verifier));
  bool same = psd_db_user_check(&user, verifier);
  psd_db_close(db);
  psd_evp_stop();
  return same;
}

/* The tests ---------------------------------------------------------------------------------------------------------
 */

/* "salt = first 16 bytes of Hash("psd password" || realm || 00 || user name)": here that is
 * 4488b2a7a4f644e84ce6c78b6404eb47. */
static void test_stretch(void) {
  uint8_t verifier[32];
  CU_ASSERT_FATAL(psd_evp_start());
  CU_ASSERT(psd_password_stretch("psd test server", "alice", "correct horse", 13, 8192, 2, 1, verifier));
  psd_check_bytes(verifier, sizeof verifier, "7a2892d660408e6b8d44bdd9f7c015db48a1e4aec79df46bf53ad6ce4a71cf40",
                  "Argon2id");
  CU_ASSERT(!psd_password_stretch("", "alice", "x", 1, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "", "x", 1, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "012345678901234567890123456789012", "x", 1, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("012345678901234567890123456789012", "alice", "x", 1, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm\n", "alice", "x", 1, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "", 0, 8192, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 8191, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 1048577, 1, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 8192, 0, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 8192, 17, 1, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 8192, 1, 0, verifier));
  CU_ASSERT(!psd_password_stretch("realm", "alice", "x", 1, 8192, 1, 17, verifier));
  psd_check_bytes(verifier, 32, "0000000000000000000000000000000000000000000000000000000000000000", "wiped");
  psd_evp_stop();
}

static bool call(unsigned limit, char words[128]) {
  uint8_t question[PSD_SIZE_KMS_CALL + PSD_SIZE_KMS_COLUMN] = {0, 0, 0, 1, 1};
  psd_wire_answer answer;
  return psd_wire_call(kms, PSD_FRAME_KMS_COLUMN, question, sizeof question, &answer, limit, words, 128);
}

static void test_call(void) {
  static const struct {
    manner how;
    bool done;
  } cases[] = {{KEY, true},       {REFUSES, true}, {GARBAGE, true},  {SILENT, false},
               {HANGS_UP, false}, {HALF, false},   {OVERSIZE, false}};
  char words[128] = "";
  CU_ASSERT(!call(1000, words));
  CU_ASSERT(has(words, "No such file"));
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    int process = kms_start(cases[i].how);
    words[0] = '\0';
    CU_ASSERT_EQUAL(call(cases[i].how == SILENT ? 100 : 10000, words), cases[i].done);
    CU_ASSERT(cases[i].done || has(words, kms));
    kms_end(process);
  }
}

static void test_usage(void) {
  CU_ASSERT_EQUAL(ADMIN("--help"), 0);
  CU_ASSERT(has(out, "user passwd NAME") && has(out, "run ") && err[0] == '\0');
  CU_ASSERT_EQUAL(ADMIN("user", "--help"), 0);
  CU_ASSERT(has(out, "user passwd NAME") && strstr(out, "revoke") == NULL);
  CU_ASSERT_EQUAL(ADMIN("--version"), 0);
  CU_ASSERT(has(out, "psd-server "));
  CU_ASSERT_EQUAL(admin((const char *const[]){NULL}), 2);
  CU_ASSERT_EQUAL(ADMIN("dance"), 2);
  CU_ASSERT_EQUAL(ADMIN("user"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "dance", "DB"), 2);
  CU_ASSERT(has(err, "user dance"));
  CU_ASSERT_EQUAL(ADMIN("migrate"), 2);
  CU_ASSERT(has(err, "--db"));
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB"), 2);
  CU_ASSERT(has(err, "--kms"));
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB", "--account", "1"), 2);
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB", "more"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "enable", "DB", "KMS"), 2);
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB", "--dance"), 2);
  CU_ASSERT_EQUAL(ADMIN("migrate", "--db"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "--memory", "8191"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "--passes", "3x"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "--lanes", "17"), 2);
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "--realm", ""), 2);
  CU_ASSERT_EQUAL(ADMIN("psd", "revoke", "PS D1 2A", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("psd", "revoke", "PS", "D1", "0000002G", "DB"), 2);
}

static void test_unreachable(void) {
  remove_database();
  CU_ASSERT_EQUAL(ADMIN("keys", "DB"), 3);
  CU_ASSERT(has(err, "psd-server migrate"));
  CU_ASSERT_EQUAL(ADMIN("migrate", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 3);
  CU_ASSERT(has(err, "key management system cannot be reached"));
  int process = kms_start(REFUSES);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "role"));
  kms_end(process);
  process = kms_start(GARBAGE);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 1);
  kms_end(process);
}

static void test_other_kms(void) {
  kms_end(begin());
  int process = kms_start(OTHER_KEY);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 3);
  CU_ASSERT(has(err, "another column key"));
  kms_end(process);
}

static void test_accounts(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "add", "1000", "Again", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "already"));
  CU_ASSERT_EQUAL(ADMIN("account", "add", "2000", "", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("account", "add", "2000", "Bell\a", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("account", "suspend", "1000", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "1000             suspended Bäckerei Ähre"));
  CU_ASSERT_EQUAL(ADMIN("account", "resume", "1000", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "resume", "2000", "DB"), 1);
  CU_ASSERT(has(err, "there is no account 2000"));
  CU_ASSERT_EQUAL(ADMIN("account", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"name\": \"Bäckerei Ähre\",\n    \"suspended\": false"));
  kms_end(process);
}

static void test_users(void) {
  int process = begin();
  CU_ASSERT(password_is("correct horse"));
  CU_ASSERT_EQUAL(ADMIN("user", "add", "alice", "--account", "1000", "DB", "KMS", "PASSWORD"), 1);
  CU_ASSERT(has(err, "already"));
  CU_ASSERT_EQUAL(ADMIN("user", "add", "bob", "--account", "2000", "DB", "KMS", "PASSWORD"), 1);
  CU_ASSERT(has(err, "account add"));
  CU_ASSERT_EQUAL(
      ADMIN("user", "add", "012345678901234567890123456789012", "--account", "1000", "DB", "KMS", "PASSWORD"), 1);
  write_password("");
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "PASSWORD"), 1);
  write_password("battery staple");
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "carol", "DB", "KMS", "PASSWORD"), 1);
  CU_ASSERT(has(err, "there is no user carol"));
  CU_ASSERT(password_is("correct horse"));
  CU_ASSERT_EQUAL(chmod(password_file, 0644), 0);
  CU_ASSERT_EQUAL(
      ADMIN("user", "passwd", "alice", "DB", "KMS", "PASSWORD", "--memory", "8192", "--passes", "1", "--json"), 0);
  CU_ASSERT(has(err, "chmod 600") && has(out, "{\n  \"done\": \"password changed\"\n}"));
  CU_ASSERT(!password_is("correct horse") && password_is("battery staple"));

  CU_ASSERT_EQUAL(ADMIN("user", "disable", "alice", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "alice                            1000             disabled        0"));
  CU_ASSERT_EQUAL(ADMIN("user", "enable", "alice", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("user", "enable", "carol", "DB", "KMS"), 1);
  kms_end(process);
}

/* Reads what the terminal shows until `part` is there; what came is in `out`. */
static bool shown(int terminal, const char *part) {
  size_t length = 0;
  out[0] = '\0';
  while (strstr(out, part) == NULL && length < sizeof out - 1) {
    ssize_t got = read(terminal, out + length, sizeof out - 1 - length);
    if (got <= 0)
      return false;
    length += (size_t)got;
    out[length] = '\0';
  }
  return strstr(out, part) != NULL;
}

/* Changes alice's password at a terminal; returns the exit status. */
static int at_terminal(const char *first, const char *second) {
  int terminal = posix_openpt(O_RDWR | O_NOCTTY), status = 0;
  CU_ASSERT_FATAL(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
  const char *name = ptsname(terminal);
  pid_t process = fork();
  CU_ASSERT_FATAL(process >= 0);
  if (process == 0) {
    /* The first terminal that the leader of a session opens is the session's. */
    bool its_own = setsid() >= 0 && open(name, O_RDWR) >= 0;
    _exit(!its_own ? 127 : ADMIN("user", "passwd", "alice", "DB", "KMS", "--memory", "8192", "--passes", "1"));
  }
  CU_ASSERT(shown(terminal, "password: ") && write(terminal, first, strlen(first)) == (ssize_t)strlen(first));
  CU_ASSERT(shown(terminal, "again, password: ") && strstr(out, "staple") == NULL);
  CU_ASSERT_EQUAL(write(terminal, second, strlen(second)), (ssize_t)strlen(second));
  CU_ASSERT_EQUAL(waitpid(process, &status, 0), process);
  (void)close(terminal);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static void test_terminal(void) {
  int process = begin();
  CU_ASSERT_EQUAL(at_terminal("battery staple\n", "battery stable\n"), 1);
  CU_ASSERT(password_is("correct horse"));
  CU_ASSERT_EQUAL(at_terminal("battery staple\n", "battery staple\n"), 0);
  CU_ASSERT(password_is("battery staple"));
  kms_end(process);
}

static void test_unlock(void) {
  int process = begin();
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_failures_set(db, "alice", &(psd_failures){5, 32503680000}), PSD_DB_DONE);
  psd_db_close(db);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "5 3000-01-01 00:00:00 UTC"));
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"failures\": 5,\n    \"locked_until_seconds\": 32503680000"));
  CU_ASSERT_EQUAL(ADMIN("user", "unlock", "alice", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"failures\": 0,\n    \"locked_until_seconds\": 0"));
  kms_end(process);
}

/* PS D1 0000002A is alice's and was audited, PS D1 0000002B is new. */
static void put_devices(void) {
  uint8_t device[8] = {'P', 'S', 'D', '1', 0, 0, 0, 0x2A}, wrapped[PSD_SIZE_WRAPPED_K4] = {0}, audit[PSD_SIZE_AUDIT];
  psd_audit said = {.vendor = "PS", .model = "D1", .serial = 0x2A, .ascending = 12340, .vendor_key = 7, .state = 4};
  psd_buffer text = psd_buffer_over(audit, sizeof audit);
  psd_user_row alice;
  psd_db *db = open_store();
  psd_put_message(&text, PSD_MESSAGE_AUDIT, &said);
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &alice), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 6), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_register(db, device, alice.id, alice.account), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_audited(db, device, audit, 1800000000), PSD_DB_DONE);
  device[7] = 0x2B;
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 6), PSD_DB_DONE);
  psd_db_close(db);
}

static void test_devices(void) {
  int process = begin();
  put_devices();
  CU_ASSERT_EQUAL(ADMIN("psd", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "PS D1 0000002A registered          7 2027-01-15 08:00:00 UTC 1000             alice"));
  CU_ASSERT(has(out, "PS D1 0000002B new                 6 never"));
  CU_ASSERT_EQUAL(ADMIN("psd", "show", "PS D1 0000002a", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "registered to        alice") && has(out, "ascending register") && has(out, "12.34"));
  CU_ASSERT_EQUAL(ADMIN("psd", "show", "PS", "D1", "0000002A", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"audit\": {") && has(out, "\"ascending\": 12340") && has(out, "\"serial\": \"0000002A\""));
  CU_ASSERT_EQUAL(ADMIN("psd", "show", "PS", "D1", "0000002B", "DB", "KMS", "--json"), 0);
  CU_ASSERT(strstr(out, "audit") == NULL && has(out, "\"user\": \"\""));
  CU_ASSERT_EQUAL(ADMIN("psd", "show", "PS", "D1", "0000002C", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "there is no PSD PS D1 0000002C"));
  CU_ASSERT_EQUAL(ADMIN("psd", "revoke", "PS", "D1", "0000002C", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("psd", "revoke", "PS", "D1", "0000002B", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("psd", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"revoked\": true,\n    \"vendor_key\": 6"));
  CU_ASSERT_EQUAL(ADMIN("psd", "restore", "PS", "D1", "0000002B", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("keys", "DB"), 0);
  CU_ASSERT(has(out, "VENDOR KEY       PSDS\n         7          1\n         6          1\n"));
  CU_ASSERT_EQUAL(ADMIN("keys", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"vendor_key\": 7,\n    \"psds\": 1"));
  kms_end(process);
}

static const psd_check_test tests[] = {
    {"a password is stretched as the Host does it", test_stretch},
    {"one question, one answer, and everything else in time", test_call},
    {"usage: exit status 2, and what is wrong", test_usage},
    {"no database, no key management system: exit status 3, and what to do", test_unreachable},
    {"another key management system is noticed", test_other_kms},
    {"accounts are opened, listed, suspended and resumed", test_accounts},
    {"users are enrolled, listed, disabled, and given passwords", test_users},
    {"a password is asked for twice, and not shown", test_terminal},
    {"a user who is locked is unlocked", test_unlock},
    {"PSDs are listed, shown, revoked, restored, and counted by vendor key", test_devices},
};

int main(void) {
  (void)snprintf(folder, sizeof folder, "/tmp/psd-admin.XXXXXX");
  if (mkdtemp(folder) == NULL)
    return 2;
  (void)snprintf(url, sizeof url, "sqlite:%s/meter.db", folder);
  (void)snprintf(kms, sizeof kms, "%s/kms", folder);
  (void)snprintf(password_file, sizeof password_file, "%s/password", folder);
  int status = psd_check_run("psd-server's operator", tests, PSD_CHECK_COUNT(tests));
  remove_database();
  (void)unlink(password_file);
  (void)rmdir(folder);
  return status;
}
