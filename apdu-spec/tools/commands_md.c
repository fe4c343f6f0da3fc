/* Writes docs/commands.md from the tables to standard output. */
#include "psd/spec/commands.h"
#include "psd/spec/status.h"

#include <stdio.h>

static void print_access(psd_access_set access) {
  static const struct {
    psd_access_set bit;
    const char *word;
  } words[] = {{PSD_ALWAYS, "always"}, {PSD_PIN, "PIN"}, {PSD_SCP, "SCP"}, {PSD_PROVIDER, "provider"}};
  if (access == PSD_NEVER)
    printf("never");
  bool first = true;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
    if ((access & words[i].bit) == 0)
      continue;
    printf("%s%s", first ? "" : ", ", words[i].word);
    first = false;
  }
}

static void print_states(psd_state_set states) {
  if (states == PSD_IN_ANY || states == PSD_IN_NONE) {
    printf("%s", states == PSD_IN_ANY ? "any" : "none");
    return;
  }
  bool first = true;
  for (size_t i = 0; i < psd_state_count; i++) {
    if ((states & PSD_STATE_BIT(psd_states[i].state)) == 0)
      continue;
    printf("%s%s", first ? "" : ", ", psd_states[i].name);
    first = false;
  }
}

static void print_parameter(psd_parameter parameter) {
  if (parameter.any)
    printf("..");
  else
    printf("%02X", parameter.value);
}

static void print_commands(void) {
  printf(
      "## Commands\n\n`..` in P1 or P2: see the object, file or reference that the command names. Lc counts data bytes"
      " when\nthere are any. A command sent in a state that is not listed answers 6985, one without access 6982. "
      "Record: it may"
      " come\ninside a record of the meter server's session (docs/handshake.md), which alone grants `provider`.\n\n"
      "| Command | CLA | INS | P1 | P2 | Cases | Lc | Chain | Record | States | Access |\n"
      "|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    printf("| %s | %s | %02X | ", row->name, row->class == PSD_CLASS_ISO ? "0x" : "8x", row->ins);
    print_parameter(row->p1);
    printf(" | ");
    print_parameter(row->p2);
    printf(" |");
    for (unsigned c = 0; c < 4; c++)
      if ((row->cases & (1U << c)) != 0)
        printf(" %u", c + 1);
    if (row->most > 0)
      printf(" | %u-%u | ", row->least, row->most);
    else
      printf(" | | ");
    printf("%s | ", (row->flags & PSD_FLAG_CHAIN) != 0 ? "yes" : "");
    printf("%s | ", (row->flags & PSD_FLAG_OUTER) == 0 ? "yes" : "");
    print_states(row->states);
    printf(" | ");
    print_access(row->access);
    printf(" |\n");
  }
}

static void print_objects(void) {
  printf("\n## Data objects\n\nFor GET DATA (tag in P1-P2, or in a tag list), PUT DATA and STORE DATA.\n\n"
         "| Tag | Object | Bytes | Read | Write | Write in states |\n|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *row = &psd_objects[i];
    printf("| %X | %s | ", (unsigned)row->tag, row->words);
    if (row->least == row->most)
      printf("%u | ", row->least);
    else
      printf("%u-%u | ", row->least, row->most);
    print_access(row->read);
    printf(" | ");
    print_access(row->write);
    printf(" | ");
    print_states(row->write_states);
    printf(" |\n");
  }
}

static void print_files(void) {
  printf(
      "\n## Files\n\n| File | Identifier | In | Short identifier | Structure | Objects |\n|---|---|---|---|---|---|\n");
  static const char *const structures[] = {"directory", "transparent", "cyclic"};
  for (size_t i = 0; i < PSD_FILE_COUNT; i++) {
    const psd_file *row = &psd_files[i];
    printf("| %s | %04X | %04X | ", row->words, row->identifier, psd_files[row->parent].identifier);
    if (row->sfi != 0)
      printf("%u", row->sfi);
    printf(" | %s |", structures[row->structure]);
    for (size_t k = 0; k < psd_file_object_count; k++)
      if (psd_file_objects[k].file == row->id)
        printf(" %X", (unsigned)psd_objects[psd_file_objects[k].object].tag);
    printf(" |\n");
  }
}

static void print_layouts(void) {
  static const char *const kinds[] = {[PSD_KIND_UINT] = "number",
                                      [PSD_KIND_AMOUNT] = "amount, mills",
                                      [PSD_KIND_TIME] = "time, seconds since 1970",
                                      [PSD_KIND_STATE] = "state",
                                      [PSD_KIND_EVENT] = "log event",
                                      [PSD_KIND_FAULT] = "fault",
                                      [PSD_KIND_SERIAL] = "number",
                                      [PSD_KIND_FLAG] = "0 or 1",
                                      [PSD_KIND_SPAN] = "seconds",
                                      [PSD_KIND_MODE] = "register mode",
                                      [PSD_KIND_KEYS] = "keys, a bit each",
                                      [PSD_KIND_LITTLE] = "number, least significant byte first",
                                      [PSD_KIND_LITTLE_AMOUNT] = "amount, mills, least significant byte first",
                                      [PSD_KIND_LITTLE_SERIAL] = "number, least significant byte first",
                                      [PSD_KIND_TEXT] = "text",
                                      [PSD_KIND_BYTES] = "bytes",
                                      [PSD_KIND_SECRET] = "secret"};
  printf("\n## Layouts\n\nMost significant byte first.\n");
  for (size_t i = 0; i < PSD_MESSAGE_COUNT; i++) {
    const psd_message *message = &psd_messages[i];
    printf("\n### %s\n\n%s; %zu bytes.\n\n| Offset | Bytes | Field | Kind |\n|---|---|---|---|\n",
           psd_message_name(message), psd_message_words(message), message->size);
    size_t offset = 0;
    for (size_t k = 0; k < message->field_count; k++) {
      const psd_field *field = &message->fields[k];
      printf("| %zu | %u | %s | %s |\n", offset, field->size, psd_field_words(field), kinds[field->kind]);
      offset += field->size;
    }
  }
}

static void print_states_table(void) {
  printf("\n## Life cycle\n\n| State | Value | ISO status byte | Meaning |\n|---|---|---|---|\n");
  for (size_t i = 0; i < psd_state_count; i++)
    printf("| %s | %u | %02X | %s |\n", psd_states[i].name, (unsigned)psd_states[i].state, psd_states[i].iso,
           psd_states[i].words);
  printf("\n| Register mode | Meaning |\n|---|---|\n");
  for (size_t i = 0; i < PSD_FUNDS_MODE_COUNT; i++)
    printf("| %zu | %s |\n", i, psd_funds_modes[i]);
  printf("\n| Bit | Key loaded |\n|---|---|\n");
  for (size_t i = 0; i < psd_key_count; i++)
    printf("| %zu | %s |\n", i, psd_keys[i].words);
  printf("\n| Log event | Value | Meaning |\n|---|---|---|\n");
  for (size_t i = 0; i < psd_event_count; i++)
    printf("| %s | %u | %s |\n", psd_events[i].name, (unsigned)psd_events[i].event, psd_events[i].words);
  printf("\n| Fault | Value | Meaning |\n|---|---|---|\n");
  for (size_t i = 0; i < psd_fault_count; i++)
    printf("| %s | %u | %s |\n", psd_faults[i].name, (unsigned)psd_faults[i].fault, psd_faults[i].words);
  printf("\n| From | To | By |\n|---|---|---|\n");
  for (size_t i = 0; i < psd_transition_count; i++)
    printf("| %s | %s | %s |\n", psd_state_of(psd_transitions[i].from)->name, psd_state_of(psd_transitions[i].to)->name,
           psd_transitions[i].by);
}

static void print_status(void) {
  printf("\n## Status words\n\n| SW1-SW2 | Meaning |\n|---|---|\n");
  for (size_t i = 0; i < psd_status_count; i++)
    printf("| %04X | %s |\n", psd_statuses[i].value, psd_statuses[i].meaning);
}

int main(void) {
  printf("# Commands, objects and status words\n\nWritten by `./run docs` from the tables in `apdu-spec/`; a test "
         "compares the two.\n\n");
  print_commands();
  print_objects();
  print_files();
  print_layouts();
  print_states_table();
  print_status();
  return fflush(stdout) == 0 && ferror(stdout) == 0 ? 0 : 1;
}
