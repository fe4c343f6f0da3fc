/* Commands that make and change keys; and which command takes which options. */
#include "kms/commands.h"

#include <stdio.h>

#include "kms/notice.h"
#include "kms/passphrase.h"

int psd_kms_command_refused(const char *why) {
  (void)fprintf(stderr, "psd-kms: %s\n", why);
  return PSD_EXIT_REFUSED;
}

psd_kms *psd_kms_command_open(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_passphrase passphrase;
  psd_kms *kms = NULL;
  if (psd_kms_ask_passphrase(options->passphrase_file, false, &passphrase, why)) {
    kms = psd_kms_open(options->dir, psd_kms_passphrase_part(&passphrase), why);
    psd_secret_wipe(&passphrase, sizeof passphrase);
  }
  if (kms == NULL)
    (void)psd_kms_command_refused(why);
  return kms;
}

int psd_kms_command_init(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_passphrase passphrase;
  const psd_kms_birth birth = {
      .rsa_bits = options->rsa_bits, .cost = PSD_KMS_COST, .now = psd_kms_now(), .domain = options->domain};
  if (!psd_kms_may_create(options->dir, why) ||
      !psd_kms_ask_passphrase(options->passphrase_file, true, &passphrase, why))
    return psd_kms_command_refused(why);
  bool done = psd_kms_create(options->dir, psd_kms_passphrase_part(&passphrase), &birth, why);
  psd_secret_wipe(&passphrase, sizeof passphrase);
  if (!done)
    return psd_kms_command_refused(why);
  (void)printf("keys made in %s; without the passphrase they are lost: keep a copy of both, apart\n", options->dir);
  return PSD_EXIT_DONE;
}

/* The end of a command that changes keys. */
static int finish(psd_kms *kms, bool done, const char *why) {
  psd_kms_close(kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}

int psd_kms_command_rotate(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = psd_kms_replace_key(kms, options->kind, options->rsa_bits, psd_kms_now(), why);
  if (done)
    (void)printf("key %lu, of kind %s, is active\n",
                 (unsigned long)psd_keyring_active(psd_kms_keys(kms), options->kind)->identifier,
                 psd_kms_kind_of(options->kind)->name);
  return finish(kms, done, why);
}

static int set_state(const psd_kms_options *options, psd_kms_state state) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = psd_kms_set_state(kms, options->identifier, state, psd_kms_now(), why);
  if (done)
    (void)printf("key %lu is %s\n", (unsigned long)options->identifier, psd_kms_state_of(state)->name);
  return finish(kms, done, why);
}

int psd_kms_command_register(const psd_kms_options *options) {
  return set_state(options, PSD_KMS_STATE_REGISTERED);
}

int psd_kms_command_retire(const psd_kms_options *options) {
  return set_state(options, PSD_KMS_STATE_OBSOLETE);
}

int psd_kms_command_compromise(const psd_kms_options *options) {
  return set_state(options, PSD_KMS_STATE_COMPROMISED);
}

int psd_kms_command_passphrase(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_passphrase passphrase;
  psd_kms *kms = psd_kms_command_open(options);
  if (kms == NULL)
    return PSD_EXIT_REFUSED;
  bool done = psd_kms_ask_new_passphrase(options->new_passphrase_file, &passphrase, why);
  if (done) {
    done = psd_kms_set_passphrase(kms, psd_kms_passphrase_part(&passphrase), PSD_KMS_COST, psd_kms_now(), why);
    psd_secret_wipe(&passphrase, sizeof passphrase);
  }
  return finish(kms, done, why);
}

#define BIT(option) (1U << PSD_KMS_OPTION_##option)
#define KEYS (BIT(DIR) | BIT(PASSPHRASE))

const psd_kms_command psd_kms_commands[] = {
    {"init", KEYS | BIT(DOMAIN) | BIT(RSA), BIT(DIR), psd_kms_command_init, PSD_KMS_WORDS_NONE, false},
    {"run",
     KEYS | BIT(LISTEN) | BIT(GROUP) | BIT(ROLE) | BIT(MOST) | BIT(LONGEST_WATCHDOG) | BIT(QUIET) | BIT(NO_SECCOMP) |
         BIT(CLASSIC),
     BIT(DIR) | BIT(LISTEN), psd_kms_command_run, PSD_KMS_WORDS_NONE, false},
    {"keys", KEYS | BIT(JSON), BIT(DIR), psd_kms_command_keys, PSD_KMS_WORDS_NONE, false},
    {"rotate", KEYS | BIT(KIND) | BIT(RSA), BIT(DIR), psd_kms_command_rotate, PSD_KMS_WORDS_NONE, false},
    {"register", KEYS, BIT(DIR), psd_kms_command_register, PSD_KMS_WORDS_KEY, false},
    {"retire", KEYS, BIT(DIR), psd_kms_command_retire, PSD_KMS_WORDS_KEY, false},
    {"compromise", KEYS, BIT(DIR), psd_kms_command_compromise, PSD_KMS_WORDS_KEY, false},
    {"export", KEYS | BIT(KIND) | BIT(KEY) | BIT(JSON), BIT(DIR), psd_kms_command_export, PSD_KMS_WORDS_NONE, false},
    {"ca", KEYS | BIT(KEY), BIT(DIR), psd_kms_command_ca, PSD_KMS_WORDS_NONE, false},
    {"crl", KEYS | BIT(REVOKED) | BIT(DAYS) | BIT(KEY), BIT(DIR) | BIT(REVOKED), psd_kms_command_crl,
     PSD_KMS_WORDS_NONE, false},
    {"transport", KEYS | BIT(SERIAL) | BIT(VENDOR) | BIT(MODEL) | BIT(OUT) | BIT(OUT_DIR), BIT(DIR) | BIT(SERIAL),
     psd_kms_command_transport, PSD_KMS_WORDS_NONE, false},
    {"tokens", KEYS | BIT(VENDOR) | BIT(MODEL) | BIT(SET) | BIT(KEY) | BIT(JSON), BIT(DIR), psd_kms_command_tokens,
     PSD_KMS_WORDS_TOKENS, true},
    {"day", KEYS | BIT(DATE) | BIT(DAYS) | BIT(OUT) | BIT(ORDER) | BIT(SET), BIT(DIR) | BIT(DATE) | BIT(OUT),
     psd_kms_command_day, PSD_KMS_WORDS_NONE, false},
    {"log", KEYS | BIT(VERIFY) | BIT(JSON) | BIT(MOVEMENTS) | BIT(KEY), BIT(DIR), psd_kms_command_log,
     PSD_KMS_WORDS_NONE, true},
    {"passphrase", KEYS | BIT(NEW_PASSPHRASE), BIT(DIR), psd_kms_command_passphrase, PSD_KMS_WORDS_NONE, false},
};
const size_t psd_kms_command_count = sizeof psd_kms_commands / sizeof psd_kms_commands[0];
