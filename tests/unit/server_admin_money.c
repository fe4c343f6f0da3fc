/* Accounts and their money, as the operator moves it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin_support.h"

static void test_opened_with_terms(void) {
  int process = begin();
  CU_ASSERT_EQUAL(
      ADMIN("account", "create", "2000", "Mill", "DB", "KMS", "--zip", "6484", "--licence", "4711", "--credit", "100"),
      0);
  CU_ASSERT_EQUAL(ADMIN("account", "show", "2000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "credit limit         100.00") && has(out, "available            100.00"));
  CU_ASSERT(has(out, "06484, licence 4711"));
  CU_ASSERT_EQUAL(ADMIN("account", "license", "2000", "--zip", "10001", "--licence", "12", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "show", "2000", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"zip\": 10001,\n  \"licence\": 12") && has(out, "\"credit_limit\": 100000,"));

  CU_ASSERT_EQUAL(ADMIN("account", "license", "9", "--zip", "10001", "--licence", "12", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "there is no account 9"));
  CU_ASSERT_EQUAL(ADMIN("account", "license", "2000", "--zip", "10001", "DB", "KMS"), 2);
  CU_ASSERT(has(err, "needs --licence"));
  CU_ASSERT_EQUAL(ADMIN("account", "create", "3000", "Half", "DB", "KMS", "--zip", "6484"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "create", "3000", "Zip", "DB", "KMS", "--zip", "0", "--licence", "1"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "create", "3000", "Less", "DB", "KMS", "--credit", "-1"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "show", "3000", "DB", "KMS"), 1);
  kms_end(process);
}

static void test_deposit(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50.125", "DB", "KMS", "--reference", "wire 1"), 0);
  CU_ASSERT(has(out, "50.125 deposited\n") && has(out, "balance              50.125"));
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50.125", "DB", "KMS", "--reference", "wire 1"), 1);
  CU_ASSERT(has(err, "reference wire 1 was used before for account 1000"));
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "10", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"done\": \"10.00 deposited\"") && has(out, "\"balance\": 60125"));
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "10", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "7", "10", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "there is no account 7"));
  CU_ASSERT_EQUAL(ADMIN("account", "list", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "1000             open              70.125         70.125           0.00 "));
  kms_end(process);
}

/* Nobody hears that a payment was taken: that it was is said all the same, or it would be booked again. */
static void test_unheard(void) {
  char path[128];
  int process = begin();
  (void)snprintf(path, sizeof path, "%s/out", folder);
  CU_ASSERT_EQUAL_FATAL(symlink("/dev/full", path), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50", "DB", "KMS"), 1);
  clearerr(stdout);
  CU_ASSERT(has(err, "the output cannot be written; it was done\n"));
  CU_ASSERT_EQUAL(ADMIN("account", "show", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "balance              50.00"));
  kms_end(process);
}

static void test_amounts_that_are_none(void) {
  static const char *const words[] = {
      "0", "0.000", "1.2345", "-5", "+5", "5 ", "", "1,5", ".5", "5.", "1e3", "1000000000.001", "99999999999999999999"};
  int process = begin();
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    CU_ASSERT_EQUAL(ADMIN("account", "deposit", "DB", "KMS", "--", "1000", words[i]), 2);
    CU_ASSERT(has(err, "an amount is written as"));
  }
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "DB", "KMS"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "5", "6", "DB", "KMS"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "5", "DB", "KMS", "--reference", ""), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "5", "DB", "KMS", "--reference", "Bell\a"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "5", "DB", "KMS", "--reference",
                        "12345678901234567890123456789012345678901234567890123456789012345"),
                  2);
  CU_ASSERT_EQUAL(ADMIN("account", "show", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "balance              0.00"));
  kms_end(process);
}

static void test_payout(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "payout", "1000", "5", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "account 1000 has a balance of 0.00 and"));
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "20", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "payout", "1000", "5", "DB", "KMS", "--reference", "cheque"), 0);
  CU_ASSERT(has(out, "5.00 paid out\n") && has(out, "balance              15.00"));
  CU_ASSERT_EQUAL(ADMIN("account", "payout", "1000", "15.001", "DB", "KMS"), 1);
  CU_ASSERT_EQUAL(ADMIN("account", "payout", "1000", "15", "DB", "KMS"), 0);
  kms_end(process);
}

/* Reserves 30 for a refill of a meter of account 1000. */
static void reserve(uint64_t mills) {
  psd_account account;
  const uint8_t device[8] = {'P', 'S', 'D', '1', 0, 0, 0, 0x2A};
  const uint8_t wrapped[PSD_SIZE_WRAPPED_K4] = {0};
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_account_find(db, "1000", &account), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_device_add(db, device, wrapped, 6, 0), PSD_DB_DONE);
  psd_movement movement = {.kind = PSD_MOVE_RESERVE,
                           .time = 32503680000,
                           .amount = mills,
                           .from = {PSD_BOOK_ACCOUNT, account.id},
                           .to = psd_book_of_device(PSD_BOOK_RESERVED, device),
                           .sequence = 1};
  memcpy(movement.device, device, sizeof device);
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_book_open(db, movement.to, 0), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_move(db, &movement), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  close_store(db);
}

static void test_credit(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "credit", "1000", "40", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "credit limit changed\n") && has(out, "available            40.00"));
  reserve(30000);
  CU_ASSERT_EQUAL(ADMIN("account", "show", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "balance              -30.00") && has(out, "available            10.00"));
  CU_ASSERT_EQUAL(ADMIN("account", "show", "1000", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"balance\": -30000,"));
  CU_ASSERT_EQUAL(ADMIN("account", "credit", "1000", "29.999", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "uses more credit than 29.999"));
  CU_ASSERT_EQUAL(ADMIN("account", "credit", "1000", "30", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "credit", "1000", "much", "DB", "KMS"), 2);
  kms_end(process);
}

static void test_pay(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "20", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "pay", "1000", "5", "DB", "KMS"), 1);
  CU_ASSERT(has(err, "a debt of 0.00"));
  kms_end(process);
}

static void test_statement(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50", "DB", "KMS", "--reference", "wire 1"), 0);
  reserve(30000);
  CU_ASSERT_EQUAL(ADMIN("account", "payout", "1000", "5", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS"), 0);
  CU_ASSERT(has(out, "opening                           0.00"));
  CU_ASSERT(has(out, "deposit           50.00          50.00                       wire 1"));
  CU_ASSERT(has(out, "3000-01-01 00:00:00 UTC reserve          -30.00          20.00 PS D1 0000002A      1"));
  CU_ASSERT(has(out, "payout            -5.00          15.00"));
  CU_ASSERT(has(out, "closing                          15.00"));
  CU_ASSERT_PTR_NULL(strstr(out, "debt"));
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--json"), 0);
  CU_ASSERT(has(out, "\"number\": \"1000\",\n  \"account\": {\n    \"opening\": 0,\n    \"movements\": [\n"));
  CU_ASSERT(has(out, "\"movement\": \"reserve\",\n        \"amount\": -30000,\n        \"balance\": 20000,\n"
                     "        \"psd\": \"PS D1 0000002A\",\n        \"sequence\": 1,"));
  CU_ASSERT(has(out, "\"closing\": 15000"));

  CU_ASSERT_EQUAL(ADMIN("meter", "statement", "0000002A", "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"psd\": \"PS D1 0000002A\"") && has(out, "\"reserved\": {") && has(out, "\"closing\": 30000"));
  kms_end(process);
}

static void test_statement_since(void) {
  int process = begin();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50", "DB", "KMS"), 0);
  reserve(30000); /* in the year 3000 */
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "3000-01-01"), 0);
  CU_ASSERT(has(out, "opening                          50.00\n3000-01-01 00:00:00 UTC reserve"));
  CU_ASSERT_PTR_NULL(strstr(out, "deposit"));
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "9999-12-31", "--json"), 0);
  CU_ASSERT(has(out, "\"opening\": 20000,\n    \"movements\": [],\n    \"closing\": 20000"));
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "2027-02-29"), 2);
  CU_ASSERT(has(err, "--since is a day"));
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "2028-02-29"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "1970-01-01"), 0);
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "1969-12-31"), 2);
  CU_ASSERT_EQUAL(ADMIN("account", "statement", "1000", "DB", "KMS", "--since", "2027-1-15"), 2);
  kms_end(process);
}

static const psd_check_test tests[] = {
    {"an account is opened with credit, ZIP and licence, or not at all", test_opened_with_terms},
    {"a deposit is taken, and the same reference not twice", test_deposit},
    {"a deposit whose answer cannot be written", test_unheard},
    {"what is no amount moves nothing", test_amounts_that_are_none},
    {"no more is paid out than there is", test_payout},
    {"a credit limit is not set below what is used", test_credit},
    {"only a debt is paid", test_pay},
    {"a statement has every movement and the balance after it", test_statement},
    {"a statement since a day opens with the balance before it", test_statement_since},
};

int main(void) {
  return admin_tests("psd-server's operator: money", tests, PSD_CHECK_COUNT(tests));
}
