#include "psd/spec/status.h"
#include "psd/spec/text.h"
#include "session.h"
#include "show.h"

#include <inttypes.h>

void psd_show_begin(psd_meeting *meeting) {
  if (!meeting->cli->json)
    return;
  meeting->json = psd_json_on(stdout);
  psd_json_object(&meeting->json, NULL);
  psd_json_string(&meeting->json, "server", meeting->cli->server);
  psd_json_array(&meeting->json, "steps");
  meeting->steps_open = true;
}

static void close_steps(psd_meeting *meeting) {
  if (meeting->steps_open)
    psd_json_end_array(&meeting->json);
  meeting->steps_open = false;
}

/* People who register, refill or change a password want it done; those who audit want to see it. */
static bool silent(const psd_meeting *meeting) {
  return !meeting->cli->json && !meeting->errand->steps;
}

/* Right-aligned in ten columns; blank for a step without a time of its own. */
static void print_time(uint64_t microseconds) {
  if (microseconds == PSD_STEP_WITH_NEXT)
    printf("%10s", "");
  else if (microseconds < 1000)
    printf("%7" PRIu64 " µs", microseconds);
  else
    printf("%7.1f ms", (double)microseconds / 1000.0);
}

void psd_show_step(void *context, psd_step step, uint64_t microseconds) {
  psd_meeting *meeting = context;
  const psd_step_row *row = psd_step_of((unsigned)step);
  const char *words = row != NULL ? row->words : "the card takes the audit result";
  if (silent(meeting))
    return;
  if (meeting->cli->json) {
    psd_json_object(&meeting->json, NULL);
    if (row != NULL)
      psd_json_number(&meeting->json, "step", (uint64_t)step);
    psd_json_string(&meeting->json, "words", words);
    if (microseconds != PSD_STEP_WITH_NEXT)
      psd_json_number(&meeting->json, "microseconds", microseconds);
    psd_json_end_object(&meeting->json);
    return;
  }
  if (row != NULL)
    printf("%4u", (unsigned)step);
  else
    printf("%4s", "");
  print_time(microseconds);
  printf("  %s\n", words);
  (void)fflush(stdout); /* each step as it is over */
}

void psd_show_refusal(psd_meeting *meeting) {
  const psd_refusal *refusal = &meeting->refusal;
  static const char *const who[] = {[PSD_BY_HOST] = "host", [PSD_BY_CARD] = "card", [PSD_BY_SERVER] = "server"};
  if (!meeting->cli->json) {
    psd_show_money(meeting);
    return;
  }
  psd_json *json = &meeting->json;
  const psd_signal_row *row = psd_signal_of((unsigned)refusal->signal);
  close_steps(meeting);
  psd_show_money(meeting);
  psd_json_object(json, "refused");
  psd_json_string(json, "by", who[refusal->who]);
  if (refusal->step != PSD_STEP_NONE)
    psd_json_number(json, "step", (uint64_t)refusal->step);
  if (row != NULL)
    psd_json_string(json, "signal", row->name);
  if (refusal->wait != 0)
    psd_json_number(json, "wait_seconds", refusal->wait);
  psd_json_string(json, "words", refusal->error.words);
  psd_json_end_object(json);
}

static psd_result show_object(psd_meeting *meeting, psd_object_id id, void *value) {
  const psd_object *object = &psd_objects[id];
  uint8_t bytes[256];
  psd_buffer encoded = psd_buffer_over(bytes, sizeof bytes);
  psd_result result = psd_host_get_object(meeting->cli->host, id, value);
  if (result != PSD_OK)
    return result;
  psd_put_message(&encoded, (psd_message_id)object->format, value);
  if (meeting->cli->json)
    psd_show_machine(&meeting->json, object, psd_cursor_over(bytes, encoded.length));
  return PSD_OK;
}

/* What the server announced after the audit, in its own order. */
static void show_actions(psd_meeting *meeting) {
  psd_json *json = &meeting->json;
  if (meeting->cli->json)
    psd_json_array(json, "actions");
  for (size_t i = 0; i < psd_action_count; i++) {
    const psd_action_row *row = &psd_actions[i];
    if ((meeting->actions & row->action) == 0)
      continue;
    if (!meeting->cli->json) {
      printf("the server: %s\n", row->words);
      continue;
    }
    psd_json_object(json, NULL);
    psd_json_string(json, "action", row->name);
    psd_json_string(json, "words", row->words);
    psd_json_end_object(json);
  }
  if (meeting->cli->json)
    psd_json_end_array(json);
}

typedef struct card {
  psd_device_id id;
  psd_life_cycle life;
  psd_registers registers, certificate;
  psd_certificate_state services;
  psd_watchdog watchdog;
  psd_vendor_key vendor_key;
} card;

/* The registers of the certificate group, where it has any, and what is due. */
static void say_services(psd_text *text, const card *of) {
  const psd_registers *registers = &of->certificate;
  if (registers->control_total != 0 || registers->ascending != 0) {
    psd_say(text, "  certificates         ascending ");
    psd_say_amount(text, registers->ascending);
    psd_say(text, ", descending ");
    psd_say_amount(text, registers->descending);
    psd_say(text, "\n");
  }
  psd_say(text, "  services             %" PRIu64 "\n", registers->piece_count);
  if (of->services.due == 0)
    return;
  psd_say(text, "  payment due          ");
  psd_say_amount(text, of->services.due);
  psd_say(text, "\n");
}

static void print_card(const card *of, const char *suite) {
  char device[PSD_CLI_DEVICE_WORDS];
  char words[512];
  psd_text text = psd_text_over(words, sizeof words);
  const psd_state_row *state = psd_state_of((unsigned)of->life.state);
  psd_say(&text, "PSD %s: %s, suite %s\n", psd_cli_device(&of->id, device), state != NULL ? state->name : "UNKNOWN",
          suite);
  psd_say(&text, "  ascending register   ");
  psd_say_amount(&text, of->registers.ascending);
  psd_say(&text, "\n  descending register  ");
  psd_say_amount(&text, of->registers.descending);
  psd_say(&text, "\n  control total        ");
  psd_say_amount(&text, of->registers.control_total);
  psd_say(&text, "\n  piece count          %" PRIu64 "\n", of->registers.piece_count);
  say_services(&text, of);
  psd_say(&text, "  next inspection      ");
  psd_say_time(&text, psd_show_due(&of->watchdog));
  psd_say(&text, "\n  vendor key K1        number %" PRIu64, of->vendor_key.identifier);
  puts(words);
}

psd_result psd_show_card(psd_meeting *meeting) {
  card of = {.watchdog = {.inspected = 0}};
  const struct {
    psd_object_id object;
    void *value;
  } wanted[] = {{PSD_OBJECT_DEVICE_ID, &of.id},
                {PSD_OBJECT_LIFE_CYCLE, &of.life},
                {PSD_OBJECT_POSTAGE_REGISTERS, &of.registers},
                {PSD_OBJECT_CERTIFICATE_REGISTERS, &of.certificate},
                {PSD_OBJECT_CERTIFICATE_STATE, &of.services},
                {PSD_OBJECT_WATCHDOG, &of.watchdog}};
  show_actions(meeting);
  for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
    psd_result result = show_object(meeting, wanted[i].object, wanted[i].value);
    if (result != PSD_OK)
      return result;
  }
  psd_result result = psd_host_get_object(meeting->cli->host, PSD_OBJECT_VENDOR_KEY, &of.vendor_key);
  if (result == PSD_REFUSED && psd_host_status(meeting->cli->host) == PSD_SW_REFERENCE_NOT_FOUND)
    result = PSD_OK; /* a PSD of suite shared, or rsa, alone */
  if (result == PSD_OK && !meeting->cli->json)
    print_card(&of, psd_suite_of((unsigned)meeting->suite)->name);
  else if (result == PSD_OK) {
    psd_json_number(&meeting->json, "vendor_key", of.vendor_key.identifier);
    psd_json_number(&meeting->json, "next_inspection_seconds", psd_show_due(&of.watchdog));
  }
  return result;
}

psd_result psd_show_end(psd_meeting *meeting) {
  close_steps(meeting);
  if (meeting->cli->json)
    psd_json_string(&meeting->json, "suite", psd_suite_of((unsigned)meeting->suite)->name);
  psd_show_money(meeting);
  return meeting->errand->show(meeting);
}

void psd_show_close(psd_meeting *meeting) {
  if (!meeting->cli->json)
    return;
  close_steps(meeting);
  psd_json_end_object(&meeting->json);
}
