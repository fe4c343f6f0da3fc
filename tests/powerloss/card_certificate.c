/* Power loss while a certificate is asked for and installed (VM figure 5), and while keys come and go: the key, its
 * slot, the request that waits, the registers, the counters and the log are all of before or all of after. */
#include "authority.h"
#include "card_scene.h"
#include "certificate/slot.h"
#include "check.h"
#include "evidence.h"

#include <string.h>

#define SLOT 3U
#define SERVED (PICTURE_FUNDS | PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED)
#define KEYED (PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED)
#define DELETE_PAGES 11U /* seven records that go, core and log record with their frame, and the mark */

static authority a;
static uint8_t grant[AUTHORITY_ANSWER_MAX];
static size_t grant_length;

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

/* Always the same command: what was done is not done again. */
static uint16_t ask_as(uint64_t call, bool kept) {
  return authority_ask(&a, &(authority_wish){.slot = SLOT, .kept = kept, .call = call});
}

static uint16_t ask(rig *r) {
  a.r = r;
  return ask_as(1, false);
}

static uint16_t ask_anew(rig *r) {
  a.r = r;
  return ask_as(2, true);
}

static uint16_t install(rig *r) {
  a.r = r;
  return authority_install(&a, SLOT, grant, grant_length);
}

static uint16_t delete_key(rig *r) {
  return authority_send(r, PSD_COMMAND_DELETE_KEY, SLOT, 0, NULL, 0);
}

static uint16_t import_key(rig *r) {
  uint8_t data[1 + PSD_P256_SECRET] = {PSD_PURPOSE_USER};
  memset(data + 1, 0x11, PSD_P256_SECRET);
  return authority_send(r, PSD_COMMAND_IMPORT_KEY, SLOT, PSD_ALGORITHM_P256, data, sizeof data);
}

/* All that IMPORT KEY needs. */
static void configured(rig *r) {
  const uint8_t allowed = 1;
  rig_put_object(r, PSD_OBJECT_CERTIFICATE_POLICY, &allowed, 1);
}

static void equipped(rig *r) {
  evidence_equip(r);
  authority_equip(&a, r);
  authority_funds(&a, AUTHORITY_FUNDS);
}

/* A service more in memory, so that there is an answer to mistake the new one for. */
static void served(rig *r) {
  equipped(r);
  CU_ASSERT_EQUAL_FATAL(authority_ask(&a, &(authority_wish){.slot = 1}), PSD_SW_OK);
}

static void requested(rig *r) {
  served(r);
  CU_ASSERT_EQUAL_FATAL(ask(r), PSD_SW_OK);
  grant_length = authority_answer(&a, &(authority_fault){.number = 0}, grant);
}

static void active(rig *r) {
  requested(r);
  CU_ASSERT_EQUAL_FATAL(install(r), PSD_SW_OK);
}

static void renewing(rig *r) {
  active(r);
  CU_ASSERT_EQUAL_FATAL(ask_anew(r), PSD_SW_OK);
  grant_length = authority_answer(&a, &(authority_fault){.number = 0}, grant);
}

static void play(scene of) {
  of.state = PSD_STATE_OPERATIONAL;
  of.prepare = verify;
  of.answer = PSD_SW_OK;
  of.prepared[0] = STEP_PIN_COUNTED;
  of.prepared[1] = STEP_PIN_FULL;
  of.brief = true;
  of.once = of.set != configured; /* the smallest card of them */
  of.blocks = of.once ? 2U * SCENE_BLOCKS : SCENE_BLOCKS;
  scene_play(&of);
  if (of.once)
    authority_free(&a);
}

static void requests(void) {
  play((scene){.name = "REQUEST CERTIFICATE, the first",

               .set = equipped,
               .command = ask,
               .changes = SERVED | PICTURE_LOG_TWO});
  play((scene){.name = "REQUEST CERTIFICATE", .set = served, .command = ask, .changes = SERVED | PICTURE_LOG_TWO});
  play((scene){.name = "REQUEST CERTIFICATE, a renewal", .set = active, .command = ask_anew, .changes = SERVED});
}

static void installations(void) {
  play((scene){.name = "INSTALL CERTIFICATE", .set = requested, .command = install, .changes = SERVED});
  play((scene){.name = "INSTALL CERTIFICATE, a renewal", .set = renewing, .command = install, .changes = SERVED});
}

static void keys(void) {
  play((scene){.name = "IMPORT KEY", .set = configured, .command = import_key, .changes = KEYED});
  play((scene){.name = "DELETE KEY", .set = requested, .command = delete_key, .pages = DELETE_PAGES, .changes = KEYED});
  scene_report();
}

/* The secret is gone from the memory once DELETE KEY was answered, whenever power was cut before. */
static void gone_at_last(void) {
  rig r;
  rig_copy ready;
  uint8_t secret[PSD_P256_SECRET];
  size_t length = 0;
  rig_create(&r);
  rig_enter(&r, PSD_STATE_OPERATIONAL);
  requested(&r);
  CU_ASSERT_EQUAL_FATAL(
      psd_store_read(&r.card->store, psd_slot_record_of(PSD_SLOT_SECRET, SLOT), secret, sizeof secret, &length),
      PSD_STORE_OK);
  rig_save(&r, &ready);
  bool cut = true;
  for (uint64_t n = 1; cut; n++) {
    rig_restore(&r, &ready);
    r.ram.cut_in = n;
    (void)delete_key(&r);
    cut = r.ram.off;
    psd_nvm_ram_power_on(&r.ram);
    psd_card_reset(r.card);
    CU_ASSERT_EQUAL(rig_select(&r), PSD_SW_OK);
    CU_ASSERT_EQUAL(rig_verify(&r, RIG_PIN), PSD_SW_OK);
    const uint16_t status = delete_key(&r);
    CU_ASSERT(status == PSD_SW_OK || status == PSD_SW_REFERENCE_NOT_FOUND);
    CU_ASSERT_FALSE(rig_memory_holds(&r, secret, length));
  }
  rig_forget(&ready);
  rig_destroy(&r);
  authority_free(&a);
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"a certificate is asked for, with its key, or it is not", requests},
      {"it is installed and paid, or neither", installations},
      {"keys come and go whole", keys},
      {"what is deleted is gone", gone_at_last},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: certificates", tests, PSD_CHECK_COUNT(tests));
}
