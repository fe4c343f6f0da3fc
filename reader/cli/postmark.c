/* psd postmark: cryptographic postmarks, made and validated (VM figures 3 and 4; docs/certificates.md). */
#include "counter.h"
#include "proof.h"
#include "psd/spec/amount.h"
#include "show.h"

#include <inttypes.h>
#include <string.h>

/* With its response around it. */
#define RESPONSE_MAX (PSD_SERVICE_ANSWER_MAX + 64U)

/* A postmark under way. */
typedef struct job {
  psd_document document;
  psd_whole_file file;
  const char *output;
} job;

static bool given(const psd_cli *cli, uint64_t option) {
  return (cli->given & option) != 0;
}

static void show_made(const psd_counter *counter, const psd_proof_postmark *postmark, const char *output,
                      uint8_t slot) {
  char words[32];
  uint64_t price = psd_counter_charge(counter, PSD_SERVICE_POSTMARK);
  if (counter->cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, "file", output);
    psd_json_number(&json, "slot", slot);
    psd_json_number(&json, "number", postmark->number);
    psd_show_time(&json, "time", postmark->time);
    psd_json_number(&json, "tariff", postmark->tariff);
    psd_show_amount(&json, "charge", price);
    psd_json_end_object(&json);
    return;
  }
  (void)snprintf(words, sizeof words, "%" PRIu64, postmark->number);
  printf("postmark written to ");
  psd_cli_print(stdout, output);
  putchar('\n');
  psd_cli_line("number", words);
  psd_cli_line_time("time", postmark->time);
  psd_cli_line_amount("charge", price);
}

/* What the card has made, in the form in which it is kept. */
static psd_result keep(psd_counter *counter, job *work, const psd_buffer *token, uint8_t slot) {
  uint8_t bytes[RESPONSE_MAX];
  psd_buffer response = psd_buffer_over(bytes, sizeof bytes);
  psd_proof_postmark postmark = {.number = 0};
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_host *host = counter->cli->host;
  psd_postmark_put_response(&response, token->data, token->length);
  psd_result result = PSD_OK;
  if (response.overflow ||
      psd_proof_read_postmark((psd_proof_bytes){token->data, token->length}, &postmark, why) != PSD_PROOF_HOLDS)
    result = given(counter->cli, PSD_OPTION(LAST))
                 ? psd_host_fail(host, PSD_REFUSED, "the last that the card made is no postmark")
                 : psd_host_fail(host, PSD_BAD_ANSWER, "the card's answer is no postmark: %s", why);
  else
    counter->cli->after = "it is paid for: psd postmark --last -o FILE gives it again";
  result = psd_output_end(host, &work->file, result, response.data, response.length);
  if (result == PSD_OK)
    show_made(counter, &postmark, work->output, slot);
  return result;
}

static psd_result abandon(psd_counter *counter, job *work, psd_result result) {
  return psd_output_end(counter->cli->host, &work->file, result, NULL, 0);
}

static psd_result make(psd_counter *counter, void *context) {
  job *work = context;
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX], slot = 0;
  psd_buffer token = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = PSD_OK;
  if (given(counter->cli, PSD_OPTION(LAST))) {
    result = psd_host_get_last(counter->cli->host, PSD_LAST_SERVICE, &token);
  } else {
    result = psd_counter_slot(counter, PSD_PURPOSE_POSTMARK, &slot);
    if (result == PSD_OK)
      result = psd_postmark_make(&counter->desk, slot, &work->document.digested, NULL, 0, true, &token);
  }
  if (result != PSD_OK)
    return abandon(counter, work, result);
  return keep(counter, work, &token, slot);
}

static int run_make(psd_cli *cli) {
  job work = {.document = {.fd = -1}, .output = cli->output};
  psd_error error = {.result = PSD_OK};
  bool last = given(cli, PSD_OPTION(LAST));
  if (cli->argc != (last ? 0 : 1) || cli->output == NULL)
    return psd_cli_usage(cli, "postmark takes a FILE, or --last, and -o FILE.tsr");
  if (!last && psd_document_open(&work.document, cli->argv[0], given(cli, PSD_OPTION(CARD_HASH)), &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  psd_result result = psd_output_begin(cli, cli->output, &work.file, &error);
  if (result != PSD_OK) {
    psd_document_close(&work.document);
    return psd_cli_failed(cli, &error);
  }
  int status = psd_counter_run(cli, make, &work);
  psd_whole_file_drop(&work.file); /* it may have ended before the card was asked */
  psd_document_close(&work.document);
  return status;
}

/* The postmark that is checked, and of what. */
typedef struct checking {
  psd_document document;
  const char *path;
  uint8_t bytes[RESPONSE_MAX];
  psd_buffer token;
  bool valid;
} checking;

static void show_verdict(const psd_counter *counter, const psd_verdict *verdict) {
  const psd_named *row = psd_verdict_row(verdict->reason);
  unsigned step = psd_verdict_step(verdict->reason);
  const char *words = row->words != NULL ? row->words : "refused for a reason this program does not know";
  if (counter->cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "holds", verdict->reason == PSD_VERDICT_VALID);
    psd_json_string(&json, "result", row->name != NULL ? row->name : "unknown");
    psd_json_number(&json, "step", step);
    psd_show_time(&json, "time", verdict->time);
    psd_json_number(&json, "number", verdict->number);
    psd_json_number(&json, "certificate", verdict->certificate);
    psd_show_amount(&json, "charge", verdict->charge);
    psd_json_end_object(&json);
    return;
  }
  printf("%s (step %u): %s\n", verdict->reason == PSD_VERDICT_VALID ? "the postmark holds" : "the postmark is refused",
         step, words);
  psd_cli_line_time("time", verdict->time);
  psd_cli_line_amount("charge", verdict->charge);
}

static psd_result ask_card(psd_counter *counter, void *context) {
  checking *work = context;
  psd_verdict verdict = {.reason = PSD_VERDICT_VALID};
  psd_result result =
      psd_postmark_validate(&counter->desk, &work->document.digested, work->token.data, work->token.length, &verdict);
  if (result != PSD_OK)
    return result;
  work->valid = verdict.reason == PSD_VERDICT_VALID;
  show_verdict(counter, &verdict);
  return PSD_OK;
}

/* Paid whatever is found (408): a verdict against it is told on standard output, and in the exit status. */
static int validate_by_card(psd_cli *cli, checking *work) {
  int status = psd_counter_run(cli, ask_card, work);
  if (status != PSD_EXIT_DONE || work->valid)
    return status;
  (void)fflush(stdout);
  fputs("psd: ", stderr);
  psd_cli_print(stderr, work->path);
  fputs(" is refused by the card\n", stderr);
  return PSD_EXIT_REFUSED;
}

static void show_proof(const psd_cli *cli, const psd_proof_postmark *postmark) {
  char words[32];
  psd_json json = psd_json_on(stdout);
  if (cli->json) {
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "holds", true);
    psd_show_time(&json, "time", postmark->time);
    psd_json_number(&json, "number", postmark->number);
    psd_json_number(&json, "tariff", postmark->tariff);
    psd_cli_signer(cli, &json, &postmark->signer);
    psd_json_end_object(&json);
    return;
  }
  puts("the postmark holds");
  psd_cli_line_time("time", postmark->time);
  (void)snprintf(words, sizeof words, "%" PRIu64, postmark->number);
  psd_cli_line("number", words);
  psd_cli_signer(cli, &json, &postmark->signer);
}

static int validate_here(psd_cli *cli, checking *work) {
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_proof_postmark postmark;
  psd_error error = {.result = PSD_OK};
  int status = PSD_EXIT_DONE;
  psd_proof_bytes token = {work->token.data, work->token.length};
  psd_proof_result found = psd_proof_read_postmark(token, &postmark, why);
  if (found != PSD_PROOF_HOLDS)
    return psd_cli_disproved(cli, work->path, found, why);
  psd_trust *trust = psd_cli_trust(cli, &status);
  if (trust == NULL)
    return status;
  if (psd_document_digest(&work->document, postmark.digest, &error) == PSD_OK)
    found = psd_proof_check_postmark(trust, token, work->document.digested.bytes, psd_digest_of(postmark.digest)->size,
                                     0, &postmark, why);
  psd_trust_free(trust);
  if (error.result != PSD_OK)
    return psd_cli_failed(cli, &error);
  if (found != PSD_PROOF_HOLDS)
    return psd_cli_disproved(cli, work->path, found, why);
  show_proof(cli, &postmark);
  return PSD_EXIT_DONE;
}

static int run_verify(psd_cli *cli) {
  checking work = {.document = {.fd = -1}, .path = cli->argc > 1 ? cli->argv[1] : ""};
  psd_error error;
  bool metered = given(cli, PSD_OPTION(METERED));
  if (cli->argc != 2 || cli->output != NULL)
    return psd_cli_usage(cli, "postmark --verify takes a FILE and its FILE.tsr");
  work.token = psd_buffer_over(work.bytes, sizeof work.bytes);
  if (psd_input_read(cli->argv[1], &work.token, &error) != PSD_OK ||
      psd_document_open(&work.document, cli->argv[0], metered && given(cli, PSD_OPTION(CARD_HASH)), &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = metered ? validate_by_card(cli, &work) : validate_here(cli, &work);
  psd_document_close(&work.document);
  return status;
}

int psd_run_postmark(psd_cli *cli) {
  if (!given(cli, PSD_OPTION(VERIFY)) && given(cli, PSD_OPTION(METERED)))
    return psd_cli_usage(cli, "--metered goes with --verify");
  if (given(cli, PSD_OPTION(VERIFY)) && given(cli, PSD_OPTION(LAST)))
    return psd_cli_usage(cli, "--verify and --last exclude each other");
  return given(cli, PSD_OPTION(VERIFY)) ? run_verify(cli) : run_make(cli);
}
