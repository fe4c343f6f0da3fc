#include "psd/reader/personalize.h"
#include "cli.h"
#include "psd/program/json.h"
#include "show.h"

#include <openssl/crypto.h>
#include <time.h>

/* What the card says it is now. */
static psd_result show_made(psd_cli *cli) {
  psd_device_id id;
  psd_life_cycle life;
  psd_result result = psd_host_select_psd(cli->host, NULL);
  if (result == PSD_OK)
    result = psd_host_get_object(cli->host, PSD_OBJECT_DEVICE_ID, &id);
  if (result == PSD_OK)
    result = psd_host_get_object(cli->host, PSD_OBJECT_LIFE_CYCLE, &life);
  if (result != PSD_OK)
    return result;
  const psd_state_row *state = psd_state_of((unsigned)life.state);
  const char *name = state != NULL ? state->name : "UNKNOWN";
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_text(&json, "vendor", id.vendor, sizeof id.vendor);
    psd_json_text(&json, "model", id.model, sizeof id.model);
    char serial[9];
    (void)snprintf(serial, sizeof serial, "%08X", (unsigned)id.serial);
    psd_json_string(&json, "serial", serial);
    psd_json_string(&json, "state", name);
    psd_json_end_object(&json);
  } else {
    char words[PSD_CLI_DEVICE_WORDS];
    printf("PSD %s is personalised: %s\n", psd_cli_device(&id, words), name);
  }
  return PSD_OK;
}

static int personalize(psd_cli *cli, const psd_host_keys *keys, const psd_profile *profile) {
  int status = psd_cli_reach(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_result result = psd_personalize(cli->host, keys, profile, (uint64_t)time(NULL));
  if (result == PSD_OK)
    result = psd_host_begin(cli->host);
  if (result == PSD_OK)
    result = show_made(cli);
  return psd_cli_leave(cli, result);
}

int psd_run_personalize(psd_cli *cli) {
  psd_host_keys keys;
  psd_profile profile;
  psd_error warning;
  psd_error error;
  if (cli->keys == NULL || cli->profile == NULL)
    return psd_cli_usage(cli, "personalize needs --keys and --profile");
  psd_result result = psd_host_keys_read(cli->keys, &keys, &warning, &error);
  if (result != PSD_OK)
    return psd_cli_failed(cli, &error);
  psd_cli_warn(&warning);
  int status;
  result = psd_profile_read(cli->profile, &profile, &warning, &error);
  if (result == PSD_OK) {
    psd_cli_warn(&warning);
    status = personalize(cli, &keys, &profile);
    psd_profile_wipe(&profile);
  } else {
    status = psd_cli_failed(cli, &error);
  }
  OPENSSL_cleanse(&keys, sizeof keys);
  return status;
}
