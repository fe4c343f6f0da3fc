#include <string.h>

#include "psd/reader/card.h"
#include "psd/reader/command.h"
#include "psd/reader/session.h"
#include "wire.h"

typedef struct visit {
  world *w;
  unsigned meter;
  psd_host *host;
  psd_call *call;
  psd_session *session;
} visit;

static const uint8_t verifier[PSD_VERIFIER] = {1};

/* The result is the truth about the card that is there. */
static bool true_of_card(visit *at, const psd_funds_result *told) {
  world_purse purse;
  world_card_purse(at->w->meters[at->meter].card, &purse);
  const psd_registers *registers = &purse.groups[told->group];
  if (told->operation == (uint64_t)purse.operation && told->group == (uint64_t)purse.group &&
      told->sequence == purse.sequence && told->amount == purse.amount && told->ascending == registers->ascending &&
      told->descending == registers->descending && told->control_total == registers->control_total)
    return true;
  return world_wrong(at->w, "meter %u: the Host was told of operation %u what is not so", at->meter,
                     (unsigned)told->sequence);
}

/* And about the ledger. */
static bool ledger_says(visit *at, const psd_funds_result *told) {
  psd_dc_funds funds = {.available = 0};
  world *w = at->w;
  if (psd_dc_account(w->db, w->owners[w->meters[at->meter].owner].account, &funds) != PSD_DB_DONE ||
      funds.available != told->available)
    return world_wrong(w, "meter %u: the Host was told of %llu available, not %llu", at->meter,
                       (unsigned long long)told->available, (unsigned long long)funds.available);
  if (world_row(w, at->meter).open_sequence != 0)
    return world_wrong(w, "meter %u: the Host was told that it is done, and it is not settled", at->meter);
  return true;
}

/* To look is no call that could fail. */
static bool true_of_ledger(visit *at, const psd_funds_result *told) {
  static const fault_plan none;
  world *w = at->w;
  const fault_plan *plan = w->plan;
  fault_count count = w->count;
  w->plan = &none;
  bool right = ledger_says(at, told);
  w->plan = plan;
  w->count = count;
  return right;
}

static bool sign_on_as(visit *at, const char *user) {
  psd_transport *transport = NULL;
  psd_link *link = NULL;
  psd_error error;
  psd_refusal refusal;
  const psd_sign_on_options options = {.user = user, .verifier = verifier, .suite = at->w->suite};
  wire_to(at->w);
  bool open = psd_transport_card(world_card_psd(at->w->meters[at->meter].card), &transport, &error) == PSD_OK &&
              psd_host_open(transport, &at->host, &error) == PSD_OK && psd_host_select_psd(at->host, NULL) == PSD_OK &&
              psd_link_open(PSD_PEER_METER, "", 1, &link, &error) == PSD_OK &&
              psd_call_open(link, &at->call, &error) == PSD_OK &&
              psd_session_open(at->call, at->host, &options, &at->session, &refusal) == PSD_OK;
  if (!open)
    return false;
  at->w->audited = true;
  const psd_funds_result *recovered = psd_session_recovered(at->session);
  if (recovered->operation != PSD_OPERATION_NONE)
    (void)true_of_card(at, recovered);
  return true;
}

static bool sign_on(visit *at) {
  return sign_on_as(at, world_users[at->w->meters[at->meter].owner]);
}

static void leave(visit *at) {
  psd_session_close(at->session);
  psd_call_close(at->call);
  psd_host_close(at->host);
}

static bool refill(visit *at, psd_group group, uint64_t amount) {
  psd_refusal refusal;
  psd_funds_result result;
  if (psd_session_refill(at->session, group, amount, &result, &refusal) != PSD_OK)
    return false;
  return true_of_card(at, &result) && true_of_ledger(at, &result);
}

static bool withdraw(visit *at, psd_group group, uint64_t amount, bool final) {
  psd_refusal refusal;
  psd_funds_result result;
  if (psd_session_withdraw(at->session, group, amount, final, &result, &refusal) != PSD_OK)
    return false;
  return true_of_card(at, &result) && true_of_ledger(at, &result);
}

bool world_audit(world *w, unsigned meter) {
  visit at = {.w = w, .meter = meter};
  bool done = sign_on(&at);
  leave(&at);
  return done;
}

bool world_register(world *w, unsigned meter) {
  visit at = {.w = w, .meter = meter};
  psd_refusal refusal;
  bool done = sign_on(&at) && psd_session_register(at.session, &refusal) == PSD_OK;
  leave(&at);
  return done;
}

bool world_refill(world *w, unsigned meter, psd_group group, uint64_t amount) {
  visit at = {.w = w, .meter = meter};
  bool done = sign_on(&at) && refill(&at, group, amount);
  leave(&at);
  return done;
}

bool world_refill_twice(world *w, unsigned meter, psd_group group, uint64_t amount) {
  visit at = {.w = w, .meter = meter};
  bool done = sign_on(&at) && refill(&at, group, amount) && refill(&at, group, amount);
  leave(&at);
  return done;
}

bool world_withdraw(world *w, unsigned meter, psd_group group, uint64_t amount, bool final) {
  visit at = {.w = w, .meter = meter};
  bool done = sign_on(&at) && withdraw(&at, group, amount, final);
  leave(&at);
  return done;
}

bool world_strange_audit(world *w, unsigned meter) {
  visit at = {.w = w, .meter = meter};
  bool done = sign_on_as(&at, world_users[1 - w->meters[meter].owner]);
  leave(&at);
  return done;
}
