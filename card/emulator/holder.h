/* A card whose non-volatile memory is a state file, with the system's randomness and clock: what psd-card and the IFD
 * handler put into their readers. */
#ifndef PSD_EMULATOR_HOLDER_H
#define PSD_EMULATOR_HOLDER_H

#include "psd/card.h"

#define PSD_HOLDER_WHY_MAX 512U

typedef struct psd_holder psd_holder;

/* Opens the card in a state file; it is off. `sync` false trades durability for speed. Returns NULL with one line in
 * `why`, the file's name included, if it cannot be. A file that is damaged stays as it is. */
psd_holder *psd_holder_open(const char *path, bool sync, char why[PSD_HOLDER_WHY_MAX]);

/* Makes a state file with a blank card in it. On failure nothing new is left behind, what was there stays, and `why`
 * says in one line what is wrong. */
bool psd_holder_create(const char *path, const psd_card_birth *birth, char why[PSD_HOLDER_WHY_MAX]);

/* The card, while the holder is open. */
psd_card *psd_holder_card(const psd_holder *holder);

/* Powers the card off if it is on, lets the file go, wipes and frees the memory. NULL is allowed. */
void psd_holder_close(psd_holder *holder);

#endif
