#include "show.h"

#include "psd/spec/amount.h"
#include "psd/spec/describe.h"

#include <ctype.h>
#include <string.h>

#define VALUE_MAX 512U
#define NAME_MAX_BYTES 64U

/* What a number of a table stands for: its name for machines, its words for people. */
typedef struct entry {
  const char *name, *words;
} entry;

static entry entry_of(psd_field_kind kind, unsigned value) {
  const psd_state_row *state = kind == PSD_KIND_STATE ? psd_state_of(value) : NULL;
  const psd_event_row *event = kind == PSD_KIND_EVENT ? psd_event_of(value) : NULL;
  const psd_fault_row *fault = kind == PSD_KIND_FAULT ? psd_fault_of(value) : NULL;
  if (state != NULL)
    return (entry){state->name, state->words};
  if (event != NULL)
    return (entry){event->name, event->words};
  if (fault != NULL)
    return (entry){fault->name, fault->words};
  return (entry){"UNKNOWN", "unknown"};
}

/* One field as a person reads it: a state in words, the rest as a trace has it. */
static void say_field(psd_text *text, const psd_field *field, const uint8_t *bytes) {
  if (field->kind == PSD_KIND_STATE)
    psd_say(text, "%s", entry_of(field->kind, bytes[0]).words);
  else
    psd_say_field(text, field, bytes);
}

void psd_show_people(const psd_object *object, psd_cursor value) {
  char memory[VALUE_MAX];
  psd_text text = psd_text_over(memory, sizeof memory);
  if ((unsigned)object->format >= PSD_MESSAGE_COUNT) {
    psd_describe_value(&text, object->format, value.at, value.left);
    printf("%s: %s\n", object->words, memory);
    return;
  }
  const psd_message *message = &psd_messages[object->format];
  printf("%s\n", object->words);
  for (size_t i = 0; i < message->field_count; i++) {
    const psd_field *field = &message->fields[i];
    const uint8_t *bytes = psd_take(&value, field->size);
    text = psd_text_over(memory, sizeof memory);
    if (bytes != NULL)
      say_field(&text, field, bytes);
    printf("  %-42s %s\n", psd_field_words(field), bytes != NULL ? memory : "(missing)");
  }
}

static void write_keys(psd_json *json, const char *name, uint64_t bits) {
  psd_json_array(json, name);
  for (size_t i = 0; i < psd_key_count; i++)
    if ((bits >> i & 1) != 0)
      psd_json_string(json, NULL, psd_keys[i].words);
  psd_json_end_array(json);
}

/* What a machine reads goes beside the words for people, under the name with `unit` behind it. */
static void write_beside(psd_json *json, const char *name, const char *unit, uint64_t number) {
  char memory[NAME_MAX_BYTES];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say(&text, "%s_%s", name, unit);
  psd_json_number(json, memory, number);
}

void psd_show_amount(psd_json *json, const char *name, uint64_t mills) {
  char words[PSD_AMOUNT_WORDS];
  psd_json_string(json, name, psd_amount_words(words, mills));
  write_beside(json, name, "mills", mills);
}

void psd_show_time(psd_json *json, const char *name, uint64_t seconds) {
  char memory[NAME_MAX_BYTES];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say_time(&text, seconds);
  psd_json_string(json, name, memory);
  write_beside(json, name, "seconds", seconds);
}

static uint64_t later(uint64_t time, uint64_t span) {
  return time > UINT64_MAX - span ? UINT64_MAX : time + span;
}

uint64_t psd_show_due(const psd_watchdog *watchdog) {
  return later(watchdog->inspected, watchdog->warn_after);
}

uint64_t psd_show_lock(const psd_watchdog *watchdog) {
  return later(watchdog->inspected, watchdog->lock_after);
}

/* As a person reads it, in a string. */
static void write_said(psd_json *json, const psd_field *field, const uint8_t *bytes) {
  char memory[NAME_MAX_BYTES];
  psd_text text = psd_text_over(memory, sizeof memory);
  psd_say_field(&text, field, bytes);
  psd_json_string(json, psd_field_name(field), memory);
}

static void write_field(psd_json *json, const psd_field *field, const uint8_t *bytes) {
  psd_cursor value = psd_cursor_over(bytes, field->size);
  switch (field->kind) {
  case PSD_KIND_UINT:
  case PSD_KIND_SPAN:
    psd_json_number(json, psd_field_name(field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_FLAG:
    psd_json_bool(json, psd_field_name(field), psd_take_u8(&value) != 0);
    break;
  case PSD_KIND_SERIAL:
  case PSD_KIND_MODE:
    write_said(json, field, bytes);
    break;
  case PSD_KIND_KEYS:
    write_keys(json, psd_field_name(field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_AMOUNT:
    psd_show_amount(json, psd_field_name(field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_TIME:
    psd_show_time(json, psd_field_name(field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_STATE:
  case PSD_KIND_EVENT:
  case PSD_KIND_FAULT:
    psd_json_string(json, psd_field_name(field), entry_of(field->kind, bytes[0]).name);
    break;
  case PSD_KIND_TEXT:
    psd_json_text(json, psd_field_name(field), bytes, field->size);
    break;
  case PSD_KIND_BYTES:
    psd_json_hex(json, psd_field_name(field), bytes, field->size);
    break;
  case PSD_KIND_SECRET:
    break;
  }
}

void psd_show_fields(psd_json *json, const psd_message *message, psd_cursor value) {
  for (size_t i = 0; i < message->field_count; i++) {
    const uint8_t *bytes = psd_take(&value, message->fields[i].size);
    if (bytes != NULL)
      write_field(json, &message->fields[i], bytes);
  }
}

void psd_show_machine(psd_json *json, const psd_object *object, psd_cursor value) {
  char name[NAME_MAX_BYTES];
  size_t length = strlen(object->name);
  length = length < sizeof name ? length : sizeof name - 1;
  for (size_t i = 0; i < length; i++)
    name[i] = (char)tolower((unsigned char)object->name[i]);
  name[length] = '\0';
  if (object->format == PSD_FORMAT_UTF8) {
    psd_json_text(json, name, value.at, value.left);
  } else if ((unsigned)object->format < PSD_MESSAGE_COUNT) {
    psd_json_object(json, name);
    psd_show_fields(json, &psd_messages[object->format], value);
    psd_json_end_object(json);
  } else if (object->format != PSD_FORMAT_SECRET) {
    psd_json_hex(json, name, value.at, value.left);
  }
}
