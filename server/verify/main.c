/* psd-verify: the verification site. */
#include <stdio.h>

#include "crypto/evp.h"
#include "verify/commands.h"

int main(int argc, char **argv) {
  psd_verify_options options;
  char wrong[PSD_VERIFY_WRONG_MAX];
  if (!psd_verify_options_parse(argc, argv, &options, wrong)) {
    (void)fprintf(stderr, "psd-verify: %s\n", wrong);
    return PSD_EXIT_USAGE;
  }
  if (options.help)
    return fputs(psd_verify_help, stdout) >= 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
  if (options.version)
    return puts("psd-verify " PSD_VERSION) >= 0 ? PSD_EXIT_DONE : PSD_EXIT_REFUSED;
  if (!psd_evp_start())
    return psd_verify_refused("OpenSSL lacks an algorithm: SHA-256, AES-256-GCM or P-256");
  int status = options.command->run(&options);
  psd_evp_stop();
  return fflush(stdout) == 0 ? status : psd_verify_refused("standard output cannot be written");
}
