/* psd rates: what the card's rate tables say (docs/evidence.md). */
#include "rates.h"

#include "psd/spec/amount.h"
#include "psd/spec/calendar.h"

#include <string.h>

/* The card and its tables. */
typedef struct desk {
  psd_host_meter meter;
  psd_rate_book book;
} desk;

static psd_result look(psd_cli *cli, desk *at) {
  psd_result result = psd_host_meter_look(cli->host, &at->meter);
  return result == PSD_OK ? psd_rate_book_read(cli->host, &at->book) : result;
}

static psd_result show_tables(psd_cli *cli) {
  desk at;
  psd_result result = look(cli, &at);
  bool next = (cli->given & PSD_OPTION(NEXT)) != 0;
  if (result != PSD_OK)
    return result;
  const psd_rate_page *page = next ? &at.book.next : psd_rate_book_on(&at.book, at.meter.today);
  if (page == NULL) /* nothing is in force: what there was */
    page = &at.book.first;
  if (page->length == 0)
    return psd_host_fail(cli->host, PSD_REFUSED, "the card has no %srate table: psd rates update loads one",
                         next ? "next " : "");
  psd_show_rates(cli, page, cli->mail_class);
  return PSD_OK;
}

static void show_price(const psd_cli *cli, const psd_indicium_wish *wish, const psd_rate_page *page) {
  char words[PSD_AMOUNT_WORDS], table[PSD_CLI_TABLE_WORDS];
  if (!cli->json) {
    printf("%s: %s, %u g (%s)\n", psd_amount_words(words, wish->postage), psd_mail_class_words(wish->mail_class),
           (unsigned)wish->grams, psd_cli_table(&page->table, table));
    return;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  psd_json_string(&json, "postage", psd_amount_words(words, wish->postage));
  psd_json_number(&json, "postage_mills", wish->postage);
  psd_json_string(&json, "class", psd_mail_class_name(wish->mail_class));
  psd_json_number(&json, "grams", wish->grams);
  psd_json_number(&json, "rate_table", page->table.head.version);
  psd_json_end_object(&json);
}

static psd_result show_prices(psd_cli *cli) {
  desk at;
  psd_indicium_wish wish;
  psd_error error = {.result = PSD_OK};
  uint64_t today = 0;
  psd_mail_piece piece = {.kind = PSD_EVIDENCE_POSTAGE,
                          .date = cli->date,
                          .mail_class = cli->mail_class,
                          .zone = cli->zone,
                          .grams = cli->grams,
                          .destination = cli->destination};
  psd_result result = look(cli, &at);
  if (result != PSD_OK)
    return result;
  if (piece.date == 0 && psd_day_of_date(at.meter.today, &today))
    piece.date = psd_date_of_day(today + cli->ahead);
  result = psd_piece_wish(&at.meter, &at.book, &piece, &wish, &error);
  if (result != PSD_OK)
    return psd_host_fail(cli->host, result, "%s", error.words);
  show_price(cli, &wish, psd_rate_book_on(&at.book, piece.date));
  return PSD_OK;
}

static int with_card(psd_cli *cli, psd_result (*act)(psd_cli *cli)) {
  int status = psd_cli_enter(cli);
  return status == PSD_EXIT_DONE ? psd_cli_leave(cli, act(cli)) : status;
}

/* What each takes, beside the options of a card. */
static const struct {
  const char *name;
  uint64_t options;
} acts[] = {
    {"show", PSD_OPTION(NEXT) | PSD_OPTION(CLASS)},
    {"price", PSD_OPTIONS_PIECE},
    {"update", PSD_OPTIONS_SESSION | PSD_OPTION(PIN_FILE)},
};

int psd_run_rates(psd_cli *cli) {
  const char *what = cli->argv[0];
  size_t at = 0;
  while (at < sizeof acts / sizeof acts[0] && strcmp(acts[at].name, what) != 0)
    at++;
  if (at == sizeof acts / sizeof acts[0])
    return psd_cli_usage(cli, "rates knows show, price and update, not %s", what);
  uint64_t foreign = cli->given & ~(acts[at].options | PSD_OPTIONS_CARD);
  if (foreign != 0)
    return psd_cli_usage(cli, "rates %s takes no --%s", what, psd_cli_option_name(foreign));
  if (cli->argc > 1 && strcmp(what, "update") != 0)
    return psd_cli_usage(cli, "%s is not expected", cli->argv[1]);
  if (strcmp(what, "update") == 0)
    return psd_rates_update(cli);
  if (strcmp(what, "show") == 0)
    return with_card(cli, show_tables);
  if (cli->mail_class == 0 || cli->grams == 0)
    return psd_cli_usage(cli, "rates price needs --class and --weight, and --to where the class has zones");
  return with_card(cli, show_prices);
}
