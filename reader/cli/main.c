#include "cli.h"

int main(int argc, char **argv) {
  return psd_cli_main(argc, argv);
}
