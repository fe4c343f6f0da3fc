#include "meter/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "authority/authority.h"
#include "crypto/password.h"
#include "meter/setting.h"
#include "psd/spec/text.h"
#include "store/store.h"

const char *const psd_meter_run_help =
    "usage: psd-server run --db URL --kms PATH [--kms PATH]... [OPTION]...\n"
    "\n"
    "  --db URL                 sqlite:FILE or postgresql://...\n"
    "  --kms PATH               Unix socket of a key management system; up to 8, the others stand in for one that "
    "fails\n"
    "  --listen HOST:PORT       where Hosts call (default 127.0.0.1:7816); port 0 takes a free one; up to 8\n"
    "  --control PATH           Unix socket for newly manufactured PSDs\n"
    "  --control-group GROUP    lets a group connect to it, not only the same user\n"
    "  --config FILE            more of these, as lines of the form: name = value; the command line wins\n"
    "  --realm NAME             the server's name, part of each password's salt (default\n"
    "                           " PSD_PASSWORD_REALM ")\n"
    "  --suites LIST            of p256, rsa, shared; joined by commas (default p256)\n"
    "  --no-forward             p256 is taken without forward secrecy too\n"
    "  --sign-on-timeout S      seconds from the greeting to the sign-on (default 60)\n"
    "  --handshake-timeout S    seconds from the sign-on to the audit result (default 10)\n"
    "  --idle-timeout S         seconds in which nothing is said (default 600)\n"
    "  --kms-timeout S          seconds for an answer from there (default 5)\n"
    "  --connections N          most at a time (default 20000)\n"
    "  --workers N              connections to the database (default 2)\n"
    "  --lock-after N           failed sign-ons after which a name is locked (default 5)\n"
    "  --lock-first S           seconds of the first lock, doubled with each further failure (default 1)\n"
    "  --lock-most S            seconds of the longest lock (default 3600)\n"
    "  --memory KIB, --passes N, --lanes N\n"
    "                           Argon2id of the passwords (default " PSD_PASSWORD_DEFAULTS ")\n"
    "  --renew-before D         days before its end that a PSD's certificate is renewed (default 30)\n"
    "  --certificate-days D     days for which a certificate is good (default 365)\n"
    "  --vetting WHO            who vets requests for certificates: operator (default), or user: at once, if the name "
    "is "
    "his\n"
    "  --credit-most AMOUNT     lines of credit that are granted without the operator (default 0: none)\n"
    "  --user-days D            days for which the certificate of a user is good (default 365)\n"
    "  --credit-days D          days for which a line of credit is good (default 365)\n"
    "  --revoke-overdue D       days after a missed inspection after which a PSD's certificates are revoked (default "
    "30, 0 "
    "never)\n"
    "  --revoke-unpaid D        days for which a payment may be due before they are (default 30, 0 never)\n"
    "  --http [HOST:]PORT       publishes certificates, lists of revoked ones and OCSP there (default: nowhere; HOST "
    "127.0.0.1)\n"
    "  --public-url URL         what certificates say where that is\n"
    "  --log-level LEVEL        error, warning, info (default) or debug\n"
    "\n"
    "SIGHUP reads the file anew; SIGTERM and SIGINT end the server in order.\n";

/* A setting that may be there several times begins anew where the command line names it. */
static void begin_list(psd_meter_settings *settings, const psd_meter_setting *row, uint64_t *begun) {
  uint64_t bit = psd_meter_setting_bit(row);
  psd_meter_paths *paths = (psd_meter_paths *)(void *)((char *)settings + row->offset);
  if (row->kind == PSD_METER_PATHS && (*begun & bit) == 0)
    paths->count = 0;
  *begun |= bit;
}

static char *trim(char *text) {
  while (isspace((unsigned char)*text))
    text++;
  size_t length = strlen(text);
  while (length > 0 && isspace((unsigned char)text[length - 1]))
    length--;
  text[length] = '\0';
  return text;
}

/* One line of the file. */
static bool take_line(psd_meter_settings *settings, char *line, uint64_t *begun, char *words) {
  char *name = trim(line);
  if (name[0] == '\0' || name[0] == '#')
    return true;
  char *equals = strchr(name, '=');
  if (equals == NULL)
    return psd_meter_refuse_setting(words, "name = value is wanted");
  *equals = '\0';
  name = trim(name);
  const psd_meter_setting *row = psd_meter_setting_named(name, strlen(name));
  if (row == NULL || row->offset == offsetof(psd_meter_settings, config))
    return psd_meter_refuse_setting(words, "there is no setting '%s'", name);
  if (row->kind != PSD_METER_PATHS && (*begun & psd_meter_setting_bit(row)) != 0)
    return psd_meter_refuse_setting(words, "%s is there twice", row->name);
  begin_list(settings, row, begun);
  return psd_meter_setting_take(settings, row, trim(equals + 1), words);
}

static bool take_file(psd_meter_settings *settings, char *words) {
  char line[1024], wrong[PSD_METER_WORDS_MAX];
  FILE *file = fopen(settings->config, "re");
  uint64_t begun = 0;
  bool done = true;
  if (file == NULL)
    return psd_meter_refuse_setting(words, "%s: %s", settings->config, strerror(errno));
  for (unsigned number = 1; done && fgets(line, sizeof line, file) != NULL; number++) {
    done = strchr(line, '\n') != NULL || feof(file) != 0 || psd_meter_refuse_setting(wrong, "the line is too long");
    done = done && take_line(settings, line, &begun, wrong);
    if (!done)
      (void)psd_meter_refuse_setting(words, "%.*s:%u: %.180s", 60, settings->config, number, wrong);
  }
  if (done && ferror(file) != 0)
    done = psd_meter_refuse_setting(words, "%s: %s", settings->config, strerror(errno));
  (void)fclose(file);
  return done;
}

/* An option of the command line: its row, and its value, which may be the next argument. */
static const psd_meter_setting *option_at(int argc, char *const *argv, int *index, const char **value, char *words) {
  const char *argument = argv[*index];
  if (strncmp(argument, "--", 2) != 0) {
    (void)psd_meter_refuse_setting(words, "unexpected '%.100s' (see --help)", argument);
    return NULL;
  }
  size_t length = strcspn(argument + 2, "=");
  const psd_meter_setting *row = psd_meter_setting_named(argument + 2, length);
  if (row == NULL) {
    (void)psd_meter_refuse_setting(words, "unknown option %.100s (see --help)", argument);
    return NULL;
  }
  if (argument[2 + length] == '=')
    *value = argument + 2 + length + 1;
  else if (row->kind == PSD_METER_NO || row->kind == PSD_METER_YES)
    *value = "yes";
  else if (*index + 1 < argc)
    *value = argv[++*index];
  else {
    (void)psd_meter_refuse_setting(words, "%.100s needs a value", argument);
    return NULL;
  }
  return row;
}

/* Walks the command line twice: for the name of the file first, for the rest then. */
static bool take_arguments(int argc, char *const *argv, psd_meter_settings *settings, bool file_only, char *words) {
  uint64_t begun = 0;
  for (int i = 1; i < argc; i++) {
    const char *value = NULL;
    const psd_meter_setting *row = option_at(argc, argv, &i, &value, words);
    if (row == NULL)
      return false;
    if (file_only != (row->offset == offsetof(psd_meter_settings, config)))
      continue;
    if (row->kind != PSD_METER_PATHS && (begun & psd_meter_setting_bit(row)) != 0)
      return psd_meter_refuse_setting(words, "--%s is there twice", row->name);
    begin_list(settings, row, &begun);
    if (!psd_meter_setting_take(settings, row, value, words))
      return false;
  }
  return true;
}

/* It stands in certificates: the key management system takes no other form (RFC 3986). */
static bool check_url(const psd_meter_settings *settings, char *words) {
  const char *url = settings->public_url;
  bool begins = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;
  if (url[0] == '\0' || (begins && strpbrk(url, " \"<>\\^`{|}") == NULL))
    return true;
  return psd_meter_refuse_setting(words, "public-url is an address such as http://ca.example.org");
}

static bool check_together(const psd_meter_settings *settings, char *words) {
  if (settings->database[0] == '\0')
    return psd_meter_refuse_setting(words, "--db URL is missing (see --help)");
  if (!psd_db_url_valid(settings->database))
    return psd_meter_refuse_setting(words, "--db is sqlite:FILE or postgresql://...");
  if (settings->kms.count == 0)
    return psd_meter_refuse_setting(words, "--kms PATH is missing (see --help)");
  if (settings->lock_first > settings->lock_most)
    return psd_meter_refuse_setting(words, "lock-first is longer than lock-most");
  if (settings->renew_before >= settings->certificate_days)
    return psd_meter_refuse_setting(words, "renew-before is not shorter than certificate-days");
  return check_url(settings, words);
}

static bool wants_help(int argc, char *const *argv) {
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
      return true;
  return false;
}

psd_meter_order psd_meter_settings_parse(int argc, char *const *argv, psd_meter_settings *settings,
                                         char words[PSD_METER_WORDS_MAX]) {
  *settings = (psd_meter_settings){
      .listen = {.at = {"127.0.0.1:7816"}, .count = 1},
      .realm = PSD_PASSWORD_REALM,
      .memory = PSD_PASSWORD_MEMORY,
      .passes = PSD_PASSWORD_PASSES,
      .lanes = PSD_PASSWORD_LANES,
      .suites = PSD_SUITE_P256,
      .forward = 1,
      .sign_on_timeout = 60,
      .handshake_timeout = 10,
      .idle_timeout = 600,
      .kms_timeout = 5,
      .connections = 20000,
      .workers = 2,
      .lock_after = 5,
      .lock_first = 1,
      .lock_most = 3600,
      .renew_before = 30,
      .certificate_days = 365,
      .vetting = PSD_CA_BY_OPERATOR,
      .user_days = 365,
      .credit_days = 365,
      .revoke_overdue = 30,
      .revoke_unpaid = 30,
      .log_level = PSD_METER_INFO,
  };
  if (wants_help(argc, argv))
    return PSD_METER_HELP;
  bool done = take_arguments(argc, argv, settings, true, words) &&
              (settings->config[0] == '\0' || take_file(settings, words)) &&
              take_arguments(argc, argv, settings, false, words) && check_together(settings, words);
  return done ? PSD_METER_RUN : PSD_METER_WRONG;
}

static bool same(const psd_meter_setting *row, const void *a, const void *b) {
  const psd_meter_paths *one = a, *other = b;
  if (row->kind == PSD_METER_TEXT)
    return strcmp(a, b) == 0;
  if (row->kind != PSD_METER_PATHS)
    return *(const uint64_t *)a == *(const uint64_t *)b;
  if (one->count != other->count)
    return false;
  for (uint32_t i = 0; i < one->count; i++)
    if (strcmp(one->at[i], other->at[i]) != 0)
      return false;
  return true;
}

void psd_meter_settings_reload(psd_meter_settings *settings, const psd_meter_settings *fresh,
                               char words[PSD_METER_WORDS_MAX]) {
  psd_text text = psd_text_over(words, PSD_METER_WORDS_MAX);
  for (size_t i = 0; i < psd_meter_known_count; i++) {
    char *mine = (char *)settings + psd_meter_known[i].offset;
    const char *other = (const char *)fresh + psd_meter_known[i].offset;
    if (psd_meter_known[i].reloads)
      memcpy(mine, other, psd_meter_known[i].size);
    else if (!same(&psd_meter_known[i], mine, other))
      psd_say(&text, "%s%s", text.length == 0 ? "" : ", ", psd_meter_known[i].name);
  }
}
