#include "cli.h"

#include <openssl/crypto.h>
#include <string.h>

static psd_result write_label(psd_cli *cli, const psd_secret *pin, const char *text) {
  psd_result result = psd_host_verify(cli->host, pin);
  if (result == PSD_OK)
    result = psd_host_put_data(cli->host, psd_objects[PSD_OBJECT_LABEL].tag, text, strlen(text));
  return result;
}

int psd_run_label(psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  const char *text = cli->argv[0];
  if (strlen(text) > psd_objects[PSD_OBJECT_LABEL].most)
    return psd_cli_usage(cli, "a label has at most %u bytes", psd_objects[PSD_OBJECT_LABEL].most);
  psd_secret pin;
  psd_error error;
  if (psd_ask(cli->pin_file, &question, 1, &pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, write_label(cli, &pin, text));
  OPENSSL_cleanse(&pin, sizeof pin);
  if (status == PSD_EXIT_DONE)
    psd_cli_done(cli, "label written");
  return status;
}
