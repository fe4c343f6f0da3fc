/* Every data object × every life cycle state × every level of access, read and written in each way there is. */
#include "check.h"
#include "psd/spec/status.h"
#include "psd/spec/tlv.h"
#include "sample.h"
#include "stage.h"

#include <stdio.h>
#include <string.h>

#define WAYS 5U

typedef struct cell {
  rig *r;
  const rig_copy *copy;
  psd_state state;
  const stage_access *access;
  const psd_object *object;
} cell;

/* Sends one command of `row`; what it must end in, once it is admitted, is `inner`. */
static void try_way(const cell *at, psd_command_id id, psd_apdu apdu, uint16_t inner) {
  const psd_command *row = &psd_commands[id];
  psd_access_set granted = stage_granted(at->access, row);
  apdu.cla = row->class == PSD_CLASS_GP ? 0x80 : 0x00;
  apdu.ins = row->ins;
  uint16_t expected = inner;
  if (at->access->in_clear)
    expected = PSD_SW_SM_MISSING;
  else if (at->access->session && (!stage_has_records(at->state) || (row->flags & PSD_FLAG_OUTER) != 0))
    expected = PSD_SW_CONDITIONS;
  else if ((row->states & PSD_STATE_BIT(at->state)) == 0)
    expected = PSD_SW_CONDITIONS;
  else if ((row->access & granted) == 0)
    expected = PSD_SW_SECURITY_STATUS;
  char what[80];
  int length = snprintf(what, sizeof what, "%s of %s", row->name, at->object->name);
  CU_ASSERT_FATAL(length > 0 && (size_t)length < sizeof what);
  rig_restore(at->r, at->copy);
  stage_restore();
  uint16_t status = stage_send(at->r, at->access, row, &apdu);
  CU_ASSERT_TRUE(stage_check(what, at->state, at->access, status, expected));
}

static void try_object(const cell *at) {
  const psd_object *object = at->object;
  psd_access_set granted = stage_granted(at->access, &psd_commands[PSD_COMMAND_GET_DATA]);
  uint16_t read = stage_read_status(object, at->state, granted);
  uint16_t write = stage_write_status(object, at->state, granted, at->access->level);
  uint8_t value[SAMPLE_MAX] = {0};
  uint8_t list[SAMPLE_MAX + 8U];
  uint8_t tags[8];
  const char *sample = sample_value(object->id);
  size_t length = sample != NULL ? psd_check_hex(sample, value, sizeof value) : object->least;
  psd_apdu by_tag = {.p1 = (uint8_t)(object->tag >> 8), .p2 = (uint8_t)object->tag, .ne = 256};
  try_way(at, PSD_COMMAND_GET_DATA, by_tag, read);
  psd_buffer tag_list = psd_buffer_over(tags, sizeof tags);
  size_t opened = psd_open_tlv(&tag_list, 0x5C);
  psd_put_tag(&tag_list, object->tag);
  psd_close_tlv(&tag_list, opened);
  psd_apdu by_list = {.p1 = 0x3F, .p2 = 0xFF, .data = tags, .nc = tag_list.length, .ne = 256};
  try_way(at, PSD_COMMAND_GET_DATA_ODD, by_list, read);
  by_tag.ne = 0;
  by_tag.data = value;
  by_tag.nc = length;
  try_way(at, PSD_COMMAND_PUT_DATA, by_tag, write);
  psd_buffer block = psd_buffer_over(list, sizeof list);
  psd_put_tlv(&block, object->tag, value, length);
  psd_apdu in_object = {.p1 = 0x3F, .p2 = 0xFF, .data = list, .nc = block.length};
  try_way(at, PSD_COMMAND_PUT_DATA_ODD, in_object, write);
  in_object.p1 = 0x10;
  in_object.p2 = 0x00;
  try_way(at, PSD_COMMAND_STORE_DATA, in_object, write);
}

static void every_cell(void) {
  unsigned cells = 0;
  for (size_t s = 0; s < psd_state_count; s++)
    for (size_t a = 0; a < stage_access_count; a++) {
      rig r;
      rig_copy copy;
      stage_enter(&r, psd_states[s].state, &stage_accesses[a]);
      rig_save(&r, &copy);
      stage_save();
      for (size_t i = 0; i < PSD_OBJECT_COUNT; i++) {
        cell at = {&r, &copy, psd_states[s].state, &stage_accesses[a], &psd_objects[i]};
        try_object(&at);
        cells += WAYS;
      }
      rig_forget(&copy);
      stage_leave(&r);
    }
  printf("%zu objects x %u ways x %zu states x %zu levels of access = %u cells ... ", (size_t)PSD_OBJECT_COUNT, WAYS,
         psd_state_count, stage_access_count, cells);
  CU_ASSERT_EQUAL(cells, PSD_OBJECT_COUNT * WAYS * psd_state_count * stage_access_count);
}

/* Files show what GET DATA shows, in every state: their control parameters promise that anyone may read them. */
static void every_file(void) {
  unsigned cells = 0;
  for (size_t s = 0; s < psd_state_count; s++) {
    rig r;
    stage_enter(&r, psd_states[s].state, &stage_accesses[0]);
    for (size_t f = 0; f < PSD_FILE_COUNT; f++) {
      const psd_file *file = &psd_files[f];
      if (file->structure == PSD_STRUCTURE_DIRECTORY)
        continue;
      CU_ASSERT_EQUAL(rig_hex(&r, file->parent == PSD_FILE_PSD ? "00A4080C025053" : "00A4000C023F00"), PSD_SW_OK);
      uint8_t select[] = {0x00, 0xA4, 0x02, 0x0C, 0x02, (uint8_t)(file->identifier >> 8), (uint8_t)file->identifier};
      CU_ASSERT_EQUAL(rig_send(&r, select, sizeof select), PSD_SW_OK);
      const char *read = file->structure == PSD_STRUCTURE_CYCLIC ? "00B2010400" : "00B0000000";
      uint16_t status = rig_hex(&r, read);
      CU_ASSERT_TRUE(stage_check(file->name, psd_states[s].state, &stage_accesses[0], status, PSD_SW_OK));
      cells++;
    }
    stage_leave(&r);
  }
  printf("%u cells ... ", cells);
}

int main(void) {
  static const psd_check_test tests[] = {
      {"every object in every state with every access", every_cell},
      {"every file in every state", every_file},
  };
  return psd_check_run("conformance matrix: objects and files", tests, PSD_CHECK_COUNT(tests));
}
