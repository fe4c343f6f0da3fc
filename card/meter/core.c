#include "meter/core.h"

#include "psd/spec/session.h"

#include <string.h>

/* The parts of a core, in the order in which they are stored. */
static const struct {
  psd_message_id message;
  uint16_t offset;
} parts[] = {
    {PSD_MESSAGE_CORE_HEAD, offsetof(psd_core, head)},
    {PSD_MESSAGE_REGISTERS, offsetof(psd_core, postage)},
    {PSD_MESSAGE_REGISTERS, offsetof(psd_core, certificate)},
    {PSD_MESSAGE_FUNDS, offsetof(psd_core, funds)},
    {PSD_MESSAGE_LIMITS, offsetof(psd_core, limits)},
    {PSD_MESSAGE_CLOCK_STATE, offsetof(psd_core, clock)},
    {PSD_MESSAGE_WATCHDOG, offsetof(psd_core, watchdog)},
    {PSD_MESSAGE_PIN_POLICY, offsetof(psd_core, pins)},
    {PSD_MESSAGE_REFILL, offsetof(psd_core, refill)},
    {PSD_MESSAGE_OPERATION, offsetof(psd_core, operation)},
    {PSD_MESSAGE_ORDER, offsetof(psd_core, order)},
    {PSD_MESSAGE_RATES_STATE, offsetof(psd_core, rates[0])},
    {PSD_MESSAGE_RATES_STATE, offsetof(psd_core, rates[1])},
    {PSD_MESSAGE_EVIDENCE_STATE, offsetof(psd_core, evidence)},
    {PSD_MESSAGE_CERTIFICATE_STATE, offsetof(psd_core, services)},
    {PSD_MESSAGE_LOG_HEAD, offsetof(psd_core, log)},
};
#define PART_COUNT (sizeof parts / sizeof parts[0])

#define DEFAULT_PIN_TRIES 3U
#define DEFAULT_PUK_TRIES 10U
#define DEFAULT_PIN_LENGTH 4U

void psd_core_blank(psd_core *core) {
  memset(core, 0, sizeof *core);
  core->head.layout = PSD_CORE_LAYOUT;
  core->head.state = PSD_STATE_MANUFACTURED;
  core->pins = (psd_pin_policy){DEFAULT_PIN_TRIES, DEFAULT_PUK_TRIES, DEFAULT_PIN_LENGTH};
}

bool psd_core_encode(const psd_core *core, uint8_t out[PSD_CORE_SIZE]) {
  psd_buffer buffer = psd_buffer_over(out, PSD_CORE_SIZE);
  for (size_t i = 0; i < PART_COUNT; i++)
    psd_put_message(&buffer, parts[i].message, (const uint8_t *)core + parts[i].offset);
  return !buffer.overflow && buffer.length == PSD_CORE_SIZE;
}

bool psd_core_decode(const uint8_t *data, size_t length, psd_core *core) {
  psd_cursor cursor = psd_cursor_over(data, length);
  memset(core, 0, sizeof *core); /* what lies between its fields too: cores are compared */
  for (size_t i = 0; i < PART_COUNT; i++)
    psd_take_message(&cursor, parts[i].message, (uint8_t *)core + parts[i].offset);
  return psd_cursor_done(&cursor) && core->head.layout == PSD_CORE_LAYOUT &&
         psd_state_of((unsigned)core->head.state) != NULL;
}

static bool group_balanced(const psd_registers *group) {
  return group->ascending <= UINT64_MAX - group->descending &&
         group->ascending + group->descending == group->control_total;
}

static bool group_empty(const psd_registers *group) {
  return group->ascending == 0 && group->descending == 0 && group->control_total == 0;
}

static bool account_kept(const psd_core *core) {
  const psd_registers *a = &core->postage;
  const psd_registers *b = &core->certificate;
  return a->descending == 0 && a->control_total == 0 && b->descending == 0 && b->control_total == 0 &&
         a->ascending <= core->funds.credit_limit && b->ascending <= core->funds.credit_limit - a->ascending;
}

bool psd_core_balanced(const psd_core *core) {
  switch (core->funds.mode) {
  case PSD_FUNDS_SEPARATE:
    return group_balanced(&core->postage) && group_balanced(&core->certificate);
  case PSD_FUNDS_MERGED:
    return group_balanced(&core->postage) && group_empty(&core->certificate);
  case PSD_FUNDS_ACCOUNT:
    return account_kept(core);
  default:
    return false;
  }
}

psd_registers *psd_core_group(psd_core *core, uint64_t group) {
  return group == PSD_GROUP_POSTAGE ? &core->postage : &core->certificate;
}

const void *psd_core_object(const psd_core *core, psd_object_id id) {
  static const struct {
    psd_object_id id;
    uint16_t offset;
  } kept[] = {
      {PSD_OBJECT_POSTAGE_REGISTERS, offsetof(psd_core, postage)},
      {PSD_OBJECT_CERTIFICATE_REGISTERS, offsetof(psd_core, certificate)},
      {PSD_OBJECT_FUNDS, offsetof(psd_core, funds)},
      {PSD_OBJECT_LIMITS, offsetof(psd_core, limits)},
      {PSD_OBJECT_WATCHDOG, offsetof(psd_core, watchdog)},
      {PSD_OBJECT_PIN_POLICY, offsetof(psd_core, pins)},
      {PSD_OBJECT_REFILL, offsetof(psd_core, refill)},
      {PSD_OBJECT_OPERATION, offsetof(psd_core, operation)},
      {PSD_OBJECT_LOG_HEAD, offsetof(psd_core, log)},
      {PSD_OBJECT_CERTIFICATE_STATE, offsetof(psd_core, services)},
  };
  for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
    if (kept[i].id == id)
      return (const uint8_t *)core + kept[i].offset;
  return NULL;
}
