/* Power loss while the certificate meter serves (VM figures 3, 4, 6, 8 and 9): registers, counters, log record, what
 * the service changes and its answer are all of before or all of after (card_picture.c looks). No debit without its
 * signature, no signature without its debit; no payment without its subtraction; no revocation half done. */
#include "card_scene.h"
#include "check.h"
#include "services.h"

#define SERVED (PICTURE_FUNDS | PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED)
#define ROOMY (3U * SCENE_BLOCKS)
#define REVOKE_PAGES 21U /* core, log, slot, command and confirmation */

static services s;
static services_bytes token, command, line;
static const uint8_t digest[PSD_SHA256_SIZE] = {0x5A};
static const psd_piece no_nonce = {NULL, 0};

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

/* Each always the same command: what was done is not done again. */
static uint16_t sign(rig *r) {
  (void)r;
  s.calls = 101;
  return services_sign(&s, SERVICES_USER, true, PSD_DIGEST_SHA256, digest);
}

static uint16_t stamp(rig *r) {
  (void)r;
  s.calls = 102;
  return services_stamp(&s, SERVICES_POSTMARK, false, PSD_DIGEST_SHA256, digest, no_nonce);
}

static uint16_t validate(rig *r) {
  (void)r;
  s.calls = 103;
  return services_validate(&s, PSD_DIGEST_SHA256, digest, services_piece(&token));
}

static uint16_t revoke(rig *r) {
  (void)r;
  return services_revoke(&s, services_piece(&command));
}

static uint16_t accept(rig *r) {
  (void)r;
  return services_accept(&s, SERVICES_USER, services_piece(&line));
}

static uint16_t pay(rig *r) {
  (void)r;
  s.calls = 104;
  return services_pay(&s, SERVICES_USER, 700, 0, "Merchant");
}

/* With a service done already, so that there is something to mistake the new one for. */
static void equipped(rig *r) {
  services_equip(&s, r);
  CU_ASSERT_EQUAL_FATAL(services_stamp(&s, SERVICES_POSTMARK, true, PSD_DIGEST_SHA256, digest, no_nonce), PSD_SW_OK);
  token = services_keep(&s);
  const services_command wanted = {.certificate = services_slot(&s, SERVICES_USER).certificate};
  command = services_make_command(&s, &wanted);
  line = services_make_credit(&s, &(services_credit){.number = 9001});
}

static void penniless(rig *r) {
  equipped(r);
  authority_funds(&s.a, 0);
}

static void with_credit(rig *r) {
  equipped(r);
  CU_ASSERT_EQUAL_FATAL(services_accept(&s, SERVICES_USER, services_piece(&line)), PSD_SW_OK);
  line = services_make_credit(&s, &(services_credit){.number = 9002});
}

static void play(scene of) {
  if (of.set == NULL)
    of.set = equipped;
  if (of.changes == 0)
    of.changes = SERVED;
  of.state = PSD_STATE_OPERATIONAL;
  of.prepare = verify;
  of.answer = PSD_SW_OK;
  of.prepared[0] = STEP_PIN_COUNTED;
  of.prepared[1] = STEP_PIN_FULL;
  of.brief = true;
  if (of.blocks == 0)
    of.blocks = 2U * SCENE_BLOCKS;
  scene_play(&of);
  services_free(&s);
}

static void signatures(void) {
  play((scene){.name = "SIGN MESSAGE", .command = sign, .once = true});
  play((scene){.name = "POSTMARK", .command = stamp});
  play((scene){.name = "VALIDATE POSTMARK", .command = validate, .once = true});
}

static void revocations(void) {
  play((scene){.name = "REVOKE CERTIFICATE", .command = revoke, .pages = REVOKE_PAGES, .once = true});
  play((scene){
      .name = "REVOKE CERTIFICATE, due", .set = penniless, .command = revoke, .pages = REVOKE_PAGES, .once = true});
}

static void payments(void) {
  const unsigned accepted = PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED;
  play((scene){.name = "ACCEPT CREDIT", .command = accept, .changes = accepted, .blocks = ROOMY, .once = true});
  play((scene){.name = "ACCEPT CREDIT, a newer one",
               .set = with_credit,
               .command = accept,
               .changes = accepted,
               .blocks = ROOMY,
               .once = true});
  play((scene){.name = "PAY", .set = with_credit, .command = pay, .blocks = ROOMY, .once = true});
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"what is signed is paid for, and what is paid for is signed", signatures},
      {"a certificate is revoked, and paid for or due, or it is not", revocations},
      {"a line of credit is accepted, a payment made, or it is not", payments},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: services", tests, PSD_CHECK_COUNT(tests));
}
