#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/command.h"
#include "crypto/password.h"

static const struct option long_options[] = {
    {"db", required_argument, NULL, PSD_ADMIN_DB},
    {"kms", required_argument, NULL, PSD_ADMIN_KMS},
    {"json", no_argument, NULL, PSD_ADMIN_JSON},
    {"account", required_argument, NULL, PSD_ADMIN_ACCOUNT},
    {"password-file", required_argument, NULL, PSD_ADMIN_PASSWORD_FILE},
    {"realm", required_argument, NULL, PSD_ADMIN_REALM},
    {"memory", required_argument, NULL, PSD_ADMIN_MEMORY},
    {"passes", required_argument, NULL, PSD_ADMIN_PASSES},
    {"lanes", required_argument, NULL, PSD_ADMIN_LANES},
    {"help", no_argument, NULL, PSD_ADMIN_HELP},
    {"version", no_argument, NULL, PSD_ADMIN_VERSION},
    {NULL, 0, NULL, 0},
};

static const char *option_name(unsigned option) {
  for (size_t i = 0; long_options[i].name != NULL; i++)
    if ((unsigned)long_options[i].val == option)
      return long_options[i].name;
  return "?";
}

int psd_admin_usage(const psd_admin *admin, const char *format, ...) {
  va_list arguments;
  fputs("psd-server: ", stderr);
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
  if (admin->verb != NULL)
    fprintf(stderr, "; see psd-server %s --help\n", admin->verb->group);
  else
    fputs("; see psd-server --help\n", stderr);
  return PSD_EXIT_USAGE;
}

static int take_number(psd_admin *admin, const char *name, uint32_t least, uint32_t most, uint32_t *number) {
  char *end = NULL;
  size_t length = strlen(optarg);
  unsigned long value = strtoul(optarg, &end, 10);
  if (length == 0 || length > 9 || optarg[0] < '0' || optarg[0] > '9' || *end != '\0' || value < least || value > most)
    return psd_admin_usage(admin, "--%s is a whole number from %u to %u", name, least, most);
  *number = (uint32_t)value;
  return PSD_EXIT_DONE;
}

static int take_realm(psd_admin *admin) {
  uint8_t padded[32];
  admin->realm = optarg;
  return psd_password_realm(optarg, padded) ? PSD_EXIT_DONE
                                            : psd_admin_usage(admin, "--realm has 1 to 32 printable ASCII characters");
}

static int take_option(psd_admin *admin, int option) {
  admin->given |= (unsigned)option;
  switch (option) {
  case PSD_ADMIN_DB:
    admin->url = optarg;
    if (!psd_db_url_valid(optarg))
      return psd_admin_usage(admin, "--db is sqlite:FILE or postgresql://...");
    break;
  case PSD_ADMIN_KMS:
    admin->kms = optarg;
    break;
  case PSD_ADMIN_ACCOUNT:
    admin->account = optarg;
    break;
  case PSD_ADMIN_PASSWORD_FILE:
    admin->password_file = optarg;
    break;
  case PSD_ADMIN_JSON:
    admin->json = true;
    break;
  case PSD_ADMIN_REALM:
    return take_realm(admin);
  case PSD_ADMIN_MEMORY:
    return take_number(admin, "memory", PSD_PASSWORD_MEMORY_LEAST, PSD_PASSWORD_MEMORY_MOST, &admin->memory);
  case PSD_ADMIN_PASSES:
    return take_number(admin, "passes", 1, PSD_PASSWORD_PASSES_MOST, &admin->passes);
  case PSD_ADMIN_LANES:
    return take_number(admin, "lanes", 1, PSD_PASSWORD_LANES_MOST, &admin->lanes);
  default:
    break;
  }
  return PSD_EXIT_DONE;
}

/* The verb that the words begin with; `words` gets how many of them it is. */
static const psd_admin_verb *verb_called(char **words, int count, int *taken) {
  for (size_t i = 0; i < psd_admin_verb_count; i++) {
    const psd_admin_verb *verb = &psd_admin_verbs[i];
    *taken = verb->name[0] == '\0' ? 1 : 2;
    if (count >= *taken && strcmp(words[0], verb->group) == 0 && (*taken == 1 || strcmp(words[1], verb->name) == 0))
      return verb;
  }
  return NULL;
}

static bool is_group(const char *word) {
  for (size_t i = 0; i < psd_admin_verb_count; i++)
    if (strcmp(psd_admin_verbs[i].group, word) == 0)
      return true;
  return false;
}

/* Whether verb, options and arguments go together. */
static int check(psd_admin *admin) {
  const psd_admin_verb *verb = admin->verb;
  if (verb == NULL)
    return psd_admin_usage(admin, "a command is missing");
  const char *between = verb->name[0] == '\0' ? "" : " ";
  unsigned foreign = admin->given & ~(verb->options | PSD_ADMIN_KMS), missing = verb->needed & ~admin->given;
  if (foreign != 0)
    return psd_admin_usage(admin, "%s%s%s takes no --%s", verb->group, between, verb->name,
                           option_name(foreign & (~foreign + 1)));
  if (missing != 0)
    return psd_admin_usage(admin, "%s%s%s needs --%s", verb->group, between, verb->name,
                           option_name(missing & (~missing + 1)));
  if (admin->argc < verb->least)
    return psd_admin_usage(admin, "an argument is missing: psd-server %s%s%s %s", verb->group, between, verb->name,
                           verb->synopsis);
  if (admin->argc > verb->most)
    return psd_admin_usage(admin, "that is an argument too many: psd-server %s%s%s %s", verb->group, between,
                           verb->name, verb->synopsis);
  return PSD_EXIT_DONE;
}

static int take_words(psd_admin *admin, char **words, int count) {
  int taken = 0;
  if (count == 0)
    return PSD_EXIT_DONE;
  admin->verb = verb_called(words, count, &taken);
  admin->argc = admin->verb == NULL ? count : count - taken;
  admin->argv = admin->verb == NULL ? words : words + taken;
  if (admin->verb != NULL || (is_group(words[0]) && (admin->given & PSD_ADMIN_HELP) != 0))
    return PSD_EXIT_DONE;
  if (is_group(words[0]) && count == 1)
    return psd_admin_usage(admin, "%s what", words[0]);
  return psd_admin_usage(admin, "there is no command %s%s%s", words[0], is_group(words[0]) ? " " : "",
                         is_group(words[0]) ? words[1] : "");
}

int psd_admin_parse(psd_admin *admin, int argc, char **argv) {
  *admin = (psd_admin){.realm = PSD_PASSWORD_REALM,
                       .memory = PSD_PASSWORD_MEMORY,
                       .passes = PSD_PASSWORD_PASSES,
                       .lanes = PSD_PASSWORD_LANES};
  optind = 0; /* getopt begins anew */
  opterr = 0;
  int option;
  while ((option = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
    if (option == ':')
      return psd_admin_usage(admin, "%s needs a value", argv[optind - 1]);
    if (option == '?')
      return psd_admin_usage(admin, "there is no option %s", argv[optind - 1]);
    int taken = take_option(admin, option);
    if (taken != PSD_EXIT_DONE)
      return taken;
  }
  int status = take_words(admin, argv + optind, argc - optind);
  if (status != PSD_EXIT_DONE || (admin->given & (PSD_ADMIN_HELP | PSD_ADMIN_VERSION)) != 0)
    return status;
  return check(admin);
}
