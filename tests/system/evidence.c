/* What a person prints at a meter. Postage of any amount is a correction: it needs no rate. */
#include <string.h>

#include "check.h"
#include "psd/card.h"
#include "psd/spec/cursor.h"
#include "psd/spec/evidence.h"
#include "psd/spec/status.h"
#include "staged.h"
#include "world.h"

typedef struct reply {
  uint8_t bytes[PSD_CARD_RESPONSE_MAX];
  size_t length; /* without the status word */
  uint16_t status;
} reply;

static void transmit(world_card *card, const void *command, size_t length, reply *to) {
  size_t whole = psd_card_transmit(world_card_psd(card), command, length, to->bytes);
  CU_ASSERT_FATAL(whole >= 2);
  to->length = whole - 2;
  to->status = (uint16_t)(to->bytes[to->length] << 8 | to->bytes[to->length + 1]);
}

/* The PSD is selected, and the PIN given. */
static void open_card(world_card *card) {
  static const uint8_t select[] = {0x00, 0xA4, 0x04, 0x00, 0x05, 0xF0, 0x50, 0x53, 0x44, 0x01};
  uint8_t verify[5 + sizeof STAGED_PIN - 1] = {0x00, 0x20, 0x00, 0x81, sizeof STAGED_PIN - 1};
  reply ignored;
  memcpy(verify + 5, STAGED_PIN, sizeof STAGED_PIN - 1);
  transmit(card, select, sizeof select, &ignored);
  transmit(card, verify, sizeof verify, &ignored);
}

static void create(const world_meter *meter, uint64_t amount, reply *to) {
  uint8_t command[5 + PSD_SIZE_INDICIUM_WISH + 1];
  psd_buffer out = psd_buffer_over(command, sizeof command);
  const psd_indicium_wish wish = {.profile = meter->pair ? PSD_PROFILE_P256 : PSD_PROFILE_COMPACT, .postage = amount};
  psd_put(&out, (const uint8_t[]){0x80, 0x5A, PSD_EVIDENCE_CORRECTION, 0x00, PSD_SIZE_INDICIUM_WISH}, 5);
  psd_put_message(&out, PSD_MESSAGE_INDICIUM_WISH, &wish);
  psd_put_u8(&out, 0);
  CU_ASSERT_FALSE_FATAL(out.overflow);
  transmit(meter->card, command, out.length, to);
}

static void last(world_card *card, reply *to) {
  static const uint8_t command[] = {0x80, 0x58, PSD_LAST_EVIDENCE, 0x00, 0x00};
  open_card(card);
  transmit(card, command, sizeof command, to);
}

static bool same(const reply *a, const reply *b) {
  return a->status == b->status && a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* Nothing speaks against it. */
static bool possible(const world_purse *purse, uint64_t amount) {
  const psd_registers *at = &purse->groups[PSD_GROUP_POSTAGE];
  uint64_t spent = at->ascending + purse->groups[PSD_GROUP_CERTIFICATE].ascending;
  uint64_t left = purse->mode == PSD_FUNDS_ACCOUNT ? purse->credit_limit - spent : at->descending;
  return (purse->state == PSD_STATE_OPERATIONAL || purse->state == PSD_STATE_INSPECTION_DUE) && amount > 0 &&
         amount <= purse->limits.maximum_postage && amount <= left;
}

/* The registers as one piece of this amount leaves them. */
static bool debited(const world_purse *before, const world_purse *after, uint64_t amount) {
  const psd_registers *from = &before->groups[PSD_GROUP_POSTAGE], *to = &after->groups[PSD_GROUP_POSTAGE];
  uint64_t taken = before->mode == PSD_FUNDS_ACCOUNT ? 0 : amount;
  return to->ascending == from->ascending + amount && to->descending + taken == from->descending &&
         to->piece_count == from->piece_count + 1 && to->control_total == from->control_total;
}

/* The last evidence is of this piece. */
static bool evidenced(const reply *found, const world_purse *after, uint64_t amount) {
  const psd_registers *registers = &after->groups[PSD_GROUP_POSTAGE];
  psd_evidence_head head;
  psd_cursor from = psd_cursor_over(found->bytes, found->length);
  return found->status == PSD_SW_OK && psd_take_message(&from, PSD_MESSAGE_EVIDENCE_HEAD, &head) &&
         head.postage == amount && head.ascending == registers->ascending && head.descending == registers->descending &&
         head.piece_count == registers->piece_count;
}

bool world_print(world *w, unsigned meter, uint64_t amount, const fault_plan *plan, bool *done) {
  const world_meter *at = &w->meters[meter];
  world_purse before, after;
  reply was, answer, is;
  world_card_purse(at->card, &before);
  last(at->card, &was);
  world_plan(w, meter, plan);
  open_card(at->card);
  create(at, amount, &answer);
  world_mend(w);
  world_card_purse(at->card, &after);
  last(at->card, &is);
  *done = after.groups[PSD_GROUP_POSTAGE].piece_count != before.groups[PSD_GROUP_POSTAGE].piece_count;
  if (*done && !(debited(&before, &after, amount) && evidenced(&is, &after, amount)))
    return world_wrong(w, "meter %u: a piece was counted without its debit or its evidence", meter);
  if (!*done && (memcmp(before.groups, after.groups, sizeof before.groups) != 0 || !same(&was, &is)))
    return world_wrong(w, "meter %u: a debit or evidence of a piece that was not counted", meter);
  if (answer.status == PSD_SW_OK ? !*done || !same(&answer, &is) : *done && w->count.hit == 0)
    return world_wrong(w, "meter %u: what it answered is not what it did", meter);
  if (fault_none(plan) && *done != possible(&before, amount))
    return world_wrong(w, "meter %u: it printed what it must not, or did not what it must", meter);
  return true;
}
