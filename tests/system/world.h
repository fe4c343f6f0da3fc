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

#define WORLD_METERS 2U
#define WORLD_ACCOUNTS 2U
#define WORLD_USER "anna"
#define WORLD_NUMBER "1000"

typedef struct world {
  char file[96]; /* of the database */
  psd_db *db;
  psd_kms_service kms;
  psd_meter_settings settings;
  world_card *cards[WORLD_METERS];
  uint8_t devices[WORLD_METERS][8];
  int64_t account; /* of all meters */
  int64_t paid_in; /* deposits less payouts */
  psd_suite suite;
  const fault_plan *plan;
  fault_count count;
  uint32_t highest[WORLD_METERS]; /* sequence number ever seen, */
  uint64_t amounts[WORLD_METERS]; /* and the amount it stood for */
  char wrong[160];                /* the first invariant that did not hold; "" while all do */
} world;

/* The seconds of all clocks: cards, server, key management system. */
extern uint64_t world_seconds;

/* The world as every schedule begins: meters registered and in operation, with nothing in them, nothing paid in. What
 * is made for the first one is copied for the others. */
void world_begin(world *w, uint64_t seed);
void world_end(world *w);
/* Once, when no world is needed any more. */
void world_forget(void);
/* Opens the database, as a server does that starts. */
void world_open_database(world *w);

/* One step goes by `plan`: faults count from here. */
void world_plan(world *w, unsigned meter, const fault_plan *plan);
/* What the plan left off is on again: power, server. */
void world_mend(world *w, unsigned meter);

/* host.c: what a person does at a Host; each signs on anew. True if the Host was told that it is done. */
bool world_audit(world *w, unsigned meter);
bool world_register(world *w, unsigned meter);
bool world_refill(world *w, unsigned meter, uint64_t amount);
bool world_withdraw(world *w, unsigned meter, uint64_t amount, bool final);

/* database.c: the engine is SQLite, and dies when the plan says so. */
void world_watch_database(world *w);
bool world_database_dead(void);

/* invariant.c: what must be true after every step; false, and w->wrong, if it is not. `settled`: nothing may be left
 * under way. */
bool world_holds(world *w, bool settled);

#endif
