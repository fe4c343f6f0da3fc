/* psd indicium, rates and certificate as people and scripts meet them: on a card behind a socket. */
#include "emulator/front.h"
#include "evidence.h"
#include "issuer.h"
#include "measure.h"
#include "psd/reader/evidence.h"
#include "reader_json.h"
#include "reader_program.h"
#include "reader_support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIN RIG_PIN "\n"
#define LETTER "--class first --weight 28g --to 90210-1234"

static struct {
  rig r;
  sandbox box;
  psd_front *front;
  FILE *log;
} bench;

/* One that is X.509 as psd info wants it. */
static void certify(void) {
  uint8_t der[ISSUER_MAX];
  EVP_PKEY *key = issuer_key("P-256");
  const issuer_wish wish = {.authority = key, .subject = key, .number = 77};
  size_t length = issuer_certify(&wish, der);
  rig_put_object(&bench.r, PSD_OBJECT_CERTIFICATE, der, length);
  EVP_PKEY_free(key);
}

static void set_up(void) {
  evidence_begin(&bench.r);
  certify();
  sandbox_create(&bench.box);
  psd_card_power_off(bench.r.card);
  (void)snprintf(program_socket, sizeof program_socket, "%s/card", bench.box.path);
  bench.log = tmpfile();
  psd_front_config config = {.kind = PSD_FRONT_LISTEN, .card = bench.r.card, .name = "card", .log = bench.log};
  CU_ASSERT_PTR_NOT_NULL_FATAL(bench.log);
  CU_ASSERT_TRUE_FATAL(psd_endpoint_parse(program_socket, &config.endpoint));
  CU_ASSERT_EQUAL_FATAL(psd_front_open(&config, &bench.front), PSD_FRONT_OK);
  CU_ASSERT_TRUE_FATAL(psd_front_start(bench.front));
}

static void tear_down(void) {
  psd_front_close(bench.front);
  (void)fclose(bench.log);
  sandbox_destroy(&bench.box);
  rig_destroy(&bench.r);
}

/* psd VERB --card @ --pin-file - REST FILE, a file of the sandbox. */
static int run(const char *verb, const char *rest, const char *file) {
  char line[1024];
  (void)snprintf(line, sizeof line, "%s --card @ --pin-file - %s%s%s", verb, rest, file != NULL ? " " : "",
                 file != NULL ? sandbox_path(&bench.box, file) : "");
  return psd(PIN, line);
}

/* The very same without a PIN. */
static int look(const char *rest) {
  char line[1024];
  (void)snprintf(line, sizeof line, "%s --card @", rest);
  return psd("", line);
}

/* The ascending register, as the card says it. */
static uint64_t spent(void) {
  static const char key[] = "\"ascending_mills\": ";
  CU_ASSERT_EQUAL_FATAL(look("info --json"), 0);
  const char *at = strstr(out, key);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  return strtoull(at + sizeof key - 1, NULL, 10);
}

static bool is_there(const char *name) {
  struct stat status;
  return stat(sandbox_path(&bench.box, name), &status) == 0 && status.st_size > 0;
}

static void usage(void) {
  static const char *const lines[] = {"indicium",
                                      "indicium --class first",
                                      "indicium --weight 28g",
                                      "indicium --class second --weight 28g",
                                      "indicium --class first --weight 28",
                                      "indicium --class first --weight 0g",
                                      "indicium --class first --weight 28g --to 9021",
                                      "indicium --class first --weight 28g --zone 0",
                                      "indicium --class first --weight 28g --date tomorrow",
                                      "indicium --class first --weight 28g --date 2026-02-30",
                                      "indicium --class first --weight 28g --postage 0",
                                      "indicium --class first --weight 28g --profile rsa",
                                      "indicium --class first --weight 28g --count 3",
                                      "indicium --class first --weight 28g --envelope",
                                      "indicium --class first --weight 28g -o stamp.bmp",
                                      "indicium --class first --weight 28g -o stamp.png --dpi 50",
                                      "indicium --class first --weight 28g -o stamp.png --symbology qr",
                                      "indicium --class first --weight 28g -o stamp.png --sender x",
                                      "indicium --class first --weight 28g 3",
                                      "indicium --redate --test",
                                      "indicium --redate x",
                                      "indicium --redate --class first",
                                      "indicium --correction x",
                                      "indicium --last --date today",
                                      "indicium --withdrawal --date today",
                                      "rates",
                                      "rates look",
                                      "rates show x",
                                      "rates show --weight 28g",
                                      "rates price --class first",
                                      "rates price --class first --weight 28g --next",
                                      "rates update",
                                      "rates update x --server y --user z",
                                      "tokens",
                                      "tokens look --kms x",
                                      "tokens register",
                                      "certificate",
                                      "manufacture --kms x --server x --token-digits 9",
                                      "manufacture --kms x --server x --token-order year",
                                      "manufacture --kms x --server x --no-tokens --postal-kms x"};
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    CU_ASSERT_EQUAL(psd("", lines[i]), 2);
    CU_ASSERT_TRUE(complained("--help"));
    CU_ASSERT_STRING_EQUAL(out, "");
  }
}

static void measures(void) {
  static const struct {
    const char *words;
    uint64_t grams;
  } weights[] = {{"28g", 28},   {"28 g", 28},     {"0.5kg", 500},      {"1oz", 28},          {"1.001oz", 29},
                 {"3.5oz", 99}, {"3.501oz", 100}, {"2lb", 907},        {"0.5lb", 226},       {"0.1lb", 46},
                 {"0.001g", 1}, {"28.001g", 29},  {"65.535kg", 65535}, {"2311.676oz", 65535}};
  static const char *const none[] = {"",     "g",     "28",       "-1g",        "1.0001g",   "28gg",
                                     "28 G", "0.0kg", "65.536kg", "65535.001g", "9999999lb", "1e3g"};
  uint64_t grams;
  uint32_t date;
  unsigned ahead;
  for (size_t i = 0; i < sizeof weights / sizeof weights[0]; i++) {
    CU_ASSERT_TRUE(psd_weight_parse(weights[i].words, &grams));
    CU_ASSERT_EQUAL(grams, weights[i].grams);
  }
  for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
    CU_ASSERT_FALSE(psd_weight_parse(none[i], &grams));
  CU_ASSERT_TRUE(psd_mailing_parse("today", &date, &ahead) && date == 0 && ahead == 0);
  CU_ASSERT_TRUE(psd_mailing_parse("+30", &date, &ahead) && date == 0 && ahead == 30);
  CU_ASSERT_TRUE(psd_mailing_parse("2026-02-28", &date, &ahead) && date == 20260228);
  CU_ASSERT_FALSE(psd_mailing_parse("+31", &date, &ahead));
  CU_ASSERT_FALSE(psd_mailing_parse("+", &date, &ahead));
  CU_ASSERT_FALSE(psd_mailing_parse("2026-2-28", &date, &ahead));
}

static void rates(void) {
  CU_ASSERT_EQUAL(look("rates show"), 0);
  CU_ASSERT_TRUE(said("rate table 1, US, 2026-01-01 to 2026-01-31, hash ") && said("0.73") &&
                 said("zones as seen from 902"));
  CU_ASSERT_TRUE(said("a certificate request"));
  CU_ASSERT_EQUAL(look("rates show --class priority"), 0);
  CU_ASSERT_PTR_NULL(strstr(out, "first"));
  CU_ASSERT_EQUAL(look("rates show --json"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"postage_mills\": 730") && said("\"version\": 1"));
  CU_ASSERT_EQUAL(look("rates show --next"), 1);
  CU_ASSERT_TRUE(complained("the card has no next rate table"));
  CU_ASSERT_EQUAL(look("rates price " LETTER), 0);
  CU_ASSERT_TRUE(said("0.73: First-Class letter, 28 g (rate table 1"));
  CU_ASSERT_EQUAL(look("rates price --json --class flat --weight 1kg"), 1);
  CU_ASSERT_TRUE(complained("the rate table has class flat up to "));
  CU_ASSERT_EQUAL(look("rates price --json --class flat --weight 28g"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"postage\": \"1.50\""));
  CU_ASSERT_EQUAL(look("rates price --date +31 " LETTER), 2);
  CU_ASSERT_EQUAL(look("rates price --date 2026-02-01 " LETTER), 1);
  CU_ASSERT_TRUE(complained("no rate table is in force on 2026-02-01: run psd rates update"));
}

static void loaded_from_a_file(void) {
  const rates_wish wish = {.version = 2, .effective = 20260201, .expiry = 20260301};
  uint8_t table[RATES_SIGNED_MAX];
  psd_pair *issuer = rates_issuer();
  size_t length = rates_make(&wish, issuer, table);
  psd_pair_free(issuer);
  int fd = open(sandbox_path(&bench.box, "next.rates"), O_WRONLY | O_CREAT, 0600);
  CU_ASSERT_EQUAL_FATAL(write(fd, table, length), (ssize_t)length);
  (void)close(fd);
  CU_ASSERT_EQUAL(run("rates", "update", "none"), 1);
  CU_ASSERT_TRUE(complained("cannot be read"));
  CU_ASSERT_EQUAL(run("rates", "update", "card"), 1);
  CU_ASSERT_EQUAL(run("rates", "update", "next.rates"), 0);
  CU_ASSERT_TRUE(said("rate table 1, US, 2026-01-01 to 2026-01-31: in force"));
  CU_ASSERT_TRUE(said("rate table 2, US, 2026-02-01 to 2026-02-28: to come"));
  CU_ASSERT_EQUAL(run("rates", "update --json", "next.rates"), 0); /* the very same again */
  CU_ASSERT_TRUE(json_valid(out) && said("\"standing\": \"to come\""));
  CU_ASSERT_EQUAL(look("rates show --next"), 0);
  CU_ASSERT_TRUE(said("rate table 2"));
  CU_ASSERT_EQUAL(look("info"), 0);
  CU_ASSERT_TRUE(said("dsa, p256, compact") && said("rate table 1, US") && said("rate table 2, US") &&
                 said("UTC+00:00"));
  CU_ASSERT_EQUAL(look("info --json"), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"evidence_policy\"") && said("\"next_rate_table\""));
}

static void in_words(void) {
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("indicium", LETTER, NULL), 0);
  CU_ASSERT_TRUE(said("2026-01-01: 0.73 postage, First-Class letter") && said("p256, 113 bytes") &&
                 said("90210123400"));
  CU_ASSERT_TRUE(said("vendor's token") && said("postal token"));
  CU_ASSERT_EQUAL(spent(), before + EVIDENCE_LETTER);
  CU_ASSERT_EQUAL(run("indicium", "--json --profile compact --date +2 " LETTER, NULL), 0);
  CU_ASSERT_TRUE(json_valid(out) && said("\"date\": \"2026-01-03\"") && said("\"profile\": \"compact\""));
  CU_ASSERT_TRUE(said("\"postage_mills\": 730") && said("\"recovered\": false"));
  CU_ASSERT_EQUAL(run("indicium", "--redate --date +3", NULL), 0);
  CU_ASSERT_TRUE(said("2026-01-04: date correction of piece "));
  CU_ASSERT_EQUAL(run("indicium", "--correction 0.12", NULL), 0);
  CU_ASSERT_TRUE(said("0.12 postage correction"));
  CU_ASSERT_EQUAL(run("indicium", "--test --profile dsa", NULL), 0);
  CU_ASSERT_TRUE(said("test, without postage") && said("dsa, 89 bytes"));
  before = spent();
  CU_ASSERT_EQUAL(run("indicium", "--last", NULL), 0);
  CU_ASSERT_TRUE(said("test, without postage"));
  CU_ASSERT_EQUAL(spent(), before);
}

static void refused(void) {
  static const struct {
    const char *line, *words;
  } cases[] = {
      {"--postage 0.70 " LETTER, "the rate is 0.73 and not 0.70"},
      {"--date 2026-03-15 " LETTER, "no rate table is in force on 2026-03-15"},
      {"--class media --weight 28g", "the rate table has no class media"},
      {"--correction 1000", "the meter's limits"},
      {"--correction 99", "funds do not suffice"},
      {"--withdrawal", "the last operation with funds is no withdrawal"},
      {"--redate 1", "dated anew already"},
      {"--test --date 2025-12-31", "the date of mailing may be from 2026-01-01"},
  };
  uint64_t before = spent();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    CU_ASSERT_EQUAL(run("indicium", cases[i].line, NULL), 1);
    CU_ASSERT_TRUE(complained(cases[i].words));
    CU_ASSERT_STRING_EQUAL(out, "");
  }
  CU_ASSERT_EQUAL(psd("111111\n", "indicium --card @ --pin-file - --test"), 1);
  CU_ASSERT_TRUE(complained("63C2") && complained("each wrong one costs a try"));
  CU_ASSERT_EQUAL(spent(), before);
}

static void pictures(void) {
  static const char *const names[] = {"stamp.png", "stamp.svg", "stamp.pdf"};
  uint64_t before = spent();
  for (size_t i = 0; i < 3; i++) {
    CU_ASSERT_EQUAL(run("indicium", "--test --place SPRINGFIELD~IL -o", names[i]), 0);
    CU_ASSERT_TRUE(said(names[i]) && is_there(names[i]));
  }
  CU_ASSERT_EQUAL(run("indicium", LETTER " -o", "stamp.png"), 1);
  CU_ASSERT_TRUE(complained("is there already"));
  CU_ASSERT_EQUAL(run("indicium", LETTER " -o", "nowhere/stamp.png"), 1);
  CU_ASSERT_TRUE(complained("cannot be written"));
  char name[241] = "", line[512]; /* while it is written a picture has a longer name than a folder takes */
  memset(name, 'x', sizeof name - 1);
  (void)snprintf(line, sizeof line, "indicium --card @ --pin-file - " LETTER " -o %s/%s.png", bench.box.path, name);
  CU_ASSERT_EQUAL(psd(PIN, line), 1);
  CU_ASSERT_TRUE(complained("cannot be written"));
  CU_ASSERT_EQUAL(spent(), before);
  CU_ASSERT_EQUAL(run("indicium", "--yes " LETTER " -o", "stamp.png"), 0);
  CU_ASSERT_EQUAL(spent(), before + EVIDENCE_LETTER);
  CU_ASSERT_EQUAL(
      run("indicium", "--last --envelope --symbology pdf417 --sender A\\nB --addressee C~D\\nE -o", "stamp.pdf"), 0);
  CU_ASSERT_EQUAL(run("indicium", "--last --raw", "raw"), 0);
  struct stat status;
  CU_ASSERT_EQUAL(stat(sandbox_path(&bench.box, "raw"), &status), 0);
  CU_ASSERT_EQUAL(status.st_size, 113);
}

/* What would take the place of something that is no stamp, or of the stamp itself. */
static void in_the_way(void) {
  char line[512];
  uint64_t before = spent();
  CU_ASSERT_EQUAL(mkfifo(sandbox_path(&bench.box, "pipe"), 0600), 0);
  CU_ASSERT_EQUAL(run("indicium", "--yes " LETTER " --raw", "pipe"), 1);
  CU_ASSERT_TRUE(complained("is no ordinary file"));
  CU_ASSERT_EQUAL(run("indicium", "--last --raw", "pipe"), 1);
  struct stat status;
  CU_ASSERT_TRUE(stat(sandbox_path(&bench.box, "pipe"), &status) == 0 && S_ISFIFO(status.st_mode));
  (void)snprintf(line, sizeof line, LETTER " --raw %s -o", sandbox_path(&bench.box, "both.png"));
  CU_ASSERT_EQUAL(run("indicium", line, "both.png"), 2);
  CU_ASSERT_TRUE(complained("the same file"));
  CU_ASSERT_EQUAL(spent(), before);
}

/* How many files of psd indicium --count -o stop.png are there. */
static unsigned count_pieces(void) {
  char name[64];
  unsigned count = 0;
  do
    (void)snprintf(name, sizeof name, "stop-%04u.png", ++count);
  while (is_there(name));
  return count - 1;
}

/* Ctrl-C: the piece under way is made, printed, and the last; psd says how many there are. */
static void interrupted(void) {
  char line[256], words[64];
  pid_t child;
  uint64_t before = spent();
  (void)snprintf(line, sizeof line, "indicium --card @ " LETTER " --count 50 --dpi 1200 -o %s",
                 sandbox_path(&bench.box, "stop.png"));
  int master = on_terminal(line, &child);
  out[0] = '\0';
  CU_ASSERT_TRUE_FATAL(wait_for(master, "PIN: "));
  type(master, PIN);
  while (count_pieces() < 2 && waitpid(child, NULL, WNOHANG) == 0)
    ;
  type(master, "\x03");
  CU_ASSERT_TRUE(wait_for(master, "of 50 pieces were made"));
  CU_ASSERT_EQUAL(finish(child), 1);
  (void)close(master);
  unsigned made = count_pieces();
  (void)snprintf(words, sizeof words, "psd: stopped: %u of 50 pieces", made);
  CU_ASSERT_TRUE(said(words) && made >= 2);
  (void)snprintf(words, sizeof words, "stop-%04u.png\r\n", made);
  CU_ASSERT_TRUE(said(words));
  CU_ASSERT_EQUAL(spent(), before + made * EVIDENCE_LETTER);
}

/* Without a file each has to be said before the next is paid for: --last gives one only. */
static void said_to_nobody(void) {
  uint64_t before = spent();
  FILE *full = fopen("/dev/full", "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(full);
  CU_ASSERT_EQUAL(psd_to(full, PIN, "indicium --card @ --pin-file - " LETTER " --json --count 5"), 1);
  (void)fclose(full);
  CU_ASSERT_PTR_NOT_NULL(strstr(err, "is not lost: psd indicium --last"));
  CU_ASSERT_PTR_NOT_NULL(strstr(err, "standard output cannot be written"));
  CU_ASSERT_EQUAL(spent(), before + EVIDENCE_LETTER);
}

/* The value of a member of what psd said, into `value`. */
static void member(const char *name, char value[32]) {
  char key[64];
  (void)snprintf(key, sizeof key, "\"%s\": \"", name);
  const char *at = strstr(out, key);
  CU_ASSERT_PTR_NOT_NULL_FATAL(at);
  at += strlen(key);
  size_t length = strcspn(at, "\"");
  CU_ASSERT_FATAL(length < 32);
  memcpy(value, at, length);
  value[length] = '\0';
}

/* Tokens have all their digits, and may begin with zeroes. */
static void addressees(void) {
  char vendor[32], postal[32];
  (void)sandbox_write(&bench.box, "address", "John Doe\n1 Elm St\n");
  CU_ASSERT_EQUAL(run("indicium", "--json --correction 0.01 --addressee", "address"), 0);
  CU_ASSERT_TRUE(json_valid(out));
  member("vendor_token", vendor);
  member("postal_token", postal);
  CU_ASSERT_EQUAL(strlen(vendor), 5);
  CU_ASSERT_EQUAL(strlen(postal), 8);
  char much[PSD_ADDRESSEE_MAX + 2];
  memset(much, 'x', sizeof much - 1);
  much[sizeof much - 1] = '\0';
  (void)sandbox_write(&bench.box, "much", much);
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("indicium", "--correction 0.01 --addressee", "much"), 1);
  CU_ASSERT_TRUE(complained("an address has at most 1000 bytes"));
  CU_ASSERT_EQUAL(run("indicium", "--correction 0.01 --addressee", "adress.txt"), 1);
  CU_ASSERT_TRUE(complained("cannot be opened: No such file"));
  CU_ASSERT_EQUAL(spent(), before);
}

static void several(void) {
  uint64_t before = spent();
  CU_ASSERT_EQUAL(run("indicium", "--count 3 " LETTER " -o", "many.svg"), 0);
  CU_ASSERT_TRUE(said("3 pieces made, 2.19: ") && said("many-0001.svg to ") && said("many-0003.svg\n"));
  CU_ASSERT_TRUE(is_there("many-0001.svg") && is_there("many-0002.svg") && is_there("many-0003.svg"));
  CU_ASSERT_EQUAL(spent(), before + 3 * EVIDENCE_LETTER);
  CU_ASSERT_EQUAL(run("indicium", "--count 2 " LETTER " -o", "many.svg"), 1);
  CU_ASSERT_TRUE(complained("many-0001.svg is there already"));
  CU_ASSERT_EQUAL(run("indicium", "--json --test --count 2", NULL), 0);
  CU_ASSERT_TRUE(json_valid(out) && out[0] == '[');
  /* Until the funds are at their end: what was made is told. */
  CU_ASSERT_EQUAL(run("indicium", "--count 50 " LETTER " -o", "end.svg"), 1);
  CU_ASSERT_TRUE(said("pieces made") && complained("funds do not suffice"));
  CU_ASSERT_TRUE(is_there("end-0001.svg"));
}

static void given_out(void) {
  struct stat status;
  CU_ASSERT_EQUAL(look("certificate --dsa /nowhere/dsa"), 1);
  CU_ASSERT_TRUE(complained("cannot be written"));
  char line[256];
  (void)snprintf(line, sizeof line, "certificate --dsa %s", sandbox_path(&bench.box, "dsa"));
  CU_ASSERT_EQUAL(look(line), 0);
  CU_ASSERT_EQUAL(stat(sandbox_path(&bench.box, "dsa"), &status), 0);
  CU_ASSERT_EQUAL(status.st_size, 200);
  (void)snprintf(line, sizeof line, "certificate %s", sandbox_path(&bench.box, "der"));
  CU_ASSERT_EQUAL(look(line), 0);
  CU_ASSERT_TRUE(is_there("der"));
  CU_ASSERT_EQUAL(run("tokens", "register --kms /nowhere/kms", NULL), 3);
  CU_ASSERT_TRUE(complained("no key management system at /nowhere/kms"));
}

int main(void) {
  static const psd_check_test tests[] = {
      {"(a card at a socket)", set_up},
      {"wrong usage", usage},
      {"weights and days", measures},
      {"what the rate table says", rates},
      {"a rate table from a file", loaded_from_a_file},
      {"pieces in words", in_words},
      {"each refusal says why", refused},
      {"pictures", pictures},
      {"files in the way", in_the_way},
      {"interrupted by Ctrl-C", interrupted},
      {"said to nobody", said_to_nobody},
      {"addressees", addressees},
      {"several pieces", several},
      {"what others are given", given_out},
      {"(the card is taken away)", tear_down},
  };
  return psd_check_run("reader: psd indicium", tests, PSD_CHECK_COUNT(tests));
}
