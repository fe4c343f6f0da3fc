#include "proof.h"

#include "psd/spec/amount.h"
#include "show.h"

#include <inttypes.h>

psd_trust *psd_cli_trust(psd_cli *cli, int *status) {
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_cli_needs_trust(cli);
  if (cli->root == NULL) {
    *status = psd_cli_usage(cli, "whom to believe is missing: --root FILE, or PSD_ROOT, has the root certificate");
    return NULL;
  }
  psd_trust *trust = psd_trust_new();
  bool ok = trust != NULL && psd_trust_add_roots(trust, cli->root, why) &&
            (cli->ca == NULL || psd_trust_add_chain(trust, cli->ca, why)) &&
            (cli->crl == NULL || psd_trust_add_lists(trust, cli->crl, why));
  *status = PSD_EXIT_DONE;
  if (ok)
    return trust;
  psd_error error;
  (void)psd_error_set(&error, PSD_BAD_INPUT, "%s", why[0] != '\0' ? why : "out of memory");
  *status = psd_cli_failed(cli, &error);
  psd_trust_free(trust);
  return NULL;
}

int psd_cli_disproved(const psd_cli *cli, const char *path, psd_proof_result result, const char *why) {
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "holds", false);
    psd_json_string(&json, "result", psd_proof_name(result));
    psd_json_string(&json, "why", why);
    psd_json_end_object(&json);
  }
  (void)fflush(stdout);
  fputs("psd: ", stderr);
  psd_cli_print(stderr, path);
  fputs(" is refused: ", stderr);
  psd_cli_print(stderr, why);
  fputc('\n', stderr);
  return PSD_EXIT_REFUSED;
}

void psd_cli_line(const char *what, const char *words) {
  printf("  %-20s ", what);
  psd_cli_print(stdout, words);
  putchar('\n');
}

void psd_cli_line_time(const char *what, uint64_t time) {
  char words[64];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say_time(&text, time);
  psd_cli_line(what, words);
}

void psd_cli_line_amount(const char *what, uint64_t mills) {
  char words[PSD_AMOUNT_WORDS];
  psd_cli_line(what, psd_amount_words(words, mills));
}

static void say_device(psd_text *text, const uint8_t bytes[PSD_SIZE_DEVICE_ID]) {
  psd_device_id id;
  char words[PSD_CLI_DEVICE_WORDS];
  if (psd_parse_message(bytes, PSD_SIZE_DEVICE_ID, PSD_MESSAGE_DEVICE_ID, &id))
    psd_say(text, "%s", psd_cli_device(&id, words));
}

void psd_cli_signer(const psd_cli *cli, psd_json *json, const psd_proof_signer *signer) {
  char words[64] = "";
  psd_text text = psd_text_over(words, sizeof words);
  if (signer->metered)
    say_device(&text, signer->device);
  if (cli->json) {
    psd_json_object(json, "signer");
    psd_json_string(json, "name", signer->name);
    psd_json_number(json, "certificate", signer->number);
    psd_show_time(json, "valid_from", signer->from);
    psd_show_time(json, "valid_until", signer->until);
    if (signer->metered)
      psd_json_string(json, "meter", words);
    psd_json_end_object(json);
    return;
  }
  psd_cli_line("signed by", signer->name);
  if (signer->metered)
    psd_cli_line("with the meter", words);
  text = psd_text_over(words, sizeof words);
  psd_say(&text, "%" PRIu64, signer->number);
  if (signer->number != 0)
    psd_cli_line("certificate", words);
}
