/* A service asked for at the card. */
#include "counter.h"

#include <openssl/crypto.h>

int psd_counter_ask(psd_counter *counter, psd_cli *cli) {
  static const psd_question question = {.prompt = "PIN"};
  psd_error error;
  *counter = (psd_counter){.cli = cli};
  if (psd_ask(cli->pin_file, &question, 1, &counter->pin, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  return PSD_EXIT_DONE;
}

psd_result psd_counter_open(psd_counter *counter) {
  psd_host *host = counter->cli->host;
  counter->desk = (psd_desk){.host = host, .pin = &counter->pin, .services = &counter->services};
  psd_result result = psd_host_verify(host, &counter->pin);
  return result == PSD_OK ? psd_services_look(host, &counter->services) : result;
}

psd_result psd_counter_meet(psd_counter *counter, psd_meeting *meeting, psd_refusal *refusal) {
  return psd_meeting_card(meeting, psd_counter_open(counter), refusal);
}

int psd_counter_run(psd_cli *cli, psd_counter_act *act, void *context) {
  psd_counter counter;
  int status = psd_counter_ask(&counter, cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE) {
    psd_result result = psd_counter_open(&counter);
    if (result == PSD_OK)
      result = act(&counter, context);
    status = psd_cli_leave(cli, result);
  }
  OPENSSL_cleanse(&counter, sizeof counter);
  return status;
}

psd_result psd_counter_slot(psd_counter *counter, psd_purpose purpose, uint8_t *slot) {
  const psd_named *row = psd_purpose_row(purpose);
  *slot = counter->cli->slot != 0 ? (uint8_t)counter->cli->slot : psd_services_slot(&counter->services, purpose);
  if (*slot != 0)
    return PSD_OK;
  return psd_host_fail(counter->cli->host, PSD_REFUSED,
                       "no %s key is active: psd cert request --purpose %s asks for a certificate, psd cert list shows "
                       "what there is",
                       row->name, row->name);
}

uint64_t psd_counter_price(const psd_counter *counter, psd_service service) {
  return counter->services.rated ? psd_service_price(&counter->services.prices, service) : 0;
}

uint64_t psd_counter_charge(const psd_counter *counter, psd_service service) {
  return (counter->cli->given & PSD_OPTION(LAST)) != 0 ? 0 : psd_counter_price(counter, service);
}

void psd_rejection_words(const psd_authority_item *item, const psd_buffer *rest, char words[PSD_REJECTION_WORDS]) {
  int length = item->status == PSD_AUTHORITY_REJECTED ? (int)rest->length : 0;
  (void)snprintf(words, PSD_REJECTION_WORDS, "%.*s", length, (const char *)rest->data);
}
