#include <stdio.h>

#include "kms/commands.h"
#include "kms/harden.h"
#include "kms/listen.h"
#include "kms/operations.h"
#include "kms/server.h"

static void lock_memory(const psd_kms *kms) {
  char warning[PSD_KMS_WHY_MAX];
  if (!psd_kms_harden_lock(psd_kms_keys(kms), warning))
    (void)fprintf(stderr, "psd-kms: warning: %s\n", warning);
}

int psd_kms_command_run(const psd_kms_options *options) {
  char why[PSD_KMS_WHY_MAX];
  psd_kms_serving serving = {.dir = options->dir, .role = options->role, .path = options->listen};
  serving.quiet = options->quiet;
  serving.policy = &options->policy;
  serving.filter = !options->no_seccomp && psd_kms_harden_may_filter();
#if PSD_CLASSIC
  serving.classic = options->classic ? &psd_kms_classic_suite : NULL;
#endif
  if (options->classic && serving.classic == NULL)
    return psd_kms_command_refused("--classic: this program was built without suite classic (cmake -DPSD_CLASSIC=ON)");
  serving.kms = psd_kms_command_open(options);
  if (serving.kms == NULL)
    return PSD_EXIT_REFUSED;
  lock_memory(serving.kms);
  bool done =
      psd_kms_socket_listen(&serving.socket, options->listen, options->group, why) && psd_kms_serve(&serving, why);
  psd_kms_close(serving.kms);
  return done ? PSD_EXIT_DONE : psd_kms_command_refused(why);
}
