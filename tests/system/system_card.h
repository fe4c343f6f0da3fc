/* A card of the whole-system test, seen from outside: its memory, its power, and what it holds. */
#ifndef PSD_SYSTEM_CARD_H
#define PSD_SYSTEM_CARD_H

#include "fault.h"
#include "psd/card.h"
#include "psd/spec/objects.h"
#include "psd/spec/session.h"

typedef struct world_card world_card;

/* What a card holds. */
typedef struct world_purse {
  psd_state state;
  psd_funds_mode mode;
  uint64_t credit_limit;
  psd_limits limits;
  psd_registers groups[2];       /* postage, certificate */
  uint32_t sequence;             /* of the last operation with funds, */
  psd_operation_state operation; /* where it stands, */
  psd_group group;               /* its register group */
  uint64_t amount;               /* its amount, */
  bool final;                    /* and whether it ends the meter's service */
  uint32_t orders;
} world_purse;

/* As the factory delivers it: INITIALIZED, with these keys, and nothing in it. With `pair` it has made a key pair,
 * whose point is given out: 65 bytes. */
world_card *world_card_new(const psd_kms_manufactured *made, const psd_device_id *identity, psd_funds_mode mode,
                           uint8_t *pair);
/* With the memory of another. */
world_card *world_card_of(const uint8_t *image);
void world_card_free(world_card *card);
/* Its memory as it is, which the caller frees; and the card put back to it. */
uint8_t *world_card_image(const world_card *card);
void world_card_load(world_card *card, const uint8_t *image);

psd_card *world_card_psd(world_card *card);
void world_card_purse(const world_card *card, world_purse *purse);
void world_card_clock(world_card *card, uint64_t seconds);
void world_card_chance(world_card *card, uint64_t seed);
/* A service of `amount` is paid from a group's funds, as the core will have it after the command that does so. False
 * where the card would refuse: it is not in operation, or the funds or the credit do not suffice. */
bool world_card_serve(world_card *card, psd_group group, uint64_t amount);

/* What the plan has for the card goes wrong from now on. */
void world_card_plan(world_card *card, const fault_plan *plan);
/* What could have gone wrong since then, and what did. */
void world_card_counted(const world_card *card, const fault_plan *plan, fault_count *count);
/* Its power goes off and comes back, and nothing is to fail any more. */
void world_card_power(world_card *card);

#endif
