/* Power loss while an agent issues a certificate (VM figure 3A): registers, counters, log record, certificate and
 * enciphered key are all of before or all of after (card_picture.c looks). */
#include "authority.h"
#include "card_scene.h"
#include "check.h"
#include "evidence.h"

#include <string.h>

#define AGENT 1U
#define ISSUED (PICTURE_FUNDS | PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED)

static authority a;
static EVP_PKEY *receiver;
static uint8_t certificate[PSD_USER_CERTIFICATE_MAX];
static size_t certificate_length;

static uint16_t verify(rig *r) {
  return rig_verify(r, RIG_PIN);
}

/* Always the same command: what was done is not done again. */
static uint16_t issue_as(rig *r, uint64_t call) {
  uint8_t data[2048];
  psd_agent_wish wish = {.algorithm = PSD_ALGORITHM_P256, .days = 30, .usage = PSD_AGENT_SIGNS, .name = 5};
  psd_buffer number = psd_buffer_over(wish.call, sizeof wish.call), out = psd_buffer_over(data, sizeof data);
  psd_put_uint(&number, call, sizeof wish.call);
  psd_put_message(&out, PSD_MESSAGE_AGENT_WISH, &wish);
  psd_put(&out, "Carol", 5);
  psd_put(&out, certificate, certificate_length);
  return authority_send(r, PSD_COMMAND_ISSUE_CERTIFICATE, AGENT, 0, data, out.length);
}

static uint16_t issue(rig *r) {
  return issue_as(r, 2);
}

static void agent(rig *r) {
  evidence_equip(r);
  authority_equip(&a, r);
  authority_funds(&a, AUTHORITY_FUNDS);
  authority_activate(&a, AGENT, PSD_PURPOSE_AGENT, PSD_ALGORITHM_P256);
}

/* With another that it has issued before, so that there is something to mistake the new one for. */
static void agent_in_use(rig *r) {
  agent(r);
  CU_ASSERT_EQUAL_FATAL(issue_as(r, 1), PSD_SW_OK);
}

/* A certificate of the receiver's, by himself. */
static void make_receiver(void) {
  X509 *own = X509_new();
  uint8_t *der = NULL;
  receiver = EVP_EC_gen("P-256");
  ASN1_TIME_set(X509_getm_notBefore(own), (time_t)RIG_TIME);
  ASN1_TIME_set(X509_getm_notAfter(own), (time_t)RIG_TIME + 86400);
  CU_ASSERT_FATAL(receiver != NULL && X509_set_pubkey(own, receiver) == 1 &&
                  ASN1_INTEGER_set_uint64(X509_get_serialNumber(own), 1) == 1 &&
                  X509_sign(own, receiver, EVP_sha256()) > 0);
  int length = i2d_X509(own, &der);
  CU_ASSERT_FATAL(length > 0 && (size_t)length <= sizeof certificate);
  certificate_length = (size_t)length;
  memcpy(certificate, der, certificate_length);
  OPENSSL_free(der);
  X509_free(own);
}

/* A card into which keys may be entered. */
static void open_to_keys(rig *r) {
  rig_put_object(r, PSD_OBJECT_CERTIFICATE_POLICY, "\x01", 1);
}

static uint16_t import(rig *r) {
  uint8_t data[1 + PSD_P256_SECRET] = {PSD_PURPOSE_USER, 7};
  return authority_send(r, PSD_COMMAND_IMPORT_KEY, AGENT, PSD_ALGORITHM_P256, data, sizeof data);
}

static void play(scene of) {
  of.state = PSD_STATE_OPERATIONAL;
  of.prepare = verify;
  of.answer = PSD_SW_OK;
  of.prepared[0] = STEP_PIN_COUNTED;
  of.prepared[1] = STEP_PIN_FULL;
  of.brief = true;
  scene_play(&of);
}

/* A key pair is made each time that it is played, so power is cut again in the other scene alone. */
static void play_issue(scene of) {
  of.command = issue;
  of.once = true;
  of.blocks = 2U * SCENE_BLOCKS;
  of.changes = ISSUED;
  play(of);
  authority_free(&a);
}

static void issuing(void) {
  make_receiver();
  play_issue((scene){.name = "ISSUE CERTIFICATE", .set = agent_in_use});
  play((scene){.name = "IMPORT KEY",
               .set = open_to_keys,
               .command = import,
               .changes = PICTURE_SERVICES | PICTURE_LOG | PICTURE_REACHED});
  EVP_PKEY_free(receiver);
  scene_report();
}

int main(int argc, char **argv) {
  static const psd_check_test tests[] = {
      {"a certificate is issued, with its key, or it is not; a key is entered or it is not", issuing},
  };
  scene_begin(argc, argv);
  return psd_check_run("power loss: agent", tests, PSD_CHECK_COUNT(tests));
}
