/* Power loss in a whole refill, cancellation and withdrawal: cut at every single operation on the memory, from the
 * sign-on to the receipt. Then the provider goes on as docs/funds.md has it, from what the next audit says and what its
 * own ledger knows; and every mill is where it belongs. */
#include "card_server.h"
#include "check.h"

#include <stdio.h>
#include <string.h>

#define ACCOUNT 50000U /* at the beginning */
#define METER 10000U   /* control total of a card as it is staged, 9000 of it in the descending register */

typedef struct plan {
  const char *name;
  psd_command_id start;
  uint64_t amount;
  bool cancel, final;
} plan;

/* The provider's books, and the last sequence number that moved something in them. */
typedef struct ledger {
  uint64_t account, reserved, meter, number;
} ledger;

static rig r;
static ledger books;

static uint16_t session(void) {
  uint8_t m4[PSD_M4_SIZE];
  uint16_t status = rig_select(&r);
  if (status == PSD_SW_OK)
    status = server_audited(&r);
  if (status != PSD_SW_OK)
    return status;
  meter_make_m4(&server, m4);
  return meter_result(&server, m4, sizeof m4);
}

static void reserve(const psd_funds_request *request) {
  CU_ASSERT(request->control_total == books.meter && request->sequence > books.number);
  books.account -= request->amount;
  books.reserved += request->amount;
  books.number = request->sequence;
}

static void settle(void) {
  books.meter += books.reserved;
  books.reserved = 0;
}

static void release(void) {
  books.account += books.reserved;
  books.reserved = 0;
}

static void credit(const psd_funds_request *request) {
  const psd_funds_authorization authorization = provider_authorization(&server, request);
  if (provider_finish(&server, PSD_COMMAND_CREDIT, &authorization) == PSD_SW_OK)
    settle();
}

static void cancel(uint64_t number) {
  if (provider_cancel(&server, (uint32_t)number) == PSD_SW_OK)
    release();
}

/* The account is credited once for each number. */
static void withdraw(const psd_funds_request *request) {
  if (request->sequence > books.number) {
    books.account += request->amount;
    books.meter -= request->amount;
    books.number = request->sequence;
  }
  const psd_funds_authorization authorization = provider_authorization(&server, request);
  provider_finish(&server, PSD_COMMAND_COMPLETE_WITHDRAWAL, &authorization);
}

/* As far as power allows. */
static void run(const plan *p) {
  if (session() != PSD_SW_OK || provider_start(&server, p->start, PSD_GROUP_POSTAGE, p->amount, p->final) != PSD_SW_OK)
    return;
  const psd_funds_request request = provider_request(&server);
  if (p->start == PSD_COMMAND_INITIALIZE_WITHDRAWAL) {
    withdraw(&request);
    return;
  }
  reserve(&request);
  if (p->cancel)
    cancel(request.sequence);
  else
    credit(&request);
}

static psd_funds_request last_request(void) {
  CU_ASSERT_EQUAL_FATAL(provider_send(&server, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0), PSD_SW_OK);
  return provider_request(&server);
}

/* The table of docs/funds.md, "What was cut off". */
static void recover(void) {
  CU_ASSERT_EQUAL_FATAL(session(), PSD_SW_OK);
  const psd_audit audit = server.audit;
  psd_funds_request request;
  switch (audit.operation) {
  case PSD_OPERATION_LOADING:
    request = last_request();
    if (books.reserved > 0)
      credit(&request);
    else
      cancel(request.sequence);
    break;
  case PSD_OPERATION_LOADED:
    settle();
    break;
  case PSD_OPERATION_LOAD_CANCELLED:
    release();
    break;
  case PSD_OPERATION_WITHDRAWING:
    request = last_request();
    withdraw(&request);
    break;
  default:
    CU_ASSERT(books.reserved == 0 && audit.control_total == books.meter);
  }
}

/* Nothing is lost, nothing is made, and nothing is in doubt: so says the card, after a reset. */
static bool all_is_well(void) {
  psd_card_reset(r.card);
  const psd_core *core = &r.card->core;
  bool finished = core->operation.operation != PSD_OPERATION_LOADING &&
                  core->operation.operation != PSD_OPERATION_WITHDRAWING && core->operation.sequence <= 1;
  return r.card->fault == PSD_FAULT_NONE && psd_core_balanced(core) && finished && books.reserved == 0 &&
         core->postage.control_total == books.meter && books.account + books.meter == ACCOUNT + METER;
}

/* One cut; false if all was done before it. */
static bool cut_at(const plan *p, const rig_copy *made, psd_nvm_ram_cut kind, uint64_t n) {
  rig_restore(&r, made);
  books = (ledger){.account = ACCOUNT, .meter = METER};
  r.ram.cut_in = n;
  r.ram.cut = kind;
  r.ram.seed = n;
  run(p);
  bool reached = r.ram.off;
  if (reached) {
    psd_nvm_ram_power_on(&r.ram);
    psd_card_reset(r.card);
    recover();
  }
  psd_nvm_ram_power_on(&r.ram);
  if (!all_is_well()) {
    fprintf(stderr, "\n  %s: cut %d at %llu\n", p->name, (int)kind, (unsigned long long)n);
    CU_FAIL("money lost or made");
  }
  return reached;
}

static void play(const plan *p) {
  rig_copy made;
  unsigned long cuts = 0;
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  server_keys(&r);
  rig_save(&r, &made);
  for (psd_nvm_ram_cut kind = PSD_NVM_RAM_CLEAN; kind <= PSD_NVM_RAM_KILL; kind++)
    for (uint64_t n = 1; cut_at(p, &made, kind, n); n++)
      cuts++;
  printf("(%lu cuts) ", cuts);
  CU_ASSERT(cuts >= 3 * PSD_NVM_RAM_CUTS); /* three commits at least */
  rig_forget(&made);
  rig_destroy(&r);
}

static void a_refill(void) {
  play(&(plan){.name = "refill", .start = PSD_COMMAND_INITIALIZE_LOAD, .amount = 5000});
}

static void a_cancellation(void) {
  play(&(plan){.name = "cancellation", .start = PSD_COMMAND_INITIALIZE_LOAD, .amount = 5000, .cancel = true});
}

static void a_withdrawal(void) {
  play(&(plan){.name = "withdrawal", .start = PSD_COMMAND_INITIALIZE_WITHDRAWAL, .amount = 4000});
}

static void a_final_withdrawal(void) {
  play(&(plan){.name = "final withdrawal", .start = PSD_COMMAND_INITIALIZE_WITHDRAWAL, .amount = 9000, .final = true});
}

int main(void) {
  static const psd_check_test tests[] = {
      {"a refill is finished, or never was", a_refill},
      {"a refill that is cancelled is given back, or finished", a_cancellation},
      {"a withdrawal is finished, or never was", a_withdrawal},
      {"a final withdrawal is finished, or never was", a_final_withdrawal},
  };
  return psd_check_run("power loss: no mill is lost", tests, PSD_CHECK_COUNT(tests));
}
