/* psd cert install and status: what became of the requests that wait (VM 514 to 520). */
#include "cert.h"
#include "proof.h"

#include <openssl/crypto.h>
#include <string.h>

/* What the authority says of the request of a slot. */
typedef struct outcome {
  uint8_t slot;
  psd_authority_item item;
  char why[PSD_REJECTION_WORDS]; /* it was rejected */
  bool installed;
} outcome;

typedef struct job {
  psd_counter counter;
  bool install;
  outcome outcomes[PSD_USER_SLOTS];
  size_t count;
} job;

/* Where the server knows of no such request, the line was lost before it got there: the card has it still. */
static psd_result send_again(job *work, psd_meeting *meeting, outcome *found, psd_buffer *grant, psd_refusal *refusal) {
  uint8_t bytes[PSD_SEALED_REQUEST_MAX];
  psd_buffer sealed = psd_buffer_over(bytes, sizeof bytes);
  if (psd_certificate_waiting(&work->counter.desk, found->slot, &sealed) != PSD_OK)
    return PSD_REFUSED; /* the server's refusal says it */
  return psd_session_certify(meeting->session, sealed.data, sealed.length, &found->item, grant, refusal);
}

static psd_result ask_one(job *work, psd_meeting *meeting, outcome *found, psd_refusal *refusal) {
  uint8_t bytes[PSD_GRANT_MAX];
  psd_buffer grant = psd_buffer_over(bytes, sizeof bytes);
  uint32_t number = (uint32_t)work->counter.services.slots[found->slot - 1U].request;
  psd_result result =
      psd_session_news(meeting->session, PSD_AUTHORITY_CERTIFICATE, number, &found->item, &grant, refusal);
  if (result == PSD_REFUSED && psd_call_is_open(meeting->call))
    result = send_again(work, meeting, found, &grant, refusal);
  if (result == PSD_OK)
    psd_rejection_words(&found->item, &grant, found->why);
  if (result != PSD_OK || !work->install || found->item.status != PSD_AUTHORITY_ACCEPTED || grant.length == 0)
    return result;
  result = psd_meeting_card(
      meeting, psd_certificate_install(&work->counter.desk, found->slot, grant.data, grant.length), refusal);
  found->installed = result == PSD_OK;
  return result;
}

static psd_result ask(psd_meeting *meeting, psd_refusal *refusal) {
  job *work = meeting->errand->context;
  unsigned only = meeting->cli->slot;
  psd_result result = psd_counter_meet(&work->counter, meeting, refusal);
  for (uint8_t i = 0; i < PSD_USER_SLOTS && result == PSD_OK; i++) {
    if (work->counter.services.slots[i].request == 0 || (only != 0 && only != i + 1U))
      continue;
    outcome *found = &work->outcomes[work->count];
    *found = (outcome){.slot = (uint8_t)(i + 1U)};
    result = ask_one(work, meeting, found, refusal);
    work->count += result == PSD_OK ? 1 : 0;
  }
  if (result == PSD_OK)
    result = psd_meeting_card(meeting, psd_services_look(meeting->cli->host, &work->counter.services), refusal);
  return result;
}

static void show_outcome(psd_meeting *meeting, const job *work, const outcome *found) {
  const psd_named *status = psd_authority_status_row(found->item.status);
  psd_json *json = &meeting->json;
  if (!meeting->cli->json) {
    printf("slot %u: request %u is %s%s", found->slot, (unsigned)found->item.number, status->name,
           found->installed                                                 ? ", its certificate installed"
           : found->item.status == PSD_AUTHORITY_ACCEPTED && !work->install ? ": psd cert install"
           : found->item.status == PSD_AUTHORITY_REJECTED                   ? " (516)"
                                                                            : "");
    fputs(found->why[0] != '\0' ? ": " : "", stdout);
    psd_cli_print(stdout, found->why);
    putchar('\n');
    return;
  }
  psd_json_object(json, NULL);
  psd_json_number(json, "slot", found->slot);
  psd_json_number(json, "request", found->item.number);
  psd_json_string(json, "status", status->name);
  psd_json_bool(json, "installed", found->installed);
  if (found->item.status == PSD_AUTHORITY_REJECTED)
    psd_json_string(json, "reason", found->why);
  psd_json_end_object(json);
}

static psd_result show(psd_meeting *meeting) {
  const job *work = meeting->errand->context;
  size_t rejected = 0, installed = 0;
  if (meeting->cli->json)
    psd_json_array(&meeting->json, "requests");
  for (size_t i = 0; i < work->count; i++) {
    show_outcome(meeting, work, &work->outcomes[i]);
    rejected += work->outcomes[i].item.status == PSD_AUTHORITY_REJECTED ? 1 : 0;
    installed += work->outcomes[i].installed ? 1 : 0;
  }
  if (meeting->cli->json)
    psd_json_end_array(&meeting->json);
  else if (work->count == 0)
    puts("No request waits.");
  psd_cert_show_slots(meeting->cli, &meeting->json, &work->counter.services);
  if (!work->install || rejected == 0 || installed > 0)
    return PSD_OK;
  return psd_host_fail(
      meeting->cli->host, PSD_REFUSED,
      "the certificate authority has rejected the request (516): psd cert renew --slot N asks anew, psd "
      "cert delete --slot N gives up");
}

static int run(psd_cli *cli, bool install) {
  job work = {.install = install};
  const psd_errand errand = {.act = ask, .show = show, .context = &work};
  int status = psd_counter_ask(&work.counter, cli);
  if (status == PSD_EXIT_DONE)
    status = psd_meet(cli, &errand, 1);
  OPENSSL_cleanse(&work, sizeof work);
  return status;
}

int psd_cert_install(psd_cli *cli) {
  return run(cli, true);
}

int psd_cert_status(psd_cli *cli) {
  return run(cli, false);
}
