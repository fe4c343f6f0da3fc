/* The meter server's command line and file. */
#include "meter/settings.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "authority/authority.h"
#include "check.h"

#define ARGUMENTS 16U

/* Parses what stands in `line`, joined by blanks; % is the file that holds `text`. */
static psd_meter_order parse(const char *line, const char *text, psd_meter_settings *settings, char *words) {
  char file[] = "/tmp/psd-settings-XXXXXX", all[512] = "run ";
  char *argv[ARGUMENTS], *rest = all;
  int argc = 0, fd = mkstemp(file);
  CU_ASSERT_TRUE_FATAL(fd >= 0);
  CU_ASSERT_EQUAL_FATAL(write(fd, text, strlen(text)), (ssize_t)strlen(text));
  (void)close(fd);
  size_t length = strlen(all);
  for (const char *c = line; *c != '\0'; c++)
    length += (size_t)snprintf(all + length, sizeof all - length, *c == '%' ? "%s" : "%.1s", *c == '%' ? file : c);
  for (char *word; (word = strtok_r(rest, " ", &rest)) != NULL && argc < (int)ARGUMENTS;)
    argv[argc++] = word;
  words[0] = '\0';
  psd_meter_order order = psd_meter_settings_parse(argc, argv, settings, words);
  (void)unlink(file);
  return order;
}

static void test_defaults(void) {
  psd_meter_settings settings;
  char words[PSD_METER_WORDS_MAX];
  CU_ASSERT_EQUAL_FATAL(parse("--db sqlite:x --kms a", "", &settings, words), PSD_METER_RUN);
  CU_ASSERT_STRING_EQUAL(settings.database, "sqlite:x");
  CU_ASSERT_EQUAL(settings.listen.count, 1);
  CU_ASSERT_STRING_EQUAL(settings.listen.at[0], "127.0.0.1:7816");
  CU_ASSERT_EQUAL(settings.suites, PSD_SUITE_P256);
  CU_ASSERT_EQUAL(settings.forward, 1);
  CU_ASSERT_EQUAL(settings.handshake_timeout, 10);
  CU_ASSERT_EQUAL(settings.idle_timeout, 600);
  CU_ASSERT_EQUAL(settings.connections, 20000);
  CU_ASSERT_EQUAL(settings.lock_after, 5);
  CU_ASSERT_EQUAL(settings.log_level, PSD_METER_INFO);
  CU_ASSERT_TRUE(settings.renew_before == 30 && settings.certificate_days == 365);
  CU_ASSERT_TRUE(settings.vetting == PSD_CA_BY_OPERATOR && settings.credit_most == 0);
  CU_ASSERT_TRUE(settings.user_days == 365 && settings.credit_days == 365);
  CU_ASSERT_TRUE(settings.revoke_overdue == 30 && settings.revoke_unpaid == 30);
  CU_ASSERT_TRUE(settings.http[0] == '\0' && settings.public_url[0] == '\0');
}

/* The authority's. */
static void test_authority(void) {
  psd_meter_settings settings;
  char words[PSD_METER_WORDS_MAX];
  CU_ASSERT_EQUAL_FATAL(parse("--db sqlite:x --kms a --vetting=user --credit-most=500.25 --http=8080 "
                              "--public-url=https://ca.example.org/psd --revoke-unpaid=0 --config %",
                              "user-days = 30\ncredit-days = 10\nrevoke-overdue = 7\nvetting = operator\n", &settings,
                              words),
                        PSD_METER_RUN);
  CU_ASSERT_TRUE(settings.vetting == PSD_CA_BY_USER && settings.credit_most == 500250);
  CU_ASSERT_TRUE(settings.user_days == 30 && settings.credit_days == 10);
  CU_ASSERT_TRUE(settings.revoke_overdue == 7 && settings.revoke_unpaid == 0);
  CU_ASSERT_STRING_EQUAL(settings.http, "8080");
  CU_ASSERT_STRING_EQUAL(settings.public_url, "https://ca.example.org/psd");
}

/* The command line wins; a list on it takes the place of the file's. */
static void test_file(void) {
  static const char text[] = "# the server\n\n  db = sqlite:y \r\nkms=b\nkms = c\nforward = no\nsuites = p256,shared\n"
                             "idle-timeout = 7\nlog-level = debug";
  psd_meter_settings settings;
  char words[PSD_METER_WORDS_MAX];
  CU_ASSERT_EQUAL_FATAL(parse("--config %", text, &settings, words), PSD_METER_RUN);
  CU_ASSERT_STRING_EQUAL(settings.database, "sqlite:y");
  CU_ASSERT_TRUE(settings.kms.count == 2 && strcmp(settings.kms.at[1], "c") == 0);
  CU_ASSERT_EQUAL(settings.forward, 0);
  CU_ASSERT_EQUAL(settings.suites, PSD_SUITE_P256 | PSD_SUITE_SHARED);
  CU_ASSERT_EQUAL(settings.log_level, PSD_METER_DEBUG);
  CU_ASSERT_EQUAL_FATAL(parse("--idle-timeout=8 --kms a --config % --forward", text, &settings, words), PSD_METER_RUN);
  CU_ASSERT_TRUE(settings.kms.count == 1 && strcmp(settings.kms.at[0], "a") == 0);
  CU_ASSERT_EQUAL(settings.idle_timeout, 8);
  CU_ASSERT_EQUAL(settings.forward, 1);
}

static void test_wrong(void) {
  static const struct {
    const char *line, *text, *words;
  } cases[] = {
      {"--kms a", "", "--db URL is missing"},
      {"--db sqlite:x", "", "--kms PATH is missing"},
      {"--db meter.db --kms a", "", "--db is sqlite:FILE or postgresql://"},
      {"--db", "", "--db needs a value"},
      {"--db sqlite:x --db sqlite:y --kms a", "", "--db is there twice"},
      {"--db= --kms a", "", "db needs 1 to 511 printable characters"},
      {"nonsense", "", "unexpected 'nonsense'"},
      {"--d x", "", "unknown option --d"},
      {"--db sqlite:x --kms a --certificate-days 0", "", "certificate-days needs a number from 1 to 1096"},
      {"--db sqlite:x --kms a --certificate-days 30", "", "renew-before is not shorter than certificate-days"},
      {"--db sqlite:x --kms a --workers 0", "", "workers needs a number from 1 to 64"},
      {"--db sqlite:x --kms a --workers 1x", "", "workers needs a number"},
      {"--db sqlite:x --kms a --workers -1", "", "workers needs a number"},
      {"--db sqlite:x --kms a --workers 99999999999999999999999", "", "workers needs a number"},
      {PSD_CLASSIC ? "--db sqlite:x --kms a --suites classical" : "--db sqlite:x --kms a --suites classic", "",
       "suites needs a list"},
      {"--db sqlite:x --kms a --suites p256,", "", "suites needs a list"},
      {"--db sqlite:x --kms a --log-level loud", "", "log-level needs"},
      {"--db sqlite:x --kms a --lock-first 10 --lock-most 9", "", "lock-first is longer"},
      {"--db sqlite:x --kms a --vetting nobody", "", "vetting needs operator or user"},
      {"--db sqlite:x --kms a --credit-most much", "", "credit-most needs an amount"},
      {"--db sqlite:x --kms a --credit-most -1", "", "credit-most needs an amount"},
      {"--db sqlite:x --kms a --user-days 0", "", "user-days needs a number from 1 to 1096"},
      {"--db sqlite:x --kms a --public-url ca.example.org", "", "public-url is an address"},
      {"--db sqlite:x --kms a --public-url http://ca|example", "", "public-url is an address"},
      {"--config %", "db = sqlite:x\nkms\n", ":2: name = value is wanted"},
      {"--config %", "db = sqlite:x\n\n nothing = 1\n", ":3: there is no setting 'nothing'"},
      {"--config %", "config = x\n", ":1: there is no setting 'config'"},
      {"--config %", "db = sqlite:x\ndb = y\n", ":2: db is there twice"},
      {"--config %", "forward = perhaps\n", ":1: forward needs yes or no"},
      {"--config %x", "", "No such file"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    psd_meter_settings settings;
    char words[PSD_METER_WORDS_MAX];
    CU_ASSERT_EQUAL(parse(cases[i].line, cases[i].text, &settings, words), PSD_METER_WRONG);
    if (strstr(words, cases[i].words) == NULL)
      (void)fprintf(stderr, "'%s' is not in '%s'\n", cases[i].words, words);
    CU_ASSERT_PTR_NOT_NULL(strstr(words, cases[i].words));
  }
}

static void test_help(void) {
  psd_meter_settings settings;
  char words[PSD_METER_WORDS_MAX];
  CU_ASSERT_EQUAL(parse("--db sqlite:x --help", "", &settings, words), PSD_METER_HELP);
}

static void test_reload(void) {
  psd_meter_settings settings, fresh;
  char words[PSD_METER_WORDS_MAX];
  CU_ASSERT_EQUAL_FATAL(parse("--db sqlite:x --kms a", "", &settings, words), PSD_METER_RUN);
  CU_ASSERT_EQUAL_FATAL(
      parse("--db sqlite:y --kms b --connections 3 --realm r --listen h:1 --http 1 --vetting user", "", &fresh, words),
      PSD_METER_RUN);
  psd_meter_settings_reload(&settings, &fresh, words);
  CU_ASSERT_STRING_EQUAL(words, "db, listen, realm, http");
  CU_ASSERT_STRING_EQUAL(settings.database, "sqlite:x");
  CU_ASSERT_STRING_EQUAL(settings.kms.at[0], "b");
  CU_ASSERT_EQUAL(settings.connections, 3);
  CU_ASSERT_EQUAL(settings.vetting, PSD_CA_BY_USER);
  fresh = settings;
  psd_meter_settings_reload(&settings, &fresh, words);
  CU_ASSERT_STRING_EQUAL(words, "");
}

int main(void) {
  static const psd_check_test tests[] = {
      {"what is so unless it is said otherwise", test_defaults},
      {"the file, and the command line before it", test_file},
      {"the authority's", test_authority},
      {"what is wrong, and where", test_wrong},
      {"--help", test_help},
      {"another reading", test_reload},
  };
  return psd_check_run("server settings", tests, PSD_CHECK_COUNT(tests));
}
