/* psd cert revoke: request, command, confirmation (VM figure 6). */
#include "cert.h"
#include "proof.h"
#include "psd/spec/amount.h"
#include "show.h"

#include <openssl/crypto.h>

#define TAKEN_UP                                                                                                       \
  "the certificate is revoked already; the next session (psd cert revoke, psd audit) brings it to its end"

typedef struct job {
  psd_counter counter;
  uint8_t slot;
  bool before; /* it was revoked already: by an earlier session, or in this one, by the server's command */
} job;

/* What the server has answered to the request: the card carries it out, and the server has the confirmation. */
static psd_result carry_out(job *work, psd_meeting *meeting, const psd_buffer *command, psd_refusal *refusal) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer confirmation = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_meeting_card(
      meeting, psd_revocation_carry_out(&work->counter.desk, work->slot, command->data, command->length, &confirmation),
      refusal);
  if (result == PSD_OK)
    result = psd_session_confirm(meeting->session, confirmation.data, confirmation.length, refusal);
  return result;
}

/* The authority has entered it, and cannot make the command now. */
static psd_result no_command(psd_refusal *refusal) {
  *refusal = (psd_refusal){.who = PSD_BY_SERVER};
  return psd_error_set(&refusal->error, PSD_REFUSED, "the certificate authority has sent no command yet");
}

static psd_result ask(psd_meeting *meeting, psd_refusal *refusal) {
  job *work = meeting->errand->context;
  psd_cli *cli = meeting->cli;
  uint8_t one[PSD_SERVICE_ANSWER_MAX], other[PSD_SERVICE_ANSWER_MAX];
  psd_buffer request = psd_buffer_over(one, sizeof one), command = psd_buffer_over(other, sizeof other);
  psd_authority_item item;
  psd_result result = psd_counter_meet(&work->counter, meeting, refusal);
  if (result != PSD_OK)
    return result;
  work->slot = (uint8_t)cli->slot;
  work->before = work->counter.services.slots[work->slot - 1U].state == PSD_SLOT_REVOKED;
  if (work->before)
    return PSD_OK;
  result = psd_meeting_card(meeting, psd_revocation_request(&work->counter.desk, work->slot, cli->reason, &request),
                            refusal);
  if (result != PSD_OK)
    return result;
  result = psd_session_revoke(meeting->session, request.data, request.length, &item, &command, refusal);
  if (result == PSD_OK)
    cli->after = TAKEN_UP;
  if (result == PSD_OK && command.length == 0)
    return no_command(refusal);
  if (result == PSD_OK)
    result = carry_out(work, meeting, &command, refusal);
  if (result == PSD_OK)
    result = psd_meeting_card(meeting, psd_services_look(cli->host, &work->counter.services), refusal);
  if (result == PSD_OK)
    cli->after = NULL;
  return result;
}

static psd_result show(psd_meeting *meeting) {
  const job *work = meeting->errand->context;
  const psd_slot *slot = &work->counter.services.slots[work->slot - 1U];
  const psd_named *paid = psd_confirmed_row(slot->confirmed);
  if (meeting->cli->json) {
    psd_json_bool(&meeting->json, "before", work->before);
    psd_cert_show_slots(meeting->cli, &meeting->json, &work->counter.services);
    psd_show_amount(&meeting->json, "due", work->counter.services.state.due);
    return PSD_OK;
  }
  printf("slot %u: certificate %u %s, its key destroyed\n", work->slot, (unsigned)slot->certificate,
         work->before ? "was revoked already" : "is revoked");
  psd_cli_line("payment", paid->words != NULL ? paid->words : "unknown");
  psd_cli_line_amount("charge", slot->charge);
  if (work->counter.services.state.due != 0)
    psd_cli_line_amount("payment due", work->counter.services.state.due);
  return PSD_OK;
}

int psd_cert_revoke(psd_cli *cli) {
  job work = {.slot = 0};
  const psd_errand errand = {.act = ask, .show = show, .context = &work};
  if (cli->slot == 0)
    return psd_cli_usage(cli, "cert revoke needs --slot N: psd cert list shows what there is");
  int status = psd_counter_ask(&work.counter, cli);
  if (status == PSD_EXIT_DONE)
    status = psd_meet(cli, &errand, 1);
  OPENSSL_cleanse(&work, sizeof work);
  return status;
}
