/* psd-server: the meter server, and what an operator does to it. */
#include <string.h>

#include "admin/admin.h"
#include "meter/run.h"

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "run") == 0)
    return psd_meter_run(argc - 1, argv + 1);
  return psd_admin_run(argc, argv);
}
