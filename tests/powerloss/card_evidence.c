/* Power loss while evidence is made: registers, piece count, log record and the evidence that GET LAST has are all of
 * before or all of after. A debit without evidence is nowhere, nor evidence without its debit (card_picture.c looks).
 */
#include "card_scene.h"
#include "check.h"
#include "evidence.h"
#include "psd/spec/session.h"

#define MADE (PICTURE_FUNDS | PICTURE_EVIDENCE | PICTURE_LOG | PICTURE_REACHED)

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

static uint16_t postage(rig *r) {
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_COMPACT);
  return evidence_create(r, PSD_EVIDENCE_POSTAGE, &wish);
}

static uint16_t signed_postage(rig *r) {
  const psd_indicium_wish wish = evidence_letter(PSD_PROFILE_P256);
  return evidence_create(r, PSD_EVIDENCE_POSTAGE, &wish);
}

static uint16_t correction(rig *r) {
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  wish.postage = 100;
  return evidence_create(r, PSD_EVIDENCE_CORRECTION, &wish);
}

/* Whatever was dated anew before: the newest piece there is. */
static uint16_t redate(rig *r) {
  psd_indicium_wish wish = evidence_empty(PSD_PROFILE_COMPACT);
  wish.destination = r->card->core.postage.piece_count;
  return evidence_create(r, PSD_EVIDENCE_REDATE, &wish);
}

static uint16_t withdrawal(rig *r) {
  return evidence_withdrawal(r, PSD_PROFILE_P256);
}

/* With evidence in memory already, so that there is something to mistake the new one for. */
static void equipped(rig *r) {
  evidence_equip(r);
  CU_ASSERT_EQUAL_FATAL(postage(r), PSD_SW_OK);
}

static void withdrawn(rig *r) {
  psd_core core = r->card->core;
  core.operation = (psd_operation){.operation = PSD_OPERATION_WITHDRAWN, .sequence = 3, .amount = 4000};
  rig_set_core(r, &core);
  equipped(r);
}

static void on_account(rig *r) {
  psd_core core = r->card->core;
  core.funds = (psd_funds){.mode = PSD_FUNDS_ACCOUNT, .credit_limit = 1000000};
  core.postage = (psd_registers){.ascending = 1000, .piece_count = 2};
  rig_set_core(r, &core);
  equipped(r);
}

static void play(scene of) {
  if (of.set == NULL)
    of.set = equipped;
  of.state = PSD_STATE_OPERATIONAL;
  of.prepare = verify;
  of.answer = PSD_SW_OK;
  of.prepared[0] = STEP_PIN_COUNTED;
  of.prepared[1] = STEP_PIN_FULL;
  of.brief = true;
  of.changes = MADE;
  scene_play(&of);
}

static void pieces(void) {
  play((scene){.name = "CREATE INDICIUM", .command = postage});
  play((scene){.name = "CREATE INDICIUM, the first", .set = evidence_equip, .command = postage, .once = true});
  play((scene){.name = "CREATE INDICIUM, ECDSA", .command = signed_postage, .once = true});
  play((scene){.name = "CREATE INDICIUM, on account", .set = on_account, .command = postage, .once = true});
  scene_report();
}

static void other_kinds(void) {
  play((scene){.name = "CREATE INDICIUM, redate", .command = redate});
  play((scene){.name = "CREATE INDICIUM, correction", .command = correction, .once = true});
  play((scene){.name = "WITHDRAWAL INDICIUM", .set = withdrawn, .command = withdrawal, .once = true});
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"postage is evidenced or it is not", pieces},
      {"a redate, a correction, a proof of withdrawal is made or it is not", other_kinds},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: evidence", tests, PSD_CHECK_COUNT(tests));
}
