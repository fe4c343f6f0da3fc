#include "cli.h"
#include "psd/program/json.h"

#include <openssl/crypto.h>
#include <string.h>

typedef psd_result pin_action(psd_host *host, const psd_secret *secrets);

static psd_result verify(psd_host *host, const psd_secret *secrets) {
  return psd_host_verify(host, &secrets[0]);
}

static psd_result change(psd_host *host, const psd_secret *secrets) {
  return psd_host_change_pin(host, &secrets[0], &secrets[1]);
}

static psd_result unblock(psd_host *host, const psd_secret *secrets) {
  return psd_host_unblock_pin(host, &secrets[0], &secrets[1]);
}

static const struct {
  const char *name;
  size_t count; /* of secrets */
  psd_question questions[2];
  pin_action *act;
  const char *done;
} actions[] = {
    {"verify", 1, {{"PIN", false}}, verify, "PIN verified"},
    {"change", 2, {{"old PIN", false}, {"new PIN", true}}, change, "PIN changed"},
    {"unblock", 2, {{"PUK", false}, {"new PIN", true}}, unblock, "PIN unblocked and changed"},
};
#define ACTIONS (sizeof actions / sizeof actions[0])

static psd_result show_status(psd_cli *cli) {
  psd_pin_status status;
  psd_result result = psd_host_get_object(cli->host, PSD_OBJECT_PIN_STATUS, &status);
  if (result != PSD_OK)
    return result;
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "pin_set", status.pin_set != 0);
    psd_json_number(&json, "pin_tries", status.pin_tries);
    psd_json_bool(&json, "puk_set", status.puk_set != 0);
    psd_json_number(&json, "puk_tries", status.puk_tries);
    psd_json_end_object(&json);
    return PSD_OK;
  }
  if (status.pin_set == 0)
    puts("PIN: none yet");
  else
    printf("PIN: %u tries left%s\n", (unsigned)status.pin_tries, status.pin_tries == 0 ? " (blocked)" : "");
  if (status.puk_set == 0)
    puts("PUK: none yet");
  else
    printf("PUK: %u tries left%s\n", (unsigned)status.puk_tries, status.puk_tries == 0 ? " (blocked)" : "");
  return PSD_OK;
}

/* Secrets are asked for before the card is held, so that nobody waits for a person to type. */
static int run_action(psd_cli *cli, size_t i) {
  psd_secret secrets[2];
  psd_error error;
  if (psd_ask(cli->pin_file, actions[i].questions, actions[i].count, secrets, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, actions[i].act(cli->host, secrets));
  OPENSSL_cleanse(secrets, sizeof secrets);
  if (status == PSD_EXIT_DONE)
    psd_cli_done(cli, actions[i].done);
  return status;
}

int psd_run_pin(psd_cli *cli) {
  const char *action = cli->argv[0];
  if (strcmp(action, "status") == 0) {
    int status = psd_cli_enter(cli);
    return status == PSD_EXIT_DONE ? psd_cli_leave(cli, show_status(cli)) : status;
  }
  for (size_t i = 0; i < ACTIONS; i++)
    if (strcmp(action, actions[i].name) == 0)
      return run_action(cli, i);
  return psd_cli_usage(cli, "pin can status, verify, change and unblock");
}
