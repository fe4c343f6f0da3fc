#include "cli.h"
#include "psd/program/json.h"
#include "psd/spec/describe.h"

#include <stdlib.h>
#include <string.h>

/* What was found in one reader. */
typedef struct finding {
  const char *reader;
  uint8_t atr[PSD_ATR_MAX];
  size_t atr_length;
  bool is_psd;
  psd_device_id id;
  const char *note; /* why nothing more is known; NULL */
  psd_error error;
} finding;

/* Looks into the card over a channel of its own, so that nobody's session suffers. */
static psd_result identify(psd_host *host, finding *found) {
  psd_result result = psd_host_open_channel(host);
  if (result == PSD_OK || result == PSD_REFUSED)
    result = psd_host_select_psd(host, NULL);
  if (result == PSD_OK)
    result = psd_host_get_object(host, PSD_OBJECT_DEVICE_ID, &found->id);
  found->is_psd = result == PSD_OK;
  return result == PSD_REFUSED ? PSD_OK : result;
}

static void look(psd_transport *transport, finding *found) {
  psd_host *host = NULL;
  psd_error unused;
  psd_result result = psd_host_open(transport, &host, &found->error);
  if (result == PSD_OK) {
    (void)psd_transport_atr(psd_host_transport(host), found->atr, &found->atr_length, &unused);
    result = psd_host_begin(host);
    if (result == PSD_OK)
      result = psd_host_end(host, identify(host, found));
    if (result != PSD_OK)
      found->error = *psd_host_error(host);
  }
  psd_host_close(host);
  if (result != PSD_OK)
    found->note = found->error.words;
}

static void print_note(const char *note) {
  fputs("  ", stdout);
  psd_cli_print(stdout, note);
  putchar('\n');
}

static void show_people(const finding *found) {
  char atr[2 * PSD_ATR_MAX + 1];
  psd_text text = psd_text_over(atr, sizeof atr);
  psd_say_hex(&text, found->atr, found->atr_length);
  psd_cli_print(stdout, found->reader);
  putchar('\n');
  if (found->atr_length > 0)
    printf("  answer to reset  %s\n", atr);
  char words[PSD_CLI_DEVICE_WORDS];
  if (found->is_psd)
    printf("  PSD              %s\n", psd_cli_device(&found->id, words));
  else
    print_note(found->note != NULL ? found->note : "not a PSD");
}

static void show_machine(psd_json *json, const finding *found) {
  psd_json_object(json, NULL);
  psd_json_string(json, "reader", found->reader);
  psd_json_hex(json, "atr", found->atr, found->atr_length);
  psd_json_bool(json, "psd", found->is_psd);
  if (found->is_psd) {
    char serial[9];
    (void)snprintf(serial, sizeof serial, "%08X", (unsigned)found->id.serial);
    psd_json_text(json, "vendor", found->id.vendor, sizeof found->id.vendor);
    psd_json_text(json, "model", found->id.model, sizeof found->id.model);
    psd_json_string(json, "serial", serial);
  } else if (found->note != NULL) {
    psd_json_string(json, "note", found->note);
  }
  psd_json_end_object(json);
}

static void show(const psd_cli *cli, psd_json *json, const finding *found) {
  if (cli->json)
    show_machine(json, found);
  else
    show_people(found);
}

static void look_into_reader(const psd_reader_info *reader, finding *found) {
  psd_transport *transport = NULL;
  *found = (finding){.reader = reader->name};
  memcpy(found->atr, reader->atr, reader->atr_length);
  found->atr_length = reader->atr_length;
  if (!reader->present)
    found->note = "no card";
  else if (reader->mute)
    found->note = "a card that does not answer";
  else if (reader->in_use)
    found->note = "a card that another program holds for itself";
  else if (psd_transport_pcsc(reader->name, 0, &transport, &found->error) != PSD_OK)
    found->note = found->error.words;
  else
    look(transport, found);
}

static int list_readers(const psd_cli *cli, psd_json *json) {
  psd_reader_info *readers = NULL;
  size_t count = 0;
  psd_error error;
  if (psd_reader_list(&readers, &count, &error) != PSD_OK)
    return psd_cli_failed(cli, &error);
  if (cli->json)
    psd_json_array(json, NULL);
  for (size_t i = 0; i < count; i++) {
    finding found;
    if (cli->reader != NULL && strstr(readers[i].name, cli->reader) == NULL)
      continue;
    look_into_reader(&readers[i], &found);
    show(cli, json, &found);
  }
  if (cli->json)
    psd_json_end_array(json);
  else if (count == 0)
    puts("no smart card reader is connected");
  psd_reader_list_free(readers, count);
  return PSD_EXIT_DONE;
}

static int list_card(const psd_cli *cli, psd_json *json) {
  finding found = {.reader = cli->card};
  psd_transport *transport = NULL;
  if (psd_transport_socket(cli->card, &transport, &found.error) != PSD_OK)
    return psd_cli_failed(cli, &found.error);
  look(transport, &found);
  if (found.note != NULL)
    return psd_cli_failed(cli, &found.error);
  if (cli->json)
    psd_json_array(json, NULL);
  show(cli, json, &found);
  if (cli->json)
    psd_json_end_array(json);
  return PSD_EXIT_DONE;
}

/* With --wait, the list is that of the moment at which a reader with a card is there, or the time is up. */
static void wait_for_card(const psd_cli *cli) {
  psd_transport *transport = NULL;
  psd_error unused;
  if (cli->wait_ms > 0 && psd_transport_pcsc(cli->reader, cli->wait_ms, &transport, &unused) == PSD_OK)
    psd_transport_close(transport);
}

int psd_run_list(psd_cli *cli) {
  if (cli->card == NULL)
    wait_for_card(cli);
  psd_json json = psd_json_on(stdout);
  return cli->card != NULL ? list_card(cli, &json) : list_readers(cli, &json);
}
