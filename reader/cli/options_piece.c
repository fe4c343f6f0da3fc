/* The options that say what is to be mailed, and those of tokens. */
#include "cli.h"
#include "measure.h"
#include "psd/spec/amount.h"

#include <string.h>

static int take_class(psd_cli *cli, const char *value) {
  if (psd_mail_class_named(value, &cli->mail_class))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--class is first, flat, card, priority, express, ground or media");
}

static int take_weight(psd_cli *cli, const char *value) {
  if (psd_weight_parse(value, &cli->grams))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--weight is above zero, at most %u g, and has its unit: 28g, 0.5kg, 1oz or 2lb",
                       PSD_GRAMS_MOST);
}

int psd_cli_check_destination(psd_cli *cli) {
  bool place = cli->to == NULL || cli->verb->run == psd_run_pay || psd_destination_parse(cli->to, &cli->destination);
  return place ? PSD_EXIT_DONE : psd_cli_usage(cli, "--to is a ZIP such as 90210 or 90210-1234, or 11 digits");
}

static int take_date(psd_cli *cli, const char *value) {
  if (psd_mailing_parse(value, &cli->date, &cli->ahead))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--date is a day such as 2026-11-22, or today, or +1 to +%u", PSD_DATE_AHEAD_MOST);
}

static int take_amount(psd_cli *cli, const char *name, const char *value, uint64_t *mills) {
  if (psd_amount_parse(value, mills) && *mills > 0)
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--%s is above zero, in dollars with up to three decimals, such as 0.73", name);
}

static int take_number(psd_cli *cli, const char *name, const char *value, unsigned least, unsigned most,
                       unsigned *number) {
  if (psd_cli_number(value, least, most, number))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--%s is a whole number from %u to %u", name, least, most);
}

static int take_symbology(psd_cli *cli, const char *value) {
  cli->symbology = strcmp(value, "pdf417") == 0 ? PSD_SYMBOL_PDF417 : PSD_SYMBOL_DATA_MATRIX;
  if (cli->symbology == PSD_SYMBOL_PDF417 || strcmp(value, "datamatrix") == 0)
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--symbology is datamatrix or pdf417");
}

static int take_order(psd_cli *cli, const char *value) {
  uint8_t order = 0;
  if (!psd_token_order_named(value, &order))
    return psd_cli_usage(cli, "--token-order is day or meter");
  cli->token_order = order;
  return PSD_EXIT_DONE;
}

bool psd_cli_take_piece(psd_cli *cli, int number, const char *value, int *status) {
  switch (number) {
  case PSD_NUMBER_CLASS:
    *status = take_class(cli, value);
    return true;
  case PSD_NUMBER_WEIGHT:
    *status = take_weight(cli, value);
    return true;
  case PSD_NUMBER_ZONE:
    *status = take_number(cli, "zone", value, 1, PSD_ZONE_MOST, &cli->zone);
    return true;
  case PSD_NUMBER_DATE:
    *status = take_date(cli, value);
    return true;
  case PSD_NUMBER_POSTAGE:
    *status = take_amount(cli, "postage", value, &cli->postage);
    return true;
  case PSD_NUMBER_CORRECTION:
    *status = take_amount(cli, "correction", value, &cli->correction);
    return true;
  case PSD_NUMBER_SYMBOLOGY:
    *status = take_symbology(cli, value);
    return true;
  case PSD_NUMBER_DPI:
    *status = take_number(cli, "dpi", value, PSD_PRINT_DPI_LEAST, PSD_PRINT_DPI_MOST, &cli->dpi);
    return true;
  case PSD_NUMBER_TOKEN_DIGITS:
    *status =
        take_number(cli, "token-digits", value, PSD_TOKEN_DIGITS_LEAST, PSD_TOKEN_DIGITS_MOST, &cli->token_digits);
    return true;
  case PSD_NUMBER_TOKEN_ORDER:
    *status = take_order(cli, value);
    return true;
  default:
    return false;
  }
}
