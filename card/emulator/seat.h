/* A card in its seat: what every front end does with a card, whatever the reader is made of. */
#ifndef PSD_EMULATOR_SEAT_H
#define PSD_EMULATOR_SEAT_H

#include <stdio.h>

#include "psd/card.h"

typedef struct psd_seat {
  psd_card *card;
  const char *name; /* the card's, in lines that people read */
  FILE *trace;      /* NULL: no trace */
  uint8_t atr[PSD_CARD_ATR_MAX];
  size_t atr_length; /* 0 until the card was on for the first time */
} psd_seat;

/* Takes a card that is off. `name` and `trace` stay the caller's and must outlive the seat. */
void psd_seat_start(psd_seat *seat, psd_card *card, const char *name, FILE *trace);

/* Power on. A card that is on already starts afresh: a reader that powers a card on expects no state from before. */
void psd_seat_power_on(psd_seat *seat);

/* Power off; nothing happens to a card that is off. */
void psd_seat_power_off(psd_seat *seat);

/* Warm reset; powers on a card that is off. */
void psd_seat_reset(psd_seat *seat);

/* The answer to reset, also of a card that is off: readers ask for it to learn whether there is a card at all, several
 * times a second and before they power it on. A card that was never on is switched on and off once to learn it. */
const uint8_t *psd_seat_atr(psd_seat *seat, size_t *length);

/* One command; as psd_card_transmit, and traced. Returns 0 if the card is off. */
size_t psd_seat_transmit(psd_seat *seat, const uint8_t *command, size_t length, uint8_t *response);

#endif
