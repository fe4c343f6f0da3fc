/* What psd indicium says of what was made. */
#include "indicium.h"

#include "psd/spec/amount.h"
#include "psd/spec/text.h"
#include "show.h"

#include <inttypes.h>

static void write_files(const psd_cli *cli, psd_json *json, const psd_prints *prints, unsigned number) {
  char name[PSD_CLI_PATH];
  if (cli->output != NULL && psd_prints_path(prints, cli->output, number, name))
    psd_json_string(json, "picture", name);
  if (cli->raw != NULL && psd_prints_path(prints, cli->raw, number, name))
    psd_json_string(json, "raw", name);
}

/* Tokens keep their leading zeroes. */
static const char *token_words(char words[16], uint64_t digits, uint64_t token) {
  (void)snprintf(words, 16, "%0*u", (int)digits, (unsigned)token);
  return words;
}

static void write_token(psd_json *json, const char *name, uint64_t digits, uint64_t token) {
  char words[16];
  if (digits > 0 && digits <= PSD_TOKEN_DIGITS_MOST)
    psd_json_string(json, name, token_words(words, digits, token));
}

static void write_date(psd_json *json, const char *name, uint64_t date) {
  char words[16];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say_date(&text, date);
  psd_json_string(json, name, words);
}

static void write_evidence(const psd_cli *cli, psd_json *json, const psd_prints *prints, const psd_made *made,
                           unsigned number) {
  const psd_evidence_head *head = &made->head;
  psd_json_object(json, NULL);
  psd_json_string(json, "kind", psd_evidence_kind_name(head->kind));
  psd_json_string(json, "profile", psd_profile_of(head->profile)->name);
  psd_json_number(json, "piece", head->piece_count);
  write_date(json, "date", head->date);
  psd_show_time(json, "time", head->time);
  if (psd_mail_class_name(head->mail_class) != NULL)
    psd_json_string(json, "class", psd_mail_class_name(head->mail_class));
  psd_json_number(json, "destination", head->destination);
  psd_show_amount(json, "postage", head->postage);
  psd_show_amount(json, "ascending", head->ascending);
  psd_show_amount(json, "descending", head->descending);
  write_token(json, "vendor_token", head->vendor_digits, head->vendor_token);
  write_token(json, "postal_token", head->postal_digits, head->postal_token);
  psd_json_hex(json, "indicium", made->indicium, made->length);
  psd_json_bool(json, "recovered", made->recovered);
  write_files(cli, json, prints, number);
  psd_json_end_object(json);
}

static void say_kind(psd_text *text, const psd_evidence_head *head) {
  char words[PSD_AMOUNT_WORDS];
  const char *mail_class = psd_mail_class_words(head->mail_class);
  switch (head->kind) {
  case PSD_EVIDENCE_POSTAGE:
    psd_say(text, "%s postage, %s", psd_amount_words(words, head->postage),
            mail_class != NULL ? mail_class : "a class that is not known");
    break;
  case PSD_EVIDENCE_CORRECTION:
    psd_say(text, "%s postage correction", psd_amount_words(words, head->postage));
    break;
  case PSD_EVIDENCE_REDATE:
    psd_say(text, "date correction of piece %" PRIu64, head->destination);
    break;
  case PSD_EVIDENCE_WITHDRAWAL:
    psd_say(text, "proof of the withdrawal of %s", psd_amount_words(words, head->destination));
    break;
  default:
    psd_say(text, "test, without postage");
    break;
  }
}

static void print_token(const char *what, uint64_t digits, uint64_t token) {
  char words[16];
  if (digits > 0 && digits <= PSD_TOKEN_DIGITS_MOST)
    printf("  %-20s %s\n", what, token_words(words, digits, token));
}

static void print_details(const psd_made *made) {
  const psd_evidence_head *head = &made->head;
  char words[PSD_AMOUNT_WORDS];
  printf("  %-20s %s, %zu bytes\n", "profile", psd_profile_of(head->profile)->name, made->length);
  if (head->destination != 0 && (head->kind == PSD_EVIDENCE_POSTAGE || head->kind == PSD_EVIDENCE_CORRECTION))
    printf("  %-20s %011" PRIu64 "\n", "destination", head->destination);
  printf("  %-20s %s\n", "ascending register", psd_amount_words(words, head->ascending));
  printf("  %-20s %s\n", "descending register", psd_amount_words(words, head->descending));
  print_token("vendor's token", head->vendor_digits, head->vendor_token);
  print_token("postal token", head->postal_digits, head->postal_token);
}

static void print_files(const psd_cli *cli, const psd_prints *prints, unsigned number) {
  char name[PSD_CLI_PATH];
  const char *const paths[] = {cli->output, cli->raw};
  for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
    if (paths[i] == NULL || !psd_prints_path(prints, paths[i], number, name))
      continue;
    fputs(": ", stdout);
    psd_cli_print(stdout, name);
  }
}

/* One line where there is a file of it; else all. */
static void print_evidence(const psd_cli *cli, const psd_prints *prints, const psd_made *made, unsigned number) {
  char words[160];
  psd_text text = psd_text_over(words, sizeof words);
  psd_say(&text, "piece %" PRIu64 ", ", made->head.piece_count);
  psd_say_date(&text, made->head.date);
  psd_say(&text, ": ");
  say_kind(&text, &made->head);
  fputs(words, stdout);
  print_files(cli, prints, number);
  puts(made->recovered ? " (the card's answer was lost, and fetched again)" : "");
  if (cli->output == NULL && cli->raw == NULL)
    print_details(made);
}

void psd_show_evidence(const psd_cli *cli, psd_json *json, const psd_prints *prints, const psd_made *made,
                       unsigned number) {
  if (cli->json)
    write_evidence(cli, json, prints, made, number);
  else
    print_evidence(cli, prints, made, number);
}
