#include "manufacture.h"
#include "psd/program/json.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>
#include <time.h>

#define LIMIT_MS 30000U
#define PIN_DIGITS 6U
#define PUK_DIGITS 8U

static psd_result draw(psd_secret *secret, size_t digits, psd_error *error) {
  *secret = (psd_secret){.length = digits};
  for (size_t i = 0; i < digits;) {
    uint8_t byte;
    if (RAND_priv_bytes(&byte, 1) != 1)
      return psd_error_set(error, PSD_SYSTEM, "the system gives no randomness");
    if (byte < 250) /* so that each digit is as likely as the others */
      secret->bytes[i++] = (uint8_t)('0' + byte % 10);
  }
  return PSD_OK;
}

psd_result psd_job_draw(psd_job *job, psd_error *error) {
  if (!job->drawn)
    return PSD_OK;
  /* A policy of the profile may ask for more. */
  size_t least = (size_t)job->profile.pin_policy.minimum_length;
  psd_result result = draw(&job->profile.pin, least > PIN_DIGITS ? least : PIN_DIGITS, error);
  if (result == PSD_OK)
    result = draw(&job->profile.puk, least > PUK_DIGITS ? least : PUK_DIGITS, error);
  return result;
}

/* PIN and PUK: the profile's, those of --pin-file, or by lot. */
static psd_result settle_secrets(psd_job *job, psd_error *error) {
  static const psd_question questions[] = {{"PIN", false}, {"PUK", false}};
  psd_secret secrets[2];
  bool has_pin = psd_profile_has(&job->profile, PSD_OBJECT_USER_PIN);
  if (has_pin != psd_profile_has(&job->profile, PSD_OBJECT_USER_PUK))
    return psd_error_set(error, PSD_BAD_INPUT, "%s has one of pin and puk, and not the other", job->cli->profile);
  job->profile.objects |= UINT64_C(1) << PSD_OBJECT_USER_PIN | UINT64_C(1) << PSD_OBJECT_USER_PUK;
  if (has_pin)
    return PSD_OK;
  job->drawn = job->cli->pin_file == NULL;
  if (job->drawn)
    return PSD_OK;
  psd_result result = psd_ask(job->cli->pin_file, questions, 2, secrets, error);
  if (result == PSD_OK) {
    job->profile.pin = secrets[0];
    job->profile.puk = secrets[1];
  }
  OPENSSL_cleanse(secrets, sizeof secrets);
  return result;
}

static psd_result open_job(psd_job *job, psd_error *error) {
  psd_cli *cli = job->cli;
  psd_error warning;
  psd_result result = psd_profile_for_manufacture(cli->profile, &job->profile, &warning, error);
  if (result != PSD_OK)
    return result;
  psd_cli_warn(&warning);
  if (cli->suites != 0)
    job->profile.session_policy.suites = cli->suites;
  result = settle_secrets(job, error);
  job->order = (psd_manufacture_order){.profile = &job->profile,
                                       .scheme = cli->scheme,
                                       .dsa = (cli->given & PSD_OPTION(DSA)) != 0,
                                       .key_pair = (cli->given & (PSD_OPTION(KEY_PAIR) | PSD_OPTION(DSA))) != 0,
                                       .tokens = (cli->given & PSD_OPTION(NO_TOKENS)) == 0,
                                       .token_digits = cli->token_digits != 0 ? cli->token_digits : PSD_TOKEN_DIGITS,
                                       .token_order = cli->token_order};
  if (result == PSD_OK)
    result = psd_link_open(PSD_PEER_KMS, cli->kms, LIMIT_MS, &job->order.kms, error);
  if (result == PSD_OK && cli->postal_kms != NULL)
    result = psd_link_open(PSD_PEER_KMS, cli->postal_kms, LIMIT_MS, &job->order.postal, error);
  if (result == PSD_OK)
    result = psd_link_open(PSD_PEER_CONTROL, cli->server, LIMIT_MS, &job->order.control, error);
  return result;
}

static void close_job(psd_job *job) {
  psd_link_close(job->order.kms);
  psd_link_close(job->order.postal);
  psd_link_close(job->order.control);
  psd_profile_wipe(&job->profile);
}

/* Who the card is to be: who the blank one says it is, but for --serial. */
static psd_result identify(const psd_cli *cli, psd_device_id *id) {
  psd_result result = psd_host_begin(cli->host);
  if (result != PSD_OK)
    return result;
  result = psd_host_select_psd(cli->host, NULL);
  if (result == PSD_OK)
    result = psd_host_get_object(cli->host, PSD_OBJECT_DEVICE_ID, id);
  if ((cli->given & PSD_OPTION(SERIAL)) != 0)
    id->serial = cli->serial;
  return psd_host_end(cli->host, result);
}

static psd_result make(psd_job *job, const psd_host_keys *present, psd_device_id *id) {
  psd_host *host = job->cli->host;
  psd_new_keys keys;
  psd_error error = {.result = PSD_OK};
  psd_result result = identify(job->cli, id);
  if (result != PSD_OK)
    return result;
  result = psd_job_draw(job, &error);
  if (result == PSD_OK)
    result = psd_manufacture_keys(&job->order, id, &keys, &error);
  if (result != PSD_OK)
    return psd_host_fail(host, result, "%s", error.words);
  result = psd_manufacture(host, &job->order, id, &keys, present, (uint64_t)time(NULL));
  OPENSSL_cleanse(&keys, sizeof keys);
  return result;
}

static void show_made(const psd_job *job, const psd_device_id *id) {
  char words[PSD_CLI_DEVICE_WORDS];
  const psd_profile *profile = &job->profile;
  if (job->cli->json) {
    char serial[9];
    psd_json json = psd_json_on(stdout);
    (void)snprintf(serial, sizeof serial, "%08X", (unsigned)id->serial);
    psd_json_object(&json, NULL);
    psd_json_text(&json, "vendor", id->vendor, sizeof id->vendor);
    psd_json_text(&json, "model", id->model, sizeof id->model);
    psd_json_string(&json, "serial", serial);
    if (job->drawn) {
      psd_json_text(&json, "pin", profile->pin.bytes, profile->pin.length);
      psd_json_text(&json, "puk", profile->puk.bytes, profile->puk.length);
    }
    psd_json_end_object(&json);
    return;
  }
  printf("PSD %s is manufactured, and the meter server knows it\n", psd_cli_device(id, words));
  if (job->drawn)
    printf("PIN %.*s, PUK %.*s: shown this once\n", (int)profile->pin.length, (const char *)profile->pin.bytes,
           (int)profile->puk.length, (const char *)profile->puk.bytes);
}

static int one(psd_job *job) {
  psd_cli *cli = job->cli;
  psd_host_keys present = {0};
  psd_device_id id = {0};
  psd_error warning, error;
  if (cli->keys != NULL && psd_host_keys_read(cli->keys, &present, &warning, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  if (cli->keys != NULL)
    psd_cli_warn(&warning);
  int status = psd_cli_reach(cli);
  if (status == PSD_EXIT_DONE) {
    psd_result result = make(job, cli->keys != NULL ? &present : NULL, &id);
    if (result == PSD_OK)
      show_made(job, &id);
    else
      status = psd_cli_failed(cli, psd_host_error(cli->host));
    psd_host_close(cli->host);
    cli->host = NULL;
  }
  OPENSSL_cleanse(&present, sizeof present);
  return status;
}

/* Options of the one kind of manufacture with the other make no sense. */
static int check(const psd_cli *cli) {
  const uint64_t of_one =
      PSD_OPTION(READER) | PSD_OPTION(CARD) | PSD_OPTION(WAIT) | PSD_OPTION(KEYS) | PSD_OPTION(SERIAL);
  const uint64_t of_tokens = PSD_OPTION(POSTAL_KMS) | PSD_OPTION(TOKEN_DIGITS) | PSD_OPTION(TOKEN_ORDER);
  const uint64_t of_many = PSD_OPTION(STATE_DIR) | PSD_OPTION(FIRST_SERIAL);
  if (cli->kms == NULL || cli->server == NULL)
    return psd_cli_usage(cli, "manufacture needs --kms and --server");
  if ((cli->given & PSD_OPTION(NO_TOKENS)) != 0 && (cli->given & of_tokens) != 0)
    return psd_cli_usage(cli, "--no-tokens excludes --postal-kms, --token-digits and --token-order");
  if ((cli->given & PSD_OPTION(COUNT)) == 0 && (cli->given & of_many) != 0)
    return psd_cli_usage(cli, "--state-dir and --first-serial go with --count");
  if ((cli->given & PSD_OPTION(COUNT)) != 0 && cli->state_dir == NULL)
    return psd_cli_usage(cli, "--count goes with --state-dir");
  if ((cli->given & PSD_OPTION(COUNT)) != 0 && (cli->given & of_one) != 0)
    return psd_cli_usage(cli, "--reader, --card, --wait, --keys and --serial are for one card in a reader");
  return PSD_EXIT_DONE;
}

int psd_run_manufacture(psd_cli *cli) {
  psd_job job = {.cli = cli};
  psd_error error;
  int status = check(cli);
  if (status != PSD_EXIT_DONE)
    return status;
  if (open_job(&job, &error) != PSD_OK)
    status = psd_cli_failed(cli, &error);
  else
    status = cli->count > 0 ? psd_job_many(&job) : one(&job);
  close_job(&job);
  return status;
}
