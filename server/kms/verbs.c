/* Which command takes which options. */
#include "kms/commands.h"

#define BIT(option) (1U << PSD_KMS_OPTION_##option)
#define KEYS (BIT(DIR) | BIT(PASSPHRASE))

const psd_kms_verb psd_kms_verbs[] = {
    {"init", KEYS | BIT(RSA), BIT(DIR), psd_kms_command_init, false},
    {"run", KEYS | BIT(LISTEN) | BIT(GROUP) | BIT(ROLE) | BIT(QUIET) | BIT(NO_SECCOMP) | BIT(CLASSIC), BIT(DIR) | BIT(LISTEN),
     psd_kms_command_run, false},
    {"keys", KEYS | BIT(JSON), BIT(DIR), psd_kms_command_keys, false},
    {"rotate", KEYS | BIT(KIND) | BIT(RSA), BIT(DIR), psd_kms_command_rotate, false},
    {"register", KEYS, BIT(DIR), psd_kms_command_register, true},
    {"retire", KEYS, BIT(DIR), psd_kms_command_retire, true},
    {"compromise", KEYS, BIT(DIR), psd_kms_command_compromise, true},
    {"export", KEYS | BIT(KIND) | BIT(JSON), BIT(DIR), psd_kms_command_export, false},
    {"transport", KEYS | BIT(SERIAL) | BIT(VENDOR) | BIT(MODEL) | BIT(OUT) | BIT(OUT_DIR), BIT(DIR) | BIT(SERIAL),
     psd_kms_command_transport, false},
    {"log", KEYS | BIT(VERIFY) | BIT(JSON) | BIT(KEY), BIT(DIR), psd_kms_command_log, false},
    {"passphrase", KEYS | BIT(NEW_PASSPHRASE), BIT(DIR), psd_kms_command_passphrase, false},
};
const size_t psd_kms_verb_count = sizeof psd_kms_verbs / sizeof psd_kms_verbs[0];
