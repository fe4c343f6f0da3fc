/* Profiles and key files: what they may say, and every way to say it wrong. */
#include "flow/profile.h"
#include "reader_support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static sandbox box;
static psd_error warning, error;

static void make_folder(void) {
  sandbox_create(&box);
}

static void remove_folder(void) {
  sandbox_destroy(&box);
}

static psd_result read_profile(const char *text, psd_profile *profile) {
  error = (psd_error){.result = PSD_OK};
  return psd_profile_read(sandbox_write(&box, "profile", text), profile, &warning, &error);
}

/* The whole profile with one setting replaced or, with a value of NULL, left out; the caller frees it. */
static char *altered(const char *name, const char *value) {
  const char *line = support_profile;
  char *text = malloc(strlen(support_profile) + 1000);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  size_t length = 0;
  while (*line != '\0') {
    size_t whole = (size_t)(strchr(line, '\n') - line) + 1;
    bool replaced = strncmp(line, name, strlen(name)) == 0 && strncmp(line + strlen(name), " =", 2) == 0;
    if (!replaced) {
      memcpy(text + length, line, whole);
      length += whole;
    }
    line += whole;
  }
  text[length] = '\0';
  if (value != NULL)
    (void)snprintf(text + length, 1000, "%s = %s\n", name, value);
  return text;
}

static psd_result with(const char *name, const char *value) {
  psd_profile profile;
  char *text = altered(name, value);
  psd_result result = read_profile(text, &profile);
  free(text);
  psd_profile_wipe(&profile);
  return result;
}

static void whole(void) {
  psd_profile profile;
  CU_ASSERT_EQUAL_FATAL(read_profile(support_profile, &profile), PSD_OK);
  CU_ASSERT_EQUAL(profile.device_id.serial, 42);
  CU_ASSERT_EQUAL(memcmp(profile.device_id.vendor, "PS", 2), 0);
  CU_ASSERT_EQUAL(profile.limits.minimum_postage, 1);
  CU_ASSERT_EQUAL(profile.limits.maximum_postage, 99990);
  CU_ASSERT_EQUAL(profile.limits.maximum_descending, 10000000);
  CU_ASSERT_TRUE(profile.clock_now);
  CU_ASSERT_EQUAL(profile.watchdog.warn_after, 90 * 86400);
  CU_ASSERT_EQUAL(profile.device_key.scheme, 1);
  CU_ASSERT_EQUAL(profile.device_key.pointer, 999);
  CU_ASSERT_EQUAL(profile.device_key.key[31], 0x20);
  CU_ASSERT_EQUAL(profile.vendor_token_key.digits, 5);
  CU_ASSERT_EQUAL(profile.postal_token_key.digits, 8);
  CU_ASSERT_EQUAL(profile.ca_key.identifier, 1);
  CU_ASSERT_EQUAL(profile.rate_key.identifier, UINT32_MAX);
  CU_ASSERT_EQUAL(profile.pin.length, 5);
  CU_ASSERT_FALSE(profile.replace_keys);
  psd_profile_wipe(&profile);
}

/* Every setting: a value it takes and some it does not. */
static void settings(void) {
  static const struct {
    const char *name, *good;
    const char *bad[6];
  } cases[] = {
      {"vendor", "~!", {"P", "PSD", "P\xC3", "\x7F\x7F"}},
      {"model", "A1", {"a b", "1"}},
      {"serial", "FFFFFFFF", {"2A", "0000002G", "00000002A0", "-0000001"}},
      {"funds", "merged", {"Merged", "both", "0"}},
      {"minimum_postage", "0", {"-1", "1.0001", "1.", ".5", "1,5", "1000000000000000"}},
      {"maximum_postage", "999999999999999.999", {"0", "0.000", "x", "1e3", "99999999999999999999"}},
      {"maximum_descending", "5000", {"4999.999", ""}},
      {"minimum_refill", "5000", {"5000.001"}},
      {"maximum_refill", "1", {"0.999", "10000.001"}},
      {"clock",
       "2024-02-29T23:59:59Z",
       {"2023-02-29T00:00:00Z", "2024-13-01T00:00:00Z", "2024-01-01 00:00:00Z", "1969-12-31T23:59:59Z",
        "2024-01-01T24:00:00Z", "2024-01-01T00:00:00"}},
      {"warn_days", "120", {"0", "121", "49711", "1.5", "+1", "18446744073709551617"}},
      {"lock_days", "49710", {"89", "49711"}},
      {"pin_tries", "15", {"0", "16", "three"}},
      {"puk_tries", "1", {"0", "16"}},
      {"minimum_pin", "4", {"3", "6", "17"}},
      {"pin", "0123456789ABCDEF", {"123", "1234", "0123456789ABCDEFG", "1234\xC3\xA4"}},
      {"puk", "abcde", {"123", "abcd", "0123456789ABCDEFG"}},
      {"vendor_key_id", "0", {"4294967296", "-1", "0x1"}},
      {"device_key",
       "FF02030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F20",
       {"00", "FF02030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F2", "K3"}},
      {"device_key_scheme", "1000-key", {"unique", "1001-key"}},
      {"device_key_pointer", "0", {"1000", "-1"}},
      {"vendor_token_pointer", "999", {"1000"}},
      {"postal_token_digits", "2", {"1", "9"}},
      {"ca_key_id", "4294967295", {"4294967296"}},
      {"vendor_token_set", "4294967295", {"0", "4294967296", "x"}},
      {"postal_token_order", "meter", {"Day", "year", "1"}},
      {"evidence_country", "CA", {"C", "CAN"}},
      {"evidence_profiles", "dsa,p256,compact", {"rsa", "p256,", ",p256", "p256 compact", ""}},
      {"evidence_ahead", "0", {"31", "-1"}},
      {"evidence_offset", "-05:00", {"5", "05:00", "-5:00", "+14:01", "+00:60", "+01:00x"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CU_ASSERT_EQUAL(with(cases[i].name, cases[i].good), PSD_OK);
    for (size_t k = 0; k < 6 && cases[i].bad[k] != NULL; k++) {
      CU_ASSERT_EQUAL(with(cases[i].name, cases[i].bad[k]), PSD_BAD_INPUT);
      CU_ASSERT_NOT_EQUAL(error.words[0], '\0');
    }
  }
}

/* What is left out has its default. */
static void evidence(void) {
  psd_profile profile;
  char *text = altered("evidence_offset", "+05:45");
  CU_ASSERT_EQUAL_FATAL(read_profile(text, &profile), PSD_OK);
  CU_ASSERT_TRUE(psd_profile_has(&profile, PSD_OBJECT_EVIDENCE_POLICY));
  CU_ASSERT_EQUAL(profile.evidence_policy.offset, 1440 + 345);
  CU_ASSERT_EQUAL(profile.evidence_policy.profiles, 1U << PSD_PROFILE_P256 | 1U << PSD_PROFILE_COMPACT);
  CU_ASSERT_EQUAL(profile.evidence_policy.ahead, PSD_DATE_AHEAD_MOST);
  CU_ASSERT_EQUAL(memcmp(profile.evidence_policy.country, "US", 2), 0);
  CU_ASSERT_EQUAL(profile.vendor_token_key.set, 1);
  CU_ASSERT_EQUAL(profile.vendor_token_key.order, PSD_TOKEN_BY_DAY);
  psd_profile_wipe(&profile);
  free(text);
  CU_ASSERT_EQUAL(psd_profile_for_manufacture(NULL, &profile, &warning, &error), PSD_OK);
  CU_ASSERT_TRUE(psd_profile_has(&profile, PSD_OBJECT_EVIDENCE_POLICY));
  CU_ASSERT_EQUAL(profile.evidence_policy.offset, PSD_OFFSET_UTC);
  psd_profile_wipe(&profile);
  const char *path = sandbox_write(&box, "profile", "vendor_token_pointer = 1\n");
  CU_ASSERT_EQUAL(psd_profile_for_manufacture(path, &profile, &warning, &error), PSD_BAD_INPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "comes from the key management system"));
}

/* What the card needs has to be there, and what belongs together too; the rest may be left out. */
static void missing(void) {
  static const char *const needed[] = {"funds",
                                       "maximum_postage",
                                       "maximum_descending",
                                       "maximum_refill",
                                       "clock",
                                       "warn_days",
                                       "lock_days",
                                       "pin",
                                       "puk",
                                       "vendor_key",
                                       "device_key",
                                       "device_key_pointer",
                                       "device_key_scheme",
                                       "vendor",
                                       "model",
                                       "serial",
                                       "pin_tries",
                                       "puk_tries",
                                       "minimum_pin",
                                       "vendor_token_pointer",
                                       "vendor_token_key",
                                       "ca_key_id",
                                       "ca_key",
                                       "rate_key"};
  for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
    bool optional = strcmp(needed[i], "ca_key_id") == 0 || strcmp(needed[i], "ca_key") == 0;
    CU_ASSERT_EQUAL(with(needed[i], NULL), optional ? PSD_OK : PSD_BAD_INPUT);
  }
  CU_ASSERT_EQUAL(with("minimum_postage", NULL), PSD_OK);
  CU_ASSERT_EQUAL(with("minimum_refill", NULL), PSD_OK);
  CU_ASSERT_EQUAL(with("postal_token_digits", NULL), PSD_OK);
}

/* A current account has a credit limit, and nothing else has. */
static void credit(void) {
  CU_ASSERT_EQUAL(with("funds", "current-account\ncredit_limit = 250.5"), PSD_OK);
  CU_ASSERT_EQUAL(with("funds", "current-account"), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(with("funds", "merged\ncredit_limit = 250.5"), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(with("funds", "current-account\ncredit_limit = 0"), PSD_BAD_INPUT);
}

static psd_result with_line(const char *line) {
  psd_profile profile;
  char *text = altered("funds", NULL);
  size_t length = strlen(text);
  (void)snprintf(text + length, 1000, "%s\n", line);
  psd_result result = read_profile(text, &profile);
  free(text);
  psd_profile_wipe(&profile);
  return result;
}

static void lines(void) {
  static const char *const good[] = {"funds = merged",
                                     "  funds\t=  merged \t",
                                     "funds=merged",
                                     "funds = merged\r",
                                     "# a comment = \n\n   # another\nfunds = merged\n\n",
                                     "funds = merged\n#\xC3\xA4 no ASCII"};
  static const char *const bad[] = {"funds",
                                    "= merged",
                                    "funds =",
                                    "funds merged",
                                    "funds = merged = merged",
                                    "Funds = merged",
                                    "funds = merged\nfunds = merged",
                                    "funds = mer\x01ged",
                                    "fu\x07nds = merged",
                                    "funds = merged\nanything = else",
                                    "funds = merged # no comment here",
                                    "funds = merged\nfoo",
                                    "=",
                                    "funds = merged\n = "};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    CU_ASSERT_EQUAL(with_line(good[i]), PSD_OK);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CU_ASSERT_EQUAL(with_line(bad[i]), PSD_BAD_INPUT);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "profile, line "));
  }
  CU_ASSERT_EQUAL(with_line("nonsense = 1"), PSD_BAD_INPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "line 30: no setting has this name"));
}

/* What goes wrong is told without repeating secrets. */
static void secrets(void) {
  static const char *const cases[][2] = {{"pin", "secret-secret-secret"},
                                         {"puk", "s\x7F"
                                                 "cret-secret"},
                                         {"device_key", "secret"},
                                         {"vendor_token_key", "secret"},
                                         {"vendor_key", "secret"}};
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CU_ASSERT_EQUAL(with(cases[i][0], cases[i][1]), PSD_BAD_INPUT);
    CU_ASSERT_PTR_NULL(strstr(error.words, "cret"));
  }
}

static void files(void) {
  psd_profile profile;
  static const psd_profile wiped = {0};
  static char large[70000];
  CU_ASSERT_EQUAL(psd_profile_read(sandbox_path(&box, "nothing"), &profile, &warning, &error), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(memcmp(&profile, &wiped, sizeof wiped), 0);
  CU_ASSERT_EQUAL(psd_profile_read(box.path, &profile, &warning, &error), PSD_BAD_INPUT);
  memset(large, '#', sizeof large - 1);
  CU_ASSERT_EQUAL(read_profile(large, &profile), PSD_BAD_INPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "longer than 65536 bytes"));
  large[65536] = '\0'; /* one long comment, and nothing else */
  CU_ASSERT_EQUAL(read_profile(large, &profile), PSD_BAD_INPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "it sets nothing"));
  CU_ASSERT_EQUAL(read_profile("", &profile), PSD_BAD_INPUT);
  int fd = open(sandbox_path(&box, "profile"), O_WRONLY | O_TRUNC);
  CU_ASSERT_EQUAL(write(fd, "pin = 1\0 2\n", 11), 11);
  (void)close(fd);
  CU_ASSERT_EQUAL(psd_profile_read(sandbox_path(&box, "profile"), &profile, &warning, &error), PSD_BAD_INPUT);
  CU_ASSERT_PTR_NOT_NULL(strstr(error.words, "not a text file"));
}

/* Files with secrets that others may read are worth a warning. */
static void modes(void) {
  psd_profile profile;
  psd_host_keys keys;
  static const mode_t warned[] = {0640, 0604, 0644, 0444};
  static const mode_t fine[] = {0600, 0400, 0622};
  const char *path = sandbox_write(&box, "open", support_profile);
  const char *key_path = sandbox_write(&box, "open-keys", support_key_file);
  for (size_t i = 0; i < 4; i++) {
    CU_ASSERT_EQUAL_FATAL(chmod(path, warned[i]) | chmod(key_path, warned[i]), 0);
    CU_ASSERT_EQUAL(psd_profile_read(path, &profile, &warning, &error), PSD_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(warning.words, "chmod 600"));
    CU_ASSERT_EQUAL(psd_host_keys_read(key_path, &keys, &warning, &error), PSD_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(warning.words, "chmod 600"));
  }
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL_FATAL(chmod(path, fine[i]), 0);
    CU_ASSERT_EQUAL(psd_profile_read(path, &profile, &warning, &error), PSD_OK);
    CU_ASSERT_STRING_EQUAL(warning.words, "");
  }
  psd_profile_wipe(&profile);
}

/* SubjectPublicKeyInfo of the generators of P-256 and P-384. */
static const char *const p256_pem = "-----BEGIN PUBLIC KEY-----\n"
                                    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt\n"
                                    "6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==\n"
                                    "-----END PUBLIC KEY-----\n";
static const char *const p384_pem = "-----BEGIN PUBLIC KEY-----\n"
                                    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEqofKIr6LBTeOscce8yCtdG4dO2KLp5uY\n"
                                    "WfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3NhfeSpYmLG9dnpi/kpLcKfj0Hb0omhR8\n"
                                    "6doxE7XwuMAKYLHOHX6BnXpDHXyQ6g5f\n"
                                    "-----END PUBLIC KEY-----\n";

static void points(void) {
  psd_profile profile;
  char text[140];
  (void)sandbox_write(&box, "good.pem", p256_pem);
  (void)sandbox_write(&box, "other.pem", p384_pem);
  (void)sandbox_write(&box, "cut.pem", "-----BEGIN PUBLIC KEY-----\nMFkw\n");
  char *from_pem = altered("vendor_key", "good.pem");
  CU_ASSERT_EQUAL_FATAL(read_profile(from_pem, &profile), PSD_OK);
  psd_check_bytes(profile.vendor_key.point, 65, support_point, "point of a PEM file");
  free(from_pem);
  CU_ASSERT_EQUAL(with("ca_key", sandbox_path(&box, "good.pem")), PSD_OK);
  static const char *const bad[] = {"other.pem", "cut.pem", "none.pem", "04", ".", "profile"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
    CU_ASSERT_EQUAL(with("ca_key", bad[i]), PSD_BAD_INPUT);
  for (size_t at = 0; at < 130; at += 13) { /* a digit changed: not on the curve any more */
    memcpy(text, support_point, 131);
    text[at] = text[at] == '0' ? '1' : '0';
    CU_ASSERT_EQUAL(with("rate_key", text), PSD_BAD_INPUT);
  }
  (void)snprintf(text, sizeof text, "%.66s", support_point);
  text[1] = '3';
  CU_ASSERT_EQUAL(with("rate_key", text), PSD_BAD_INPUT); /* compressed */
  memset(text, '0', 130);
  text[130] = '\0';
  CU_ASSERT_EQUAL(with("rate_key", text), PSD_BAD_INPUT);
  psd_profile_wipe(&profile);
}

static void replaced_keys(void) {
  psd_profile profile;
  (void)sandbox_write(&box, "next", support_key_file);
  (void)sandbox_write(&box, "broken", "version = 1\n");
  CU_ASSERT_EQUAL_FATAL(read_profile("new_keys = next\n", &profile), PSD_OK);
  CU_ASSERT_EQUAL(profile.objects, 0);
  CU_ASSERT_TRUE(profile.replace_keys);
  CU_ASSERT_EQUAL(profile.new_keys.size, 16);
  CU_ASSERT_EQUAL(profile.new_keys.dek[15], 0x6F);
  CU_ASSERT_EQUAL(chmod(sandbox_path(&box, "next"), 0644), 0);
  CU_ASSERT_EQUAL_FATAL(read_profile("new_keys = next\n", &profile), PSD_OK);
  CU_ASSERT_PTR_NOT_NULL(strstr(warning.words, "next holds secrets"));
  CU_ASSERT_EQUAL(read_profile("new_keys = broken\n", &profile), PSD_BAD_INPUT);
  CU_ASSERT_EQUAL(read_profile("new_keys = none\n", &profile), PSD_BAD_INPUT);
}

static psd_result key_file(const char *text) {
  psd_host_keys keys;
  error = (psd_error){.result = PSD_OK};
  return psd_host_keys_read(sandbox_write(&box, "keys", text), &keys, &warning, &error);
}

#define KEY16 "000102030405060708090a0b0c0d0e0f"
#define KEY24 KEY16 "1011121314151617"
#define KEYS(version, enc, mac, dek) "version = " version "\nenc = " enc "\nmac = " mac "\ndek = " dek "\n"

static void key_files(void) {
  static const char *const good[] = {KEYS("127", KEY16, KEY16, KEY16), KEYS("1", KEY24, KEY24, KEY24),
                                     "# none\n\n" KEYS("1", KEY16 KEY16, KEY16 KEY16, KEY16 KEY16)};
  static const char *const bad[] = {KEYS("0", KEY16, KEY16, KEY16),
                                    KEYS("128", KEY16, KEY16, KEY16),
                                    KEYS("0x1", KEY16, KEY16, KEY16),
                                    KEYS("1", KEY16, KEY16, KEY24),
                                    KEYS("1", KEY16 "00", KEY16 "00", KEY16 "00"),
                                    KEYS("1", KEY24 KEY24, KEY16, KEY16),
                                    KEYS("1", "g" KEY16, KEY16, KEY16),
                                    KEYS("1", KEY16, KEY16, KEY16) "dek = " KEY16 "\n",
                                    KEYS("1", KEY16, KEY16, KEY16) "kek = " KEY16 "\n",
                                    "version = 1\nenc = " KEY16 "\nmac = " KEY16 "\n",
                                    ""};
  for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
    CU_ASSERT_EQUAL(key_file(good[i]), PSD_OK);
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    CU_ASSERT_EQUAL(key_file(bad[i]), PSD_BAD_INPUT);
    CU_ASSERT_PTR_NULL(strstr(error.words, "0405"));
  }
}

/* Any byte of a profile changed into any of a few: it is understood or refused, and nothing else happens. */
static void every_byte(void) {
  static const char replacements[] = {'\n', '=', '#', '9', '\xFF', '\x01'};
  size_t length = strlen(support_profile);
  char *text = malloc(length + 1);
  CU_ASSERT_PTR_NOT_NULL_FATAL(text);
  for (size_t at = 0; at < length; at++) {
    for (size_t i = 0; i < sizeof replacements; i++) {
      psd_profile profile = {0};
      psd_profile_reader reader = {.profile = &profile, .path = "profile", .warning = &warning};
      memcpy(text, support_profile, length + 1);
      text[at] = replacements[i];
      psd_result result = psd_settings_parse("profile", text, length, psd_profile_take, &reader, &error);
      if (result == PSD_OK)
        result = psd_profile_check(&reader, &error);
      CU_ASSERT_FATAL(result == PSD_OK || result == PSD_BAD_INPUT);
    }
  }
  free(text);
}

/* Every setting is described, in the manual and in the document. */
static void described(void) {
  static const char *const documents[] = {PSD_MANUAL, PSD_DOCUMENT};
  static char text[65536];
  for (size_t i = 0; i < 2; i++) {
    FILE *file = fopen(documents[i], "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    (void)fclose(file);
    for (size_t k = 0; k < psd_setting_row_count; k++) {
      bool found = strstr(text, psd_setting_rows[k].name) != NULL;
      if (!found)
        fprintf(stderr, "%s says nothing of %s\n", documents[i], psd_setting_rows[k].name);
      CU_ASSERT_TRUE(found);
    }
  }
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(a folder for the files)", make_folder},
      {"a whole profile", whole},
      {"the values of each setting", settings},
      {"what evidence a card makes", evidence},
      {"what has to be there", missing},
      {"current accounts", credit},
      {"lines", lines},
      {"secrets are not repeated", secrets},
      {"files that are none", files},
      {"files that others may read", modes},
      {"public keys", points},
      {"new transport keys", replaced_keys},
      {"key files", key_files},
      {"any byte changed", every_byte},
      {"the documents describe every setting", described},
      {"(the folder is removed)", remove_folder},
  };
  return psd_check_run("reader: profiles", tests, PSD_CHECK_COUNT(tests));
}
