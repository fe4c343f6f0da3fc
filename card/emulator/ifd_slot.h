/* One slot of the IFD handler: a card comes when a state file comes into the folder, and goes with it. */
#ifndef PSD_EMULATOR_IFD_SLOT_H
#define PSD_EMULATOR_IFD_SLOT_H

#include "emulator/ifd_folder.h"
#include "emulator/ifd_watch.h"
#include "emulator/seat.h"

typedef struct psd_ifd_slot psd_ifd_slot;

/* Opens slot `index` of a folder that outlives it. Returns NULL with errno. */
psd_ifd_slot *psd_ifd_slot_open(psd_ifd_folder *folder, unsigned index);
/* The card is powered off; its file is let go. */
void psd_ifd_slot_close(psd_ifd_slot *slot);

/* True if there is a card. Looks at the folder: inserts a card whose file has come, removes one whose file is gone.
 * What keeps a card out is told in one line of pcscd's log. */
bool psd_ifd_slot_present(psd_ifd_slot *slot);

typedef enum psd_ifd_power { PSD_IFD_POWER_OFF, PSD_IFD_POWER_ON, PSD_IFD_RESET } psd_ifd_power;

/* Switches the card and tells its answer to reset (of length 0 after PSD_IFD_POWER_OFF). Returns false if there is no
 * card. */
bool psd_ifd_slot_power(psd_ifd_slot *slot, psd_ifd_power what, uint8_t atr[PSD_CARD_ATR_MAX], size_t *length);

/* The answer to reset of the card if it is on; returns its length, otherwise 0. */
size_t psd_ifd_slot_atr(psd_ifd_slot *slot, uint8_t atr[PSD_CARD_ATR_MAX]);

/* One command; `response` has room for PSD_CARD_RESPONSE_MAX bytes. Returns the answer's length; 0 if there is no card,
 * or it is off. */
size_t psd_ifd_slot_transmit(psd_ifd_slot *slot, const uint8_t *command, size_t length, uint8_t *response);

/* For a thread that waits until psd_ifd_slot_present may have something new to say. */
const psd_ifd_watch *psd_ifd_slot_watch(const psd_ifd_slot *slot);

#endif
