/* The whole system in one process and one thread: cards on the bench, the Host of the middleware, sessions of the meter
 * server, its SQLite database, and the operations of the key management system. Nothing in it is made for the test but
 * what stands between the parts: the wire (wire.c), the way to database and key management system (server.c,
 * database.c); and each of them can fail. The server keeps nothing between two connections, so a server that was killed
 * is one whose connections and transactions are gone. */
#ifndef PSD_SYSTEM_WORLD_H
#define PSD_SYSTEM_WORLD_H

#include "crypto/evp.h"
#include "datacenter/datacenter.h"
#include "fault.h"
#include "kms/service.h"
#include "meter/settings.h"
#include "system_card.h"

/* Meter 0, merged: everything is paid from its postage group. Meter 1, separate: with a key pair of its own, and
 * another account than the others. Meter 2, current account: it has no funds, and is charged. */
#define WORLD_METERS 3U
#define WORLD_ACCOUNTS 2U

/* A customer: an account, and its one user. */
typedef struct world_owner {
  int64_t account;
  int64_t paid_in; /* deposits less payouts */
} world_owner;
extern const char *const world_users[WORLD_ACCOUNTS];
extern const char *const world_numbers[WORLD_ACCOUNTS]; /* of the accounts */

typedef struct world_meter {
  world_card *card;
  uint8_t device[8];
  unsigned owner;
  bool pair;        /* it has made a key pair */
  uint32_t highest; /* sequence number ever seen, */
  uint64_t amount;  /* and the amount it stood for */
  /* attack.c: */
  uint8_t *kept[2];  /* memory of this PSD that somebody has kept */
  bool tampered;     /* memory other than the one it was left with was put into it */
  world_purse shown; /* what it held at its last audit */
} world_meter;

typedef struct world {
  char file[96]; /* of the database */
  psd_db *db;
  psd_kms_service kms;
  psd_meter_settings settings;
  world_owner owners[WORLD_ACCOUNTS];
  world_meter meters[WORLD_METERS];
  psd_suite suite;
  unsigned meter; /* whose step it is */
  const fault_plan *plan;
  fault_count count;
  bool audited;    /* a session of this step came as far as its audit's result */
  char wrong[160]; /* the first invariant that did not hold; "" while all do */
} world;

/* The seconds of all clocks: cards, server, key management system. */
extern uint64_t world_seconds;
/* They go on, in the middle of a step too. */
void world_wait(world *w, uint64_t seconds);

/* The world as every schedule begins: meters registered and in operation, with nothing in them, nothing paid in. What
 * is made for the first one is copied for the others (factory.c). */
void world_begin(world *w, uint64_t seed);
void world_end(world *w);
/* Services and settings, with these keys. */
void world_serve(world *w, psd_keyring *keys);
/* Opens the database, as a server does that starts. */
void world_open_database(world *w);

/* One step goes by `plan`: faults count from here. */
void world_plan(world *w, unsigned meter, const fault_plan *plan);
/* What the plan left off is on again: power, server. */
void world_mend(world *w);

/* host.c: what a person does at a Host; each signs on anew. True if the Host was told that it is done. */
bool world_audit(world *w, unsigned meter);
bool world_register(world *w, unsigned meter);
bool world_refill(world *w, unsigned meter, psd_group group, uint64_t amount);
bool world_withdraw(world *w, unsigned meter, psd_group group, uint64_t amount, bool final);
/* Two refills in one session: the Host asks once more. */
bool world_refill_twice(world *w, unsigned meter, psd_group group, uint64_t amount);
/* The user of another account at this meter. */
bool world_strange_audit(world *w, unsigned meter);

/* evidence.c: postage of `amount` is printed while this goes wrong; `done` says whether there is a piece more. False,
 * and w->wrong, if there is a debit without evidence that can be fetched again, or evidence without its debit, or if it
 * was printed though something spoke against it, or not printed though nothing did. */
bool world_print(world *w, unsigned meter, uint64_t amount, const fault_plan *plan, bool *done);

/* database.c: the engine is SQLite, and fails or dies when the plan says so. */
void world_watch_database(world *w);
bool world_database_dead(void);
/* The server has given up what it could not do: the database works again. */
void world_database_up(void);

/* invariant.c: what must be true after every step; false, and w->wrong, if it is not. `settled`: nothing may be left
 * under way. */
bool world_holds(world *w, bool settled);
/* Notes what does not hold, if nothing was noted before; false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool world_wrong(world *w, const char *format, ...);
/* The meter's row. */
psd_meter_row world_row(world *w, unsigned meter);

#endif
