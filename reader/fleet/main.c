#include "run.h"

int main(int argc, char **argv) {
  return psd_fleet_main(argc, argv);
}
