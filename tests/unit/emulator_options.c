/* The command line, endpoints and key files: text that people write. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "emulator/keyfile.h"
#include "emulator/options.h"

#define WORDS_MAX 80

/* Parses a command line that is written with blanks. */
static bool parse(const char *line, psd_options *options, char *wrong) {
  static char words[4096];
  char *argv[WORDS_MAX + 1] = {NULL};
  int argc = 0;
  (void)snprintf(words, sizeof words, "psd-card %s", line);
  for (char *at = words; at != NULL && argc < WORDS_MAX; argc++) {
    argv[argc] = at;
    at = strchr(at, ' ');
    if (at != NULL)
      *at++ = '\0';
  }
  return psd_options_parse(argc, argv, options, wrong);
}

static void test_init(void) {
  psd_options options;
  char wrong[PSD_OPTIONS_WRONG_MAX];
  CU_ASSERT_TRUE_FATAL(parse("init --state a.state --serial 00c0FFee", &options, wrong));
  CU_ASSERT_EQUAL(options.verb, PSD_CARD_VERB_INIT);
  CU_ASSERT_EQUAL(options.serial, 0x00C0FFEE);
  CU_ASSERT_EQUAL(memcmp(options.vendor, "PS", 2), 0);
  CU_ASSERT_EQUAL(memcmp(options.model, "D1", 2), 0);
  CU_ASSERT_PTR_NULL(options.keys);
  CU_ASSERT_STRING_EQUAL(options.states[0], "a.state");
  CU_ASSERT_TRUE_FATAL(
      parse("init --model=XY --vendor AB --serial FFFFFFFF --transport-keys k --state s", &options, wrong));
  CU_ASSERT_EQUAL(options.serial, 0xFFFFFFFF);
  CU_ASSERT_EQUAL(memcmp(options.vendor, "AB", 2), 0);
  CU_ASSERT_EQUAL(memcmp(options.model, "XY", 2), 0);
  CU_ASSERT_STRING_EQUAL(options.keys, "k");
}

static void test_run(void) {
  psd_options options;
  char wrong[PSD_OPTIONS_WRONG_MAX];
  char where[PSD_ENDPOINT_TEXT_MAX];
  CU_ASSERT_TRUE_FATAL(parse("run --state a --state b --trace", &options, wrong));
  psd_endpoint_text(&options.endpoint, where);
  CU_ASSERT_STRING_EQUAL(where, "localhost:35963");
  CU_ASSERT_EQUAL(options.kind, PSD_FRONT_VPCD);
  CU_ASSERT_EQUAL(options.state_count, 2);
  CU_ASSERT_TRUE(options.trace);
  CU_ASSERT_FALSE(options.no_sync);
  CU_ASSERT_TRUE_FATAL(parse("run --state a --listen /run/a --no-sync", &options, wrong));
  CU_ASSERT_EQUAL(options.kind, PSD_FRONT_LISTEN);
  CU_ASSERT_TRUE(options.endpoint.local);
  CU_ASSERT_TRUE(options.no_sync);
  CU_ASSERT_TRUE(parse("--help", &options, wrong) && options.verb == PSD_CARD_VERB_HELP);
  CU_ASSERT_TRUE(parse("run --help", &options, wrong) && options.verb == PSD_CARD_VERB_HELP);
  CU_ASSERT_TRUE(parse("--version", &options, wrong) && options.verb == PSD_CARD_VERB_VERSION);
}

static void test_wrong_lines(void) {
  static const struct {
    const char *line, *says;
  } rows[] = {
      {"", "say init or run"},
      {"start --state a", "say init or run"},
      {"init", "--state FILE is missing"},
      {"init --state a", "--serial HEX8 is missing"},
      {"init --state a --serial 1234567", "eight hexadecimal digits"},
      {"init --state a --serial 123456789", "eight hexadecimal digits"},
      {"init --state a --serial 1234567g", "eight hexadecimal digits"},
      {"init --state a --serial 00000001 --serial 00000002", "--serial is there twice"},
      {"init --state a --state b --serial 00000001", "too many --state"},
      {"init --state a --serial 00000001 --vendor ABC", "two printable ASCII characters"},
      {"init --state a --serial 00000001 --model A\x7F", "two printable ASCII characters"},
      {"init --state a --serial 00000001 --trace", "init takes no --trace"},
      {"run", "--state FILE is missing"},
      {"run --state", "--state needs a value"},
      {"run --state=", "needs the name of a file"},
      {"run --state a --serial 00000001", "run takes no --serial"},
      {"run --state a b", "unexpected 'b'"},
      {"run --state a --fast", "unknown option --fast"},
      {"run --state a -x", "unknown option -x"},
      {"run --state a --vpcd localhost", "--vpcd needs HOST:PORT"},
      {"run --state a --vpcd localhost:0", "--vpcd needs HOST:PORT"},
      {"run --state a --listen localhost:65536", "--listen needs HOST:PORT"},
      {"run --state a --vpcd localhost:1 --listen b", "exclude each other"},
      {"run --state a --state b --vpcd localhost:65535", "more cards than ports"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    psd_options options;
    char wrong[PSD_OPTIONS_WRONG_MAX] = "";
    CU_ASSERT_FALSE(parse(rows[i].line, &options, wrong));
    if (strstr(wrong, rows[i].says) == NULL)
      (void)fprintf(stderr, "%s: wanted '%s', got '%s'\n", rows[i].line, rows[i].says, wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, rows[i].says));
  }
}

static void test_most_cards(void) {
  char line[4096] = "run";
  psd_options options;
  char wrong[PSD_OPTIONS_WRONG_MAX];
  char *argv[2 + 2 * (PSD_OPTIONS_CARDS_MAX + 1) + 1] = {(char[]){"psd-card"}, line};
  int argc = 2;
  char option[] = "--state";
  char value[] = "a";
  for (unsigned i = 0; i < PSD_OPTIONS_CARDS_MAX; i++) {
    argv[argc++] = option;
    argv[argc++] = value;
  }
  CU_ASSERT_TRUE(psd_options_parse(argc, argv, &options, wrong));
  CU_ASSERT_EQUAL(options.state_count, PSD_OPTIONS_CARDS_MAX);
  argv[argc++] = option;
  argv[argc++] = value;
  CU_ASSERT_FALSE(psd_options_parse(argc, argv, &options, wrong));
  CU_ASSERT_PTR_NOT_NULL(strstr(wrong, "too many --state"));
}

static void test_endpoints(void) {
  static const struct {
    const char *text, *first, *third; /* NULL: refused */
  } rows[] = {
      {"localhost:35963", "localhost:35963", "localhost:35965"},
      {":80", "localhost:80", "localhost:82"},
      {"[::1]:80", "[::1]:80", "[::1]:82"},
      {"10.0.0.1:65533", "10.0.0.1:65533", "10.0.0.1:65535"},
      {"10.0.0.1:65534", "10.0.0.1:65534", NULL},
      {"/run/psd:1/a", "/run/psd:1/a", "/run/psd:1/a.2"},
      {"socket", "socket", "socket.2"},
      {"", NULL, NULL},
      {"a:", NULL, NULL},
      {"a:b", NULL, NULL},
      {"a:-1", NULL, NULL},
      {"a:+1", NULL, NULL},
      {"a: 1", NULL, NULL},
      {"a:1x", NULL, NULL},
      {"a:0", NULL, NULL},
      {"a:65536", NULL, NULL},
      {"a:99999999999999999999", NULL, NULL},
      {"::1:80", NULL, NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    psd_endpoint first;
    psd_endpoint third;
    char text[PSD_ENDPOINT_TEXT_MAX];
    bool parsed = psd_endpoint_parse(rows[i].text, &first);
    CU_ASSERT_EQUAL(parsed, rows[i].first != NULL);
    if (!parsed || rows[i].first == NULL)
      continue;
    psd_endpoint_text(&first, text);
    CU_ASSERT_STRING_EQUAL(text, rows[i].first);
    bool has_third = psd_endpoint_nth(&first, 2, &third);
    CU_ASSERT_EQUAL(has_third, rows[i].third != NULL);
    if (!has_third || rows[i].third == NULL)
      continue;
    psd_endpoint_text(&third, text);
    CU_ASSERT_STRING_EQUAL(text, rows[i].third);
  }
}

static void test_long_endpoints(void) {
  char text[400];
  psd_endpoint first;
  psd_endpoint second;
  memset(text, 'p', sizeof text);
  text[PSD_ENDPOINT_PATH_MAX] = '\0';
  CU_ASSERT_TRUE(psd_endpoint_parse(text, &first));
  CU_ASSERT_TRUE(psd_endpoint_nth(&first, 0, &second));
  CU_ASSERT_FALSE(psd_endpoint_nth(&first, 1, &second));
  text[PSD_ENDPOINT_PATH_MAX] = 'p';
  text[PSD_ENDPOINT_PATH_MAX + 1] = '\0';
  CU_ASSERT_FALSE(psd_endpoint_parse(text, &first));
  memset(text, 'h', sizeof text);
  (void)snprintf(text + PSD_ENDPOINT_HOST_MAX, 8, ":80");
  CU_ASSERT_TRUE(psd_endpoint_parse(text, &first));
  memset(text, 'h', sizeof text);
  (void)snprintf(text + PSD_ENDPOINT_HOST_MAX + 1, 8, ":80");
  CU_ASSERT_FALSE(psd_endpoint_parse(text, &first));
}

#define ENC "000102030405060708090A0B0C0D0E0F"
#define MAC "101112131415161718191a1b1c1d1e1f"
#define DEK "202122232425262728292A2B2C2D2E2F"

static void test_key_file(void) {
  static const char text[] = "# a card\n\n  version =\t48 \nmac=" MAC "\r\n enc = " ENC "\ndek = " DEK;
  psd_keyfile keys;
  CU_ASSERT_PTR_NULL_FATAL(psd_keyfile_parse(text, strlen(text), &keys));
  CU_ASSERT_EQUAL(keys.version, 48);
  CU_ASSERT_EQUAL_FATAL(keys.size, 16);
  psd_check_bytes(keys.enc, keys.size, ENC, "enc");
  psd_check_bytes(keys.mac, keys.size, MAC, "mac");
  psd_check_bytes(keys.dek, keys.size, DEK, "dek");
}

static void test_wrong_key_files(void) {
  static const struct {
    const char *text, *says;
  } rows[] = {
      {"", "is missing"},
      {"version = 1\nenc = " ENC "\nmac = " MAC "\n", "is missing"},
      {"enc = " ENC "\nmac = " MAC "\ndek = " DEK "\n", "is missing"},
      {"version = 0\n", "between 1 and 127"},
      {"version = 128\n", "between 1 and 127"},
      {"version = 99999999999999999999\n", "between 1 and 127"},
      {"version = \n", "between 1 and 127"},
      {"version = one\n", "is no number"},
      {"version = 1\nversion = 1\n", "twice"},
      {"enc = " ENC "\nenc = " ENC "\n", "twice"},
      {"enc = 00\n", "32, 48 or 64"},
      {"enc = " ENC "0\n", "32, 48 or 64"},
      {"enc = \n", "32, 48 or 64"},
      {"enc = " ENC "\nmac = " MAC MAC "\n", "differ in length"},
      {"enc = 0001020304050607 8090A0B0C0D0E0F\n", "no hexadecimal digit"},
      {"encoding = " ENC "\n", "none of version, enc, mac and dek"},
      {"= " ENC "\n", "none of version, enc, mac and dek"},
      {"version 1\n", "without '='"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    psd_keyfile keys;
    static const psd_keyfile wiped;
    size_t length = strlen(rows[i].text);
    char *exact = malloc(length > 0 ? length : 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(exact);
    memcpy(exact, rows[i].text, length);
    const char *wrong = psd_keyfile_parse(exact, length, &keys);
    CU_ASSERT_PTR_NOT_NULL_FATAL(wrong);
    if (strstr(wrong, rows[i].says) == NULL)
      (void)fprintf(stderr, "%s: wanted '%s', got '%s'\n", rows[i].text, rows[i].says, wrong);
    CU_ASSERT_PTR_NOT_NULL(strstr(wrong, rows[i].says));
    CU_ASSERT_EQUAL(memcmp(&keys, &wiped, sizeof keys), 0);
    free(exact);
  }
}

static void test_key_file_on_disk(void) {
  char folder[] = "/tmp/psd-keys-XXXXXX";
  char path[64];
  struct stat status;
  psd_keyfile keys = {.version = 127, .size = 32, .enc = {1}, .mac = {2}, .dek = {3}};
  psd_keyfile back;
  CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
  (void)snprintf(path, sizeof path, "%s/keys", folder);
  CU_ASSERT_PTR_NOT_NULL(psd_keyfile_read(path, &back));
  CU_ASSERT_PTR_NULL(psd_keyfile_create(path, &keys));
  CU_ASSERT_TRUE(stat(path, &status) == 0 && (status.st_mode & 0777U) == 0600U);
  CU_ASSERT_PTR_NULL(psd_keyfile_read(path, &back));
  CU_ASSERT_EQUAL(memcmp(&keys, &back, sizeof keys), 0);
  CU_ASSERT_PTR_NOT_NULL(psd_keyfile_create(path, &keys));
  int fd = open(path, O_WRONLY | O_APPEND);
  CU_ASSERT_FATAL(fd >= 0);
  for (unsigned i = 0; i < PSD_KEYFILE_TEXT_MAX; i++)
    CU_ASSERT_EQUAL(write(fd, "\n", 1), 1);
  (void)close(fd);
  CU_ASSERT_STRING_EQUAL(psd_keyfile_read(path, &back), "it is too long for a key file");
  CU_ASSERT_EQUAL(unlink(path), 0);
  CU_ASSERT_EQUAL(rmdir(folder), 0);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"init", test_init},
      {"run", test_run},
      {"every wrong line is answered by what to do", test_wrong_lines},
      {"as many cards as there may be, and one more", test_most_cards},
      {"endpoints, and those of the next cards", test_endpoints},
      {"endpoints at the limit of their length", test_long_endpoints},
      {"a key file", test_key_file},
      {"wrong key files", test_wrong_key_files},
      {"a key file on disk is its owner's, and never overwritten", test_key_file_on_disk},
  };
  return psd_check_run("psd-card's texts", tests, PSD_CHECK_COUNT(tests));
}
