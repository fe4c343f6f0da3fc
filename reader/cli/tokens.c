/* psd tokens: what proves that the card holds its token keys goes to the key management systems (docs/evidence.md,
 * "Installation and registration"). */
#include "cli.h"
#include "psd/program/json.h"
#include "psd/spec/status.h"

#include <openssl/crypto.h>
#include <string.h>

#define LIMIT_MS 30000U

/* The proofs, and for whom. */
typedef struct proofs {
  psd_device_id device;
  psd_registration_tokens tokens;
} proofs;

/* A domain: where its proof is, and where it goes. */
typedef struct domain {
  const char *name, *address;
  uint64_t set, token;
} domain;

static psd_result explain(psd_cli *cli, psd_result result) {
  psd_host_meter meter;
  if (result != PSD_REFUSED || psd_host_status(cli->host) != PSD_SW_CONDITIONS)
    return result;
  psd_error before = *psd_host_error(cli->host);
  if (psd_host_meter_look(cli->host, &meter) == PSD_OK && meter.licence.number == 0)
    return psd_host_fail(cli->host, PSD_REFUSED,
                         "the card has no licence yet, which the proof is over: psd register fetches it");
  return psd_host_fail(cli->host, PSD_REFUSED, "%s", before.words);
}

static psd_result read_proofs(psd_cli *cli, const psd_secret *pin, proofs *of) {
  psd_result result = psd_host_verify(cli->host, pin);
  if (result == PSD_OK)
    result = psd_host_get_object(cli->host, PSD_OBJECT_DEVICE_ID, &of->device);
  if (result != PSD_OK)
    return result;
  return explain(cli, psd_host_registration_tokens(cli->host, &of->tokens));
}

static psd_result register_one(const proofs *of, const domain *at, psd_error *error) {
  psd_kms_register proof = {.serial = of->device.serial,
                            .zip = of->tokens.zip,
                            .licence = of->tokens.licence,
                            .set = at->set,
                            .token = at->token};
  psd_link *kms = NULL;
  memcpy(proof.vendor, of->device.vendor, sizeof proof.vendor);
  memcpy(proof.model, of->device.model, sizeof proof.model);
  if (at->set == 0)
    return psd_error_set(error, PSD_REFUSED, "the card was given no %s token key", at->name);
  psd_result result = psd_link_open(PSD_PEER_KMS, at->address, LIMIT_MS, &kms, error);
  if (result == PSD_OK)
    result = psd_link_register(kms, &proof, error);
  psd_link_close(kms);
  return result;
}

static void show(const psd_cli *cli, psd_json *json, const domain *at) {
  if (!cli->json) {
    printf("%s token key of set %u: registered\n", at->name, (unsigned)at->set);
    return;
  }
  psd_json_object(json, NULL);
  psd_json_string(json, "domain", at->name);
  psd_json_number(json, "set", at->set);
  psd_json_bool(json, "registered", true);
  psd_json_end_object(json);
}

static psd_result register_all(const psd_cli *cli, const proofs *of, psd_error *error) {
  const domain domains[] = {
      {psd_token_domain_name(PSD_TOKENS_VENDOR), cli->kms, of->tokens.vendor_set, of->tokens.vendor_token},
      {psd_token_domain_name(PSD_TOKENS_POSTAL), cli->postal_kms, of->tokens.postal_set, of->tokens.postal_token}};
  psd_json json = psd_json_on(stdout);
  psd_result result = PSD_OK;
  if (cli->json)
    psd_json_array(&json, NULL);
  for (size_t i = 0; i < 2 && result == PSD_OK; i++) {
    if (domains[i].address == NULL)
      continue;
    result = register_one(of, &domains[i], error);
    if (result == PSD_OK)
      show(cli, &json, &domains[i]);
  }
  if (cli->json)
    psd_json_end_array(&json);
  return result;
}

int psd_run_tokens(psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  proofs of = {0};
  psd_secret pin;
  psd_error error;
  if (strcmp(cli->argv[0], "register") != 0)
    return psd_cli_usage(cli, "tokens knows register, not %s", cli->argv[0]);
  if (cli->kms == NULL && cli->postal_kms == NULL)
    return psd_cli_usage(cli, "tokens register needs --kms or --postal-kms");
  if (psd_ask(cli->pin_file, &question, 1, &pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, read_proofs(cli, &pin, &of));
  OPENSSL_cleanse(&pin, sizeof pin);
  if (status == PSD_EXIT_DONE && register_all(cli, &of, &error) != PSD_OK)
    status = psd_cli_failed(cli, &error);
  return status;
}
