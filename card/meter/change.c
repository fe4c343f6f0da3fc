#include "meter/change.h"

#include "meter/clock.h"

#include <string.h>

void psd_change_begin(psd_change *change, const psd_card *card) {
  change->next = card->core;
  change->count = change->logged = 0;
  change->core_put = change->failed = false;
}

void psd_change_put(psd_change *change, uint16_t record, const void *value, size_t length) {
  if (change->count == PSD_CHANGE_PUTS || length > PSD_STORE_VALUE_MAX) {
    change->failed = true;
    return;
  }
  change->puts[change->count++] = (psd_store_put){.record = record, .length = (uint16_t)length, .value = value};
}

void psd_change_core(psd_change *change) {
  if (!change->core_put)
    psd_change_put(change, PSD_RECORD_CORE, change->core, sizeof change->core);
  change->core_put = true;
}

static void add_record(psd_change *change, const psd_card *card, psd_log_record record) {
  psd_core *next = &change->next;
  if (change->logged == PSD_CHANGE_RECORDS || next->log.count == UINT32_MAX) {
    change->failed = true;
    return;
  }
  uint8_t *encoded = change->log[change->logged++];
  record.index = next->log.count + 1;
  record.time = psd_clock_in(card, next);
  record.state = next->head.state;
  psd_buffer out = psd_buffer_over(encoded, PSD_SIZE_LOG_RECORD);
  psd_put_message(&out, PSD_MESSAGE_LOG_RECORD, &record);
  uint8_t hash[PSD_SHA256_SIZE];
  if (!psd_sha256_two(next->log.hash, sizeof next->log.hash, encoded, PSD_SIZE_LOG_RECORD, hash))
    change->failed = true;
  memcpy(next->log.hash, hash, sizeof hash);
  uint16_t slot = (uint16_t)(PSD_RECORD_LOG + next->log.count % PSD_LOG_RECORDS);
  next->log.count++;
  psd_change_core(change);
  psd_change_put(change, slot, encoded, PSD_SIZE_LOG_RECORD);
}

void psd_change_log(psd_change *change, const psd_card *card, psd_event event, uint16_t detail, uint64_t amount) {
  const psd_registers *postage = &change->next.postage;
  add_record(change, card,
             (psd_log_record){.event = event,
                              .detail = detail,
                              .amount = amount,
                              .ascending = postage->ascending,
                              .descending = postage->descending});
}

void psd_change_log_service(psd_change *change, const psd_card *card, psd_event event, psd_group group, uint16_t detail,
                            uint64_t amount) {
  const psd_registers *registers = psd_core_group(&change->next, group);
  add_record(change, card,
             (psd_log_record){.event = event,
                              .detail = detail,
                              .amount = amount,
                              .ascending = registers->ascending,
                              .descending = registers->descending});
}

void psd_change_log_funds(psd_change *change, const psd_card *card, psd_event event, psd_group group, uint64_t amount) {
  psd_change_log_service(change, card, event, group, (uint16_t)group, amount);
}

/* lifecycle.def has the only ways from one state to another. FAULTED is not stored, and leads out of any state. */
static bool state_may_follow(const psd_card *card, const psd_core *next) {
  psd_state from = (psd_state)card->core.head.state;
  psd_state to = (psd_state)next->head.state;
  return from == to || psd_transition_allowed(from, to) ||
         (card->fault != PSD_FAULT_NONE && psd_transition_allowed(PSD_STATE_FAULTED, to));
}

/* Registers that do not balance are evidence: a card that is zeroized keeps them as they were found. */
static bool registers_may_follow(const psd_core *before, const psd_core *next) {
  bool kept = memcmp(&before->postage, &next->postage, sizeof next->postage) == 0 &&
              memcmp(&before->certificate, &next->certificate, sizeof next->certificate) == 0 &&
              memcmp(&before->funds, &next->funds, sizeof next->funds) == 0;
  return psd_core_balanced(next) || (next->head.state == PSD_STATE_ZEROIZED && kept);
}

/* What was worked out from an object is so no more. */
static void forget(psd_card *card, const psd_change *change) {
  for (size_t i = 0; i < change->count; i++)
    if (change->puts[i].record >= PSD_RECORD_OBJECT && change->puts[i].record < PSD_RECORD_LOG)
      card->self.known = false;
}

uint16_t psd_change_commit(psd_change *change, psd_card *card) {
  if (change->core_put) {
    uint64_t now = psd_clock_in(card, &change->next);
    if (now > change->next.clock.reached)
      change->next.clock.reached = now;
    if (!registers_may_follow(&card->core, &change->next) || !state_may_follow(card, &change->next) ||
        !psd_core_encode(&change->next, change->core))
      change->failed = true;
  }
  if (change->failed)
    return PSD_SW_EXECUTION_ERROR;
  forget(card, change);
  psd_store_result result = psd_store_commit(&card->store, change->puts, change->count);
  switch (result) {
  case PSD_STORE_OK:
    card->core = change->next;
    return PSD_SW_OK;
  case PSD_STORE_FULL:
    return PSD_SW_NO_SPACE;
  default:
    psd_card_reload(card);
    return PSD_SW_MEMORY_FAILURE;
  }
}
