/* psd cert list and export: what the card says of its keys. */
#include "cert.h"
#include "info.h"
#include "proof.h"
#include "psd/spec/status.h"
#include "show.h"

#include <inttypes.h>
#include <string.h>

static const char *name_of(const psd_named *row) {
  return row->name != NULL ? row->name : "unknown";
}

static void write_slot(psd_json *json, const psd_slot *slot) {
  psd_json_object(json, NULL);
  psd_json_number(json, "slot", slot->slot);
  psd_json_string(json, "purpose", name_of(psd_purpose_row(slot->purpose)));
  psd_json_string(json, "algorithm", name_of(psd_algorithm_row(slot->algorithm)));
  psd_json_string(json, "state", name_of(psd_slot_state_row(slot->state)));
  psd_json_bool(json, "imported", slot->imported != 0);
  psd_show_time(json, "made", slot->made);
  if (slot->request != 0)
    psd_json_number(json, "request", slot->request);
  if (slot->certificate != 0) {
    psd_json_number(json, "certificate", slot->certificate);
    psd_show_time(json, "valid_from", slot->from);
    psd_show_time(json, "valid_until", slot->until);
  }
  psd_json_number(json, "uses", slot->uses);
  if (slot->revoked != 0) {
    psd_show_time(json, "revoked", slot->revoked);
    psd_json_string(json, "reason", name_of(psd_reason_row(slot->reason)));
    psd_json_string(json, "paid", name_of(psd_confirmed_row(slot->confirmed)));
    psd_show_amount(json, "charge", slot->charge);
  }
  psd_json_end_object(json);
}

/* How its revocation was paid for (618). What was due and is so no more, a refill has paid. */
static const char *paid_words(const psd_slot *slot, uint64_t due) {
  return slot->confirmed == PSD_CONFIRMED_DUE && due == 0 ? "paid with a refill"
                                                          : name_of(psd_confirmed_row(slot->confirmed));
}

static void print_slot(const psd_slot *slot, uint64_t due) {
  char words[96], number[24] = "-";
  psd_text text = psd_text_over(words, sizeof words);
  if (slot->certificate != 0)
    (void)snprintf(number, sizeof number, "%" PRIu64, slot->certificate);
  if (slot->revoked != 0) {
    psd_say(&text, "revoked ");
    psd_say_time(&text, slot->revoked);
    psd_say(&text, ", %s", paid_words(slot, due));
  } else if (slot->certificate != 0) {
    psd_say(&text, "until ");
    psd_say_time(&text, slot->until);
  }
  if (slot->request != 0)
    psd_say(&text, "%srequest %" PRIu64 " waits", text.length > 0 ? "; " : "", slot->request);
  printf("%4u  %-9s %-8s %-10s %11s %6" PRIu64 "  %s\n", (unsigned)slot->slot, name_of(psd_purpose_row(slot->purpose)),
         name_of(psd_algorithm_row(slot->algorithm)), name_of(psd_slot_state_row(slot->state)), number, slot->uses,
         words);
}

void psd_cert_show_slots(const psd_cli *cli, psd_json *json, const psd_services *services) {
  unsigned shown = 0;
  if (cli->json)
    psd_json_array(json, "slots");
  for (size_t i = 0; i < PSD_USER_SLOTS; i++) {
    if (services->slots[i].state == PSD_SLOT_EMPTY)
      continue;
    if (shown++ == 0 && !cli->json)
      printf("%4s  %-9s %-8s %-10s %11s %6s\n", "slot", "purpose", "key", "state", "certificate", "uses");
    if (cli->json)
      write_slot(json, &services->slots[i]);
    else
      print_slot(&services->slots[i], services->state.due);
  }
  if (cli->json)
    psd_json_end_array(json);
  else if (shown == 0)
    puts("The card has no user's key: psd cert request makes one.");
}

psd_result psd_info_services(psd_cli *cli, psd_json *json) {
  psd_services services;
  psd_result result = psd_services_look(cli->host, &services);
  if (result != PSD_OK)
    return result;
  if (!cli->json)
    puts("keys of users");
  psd_cert_show_slots(cli, json, &services);
  return PSD_OK;
}

static psd_result list(psd_cli *cli) {
  psd_services services;
  psd_json json = psd_json_on(stdout);
  psd_result result = psd_services_look(cli->host, &services);
  if (result != PSD_OK)
    return result;
  if (cli->json)
    psd_json_object(&json, NULL);
  psd_cert_show_slots(cli, &json, &services);
  if (cli->json) {
    psd_show_amount(&json, "due", services.state.due);
    psd_json_end_object(&json);
  } else if (services.state.due != 0) {
    psd_cli_line_amount("payment due", services.state.due);
  }
  return PSD_OK;
}

int psd_cert_list(psd_cli *cli) {
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, list(cli)) : status;
}

/* The slot that is asked for, or the only one that has a certificate. */
static psd_result choose(psd_cli *cli, const psd_services *services, uint8_t *slot) {
  unsigned found = 0;
  *slot = (uint8_t)cli->slot;
  if (*slot != 0)
    return PSD_OK;
  for (uint8_t i = 0; i < PSD_USER_SLOTS; i++) {
    if (services->slots[i].certificate == 0)
      continue;
    *slot = (uint8_t)(i + 1U);
    found++;
  }
  if (found == 1)
    return PSD_OK;
  return psd_host_fail(cli->host, PSD_REFUSED,
                       found == 0 ? "the card has no certificate of a user: psd cert request asks for one"
                                  : "the card has several certificates: --slot says which, psd cert list shows them");
}

static psd_result fetch(psd_cli *cli, psd_buffer *der) {
  psd_services services;
  uint8_t slot = 0;
  psd_result result = psd_services_look(cli->host, &services);
  if (result == PSD_OK)
    result = choose(cli, &services, &slot);
  if (result == PSD_OK)
    result = psd_host_read_certificate(cli->host, slot, PSD_READ_CERTIFICATE, der);
  if (result == PSD_REFUSED && psd_host_status(cli->host) == PSD_SW_REFERENCE_NOT_FOUND && slot != 0)
    return psd_host_fail(cli->host, PSD_REFUSED, "slot %u has no certificate: psd cert list shows which have", slot);
  return result;
}

static int write_out(const psd_cli *cli, const psd_buffer *der) {
  uint8_t bytes[2 * PSD_SERVICE_ANSWER_MAX];
  psd_buffer pem = psd_buffer_over(bytes, sizeof bytes);
  psd_whole_file file;
  psd_error error = {.result = PSD_OK};
  if (!psd_pem_put(&pem, der))
    (void)psd_error_set(&error, PSD_SYSTEM, "out of memory");
  else if (cli->output == NULL)
    (void)fwrite(pem.data, 1, pem.length, stdout); /* what becomes of standard output is looked at in the end */
  else if (psd_output_begin(cli, cli->output, &file, &error) == PSD_OK) {
    (void)psd_whole_file_write(&file, pem.data, pem.length);
    (void)psd_whole_file_end(&file, PSD_OK, &error);
  }
  if (error.result != PSD_OK)
    return psd_cli_failed(cli, &error);
  if (cli->output != NULL)
    psd_cli_done(cli, "certificate written");
  return PSD_EXIT_DONE;
}

int psd_cert_export(psd_cli *cli) {
  uint8_t bytes[PSD_SERVICE_ANSWER_MAX];
  psd_buffer der = psd_buffer_over(bytes, sizeof bytes);
  int status = psd_cli_enter(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, fetch(cli, &der));
  return status == PSD_EXIT_DONE ? write_out(cli, &der) : status;
}
