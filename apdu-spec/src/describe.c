#include "psd/spec/describe.h"

#include "psd/spec/status.h"
#include "psd/spec/tlv.h"

#include <inttypes.h>

/* A number that stands for a row of a table: the row's words, NULL when there is no such row. */
static void say_row(psd_text *text, const char *words, uint64_t value) {
  if (words != NULL)
    psd_say(text, "%s", words);
  else
    psd_say(text, "%" PRIu64 " (unknown)", value);
}

static void say_state(psd_text *text, uint64_t value) {
  const psd_state_row *row = value <= UINT8_MAX ? psd_state_of((unsigned)value) : NULL;
  say_row(text, row != NULL ? row->name : NULL, value);
}

static void say_event(psd_text *text, uint64_t value) {
  const psd_event_row *row = value <= UINT8_MAX ? psd_event_of((unsigned)value) : NULL;
  say_row(text, row != NULL ? row->words : NULL, value);
}

static void say_fault(psd_text *text, uint64_t value) {
  const psd_fault_row *row = value <= UINT8_MAX ? psd_fault_of((unsigned)value) : NULL;
  say_row(text, row != NULL ? row->words : NULL, value);
}

static void say_span(psd_text *text, uint64_t seconds) {
  if (seconds > 0 && seconds % 86400 == 0)
    psd_say(text, "%" PRIu64 " days", seconds / 86400);
  else
    psd_say(text, "%" PRIu64 " s", seconds);
}

static void say_mode(psd_text *text, uint64_t mode) {
  say_row(text, mode < PSD_FUNDS_MODE_COUNT ? psd_funds_modes[mode] : NULL, mode);
}

static void say_keys(psd_text *text, uint64_t bits) {
  const char *between = "";
  for (size_t i = 0; i < psd_key_count; i++) {
    if ((bits >> i & 1) == 0)
      continue;
    psd_say(text, "%s%s", between, psd_keys[i].words);
    between = " + ";
  }
  if (*between == '\0')
    psd_say(text, "none");
}

static void say_number(psd_text *text, psd_field_kind kind, uint64_t number) {
  switch (kind) {
  case PSD_KIND_AMOUNT:
  case PSD_KIND_LITTLE_AMOUNT:
    psd_say_amount(text, number);
    break;
  case PSD_KIND_TIME:
    psd_say_time(text, number);
    break;
  case PSD_KIND_STATE:
    say_state(text, number);
    break;
  case PSD_KIND_EVENT:
    say_event(text, number);
    break;
  case PSD_KIND_FAULT:
    say_fault(text, number);
    break;
  case PSD_KIND_SERIAL:
  case PSD_KIND_LITTLE_SERIAL:
    psd_say(text, "%08" PRIX64, number);
    break;
  case PSD_KIND_FLAG:
    psd_say(text, "%s", number != 0 ? "yes" : "no");
    break;
  case PSD_KIND_SPAN:
    say_span(text, number);
    break;
  case PSD_KIND_MODE:
    say_mode(text, number);
    break;
  case PSD_KIND_KEYS:
    say_keys(text, number);
    break;
  default:
    psd_say(text, "%" PRIu64, number);
    break;
  }
}

void psd_say_field(psd_text *text, const psd_field *field, const uint8_t *bytes) {
  psd_cursor value = psd_cursor_over(bytes, field->size);
  if (psd_kind_is_number(field->kind))
    say_number(text, field->kind, psd_take_field_number(&value, field));
  else if (field->kind == PSD_KIND_TEXT)
    psd_say_text(text, bytes, field->size);
  else if (field->kind == PSD_KIND_SECRET)
    psd_say(text, "(%u secret bytes)", field->size);
  else
    psd_say_hex(text, bytes, field->size);
}

static void describe_message(psd_text *text, const psd_message *message, psd_cursor value) {
  for (size_t i = 0; i < message->field_count; i++) {
    const psd_field *field = &message->fields[i];
    const uint8_t *bytes = psd_take(&value, field->size);
    if (bytes == NULL) {
      psd_say(text, "%s(cut short)", i > 0 ? ", " : "");
      return;
    }
    psd_say(text, "%s%s ", i > 0 ? ", " : "", psd_field_words(field));
    psd_say_field(text, field, bytes);
  }
}

void psd_describe_value(psd_text *text, psd_format format, const void *value, size_t length) {
  if ((unsigned)format < PSD_MESSAGE_COUNT)
    describe_message(text, &psd_messages[(unsigned)format], psd_cursor_over(value, length));
  else if (format == PSD_FORMAT_SECRET)
    psd_say(text, "(%zu secret bytes)", length);
  else if (format == PSD_FORMAT_UTF8)
    psd_say_text(text, value, length);
  else
    psd_say_hex(text, value, length);
}

static void describe_tlv(psd_text *text, const psd_tlv *tlv) {
  const psd_object *object = psd_object_of(tlv->tag);
  if (object != NULL) {
    psd_say(text, "%s: ", object->words);
    psd_describe_value(text, object->format, tlv->value.at, tlv->value.left);
  } else {
    psd_say(text, "%X: ", (unsigned)tlv->tag);
    psd_say_hex(text, tlv->value.at, tlv->value.left);
  }
}

void psd_describe_list(psd_text *text, psd_cursor list) {
  psd_tlv tlv;
  for (bool first = true; psd_take_tlv(&list, &tlv); first = false) {
    psd_say(text, "%s", first ? "" : "; ");
    describe_tlv(text, &tlv);
  }
  if (!psd_cursor_done(&list))
    psd_say(text, " (malformed)");
}

void psd_describe_status(psd_text *text, uint16_t status) {
  const psd_status *row = psd_status_of(status);
  psd_say(text, "%04X %s", status, row != NULL ? row->meaning : "(not a status word of this card)");
  if (row != NULL && row->value == PSD_SW_TRIES_LEFT)
    psd_say(text, ": %u", status & 0x0FU);
}

/* The row a command names, if any. */
static const psd_command *row_of(const psd_apdu *apdu) {
  psd_cla cla = psd_decode_cla(apdu->cla);
  return cla.valid ? psd_command_of(cla.class, apdu->ins) : NULL;
}

static void describe_cla(psd_text *text, uint8_t byte) {
  psd_cla cla = psd_decode_cla(byte);
  if (!cla.valid) {
    psd_say(text, " [class %02X]", byte);
    return;
  }
  if (cla.channel > 0)
    psd_say(text, " [channel %u]", cla.channel);
  if (cla.chained)
    psd_say(text, " [more follows]");
  if (cla.sm != PSD_SM_NONE)
    psd_say(text, " [secured]");
}

static bool hides(const psd_command *row) {
  return row != NULL && (row->flags & PSD_FLAG_HIDE) != 0;
}

/* A command that is unknown in its class may still be one with a secret, its class mistaken. */
bool psd_describe_hides(const psd_apdu *apdu) {
  const psd_command *row = row_of(apdu);
  return row != NULL
             ? hides(row)
             : hides(psd_command_of(PSD_CLASS_ISO, apdu->ins)) || hides(psd_command_of(PSD_CLASS_GP, apdu->ins));
}

bool psd_describe_hides_answer(const psd_apdu *apdu) {
  const psd_command *row = row_of(apdu);
  return row != NULL && (row->flags & PSD_FLAG_KEYS) != 0;
}

static void describe_data(psd_text *text, const psd_apdu *apdu) {
  if (psd_describe_hides(apdu)) {
    psd_say(text, ", %zu secret bytes", apdu->nc);
    return;
  }
  if (psd_describe_service(text, row_of(apdu), apdu))
    return;
  psd_say(text, ", data ");
  psd_say_hex(text, apdu->data, apdu->nc);
}

void psd_describe_command(psd_text *text, const uint8_t *command, size_t length) {
  psd_apdu apdu;
  bool whole = psd_parse_apdu(command, length, &apdu);
  if (length < 4) {
    psd_say(text, "malformed command ");
    psd_say_hex(text, command, length);
    return;
  }
  const psd_command *row = row_of(&apdu);
  if (row != NULL)
    psd_say(text, "%s", row->name);
  else
    psd_say(text, "unknown command %02X %02X", apdu.cla, apdu.ins);
  describe_cla(text, apdu.cla);
  const psd_object *object = NULL;
  if (row != NULL && (row->ins == 0xCA || row->ins == 0xDA))
    object = psd_object_of((uint32_t)apdu.p1 << 8 | apdu.p2);
  if (object != NULL)
    psd_say(text, " %X, %s", (unsigned)object->tag, object->words);
  else
    psd_say(text, " P1 %02X P2 %02X", apdu.p1, apdu.p2);
  if (!whole)
    psd_say(text, ", its length contradicts its Lc (%zu bytes)", length);
  else if (apdu.nc > 0)
    describe_data(text, &apdu);
}

/* What the answer's data mean follows from the command. */
static void describe_answer(psd_text *text, const psd_apdu *apdu, const uint8_t *data, size_t length) {
  const psd_command *row = row_of(apdu);
  bool clear = psd_decode_cla(apdu->cla).sm == PSD_SM_NONE;
  const psd_object *object = NULL;
  if (row != NULL && clear && row->ins == 0xCA)
    object = psd_object_of((uint32_t)apdu->p1 << 8 | apdu->p2);
  if (object != NULL)
    psd_describe_value(text, object->format, data, length);
  else if (row != NULL && clear && row->ins == 0xCB)
    psd_describe_list(text, psd_cursor_over(data, length));
  else if (row != NULL && clear && row->id == PSD_COMMAND_SELF_TEST)
    psd_describe_value(text, PSD_FORMAT_SELF_TEST, data, length);
  else if (row != NULL && clear && row->id == PSD_COMMAND_VALIDATE_POSTMARK && length == PSD_SIZE_VERDICT)
    psd_describe_value(text, PSD_FORMAT_VERDICT, data, length);
  else if (row != NULL && clear && row->id == PSD_COMMAND_READ_RECORD && length == PSD_SIZE_LOG_RECORD)
    psd_describe_value(text, PSD_FORMAT_LOG_RECORD, data, length);
  else
    psd_say_hex(text, data, length);
}

void psd_describe_response(psd_text *text, const uint8_t *command, size_t command_length, const uint8_t *response,
                           size_t response_length) {
  if (response_length < 2) {
    psd_say(text, "no answer");
    return;
  }
  size_t length = response_length - 2;
  uint16_t status = (uint16_t)(response[length] << 8 | response[length + 1]);
  psd_describe_status(text, status);
  psd_apdu apdu;
  bool parsed = psd_parse_apdu(command, command_length, &apdu);
  if (length == 0)
    return;
  psd_say(text, ": ");
  if (parsed && psd_describe_hides_answer(&apdu))
    psd_say(text, "%zu secret bytes", length);
  else if (parsed && status == PSD_SW_OK)
    describe_answer(text, &apdu, response, length);
  else
    psd_say_hex(text, response, length);
}
