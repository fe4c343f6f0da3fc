/* psd pay: payments from a line of credit, made and checked (VM figures 7B and 9). */
#include "credit.h"
#include "psd/spec/amount.h"
#include "psd/spec/status.h"
#include "show.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

#define DAY UINT64_C(86400)

typedef struct job {
  psd_whole_file file;
} job;

static bool given(const psd_cli *cli, uint64_t option) {
  return (cli->given & option) != 0;
}

static void show_paid(const psd_counter *counter, const psd_credit_state *credit) {
  const psd_cli *cli = counter->cli;
  psd_json json = psd_json_on(stdout);
  if (cli->json) {
    psd_json_object(&json, NULL);
    psd_json_string(&json, "file", cli->output);
    if (!given(cli, PSD_OPTION(LAST)))
      psd_show_amount(&json, "amount", cli->amount);
    psd_show_amount(&json, "charge", psd_counter_charge(counter, PSD_SERVICE_PAYMENT));
    psd_credit_show_line(cli, &json, credit);
    psd_json_end_object(&json);
    return;
  }
  printf("payment %u written to ", (unsigned)credit->sequence);
  psd_cli_print(stdout, cli->output);
  putchar('\n');
  if (!given(cli, PSD_OPTION(LAST)))
    psd_cli_line_amount("amount", cli->amount);
  psd_cli_line_amount("credit remaining", credit->remaining);
  psd_cli_line_amount("charge", psd_counter_charge(counter, PSD_SERVICE_PAYMENT));
}

/* The first active slot of a user with a line of credit. */
static psd_result choose(psd_counter *counter, uint8_t *slot) {
  psd_host *host = counter->cli->host;
  psd_credit_state credit;
  *slot = (uint8_t)counter->cli->slot;
  for (uint8_t i = 1; i <= PSD_USER_SLOTS && *slot == 0; i++) {
    const psd_slot *at = &counter->services.slots[i - 1U];
    if (at->state != PSD_SLOT_ACTIVE || at->purpose != PSD_PURPOSE_USER)
      continue;
    psd_result result = psd_credit_look(host, i, &credit);
    if (result == PSD_OK)
      *slot = i;
    else if (result != PSD_REFUSED || psd_host_status(host) != PSD_SW_REFERENCE_NOT_FOUND)
      return result;
  }
  return *slot != 0
             ? PSD_OK
             : psd_host_fail(host, PSD_REFUSED, "the card has no line of credit: psd credit request asks for one");
}

static psd_result get(psd_counter *counter, uint8_t slot, psd_buffer *payment) {
  psd_cli *cli = counter->cli;
  uint64_t now = counter->services.meter.clock.now;
  if (given(cli, PSD_OPTION(LAST)))
    return psd_host_read_certificate(cli->host, slot, PSD_READ_PAYMENT, payment);
  return psd_credit_pay(&counter->desk, slot, cli->amount, cli->days != 0 ? now + cli->days * DAY : 0, cli->to,
                        payment);
}

static psd_result pay(psd_counter *counter, void *context) {
  job *work = context;
  psd_host *host = counter->cli->host;
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX], slot = 0;
  psd_buffer payment = psd_buffer_over(bytes, sizeof bytes);
  psd_credit_state credit;
  psd_result result = choose(counter, &slot);
  if (result == PSD_OK)
    result = get(counter, slot, &payment);
  if (result == PSD_OK)
    counter->cli->after = "the payment is made: psd pay --last -o FILE gives it again";
  result = psd_output_end(host, &work->file, result, payment.data, payment.length);
  if (result == PSD_OK)
    result = psd_credit_look(host, slot, &credit);
  if (result == PSD_OK)
    show_paid(counter, &credit);
  return result;
}

static int run_pay(psd_cli *cli) {
  job work = {.file = {.path = NULL}};
  psd_error error;
  bool last = given(cli, PSD_OPTION(LAST));
  if (cli->argc != (last ? 0 : 1) || cli->output == NULL)
    return psd_cli_usage(cli, "pay takes an AMOUNT, --to MERCHANT and -o FILE.p7s; or --last and -o FILE.p7s");
  if (!last && (!psd_amount_parse(cli->argv[0], &cli->amount) || cli->amount == 0))
    return psd_cli_usage(cli, "AMOUNT is above zero, in dollars with up to three decimals, such as 25.00");
  if (!last && (cli->to == NULL || strlen(cli->to) < 1 || strlen(cli->to) > PSD_PAYEE_MAX))
    return psd_cli_usage(cli, "--to is the merchant's name, 1 to %u bytes of UTF-8", PSD_PAYEE_MAX);
  if (psd_output_begin(cli, cli->output, &work.file, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  int status = psd_counter_run(cli, pay, &work);
  psd_whole_file_drop(&work.file); /* it may have ended before the card was asked */
  return status;
}

static void show_proof(const psd_cli *cli, const psd_proof_payment *payment) {
  char words[32];
  psd_json json = psd_json_on(stdout);
  if (cli->json) {
    psd_json_object(&json, NULL);
    psd_json_bool(&json, "holds", true);
    psd_show_amount(&json, "amount", payment->amount);
    psd_show_amount(&json, "remaining", payment->remaining);
    psd_show_amount(&json, "line", payment->credit.amount);
    psd_json_string(&json, "payee", payment->payee);
    psd_json_number(&json, "sequence", payment->sequence);
    psd_show_time(&json, "time", payment->time);
    psd_show_time(&json, "expiry", payment->expiry);
    psd_cli_signer(cli, &json, &payment->credit.holder);
    psd_json_end_object(&json);
    return;
  }
  puts("the payment holds");
  psd_cli_line_amount("amount", payment->amount);
  psd_cli_line("payee", payment->payee);
  (void)snprintf(words, sizeof words, "%" PRIu64, payment->sequence);
  psd_cli_line("number", words);
  psd_cli_line_time("time", payment->time);
  psd_cli_line_time("to be settled by", payment->expiry);
  psd_cli_signer(cli, &json, &payment->credit.holder);
}

/* What the merchant checks, without the card and off line. */
static int run_verify(psd_cli *cli) {
  uint8_t bytes[16384];
  psd_buffer cms = psd_buffer_over(bytes, sizeof bytes);
  psd_proof_payment payment;
  char why[PSD_PROOF_WHY_MAX] = "";
  psd_error error;
  int status = PSD_EXIT_DONE;
  if (cli->argc != 1 || cli->to == NULL)
    return psd_cli_usage(cli, "pay --verify takes a FILE.p7s, and --to: the merchant's name");
  psd_trust *trust = psd_cli_trust(cli, &status);
  if (trust == NULL)
    return status;
  if (psd_input_read(cli->argv[0], &cms, &error) != PSD_OK) {
    psd_trust_free(trust);
    return psd_cli_failed(cli, &error);
  }
  psd_proof_result found = psd_proof_check_payment(trust, (psd_proof_bytes){cms.data, cms.length}, cli->to,
                                                   (uint64_t)time(NULL), &payment, why);
  psd_trust_free(trust);
  if (found != PSD_PROOF_HOLDS)
    return psd_cli_disproved(cli, cli->argv[0], found, why);
  show_proof(cli, &payment);
  return PSD_EXIT_DONE;
}

int psd_run_pay(psd_cli *cli) {
  if (given(cli, PSD_OPTION(VERIFY)) && given(cli, PSD_OPTION(LAST)))
    return psd_cli_usage(cli, "--verify and --last exclude each other");
  return given(cli, PSD_OPTION(VERIFY)) ? run_verify(cli) : run_pay(cli);
}
