#include "cli.h"
#include "hex.h"
#include "psd/program/json.h"
#include "psd/spec/describe.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define WORDS_MAX 8192U
#define HEADER_SIZE 4U

typedef struct exchange {
  const uint8_t *command;
  size_t command_length;
  uint8_t response[PSD_RESPONSE_MAX];
  size_t response_length;
  char command_words[WORDS_MAX];
  char response_words[WORDS_MAX];
} exchange;

/* Bytes of the command that may be shown: those of a secret one stop after its header. */
static size_t shown_length(const exchange *step) {
  psd_apdu apdu;
  (void)psd_parse_apdu(step->command, step->command_length, &apdu); /* one that is malformed has a header too */
  bool secret = step->command_length >= HEADER_SIZE && psd_describe_hides(&apdu);
  return secret ? HEADER_SIZE : step->command_length;
}

/* Those of the answer: of a secret one none, SW1-SW2 stand among the words. */
static size_t shown_answer(const exchange *step) {
  psd_apdu apdu;
  (void)psd_parse_apdu(step->command, step->command_length, &apdu);
  bool secret = step->command_length >= HEADER_SIZE && step->response_length > 2 && psd_describe_hides_answer(&apdu);
  return secret ? 0 : step->response_length;
}

static void print_hex(const char *lead, const uint8_t *bytes, size_t shown, size_t length) {
  fputs(lead, stdout);
  for (size_t i = 0; i < shown; i++)
    printf("%02X", bytes[i]);
  puts(shown < length ? "..." : "");
}

static void show_people(const exchange *step) {
  print_hex("> ", step->command, shown_length(step), step->command_length);
  printf("  %s\n", step->command_words);
  print_hex("< ", step->response, shown_answer(step), step->response_length);
  printf("  %s\n", step->response_words);
}

static void show_machine(psd_json *json, const exchange *step) {
  psd_json_object(json, NULL);
  psd_json_hex(json, "command", step->command, shown_length(step));
  psd_json_string(json, "command_words", step->command_words);
  psd_json_hex(json, "answer", step->response, shown_answer(step));
  psd_json_string(json, "answer_words", step->response_words);
  psd_json_end_object(json);
}

static psd_result run_one(psd_cli *cli, exchange *step) {
  psd_error error;
  psd_result result = psd_transport_transmit(psd_host_transport(cli->host), step->command, step->command_length,
                                             step->response, sizeof step->response, &step->response_length, &error);
  if (result != PSD_OK)
    return psd_host_fail(cli->host, result, "%s", error.words);
  psd_text words = psd_text_over(step->command_words, sizeof step->command_words);
  psd_describe_command(&words, step->command, step->command_length);
  words = psd_text_over(step->response_words, sizeof step->response_words);
  psd_describe_response(&words, step->command, step->command_length, step->response, step->response_length);
  return PSD_OK;
}

/* The last answer decides how the command ends: 90, 61, 62 and 63 without a counter of tries are no errors. */
static bool is_error(const exchange *step) {
  uint8_t sw1 = step->response[step->response_length - 2];
  return sw1 != 0x90 && (sw1 < 0x61 || sw1 > 0x63);
}

static psd_result run_all(psd_cli *cli, exchange *step, uint8_t *const *commands, const size_t *lengths) {
  psd_json json = psd_json_on(stdout);
  psd_result result = psd_host_begin(cli->host);
  if (cli->json)
    psd_json_array(&json, NULL);
  for (int i = 0; i < cli->argc && result == PSD_OK; i++) {
    step->command = commands[i];
    step->command_length = lengths[i];
    result = run_one(cli, step);
    if (result == PSD_OK && cli->json)
      show_machine(&json, step);
    else if (result == PSD_OK)
      show_people(step);
  }
  if (cli->json)
    psd_json_end_array(&json);
  if (result == PSD_OK && is_error(step))
    return psd_host_fail(cli->host, PSD_REFUSED, "%s", step->response_words);
  return result;
}

/* All arguments are bytes before the first is sent. */
static int parse_all(psd_cli *cli, uint8_t **commands, size_t *lengths) {
  for (int i = 0; i < cli->argc; i++) {
    commands[i] = psd_hex_of(cli->argv[i], &lengths[i]);
    if (commands[i] == NULL)
      return psd_cli_usage(cli, "argument %d is no even number of hexadecimal digits", i + 1);
  }
  return PSD_EXIT_DONE;
}

int psd_run_apdu(psd_cli *cli) {
  size_t count = (size_t)cli->argc;
  uint8_t **commands = calloc(count, sizeof *commands);
  size_t *lengths = calloc(count, sizeof *lengths);
  exchange *step = calloc(1, sizeof *step);
  int status = PSD_EXIT_REFUSED;
  if (commands != NULL && lengths != NULL && step != NULL)
    status = parse_all(cli, commands, lengths);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_reach(cli);
  if (status == PSD_EXIT_DONE)
    status = psd_cli_leave(cli, run_all(cli, step, commands, lengths));
  for (size_t i = 0; commands != NULL && lengths != NULL && i < count; i++)
    if (commands[i] != NULL)
      OPENSSL_cleanse(commands[i], lengths[i]);
  for (size_t i = 0; commands != NULL && i < count; i++)
    free(commands[i]);
  free(commands);
  free(lengths);
  free(step);
  return status;
}
