#include "attack.h"

#include <stdlib.h>

bool attack_step(world *w, const step *at) {
  world_meter *meter = &w->meters[at->meter];
  uint8_t **kept = &meter->kept[at->amount % 2];
  if (at->kind == STEP_KEEP) {
    free(*kept);
    *kept = world_card_image(meter->card);
    return true;
  }
  if (*kept == NULL)
    return false;
  uint8_t *present = world_card_image(meter->card);
  world_card_load(meter->card, *kept);
  meter->tampered = true;
  if (at->kind == STEP_SWAP) {
    free(*kept);
    *kept = present;
  } else
    free(present);
  return true;
}

void attack_look(world *w, unsigned meter, attack_before *before) {
  psd_op op;
  world_card_purse(w->meters[meter].card, &before->purse);
  before->known = world_row(w, meter).sequence;
  before->operation = psd_db_op_find(w->db, w->meters[meter].device, before->purse.sequence, &op) == PSD_DB_DONE;
  before->op = before->operation ? op.state : PSD_OP_CLOSED;
}

/* Something that never goes down has gone down. */
static bool behind(const world_purse *shown, const world_purse *now) {
  for (unsigned group = 0; group < 2; group++)
    if (now->groups[group].ascending < shown->groups[group].ascending ||
        now->groups[group].piece_count < shown->groups[group].piece_count)
      return true;
  return now->sequence < shown->sequence || now->orders < shown->orders;
}

/* It is in the middle of what the server knows the end of. */
static bool undone(const attack_before *before) {
  psd_operation_state state = before->purse.operation;
  return before->purse.sequence < before->known ||
         (before->operation && ((state == PSD_OPERATION_LOADING && before->op != PSD_OP_RESERVED) ||
                                (state == PSD_OPERATION_WITHDRAWING && before->op == PSD_OP_CLOSED)));
}

bool attack_failed(world *w, unsigned meter, const attack_before *before) {
  world_meter *at = &w->meters[meter];
  world_purse after;
  world_card_purse(at->card, &after);
  bool credited = before->purse.operation == PSD_OPERATION_LOADING && after.operation == PSD_OPERATION_LOADED &&
                  after.sequence == before->purse.sequence;
  if (credited && before->operation && before->op != PSD_OP_RESERVED)
    return world_wrong(w, "meter %u: refill %u was credited a second time", meter, (unsigned)after.sequence);
  if (!w->audited)
    return true;
  if (!behind(&at->shown, &before->purse) && !undone(before)) {
    at->shown = before->purse;
    return true;
  }
  if (world_row(w, meter).lock == PSD_METER_ALARMED)
    return true;
  return world_wrong(w, "meter %u was put back, and nobody has noticed", meter);
}
