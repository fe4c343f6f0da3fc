/* psd-server account statement, meter statement: every movement of a book, and the balance after it.
 *
 * A book is read from its beginning and counted up, so the opening balance is what the movements say, not what is
 * stored beside them: psd-server reconcile compares the two. */
#include <inttypes.h>
#include <stdio.h>

#include "admin/account.h"

typedef struct statement {
  psd_admin *admin;
  psd_json *json; /* NULL for words */
  psd_book book;
  int64_t balance;
  const char *name;
  bool moved; /* there is a movement, whenever it was */
  bool shown; /* something was, so that the opening balance was said */
} statement;

static const char *movement_name(psd_movement_kind kind) {
  static const char *const names[] = {"",         "deposit", "payout", "reserve", "settle",  "release",
                                      "withdraw", "charge",  "pay",    "adjust",  "payment", "remit"};
  return (size_t)kind < sizeof names / sizeof names[0] ? names[kind] : "?";
}

static bool of_device(const psd_movement *movement) {
  return movement->device[0] != 0;
}

static void json_of(psd_json *json, const psd_movement *movement, int64_t change, int64_t balance) {
  char device[PSD_ADMIN_DEVICE_WORDS];
  psd_json_object(json, NULL);
  psd_json_number(json, "number", (uint64_t)movement->id);
  psd_admin_json_time(json, "time", "time_seconds", movement->time);
  psd_json_string(json, "movement", movement_name(movement->kind));
  psd_json_signed(json, "amount", change);
  psd_json_signed(json, "balance", balance);
  if (of_device(movement)) {
    psd_json_string(json, "psd", psd_admin_device_words(movement->device, device));
    psd_json_number(json, "sequence", movement->sequence);
  }
  psd_json_string(json, "reference", movement->reference);
  psd_json_end_object(json);
}

static void line_of(const psd_movement *movement, int64_t change, int64_t balance) {
  char time[PSD_ADMIN_TIME_WORDS], amount[PSD_ADMIN_MONEY], after[PSD_ADMIN_MONEY];
  char device[PSD_ADMIN_DEVICE_WORDS] = "", sequence[16] = "";
  if (of_device(movement)) {
    (void)psd_admin_device_words(movement->device, device);
    if (movement->sequence != 0)
      (void)snprintf(sequence, sizeof sequence, "%" PRIu32, movement->sequence);
  }
  printf("%-23s %-8s %14s %14s %-14s %6s ", psd_admin_time(movement->time, time), movement_name(movement->kind),
         psd_admin_money(change, amount), psd_admin_money(balance, after), device, sequence);
  psd_admin_cell(movement->reference, 0);
  puts("");
}

static void line_of_balance(const char *name, int64_t balance) {
  char words[PSD_ADMIN_MONEY];
  printf("%-23s %-8s %14s %14s\n", "", name, "", psd_admin_money(balance, words));
}

static void say_opening(statement *at) {
  at->shown = true;
  if (at->json == NULL) {
    printf("%-23s %-8s %14s %14s %-14s %6s REFERENCE\n", at->name, "MOVEMENT", "AMOUNT", "BALANCE", "METER", "NUMBER");
    line_of_balance("opening", at->balance);
    return;
  }
  psd_json_signed(at->json, "opening", at->balance);
  psd_json_array(at->json, "movements");
}

static bool same(psd_book one, psd_book other) {
  return one.kind == other.kind && one.owner == other.owner;
}

static bool take_movement(void *context, const psd_movement *movement) {
  statement *at = context;
  int64_t amount = (int64_t)movement->amount; /* the database has no larger ones */
  at->moved = true;
  int64_t change = same(movement->from, at->book) ? -amount : amount;
  if (!at->shown && movement->time >= at->admin->since)
    say_opening(at);
  at->balance += change;
  if (at->shown && at->json != NULL)
    json_of(at->json, movement, change, at->balance);
  else if (at->shown)
    line_of(movement, change, at->balance);
  return true;
}

/* The end of a book that was read through. */
static void say_closing(statement *at) {
  if (!at->shown)
    say_opening(at);
  if (at->json == NULL) {
    line_of_balance("closing", at->balance);
    return;
  }
  psd_json_end_array(at->json);
  psd_json_signed(at->json, "closing", at->balance);
  psd_json_end_object(at->json);
}

/* One book, under `name`. In words one that was never used is left out unless it is `wanted`. */
static psd_db_result state_book(psd_admin *admin, psd_json *json, const char *name, psd_book book, bool wanted) {
  statement at = {.admin = admin, .json = json, .book = book, .name = name};
  if (json != NULL)
    psd_json_object(json, name);
  psd_db_result result = psd_db_movement_list(admin->db, book, 0, take_movement, &at);
  if (result == PSD_DB_DONE && (json != NULL || wanted || at.moved))
    say_closing(&at);
  return result;
}

typedef struct named_book {
  const char *name;
  psd_book book;
} named_book;

static int state_books(psd_admin *admin, const char *kind, const char *whose, const named_book *books, size_t count) {
  psd_json json = psd_json_on(stdout);
  psd_json *out = admin->json ? &json : NULL;
  psd_db_result result = PSD_DB_DONE;
  if (out != NULL) {
    psd_json_object(out, NULL);
    psd_json_string(out, kind, whose);
  }
  for (size_t i = 0; i < count && result == PSD_DB_DONE; i++)
    result = state_book(admin, out, books[i].name, books[i].book, i == 0);
  if (out != NULL && result == PSD_DB_DONE)
    psd_json_end_object(out);
  return result == PSD_DB_DONE ? PSD_EXIT_DONE : psd_admin_failed(admin, result, kind, whose);
}

int psd_admin_account_statement(psd_admin *admin) {
  psd_account account;
  int status = psd_admin_open_account(admin, &account);
  if (status != PSD_EXIT_DONE)
    return status;
  const named_book books[] = {{"account", {PSD_BOOK_ACCOUNT, account.id}}, {"debt", {PSD_BOOK_DEBT, account.id}}};
  return state_books(admin, "number", account.number, books, sizeof books / sizeof books[0]);
}

int psd_admin_meter_statement(psd_admin *admin) {
  psd_admin_device named;
  int status = psd_admin_open_device(admin, admin->argc, &named);
  if (status != PSD_EXIT_DONE)
    return status;
  const named_book books[] = {{"postage", psd_book_of_device(PSD_BOOK_METER, named.device)},
                              {"certificates", psd_book_of_device(PSD_BOOK_SERVICES, named.device)},
                              {"reserved", psd_book_of_device(PSD_BOOK_RESERVED, named.device)}};
  return state_books(admin, "psd", named.words, books, sizeof books / sizeof books[0]);
}
