/* The psd command as people and scripts meet it: on a card behind a socket, and on a terminal. */
#include "emulator/front.h"
#include "psd/program/json.h"
#include "reader_json.h"
#include "reader_program.h"
#include "reader_support.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static struct {
  rig r;
  sandbox box;
  psd_front *front;
  FILE *log;
} bench;

static void set_up(void) {
  rig_create(&bench.r);
  sandbox_create(&bench.box);
  psd_card_power_off(bench.r.card);
  (void)snprintf(program_socket, sizeof program_socket, "%s/card", bench.box.path);
  bench.log = tmpfile();
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = bench.r.card, .name = "card", .log = bench.log};
  CU_ASSERT_PTR_NOT_NULL_FATAL(bench.log);
  CU_ASSERT_TRUE_FATAL(psd_endpoint_parse(program_socket, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &bench.front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(bench.front));
  (void)sandbox_write(&bench.box, "keys", support_key_file);
  (void)sandbox_write(&bench.box, "profile", support_profile);
  /* No pcscd but this one, which is not there. */
  CU_ASSERT_EQUAL_FATAL(setenv("PCSCLITE_CSOCK_NAME", "/nowhere/pcscd", 1), 0);
}

static void tear_down(void) {
  psd_front_close(bench.front);
  (void)fclose(bench.log);
  sandbox_destroy(&bench.box);
  rig_destroy(&bench.r);
}

static void usage(void) {
  static const char *const lines[] = {"",
                                      "frobnicate",
                                      "info extra",
                                      "--nonsense",
                                      "info --nonsense",
                                      "list --wait",
                                      "list --wait x",
                                      "list --wait -1",
                                      "list --wait 86401",
                                      "log --count 0",
                                      "cert revoke --slot 1 --reason hold --server 127.0.0.1:1 --user anna",
                                      "log --count 255",
                                      "log --count 1x",
                                      "info --keys x",
                                      "pin",
                                      "pin status x",
                                      "pin sing --card @",
                                      "label",
                                      "label a b",
                                      "apdu",
                                      "apdu 0",
                                      "apdu xx --card @",
                                      "trace",
                                      "trace 00 --atr 3B",
                                      "trace zz",
                                      "trace 00A40000 9",
                                      "trace 00 00 00",
                                      "trace --atr x",
                                      "personalize",
                                      "personalize --keys x",
                                      "personalize --profile x",
                                      "audit",
                                      "audit --server x",
                                      "audit --user x",
                                      "audit --server x --user x",
                                      "audit --server x --user x --suite des",
                                      "audit --server x --user x --suite p256,rsa",
                                      "audit --server x --user x --kms x",
                                      "register --user x",
                                      "password --server x",
                                      "manufacture",
                                      "manufacture --kms x",
                                      "manufacture --server x",
                                      "manufacture --kms x --server x --count 1",
                                      "manufacture --kms x --server x --count 0 --state-dir x",
                                      "manufacture --kms x --server x --state-dir x",
                                      "manufacture --kms x --server x --first-serial 00000001",
                                      "manufacture --kms x --server x --count 1 --state-dir x --keys x",
                                      "manufacture --kms x --server x --count 1 --state-dir x --serial 00000001",
                                      "manufacture --kms x --server x --serial 1",
                                      "manufacture --kms x --server x --serial 0000000G",
                                      "manufacture --kms x --server x --scheme 1000",
                                      "manufacture --kms x --server x --suites p256,",
                                      "info --reader a --card b",
                                      "info --card @ --wait 1",
                                      "list --card"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    CU_ASSERT_EQUAL(psd("", lines[i]), 2);
    CU_ASSERT_TRUE(complained("--help"));
    CU_ASSERT_STRING_EQUAL(out, "");
  }
  CU_ASSERT_EQUAL(psd("", "refill -50.00"), 2);
  CU_ASSERT_TRUE(complained("there is no option -50.00"));
  CU_ASSERT_EQUAL(psd("", "pin verify 12345"), 2);
  CU_ASSERT_TRUE(complained("never taken from the command line"));
  char label[100];
  (void)snprintf(label, sizeof label, "label %065d", 0);
  CU_ASSERT_EQUAL(psd("", label), 2);
}

static void help(void) {
  static const char *const verbs[] = {"list",     "info",        "pin",   "personalize", "audit",      "register",
                                      "password", "manufacture", "log",   "self-test",   "label",      "apdu",
                                      "trace",    "indicium",    "rates", "tokens",      "certificate"};
  CU_ASSERT_EQUAL(psd("", "--help"), 0);
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    char line[64], usage_line[64];
    CU_ASSERT_EQUAL(psd("", "--help"), 0);
    CU_ASSERT_TRUE(said(verbs[i]));
    (void)snprintf(line, sizeof line, "%s --help", verbs[i]);
    (void)snprintf(usage_line, sizeof usage_line, "usage: psd %s", verbs[i]);
    CU_ASSERT_EQUAL(psd("", line), 0);
    CU_ASSERT_TRUE(said(usage_line));
    CU_ASSERT_STRING_EQUAL(err, "");
  }
  CU_ASSERT_EQUAL(psd("", "--version"), 0);
  CU_ASSERT_TRUE(said("psd 0."));
}

static void trace(void) {
  CU_ASSERT_EQUAL(psd("", "trace 00:A4~04~00~05:F050534401 6A82"), 0);
  CU_ASSERT_TRUE(said("> SELECT") && said("< 6A82 file or application not found"));
  CU_ASSERT_EQUAL(psd("", "trace 002000810431323334"), 0);
  CU_ASSERT_TRUE(said("VERIFY") && said("secret"));
  CU_ASSERT_PTR_NULL(strstr(out, "31323334"));
  CU_ASSERT_EQUAL(psd("", "trace --json 00CADF2300 9000"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"command\"") && said("\"answer\""));
  CU_ASSERT_EQUAL(psd("", "trace --atr 3B8F8131FE458031F873F621DB8101F5F05053440171"), 0);
  CU_ASSERT_TRUE(said("check byte, right"));
  CU_ASSERT_EQUAL(psd("", "trace --json --atr 3B8F"), 0);
  CU_ASSERT_TRUE(json_valid(out));
}

static void out_of_reach(void) {
  static const char *const verbs[] = {"list", "info", "pin status", "log", "self-test", "apdu 00A40000"};
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    char line[128];
    CU_ASSERT_EQUAL(psd("", verbs[i]), 3);
    CU_ASSERT_TRUE(complained("pcscd is not running: start it with"));
    (void)snprintf(line, sizeof line, "--card /nowhere/card %s", verbs[i]);
    CU_ASSERT_EQUAL(psd("", line), 3);
    CU_ASSERT_TRUE(complained("no card at /nowhere/card"));
  }
}

static int personalize(const char *keys, const char *profile, const char *more) {
  char line[512];
  (void)snprintf(line, sizeof line, "personalize --card @ --keys %s --profile %s %s", sandbox_path(&bench.box, keys),
                 sandbox_path(&bench.box, profile), more);
  return psd("", line);
}

/* A card may say anything; between two commands nobody else has it. */
static void hostile_text(void) {
  psd_card_power_on(bench.r.card);
  rig_put_object(&bench.r, PSD_OBJECT_DEVICE_ID, "\x1B[\x9Bm\0\0\0\1", 8);
  rig_put_object(&bench.r, PSD_OBJECT_LABEL, "a\xC2\x9B[J", 5);
  psd_card_power_off(bench.r.card);
  CU_ASSERT_EQUAL(psd("", "list --card @"), 0);
  CU_ASSERT_TRUE(said("\\x1B[ \\x9Bm 00000001"));
  CU_ASSERT_EQUAL(psd("", "info --card @"), 0);
  CU_ASSERT_TRUE(said("a\\xC2\\x9B[J"));
  CU_ASSERT_EQUAL(psd("", "info --card @ --json"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"a\\u009b[J\""));
  CU_ASSERT_EQUAL(psd("", "list --card /nowhere/\x1B[2J"), 3);
  CU_ASSERT_TRUE(complained("/nowhere/\\x1B[2J"));
}

static void before_personalization(void) {
  CU_ASSERT_EQUAL(psd("", "list --card @"), 0);
  CU_ASSERT_TRUE(said("PB S1 00C0FFEE"));
  CU_ASSERT_EQUAL(psd("", "info --card @"), 0);
  CU_ASSERT_TRUE(said("manufactured: transport keys only"));
  CU_ASSERT_EQUAL(psd("", "pin status --card @"), 0);
  CU_ASSERT_TRUE(said("PIN: none yet") && said("PUK: none yet"));
  CU_ASSERT_EQUAL(psd("12345\n", "pin verify --card @ --pin-file -"), 1);
  CU_ASSERT_TRUE(complained("6984") && complained("personalise it first"));
}

static void personalization(void) {
  (void)sandbox_write(&bench.box, "other-keys",
                      "version = 1\nenc = 000102030405060708090a0b0c0d0e0f\nmac = 000102030405060708090a0b0c0d0e0f\n"
                      "dek = 000102030405060708090a0b0c0d0e0f\n");
  (void)sandbox_write(&bench.box, "other-profile", "pin = 1\n");
  CU_ASSERT_EQUAL(personalize("none", "profile", ""), 1);
  CU_ASSERT_TRUE(complained("cannot be opened"));
  CU_ASSERT_EQUAL(personalize("keys", "other-profile", ""), 1);
  CU_ASSERT_TRUE(complained("other-profile, line 1: pin has 4 to 16 characters"));
  CU_ASSERT_EQUAL(personalize("other-keys", "profile", ""), 1);
  CU_ASSERT_TRUE(complained("does not hold these keys") && complained("--keys"));
  CU_ASSERT_EQUAL(personalize("keys", "profile", "--json"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"state\": \"INITIALIZED\"") && said("\"serial\": \"0000002A\""));
  CU_ASSERT_STRING_EQUAL(err, "");
  CU_ASSERT_EQUAL(personalize("keys", "profile", ""), 1);
  CU_ASSERT_TRUE(complained("STORE DATA: 6985") && complained("personalised already"));
}

static void shown(void) {
  static const char *const verbs[] = {
      "list", "info", "pin status", "log", "log --count 1", "self-test", "apdu 00A4040005F05053440100 00CADF2000"};
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    char line[128];
    (void)snprintf(line, sizeof line, "%s --card @", verbs[i]);
    CU_ASSERT_EQUAL(psd("", line), 0);
    CU_ASSERT_NOT_EQUAL(out[0], '\0');
    (void)snprintf(line, sizeof line, "%s --json --card @", verbs[i]);
    CU_ASSERT_EQUAL(psd("", line), 0);
    CU_ASSERT_TRUE(json_valid(out));
    CU_ASSERT_STRING_EQUAL(err, "");
  }
  CU_ASSERT_EQUAL(psd("", "info --json --card @"), 0);
  CU_ASSERT_TRUE(said("\"maximum_postage\": \"99.99\"") && said("\"maximum_postage_mills\": 99990"));
  CU_ASSERT_TRUE(said("\"state\": \"INITIALIZED\"") && said("\"mode\": \"separate\"") && said("\"pin_set\": true"));
  CU_ASSERT_TRUE(said("\"K1\"") && said("\"rate\""));
  CU_ASSERT_EQUAL(psd("", "info --card @"), 0);
  CU_ASSERT_TRUE(said("90 days") && said("K1 + K3 + vendor token + postal token + CA + rate") && said("99.99"));
  CU_ASSERT_EQUAL(psd("", "log --card @ --count 1"), 0);
  CU_ASSERT_TRUE(said("life cycle state changed"));
  CU_ASSERT_PTR_NULL(strstr(out, "manufactured"));
}

static void raw_commands(void) {
  CU_ASSERT_EQUAL(psd("", "apdu --card @ 00A4040005F053534401"), 1);
  CU_ASSERT_TRUE(said("< 6A82") && complained("6A82"));
  CU_ASSERT_EQUAL(psd("", "apdu --card @ 00A4040005F053534401 00A4040005F05053440100"), 0);
  CU_ASSERT_TRUE(said("< 6A82") && said("< 6F"));
  CU_ASSERT_EQUAL(psd("", "apdu --card @ 00A4040C05F050534401 00200081053132333435"), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "3132333435"));
  CU_ASSERT_EQUAL(psd("", "apdu --card @ 00"), 1);
  CU_ASSERT_TRUE(complained("a socket carries commands"));
}

static void pin_from_file(void) {
  CU_ASSERT_EQUAL(psd("12345\n", "pin verify --card @ --pin-file -"), 0);
  CU_ASSERT_TRUE(said("PIN verified"));
  CU_ASSERT_EQUAL(psd("99999\n", "pin verify --card @ --pin-file -"), 1);
  CU_ASSERT_TRUE(complained("63C2") && complained("tries left: 2"));
  CU_ASSERT_EQUAL(psd("12345\r\n54321", "pin change --card @ --pin-file -"), 0);
  CU_ASSERT_EQUAL(psd("54321\n1234\n", "pin change --card @ --pin-file -"), 1); /* shorter than the policy */
  CU_ASSERT_TRUE(complained("6A80") && complained("psd info"));
  static const char *const bad[] = {
      "", "\n", "54321", "54321\n\n", "123\n54321\n", "54321\n12345678901234567\n", "54321\n1234\x01\n"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CU_ASSERT_EQUAL(psd(bad[i], "pin change --card @ --pin-file -"), 1);
    CU_ASSERT_TRUE(complained("PIN"));
  }
  char line[256];
  const char *path = sandbox_write(&bench.box, "pin", "54321\n");
  (void)snprintf(line, sizeof line, "pin verify --card @ --json --pin-file %s", path);
  CU_ASSERT_EQUAL(psd("", line), 0);
  CU_ASSERT_TRUE(json_valid(out));
  for (int tries = 2; tries >= 0; tries--)
    CU_ASSERT_EQUAL(psd("00000\n", "pin verify --card @ --pin-file -"), 1);
  CU_ASSERT_EQUAL(psd("54321\n", "pin verify --card @ --pin-file -"), 1);
  CU_ASSERT_TRUE(complained("6983") && complained("psd pin unblock"));
  CU_ASSERT_EQUAL(psd("", "pin status --card @"), 0);
  CU_ASSERT_TRUE(said("PIN: 0 tries left (blocked)"));
  CU_ASSERT_EQUAL(psd("87654321\n12345\n", "pin unblock --card @ --pin-file -"), 0);
  CU_ASSERT_EQUAL(psd("12345\n", "pin verify --card @ --pin-file -"), 0);
}

static void labels(void) {
  CU_ASSERT_EQUAL(psd("12345\n", "label --card @ --pin-file - T\xC3\xBCr~\"1\"\\"), 0);
  CU_ASSERT_EQUAL(psd("", "info --card @ --json"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"label\": \"T\xC3\xBCr \\\"1\\\"\\\\\""));
  CU_ASSERT_EQUAL(psd("12345\n", "label --card @ --pin-file - \xC3"), 1);
  CU_ASSERT_TRUE(complained("6A80"));
  CU_ASSERT_EQUAL(psd("00000\n", "label --card @ --pin-file - x"), 1);
  CU_ASSERT_TRUE(complained("63C2"));
  CU_ASSERT_EQUAL(psd("12345\n", "label --card @ --pin-file - _"), 0);
}

/* Text that no JSON may hold as it is. */
static void json_text(void) {
  uint8_t bytes[768];
  FILE *file = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(file);
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (uint8_t)(i < 256 ? i : i < 512 ? (i & 1 ? 0xBF : i) : i * 37);
  psd_json json = psd_json_on(file);
  psd_json_array(&json, NULL);
  for (size_t at = 0; at < sizeof bytes; at += 3)
    psd_json_text(&json, NULL, bytes + at, sizeof bytes - at < 40 ? sizeof bytes - at : 40);
  psd_json_object(&json, NULL);
  psd_json_end_object(&json);
  psd_json_array(&json, NULL);
  psd_json_end_array(&json);
  psd_json_number(&json, NULL, UINT64_MAX);
  psd_json_end_array(&json);
  (void)slurp(file, out, sizeof out);
  CU_ASSERT_TRUE(json_valid(out) && said("18446744073709551615") && said("\\ufffd"));
}

static void asked_on_a_terminal(void) {
  pid_t child;
  out[0] = '\0';
  int master = on_terminal("pin change --card @", &child);
  CU_ASSERT_TRUE_FATAL(wait_for(master, "old PIN: "));
  type(master, "12345\n");
  CU_ASSERT_TRUE_FATAL(wait_for(master, "\nnew PIN: "));
  type(master, "67890\n");
  CU_ASSERT_TRUE_FATAL(wait_for(master, "again, new PIN: "));
  type(master, "67890\n");
  CU_ASSERT_TRUE(wait_for(master, "PIN changed"));
  CU_ASSERT_EQUAL(finish(child), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "12345"));
  CU_ASSERT_PTR_NULL(strstr(out, "67890"));
  CU_ASSERT_TRUE(echoes(master));
  (void)close(master);

  out[0] = '\0';
  master = on_terminal("pin change --card @", &child);
  CU_ASSERT_TRUE_FATAL(wait_for(master, "old PIN: "));
  type(master, "67890\n");
  CU_ASSERT_TRUE_FATAL(wait_for(master, "\nnew PIN: "));
  type(master, "11111\n");
  CU_ASSERT_TRUE_FATAL(wait_for(master, "again, new PIN: "));
  type(master, "11112\n");
  CU_ASSERT_TRUE(wait_for(master, "nothing was changed"));
  CU_ASSERT_EQUAL(finish(child), 1);
  (void)close(master);
}

/* Stopped at the prompt and continued (at once: there is no shell to do it), psd asks again, still without echo. */
static void stopped(void) {
  pid_t child;
  out[0] = '\0';
  int master = on_terminal("pin verify --card @", &child);
  CU_ASSERT_TRUE_FATAL(wait_for(master, "PIN: "));
  type(master, "\x1A");
  CU_ASSERT_TRUE_FATAL(wait_for(master, "PIN: \r\nPIN: "));
  CU_ASSERT_FALSE(echoes(master));
  type(master, "67890\n");
  CU_ASSERT_TRUE(wait_for(master, "PIN verified"));
  CU_ASSERT_EQUAL(finish(child), 0);
  (void)close(master);
}

/* Interrupted at the prompt, psd ends as by any signal, and the terminal echoes again. */
static void interrupted(void) {
  pid_t child;
  int status = 0;
  out[0] = '\0';
  int master = on_terminal("pin verify --card @", &child);
  CU_ASSERT_TRUE_FATAL(wait_for(master, "PIN: "));
  CU_ASSERT_FALSE(echoes(master));
  type(master, "\x03");
  CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
  CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  CU_ASSERT_TRUE(echoes(master));
  (void)close(master);
}

/* Nobody behind the addresses of servers: exit status 3, and whole JSON all the same. */
static void servers_out_of_reach(void) {
  static const char *const verbs[] = {"audit", "register", "password"};
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    char line[128];
    (void)snprintf(line, sizeof line, "%s --card @ --server 127.0.0.1:1 --user anna --password-file -", verbs[i]);
    CU_ASSERT_EQUAL(psd("secret\nnext\n", line), 3);
    CU_ASSERT_TRUE(complained("no meter server at 127.0.0.1:1") && complained("psd-server"));
    CU_ASSERT_PTR_NULL(strstr(err, "secret"));
    CU_ASSERT_EQUAL(psd("", line), 1);
    CU_ASSERT_TRUE(complained("the password is missing"));
  }
  CU_ASSERT_EQUAL(psd("x\n", "audit --json --card @ --server 127.0.0.1:1 --user anna --password-file -"), 3);
  CU_ASSERT_TRUE(json_valid(out) && said("\"refused\""));
  CU_ASSERT_EQUAL(psd("", "manufacture --card @ --kms /nowhere/kms --server /nowhere/control"), 3);
  CU_ASSERT_TRUE(complained("no key management system at /nowhere/kms"));
}

/* A file that was to be made leaves nothing behind when the card is not reached, or the PIN is missing. */
static void nothing_left(void) {
  static const char *const verbs[] = {"sign /dev/null", "postmark /dev/null", "pay --last", "agent issue --last"};
  char folder[128], line[256];
  (void)snprintf(folder, sizeof folder, "%s/left", bench.box.path);
  CU_ASSERT_EQUAL_FATAL(mkdir(folder, S_IRWXU), 0);
  for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
    (void)snprintf(line, sizeof line, "%s -o %s/out --pin-file - --card /nowhere/card", verbs[i], folder);
    CU_ASSERT_EQUAL(psd("12345678\n", line), 3);
    CU_ASSERT_EQUAL(psd("", line), 1);
  }
  CU_ASSERT_EQUAL(rmdir(folder), 0); /* there is nothing in it */
}

/* Output that cannot be written is no success, though all was done: that is said. */
static void full_disk(void) {
  char *arguments[] = {(char *)(uintptr_t)PSD_PROGRAM, (char *)(uintptr_t) "--version", NULL};
  static const char words[] = "psd: standard output cannot be written; it was done\n";
  char said_there[sizeof words + 1];
  posix_spawn_file_actions_t actions;
  pid_t child;
  FILE *complaints = tmpfile();
  CU_ASSERT_PTR_NOT_NULL_FATAL(complaints);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_init(&actions), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_addopen(&actions, 1, "/dev/full", O_WRONLY, 0), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn_file_actions_adddup2(&actions, fileno(complaints), 2), 0);
  CU_ASSERT_EQUAL_FATAL(posix_spawn(&child, PSD_PROGRAM, &actions, NULL, arguments, environ), 0);
  (void)posix_spawn_file_actions_destroy(&actions);
  CU_ASSERT_EQUAL(finish(child), 1);
  rewind(complaints);
  CU_ASSERT_EQUAL(fread(said_there, 1, sizeof said_there, complaints), sizeof words - 1);
  CU_ASSERT_NSTRING_EQUAL(said_there, words, sizeof words - 1);
  (void)fclose(complaints);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(a card at a socket)", set_up},
      {"wrong usage", usage},
      {"help", help},
      {"trace", trace},
      {"nothing in reach", out_of_reach},
      {"a blank card", before_personalization},
      {"personalisation", personalization},
      {"what is shown", shown},
      {"raw commands", raw_commands},
      {"PIN and PUK from a file", pin_from_file},
      {"labels", labels},
      {"text in JSON", json_text},
      {"the PIN on a terminal", asked_on_a_terminal},
      {"stopped at the prompt", stopped},
      {"interrupted at the prompt", interrupted},
      {"servers out of reach", servers_out_of_reach},
      {"nothing is left of a file that was begun", nothing_left},
      {"output that cannot be written", full_disk},
      {"what works on a terminal is taken out", hostile_text},
      {"(the card is taken away)", tear_down},
  };
  return psd_check_run("reader: psd", tests, PSD_CHECK_COUNT(tests));
}
