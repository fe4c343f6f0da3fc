/* What the operator can do, and the help that says so. */
#include <stdio.h>
#include <string.h>

#include "admin/command.h"

#define DB PSD_ADMIN_DB
#define DB_KMS (PSD_ADMIN_DB | PSD_ADMIN_KMS)
#define PLAIN PSD_ADMIN_PLAIN
#define NAMES PSD_ADMIN_NAMES
/* Words that name a PSD: one or three. */
#define DEVICE 1, 3
#define NAME_COLUMN 34

const psd_admin_verb psd_admin_verbs[] = {
    {"migrate", "", "", "makes the database, or brings its schema up to date", PLAIN, DB, 0, 0, psd_admin_migrate},
    {"account", "create", "NUMBER NAME", "opens an account: who pays", NAMES | PSD_ADMIN_PLACE | PSD_ADMIN_CREDIT,
     DB_KMS, 2, 2, psd_admin_account_add},
    {"account", "list", "", "shows the accounts and what they have", NAMES, DB_KMS, 0, 0, psd_admin_account_list},
    {"account", "show", "NUMBER", "shows one", NAMES, DB_KMS, 1, 1, psd_admin_account_show},
    {"account", "deposit", "NUMBER AMOUNT", "takes a payment", NAMES | PSD_ADMIN_REFERENCE, DB_KMS, 2, 2,
     psd_admin_account_deposit},
    {"account", "payout", "NUMBER AMOUNT", "gives money back", NAMES | PSD_ADMIN_REFERENCE, DB_KMS, 2, 2,
     psd_admin_account_payout},
    {"account", "pay", "NUMBER AMOUNT", "pays, from the balance, what current-account meters were charged",
     NAMES | PSD_ADMIN_REFERENCE, DB_KMS, 2, 2, psd_admin_account_pay},
    {"account", "credit", "NUMBER LIMIT", "lets its balance go that far below zero", NAMES, DB_KMS, 2, 2,
     psd_admin_account_credit},
    {"account", "license", "NUMBER", "what meters are authorized with that are registered to it from now on",
     NAMES | PSD_ADMIN_PLACE, DB_KMS | PSD_ADMIN_PLACE, 1, 1, psd_admin_account_license},
    {"account", "statement", "NUMBER", "every movement, and the balance after it", NAMES | PSD_ADMIN_SINCE, DB_KMS, 1,
     1, psd_admin_account_statement},
    {"account", "suspend", "NUMBER", "refuses refills until it is resumed", PLAIN, DB, 1, 1, psd_admin_account_suspend},
    {"account", "resume", "NUMBER", "lets its meters be refilled again", PLAIN, DB, 1, 1, psd_admin_account_resume},
    {"user", "add", "NAME", "enrols a user with a first password", PSD_ADMIN_PASSWORD | PSD_ADMIN_ACCOUNT,
     DB_KMS | PSD_ADMIN_ACCOUNT, 1, 1, psd_admin_user_add},
    {"user", "list", "", "shows the users, and who is locked", NAMES, DB_KMS, 0, 0, psd_admin_user_list},
    {"user", "enable", "NAME", "lets a user sign on again", NAMES, DB_KMS, 1, 1, psd_admin_user_enable},
    {"user", "disable", "NAME", "lets a user sign on no more", NAMES, DB_KMS, 1, 1, psd_admin_user_disable},
    {"user", "passwd", "NAME", "gives a user another password", PSD_ADMIN_PASSWORD, DB_KMS, 1, 1,
     psd_admin_user_passwd},
    {"user", "unlock", "NAME", "forgets failed sign-ons", NAMES, DB_KMS, 1, 1, psd_admin_user_unlock},
    {"meter", "list", "", "shows the PSDs: whose they are, registers and ledger", NAMES | PSD_ADMIN_ACCOUNT, DB_KMS, 0,
     0, psd_admin_meter_list},
    {"meter", "show", "PSD", "shows one, with its last audit, operations and alarms", NAMES, DB_KMS, DEVICE,
     psd_admin_meter_show},
    {"meter", "statement", "PSD", "every movement of its funds", PLAIN | PSD_ADMIN_SINCE, DB, DEVICE,
     psd_admin_meter_statement},
    {"meter", "operations", "PSD", "its refills and withdrawals, newest first", PLAIN, DB, DEVICE,
     psd_admin_meter_operations},
    {"meter", "lock", "PSD", "moves no funds, and locks it at its next session", PLAIN, DB, DEVICE,
     psd_admin_meter_lock},
    {"meter", "unlock", "PSD", "ends that, and clears its alarms", PLAIN | PSD_ADMIN_ACCEPT, DB, DEVICE,
     psd_admin_meter_unlock},
    {"meter", "move", "PSD", "gives it another ZIP and licence", PLAIN | PSD_ADMIN_PLACE, DB | PSD_ADMIN_PLACE, DEVICE,
     psd_admin_meter_move},
    {"meter", "limits", "PSD", "gives it other limits", PLAIN | PSD_ADMIN_LIMITS, DB | PSD_ADMIN_LIMITS, DEVICE,
     psd_admin_meter_limits},
    {"meter", "watchdog", "PSD", "gives it other times of inspection", PLAIN | PSD_ADMIN_WARN | PSD_ADMIN_LOCK,
     DB | PSD_ADMIN_WARN | PSD_ADMIN_LOCK, DEVICE, psd_admin_meter_watchdog},
    {"meter", "credit-limit", "PSD AMOUNT", "how much a current-account meter may print", PLAIN, DB, 2, 4,
     psd_admin_meter_credit_limit},
    {"meter", "clock", "PSD", "sets its clock at its next session", PLAIN, DB, DEVICE, psd_admin_meter_clock},
    {"meter", "zeroize", "PSD", "erases the keys of a withdrawn or faulted one", PLAIN, DB, DEVICE,
     psd_admin_meter_zeroize},
    {"meter", "revoke", "PSD", "refuses a PSD that was lost or stolen", PLAIN, DB, DEVICE, psd_admin_meter_revoke},
    {"meter", "revoked", "", "lists the certificates that are revoked", PLAIN | PSD_ADMIN_CSV, DB, 0, 0,
     psd_admin_meter_revoked},
    {"meter", "restore", "PSD", "takes it again", PLAIN, DB, DEVICE, psd_admin_meter_restore},
    {"meter", "write-off", "PSD", "takes one that does not come back out of service, its money accounted for", PLAIN,
     DB, DEVICE, psd_admin_meter_write_off},
    {"rates", "publish", "FILE", "has rates signed, and brings them to every meter in its next session",
     PLAIN | PSD_ADMIN_RATE_KEY, DB_KMS, 1, 1, psd_admin_rates_publish},
    {"rates", "list", "", "shows what was published, and how many meters have it", PLAIN, DB, 0, 0,
     psd_admin_rates_list},
    {"rates", "show", "VERSION", "shows one, in the form of a file", PLAIN, DB, 1, 1, psd_admin_rates_show},
    {"rates", "export", "VERSION FILE", "writes one as it was signed", PLAIN, DB, 2, 2, psd_admin_rates_export},
    {"reconcile", "", "", "compares ledger, registers and what was seen on mail",
     PLAIN | PSD_ADMIN_ALL | PSD_ADMIN_KMS_LOG, DB, 0, 0, psd_admin_reconcile},
    {"evidence", "import", "FILE", "takes what was seen on mail: PSD,PIECE,AMOUNT,ASCENDING",
     PLAIN | PSD_ADMIN_SKIP_BAD, DB, 1, 1, psd_admin_evidence_import},
    {"evidence", "accept", "PSD", "has looked at what was seen of it: reconcile tells of it no more", PLAIN, DB, DEVICE,
     psd_admin_evidence_accept},
    {"verification", "export", "FOLDER", "writes what a verification site needs: certificates, rates, refills", PLAIN,
     DB, 1, 1, psd_admin_verification_export},
    {"ca", "init", "", "fetches the authority's certificates from the key management system, and checks them", PLAIN,
     DB_KMS, 0, 0, psd_admin_ca_init},
    {"ca", "requests", "", "shows the requests for certificates that wait (--all: every one)", PLAIN | PSD_ADMIN_ALL,
     DB, 0, 0, psd_admin_ca_requests},
    {"ca", "accept", "ID", "its holder is who he says: he gets the certificate", PLAIN, DB, 1, 1, psd_admin_ca_accept},
    {"ca", "reject", "ID", "he is not", PLAIN | PSD_ADMIN_REASON, DB | PSD_ADMIN_REASON, 1, 1, psd_admin_ca_reject},
    {"ca", "list", "[PSD]", "shows the certificates of users, postmarks and agents", PLAIN, DB, 0, 3,
     psd_admin_ca_list},
    {"ca", "show", "NUMBER", "shows one", PLAIN, DB, 1, 1, psd_admin_ca_show},
    {"ca", "revoke", "NUMBER", "revokes one; its meter destroys the key in its next session", PLAIN | PSD_ADMIN_REASON,
     DB | PSD_ADMIN_REASON, 1, 1, psd_admin_ca_revoke},
    {"ca", "revoke-meter", "PSD", "revokes all of a meter", PLAIN | PSD_ADMIN_REASON, DB | PSD_ADMIN_REASON, DEVICE,
     psd_admin_ca_revoke_meter},
    {"ca", "sweep", "", "revokes those of meters that are not inspected or do not pay",
     PLAIN | PSD_ADMIN_OVERDUE | PSD_ADMIN_UNPAID, DB, 0, 0, psd_admin_ca_sweep},
    {"ca", "crl", "FILE", "has a list of the revoked certificates signed: PEM, or DER into a name that ends in .der",
     PLAIN, DB_KMS, 1, 1, psd_admin_ca_crl},
    {"ca", "ocsp", "NUMBER", "what OCSP answers for one", PLAIN, DB, 1, 1, psd_admin_ca_ocsp},
    {"ca", "export", "FOLDER", "writes root.pem, ca.pem, creditor.pem and crl.pem: what others check with", PLAIN,
     DB_KMS, 1, 1, psd_admin_ca_export},
    {"credit", "list", "", "shows applications for credit, and lines of credit", PLAIN, DB, 0, 0,
     psd_admin_credit_list},
    {"credit", "show", "ID", "shows one, and what was settled", PLAIN, DB, 1, 1, psd_admin_credit_show},
    {"credit", "approve", "ID [AMOUNT]", "grants what was asked for, or less", PLAIN, DB, 1, 2,
     psd_admin_credit_approve},
    {"credit", "reject", "ID", "grants nothing", PLAIN | PSD_ADMIN_REASON, DB | PSD_ADMIN_REASON, 1, 1,
     psd_admin_credit_reject},
    {"credit", "revoke", "ID", "settles nothing more of it", PLAIN, DB, 1, 1, psd_admin_credit_revoke},
    {"credit", "settle", "FILE", "pays a payment certificate that a merchant presents, once", PLAIN, DB, 1, 1,
     psd_admin_credit_settle},
    {"credit", "payees", "", "shows who was paid, and what he has still to get", PLAIN, DB, 0, 0,
     psd_admin_credit_payees},
    {"credit", "remit", "PAYEE AMOUNT", "he has his money", PLAIN | PSD_ADMIN_REFERENCE, DB, 2, 2,
     psd_admin_credit_remit},
    {"keys", "", "", "counts the PSDs that hold each vendor key K1", PLAIN, DB, 0, 0, psd_admin_keys},
};
const size_t psd_admin_verb_count = sizeof psd_admin_verbs / sizeof psd_admin_verbs[0];

static void help_line(const char *name, const char *words) {
  if (strlen(name) > NAME_COLUMN)
    printf("  %s\n  %-*s %s\n", name, NAME_COLUMN, "", words);
  else
    printf("  %-*s %s\n", NAME_COLUMN, name, words);
}

static void help_options(unsigned options) {
  char name[64];
  puts("\noptions:");
  for (size_t i = 0; i < psd_admin_option_count; i++) {
    const psd_admin_option_row *row = &psd_admin_options[i];
    if ((options & row->bit) == 0)
      continue;
    (void)snprintf(name, sizeof name, "--%s %s", row->name, row->value);
    help_line(name, row->words);
  }
}

void psd_admin_help(const char *group) {
  unsigned options = 0;
  printf("usage: psd-server %s ...\n\n%s", group != NULL ? group : "COMMAND",
         group != NULL ? "" : "The meter server of Postal Security Devices, and what its operator does.\n\n");
  puts("commands:");
  if (group == NULL)
    help_line("run", "serves; see psd-server run --help");
  for (size_t i = 0; i < psd_admin_verb_count; i++) {
    const psd_admin_verb *verb = &psd_admin_verbs[i];
    char name[64];
    if (group != NULL && strcmp(group, verb->group) != 0)
      continue;
    (void)snprintf(name, sizeof name, "%s%s%s %s", verb->group, verb->name[0] != '\0' ? " " : "", verb->name,
                   verb->synopsis);
    help_line(name, verb->summary);
    options |= verb->options | verb->needed;
  }
  help_options(options);
  puts("\nA PSD is named by vendor, model and serial number, as PS D1 0000002A, or by the serial number alone.");
  puts("exit status: 0 done, 1 refused, 2 usage, 3 database or key management system out of reach");
}
