/* The options of the certificate meter: which key, whom it names, how long, why. */
#include "cli.h"

static int take_slot(psd_cli *cli, const char *value) {
  if (psd_cli_number(value, 1, PSD_USER_SLOTS, &cli->slot))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--slot is a whole number from 1 to %u", PSD_USER_SLOTS);
}

static int take_days(psd_cli *cli, const char *value) {
  if (psd_cli_number(value, 1, PSD_AGENT_DAYS_MOST, &cli->days))
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "--days is a whole number from 1 to %u", PSD_AGENT_DAYS_MOST);
}

static int take_algorithm(psd_cli *cli, const char *value) {
  const psd_named *row = psd_algorithm_named(value);
  if (row == NULL)
    return psd_cli_usage(cli, "--algorithm is p256 or rsa2048");
  cli->algorithm = (psd_algorithm)row->value;
  return PSD_EXIT_DONE;
}

static int take_reason(psd_cli *cli, const char *value) {
  const psd_named *row = psd_reason_named(value);
  if (row == NULL || row->value == PSD_REASON_HOLD) /* the authority's alone: a holder's revocation destroys the key */
    return psd_cli_usage(cli, "--reason is unspecified, key-compromise, affiliation-changed, superseded, cessation "
                              "or privilege-withdrawn");
  cli->reason = (psd_reason)row->value;
  return PSD_EXIT_DONE;
}

bool psd_cli_take_service(psd_cli *cli, int number, const char *value, int *status) {
  switch (number) {
  case PSD_NUMBER_SLOT:
    *status = take_slot(cli, value);
    return true;
  case PSD_NUMBER_DAYS:
    *status = take_days(cli, value);
    return true;
  case PSD_NUMBER_ALGORITHM:
    *status = take_algorithm(cli, value);
    return true;
  case PSD_NUMBER_REASON:
    *status = take_reason(cli, value);
    return true;
  default:
    return false;
  }
}
