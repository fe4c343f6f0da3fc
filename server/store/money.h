/* The ledger's tables (docs/funds.md, docs/database.md): books, movements, operations, orders, alarms, evidence seen.
 *
 * Amounts are mills, balances signed; times seconds since 1970. What follows from what is not decided here but in
 * server/datacenter. Everything is meant for the inside of a transaction (psd_db_begin). A device is its 8 bytes as in
 * DEVICE_ID. */
#ifndef PSD_SERVER_MONEY_H
#define PSD_SERVER_MONEY_H

#include "store/store.h"

typedef enum psd_book_kind {
  PSD_BOOK_BANK = 1,     /* the world outside; owner 0 */
  PSD_BOOK_ACCOUNT = 2,  /* owner: identifier of the account; down to minus its credit limit */
  PSD_BOOK_RESERVED = 3, /* owner: the device as a number; not below 0 */
  PSD_BOOK_METER = 4,    /* the same: control total of its postage group; not below 0 */
  PSD_BOOK_SERVICES = 5, /* the same: control total of its certificate group; not below 0 */
  PSD_BOOK_DEBT = 6,     /* owner: identifier of the account; what was charged, or paid on credit, and is not paid */
  PSD_BOOK_PAYEE = 7,    /* owner: identifier of who was paid on credit (authority/authority.h); not below 0 */
} psd_book_kind;

typedef struct psd_book {
  psd_book_kind kind;
  int64_t owner;
} psd_book;
/* The book of a PSD: RESERVED, METER or SERVICES. */
psd_book psd_book_of_device(psd_book_kind kind, const uint8_t device[8]);

typedef enum psd_movement_kind {
  PSD_MOVE_DEPOSIT = 1,
  PSD_MOVE_PAYOUT = 2,
  PSD_MOVE_RESERVE = 3,
  PSD_MOVE_SETTLE = 4,
  PSD_MOVE_RELEASE = 5,
  PSD_MOVE_WITHDRAW = 6,
  PSD_MOVE_CHARGE = 7,
  PSD_MOVE_PAY = 8,
  PSD_MOVE_ADJUST = 9,   /* bank and meter, either way: an operator takes a PSD's registers for right */
  PSD_MOVE_PAYMENT = 10, /* a payment certificate is settled: from the holder's debt to the payee */
  PSD_MOVE_REMIT = 11,   /* from the payee to the bank: he has his money */
} psd_movement_kind;

/* One movement: `amount` from the book `from` to the book `to`. The schema keeps the balances by it, refuses what goes
 * below a book's least, a second movement of the same kind for the same device and sequence number, and any change of a
 * movement that was made. */
typedef struct psd_movement {
  int64_t id; /* given by the database */
  psd_movement_kind kind;
  uint64_t time;
  uint64_t amount; /* mills, above 0 */
  psd_book from, to;
  uint8_t device[8];  /* zeroes without one */
  uint32_t sequence;  /* of its operation; 0 without one */
  char reference[65]; /* printable ASCII, the operator's; may be empty. Unique for each account and kind if not */
} psd_movement;

/* No least balance. */
#define PSD_BOOK_ANY (-INT64_MAX)
/* Makes the book if it is not there, with a least balance. The bank's is there from the beginning, and those of an
 * account since the account. */
psd_db_result psd_db_book_open(psd_db *db, psd_book book, int64_t least);
/* REFUSED if the balance is below it. */
psd_db_result psd_db_book_set_least(psd_db *db, psd_book book, int64_t least);
/* ABSENT if there is none. */
psd_db_result psd_db_book_find(psd_db *db, psd_book book, int64_t *balance, int64_t *least);
/* ABSENT if the balance of `from` does not suffice, or it is not there (nothing is done and the transaction goes on);
 * EXISTS if it was made already. REFUSED for what cannot be: an amount of 0 or above INT64_MAX, a pair of books that
 * does not belong to the kind. */
psd_db_result psd_db_move(psd_db *db, const psd_movement *movement);
/* EXISTS if a movement with this device, sequence number and kind, or with this account, kind and reference, was made;
 * ABSENT otherwise. */
psd_db_result psd_db_movement_made(psd_db *db, const psd_movement *movement);
/* The movements that touch one book, oldest first, those that were not made before `since`. */
typedef bool psd_db_movement_visitor(void *user, const psd_movement *movement);
psd_db_result psd_db_movement_list(psd_db *db, psd_book book, uint64_t since, psd_db_movement_visitor *visit,
                                   void *user);
/* Sum of all books (0, or the ledger is broken) and number of movements. */
psd_db_result psd_db_ledger_sum(psd_db *db, int64_t *total, uint64_t *movements);
/* Sum and number of the books of a kind. */
psd_db_result psd_db_book_sum(psd_db *db, psd_book_kind kind, int64_t *total, uint64_t *books);

/* An operation of a PSD: what it signed, and how far the server is with it. */
typedef enum psd_op_state {
  PSD_OP_RESERVED = 1, /* refill: funds are reserved */
  PSD_OP_SETTLED = 2,  /* refill: credited */
  PSD_OP_RELEASED = 3, /* refill: cancelled */
  PSD_OP_CREDITED = 4, /* withdrawal: the account has the money; the card is to be told */
  PSD_OP_CLOSED = 5,   /* withdrawal: and was */
} psd_op_state;
typedef struct psd_op {
  uint8_t device[8];
  uint32_t sequence;
  psd_op_state state;
  psd_group group;
  bool final;
  uint64_t amount;
  int64_t account;
  uint64_t time;                          /* when it was begun */
  uint64_t changed;                       /* in this state since */
  uint8_t request[PSD_FUNDS_REQUEST_MAX]; /* S1 with its signature */
  size_t request_length;
  uint8_t receipt[PSD_FUNDS_RECEIPT_MAX]; /* S3 with its signature; length 0 before */
  size_t receipt_length;
} psd_op;
/* EXISTS if there is one of this device and sequence number. */
psd_db_result psd_db_op_add(psd_db *db, const psd_op *op);
psd_db_result psd_db_op_find(psd_db *db, const uint8_t device[8], uint32_t sequence, psd_op *op);
/* Moves it from one state to another; ABSENT if it is not in `from`. The receipt may be empty. */
psd_db_result psd_db_op_change(psd_db *db, const uint8_t device[8], uint32_t sequence, psd_op_state from,
                               psd_op_state to, uint64_t time, const uint8_t *receipt, size_t length);
/* All that are not finished (RESERVED, CREDITED), in order of device. */
typedef bool psd_db_op_visitor(void *user, const psd_op *op);
psd_db_result psd_db_op_open_list(psd_db *db, psd_db_op_visitor *visit, void *user);
/* All of one PSD, newest first. */
psd_db_result psd_db_op_list(psd_db *db, const uint8_t device[8], psd_db_op_visitor *visit, void *user);

/* By how much settled refills and credited withdrawals, from number `sequence` on, have changed each control total. */
psd_db_result psd_db_op_moved(psd_db *db, const uint8_t device[8], uint32_t sequence, int64_t moved[2]);
/* What is reserved for refills of an account's meters. */
psd_db_result psd_db_op_reserved(psd_db *db, int64_t account, uint64_t *amount);

/* What the meter's row has beside psd_device_row. */
typedef enum psd_meter_lock_kind {
  PSD_METER_FREE = 0,
  PSD_METER_LOCKED = 1,
  PSD_METER_ALARMED = 2
} psd_meter_lock_kind;
typedef struct psd_meter_row {
  psd_device_row device;
  uint32_t sequence;         /* last operation known */
  uint32_t open_sequence;    /* the operation in RESERVED or CREDITED; 0 for none */
  uint32_t audited_sequence; /* `sequence` as it was at the last audit */
  uint32_t orders;           /* number of the last order handed out */
  unsigned due;              /* actions (session.def) that wait for the next session */
  psd_meter_lock_kind lock;
  uint32_t zip, licence;      /* as ordered; 0 for none */
  uint64_t certificate_until; /* end of validity of its certificate; 0 for none */
  bool withdrawn;             /* out of service */
  bool account_suspended;     /* false without an account */
  uint32_t ca_key;            /* identifier of the CA key that it knows; 0 for not told */
  int64_t control_total[2];   /* of its books METER and SERVICES; 0 where there is none */
  uint32_t rates;             /* highest version of a rate table that it has; 0 for none (store/rates.h) */
  uint32_t rates_refused;     /* and the highest that it has refused */
  uint32_t rates_published;   /* the highest that there is */
} psd_meter_row;
psd_db_result psd_db_meter_find(psd_db *db, const uint8_t device[8], psd_meter_row *row);
/* Writes sequence, open_sequence, orders, due, lock, zip, licence, certificate_until, withdrawn. */
psd_db_result psd_db_meter_update(psd_db *db, const psd_meter_row *row);
typedef bool psd_db_meter_visitor(void *user, const psd_meter_row *row);
/* `account` 0 for all. */
psd_db_result psd_db_meter_list(psd_db *db, int64_t account, psd_db_meter_visitor *visit, void *user);

/* An order that waits for a PSD: `action` is one bit of PSD_ACTION. */
#define PSD_ORDER_CONTENT_MAX (PSD_SIZE_LICENCE + PSD_CERTIFICATE_MAX)
typedef struct psd_order_row {
  uint8_t device[8];
  unsigned action;
  uint8_t content[PSD_ORDER_CONTENT_MAX];
  size_t length;
  uint64_t time;
} psd_order_row;
/* Replaces one of the same action, and sets the bit in `due`. */
psd_db_result psd_db_order_put(psd_db *db, const psd_order_row *order);
/* The first one due (lowest bit) of the actions in `among`; ABSENT for none. */
psd_db_result psd_db_order_next(psd_db *db, const uint8_t device[8], unsigned among, psd_order_row *order);
/* Carried out: removes it and its bit, if its content is still `content`. */
psd_db_result psd_db_order_done(psd_db *db, const psd_order_row *order);
/* The next free serial number of a certificate, from 1. */
psd_db_result psd_db_certificate_number(psd_db *db, uint32_t *number);

/* What went wrong with a meter, for people. */
typedef enum psd_alarm_reason {
  PSD_ALARM_RESTORED = 1, /* registers, piece count, sequence number or log are behind what was seen */
  PSD_ALARM_BALANCE = 2,  /* control total and ledger do not agree */
  PSD_ALARM_CONFLICT = 3, /* another request with a sequence number that was used */
  PSD_ALARM_RECEIPT = 4,  /* a signed statement that does not verify */
} psd_alarm_reason;
typedef struct psd_alarm {
  int64_t id;
  uint8_t device[8];
  uint64_t time;
  psd_alarm_reason reason;
  bool cleared;
  char words[129]; /* printable ASCII */
} psd_alarm;
/* EXISTS while one of that reason is not cleared. */
psd_db_result psd_db_alarm_add(psd_db *db, const psd_alarm *alarm);
psd_db_result psd_db_alarm_clear(psd_db *db, const uint8_t device[8]);
typedef bool psd_db_alarm_visitor(void *user, const psd_alarm *alarm);
/* `device` NULL for all; only those not cleared unless `all`. */
psd_db_result psd_db_alarm_list(psd_db *db, const uint8_t *device, bool all, psd_db_alarm_visitor *visit, void *user);

/* Postage seen on mail (US 5,280,531): one row a device and piece number. */
typedef struct psd_evidence {
  uint8_t device[8];
  uint32_t piece;
  uint64_t amount;
  uint64_t ascending; /* register in the indicium; 0 for not told */
  uint32_t seen;      /* times */
} psd_evidence;
/* DONE for a new one; EXISTS when it was seen before (the count goes up); REFUSED when it was seen with another amount
 * or register (the count of contradictions of that row goes up, and the transaction goes on); ABSENT for no such PSD.
 */
psd_db_result psd_db_evidence_add(psd_db *db, const psd_evidence *evidence);
/* What was seen of a PSD, each piece counted once. */
typedef struct psd_evidence_sum {
  uint64_t amount, copies, contradictions, highest_ascending;
  uint64_t pieces;
  uint32_t highest_piece;
  struct {
    uint64_t amount, copies, contradictions, highest_ascending;
  } accepted; /* of it, when the operator looked at it last; zeroes for never */
} psd_evidence_sum;
psd_db_result psd_db_evidence_sum(psd_db *db, const uint8_t device[8], psd_evidence_sum *seen);
/* The operator has looked at all that was seen so far. ABSENT for no such PSD. */
psd_db_result psd_db_evidence_accept(psd_db *db, const uint8_t device[8], uint64_t time);

#endif
