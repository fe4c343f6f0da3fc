/* What an operator does to the meter server's database, as people and scripts meet it; before it, the parts: passwords
 * and calls to the key management system. */
#define _XOPEN_SOURCE 700 /* posix_openpt */
#include "admin_support.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/evp.h"
#include "crypto/password.h"
#include "wire/call.h"

static bool password_is(const char *password) {
  uint8_t verifier[32];
  psd_user_row user;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_user_find(db, "alice", &user), PSD_DB_DONE);
  CU_ASSERT(psd_password_stretch(PSD_PASSWORD_REALM, "alice", password, strlen(password), 8192, 1, 1, verifier));
  bool same = psd_db_user_check(&user, verifier);
  close_store(db);
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
  static psd_wire_answer answer;
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
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "DB", "KMS", "4711", "-200"), 2);
  CU_ASSERT(has(err, "there is no option -200"));
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
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "PS D1 2A", "DB"), 2);
  CU_ASSERT_EQUAL(ADMIN("meter", "revoke", "PS", "D1", "0000002G", "DB"), 2);
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
  CU_ASSERT_EQUAL(ADMIN("account", "create", "1000", "Again", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "already"));
  CU_ASSERT_EQUAL(ADMIN("account", "create", "2000", "", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("account", "create", "2000", "Bell\a", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("account", "suspend", "1000", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "1000             suspended           0.00           0.00           0.00 Bäckerei Ähre"));
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
  CU_ASSERT(has(err, "account create"));
  CU_ASSERT_EQUAL(
      ADMIN("user", "add", "012345678901234567890123456789012", "--account", "1000", "DB", "KMS", "PASSWORD"), 1);
  write_file(password_file, "");
  CU_ASSERT_EQUAL(ADMIN("user", "passwd", "alice", "DB", "KMS", "PASSWORD"), 1);
  write_file(password_file, "battery staple");
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
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "5 3000-01-01 00:00:00 UTC"));
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"failures\": 5,\n    \"locked_until_seconds\": 32503680000"));
  CU_ASSERT_EQUAL(ADMIN("user", "unlock", "alice", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("user", "list", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"failures\": 0,\n    \"locked_until_seconds\": 0"));
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
};

int main(void) {
  return admin_tests("psd-server's operator", tests, PSD_CHECK_COUNT(tests));
}
