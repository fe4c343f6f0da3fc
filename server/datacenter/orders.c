/* What the provider wants done to a meter at its next session. */
#include "datacenter/rules.h"
#include "psd/spec/commands.h"
#include "psd/spec/lifecycle.h"

typedef struct order_command {
  unsigned action;
  psd_command_id command;
  uint8_t p1;
  bool free_content; /* psd_dc_order takes it, */
  size_t length;     /* with so many bytes */
} order_command;

static const order_command commands[] = {
    {PSD_ACTION_AUTHORIZE, PSD_COMMAND_AUTHORIZE, 0, false, 0},
    {PSD_ACTION_LICENCE, PSD_COMMAND_SET_LICENCE, 0, false, 0},
    {PSD_ACTION_LIMITS, PSD_COMMAND_SET_LIMITS, PSD_SLOT_LIMITS, true, PSD_SIZE_LIMITS},
    {PSD_ACTION_WATCHDOG, PSD_COMMAND_SET_WATCHDOG, 0, true, PSD_SIZE_WATCHDOG},
    {PSD_ACTION_CLOCK, PSD_COMMAND_SET_CLOCK, 0, true, PSD_SIZE_CLOCK},
    {PSD_ACTION_CERTIFICATE, PSD_COMMAND_LOAD_CERTIFICATE, PSD_SLOT_PSD_CERTIFICATE, false, 0},
    {PSD_ACTION_DISABLE, PSD_COMMAND_DISABLE, 0, false, 0},
    {PSD_ACTION_ENABLE, PSD_COMMAND_ENABLE, 0, false, 0},
    {PSD_ACTION_CREDIT_LIMIT, PSD_COMMAND_SET_LIMITS, PSD_SLOT_CREDIT_LIMIT, true, PSD_SIZE_CREDIT_LINE},
    {PSD_ACTION_ZEROIZE, PSD_COMMAND_ZEROIZE, 0, true, 0},
};

static const order_command *command_of(unsigned action) {
  for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
    if (commands[i].action == action)
      return &commands[i];
  return NULL;
}

bool psd_dc_command(unsigned action, uint8_t *ins, uint8_t *p1) {
  const order_command *command = command_of(action);
  if (command == NULL)
    return false;
  *ins = psd_commands[command->command].ins;
  *p1 = command->p1;
  return true;
}

psd_db_result psd_dc_order(psd_db *db, const uint8_t device[8], unsigned action, const void *content, size_t length,
                           uint64_t time) {
  const order_command *command = command_of(action);
  psd_meter_row row;
  if (command == NULL || !command->free_content || length != command->length)
    return PSD_DB_REFUSED;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  return result == PSD_DB_DONE ? psd_dc_put_order(db, &row, action, content, length, time) : result;
}

psd_db_result psd_dc_lock(psd_db *db, const uint8_t device[8], uint64_t time) {
  psd_meter_row row;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result != PSD_DB_DONE)
    return result;
  if (row.lock == PSD_METER_FREE)
    row.lock = PSD_METER_LOCKED;
  result = psd_dc_drop_order(db, &row, PSD_ACTION_ENABLE);
  if (result == PSD_DB_DONE)
    result = psd_dc_put_order(db, &row, PSD_ACTION_DISABLE, NULL, 0, time);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, &row) : result;
}

psd_db_result psd_dc_move(psd_db *db, const uint8_t device[8], uint32_t zip, uint32_t licence, uint64_t time) {
  uint8_t content[PSD_SIZE_LICENCE];
  psd_meter_row row;
  psd_audit audit;
  psd_db_result result = psd_db_meter_find(db, device, &row);
  if (result != PSD_DB_DONE)
    return result;
  psd_buffer out = psd_buffer_over(content, sizeof content);
  psd_put_message(&out, PSD_MESSAGE_LICENCE, &(psd_licence){.zip = zip, .number = licence});
  bool audited = psd_dc_last_audit(&row, &audit);
  bool fresh = !audited || audit.state == PSD_STATE_INITIALIZED;
  row.zip = zip;
  row.licence = licence;
  result = psd_dc_put_order(db, &row, fresh ? PSD_ACTION_AUTHORIZE : PSD_ACTION_LICENCE, content, out.length, time);
  /* The certificate has both in it. A PSD without key pair has none. */
  if (result == PSD_DB_DONE && !fresh && audit.type == PSD_SIGNATURE_ECDSA)
    result = psd_dc_put_order(db, &row, PSD_ACTION_CERTIFICATE, NULL, 0, time);
  return result == PSD_DB_DONE ? psd_db_meter_update(db, &row) : result;
}
