/* What follows the handshake in a recorded session: each command and each answer, in clear and as records. */
#include "transcript.h"

#include "check.h"
#include "orders.h"

#define REFILL 50000U
#define CERTIFICATES 7000U /* a refill of the certificate group */
#define WITHDRAWAL 2000U

/* The exchange on the tape: NAME_command, NAME_command_record, NAME_answer, NAME_answer_record. */
static void say_exchange(FILE *to, const meter *m, const char *name) {
  const meter_tape *tape = m->tape;
  const struct {
    const char *of;
    const uint8_t *bytes;
    size_t length;
  } rows[] = {{"command", tape->command, tape->command_length},
              {"command_record", tape->command_record, tape->command_length + PSD_GCM_TAG},
              {"answer", tape->answer, tape->answer_length},
              {"answer_record", tape->answer_record, tape->answer_length + PSD_GCM_TAG}};
  for (size_t i = 0; i < PSD_CHECK_COUNT(rows); i++) {
    char words[64];
    CU_ASSERT_FATAL(snprintf(words, sizeof words, "%s_%s", name, rows[i].of) < (int)sizeof words);
    transcript_say(to, words, rows[i].bytes, rows[i].length);
  }
}

static void say_done(FILE *to, const meter *m, const char *name, uint16_t status) {
  CU_ASSERT_EQUAL_FATAL(status, PSD_SW_OK);
  say_exchange(to, m, name);
}

static psd_funds_authorization say_started(FILE *to, meter *m, const char *name, psd_command_id id, psd_group group,
                                           uint64_t amount) {
  say_done(to, m, name, provider_start(m, id, group, amount, false));
  const psd_funds_request request = provider_request(m);
  return provider_authorization(m, &request);
}

static void say_refills(FILE *to, meter *m) {
  psd_funds_authorization authorization =
      say_started(to, m, "load", PSD_COMMAND_INITIALIZE_LOAD, PSD_GROUP_POSTAGE, REFILL);
  say_done(to, m, "credit", provider_finish(m, PSD_COMMAND_CREDIT, &authorization));
  say_done(to, m, "credit_again", provider_finish(m, PSD_COMMAND_CREDIT, &authorization));
  authorization =
      say_started(to, m, "load_to_cancel", PSD_COMMAND_INITIALIZE_LOAD, PSD_GROUP_CERTIFICATE, CERTIFICATES);
  say_done(to, m, "cancel", provider_cancel(m, (uint32_t)authorization.sequence));
}

static void say_withdrawal(FILE *to, meter *m) {
  const psd_funds_authorization authorization =
      say_started(to, m, "withdraw", PSD_COMMAND_INITIALIZE_WITHDRAWAL, PSD_GROUP_POSTAGE, WITHDRAWAL);
  say_done(to, m, "last", provider_send(m, PSD_COMMAND_GET_LAST, PSD_LAST_FUNDS, NULL, 0));
  say_done(to, m, "complete", provider_finish(m, PSD_COMMAND_COMPLETE_WITHDRAWAL, &authorization));
}

/* AUTHORIZE is not for a card in service. */
static void say_orders(FILE *to, meter *m) {
  uint32_t number = 0;
  for (size_t i = 0; i < order_sample_count; i++) {
    char words[32];
    if (order_samples[i].id == PSD_COMMAND_AUTHORIZE)
      continue;
    number++;
    CU_ASSERT_FATAL(snprintf(words, sizeof words, "order_%u", (unsigned)number) < (int)sizeof words);
    say_done(to, m, words, order_send(m, &order_samples[i], number));
  }
}

void transcript_say_funds(FILE *to, meter *m) {
  meter_tape tape;
  CU_ASSERT_EQUAL_FATAL(rig_hex(m->r, "00CADF2600"), PSD_SW_OK); /* what it was personalised with */
  transcript_say(to, "limits", m->r->response, m->r->length);
  m->tape = &tape;
  say_refills(to, m);
  say_withdrawal(to, m);
  say_orders(to, m);
  m->tape = NULL;
}
