/* Power loss while money moves: each step of a refill, of a cancellation and of a withdrawal is done or it is not, with
 * its registers, its operation, its log record and the answer that is stored. */
#include "card_scene.h"
#include "card_server.h"
#include "check.h"

#include <string.h>

#define MOVED (PICTURE_FUNDS | PICTURE_LOG | PICTURE_REACHED)
#define AMOUNT 5000U

static uint16_t start(rig *r, psd_command_id id, uint64_t amount, bool final) {
  server_follow(r);
  return provider_start(&server, id, PSD_GROUP_POSTAGE, amount, final);
}

static uint16_t initialize_load(rig *r) {
  return start(r, PSD_COMMAND_INITIALIZE_LOAD, AMOUNT, false);
}

static uint16_t initialize_withdrawal(rig *r) {
  return start(r, PSD_COMMAND_INITIALIZE_WITHDRAWAL, AMOUNT, false);
}

/* The whole descending register of a card as it is staged. */
static uint16_t initialize_final(rig *r) {
  return start(r, PSD_COMMAND_INITIALIZE_WITHDRAWAL, 9000, true);
}

/* A card in whose memory the operation that `first` starts is not finished. */
static void begun(rig *r, uint16_t (*first)(rig *)) {
  server_keys(r);
  CU_ASSERT_EQUAL_FATAL(rig_select(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(server_opened(r), PSD_SW_OK);
  CU_ASSERT_EQUAL_FATAL(first(r), PSD_SW_OK);
}

static void loading(rig *r) {
  begun(r, initialize_load);
}

static void withdrawing(rig *r) {
  begun(r, initialize_withdrawal);
}

static void withdrawing_all(rig *r) {
  begun(r, initialize_final);
}

/* The authorization of the first operation, whatever has become of it by now. */
static uint16_t finish(rig *r, psd_command_id id, uint64_t amount, uint64_t control_total) {
  psd_funds_authorization authorization = {.operation = id == PSD_COMMAND_CREDIT ? PSD_OPERATION_LOADED
                                                                                 : PSD_OPERATION_WITHDRAWN,
                                           .vendor = "PB",
                                           .model = "S1",
                                           .serial = RIG_SERIAL,
                                           .sequence = 1,
                                           .amount = amount,
                                           .control_total = control_total,
                                           .expiry = UINT64_MAX};
  server_follow(r);
  return provider_finish(&server, id, &authorization);
}

static uint16_t credit(rig *r) {
  return finish(r, PSD_COMMAND_CREDIT, AMOUNT, 10000 + AMOUNT);
}

static uint16_t cancel(rig *r) {
  server_follow(r);
  return provider_cancel(&server, 1);
}

static uint16_t complete(rig *r) {
  return finish(r, PSD_COMMAND_COMPLETE_WITHDRAWAL, AMOUNT, 10000 - AMOUNT);
}

static uint16_t complete_final(rig *r) {
  return finish(r, PSD_COMMAND_COMPLETE_WITHDRAWAL, 9000, 1000);
}

static void play(const char *name, void (*set)(rig *), uint16_t (*command)(rig *), unsigned changes) {
  const scene of = {.name = name,
                    .state = PSD_STATE_OPERATIONAL,
                    .set = set,
                    .brief = true,
                    .prepare = server_opened,
                    .command = command,
                    .answer = 0x9000,
                    .changes = changes};
  scene_play(&of);
}

static void a_refill(void) {
  play("INITIALIZE LOAD", server_keys, initialize_load, MOVED);
  play("CREDIT", loading, credit, MOVED | PICTURE_SETTINGS); /* the watchdog */
  scene_report();
}

/* Of a card that pays from one pair of registers, and has yet to pay for a revocation (VM 620). */
static void loading_with_due(rig *r) {
  psd_core core = r->card->core;
  core.funds.mode = PSD_FUNDS_MERGED;
  core.certificate = (psd_registers){0};
  core.services.due = 300;
  rig_set_core(r, &core);
  loading(r);
}

static void what_is_due(void) {
  play("CREDIT, with a payment due", loading_with_due, credit,
       MOVED | PICTURE_SETTINGS | PICTURE_LOG_TWO | PICTURE_SERVICES);
  scene_report();
}

static void a_cancellation(void) {
  play("CANCEL LOAD", loading, cancel, MOVED);
  scene_report();
}

static void a_withdrawal(void) {
  play("INITIALIZE WITHDRAWAL", server_keys, initialize_withdrawal, MOVED);
  play("COMPLETE WITHDRAWAL", withdrawing, complete, MOVED);
  play("COMPLETE WITHDRAWAL, final", withdrawing_all, complete_final, MOVED | PICTURE_STATE);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"a step of a refill is done or it is not", a_refill},
      {"a payment due is collected with the refill or not at all", what_is_due},
      {"a refill is cancelled or it is not", a_cancellation},
      {"a step of a withdrawal is done or it is not", a_withdrawal},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: funds", tests, PSD_CHECK_COUNT(tests));
}
