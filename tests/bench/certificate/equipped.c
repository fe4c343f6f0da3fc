#include "equipped.h"

#include <string.h>

#include "check.h"
#include "measure.h"

#define FUNDS UINT64_C(1000000000) /* mills */
#define LINE UINT64_C(1000000000)
#define DAYS 30U
#define CALL_AT 7U /* behind the head of an extended APDU: every wish begins with its call */

static const uint8_t digest[PSD_SHA256_SIZE] = {0x12, 0x34, 0x56, 0x78};

static void equip_more(services *s) {
  authority_funds(&s->a, FUNDS);
  services_add_rsa(s);
  authority_activate(&s->a, EQUIPPED_AGENT, PSD_PURPOSE_AGENT, PSD_ALGORITHM_P256);
  services_bytes credit = services_make_credit(s, &(services_credit){.amount = LINE});
  CU_ASSERT_EQUAL_FATAL(services_accept(s, SERVICES_USER, services_piece(&credit)), PSD_SW_OK);
}

void equipped_in_ram(services *s) {
  services_begin(s);
  equip_more(s);
}

/* In operation since RIG_TIME, when the bench's tables and certificates are in force. */
static void turn_back(psd_card *card) {
  psd_core core = card->core;
  uint64_t now = card->ports.oscillator.seconds(card->ports.oscillator.device);
  core.clock = (psd_clock_state){.offset = RIG_TIME - now, .reached = RIG_TIME, .set = 1};
  core.watchdog.inspected = RIG_TIME;
  CU_ASSERT_TRUE_FATAL(staged_core(card, &core, false));
}

psd_holder *equipped_in_file(services *s, rig *bench, const char *path, bool sync) {
  char why[PSD_HOLDER_WHY_MAX] = "";
  const psd_card_birth birth = staged_birth();
  psd_holder *holder = psd_holder_create(path, &birth, why) ? psd_holder_open(path, sync, why) : NULL;
  bench_need(holder != NULL, why);
  memset(bench, 0, sizeof *bench);
  bench->card = psd_holder_card(holder);
  bench->seconds = RIG_TIME;
  psd_card_power_on(bench->card);
  rig_enter(bench, PSD_STATE_OPERATIONAL);
  turn_back(bench->card);
  services_equip(s, bench);
  equip_more(s);
  return holder;
}

const char *asked_name(asked_kind kind) {
  static const char *const names[ASKED_KINDS] = {"stamp", "sign", "pay", "validate", "request", "issue"};
  return names[kind];
}

uint8_t asked_slot(asked_kind kind, psd_algorithm algorithm) {
  bool rsa = algorithm == PSD_ALGORITHM_RSA2048;
  switch (kind) {
  case ASKED_STAMP:
  case ASKED_VALIDATE:
    return rsa ? SERVICES_RSA_POSTMARK : SERVICES_POSTMARK;
  case ASKED_REQUEST:
    return EQUIPPED_FREE;
  case ASKED_ISSUE:
    return EQUIPPED_AGENT;
  default:
    return rsa ? SERVICES_RSA_USER : SERVICES_USER;
  }
}

static uint16_t stamp(services *s, uint8_t slot) {
  static const uint8_t nonce[] = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x11};
  return services_stamp(s, slot, true, PSD_DIGEST_SHA256, digest, (psd_piece){nonce, sizeof nonce});
}

static uint16_t validate(services *s, uint8_t slot) {
  CU_ASSERT_EQUAL_FATAL(stamp(s, slot), PSD_SW_OK);
  services_bytes token = services_keep(s);
  uint16_t status = services_validate(s, PSD_DIGEST_SHA256, digest, services_piece(&token));
  CU_ASSERT_EQUAL_FATAL(services_verdict(s).reason, PSD_VERDICT_VALID);
  return status;
}

static uint16_t request(services *s, uint8_t slot) {
  static const char organization[] = "Specimen Ltd", name[] = "Alice Specimen";
  uint8_t data[PSD_SIZE_CERTIFICATE_WISH + sizeof organization + sizeof name];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  const psd_certificate_wish wish = {.purpose = PSD_PURPOSE_USER,
                                     .algorithm = PSD_ALGORITHM_P256,
                                     .organization = sizeof organization - 1,
                                     .name = sizeof name - 1};
  psd_put_message(&out, PSD_MESSAGE_CERTIFICATE_WISH, &wish);
  psd_put(&out, organization, sizeof organization - 1);
  psd_put(&out, name, sizeof name - 1);
  return services_send(s, PSD_COMMAND_REQUEST_CERTIFICATE, slot, PSD_REQUEST_NEW_KEY, data, out.length);
}

/* For whom the bench's own authority vouches: any certificate of P-256 will do. */
static uint16_t issue(services *s, uint8_t slot) {
  static const char name[] = "Bob Specimen";
  uint8_t data[AUTHORITY_ANSWER_MAX];
  psd_buffer out = psd_buffer_over(data, sizeof data);
  const psd_agent_wish wish = {
      .algorithm = PSD_ALGORITHM_P256, .days = DAYS, .usage = PSD_AGENT_SIGNS, .name = sizeof name - 1};
  psd_put_message(&out, PSD_MESSAGE_AGENT_WISH, &wish);
  psd_put(&out, name, sizeof name - 1);
  int length = i2d_X509(s->device, NULL);
  CU_ASSERT_FATAL(length > 0);
  uint8_t *receiver = psd_put_room(&out, (size_t)length);
  CU_ASSERT_FATAL(receiver != NULL && i2d_X509(s->device, &receiver) == length);
  return services_send(s, PSD_COMMAND_ISSUE_CERTIFICATE, slot, 0, data, out.length);
}

static uint16_t carry_out(services *s, asked_kind kind, uint8_t slot) {
  switch (kind) {
  case ASKED_STAMP:
    return stamp(s, slot);
  case ASKED_SIGN:
    return services_sign(s, slot, true, PSD_DIGEST_SHA256, digest);
  case ASKED_PAY:
    return services_pay(s, slot, 1, 0, "Merchant");
  case ASKED_VALIDATE:
    return validate(s, slot);
  case ASKED_REQUEST:
    return request(s, slot);
  default:
    return issue(s, slot);
  }
}

asked asked_of(services *s, asked_kind kind, psd_algorithm algorithm) {
  asked command;
  CU_ASSERT_EQUAL_FATAL(carry_out(s, kind, asked_slot(kind, algorithm)), PSD_SW_OK);
  psd_buffer out = psd_buffer_over(command.bytes, sizeof command.bytes);
  const psd_apdu apdu = {.cla = 0x80,
                         .ins = psd_commands[s->last].ins,
                         .p1 = s->p1,
                         .p2 = s->p2,
                         .data = s->data.data,
                         .nc = s->data.length,
                         .ne = PSD_NE_ALL,
                         .extended = true};
  psd_put_apdu(&out, &apdu);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  command.length = out.length;
  return command;
}

void asked_again(asked *command) {
  psd_buffer call = psd_buffer_over(command->bytes + CALL_AT, PSD_SIZE_SERVICE_CALL);
  psd_put_uint(&call, bench_now(), PSD_SIZE_SERVICE_CALL);
}

void asked_make_ready(services *s, asked_kind kind) {
  if (kind == ASKED_REQUEST)
    CU_ASSERT_EQUAL_FATAL(authority_send(s->r, PSD_COMMAND_DELETE_KEY, EQUIPPED_FREE, 0, NULL, 0), PSD_SW_OK);
}
