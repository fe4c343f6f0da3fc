/* psd cert request and renew: a certificate asked for, vetted, and installed if that is done at once (VM figure 5). */
#include "cert.h"
#include "proof.h"
#include "psd/spec/amount.h"
#include "show.h"

#include <openssl/crypto.h>
#include <string.h>

#define SENT_AGAIN "the card keeps the request: psd cert install sends it again, and nothing more is charged"
#define FETCHED_AGAIN "the certificate is granted: psd cert install fetches it again"

/* A request under way. */
typedef struct job {
  psd_counter counter;
  psd_certificate_order order;
  bool renewal;
  psd_authority_item item;
  char why[PSD_REJECTION_WORDS]; /* it was rejected */
  bool installed;
} job;

/* The name that a certificate has already. */
static psd_result same_subject(job *work) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer der = psd_buffer_over(bytes, sizeof bytes);
  psd_proof_signer subject;
  psd_host *host = work->counter.cli->host;
  psd_result result = psd_host_read_certificate(host, work->order.slot, PSD_READ_CERTIFICATE, &der);
  if (result == PSD_REFUSED)
    return psd_host_fail(host, PSD_REFUSED, "slot %u has no certificate yet to take the name from: --subject says it",
                         work->order.slot);
  if (result != PSD_OK)
    return result;
  if (!psd_proof_read_certificate((psd_proof_bytes){der.data, der.length}, &subject))
    return psd_host_fail(host, PSD_BAD_ANSWER, "the certificate of slot %u cannot be read", work->order.slot);
  memcpy(work->order.organization, subject.organization, sizeof work->order.organization);
  memcpy(work->order.name, subject.common_name, sizeof work->order.name);
  return PSD_OK;
}

/* Renewal: the key that is there, for what it is for. */
static psd_result choose_kept(job *work) {
  const psd_cli *cli = work->counter.cli;
  const psd_slot *slot = &work->counter.services.slots[cli->slot - 1U];
  work->order.slot = (uint8_t)cli->slot;
  work->order.key = PSD_REQUEST_KEPT_KEY;
  work->order.purpose = (psd_purpose)slot->purpose;
  work->order.algorithm = (psd_algorithm)slot->algorithm;
  if (slot->state == PSD_SLOT_EMPTY)
    return psd_host_fail(cli->host, PSD_REFUSED, "slot %u has no key: psd cert request makes one", cli->slot);
  return work->order.name[0] == '\0' ? same_subject(work) : PSD_OK;
}

static psd_result choose_new(job *work) {
  const psd_cli *cli = work->counter.cli;
  work->order.key = PSD_REQUEST_NEW_KEY;
  work->order.slot = cli->slot != 0 ? (uint8_t)cli->slot : psd_services_empty(&work->counter.services);
  if (work->order.slot == 0)
    return psd_host_fail(cli->host, PSD_REFUSED,
                         "all %u slots have keys: psd cert delete empties one that is not active", PSD_USER_SLOTS);
  const psd_slot *slot = &work->counter.services.slots[work->order.slot - 1U];
  if (slot->state == PSD_SLOT_EMPTY)
    return PSD_OK;
  return psd_host_fail(cli->host, PSD_REFUSED, "slot %u has a key already: %s", work->order.slot,
                       slot->request != 0 ? "psd cert install asks what became of its request"
                                          : "psd cert renew asks for a certificate for it");
}

static psd_result install(job *work, psd_meeting *meeting, const psd_buffer *grant, psd_refusal *refusal) {
  psd_counter *counter = &work->counter;
  counter->cli->after = FETCHED_AGAIN;
  psd_result result = psd_certificate_install(&counter->desk, work->order.slot, grant->data, grant->length);
  if (result == PSD_OK)
    result = psd_services_look(counter->cli->host, &counter->services);
  work->installed = result == PSD_OK;
  counter->cli->after = work->installed ? NULL : FETCHED_AGAIN;
  return psd_meeting_card(meeting, result, refusal);
}

static psd_result ask(psd_meeting *meeting, psd_refusal *refusal) {
  job *work = meeting->errand->context;
  psd_counter *counter = &work->counter;
  uint8_t one[PSD_SEALED_REQUEST_MAX], other[PSD_GRANT_MAX];
  psd_buffer sealed = psd_buffer_over(one, sizeof one), grant = psd_buffer_over(other, sizeof other);
  psd_result result = psd_counter_open(counter);
  if (result == PSD_OK)
    result = work->renewal ? choose_kept(work) : choose_new(work);
  if (result == PSD_OK)
    result = psd_certificate_ask(&counter->desk, &work->order, &sealed);
  if (result != PSD_OK)
    return psd_meeting_card(meeting, result, refusal);
  counter->cli->after = SENT_AGAIN;
  result = psd_session_certify(meeting->session, sealed.data, sealed.length, &work->item, &grant, refusal);
  if (result == PSD_OK) {
    counter->cli->after = NULL;
    psd_rejection_words(&work->item, &grant, work->why);
  }
  if (result == PSD_OK && work->item.status == PSD_AUTHORITY_ACCEPTED && grant.length > 0)
    result = install(work, meeting, &grant, refusal);
  return result;
}

static void print_installed(const job *work) {
  const psd_slot *slot = &work->counter.services.slots[work->order.slot - 1U];
  printf("slot %u: certificate %u installed\n", work->order.slot, (unsigned)slot->certificate);
  psd_cli_line_time("valid until", slot->until);
  psd_cli_line_amount("charge", psd_counter_price(&work->counter, PSD_SERVICE_REQUEST) +
                                    psd_counter_price(&work->counter, PSD_SERVICE_ACTIVATION));
}

static psd_result show(psd_meeting *meeting) {
  const job *work = meeting->errand->context;
  const psd_named *status = psd_authority_status_row(work->item.status);
  psd_json *json = &meeting->json;
  if (meeting->cli->json) {
    psd_json_number(json, "slot", work->order.slot);
    psd_json_number(json, "request", work->item.number);
    psd_json_string(json, "status", status->name);
    psd_json_bool(json, "installed", work->installed);
    if (work->item.status == PSD_AUTHORITY_REJECTED)
      psd_json_string(json, "reason", work->why);
    if (work->installed)
      psd_json_number(json, "certificate", work->counter.services.slots[work->order.slot - 1U].certificate);
  } else if (work->installed) {
    print_installed(work);
  } else if (work->item.status != PSD_AUTHORITY_REJECTED) {
    printf("slot %u: request %u is %s: psd cert install later\n", work->order.slot, (unsigned)work->item.number,
           status->name);
  }
  if (work->item.status != PSD_AUTHORITY_REJECTED)
    return PSD_OK;
  return psd_host_fail(
      meeting->cli->host, PSD_REFUSED,
      "the certificate authority has rejected the request (516)%s%s; psd cert renew --slot %u asks anew",
      work->why[0] != '\0' ? ": " : "", work->why, work->order.slot);
}

static int take_subject(const psd_cli *cli, psd_certificate_order *order) {
  if (cli->subject == NULL)
    return PSD_EXIT_DONE;
  if (!psd_subject_parse(cli->subject, order->organization, order->name))
    return psd_cli_usage(cli, "--subject is CN=NAME or CN=NAME,O=ORGANIZATION, each 1 to %u bytes of UTF-8",
                         PSD_NAME_MAX);
  return PSD_EXIT_DONE;
}

static int take_purpose(const psd_cli *cli, psd_certificate_order *order) {
  const psd_named *row = psd_purpose_named(cli->purpose != NULL ? cli->purpose : "user");
  if (row == NULL)
    return psd_cli_usage(cli, "--purpose is user, postmark or agent");
  order->purpose = (psd_purpose)row->value;
  order->algorithm = cli->algorithm != 0 ? cli->algorithm : PSD_ALGORITHM_P256;
  if (order->purpose == PSD_PURPOSE_AGENT && order->organization[0] == '\0')
    return psd_cli_usage(cli, "an agent has an organization: --subject \"CN=...,O=...\"");
  return PSD_EXIT_DONE;
}

static int run(psd_cli *cli, job *work) {
  const psd_errand errand = {.act = ask, .show = show, .context = work};
  int status = psd_counter_ask(&work->counter, cli);
  if (status == PSD_EXIT_DONE)
    status = psd_meet(cli, &errand, 1);
  OPENSSL_cleanse(work, sizeof *work);
  return status;
}

int psd_cert_request(psd_cli *cli) {
  job work = {.renewal = false};
  if (cli->subject == NULL)
    return psd_cli_usage(cli, "cert request needs --subject \"CN=...\"");
  int status = take_subject(cli, &work.order);
  if (status == PSD_EXIT_DONE)
    status = take_purpose(cli, &work.order);
  return status == PSD_EXIT_DONE ? run(cli, &work) : status;
}

int psd_cert_renew(psd_cli *cli) {
  job work = {.renewal = true};
  if (cli->slot == 0)
    return psd_cli_usage(cli, "cert renew needs --slot N: psd cert list shows what there is");
  int status = take_subject(cli, &work.order);
  return status == PSD_EXIT_DONE ? run(cli, &work) : status;
}
