/* psd refill, withdraw and recover: money between the account and the meter (docs/funds.md). */
#include "funds.h"

#include "psd/program/prompt.h"
#include "psd/spec/amount.h"

#include <string.h>
#include <unistd.h>

static psd_group group_of(const psd_cli *cli) {
  return cli->certificate ? PSD_GROUP_CERTIFICATE : PSD_GROUP_POSTAGE;
}

/* Whether an earlier session's operation was this very one: then it is done, and to do it again would be once too
 * often. */
static bool done_before(psd_meeting *meeting, psd_operation_state operation, psd_group group, uint64_t amount) {
  const psd_funds_result *recovered = &meeting->recovered;
  meeting->repeated = recovered->operation == operation && recovered->group == group && recovered->amount == amount;
  return meeting->repeated;
}

/* A session that ended in the middle leaves it to the next one to say what came of it. */
static psd_result settled(psd_meeting *meeting, psd_result result) {
  meeting->cli->at_risk = result != PSD_OK && !psd_call_is_open(meeting->call);
  return result;
}

static psd_result do_refill(psd_meeting *meeting, psd_refusal *refusal) {
  const psd_cli *cli = meeting->cli;
  if (done_before(meeting, PSD_OPERATION_LOADED, group_of(cli), cli->amount))
    return PSD_OK;
  meeting->cli->at_risk = true;
  psd_result result =
      settled(meeting, psd_session_refill(meeting->session, group_of(cli), cli->amount, &meeting->moved[0], refusal));
  meeting->moves = result == PSD_OK ? 1 : 0;
  return result;
}

static psd_result withdraw(psd_meeting *meeting, psd_group group, uint64_t amount, bool final, psd_refusal *refusal) {
  psd_funds_result *moved = &meeting->moved[meeting->moves];
  meeting->cli->at_risk = true;
  psd_result result = settled(meeting, psd_session_withdraw(meeting->session, group, amount, final, moved, refusal));
  meeting->moves += result == PSD_OK ? 1 : 0;
  return result;
}

/* The certificate group goes first: the final withdrawal needs the other one to be empty. */
static psd_result withdraw_all(psd_meeting *meeting, psd_refusal *refusal) {
  psd_funds funds;
  psd_registers postage, certificate = {.descending = 0};
  psd_life_cycle life = {.state = 0};
  psd_result result = psd_meeting_read(meeting, PSD_OBJECT_LIFE_CYCLE, &life, refusal);
  meeting->repeated =
      result == PSD_OK && life.state == PSD_STATE_WITHDRAWN && meeting->recovered.operation == PSD_OPERATION_WITHDRAWN;
  if (meeting->repeated)
    return PSD_OK;
  if (result == PSD_OK)
    result = psd_meeting_read(meeting, PSD_OBJECT_FUNDS, &funds, refusal);
  if (result == PSD_OK && funds.mode == PSD_FUNDS_SEPARATE)
    result = psd_meeting_read(meeting, PSD_OBJECT_CERTIFICATE_REGISTERS, &certificate, refusal);
  if (result == PSD_OK)
    result = psd_meeting_read(meeting, PSD_OBJECT_POSTAGE_REGISTERS, &postage, refusal);
  if (result == PSD_OK && certificate.descending > 0)
    result = withdraw(meeting, PSD_GROUP_CERTIFICATE, certificate.descending, false, refusal);
  if (result == PSD_OK)
    result = withdraw(meeting, PSD_GROUP_POSTAGE, postage.descending, true, refusal);
  return result;
}

static psd_result do_withdraw(psd_meeting *meeting, psd_refusal *refusal) {
  const psd_cli *cli = meeting->cli;
  if ((cli->given & PSD_OPTION(ALL)) != 0)
    return withdraw_all(meeting, refusal);
  if (done_before(meeting, PSD_OPERATION_WITHDRAWN, group_of(cli), cli->amount))
    return PSD_OK;
  return withdraw(meeting, group_of(cli), cli->amount, false, refusal);
}

/* The server has tried right after the audit. What is open still the card knows. */
static psd_result do_recover(psd_meeting *meeting, psd_refusal *refusal) {
  psd_operation last;
  char words[PSD_CLI_OPERATION_WORDS];
  psd_result result = psd_meeting_read(meeting, PSD_OBJECT_OPERATION, &last, refusal);
  if (result != PSD_OK || (last.operation != PSD_OPERATION_LOADING && last.operation != PSD_OPERATION_WITHDRAWING))
    return result;
  *refusal = (psd_refusal){.who = PSD_BY_SERVER, .signal = PSD_SIGNAL_UNFINISHED};
  return psd_error_set(&refusal->error, PSD_REFUSED, "the %s is not finished: the meter server could not do it now",
                       psd_cli_operation((unsigned)last.operation, last.amount, last.sequence, words));
}

/* The amount of the command line; an error was told. */
static int take_amount(psd_cli *cli) {
  if (psd_amount_parse(cli->argv[0], &cli->amount) && cli->amount > 0)
    return PSD_EXIT_DONE;
  return psd_cli_usage(cli, "AMOUNT is above zero, in dollars with up to three decimals, such as 50.00");
}

/* Asked before card and server are held, so that neither waits for a person to answer. */
static int confirm(psd_cli *cli) {
  static const char question[] = "This takes the meter out of service for good; what it holds goes to the account.\n"
                                 "Go on? Type yes: ";
  char line[16] = "";
  size_t length = 0;
  if ((cli->given & PSD_OPTION(YES)) != 0)
    return PSD_EXIT_DONE;
  int terminal = psd_prompt_open(NULL);
  if (terminal < 0)
    return psd_cli_usage(cli, "--all takes the meter out of service: where there is no terminal to ask on, add --yes");
  bool agreed = write(terminal, question, sizeof question - 1) == (ssize_t)(sizeof question - 1) &&
                psd_prompt_line(terminal, line, sizeof line, &length) && length == 3 && memcmp(line, "yes", 3) == 0;
  psd_prompt_close(terminal);
  if (agreed)
    return PSD_EXIT_DONE;
  fputs("psd: nothing was withdrawn\n", stderr);
  return PSD_EXIT_REFUSED;
}

int psd_run_refill(psd_cli *cli) {
  static const psd_errand errand = {.money = true, .act = do_refill, .show = psd_show_repeated};
  int status = take_amount(cli);
  return status == PSD_EXIT_DONE ? psd_meet(cli, &errand, 1) : status;
}

int psd_run_withdraw(psd_cli *cli) {
  static const psd_errand errand = {.money = true, .act = do_withdraw, .show = psd_show_repeated};
  bool all = (cli->given & PSD_OPTION(ALL)) != 0;
  int status = PSD_EXIT_DONE;
  if (all == (cli->argc == 1))
    return psd_cli_usage(cli, "withdraw takes an AMOUNT, or --all");
  if (all && (cli->given & PSD_OPTION(GROUP)) != 0)
    return psd_cli_usage(cli, "--all is all groups: --group does not go with it");
  if (!all && (cli->given & PSD_OPTION(YES)) != 0)
    return psd_cli_usage(cli, "--yes goes with --all");
  status = all ? confirm(cli) : take_amount(cli);
  return status == PSD_EXIT_DONE ? psd_meet(cli, &errand, 1) : status;
}

int psd_run_recover(psd_cli *cli) {
  static const psd_errand errand = {.money = true, .act = do_recover, .show = psd_show_nothing_left};
  return psd_meet(cli, &errand, 1);
}
