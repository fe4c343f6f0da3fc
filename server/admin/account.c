/* psd-server account: who pays. */
#include <stdio.h>

#include "admin/account.h"

int psd_admin_open_account(psd_admin *admin, psd_account *account) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_account_find(admin->db, admin->argv[0], account);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "account", admin->argv[0]);
}

static psd_db_result open_one(psd_admin *admin, void *context) {
  int64_t id = 0;
  (void)context;
  psd_db_result result = psd_db_account_add(admin->db, admin->argv[0], admin->argv[1], &id);
  if (result == PSD_DB_DONE && (admin->given & PSD_ADMIN_PLACE) != 0)
    result = psd_db_account_set_licence(admin->db, admin->argv[0], admin->zip, admin->licence);
  if (result == PSD_DB_DONE && (admin->given & PSD_ADMIN_CREDIT) != 0)
    result = psd_dc_set_credit(admin->db, id, admin->credit);
  return result;
}

int psd_admin_account_add(psd_admin *admin) {
  unsigned place = admin->given & PSD_ADMIN_PLACE;
  if (place != 0 && place != PSD_ADMIN_PLACE)
    return psd_admin_usage(admin, "--zip and --licence belong together");
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_admin_change(admin, open_one, NULL);
  return result == PSD_DB_DONE ? psd_admin_done(admin, "account created")
                               : psd_admin_failed(admin, result, "account", admin->argv[0]);
}

static int end(const psd_admin *admin, psd_db_result result, const char *done) {
  return result == PSD_DB_DONE ? psd_admin_done(admin, done)
                               : psd_admin_failed(admin, result, "account", admin->argv[0]);
}

int psd_admin_account_license(psd_admin *admin) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  return end(admin, psd_db_account_set_licence(admin->db, admin->argv[0], admin->zip, admin->licence),
             "ZIP and licence of its next meters changed");
}

static int set_suspended(psd_admin *admin, bool suspended) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  return end(admin, psd_db_account_set_suspended(admin->db, admin->argv[0], suspended),
             suspended ? "account suspended" : "account resumed");
}

int psd_admin_account_suspend(psd_admin *admin) {
  return set_suspended(admin, true);
}

int psd_admin_account_resume(psd_admin *admin) {
  return set_suspended(admin, false);
}

static const char *state_of(const psd_account *account) {
  return account->suspended ? "suspended" : "open";
}

void psd_admin_json_account(psd_json *json, const psd_account *account, const psd_dc_funds *funds) {
  psd_json_string(json, "number", account->number);
  psd_json_string(json, "name", account->name);
  psd_json_bool(json, "suspended", account->suspended);
  psd_json_signed(json, "balance", funds->balance);
  psd_json_number(json, "credit_limit", funds->credit_limit);
  psd_json_number(json, "available", funds->available);
  psd_json_number(json, "reserved", funds->reserved);
  psd_json_number(json, "debt", funds->debt);
  psd_json_number(json, "zip", account->zip);
  psd_json_number(json, "licence", account->licence);
}

typedef struct account_show {
  psd_admin *admin;
  psd_json *json;
  psd_db_result result;
} account_show;

static void show_line(const psd_account *account, const psd_dc_funds *funds) {
  char balance[PSD_ADMIN_MONEY], available[PSD_AMOUNT_WORDS], debt[PSD_AMOUNT_WORDS];
  psd_admin_cell(account->number, 16);
  psd_admin_cell(state_of(account), 9);
  printf("%14s %14s %14s ", psd_admin_money(funds->balance, balance), psd_amount_words(available, funds->available),
         psd_amount_words(debt, funds->debt));
  psd_admin_cell(account->name, 0);
  puts("");
}

static bool show_one(void *context, const psd_account *account) {
  account_show *show = context;
  psd_dc_funds funds;
  show->result = psd_dc_account(show->admin->db, account->id, &funds);
  if (show->result != PSD_DB_DONE)
    return false;
  if (!show->admin->json) {
    show_line(account, &funds);
    return true;
  }
  psd_json_object(show->json, NULL);
  psd_admin_json_account(show->json, account, &funds);
  psd_json_end_object(show->json);
  return true;
}

static psd_db_result list(psd_admin *admin, psd_json *json) {
  account_show show = {.admin = admin, .json = json};
  psd_db_result result = psd_db_account_list(admin->db, show_one, &show);
  return result == PSD_DB_DONE ? show.result : result;
}

int psd_admin_account_list(psd_admin *admin) {
  return psd_admin_list(admin, "NUMBER           STATE            BALANCE      AVAILABLE           DEBT NAME",
                        "account", list);
}

static void show_lines(const psd_account *account, const psd_dc_funds *funds) {
  char words[PSD_ADMIN_MONEY];
  psd_admin_line("account", account->number);
  psd_admin_line("name", account->name);
  psd_admin_line("state", state_of(account));
  psd_admin_line("balance", psd_admin_money(funds->balance, words));
  psd_admin_line("credit limit", psd_amount_words(words, funds->credit_limit));
  psd_admin_line("available", psd_amount_words(words, funds->available));
  psd_admin_line("reserved", psd_amount_words(words, funds->reserved));
  psd_admin_line("debt", psd_amount_words(words, funds->debt));
  if (account->zip != 0)
    printf("%-20s %05u, licence %u\n", "new meters: ZIP", (unsigned)account->zip, (unsigned)account->licence);
}

int psd_admin_account_funds(psd_admin *admin, const psd_account *account, const char *done) {
  psd_dc_funds funds;
  psd_db_result result = psd_dc_account(admin->db, account->id, &funds);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "account", account->number);
  if (!admin->json) {
    if (done != NULL)
      puts(done);
    show_lines(account, &funds);
    return PSD_EXIT_DONE;
  }
  psd_json json = psd_json_on(stdout);
  psd_json_object(&json, NULL);
  if (done != NULL)
    psd_json_string(&json, "done", done);
  psd_admin_json_account(&json, account, &funds);
  psd_json_end_object(&json);
  return PSD_EXIT_DONE;
}

int psd_admin_account_show(psd_admin *admin) {
  psd_account account;
  int status = psd_admin_open_account(admin, &account);
  return status != PSD_EXIT_DONE ? status : psd_admin_account_funds(admin, &account, NULL);
}
