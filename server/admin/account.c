/* psd-server account: who pays. */
#include <stdio.h>

#include "admin/command.h"

int psd_admin_account_add(psd_admin *admin) {
  int64_t id = 0;
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_account_add(admin->db, admin->argv[0], admin->argv[1], &id);
  return result == PSD_DB_DONE ? psd_admin_done(admin, "account added")
                               : psd_admin_failed(admin, result, "account", admin->argv[0]);
}

static int set_suspended(psd_admin *admin, bool suspended) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_account_set_suspended(admin->db, admin->argv[0], suspended);
  return result == PSD_DB_DONE ? psd_admin_done(admin, suspended ? "account suspended" : "account resumed")
                               : psd_admin_failed(admin, result, "account", admin->argv[0]);
}

int psd_admin_account_suspend(psd_admin *admin) {
  return set_suspended(admin, true);
}

int psd_admin_account_resume(psd_admin *admin) {
  return set_suspended(admin, false);
}

static bool show_line(void *user, const psd_account *account) {
  (void)user;
  psd_admin_cell(account->number, 16);
  psd_admin_cell(account->suspended ? "suspended" : "open", 9);
  psd_admin_cell(account->name, 0);
  puts("");
  return true;
}

static bool show_json(void *user, const psd_account *account) {
  psd_json *json = user;
  psd_json_object(json, NULL);
  psd_json_string(json, "number", account->number);
  psd_json_string(json, "name", account->name);
  psd_json_bool(json, "suspended", account->suspended);
  psd_json_end_object(json);
  return true;
}

static psd_db_result list(psd_admin *admin, psd_json *json) {
  return psd_db_account_list(admin->db, admin->json ? show_json : show_line, json);
}

int psd_admin_account_list(psd_admin *admin) {
  return psd_admin_list(admin, "NUMBER           STATE     NAME", "account", list);
}
