#include "owners.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "admin/command.h"
#include "measure.h"

/* Mills: a hundred million, in dollars. */
#define DEPOSIT UINT64_C(100000000000)

static void make_owner(psd_db *db, const char *label, size_t number, stock_owner *owner, psd_user *user) {
  char name[33];
  psd_user_row row;
  (void)snprintf(name, sizeof name, "%.16s-%zu", label, number % 1000);
  memcpy(user->name, name, strlen(name));
  bench_need(psd_random(user->verifier, sizeof user->verifier), "randomness");
  bench_need(psd_db_account_add(db, name, name, &owner->account) == PSD_DB_DONE &&
                 psd_db_user_add(db, name, owner->account, user->verifier) == PSD_DB_DONE &&
                 psd_db_user_find(db, name, &row) == PSD_DB_DONE &&
                 psd_dc_deposit(db, owner->account, DEPOSIT, "bench", (uint64_t)time(NULL)) == PSD_DB_DONE,
             "room for an account in the database");
  owner->user = row.id;
}

owners owners_make(const char *url, const char *kms, const char *label, size_t count) {
  uint8_t key[32];
  owners made = {.owner = calloc(count, sizeof *made.owner), .user = calloc(count, sizeof *made.user), .count = count};
  bench_need(made.owner != NULL && made.user != NULL, "memory");
  bench_need(psd_admin_column_key(kms, key) == PSD_EXIT_DONE, "column key");
  psd_db *db = stock_database(url);
  psd_db_set_key(db, key);
  bench_need(psd_db_begin(db, true) == PSD_DB_DONE, "transaction");
  for (size_t i = 0; i < count; i++)
    make_owner(db, label, i, &made.owner[i], &made.user[i]);
  bench_need(psd_db_commit(db) == PSD_DB_DONE, "transaction");
  psd_db_close(db);
  psd_secret_wipe(key, sizeof key);
  return made;
}

void owners_free(owners *of) {
  psd_secret_wipe(of->user, of->count * sizeof *of->user);
  free(of->owner);
  free(of->user);
}
