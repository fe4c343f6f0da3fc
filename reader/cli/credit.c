/* psd credit: a line of credit, asked for, accepted, shown (VM figures 7A and 8). */
#include "credit.h"

#include "psd/spec/amount.h"
#include "psd/spec/status.h"
#include "show.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>

/* Signature, postmark, request: all fits one request of a Host. */
#define APPLICATION_MAX 6144U
#define REQUEST_MAX 512U
#define ACCEPTED_AGAIN "the line of credit is granted: psd credit accept fetches it again"

typedef struct job {
  psd_counter counter;
  const char *use;
  unsigned number; /* of the application, the server's; 0 for the last */
  uint8_t slot;
  psd_authority_item item;
  char why[PSD_REJECTION_WORDS]; /* it was rejected */
  bool accepted;
  psd_credit_state credit;
} job;

static bool sha256(const void *data, size_t length, psd_digested *digested) {
  *digested = (psd_digested){.digest = PSD_DIGEST_SHA256};
  return EVP_Digest(data, length, digested->bytes, NULL, EVP_sha256(), NULL) == 1;
}

/* CreditRequest, in DER. */
static psd_result put_request(const job *work, psd_buffer *der) {
  const psd_services *services = &work->counter.services;
  psd_host *host = work->counter.cli->host;
  psd_proof_credit_request request = {.certificate = services->slots[work->slot - 1U].certificate,
                                      .amount = work->counter.cli->amount,
                                      .time = services->meter.clock.now};
  uint8_t nonce[8];
  psd_buffer device = psd_buffer_over(request.device, sizeof request.device);
  psd_put_message(&device, PSD_MESSAGE_DEVICE_ID, &services->meter.device);
  (void)snprintf(request.use, sizeof request.use, "%s", work->use);
  if (RAND_bytes(nonce, sizeof nonce) != 1 || !psd_proof_put_credit_request(&request, nonce, der) || der->overflow)
    return psd_host_fail(host, PSD_SYSTEM, "the request cannot be written");
  return PSD_OK;
}

/* Signed with the holder's key, and the signature postmarked (802). */
static psd_result put_application(job *work, psd_buffer *application) {
  uint8_t memory[3][PSD_SERVICE_ANSWER_MAX];
  psd_buffer der = psd_buffer_over(memory[0], REQUEST_MAX), cms = psd_buffer_over(memory[1], sizeof memory[1]);
  psd_buffer token = psd_buffer_over(memory[2], sizeof memory[2]);
  psd_digested digested;
  psd_host *host = work->counter.cli->host;
  uint8_t postmark = psd_services_slot(&work->counter.services, PSD_PURPOSE_POSTMARK);
  if (postmark == 0)
    return psd_host_fail(host, PSD_REFUSED,
                         "a request for credit is postmarked, and no postmark key is active: psd cert request "
                         "--purpose postmark");
  psd_result result = put_request(work, &der);
  if (result == PSD_OK && !sha256(der.data, der.length, &digested))
    result = psd_host_fail(host, PSD_SYSTEM, "the cryptographic library failed");
  if (result == PSD_OK)
    result = psd_message_sign(&work->counter.desk, work->slot, &digested, true, &cms);
  if (result == PSD_OK && !sha256(cms.data, cms.length, &digested))
    result = psd_host_fail(host, PSD_SYSTEM, "the cryptographic library failed");
  if (result == PSD_OK)
    result = psd_postmark_make(&work->counter.desk, postmark, &digested, NULL, 0, true, &token);
  if (result != PSD_OK)
    return result;
  const psd_credit_application head = {.signature = cms.length, .postmark = token.length};
  psd_put_message(application, PSD_MESSAGE_CREDIT_APPLICATION, &head);
  psd_put(application, cms.data, cms.length);
  psd_put(application, token.data, token.length);
  psd_put(application, der.data, der.length);
  return application->overflow ? psd_host_fail(host, PSD_BAD_ANSWER, "the application is longer than there can be")
                               : PSD_OK;
}

/* 810, 812. */
static psd_result accept(job *work, psd_meeting *meeting, const psd_buffer *certificate, psd_refusal *refusal) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer payment = psd_buffer_over(bytes, sizeof bytes);
  psd_cli *cli = meeting->cli;
  cli->after = ACCEPTED_AGAIN;
  psd_result result =
      psd_credit_accept(&work->counter.desk, work->slot, certificate->data, certificate->length, &payment);
  if (result == PSD_OK)
    result = psd_credit_look(cli->host, work->slot, &work->credit);
  work->accepted = result == PSD_OK;
  cli->after = work->accepted ? NULL : ACCEPTED_AGAIN;
  return psd_meeting_card(meeting, result, refusal);
}

/* 804: what the creditor has decided. */
static psd_result take(job *work, psd_meeting *meeting, const psd_buffer *rest, psd_refusal *refusal) {
  psd_rejection_words(&work->item, rest, work->why);
  return work->item.status == PSD_AUTHORITY_ACCEPTED && rest->length > 0 ? accept(work, meeting, rest, refusal)
                                                                         : PSD_OK;
}

static psd_result ask(psd_meeting *meeting, psd_refusal *refusal) {
  job *work = meeting->errand->context;
  uint8_t one[APPLICATION_MAX], other[PSD_SERVICE_ANSWER_MAX];
  psd_buffer application = psd_buffer_over(one, sizeof one), certificate = psd_buffer_over(other, sizeof other);
  psd_result result = psd_counter_meet(&work->counter, meeting, refusal);
  if (result != PSD_OK)
    return result;
  result = psd_counter_slot(&work->counter, PSD_PURPOSE_USER, &work->slot);
  if (result == PSD_OK)
    result = put_application(work, &application);
  if (result != PSD_OK)
    return psd_meeting_card(meeting, result, refusal);
  result =
      psd_session_credit(meeting->session, application.data, application.length, &work->item, &certificate, refusal);
  return result == PSD_OK ? take(work, meeting, &certificate, refusal) : result;
}

static psd_result fetch(psd_meeting *meeting, psd_refusal *refusal) {
  job *work = meeting->errand->context;
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer certificate = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_counter_meet(&work->counter, meeting, refusal);
  if (result == PSD_OK)
    result = psd_meeting_card(meeting, psd_counter_slot(&work->counter, PSD_PURPOSE_USER, &work->slot), refusal);
  if (result == PSD_OK)
    result = psd_session_news(meeting->session, PSD_AUTHORITY_CREDIT, work->number, &work->item, &certificate, refusal);
  return result == PSD_OK ? take(work, meeting, &certificate, refusal) : result;
}

void psd_credit_show_line(const psd_cli *cli, psd_json *json, const psd_credit_state *credit) {
  char words[32];
  if (cli->json) {
    psd_json_number(json, "slot", credit->slot);
    psd_json_number(json, "certificate", credit->certificate);
    psd_show_amount(json, "line", credit->amount);
    psd_show_amount(json, "remaining", credit->remaining);
    psd_json_number(json, "sequence", credit->sequence);
    psd_show_time(json, "valid_from", credit->from);
    psd_show_time(json, "valid_until", credit->until);
    psd_json_hex(json, "hash", credit->hash, sizeof credit->hash);
    return;
  }
  printf("slot %u: line of credit %u\n", (unsigned)credit->slot, (unsigned)credit->certificate);
  psd_cli_line_amount("line", credit->amount);
  psd_cli_line_amount("remaining", credit->remaining);
  (void)snprintf(words, sizeof words, "%" PRIu64, credit->sequence);
  psd_cli_line("payments", words);
  psd_cli_line_time("valid until", credit->until);
}

static psd_result show(psd_meeting *meeting) {
  const job *work = meeting->errand->context;
  const psd_named *status = psd_authority_status_row(work->item.status);
  psd_json *json = &meeting->json;
  if (meeting->cli->json) {
    psd_json_number(json, "application", work->item.number);
    psd_json_string(json, "status", status->name);
    psd_json_bool(json, "accepted", work->accepted);
    if (work->item.status == PSD_AUTHORITY_REJECTED)
      psd_json_string(json, "reason", work->why);
  }
  if (work->accepted)
    psd_credit_show_line(meeting->cli, json, &work->credit);
  else if (!meeting->cli->json && work->item.status != PSD_AUTHORITY_REJECTED)
    printf("application %u is %s: psd credit accept %u later\n", (unsigned)work->item.number, status->name,
           (unsigned)work->item.number);
  if (work->item.status != PSD_AUTHORITY_REJECTED)
    return PSD_OK;
  return psd_host_fail(meeting->cli->host, PSD_REFUSED,
                       "the creditor has rejected the application (806)%s%s; psd credit request asks for another line",
                       work->why[0] != '\0' ? ": " : "", work->why);
}

static int run(psd_cli *cli, job *work, psd_result (*act)(psd_meeting *meeting, psd_refusal *refusal)) {
  const psd_errand errand = {.act = act, .show = show, .context = work};
  int status = psd_cli_needs_server(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_counter_ask(&work->counter, cli);
  if (status == PSD_EXIT_DONE)
    status = psd_meet(cli, &errand, 1);
  OPENSSL_cleanse(work, sizeof *work);
  return status;
}

static int run_request(psd_cli *cli) {
  job work = {.use = cli->argc > 2 ? cli->argv[2] : "payments"};
  if (cli->argc < 2 || !psd_amount_parse(cli->argv[1], &cli->amount) || cli->amount == 0)
    return psd_cli_usage(cli, "credit request takes an AMOUNT above zero, in dollars, such as 1000");
  if (strlen(work.use) < 1 || strlen(work.use) > PSD_NAME_MAX)
    return psd_cli_usage(cli, "what it is for has 1 to %u bytes", PSD_NAME_MAX);
  return run(cli, &work, ask);
}

static int run_accept(psd_cli *cli) {
  job work = {.number = 0};
  if (cli->argc > 2 || (cli->argc == 2 && !psd_cli_number(cli->argv[1], 1, 999999999, &work.number)))
    return psd_cli_usage(cli, "credit accept takes the NUMBER of an application");
  return run(cli, &work, fetch);
}

static psd_result show_lines(psd_cli *cli) {
  psd_json json = psd_json_on(stdout);
  psd_result result = PSD_OK;
  unsigned shown = 0;
  if (cli->json)
    psd_json_array(&json, NULL);
  for (uint8_t slot = 1; slot <= PSD_USER_SLOTS && result == PSD_OK; slot++) {
    psd_credit_state credit;
    result = psd_credit_look(cli->host, slot, &credit);
    if (result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_REFERENCE_NOT_FOUND) {
      result = PSD_OK;
      continue;
    }
    if (result != PSD_OK || (cli->slot != 0 && cli->slot != slot))
      continue;
    shown++;
    if (cli->json)
      psd_json_object(&json, NULL);
    psd_credit_show_line(cli, &json, &credit);
    if (cli->json)
      psd_json_end_object(&json);
  }
  if (cli->json)
    psd_json_end_array(&json);
  else if (result == PSD_OK && shown == 0)
    puts("The card has no line of credit: psd credit request asks for one.");
  return result;
}

static int run_show(psd_cli *cli) {
  if (cli->argc != 1)
    return psd_cli_usage(cli, "%s is not expected", cli->argv[1]);
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, show_lines(cli)) : status;
}

int psd_run_credit(psd_cli *cli) {
  static const struct {
    const char *name;
    int (*run)(psd_cli *cli);
  } acts[] = {{"request", run_request}, {"accept", run_accept}, {"show", run_show}};
  for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
    if (strcmp(acts[i].name, cli->argv[0]) == 0)
      return acts[i].run(cli);
  return psd_cli_usage(cli, "credit knows request, accept and show, not %s", cli->argv[0]);
}
