/* A card of the whole-system test, seen from outside: its memory, its power, and what it holds. */
#ifndef PSD_SYSTEM_CARD_H
#define PSD_SYSTEM_CARD_H

#include "psd/card.h"
#include "psd/spec/session.h"

typedef struct world_card world_card;

/* What a card holds. */
typedef struct world_purse {
  unsigned state;                                /* psd_state */
  uint64_t ascending, descending, control_total; /* of the postage group */
  uint32_t sequence;                             /* of the last operation with funds, */
  psd_operation_state operation;                 /* where it stands, */
  uint64_t amount;                               /* and its amount */
  uint32_t orders;
} world_purse;

/* As the factory delivers it: INITIALIZED, with these keys, and nothing in it. */
world_card *world_card_new(const psd_kms_manufactured *made, const psd_device_id *identity);
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

/* The power goes at the `operation`th operation on its memory from now on (0 never), as `how` (psd_nvm_ram_cut) says.
 */
void world_card_cut(world_card *card, unsigned operation, unsigned how);
/* Operations on its memory since then. */
unsigned world_card_operations(const world_card *card);
/* Whether it went; and it comes back. */
bool world_card_cut_off(const world_card *card);
void world_card_power(world_card *card);

#endif
