/* The meter server's database (EP 145): one suite, run on both engines. */
#include "store_db.h"

#include <stdlib.h>

#define BOTH                                                                                                           \
  {"a database is made, closed and opened again", test_open},                                                          \
      {"what is no database, or is not there, is refused in clear words", test_open_refuses},                          \
      {"every older schema is refused, and migrated when asked for", test_old_schema},                                 \
      {"a newer schema is refused", test_new_schema}, {"two may migrate at the same time", test_migrations_at_once},   \
      {"the schema itself refuses what makes no sense", test_constraints}, {"accounts", test_accounts},                \
      {"users and their verifiers (EP step 216)", test_users},                                                         \
      {"names of users are UTF-8 of 1 to 32 bytes", test_user_names},                                                  \
      {"users are listed in order, page by page", test_user_list},                                                     \
      {"neither names nor verifiers are seen in the database", test_sealed},                                           \
      {"a column moved to another row does not open", test_exchanged_columns},                                         \
      {"without the column key nothing, with another an error", test_column_key},                                      \
      {"failed sign-ons of any name", test_failures}, {"failures of a crowd", test_failures_crowd},                    \
      {"PSDs are added once", test_devices},                                                                           \
      {"a PSD is registered to one user and that user's account", test_registration},                                  \
      {"audits are kept", test_audits}, {"PSDs are listed in order, page by page", test_device_list},                  \
      {"how many PSDs hold a vendor key", test_vendor_keys},                                                           \
      {"a movement takes from one book and gives to another", test_movements},                                         \
      {"the movements of a book in order, page by page", test_movement_list},                                          \
      {"the schema refuses what would lose or make money", test_money_constraints},                                    \
      {"PSDs of schema 3 are there after the migration", test_money_migration},                                        \
      {"a refill is reserved and settled once", test_refill},                                                          \
      {"a refill that is refused moves nothing", test_refill_refused},                                                 \
      {"a cancelled refill is given back, and its number burned", test_release},                                       \
      {"a withdrawal credits the account once", test_withdrawal},                                                      \
      {"the final withdrawal ends the service", test_final_withdrawal},                                                \
      {"a PSD lies: what was spent is withdrawn", test_spent_withdrawn},                                               \
      {"a PSD lies: its registers are of another mode", test_another_mode},                                            \
      {"a PSD lies: a charge that no book could hold", test_monstrous},                                                \
      {"two servers, one database: reserved once, and never more than there is", test_two_servers},                    \
      {"a crash at each statement: nothing or all, and the repetition completes it", test_cut_everywhere},             \
      {"whatever is heard or not, sums stay and audits agree", test_random_schedules},                                 \
      {"the provider's orders wait for a session", test_orders},                                                       \
      {"which command carries out which action", test_commands_of_actions},                                            \
      {"an alarm locks; unlock adjusts only when told to", test_alarm},                                                \
      {"a reservation that the card denies is given back when the operator says so", test_unlock_denied},              \
      {"the audit decides what was cut off", test_audit_decides},                                                      \
      {"current account: charged at the audit, and paid", test_current_account},                                       \
      {"what the meters of an account are authorized with", test_account_licence},                                     \
      {"postage seen on mail", test_evidence}, {"the report: ledger, audits, mail", test_reconcile},                   \
      {"a meter that does not come back is written off", test_write_off},                                              \
      {"a withdrawal is open when a meter is written off", test_write_off_withdrawing},                                \
      {"evidence that was looked at", test_evidence_accepted}, {"the operations of one PSD", test_operation_list},     \
      {"a PSD that is not trusted any more", test_distrust}, {"rate tables are published once", test_rates},           \
      {"which rate table a meter is to have next", test_rates_due},                                                    \
      {"certificates are kept, and revoked with the PSD", test_certificates},                                          \
      {"the schema refuses rates and certificates that are none", test_rates_constraints},                             \
      {"from schema 4: no orders of rates, and certificates anew", test_rates_migration},                              \
      {"514: who asks in his own name is accepted, others wait", test_vetting},                                        \
      {"514: the operator accepts or rejects, once", test_operator_vets},                                              \
      {"a request once more, and a newer one of its slot", test_requests_again},                                       \
      {"518: a certificate is kept with its grant, once", test_issue},                                                 \
      {"a certificate that is made while its PSD is revoked", test_issue_to_revoked},                                  \
      {"602 to 624: the holder revokes, the card confirms", test_holder_revokes},                                      \
      {"620: payment is due, and collected at refills", test_due},                                                     \
      {"620: the group that does not pay collects nothing", test_due_separate},                                        \
      {"certificates of one key are revoked together", test_one_key},                                                  \
      {"numbers of commands go upwards", test_command_numbers},                                                        \
      {"forced revocation: held, released, ended with the PSD", test_devices_certificates},                            \
      {"forced revocation: timed out, or unpaid", test_sweep}, {"what is revoked, for lists and OCSP", test_lists},    \
      {"804: credit within the limit, beyond it, and 806", test_credit_check},                                         \
      {"804: the operator approves or rejects, once", test_credit_operator},                                           \
      {"a payment is settled once, in any order", test_settle},                                                        \
      {"a payment that is refused moves nothing", test_settle_refused},                                                \
      {"a forked chain blocks its line of credit", test_fork},                                                         \
      {"a settlement is cut at each statement, and presented twice at once", test_settle_cut},                         \
      {"the desk is cut at each statement, and goes on", test_desk_cut},                                               \
      {"the authority's own certificates", test_authorities},                                                          \
      {"the schema refuses what the desk must not do", test_desk_constraints},                                         \
      {"from schema 5: movements and balances", test_authority_migration},                                             \
      {"a transaction is committed or rolled back whole", test_transaction},                                           \
      {"a transaction is undone by a failure in it", test_transaction_undone},                                         \
      {"of two that conflict one begins again", test_conflict},                                                        \
      {"locked by another process: busy, and then works", test_locked},                                                \
      {"a writer is killed: what it was told is there, and no half of anything", test_killed},                         \
      {"a damaged row is noticed", test_damaged_row},

static const psd_check_test on_sqlite[] = {
    BOTH{"the file and its companions are nobody else's", test_file_mode},
    {"a damaged file is told in clear words", test_damaged_file},
    {"the database may not grow: failed, and nothing half done", test_disk_full},
    {"the disk is full under the log: failed, and nothing half done", test_file_limit},
};

static const psd_check_test on_postgresql[] = {
    BOTH{"PostgreSQL restarts between two calls: nothing is noticed", test_restart},
    {"PostgreSQL restarts in a transaction: it has failed, and the next works", test_restart_in_transaction},
    {"PostgreSQL is away: failed, until it is back", test_away},
};

int main(void) {
  if (!psd_evp_start())
    return 2;
  (void)bench_url();
  int status = on_postgres ? psd_check_run("store on PostgreSQL", on_postgresql, PSD_CHECK_COUNT(on_postgresql))
                           : psd_check_run("store on SQLite", on_sqlite, PSD_CHECK_COUNT(on_sqlite));
  psd_evp_stop();
  return status;
}
