#include "cli.h"
#include "psd/program/json.h"

static unsigned count_bits(uint64_t bits) {
  unsigned count = 0;
  for (; bits != 0; bits >>= 1)
    count += (unsigned)(bits & 1);
  return count;
}

static psd_result run(psd_cli *cli) {
  psd_self_test test;
  psd_result result = psd_host_self_test(cli->host, &test);
  if (result != PSD_OK)
    return result;
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_number(&json, "run", count_bits(test.run));
    psd_json_number(&json, "failed", count_bits(test.failed));
    psd_json_bool(&json, "passed", test.failed == 0);
    psd_json_end_object(&json);
  } else {
    printf("%u self-tests run, %u failed\n", count_bits(test.run), count_bits(test.failed));
  }
  if (test.failed != 0)
    return psd_host_fail(cli->host, PSD_REFUSED, "self-tests of the card failed (%04X): it must not be used any more",
                         (unsigned)test.failed);
  return PSD_OK;
}

int psd_run_self_test(psd_cli *cli) {
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, run(cli)) : status;
}
