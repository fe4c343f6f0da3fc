/* The tables agree with themselves and with one another. */
#include "check.h"
#include "psd/spec/commands.h"
#include "psd/spec/status.h"

#include <string.h>

static void status_words_are_unique(void) {
  for (size_t i = 0; i < psd_status_count; i++) {
    CU_ASSERT_TRUE(strlen(psd_statuses[i].name) > 0 && strlen(psd_statuses[i].meaning) > 0);
    for (size_t k = i + 1; k < psd_status_count; k++) {
      CU_ASSERT_NOT_EQUAL(psd_statuses[i].value, psd_statuses[k].value);
      CU_ASSERT_NOT_EQUAL(strcmp(psd_statuses[i].name, psd_statuses[k].name), 0);
    }
  }
}

static void status_words_are_of_the_standard(void) {
  for (size_t i = 0; i < psd_status_count; i++) {
    unsigned sw1 = psd_statuses[i].value >> 8;
    CU_ASSERT_TRUE(sw1 == 0x90 || (sw1 >= 0x61 && sw1 <= 0x6F));
    CU_ASSERT_NOT_EQUAL(sw1, 0x60);
  }
}

static void counters_find_their_row(void) {
  for (unsigned x = 0; x < 256; x++) {
    CU_ASSERT_EQUAL(psd_status_of((uint16_t)(0x6100 + x))->value, PSD_SW_MORE_DATA);
    CU_ASSERT_EQUAL(psd_status_of((uint16_t)(0x6C00 + x))->value, PSD_SW_EXACT_LENGTH);
  }
  for (unsigned x = 0; x < 16; x++)
    CU_ASSERT_EQUAL(psd_status_of((uint16_t)(0x63C0 + x))->value, PSD_SW_TRIES_LEFT);
  CU_ASSERT_EQUAL(psd_status_of(0x6300)->value, PSD_SW_VERIFICATION_FAILED);
  CU_ASSERT_EQUAL(psd_status_of(0x9000)->value, PSD_SW_OK);
  CU_ASSERT_PTR_NULL(psd_status_of(0x9001));
  CU_ASSERT_PTR_NULL(psd_status_of(0x6310));
  CU_ASSERT_PTR_NULL(psd_status_of(0x0000));
}

static void data_come_without_an_error(void) {
  for (unsigned value = 0x6100; value < 0x6500; value++) {
    bool warning = value >= 0x6200 && value < 0x6400;
    CU_ASSERT_EQUAL(psd_status_carries_data((uint16_t)value), warning);
  }
  CU_ASSERT_TRUE(psd_status_carries_data(PSD_SW_OK));
  CU_ASSERT_FALSE(psd_status_carries_data(0x9001));
  CU_ASSERT_FALSE(psd_status_carries_data(PSD_SW_INTERNAL));
}

static void commands_are_unique(void) {
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    CU_ASSERT_EQUAL((size_t)row->id, i);
    CU_ASSERT_PTR_EQUAL(psd_command_of(row->class, row->ins), row);
    for (size_t k = i + 1; k < PSD_COMMAND_COUNT; k++)
      CU_ASSERT_NOT_EQUAL(strcmp(row->name, psd_commands[k].name), 0);
  }
}

/* 5.1.2: no instruction is 6x or 9x; 5.1: data where the cases have data, and no more than a command can carry. */
static void commands_are_possible(void) {
  for (size_t i = 0; i < PSD_COMMAND_COUNT; i++) {
    const psd_command *row = &psd_commands[i];
    CU_ASSERT_NOT_EQUAL(row->ins & 0xF0, 0x60);
    CU_ASSERT_NOT_EQUAL(row->ins & 0xF0, 0x90);
    CU_ASSERT_TRUE(row->cases != 0 && row->cases < 16);
    bool data = (row->cases & (PSD_C3 | PSD_C4)) != 0;
    CU_ASSERT_EQUAL(data, row->most > 0);
    CU_ASSERT_TRUE(row->least <= row->most && (!data || row->least > 0));
    CU_ASSERT_TRUE(row->most <= 2048);
    CU_ASSERT_TRUE(row->most > 255 ? (row->flags & PSD_FLAG_CHAIN) != 0 : true); /* short readers reach all of it */
    CU_ASSERT_TRUE(row->states != 0 && (row->states & ~PSD_IN_ANY) == 0);
    CU_ASSERT_TRUE(row->access != 0 && row->access < 16);
  }
}

static void instructions_that_are_known(void) {
  unsigned known = 0;
  for (unsigned ins = 0; ins < 256; ins++) {
    bool row =
        psd_command_of(PSD_CLASS_ISO, (uint8_t)ins) != NULL || psd_command_of(PSD_CLASS_GP, (uint8_t)ins) != NULL;
    CU_ASSERT_EQUAL(psd_instruction_known((uint8_t)ins), row);
    known += row ? 1U : 0U;
  }
  CU_ASSERT_TRUE(known > 30);
  CU_ASSERT_FALSE(psd_instruction_known(0x00));
}

static void objects_are_unique(void) {
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    const psd_object *row = &psd_objects[i];
    CU_ASSERT_EQUAL((size_t)row->id, i);
    CU_ASSERT_PTR_EQUAL(psd_object_of(row->tag), row);
    CU_ASSERT_TRUE(row->least <= row->most);
    CU_ASSERT_TRUE((unsigned)row->format >= PSD_MESSAGE_COUNT || psd_messages[row->format].size == row->least);
    CU_ASSERT_TRUE((unsigned)row->format >= PSD_MESSAGE_COUNT || psd_messages[row->format].size == row->most);
    CU_ASSERT_EQUAL(row->read == PSD_NEVER, row->read_states == PSD_IN_NONE);
    CU_ASSERT_EQUAL(row->write == PSD_NEVER, row->write_states == PSD_IN_NONE);
  }
  CU_ASSERT_PTR_NULL(psd_object_of(0));
  CU_ASSERT_PTR_NULL(psd_object_of(0x7E)); /* the discovery object of another application */
}

static bool has_secret(const psd_object *object) {
  if (object->format == PSD_FORMAT_SECRET)
    return true;
  if ((unsigned)object->format >= PSD_MESSAGE_COUNT)
    return false;
  const psd_message *message = &psd_messages[object->format];
  for (size_t i = 0; i < message->field_count; i++)
    if (message->fields[i].kind == PSD_KIND_SECRET)
      return true;
  return false;
}

static void secrets_are_never_read(void) {
  unsigned secrets = 0;
  for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
    if (!has_secret(&psd_objects[i]))
      continue;
    secrets++;
    CU_ASSERT_EQUAL(psd_objects[i].read, PSD_NEVER);
    CU_ASSERT_EQUAL(psd_objects[i].read_states, PSD_IN_NONE);
  }
  CU_ASSERT_TRUE(secrets >= 5); /* PIN, PUK, K3, two token keys */
}

static void mandatory_objects_can_be_loaded(void) {
  CU_ASSERT_TRUE(psd_mandatory_count > 0);
  for (size_t i = 0; i < psd_mandatory_count; i++) {
    const psd_object *object = &psd_objects[psd_mandatory[i]];
    CU_ASSERT_TRUE((object->write & PSD_SCP) != 0);
    CU_ASSERT_TRUE((object->write_states & PSD_IN_MANUFACTURED) != 0);
  }
}

/* 5.3.1: identifiers are unique in their directory, short ones too; 3FFF and FFFF are reserved. */
static void files_are_unique(void) {
  for (size_t i = 0; i < PSD_FILE_COUNT; i++) {
    const psd_file *row = &psd_files[i];
    CU_ASSERT_EQUAL((size_t)row->id, i);
    CU_ASSERT_TRUE(row->sfi <= 30);
    CU_ASSERT_TRUE(row->identifier != 0x3FFF && row->identifier != 0xFFFF && row->identifier != 0x0000);
    CU_ASSERT_EQUAL(psd_files[row->parent].structure, PSD_STRUCTURE_DIRECTORY);
    for (size_t k = i + 1; k < PSD_FILE_COUNT; k++) {
      if (psd_files[k].parent != row->parent)
        continue;
      CU_ASSERT_NOT_EQUAL(row->identifier, psd_files[k].identifier);
      CU_ASSERT_TRUE(row->sfi == 0 || row->sfi != psd_files[k].sfi);
    }
  }
  CU_ASSERT_EQUAL(psd_files[PSD_FILE_MF].identifier, 0x3F00);
  CU_ASSERT_EQUAL(psd_files[PSD_FILE_DIR].identifier, 0x2F00);
  CU_ASSERT_EQUAL(psd_files[PSD_FILE_ATR].identifier, 0x2F01);
  CU_ASSERT_EQUAL(psd_files[PSD_FILE_DIR].sfi, 30); /* 8.2.1.1 */
}

static void files_hold_what_anyone_may_read(void) {
  for (size_t i = 0; i < psd_file_object_count; i++) {
    const psd_file_object *row = &psd_file_objects[i];
    CU_ASSERT_EQUAL(psd_files[row->file].structure, PSD_STRUCTURE_TRANSPARENT);
    CU_ASSERT_EQUAL(psd_objects[row->object].read, PSD_ALWAYS); /* the control parameters promise it */
    CU_ASSERT_EQUAL(psd_objects[row->object].read_states, PSD_IN_ANY);
  }
}

/* 5.3.3.2, table 13: creation, initialisation, operational, termination. */
static void states_show_true_bytes(void) {
  static const uint8_t of_the_standard[] = {0x01, 0x03, 0x04, 0x05, 0x06, 0x07, 0x0C, 0x0D, 0x0E, 0x0F};
  CU_ASSERT_EQUAL(psd_state_count, 9);
  for (size_t i = 0; i < psd_state_count; i++) {
    const psd_state_row *row = &psd_states[i];
    CU_ASSERT_PTR_EQUAL(psd_state_of((unsigned)row->state), row);
    CU_ASSERT_PTR_NOT_NULL(memchr(of_the_standard, row->iso, sizeof of_the_standard));
    CU_ASSERT_TRUE((PSD_IN_ANY & PSD_STATE_BIT(row->state)) != 0);
  }
  CU_ASSERT_PTR_NULL(psd_state_of(0));
  CU_ASSERT_PTR_NULL(psd_state_of(10));
}

/* Which states a card can get to from `from`, any number of steps. */
static unsigned reachable(psd_state from) {
  unsigned set = PSD_STATE_BIT(from);
  for (size_t round = 0; round < psd_state_count; round++)
    for (size_t i = 0; i < psd_transition_count; i++)
      if ((set & PSD_STATE_BIT(psd_transitions[i].from)) != 0)
        set |= PSD_STATE_BIT(psd_transitions[i].to);
  return set;
}

static void life_goes_one_way(void) {
  CU_ASSERT_EQUAL(reachable(PSD_STATE_MANUFACTURED), PSD_IN_ANY);
  CU_ASSERT_EQUAL(reachable(PSD_STATE_ZEROIZED), PSD_IN_ZEROIZED);
  CU_ASSERT_EQUAL(reachable(PSD_STATE_WITHDRAWN), PSD_IN_WITHDRAWN | PSD_IN_ZEROIZED);
  CU_ASSERT_EQUAL(reachable(PSD_STATE_FAULTED), PSD_IN_FAULTED | PSD_IN_ZEROIZED);
  for (size_t i = 0; i < psd_state_count; i++) {
    if (psd_states[i].state != PSD_STATE_MANUFACTURED)
      CU_ASSERT_EQUAL(reachable(psd_states[i].state) & PSD_IN_MANUFACTURED, 0);
    CU_ASSERT_FALSE(psd_transition_allowed(psd_states[i].state, psd_states[i].state));
  }
}

static void transitions_are_the_table(void) {
  size_t allowed = 0;
  for (size_t from = 0; from < psd_state_count; from++)
    for (size_t to = 0; to < psd_state_count; to++)
      allowed += psd_transition_allowed(psd_states[from].state, psd_states[to].state) ? 1U : 0U;
  CU_ASSERT_EQUAL(allowed, psd_transition_count); /* so no row is there twice */
  CU_ASSERT_TRUE(psd_transition_allowed(PSD_STATE_MANUFACTURED, PSD_STATE_INITIALIZED));
  CU_ASSERT_FALSE(psd_transition_allowed(PSD_STATE_MANUFACTURED, PSD_STATE_OPERATIONAL));
  CU_ASSERT_FALSE(psd_transition_allowed(PSD_STATE_WITHDRAWN, PSD_STATE_OPERATIONAL));
}

static void events_and_faults_are_unique(void) {
  for (size_t i = 0; i < psd_event_count; i++)
    CU_ASSERT_PTR_EQUAL(psd_event_of((unsigned)psd_events[i].event), &psd_events[i]);
  for (size_t i = 0; i < psd_fault_count; i++)
    CU_ASSERT_PTR_EQUAL(psd_fault_of((unsigned)psd_faults[i].fault), &psd_faults[i]);
  CU_ASSERT_PTR_NULL(psd_event_of(0));
  CU_ASSERT_PTR_NULL(psd_event_of(255));
  CU_ASSERT_PTR_NULL(psd_fault_of(255));
  CU_ASSERT_EQUAL(psd_fault_of(0)->fault, PSD_FAULT_NONE);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"no status word or name is there twice", status_words_are_unique},
      {"5.1.3: every status word is 61xx to 6Fxx or 9000", status_words_are_of_the_standard},
      {"5.1.3: 61xx, 63Cx and 6Cxx find the row of their zero", counters_find_their_row},
      {"data come with 9000 and the warnings 62xx and 63xx", data_come_without_an_error},
      {"no two commands share class and instruction, or a name", commands_are_unique},
      {"5.1.2: commands that can be sent", commands_are_possible},
      {"an instruction is known if a row has it", instructions_that_are_known},
      {"no two objects share a tag; their lengths are those of their layouts", objects_are_unique},
      {"objects with secrets are never read", secrets_are_never_read},
      {"mandatory objects can be loaded", mandatory_objects_can_be_loaded},
      {"5.3.1: file identifiers are unique where they count", files_are_unique},
      {"files hold what anyone may read", files_hold_what_anyone_may_read},
      {"5.3.3.2, table 13: every state has a true life cycle byte", states_show_true_bytes},
      {"life goes one way: what is withdrawn or zeroized stays so", life_goes_one_way},
      {"the allowed transitions are those of the table", transitions_are_the_table},
      {"events and faults are unique", events_and_faults_are_unique},
  };
  return psd_check_run("tables", tests, PSD_CHECK_COUNT(tests));
}
