/* psd-server account deposit, payout, pay, credit: an account's money. */
#include <stdio.h>
#include <time.h>

#include "admin/account.h"

typedef psd_db_result mover(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time);

typedef struct transfer {
  mover *move;
  const char *done; /* "deposited" */
  psd_account account;
  uint64_t amount;
} transfer;

static psd_db_result move_funds(psd_admin *admin, void *context) {
  const transfer *at = context;
  return at->move(admin->db, at->account.id, at->amount, admin->reference, (uint64_t)time(NULL));
}

/* What the account has decides, and is said: credit is not paid out, and no more is paid than the debt. */
static int short_of_funds(const psd_admin *admin, const transfer *at) {
  psd_dc_funds funds;
  char balance[PSD_ADMIN_MONEY], debt[PSD_AMOUNT_WORDS];
  psd_db_result result = psd_dc_account(admin->db, at->account.id, &funds);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "account", at->account.number);
  return psd_admin_refuse("account %s has a balance of %s and a debt of %s: nothing was moved", at->account.number,
                          psd_admin_money(funds.balance, balance), psd_amount_words(debt, funds.debt));
}

static int refused(const psd_admin *admin, psd_db_result result, const transfer *at) {
  switch (result) {
  case PSD_DB_EXISTS:
    return psd_admin_refuse("reference %s was used before for account %s: nothing was moved, see psd-server account "
                            "statement",
                            admin->reference, at->account.number);
  case PSD_DB_ABSENT:
  case PSD_DB_REFUSED:
    return short_of_funds(admin, at);
  default:
    return psd_admin_failed(admin, result, "account", at->account.number);
  }
}

static int transfer_funds(psd_admin *admin, mover *move, const char *done) {
  transfer at = {.move = move, .done = done};
  char words[96], amount[PSD_AMOUNT_WORDS];
  int status = psd_admin_take_amount(admin, admin->argv[1], &at.amount);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_open_account(admin, &at.account);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, move_funds, &at);
  if (result != PSD_DB_DONE)
    return refused(admin, result, &at);
  (void)snprintf(words, sizeof words, "%s %s", psd_amount_words(amount, at.amount), done);
  return psd_admin_account_funds(admin, &at.account, words);
}

int psd_admin_account_deposit(psd_admin *admin) {
  return transfer_funds(admin, psd_dc_deposit, "deposited");
}

int psd_admin_account_payout(psd_admin *admin) {
  return transfer_funds(admin, psd_dc_payout, "paid out");
}

int psd_admin_account_pay(psd_admin *admin) {
  return transfer_funds(admin, psd_dc_pay, "of the debt paid");
}

static psd_db_result set_credit(psd_admin *admin, void *context) {
  const transfer *at = context;
  return psd_dc_set_credit(admin->db, at->account.id, at->amount);
}

int psd_admin_account_credit(psd_admin *admin) {
  transfer at = {.move = NULL};
  char words[PSD_AMOUNT_WORDS];
  if (!psd_admin_amount(admin->argv[1], &at.amount))
    return psd_admin_usage(admin, "a credit limit is written as 0 or 50.00, and is at most a billion");
  int status = psd_admin_open_account(admin, &at.account);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, set_credit, &at);
  if (result == PSD_DB_REFUSED)
    return psd_admin_refuse("account %s uses more credit than %s already: the limit stays", at.account.number,
                            psd_amount_words(words, at.amount));
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "account", at.account.number);
  return psd_admin_account_funds(admin, &at.account, "credit limit changed");
}
