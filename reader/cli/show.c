#include "show.h"

#include "psd/spec/describe.h"

#include <ctype.h>
#include <string.h>

#define VALUE_MAX 512U
#define NAME_MAX_BYTES 64U

/* Numbers that mean something else than how many. */
typedef enum number_meaning {
  PLAIN,
  SERIAL,  /* 8 hexadecimal digits, as on the label and in every file */
  YES_NO,  /* 0 or 1 */
  MODE,    /* of the funds */
  KEYS,    /* a bit for each key */
  SECONDS, /* a period */
} number_meaning;

static const struct {
  const char *message, *field;
  number_meaning meaning;
} meanings[] = {
    {"device_id", "serial", SERIAL},
    {"clock", "set", YES_NO},
    {"pin_status", "pin_set", YES_NO},
    {"pin_status", "puk_set", YES_NO},
    {"funds", "mode", MODE},
    {"key_status", "loaded", KEYS},
    {"watchdog", "warn_after", SECONDS},
    {"watchdog", "lock_after", SECONDS},
};

static const char *const key_names[] = {"K1", "K3", "vendor token", "postal token", "CA", "rate"};
static const char *const mode_names[] = {"separate", "merged", "current-account"};
#define KEY_NAMES (sizeof key_names / sizeof key_names[0])
#define MODE_NAMES (sizeof mode_names / sizeof mode_names[0])

static number_meaning meaning_of(const psd_message *message, const psd_field *field) {
  for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
    if (strcmp(meanings[i].message, message->name) == 0 && strcmp(meanings[i].field, field->name) == 0)
      return meanings[i].meaning;
  return PLAIN;
}

static void say_keys(psd_text *text, uint64_t bits) {
  const char *between = "";
  for (size_t i = 0; i < KEY_NAMES; i++) {
    if ((bits >> i & 1) == 0)
      continue;
    psd_say(text, "%s%s", between, key_names[i]);
    between = ", ";
  }
  if (*between == '\0')
    psd_say(text, "none");
}

static void say_seconds(psd_text *text, uint64_t seconds) {
  if (seconds > 0 && seconds % 86400 == 0)
    psd_say(text, "%llu days", (unsigned long long)(seconds / 86400));
  else
    psd_say(text, "%llu s", (unsigned long long)seconds);
}

static void say_number(psd_text *text, number_meaning meaning, uint64_t number) {
  switch (meaning) {
  case SERIAL:
    psd_say(text, "%08llX", (unsigned long long)number);
    return;
  case YES_NO:
    psd_say(text, "%s", number != 0 ? "yes" : "no");
    return;
  case MODE:
    psd_say(text, "%s", number < MODE_NAMES ? mode_names[number] : "unknown");
    return;
  case KEYS:
    say_keys(text, number);
    return;
  case SECONDS:
    say_seconds(text, number);
    return;
  case PLAIN:
    break;
  }
  psd_say(text, "%llu", (unsigned long long)number);
}

static void say_bytes(psd_text *text, const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++)
    psd_say(text, "%02X", bytes[i]);
}

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

/* One field as a person reads it. */
static void say_field(psd_text *text, const psd_message *message, const psd_field *field, const uint8_t *bytes) {
  psd_cursor value = psd_cursor_over(bytes, field->size);
  switch (field->kind) {
  case PSD_KIND_UINT:
    say_number(text, meaning_of(message, field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_AMOUNT:
    psd_say_amount(text, psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_TIME:
    psd_say_time(text, psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_STATE:
  case PSD_KIND_EVENT:
  case PSD_KIND_FAULT:
    psd_say(text, "%s", entry_of(field->kind, bytes[0]).words);
    break;
  case PSD_KIND_TEXT:
    psd_describe_value(text, PSD_FORMAT_UTF8, bytes, field->size);
    break;
  case PSD_KIND_BYTES:
    say_bytes(text, bytes, field->size);
    break;
  case PSD_KIND_SECRET:
    psd_say(text, "(secret)");
    break;
  }
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
      say_field(&text, message, field, bytes);
    printf("  %-42s %s\n", field->words, bytes != NULL ? memory : "(missing)");
  }
}

static void write_number(psd_json *json, const char *name, number_meaning meaning, uint64_t number) {
  char memory[NAME_MAX_BYTES];
  psd_text text = psd_text_over(memory, sizeof memory);
  switch (meaning) {
  case SERIAL:
  case MODE:
    say_number(&text, meaning, number);
    psd_json_string(json, name, memory);
    return;
  case YES_NO:
    psd_json_bool(json, name, number != 0);
    return;
  case KEYS:
    psd_json_array(json, name);
    for (size_t i = 0; i < KEY_NAMES; i++)
      if ((number >> i & 1) != 0)
        psd_json_string(json, NULL, key_names[i]);
    psd_json_end_array(json);
    return;
  case PLAIN:
  case SECONDS:
    break;
  }
  psd_json_number(json, name, number);
}

/* An amount is a string of dollars, and a number of mills beside it; a time is text, and seconds beside it. */
static void write_twice(psd_json *json, const psd_field *field, uint64_t number) {
  bool money = field->kind == PSD_KIND_AMOUNT;
  char memory[NAME_MAX_BYTES];
  psd_text text = psd_text_over(memory, sizeof memory);
  if (money)
    psd_say_amount(&text, number);
  else
    psd_say_time(&text, number);
  psd_json_string(json, field->name, memory);
  text = psd_text_over(memory, sizeof memory);
  psd_say(&text, "%s_%s", field->name, money ? "mills" : "seconds");
  psd_json_number(json, memory, number);
}

static void write_field(psd_json *json, const psd_message *message, const psd_field *field, const uint8_t *bytes) {
  psd_cursor value = psd_cursor_over(bytes, field->size);
  switch (field->kind) {
  case PSD_KIND_UINT:
    write_number(json, field->name, meaning_of(message, field), psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_AMOUNT:
  case PSD_KIND_TIME:
    write_twice(json, field, psd_take_uint(&value, field->size));
    break;
  case PSD_KIND_STATE:
  case PSD_KIND_EVENT:
  case PSD_KIND_FAULT:
    psd_json_string(json, field->name, entry_of(field->kind, bytes[0]).name);
    break;
  case PSD_KIND_TEXT:
    psd_json_text(json, field->name, bytes, field->size);
    break;
  case PSD_KIND_BYTES:
    psd_json_hex(json, field->name, bytes, field->size);
    break;
  case PSD_KIND_SECRET:
    break;
  }
}

void psd_show_fields(psd_json *json, const psd_message *message, psd_cursor value) {
  for (size_t i = 0; i < message->field_count; i++) {
    const uint8_t *bytes = psd_take(&value, message->fields[i].size);
    if (bytes != NULL)
      write_field(json, message, &message->fields[i], bytes);
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
