/* psd-server: the meter server, and what an operator does to it. */
#include <stdio.h>
#include <string.h>

#include "meter/run.h"

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "run") == 0)
    return psd_meter_run(argc - 1, argv + 1);
  if (argc > 1 && strcmp(argv[1], "--version") == 0)
    return puts("psd-server " PSD_VERSION) >= 0 ? 0 : 1;
  (void)fprintf(stderr, "psd-server: say run (see --help)\n");
  return 2;
}
