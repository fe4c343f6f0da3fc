/* The vendor's data center (EP 140): what a refill, a withdrawal and an audit mean for accounts and meters
 * (docs/funds.md). The rules stand here; store/money.h has the tables.
 *
 * Every function works inside a transaction that the caller has begun for writing, and may be repeated: after a
 * conflict, a crash or a lost answer the same call gives the same result. A PSD_DB result that is not DONE is the
 * database's; what the rules say is the signal. */
#ifndef PSD_DATACENTER_H
#define PSD_DATACENTER_H

#include "store/certificates.h"
#include "store/money.h"

/* What an audit shows, beside the ledger. Pure: looks at nothing but its arguments. */
typedef enum psd_finding {
  PSD_FOUND_AGREEMENT,   /* nothing to do */
  PSD_FOUND_CREDITED,    /* the open refill was credited: settle */
  PSD_FOUND_CANCELLED,   /* the open refill was cancelled: release */
  PSD_FOUND_LOADING,     /* the open refill is not credited yet: authorize it once more */
  PSD_FOUND_ABANDONED,   /* a refill that the server does not know: cancel it */
  PSD_FOUND_WITHDRAWING, /* a withdrawal that is not acknowledged: credit the account once, and acknowledge */
  PSD_FOUND_CLOSED,      /* the open withdrawal was acknowledged */
  PSD_FOUND_CHARGE,      /* current account: postage to charge */
  PSD_FOUND_RESTORED,    /* alarm: the card is behind what was seen */
  PSD_FOUND_IMBALANCE,   /* alarm: control total and ledger do not agree */
} psd_finding;
/* `op` is the operation `row->open_sequence`, or NULL. */
psd_finding psd_dc_examine(const psd_meter_row *row, const psd_op *op, const psd_audit *audit);
/* What the server takes it for: while an alarm stands, anything but agreement is an imbalance, and nothing is moved. */
psd_finding psd_dc_held(const psd_meter_row *row, psd_finding finding);
/* True for what ends in an alarm, for what the audit ends by itself, and for what is finished with the card (RECOVER).
 */
bool psd_dc_alarming(psd_finding finding);
bool psd_dc_ending(psd_finding finding);
bool psd_dc_recoverable(psd_finding finding);

/* A completed audit: settles, releases, closes, charges or raises an alarm (which locks the meter and orders DISABLE),
 * and remembers the audit. While an alarm is not cleared nothing is moved: what would be is found as IMBALANCE.
 * `finding` gets what was found; `row` the meter as it is afterwards. */
psd_db_result psd_dc_audited(psd_db *db, const uint8_t audit[PSD_SIZE_AUDIT], uint64_t time, psd_finding *finding,
                             psd_meter_row *row);

/* S1 of a refill: reserves. A request whose number was burned or released is refused with STATE. `request` with its
 * signature, `parsed` its content; the caller has compared the device. NONE; FUNDS, SUSPENDED, LOCKED, STATE (not
 * registered, or withdrawn from service); BALANCE when ledger or sequence number contradict (the alarm is raised). The
 * very same request once more is NONE. `available` gets what the account has left (balance and credit). */
psd_db_result psd_dc_reserve(psd_db *db, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                             uint64_t time, psd_signal *signal, uint64_t *available);
/* S3: the refill was credited. NONE, also when it was settled before; BALANCE for a receipt that contradicts. */
psd_db_result psd_dc_settle(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                            uint64_t time, psd_signal *signal, uint64_t *available);
/* A receipt, verified by the key management system, that the refill was cancelled. A refill that the server does not
 * know is only remembered as burned. */
psd_db_result psd_dc_release(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                             uint64_t time, psd_signal *signal, uint64_t *available);
/* S1 of a withdrawal, which the key management system has authorized: credits the account, once. Goes through for
 * suspended accounts and locked meters: the card has debited already. */
psd_db_result psd_dc_withdrawn(psd_db *db, const psd_funds_request *parsed, const uint8_t *request, size_t length,
                               uint64_t time, psd_signal *signal, uint64_t *available);
/* The card has acknowledged. After a final one the meter is out of service. */
psd_db_result psd_dc_closed(psd_db *db, const psd_funds_receipt *parsed, const uint8_t *receipt, size_t length,
                            uint64_t time, psd_signal *signal);

/* The PSD has signed what does not verify or cannot be: the alarm RECEIPT, which locks the meter. ABSENT for no such
 * meter. */
psd_db_result psd_dc_distrust(psd_db *db, const uint8_t device[8], const char *words, uint64_t time);

/* A billion, in mills. No amount, no register and no charge is above: what is, is a mistake or a lie. So many books
 * that their sum would not fit there are not. */
#define PSD_DC_MOST UINT64_C(1000000000000)

/* What an account has: balance and credit. Debt is what current-account meters were charged and is not paid. */
typedef struct psd_dc_funds {
  int64_t balance;
  uint64_t credit_limit, available, debt, reserved;
} psd_dc_funds;
psd_db_result psd_dc_account(psd_db *db, int64_t account, psd_dc_funds *funds);

/* The operator's. EXISTS for a reference that was used before for this account and kind; ABSENT when the funds do not
 * suffice, or there is no such account. Credit is not paid out: a payout takes from a balance above zero alone. REFUSED
 * for an amount that cannot be, and for a payment of more than the debt. `account` is the identifier. */
psd_db_result psd_dc_deposit(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time);
psd_db_result psd_dc_payout(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time);
psd_db_result psd_dc_pay(psd_db *db, int64_t account, uint64_t amount, const char *reference, uint64_t time);
/* REFUSED if more than that is used already. */
psd_db_result psd_dc_set_credit(psd_db *db, int64_t account, uint64_t limit);

/* The operator's, for a meter. Each is an order for its next session, and remembered; ABSENT for no such meter. */
psd_db_result psd_dc_lock(psd_db *db, const uint8_t device[8], uint64_t time);
/* Clears alarms as well. The registers as the card last told them are taken for right only if they agree: REFUSED
 * otherwise, unless `accept`: then ADJUST movements between bank and meter bring the ledger to them, for everybody to
 * see. REFUSED in any case for a card that was put back to before an operation that is known: its next numbers were
 * used. */
psd_db_result psd_dc_unlock(psd_db *db, const uint8_t device[8], bool accept, uint64_t time);
/* The meter is lost, broken, or not to be unlocked: it is taken out of service, and revoked. What is reserved for it
 * goes back to its account, what its books have to the bank by ADJUST movements; its alarms are cleared, and what was
 * seen of it so far is accepted; its certificates are revoked for good. REFUSED for one that is nobody's or was
 * withdrawn. */
psd_db_result psd_dc_write_off(psd_db *db, const uint8_t device[8], uint64_t time);
/* ZIP and licence: AUTHORIZE for a meter that its last audit showed INITIALIZED (or never audited), SET LICENCE and a
 * new certificate otherwise. */
psd_db_result psd_dc_move(psd_db *db, const uint8_t device[8], uint32_t zip, uint32_t licence, uint64_t time);
/* An order with this content; `action` one of LIMITS, WATCHDOG, CLOCK, CREDIT_LIMIT, ZEROIZE. */
psd_db_result psd_dc_order(psd_db *db, const uint8_t device[8], unsigned action, const void *content, size_t length,
                           uint64_t time);
/* The command that carries an action out: INS and P1. False for an action that is none of the provider's commands. */
bool psd_dc_command(unsigned action, uint8_t *ins, uint8_t *p1);

/* A certificate was made for a PSD, and is kept; the very same again is DONE. That of a PSD which was revoked meanwhile
 * is revoked as well. ABSENT for no such PSD. */
psd_db_result psd_dc_certified(psd_db *db, const psd_certificate_row *certificate, uint64_t time);
/* The PSD is refused, and its certificates with it; or it is taken again, and those that were revoked for that. ABSENT
 * for no such PSD. */
psd_db_result psd_dc_revoke(psd_db *db, const uint8_t device[8], uint64_t time);
psd_db_result psd_dc_restore(psd_db *db, const uint8_t device[8]);

/* Reconciliation: every meter's ledger beside its last audit and what was seen on mail. */
typedef struct psd_dc_line {
  const psd_meter_row *meter;
  psd_audit audit; /* the last one; zeroes without one */
  bool audited;
  psd_evidence_sum seen;
  bool balanced; /* the last audit agrees with the ledger, open operations considered; or it is out of service */
  /* Of what the operator has not accepted: */
  bool oversold;     /* more was seen on mail than the registers say */
  bool contradicted; /* one piece with two amounts */
  bool copied;       /* pieces that came more than once */
} psd_dc_line;
typedef bool psd_dc_line_visitor(void *user, const psd_dc_line *line);
typedef struct psd_dc_totals {
  int64_t bank, accounts, reserved, meters, services, debt, payees;
  int64_t sum; /* 0, or the ledger is broken */
  uint64_t meter_count, movements, open_operations, alarms, unbalanced, oversold;
} psd_dc_totals;
psd_db_result psd_dc_reconcile(psd_db *db, psd_dc_line_visitor *visit, void *user, psd_dc_totals *totals);

#endif
