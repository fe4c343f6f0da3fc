/* psd-kms: the key management system. */
#include <stdio.h>

#include "kms/commands.h"
#include "kms/harden.h"

int main(int argc, char **argv) {
  psd_kms_options options;
  char wrong[PSD_KMS_WRONG_MAX];
  psd_kms_harden_start();
  if (!psd_kms_options_parse(argc, argv, &options, wrong)) {
    (void)fprintf(stderr, "psd-kms: %s\n", wrong);
    return PSD_EXIT_USAGE;
  }
  if (options.help)
    return fputs(psd_kms_help, stdout) >= 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
  if (options.version)
    return puts("psd-kms " PSD_VERSION) >= 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
  if (!psd_evp_start())
    return psd_kms_command_refused("OpenSSL lacks an algorithm: SHA-256, AES-256-GCM or P-256");
  int status = options.command->run(&options);
  psd_evp_stop();
  return fflush(stdout) == 0 ? status : PSD_EXIT_REFUSED;
}
