/* A database on a bench: SQLite in a temporary folder, or the PostgreSQL that PSD_POSTGRES names. Every test begins
 * with an empty one. */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "check.h"
#include "store/database.h"

#define TEST(name) void name(void)

extern const uint8_t column_key[32];
extern bool on_postgres;

/* The URL of the database under test, and the file of SQLite's. */
const char *bench_url(void);
const char *bench_file(void);
/* Empties it. */
void bench_clear(void);
/* Opened (`create`), with the column key; the test fails without. */
psd_db *bench_open(void);
/* Only the connection, without a schema: for psd_migrate. */
psd_db *bench_connect(void);

/* SQL past the store, on a connection of its own: false if the engine refuses it. */
bool raw(const char *sql);
/* The first column of the first row, as text of less than `room` bytes. */
bool raw_text(const char *sql, char *out, size_t room);
/* SQL in which BYTES(n) stands for n bytes, in the engine's words. */
void in_engine_words(const char *from, char *out, size_t room);
/* Each of them is refused; the test fails otherwise. */
void none_is_taken(const char *const *sql, size_t count);
/* A connection that stays open. */
typedef struct raw_link raw_link;
raw_link *raw_open(void);
bool raw_run(raw_link *link, const char *sql);
void raw_close(raw_link *link);

/* "PS", "D1", serial */
void device_named(uint32_t serial, uint8_t device[8]);
/* Bytes that are different for every seed. */
void fill(void *out, size_t length, unsigned seed);
/* An audit response of that PSD, which holds that vendor key. */
void audit_of(uint32_t serial, uint32_t vendor_key, uint8_t audit[PSD_SIZE_AUDIT]);
/* Adds a PSD with the K4 that is its own. */
psd_db_result device_put(psd_db *db, uint32_t serial, uint32_t vendor_key);
psd_db_result device_add(psd_db *db, uint32_t serial);
psd_db_result device_find(psd_db *db, uint32_t serial);
bool device_there(psd_db *db, uint32_t serial);
/* Adds account "1000" and a user of it; returns the user's row. */
psd_user_row with_user(psd_db *db, const char *name, unsigned seed);

/* Runs `work` in a process of its own; the descriptor reads what it writes. */
int child_start(void (*work)(int out), int *reads);
/* Its exit status; 128 and more for a signal. */
int child_end(int process);
/* Runs a program; its exit status. */
int program(const char *const *arguments);

TEST(test_open);
TEST(test_open_refuses);
TEST(test_old_schema);
TEST(test_new_schema);
TEST(test_migrations_at_once);
TEST(test_constraints);
TEST(test_accounts);
TEST(test_users);
TEST(test_user_names);
TEST(test_user_list);
TEST(test_sealed);
TEST(test_exchanged_columns);
TEST(test_column_key);
TEST(test_failures);
TEST(test_failures_crowd);
TEST(test_devices);
TEST(test_registration);
TEST(test_audits);
TEST(test_device_list);
TEST(test_vendor_keys);
TEST(test_movements);
TEST(test_movement_list);
TEST(test_money_constraints);
TEST(test_money_migration);
TEST(test_refill);
TEST(test_refill_refused);
TEST(test_release);
TEST(test_withdrawal);
TEST(test_final_withdrawal);
TEST(test_spent_withdrawn);
TEST(test_another_mode);
TEST(test_monstrous);
TEST(test_two_servers);
TEST(test_cut_everywhere);
TEST(test_random_schedules);
TEST(test_orders);
TEST(test_commands_of_actions);
TEST(test_alarm);
TEST(test_unlock_denied);
TEST(test_audit_decides);
TEST(test_current_account);
TEST(test_account_licence);
TEST(test_evidence);
TEST(test_reconcile);
TEST(test_write_off);
TEST(test_write_off_withdrawing);
TEST(test_evidence_accepted);
TEST(test_operation_list);
TEST(test_distrust);
TEST(test_rates);
TEST(test_rates_due);
TEST(test_certificates);
TEST(test_rates_constraints);
TEST(test_rates_migration);
TEST(test_vetting);
TEST(test_operator_vets);
TEST(test_requests_again);
TEST(test_issue);
TEST(test_issue_to_revoked);
TEST(test_holder_revokes);
TEST(test_due);
TEST(test_due_separate);
TEST(test_one_key);
TEST(test_command_numbers);
TEST(test_devices_certificates);
TEST(test_sweep);
TEST(test_lists);
TEST(test_credit_check);
TEST(test_credit_operator);
TEST(test_settle);
TEST(test_settle_refused);
TEST(test_fork);
TEST(test_settle_cut);
TEST(test_desk_cut);
TEST(test_authorities);
TEST(test_desk_constraints);
TEST(test_authority_migration);
TEST(test_transaction);
TEST(test_transaction_undone);
TEST(test_conflict);
TEST(test_locked);
TEST(test_killed);
TEST(test_damaged_row);
TEST(test_file_mode);
TEST(test_damaged_file);
TEST(test_disk_full);
TEST(test_file_limit);
TEST(test_restart);
TEST(test_restart_in_transaction);
TEST(test_away);

#endif
