#include "cli.h"
#include "hex.h"
#include "psd/program/json.h"
#include "psd/spec/describe.h"

#include <stdlib.h>

#define WORDS_MAX 8192U

static int print_words(const psd_cli *cli, const char *key, const char *words) {
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, key, words);
    psd_json_end_object(&json);
  } else {
    puts(words);
  }
  return PSD_EXIT_DONE;
}

static int trace_atr(const psd_cli *cli) {
  char words[WORDS_MAX];
  psd_text text = psd_text_over(words, sizeof words);
  size_t length = 0;
  uint8_t *atr = psd_hex_of(cli->atr, &length);
  if (atr == NULL)
    return psd_cli_usage(cli, "%s is not hexadecimal", cli->atr);
  psd_describe_atr(&text, atr, length);
  free(atr);
  if (text.length > 0 && words[text.length - 1] == '\n')
    words[text.length - 1] = '\0';
  return print_words(cli, "atr", words);
}

static void print_apdus(const psd_cli *cli, const char *command, const char *answer) {
  if (cli->json) {
    psd_json json = psd_json_on(stdout);
    psd_json_object(&json, NULL);
    psd_json_string(&json, "command", command);
    if (answer != NULL)
      psd_json_string(&json, "answer", answer);
    psd_json_end_object(&json);
    return;
  }
  printf("> %s\n", command);
  if (answer != NULL)
    printf("< %s\n", answer);
}

static int trace_apdus(const psd_cli *cli) {
  static char command_words[WORDS_MAX];
  static char answer_words[WORDS_MAX];
  size_t command_length = 0;
  size_t answer_length = 0;
  uint8_t *command = psd_hex_of(cli->argv[0], &command_length);
  uint8_t *answer = cli->argc > 1 ? psd_hex_of(cli->argv[1], &answer_length) : NULL;
  bool whole = command != NULL && (cli->argc < 2 || answer != NULL);
  if (whole) {
    psd_text words = psd_text_over(command_words, sizeof command_words);
    psd_describe_command(&words, command, command_length);
    words = psd_text_over(answer_words, sizeof answer_words);
    if (answer != NULL)
      psd_describe_response(&words, command, command_length, answer, answer_length);
    print_apdus(cli, command_words, answer != NULL ? answer_words : NULL);
  }
  free(command);
  free(answer);
  return whole ? PSD_EXIT_DONE : psd_cli_usage(cli, "an APDU is an even number of hexadecimal digits");
}

int psd_run_trace(psd_cli *cli) {
  if ((cli->atr != NULL) == (cli->argc > 0))
    return psd_cli_usage(cli, "trace explains either APDUs or, with --atr, an answer to reset");
  return cli->atr != NULL ? trace_atr(cli) : trace_apdus(cli);
}
