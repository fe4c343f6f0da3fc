/* psd-server user: who signs on (EP step 216). */
#include <stdio.h>
#include <time.h>

#include "admin/command.h"
#include "crypto/evp.h"

static int end(const psd_admin *admin, psd_db_result result, const char *done) {
  return result == PSD_DB_DONE ? psd_admin_done(admin, done) : psd_admin_failed(admin, result, "user", admin->argv[0]);
}

int psd_admin_user_add(psd_admin *admin) {
  uint8_t verifier[32];
  psd_account account;
  psd_user_row there;
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_account_find(admin->db, admin->account, &account);
  if (result == PSD_DB_ABSENT)
    return psd_admin_refuse("there is no account %s: psd-server account create opens it", admin->account);
  if (result != PSD_DB_DONE)
    return psd_admin_failed(admin, result, "account", admin->account);
  /* Nobody shall think of a password for nothing. */
  if (psd_db_user_find(admin->db, admin->argv[0], &there) == PSD_DB_DONE)
    return psd_admin_failed(admin, PSD_DB_EXISTS, "user", admin->argv[0]);
  status = psd_admin_verifier(admin, admin->argv[0], verifier);
  if (status != PSD_EXIT_DONE)
    return status;
  result = psd_db_user_add(admin->db, admin->argv[0], account.id, verifier);
  psd_secret_wipe(verifier, sizeof verifier);
  return end(admin, result, "user added");
}

/* What follows needs a user who is there. */
static int open_for(psd_admin *admin, psd_user_row *user) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_user_find(admin->db, admin->argv[0], user);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, "user", admin->argv[0]);
}

int psd_admin_user_passwd(psd_admin *admin) {
  uint8_t verifier[32];
  psd_user_row user;
  int status = open_for(admin, &user);
  if (status == PSD_EXIT_DONE)
    status = psd_admin_verifier(admin, admin->argv[0], verifier);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_user_set_verifier(admin->db, user.id, verifier);
  psd_secret_wipe(verifier, sizeof verifier);
  return end(admin, result, "password changed");
}

static int set_disabled(psd_admin *admin, bool disabled) {
  psd_user_row user;
  int status = open_for(admin, &user);
  if (status != PSD_EXIT_DONE)
    return status;
  psd_db_result result = psd_db_user_set_disabled(admin->db, admin->argv[0], disabled);
  return end(admin, result, disabled ? "user disabled" : "user enabled");
}

int psd_admin_user_enable(psd_admin *admin) {
  return set_disabled(admin, false);
}

int psd_admin_user_disable(psd_admin *admin) {
  return set_disabled(admin, true);
}

/* Of a name that is nobody's too: it may be locked. */
int psd_admin_user_unlock(psd_admin *admin) {
  int status = psd_admin_open(admin, false);
  if (status != PSD_EXIT_DONE)
    return status;
  return end(admin, psd_db_failures_clear(admin->db, admin->argv[0]), "user unlocked");
}

typedef struct user_show {
  const psd_admin *admin;
  psd_json *json;
  psd_db_result result;
} user_show;

static void show_line(const char *name, const char *account, bool disabled, const psd_failures *failures) {
  char words[PSD_ADMIN_TIME_WORDS];
  bool locked = failures->until > (uint64_t)time(NULL);
  psd_admin_cell(name, 32);
  psd_admin_cell(account, 16);
  psd_admin_cell(disabled ? "disabled" : "enabled", 8);
  printf("%8u%s%s\n", (unsigned)failures->count, locked ? " " : "",
         locked ? psd_admin_time(failures->until, words) : "");
}

static void show_json(psd_json *json, const char *name, const char *account, bool disabled,
                      const psd_failures *failures) {
  psd_json_object(json, NULL);
  psd_json_string(json, "name", name);
  psd_json_string(json, "account", account);
  psd_json_bool(json, "disabled", disabled);
  psd_json_number(json, "failures", failures->count);
  psd_json_number(json, "locked_until_seconds", failures->until);
  psd_json_end_object(json);
}

static bool show_user(void *context, const char *name, const char *account, bool disabled) {
  user_show *show = context;
  psd_failures failures;
  show->result = psd_db_failures_get(show->admin->db, name, &failures);
  if (show->result != PSD_DB_DONE)
    return false;
  if (show->admin->json)
    show_json(show->json, name, account, disabled, &failures);
  else
    show_line(name, account, disabled, &failures);
  return true;
}

static psd_db_result list(psd_admin *admin, psd_json *json) {
  user_show show = {.admin = admin, .json = json};
  psd_db_result result = psd_db_user_list(admin->db, show_user, &show);
  return result == PSD_DB_DONE ? show.result : result;
}

int psd_admin_user_list(psd_admin *admin) {
  return psd_admin_list(admin, "NAME                             ACCOUNT          STATE    FAILURES LOCKED UNTIL",
                        "user", list);
}
