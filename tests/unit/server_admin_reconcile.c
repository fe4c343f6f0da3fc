/* Reconciliation, and what was seen on mail. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin_support.h"

static char file[128];

/* PS D1 0000002A has printed 12.34 in 20 pieces; the ledger agrees. */
static int begin_balanced(void) {
  int process = begin();
  (void)snprintf(file, sizeof file, "%s/evidence", folder);
  add_meter();
  audit_meter(&said_first);
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "--accept", "DB"), 0);
  return process;
}

static void end(int process) {
  (void)unlink(file);
  kms_end(process);
}

static void test_all_agrees(void) {
  int process = begin_balanced();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "50", "DB", "KMS"), 0);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  CU_ASSERT(has(out, "accounts                      50.00\n") && has(out, "sum                            0.00\n"));
  CU_ASSERT(has(out, "meters                        20.00\n") && has(out, "all agrees\n"));
  CU_ASSERT_PTR_NULL(strstr(out, "0000002A"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--all", "DB"), 0);
  CU_ASSERT(
      has(out, "PS D1 0000002A         20.00         20.00         12.34          0.00        0      0      0 ok"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--all", "--json", "DB"), 0);
  CU_ASSERT(has(out, "\"psd\": \"PS D1 0000002A\",\n      \"wrong\": false,\n      \"balanced\": true"));
  CU_ASSERT(has(out, "\"sum\": 0\n  }") && has(out, "\"right\": true"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "more", "DB"), 2);
  end(process);
}

static void test_out_of_balance(void) {
  int process = begin_balanced();
  psd_audit said = said_first;
  said.descending = 17660;
  said.control_total = 30000;
  audit_meter(&said);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 1);
  CU_ASSERT(has(out, "PS D1 0000002A         20.00         30.00") && has(out, "registers and ledger differ"));
  CU_ASSERT(has(out, "1 out of balance") && has(out, "WRONG: 1 meter\n") && strstr(out, "all agrees") == NULL);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB", "--json"), 1);
  CU_ASSERT(has(out, "\"balanced\": false") && has(out, "\"right\": false"));
  end(process);
}

static void test_alarm_is_wrong(void) {
  int process = begin_balanced();
  psd_alarm alarm = {.time = 1800000100, .reason = PSD_ALARM_CONFLICT, .words = "request 1"};
  psd_meter_row row;
  memcpy(alarm.device, device_2a, sizeof alarm.device);
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_meter_find(db, device_2a, &row), PSD_DB_DONE);
  row.lock = PSD_METER_ALARMED;
  CU_ASSERT_EQUAL(psd_db_meter_update(db, &row), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_alarm_add(db, &alarm), PSD_DB_DONE);
  close_store(db);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 1);
  CU_ASSERT(has(out, "0 alarm\n") && has(out, "1 alarms"));
  CU_ASSERT_EQUAL(ADMIN("meter", "unlock", "0000002A", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  end(process);
}

static void test_unfinished(void) {
  int process = begin_balanced();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill();
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  CU_ASSERT(has(out, "operation 1 of 30.00 reserved for ") && has(out, "1 open operations") && has(out, "all agrees"));
  CU_ASSERT(has(out, "reserved                      30.00\n"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB", "--json"), 0);
  CU_ASSERT(
      has(out, "\"open\": {\n        \"sequence\": 1,\n        \"state\": \"reserved\",\n        \"amount\": 30000"));
  end(process);
}

/* As psd-verify --evidence-csv writes it: pieces without postage are seen too, and a compact indicium tells no
 * register. */
static void test_imported_from_a_site(void) {
  int process = begin_balanced();
  write_file(file, "DEVICE,PIECE,AMOUNT,ASCENDING\nPS D1 0000002A,1,0.73,0.73\nPS D1 0000002A,2,0.00,0.73\n"
                   "PS D1 0000002A,3,0.405,\n");
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB"), 0);
  CU_ASSERT(has(out, "3 new, 0 seen before, 0 contradict what was seen before, 0 bad lines left out\n"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--all", "DB"), 0);
  CU_ASSERT(has(out, "12.34         1.135        3      0      0 ok"));
  end(process);
}

static void test_imported(void) {
  int process = begin_balanced();
  write_file(file, "psd,piece,amount,ascending\nPS D1 0000002A,1,0.55,0.55\r\n\nPS D1 0000002A,2,0.55,\n"
                   "PS D1 0000002a,3,0.5");
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB"), 0);
  CU_ASSERT(has(out, "3 new, 0 seen before, 0 contradict what was seen before, 0 bad lines left out\n"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--all", "DB"), 0);
  CU_ASSERT(has(out, "12.34          1.60        3      0      0 ok"));
  write_file(file, "PS D1 0000002A,3,0.50\nPS D1 0000002A,2,0.56\nPS D1 0000002A,4,0.10\n");
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB", "--json"), 0);
  CU_ASSERT(has(out, "\"new\": 1,\n  \"seen_before\": 1,\n  \"contradictions\": 1,\n  \"bad\": 0"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 1);
  CU_ASSERT(has(out, "pieces that contradict, copies"));
  /* Somebody has looked: only what is new is wrong. */
  CU_ASSERT_EQUAL(ADMIN("evidence", "accept", "0000002B", "DB"), 1);
  CU_ASSERT_EQUAL(ADMIN("evidence", "accept", "0000002A", "DB"), 0);
  CU_ASSERT(has(out, "accepted: "));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB", "--json"), 1);
  CU_ASSERT(has(out, "\"oversold\": false,\n      \"contradicted\": true,\n      \"copied\": true"));
  end(process);
}

static void test_oversold(void) {
  int process = begin_balanced();
  write_file(file, "PS D1 0000002A,1,12.341\n");
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB"), 0);
  CU_ASSERT_EQUAL(ADMIN("reconcile", "DB"), 1);
  CU_ASSERT(has(out, "more seen than sold") && has(out, "1 oversold"));
  end(process);
}

static void test_bad_lines(void) {
  static const struct {
    const char *line, *words;
  } bad[] = {
      {"PS D1 0000002A,1", "it has not the columns"},
      {"PS D1 0000002A,1,2,3,4", "it has not the columns"},
      {"0000002A,1,0.55,", "no PSD"},
      {"PS D1 0000002A,0,0.55,", "no number of a piece"},
      {"PS D1 0000002A,4294967296,0.55,", "no number of a piece"},
      {"PS D1 0000002A,-1,0.55,", "no number of a piece"},
      {"PS D1 0000002A,1,0.5555,", "no amount, as 0.55"},
      {"PS D1 0000002A,1,,", "no amount, as 0.55"},
      {"PS D1 0000002A,1,0.55,x", "nor empty"},
      {"PS D1 0000002B,1,0.55,", "there is no such PSD"},
      {"PS D1 "
       "0000002A,1,0.55,00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
       "0000000000000000000000000000000000000000",
       "too long"},
  };
  char text[512];
  int process = begin_balanced();
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    (void)snprintf(text, sizeof text, "PS D1 0000002A,1,0.55,\n%s\nPS D1 0000002A,2,0.55,\n", bad[i].line);
    write_file(file, text);
    CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB"), 1);
    CU_ASSERT(has(err, "line 2: ") && has(err, bad[i].words) && has(err, "1 bad line: nothing was taken"));
  }
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB", "--skip-bad"), 0);
  CU_ASSERT(has(err, "line 2: ") && has(out, "2 new, 0 seen before, 0 contradict what was seen before, 1 bad lines"));
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", "/nowhere/evidence", "DB"), 1);
  CU_ASSERT(has(err, "cannot be opened"));
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", "DB"), 2);
  end(process);
}

/* A zero hides neither its own line nor the next one. */
static void test_no_text(void) {
  static const char text[] = "PS D1 0000002A,1,0.55,\nPS D1 0000002A,2,0.55,\0\n\0\nPS D1 0000002A,3,0.55,\n";
  int process = begin_balanced();
  FILE *out_file = fopen(file, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out_file);
  CU_ASSERT_EQUAL(fwrite(text, 1, sizeof text - 1, out_file), sizeof text - 1);
  (void)fclose(out_file);
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", file, "DB", "--skip-bad"), 0);
  CU_ASSERT(has(err, "line 2: it is too long, or no text\n") && has(err, "line 3: it is too long, or no text\n"));
  CU_ASSERT(has(out, "2 new, 0 seen before, 0 contradict what was seen before, 2 bad lines"));
  end(process);
}

/* More than a transaction takes, from standard input. */
static void test_many(void) {
  int process = begin_balanced();
  FILE *out_file = fopen(file, "w");
  CU_ASSERT_PTR_NOT_NULL_FATAL(out_file);
  for (unsigned i = 1; i <= 2500; i++)
    (void)fprintf(out_file, "PS D1 0000002A,%u,0.001,\n", i);
  (void)fclose(out_file);
  int saved = dup(STDIN_FILENO), from = open(file, O_RDONLY);
  CU_ASSERT_FATAL(saved >= 0 && from >= 0 && dup2(from, STDIN_FILENO) == STDIN_FILENO);
  CU_ASSERT_EQUAL(ADMIN("evidence", "import", "-", "DB"), 0);
  (void)dup2(saved, STDIN_FILENO);
  (void)close(saved);
  (void)close(from);
  CU_ASSERT(has(out, "2500 new, 0 seen before"));
  psd_evidence_sum sum;
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_evidence_sum(db, device_2a, &sum), PSD_DB_DONE);
  CU_ASSERT(sum.pieces == 2500 && sum.amount == 2500 && sum.highest_piece == 2500 && sum.copies == 0);
  close_store(db);
  end(process);
}

/* The ledger has refill 1, of 30.00. */
static void test_authorizations(void) {
  int process = begin_balanced();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill();
  write_file(file, "PS D1 0000002A,1,authorized,30.00\nPS D1 0000002A,1,authorized,30.00\n");
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 0);
  CU_ASSERT(has(out, "all agrees\n"));
  write_file(file, "");
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 0);
  write_file(
      file, "PS D1 0000002A,2,authorized,50.00\nPS D1 0000002A,1,authorized,30.001\nPS D1 0000002B,3,withdrawn,0.00\n");
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 1);
  CU_ASSERT(has(out, "PS D1 0000002A: refill 1 of 30.001 is another in the ledger\n"));
  CU_ASSERT(has(out, "PS D1 0000002A: refill 2 of 50.00 is not in the ledger\n"));
  CU_ASSERT(has(out, "PS D1 0000002B: withdrawal 3 of 0.00 is not in the ledger\n"));
  CU_ASSERT(has(out, "WRONG: 3 authorizations\n"));
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "--json", "DB"), 1);
  CU_ASSERT(has(out, "\"sequence\": 2,\n      \"amount\": 50000,\n      \"wrong\": \"is not in the ledger\""));
  write_file(file, "PS D1 0000002A,1,withdrawn,30.00\n");
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 1);
  CU_ASSERT(has(out, "withdrawal 1 of 30.00 is another in the ledger\n"));
  static const char *const bad[] = {"PS D1 0000002A,1,authorized\n", "PS D1 2A,1,authorized,1\n",
                                    "PS D1 0000002A,0,authorized,1\n", "PS D1 0000002A,1,settled,1\n",
                                    "PS D1 0000002A,1,authorized,x\n"};
  for (size_t i = 0; i < PSD_CHECK_COUNT(bad); i++) {
    write_file(file, bad[i]);
    CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 1);
    CU_ASSERT(has(err, "line 1 of the key management system's log"));
  }
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", "/nowhere", "DB"), 1);
  end(process);
}

/* A refill that was settled, and whose number the log passes over. */
static void test_never_authorized(void) {
  int process = begin_balanced();
  CU_ASSERT_EQUAL(ADMIN("account", "deposit", "1000", "30", "DB", "KMS"), 0);
  begin_refill();
  psd_db *db = open_store();
  CU_ASSERT_EQUAL(psd_db_begin(db, true), PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_op_change(db, device_2a, 1, PSD_OP_RESERVED, PSD_OP_SETTLED, 1800000100, NULL, 0),
                  PSD_DB_DONE);
  CU_ASSERT_EQUAL(psd_db_commit(db), PSD_DB_DONE);
  close_store(db);
  write_file(file, "PS D1 0000002A,2,authorized,50.00\n");
  CU_ASSERT_EQUAL(ADMIN("reconcile", "--kms-log", file, "DB"), 1);
  CU_ASSERT(has(out, "PS D1 0000002A: refill 1 of 30.00 is settled in the ledger and was never authorized\n"));
  CU_ASSERT(has(out, "WRONG: 2 authorizations\n"));
  end(process);
}

static const psd_check_test tests[] = {
    {"all agrees: exit status 0", test_all_agrees},
    {"a meter whose registers are not the ledger's: exit status 1", test_out_of_balance},
    {"an alarm is wrong until somebody has looked", test_alarm_is_wrong},
    {"an operation that is not finished is shown, and is not wrong", test_unfinished},
    {"what was seen on mail is taken; copies and contradictions are found", test_imported},
    {"what a verification site has written is imported", test_imported_from_a_site},
    {"more seen on mail than the meter has sold", test_oversold},
    {"of a file with a bad line nothing is taken, unless that is asked for", test_bad_lines},
    {"a file that is no text hides no line", test_no_text},
    {"thousands of pieces, from standard input", test_many},
    {"what the key management system has authorized, and the ledger does not know", test_authorizations},
    {"what the ledger has settled, and nobody authorized", test_never_authorized},
};

int main(void) {
  return admin_tests("psd-server's operator: reconciliation", tests, PSD_CHECK_COUNT(tests));
}
