#include "meter/settings.h"

#include "crypto/password.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "psd/spec/chars.h"
#include "psd/spec/text.h"

const char *const psd_meter_run_help =
    "usage: psd-server run --db URL --kms PATH [--kms PATH]... [OPTION]...\n"
    "\n"
    "  --db URL                 sqlite:FILE or postgresql://...\n"
    "  --kms PATH               Unix socket of a key management system; up to 8, the others stand in for one that "
    "fails\n"
    "  --listen HOST:PORT       where Hosts call (default 127.0.0.1:7816); port 0 takes a free one; up to 8\n"
    "  --control PATH           Unix socket for newly manufactured PSDs\n"
    "  --config FILE            more of these, as lines of the form: name = value; the command line wins\n"
    "  --realm NAME             the server's name, part of each password's salt (default\n"
    "                           " PSD_PASSWORD_REALM ")\n"
    "  --suites LIST            of p256, rsa, shared; joined by commas (default p256)\n"
    "  --no-forward             p256 is taken without forward secrecy too\n"
    "  --sign-on-timeout S      seconds from the greeting to the sign-on (default 60)\n"
    "  --handshake-timeout S    seconds from the sign-on to the audit result (default 10)\n"
    "  --idle-timeout S         seconds in which nothing is said (default 600)\n"
    "  --kms-timeout S          seconds for an answer of the key management system (default 5)\n"
    "  --connections N          most at a time (default 20000)\n"
    "  --workers N              connections to the database (default 2)\n"
    "  --lock-after N           failed sign-ons after which a name is locked (default 5)\n"
    "  --lock-first S           seconds of the first lock, doubled with each further failure (default 1)\n"
    "  --lock-most S            seconds of the longest lock (default 3600)\n"
    "  --memory KIB, --passes N, --lanes N\n"
    "                           Argon2id of the passwords (default " PSD_PASSWORD_DEFAULTS ")\n"
    "  --log-level LEVEL        error, warning, info (default) or debug\n"
    "\n"
    "SIGHUP reads the file anew; SIGTERM and SIGINT end the server in order.\n";

typedef enum kind { TEXT, PATHS, NUMBER, SUITES, YES, NO, LEVEL } kind;

typedef struct setting {
  const char *name;
  kind kind;
  size_t offset, size;
  uint64_t least, most; /* of a number; of a text, bytes */
  bool reloads;
} setting;

#define AT(field) offsetof(psd_meter_settings, field), sizeof(((psd_meter_settings *)0)->field)
#define YEAR 31536000U

static const setting known[] = {
    {"config", TEXT, AT(config), 1, PSD_METER_TEXT_MAX, true},
    {"db", TEXT, AT(database), 1, PSD_METER_TEXT_MAX, false},
    {"kms", PATHS, AT(kms), 1, PSD_METER_PATH_MAX, true},
    {"listen", PATHS, AT(listen), 1, PSD_METER_PATH_MAX, false},
    {"control", TEXT, AT(control), 1, PSD_METER_PATH_MAX, false},
    {"realm", TEXT, AT(realm), 1, 32, false},
    {"memory", NUMBER, AT(memory), PSD_PASSWORD_MEMORY_LEAST, PSD_PASSWORD_MEMORY_MOST, false},
    {"passes", NUMBER, AT(passes), 1, 16, false},
    {"lanes", NUMBER, AT(lanes), 1, 16, false},
    {"suites", SUITES, AT(suites), 0, 0, true},
    {"forward", YES, AT(forward), 0, 0, true},
    {"no-forward", NO, AT(forward), 0, 0, true},
    {"sign-on-timeout", NUMBER, AT(sign_on_timeout), 1, 86400, true},
    {"handshake-timeout", NUMBER, AT(handshake_timeout), 1, 86400, true},
    {"idle-timeout", NUMBER, AT(idle_timeout), 1, 86400, true},
    {"kms-timeout", NUMBER, AT(kms_timeout), 1, 3600, true},
    {"connections", NUMBER, AT(connections), 1, 1000000, true},
    {"workers", NUMBER, AT(workers), 1, 64, false},
    {"lock-after", NUMBER, AT(lock_after), 1, 1000, true},
    {"lock-first", NUMBER, AT(lock_first), 1, YEAR, true},
    {"lock-most", NUMBER, AT(lock_most), 1, YEAR, true},
    {"log-level", LEVEL, AT(log_level), 0, 0, true},
};
#define KNOWN (sizeof known / sizeof known[0])

__attribute__((format(printf, 2, 3))) static bool refuse(char *words, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(words, PSD_METER_WORDS_MAX, format, arguments);
  va_end(arguments);
  return false;
}

static const setting *setting_named(const char *name, size_t length) {
  for (size_t i = 0; i < KNOWN; i++)
    if (strlen(known[i].name) == length && strncmp(known[i].name, name, length) == 0)
      return &known[i];
  return NULL;
}

static bool take_number(const setting *row, uint64_t *number, const char *value, char *words) {
  char *end = NULL;
  errno = 0;
  unsigned long long taken = strtoull(value, &end, 10);
  if (!isdigit((unsigned char)value[0]) || errno != 0 || *end != '\0' || taken < row->least || taken > row->most)
    return refuse(words, "%s needs a number from %llu to %llu", row->name, (unsigned long long)row->least,
                  (unsigned long long)row->most);
  *number = taken;
  return true;
}

static bool take_suites(uint64_t *suites, const char *value, char *words) {
  char name[16];
  *suites = 0;
  for (const char *at = value;; at++) {
    size_t length = strcspn(at, ",");
    (void)snprintf(name, sizeof name, "%.*s", (int)length, at);
    const psd_suite_row *row = length < sizeof name ? psd_suite_named(name) : NULL;
    if (row == NULL || row->suite == PSD_SUITE_CLASSIC)
      return refuse(words, "suites needs a list of p256, rsa and shared, joined by commas");
    *suites |= row->suite;
    at += length;
    if (*at == '\0')
      return true;
  }
}

static bool take_text(const setting *row, char *text, const char *value, char *words) {
  size_t length = strlen(value);
  if (length < row->least || length > row->most || !psd_printable(value, length))
    return refuse(words, "%s needs %llu to %llu printable characters", row->name, (unsigned long long)row->least,
                  (unsigned long long)row->most);
  memcpy(text, value, length + 1);
  return true;
}

static bool take_path(const setting *row, psd_meter_paths *paths, const char *value, char *words) {
  if (paths->count == PSD_METER_KMS_MAX)
    return refuse(words, "%s is there more than %u times", row->name, PSD_METER_KMS_MAX);
  if (!take_text(row, paths->at[paths->count], value, words))
    return false;
  paths->count++;
  return true;
}

static bool take_choice(const setting *row, uint64_t *choice, const char *value, char *words) {
  bool yes = strcmp(value, "yes") == 0;
  if (!yes && strcmp(value, "no") != 0)
    return refuse(words, "%s needs yes or no", row->name);
  *choice = yes == (row->kind == YES);
  return true;
}

static bool take_level(uint64_t *number, const char *value, char *words) {
  psd_meter_level level;
  if (!psd_meter_level_named(value, &level))
    return refuse(words, "log-level needs error, warning, info or debug");
  *number = level;
  return true;
}

static bool take(psd_meter_settings *settings, const setting *row, const char *value, char *words) {
  void *at = (char *)settings + row->offset;
  switch (row->kind) {
  case TEXT:
    return take_text(row, at, value, words);
  case PATHS:
    return take_path(row, at, value, words);
  case NUMBER:
    return take_number(row, at, value, words);
  case SUITES:
    return take_suites(at, value, words);
  case LEVEL:
    return take_level(at, value, words);
  default:
    return take_choice(row, at, value, words);
  }
}

/* A setting that may be there several times begins anew where the command line names it. */
static void begin_list(psd_meter_settings *settings, const setting *row, uint32_t *begun) {
  uint32_t bit = UINT32_C(1) << (row - known);
  psd_meter_paths *paths = (psd_meter_paths *)(void *)((char *)settings + row->offset);
  if (row->kind == PATHS && (*begun & bit) == 0)
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
static bool take_line(psd_meter_settings *settings, char *line, uint32_t *begun, char *words) {
  char *name = trim(line);
  if (name[0] == '\0' || name[0] == '#')
    return true;
  char *equals = strchr(name, '=');
  if (equals == NULL)
    return refuse(words, "name = value is wanted");
  *equals = '\0';
  name = trim(name);
  const setting *row = setting_named(name, strlen(name));
  if (row == NULL || row->offset == offsetof(psd_meter_settings, config))
    return refuse(words, "there is no setting '%s'", name);
  if (row->kind != PATHS && (*begun & (UINT32_C(1) << (row - known))) != 0)
    return refuse(words, "%s is there twice", row->name);
  begin_list(settings, row, begun);
  return take(settings, row, trim(equals + 1), words);
}

static bool take_file(psd_meter_settings *settings, char *words) {
  char line[1024], wrong[PSD_METER_WORDS_MAX];
  FILE *file = fopen(settings->config, "re");
  uint32_t begun = 0;
  bool done = true;
  if (file == NULL)
    return refuse(words, "%s: %s", settings->config, strerror(errno));
  for (unsigned number = 1; done && fgets(line, sizeof line, file) != NULL; number++) {
    done = strchr(line, '\n') != NULL || feof(file) != 0 || refuse(wrong, "the line is too long");
    done = done && take_line(settings, line, &begun, wrong);
    if (!done)
      (void)refuse(words, "%.*s:%u: %.180s", 60, settings->config, number, wrong);
  }
  if (done && ferror(file) != 0)
    done = refuse(words, "%s: %s", settings->config, strerror(errno));
  (void)fclose(file);
  return done;
}

/* An option of the command line: its row, and its value, which may be the next argument. */
static const setting *option_at(int argc, char *const *argv, int *index, const char **value, char *words) {
  const char *argument = argv[*index];
  if (strncmp(argument, "--", 2) != 0) {
    (void)refuse(words, "unexpected '%.100s' (see --help)", argument);
    return NULL;
  }
  size_t length = strcspn(argument + 2, "=");
  const setting *row = setting_named(argument + 2, length);
  if (row == NULL) {
    (void)refuse(words, "unknown option %.100s (see --help)", argument);
    return NULL;
  }
  if (argument[2 + length] == '=')
    *value = argument + 2 + length + 1;
  else if (row->kind == NO || row->kind == YES)
    *value = "yes";
  else if (*index + 1 < argc)
    *value = argv[++*index];
  else {
    (void)refuse(words, "%.100s needs a value", argument);
    return NULL;
  }
  return row;
}

/* Walks the command line twice: for the name of the file first, for the rest then. */
static bool take_arguments(int argc, char *const *argv, psd_meter_settings *settings, bool file_only, char *words) {
  uint32_t begun = 0;
  for (int i = 1; i < argc; i++) {
    const char *value = NULL;
    const setting *row = option_at(argc, argv, &i, &value, words);
    if (row == NULL)
      return false;
    if (file_only != (row->offset == offsetof(psd_meter_settings, config)))
      continue;
    if (row->kind != PATHS && (begun & (UINT32_C(1) << (row - known))) != 0)
      return refuse(words, "--%s is there twice", row->name);
    begin_list(settings, row, &begun);
    if (!take(settings, row, value, words))
      return false;
  }
  return true;
}

static bool check_together(const psd_meter_settings *settings, char *words) {
  if (settings->database[0] == '\0')
    return refuse(words, "--db URL is missing (see --help)");
  if (settings->kms.count == 0)
    return refuse(words, "--kms PATH is missing (see --help)");
  if (settings->lock_first > settings->lock_most)
    return refuse(words, "lock-first is longer than lock-most");
  return true;
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
      .log_level = PSD_METER_INFO,
  };
  if (wants_help(argc, argv))
    return PSD_METER_HELP;
  bool done = take_arguments(argc, argv, settings, true, words) &&
              (settings->config[0] == '\0' || take_file(settings, words)) &&
              take_arguments(argc, argv, settings, false, words) && check_together(settings, words);
  return done ? PSD_METER_RUN : PSD_METER_WRONG;
}

static bool same(const setting *row, const void *a, const void *b) {
  const psd_meter_paths *one = a, *other = b;
  if (row->kind == TEXT)
    return strcmp(a, b) == 0;
  if (row->kind != PATHS)
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
  for (size_t i = 0; i < KNOWN; i++) {
    char *mine = (char *)settings + known[i].offset;
    const char *other = (const char *)fresh + known[i].offset;
    if (known[i].reloads)
      memcpy(mine, other, known[i].size);
    else if (!same(&known[i], mine, other))
      psd_say(&text, "%s%s", text.length == 0 ? "" : ", ", known[i].name);
  }
}
